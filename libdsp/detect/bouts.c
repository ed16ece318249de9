/* SPDX-License-Identifier: GPL-3.0-or-later
 * Contractions as falls of the trace: how far it lies below its highest point of the last third of a second. Whatever the muscle's bulge
 * adds, each contraction makes the volume fall once, while refill only rises, however fast. A run of falls that leaves the level lower than
 * it found it is a contraction, or with a rhythm a series. */
#include <dsp/contraction.h>

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double fall_s = 0.35, smooth_s = 0.1, join_s = 2.2, single_longest_s = 1.3, least_active_s = 0.1, bulge_rise_s = 0.5,
                    hidden_s = 0.15;
static const double period_min_s = 0.5, period_max_s = 2.2;

/* Value that all but a seventh of the falls stay below: contractions fill less than that of a standing test, so it is the noise's. */
static double usual(double *scratch, const double *fall, size_t n) {
  memcpy(scratch, fall, n * sizeof *fall);
  return dsp_order_kth(scratch, n, (size_t)(0.85 * (double)n));
}

static double mean(const double *x, size_t from, size_t to) {
  double sum = 0;
  for (size_t i = from; i < to; i++) sum += x[i];
  return to > from ? sum / (double)(to - from) : NAN;
}

/* How well the falls repeat after `lag` samples. */
static double repeats(const double *fall, size_t n, size_t lag) {
  double sum = 0;
  for (size_t i = lag; i < n; i++) sum += fall[i] * fall[i - lag];
  return sum / (double)(n - lag) * (double)n;
}

/* Lag at which the falls of a series repeat best, refined by a parabola and then over a few periods; NaN when they do not repeat. */
static double period(const double *fall, size_t n, double rate_hz) {
  static const double few = 3;
  const size_t least = (size_t)(period_min_s * rate_hz), most = (size_t)(period_max_s * rate_hz) + 1;
  if (n < 2 * most + 2) return NAN;
  double r[3] = {0, 0, 0}, best = 0, found = NAN, power = 0;
  for (size_t i = 0; i < n; i++) power += fall[i] * fall[i];
  for (size_t lag = least; lag <= most; lag++) {
    r[0] = r[1], r[1] = r[2], r[2] = repeats(fall, n, lag);
    const double shape = r[0] - 2 * r[1] + r[2];
    /* The first clear peak: its multiples are as high. */
    if (lag < least + 2 || r[1] < r[0] || r[1] < r[2] || r[1] < 0.2 * power || r[1] < 1.25 * best || shape >= 0) continue;
    best = r[1];
    found = (double)(lag - 1) + 0.5 * (r[0] - r[2]) / shape;
  }
  if (!(few * found + 2 < 0.6 * (double)n)) return found / rate_hz;
  size_t lag = (size_t)(few * found + 0.5);
  if (repeats(fall, n, lag + 1) > repeats(fall, n, lag))
    lag++;
  else if (repeats(fall, n, lag - 1) > repeats(fall, n, lag))
    lag--;
  for (size_t k = 0; k < 3; k++) r[k] = repeats(fall, n, lag - 1 + k);
  const double shape = r[0] - 2 * r[1] + r[2];
  if (r[1] >= r[0] && r[1] >= r[2] && shape < 0) found = ((double)lag + 0.5 * (r[0] - r[2]) / shape) / few;
  return found / rate_hz;
}

/* fall = highest of the smoothed trace in the last third of a second, minus the smoothed trace. */
static void measure_falls(double *fall, double *smooth, const double *x, size_t n, double rate_hz) {
  const size_t half = (size_t)(0.5 * smooth_s * rate_hz), reach = (size_t)(fall_s * rate_hz) + 1;
  for (size_t i = 0; i < n; i++) smooth[i] = mean(x, i > half ? i - half : 0, i + half < n ? i + half + 1 : n);
  for (size_t i = 0; i < n; i++) {
    double highest = smooth[i];
    for (size_t k = i > reach ? i - reach : 0; k < i; k++) highest = smooth[k] > highest ? smooth[k] : highest;
    fall[i] = highest - smooth[i];
  }
}

/* The highest sample shortly before a fall that begins at `first`, and the lowest shortly before that. */
static void top_before(size_t *top, size_t *low, const dsp_trace *trace, size_t first) {
  const double rate_hz = trace->rate_hz, *x = trace->x;
  const size_t reach = (size_t)(fall_s * rate_hz) + 1, rise = (size_t)(bulge_rise_s * rate_hz) + 1;
  *top = first;
  for (size_t i = first > reach ? first - reach : 0; i < first; i++)
    if (x[i] > x[*top]) *top = i;
  *low = *top;
  for (size_t i = *top > rise ? *top - rise : 0; i < *top; i++)
    if (x[i] < x[*low]) *low = i;
}

