/* SPDX-License-Identifier: GPL-3.0-or-later
 * Air plethysmography under a thigh cuff: occluded volume, outflow fraction, emptying time; in one step or as a ladder of pressures, with
 * and without compression of the superficial veins at the knee. Definitions as in the rows; readings from one fit of plateau and outflow
 * under the noise learnt at rest. */
#include "parts/occlusion.h"
#include "parts/stand.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OURS   "engineering choice"
#define APG    "air plethysmography as described by Christopoulos and Nicolaides"
#define LADDER "pneumatic thigh compression in 10 mmHg steps, Eur J Vasc Endovasc Surg 2014;47:75-80"

enum { Q_STEP_MMHG = OCC_ROWS, Q_ROWS };

static const dsp_param_row param_rows[Q_ROWS] = {
    OCCLUSION_ROWS("apg.outflow", "mL", 12),
    [Q_STEP_MMHG] = {"apg.outflow.step_mmhg", "mm[Hg]", 10, 1, 40, NULL,
                     "Height of a ladder's steps, where the cuff's pressure is not in the recording.", LADDER},
};

static const dsp_measure_row measure_rows[] = {
    {"VVOCC", "mL", "apg.VVOCC.venting", "Occluded venous volume: level at the start of venting above the level before inflation.", APG},
    {"OF1s", "%", "apg.OF1s.capacity", "Outflow fraction: 100 x volume lost in the first second of venting / VVOCC.", APG},
    {"VET90", "s", "apg.VET90.lasting", "Venous emptying time: from venting until 90 % of VVOCC has left.", LADDER},
    {"MVO", "mL/s", "apg.MVO.tangent", "Maximum venous outflow: steepest fall over 0.3 s within 2 s of venting.", APG},
    {"IPMIV", "mm[Hg]", "apg.IPMIV.step",
     "Pressure of the largest increment: the ladder's step that raises the volume most, from the plateau before it.", LADDER},
};
enum { MEASURES = sizeof measure_rows / sizeof measure_rows[0] };

static const occlusion_measure readings[] = {
    {"VVOCC", dsp_outflow_capacity, {0}, 1, true, 0},
    {"OF1s", dsp_outflow_fraction, {1}, 1, true, 1},
    {"VET90", dsp_outflow_time_to, {0.9}, 1, true, 2.5},
    {"MVO", dsp_outflow_steepest, {0}, 1, false, 2},
};

extern const dsp_protocol dsp_apg_outflow;

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return part_role_fits(channel, DSP_ROLE_VOLUME, DSP_DIM_VOLUME, missing);
}

/* Level at t_s from the samples before it, and its error; a level that still rises is followed there. */
static dsp_estimate level_at(const occlusion_test *t, double t_s, double window_s) {
  dsp_estimate level, slope;
  const dsp_status status =
      dsp_level_read(&level, &slope, &t->trace, &t->noise, dsp_trace_index(&t->trace, t_s - window_s), dsp_trace_index(&t->trace, t_s));
  if (status != DSP_OK) return (dsp_estimate){NAN, NAN};
  if (fabs(slope.value) > 2.5 * slope.se) level.value += 0.5 * window_s * slope.value;
  return level;
}

