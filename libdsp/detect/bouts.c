/* SPDX-License-Identifier: GPL-3.0-or-later
 * Contractions as bursts of activity, the distance of the trace from its running mean over 1.5 s, that leave the level lower than they
 * found it. A burst longer than a single contraction can be is a series; its period is where its activity's autocorrelation peaks. */
#include <dsp/contraction.h>

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double mean_half_s = 0.75, join_s = 1.0, single_longest_s = 3.4, least_active_s = 0.15;
static const double period_min_s = 0.5, period_max_s = 2.2;

/* 1.4826 x median absolute value. */
static double spread(double *scratch, const double *x, size_t n) {
  memcpy(scratch, x, n * sizeof *x);
  return dsp_order_sigma(scratch, n, 0);
}

static double mean(const double *x, size_t from, size_t to) {
  double sum = 0;
  for (size_t i = from; i < to; i++) sum += x[i];
  return to > from ? sum / (double)(to - from) : NAN;
}

/* Lag at which the activity of a series repeats best, refined by a parabola; NaN when it does not repeat. */
static double period(const double *activity, size_t n, double rate_hz) {
  const size_t least = (size_t)(period_min_s * rate_hz), most = (size_t)(period_max_s * rate_hz) + 1;
  if (n < 2 * most + 2) return NAN;
  double r[3] = {0, 0, 0}, best = 0, found_s = NAN, power = 0;
  for (size_t i = 0; i < n; i++) power += activity[i] * activity[i];
  for (size_t lag = least; lag <= most; lag++) {
    double sum = 0;
    for (size_t i = lag; i < n; i++) sum += activity[i] * activity[i - lag];
    r[0] = r[1], r[1] = r[2], r[2] = sum / (double)(n - lag) * (double)n;
    const double shape = r[0] - 2 * r[1] + r[2];
    /* The first clear peak: its multiples are as high. */
    if (lag < least + 2 || r[1] < r[0] || r[1] < r[2] || r[1] < 0.2 * power || r[1] < 1.25 * best || shape >= 0) continue;
    best = r[1];
    found_s = ((double)(lag - 1) + 0.5 * (r[0] - r[2]) / shape) / rate_hz;
  }
  return found_s;
}

/* y = x minus its running mean, windows cut at the ends. */
static void subtract_mean(double *y, const double *x, size_t n, size_t half) {
  double sum = 0;
  size_t lo = 0, hi = 0;
  for (size_t i = 0; i < n; i++) {
    while (hi < n && hi <= i + half) sum += x[hi++];
    while (lo + half < i) sum -= x[lo++];
    y[i] = x[i] - sum / (double)(hi - lo);
  }
}

/* The running mean sees a contraction coming: its start is where the trace itself leaves the level before. */
static double start_of(const dsp_trace *trace, size_t first, double before, double limit) {
  size_t i = first;
  const size_t last = first + (size_t)(2 * mean_half_s * trace->rate_hz);
  while (i < last && i < trace->n && fabs(trace->x[i] - before) < limit) i++;
  return (double)(i > first ? i - 1 : first) / trace->rate_hz;
}

/* Describe the burst [from, to) of the activity; false when the trace is not lower after it than before. */
static bool describe(dsp_bout *bout, const dsp_trace *trace, const double *activity, size_t offset, size_t from, size_t to,
                     double least_drop, double limit) {
  const double rate_hz = trace->rate_hz;
  const size_t second = (size_t)rate_hz + 1, first = offset + from, last = offset + to;
  if (first < second || last + second + 2 > trace->n) return false;
  /* Refill may be fast: the lowest short mean soon after the burst counts. */
  double lowest = INFINITY;
  const size_t piece = (size_t)(0.3 * rate_hz) + 1;
  for (size_t i = first; i < last + second && i + piece < trace->n; i++) lowest = fmin(lowest, mean(trace->x, i, i + piece));
  const double after = mean(trace->x, last, last + second), before = mean(trace->x, first - second, first);
  if (before - lowest < least_drop || before - after < 0.4 * least_drop) return false;
  const double start_s = start_of(trace, first, before, limit), end_s = (double)last / rate_hz - mean_half_s;
  *bout = (dsp_bout){.first_s = start_s, .last_s = start_s, .count = 1, .period_s = NAN, .drop = before - lowest};
  if ((double)(to - from) / rate_hz < single_longest_s) return true;
  /* The first step expels most, and would drown the others' rhythm. */
  const size_t first_step = (size_t)(1.6 * rate_hz);
  bout->period_s = period(activity + from + first_step, to - from - first_step, rate_hz);
  const bool repeats = isfinite(bout->period_s);
  bout->count = repeats ? 1 + (unsigned)floor(fmax(1, (end_s - start_s - 0.35) / bout->period_s) + 0.5) : 2;
  bout->last_s = repeats ? fmin(start_s + (bout->count - 1) * bout->period_s, end_s - 0.3) : end_s - 0.8;
  return true;
}

dsp_status dsp_bouts_find(dsp_bouts *bouts, const dsp_trace *trace, size_t from, size_t to, double least_drop) {
  bouts->n = 0;
  const double rate_hz = trace->rate_hz;
  if (to > trace->n || from >= to || (double)(to - from) < 4 * rate_hz) return DSP_OK;
  const size_t n = to - from;
  double *activity = dsp_alloc(n, sizeof *activity), *scratch = dsp_alloc(n, sizeof *scratch);
  const dsp_status status = activity && scratch ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    subtract_mean(activity, trace->x + from, n, (size_t)(mean_half_s * rate_hz + 0.5));
    const double limit = fmax(6 * spread(scratch, activity, n), 0.1 * least_drop);
    const size_t join = (size_t)(join_s * rate_hz), least = (size_t)(least_active_s * rate_hz) + 1;
    for (size_t i = 0; i < n && bouts->n < DSP_CONTRACTIONS_MAX; i++) {
      if (fabs(activity[i]) < limit) continue;
      size_t end = i + 1, active = 1;
      for (size_t k = i + 1; k < n && k < end + join; k++)
        if (fabs(activity[k]) >= limit) end = k + 1, active++;
      if (active >= least && describe(&bouts->bout[bouts->n], trace, activity, from, i, end, least_drop, limit)) bouts->n++;
      i = end;
    }
  }
  free(activity);
  free(scratch);
  return status;
}
