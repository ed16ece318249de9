/* SPDX-License-Identifier: GPL-3.0-or-later
 * What must not depend on how a table is written: an offset of time, the decimal sign, the delimiter, the order and number of columns, the
 * encoding, the line ends; and what must follow: a calibration is linear, a reversed column gives reversed samples. */
#include "../support/reading.h"

enum { ROWS = 500, COLUMNS = 4 };

typedef struct style {
  char delimiter, decimal;
  double t0_s, rate_hz;
  const char *line_end;
  int order[COLUMNS];
  bool reversed;
} style;

static const style plain = {',', '.', 0, 50, "\n", {0, 1, 2, 3}, false};

static double sample(int column, int row) {
  return floor(1e4 * (sin(0.01 * row * (column + 1)) * 100 + column)) / 1e4;
}

static void put_number(char *out, size_t *used, double value, int decimals, char decimal) {
  const int n = sprintf(out + *used, "%.*f", decimals, value);
  for (int i = 0; i < n; i++)
    if (out[*used + (size_t)i] == '.') out[*used + (size_t)i] = decimal;
  *used += (size_t)n;
}

static dsp_recording *written_in(const style *how) {
  static char text[ROWS * COLUMNS * 20];
  size_t used = (size_t)sprintf(text, "time (s)");
  for (int c = 0; c < COLUMNS; c++) used += (size_t)sprintf(text + used, "%cch%d (mL)", how->delimiter, how->order[c]);
  used += (size_t)sprintf(text + used, "%s", how->line_end);
  for (int i = 0; i < ROWS; i++) {
    put_number(text, &used, how->t0_s + i / how->rate_hz, 3, how->decimal);
    for (int c = 0; c < COLUMNS; c++) {
      text[used++] = how->delimiter;
      put_number(text, &used, sample(how->order[c], how->reversed ? ROWS - 1 - i : i), 4, how->decimal);
    }
    used += (size_t)sprintf(text + used, "%s", how->line_end);
  }
  text[used] = '\0';
  return read_good(text);
}

static void expect_same(const style *how) {
  dsp_recording *a = written_in(&plain), *b = written_in(how);
  for (int c = 0; c < COLUMNS; c++) {
    char name[16];
    snprintf(name, sizeof name, "ch%d", c);
    const dsp_channel *x = channel_named(a, name), *y = channel_named(b, name);
    ck_assert_double_eq(x->rate_hz, y->rate_hz);
    expect_samples(y, x->x, x->n);
    ck_assert_uint_eq(y->n_segments, 1);
    ck_assert_double_eq(y->segments[0].t0_s, 0);
  }
  ck_assert_double_eq(b->t_origin_s, how->t0_s);
  ck_assert_double_eq(dsp_recording_duration_s(a), dsp_recording_duration_s(b));
  dsp_recording_free(a);
  dsp_recording_free(b);
}

START_TEST(writing_does_not_matter) {
  const style ways[] = {
      {',', '.', 1234.5, 50, "\n", {0, 1, 2, 3}, false}, {',', '.', 86400000, 50, "\n", {0, 1, 2, 3}, false},
      {';', ',', 0, 50, "\r\n", {0, 1, 2, 3}, false},    {'\t', ',', 3.5, 50, "\r", {0, 1, 2, 3}, false},
      {'|', '.', 0, 50, "\n", {3, 2, 1, 0}, false},      {',', '.', 0, 50, "\n", {2, 0, 3, 1}, false},
  };
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) expect_same(&ways[i]);
}
END_TEST

START_TEST(reversal) {
  style backwards = plain;
  backwards.reversed = true;
  dsp_recording *a = written_in(&plain), *b = written_in(&backwards);
  for (size_t c = 0; c < COLUMNS; c++)
    for (size_t i = 0; i < ROWS; i++) ck_assert_double_eq(a->channels[c].x[i], b->channels[c].x[ROWS - 1 - i]);
  dsp_recording_free(a);
  dsp_recording_free(b);
}
END_TEST

START_TEST(samples_are_the_numbers) {
  dsp_recording *r = written_in(&plain);
  for (int c = 0; c < COLUMNS; c++)
    for (int i = 0; i < ROWS; i++) {
      char text[40];
      snprintf(text, sizeof text, "%.4f", sample(c, i));
      ck_assert_double_eq(r->channels[c].x[i], strtod(text, NULL));
    }
  dsp_recording_free(r);
}
END_TEST

/* A jittered clock shifted in time gives the same grid. */
START_TEST(resampling_and_offset) {
  static char a[ROWS * 40], b[ROWS * 40];
  size_t n = (size_t)sprintf(a, "time (s),v\n"), m = (size_t)sprintf(b, "time (s),v\n");
  for (int i = 0; i < ROWS; i++) {
    const int us = i * 20000 + (i * 7919 % 5000);
    n += (size_t)sprintf(a + n, "%.6f,%.6f\n", us / 1e6, sin(i * 0.1));
    m += (size_t)sprintf(b + m, "%.6f,%.6f\n", us / 1e6 + 64, sin(i * 0.1));
  }
  dsp_recording *x = read_good(a), *y = read_good(b);
  ck_assert(x->channels[0].resampled && y->channels[0].resampled);
  ck_assert_uint_eq(x->channels[0].n, y->channels[0].n);
  for (size_t i = 0; i < x->channels[0].n; i++) ck_assert_double_eq_tol(x->channels[0].x[i], y->channels[0].x[i], 1e-9);
  dsp_recording_free(x);
  dsp_recording_free(y);
}
END_TEST

START_TEST(calibration_is_linear) {
  const char *text = "time (s),v\n0,1\n1,-2.5\n2,NaN\n3,4\n";
  dsp_recording *raw = read_good(text);
  const reading scaled = read_with(text, "{\"channels\":[{\"index\":0,\"calibration\":{\"gain\":-3,\"offset\":0.5}}]}", 0);
  ck_assert_int_eq(scaled.status, DSP_OK);
  const dsp_channel *x = &raw->channels[0], *y = &scaled.recording->channels[0];
  for (size_t i = 0; i < x->n; i++) ck_assert(isnan(x->x[i]) ? isnan(y->x[i]) : y->x[i] == x->x[i] * y->scale + y->offset);
  dsp_recording_free(raw);
  dsp_recording_free(scaled.recording);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {writing_does_not_matter, reversal, samples_are_the_numbers, resampling_and_offset, calibration_is_linear};
  return run_case("reader_properties", tests, sizeof tests / sizeof tests[0]);
}
