/* SPDX-License-Identifier: GPL-3.0-or-later
 * Coloured noise: Burg's autoregression (J. P. Burg, thesis, Stanford 1975) pooled over stretches, and regression on samples whitened by
 * it. The start of a run uses the lower-order predictors of the Levinson recursion, so that the likelihood is exact and nothing is thrown
 * away. */
#include <dsp/noise.h>

#include "lanes.h"
#include <dsp/fit.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void white(dsp_noise *noise, double sd) {
  memset(noise, 0, sizeof *noise);
  noise->sd[0] = sd;
}

/* Pooled biased autocovariance up to `order`: always that of some process. Returns the samples behind it. */
static size_t autocovariance(double *r, const dsp_stretch *stretches, size_t n_stretches, size_t order) {
  size_t total = 0;
  memset(r, 0, (order + 1) * sizeof *r);
  for (size_t s = 0; s < n_stretches; s++) {
    const double *x = stretches[s].x;
    for (size_t lag = 0; lag <= order && lag < stretches[s].n; lag++)
      for (size_t i = lag; i < stretches[s].n; i++) r[lag] += x[i] * x[i - lag];
    total += stretches[s].n;
  }
  for (size_t lag = 0; lag <= order && total; lag++) r[lag] /= (double)total;
  return total;
}

/* Levinson: predictor of order m from that of order m - 1. */
static void extend(dsp_noise *noise, const double *r, size_t m) {
  const double *before = m > 1 ? noise->predictor[m - 2] : NULL;
  double *now = noise->predictor[m - 1], k = r[m];
  for (size_t j = 0; j + 1 < m; j++) k -= before[j] * r[m - 1 - j];
  k /= noise->sd[m - 1] * noise->sd[m - 1];
  for (size_t j = 0; j + 1 < m; j++) now[j] = before[j] - k * before[m - 2 - j];
  now[m - 1] = k;
  noise->sd[m] = noise->sd[m - 1] * sqrt(fmax(1e-12, 1 - k * k));
}

void dsp_noise_fit(dsp_noise *noise, const dsp_stretch *stretches, size_t n_stretches, size_t order_max, double floor_sd) {
  static const double nugget = 2e-3; /* share of the power taken as white, so that no trend left over passes for noise */
  double r[DSP_NOISE_ORDER_MAX + 1];
  size_t longest = 0;
  for (size_t s = 0; s < n_stretches; s++) longest = stretches[s].n > longest ? stretches[s].n : longest;
  size_t limit = longest / 6 < order_max ? longest / 6 : order_max;
  if (limit > DSP_NOISE_ORDER_MAX) limit = DSP_NOISE_ORDER_MAX;
  const double n = (double)autocovariance(r, stretches, n_stretches, limit);
  r[0] = r[0] * (1 + nugget) + floor_sd * floor_sd;
  white(noise, sqrt(r[0]));
  double best = n * log(r[0]);
  for (size_t m = 1; m <= limit; m++) {
    extend(noise, r, m);
    const double criterion = n * log(noise->sd[m] * noise->sd[m]) + 2 * (double)m * n / (n - (double)m - 2);
    if (criterion < best) {
      best = criterion;
      noise->order = m;
    }
  }
}

/* y[t] scale - sum_j a[j] y[t-1-j] for n samples; `order` samples lie before y. A block of samples stays in registers while all lags pass
 * over it. */
DSP_LANES static void predict(double *restrict out, const double *restrict y, size_t n, const double *a, size_t order, double scale) {
  size_t t = 0;
  for (; t + 16 <= n; t += 16) {
    const dsp_lanes *now = (const dsp_lanes *)(y + t);
    dsp_lanes e0 = now[0] * scale, e1 = now[1] * scale, e2 = now[2] * scale, e3 = now[3] * scale;
    for (size_t j = 0; j < order; j++) {
      const dsp_lanes *past = (const dsp_lanes *)(y + t - 1 - j);
      e0 -= a[j] * past[0];
      e1 -= a[j] * past[1];
      e2 -= a[j] * past[2];
      e3 -= a[j] * past[3];
    }
    dsp_lanes *to = (dsp_lanes *)(out + t);
    to[0] = e0, to[1] = e1, to[2] = e2, to[3] = e3;
  }
  for (; t < n; t++) {
    out[t] = y[t] * scale;
    for (size_t j = 0; j < order; j++) out[t] -= a[j] * *(y + t - 1 - j);
  }
}

