/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arterial inflow by venous occlusion: the limb's swelling while a collecting cuff keeps the veins shut.
 * Method: Hewlett and van Zwaluwenburg 1909, Whitney 1953: 60 x the slope right after inflation, mL/100 mL/min. Three readings stand side
 * by side: the slope at inflation of a filling store, the classical straight line, and the first whole beat. */
#include "parts/inflow.h"

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>

#define OURS "engineering choice"
#define VOP  "venous occlusion plethysmography as described by Whitney 1953"

enum { P_FEWEST = INFLOW_ROWS_N, P_VARIATION, P_ROWS };

static const dsp_param_row param_rows[P_ROWS] = {
    INFLOW_ROWS("sgp.inflow"),
    [P_FEWEST] = {"sgp.inflow.fewest_cycles", "1", 3, 1, 100, NULL, "Fewer used cycles are flagged.", OURS},
    [P_VARIATION] = {"sgp.inflow.variation", "1", 0.15, 0, 1, NULL, "Coefficient of variation between cycles that is flagged.", OURS},
};

static const dsp_measure_row measure_rows[] = {
    {"AI.line", "mL/(100.mL)/min", "sgp.AI.line",
     "Inflow by straight line: slope from the end of the cuff's artefact on, pulse waves taken out.", VOP},
    {"AI.first_beat", "mL/(100.mL)/min", "sgp.AI.first_beat",
     "Inflow of the first beat: over the first whole beat after the cuff's artefact, foot to foot.",
     "Junejo, Ray and Marshall, Eur. J. Appl. Physiol. 2019"},
    {"AI.exp0", "mL/(100.mL)/min", "sgp.AI.exp0",
     "Inflow at inflation: slope at the moment of inflation of the exponential store that the veins are, pulse waves taken out.", OURS},
};
enum { LINE, FIRST_BEAT, EXP0, MEASURES };

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return gauge_fits(channel, missing);
}

/* Per minute. */
static dsp_estimate reading(const inflow_cycle *c, size_t which) {
  const dsp_estimate all[MEASURES] = {[LINE] = c->inflow.line, [FIRST_BEAT] = c->first_beat, [EXP0] = c->inflow.initial};
  return (dsp_estimate){60 * all[which].value, 60 * all[which].se};
}

/* Mean over the used cycles; its error is the larger of what the cycles' scatter and what their own errors say. */
typedef struct pooled {
  dsp_estimate mean;
  double sd, first_s, last_s;
  unsigned n;
} pooled;

static pooled pool(const inflow_cycle *cycles, size_t n, size_t which) {
  pooled p = {{(double)NAN, (double)NAN}, (double)NAN, (double)NAN, (double)NAN, 0};
  double sum = 0, squares = 0, variance = 0, shared = 0;
  for (size_t i = 0; i < n; i++) {
    const dsp_estimate e = reading(&cycles[i], which);
    if (cycles[i].reject || !isfinite(e.value)) continue;
    if (p.n++ == 0) p.first_s = cycles[i].inflate_s;
    p.last_s = cycles[i].release_s;
    sum += e.value;
    squares += e.value * e.value;
    variance += e.se * e.se;
    if (which == EXP0) shared += 60 * cycles[i].inflow.shared_se;
  }
  if (p.n == 0) return p;
  p.mean.value = sum / p.n;
  if (p.n > 1) p.sd = sqrt(fmax(0, squares - sum * p.mean.value) / (p.n - 1));
  const double own = sqrt(variance) / p.n, scatter = p.n > 3 ? p.sd / sqrt(p.n) : own;
  p.mean.se = hypot(p.n > 3 ? scatter : fmax(own, scatter), shared / p.n);
  return p;
}

static dsp_status report_cycle(dsp_test *test, const inflow_cycle *c, const double *params) {
  for (size_t m = 0; m < MEASURES; m++) {
    if (c->reject)
      dsp_measure_null(&test->measures[m], c->reject);
    else
      part_set(test, measure_rows[m].id, reading(c, m), c->inflate_s + c->settle_s, c->release_s, m == FIRST_BEAT ? "no_pulse" : "no_fit");
  }
  if (c->settle_s > params[INFLOW_SLOW_CUFF]) dsp_flags_add(&test->flags, "slow_cuff");
  if (inflow_mark(test, c) != DSP_OK || dsp_test_add_detail(test, "settle_time", "s", c->settle_s) != DSP_OK ||

      dsp_test_add_detail(test, "r2", "1", c->inflow.r2) != DSP_OK)
    return DSP_NO_MEMORY;
  return DSP_OK;
}

