/* SPDX-License-Identifier: GPL-3.0-or-later
 * Coloured noise, regression under it and levels, against processes and closed forms that are known. */
#include "../support/runner.h"
#include "../support/traces.h"
#include <dsp/level.h>

START_TEST(autoregression_is_recovered) {
  enum { N = 20000 };
  const double a = 1.2, b = -0.6;
  const double spread = sqrt((1 - b) / ((1 + b) * ((1 - b) * (1 - b) - a * a)));
  dsp_random random = dsp_random_seeded(7);
  double *x = vector(N);
  autoregression(x, N, a, b, 2, &random);
  /* pooled from unequal stretches, as from a whole */
  const dsp_stretch stretches[] = {{x, 9000}, {x + 9000, 1000}, {x + 10000, 10000}};
  dsp_noise noise;
  for (size_t pooled = 0; pooled < 2; pooled++) {
    const dsp_stretch whole = {x, N};
    dsp_noise_fit(&noise, pooled ? stretches : &whole, pooled ? 3 : 1, 12, 1e-6);
    ck_assert_uint_ge(noise.order, 2);
    check_within("first coefficient", noise.predictor[1][0], a, 0.03);
    check_within("second coefficient", noise.predictor[1][1], b, 0.03);
    check_within("spread", noise.sd[0], 2 * spread, 0.04 * 2 * spread);
    check_within("order 2 error", noise.sd[2], 2, 0.05);
    check_within("error", noise.sd[noise.order], 2, 0.05);
    for (size_t m = 1; m <= noise.order; m++) ck_assert_double_le(noise.sd[m], noise.sd[m - 1]);
  }
  free(x);
}
END_TEST

START_TEST(noise_never_sinks_below_its_floor) {
  dsp_noise noise;
  dsp_noise_fit(&noise, NULL, 0, 12, 0.25);
  ck_assert_uint_eq(noise.order, 0);
  ck_assert_double_eq_tol(noise.sd[0], 0.25, 1e-12);
  const double zeros[200] = {0};
  const dsp_stretch flat = {zeros, 200};
  dsp_noise_fit(&noise, &flat, 1, 12, 0.25);
  ck_assert_double_eq_tol(noise.sd[noise.order], 0.25, 1e-6);
}
END_TEST

START_TEST(regression_under_white_noise_is_ordinary) {
  enum { N = 120 };
  double t[N], y[N], design[2 * N], coef[2], cov[4], variance;
  dsp_random random = dsp_random_seeded(3);
  for (size_t i = 0; i < N; i++) {
    t[i] = 0.1 * (double)i;
    y[i] = 4 - 0.3 * t[i] + 0.7 * normal(&random);
    design[i] = 1;
    design[N + i] = t[i];
  }
  dsp_line line;
  ck_assert_int_eq(dsp_line_least_squares(&line, t, y, NULL, N, NULL), DSP_OK);
  const dsp_noise noise = white(0.5);
  ck_assert_int_eq(dsp_noise_regress(&noise, coef, cov, &variance, y, NULL, N, design, 2, 0), DSP_OK);
  ck_assert_double_eq_tol(coef[0], line.intercept, 1e-10);
  ck_assert_double_eq_tol(coef[1], line.slope, 1e-10);
  ck_assert_double_eq_tol(cov[0], line.var_intercept, 1e-10);
  ck_assert_double_eq_tol(cov[3], line.var_slope, 1e-10);
  ck_assert_double_eq_tol(cov[1], line.cov, 1e-10);
  ck_assert_double_eq_tol(variance, line.sd * line.sd / 0.25, 1e-9);
  /* a model that claims more noise than there is may not be believed to be wrong without limit */
  const dsp_noise loud = white(50);
  ck_assert_int_eq(dsp_noise_regress(&loud, coef, cov, &variance, y, NULL, N, design, 2, 0.5), DSP_OK);
  ck_assert_double_eq_tol(variance, 0.5, 1e-12);
  ck_assert_double_eq_tol(cov[3], line.var_slope * 0.5 * 2500 / (line.sd * line.sd), 1e-9 * cov[3]);
}
END_TEST