/* Where a contraction starts: where its bulge begins to rise, or at the top that it falls from. */
static double start_of(const dsp_trace *trace, size_t first, bool bulges, double limit) {
  const double *x = trace->x, rate_hz = trace->rate_hz;
  size_t top, low, i = first;
  top_before(&top, &low, trace, first);
  if (bulges) {
    /* A bulge begins at its steepest, refill before it is slower. */
    const size_t hop = (size_t)(0.1 * rate_hz) + 1;
    size_t steepest = top;
    for (size_t k = low + hop; k <= top; k++)
      if (x[k] - x[k - hop] >= x[steepest] - x[steepest - hop]) steepest = k;
    for (i = steepest; i > low + hop && x[i] - x[i - hop] > 0.4 * (x[steepest] - x[steepest - hop]);) i--;
    i -= hop / 2;
  } else {
    const double left = x[top] - 0.3 * limit;
    while (i > top && x[i] < left) i--;
    if (i < first && x[i + 1] < left) return ((double)i + (x[i] - left) / (x[i] - x[i + 1])) / rate_hz;
  }
  return (double)i / rate_hz;
}

/* Does the muscle's bulge lift the trace in the cycle about `at`? Late in a series little is expelled, and the bulge stands out from the
 * cycle's usual level. */
static bool lifts(double *scratch, const dsp_trace *trace, size_t at, size_t cycle) {
  const size_t from = at > cycle * 6 / 10 ? at - cycle * 6 / 10 : 0, to = from + cycle < trace->n ? from + cycle : trace->n;
  double low = INFINITY, high = -INFINITY;
  for (size_t i = from; i < to; i++) low = fmin(low, trace->x[i]), high = fmax(high, trace->x[i]);
  memcpy(scratch, trace->x + from, (to - from) * sizeof *scratch);
  const double middle = dsp_order_median(scratch, to - from);
  if (high - middle < 1.1 * (middle - low)) return false;
  /* Refill alone rises evenly, a bulge suddenly. */
  const size_t hop = (size_t)(0.1 * trace->rate_hz) + 1;
  double steepest = 0;
  for (size_t i = from + hop; i < to; i++) {
    scratch[i - from - hop] = fabs(trace->x[i] - trace->x[i - hop]);
    steepest = fmax(steepest, trace->x[i] - trace->x[i - hop]);
  }
  return steepest > 2.0 * dsp_order_median(scratch, to - from - hop);
}

enum { FALLS_MAX = 128 };

/* Samples at which separate falls are deepest. */
static size_t list_falls(size_t *at, const double *fall, size_t from, size_t to, double limit, double rate_hz) {
  const size_t apart = (size_t)(period_min_s * rate_hz);
  size_t n = 0;
  for (size_t i = from; i < to; i++) {
    if (fall[i] < limit || (i > from && fall[i] < fall[i - 1]) || (i + 1 < to && fall[i] <= fall[i + 1])) continue;
    if (n > 0 && i < at[n - 1] + apart) {
      if (fall[i] > fall[at[n - 1]]) at[n - 1] = i;
    } else if (n < FALLS_MAX) {
      at[n++] = i;
    }
  }
  return n;
}

/* Leave out what noise adds to a run: before its first strong fall, after its last usual one, and beside a single one. */
static size_t leave_noise_out(size_t *at, size_t n, const double *fall, double *scratch, double limit) {
  static const double weak = 0.1, unusual = 0.3;
  enum { FEW = 3 };
  if (n == 0) return 0;
  double strongest = 0;
  for (size_t i = 0; i < n; i++) strongest = fmax(strongest, fall[at[i]]);
  size_t first = 0;
  while (first + 1 < n && fall[at[first]] < weak * strongest) first++;
  memmove(at, at + first, (n - first) * sizeof *at);
  n -= first;
  if (n <= FEW)
    while (n > 1 && fall[at[n - 1]] < weak * strongest) n--;
  if (n <= FEW) return n;
  for (size_t i = 0; i < n; i++) scratch[i] = fall[at[i]];
  const double usually = dsp_order_median(scratch, n);
  while (fall[at[n - 1]] < fmin(unusual * usually, 1.5 * limit)) n--;
  return n;
}

