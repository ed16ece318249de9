/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two-exponential outflow under coloured noise. Healthy legs empty faster than one exponential at first and more slowly later (outflow
 * fraction 44 % and 90 % emptied after 13 s cannot be one), and fall below their baseline afterwards, so neither time constant nor
 * asymptote is forced. A cuff that empties slowly lets the curve start slowly: its clock runs with the share of the pressure that is gone.
 * Method: Gauss-Newton with Levenberg's damping on all eight numbers; each step is a regression on the Jacobian under the noise learnt at
 * rest, with weak prior knowledge of venting time and of the time constants as three more observations. No limb is two exponentials
 * exactly: a spline whose coefficients are known to be small follows what is left, as far as the noise lets it be seen, and widens the
 * errors. */
#include <dsp/outflow.h>

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVEL, SLOPE, FAST, SLOW, LN_FAST, LN_SLOW, VENTING, VENT, NUMBERS, DEPART = NUMBERS, COLUMNS = DSP_OUTFLOW_COLUMNS };
enum { DEPARTURES = DSP_OUTFLOW_DEPARTURES, BELIEFS = 5, PRIORS = BELIEFS + DEPARTURES, ROUNDS = 25, MORE_ROUNDS = 10 };

const double dsp_outflow_venting_s = 0.2, dsp_outflow_venting_sd_s = 0.15;

static const double leg_tau_s[2] = {1.8, 9}, leg_ln_sd = 0.7;

/* Time on the outflow's own clock. */
static double clock_at(double since_s, double venting_s) {
  if (since_s <= 0) return 0;
  return since_s < venting_s ? 0.5 * since_s * since_s / venting_s : since_s - 0.5 * venting_s;
}

/* The departures' time: the logarithm's, DEPARTURES at to_s. */
typedef struct warp {
  double unit_s, to_s;
} warp;

static const warp no_departures = {1, 0};

static double cubic(double x) {
  x = fabs(x);
  return x >= 2 ? 0 : x >= 1 ? (2 - x) * (2 - x) * (2 - x) / 6 : 2.0 / 3 - x * x * (1 - 0.5 * x);
}

/* Values of the departures since_s after the venting: bells at 1, 2, ... of their time, held at 0 at the venting. */
static void bells_at(double bell[DEPARTURES], const warp *w, double since_s) {
  const double u = since_s > 0 && w->to_s > 0 ? DEPARTURES * log1p(since_s / w->unit_s) / log1p(w->to_s / w->unit_s) : 0;
  const double held = u > 0 ? -expm1(-3 * u) : 0;
  for (int k = 0; k < DEPARTURES; k++) bell[k] = fabs(u - k - 1) < 2 ? held * cubic(u - k - 1) : 0;
}

static double value_at(const double q[COLUMNS], const warp *w, double t_s) {
  const double since_s = t_s - q[VENT];
  if (since_s <= 0) return q[LEVEL] + q[SLOPE] * since_s;
  const double s = clock_at(since_s, q[VENTING]);
  double v = q[LEVEL] + q[FAST] * expm1(-s * exp(-q[LN_FAST])) + q[SLOW] * expm1(-s * exp(-q[LN_SLOW]));
  if (!(w->to_s > 0)) return v;
  double bell[DEPARTURES];
  bells_at(bell, w, since_s);
  for (int k = 0; k < DEPARTURES; k++) v += q[DEPART + k] * bell[k];
  return v;
}

/* As the decimated trace shows it: weights of seven points about t. */
enum { BLUR_POINTS = 7 };
static const double blur_weight[BLUR_POINTS] = {1 / 16.0, 2 / 16.0, 3 / 16.0, 4 / 16.0, 3 / 16.0, 2 / 16.0, 1 / 16.0};

static bool blurs(double t_s, double vent_s, double blur_s) {
  return blur_s > 0 && t_s >= vent_s - blur_s && t_s <= vent_s + 4 * blur_s + 1;
}

static double blurred_at(const double q[COLUMNS], const warp *w, double t_s, double blur_s) {
  if (!blurs(t_s, q[VENT], blur_s)) return value_at(q, w, t_s);
  double sum = 0;
  for (int k = 0; k < BLUR_POINTS; k++) sum += blur_weight[k] * value_at(q, w, t_s + (k - 3) * 0.25 * blur_s);
  return sum;
}

