/* SPDX-License-Identifier: GPL-3.0-or-later
 * Postures from levels: a median over two seconds takes out contractions' spikes and posture transients, then thresholds relative to the
 * trace's own range decide. The onset is a kink found by maximum likelihood under the noise learnt at rest. */
#include <dsp/posture.h>

#include <dsp/filter.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Value below which `share` of the n values lie. */
static double quantile(double *scratch, const double *x, size_t n, double share) {
  memcpy(scratch, x, n * sizeof *x);
  return dsp_order_kth(scratch, n, (size_t)(share * (double)(n - 1)));
}

/* First sample that exceeds `enter` and does not fall below `keep` for `hold` samples (or to the end). */
static size_t lasting_rise(const double *s, size_t n, double enter, double keep, size_t hold) {
  for (size_t i = 0; i < n; i++) {
    if (s[i] <= enter) continue;
    size_t k = i;
    while (k < n && k < i + hold && s[k] > keep) k++;
    if (k == n || k == i + hold) return i;
    i = k;
  }
  return n;
}

static void find_return(dsp_posture *p, const double *s, size_t n, double rate_hz) {
  const double range = p->high - p->low;
  size_t last = n;
  while (last > p->rise && s[last - 1] <= p->low + 0.5 * range) last--;
  p->fall = p->leave = n;
  if ((double)(n - last) < 3 * rate_hz) return;
  size_t settled = last;
  while (settled < n && s[settled] > p->low + 0.4 * range) settled++;
  for (size_t i = settled; i < n; i++)
    if (s[i] > p->low + 0.45 * range) return;
  p->returns = true;
  p->fall = last;
  /* Back up the slope to where the trace last stood within a twentieth of the level before the fall. */
  double top = 0;
  const size_t look = last > (size_t)(40 * rate_hz) ? last - (size_t)(40 * rate_hz) : 0;
  for (size_t i = look; i < last; i++) top = fmax(top, s[i] - p->low);
  size_t leave = last;
  while (leave > p->rise + 1 && s[leave - 1] - p->low < 0.95 * top) leave--;
  const size_t guard = (size_t)(1.5 * rate_hz);
  p->leave = leave > p->rise + guard ? leave - guard : p->rise;
}

dsp_status dsp_posture_find(dsp_posture *posture, const dsp_trace *trace, size_t from, double least_rise) {
  *posture = (dsp_posture){.rise = trace->n, .fall = trace->n, .leave = trace->n};
  if (from >= trace->n || (double)(trace->n - from) < 10 * trace->rate_hz) return DSP_OK;
  const size_t n = trace->n - from;
  double *smooth = dsp_alloc(n, sizeof *smooth), *scratch = dsp_alloc(n, sizeof *scratch);
  dsp_status status = smooth && scratch ? dsp_median(smooth, trace->x + from, n, (size_t)trace->rate_hz) : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    posture->low = quantile(scratch, smooth, (size_t)fmax(1, 5 * trace->rate_hz), 0.5);
    posture->high = quantile(scratch, smooth, n, 0.9);
    const double range = posture->high - posture->low, drop = posture->low - quantile(scratch, smooth, n, 0.1);
    posture->falls = drop > least_rise && drop > 2 * range;
    if (range > least_rise && !posture->falls) {
      posture->rise = lasting_rise(smooth, n, posture->low + 0.25 * range, posture->low + 0.12 * range, (size_t)(8 * trace->rate_hz));
      posture->rises = posture->rise < n;
    }
    if (posture->rises) find_return(posture, smooth, n, trace->rate_hz);
    posture->rise += from;
    posture->fall = posture->returns ? posture->fall + from : trace->n;
    posture->leave = posture->returns ? posture->leave + from : trace->n;
  }
  free(smooth);
  free(scratch);
  return status;
}

/* Whitened residual variance of the kink model with its kink at sample `kink`; INFINITY when it cannot be fitted. */
static dsp_status kink_variance(double *variance, double *design, const dsp_trace *trace, const dsp_noise *noise, size_t from, size_t to,
                                size_t kink) {
  const size_t n = to - from;
  const double scale = 1 / (double)n;
  for (size_t i = 0; i < n; i++) {
    const double after = i + from > kink ? (double)(i + from - kink) * scale : 0;
    design[i] = 1;
    design[n + i] = after;
    design[2 * n + i] = after * after;
  }
  double coef[3], cov[9];
  *variance = INFINITY;
  const dsp_status status = dsp_noise_regress(noise, coef, cov, variance, trace->x + from, trace->ok + from, n, design, 3, 0);
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

dsp_status dsp_departure_find(dsp_departure *departure, const dsp_trace *trace, const dsp_noise *noise, size_t from, size_t to,
                              size_t first, size_t last) {
  const size_t n = to - from, count = last - first;
  double *design = dsp_alloc(n, 3 * sizeof *design), *variance = dsp_alloc(count, sizeof *variance);
  dsp_status status = design && variance ? DSP_OK : DSP_NO_MEMORY;
  size_t best = 0;
  for (size_t i = 0; i < count && status == DSP_OK; i++) {
    status = kink_variance(&variance[i], design, trace, noise, from, to, first + i);
    if (variance[i] < variance[best]) best = i;
  }
  if (status == DSP_OK && !isfinite(variance[best])) status = DSP_NO_SOLUTION;
  if (status == DSP_OK) {
    /* Twice the log likelihood falls by 3.84 at the ends of the 95 % interval. */
    const double limit = variance[best] * (1 + 3.84 / (double)(n - 3));
    size_t lo = best, hi = best;
    while (lo > 0 && variance[lo - 1] <= limit) lo--;
    while (hi + 1 < count && variance[hi + 1] <= limit) hi++;
    *departure = (dsp_departure){(double)(first + best), (double)(first + lo) - 0.5, (double)(first + hi) + 0.5};
  }
  free(design);
  free(variance);
  return status;
}
