/* SPDX-License-Identifier: GPL-3.0-or-later
 * Levels, slopes and the noise about them, from stretches at rest. */
#include <dsp/level.h>

#include <dsp/fit.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

dsp_status dsp_level_read(dsp_estimate *level, dsp_estimate *slope, const dsp_trace *trace, const dsp_noise *noise, size_t from,
                          size_t to) {
  if (to > trace->n || from + 8 > to) return DSP_NO_SOLUTION;
  const size_t n = to - from;
  double *design = dsp_alloc(n, 2 * sizeof *design), coef[2], cov[4], variance;
  if (!design) return DSP_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    design[i] = 1;
    design[n + i] = ((double)i - 0.5 * (double)(n - 1)) / trace->rate_hz;
  }
  dsp_status status = dsp_noise_regress(noise, coef, cov, &variance, trace->x + from, trace->ok + from, n, design, 1, 0.5);
  if (status == DSP_OK) *level = (dsp_estimate){coef[0], sqrt(cov[0])};
  if (status == DSP_OK && slope) {
    status = dsp_noise_regress(noise, coef, cov, &variance, trace->x + from, trace->ok + from, n, design, 2, 0.5);
    if (status == DSP_OK) *slope = (dsp_estimate){coef[1], sqrt(cov[3])};
  }
  free(design);
  return status;
}

enum { TREND = 4, STRETCHES_MAX = 16 };

/* Residual of n samples about their cubic. */
static dsp_status detrend(double *residual, const double *x, size_t n) {
  double *design = dsp_alloc(n, TREND * sizeof *design), coef[TREND];
  if (!design) return DSP_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    const double u = 2 * (double)i / (double)(n - 1) - 1;
    for (size_t d = 0; d < TREND; d++) design[d * n + i] = d ? design[(d - 1) * n + i] * u : 1;
  }
  dsp_lsq info;
  const dsp_status status = dsp_least_squares(coef, NULL, &info, design, n, TREND, x, NULL, NULL);
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    residual[i] = x[i];
    for (size_t d = 0; d < TREND; d++) residual[i] -= coef[d] * design[d * n + i];
  }
  free(design);
  return status;
}

dsp_status dsp_noise_learn(dsp_noise *noise, const dsp_trace *trace, const size_t *from, const size_t *to, size_t n_stretches,
                           double floor_sd) {
  dsp_stretch stretch[STRETCHES_MAX];
  size_t count = 0, used = 0;
  const size_t least = (size_t)(4 * trace->rate_hz) + 8;
  double *residual = dsp_alloc(trace->n, sizeof *residual);
  dsp_status status = residual ? DSP_OK : DSP_NO_MEMORY;
  for (size_t s = 0; s < n_stretches && status == DSP_OK; s++)
    for (size_t i = from[s]; i < to[s] && status == DSP_OK;) {
      size_t end = i;
      while (end < to[s] && trace->ok[end]) end++;
      if (end >= i + least && count < STRETCHES_MAX && used + (end - i) <= trace->n) {
        status = detrend(residual + used, trace->x + i, end - i);
        stretch[count++] = (dsp_stretch){residual + used, end - i};
        used += end - i;
      }
      i = end + 1;
    }
  if (status == DSP_OK) dsp_noise_fit(noise, stretch, count, DSP_NOISE_ORDER_MAX, floor_sd);
  free(residual);
  return status;
}
