/* SPDX-License-Identifier: GPL-3.0-or-later
 * Congestions by their shape. In a pressure: above half of the range, then back and forth to where it leaves its levels. In a volume: the
 * steepest falls over 4 s, each with a rise before it; the inflation is where the trace last left the level before that rise. */
#include <dsp/congestion.h>

#include <dsp/filter.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static double quantile(double *scratch, const double *x, size_t n, double share) {
  memcpy(scratch, x, n * sizeof *x);
  return dsp_order_kth(scratch, n, (size_t)(share * (double)(n - 1)));
}

/* Time between the last sample before `at` on one side of a level and the next, interpolated. */
static double crossing(const dsp_trace *p, size_t at, double level) {
  const double a = p->x[at - 1], b = p->x[at];
  return ((double)at - 1 + (b != a ? fmax(0, fmin(1, (level - a) / (b - a))) : 0)) / p->rate_hz;
}

/* First index in [from, to) at which the pressure passes a level upwards (up) or downwards; `to` without. */
static size_t passes(const dsp_trace *p, size_t from, size_t to, double level, bool up) {
  for (size_t i = from > 0 ? from : 1; i < to; i++)
    if (up ? p->x[i - 1] < level && p->x[i] >= level : p->x[i - 1] > level && p->x[i] <= level) return i;
  return to;
}

/* One inflation whose half is passed at `rise` and, downwards, at `fall` (n without). */
static dsp_congestion describe_cuff(double *scratch, const dsp_trace *p, size_t rise, size_t fall, double low) {
  static const double reach_s = 30, leaves = 0.03;
  const size_t reach = (size_t)(reach_s * p->rate_hz), middle = rise + (fall - rise) / 2;
  const double top = quantile(scratch, p->x + middle, fall - middle > 4 ? fall - middle : 1, 0.5), height = top - low;
  size_t begin = rise, end = fall;
  while (begin > 1 && rise - begin < reach && p->x[begin - 1] > low + leaves * height) begin--;
  const size_t low10 = passes(p, begin, fall, low + 0.1 * height, true), low90 = passes(p, begin, fall, low + 0.9 * height, true);
  dsp_congestion c = {.inflate_s = crossing(p, begin, low + leaves * height), .release_s = NAN, .rise = height, .venting_s = NAN};
  c.inflating_s = low90 < fall ? crossing(p, low90, low + 0.9 * height) - crossing(p, low10, low + 0.1 * height) : (double)NAN;
  if (fall >= p->n) return c;
  while (end > rise && fall - end < reach && p->x[end - 1] < top - leaves * height) end--;
  c.release_s = crossing(p, end, top - leaves * height);
  const size_t to = end + reach < p->n ? end + reach : p->n;
  const size_t high90 = passes(p, end, to, low + 0.9 * height, false), high10 = passes(p, end, to, low + 0.1 * height, false);
  if (high10 < to) c.venting_s = crossing(p, high10, low + 0.1 * height) - crossing(p, high90, low + 0.9 * height);
  return c;
}

dsp_status dsp_cuff_find(dsp_congestions *found, const dsp_trace *pressure, double least_mmhg, double least_s) {
  found->n = 0;
  const size_t n = pressure->n, least = (size_t)(least_s * pressure->rate_hz);
  double *scratch = dsp_alloc(n, sizeof *scratch);
  if (!scratch) return DSP_NO_MEMORY;
  const double low = quantile(scratch, pressure->x, n, 0.02), high = quantile(scratch, pressure->x, n, 0.98), half = 0.5 * (low + high);
  for (size_t i = 1; high - low >= least_mmhg && i < n && found->n < DSP_CONGESTIONS_MAX; i++) {
    if (!(pressure->x[i - 1] < half && pressure->x[i] >= half)) continue;
    const size_t fall = passes(pressure, i + 1, n, half, false);
    if (fall - i >= least) found->cycle[found->n++] = describe_cuff(scratch, pressure, i, fall, low);
    i = fall;
  }
  free(scratch);
  return DSP_OK;
}

static const double coarse_hz = 4, fall_s = 4, smooth_half_s = 0.75;

/* Median of y over [from, to), clamped; NaN when empty. */
static double median_of(double *scratch, const double *y, size_t from, size_t to) {
  if (to <= from) return NAN;
  memcpy(scratch, y + from, (to - from) * sizeof *y);
  return dsp_order_median(scratch, to - from);
}

