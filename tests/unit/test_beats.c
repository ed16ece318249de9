/* SPDX-License-Identifier: GPL-3.0-or-later
 * Beats found in pulses whose feet are known in closed form. */
#include <check.h>
#include <dsp/detect.h>
#include <math.h>
#include <stdlib.h>

enum { N_MAX = 60 * 250 };

static double x[N_MAX];
static const dsp_beat_rule rule = {.lo_hz = 0.5, .hi_hz = 12, .shortest_s = 0.3, .longest_s = 2};

/* One beat: a parabolic upstroke of `crest_s`, then an exponential fall with a dicrotic bump. The steepest tangent leaves the level of the
 * foot a quarter of the way up in time. */
static double pulse(double t_s, double period_s) {
  const double crest_s = 0.16 * sqrt(period_s);
  if (t_s < crest_s) {
    const double u = t_s / crest_s;
    return u < 0.5 ? 2 * u * u : 1 - 2 * (1 - u) * (1 - u);
  }
  const double fall = exp(-(t_s - crest_s) / (0.28 * period_s)), end = exp(-(period_s - crest_s) / (0.28 * period_s));
  const double bump = exp(-pow((t_s - 0.45 * period_s) / (0.06 * period_s), 2));
  return (fall - end) / (1 - end) + 0.12 * bump;
}

static size_t make(double per_min, double rate_hz, double drift, double noise, unsigned seed) {
  const size_t n = (size_t)(60 * rate_hz);
  const double period_s = 60 / per_min;
  srand(seed);
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i / rate_hz;
    x[i] = pulse(fmod(t_s, period_s), period_s) + drift * t_s + noise * (rand() / (double)RAND_MAX - 0.5) * sqrt(12);
  }
  return n;
}

START_TEST(every_foot_is_found) {
  static const struct {
    double per_min, rate_hz, drift, noise, tolerance_s;
  } rows[] = {{42, 100, 0, 0, 0.02},     {60, 50, 0, 0, 0.02},        {72, 200, 0.05, 0, 0.02}, {110, 100, 0, 0, 0.02},
              {170, 250, -0.1, 0, 0.02}, {72, 100, 0.05, 0.03, 0.03}, {96, 40, 0, 0.02, 0.03}};
  const double period_s = 60 / rows[_i].per_min, crest_s = 0.16 * sqrt(period_s);
  const size_t n = make(rows[_i].per_min, rows[_i].rate_hz, rows[_i].drift, rows[_i].noise, 7);
  dsp_beat *beats = NULL;
  size_t n_beats = 0;
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &(dsp_signal){x, n, rows[_i].rate_hz, 5}, &rule, NULL), DSP_OK);
  ck_assert_int_le(llabs((long long)n_beats - (long long)rows[_i].per_min), 1);
  for (size_t i = 2; i + 2 < n_beats; i++) {
    const double true_foot_s = 5 + period_s * round((beats[i].foot_s - 5) / period_s) + 0.25 * crest_s;
    ck_assert_msg(fabs(beats[i].foot_s - true_foot_s) < rows[_i].tolerance_s, "beat %zu of row %d: foot %.3f s, truth %.3f s", i, _i,
                  beats[i].foot_s, true_foot_s);
    ck_assert(beats[i].peak_s > beats[i].foot_s && beats[i].peak > beats[i].foot && beats[i].slope > 0);
  }
  free(beats);
}
END_TEST

START_TEST(nothing_to_find_is_said) {
  dsp_beat *beats = NULL;
  size_t n_beats = 1;
  for (size_t i = 0; i < 1000; i++) x[i] = 3;
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &(dsp_signal){x, 1000, 100, 0}, &rule, NULL), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &(dsp_signal){x, 100, 100, 0}, &rule, NULL), DSP_NO_SOLUTION);
  const size_t n = make(60, 100, 0, 0, 1);
  x[500] = (double)NAN;
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &(dsp_signal){x, n, 100, 0}, &rule, NULL), DSP_BAD_INPUT);
  dsp_beat_rule senseless = rule;
  senseless.hi_hz = 0.1;
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &(dsp_signal){x, n, 100, 0}, &senseless, NULL), DSP_BAD_OPTION);
  ck_assert_ptr_null(beats);
  ck_assert_uint_eq(n_beats, 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("beats");
  TCase *t = tcase_create("beats");
  tcase_add_loop_test(t, every_foot_is_found, 0, 7);
  tcase_add_test(t, nothing_to_find_is_said);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