/* Describe the run of falls [from, to); false when the trace is not lower after it than before. */
static bool describe(dsp_bout *bout, double *scratch, const dsp_trace *trace, double *fall, size_t offset, size_t from, size_t to,
                     double least_drop, double limit) {
  const double rate_hz = trace->rate_hz;
  size_t at[FALLS_MAX];
  size_t n = list_falls(at, fall, from, to, limit, rate_hz);
  if (n > 0) {
    n = leave_noise_out(at, n, fall, scratch, limit);
    while (from < at[0] && (fall[from] < limit || at[0] - from > (size_t)(fall_s * rate_hz) + 1)) from++;
    to = at[n - 1] + 1;
  }
  const size_t second = (size_t)rate_hz + 1, guard = (size_t)(0.8 * rate_hz) + 1;
  const size_t first = offset + from, last = offset + to;
  if (n == 0 || first < second + guard || last + second + 2 > trace->n) return false;
  /* Refill may be fast: the lowest short mean soon after the run counts. */
  double lowest = INFINITY;
  const size_t piece = (size_t)(0.3 * rate_hz) + 1;
  for (size_t i = first; i < last + second && i + piece < trace->n; i++) lowest = fmin(lowest, mean(trace->x, i, i + piece));
  const double after = mean(trace->x, last, last + second), before = mean(trace->x, first - second - guard, first - guard);
  if (before - lowest < least_drop || before - after < 0.4 * least_drop) return false;
  /* The leg is at rest before: what rises before the first fall is the muscle's bulge. */
  size_t top, low;
  top_before(&top, &low, trace, first);
  const bool bulges = trace->x[top] - trace->x[low] > limit + 0.5 * least_drop;
  const double start_s = start_of(trace, first, bulges, limit);
  *bout = (dsp_bout){.first_s = start_s, .last_s = start_s, .count = 1, .period_s = NAN, .drop = before - lowest};
  const double span_s = (double)(at[n - 1] - at[0]) / rate_hz;
  if (n < 2 || (double)(to - from) / rate_hz < single_longest_s) return true;
  /* The first step expels most, and would drown the others' rhythm. */
  const size_t tail = at[1] > (size_t)(0.4 * rate_hz) + from ? at[1] - (size_t)(0.4 * rate_hz) : from;
  double typical = 0;
  for (size_t i = 1; i < n; i++) typical += fall[at[i]] / (double)(n - 1);
  for (size_t i = tail; i < to; i++) fall[i] = fmin(fall[i], typical);
  bout->period_s = n > 2 ? period(fall + tail, to - tail, rate_hz) : span_s;
  if (!isfinite(bout->period_s)) bout->period_s = span_s / (double)(n - 1);
  bout->count = 1 + (unsigned)floor(fmax(1, span_s / bout->period_s) + 0.5);
  const double least = fmin(limit, 0.3 * fall[at[n - 1]]);
  size_t falling = at[n - 1];
  while (falling > at[n - 2] && fall[falling - 1] >= least) falling--;
  const size_t cycle = (size_t)(bout->period_s * rate_hz) + 1;
  bout->last_s = start_of(trace, offset + falling, lifts(scratch, trace, offset + at[n - 1], cycle), least);
  /* What hides a start shifts it one way: under a bulge that lifts the trace it is taken for the top, else for a fall of the noise before
   * it. The rhythm from the first start on, which shows against rest, tells. */
  const double rhythm_s = start_s + (bout->count - 1) * bout->period_s, off_s = rhythm_s - bout->last_s;
  if (fabs(off_s) > hidden_s && (off_s < 0) == bulges) bout->last_s = rhythm_s;
  return true;
}

dsp_status dsp_bouts_find(dsp_bouts *bouts, const dsp_trace *trace, size_t from, size_t to, double least_drop) {
  bouts->n = 0;
  const double rate_hz = trace->rate_hz;
  if (to > trace->n || from >= to || (double)(to - from) < 4 * rate_hz) return DSP_OK;
  const size_t n = to - from;
  double *fall = dsp_alloc(n, sizeof *fall), *scratch = dsp_alloc(n, sizeof *scratch);
  const dsp_status status = fall && scratch ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    measure_falls(fall, scratch, trace->x + from, n, rate_hz);
    const double limit = fmax(2.5 * usual(scratch, fall, n), 0.1 * least_drop);
    const size_t join = (size_t)(join_s * rate_hz), least = (size_t)(least_active_s * rate_hz) + 1;
    for (size_t i = 0; i < n && bouts->n < DSP_CONTRACTIONS_MAX; i++) {
      if (fall[i] < limit) continue;
      size_t end = i + 1, active = 1;
      for (size_t k = i + 1; k < n && k < end + join; k++)
        if (fall[k] >= limit) end = k + 1, active++;
      if (active >= least && describe(&bouts->bout[bouts->n], scratch, trace, fall, from, i, end, least_drop, limit)) bouts->n++;
      i = end;
    }
  }
  free(fall);
  free(scratch);
  return status;
}
