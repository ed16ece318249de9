/* SPDX-License-Identifier: GPL-3.0-or-later
 * What each nuisance of the simulated standing test does to a trace. */
#include "../support/cases.h"
#include "../support/runner.h"
#include "../support/standing.h"
#include <check.h>
#include <dsp/phantom.h>
#include <math.h>
#include <phantom/rng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With minus without one nuisance; the two recordings share everything else. */
static double *difference(const char *nuisance, size_t *n, result *kept) {
  char settings[512];
  snprintf(settings, sizeof settings, "nuisance=custom rate_hz=100 lsb_ml=0 %s", nuisance);
  result clean = simulate("nuisance=none rate_hz=100", 9);
  *kept = simulate(settings, 9);
  *n = count_samples(kept);
  double *d = calloc(*n, sizeof *d);
  for (size_t i = 0; i < *n; i++) d[i] = samples(kept)[i] - samples(&clean)[i];
  simulated_clear(&clean);
  return d;
}

static double deviation(const double *x, size_t n) {
  double sum = 0, square = 0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  for (size_t i = 0; i < n; i++) square += (x[i] - sum / (double)n) * (x[i] - sum / (double)n);
  return sqrt(square / (double)n);
}

static double largest(const double *x, size_t from, size_t to) {
  double most = 0;
  for (size_t i = from; i < to; i++) most = fmax(most, fabs(x[i]));
  return most;
}

static size_t rising(const double *x, size_t n, double level) {
  size_t count = 0;
  for (size_t i = 1; i < n; i++) count += x[i - 1] < level && x[i] >= level;
  return count;
}

START_TEST(noises_have_their_size) {
  result r;
  size_t n;
  double *white = difference("white_ml=0.2", &n, &r);
  check_near("white", deviation(white, n), 0.2, 0.02);
  double step = 0;
  for (size_t i = 1; i < n; i++) step += (white[i] - white[i - 1]) * (white[i] - white[i - 1]) / (double)n;
  check_near("white is uncorrelated", step, 2 * 0.04, 0.03);
  free(white);
  simulated_clear(&r);
  double *pink = difference("pink_ml=1", &n, &r);
  double second = 0, half = deviation(pink, n);
  for (size_t i = 1; i < n; i++) second += (pink[i] - pink[i - 1]) * (pink[i] - pink[i - 1]) / (double)n;
  ck_assert(half > 0.5 && half < 1.5);
  ck_assert_double_lt(second, half * half);
  free(pink);
  simulated_clear(&r);
}
END_TEST

START_TEST(rhythms_have_their_size_and_rate) {
  result r;
  size_t n;
  double *pulse = difference("pulse_ml=1 heart_per_min=80 hrv=0.04", &n, &r);
  double length_s = (double)n / 100;
  check_near("beats", (double)rising(pulse, n, 0.7), length_s * 80 / 60, 0.05);
  ck_assert(largest(pulse, 0, n) > 0.85 && largest(pulse, 0, n) < 1.25);
  free(pulse);
  simulated_clear(&r);
  double *breath = difference("breath_ml=2 breath_hz=0.25", &n, &r);
  check_near("breaths", (double)rising(breath, n, 0), length_s * 0.25, 0.2);
  check_near("depth", deviation(breath, n), 2 / sqrt(2), 0.15);
  free(breath);
  simulated_clear(&r);
  double *vaso = difference("vasomotion_ml=1 vasomotion_hz=0.1", &n, &r);
  check_near("waves", (double)rising(vaso, n, 0), length_s * 0.1, 0.25);
  check_near("depth", deviation(vaso, n), 1 / sqrt(2), 0.2);
  free(vaso);
  simulated_clear(&r);
}
END_TEST

START_TEST(drifts_are_exact) {
  result r;
  size_t n;
  double *d = difference("drift_ml=12 drift_tau_s=150 linear_ml_s=0.01 leak_ml_s=0.004", &n, &r);
  for (size_t i = 0; i < n; i += 5000) {
    double t_s = (double)i / 100;
    ck_assert_double_eq_tol(d[i], 12 * (1 - exp(-t_s / 150)) + 0.006 * t_s, 1e-9);
  }
  free(d);
  simulated_clear(&r);
}
END_TEST

