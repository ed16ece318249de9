/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the slow protocols of a congested limb share. */
#include "congested.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

/* 1, 1 - exp(-s/tau), s, and the derivative of the second by ln tau; s from begin_s on. */
static void fill_columns(double *design, size_t n, double begin_s, double rate_hz, double tau_s) {
  for (size_t i = 0; i < n; i++) {
    const double since_s = begin_s + (double)i / rate_hz;
    design[i] = 1;
    design[n + i] = -expm1(-since_s / tau_s);
    design[2 * n + i] = since_s;
    design[3 * n + i] = -since_s / tau_s * exp(-since_s / tau_s);
  }
}

dsp_status part_fill_read(dsp_estimate *asymptote, dsp_estimate *slope, const dsp_trace *trace, const dsp_noise *noise, double start_s,
                          double from_s, double to_s) {
  enum { COLUMNS = 3, WITH_TAU = 4 };
  static const double shortest_tau_s = 6, longest_share = 0.7, step = 1.1;
  *asymptote = *slope = (dsp_estimate){NAN, NAN};
  const size_t from = dsp_trace_index(trace, from_s), to = dsp_trace_index(trace, to_s), n = to > from ? to - from : 0;
  if (n < 8) return DSP_OK;
  double *design = dsp_alloc(n, WITH_TAU * sizeof *design), best = INFINITY, best_tau_s = shortest_tau_s;
  double coef[WITH_TAU], cov[WITH_TAU * WITH_TAU], variance;
  dsp_status status = design ? DSP_OK : DSP_NO_MEMORY;
  for (double tau_s = shortest_tau_s; tau_s < longest_share * (to_s - from_s) && status == DSP_OK; tau_s *= step) {
    fill_columns(design, n, (double)from / trace->rate_hz - start_s, trace->rate_hz, tau_s);
    status = dsp_noise_regress(noise, coef, cov, &variance, trace->x + from, trace->ok + from, n, design, COLUMNS, 1e-6);
    if (status != DSP_OK || variance >= best) continue;
    best = variance;
    best_tau_s = tau_s;
    *asymptote = (dsp_estimate){coef[0] + coef[1], sqrt(cov[0] + cov[4] + 2 * cov[1])};
    *slope = (dsp_estimate){coef[2], sqrt(cov[8])};
  }
  /* Once more with the derivative by tau: a slow tail and a slope are hard to tell apart, and the errors must say so. */
  if (status == DSP_OK && isfinite(best)) {
    fill_columns(design, n, (double)from / trace->rate_hz - start_s, trace->rate_hz, best_tau_s);
    if (dsp_noise_regress(noise, coef, cov, &variance, trace->x + from, trace->ok + from, n, design, WITH_TAU, 1e-6) == DSP_OK) {
      slope->se = fmax(slope->se, sqrt(cov[2 * WITH_TAU + 2]));
      asymptote->se = fmax(asymptote->se, sqrt(cov[0] + cov[WITH_TAU + 1] + 2 * cov[1]));
    }
  }
  free(design);
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* The pressure at the trace's samples. */
static dsp_status add_pressure(congested *c) {
  static const double bridge_s = 5, spike_mmhg = 3;
  const dsp_channel *channel = part_channel(c->recording, DSP_ROLE_CUFF_PRESSURE);
  if (!channel) return DSP_OK;
  dsp_trace p;
  dsp_trace_facts facts;
  const dsp_status status = part_condition(&p, &facts, channel, c->trace.rate_hz, bridge_s, spike_mmhg, NULL);
  if (status != DSP_OK) return status == DSP_BAD_INPUT ? DSP_OK : status;
  c->pressure = dsp_alloc(c->trace.n, sizeof *c->pressure);
  for (size_t i = 0; c->pressure && i < c->trace.n; i++) {
    const double at = (double)i / c->trace.rate_hz * p.rate_hz;
    const size_t k = (size_t)at;
    c->pressure[i] = k + 1 < p.n ? p.x[k] + (at - (double)k) * (p.x[k + 1] - p.x[k]) : p.x[p.n - 1];
  }
  dsp_trace_clear(&p);
  return c->pressure ? DSP_OK : DSP_NO_MEMORY;
}

static dsp_status prepare(congested *c, const char **why_not, const congested_rows *rows, dsp_error *error) {
  static const double spike_floor = 0.05, shortest_s = 60;
  *why_not = NULL;
  dsp_status status =
      part_condition(&c->trace, &c->facts, c->channel, c->params[rows->work_rate], c->params[rows->bridge], spike_floor, error);
  if (status == DSP_BAD_INPUT) *why_not = "no_data";
  if (status != DSP_OK) return status == DSP_BAD_INPUT ? DSP_OK : status;
  c->end_s = (double)c->trace.n / c->trace.rate_hz;
  if (!(c->facts.step > 0))
    *why_not = "constant_signal";
  else if (c->end_s < shortest_s)
    *why_not = "recording_too_short";
  status = gauge_calibrate(&c->known, &c->trace, c->test, c->recording, c->channel, c->params[rows->gap]);
  return status == DSP_OK ? add_pressure(c) : status;
}

static dsp_status finish(congested *c, const char *why_not) {
  if (why_not) part_null_rest(c->test, why_not);
  if (c->trace.n == 0) return DSP_OK;
  if (!c->known) part_null_units(c->test, "L", "unit_unknown");
  part_note_facts(c->test, c->recording, c->channel, &c->facts, 1.9);
  part_rate_quality(c->test, c->channel, &c->facts);
  return part_add_trace(c->test, &c->trace, dsp_role_unit(DSP_ROLE_STRAIN)->ucum);
}

dsp_status congested_run(congested *c, const dsp_protocol *protocol, const congested_rows *rows,
                         dsp_status (*analyse)(const char **why_not, congested *c), dsp_report *report, dsp_error *error) {
  const char *why_not = NULL;
  c->test = dsp_report_add_test(report, protocol, c->channel, 0, NULL);
  dsp_status status = c->test ? prepare(c, &why_not, rows, error) : DSP_NO_MEMORY;
  if (status == DSP_OK && !why_not) status = analyse(&why_not, c);
  if (status == DSP_OK) status = finish(c, why_not);
  free(c->pressure);
  dsp_trace_clear(&c->trace);
  return status;
}

dsp_estimate congested_pressure(const congested *c, double from_s, double to_s) {
  double sum = 0, squares = 0, n = 0;
  for (size_t i = dsp_trace_index(&c->trace, from_s), to = dsp_trace_index(&c->trace, to_s); c->pressure && i < to; i++)
    sum += c->pressure[i], squares += c->pressure[i] * c->pressure[i], n++;
  if (!(n > 0)) return (dsp_estimate){NAN, NAN};
  return (dsp_estimate){sum / n, sqrt(fmax(0, squares / n - sum / n * (sum / n)))};
}
