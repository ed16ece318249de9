/* SPDX-License-Identifier: GPL-3.0-or-later
 * Quantiles of Student's t and of the normal distribution.
 *
 * Method: the tail is an incomplete beta integral (continued fraction), convex right of 0, so Newton's steps from 0 climb to the quantile
 * without passing it. From 5000 degrees of freedom on, the Cornish-Fisher expansion about the normal quantile. Sources: M. Abramowitz, I.
 * Stegun, 26.5.8, 26.7.1, 26.7.5; W. Lentz, Appl. Opt. 15 (1976) 668. */
#include <dsp/fit.h>
#include <float.h>
#include <math.h>

enum { STEPS_MAX = 2000, FRACTION_MAX = 10000 };
static const double EXPANSION_FROM = 5000.0;

static double log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

/** Continued fraction of the incomplete beta integral, x below its turning point. */
static double fraction(double a, double b, double x) {
  double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
  d = 1.0 / d;
  double h = d;
  for (int i = 1; i <= FRACTION_MAX; i++) {
    const double m = i, even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    d = 1.0 / (1.0 + even * d);
    c = 1.0 + even / c;
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    d = 1.0 / (1.0 + odd * d);
    c = 1.0 + odd / c;
    h *= d * c;
    if (fabs(d * c - 1.0) < 2.0 * DBL_EPSILON) break;
  }
  return h;
}

/** P(T > t) for t >= 0. */
static double tail(double t, double df, double log_beta) {
  const double a = df / 2.0, b = 0.5, t2 = t * t, x = df / (df + t2), y = t2 / (df + t2);
  if (t == 0.0) return 0.5;
  /* each logarithm from the smaller of the two, which has all its digits: x + y = 1 */
  const double log_x = x < y ? log(x) : log1p(-y), log_y = x < y ? log1p(-x) : log(y);
  const double front = exp(a * log_x + b * log_y - log_beta);
  if (x < (a + 1.0) / (a + b + 2.0)) return 0.5 * front * fraction(a, b, x) / a;
  return 0.5 - 0.5 * front * fraction(b, a, y) / b;
}

static double climb(double p, double df) {
  const double log_beta = log_gamma(df / 2.0) + log_gamma(0.5) - log_gamma((df + 1.0) / 2.0);
  double t = 0.0;
  for (int i = 0; i < STEPS_MAX; i++) {
    const double density = exp(-log_beta - 0.5 * log(df) - (df + 1.0) / 2.0 * log1p(t * t / df));
    const double step = (tail(t, df, log_beta) - p) / density;
    t += step;
    if (!(step > 2.0 * DBL_EPSILON * t)) break;
  }
  return t;
}

static double normal(double p) {
  double z = 0.0;
  for (int i = 0; i < STEPS_MAX; i++) {
    const double step = (0.5 * erfc(z * M_SQRT1_2) - p) * sqrt(2.0 * M_PI) * exp(z * z / 2.0);
    z += step;
    if (!(step > 2.0 * DBL_EPSILON * z)) break;
  }
  return z;
}

static double expanded(double z, double df) {
  const double z2 = z * z;
  const double g1 = z * (z2 + 1.0) / 4.0, g2 = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
  const double g3 = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
  const double g4 = z * ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) / 92160.0;
  return z + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df;
}

double dsp_student_quantile(double p, double df) {
  if (!(p > 0.0) || !(p < 1.0) || !(df > 0.0)) return (double)NAN;
  const double upper = p < 0.5 ? p : 1.0 - p;
  double t;
  if (isinf(df))
    t = normal(upper);
  else if (df > EXPANSION_FROM)
    t = expanded(normal(upper), df);
  else
    t = climb(upper, df);
  return p < 0.5 ? -t : t;
}
