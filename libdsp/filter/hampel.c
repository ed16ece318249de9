/* SPDX-License-Identifier: GPL-3.0-or-later
 * Hampel despiking: samples far from the median of their window, in units of the window's scaled median absolute deviation, take the
 * median.
 *
 * Method: the window is kept sorted (one insertion and one removal a step); the median absolute deviation is the k-th least of two
 * sequences that already stand in order, the deviations below and above the median, found by bisection. Windows are cut at the ends.
 * Sources: F. Hampel, J. Am. Stat. Assoc. 69 (1974) 383; R. Pearson, IEEE Trans. Control Syst. Technol. 10 (2002) 55. */
#include "sorted.h"
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double MAD_TO_SIGMA = 1.4826;

/** k-th least (from 0) of |v[i] - m|: `below` values lie before the split and their deviations grow leftwards, the others grow rightwards.
 */
static double kth_deviation(const double *v, size_t n, double m, size_t below, size_t k) {
  size_t lo = k + 1 > n - below ? k + 1 - (n - below) : 0, hi = k + 1 < below ? k + 1 : below;
  /* how many of the k + 1 least come from below: the smallest count whose next candidate there is not less than the last taken above */
  while (lo < hi) {
    const size_t take = lo + (hi - lo) / 2;
    const double next_below = m - v[below - 1 - take], last_above = v[below + k - take] - m;
    if (next_below < last_above)
      lo = take + 1;
    else
      hi = take;
  }
  const double from_below = lo > 0 ? m - v[below - lo] : 0.0, from_above = k + 1 > lo ? v[below + k - lo] - m : 0.0;
  return from_below > from_above ? from_below : from_above;
}

static double sorted_mad(const double *v, size_t n, double m) {
  const size_t below = sorted_bound(v, n, m);
  const double upper = kth_deviation(v, n, m, below, n / 2);
  return n % 2 ? upper : (kth_deviation(v, n, m, below, n / 2 - 1) + upper) / 2.0;
}

/** Do the samples [from, end) differ by no more than `limit`? Then none is further than that from the median of any of them. */
static bool within(const double *x, size_t from, size_t end, double limit) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = from; i < end; i++) {
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
  }
  return !(high - low > limit);
}

/** The median for every outlier, NaN for every sample that stays. Where whole blocks of windows lie within the floor's range, nothing is
 * sorted; the scatter is asked for only beyond that range. */
static void find_outliers(double *outlier, double *v, const double *x, size_t n, size_t half, double n_sigma, double floor_sigma) {
  const double least = n_sigma * floor_sigma;
  const size_t block = half + 1;
  size_t count = 0, look = 0; /* look: where the next block begins */
  bool sorted = false;        /* v holds the window of the sample before */
  for (size_t i = 0; i < n; i++) {
    const size_t from = i > half ? i - half : 0;
    if (i == look) {
      look = i + block < n ? i + block : n;
      if (within(x, from, n - look > half ? look + half : n, least)) {
        for (; i < look; i++) outlier[i] = (double)NAN;
        i--;
        sorted = false;
        continue;
      }
    }
    if (!sorted) {
      count = 0;
      for (size_t k = from; k < i + half && k < n; k++) sorted_insert(v, &count, x[k]);
      sorted = true;
    } else if (i > half) {
      sorted_withdraw(v, &count, x[i - half - 1]);
    }
    if (i + half < n) sorted_insert(v, &count, x[i + half]);
    outlier[i] = (double)NAN;
    if (isnan(x[i])) continue;
    const double m = sorted_median(v, count), away = fabs(x[i] - m);
    if (away > least && away > n_sigma * (MAD_TO_SIGMA * sorted_mad(v, count, m))) outlier[i] = m;
  }
}

dsp_status dsp_hampel(double *y, size_t *replaced, const double *x, size_t n, size_t half, double n_sigma, double floor, size_t max_run) {
  *replaced = 0;
  if (n == 0) return DSP_OK;
  if (half >= n) half = n - 1;
  double *outlier = dsp_alloc(n, sizeof *outlier);
  double *v = dsp_alloc(2 * half + 2, sizeof *v);
  if (!outlier || !v) {
    free(outlier);
    free(v);
    return DSP_NO_MEMORY;
  }
  find_outliers(outlier, v, x, n, half, n_sigma, floor);
  if (y != x) memcpy(y, x, n * sizeof *y);
  for (size_t i = 0; i < n;) {
    size_t end = i;
    while (end < n && !isnan(outlier[end])) end++;
    const size_t run = end - i;
    if (run > 0 && run <= max_run) {
      memcpy(y + i, outlier + i, run * sizeof *y);
      *replaced += run;
    }
    i = end + 1;
  }
  free(outlier);
  free(v);
  return DSP_OK;
}
