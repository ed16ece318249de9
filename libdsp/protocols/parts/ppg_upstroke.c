/* SPDX-License-Identifier: GPL-3.0-or-later
 * The end of an exercise that nobody marked. The skin's veins may refill late, so that the trace stays high for seconds after the foot has
 * come to rest; what ends with the exercise is its rhythm: the end is where the last of the swings stops rising. Pulses, as large as those
 * swings, are averaged out over one beat. */
#include "ppg.h"

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>

static const double grid_s = 0.05;

/* Mean over from_s to to_s by the integral of the trace, `sum` up to each sample. */
static double mean_between(const double *sum, const dsp_trace *trace, double from_s, double to_s) {
  double at[2] = {from_s * trace->rate_hz + 0.5, to_s * trace->rate_hz + 0.5}, upto[2];
  for (int k = 0; k < 2; k++) {
    at[k] = fmax(0, fmin((double)trace->n, at[k]));
    const size_t whole = (size_t)at[k];
    upto[k] = sum[whole] + (whole < trace->n ? (at[k] - (double)whole) * trace->x[whole] : 0);
  }
  return at[1] > at[0] ? (upto[1] - upto[0]) / (at[1] - at[0]) : trace->x[(size_t)fmin((double)trace->n - 1, at[0])];
}

/* Length of a heart beat by the autocorrelation of [from, to), freed of what is slower; 0 when no rhythm shows. */
static dsp_status beat_length(double *beat_s, const double *sum, const dsp_trace *trace, size_t from, size_t to) {
  static const double slow_s = 2, shortest_s = 0.45, longest_s = 1.4, least = 0.3, nearly = 0.85;
  const double rate_hz = trace->rate_hz;
  const size_t lag_from = (size_t)fmax(1, shortest_s * rate_hz), lag_to = (size_t)ceil(longest_s * rate_hz) + 1;
  *beat_s = 0;
  if (to < from + 3 * lag_to) return DSP_OK;
  const size_t n = to - from;
  double *y = dsp_alloc(n, sizeof *y), *r = dsp_zalloc(lag_to + 1, sizeof *r);
  if (y && r) {
    for (size_t i = 0; i < n; i++) {
      const double t_s = (double)(from + i) / rate_hz;
      y[i] = trace->x[from + i] - mean_between(sum, trace, t_s - 0.5 * slow_s, t_s + 0.5 * slow_s);
    }
    for (size_t lag = 0; lag <= lag_to; lag++)
      for (size_t i = 0; i + lag < n; i++) r[lag] += y[i] * y[i + lag] / (double)(n - lag);
    double most = 0;
    for (size_t lag = lag_from; lag < lag_to; lag++)
      if (r[lag] >= r[lag - 1] && r[lag] >= r[lag + 1]) most = fmax(most, r[lag]);
    for (size_t lag = lag_from; lag < lag_to && most > least * r[0] && *beat_s == 0; lag++) {
      if (!(r[lag] >= r[lag - 1] && r[lag] >= r[lag + 1] && r[lag] >= nearly * most)) continue;
      const double bend = r[lag - 1] - 2 * r[lag] + r[lag + 1];
      *beat_s = ((double)lag + (bend < 0 ? 0.5 * (r[lag - 1] - r[lag + 1]) / bend : 0)) / rate_hz;
    }
  }
  const dsp_status status = y && r ? DSP_OK : DSP_NO_MEMORY;
  free(y);
  free(r);
  return status;
}

enum { UPSTROKES_MAX = 64 };

typedef struct upstroke {
  size_t foot, top; /* of the grid */
} upstroke;

/* Rises of y by `least` and more, each until a fall by as much. */
static size_t find_upstrokes(upstroke found[UPSTROKES_MAX], const double *y, size_t n, double least) {
  size_t count = 0, low = 0, high = 0;
  bool rising = false;
  for (size_t i = 1; i < n && count < UPSTROKES_MAX; i++) {
    if (rising && y[i] > y[high]) high = i;
    if (!rising && y[i] < y[low]) low = i;
    if (!rising && y[i] - y[low] >= least) rising = true, high = i;
    const bool turned = rising && (y[high] - y[i] >= least || i + 1 == n);
    if (turned) found[count++] = (upstroke){low, high}, rising = false, low = i;
  }
  return count;
}

