/* SPDX-License-Identifier: GPL-3.0-or-later
 * AcqKnowledge's own files, composed in both generations of their layout. */
#include "../support/bytes.h"
#include "../support/reading.h"

static void fill(bytes_made *b, size_t size) {
  while (b->size < size) put_byte(b, 0);
}

/* Two channels: integers at the base rate of 50 Hz (1 .. 6), doubles at half of it (10, 20, 30); one mark at sample 2. */
static bytes_made compose(int revision, int compressed) {
  const bool late = revision >= 61;
  const size_t graph = late ? 1000 : 2000, channel = late ? 160 : 260;
  bytes_made b = {0};
  put_i16(&b, 0);
  put_i32(&b, revision);
  put_i32(&b, (long)graph);
  put_i16(&b, 2);
  put_i32(&b, 0);
  put_f64(&b, 20);
  fill(&b, late ? 972 : 1936);
  put_i32(&b, compressed);
  fill(&b, graph);
  for (int c = 0; c < 2; c++) {
    const size_t start = b.size;
    put_i32(&b, (long)channel);
    put_i16(&b, c);
    put_text(&b, c ? "Cuff" : "SGP \xB5", 40);
    fill(&b, start + 68);
    put_text(&b, c ? "mmHg" : "Volts", 20);
    put_i32(&b, c ? 3 : 6);
    put_f64(&b, 0.5);
    put_f64(&b, 1);
    fill(&b, start + (late ? 152 : 250));
    put_i16(&b, c + 1);
    fill(&b, start + channel);
  }
  if (late) {
    put_i16(&b, 4);
    fill(&b, b.size + 10);
  } else {
    put_i16(&b, 6);
    put_i32(&b, 0x11223344);
  }
  for (int c = 0; c < 2; c++) {
    put_i16(&b, c ? 8 : 2);
    put_i16(&b, c ? 1 : 2);
  }
  for (int i = 0; i < 6; i++) {
    put_i16(&b, i + 1);
    if (i % 2 == 0) put_f64(&b, 5 * i + 10);
  }
  put_i32(&b, late ? 25 + 22 : 12 + 6);
  put_i32(&b, late ? 2 : 1);
  if (late) put_i32(&b, 2);
  if (late) fill(&b, b.size + 13);
  put_i32(&b, 2);
  fill(&b, b.size + (late ? 10 : 6));
  put_i16(&b, late ? 6 : 5);
  put_text(&b, "stand", 6);
  return b;
}

static reading read_made(const bytes_made *b) {
  return read_named("leg.acq", b->bytes, b->size, NULL);
}

START_TEST(both_generations) {
  static const int revisions[] = {41, 45, 84, 121};
  for (size_t i = 0; i < 4; i++) {
    const bytes_made b = compose(revisions[i], 0);
    dsp_recording *r = must_read(read_made(&b));
    ck_assert_str_eq(r->format, "acq");
    ck_assert_uint_eq(r->n_channels, 2);
    expect_samples(channel_named(r, "SGP \xC2\xB5"), (const double[]){1.5, 2, 2.5, 3, 3.5, 4}, 6); /* 0.5 raw + 1 */
    expect_samples(channel_named(r, "Cuff"), (const double[]){10, 20, 30}, 3);
    ck_assert(r->channels[0].rate_hz == 50 && r->channels[1].rate_hz == 25 && r->n_warnings == 0);
    ck_assert_str_eq(r->channels[0].unit->ucum, "V");
    ck_assert_uint_eq(r->n_events, 1);
    ck_assert(r->events[0].kind == DSP_EVENT_STAND && r->events[0].t_s == 0.04);
    dsp_recording_free(r);
  }
}
END_TEST

START_TEST(refusals) {
  bytes_made b = compose(84, 1);
  expect_refused(read_made(&b), DSP_BAD_INPUT, "acq", "compressed");
  b = compose(128, 0);
  expect_refused(read_made(&b), DSP_BAD_INPUT, "acq: byte 2", "revision 128");
  b = compose(84, 0);
  memset(b.bytes + 1000 + 92, 0, 8);
  expect_refused(read_made(&b), DSP_BAD_INPUT, "acq: SGP", "0 and 1");
  b = compose(84, 0);
  b.bytes[1000 + 160 + 160 + 12] = 3; /* no type of samples */
  expect_refused(read_made(&b), DSP_BAD_INPUT, "acq: byte 1332", "none behind");
}
END_TEST

START_TEST(cut_anywhere) {
  const bytes_made b = compose(45, 0);
  for (size_t n = 24; n < b.size; n++) {
    const reading result = read_named("leg.acq", b.bytes, n, NULL);
    ck_assert(result.status == DSP_OK || result.status == DSP_BAD_INPUT);
    if (result.status == DSP_OK) ck_assert(n + 18 + 8 >= b.size || warned(result.recording, "file_truncated"));
    dsp_recording_free(result.recording);
  }
}
END_TEST

/* More marks stated than the file holds: those that are there, not as many empty ones. */
START_TEST(marks_cut_off) {
  bytes_made b = compose(84, 0);
  const size_t marks = b.size - 47;                                                       /* 25 bytes of head, one mark of 22 */
  static const unsigned char many[12] = {0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 1, 0, 0, 0, 1, 0}; /* length, first and second count */
  memcpy(b.bytes + marks, many, sizeof many);
  dsp_recording *r = must_read(read_made(&b));
  ck_assert_uint_eq(r->n_events, 1);
  ck_assert(warned(r, "file_truncated"));
  dsp_recording_free(r);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {both_generations, refusals, cut_anywhere, marks_cut_off};
  return run_case("acq", tests, sizeof tests / sizeof tests[0]);
}
