/* SPDX-License-Identifier: GPL-3.0-or-later
 * One or two exponentials and a level: v(t) = a + b exp(-t / tau) [+ c exp(-t / tau')].
 *
 * Method: for given time constants the rest is linear, so a coarse search over a logarithmic grid of them on block averages finds the basin
 * of the global minimum; Levenberg-Marquardt on all parameters, with ln tau in place of tau and the exact Jacobian, ends in its bottom.
 * Soft-L1 loss by reweighting, which has the same stationary points. A time constant at a limit, two that cannot be told apart, one whose
 * standard error exceeds it, or a search that does not settle is no solution. Sources: G. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973)
 * 413 (separation); D. Marquardt, J. SIAM 11 (1963) 431; covariance of the soft loss: P. Huber, Robust Statistics, 7.6. */
#include <dsp/fit.h>
#include <dsp/memory.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { TERMS_MAX = 2, PARAMS_MAX = 1 + 2 * TERMS_MAX, GRID = 48, COARSE_MAX = 240, ITERATIONS_MAX = 200 };
static const double SETTLED = 1e-10, APART = 1.05, DAMPING_MAX = 1e12;

/** A problem and its scratch. Parameters inside: level, then amplitude and ln tau of each term. */
typedef struct problem {
  const double *t, *v;
  size_t n;
  unsigned terms;
  double soft;            /**< soft-L1 scale, 0 for squares */
  double lo, hi;          /**< limits of ln tau */
  double *jacobian;       /**< (n + params) x params, by column */
  double *rhs, *residual; /**< n + params each */
} problem;

static size_t params(const problem *p) {
  return 1 + 2 * (size_t)p->terms;
}

/** Loss of the residuals of q, which it leaves in r. */
static double loss(const problem *p, double *r, const double *q) {
  double sum = 0.0, rate[TERMS_MAX] = {0.0};
  for (unsigned k = 0; k < p->terms; k++) rate[k] = exp(-q[2 + 2 * k]);
  for (size_t i = 0; i < p->n; i++) {
    double v = q[0];
    for (unsigned k = 0; k < p->terms; k++) v += q[1 + 2 * k] * exp(-p->t[i] * rate[k]);
    r[i] = p->v[i] - v;
    const double z = p->soft > 0.0 ? r[i] / p->soft : 0.0;
    /* 2 (sqrt(1 + z^2) - 1) without the cancellation */
    sum += p->soft > 0.0 ? p->soft * p->soft * 2.0 * z * z / (1.0 + sqrt(1.0 + z * z)) : r[i] * r[i];
  }
  return sum;
}

/** Jacobian at q in the first n rows, root weights applied, and the weighted residuals r beside it. */
static void linearise(problem *p, const double *q, const double *r) {
  const size_t rows = p->n + params(p);
  for (size_t i = 0; i < p->n; i++) {
    const double z = p->soft > 0.0 ? r[i] / p->soft : 0.0, root = p->soft > 0.0 ? 1.0 / sqrt(sqrt(1.0 + z * z)) : 1.0;
    p->rhs[i] = root * r[i];
    p->jacobian[i] = root;
    for (unsigned k = 0; k < p->terms; k++) {
      const double x = p->t[i] * exp(-q[2 + 2 * k]), e = exp(-x);
      p->jacobian[(1 + 2 * k) * rows + i] = root * e;
      p->jacobian[(2 + 2 * k) * rows + i] = root * q[1 + 2 * k] * x * e;
    }
  }
}

/** Levenberg-Marquardt step: rows of damping x column length below the Jacobian. */
static dsp_status damped_step(problem *p, double *step, double damping) {
  const size_t m = params(p), rows = p->n + m;
  for (size_t j = 0; j < m; j++) {
    double *column = p->jacobian + j * rows, square = 0.0;
    for (size_t i = 0; i < p->n; i++) square += column[i] * column[i];
    for (size_t i = 0; i < m; i++) column[p->n + i] = i == j ? sqrt(damping * square) : 0.0;
    p->rhs[p->n + j] = 0.0;
  }
  dsp_lsq info;
  return dsp_least_squares(step, NULL, &info, p->jacobian, rows, m, p->rhs, NULL, NULL);
}

/** Size of a step: level and amplitudes against the largest amplitude, ln tau as it is. */
static double relative(const double *step, const double *q, size_t m) {
  double scale = 0.0, most = 0.0;
  for (size_t j = 1; j < m; j += 2) scale = fabs(q[j]) > scale ? fabs(q[j]) : scale;
  for (size_t j = 0; j < m; j++) {
    const double size = j > 0 && j % 2 == 0 ? fabs(step[j]) : (scale > 0.0 ? fabs(step[j]) / scale : 0.0);
    most = size > most ? size : most;
  }
  return most;
}

