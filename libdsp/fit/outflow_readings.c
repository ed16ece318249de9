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
  static const double window_s = 0.3, last_s = 2, step_s = 0.01;
  enum { POINTS = 31 };
  double best = 0;
  (void)none;
  for (double at_s = 0; at_s + window_s <= last_s + 1e-9; at_s += step_s) {
    double sxy = 0, sxx = 0;
    for (int k = 0; k < POINTS; k++) {
      const double t = (k - 0.5 * (POINTS - 1)) * window_s / (POINTS - 1);
      sxy += t * dsp_outflow_at(o, at_s + k * window_s / (POINTS - 1));
      sxx += t * t;
    }
    best = fmax(best, -sxy / sxx);
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
