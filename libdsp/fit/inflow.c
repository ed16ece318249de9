/* SPDX-License-Identifier: GPL-3.0-or-later
 * Initial slope of a limb that fills behind an occlusion cuff.
 *
 * Method: veins fill as a store, V = S/k (1 - exp(-k t)): a straight line through the first seconds reads too low by about k t/2 (why the
 * first beats matter: Junejo, Ray and Marshall, Eur. J. Appl. Physiol. 2019). Level, S and k are fitted by Gauss-Newton under the noise
 * that pulse, breathing and vasomotion are, so that their phase is used and not averaged over. The bend of one cycle is still poorly known,
 * so k is shrunk towards what the cycles share, the store's capacity S/k, by the normal-normal rule, and S follows by its covariance with
 * k. */
#include <dsp/inflow.h>
#include <dsp/level.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

enum { LEVEL, SLOPE, RATE, LAW, COLUMNS };

static const double fastest_per_s = 1; /* of a store's rate */

/* One cycle's samples, borrowed from the trace, and room for its design. */
typedef struct stretch {
  const double *y;
  const unsigned char *ok;
  double *t, *design;
  size_t n;
} stretch;

static void take(stretch *s, const dsp_trace *trace, const dsp_inflow_cycle *c) {
  const size_t from = dsp_trace_index(trace, c->from_s), to = dsp_trace_index(trace, c->to_s);
  s->y = trace->x + from;
  s->ok = trace->ok + from;
  s->n = to > from ? to - from : 0;
  for (size_t i = 0; i < s->n; i++) s->t[i] = (double)(from + i) / trace->rate_hz - c->zero_s;
}

/* A store's filling after a unit slope at 0, g = (1 - exp(-k t)) / k, and its derivative by k; a line and -t^2 / 2 for k = 0. */
static double store(double k, double t) {
  return fabs(k * t) < 1e-6 ? t - 0.5 * k * t * t : -expm1(-k * t) / k;
}

static double store_bend(double k, double t) {
  const double u = k * t;
  return fabs(u) < 1e-3 ? t * t * (-0.5 + u / 3) : (t * exp(-u) - store(k, t)) / k;
}

/* What a term -m V^2 of the law takes from a store that fills with unit slope, for m = 1: the integral of exp(-k (t - s)) g(s)^2 over s
 * from 0 to t; t^3 / 3 for k = 0. */
static double stiffening(double k, double t) {
  const double u = k * t;
  if (fabs(u) < 0.02) return t * t * t * (1.0 / 3 - u / 4);
  return (-expm1(-u) - 2 * u * exp(-u) - exp(-u) * expm1(-u)) / (k * k * k);
}

typedef struct fitted {
  double coef[COLUMNS], cov[COLUMNS * COLUMNS];
  bool ok;
} fitted;