static void blurred_bells_at(double bell[DEPARTURES], double vent_s, const warp *w, double t_s, double blur_s) {
  if (!blurs(t_s, vent_s, blur_s)) {
    bells_at(bell, w, t_s - vent_s);
    return;
  }
  double one[DEPARTURES];
  memset(bell, 0, DEPARTURES * sizeof *bell);
  for (int k = 0; k < BLUR_POINTS; k++) {
    bells_at(one, w, t_s + (k - 3) * 0.25 * blur_s - vent_s);
    for (int j = 0; j < DEPARTURES; j++) bell[j] += blur_weight[k] * one[j];
  }
}

typedef struct problem {
  const dsp_trace *trace;
  const dsp_noise *noise;
  const dsp_outflow_task *task;
  size_t from, n, rows, gap; /* rows: samples, then prior observations set apart by gaps */
  double *y, *design;
  unsigned char *ok;
  double free_from_s, free_to_s; /* samples left out: the cuff's artefact */
  double tau_s[2], ln_sd;
  warp warp; /* to_s 0: without departures */
  double depart_sd[DEPARTURES];
} problem;

static size_t prior_row(const problem *p, size_t k) {
  return p->n + (k + 1) * p->gap - 1;
}

/* Residuals of q in p->y, prior observations behind the samples. */
static void residuals(const problem *p, const double q[COLUMNS]) {
  const double rate_hz = p->trace->rate_hz, unit = p->noise->sd[0];
  memset(p->y, 0, p->rows * sizeof *p->y);
  memset(p->ok, 0, p->rows);
  for (size_t i = 0; i < p->n; i++) {
    const double t_s = (double)(p->from + i) / rate_hz;
    p->y[i] = p->trace->x[p->from + i] - blurred_at(q, &p->warp, t_s, p->task->blur_s);
    p->ok[i] = p->trace->ok[p->from + i] && !(t_s >= p->free_from_s && t_s < p->free_to_s);
  }
  const dsp_outflow_task *t = p->task;
  const double z[BELIEFS] = {(t->venting_s - q[VENTING]) / t->venting_sd_s, (log(p->tau_s[0]) - q[LN_FAST]) / p->ln_sd,
                             (log(p->tau_s[1]) - q[LN_SLOW]) / p->ln_sd, t->vent_free_s > 0 ? (t->vent_s - q[VENT]) / t->vent_free_s : 0,
                             t->end.se > 0 ? (t->end.value - (q[LEVEL] - q[FAST] - q[SLOW])) / t->end.se : 0};
  for (size_t k = 0; k < PRIORS; k++) {
    if (k >= BELIEFS && !(p->warp.to_s > 0)) break;
    const size_t at = prior_row(p, k);
    p->y[at] = k < BELIEFS ? unit * z[k] : -unit * q[DEPART + k - BELIEFS] / p->depart_sd[k - BELIEFS];
    p->ok[at] = 1;
  }
}

/* Central differences of the curve, and the priors' own derivatives. */
static void jacobian(const problem *p, const double q[COLUMNS]) {
  const double size = fabs(q[FAST]) + fabs(q[SLOW]), unit = p->noise->sd[0];
  const double h[NUMBERS] = {1e-4 * size, 1e-4 * size, 1e-4 * size, 1e-4 * size, 1e-4, 1e-4, 1e-4, 1e-4};
  memset(p->design, 0, p->rows * COLUMNS * sizeof *p->design);
  for (size_t j = 0; j < NUMBERS; j++) {
    double up[COLUMNS], down[COLUMNS];
    memcpy(up, q, sizeof up);
    memcpy(down, q, sizeof down);
    up[j] += h[j];
    down[j] -= h[j];
    const warp *w = j == VENT ? &p->warp : &no_departures; /* the other numbers leave the departures as they are */
    for (size_t i = 0; i < p->n; i++) {
      const double t_s = (double)(p->from + i) / p->trace->rate_hz;
      p->design[j * p->rows + i] = (blurred_at(up, w, t_s, p->task->blur_s) - blurred_at(down, w, t_s, p->task->blur_s)) / (2 * h[j]);
    }
  }
  for (size_t i = 0; p->warp.to_s > 0 && i < p->n; i++) {
    double bell[DEPARTURES];
    blurred_bells_at(bell, q[VENT], &p->warp, (double)(p->from + i) / p->trace->rate_hz, p->task->blur_s);
    for (size_t k = 0; k < DEPARTURES; k++) p->design[(DEPART + k) * p->rows + i] = bell[k];
  }
  for (size_t k = 0; p->warp.to_s > 0 && k < DEPARTURES; k++)
    p->design[(DEPART + k) * p->rows + prior_row(p, BELIEFS + k)] = unit / p->depart_sd[k];
  static const size_t column[BELIEFS - 1] = {VENTING, LN_FAST, LN_SLOW, VENT};
  const double sd[BELIEFS - 1] = {p->task->venting_sd_s, p->ln_sd, p->ln_sd, p->task->vent_free_s};
  for (size_t k = 0; k + 1 < BELIEFS; k++)
    if (sd[k] > 0) p->design[column[k] * p->rows + prior_row(p, k)] = unit / sd[k];
  if (!(p->task->end.se > 0)) return;
  const double weight = unit / p->task->end.se;
  const size_t at = prior_row(p, BELIEFS - 1);
  p->design[LEVEL * p->rows + at] = weight;
  p->design[FAST * p->rows + at] = p->design[SLOW * p->rows + at] = -weight;
}

