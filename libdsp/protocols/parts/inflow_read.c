/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading the cycles of an arterial inflow test: how long the cuff's artefact lasts, the slopes, and which cycles must be left out. */
#include "inflow.h"
#include "part.h"

#include <dsp/detect.h>
#include <dsp/fit.h>
#include <dsp/level.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>

static const double found_early_s = 0.3; /* a kink may be found too early, and rest is no inflow */
static const double margin_s = 0.4;      /* not used before the release: an early marker, a slow valve */

/* Robust straight line through [from_s, to_s); false when there is too little. */
static bool line_through(double *intercept, double *slope, double *sd, double *scratch, const dsp_trace *trace, double from_s,
                         double to_s) {
  const size_t from = dsp_trace_index(trace, from_s), to = dsp_trace_index(trace, to_s);
  size_t n = 0;
  double *t = scratch, *y = scratch + (to > from ? to - from : 0);
  for (size_t i = from; i < to; i++)
    if (trace->ok[i]) t[n] = (double)i / trace->rate_hz, y[n++] = trace->x[i];
  dsp_line line;
  if (n < 6 || dsp_line_huber(&line, t, y, n, NULL) != DSP_OK) return false;
  *intercept = line.intercept;
  *slope = line.slope;
  *sd = line.sd;
  return true;
}

/* The artefact lasts until the trace keeps to the line of the cycle's own middle, seen back from it. */
static double settle(double *scratch, const dsp_trace *trace, const inflow_cycle *c, double to_s, const double *params) {
  static const double in_sd = 4, middle_s = 1.5;
  double intercept, slope, sd;
  const double from_s = c->inflate_s + middle_s;
  if (!line_through(&intercept, &slope, &sd, scratch, trace, from_s, fmin(to_s, from_s + 4))) return params[INFLOW_SETTLE];
  const double least_unit = 0.02; /* bending of the curve, and pulses that the line does not know */
  size_t i = dsp_trace_index(trace, from_s);
  for (const size_t first = dsp_trace_index(trace, c->inflate_s); i > first; i--) {
    const double t_s = (double)(i - 1) / trace->rate_hz, bend = 0.15 * fabs(slope) * (from_s - t_s);
    if (fabs(trace->x[i - 1] - intercept - slope * t_s) > in_sd * sd + least_unit + bend) break;
  }
  return fmax(params[INFLOW_SETTLE], (double)i / trace->rate_hz - c->inflate_s + 0.1);
}

/* Slope from the first foot after the artefact to the next. */
static dsp_estimate first_beat(const dsp_trace *trace, double from_s, double to_s, double noise_sd) {
  static const dsp_beat_rule rule = {.lo_hz = 0.6, .hi_hz = 8, .shortest_s = 0.33, .longest_s = 1.6};
  dsp_estimate slope = {(double)NAN, (double)NAN};
  const size_t from = dsp_trace_index(trace, from_s), to = dsp_trace_index(trace, to_s);
  if (to <= from) return slope;
  for (size_t i = from; i < to; i++)
    if (!trace->ok[i]) return slope;
  dsp_beat *beats = NULL;
  size_t n = 0;
  const dsp_signal signal = {trace->x + from, to - from, trace->rate_hz, (double)from / trace->rate_hz};
  if (dsp_find_beats(&beats, &n, &signal, &rule, NULL) == DSP_OK && n >= 3) {
    const double length_s = beats[1].foot_s - beats[0].foot_s;
    const double a = trace->x[dsp_trace_index(trace, beats[0].foot_s)], b = trace->x[dsp_trace_index(trace, beats[1].foot_s)];
    slope = (dsp_estimate){(b - a) / length_s, 1.4142 * noise_sd / length_s};
  }
  free(beats);
  return slope;
}

static void reject_outliers(inflow_cycle *cycles, size_t n, double *scratch) {
  static const double in_sigma = 5, least_share = 0.3;
  size_t used = 0;
  for (size_t i = 0; i < n; i++)
    if (!cycles[i].reject) scratch[used++] = cycles[i].inflow.initial.value;
  if (used < 4) return;
  const double median = dsp_order_median(scratch, used), sigma = dsp_order_sigma(scratch, used, median);
  for (size_t i = 0; i < n; i++)
    if (!cycles[i].reject && fabs(cycles[i].inflow.initial.value - median) > fmax(in_sigma * sigma, least_share * fabs(median)))
      cycles[i].reject = "cycle_outlier";
}

static double last_sample_s(const inflow_cycle *c, const double *params) {
  return fmin(c->release_s, c->inflate_s + params[INFLOW_LONGEST]) - margin_s;
}

/* A slope through samples that stand still at the converter's end is too low, however good the fit. */
static bool saturated(const inflow_cycle *c, const inflow_test *t) {
  static const double most = 0.03;
  return part_extreme_share(&t->trace, &t->facts, c->inflate_s + t->params[INFLOW_SETTLE], last_sample_s(c, t->params)) > most;
}