static dsp_status fit(fitted *f, stretch *s, const dsp_noise *noise, double rate_per_s, size_t columns) {
  double variance;
  for (size_t i = 0; i < s->n; i++) {
    s->design[i] = 1;
    s->design[s->n + i] = store(rate_per_s, s->t[i]);
    if (columns > RATE) s->design[RATE * s->n + i] = store_bend(rate_per_s, s->t[i]);
    if (columns > LAW) s->design[LAW * s->n + i] = -stiffening(rate_per_s, s->t[i]);
  }
  const dsp_status status = dsp_noise_regress(noise, f->coef, f->cov, &variance, s->y, s->ok, s->n, s->design, columns, 0.5);
  f->ok = status == DSP_OK;
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* One cycle fitted about a rate: slope S at 0 and rate k as its own data have them, their covariance; and the rate that it is held at. */
typedef struct filled {
  double slope, own_rate, rate, var_slope, var_rate, cov;
  bool ok;
} filled;

/* Veins that stiffen fill at first along more of a line than a linear store, then bend more: V' = S - k V - m V^2 with m = q k^2 / S. How
 * much is a belief about q that the data may override: it is taken as one more observation. */
static void believe_law(fitted *f, double rate_per_s, double slope) {
  static const double usual = 0.3, sd = 0.3;
  const double unit = rate_per_s * rate_per_s * slope, variance = sd * sd * unit * unit;
  double gain[COLUMNS], row[COLUMNS];
  const double off = usual * unit - f->coef[LAW], sum = f->cov[LAW * COLUMNS + LAW] + variance;
  for (size_t i = 0; i < COLUMNS; i++) {
    row[i] = f->cov[(size_t)LAW * COLUMNS + i];
    gain[i] = row[i] / sum;
  }
  for (size_t i = 0; i < COLUMNS; i++) {
    f->coef[i] += gain[i] * off;
    for (size_t k = 0; k < COLUMNS; k++) f->cov[i * COLUMNS + k] -= gain[i] * row[k];
  }
}

static dsp_status fit_store(filled *s, stretch *d, const dsp_noise *noise) {
  static const double first_order = 1; /* beyond so much bend the law's term would need more of its kind */
  fitted f;
  const size_t columns = s->rate * d->t[d->n - 1] < first_order ? COLUMNS : LAW;
  const dsp_status status = fit(&f, d, noise, s->rate, columns);
  if (status == DSP_OK && f.ok && columns > LAW) believe_law(&f, s->rate, s->slope);
  s->ok = status == DSP_OK && f.ok && f.coef[SLOPE] > 0;
  if (!s->ok) return status;
  s->slope = f.coef[SLOPE];
  s->own_rate = s->rate + f.coef[RATE] / s->slope;
  s->var_slope = f.cov[SLOPE * columns + SLOPE];
  s->var_rate = f.cov[RATE * columns + RATE] / (s->slope * s->slope);
  s->cov = f.cov[SLOPE * columns + RATE] / s->slope;
  return status;
}

/* S when k is not what the data alone would have. */
static double slope_at(const filled *s, double rate) {
  return s->slope + s->cov / s->var_rate * (rate - s->own_rate);
}

static dsp_status read_line(dsp_inflow *out, stretch *d, const dsp_noise *noise) {
  fitted f;
  const dsp_status status = fit(&f, d, noise, 0, RATE);
  if (status != DSP_OK || !f.ok) return status;
  out->line = (dsp_estimate){f.coef[SLOPE], sqrt(f.cov[SLOPE * RATE + SLOPE])};
  double mean = 0, total = 0, left = 0, n = 0;
  for (size_t i = 0; i < d->n; i++)
    if (d->ok[i]) mean += d->y[i], n++;
  for (size_t i = 0; i < d->n; i++) {
    if (!d->ok[i]) continue;
    const double rest = d->y[i] - f.coef[LEVEL] - f.coef[SLOPE] * d->t[i];
    total += (d->y[i] - mean / n) * (d->y[i] - mean / n);
    left += rest * rest;
  }
  out->r2 = total > 0 ? 1 - left / total : (double)NAN;
  return status;
}

/* The capacity's reciprocal c, k = c S, that the cycles share; its standard error, and its relative spread between cycles. */
typedef struct capacity {
  double c, se, spread;
} capacity;

/* Venous capacity behind a cuff is 2 to 4 mL/100 mL in most limbs: a weak belief, which cycles that bend clearly override. */
static const double usual_c = 0.35, usual_sd = 0.15;

/* Weighted mean of the cycles' own k / S. S is taken at the rate that each is held at, since a cycle's own S errs with its own k. */
static void share_capacity(capacity *shared, const filled *all, size_t n) {
  double weights = 1 / (usual_sd * usual_sd), sum = usual_c / (usual_sd * usual_sd), squares = 0, spread = 0, count = 0;
  for (size_t i = 0; i < n; i++) {
    if (!all[i].ok) continue;
    const double held = slope_at(&all[i], all[i].rate);
    weights += held * held / all[i].var_rate;
    sum += held * all[i].own_rate / all[i].var_rate;
  }
  shared->c = fmax(0, sum / weights);
  shared->se = sqrt(1 / weights);
  for (size_t i = 0; i < n; i++) {
    if (!all[i].ok) continue;
    const double usual = shared->c * slope_at(&all[i], all[i].rate);
    squares += (all[i].own_rate - usual) * (all[i].own_rate - usual) / all[i].var_rate - 1;
    spread += usual * usual / all[i].var_rate;
    count++;
  }
  shared->spread = count > 1 && spread > 0 ? sqrt(fmax(0, squares / spread)) : 0;
}

/* Stores differ at least so much from one another. */
static const double least_spread = 0.15;

/* How far a cycle follows its own data instead of the shared capacity. */
static double kept_share(const filled *s, const capacity *shared, double usual) {
  const double sd = fmax(least_spread, fmin(shared->spread, 1)) * usual;
  return sd * sd / (sd * sd + s->var_rate + 1e-300);
}

static void hold(filled *s, const capacity *shared) {
  static const double longest_step = 0.1;
  const double usual = shared->c * slope_at(s, s->rate), wanted = usual + kept_share(s, shared, usual) * (s->own_rate - usual);
  s->rate = fmax(0, fmin(fastest_per_s, s->rate + fmax(-longest_step, fmin(longest_step, wanted - s->rate))));
}

static void put(dsp_inflow *out, const filled *s, const capacity *shared) {
  const double held = slope_at(s, s->rate), kept = kept_share(s, shared, shared->c * held), per_rate = s->cov / s->var_rate;
  out->rate_per_s = s->rate;
  out->initial.value = held;
  out->shared_se = fabs(per_rate) * held * shared->se * (1 - kept);
  out->initial.se = hypot(sqrt(fmax(0, s->var_slope - per_rate * s->cov * (1 - kept))), out->shared_se);
}

static size_t longest(const dsp_trace *trace, const dsp_inflow_cycle *cycles, size_t n) {
  size_t most = 1;
  for (size_t i = 0; i < n; i++) {
    const size_t samples = (size_t)fmax(0, (cycles[i].to_s - cycles[i].from_s) * trace->rate_hz) + 2;
    if (samples > most) most = samples;
  }
  return most;
}

dsp_status dsp_inflow_read(dsp_inflow *inflow, const dsp_trace *trace, const dsp_noise *noise, const dsp_inflow_cycle *cycles, size_t n) {
  enum { PASSES = 8 };
  const size_t most = longest(trace, cycles, n);
  stretch d = {.t = dsp_alloc(most, sizeof *d.t), .design = dsp_alloc(most, COLUMNS * sizeof *d.design)};
  filled *all = dsp_zalloc(n ? n : 1, sizeof *all);
  dsp_status status = d.t && d.design && all ? DSP_OK : DSP_NO_MEMORY;
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    inflow[i] = (dsp_inflow){{NAN, NAN}, {NAN, NAN}, NAN, NAN, NAN};
    take(&d, trace, &cycles[i]);
    if (d.n >= (size_t)2 * COLUMNS) status = read_line(&inflow[i], &d, noise);
    all[i].ok = inflow[i].line.value > 0;
    if (!all[i].ok) continue;
    all[i].slope = inflow[i].line.value;
    all[i].rate = fmin(usual_c * all[i].slope, fastest_per_s);
  }
  capacity shared = {usual_c, 0, 0};
  for (int pass = 0; pass < PASSES && status == DSP_OK; pass++) {
    for (size_t i = 0; i < n && status == DSP_OK; i++) {
      if (!all[i].ok) continue;
      take(&d, trace, &cycles[i]);
      status = fit_store(&all[i], &d, noise);
    }
    share_capacity(&shared, all, n);
    for (size_t i = 0; i < n && pass + 1 < PASSES; i++)
      if (all[i].ok) hold(&all[i], &shared);
  }
  for (size_t i = 0; i < n && status == DSP_OK; i++)
    if (all[i].ok) put(&inflow[i], &all[i], &shared);
  free(d.t);
  free(d.design);
  free(all);
  return status;
}

dsp_status dsp_inflow_learn(dsp_noise *noise, const dsp_trace *trace, const dsp_inflow_cycle *cycles, size_t n, double floor_sd) {
  size_t *from = dsp_alloc(n ? n : 1, sizeof *from), *to = dsp_alloc(n ? n : 1, sizeof *to);
  dsp_status status = from && to ? DSP_OK : DSP_NO_MEMORY;
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    from[i] = dsp_trace_index(trace, cycles[i].from_s);
    to[i] = dsp_trace_index(trace, cycles[i].to_s);
  }
  if (status == DSP_OK) status = dsp_noise_learn(noise, trace, from, to, n, floor_sd);
  free(from);
  free(to);
  return status;
}
