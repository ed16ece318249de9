/* SPDX-License-Identifier: GPL-3.0-or-later
 * The level after the last contraction of a series, from all that tells of it: the refill after it, and the levels of the contractions
 * before it, which fall along a staircase. Levels, the refill's course and what differs from contraction to contraction are Gaussian
 * unknowns, breathing and pulse the noise learnt at rest: the reading is their conditional mean (C. E. Rasmussen, C. K. I. Williams,
 * Gaussian Processes for Machine Learning 2006, 2.2), so that each source counts by its covariance with the others. */
#include "series_ends.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KNOTS = 8, DATA_MAX = 120, LAGS_MAX = 400, UNKNOWNS = 2 + SERIES_CYCLES + 1 + KNOTS + 1 };
static const double knots_s[KNOTS] = {0.15, 0.3, 0.5, 0.8, 1.2, 1.8, 2.7, 4};

/* A mean of samples [first, end) of the trace, `after_s` after the end of contraction `cycle`. */
typedef struct datum {
  size_t first, end, cycle;
  double after_s, y;
} datum;

/* What is known beforehand: data and unknowns, and how those vary. */
typedef struct evidence {
  datum data[DATA_MAX];
  size_t n;
  double noise[LAGS_MAX];                              /* autocovariance */
  double prior[UNKNOWNS][UNKNOWNS], pace_sd, shape_ml; /* what differs: the refill's pace, and its shape */
  double matrix[DATA_MAX * DATA_MAX], row[DATA_MAX][UNKNOWNS], target[UNKNOWNS], solved[DATA_MAX];
} evidence;

static void add_datum(evidence *e, const series_cycles *c, size_t first, size_t end, size_t cycle, double clear_s) {
  datum d = {.first = first, .end = end, .cycle = cycle};
  if (e->n == DATA_MAX || end > c->trace->n || end <= first) return;
  for (size_t i = first; i < end; i++) {
    if (!c->trace->ok[i]) return;
    d.y += c->trace->x[i] / (double)(end - first);
  }
  d.after_s = 0.5 * (double)(first + end - 1) / c->trace->rate_hz - c->start_s[cycle] - clear_s;
  e->data[e->n++] = d;
}

static size_t first_after(const dsp_trace *trace, double t_s) {
  return (size_t)fmax(0, ceil(t_s * trace->rate_hz - 1e-6));
}

/* The refill after each contraction sample by sample, or two by two, and after the last one in growing steps. */
static void gather(evidence *e, const series_cycles *c, double clear_s) {
  static const double short_s = 0.06, grow = 0.12, longest_s = 6;
  const double rate_hz = c->trace->rate_hz;
  const size_t few = (size_t)(short_s * rate_hz) + 1;
  e->n = 0;
  for (size_t k = c->n; k-- > 1;) {
    const size_t end = dsp_trace_index(c->trace, c->start_s[k] + c->length_s[k] + c->late_s);
    for (size_t i = first_after(c->trace, c->start_s[k] + clear_s); i + few <= end; i += few) add_datum(e, c, i, i + few, k, clear_s);
  }
  const double from_s = c->start_s[0] + clear_s, until_s = fmin(from_s + longest_s, c->task->until_s);
  for (size_t i = first_after(c->trace, from_s); (double)i < until_s * rate_hz;) {
    const size_t length = (size_t)(fmax(short_s, grow * ((double)i / rate_hz - from_s)) * rate_hz) + 1;
    add_datum(e, c, i, i + length, 0, clear_s);
    i += length;
  }
}

/* How much a datum, or the reading, holds of each unknown. */
static void fill_row(double *row, const series_cycles *c, size_t cycle, double after_s) {
  const double kept = isfinite(c->task->kept) ? fmax(0.25, fmin(0.97, c->task->kept)) : 0.97;
  memset(row, 0, UNKNOWNS * sizeof *row);
  row[0] = 1;
  row[1] = (pow(kept, -(double)cycle) - 1) / (1 / kept - 1);
  row[UNKNOWNS - 1] = (double)cycle;
  row[2 + cycle] = 1;
  row[2 + SERIES_CYCLES] = after_s;
  for (size_t m = 0; m < KNOTS; m++) row[2 + SERIES_CYCLES + 1 + m] = fmax(0, after_s - knots_s[m]);
}

/* Contractions differ in strength by about a sixteenth; what is left over after one dwindles with the next ones. */
static void set_prior(evidence *e, const series_cycles *c, const series_course *end) {
  static const double diffuse = 300, strength = 0.06, placed_s = 0.015, pace = 0.12, shape = 0.005, change = 0.35, least_ml_s = 0.5;
  const double kept = isfinite(c->task->kept) ? fmax(0.25, fmin(0.97, c->task->kept)) : 0.9, rate = fabs(end->slope);
  const double ejected = fmax(2, rate * (c->task->period_s + c->late_s - end->from_s) + fabs(end->level[1] - end->level[0]));
  const double process = strength * ejected, variance = process * process / (1 - kept * kept);
  memset(e->prior, 0, sizeof e->prior);
  e->prior[0][0] = e->prior[1][1] = e->prior[2 + SERIES_CYCLES][2 + SERIES_CYCLES] = diffuse * diffuse;
  for (size_t i = 0; i < SERIES_CYCLES; i++)
    for (size_t j = 0; j < SERIES_CYCLES; j++) e->prior[2 + i][2 + j] = variance * pow(kept, fabs((double)i - (double)j));
  for (size_t i = 1; i < SERIES_CYCLES; i++) e->prior[2 + i][2 + i] += placed_s * placed_s * rate * rate + 0.01;
  const double slow = 0.25 * fabs(end->level[2] - end->level[0]) / 2 + 0.3;
  e->prior[UNKNOWNS - 1][UNKNOWNS - 1] = slow * slow;
  const double turn = change * rate + least_ml_s;
  for (size_t m = 0; m < KNOTS; m++) e->prior[2 + SERIES_CYCLES + 1 + m][2 + SERIES_CYCLES + 1 + m] = turn * turn;
  e->pace_sd = pace * rate;
  e->shape_ml = 0.1 + shape * ejected;
}