START_TEST(missing_samples_do_not_speak) {
  enum { N = 300 };
  double y[N], z[N], design[2 * N], coef[2], cov[4], other[2], other_cov[4], variance;
  unsigned char ok[N];
  dsp_random random = dsp_random_seeded(9);
  autoregression(y, N, 0.9, 0, 1, &random);
  memset(ok, 1, N);
  for (size_t i = 0; i < N; i++) design[i] = 1, design[N + i] = (double)i / N;
  for (size_t i = 80; i < 81; i++) ok[i] = 0;   /* short: an unknown */
  for (size_t i = 150; i < 190; i++) ok[i] = 0; /* long: the noise starts anew */
  for (size_t i = 0; i < 3; i++) ok[i] = 0;
  memcpy(z, y, sizeof y);
  for (size_t i = 0; i < N; i++)
    if (!ok[i]) z[i] = 1e4;
  const dsp_noise models[] = {white(1), markov(0.9, 1)};
  for (size_t m = 0; m < 2; m++) {
    ck_assert_int_eq(dsp_noise_regress(&models[m], coef, cov, &variance, y, ok, N, design, 2, 0), DSP_OK);
    ck_assert_int_eq(dsp_noise_regress(&models[m], other, other_cov, &variance, z, ok, N, design, 2, 0), DSP_OK);
    for (size_t k = 0; k < 2; k++) ck_assert_double_eq_tol(coef[k], other[k], 1e-7);
    for (size_t k = 0; k < 4; k++) ck_assert_double_eq_tol(cov[k], other_cov[k], 1e-7);
  }
  /* white: exactly the remaining rows */
  double t[N], left[N];
  size_t n = 0;
  for (size_t i = 0; i < N; i++)
    if (ok[i]) t[n] = (double)i / N, left[n++] = y[i];
  dsp_line line;
  ck_assert_int_eq(dsp_line_least_squares(&line, t, left, NULL, n, NULL), DSP_OK);
  ck_assert_int_eq(dsp_noise_regress(&models[0], coef, cov, &variance, y, ok, N, design, 2, 0), DSP_OK);
  ck_assert_double_eq_tol(coef[1], line.slope, 1e-9);
  ck_assert_double_eq_tol(cov[3], line.var_slope, 1e-9);
}
END_TEST

/* The same sum of squares as a regression of all columns together leaves, gaps and all. */
START_TEST(trials_leave_what_a_regression_leaves) {
  enum { N = 400, SHARED = 3, MORE = 2 };
  double y[N], design[(SHARED + MORE) * N], coef[SHARED + MORE], cov[(SHARED + MORE) * (SHARED + MORE)], variance;
  unsigned char ok[N];
  dsp_random random = dsp_random_seeded(21);
  autoregression(y, N, 0.8, 0, 1, &random);
  memset(ok, 1, N);
  ok[50] = 0;
  for (size_t i = 200; i < 260; i++) ok[i] = 0;
  double used = 0;
  for (size_t i = 0; i < N; i++) {
    for (size_t d = 0; d < SHARED; d++) design[d * N + i] = pow((double)i / N, (double)d);
    used += ok[i];
  }
  const dsp_noise noise = markov(0.8, 1);
  dsp_noise_trials *trials;
  ck_assert_int_eq(dsp_noise_trials_new(&trials, &noise, y, ok, N, design, SHARED, MORE), DSP_OK);
  for (size_t kink = 30; kink < N; kink += 70) {
    double *more = design + (size_t)SHARED * N;
    for (size_t i = 0; i < N; i++) more[i] = i < kink ? (double)(kink - i) : 0, more[N + i] = more[i] * more[i];
    for (size_t added = 1; added <= MORE; added++) {
      ck_assert_int_eq(dsp_noise_regress(&noise, coef, cov, &variance, y, ok, N, design, SHARED + added, 0), DSP_OK);
      const double rss = variance * (used - SHARED - (double)added);
      ck_assert_double_eq_tol(dsp_noise_trial(trials, more, added), rss, 1e-10 * rss);
    }
  }
  /* hardly different from the shared ones, it explains what the difference does */
  double *close = design + (size_t)SHARED * N, *apart = close + N;
  for (size_t i = 0; i < N; i++) apart[i] = i < 40 ? (double)(40 - i) : 0, close[i] = 3 * design[N + i] - design[i] + 1e-11 * apart[i];
  const double alone = dsp_noise_trial(trials, apart, 1);
  ck_assert_double_eq_tol(dsp_noise_trial(trials, close, 1), alone, 1e-5 * alone);
  for (size_t i = 0; i < N; i++) design[(size_t)SHARED * N + i] = 3 * design[N + i] - design[i];
  ck_assert_double_nan(dsp_noise_trial(trials, design + (size_t)SHARED * N, 1));
  dsp_noise_trials_free(trials);
  for (size_t i = 0; i < N; i++) design[i] = design[N + i];
  ck_assert_int_eq(dsp_noise_trials_new(&trials, &noise, y, ok, N, design, SHARED, MORE), DSP_NO_SOLUTION);
  ck_assert_ptr_null(trials);
  memset(ok, 0, N);
  ck_assert_int_eq(dsp_noise_trials_new(&trials, &noise, y, ok, N, design, SHARED, MORE), DSP_NO_SOLUTION);
}
END_TEST