/* Whiten one run of samples. Columns of a design are often 0 over most of it: so is then what they are whitened to. */
static void whiten_run(double *out, const dsp_noise *noise, const double *y, size_t n) {
  double a[DSP_NOISE_ORDER_MAX];
  const size_t order = noise->order, start = n < order ? n : order;
  const double scale = 1 / noise->sd[order];
  size_t first = 0, end = n;
  while (first < n && y[first] == 0) first++;
  while (end > first && y[end - 1] == 0) end--;
  for (size_t t = 0; t < start; t++) {
    double e = y[t];
    for (size_t j = 0; j < t; j++) e -= noise->predictor[t - 1][j] * y[t - 1 - j];
    out[t] = e / noise->sd[t];
  }
  for (size_t j = 0; j < order; j++) a[j] = noise->predictor[order - 1][j] * scale;
  const size_t from = first > start ? first : start, reach = first < end ? end + order : 0, to = reach < n ? reach : n;
  for (size_t t = start; t < from; t++) out[t] = 0;
  if (to > from) predict(out + from, y + from, to - from, a, order, scale);
  for (size_t t = to > from ? to : from; t < n; t++) out[t] = 0;
}

/* Whiten the samples with use[i] set into out, run by run. */
static void whiten(double *out, const dsp_noise *noise, const double *y, const unsigned char *use, size_t n) {
  for (size_t i = 0; i < n; i++) {
    size_t end = i;
    while (end < n && use[end]) end++;
    if (end > i) whiten_run(out, noise, y + i, end - i);
    out += end - i;
    i = end;
  }
}

enum { UNKNOWNS_MAX = 24 }; /* missing samples that are carried as unknowns */

/* Mark the samples to use, and list those inner missing ones that are carried as unknowns. */
static size_t plan_rows(unsigned char *use, size_t *unknown, const dsp_noise *noise, const unsigned char *ok, size_t n) {
  size_t n_unknown = 0;
  if (!ok) {
    memset(use, 1, n);
    return 0;
  }
  memcpy(use, ok, n);
  for (size_t i = 1; i < n; i++) {
    if (ok[i] || !ok[i - 1]) continue;
    size_t end = i;
    while (end < n && !ok[end]) end++;
    if (end < n && end - i <= noise->order && n_unknown + (end - i) <= UNKNOWNS_MAX)
      for (size_t t = i; t < end; t++) {
        use[t] = 1;
        unknown[n_unknown++] = t;
      }
    i = end;
  }
  return n_unknown;
}

dsp_status dsp_noise_regress(const dsp_noise *noise, double *coef, double *cov, double *variance, const double *y, const unsigned char *ok,
                             size_t n, const double *design, size_t k, double least_variance) {
  size_t unknown[UNKNOWNS_MAX];
  unsigned char *use = dsp_alloc(n, 1);
  double *impulse = dsp_zalloc(n, sizeof *impulse);
  const size_t columns = k + UNKNOWNS_MAX;
  double *work = dsp_alloc(n, (columns + 1) * sizeof *work);
  double *all_coef = dsp_alloc(columns, sizeof *all_coef), *all_cov = dsp_alloc(columns * columns, sizeof *all_cov);
  dsp_status status = DSP_NO_MEMORY;
  if (use && impulse && work && all_coef && all_cov) {
    const size_t n_unknown = plan_rows(use, unknown, noise, ok, n), cols = k + n_unknown;
    size_t rows = 0;
    for (size_t i = 0; i < n; i++) rows += use[i];
    status = DSP_NO_SOLUTION;
    if (rows >= cols + 4) {
      for (size_t j = 0; j < k; j++) whiten(work + j * rows, noise, design + j * n, use, n);
      for (size_t u = 0; u < n_unknown; u++) {
        impulse[unknown[u]] = 1;
        whiten(work + (k + u) * rows, noise, impulse, use, n);
        impulse[unknown[u]] = 0;
      }
      whiten(work + cols * rows, noise, y, use, n);
      dsp_lsq info;
      status = dsp_least_squares(all_coef, all_cov, &info, work, rows, cols, work + cols * rows, NULL, NULL);
      if (status == DSP_OK && info.rank < cols) status = DSP_NO_SOLUTION;
      if (status == DSP_OK) {
        const double inflate = info.variance < least_variance ? least_variance / fmax(info.variance, 1e-300) : 1;
        *variance = fmax(info.variance, least_variance);
        memcpy(coef, all_coef, k * sizeof *coef);
        for (size_t j = 0; j < k; j++)
          for (size_t i = 0; i < k; i++) cov[j * k + i] = all_cov[j * cols + i] * inflate;
      }
    }
  }
  free(use);
  free(impulse);
  free(work);
  free(all_coef);
  free(all_cov);
  return status == DSP_OK || status == DSP_NO_MEMORY ? status : DSP_NO_SOLUTION;
}