/* Where the rise of an upstroke ends: its slope falls below a part of the steepest for good. */
static size_t rise_ends(const double *y, const upstroke *u) {
  static const double steep = 0.4, part = 0.15, reach_s = 0.25;
  const size_t reach = (size_t)(reach_s / grid_s);
  size_t last = u->foot;
  double most = 0;
  for (size_t i = u->foot + reach; i + reach <= u->top; i++) most = fmax(most, y[i + reach] - y[i - reach]);
  for (size_t i = u->foot + reach; i + reach <= u->top; i++)
    if (y[i + reach] - y[i - reach] >= steep * most) last = i;
  for (size_t i = last; i + reach <= u->top; i++)
    if (y[i + reach] - y[i - reach] < part * most) return i;
  return u->top;
}

/* The last upstroke of the exercise: as high as others, to little less than the top, and no longer after the one before than others; n
 * without. (At first the veins empty so fast that swings run together: pauses tell the rhythm, upstrokes do not.) */
static size_t last_of_rhythm(const upstroke *u, size_t n, const double *y, double height) {
  static const double latest = 3.2, least_rise = 0.2, lower = 0.12;
  enum { FEW = 3 };
  if (n < FEW) return n;
  double pause[UPSTROKES_MAX], rise[UPSTROKES_MAX];
  for (size_t k = 0; k < n; k++) rise[k] = y[u[k].top] - y[u[k].foot];
  for (size_t k = 1; k < n; k++) pause[k - 1] = (double)(u[k].foot - u[k - 1].top);
  const double longest = latest * dsp_order_median(pause, n - 1), least = least_rise * dsp_order_median(rise, n);
  size_t last = 0;
  for (size_t k = 1; k < n && (double)(u[k].foot - u[last].top) <= longest; k++)
    if (y[u[k].top] - y[u[k].foot] >= least && y[u[k].top] >= y[u[last].top] - lower * height) last = k;
  return last;
}

/* Scatter of the smoothed trace about its level before the exercise. */
static double scatter_of_rest(const double *sum, const dsp_trace *trace, const ppg_bout *b, double half_s) {
  static const double margin_s = 1;
  const double long_s = b->rest_to_s - b->rest_from_s - 2 * margin_s;
  const size_t n = long_s > 0 ? (size_t)(long_s / grid_s) : 0;
  double mean = 0, square = 0;
  for (size_t i = 0; i < n; i++) {
    const double t_s = b->rest_from_s + margin_s + (double)i * grid_s;
    const double v = mean_between(sum, trace, t_s - half_s, t_s + half_s) - b->base.value;
    mean += v / (double)n, square += v * v / (double)n;
  }
  return sqrt(fmax(0, square - mean * mean));
}

dsp_status ppg_end_of_rhythm(double *end_s, const dsp_trace *trace, const ppg_bout *b, double height) {
  static const double least_share = 0.015, most_share = 0.03, least_sd = 1.2, after_s = 3, smooth_s = 0.4;
  const size_t rest_from = dsp_trace_index(trace, b->rest_from_s), rest_to = dsp_trace_index(trace, b->rest_to_s);
  const size_t n = (size_t)((b->end_s + after_s - b->start_s) / grid_s);
  *end_s = NAN;
  double *sum = dsp_alloc(trace->n + 1, sizeof *sum), *y = dsp_alloc(n + 1, sizeof *y), beat_s = 0;
  dsp_status status = sum && y ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    sum[0] = 0;
    for (size_t i = 0; i < trace->n; i++) sum[i + 1] = sum[i] + trace->x[i];
    status = beat_length(&beat_s, sum, trace, rest_from, rest_to);
  }
  if (status == DSP_OK) {
    const double half_s = 0.5 * (beat_s > 0 ? beat_s : smooth_s), sd = scatter_of_rest(sum, trace, b, half_s);
    for (size_t i = 0; i < n; i++) {
      const double t_s = b->start_s + (double)i * grid_s;
      y[i] = mean_between(sum, trace, t_s - half_s, t_s + half_s);
    }
    upstroke found[UPSTROKES_MAX];
    const size_t upstrokes = find_upstrokes(found, y, n, fmax(least_share * height, fmin(most_share * height, least_sd * sd)));
    const size_t last = last_of_rhythm(found, upstrokes, y, height);
    if (last < upstrokes) *end_s = b->start_s + (double)rise_ends(y, &found[last]) * grid_s;
  }
  free(sum);
  free(y);
  return status;
}
