/* SPDX-License-Identifier: GPL-3.0-or-later
 * Standard errors of ratios and products from those of their parts: the delta method to first order.
 * Source: A. Stuart, K. Ord, Kendall's Advanced Theory of Statistics 1, 10.5 to 10.7. */
#include <dsp/fit.h>
#include <math.h>

/** Root of a variance; rounding may take a fully correlated one below 0. */
static double root(double variance) {
  return variance < 0.0 ? 0.0 : sqrt(variance);
}

void dsp_ratio(double *value, double *se, double num, double den, double var_num, double var_den, double cov) {
  if (!(den < 0.0 || den > 0.0)) {
    *value = *se = (double)NAN;
    return;
  }
  const double q = num / den;
  *value = q;
  *se = root(var_num + q * q * var_den - 2.0 * q * cov) / fabs(den);
}

void dsp_product(double *value, double *se, double a, double b, double var_a, double var_b, double cov) {
  *value = a * b;
  *se = root(b * b * var_a + a * a * var_b + 2.0 * a * b * cov);
}