START_TEST(transient_and_bulge_stay_in_their_places) {
  result r;
  size_t n;
  double *d = difference("transient_ml=60 transient_s=2 transient_hz=1.2", &n, &r);
  size_t onset = (size_t)llround(simulated_landmark(&r, "stand_onset") * 100),
         lie = (size_t)llround(simulated_landmark(&r, "supine") * 100);
  ck_assert_double_eq(largest(d, 0, onset), 0);
  ck_assert_double_gt(largest(d, onset, onset + 60), 30);
  ck_assert_double_le(largest(d, onset + 200, onset + 400), 60 * exp(-3));
  ck_assert_double_eq(largest(d, onset + 401, lie), 0);
  free(d);
  simulated_clear(&r);
  d = difference("bulge_ml=-20", &n, &r);
  size_t tiptoe = (size_t)llround(simulated_landmark(&r, "tiptoe") * 100);
  ck_assert_double_eq(largest(d, 0, tiptoe), 0);
  ck_assert_double_eq_tol(d[tiptoe + 30], -20, 1e-6);
  ck_assert_double_le(largest(d, tiptoe + 60, tiptoe + 500), 1e-9);
  free(d);
  simulated_clear(&r);
}
END_TEST

START_TEST(step_and_gain) {
  result r;
  size_t n, touched = 0;
  double *d = difference("step_ml=6 step_s=5", &n, &r);
  for (size_t i = 0; i < n; i++) touched += fabs(d[i] - 6) < 1e-9;
  ck_assert(touched >= 499 && touched <= 501);
  free(d);
  simulated_clear(&r);
  d = difference("gain_pct=2", &n, &r);
  for (size_t i = 0; i < n; i += 1000) ck_assert_double_eq_tol(d[i], samples(&r)[i] * (1 - 1 / 1.02), 1e-9);
  free(d);
  simulated_clear(&r);
}
END_TEST

START_TEST(quantisation_and_dropouts) {
  result r = simulate("nuisance=custom lsb_ml=0.25 rate_hz=100", 2);
  for (size_t i = 0; i < count_samples(&r); i++) ck_assert_double_eq(fmod(samples(&r)[i], 0.25), 0);
  simulated_clear(&r);
  r = simulate("nuisance=custom dropouts=20 dropout_s=0.2 rate_hz=100", 2);
  size_t missing = r.recording->channels[0].missing, run = 0, longest = 0;
  for (size_t i = 0; i < count_samples(&r); i++) {
    run = isnan(samples(&r)[i]) ? run + 1 : 0;
    longest = run > longest ? run : longest;
  }
  ck_assert(missing >= 20 && missing <= 400);
  ck_assert_uint_le(longest, 20);
  simulated_clear(&r);
}
END_TEST

START_TEST(markers_are_off_by_at_most_their_size) {
  double most = 0;
  for (uint64_t seed = 0; seed < 20; seed++) {
    result r = simulate("generator=mono nuisance=custom marker_s=0.25", seed);
    double off_s = fabs(r.recording->events[0].t_s - simulated_landmark(&r, "stand_onset"));
    ck_assert_double_le(off_s, 0.2506);
    most = fmax(most, off_s);
    simulated_clear(&r);
  }
  ck_assert_double_gt(most, 0.15);
}
END_TEST

/* First words of xoshiro256** from the state 1 2 3 4, as other implementations print them. */
START_TEST(generator_words) {
  dsp_rng rng = {.s = {1, 2, 3, 4}};
  static const uint64_t words[] = {11520, 0, 1509978240, 1215971899390074240};
  for (size_t i = 0; i < 4; i++) ck_assert_uint_eq(dsp_rng_next(&rng), words[i]);
  dsp_rng_seed(&rng, 7, 1);
  enum { N = 200000 };
  double *x = calloc(N, sizeof *x), mean = 0, fourth = 0;
  for (size_t i = 0; i < N; i++) x[i] = dsp_rng_normal(&rng);
  for (size_t i = 0; i < N; i++) mean += x[i] / N, fourth += x[i] * x[i] * x[i] * x[i] / N;
  ck_assert_double_eq_tol(mean, 0, 0.01);
  ck_assert_double_eq_tol(deviation(x, N), 1, 0.01);
  ck_assert_double_eq_tol(fourth, 3, 0.08);
  free(x);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("phantom nuisances");
  TCase *t = tcase_create("nuisances");
  tcase_set_timeout(t, 60);
  /* cases(1, 0): the random legs of test_phantom, which always run, have all of these at once. */
  tcase_add_loop_test(t, noises_have_their_size, 0, cases(1, 0));
  tcase_add_loop_test(t, rhythms_have_their_size_and_rate, 0, cases(1, 0));
  tcase_add_test(t, drifts_are_exact);
  tcase_add_loop_test(t, transient_and_bulge_stay_in_their_places, 0, cases(1, 0));
  tcase_add_loop_test(t, step_and_gain, 0, cases(1, 0));
  tcase_add_loop_test(t, quantisation_and_dropouts, 0, cases(1, 0));
  tcase_add_test(t, markers_are_off_by_at_most_their_size);
  tcase_add_test(t, generator_words);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