/* Sum of whitened squares of q: a regression on one column that is nothing but the last prior's row. */
static dsp_status loss(double *sum, const problem *p, const double q[COLUMNS]) {
  residuals(p, q);
  double coef, cov, variance;
  double *column = p->design; /* scratch */
  memset(column, 0, p->rows * sizeof *column);
  column[p->rows - 1] = 1;
  p->ok[p->rows - 1] = 1;
  const dsp_status status = dsp_noise_regress(p->noise, &coef, &cov, &variance, p->y, p->ok, p->rows, column, 1, 1e-12);
  size_t used = 0;
  for (size_t i = 0; i < p->rows; i++) used += p->ok[i];
  *sum = variance * (double)(used - 1);
  return status;
}

static void keep_sane(double q[COLUMNS], const dsp_outflow_task *task) {
  q[VENTING] = fmax(0.005, fmin(2, q[VENTING]));
  q[LN_FAST] = fmax(log(0.15), fmin(log(60), q[LN_FAST]));
  q[LN_SLOW] = fmax(log(0.3), fmin(log(200), q[LN_SLOW]));
  const double reach_s = 3 * task->vent_free_s;
  q[VENT] = fmax(task->vent_s - reach_s, fmin(task->vent_s + reach_s, q[VENT]));
}

/* Columns that are fitted, in a row: the time of venting only where it is not given, departures only where they are asked for. */
static size_t chosen(size_t at[COLUMNS], const problem *p) {
  size_t n = 0;
  for (size_t j = 0; j < COLUMNS; j++)
    if (j < DEPART ? j != VENT || p->task->vent_free_s > 0 : p->warp.to_s > 0) at[n++] = j;
  return n;
}

/* Regression of the residuals on the chosen columns of the Jacobian. */
static dsp_status regress(double *step, double *cov, double *variance, size_t at[COLUMNS], size_t *columns, const problem *p,
                          const double q[COLUMNS], double least_variance) {
  residuals(p, q);
  jacobian(p, q);
  *columns = chosen(at, p);
  for (size_t j = 0; j < *columns; j++)
    if (at[j] != j) memcpy(p->design + j * p->rows, p->design + at[j] * p->rows, p->rows * sizeof *p->design);
  return dsp_noise_regress(p->noise, step, cov, variance, p->y, p->ok, p->rows, p->design, *columns, least_variance);
}

