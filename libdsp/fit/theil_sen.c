/* SPDX-License-Identifier: GPL-3.0-or-later
 * Theil-Sen line: the median of all pairwise slopes, with Sen's interval from the distribution of Kendall's tau.
 *
 * Method: all slopes between points of different t, selected (not sorted) at the ranks that are asked for; the intercept is median(y) -
 * slope x median(t). Sources: H. Theil, Proc. KNAW 53 (1950) 386; P. Sen, J. Am. Stat. Assoc. 63 (1968) 1379, eq. 2.6 with its tie
 * correction; ranks rounded as scipy.stats.theilslopes does. */
#include <dsp/fit.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>

static const double Z_95 = 1.959963984540054;

/** Sum of k (k - 1) (2 k + 5) over groups of k equal values; sorts v. */
static double tie_term(double *v, size_t n) {
  double sum = 0.0;
  dsp_order_sort(v, n);
  for (size_t i = 0; i < n;) {
    size_t end = i;
    while (end < n && v[end] == v[i]) end++;
    const double k = (double)(end - i);
    sum += k * (k - 1.0) * (2.0 * k + 5.0);
    i = end;
  }
  return sum;
}

static size_t copy(double *to, const double *from, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] = from[i];
  return n;
}

static size_t all_slopes(double *slope, const double *t, const double *y, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i + 1; j < n; j++) {
      const double dt = t[j] - t[i];
      if (dt > 0.0 || dt < 0.0) slope[count++] = (y[j] - y[i]) / dt;
    }
  return count;
}

/** Ranks of the interval's ends among `count` slopes, from the variance of the number of concordant pairs. */
static void interval(dsp_line *line, double *slope, size_t count, double *scratch, const double *t, const double *y, size_t n) {
  const double m = (double)n, all = (double)count;
  const double ties = tie_term(scratch, copy(scratch, t, n)) + tie_term(scratch, copy(scratch, y, n));
  const double variance = (m * (m - 1.0) * (2.0 * m + 5.0) - ties) / 18.0;
  if (!(variance >= 0.0)) {
    line->slope_lo = line->slope_hi = (double)NAN;
    return;
  }
  const double reach = Z_95 * sqrt(variance), hi = fmin(rint((all + reach) / 2.0), all - 1.0),
               lo = fmax(rint((all - reach) / 2.0) - 1.0, 0.0);
  line->slope_lo = dsp_order_kth(slope, count, (size_t)lo);
  line->slope_hi = dsp_order_kth(slope, count, (size_t)hi);
}

double dsp_theil_sen_slope(double *scratch, const double *t, const double *y, size_t n) {
  const size_t count = all_slopes(scratch, t, y, n);
  return count > 0 ? dsp_order_median(scratch, count) : (double)NAN;
}

dsp_status dsp_line_theil_sen(dsp_line *line, const double *t, const double *y, size_t n, dsp_error *error) {
  *line = (dsp_line){.var_intercept = (double)NAN, .var_slope = (double)NAN, .cov = (double)NAN};
  if (n > DSP_THEIL_SEN_MAX) return dsp_fail(error, DSP_LIMIT, "Theil-Sen line", "at most 2000 points", "%zu", n);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(t[i]) || !isfinite(y[i])) return dsp_fail(error, DSP_BAD_INPUT, "Theil-Sen line", "finite values", "point %zu", i);
  double *slope = dsp_alloc(n * n / 2 + n, sizeof *slope);
  if (!slope) return dsp_fail_memory(error);
  double *scratch = slope + n * n / 2;
  const size_t count = all_slopes(slope, t, y, n);
  if (count == 0) {
    free(slope);
    return dsp_fail(error, DSP_NO_SOLUTION, "line", "two different times", "%zu points", n);
  }
  line->slope = dsp_order_median(slope, count);
  interval(line, slope, count, scratch, t, y, n);
  const double middle = dsp_order_median(scratch, copy(scratch, t, n)), level = dsp_order_median(scratch, copy(scratch, y, n));
  line->intercept = level - line->slope * middle;
  for (size_t i = 0; i < n; i++) scratch[i] = (y[i] - level) - line->slope * (t[i] - middle);
  line->sd = dsp_order_sigma(scratch, n, 0.0);
  free(slope);
  return DSP_OK;
}
