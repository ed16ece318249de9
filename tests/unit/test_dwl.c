/* SPDX-License-Identifier: GPL-3.0-or-later
 * DWL envelopes: settings and samples in two files, composed. */
#include "../support/bytes.h"
#include "../support/reading.h"

static const char settings_text[] = "       0 TEXT FILE VERSION 8.27L\r\n       0 PATIENT  NAME: somebody\r\n       0 SYS PRF 4096\r\n"
                                    "       0 SYS FDOP1 2000\r\n       0 SYS FDOP2 4000\r\n       0 START  5:45:29\r\n"
                                    "     100 compress\r\n     128 STOP  5:45:40\r\n";

/* Two runs of 64 samples of each channel: 0.. of the first, 1000.. of the second. */
static bytes_made samples(void) {
  bytes_made b = {0};
  for (int i = 0; i < 256; i++) put_i16(&b, (i / 64) % 2 * 1000 + (i / 128) * 64 + i % 64);
  return b;
}

static reading read_pair(const char *name, const char *other, const void *first, size_t n_first, const void *second, size_t n_second,
                         bool keep) {
  fmt_source source;
  fmt_file companion = {.name = other};
  ck_assert_int_eq(fmt_source_from_memory(&source, first, n_first, NULL), DSP_OK);
  ck_assert_int_eq(fmt_source_from_memory(&companion.source, second, n_second, NULL), DSP_OK);
  const fmt_input input = {&source, name, &companion, second ? 1 : 0, keep};
  fmt_names names = {0};
  ck_assert_int_eq(fmt_companion_names(&names, &input, NULL), DSP_OK);
  ck_assert(names.n == 1 && strcmp(names.rows[0], other) == 0);
  fmt_names_clear(&names);
  const reading result = read_input(&input, NULL, NULL);
  fmt_source_clear(&source);
  fmt_source_clear(&companion.source);
  return result;
}

START_TEST(either_file) {
  const bytes_made b = samples();
  for (int wave = 0; wave < 2; wave++) {
    dsp_recording *r = must_read(wave ? read_pair("A.TW0", "A.TX0", b.bytes, b.size, settings_text, sizeof settings_text - 1, false)
                                      : read_pair("A.TX0", "A.TW0", settings_text, sizeof settings_text - 1, b.bytes, b.size, false));
    ck_assert_str_eq(r->format, "dwl");
    ck_assert_uint_eq(r->n_channels, 2);
    const dsp_channel *one = &r->channels[0], *two = &r->channels[1];
    ck_assert(one->rate_hz == 100 && one->n == 128 && two->n == 128 && one->role == DSP_ROLE_VELOCITY);
    ck_assert_double_eq_tol(one->x[100], 100 * 77.0 / 1000 * 1, 1e-9); /* 2048 / 2048 Hz a count, 77 cm/s a kHz */
    ck_assert_double_eq_tol(two->x[100], 1100 * 38.5 / 1000, 1e-9);
    ck_assert_str_eq(one->unit->ucum, "cm/s");
    ck_assert(warned(r, "identifiers_dropped") && !r->subject_key);
    ck_assert(r->n_events == 1 && r->events[0].kind == DSP_EVENT_COMPRESS && r->events[0].t_s == 1);
    dsp_recording_free(r);
  }
}
END_TEST

START_TEST(identifiers) {
  const bytes_made b = samples();
  dsp_recording *r = must_read(read_pair("a.tx1", "a.tw1", settings_text, sizeof settings_text - 1, b.bytes, b.size, true));
  ck_assert_str_eq(r->subject_key, "somebody");
  dsp_recording_free(r);
}
END_TEST

START_TEST(broken) {
  bytes_made b = samples();
  expect_refused(read_pair("A.TX0", "A.TW0", settings_text, sizeof settings_text - 1, NULL, 0, false), DSP_BAD_INPUT, "dwl",
                 "without envelopes");
  expect_refused(read_pair("A.TX0", "A.TW0", settings_text, sizeof settings_text - 1, b.bytes, 100, false), DSP_BAD_INPUT, "dwl: envelopes",
                 "100 bytes");
  expect_refused(read_pair("A.TX0", "A.TW0", settings_text, 33, b.bytes, b.size, false), DSP_BAD_INPUT, "dwl: settings", "0");
  expect_refused(read_pair("A.TX0", "A.TW0", settings_text, 100, b.bytes, b.size, false), DSP_BAD_INPUT, "dwl: settings", "no frequency");
  put_i16(&b, 1);
  dsp_recording *r = must_read(read_pair("A.TX0", "A.TW0", settings_text, sizeof settings_text - 1, b.bytes, b.size, false));
  ck_assert(r->channels[0].n == 128 && warned(r, "file_truncated"));
  dsp_recording_free(r);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {either_file, identifiers, broken};
  return run_case("dwl", tests, sizeof tests / sizeof tests[0]);
}
