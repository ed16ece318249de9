/* SPDX-License-Identifier: GPL-3.0-or-later
 * Savitzky-Golay smoothing and derivatives.
 *
 * Method: the least-squares polynomial of a centred window, evaluated at its middle; at the two ends the polynomial of the first or last
 * whole window is evaluated off its middle. Weights come from discrete orthogonal (Gram) polynomials on -1..1 by their three-term
 * recurrence, which keeps its digits where powers of the index do not. Sources: A. Savitzky, M. Golay, Anal. Chem. 36 (1964) 1627; P.
 * Gorry, Anal. Chem. 62 (1990) 570. */
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

enum { WINDOW_MAX = 1000001, ORDER_MAX = 20 };

/** Values of the Gram polynomial of one degree at every window place, and its derivatives 0..deriv at the place of interest. */
typedef struct gram {
  double *now, *before; /**< window values each */
  double at[ORDER_MAX + 1], at_before[ORDER_MAX + 1];
  double norm, norm_before;
} gram;

static double squares(const double *v, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += v[i] * v[i];
  return sum;
}

/** From degree k to k + 1: p(k+1) = t p(k) - (|p(k)|^2 / |p(k-1)|^2) p(k-1). */
static void next_degree(gram *g, size_t window, size_t half, double t_at, unsigned deriv) {
  const double beta = g->norm_before > 0.0 ? g->norm / g->norm_before : 0.0;
  for (size_t i = 0; i < window; i++) {
    const double t = ((double)i - (double)half) / (double)half, next = t * g->now[i] - beta * g->before[i];
    g->before[i] = g->now[i];
    g->now[i] = next;
  }
  for (unsigned d = deriv + 1; d-- > 0;) {
    const double next = t_at * g->at[d] + (d ? d * g->at[d - 1] : 0.0) - beta * g->at_before[d];
    g->at_before[d] = g->at[d];
    g->at[d] = next;
  }
  g->norm_before = g->norm;
  g->norm = squares(g->now, window);
}

/** weight[i]: share of window sample i in the deriv-th derivative of the fitted polynomial at window place `place`. */
static void weights(double *weight, double *scratch, size_t window, unsigned order, unsigned deriv, size_t place, double delta) {
  const size_t half = window / 2;
  gram g = {.now = scratch, .before = scratch + window, .norm = (double)window};
  for (size_t i = 0; i < window; i++) {
    scratch[i] = 1.0;
    scratch[window + i] = 0.0;
    weight[i] = 0.0;
  }
  g.at[0] = 1.0;
  const double t_at = half ? ((double)place - (double)half) / (double)half : 0.0;
  for (unsigned k = 0;; k++) {
    for (size_t i = 0; i < window; i++) weight[i] += g.now[i] * g.at[deriv] / g.norm;
    if (k == order) break;
    next_degree(&g, window, half, t_at, deriv);
  }
  const double unit = pow((double)half * delta, -(double)deriv);
  for (size_t i = 0; i < window && deriv > 0; i++) weight[i] *= unit;
}

static double dot(const double *w, const double *x, size_t n) {
  double s0 = 0.0, s1 = 0.0;
  size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    s0 += w[i] * x[i];
    s1 += w[i + 1] * x[i + 1];
  }
  return s0 + s1 + (i < n ? w[i] * x[i] : 0.0);
}

/** Middle samples, four at a time: the taps outside, the outputs side by side. */
static void correlate(double *y, const double *x, size_t n, const double *w, size_t window) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
    for (size_t k = 0; k < window; k++) {
      const double *at = x + i + k;
      s0 += w[k] * at[0];
      s1 += w[k] * at[1];
      s2 += w[k] * at[2];
      s3 += w[k] * at[3];
    }
    y[i] = s0;
    y[i + 1] = s1;
    y[i + 2] = s2;
    y[i + 3] = s3;
  }
  for (; i < n; i++) y[i] = dot(w, x + i, window);
}

dsp_status dsp_savgol(double *y, const double *x, size_t n, unsigned window, unsigned order, unsigned deriv, double delta,
                      dsp_error *error) {
  if (window % 2 == 0 || window > WINDOW_MAX || order >= window || order > ORDER_MAX)
    return dsp_fail(error, DSP_BAD_OPTION, "Savitzky-Golay", "an odd window and an order below it, at most 20", "window %u, order %u",
                    window, order);
  if (!(delta > 0.0) || !isfinite(delta)) return dsp_fail(error, DSP_BAD_OPTION, "Savitzky-Golay", "a step above 0", "%g", delta);
  if (n < window) return dsp_fail(error, DSP_BAD_INPUT, "Savitzky-Golay", "at least one whole window", "%zu samples, window %u", n, window);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return dsp_fail(error, DSP_BAD_INPUT, "Savitzky-Golay", "finite samples", "sample %zu is not finite", i);
  if (deriv > order) {
    for (size_t i = 0; i < n; i++) y[i] = 0.0;
    return DSP_OK;
  }
  const size_t half = window / 2;
  double *buffer = dsp_alloc(window, 3 * sizeof(double));
  if (!buffer) return dsp_fail_memory(error);
  double *weight = buffer, *scratch = buffer + window;
  for (size_t i = 0; i < half; i++) {
    weights(weight, scratch, window, order, deriv, i, delta);
    y[i] = dot(weight, x, window);
    weights(weight, scratch, window, order, deriv, half + 1 + i, delta);
    y[n - half + i] = dot(weight, x + n - window, window);
  }
  weights(weight, scratch, window, order, deriv, half, delta);
  correlate(y + half, x, n - 2 * half, weight, window);
  free(buffer);
  return DSP_OK;
}