START_TEST(regression_refuses_what_it_cannot_tell_apart) {
  enum { N = 40 };
  double y[N] = {0}, design[2 * N], coef[2], cov[4], variance;
  unsigned char ok[N] = {0};
  for (size_t i = 0; i < N; i++) design[i] = 1, design[N + i] = 2;
  const dsp_noise noise = white(1);
  ck_assert_int_eq(dsp_noise_regress(&noise, coef, cov, &variance, y, NULL, N, design, 2, 0), DSP_NO_SOLUTION);
  for (size_t i = 0; i < N; i++) design[N + i] = (double)i;
  ck_assert_int_eq(dsp_noise_regress(&noise, coef, cov, &variance, y, ok, N, design, 2, 0), DSP_NO_SOLUTION);
  for (size_t i = 0; i < 5; i++) ok[7 * i] = 1;
  ck_assert_int_eq(dsp_noise_regress(&noise, coef, cov, &variance, y, ok, N, design, 2, 0), DSP_NO_SOLUTION);
  ok[1] = 1;
  ck_assert_int_eq(dsp_noise_regress(&noise, coef, cov, &variance, y, ok, N, design, 2, 0), DSP_OK);
}
END_TEST

/* The mean of a short run: its first samples count by what little is known before them, so that its variance is exactly 1 / (1' C^-1 1). */
START_TEST(a_short_run_counts_its_first_samples_rightly) {
  enum { N = 12 };
  const double a = 1.2, b = -0.6;
  double r[N] = {(1 - b) / ((1 + b) * ((1 - b) * (1 - b) - a * a))}, c[N][N + 1], ones[N], y[N];
  r[1] = a / (1 - b) * r[0];
  for (size_t k = 2; k < N; k++) r[k] = a * r[k - 1] + b * r[k - 2];
  dsp_noise noise = {.order = 2};
  noise.predictor[0][0] = r[1] / r[0];
  noise.predictor[1][0] = a;
  noise.predictor[1][1] = b;
  noise.sd[0] = sqrt(r[0]);
  noise.sd[1] = sqrt(r[0] - r[1] * r[1] / r[0]);
  noise.sd[2] = 1;
  for (size_t i = 0; i < N; i++) {
    ones[i] = 1;
    y[i] = sin(3.0 * (double)i);
    for (size_t k = 0; k < N; k++) c[i][k] = r[i > k ? i - k : k - i];
    c[i][N] = 1;
  }
  for (size_t p = 0; p < N; p++) /* Gauss and Jordan: the covariance is positive definite */
    for (size_t i = 0; i < N; i++) {
      const double factor = c[i][p] / c[p][p];
      for (size_t k = p; i != p && k <= N; k++) c[i][k] -= factor * c[p][k];
    }
  double weight = 0, sum = 0;
  for (size_t i = 0; i < N; i++) {
    weight += c[i][N] / c[i][i];
    sum += y[i] * c[i][N] / c[i][i];
  }
  double coef, cov, variance;
  ck_assert_int_eq(dsp_noise_regress(&noise, &coef, &cov, &variance, y, NULL, N, ones, 1, 0), DSP_OK);
  ck_assert_double_eq_tol(coef, sum / weight, 1e-10);
  ck_assert_double_eq_tol(cov / variance, 1 / weight, 1e-10);
}
END_TEST