static dsp_status solve(dsp_outflow *o, problem *p, double q[COLUMNS], int rounds) {
  double best, damping = 1;
  double step[COLUMNS], cov[COLUMNS * COLUMNS], variance = 1;
  size_t at[COLUMNS], columns;
  dsp_status status = loss(&best, p, q);
  for (int round = 0; round < rounds && status == DSP_OK; round++) {
    status = regress(step, cov, &variance, at, &columns, p, q, 1e-12);
    if (status != DSP_OK) break;
    double moved = 0;
    for (int halving = 0; halving < 8; halving++, damping *= 0.4) {
      double next[COLUMNS], then;
      memcpy(next, q, sizeof next);
      for (size_t j = 0; j < columns; j++) {
        const size_t k = at[j];
        const double limit = k == LN_FAST || k == LN_SLOW ? 0.7 : k == VENTING || k == VENT ? 0.15 : (double)INFINITY;
        next[k] += fmax(-limit, fmin(limit, damping * step[j]));
      }
      keep_sane(next, p->task);
      status = loss(&then, p, next);
      if (status != DSP_OK) break;
      if (then < best) {
        moved = best - then;
        best = then;
        memcpy(q, next, sizeof next);
        damping = fmin(1, 3 * damping);
        break;
      }
    }
    if (moved < 1e-5 * (1 + best)) break;
    damping = fmax(damping, 0.05);
  }
  if (status == DSP_OK) status = regress(step, cov, &variance, at, &columns, p, q, 0.7);
  if (status != DSP_OK) return status;
  memset(o->cov, 0, sizeof o->cov);
  for (size_t j = 0; j < columns; j++)
    for (size_t k = 0; k < columns; k++) o->cov[at[j]][at[k]] = cov[j * columns + k];
  o->variance = variance;
  return status;
}

/* Largest residual within the first second beside what is usual before the venting: the cuff's own swing. Returns its end, 0 without. */
static double find_artefact(const problem *p, const double q[COLUMNS]) {
  static const double look_s = 0.9, in_sd = 5, least_share = 0.012;
  double usual = 0, n = 0, end_s = 0;
  for (size_t i = 0; i < p->n; i++) {
    const double t_s = (double)(p->from + i) / p->trace->rate_hz;
    if (t_s < q[VENT] - 0.2 || t_s > q[VENT] + 2.5) usual += p->y[i] * p->y[i], n++;
  }
  const double limit = fmax(in_sd * sqrt(usual / fmax(1, n)), least_share * fabs(q[FAST] + q[SLOW]));
  for (size_t i = 0; i < p->n; i++) {
    const double since_s = (double)(p->from + i) / p->trace->rate_hz - q[VENT];
    if (since_s > -0.1 && since_s < look_s && fabs(p->y[i]) > limit) end_s = since_s + 0.15;
  }
  return end_s;
}

static void start(double q[COLUMNS], const problem *p) {
  const dsp_outflow_task *t = p->task;
  const double rate_hz = p->trace->rate_hz;
  const size_t vent = dsp_trace_index(p->trace, t->vent_s), end = p->from + p->n;
  double before = 0, after = 0;
  const size_t piece = (size_t)(2 * rate_hz) + 1, ahead = vent - p->from < piece ? vent - p->from : piece;
  for (size_t i = vent - ahead; i < vent; i++) before += p->trace->x[i] / (double)ahead;
  for (size_t i = end - piece; i < end; i++) after += p->trace->x[i] / (double)piece;
  q[LEVEL] = before;
  q[SLOPE] = 0;
  q[FAST] = 0.65 * (before - after);
  q[SLOW] = 0.35 * (before - after);
  q[LN_FAST] = log(p->tau_s[0]);
  q[LN_SLOW] = log(p->tau_s[1]);
  q[VENTING] = fmax(0.02, t->venting_s);
  q[VENT] = t->vent_s;
  memset(q + DEPART, 0, DEPARTURES * sizeof *q);
}

static void take(dsp_outflow *o, const problem *p, const double q[COLUMNS]) {
  o->level = q[LEVEL];
  o->slope = q[SLOPE];
  o->fast = q[FAST];
  o->slow = q[SLOW];
  o->ln_tau_fast = q[LN_FAST];
  o->ln_tau_slow = q[LN_SLOW];
  o->venting_s = q[VENTING];
  o->vent_s = q[VENT];
  memcpy(o->depart, q + DEPART, sizeof o->depart);
  o->depart_s = p->warp.unit_s;
  o->depart_to_s = p->warp.to_s;
}

/* Departures are known to be small beside what has flowed out by their time. */
static void may_depart(problem *p, const double q[COLUMNS]) {
  const warp w = {p->task->depart_s, p->task->to_s - p->task->vent_s};
  for (int k = 0; k < DEPARTURES; k++) {
    const double since_s = w.unit_s * expm1((k + 1.0) / DEPARTURES * log1p(w.to_s / w.unit_s));
    p->depart_sd[k] = p->task->depart_share * fabs(q[LEVEL] - value_at(q, &no_departures, q[VENT] + since_s));
  }
  p->warp = w;
}