/** From q to the bottom of its basin. DSP_NO_SOLUTION when the steps do not die away. */
static dsp_status descend(problem *p, double *q, unsigned *iterations) {
  const size_t m = params(p);
  double damping = 1e-3, step[PARAMS_MAX] = {0.0}, next[PARAMS_MAX] = {0.0};
  double *r = p->residual, now = loss(p, r, q);
  for (*iterations = 1; *iterations <= ITERATIONS_MAX; ++*iterations) {
    linearise(p, q, r);
    for (;; damping *= 8.0) {
      if (damping > DAMPING_MAX) return DSP_NO_SOLUTION;
      const dsp_status status = damped_step(p, step, damping);
      if (status != DSP_OK) return status == DSP_NO_MEMORY ? status : DSP_NO_SOLUTION;
      for (size_t j = 0; j < m; j++) next[j] = q[j] + step[j];
      const double then = loss(p, r, next);
      const bool still = relative(step, q, m) <= SETTLED;
      if (then <= now || still) {
        now = then < now ? then : now;
        memcpy(q, next, m * sizeof *q);
        damping *= 0.1;
        if (still) return DSP_OK;
        break;
      }
    }
    for (size_t k = 2; k < m; k += 2)
      if (!(q[k] > p->lo - 1.0 && q[k] < p->hi + 1.0)) return DSP_NO_SOLUTION;
  }
  return DSP_NO_SOLUTION;
}

/** Averages over blocks of equal count: enough for the coarse search, whatever the length of the record. */
static size_t thin(double *t, double *v, const problem *p) {
  const size_t count = p->n < COARSE_MAX ? p->n : COARSE_MAX;
  for (size_t k = 0; k < count; k++) {
    const size_t from = k * p->n / count, to = (k + 1) * p->n / count;
    t[k] = v[k] = 0.0;
    for (size_t i = from; i < to; i++) {
      t[k] += p->t[i] / (double)(to - from);
      v[k] += p->v[i] / (double)(to - from);
    }
  }
  return count;
}

/** Linear fit for the grid's time constants at[0..terms); its coefficients into q when it beats *least. */
static dsp_status try_grid(double *q, double *least, const double *columns, const double *v, size_t n, const double *ln_tau,
                           const size_t *at, unsigned terms) {
  double a[(1 + TERMS_MAX) * COARSE_MAX], coef[1 + TERMS_MAX];
  for (size_t i = 0; i < n; i++) a[i] = 1.0;
  for (unsigned k = 0; k < terms; k++) memcpy(a + (k + 1) * n, columns + at[k] * n, n * sizeof *a);
  dsp_lsq info;
  const dsp_status status = dsp_least_squares(coef, NULL, &info, a, n, 1 + terms, v, NULL, NULL);
  if (status != DSP_OK) return status;
  if (info.rank == 1 + (size_t)terms && info.rss < *least) {
    *least = info.rss;
    q[0] = coef[0];
    for (unsigned k = 0; k < terms; k++) {
      q[1 + 2 * k] = coef[1 + k];
      q[2 + 2 * k] = ln_tau[at[k]];
    }
  }
  return DSP_OK;
}

/** Best start on the grid; DSP_NO_SOLUTION when every column is a constant. */
static dsp_status search(const problem *p, double *q) {
  double t[COARSE_MAX], v[COARSE_MAX], ln_tau[GRID], least = (double)INFINITY;
  const size_t n = thin(t, v, p);
  double *columns = dsp_alloc((size_t)GRID * n, sizeof *columns);
  if (!columns) return DSP_NO_MEMORY;
  for (size_t g = 0; g < GRID; g++) {
    ln_tau[g] = p->lo + (p->hi - p->lo) * ((double)g + 0.5) / GRID;
    for (size_t i = 0; i < n; i++) columns[g * n + i] = exp(-t[i] * exp(-ln_tau[g]));
  }
  dsp_status status = DSP_OK;
  for (size_t g = 0; g < GRID && status == DSP_OK; g++) {
    if (p->terms == 1) status = try_grid(q, &least, columns, v, n, ln_tau, &g, 1);
    /* every second one is near enough for pairs */
    for (size_t h = g + 2; p->terms == 2 && g % 2 == 0 && h < GRID && status == DSP_OK; h += 2)
      status = try_grid(q, &least, columns, v, n, ln_tau, (const size_t[]){g, h}, 2);
  }
  free(columns);
  if (status != DSP_OK) return status;
  return isfinite(least) ? DSP_OK : DSP_NO_SOLUTION;
}