/* Claimed against observed scatter of level and slope: known model, model learnt elsewhere, and known model with gaps. */
START_TEST(claimed_errors_match_the_scatter) {
  enum { N = 400, LONG = 4 * N, TRIALS = 300 };
  static double y[N], design[2 * N], elsewhere[LONG];
  unsigned char ok[N];
  const double phi = _i == 1 ? 0.8 : 0.9;
  dsp_random random = dsp_random_seeded(2024 + (uint64_t)_i);
  memset(ok, 1, N);
  if (_i == 2) {
    memset(ok + 50, 0, 1);
    memset(ok + 90, 0, 60);
  }
  for (size_t i = 0; i < N; i++) design[i] = 1, design[N + i] = (double)i / N - 0.5;
  double sum[2] = {0}, squares[2] = {0}, claimed[2] = {0};
  for (int trial = 0; trial < TRIALS; trial++) {
    double coef[2], cov[4], variance;
    autoregression(y, N, phi, 0, 1, &random);
    dsp_noise noise = markov(phi, 1);
    if (_i == 1) {
      autoregression(elsewhere, LONG, phi, 0, 1, &random);
      const dsp_stretch stretch = {elsewhere, LONG};
      dsp_noise_fit(&noise, &stretch, 1, 24, 1e-3);
    }
    ck_assert_int_eq(dsp_noise_regress(&noise, coef, cov, &variance, y, ok, N, design, 2, 0), DSP_OK);
    for (size_t k = 0; k < 2; k++) {
      sum[k] += coef[k] / TRIALS;
      squares[k] += coef[k] * coef[k] / TRIALS;
      claimed[k] += cov[3 * k] / TRIALS;
    }
  }
  for (size_t k = 0; k < 2; k++) {
    const double scatter = sqrt(squares[k] - sum[k] * sum[k]);
    ck_assert_msg(fabs(sqrt(claimed[k]) / scatter - 1) < 0.15, "coefficient %zu: claimed %.4g, scatter %.4g", k, sqrt(claimed[k]), scatter);
    ck_assert_msg(fabs(sum[k]) < 4 * scatter / sqrt(TRIALS), "coefficient %zu: bias %.4g", k, sum[k]);
  }
}
END_TEST

START_TEST(levels_under_white_noise) {
  enum { N = 400 };
  dsp_trace trace = blank(N, 10);
  dsp_random random = dsp_random_seeded(5);
  double sum = 0;
  for (size_t i = 0; i < N; i++) sum += trace.x[i] = 30 + 0.5 * normal(&random);
  const dsp_noise noise = white(0.5);
  dsp_estimate level, slope;
  ck_assert_int_eq(dsp_level_read(&level, &slope, &trace, &noise, 0, N), DSP_OK);
  ck_assert_double_eq_tol(level.value, sum / N, 1e-9);
  check_within("se", level.se, 0.5 / sqrt(N), 0.1 * 0.5 / sqrt(N));
  ck_assert_double_le(fabs(slope.value), 4 * slope.se);
  check_within("slope's se", slope.se, 0.5 / (N / 10.0 * sqrt(N / 12.0)), 0.1 * slope.se);
  for (size_t i = 0; i < N; i++) trace.x[i] += 0.2 * (double)i / 10;
  const double before = slope.value;
  ck_assert_int_eq(dsp_level_read(&level, &slope, &trace, &noise, 0, N), DSP_OK);
  ck_assert_double_eq_tol(slope.value, before + 0.2, 1e-9);
  ck_assert_int_eq(dsp_level_read(&level, NULL, &trace, &noise, 0, 8), DSP_OK);
  ck_assert_int_eq(dsp_level_read(&level, NULL, &trace, &noise, 0, 7), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_level_read(&level, NULL, &trace, &noise, 10, N + 1), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_level_read(&level, NULL, &trace, &noise, 10, 5), DSP_NO_SOLUTION);
  dsp_trace_clear(&trace);
}
END_TEST