static dsp_status report_pooled(dsp_test *test, const inflow_cycle *cycles, size_t n, const double *params) {
  size_t used = 0;
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < n; i++) used += !cycles[i].reject;
  static const char *const sd_ids[MEASURES] = {"AI.line.sd", "AI.first_beat.sd", "AI.exp0.sd"}, *const cv_ids[MEASURES] = {
                                                                                                    "AI.line.cv", "AI.first_beat.cv",
                                                                                                    "AI.exp0.cv"};
  for (size_t m = 0; m < MEASURES && status == DSP_OK; m++) {
    const pooled p = pool(cycles, n, m);
    dsp_measure *measure = &test->measures[m];
    /* without a used cycle they all have the first one's reason, or each its own */
    const char *none = n == 0 ? "no_cycles" : used == 0 ? cycles[0].reject : m == FIRST_BEAT ? "no_pulse" : "no_fit";
    part_set(test, measure_rows[m].id, p.mean, p.first_s, p.last_s, none);
    if (measure->valid) measure->n = p.n;
    if (measure->valid && p.n < params[P_FEWEST]) dsp_flags_add(&measure->flags, "few_cycles");
    if (p.sd > params[P_VARIATION] * p.mean.value) dsp_flags_add(&measure->flags, "cycles_vary");
    status = dsp_test_add_detail(test, sd_ids[m], "mL/(100.mL)/min", p.sd);
    if (status == DSP_OK) status = dsp_test_add_detail(test, cv_ids[m], "%", 100 * p.sd / p.mean.value);
  }
  if (used < n) dsp_flags_add(&test->flags, "cycles_rejected");
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    if (!cycles[i].reject && cycles[i].settle_s > params[INFLOW_SLOW_CUFF]) dsp_flags_add(&test->flags, "slow_cuff");
    status = dsp_test_add_phase(test, "collecting", cycles[i].inflate_s, cycles[i].release_s, NAN);
    if (status == DSP_OK) status = inflow_mark(test, &cycles[i]);
  }
  if (status == DSP_OK) status = dsp_test_add_detail(test, "cycles", "1", (double)n);
  if (status == DSP_OK) status = dsp_test_add_detail(test, "cycles_used", "1", (double)used);
  return status;
}

extern const dsp_protocol dsp_sgp_inflow;

static dsp_status report_trials(const inflow_test *t, dsp_report *report) {
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < t->n && t->n > 1 && status == DSP_OK; i++) {
    dsp_test *trial = dsp_report_add_test(report, &dsp_sgp_inflow, t->channel, (unsigned)i + 1, NULL);
    status = trial ? report_cycle(trial, &t->cycles[i], t->params) : DSP_NO_MEMORY;
    if (status == DSP_OK) status = inflow_finish(t, trial);
  }
  return status;
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  inflow_test t = {.recording = recording, .channel = channel, .params = params};
  dsp_test *test = dsp_report_add_test(report, &dsp_sgp_inflow, channel, 0, NULL);
  dsp_status status = test ? inflow_prepare(&t, test, error) : DSP_NO_MEMORY;
  if (status == DSP_OK && !t.why_not) {
    status = inflow_read_cycles(&t, t.cycles, t.n);
    if (status == DSP_OK) status = inflow_reject_outliers(t.cycles, t.n);
    if (status == DSP_OK) status = report_pooled(test, t.cycles, t.n, params);
    if (status == DSP_OK) status = inflow_add_resistance(test, recording, "resistance", test->measures[EXP0].value);
  }
  if (status == DSP_OK) status = inflow_finish(&t, test);
  if (status == DSP_OK) status = report_trials(&t, report);
  inflow_clear(&t);
  return status;
}

/* Many inflations, or any beside an arterial cuff's, are this test and not one long congestion. */
static bool suggested(const dsp_recording *recording) {
  static const size_t many = 4;
  static const double short_s = 30;
  size_t inflations = 0, arterial = 0, brief = 0;
  double since_s = (double)NAN;
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *e = &recording->events[i];
    arterial += e->kind == DSP_EVENT_ARTERIAL_INFLATE || e->kind == DSP_EVENT_ARTERIAL_RELEASE;
    if (e->kind == DSP_EVENT_CUFF_INFLATE) inflations++, since_s = e->t_s;
    if (e->kind == DSP_EVENT_CUFF_RELEASE && e->t_s - since_s < short_s) brief++;
  }
  return arterial == 0 && inflations >= many && brief >= many;
}

const dsp_protocol dsp_sgp_inflow = {
    .id = "sgp.inflow",
    .title = "Strain-gauge plethysmography, resting arterial inflow",
    .needs = "a channel with role strain in mL/100 mL",
    .posture =
        "Supine, the limb at or a little above heart level, the gauge at the greatest girth; hand or foot shut off by a wrist or ankle "
        "cuff at 200 mmHg for at least a minute.",
    .steps =
        "1. Inflate the collecting cuff (above the knee or elbow) to 40 to 60 mmHg as fast as the inflator can. 2. Hold for 8 to 10 s. 3. "
        "Release for 5 to 8 s. 4. Repeat at least five times.",
    .sidecar = "Role strain and side of the gauge's channel; cuff_inflate and cuff_release of each cycle, or a channel with role "
               "cuff_pressure; without both the program finds the cycles in the trace.",
    .params = {"sgp.inflow", param_rows, P_ROWS},
    .measures = measure_rows,
    .n_measures = MEASURES,
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
};
