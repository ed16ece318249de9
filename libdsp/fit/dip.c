/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading a contraction. The level before is a line, the refill after a cubic, both under one coloured noise that runs through the
 * contraction; the contraction itself is left out. The refill is followed back as far as the trace agrees with it: there the muscle's bulge
 * is over. */
#include <dsp/contraction.h>

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BEFORE = 2, AFTER = 4, COLUMNS = BEFORE + AFTER };

typedef struct joint {
  const dsp_trace *trace;
  const dsp_noise *noise;
  const dsp_dip_task *task;
  size_t from, to;    /* samples in the regression */
  double reference_s; /* origin of the refill's cubic */
  double length_s;    /* its unit of time */
  double coef[COLUMNS], cov[COLUMNS * COLUMNS], variance;
} joint;

static double at_s(const joint *j, size_t i) {
  return (double)i / j->trace->rate_hz;
}

/* Row of the design at t: before the contraction a level and slope, after it a cubic. */
static void row(const joint *j, double t_s, bool before, double *x) {
  memset(x, 0, COLUMNS * sizeof *x);
  if (before) {
    x[0] = 1;
    x[1] = (t_s - j->task->start_s) / 10;
    return;
  }
  const double u = (t_s - j->reference_s) / j->length_s;
  for (int d = 0; d < AFTER; d++) x[BEFORE + d] = d ? x[BEFORE + d - 1] * u : 1;
}

/* Regress with the samples from just before the contraction to `clear_s` left out. */
static dsp_status regress(joint *j, double clear_s) {
  const size_t n = j->to - j->from;
  double *design = dsp_alloc(n, COLUMNS * sizeof *design);
  unsigned char *ok = dsp_alloc(n, 1);
  dsp_status status = design && ok ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    const double guard_s = fmax(0.25, 1.5 / j->trace->rate_hz);
    for (size_t i = 0; i < n; i++) {
      double x[COLUMNS];
      const double t_s = at_s(j, j->from + i);
      const bool before = t_s < j->task->start_s - guard_s, hidden = !before && t_s < clear_s;
      row(j, t_s, before, x);
      for (size_t c = 0; c < COLUMNS; c++) design[c * n + i] = hidden ? 0 : x[c];
      ok[i] = hidden ? 0 : j->trace->ok[j->from + i];
    }
    status = dsp_noise_regress(j->noise, j->coef, j->cov, &j->variance, j->trace->x + j->from, ok, n, design, COLUMNS, 0.3);
  }
  free(design);
  free(ok);
  return status;
}

static dsp_estimate evaluate(const joint *j, const double *x) {
  double value = 0, variance = 0;
  for (size_t a = 0; a < COLUMNS; a++) {
    value += x[a] * j->coef[a];
    for (size_t b = 0; b < COLUMNS; b++) variance += x[a] * j->cov[a * COLUMNS + b] * x[b];
  }
  return (dsp_estimate){value, sqrt(variance)};
}

/* The trace less the fitted refill, for the samples [from, to). */
static double *residuals(const joint *j, size_t from, size_t to) {
  double *r = dsp_alloc(to - from, sizeof *r);
  for (size_t i = from; r && i < to; i++) {
    double x[COLUMNS], refill = 0;
    row(j, at_s(j, i), false, x);
    for (size_t c = BEFORE; c < COLUMNS; c++) refill += x[c] * j->coef[c];
    r[i - from] = j->trace->x[i] - refill;
  }
  return r;
}

/* Seconds of refill to use: enough to see through breathing, short against the refill itself. */
static double refill_length(const joint *j, double from_s, double level_before) {
  const dsp_trace *trace = j->trace;
  const size_t start = (size_t)(from_s * trace->rate_hz), half = (size_t)(0.4 * trace->rate_hz) + 1;
  double lowest = INFINITY;
  size_t i = start;
  const size_t end = (size_t)(j->task->until_s * trace->rate_hz);
  for (; i + half < end && i + half < trace->n; i++) {
    double mean = 0;
    for (size_t k = i; k < i + half; k++) mean += trace->x[k] / (double)half;
    lowest = fmin(lowest, mean);
    if (mean > lowest + 0.6 * (level_before - lowest)) break;
  }
  return fmax(0.8, fmin(25, at_s(j, i) - from_s));
}

/* Does the trace follow the fitted refill from `from_s` on? Each residual must be what the noise predicts from the residuals after it (a
 * stationary process runs backwards by the same predictor), and none may leave the noise's range. */
