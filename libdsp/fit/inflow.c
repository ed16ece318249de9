/* SPDX-License-Identifier: GPL-3.0-or-later
 * Initial slope of a limb that fills behind an occlusion cuff.
 *
 * Method: veins fill as a store, V = S/k (1 - exp(-k t)): a straight line through the first seconds reads too low by about k t/2 (why the
 * first beats matter: Junejo, Ray and Marshall, Eur. J. Appl. Physiol. 2019). Level, S and k are fitted by Gauss-Newton beside two
 * harmonics of the pulse. The bend of one cycle is as uncertain as breathing is strong, so k is shrunk towards what the cycles share, the
 * store's capacity S/k, by the normal-normal rule, and S follows by its covariance with k. */
#include <dsp/fit.h>
#include <dsp/inflow.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>

enum { HARMONICS = 2, COLUMNS = 3 + 2 * HARMONICS };

static const double two_pi = 6.283185307179586;

typedef struct cycle_data {
  double *t, *y, *design, *residual; /* n samples; COLUMNS columns */
  size_t n, capacity;
} cycle_data;

static bool reserve(cycle_data *d, size_t n) {
  d->capacity = n;
  d->t = dsp_alloc(n, sizeof *d->t);
  d->y = dsp_alloc(n, sizeof *d->y);
  d->residual = dsp_alloc(n, sizeof *d->residual);
  d->design = dsp_alloc(n, COLUMNS * sizeof *d->design);
  return d->t && d->y && d->residual && d->design;
}

static void clear(cycle_data *d) {
  free(d->t);
  free(d->y);
  free(d->residual);
  free(d->design);
}

static void gather(cycle_data *d, const dsp_trace *trace, const dsp_inflow_cycle *c) {
  d->n = 0;
  for (size_t i = dsp_trace_index(trace, c->from_s), end = dsp_trace_index(trace, c->to_s); i < end && d->n < d->capacity; i++) {
    if (!trace->ok[i]) continue;
    d->t[d->n] = (double)i / trace->rate_hz - c->zero_s;
    d->y[d->n++] = trace->x[i];
  }
}

/* A store's filling after a unit slope at 0, g = (1 - exp(-k t)) / k, and its derivative by k; a line and -t^2 / 2 for k = 0. */
static double store(double k, double t) {
  return fabs(k * t) < 1e-6 ? t - 0.5 * k * t * t : -expm1(-k * t) / k;
}

static double store_bend(double k, double t) {
  const double u = k * t;
  return fabs(u) < 1e-3 ? t * t * (-0.5 + u / 3) : (t * exp(-u) - store(k, t)) / k;
}

/* Columns 1, g, (dg/dk,) and the pulse's harmonics; returns how many. */
static size_t columns(cycle_data *d, double rate_per_s, bool bends, double pulse_hz) {
  size_t k = 2;
  double *a = d->design;
  for (size_t i = 0; i < d->n; i++) {
    a[i] = 1;
    a[d->n + i] = store(rate_per_s, d->t[i]);
    if (bends) a[2 * d->n + i] = store_bend(rate_per_s, d->t[i]);
  }
  if (bends) k++;
  for (int h = 1; h <= HARMONICS && isfinite(pulse_hz); h++, k += 2)
    for (size_t i = 0; i < d->n; i++) {
      a[k * d->n + i] = cos(two_pi * h * pulse_hz * d->t[i]);
      a[(k + 1) * d->n + i] = sin(two_pi * h * pulse_hz * d->t[i]);
    }
  return k;
}

typedef struct fitted {
  double coef[COLUMNS], cov[COLUMNS * COLUMNS];
  dsp_lsq info;
  size_t k;
  bool ok;
} fitted;

static fitted fit(cycle_data *d, double rate_per_s, bool bends, double pulse_hz) {
  fitted f = {.ok = false};
  f.k = columns(d, rate_per_s, bends, pulse_hz);
  if (d->n < 2 * f.k + 4) return f;
  f.ok = dsp_least_squares(f.coef, f.cov, &f.info, d->design, d->n, f.k, d->y, NULL, NULL) == DSP_OK && f.info.rank == f.k;
  return f;
}

/* The pulse's frequency: the one whose harmonics leave least, when they explain their share of what line and bend leave. */
static double find_pulse(cycle_data *d) {
  static const double lowest_hz = 0.6, highest_hz = 3, share = 0.3;
  const fitted without = fit(d, 0, true, (double)NAN);
  const double length_s = d->n > 1 ? d->t[d->n - 1] - d->t[0] : 0;
  if (!without.ok || length_s < 2) return (double)NAN;
  double best = without.info.rss, best_hz = (double)NAN;
  for (double step_hz = 0.2 / length_s, from_hz = lowest_hz, to_hz = highest_hz; step_hz > 0.002; step_hz *= 0.25) {
    for (double hz = from_hz; hz <= to_hz; hz += step_hz) {
      const fitted with = fit(d, 0, true, hz);
      if (with.ok && with.info.rss < best) best = with.info.rss, best_hz = hz;
    }
    if (!isfinite(best_hz)) return (double)NAN;
    from_hz = fmax(lowest_hz, best_hz - step_hz);
    to_hz = fmin(highest_hz, best_hz + step_hz);
  }
  return best < (1 - share) * without.info.rss ? best_hz : (double)NAN;
}

/* Variance of a regression's coefficients grows by about this factor when residuals are not independent: their spectrum at low frequency
 * over its mean, from the autocorrelation under a triangular window (Newey and West, Econometrica 55 (1987) 703). */
