/* SPDX-License-Identifier: GPL-3.0-or-later
 * Initial slope of a limb that fills behind an occlusion cuff.
 *
 * Method: veins fill as a store, V = S/k (1 - exp(-k t)): a straight line through the first seconds reads too low by k t/2. Regression on
 * 1, t, t^2 with the pulse as harmonics gives the slope at t = 0 (D. M. Junejo et al., Eur. J. Appl. Physiol. 2019, for why the first beats
 * matter); the third order follows from the first two and is put in by a second pass. The bend of one cycle is as uncertain as breathing
 * is strong, so it is shrunk towards the cycles' common bend by the usual normal-normal rule. */
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

/* Columns 1, t, (t^2,) and the pulse's harmonics; returns how many. */
static size_t columns(cycle_data *d, bool bends, double pulse_hz) {
  size_t k = 0;
  double *a = d->design;
  for (size_t i = 0; i < d->n; i++) a[i] = 1;
  k++;
  for (size_t i = 0; i < d->n; i++) a[k * d->n + i] = d->t[i];
  k++;
  if (bends) {
    for (size_t i = 0; i < d->n; i++) a[k * d->n + i] = d->t[i] * d->t[i];
    k++;
  }
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

static fitted fit(cycle_data *d, bool bends, double pulse_hz) {
  fitted f = {.ok = false};
  f.k = columns(d, bends, pulse_hz);
  if (d->n < 2 * f.k + 4) return f;
  f.ok = dsp_least_squares(f.coef, f.cov, &f.info, d->design, d->n, f.k, d->y, NULL, NULL) == DSP_OK && f.info.rank == f.k;
  return f;
}

/* The pulse's frequency: the one whose harmonics leave least, when they explain their share of what line and bend leave. */
static double find_pulse(cycle_data *d) {
  static const double lowest_hz = 0.6, highest_hz = 3, share = 0.3;
  const fitted without = fit(d, true, (double)NAN);
  const double length_s = d->n > 1 ? d->t[d->n - 1] - d->t[0] : 0;
  if (!without.ok || length_s < 2) return (double)NAN;
  double best = without.info.rss, best_hz = (double)NAN;
  for (double step_hz = 0.2 / length_s, from_hz = lowest_hz, to_hz = highest_hz; step_hz > 0.002; step_hz *= 0.25) {
    for (double hz = from_hz; hz <= to_hz; hz += step_hz) {
      const fitted with = fit(d, true, hz);
      if (with.ok && with.info.rss < best) best = with.info.rss, best_hz = hz;
    }
    if (!isfinite(best_hz)) return (double)NAN;
    from_hz = fmax(lowest_hz, best_hz - step_hz);
    to_hz = fmin(highest_hz, best_hz + step_hz);
  }
  return best < (1 - share) * without.info.rss ? best_hz : (double)NAN;
}

/* Variance of a regression's coefficients grows by about this factor when residuals are not independent: the spectrum at low frequency
 * over the mean, from the autocorrelation up to its first zero. */
static double inflation(cycle_data *d, const fitted *f) {
  for (size_t i = 0; i < d->n; i++) {
    d->residual[i] = d->y[i];
    for (size_t k = 0; k < f->k; k++) d->residual[i] -= f->coef[k] * d->design[k * d->n + i];
  }
  double zero = 0, factor = 1;
  for (size_t i = 0; i < d->n; i++) zero += d->residual[i] * d->residual[i];
  for (size_t lag = 1; zero > 0 && lag < d->n / 3; lag++) {
    double sum = 0;
    for (size_t i = lag; i < d->n; i++) sum += d->residual[i] * d->residual[i - lag];
    if (sum <= 0) break;
    factor += 2 * sum / zero;
  }
  return factor;
}

typedef struct bent {
  fitted f;
  double inflation;
  bool ok;
} bent;

/* A store's third order, from slope and bend: b = -S k / 2, third = S k^2 / 6. Only where the series still converges. */
static double third_order(double slope, double bend, double length_s) {
  if (!(slope * bend < 0)) return 0;
  const double k = -2 * bend / slope;
  return k * length_s < 1.5 ? slope * k * k / 6 : 0;
}

static void add_third(cycle_data *d, double third) {
  for (size_t i = 0; i < d->n; i++) d->y[i] -= third * d->t[i] * d->t[i] * d->t[i];
}

static bent fit_bent(cycle_data *d, double pulse_hz) {
  bent b = {.f = fit(d, true, pulse_hz)};
  b.ok = b.f.ok;
  double taken = 0;
  for (int pass = 0; pass < 3 && b.ok; pass++) {
    const double third = third_order(b.f.coef[1], b.f.coef[2], d->t[d->n - 1]);
    add_third(d, third - taken);
    taken = third;
    b.f = fit(d, true, pulse_hz);
    b.ok = b.f.ok;
  }
  if (b.ok) b.inflation = inflation(d, &b.f);
  return b;
}

static void read_line(dsp_inflow *out, cycle_data *d) {
  const fitted with = fit(d, false, out->pulse_hz);
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

/* The common capacity's reciprocal c in bend = -c S^2 / 2, by weighted mean, and its standard deviation between cycles. */
static void common_bend(double *c, double *spread, const bent *all, size_t n) {
  double weights = 0, sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) {
    if (!all[i].ok) continue;
    const double s2 = 0.5 * all[i].f.coef[1] * all[i].f.coef[1];
    const double weight = s2 * s2 / (all[i].f.cov[2 * all[i].f.k + 2] * all[i].inflation + 1e-30), own = -all[i].f.coef[2] / s2;
    weights += weight;
    sum += weight * own;
    squares += weight * own * own;
  }
  *c = weights > 0 ? fmax(0, sum / weights) : 0;
  *spread = weights > 0 ? sqrt(fmax(0, squares / weights - *c * *c)) : 0;
}

static void shrink(dsp_inflow *out, const bent *b, double c, double spread) {
  static const double least_share = 0.3; /* stores differ at least so much from one another */
  const size_t k = b->f.k;
  const double variance_bend = b->f.cov[2 * k + 2] * b->inflation, variance = b->f.cov[k + 1] * b->inflation;
  const double shared = b->f.cov[k + 2] * b->inflation, s2 = 0.5 * b->f.coef[1] * b->f.coef[1];
  const double prior = -c * s2, prior_sd = fmax(least_share * c, fmin(spread, c)) * s2;
  const double weight = variance_bend / (variance_bend + prior_sd * prior_sd + 1e-300);
  const double shift = weight * (prior - b->f.coef[2]);
  out->bend = b->f.coef[2] + shift;
  out->initial.value = b->f.coef[1] + shared / variance_bend * shift;
  out->initial.se = sqrt(fmax(0, variance - shared * shared / variance_bend * weight));
}

dsp_status dsp_inflow_read(dsp_inflow *inflow, const dsp_trace *trace, const dsp_inflow_cycle *cycles, size_t n) {
  size_t most = 1;
  for (size_t i = 0; i < n; i++) {
    inflow[i] = (dsp_inflow){{NAN, NAN}, {NAN, NAN}, NAN, NAN, NAN};
    const size_t samples = (size_t)fmax(0, (cycles[i].to_s - cycles[i].from_s) * trace->rate_hz) + 2;
    if (samples > most) most = samples;
  }
  cycle_data d = {0};
  bent *all = dsp_zalloc(n ? n : 1, sizeof *all);
  dsp_status status = all && reserve(&d, most) ? DSP_OK : DSP_NO_MEMORY;
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    gather(&d, trace, &cycles[i]);
    inflow[i].pulse_hz = find_pulse(&d);
    read_line(&inflow[i], &d);
    all[i] = fit_bent(&d, inflow[i].pulse_hz);
  }
  if (status == DSP_OK) {
    double c, spread;
    common_bend(&c, &spread, all, n);
    for (size_t i = 0; i < n; i++)
      if (all[i].ok) shrink(&inflow[i], &all[i], c, n > 1 ? spread : INFINITY);
  }
  free(all);
  clear(&d);
  return status;
}
