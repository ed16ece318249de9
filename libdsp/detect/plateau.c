/* SPDX-License-Identifier: GPL-3.0-or-later
 * Stretches of a trace without trend.
 *
 * Method: the trace is cut into blocks of a twentieth of the slope window; the Theil-Sen slope of the block medians, window by window,
 * marks the blocks whose surroundings are flat; a run of them is a plateau, widened block by block at each end by at most half a window
 * while the block stays within the plateau's own scatter (a window's slope tells nothing of its first and last quarter). Its value is the
 * median. The variance of the median of a correlated normal series is sd^2 / n x the sum of arcsin r(k) over all lags, pi / 2 for lag 0
 * and very nearly r(k) elsewhere: that of the mean, from the autocovariance of the block means, plus (pi / 2 - 1) sd^2 / n.
 * Sources: P. Sen, J. Am. Stat. Assoc. 63 (1968) 1379; J. Gastwirth, H. Rubin, Ann. Stat. 3 (1975) 1070 (median of dependent data);
 * C. Geyer, Stat. Sci. 7 (1992) 473 (where to stop adding autocovariances). */
#include <dsp/detect.h>
#include <dsp/fit.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <stdbool.h>
#include <stdlib.h>

enum { BLOCKS = 20, BLOCKS_PRESENT = 15, TREND_POINTS = 200 };
static const double MEDIAN_EXCESS =
    M_PI_2 - 1.0; /* variance of a median over that of a mean, less 1: a matter of the white part of the noise */
static const double WIDEN_SIGMA = 3.0;

typedef struct blocks {
  size_t n, size; /**< number of blocks and samples in each */
  double *median; /**< of each block, NaN when less than half of it is there */
  double *mean;
  bool *flat;
  double *scratch; /**< as many values as the signal has */
  double *pairs;   /**< slopes of all pairs of TREND_POINTS points */
} blocks;

/** Median of the values that are there, which it leaves in scratch in some order. *count: how many. */
static double median_of(double *scratch, size_t *count, const double *x, size_t n) {
  size_t m = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(x[i])) scratch[m++] = x[i];
  *count = m;
  return m > 0 ? dsp_order_median(scratch, m) : (double)NAN;
}

static void summarise(blocks *b, const dsp_signal *s) {
  for (size_t k = 0; k < b->n; k++) {
    size_t count = 0;
    const double m = median_of(b->scratch, &count, s->x + k * b->size, b->size);
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += b->scratch[i];
    const bool enough = 2 * count >= b->size && count > 0;
    b->median[k] = enough ? m : (double)NAN;
    b->mean[k] = enough ? sum / (double)count : (double)NAN;
  }
}

/** Theil-Sen slope per second of the blocks first .. first + n - 1; NaN when too few are there. */
static double slope_of(const blocks *b, const double *v, size_t n, size_t least, double step_s) {
  double t[TREND_POINTS], y[TREND_POINTS];
  size_t count = 0;
  for (size_t k = 0; k < n; k++) {
    if (isnan(v[k])) continue;
    t[count] = (double)k * step_s;
    y[count++] = v[k];
  }
  return count >= least ? dsp_theil_sen_slope(b->pairs, t, y, count) : (double)NAN;
}

/** A block is flat when the window that it stands in the middle of is; the outer blocks take the first and last window. */
static void mark_flat(blocks *b, double step_s, double max_slope) {
  for (size_t first = 0; first + BLOCKS <= b->n; first++) {
    const double slope = slope_of(b, b->median + first, BLOCKS, BLOCKS_PRESENT, step_s);
    const bool flat = fabs(slope) <= max_slope;
    const size_t from = first == 0 ? 0 : first + BLOCKS / 2, to = first + BLOCKS == b->n ? b->n : first + BLOCKS / 2 + 1;
    for (size_t k = from; k < to; k++) b->flat[k] = flat && !isnan(b->median[k]);
  }
}

/** Widen the run of blocks [*first, *end) while the next block belongs to it and is not flat already (a plateau of its own). */
static void widen(blocks *b, size_t *first, size_t *end) {
  size_t count = 0;
  const size_t f = *first, e = *end;
  const double level = median_of(b->scratch, &count, b->median + f, e - f);
  const double limit = WIDEN_SIGMA * dsp_order_sigma(b->scratch, count, level);
  while (*first > 0 && f - *first < BLOCKS / 2 && !b->flat[*first - 1] && fabs(b->median[*first - 1] - level) <= limit) --*first;
  while (*end < b->n && *end - e < BLOCKS / 2 && !b->flat[*end] && fabs(b->median[*end] - level) <= limit) ++*end;
}

/** Variance of the mean of n correlated values, v taken about their mean: pairs of autocovariances are added as long as they are positive,
 * which is where those of a real process stop being noise. Not below that of independent values. */
