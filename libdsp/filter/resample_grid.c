/* SPDX-License-Identifier: GPL-3.0-or-later
 * Irregular samples put on a regular grid by shape-preserving cubic interpolation (PCHIP).
 *
 * Method: between two samples a cubic with the slopes of Fritsch and Butland (weighted harmonic mean of the neighbouring slopes, 0 at a
 * local extremum; one-sided three-point slope at an end, limited to keep the shape). Every run of samples without a missing one is a curve
 * of its own. Sources: F. Fritsch, J. Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300; end slopes: C. Moler, Numerical Computing with
 * MATLAB, ch. 3. Operations are in the order that scipy.interpolate.PchipInterpolator uses. */
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static const double GRID_MAX = 1e9; /* samples */

static int sign(double v) {
  return (v > 0.0) - (v < 0.0);
}

static double end_slope(double h0, double h1, double m0, double m1) {
  const double d = ((2.0 * h0 + h1) * m0 - h0 * m1) / (h0 + h1);
  if (sign(d) != sign(m0)) return 0.0;
  if (sign(m0) != sign(m1) && fabs(d) > 3.0 * fabs(m0)) return 3.0 * m0;
  return d;
}

static double inner_slope(double h0, double h1, double m0, double m1) {
  if (sign(m0) != sign(m1) || m0 == 0.0 || m1 == 0.0) return 0.0;
  const double w1 = 2.0 * h1 + h0, w2 = h1 + 2.0 * h0;
  return 1.0 / ((w1 / m0 + w2 / m1) / (w1 + w2));
}

/** A run of n samples without a missing one. */
typedef struct run {
  const double *t, *x;
  size_t n;
} run;

static double width(const run *r, size_t i) {
  return r->t[i + 1] - r->t[i];
}
static double secant(const run *r, size_t i) {
  return (r->x[i + 1] - r->x[i]) / width(r, i);
}

static double slope_at(const run *r, size_t i) {
  const size_t last = r->n - 1;
  if (r->n == 2) return secant(r, 0);
  if (i == 0) return end_slope(width(r, 0), width(r, 1), secant(r, 0), secant(r, 1));
  if (i == last) return end_slope(width(r, last - 1), width(r, last - 2), secant(r, last - 1), secant(r, last - 2));
  return inner_slope(width(r, i - 1), width(r, i), secant(r, i - 1), secant(r, i));
}

/** The cubic of one interval, powers of the distance from its left end. */
typedef struct cubic {
  double c[4];
} cubic;

static cubic interval(const run *r, size_t i) {
  const double h = width(r, i), m = secant(r, i), left = slope_at(r, i), right = slope_at(r, i + 1);
  const double bend = (left + right - 2.0 * m) / h;
  return (cubic){{r->x[i], left, (m - left) / h - bend, bend / h}};
}

static double evaluate(const cubic *p, double s) {
  double sum = 0.0, power = 1.0;
  for (size_t k = 0; k < 4; k++) {
    sum += p->c[k] * power;
    power *= s;
  }
  return sum;
}

/** Fill the grid points that lie in [t first, t last] of the run that starts at sample i; returns the first grid point after it. */
static size_t fill(double *y, size_t at, size_t count, const run *r, double t0, double rate_hz) {
  size_t k = 0;
  bool fresh = true;
  cubic p = {{0}};
  for (; at < count; at++) {
    const double t = t0 + (double)at / rate_hz;
    if (t > r->t[r->n - 1]) break;
    if (r->n == 1) {
      y[at] = r->x[0];
      continue;
    }
    while (k + 2 < r->n && t >= r->t[k + 1]) {
      k++;
      fresh = true;
    }
    if (fresh) p = interval(r, k);
    fresh = false;
    y[at] = evaluate(&p, t - r->t[k]);
  }
  return at;
}

static dsp_status check(const double *t, const double *x, size_t n, double rate_hz, dsp_error *error) {
  if (!(rate_hz > 0.0) || !isfinite(rate_hz)) return dsp_fail(error, DSP_BAD_OPTION, "resampling rate", "above 0", "%g Hz", rate_hz);
  if (n == 0) return dsp_fail(error, DSP_BAD_INPUT, "resampling", "at least one sample", "none");
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(t[i]) || isinf(x[i])) return dsp_fail(error, DSP_BAD_INPUT, "resampling", "finite times and values", "sample %zu", i);
    if (i > 0 && !(t[i] > t[i - 1]))
      return dsp_fail(error, DSP_BAD_INPUT, "resampling", "rising times", "sample %zu at %g after %g", i, t[i], t[i - 1]);
  }
  if (!((t[n - 1] - t[0]) * rate_hz < GRID_MAX))
    return dsp_fail(error, DSP_LIMIT, "resampling", "at most 1e9 samples", "%g s at %g Hz", t[n - 1] - t[0], rate_hz);
  return DSP_OK;
}

dsp_status dsp_resample_grid(double **y, size_t *n_out, const double *t, const double *x, size_t n, double rate_hz, dsp_error *error) {
  *y = NULL;
  *n_out = 0;
  const dsp_status status = check(t, x, n, rate_hz, error);
  if (status != DSP_OK) return status;
  size_t count = (size_t)((t[n - 1] - t[0]) * rate_hz) + 2;
  while (count > 1 && t[0] + (double)(count - 1) / rate_hz > t[n - 1]) count--;
  double *out = dsp_alloc(count, sizeof *out);
  if (!out) return dsp_fail_memory(error);

  size_t at = 0;
  for (size_t i = 0; i < n;) {
    if (isnan(x[i])) {
      i++;
      continue;
    }
    size_t end = i;
    while (end < n && !isnan(x[end])) end++;
    while (at < count && t[0] + (double)at / rate_hz < t[i]) out[at++] = (double)NAN;
    at = fill(out, at, count, &(run){t + i, x + i, end - i}, t[0], rate_hz);
    i = end;
  }
  while (at < count) out[at++] = (double)NAN;
  *y = out;
  *n_out = count;
  return DSP_OK;
}