/* The ladder's step with the largest rise; NaN without a ladder. Its increments become details. */
static dsp_status read_ladder(dsp_estimate *pressure, bool *tie, dsp_test *test, const occlusion_test *t, const occlusion_cycle *r) {
  const part_cycle *c = r->cycle;
  *pressure = (dsp_estimate){NAN, NAN};
  *tie = false;
  if (c->n_steps < 3 || !isfinite(c->release_s)) return DSP_OK;
  const double step_mmhg = isfinite(c->pressure_mmhg) ? c->pressure_mmhg / (double)c->n_steps : t->params[Q_STEP_MMHG];
  double best = -INFINITY, best_se = 0, second = -INFINITY;
  dsp_estimate before = level_at(t, c->step_s[0], 4);
  for (size_t i = 0; i < c->n_steps; i++) {
    const double end_s = i + 1 < c->n_steps ? c->step_s[i + 1] : c->release_s;
    const dsp_estimate after = level_at(t, end_s, fmin(6, 0.4 * (end_s - c->step_s[i])));
    const double rise = after.value - before.value, se = hypot(after.se, before.se);
    if (dsp_test_add_detail(test, "step_increment", "mL", rise) != DSP_OK) return DSP_NO_MEMORY;
    if (rise > best) {
      second = best;
      best = rise;
      best_se = se;
      pressure->value = step_mmhg * (double)(i + 1);
    } else {
      second = fmax(second, rise);
    }
    before = after;
  }
  pressure->se = step_mmhg / sqrt(12); /* it is known to a step */
  *tie = best - second < 2 * best_se;
  return DSP_OK;
}

static dsp_status put_ladder(const occlusion_test *t, dsp_test *test, bool compressed) {
  dsp_measure *m = dsp_test_measure(test, "IPMIV");
  for (size_t k = 0; k < t->cycles.n; k++) {
    const occlusion_cycle *r = &t->read[k];
    dsp_estimate pressure;
    bool tie;
    if (r->cycle->compressed != compressed) continue;
    if (read_ladder(&pressure, &tie, test, t, r) != DSP_OK) return DSP_NO_MEMORY;
    if (!isfinite(pressure.value)) continue;
    dsp_measure_set(m, pressure.value, pressure.se, r->cycle->inflate_s, r->cycle->release_s);
    if (tie) dsp_flags_add(&m->flags, "steps_alike");
    if (isnan(r->cycle->pressure_mmhg)) dsp_flags_add(&m->flags, "step_pressure_assumed");
    return DSP_OK;
  }
  dsp_measure_null(m, "no_ladder");
  return DSP_OK;
}

/* Into mL by syringe steps where the unit is not known; *known: it is in mL now. */
static dsp_status calibrate(bool *known, double *factor, occlusion_test *t, dsp_test *test) {
  stand_calibration c;
  stand_calibrate(&c, &t->trace, t->recording);
  const bool in_volume = t->channel->unit && t->channel->unit->dimension == DSP_DIM_VOLUME;
  double scale = t->channel->polarity < 0 ? -1 : 1;
  if (in_volume)
    scale *= t->channel->unit->factor;
  else if (c.steps && isfinite(c.slope) && c.slope != 0)
    scale /= fabs(c.slope);
  *known = in_volume || c.steps > 0;
  if (!in_volume && c.steps) dsp_flags_add(&test->flags, "calibration_applied");
  if (in_volume && c.steps && !(fabs(c.slope * t->channel->unit->factor - 1) <= 0.05)) dsp_flags_add(&test->flags, "calibration_disagrees");
  *factor = fabs(scale);
  for (size_t i = 0; i < t->trace.n; i++) t->trace.x[i] *= scale;
  return c.steps ? dsp_test_add_detail(test, "calibration_steps", "1", c.steps) : DSP_OK;
}

static dsp_status report_groups(const occlusion_test *t, dsp_report *report, size_t at) {
  bool with = false, without = false;
  for (size_t k = 0; k < t->cycles.n; k++) with |= t->cycles.cycle[k].compressed, without |= !t->cycles.cycle[k].compressed;
  if (!without) report->tests[at].manoeuvre = "superficial compression";
  dsp_status status = put_ladder(t, &report->tests[at], !without);
  if (status == DSP_OK) status = occlusion_report(t, report, at, !without);
  if (status != DSP_OK || !with || !without) return status;
  const size_t second = report->n_tests;
  if (!dsp_report_add_test(report, &dsp_apg_outflow, t->channel, 0, "superficial compression")) return DSP_NO_MEMORY;
  status = put_ladder(t, &report->tests[second], true);
  return status == DSP_OK ? occlusion_report(t, report, second, true) : status;
}