static double inflation(cycle_data *d, const fitted *f) {
  for (size_t i = 0; i < d->n; i++) {
    d->residual[i] = d->y[i];
    for (size_t k = 0; k < f->k; k++) d->residual[i] -= f->coef[k] * d->design[k * d->n + i];
  }
  double zero = 0, factor = 1;
  const size_t most = d->n / 3;
  for (size_t i = 0; i < d->n; i++) zero += d->residual[i] * d->residual[i];
  for (size_t lag = 1; zero > 0 && lag < most; lag++) {
    double sum = 0;
    for (size_t i = lag; i < d->n; i++) sum += d->residual[i] * d->residual[i - lag];
    factor += 2 * (1 - (double)lag / (double)most) * sum / zero;
  }
  return fmax(1, factor);
}

/* A fitted store: slope S at 0, rate k, their covariance. */
typedef struct filled {
  double slope, rate, var_slope, var_rate, cov;
  bool ok;
} filled;

/* Gauss-Newton on S and k from the straight line; both enter the last step's covariance. */
static filled fit_store(cycle_data *d, double pulse_hz) {
  enum { PASSES = 8 };
  static const double least_rate = -0.2, most_rate = 2;
  filled s = {.ok = true};
  for (int pass = 0; pass < PASSES && s.ok; pass++) {
    const fitted f = fit(d, s.rate, true, pulse_hz);
    const double slope = f.ok ? f.coef[1] : 0;
    s.ok = f.ok && slope != 0;
    if (!s.ok) break;
    const double factor = pass == PASSES - 1 ? inflation(d, &f) : 1;
    s.slope = slope;
    s.var_slope = f.cov[f.k + 1] * factor;
    s.var_rate = f.cov[2 * f.k + 2] * factor / (slope * slope);
    s.cov = f.cov[f.k + 2] * factor / slope;
    const double step = fmax(-0.15, fmin(0.15, f.coef[2] / slope));
    s.rate = fmax(least_rate, fmin(most_rate, s.rate + step));
  }
  return s;
}

static void read_line(dsp_inflow *out, cycle_data *d) {
  const fitted with = fit(d, 0, false, out->pulse_hz);
  if (!with.ok) return;
  out->line = (dsp_estimate){with.coef[1], sqrt(with.cov[with.k + 1] * inflation(d, &with))};
  double mean = 0, total = 0;
  for (size_t i = 0; i < d->n; i++) mean += (d->y[i] - d->residual[i]) / (double)d->n;
  for (size_t i = 0; i < d->n; i++) { /* what is neither pulse nor rest is the line */
    const double line = with.coef[0] + with.coef[1] * d->t[i] + d->residual[i];
    total += (line - mean) * (line - mean);
  }
  out->r2 = total > 0 ? 1 - with.info.rss / total : (double)NAN;
}

/* The capacity's reciprocal c, k = c S, that the cycles share, and its spread between them beyond what noise explains. */
static void common_capacity(double *c, double *spread, const filled *all, size_t n) {
  double weights = 0, sum = 0, squares = 0, count = 0;
  for (size_t i = 0; i < n; i++) {
    if (!all[i].ok) continue;
    const double own = all[i].rate / all[i].slope, weight = all[i].slope * all[i].slope / (all[i].var_rate + 1e-30);
    weights += weight;
    sum += weight * own;
    squares += weight * own * own;
    count++;
  }
  *c = weights > 0 ? fmax(0, sum / weights) : 0;
  *spread = weights > 0 ? sqrt(fmax(0, (squares - sum * sum / weights - (count - 1)) / weights)) : 0;
}

static void shrink(dsp_inflow *out, const filled *s, double c, double spread) {
  static const double least_share = 0.15; /* stores differ at least so much from one another */
  const double prior = c * s->slope, prior_sd = fmax(least_share, fmin(spread / c, 1)) * fabs(prior);
  const double weight = s->var_rate / (s->var_rate + prior_sd * prior_sd + 1e-300), shift = weight * (prior - s->rate);
  out->rate_per_s = s->rate + shift;
  out->initial.value = s->slope + s->cov / s->var_rate * shift;
  out->initial.se = sqrt(fmax(0, s->var_slope - s->cov * s->cov / s->var_rate * weight));
}

dsp_status dsp_inflow_read(dsp_inflow *inflow, const dsp_trace *trace, const dsp_inflow_cycle *cycles, size_t n) {
  size_t most = 1;
  for (size_t i = 0; i < n; i++) {
    inflow[i] = (dsp_inflow){{NAN, NAN}, {NAN, NAN}, NAN, NAN, NAN};
    const size_t samples = (size_t)fmax(0, (cycles[i].to_s - cycles[i].from_s) * trace->rate_hz) + 2;
    if (samples > most) most = samples;
  }
  cycle_data d = {0};
  filled *all = dsp_zalloc(n ? n : 1, sizeof *all);
  const dsp_status status = all && reserve(&d, most) ? DSP_OK : DSP_NO_MEMORY;
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    gather(&d, trace, &cycles[i]);
    inflow[i].pulse_hz = find_pulse(&d);
    read_line(&inflow[i], &d);
    all[i] = fit_store(&d, inflow[i].pulse_hz);
  }
  if (status == DSP_OK) {
    double c, spread;
    common_capacity(&c, &spread, all, n);
    for (size_t i = 0; i < n; i++)
      if (all[i].ok) shrink(&inflow[i], &all[i], c, spread);
  }
  free(all);
  clear(&d);
  return status;
}