/* A trend of up to the third power is no noise; a gap ends a stretch. */
START_TEST(noise_is_learnt_free_of_trend) {
  enum { N = 6000 };
  dsp_trace trace = blank(N, 10);
  dsp_random random = dsp_random_seeded(6);
  autoregression(trace.x, N, 0.8, 0, 0.3, &random);
  for (size_t i = 0; i < N; i++) {
    const double u = (double)i / N;
    trace.x[i] += 40 * u - 90 * u * u + 70 * u * u * u;
  }
  for (size_t i = 2000; i < 2100; i++) trace.x[i] = 1000, trace.ok[i] = 0;
  const size_t from[] = {0}, to[] = {N};
  dsp_noise noise;
  ck_assert_int_eq(dsp_noise_learn(&noise, &trace, from, to, 1, 0.01), DSP_OK);
  check_within("spread", noise.sd[0], 0.5, 0.05);
  check_within("coefficient", noise.predictor[0][0], 0.8, 0.03);
  check_within("error", noise.sd[noise.order], 0.3, 0.015);
  dsp_trace_clear(&trace);
}
END_TEST

/* Yule and Walker's equations of a known process, written as the recursion leaves it. */
START_TEST(autocovariance_is_that_of_the_process) {
  enum { LAGS = 30 };
  const double a = 1.2, b = -0.6, rho = a / (1 - b);
  double r[LAGS], expected[LAGS] = {4, 4 * rho};
  dsp_noise noise = {.order = 2, .sd = {2, 2 * sqrt(1 - rho * rho), 2 * sqrt((1 - rho * rho) * (1 - b * b))}};
  noise.predictor[0][0] = rho;
  noise.predictor[1][0] = a, noise.predictor[1][1] = b;
  dsp_noise_autocovariance(r, LAGS, &noise);
  for (size_t k = 2; k < LAGS; k++) expected[k] = a * expected[k - 1] + b * expected[k - 2];
  for (size_t k = 0; k < LAGS; k++) ck_assert_double_eq_tol(r[k], expected[k], 1e-12);
  noise.order = 0;
  dsp_noise_autocovariance(r, LAGS, &noise);
  for (size_t k = 0; k < LAGS; k++) ck_assert_double_eq(r[k], k ? 0 : 4);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("noise");
  TCase *t = tcase_create("noise");
  tcase_set_timeout(t, 120);
  tcase_add_test(t, autoregression_is_recovered);
  tcase_add_test(t, noise_never_sinks_below_its_floor);
  tcase_add_test(t, regression_under_white_noise_is_ordinary);
  tcase_add_test(t, missing_samples_do_not_speak);
  tcase_add_test(t, trials_leave_what_a_regression_leaves);
  tcase_add_test(t, regression_refuses_what_it_cannot_tell_apart);
  tcase_add_test(t, a_short_run_counts_its_first_samples_rightly);
  tcase_add_loop_test(t, claimed_errors_match_the_scatter, 0, 3);
  tcase_add_test(t, levels_under_white_noise);
  tcase_add_test(t, autocovariance_is_that_of_the_process);
  tcase_add_test(t, noise_is_learnt_free_of_trend);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