static dsp_status fit(dsp_outflow *o, problem *p) {
  double q[COLUMNS];
  start(q, p);
  if (!(q[FAST] > 0)) return DSP_NO_SOLUTION;
  dsp_status status = solve(o, p, q, ROUNDS);
  if (status == DSP_OK && p->task->depart_share > 0) {
    may_depart(p, q);
    status = solve(o, p, q, MORE_ROUNDS);
  }
  if (status != DSP_OK) return status;
  residuals(p, q);
  o->artefact_s = find_artefact(p, q);
  if (o->artefact_s > 0) {
    p->free_from_s = q[VENT] - 0.1;
    p->free_to_s = q[VENT] + o->artefact_s;
    status = solve(o, p, q, MORE_ROUNDS);
  }
  take(o, p, q);
  return status == DSP_OK && o->fast + o->slow > 0 ? DSP_OK : status == DSP_NO_MEMORY ? status : DSP_NO_SOLUTION;
}

dsp_status dsp_outflow_fit(dsp_outflow *outflow, const dsp_trace *trace, const dsp_noise *noise, const dsp_outflow_task *task) {
  *outflow = (dsp_outflow){.base = task->base};
  const size_t from = dsp_trace_index(trace, task->plateau_s), vent = dsp_trace_index(trace, task->vent_s),
               to = dsp_trace_index(trace, task->to_s);
  const size_t least = (size_t)(2 * trace->rate_hz) + 4;
  if (vent < from + 2 || to < vent + least) return DSP_NO_SOLUTION;
  problem p = {.trace = trace, .noise = noise, .task = task, .from = from, .n = to - from, .gap = noise->order + 2};
  const bool usual = task->tau_s[0] > 0;
  p.tau_s[0] = usual ? task->tau_s[0] : leg_tau_s[0];
  p.tau_s[1] = usual ? task->tau_s[1] : leg_tau_s[1];
  p.ln_sd = usual ? task->ln_tau_sd : leg_ln_sd;
  p.rows = p.n + (PRIORS + 1) * p.gap;
  p.y = dsp_alloc(p.rows, sizeof *p.y);
  p.design = dsp_alloc(p.rows, COLUMNS * sizeof *p.design);
  p.ok = dsp_alloc(p.rows, 1);
  const dsp_status status = p.y && p.design && p.ok ? fit(outflow, &p) : DSP_NO_MEMORY;
  free(p.y);
  free(p.design);
  free(p.ok);
  return status;
}

double dsp_outflow_at(const dsp_outflow *o, double since_s) {
  double q[COLUMNS] = {o->level, o->slope, o->fast, o->slow, o->ln_tau_fast, o->ln_tau_slow, o->venting_s, 0};
  memcpy(q + DEPART, o->depart, sizeof o->depart);
  return value_at(q, &(warp){o->depart_s, o->depart_to_s}, since_s);
}

dsp_estimate dsp_outflow_read(const dsp_outflow *outflow, dsp_outflow_reading *reading, const void *context) {
  dsp_outflow o = *outflow;
  double *member[COLUMNS] = {&o.level, &o.slope, &o.fast, &o.slow, &o.ln_tau_fast, &o.ln_tau_slow, &o.venting_s, &o.vent_s};
  for (size_t k = 0; k < DEPARTURES; k++) member[DEPART + k] = &o.depart[k];
  const double value = reading(&o, context), size = fabs(o.fast) + fabs(o.slow);
  double gradient[COLUMNS], variance = 0;
  for (size_t j = 0; j < COLUMNS; j++) {
    const double kept = *member[j], h = j < LN_FAST || j >= DEPART ? 1e-4 * size : 1e-4;
    *member[j] = kept + h;
    const double up = reading(&o, context);
    *member[j] = kept - h;
    gradient[j] = (up - reading(&o, context)) / (2 * h);
    *member[j] = kept;
  }
  for (size_t j = 0; j < COLUMNS; j++)
    for (size_t k = 0; k < COLUMNS; k++) variance += gradient[j] * gradient[k] * outflow->cov[j][k];
  const double kept = o.base.value, h = 1e-4 * size;
  o.base.value = kept + h;
  const double by_base = (reading(&o, context) - value) / h;
  return (dsp_estimate){value, sqrt(fmax(0, variance) + by_base * by_base * o.base.se * o.base.se)};
}