/* The congestion that ends at `at`, looked for from `from` on; false when no rise leads to it. */
static bool describe_volume(dsp_congestion *c, double *scratch, const double *y, size_t n, size_t from, size_t at, double rate_hz,
                            double least_rise, size_t least) {
  static const double steep_share = 0.12, quiet_s = 25;
  const size_t few = (size_t)(2 * rate_hz) + 1;
  const double top = median_of(scratch, y, at > from + few ? at - few : from, at + 1);
  size_t lowest = from;
  for (size_t i = from; i < at; i++)
    if (y[i] < y[lowest]) lowest = i;
  if (!(top - y[lowest] >= least_rise)) return false;
  /* Last time near the level before. */
  size_t begin = at;
  while (begin > lowest && y[begin - 1] > y[lowest] + steep_share * (top - y[lowest])) begin--;
  const size_t quiet = (size_t)(quiet_s * rate_hz), guard = (size_t)(1.5 * rate_hz);
  const size_t base_to = begin > from + guard + few ? begin - guard : begin, base_from = base_to > from + quiet ? base_to - quiet : from;
  double base = median_of(scratch, y, base_from, base_to), sigma = 0;
  if (isnan(base)) base = y[lowest];
  if (base_to > base_from + few) {
    memcpy(scratch, y + base_from, (base_to - base_from) * sizeof *y);
    sigma = dsp_order_sigma(scratch, base_to - base_from, base);
  }
  const double limit = base + fmax(0.015 * (top - base), 2.5 * sigma);
  while (begin > from && y[begin - 1] > limit) begin--;
  if (at - begin < least) return false;
  const size_t after = at + (size_t)(30 * rate_hz) < n ? at + (size_t)(30 * rate_hz) : n;
  double bottom = top;
  for (size_t i = at; i < after; i++) bottom = fmin(bottom, y[i]);
  if (!(top - bottom >= 0.3 * (top - base))) return false;
  *c = (dsp_congestion){(double)begin / rate_hz, (double)at / rate_hz, top - base, NAN, NAN};
  return true;
}

/* Where the fall that is steepest around i begins. */
static size_t fall_begins(const double *y, size_t i, size_t window, size_t n) {
  double most = 0;
  size_t at = i;
  const size_t end = i + window + 1 < n ? i + window + 1 : n - 1;
  for (size_t k = i; k < end; k++)
    if (y[k] - y[k + 1] > most) most = y[k] - y[k + 1], at = k;
  while (at > 0 && at + window > i && y[at - 1] - y[at] > 0.3 * most) at--;
  return at;
}

dsp_status dsp_congestions_find(dsp_congestions *found, const dsp_trace *volume, double least_rise, double least_s) {
  found->n = 0;
  dsp_trace coarse;
  dsp_status status = dsp_trace_coarser(&coarse, volume, coarse_hz);
  if (status != DSP_OK) return status;
  const size_t n = coarse.n, w = (size_t)(fall_s * coarse.rate_hz), least = (size_t)(least_s * coarse.rate_hz);
  double *y = dsp_alloc(n, sizeof *y), *scratch = dsp_alloc(n, sizeof *scratch);
  status = y && scratch ? dsp_median(y, coarse.x, n, (size_t)(smooth_half_s * coarse.rate_hz)) : DSP_NO_MEMORY;
  if (status == DSP_OK && n > 4 * w) {
    const double range = quantile(scratch, y, n, 0.99) - quantile(scratch, y, n, 0.01), need = fmax(0.3 * range, least_rise);
    size_t from = 0;
    for (size_t i = 0; i + w < n && found->n < DSP_CONGESTIONS_MAX; i++) {
      if (y[i] - y[i + w] < 0.15 * need) continue;
      /* the steepest until the volume has fallen for good: this fall may be a breath's, on the plateau or before */
      size_t best = i;
      double most = y[i];
      for (size_t k = i; k + w < n && (k < i + 2 * w || y[k] > most - need); k++) {
        if (y[k] - y[k + w] > y[best] - y[best + w]) best = k;
        most = fmax(most, y[k]);
      }
      dsp_congestion c;
      const size_t at = fall_begins(y, best, w, n);
      if (at > from && describe_volume(&c, scratch, y, n, from, at, coarse.rate_hz, need, least)) {
        found->cycle[found->n++] = c;
        from = at + w;
      }
      i = best + w / 2;
    }
  }
  free(y);
  free(scratch);
  dsp_trace_clear(&coarse);
  return status;
}