static double prior_covariance(const evidence *e, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < UNKNOWNS; i++) {
    if (a[i] == 0) continue;
    const bool cycle = i >= 2 && i < 2 + SERIES_CYCLES;
    if (!cycle) sum += a[i] * b[i] * e->prior[i][i];
    for (size_t j = 2; cycle && j < 2 + SERIES_CYCLES; j++) sum += a[i] * b[j] * e->prior[i][j];
  }
  return sum;
}

static double noise_covariance(const evidence *e, const datum *a, const datum *b) {
  double sum = 0;
  for (size_t i = a->first; i < a->end; i++)
    for (size_t j = b->first; j < b->end; j++) {
      const size_t lag = i > j ? i - j : j - i;
      sum += lag < LAGS_MAX ? e->noise[lag] : 0;
    }
  return sum / (double)((a->end - a->first) * (b->end - b->first));
}

/* Covariance of the data, factored in place (Cholesky); false when it is not positive. */
static bool factor(evidence *e) {
  const size_t n = e->n;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      const datum *a = &e->data[i], *b = &e->data[j];
      double sum = prior_covariance(e, e->row[i], e->row[j]) + noise_covariance(e, a, b);
      if (a->cycle == b->cycle && a->cycle > 0) sum += e->pace_sd * e->pace_sd * a->after_s * b->after_s;
      if (i == j) sum += e->shape_ml * e->shape_ml;
      for (size_t k = 0; k < j; k++) sum -= e->matrix[i * DATA_MAX + k] * e->matrix[j * DATA_MAX + k];
      if (i == j && !(sum > 0)) return false;
      e->matrix[i * DATA_MAX + j] = i == j ? sqrt(sum) : sum / e->matrix[j * DATA_MAX + j];
    }
  return true;
}

static void forward(const evidence *e, double *x) {
  for (size_t i = 0; i < e->n; i++) {
    for (size_t k = 0; k < i; k++) x[i] -= e->matrix[i * DATA_MAX + k] * x[k];
    x[i] /= e->matrix[i * DATA_MAX + i];
  }
}

/* Conditional mean and error of what `target` holds of the unknowns. */
static dsp_estimate read_target(const evidence *e, const double *target, const double *whitened, double inflate) {
  double k[DATA_MAX] = {0}, value = 0, variance = prior_covariance(e, target, target);
  for (size_t i = 0; i < e->n; i++) k[i] = prior_covariance(e, e->row[i], target);
  forward(e, k);
  for (size_t i = 0; i < e->n; i++) value += k[i] * whitened[i], variance -= k[i] * k[i];
  return (dsp_estimate){value, sqrt(fmax(0, inflate * variance))};
}

static void combine(dsp_dip *dip, evidence *e, const series_cycles *c, const series_course *end) {
  static const double timing_s = 0.06, most_inflated = 15, falling_ml_s = 1;
  double whitened[DATA_MAX] = {0}, target[UNKNOWNS], slope[UNKNOWNS] = {0}, squares = 0;
  set_prior(e, c, end);
  gather(e, c, end->from_s);
  if (e->n < 12) return;
  const double zero = dip->lowest.value;
  for (size_t i = 0; i < e->n; i++) {
    fill_row(e->row[i], c, e->data[i].cycle, e->data[i].after_s);
    whitened[i] = e->data[i].y - zero;
  }
  if (!factor(e)) return;
  forward(e, whitened);
  for (size_t i = 0; i < e->n; i++) squares += whitened[i] * whitened[i];
  const double inflate = fmax(1, squares / (double)(e->n - 3)), lead_s = end->below || end->lifted ? c->task->lead_s : 0;
  fill_row(target, c, 0, -lead_s);
  const dsp_estimate lowest = read_target(e, target, whitened, inflate);
  slope[2 + SERIES_CYCLES] = 1;
  const dsp_estimate rate = read_target(e, slope, whitened, inflate);
  if (!isfinite(lowest.value) || !isfinite(lowest.se) || inflate > most_inflated || rate.value < -2 * rate.se - falling_ml_s) return;
  dip->lowest = (dsp_estimate){zero + lowest.value, hypot(lowest.se, timing_s * rate.value)};
  dip->rate = rate.value;
  dip->clear_s = c->start_s[0] + end->from_s;
  dip->lowest_s = fmax(c->task->last_s, dip->clear_s - lead_s);
}

dsp_status dsp_series_read(dsp_dip *dip, const dsp_trace *trace, const dsp_noise *noise, const dsp_series_task *task) {
  series_cycles *c = dsp_alloc(1, sizeof *c);
  evidence *e = dsp_alloc(1, sizeof *e);
  series_course end;
  if (c && e) {
    c->trace = trace, c->task = task;
    if (series_ends_find(c, &end, noise->sd[noise->order])) {
      dsp_noise_autocovariance(e->noise, LAGS_MAX, noise);
      combine(dip, e, c, &end);
    }
  }
  const dsp_status status = c && e ? DSP_OK : DSP_NO_MEMORY;
  free(c);
  free(e);
  return status;
}
