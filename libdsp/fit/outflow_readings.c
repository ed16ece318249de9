/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is read from a fitted outflow: levels, fractions, slopes and times, each from its curve alone. */
#include <dsp/outflow.h>

#include <dsp/fit.h>
#include <math.h>

double dsp_outflow_capacity(const dsp_outflow *o, const void *none) {
  (void)none;
  return o->level - o->base.value;
}

double dsp_outflow_end(const dsp_outflow *o, const void *none) {
  (void)none;
  return o->level - o->fast - o->slow;
}

double dsp_outflow_fall(const dsp_outflow *o, const void *two_times_s) {
  const double *t_s = two_times_s;
  return dsp_outflow_at(o, t_s[0]) - dsp_outflow_at(o, t_s[1]);
}

double dsp_outflow_fraction(const dsp_outflow *o, const void *time_s) {
  const double *t_s = time_s;
  return 100 * (o->level - dsp_outflow_at(o, *t_s)) / dsp_outflow_capacity(o, NULL);
}

double dsp_outflow_steepest(const dsp_outflow *o, const void *none) {
  static const double step_s = 0.01;
  enum { HALF = 15, POINTS = 2 * HALF + 1, WINDOWS = 171 }; /* lines through 0.3 s each, within the first 2 s */
  double x[WINDOWS + POINTS - 1], best = 0, sum_of_squares = 0;
  (void)none;
  for (int i = 0; i < WINDOWS + POINTS - 1; i++) x[i] = dsp_outflow_at(o, i * step_s);
  for (int k = -HALF; k <= HALF; k++) sum_of_squares += (double)k * k;
  for (int w = 0; w < WINDOWS; w++) {
    double sum = 0;
    for (int k = 0; k < POINTS; k++) sum += (k - HALF) * x[w + k];
    best = fmax(best, -sum / (sum_of_squares * step_s));
  }
  return best;
}

double dsp_outflow_time_to(const dsp_outflow *o, const void *fraction) {
  static const double longest_s = 600;
  const double *share = fraction;
  const double level = o->level - *share * dsp_outflow_capacity(o, NULL);
  double low_s = 0, high_s = 1;
  while (high_s < longest_s && dsp_outflow_at(o, high_s) > level) high_s *= 1.5;
  if (dsp_outflow_at(o, high_s) > level) return NAN;
  for (int i = 0; i < 60; i++) {
    const double middle_s = 0.5 * (low_s + high_s);
    if (dsp_outflow_at(o, middle_s) > level)
      low_s = middle_s;
    else
      high_s = middle_s;
  }
  return high_s;
}

double dsp_outflow_time_constant(const dsp_outflow *o, const void *two_times_s) {
  enum { POINTS = 60 };
  const double *range_s = two_times_s;
  double t[POINTS], v[POINTS];
  for (int i = 0; i < POINTS; i++) {
    t[i] = range_s[0] + (range_s[1] - range_s[0]) * i / (POINTS - 1);
    v[i] = dsp_outflow_at(o, t[i]);
  }
  const dsp_exponential_rule rule = {.terms = 1, .tau_lo = 0.05, .tau_hi = 200};
  dsp_exponential fitted;
  return dsp_exponential_fit(&fitted, t, v, POINTS, &rule, NULL) == DSP_OK ? fitted.p[2] : (double)NAN;
}