static const char *why_not(const inflow_cycle *c, const inflow_test *t) {
  const dsp_trace *trace = &t->trace;
  const double *params = t->params;
  if (c->release_s - c->inflate_s < params[INFLOW_SHORTEST]) return "cycle_short";
  if (saturated(c, t)) return "saturated";
  if (c->settle_s > c->release_s - c->inflate_s - margin_s - 2) return "cuff_artefact";
  size_t missing = 0, all = 0;
  for (size_t i = dsp_trace_index(trace, c->inflate_s + c->settle_s), end = dsp_trace_index(trace, c->release_s); i < end; i++, all++)
    missing += !trace->ok[i];
  if (missing * 5 > all) return "missing_samples";
  if (!isfinite(c->inflow.line.value)) return "no_fit";
  if (c->inflow.line.value + 3 * c->inflow.line.se < 0) return "polarity_reversed";
  if (!(c->inflow.line.value > 0)) return "no_inflow";
  return isfinite(c->inflow.initial.value) ? NULL : "no_fit";
}

/* From rest before the first inflation where there is enough of it, else from the cycles themselves. */
dsp_status inflow_learn(dsp_noise *noise, const inflow_cycle *cycles, size_t n, const dsp_trace *trace, double floor_sd,
                        const double *params) {
  static const double least_s = 15, guard_s = 1;
  size_t from = 0;
  const size_t to = dsp_trace_index(trace, cycles[0].inflate_s - guard_s);
  while (from < to && !trace->ok[from]) from++;
  if ((double)(to - from) >= least_s * trace->rate_hz) return dsp_noise_learn(noise, trace, &from, &to, 1, floor_sd);
  dsp_inflow_cycle *stretch = dsp_alloc(n, sizeof *stretch);
  if (!stretch) return DSP_NO_MEMORY;
  for (size_t i = 0; i < n; i++)
    stretch[i] = (dsp_inflow_cycle){cycles[i].inflate_s, cycles[i].inflate_s + params[INFLOW_SLOW_CUFF], last_sample_s(&cycles[i], params)};
  const dsp_status status = dsp_inflow_learn(noise, trace, stretch, n, floor_sd);
  free(stretch);
  return status;
}

/* How the curve bends between its line and its start is the store's law, known to a part only, and the same in all cycles. */
static void doubt_bend(dsp_inflow *inflow) {
  static const double unknown = 0.12;
  const double model = unknown * fabs(inflow->initial.value - inflow->line.value);
  inflow->shared_se = hypot(inflow->shared_se, model);
  inflow->initial.se = hypot(inflow->initial.se, model);
}

/* How a limb's inflow falls as its veins fill is a law that nobody knows well, and one that a high flow runs through to its end within a
 * cycle: what lies beyond the first part of the bend tells more of that law than of the slope at 0. False when nothing is shortened. */
static bool leave_out_bent(dsp_inflow_cycle *stretch, const dsp_inflow *inflow, size_t n) {
  static const double bent = 0.9, least_s = 3;
  bool shortened = false;
  for (size_t i = 0; i < n; i++) {
    if (!(inflow[i].rate_per_s > 0)) continue;
    const double to_s = fmax(stretch[i].from_s + least_s, stretch[i].zero_s + bent / inflow[i].rate_per_s);
    if (to_s >= stretch[i].to_s) continue;
    stretch[i].to_s = to_s;
    shortened = true;
  }
  return shortened;
}

dsp_status inflow_read_cycles(const inflow_test *t, inflow_cycle *cycles, size_t n) {
  if (n == 0) return DSP_OK;
  const dsp_trace *trace = &t->trace;
  const dsp_noise *noise = &t->noise;
  const double *params = t->params;
  dsp_inflow_cycle *stretch = dsp_alloc(n, sizeof *stretch);
  dsp_inflow *inflow = dsp_alloc(n, sizeof *inflow);
  double *scratch = dsp_alloc(trace->n + n, 2 * sizeof *scratch);
  dsp_status status = stretch && inflow && scratch ? DSP_OK : DSP_NO_MEMORY;
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    const double to_s = last_sample_s(&cycles[i], params);
    cycles[i].settle_s = settle(scratch, trace, &cycles[i], to_s, params);
    if (cycles[i].from == CYCLE_FROM_TRACE) cycles[i].settle_s += found_early_s;
    stretch[i] = (dsp_inflow_cycle){cycles[i].inflate_s, cycles[i].inflate_s + cycles[i].settle_s, to_s};
  }
  if (status == DSP_OK) status = dsp_inflow_read(inflow, trace, noise, stretch, n);
  for (int pass = 0; pass < 2 && status == DSP_OK && leave_out_bent(stretch, inflow, n); pass++)
    status = dsp_inflow_read(inflow, trace, noise, stretch, n);
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    cycles[i].inflow = inflow[i];
    stretch[i].to_s = fmin(stretch[i].to_s, stretch[i].from_s + params[INFLOW_LINE]);
  }
  if (status == DSP_OK) status = dsp_inflow_read(inflow, trace, noise, stretch, n); /* the straight line has its own, shorter stretch */
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    cycles[i].inflow.line = inflow[i].line;
    doubt_bend(&cycles[i].inflow);
    cycles[i].inflow.r2 = inflow[i].r2;
    cycles[i].first_beat = first_beat(trace, stretch[i].from_s, last_sample_s(&cycles[i], params), noise->sd[noise->order]);
    cycles[i].reject = why_not(&cycles[i], t);
  }
  free(stretch);
  free(inflow);
  free(scratch);
  return status;
}

dsp_status inflow_reject_outliers(inflow_cycle *cycles, size_t n) {
  double *scratch = dsp_alloc(n ? n : 1, sizeof *scratch);
  if (!scratch) return DSP_NO_MEMORY;
  reject_outliers(cycles, n, scratch);
  free(scratch);
  return DSP_OK;
}
