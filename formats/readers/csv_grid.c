/* SPDX-License-Identifier: GPL-3.0-or-later
 * From time stamps to a sampling rate, segments and, when the clock is irregular, a grid. A clock counts as regular when one straight line,
 * fitted by least squares with a common slope to the stretches between gaps, explains every stamp within a small part of a step or within
 * the rounding of the stamps. Otherwise the samples stay on their true times and are resampled from there. */
#include "csv.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MEDIAN_STEPS_MAX = 65536, BATCH_DUPLICATES_MIN = 10, ROUNDING_DUPLICATES_MIN = 3, PAUSES_MIN = 3 };

/* More pauses than this share of the rows are the work of rounding. */
#define PAUSES_SHARE 0.02

typedef struct clock_view {
  csv_table *table;
  csv_timing *timing;
  const double *t;
  size_t n;
  double tick, nominal, median, eps; /* s */
  size_t duplicates, first_duplicate;
} clock_view;

void csv_timing_clear(csv_timing *timing) {
  free(timing->stretches);
  timing->stretches = NULL;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Median of (at most MEDIAN_STEPS_MAX, evenly picked) steps, then the mean of the steps that are not much longer: duplicates of a rounded
 * clock pull the median to the tick, gaps pull the mean up; together they do neither. */
static dsp_status find_nominal(clock_view *view, dsp_error *error) {
  const size_t steps = view->n - 1, pick = steps / MEDIAN_STEPS_MAX + 1, m = (steps + pick - 1) / pick;
  double *sorted = dsp_alloc(m, sizeof *sorted);
  if (!sorted) return dsp_fail_memory(error);
  for (size_t i = 0; i < m; i++) sorted[i] = view->t[i * pick + 1] - view->t[i * pick];
  qsort(sorted, m, sizeof *sorted, by_value);
  double limit = sorted[m / 2];
  for (size_t i = m / 2; limit <= 0 && i < m; i++) limit = sorted[i];
  view->median = limit;
  free(sorted);
  limit = 5 * (limit > view->tick ? limit : view->tick);
  double sum = 0;
  size_t count = 0;
  for (size_t i = 1; i < view->n; i++) {
    const double step = view->t[i] - view->t[i - 1];
    if (step > limit) continue;
    sum += step;
    count++;
  }
  view->nominal = count ? sum / (double)count : 0;
  return DSP_OK;
}

/* Stretches without a step above `limit` and without a blank line inside. */
static dsp_status cut(clock_view *view, double limit, dsp_error *error) {
  const csv_table *table = view->table;
  csv_timing *timing = view->timing;
  const bool use_breaks = table->n_breaks <= view->n / 4; /* else every row is followed by a blank line */
  size_t first = 0, b = 0;
  timing->n_stretches = 0;
  for (size_t i = 1; i <= view->n; i++) {
    while (b < table->n_breaks && table->breaks[b] < i) b++;
    const bool blank = i < view->n && use_breaks && b < table->n_breaks && table->breaks[b] == i;
    if (i < view->n && !blank && view->t[i] - view->t[i - 1] <= limit) continue;
    if (dsp_grow(&timing->stretches, &timing->capacity, timing->n_stretches + 1, sizeof *timing->stretches) != DSP_OK)
      return dsp_fail_memory(error);
    timing->stretches[timing->n_stretches++] = (csv_stretch){first, i - first, view->t[first], 0, blank};
    first = i;
  }
  return DSP_OK;
}

/* Common slope; each stretch gets the time of its first row on its own line. Sums are taken about the middle of each stretch. */
static bool fit_line(clock_view *view, double *step, double *residual_low, double *residual_high) {
  csv_timing *timing = view->timing;
  double above = 0, below = 0;
  for (size_t s = 0; s < timing->n_stretches; s++) {
    const csv_stretch *stretch = &timing->stretches[s];
    const double middle = ((double)stretch->n - 1) / 2;
    for (size_t i = 0; i < stretch->n; i++) above += ((double)i - middle) * (view->t[stretch->first + i] - view->t[stretch->first]);
    below += (double)stretch->n * ((double)stretch->n * (double)stretch->n - 1) / 12;
  }
  if (below <= 0) return false;
  *step = above / below;
  *residual_low = *residual_high = 0;
  for (size_t s = 0; s < timing->n_stretches; s++) {
    csv_stretch *stretch = &timing->stretches[s];
    const double *t = view->t + stretch->first;
    double sum = 0;
    for (size_t i = 0; i < stretch->n; i++) sum += t[i] - t[0] - (double)i * *step;
    const double offset = sum / (double)stretch->n;
    for (size_t i = 0; i < stretch->n; i++) {
      const double r = t[i] - t[0] - (double)i * *step - offset;
      if (r < *residual_low) *residual_low = r;
      if (r > *residual_high) *residual_high = r;
    }
    stretch->t0_s = t[0] + offset;
  }
  return *step > 0;
}

/* The round rate or period beside the fitted one, when over the longest stretch the two differ by less than the stamps can show. */
static double snapped_rate(const clock_view *view, double rate) {
  size_t longest = 0;
  for (size_t s = 0; s < view->timing->n_stretches; s++)
    if (view->timing->stretches[s].n > longest) longest = view->timing->stretches[s].n;
  const double steps = longest > 1 ? (double)longest - 1 : 1, allowed = 0.1 * view->tick + view->eps + 1e-9 * steps / rate;
  const double candidates[] = {rint(rate), 1 / (rint(1e3 / rate) / 1e3), rint(rate * 1e3) / 1e3, 1 / (rint(1e6 / rate) / 1e6)};
  for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
    if (candidates[i] > 0 && isfinite(candidates[i]) && fabs(1 / candidates[i] - 1 / rate) * steps <= allowed) return candidates[i];
  return rate;
}

/* Duplicated stamps are what rounding makes of a clock that is faster than the tick, in the number that its rate predicts. */
static bool rounding_explains(const clock_view *view, double step) {
  if (view->duplicates == 0) return true;
  const double predicted = (1 - step / view->tick) * (double)(view->n - 1);
  return view->duplicates >= ROUNDING_DUPLICATES_MIN && step < view->tick &&
         fabs((double)view->duplicates - predicted) <= 2 + (double)view->timing->n_stretches + 0.02 * predicted;
}

/* Short gaps of whole steps become missing samples of one stretch; the others stay gaps. */
static void mark_missing_rows(clock_view *view, double step, double tolerance) {
  csv_timing *timing = view->timing;
  const double gap_s = view->table->params[CSV_GAP_S];
  size_t rows = 0;
  for (size_t s = 1; s < timing->n_stretches; s++) {
    csv_stretch *stretch = &timing->stretches[s], *before = &timing->stretches[s - 1];
    const double away = stretch->t0_s - (before->t0_s + (double)(before->n - 1) * step), whole = rint(away / step);
    if (before->blank_after || away > gap_s || whole < 2 || !(whole < (double)FMT_CAP_SAMPLES) || fabs(away - whole * step) > tolerance)
      continue;
    stretch->missing_before = (size_t)whole - 1;
    rows += stretch->missing_before;
  }
  timing->missing_rows = rows;
}

/* `exact`: the stamps are not rounded, so a step of two means a missing row; else rounding may have made it. The exact reading comes first,
 * but a clock with many such pauses is a rounded one. */
static dsp_status try_regular(clock_view *view, bool exact, bool *regular, dsp_error *error) {
  csv_timing *timing = view->timing;
  const double *params = view->table->params;
  double step = 0, low = 0, high = 0;
  *regular = false;
  const double nominal = exact ? view->median : view->nominal, tick = exact ? 0 : view->tick;
  const dsp_status status = cut(view, fmax(1.5 * nominal, nominal + 1.01 * tick), error);
  if (status != DSP_OK) return status;
  if (exact && timing->n_stretches - 1 > PAUSES_MIN && (double)timing->n_stretches > PAUSES_SHARE * (double)view->n) return DSP_OK;
  if (!fit_line(view, &step, &low, &high)) return DSP_OK;
  const double by_step = 2 * params[CSV_STEP_TOLERANCE] * step + view->eps, by_tick = params[CSV_ROUNDING_TICKS] * tick + view->eps;
  timing->jitter_s = high > -low ? high : -low;
  if (high - low > (by_step > by_tick ? by_step : by_tick) || !rounding_explains(view, step)) return DSP_OK;
  *regular = true;
  if (high - low > by_step &&
      dsp_recording_warn(view->table->recording, "time_rounded", "times rounded to %g s: %g samples per second fitted to all of them",
                         view->tick, snapped_rate(view, 1 / step)) != DSP_OK)
    return dsp_fail_memory(error);
  if (timing->jitter_s < 1e-6 * step + view->eps) timing->jitter_s = 0;
  timing->rate_hz = snapped_rate(view, 1 / step);
  step = 1 / timing->rate_hz;
  const double origin = timing->stretches[0].t0_s;
  for (size_t s = 0; s < timing->n_stretches; s++) {
    csv_stretch *stretch = &timing->stretches[s];
    const double fitted = stretch->t0_s - origin, stamp = view->t[stretch->first];
    stretch->t0_s = fabs(fitted - stamp) <= 1e-9 + view->eps ? stamp : fitted;
  }
  mark_missing_rows(view, step, 0.25 * step + view->tick);
  return DSP_OK;
}

/* A table of readings, not a sampled trace: minutes lie between its rows, in no even pattern. Each row keeps its own time, as a segment of
 * one sample that lasts as long as the shortest step. */
static dsp_status take_readings(clock_view *view, double shortest_s, dsp_error *error) {
  csv_timing *timing = view->timing;
  const dsp_status status = cut(view, 0, error);
  if (status != DSP_OK) return status;
  for (size_t s = 0; s < timing->n_stretches; s++) timing->stretches[s].t0_s = view->t[timing->stretches[s].first];
  timing->rate_hz = 1 / shortest_s;
  timing->jitter_s = 0;
  return DSP_OK;
}

/* An uneven clock's rows may come so close that a coarse timer gives two of them one stamp, again and again, but no third; that timer's
 * tick, the shortest step between stamps, which their decimals need not show, is then a good part of a row's. 0: not so. */
static double repeating_tick(const clock_view *view) {
  static const double coarse = 0.2, often = 0.005;
  double tick = HUGE_VAL;
  for (size_t i = 1; i < view->n; i++) {
    const double step = view->t[i] - view->t[i - 1];
    if (step > 0 && step < tick) tick = step;
    if (i > 1 && view->t[i] <= view->t[i - 2]) return 0;
  }
  const bool repeats = view->duplicates >= ROUNDING_DUPLICATES_MIN && (double)view->duplicates >= often * (double)view->n;
  return repeats && tick >= coarse * view->nominal ? tick : 0;
}

static dsp_status take_irregular(clock_view *view, double stated_hz, dsp_error *error) {
  csv_timing *timing = view->timing;
  const double *params = view->table->params;
  double step = 0, low = 0, high = 0, span = 0, largest = 0;
  char place[64];
  timing->batched = view->duplicates >= BATCH_DUPLICATES_MIN && (double)view->duplicates >= params[CSV_BATCH_SHARE] * (double)view->n;
  const double tick = view->duplicates && !timing->batched ? repeating_tick(view) : 0;
  if (view->duplicates && !timing->batched && tick <= 0) {
    snprintf(place, sizeof place, "line %zu", csv_line_of_row(view->table, view->first_duplicate));
    return dsp_fail(error, DSP_BAD_INPUT, place, "rising times", "the same time as in the row before");
  }
  const double by_steps = params[timing->batched ? CSV_BATCH_GAP_STEPS : CSV_GAP_STEPS] * view->nominal;
  const dsp_status status = cut(view, by_steps > params[CSV_GAP_S] ? by_steps : params[CSV_GAP_S], error);
  if (status != DSP_OK) return status;
  size_t steps = 0;
  for (size_t s = 0; s < timing->n_stretches; s++) {
    const csv_stretch *stretch = &timing->stretches[s];
    span += view->t[stretch->first + stretch->n - 1] - view->t[stretch->first];
    steps += stretch->n - 1;
    for (size_t i = 1; i < stretch->n; i++) largest = fmax(largest, view->t[stretch->first + i] - view->t[stretch->first + i - 1]);
  }
  if (!(span > 0))
    return dsp_fail(error, DSP_BAD_INPUT, "", "times that rise by less than a gap",
                    "a time column from which no sampling rate can be told");
  if (fit_line(view, &step, &low, &high)) timing->jitter_s = high > -low ? high : -low;
  for (size_t s = 0; s < timing->n_stretches; s++) timing->stretches[s].t0_s = view->t[timing->stretches[s].first];
  const double rate = (double)steps / span;
  timing->rate_hz = stated_hz > 0 ? stated_hz : rate >= 8 ? rint(rate) : rate;
  timing->irregular = true;
  if (timing->batched && dsp_recording_warn(view->table->recording, "time_batched", "%zu of %zu rows have the time of the row before them",
                                            view->duplicates, view->n) != DSP_OK)
    return dsp_fail_memory(error);
  if (tick > 0 && dsp_recording_warn(view->table->recording, "time_rounded",
                                     "times rounded to %g s: %zu of %zu rows have the time of the row before them", tick, view->duplicates,
                                     view->n) != DSP_OK)
    return dsp_fail_memory(error);
  if (dsp_recording_warn(view->table->recording, "resampled",
                         "irregular times: mean step %.6g s, longest %.6g s; resampled on their true times to %.6g samples per second",
                         span / (double)steps, largest, timing->rate_hz) != DSP_OK)
    return dsp_fail_memory(error);
  return DSP_OK;
}

/* One look at a clock without gaps or duplicates, which most are. */
static bool plainly_regular(clock_view *view) {
  const double *t = view->t, step = t[view->n - 1] / (double)(view->n - 1), *params = view->table->params;
  double low = 0, high = 0;
  if (!(step > 0) || view->table->n_breaks) return false;
  for (size_t i = 0; i < view->n; i++) {
    const double r = t[i] - (double)i * step;
    low = r < low ? r : low;
    high = r > high ? r : high;
  }
  if (high - low > params[CSV_STEP_TOLERANCE] * step + view->eps) return false;
  view->timing->jitter_s = high > -low ? high : -low;
  if (view->timing->jitter_s < 1e-9 * t[view->n - 1] + view->eps) view->timing->jitter_s = 0;
  return true;
}

dsp_status csv_grid(csv_table *table, csv_timing *timing, double tick_s, double stated_hz, dsp_error *error) {
  clock_view view = {.table = table, .timing = timing, .t = timing->t, .n = table->n_rows, .tick = tick_s};
  if (view.n < 2)
    return dsp_fail(error, DSP_BAD_INPUT, "", "at least two rows, from which the sampling rate can be told", "one row of data");
  view.eps = 4e-16 * (fabs(timing->origin_s) + view.t[view.n - 1]);
  /* a blank line at the end of the file parts nothing */
  if (table->n_breaks && table->breaks[table->n_breaks - 1] == view.n) table->n_breaks--;
  if (plainly_regular(&view)) {
    dsp_status status = cut(&view, HUGE_VAL, error);
    if (status == DSP_OK) timing->rate_hz = snapped_rate(&view, (double)(view.n - 1) / view.t[view.n - 1]);
    return status;
  }
  for (size_t i = 1; i < view.n; i++)
    if (view.t[i] <= view.t[i - 1] && view.duplicates++ == 0) view.first_duplicate = i;
  bool regular = false;
  dsp_status status = find_nominal(&view, error);
  if (status == DSP_OK) status = try_regular(&view, true, &regular, error);
  if (status == DSP_OK && !regular) status = try_regular(&view, false, &regular, error);
  static const double slowest_clock_s = 10;
  double shortest_s = HUGE_VAL;
  for (size_t i = 1; i < view.n; i++) shortest_s = fmin(shortest_s, view.t[i] - view.t[i - 1]);
  if (status == DSP_OK && !regular)
    status = shortest_s >= slowest_clock_s && !(stated_hz > 0) ? take_readings(&view, shortest_s, error)
                                                               : take_irregular(&view, stated_hz, error);
  return status;
}
