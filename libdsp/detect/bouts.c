/* SPDX-License-Identifier: GPL-3.0-or-later
 * Contractions as sudden drops: the mean over 0.8 s before, minus the mean over 0.8 s after a pause of 0.7 s that hides the muscle's bulge.
 */
#include <dsp/contraction.h>

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

static const double mean_s = 0.8, pause_s = 0.7, apart_s = 0.55, together_s = 2.4;

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* 1.4826 x median absolute value: the spread of a statistic that is usually about zero. */
static double spread(double *scratch, const double *x, size_t n) {
  for (size_t i = 0; i < n; i++) scratch[i] = fabs(x[i]);
  qsort(scratch, n, sizeof *scratch, ascending);
  return 1.4826 * scratch[n / 2];
}

/* drop[i]: fall across the pause that begins at sample from + i. */
static void drops(double *drop, const dsp_trace *trace, size_t from, size_t n, size_t mean, size_t pause) {
  double before = 0, after = 0;
  for (size_t i = 0; i < mean; i++) before += trace->x[from + i], after += trace->x[from + mean + pause + i];
  for (size_t i = 0; i < n; i++) {
    drop[i] = (before - after) / (double)mean;
    if (i + 1 == n) break;
    before += trace->x[from + i + mean] - trace->x[from + i];
    after += trace->x[from + i + 2 * mean + pause] - trace->x[from + i + mean + pause];
  }
}

static void finish(dsp_bout *bout, double *interval, unsigned count) {
  bout->count = count;
  bout->period_s = bout->uneven = NAN;
  if (count < 2) return;
  const size_t n = count - 1;
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) sum += interval[i], squares += interval[i] * interval[i];
  const double mean = sum / (double)n;
  if (n >= 2) bout->uneven = sqrt(fmax(0, squares / (double)n - mean * mean)) / mean;
  qsort(interval, n, sizeof *interval, ascending);
  bout->period_s = n % 2 ? interval[n / 2] : 0.5 * (interval[n / 2 - 1] + interval[n / 2]);
}

static void group(dsp_bouts *bouts, const double *start_s, size_t n) {
  double interval[DSP_CONTRACTIONS_MAX];
  bouts->n = 0;
  for (size_t i = 0; i < n && bouts->n < DSP_CONTRACTIONS_MAX;) {
    dsp_bout *bout = &bouts->bout[bouts->n++];
    unsigned count = 1;
    bout->first_s = bout->last_s = start_s[i++];
    for (; i < n && start_s[i] - bout->last_s < together_s; i++) {
      interval[count++ - 1] = start_s[i] - bout->last_s;
      bout->last_s = start_s[i];
    }
    finish(bout, interval, count);
  }
}

dsp_status dsp_bouts_find(dsp_bouts *bouts, const dsp_trace *trace, size_t from, size_t to, double least_drop) {
  bouts->n = 0;
  const size_t mean = (size_t)(mean_s * trace->rate_hz + 0.5), pause = (size_t)(pause_s * trace->rate_hz + 0.5);
  const size_t apart = (size_t)(apart_s * trace->rate_hz + 0.5), span = 2 * mean + pause;
  if (to > trace->n || from + span + 2 > to) return DSP_OK;
  const size_t n = to - from - span;
  double *drop = dsp_alloc(n, sizeof *drop), *scratch = dsp_alloc(n, sizeof *scratch);
  if (drop && scratch) {
    drops(drop, trace, from, n, mean, pause);
    const double limit = fmax(least_drop, 6 * spread(scratch, drop, n));
    double start_s[DSP_CONTRACTIONS_MAX];
    size_t found = 0;
    for (size_t i = 0; i < n && found < DSP_CONTRACTIONS_MAX; i++) {
      if (drop[i] < limit) continue;
      size_t lo = i > apart ? i - apart : 0, hi = i + apart < n ? i + apart : n - 1, k = lo;
      while (k <= hi && (drop[k] < drop[i] || (drop[k] == drop[i] && k >= i))) k++;
      if (k <= hi) continue;
      start_s[found++] = ((double)(from + i + mean) + 0.1 * (double)pause) / trace->rate_hz;
    }
    group(bouts, start_s, found);
  }
  const dsp_status status = drop && scratch ? DSP_OK : DSP_NO_MEMORY;
  free(drop);
  free(scratch);
  return status;
}