static dsp_status analyse(occlusion_test *t, dsp_report *report, size_t at) {
  bool known;
  double factor;
  dsp_status status = calibrate(&known, &factor, t, &report->tests[at]);
  if (status != DSP_OK) return status;
  const char *why_not = occlusion_hopeless(t);
  if (!why_not) status = occlusion_read(t, factor);
  if (status == DSP_OK && !why_not && t->cycles.n == 0) status = occlusion_why_none(&why_not, t);
  if (status != DSP_OK) return status;
  if (t->cycles.reversed) dsp_flags_add(&report->tests[at].flags, "events_reversed");
  if (!why_not) status = report_groups(t, report, at);
  if (status != DSP_OK) return status;
  if (why_not) part_null_rest(&report->tests[at], why_not);
  for (size_t i = at; i < report->n_tests && !known; i++) part_null_units(&report->tests[i], "L", "unit_unknown");
  part_note_facts(&report->tests[at], t->recording, t->channel, &t->facts, 9.5);
  part_rate_quality(&report->tests[at], t->channel, &t->facts);
  return part_add_trace(&report->tests[at], &t->trace, "mL");
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  occlusion_test *t = dsp_zalloc(1, sizeof *t);
  if (!t) return DSP_NO_MEMORY;
  *t = (occlusion_test){.protocol = &dsp_apg_outflow,
                        .measures = readings,
                        .n_measures = sizeof readings / sizeof readings[0],
                        .unit = "mL",
                        .spike_floor = 0.5,
                        .analyse = analyse};
  const dsp_status status = occlusion_run(t, recording, channel, params, report, error);
  free(t);
  return status;
}

/* A cuff that is inflated and vented, and nobody who stands. */
static bool suggested(const dsp_recording *recording) {
  bool cuff = false;
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event_kind kind = recording->events[i].kind;
    if (kind == DSP_EVENT_STAND || kind == DSP_EVENT_TIPTOE || kind == DSP_EVENT_TILT_UP) return false;
    cuff |= kind == DSP_EVENT_CUFF_INFLATE || kind == DSP_EVENT_CUFF_RELEASE;
  }
  return cuff;
}

static const dsp_repeatability_row repeatability[] = {
    {"VVOCC", INFINITY, NAN, 0.12, "venous distensibility at 3 min, coefficient of variation 12 %: Br J Clin Pharmacol 2000;50:621-3"},
};

static void conclude(dsp_test *test) {
  dsp_measure *of = dsp_test_measure(test, "OF1s");
  if (of->valid && of->grade && strcmp(of->grade, "normal") != 0) dsp_flags_add(&of->flags, "suggests_obstruction");
}

const dsp_protocol dsp_apg_outflow = {
    .id = "apg.outflow",
    .title = "Air plethysmography, outflow under a thigh cuff",
    .needs = "a channel with role volume in mL, or with syringe steps",
    .posture = "Supine, the heel raised about 15 cm, knee slightly bent, the sensing cuff touching nothing.",
    .steps = "1. Warm the sensing cuff at 6 mmHg and calibrate it by syringe. 2. Put a thigh cuff as far up as possible; record at least "
             "30 s of "
             "flat baseline. 3. Inflate it to 80 mmHg at once, or in steps of 10 mmHg with a plateau at each. 4. Hold until the trace is "
             "flat, 1 "
             "to 3 min, then vent at once and record at least 30 s. 5. Repeat with the superficial veins compressed at the knee.",
    .sidecar =
        "Channel: role volume, unit mL, side, site. Events: cuff_inflate (one for each step) and cuff_release; compress before a cycle "
        "with "
        "compressed superficial veins, release after it; calibration with volume_ml. A channel with role cuff_pressure times the venting "
        "and gives the steps' pressures. Without events single steps are found.",
    .params = {"apg.outflow", param_rows, Q_ROWS},
    .measures = measure_rows,
    .n_measures = MEASURES,
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
    .conclude = conclude,
    .repeatability = repeatability,
    .n_repeatability = sizeof repeatability / sizeof repeatability[0],
};