static dsp_status follows(bool *yes, const joint *j, double from_s, double scale) {
  const dsp_noise *noise = j->noise;
  const double sudden = 4.5 * noise->sd[noise->order] + 0.008 * scale, far = 3.5 * noise->sd[0] + 0.02 * scale;
  const size_t first = (size_t)ceil(from_s * j->trace->rate_hz - 1e-6), n = j->to > first ? j->to - first : 0;
  double *residual = residuals(j, first, first + n);
  if (!residual) return DSP_NO_MEMORY;
  *yes = true;
  for (size_t i = 0; i < n && *yes; i++) {
    if (!j->trace->ok[first + i]) continue;
    double expected = 0;
    for (size_t k = 0; k < noise->order && i + 1 + k < n; k++) expected += noise->predictor[noise->order - 1][k] * residual[i + 1 + k];
    *yes = !(fabs(residual[i] - expected) > sudden || fabs(residual[i]) > far);
  }
  free(residual);
  return DSP_OK;
}

/* Where the trace is lowest in the last contraction or soon after. */
static double lowest_sample(const joint *j, double to_s) {
  size_t i = (size_t)ceil(j->task->last_s * j->trace->rate_hz), lowest = i;
  for (; i < j->trace->n && at_s(j, i) <= to_s; i++)
    if (j->trace->x[i] < j->trace->x[lowest]) lowest = i;
  return at_s(j, lowest);
}

/* Largest departure of the trace from straight ejection between the level before and the refill, while the muscle contracts. */
static double departure(const joint *j, double clear_s, double before, double lowest) {
  double most = 0;
  for (size_t i = (size_t)(j->task->last_s * j->trace->rate_hz); i < j->to && at_s(j, i) < clear_s; i++) {
    const double x = j->trace->x[i];
    most = fmax(most, fmax(x - before, lowest - x));
  }
  return most;
}

/* The refill's stretch, from where the trace is clear of the contraction. */
static void set_window(joint *j, double from_s, double level_before, double end_s) {
  j->length_s = fmin(refill_length(j, from_s, level_before), end_s - from_s);
  j->reference_s = from_s;
  j->to = (size_t)((from_s + j->length_s) * j->trace->rate_hz);
  if (j->to > j->trace->n) j->to = j->trace->n;
}

dsp_status dsp_dip_read(dsp_dip *dip, const dsp_trace *trace, const dsp_noise *noise, const dsp_dip_task *task) {
  *dip = (dsp_dip){0};
  joint j = {.trace = trace, .noise = noise, .task = task};
  double safe_s = task->last_s + task->longest_s + 0.6;
  const double end_s = fmin(task->until_s, (double)(trace->n - 1) / trace->rate_hz);
  if (task->before_s < 0 || task->start_s - task->before_s < 2 || end_s - safe_s < 2) return DSP_NO_SOLUTION;
  j.from = (size_t)(task->before_s * trace->rate_hz);

  /* Rough levels set the length of refill to use. */
  double level = 0;
  const size_t start = (size_t)((task->start_s - 0.3) * trace->rate_hz),
               first = start > (size_t)(5 * trace->rate_hz) + j.from ? start - (size_t)(5 * trace->rate_hz) : j.from;
  for (size_t i = first; i < start; i++) level += trace->x[i] / (double)(start - first);
  /* The refill begins where the trace first follows one: at its lowest sample, or after the bulge that made that sample. */
  const double step_s = fmax(0.1, 1 / trace->rate_hz);
  dsp_status status = DSP_NO_SOLUTION;
  dip->clear_s = fmin(lowest_sample(&j, safe_s), safe_s);
  for (;; dip->clear_s += step_s) {
    set_window(&j, dip->clear_s, level, end_s);
    bool clear = dip->clear_s + step_s > safe_s;
    status = regress(&j, dip->clear_s);
    if (status == DSP_OK && !clear) status = follows(&clear, &j, dip->clear_s, fabs(level - j.coef[BEFORE]));
    if (status != DSP_OK) return status;
    if (clear) break;
  }
  const double scale = fabs(level - j.coef[BEFORE]);

  double before[COLUMNS], lowest[COLUMNS], difference[COLUMNS];
  const double edge = j.coef[BEFORE], start_level = j.coef[0];
  dip->bulge = departure(&j, dip->clear_s, start_level, edge) > 3 * noise->sd[0] + 0.03 * scale;
  dip->lowest_s = fmax(task->last_s, dip->clear_s - task->lead_s);
  row(&j, task->start_s, true, before);
  row(&j, dip->lowest_s, false, lowest);
  for (int c = 0; c < COLUMNS; c++) difference[c] = before[c] - lowest[c];
  dip->before = evaluate(&j, before);
  dip->lowest = evaluate(&j, lowest);
  dip->drop = evaluate(&j, difference);
  const double u = (dip->lowest_s - j.reference_s) / j.length_s;
  dip->rate = (j.coef[BEFORE + 1] + 2 * u * j.coef[BEFORE + 2] + 3 * u * u * j.coef[BEFORE + 3]) / j.length_s;
  /* When the reading moves by a sixteenth of a second, it moves by this much. */
  const double timing = 0.06 * dip->rate;
  dip->lowest.se = hypot(dip->lowest.se, timing);
  dip->drop.se = hypot(dip->drop.se, timing);
  return DSP_OK;
}
