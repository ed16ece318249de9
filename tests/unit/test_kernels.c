/* SPDX-License-Identifier: GPL-3.0-or-later
 * Edges of the kernels: nothing, one sample, too few, missing and infinite samples, options out of range, output over input. Their numbers
 * are compared with other people's in tests/property. */
#include "../support/runner.h"
#include <check.h>
#include <dsp/detect.h>
#include <dsp/filter.h>
#include <dsp/fit.h>
#include <dsp/spectrum.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { N = 200 };

static double ramp[N], hole[N], wave[N];

static void setup(void) {
  for (int i = 0; i < N; i++) {
    ramp[i] = i;
    hole[i] = i == 50 ? (double)NAN : i;
    wave[i] = sin(0.3 * i) + 0.01 * i;
  }
}

static dsp_sos low_pass(void) {
  dsp_sos sos;
  ck_assert_int_eq(dsp_butter(&sos, 4, DSP_LOWPASS, 2.0, 0.0, 50.0, NULL), DSP_OK);
  return sos;
}

START_TEST(butter_refuses_bad_requests) {
  static const struct {
    unsigned order;
    dsp_band band;
    double lo, hi, rate;
  } bad[] = {{0, DSP_LOWPASS, 1, 0, 50},      {33, DSP_LOWPASS, 1, 0, 50}, {17, DSP_BANDPASS, 1, 2, 50},  {4, DSP_LOWPASS, 0, 0, 50},
             {4, DSP_LOWPASS, -1, 0, 50},     {4, DSP_LOWPASS, 25, 0, 50}, {4, DSP_BANDPASS, 5, 5, 50},   {4, DSP_BANDSTOP, 5, 25, 50},
             {4, DSP_LOWPASS, 1, 0, 0},       {4, DSP_LOWPASS, 1, 0, -50}, {4, DSP_HIGHPASS, NAN, 0, 50}, {4, DSP_BANDPASS, 5, NAN, 50},
             {4, DSP_LOWPASS, 1, 0, INFINITY}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    dsp_sos sos;
    dsp_error error = {0};
    ck_assert_int_eq(dsp_butter(&sos, bad[i].order, bad[i].band, bad[i].lo, bad[i].hi, bad[i].rate, &error), DSP_BAD_OPTION);
    ck_assert_str_ne(error.found, "");
  }
}
END_TEST

START_TEST(butter_takes_the_largest_orders) {
  dsp_sos sos;
  ck_assert_int_eq(dsp_butter(&sos, 32, DSP_LOWPASS, 10.0, 0.0, 50.0, NULL), DSP_OK);
  ck_assert_uint_eq(sos.n, 16);
  ck_assert_int_eq(dsp_butter(&sos, 16, DSP_BANDSTOP, 5.0, 10.0, 50.0, NULL), DSP_OK);
  ck_assert_uint_eq(sos.n, 16);
  ck_assert_int_eq(dsp_butter(&sos, 1, DSP_HIGHPASS, 10.0, 0.0, 50.0, NULL), DSP_OK);
  ck_assert_uint_eq(sos.n, 1);
}
END_TEST