/** Order terms, turn ln tau into tau, and give the covariance. DSP_NO_SOLUTION when the parameters do not mean anything. */
static dsp_status finish(dsp_exponential *fit, problem *p, double *q) {
  const size_t m = params(p), rows = p->n + m;
  if (p->terms == 2 && q[2] > q[4]) {
    const double b = q[1], ln_tau = q[2];
    q[1] = q[3], q[2] = q[4];
    q[3] = b, q[4] = ln_tau;
  }
  loss(p, p->residual, q);
  const double soft = p->soft;
  double psi2 = 0.0, slope = 0.0, rss = 0.0;
  for (size_t i = 0; i < p->n; i++) {
    const double r = p->residual[i], z = soft > 0.0 ? r / soft : 0.0, w = soft > 0.0 ? 1.0 / sqrt(1.0 + z * z) : 1.0;
    rss += r * r;
    psi2 += w * w * r * r;
    slope += soft > 0.0 ? w / (1.0 + z * z) : 1.0;
  }
  const double freedom = (double)(p->n - m), share = slope / (double)p->n;
  p->soft = 0.0;
  linearise(p, q, p->residual);
  p->soft = soft;
  for (size_t j = 0; j < m; j++)
    for (size_t i = p->n; i < rows; i++) p->jacobian[j * rows + i] = 0.0;
  for (size_t i = p->n; i < rows; i++) p->rhs[i] = 0.0;
  double coef[PARAMS_MAX], cov[PARAMS_MAX * PARAMS_MAX];
  dsp_lsq info;
  const dsp_status status = dsp_least_squares(coef, cov, &info, p->jacobian, rows, m, p->rhs, NULL, NULL);
  if (status != DSP_OK) return status;
  if (info.rank < m) return DSP_NO_SOLUTION;

  *fit = (dsp_exponential){.terms = p->terms, .sd = sqrt(rss / freedom)};
  /* the solver scaled by its own residual variance over all rows; take the inverse alone */
  const double variance = psi2 / freedom / (share * share), unscale = info.variance > 0.0 ? variance / info.variance : 0.0;
  double unit[PARAMS_MAX];
  for (size_t j = 0; j < m; j++) {
    const bool is_tau = j > 0 && j % 2 == 0;
    fit->p[j] = is_tau ? exp(q[j]) : q[j];
    unit[j] = is_tau ? fit->p[j] : 1.0;
  }
  for (size_t j = 0; j < m; j++)
    for (size_t k = 0; k < m; k++) fit->cov[j][k] = cov[j * m + k] * unscale * unit[j] * unit[k];
  for (size_t k = 2; k < m; k += 2)
    if (!(q[k] > p->lo && q[k] < p->hi) || !(fit->cov[k][k] <= fit->p[k] * fit->p[k])) return DSP_NO_SOLUTION;
  if (p->terms == 2 && fit->p[4] < APART * fit->p[2]) return DSP_NO_SOLUTION;
  return DSP_OK;
}

/** No more than rounding: a time constant of it would be an accident. */
static bool is_constant(const double *v, size_t n) {
  double low = v[0], high = v[0];
  for (size_t i = 1; i < n; i++) {
    low = v[i] < low ? v[i] : low;
    high = v[i] > high ? v[i] : high;
  }
  return high - low <= 64.0 * DBL_EPSILON * fmax(fabs(low), fabs(high));
}

static dsp_status check(const double *t, const double *v, size_t n, const dsp_exponential_rule *rule, dsp_error *error) {
  if (rule->terms < 1 || rule->terms > TERMS_MAX || !(rule->tau_lo > 0.0) || !(rule->tau_hi > rule->tau_lo) || !isfinite(rule->tau_hi) ||
      !(rule->soft_scale >= 0.0))
    return dsp_fail(error, DSP_BAD_OPTION, "exponential", "1 or 2 terms, 0 < lower < upper limit", "%u terms, %g to %g", rule->terms,
                    rule->tau_lo, rule->tau_hi);
  if (n <= 1 + 2 * (size_t)rule->terms) return dsp_fail(error, DSP_BAD_INPUT, "exponential", "more samples than parameters", "%zu", n);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(t[i]) || !isfinite(v[i])) return dsp_fail(error, DSP_BAD_INPUT, "exponential", "finite samples", "sample %zu", i);
  return DSP_OK;
}

dsp_status dsp_exponential_fit(dsp_exponential *fit, const double *t, const double *v, size_t n, const dsp_exponential_rule *rule,
                               dsp_error *error) {
  *fit = (dsp_exponential){0};
  dsp_status status = check(t, v, n, rule, error);
  if (status != DSP_OK) return status;
  problem p = {.t = t, .v = v, .n = n, .terms = rule->terms, .soft = rule->soft_scale, .lo = log(rule->tau_lo), .hi = log(rule->tau_hi)};
  const size_t m = params(&p), rows = n + m;
  double *buffer = dsp_alloc(rows, (m + 2) * sizeof *buffer);
  if (!buffer) return dsp_fail_memory(error);
  p.jacobian = buffer;
  p.rhs = buffer + m * rows;
  p.residual = p.rhs + rows;

  double q[PARAMS_MAX] = {0.0};
  unsigned iterations = 0;
  status = is_constant(v, n) ? DSP_NO_SOLUTION : search(&p, q);
  if (status == DSP_OK) status = descend(&p, q, &iterations);
  if (status == DSP_OK) status = finish(fit, &p, q);
  fit->iterations = iterations;
  free(buffer);
  if (status == DSP_OK) return DSP_OK;
  *fit = (dsp_exponential){0};
  if (status == DSP_NO_MEMORY) return dsp_fail_memory(error);
  return dsp_fail(error, DSP_NO_SOLUTION, "exponential", "time constants within their limits that the trace determines", "none");
}

double dsp_exponential_at(const dsp_exponential *fit, double t) {
  double v = fit->p[0];
  for (unsigned k = 0; k < fit->terms; k++) v += fit->p[1 + 2 * k] * exp(-t / fit->p[2 + 2 * k]);
  return v;
}
