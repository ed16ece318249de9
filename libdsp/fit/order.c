/* SPDX-License-Identifier: GPL-3.0-or-later
 * Order statistics by selection.
 *
 * Method: Hoare's FIND with the middle element as the splitting value: constant, sorted and reversed sets take linear time.
 * Sources: C. Hoare, Commun. ACM 4 (1961) 321 (algorithm 65); the factor 1.4826 makes the median absolute deviation of normal noise its
 * standard deviation: F. Hampel, J. Am. Stat. Assoc. 69 (1974) 383. */
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>

static const double MAD_TO_SIGMA = 1.4826;

double dsp_order_kth(double *v, size_t n, size_t k) {
  ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1;
  const ptrdiff_t at = (ptrdiff_t)k;
  while (lo < hi) {
    const double split = v[lo + (hi - lo) / 2];
    ptrdiff_t i = lo, j = hi;
    while (i <= j) {
      while (v[i] < split) i++;
      while (v[j] > split) j--;
      if (i > j) break;
      const double t = v[i];
      v[i++] = v[j];
      v[j--] = t;
    }
    if (at <= j)
      hi = j;
    else if (at >= i)
      lo = i;
    else
      break;
  }
  return v[k];
}

double dsp_order_median(double *v, size_t n) {
  const double upper = dsp_order_kth(v, n, n / 2);
  if (n % 2) return upper;
  double lower = v[0];
  for (size_t i = 1; i < n / 2; i++) lower = v[i] > lower ? v[i] : lower;
  return (lower + upper) / 2.0;
}

double dsp_order_sigma(double *v, size_t n, double centre) {
  for (size_t i = 0; i < n; i++) v[i] = fabs(v[i] - centre);
  return MAD_TO_SIGMA * dsp_order_median(v, n);
}

static int rising(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

void dsp_order_sort(double *v, size_t n) {
  qsort(v, n, sizeof *v, rising);
}
