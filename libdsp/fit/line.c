/* SPDX-License-Identifier: GPL-3.0-or-later
 * Straight lines: least squares, and Huber's M-estimate by iterated reweighting.
 *
 * Method: t and y are centred on their weighted means, so the slope keeps its digits far from t = 0. Huber: weights min(1, k sd /
 * |residual|) with k = 1.345 and sd = 1.4826 MAD of the residuals, until the coefficients stand still; after 30
 * rounds sd is kept, because a median that jumps between two samples can go round in circles, and with a fixed sd every round
 * descends. Sources: P. Huber, Robust
 * Statistics, 7.8 (estimate, and covariance from mean psi^2 and mean psi'). */
#include <dsp/fit.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ITERATIONS_MAX = 1000, SCALE_ROUNDS = 30 };
static const double HUBER_K = 1.345;

/** Weighted sums about the weighted means. */
typedef struct moments {
  double weight, t, y, tt, ty;
} moments;

static double at(const double *weight, size_t i) {
  return weight ? weight[i] : 1.0;
}

static moments moments_of(const double *t, const double *y, const double *weight, size_t n) {
  moments m = {0};
  for (size_t i = 0; i < n; i++) {
    m.weight += at(weight, i);
    m.t += at(weight, i) * t[i];
    m.y += at(weight, i) * y[i];
  }
  m.t /= m.weight;
  m.y /= m.weight;
  for (size_t i = 0; i < n; i++) {
    const double dt = t[i] - m.t;
    m.tt += at(weight, i) * dt * dt;
    m.ty += at(weight, i) * dt * (y[i] - m.y);
  }
  return m;
}

/** Coefficients; 0 when all t are the same or nothing has weight. */
static int line_from(dsp_line *line, const moments *m) {
  if (!(m->tt > 0.0) || !isfinite(m->ty) || !isfinite(m->tt)) return 0;
  line->slope = m->ty / m->tt;
  line->intercept = m->y - line->slope * m->t;
  return 1;
}

static void set_variance(dsp_line *line, const moments *m, double variance, double freedom) {
  line->var_slope = variance / m->tt;
  line->cov = -m->t * line->var_slope;
  line->var_intercept = variance / m->weight + m->t * m->t * line->var_slope;
  const double reach = freedom > 0.0 ? dsp_student_quantile(0.975, freedom) * sqrt(line->var_slope) : (double)NAN;
  line->slope_lo = line->slope - reach;
  line->slope_hi = line->slope + reach;
}

/** Residual about the means: no difference of two large values. */
static double residual(const dsp_line *line, const moments *m, double t, double y) {
  return (y - m->y) - line->slope * (t - m->t);
}

dsp_status dsp_line_least_squares(dsp_line *line, const double *t, const double *y, const double *weight, size_t n, dsp_error *error) {
  *line = (dsp_line){0};
  if (n < 2) return dsp_fail(error, DSP_NO_SOLUTION, "line", "at least 2 points", "%zu", n);
  const moments m = moments_of(t, y, weight, n);
  if (!line_from(line, &m)) return dsp_fail(error, DSP_NO_SOLUTION, "line", "two different times and finite values", "none");
  double rss = 0.0;
  for (size_t i = 0; i < n; i++) rss += at(weight, i) * residual(line, &m, t[i], y[i]) * residual(line, &m, t[i], y[i]);
  const double freedom = (double)n - 2.0, variance = n > 2 ? rss / freedom : (double)NAN;
  line->sd = sqrt(variance);
  set_variance(line, &m, variance, freedom);
  return DSP_OK;
}

/** What one reweighting needs. */
typedef struct huber {
  const double *t, *y;
  size_t n;
  double *weight, *r, *sorted;
  double size; /**< largest |y| about its mean: below its rounding a residual is 0 */
} huber;

/** One step from `line`: robust sd, weights, new line. 0 when the new line does not exist. */
static int reweight(huber *h, dsp_line *line, moments *m, bool keep_sd) {
  for (size_t i = 0; i < h->n; i++) h->r[i] = h->sorted[i] = residual(line, m, h->t[i], h->y[i]);
  if (!keep_sd) line->sd = dsp_order_sigma(h->sorted, h->n, 0.0);
  const double reach = HUBER_K * line->sd, least = 64.0 * DBL_EPSILON * h->size;
  for (size_t i = 0; i < h->n; i++) h->weight[i] = fabs(h->r[i]) <= reach || fabs(h->r[i]) <= least ? 1.0 : reach / fabs(h->r[i]);
  *m = moments_of(h->t, h->y, h->weight, h->n);
  return line_from(line, m);
}

static void huber_variance(dsp_line *line, const huber *h) {
  const moments plain = moments_of(h->t, h->y, NULL, h->n);
  double psi2 = 0.0, inside = 0.0;
  for (size_t i = 0; i < h->n; i++) {
    const double psi = h->weight[i] * h->r[i];
    psi2 += psi * psi;
    inside += h->weight[i] >= 1.0 ? 1.0 : 0.0;
  }
  const double freedom = (double)h->n - 2.0, share = inside / (double)h->n;
  const double variance = h->n > 2 && share > 0.0 ? psi2 / freedom / (share * share) : (double)NAN;
  set_variance(line, &plain, variance, freedom);
}

dsp_status dsp_line_huber(dsp_line *line, const double *t, const double *y, size_t n, dsp_error *error) {
  dsp_status status = dsp_line_least_squares(line, t, y, NULL, n, error);
  if (status != DSP_OK) return status;
  double *buffer = dsp_alloc(n, 3 * sizeof *buffer);
  if (!buffer) return dsp_fail_memory(error);
  huber h = {.t = t, .y = y, .n = n, .weight = buffer, .r = buffer + n, .sorted = buffer + 2 * n};
  moments m = moments_of(t, y, NULL, n);
  for (size_t i = 0; i < n; i++) h.size = fabs(y[i] - m.y) > h.size ? fabs(y[i] - m.y) : h.size;
  status = DSP_NO_SOLUTION;
  for (unsigned k = 0; k < ITERATIONS_MAX && status != DSP_OK; k++) {
    const dsp_line before = *line;
    if (!reweight(&h, line, &m, k >= SCALE_ROUNDS)) break;
    const double length = sqrt(m.tt / m.weight), moved = fabs(line->slope - before.slope) * length;
    const double shifted = fabs((line->intercept - before.intercept) + (line->slope - before.slope) * m.t);
    if (moved + shifted <= 1e-12 * (line->sd + 64.0 * DBL_EPSILON * h.size)) status = DSP_OK;
  }
  if (status == DSP_OK) huber_variance(line, &h);
  free(buffer);
  return status == DSP_OK
             ? DSP_OK
             : dsp_fail(error, DSP_NO_SOLUTION, "robust line", "weights that settle", "none after %d rounds", (int)ITERATIONS_MAX);
}
