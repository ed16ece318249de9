/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cubic B-splines by the recurrence of Cox and de Boor (C. de Boor, A Practical Guide to Splines, 1978), end knots repeated. */
#include "spline.h"

/* Knot i of the clamped sequence; i may run from -3 to n_breaks + 2. */
static double knot(const spline *s, ptrdiff_t i) {
  const ptrdiff_t last = (ptrdiff_t)s->n_breaks - 1;
  return s->breaks[i < 0 ? 0 : i > last ? last : i];
}

/* The `degree + 1` basis functions of that degree on interval `at`, the first belonging to knot at - degree. */
static void basis(const spline *s, ptrdiff_t at, double t, int degree, double *value) {
  value[0] = 1;
  for (int d = 1; d <= degree; d++) {
    double carried = 0;
    for (int j = 0; j < d; j++) {
      const double right = knot(s, at + j + 1), left = knot(s, at + j + 1 - d), part = value[j] / (right - left);
      value[j] = carried + (right - t) * part;
      carried = (t - left) * part;
    }
    value[d] = carried;
  }
}

size_t spline_interval(const spline *s, double t) {
  size_t at = 0;
  while (at + 2 < s->n_breaks && t >= s->breaks[at + 1]) at++;
  return at;
}

size_t spline_basis(const spline *s, double t, double value[4], double slope[4]) {
  const size_t last = s->n_breaks - 1;
  t = t < s->breaks[0] ? s->breaks[0] : t > s->breaks[last] ? s->breaks[last] : t;
  const size_t at = spline_interval(s, t);
  basis(s, (ptrdiff_t)at, t, 3, value);
  if (slope) {
    double lower[3];
    basis(s, (ptrdiff_t)at, t, 2, lower);
    for (int j = 0; j < 4; j++) {
      const ptrdiff_t k = (ptrdiff_t)at - 3 + j;
      const double left = j > 0 ? lower[j - 1] / (knot(s, k + 3) - knot(s, k)) : 0;
      const double right = j < 3 ? lower[j] / (knot(s, k + 4) - knot(s, k + 1)) : 0;
      slope[j] = 3 * (left - right);
    }
  }
  return at;
}

static double combine(const spline *s, const double *coef, double t, int derivative) {
  double value[4], slope[4], sum = 0;
  const size_t first = spline_basis(s, t, value, derivative ? slope : NULL);
  for (size_t j = 0; j < 4; j++) sum += coef[first + j] * (derivative ? slope[j] : value[j]);
  return sum;
}

double spline_value(const spline *s, const double *coef, double t) {
  return combine(s, coef, t, 0);
}
double spline_slope(const spline *s, const double *coef, double t) {
  return combine(s, coef, t, 1);
}
