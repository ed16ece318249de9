/* SPDX-License-Identifier: GPL-3.0-or-later
 * Short windows in order. */
#include "sorted.h"
#include <math.h>
#include <string.h>

size_t sorted_bound(const double *v, size_t n, double x) {
  const double *at = v;
  while (n > 1) {
    const size_t half = n / 2;
    at = at[half - 1] < x ? at + half : at;
    n -= half;
  }
  return (size_t)(at - v) + (n == 1 && *at < x);
}

void sorted_insert(double *v, size_t *n, double x) {
  if (isnan(x)) return;
  const size_t at = sorted_bound(v, *n, x);
  memmove(v + at + 1, v + at, (*n - at) * sizeof *v);
  v[at] = x;
  ++*n;
}

void sorted_withdraw(double *v, size_t *n, double x) {
  if (isnan(x)) return;
  const size_t at = sorted_bound(v, *n, x);
  --*n;
  memmove(v + at, v + at + 1, (*n - at) * sizeof *v);
}

double sorted_median(const double *v, size_t n) {
  return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2.0;
}
