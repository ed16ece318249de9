/* SPDX-License-Identifier: GPL-3.0-or-later
 * LabChart's binary files, composed byte by byte. */
#include "../support/bytes.h"
#include "../support/reading.h"

/* Two channels, `kind` samples, rows (1, 10), (2, 20), (3, 30). */
static bytes_made compose(int kind, int with_time, int stated, double scale) {
  bytes_made b = {0};
  put_text(&b, "CFWB", 4);
  put_i32(&b, 1);
  put_f64(&b, 0.02);
  for (int i = 0; i < 5; i++) put_i32(&b, (const int[]){2024, 3, 2, 10, 0}[i]);
  put_f64(&b, 12.5);
  put_f64(&b, 0.5); /* before the trigger */
  put_i32(&b, 2);
  put_i32(&b, stated);
  put_i32(&b, with_time);
  put_i32(&b, kind);
  for (int c = 0; c < 2; c++) {
    put_text(&b, c ? "Cuff" : "APG L calf", 32);
    put_text(&b, c ? "mmHg" : "\xB5V", 32);
    put_f64(&b, scale);
    put_f64(&b, scale == 1 ? 0 : 100);
    put_f64(&b, 10);
    put_f64(&b, -10);
  }
  ck_assert_uint_eq(b.size, 68 + 2 * 96);
  for (int i = 0; i < 3; i++)
    for (int c = with_time ? -1 : 0; c < 2; c++) {
      const double value = c < 0 ? i * 0.02 : (i + 1) * (c ? 10 : 1);
      if (kind == 1) put_f64(&b, value);
      if (kind == 2) put_f32(&b, (float)value);
      if (kind == 3) put_i16(&b, (int)value);
    }
  return b;
}

static reading read_made(const bytes_made *b) {
  return read_named("leg.adibin", b->bytes, b->size, NULL);
}

START_TEST(each_type_of_samples) {
  for (int kind = 1; kind <= 3; kind++)
    for (int with_time = 0; with_time < 2; with_time++) {
      const bytes_made b = compose(kind, with_time, 3, 1);
      dsp_recording *r = must_read(read_made(&b));
      ck_assert_str_eq(r->format, "cfwb");
      ck_assert(r->n_channels == 2 && r->n_warnings == 0 && r->t_origin_s == -0.5 && !r->t0);
      expect_samples(channel_named(r, "APG L calf"), (const double[]){1, 2, 3}, 3);
      expect_samples(channel_named(r, "Cuff"), (const double[]){10, 20, 30}, 3);
      ck_assert_double_eq(r->channels[0].rate_hz, 50);
      ck_assert_str_eq(r->channels[0].unit->ucum, "uV");
      ck_assert_str_eq(r->channels[1].unit->ucum, "mm[Hg]");
      dsp_recording_free(r);
    }
}
END_TEST

START_TEST(integers_are_scaled) {
  const bytes_made b = compose(3, 0, 3, 0.5);
  dsp_recording *r = must_read(read_made(&b));
  expect_samples(&r->channels[0], (const double[]){50.5, 51, 51.5}, 3); /* 0.5 (sample + 100) */
  ck_assert(r->channels[0].scale == 0.5 && r->channels[0].offset == 50);
  dsp_recording_free(r);
}
END_TEST

START_TEST(floats_are_not) {
  const bytes_made b = compose(1, 0, 3, 2);
  dsp_recording *r = must_read(read_made(&b));
  expect_samples(&r->channels[0], (const double[]){1, 2, 3}, 3);
  ck_assert(warned(r, "header_irregular"));
  dsp_recording_free(r);
}
END_TEST

START_TEST(lengths_that_lie) {
  bytes_made b = compose(3, 0, 1000000000, 1);
  dsp_recording *r = must_read(read_made(&b));
  ck_assert(r->channels[0].n == 3 && warned(r, "file_truncated"));
  dsp_recording_free(r);
  b = compose(3, 0, 2, 1);
  r = must_read(read_made(&b));
  ck_assert(r->channels[0].n == 2 && warned(r, "header_irregular"));
  dsp_recording_free(r);
  b = compose(3, 0, 0, 1); /* never filled in */
  r = must_read(read_made(&b));
  ck_assert(r->channels[0].n == 3 && r->n_warnings == 0);
  dsp_recording_free(r);
  b = compose(3, 0, 3, 1); /* says that there are times, and there are none */
  b.bytes[60] = 1;
  r = must_read(read_made(&b));
  expect_samples(&r->channels[1], (const double[]){10, 20, 30}, 3);
  dsp_recording_free(r);
}
END_TEST

START_TEST(broken) {
  bytes_made b = compose(3, 0, 3, 1);
  for (size_t n = 4; n < 68 + 2 * 96 + 4; n++) {
    const reading result = read_named("leg.adibin", b.bytes, n, NULL);
    ck_assert(result.status == DSP_BAD_INPUT && strncmp(result.error.place, "cfwb", 4) == 0 && !result.recording);
  }
  b.bytes[4] = 2;
  expect_refused(read_made(&b), DSP_BAD_INPUT, "cfwb: byte 4", "version 2");
  b = compose(4, 0, 3, 1);
  expect_refused(read_made(&b), DSP_BAD_INPUT, "cfwb: byte 64", "sample type 4");
  b = compose(3, 0, 3, 0);
  expect_refused(read_made(&b), DSP_BAD_INPUT, "cfwb: byte 132", "0 and 100");
  b = compose(3, 0, 3, 1);
  b.bytes[55] = 0x7F;
  expect_refused(read_made(&b), DSP_BAD_INPUT, "cfwb: byte 52", "2130706434");
  b = compose(3, 0, 3, 1);
  memset(b.bytes + 8, 0xFF, 8);
  expect_refused(read_made(&b), DSP_BAD_INPUT, "cfwb: byte 8", "nan");
}
END_TEST

START_TEST(dates_are_identifiers) {
  const bytes_made b = compose(3, 0, 3, 1);
  fmt_source source;
  ck_assert_int_eq(fmt_source_from_memory(&source, b.bytes, b.size, NULL), DSP_OK);
  dsp_recording *r = must_read(read_input(&(fmt_input){.source = &source, .keep_identifiers = true}, NULL, NULL));
  ck_assert_str_eq(r->t0, "2024-03-02T10:00:12");
  dsp_recording_free(r);
  fmt_source_clear(&source);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {each_type_of_samples, integers_are_scaled, floats_are_not, lengths_that_lie, broken, dates_are_identifiers};
  return run_case("cfwb", tests, sizeof tests / sizeof tests[0]);
}
