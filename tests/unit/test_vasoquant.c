/* SPDX-License-Identifier: GPL-3.0-or-later
 * Captures of the D-PPG device, composed. The footer is the one that its description prints: exam 1250, baseline 2471, To 33.75 s. */
#include "../support/bytes.h"
#include "../support/reading.h"

static const unsigned char printed_foot[19] = {0x1D, 0xA7, 0x09, 0,    0,    0,    0x1D, 0xE2, 0x04, 0x87,
                                               0x34, 0xA2, 0,    0xFE, 0x1E, 0x44, 0x18, 0,    0x04};

static void put_head(bytes_made *b, unsigned label, unsigned n) {
  put_text(b, "\x1BL", 2);
  put_byte(b, label);
  put_text(b, "\x04\x01\x1D", 4);
  put_i16(b, (long)n);
}

static void put_samples(bytes_made *b, unsigned n) {
  for (unsigned i = 0; i < n; i++) put_i16(b, 2471 + (long)(i < 75 ? i : 150 - i % 150));
}

static void put_foot(bytes_made *b, unsigned exam) {
  for (size_t i = 0; i < sizeof printed_foot; i++) put_byte(b, i == 7 ? exam & 255 : i == 8 ? exam >> 8 : printed_foot[i]);
}

static reading read_made(const bytes_made *b) {
  return read_named("capture.raw", b->bytes, b->size, NULL);
}

START_TEST(two_blocks) {
  bytes_made b = {0};
  put_text(&b, "\x10\x10\x10", 3); /* the device polls */
  put_head(&b, 0xE2, 250);
  put_samples(&b, 250);
  put_foot(&b, 1250);
  put_byte(&b, 0x10);
  put_head(&b, 0xDF, 213);
  put_samples(&b, 213);
  put_foot(&b, 1251);
  dsp_recording *r = must_read(read_made(&b));
  ck_assert_str_eq(r->format, "vasoquant");
  ck_assert_uint_eq(r->n_channels, 2);
  const dsp_channel *right = &r->channels[0], *left = &r->channels[1];
  ck_assert_str_eq(right->name, "exam 1250");
  ck_assert_str_eq(right->label, "right leg, with tourniquet");
  ck_assert_str_eq(left->label, "left leg, without tourniquet");
  ck_assert(right->side == DSP_SIDE_RIGHT && left->side == DSP_SIDE_LEFT && right->role == DSP_ROLE_PPG);
  ck_assert(right->rate_hz == 4 && right->n == 250 && left->n == 213 && right->x[0] == 2471 && right->x[74] == 2545);
  ck_assert_str_eq(right->unit->ucum, "{count}");
  ck_assert_double_eq(left->segments[0].t0_s, 250 / 4.0 + 10);
  ck_assert_uint_eq(r->n_events, 4);
  ck_assert_str_eq(r->events[0].text,
                   "exam 1250: device: B=2471; A=162; peak_s=18.75; To_s=33.75; Th_s=13; Ti_s=24; Vo_pct=6.556; Fo_pct_s=79.34");
  ck_assert(r->events[1].kind == DSP_EVENT_EXERCISE_END && r->events[1].t_s == 18.75);
  ck_assert(r->events[3].kind == DSP_EVENT_EXERCISE_END && r->events[3].t_s == 72.5 + 18.75);
  ck_assert(warned(r, "time_unstated") && r->n_warnings == 1);
  dsp_recording_free(r);
}
END_TEST

START_TEST(end_not_found) {
  bytes_made b = {0};
  put_head(&b, 0xDE, 250);
  put_samples(&b, 250);
  put_foot(&b, 1);
  b.bytes[b.size - 2] = 0x80;
  dsp_recording *r = must_read(read_made(&b));
  ck_assert(r->channels[0].side == DSP_SIDE_UNKNOWN && !r->channels[0].label && r->n_warnings == 0);
  ck_assert_ptr_nonnull(strstr(r->events[0].text, "To_s=33.75 (end not found)"));
  dsp_recording_free(r);
}
END_TEST

START_TEST(counts_that_are_off) {
  for (int off = -3; off <= 3; off++) {
    bytes_made b = {0};
    put_head(&b, 0xE1, (unsigned)(100 + off));
    put_samples(&b, 100);
    put_foot(&b, 7);
    dsp_recording *r = must_read(read_made(&b));
    ck_assert_str_eq(r->channels[0].name, "exam 7");
    ck_assert_uint_eq(r->channels[0].n, (size_t)(off < 0 ? 100 + off : 100));
    dsp_recording_free(r);
  }
}
END_TEST

START_TEST(control_bytes_as_samples) {
  bytes_made b = {0};
  put_head(&b, 0xE1, 103);
  put_samples(&b, 100);
  for (int i = 0; i < 3; i++) put_i16(&b, 0x1D00);
  put_foot(&b, 7);
  dsp_recording *r = must_read(read_made(&b));
  ck_assert(r->channels[0].n == 100 && r->channels[0].missing == 0);
  dsp_recording_free(r);
}
END_TEST

START_TEST(cut_off) {
  bytes_made b = {0};
  put_head(&b, 0xE1, 100);
  put_samples(&b, 60);
  dsp_recording *r = must_read(read_made(&b));
  ck_assert(r->channels[0].n == 60 && warned(r, "file_truncated") && warned(r, "header_irregular") && r->n_events == 0);
  dsp_recording_free(r);
  b.size = 9;
  expect_refused(read_made(&b), DSP_BAD_INPUT, "vasoquant", "no samples");
}
END_TEST

int main(void) {
  const TTest *const tests[] = {two_blocks, end_not_found, counts_that_are_off, control_bytes_as_samples, cut_off};
  return run_case("vasoquant", tests, sizeof tests / sizeof tests[0]);
}
