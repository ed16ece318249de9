/* SPDX-License-Identifier: GPL-3.0-or-later
 * Drift of an air cuff. Warm skin heats its air (an exponential approach), a leak or the room adds a line. Both are fitted by least squares
 * with Gaussian prior sizes (ridge regression, Hoerl and Kennard 1970) to what the recording shows of them: the slope of the supine rest,
 * the empty leg before and after, and standing plateaus, which differ by drift alone. */
#include "stand.h"

#include <math.h>
#include <string.h>

static const double prior_line_per_s = 0.02, prior_warming = 8; /* standard deviations, mL/s and mL */

enum { A, B, PLATEAU, UNKNOWNS };

static void add(double m[UNKNOWNS][UNKNOWNS], double v[UNKNOWNS], const double row[UNKNOWNS], double value, double se) {
  const double weight = 1 / (se * se);
  for (int i = 0; i < UNKNOWNS; i++) {
    for (int j = 0; j < UNKNOWNS; j++) m[i][j] += weight * row[i] * row[j];
    v[i] += weight * row[i] * value;
  }
}

/* Inverse of a symmetric positive definite matrix by Gauss-Jordan; the priors keep it so. */
static void invert(double inverse[UNKNOWNS][UNKNOWNS], double m[UNKNOWNS][UNKNOWNS]) {
  memset(inverse, 0, UNKNOWNS * sizeof inverse[0]);
  for (int i = 0; i < UNKNOWNS; i++) inverse[i][i] = 1;
  for (int i = 0; i < UNKNOWNS; i++) {
    const double pivot = m[i][i];
    for (int j = 0; j < UNKNOWNS; j++) m[i][j] /= pivot, inverse[i][j] /= pivot;
    for (int k = 0; k < UNKNOWNS; k++) {
      const double factor = k == i ? 0 : m[k][i];
      for (int j = 0; j < UNKNOWNS; j++) m[k][j] -= factor * m[i][j], inverse[k][j] -= factor * inverse[i][j];
    }
  }
}

static double warmed(const stand_drift *drift, double t_s) {
  return drift->cold - exp(-t_s / drift->tau_s);
}

void stand_fit_drift(stand_drift *drift, double t0_s, double tau_s, dsp_estimate baseline, dsp_estimate slope,
                     const stand_reference *reference, size_t n) {
  *drift = (stand_drift){.t0_s = t0_s, .tau_s = tau_s, .cold = exp(-t0_s / tau_s)};
  double m[UNKNOWNS][UNKNOWNS] = {{0}}, v[UNKNOWNS] = {0}, inverse[UNKNOWNS][UNKNOWNS];
  add(m, v, (double[]){1, 0, 0}, 0, prior_line_per_s);
  add(m, v, (double[]){0, 1, 0}, 0, prior_warming);
  add(m, v, (double[]){0, 0, 1}, 0, 1e4);
  add(m, v, (double[]){1, exp(-t0_s / tau_s) / tau_s, 0}, slope.value, hypot(slope.se, 0.01));
  for (size_t i = 0; i < n; i++) {
    const double row[UNKNOWNS] = {reference[i].t_s - t0_s, warmed(drift, reference[i].t_s), reference[i].standing};
    add(m, v, row, reference[i].level.value - baseline.value, hypot(reference[i].level.se, baseline.se));
  }
  invert(inverse, m);
  for (int j = 0; j < UNKNOWNS; j++) drift->a += inverse[A][j] * v[j], drift->b += inverse[B][j] * v[j];
  drift->cov[0] = inverse[A][A], drift->cov[1] = inverse[A][B], drift->cov[2] = inverse[B][B];
}

double stand_drift_covariance(const stand_drift *drift, double t_s, double u_s) {
  const double x = t_s - drift->t0_s, g = warmed(drift, t_s), y = u_s - drift->t0_s, h = warmed(drift, u_s);
  return drift->cov[0] * x * y + drift->cov[1] * (x * h + g * y) + drift->cov[2] * g * h;
}

double stand_drift_value(const stand_drift *drift, double t_s) {
  return drift->a * (t_s - drift->t0_s) + drift->b * warmed(drift, t_s);
}

dsp_estimate stand_drift_at(const stand_drift *drift, double t_s) {
  return (dsp_estimate){stand_drift_value(drift, t_s), sqrt(fmax(0, stand_drift_covariance(drift, t_s, t_s)))};
}
