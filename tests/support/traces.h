/* SPDX-License-Identifier: GPL-3.0-or-later
 * Traces and noise whose law is known, for tests of readings. */
#ifndef SUPPORT_TRACES_H
#define SUPPORT_TRACES_H

#include <check.h>
#include <dsp/fit.h>
#include <dsp/memory.h>
#include <dsp/noise.h>
#include <dsp/trace.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A standard normal number (Box and Muller). */
static inline double normal(dsp_random *random) {
  const double u = ((double)(dsp_random_next(random) >> 11) + 1) * 0x1p-53, v = (double)(dsp_random_next(random) >> 11) * 0x1p-53;
  return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

/* Gaussian x[t] = a x[t-1] + b x[t-2] + sd e[t], begun long before its first sample. */
static inline void autoregression(double *x, size_t n, double a, double b, double sd, dsp_random *random) {
  double x1 = 0, x2 = 0;
  for (size_t i = 0; i < n + 500; i++) {
    const double now = a * x1 + b * x2 + sd * normal(random);
    x2 = x1;
    x1 = now;
    if (i >= 500) x[i - 500] = now;
  }
}

static inline dsp_noise white(double sd) {
  dsp_noise noise = {.order = 0};
  noise.sd[0] = sd;
  return noise;
}

/* The exact model of x[t] = phi x[t-1] + sd e[t]. */
static inline dsp_noise markov(double phi, double sd) {
  dsp_noise noise = {.order = 1};
  noise.sd[0] = sd / sqrt(1 - phi * phi);
  noise.sd[1] = sd;
  noise.predictor[0][0] = phi;
  return noise;
}

static inline double *vector(size_t n) {
  double *x = dsp_zalloc(n, sizeof *x);
  ck_assert_ptr_nonnull(x);
  return x;
}

static inline dsp_trace blank(size_t n, double rate_hz) {
  dsp_trace trace = {vector(n), dsp_alloc(n, 1), n, rate_hz};
  ck_assert_ptr_nonnull(trace.ok);
  memset(trace.ok, 1, n);
  return trace;
}

/* Gaussian noise on top. */
static inline void shake(dsp_trace *trace, double sd, uint64_t seed) {
  dsp_random random = dsp_random_seeded(seed);
  for (size_t i = 0; i < trace->n; i++) trace->x[i] += sd * normal(&random);
}

static inline void check_within(const char *what, double found, double expected, double tolerance) {
  ck_assert_msg(fabs(found - expected) <= tolerance, "%s: found %.9g, expected %.9g +- %.3g", what, found, expected, tolerance);
}

#endif