static double variance_of_mean(const double *v, size_t n) {
  double sum = 0.0, independent = 0.0;
  for (size_t lag = 0; lag + 1 < n; lag += 2) {
    double pair = 0.0;
    for (size_t k = lag; k < n; k++) pair += v[k] * v[k - lag];
    if (lag == 0) independent = pair;
    for (size_t k = lag + 1; k < n; k++) pair += v[k] * v[k - lag - 1];
    if (pair <= 0.0) break;
    sum += 2.0 * pair;
  }
  sum -= independent;
  const double count = (double)n, unbiased = n > 1 ? count * (count - 1.0) : 1.0;
  return (sum > independent ? sum : independent) / unbiased;
}

/** Level, scatter, error and trend of the blocks [first, end). */
static dsp_plateau measure(blocks *b, const dsp_signal *s, size_t first, size_t end) {
  dsp_plateau p = {.first = first * b->size, .end = end == b->n ? s->n : end * b->size};
  size_t count = 0;
  p.value = median_of(b->scratch, &count, s->x + p.first, p.end - p.first);
  double mean = 0.0, square = 0.0;
  for (size_t i = 0; i < count; i++) mean += b->scratch[i] / (double)count;
  for (size_t i = 0; i < count; i++) square += (b->scratch[i] - mean) * (b->scratch[i] - mean);
  p.sd = count > 1 ? sqrt(square / (double)(count - 1)) : 0.0;

  const size_t n = end - first;
  double level = 0.0;
  for (size_t k = 0; k < n; k++) level += b->mean[first + k] / (double)n;
  for (size_t k = 0; k < n; k++) b->scratch[k] = b->mean[first + k] - level;
  const double samples = (double)count, independent = p.sd * p.sd / samples;
  const double inflation = independent > 0.0 ? fmax(variance_of_mean(b->scratch, n) / independent, 1.0) : 1.0;
  p.n_eff = fmax(samples / inflation, 1.0);
  p.se = p.sd * sqrt(1.0 / p.n_eff + MEDIAN_EXCESS / samples);

  const size_t stride = 1 + (n - 1) / TREND_POINTS, points = n / stride;
  for (size_t k = 0; k < points; k++) b->scratch[k] = b->median[first + k * stride];
  p.slope = slope_of(b, b->scratch, points, 2, (double)(stride * b->size) / s->rate_hz);
  return p;
}

static dsp_status collect(dsp_plateau **list, size_t *n, blocks *b, const dsp_signal *s, double min_duration_s) {
  size_t capacity = 0, behind = 0;
  for (size_t k = 0; k < b->n;) {
    if (!b->flat[k]) {
      k++;
      continue;
    }
    size_t first = k, end = k;
    while (end < b->n && b->flat[end]) end++;
    k = end;
    widen(b, &first, &end);
    if (first < behind) first = behind;
    const size_t last = end == b->n ? s->n : end * b->size;
    if ((double)(last - first * b->size) / s->rate_hz < min_duration_s) continue;
    const dsp_status status = dsp_grow(list, &capacity, *n + 1, sizeof **list);
    if (status != DSP_OK) return status;
    (*list)[(*n)++] = measure(b, s, first, end);
    behind = end;
  }
  return *list ? DSP_OK : dsp_grow(list, &capacity, 1, sizeof **list);
}

dsp_status dsp_find_plateaus(dsp_plateau **plateaus, size_t *n_plateaus, const dsp_signal *signal, const dsp_plateau_rule *rule,
                             dsp_error *error) {
  *plateaus = NULL;
  *n_plateaus = 0;
  const double window = rule->window_s * signal->rate_hz;
  if (!(window >= 4.0) || !(window < 1e9) || !(rule->max_slope > 0.0) || !(rule->min_duration_s >= 0.0))
    return dsp_fail(error, DSP_BAD_OPTION, "plateau", "a window of 4 samples or more and limits above 0",
                    "window %g s, slope %g, duration %g s", rule->window_s, rule->max_slope, rule->min_duration_s);
  const size_t size = window >= BLOCKS ? (size_t)(window / BLOCKS) : 1;
  blocks b = {.size = size, .n = signal->n / size};
  b.median = dsp_alloc(b.n, sizeof *b.median);
  b.mean = dsp_alloc(b.n, sizeof *b.mean);
  b.flat = dsp_zalloc(b.n, sizeof *b.flat);
  b.scratch = dsp_alloc(signal->n, sizeof *b.scratch);
  b.pairs = dsp_alloc((size_t)TREND_POINTS * (TREND_POINTS - 1) / 2, sizeof *b.pairs);
  dsp_status status = DSP_NO_MEMORY;
  dsp_plateau *list = NULL;
  size_t count = 0;
  if (b.median && b.mean && b.flat && b.scratch && b.pairs) {
    summarise(&b, signal);
    mark_flat(&b, (double)size / signal->rate_hz, rule->max_slope);
    status = collect(&list, &count, &b, signal, rule->min_duration_s);
  }
  free(b.median);
  free(b.mean);
  free(b.flat);
  free(b.scratch);
  free(b.pairs);
  if (status != DSP_OK) {
    free(list);
    return dsp_fail_memory(error);
  }
  *plateaus = list;
  *n_plateaus = count;
  return DSP_OK;
}