START_TEST(sosfiltfilt_edges) {
  const dsp_sos sos = low_pass();
  const size_t pad = dsp_sosfiltfilt_padlen(&sos);
  double y[N];
  ck_assert_uint_eq(pad, 15);
  ck_assert_int_eq(dsp_sosfiltfilt(&sos, y, ramp, 0, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_sosfiltfilt(&sos, y, ramp, pad, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_sosfiltfilt(&sos, y, ramp, pad + 1, NULL), DSP_OK);
  ck_assert_int_eq(dsp_sosfiltfilt(&sos, y, hole, N, NULL), DSP_BAD_INPUT);
  for (size_t place = 0; place < N; place += 7) {
    double x[N];
    memcpy(x, wave, sizeof x);
    x[place] = place % 2 ? (double)INFINITY : (double)NAN;
    ck_assert_int_eq(dsp_sosfiltfilt(&sos, y, x, N, NULL), DSP_BAD_INPUT);
  }
}
END_TEST

START_TEST(decimate_edges) {
  double *y = NULL;
  size_t n = 0;
  ck_assert_int_eq(dsp_decimate(&y, &n, ramp, 0, 3, NULL), DSP_OK);
  ck_assert_uint_eq(n, 0);
  free(y);
  ck_assert_int_eq(dsp_decimate(&y, &n, ramp + 7, 1, 3, NULL), DSP_OK);
  ck_assert_uint_eq(n, 1);
  ck_assert_double_eq_tol(y[0], 7.0, 1e-12);
  free(y);
  ck_assert_int_eq(dsp_decimate(&y, &n, ramp, N, 0, NULL), DSP_BAD_OPTION);
  ck_assert_ptr_null(y);
  ck_assert_int_eq(dsp_decimate(&y, &n, hole, N, 4, NULL), DSP_BAD_INPUT);
  ck_assert_ptr_null(y);
}
END_TEST

START_TEST(resample_edges) {
  double *y = NULL;
  size_t n = 0;
  const double twice[] = {0.0, 1.0, 1.0, 2.0}, back[] = {0.0, 2.0, 1.0, 3.0}, lost[] = {0.0, NAN, 2.0, 3.0}, far[] = {0.0, 1e12};
  ck_assert_int_eq(dsp_resample_grid(&y, &n, ramp, wave, 0, 10.0, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_resample_grid(&y, &n, twice, wave, 4, 10.0, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_resample_grid(&y, &n, back, wave, 4, 10.0, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_resample_grid(&y, &n, lost, wave, 4, 10.0, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_resample_grid(&y, &n, far, wave, 2, 10.0, NULL), DSP_LIMIT);
  ck_assert_int_eq(dsp_resample_grid(&y, &n, ramp, wave, 4, 0.0, NULL), DSP_BAD_OPTION);
  ck_assert_int_eq(dsp_resample_grid(&y, &n, ramp, wave, 4, NAN, NULL), DSP_BAD_OPTION);
  ck_assert_ptr_null(y);
  ck_assert_int_eq(dsp_resample_grid(&y, &n, ramp, wave + 3, 1, 10.0, NULL), DSP_OK);
  ck_assert_uint_eq(n, 1);
  ck_assert_double_eq(y[0], wave[3]);
  free(y);
  ck_assert_int_eq(dsp_resample_poly(&y, &n, wave, 0, 3, 2, NULL), DSP_OK);
  ck_assert_uint_eq(n, 0);
  free(y);
  ck_assert_int_eq(dsp_resample_poly(&y, &n, wave, N, 0, 2, NULL), DSP_BAD_OPTION);
  ck_assert_int_eq(dsp_resample_poly(&y, &n, wave, N, 3, 100001, NULL), DSP_BAD_OPTION);
  ck_assert_int_eq(dsp_resample_poly(&y, &n, hole, N, 3, 2, NULL), DSP_BAD_INPUT);
  ck_assert_ptr_null(y);
}
END_TEST

START_TEST(savgol_edges) {
  double y[N];
  ck_assert_int_eq(dsp_savgol(y, wave, N, 10, 3, 0, 1.0, NULL), DSP_BAD_OPTION);
  ck_assert_int_eq(dsp_savgol(y, wave, N, 5, 5, 0, 1.0, NULL), DSP_BAD_OPTION);
  ck_assert_int_eq(dsp_savgol(y, wave, N, 5, 2, 1, 0.0, NULL), DSP_BAD_OPTION);
  ck_assert_int_eq(dsp_savgol(y, wave, 4, 5, 2, 0, 1.0, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_savgol(y, hole, N, 5, 2, 0, 1.0, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_savgol(y, wave, N, 5, 2, 3, 1.0, NULL), DSP_OK);
  for (int i = 0; i < N; i++) ck_assert_double_eq(y[i], 0.0);
  ck_assert_int_eq(dsp_savgol(y, wave, N, 1, 0, 0, 1.0, NULL), DSP_OK);
  for (int i = 0; i < N; i++) ck_assert_double_eq(y[i], wave[i]);
}
END_TEST

START_TEST(medians_over_their_input) {
  double apart[N], same[N];
  size_t replaced = 0, again = 0;
  ck_assert_int_eq(dsp_median(apart, wave, 0, 3), DSP_OK);
  memcpy(same, hole, sizeof same);
  ck_assert_int_eq(dsp_median(apart, hole, N, 9), DSP_OK);
  ck_assert_int_eq(dsp_median(same, same, N, 9), DSP_OK);
  ck_assert_int_eq(memcmp(apart, same, sizeof same), 0);
  memcpy(same, wave, sizeof same);
  same[20] = 99.0;
  double spiked[N];
  memcpy(spiked, same, sizeof spiked);
  ck_assert_int_eq(dsp_hampel(apart, &replaced, spiked, N, 9, 4.0, 0.0, 2), DSP_OK);
  ck_assert_int_eq(dsp_hampel(same, &again, same, N, 9, 4.0, 0.0, 2), DSP_OK);
  ck_assert_int_eq(memcmp(apart, same, sizeof same), 0);
  ck_assert_uint_eq(replaced, 1);
  ck_assert_uint_eq(again, 1);
  ck_assert(apart[20] < 2.0);
  ck_assert_int_eq(dsp_median(apart, wave, N, SIZE_MAX), DSP_OK);
  ck_assert_int_eq(dsp_hampel(apart, &replaced, wave, N, SIZE_MAX, 4.0, 0.0, 2), DSP_OK);
}
END_TEST

START_TEST(hampel_keeps_steps_and_long_runs) {
  double x[N], y[N];
  size_t replaced = 0;
  for (int i = 0; i < N; i++) x[i] = i < 100 ? 0.0 : 10.0;
  ck_assert_int_eq(dsp_hampel(y, &replaced, x, N, 8, 3.0, 0.1, 100), DSP_OK);
  ck_assert_uint_eq(replaced, 0);
  x[40] = x[41] = x[42] = 5.0;
  ck_assert_int_eq(dsp_hampel(y, &replaced, x, N, 8, 3.0, 0.1, 2), DSP_OK);
  ck_assert_uint_eq(replaced, 0);
  ck_assert_int_eq(dsp_hampel(y, &replaced, x, N, 8, 3.0, 0.1, 3), DSP_OK);
  ck_assert_uint_eq(replaced, 3);
  ck_assert_double_eq(y[41], 0.0);
}
END_TEST

START_TEST(welch_edges) {
  dsp_welch *w = NULL;
  double power[65];
  dsp_welch_free(NULL);
  ck_assert_int_eq(dsp_welch_new(&w, 1, 0, DSP_DETREND_NONE, NULL), DSP_BAD_OPTION);
  ck_assert_int_eq(dsp_welch_new(&w, 128, 128, DSP_DETREND_NONE, NULL), DSP_BAD_OPTION);
  ck_assert_int_eq(dsp_welch_new(&w, SIZE_MAX, 0, DSP_DETREND_NONE, NULL), DSP_BAD_OPTION);
  ck_assert_ptr_null(w);
  ck_assert_int_eq(dsp_welch_new(&w, 128, 64, DSP_DETREND_LINEAR, NULL), DSP_OK);
  ck_assert_uint_eq(dsp_welch_bins(w), 65);
  ck_assert_int_eq(dsp_welch_run(w, power, wave, 127, 50.0, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_welch_run(w, power, hole, N, 50.0, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_welch_run(w, power, wave, N, 0.0, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_welch_run(w, power, ramp, N, 50.0, NULL), DSP_OK);
  for (int k = 0; k < 65; k++) ck_assert_double_lt(power[k], 1e-20);
  dsp_welch_free(w);
}
END_TEST

START_TEST(peaks_edges) {
  dsp_peak *p = NULL;
  size_t n = 7;
  dsp_peak_rule rule = DSP_ANY_PEAK;
  for (size_t length = 0; length <= 2; length++) {
    ck_assert_int_eq(dsp_find_peaks(&p, &n, wave, length, &rule, NULL), DSP_OK);
    ck_assert_uint_eq(n, 0);
    ck_assert_ptr_nonnull(p);
    free(p);
  }
  ck_assert_int_eq(dsp_find_peaks(&p, &n, ramp, N, &rule, NULL), DSP_OK);
  ck_assert_uint_eq(n, 0);
  free(p);
  ck_assert_int_eq(dsp_find_peaks(&p, &n, hole, N, &rule, NULL), DSP_BAD_INPUT);
  ck_assert_ptr_null(p);
  rule.rel_height = 1.5;
  ck_assert_int_eq(dsp_find_peaks(&p, &n, wave, N, &rule, NULL), DSP_BAD_OPTION);
  rule = DSP_ANY_PEAK;
  rule.min_prominence = (double)NAN;
  ck_assert_int_eq(dsp_find_peaks(&p, &n, wave, N, &rule, NULL), DSP_BAD_OPTION);
  const double flat[] = {0.0, 2.0, 2.0, 2.0, 2.0, 1.0};
  rule = DSP_ANY_PEAK;
  ck_assert_int_eq(dsp_find_peaks(&p, &n, flat, 6, &rule, NULL), DSP_OK);
  ck_assert_uint_eq(n, 1);
  ck_assert_uint_eq(p[0].at, 2);
  ck_assert_double_eq(p[0].prominence, 1.0);
  free(p);
}
END_TEST

START_TEST(steps_edges) {
  size_t *at = NULL, n = 7;
  const double step[] = {0.0, 0.0, 0.0, 5.0, 5.0, 5.0};
  for (size_t length = 0; length <= 1; length++) {
    ck_assert_int_eq(dsp_find_steps(&at, &n, step, length, 1.0, 2, NULL), DSP_OK);
    ck_assert_uint_eq(n, 0);
    ck_assert_ptr_nonnull(at);
    free(at);
  }
  ck_assert_int_eq(dsp_find_steps(&at, &n, step, 6, 1.0, 2, NULL), DSP_OK);
  ck_assert_uint_eq(n, 1);
  ck_assert_uint_eq(at[0], 3);
  free(at);
  ck_assert_int_eq(dsp_find_steps(&at, &n, hole, N, 1.0, 2, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_find_steps(&at, &n, step, 6, -1.0, 2, NULL), DSP_BAD_OPTION);
  ck_assert_int_eq(dsp_find_steps(&at, &n, step, 6, 1.0, 0, NULL), DSP_BAD_OPTION);
  ck_assert_ptr_null(at);
}
END_TEST

START_TEST(least_squares_edges) {
  dsp_lsq info;
  double coef[2], cov[4];
  const double a[] = {1, 1, 1, 0, 1, 2}, b[] = {1, 3, 5}, negative[] = {1, -1, 1}, broken[] = {1, NAN, 5};
  ck_assert_int_eq(dsp_least_squares(coef, cov, &info, a, 3, 0, b, NULL, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_least_squares(coef, cov, &info, a, 1, 2, b, NULL, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_least_squares(coef, cov, &info, a, 3, 2, broken, NULL, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_least_squares(coef, cov, &info, a, 3, 2, b, negative, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_least_squares(coef, NULL, &info, a, 3, 2, b, NULL, NULL), DSP_OK);
  ck_assert_double_eq_tol(coef[0], 1.0, 1e-14);
  ck_assert_double_eq_tol(coef[1], 2.0, 1e-14);
  ck_assert_uint_eq(info.rank, 2);
  const double square[] = {1, 1, 0, 1};
  ck_assert_int_eq(dsp_least_squares(coef, cov, &info, square, 2, 2, b, NULL, NULL), DSP_OK);
  ck_assert(isnan(info.variance) && isnan(cov[0]));
}
END_TEST

START_TEST(lines_edges) {
  dsp_line line;
  const double same[] = {2, 2, 2}, t[] = {0, 1, 2}, y[] = {1, 3, 5}, broken[] = {1, NAN, 5};
  static double many[DSP_THEIL_SEN_MAX + 1];
  for (int i = 0; i <= DSP_THEIL_SEN_MAX; i++) many[i] = i;
  ck_assert_int_eq(dsp_line_least_squares(&line, t, y, NULL, 0, NULL), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_line_least_squares(&line, t, y, NULL, 1, NULL), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_line_least_squares(&line, same, y, NULL, 3, NULL), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_line_huber(&line, same, y, 3, NULL), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_line_huber(&line, t, broken, 3, NULL), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_line_theil_sen(&line, t, y, 0, NULL), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_line_theil_sen(&line, same, y, 3, NULL), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_line_theil_sen(&line, t, broken, 3, NULL), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_line_theil_sen(&line, many, many, DSP_THEIL_SEN_MAX + 1, NULL), DSP_LIMIT);
  ck_assert_int_eq(dsp_line_theil_sen(&line, many, many, DSP_THEIL_SEN_MAX, NULL), DSP_OK);
  ck_assert_double_eq(line.slope, 1.0);
  ck_assert_int_eq(dsp_line_least_squares(&line, t, y, NULL, 2, NULL), DSP_OK);
  ck_assert_double_eq(line.slope, 2.0);
  ck_assert(isnan(line.var_slope) && isnan(line.slope_lo));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kernels");
  TCase *edges = tcase_create("edges");
  tcase_add_checked_fixture(edges, setup, NULL);
  tcase_add_test(edges, butter_refuses_bad_requests);
  tcase_add_test(edges, butter_takes_the_largest_orders);
  tcase_add_test(edges, sosfiltfilt_edges);
  tcase_add_test(edges, decimate_edges);
  tcase_add_test(edges, resample_edges);
  tcase_add_test(edges, savgol_edges);
  tcase_add_test(edges, medians_over_their_input);
  tcase_add_test(edges, hampel_keeps_steps_and_long_runs);
  tcase_add_test(edges, welch_edges);
  tcase_add_test(edges, peaks_edges);
  tcase_add_test(edges, steps_edges);
  tcase_add_test(edges, least_squares_edges);
  tcase_add_test(edges, lines_edges);
  suite_add_tcase(suite, edges);
  return run_suite(suite);
}
