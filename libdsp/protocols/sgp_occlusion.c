/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strain-gauge venous occlusion: capacity, and outflow by every definition that has published limits, side by side. A definition's limits
 * belong to it alone: on one curve they differ by 20 to 55 %.
 * Method: Barnes et al. 1972; definitions as in the rows; one fit of plateau and outflow under the noise learnt at rest. */
#include "parts/gauge.h"
#include "parts/occlusion.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OURS "engineering choice"
#define VOP  "venous occlusion plethysmography as described by Barnes, Hokanson and Strandness"
#define FLOW "mL/(100.mL)/min"
#define PCT  "mL/(100.mL)"

enum { P_GAP = OCC_ROWS, P_ROWS };

static const dsp_param_row param_rows[P_ROWS] = {
    OCCLUSION_ROWS("sgp.occlusion", PCT, 0.4),
    [P_GAP] = GAUGE_GAP_ROW("sgp.occlusion"),
};

static const dsp_measure_row measure_rows[] = {
    {"SVC", PCT, "sgp.SVC.venting", "Segmental venous capacity: level at the start of venting above the level before inflation.", VOP},
    {"MVO.tangent", FLOW, "sgp.MVO.tangent", "Maximum venous outflow by tangent: steepest fall over 0.3 s within 2 s of venting, x 60.",
     VOP},
    {"MVO.first1s", FLOW, "sgp.MVO.first1s", "Outflow of the first second (F1.0): fall from 0 to 1 s after venting, x 60.",
     "International Angiology 1992;11:160-4"},
    {"MVO.0.5-2s", FLOW, "sgp.MVO.0.5-2s", "Outflow from 0.5 to 2 s: fall from 0.5 to 2 s after venting / 1.5, x 60.", VOP},
    {"VO.3s", FLOW, "sgp.VO.3s", "Outflow of three seconds: fall from 0 to 3 s after venting, x 20.", "impedance plethysmography, Wheeler"},
    {"OF1s", "%", "sgp.OF1s.capacity", "Outflow fraction: 100 x fall in the first second / SVC.", VOP},
    {"EV4", "%", "sgp.EV4.capacity", "Emptied in 4 s: 100 x fall in the first 4 s / SVC.", "International Angiology 1992;11:160-4"},
    {"TAU", "s", "sgp.TAU.0.3-5s", "Time constant: of one exponential with free asymptote through the outflow from 0.3 to 5 s.", OURS},
    {"VET90", "s", "sgp.VET90.lasting", "Venous emptying time: from venting until 90 % of SVC has left.", VOP},
};
enum { MEASURES = sizeof measure_rows / sizeof measure_rows[0] };

static const occlusion_measure readings[] = {
    {"SVC", dsp_outflow_capacity, {0}, 1, true, 0},          {"MVO.tangent", dsp_outflow_steepest, {0}, 60, false, 2},
    {"MVO.first1s", dsp_outflow_fall, {0, 1}, 60, false, 1}, {"MVO.0.5-2s", dsp_outflow_fall, {0.5, 2}, 40, false, 2},
    {"VO.3s", dsp_outflow_fall, {0, 3}, 20, false, 3},       {"OF1s", dsp_outflow_fraction, {1}, 1, true, 1},
    {"EV4", dsp_outflow_fraction, {4}, 1, true, 4},          {"TAU", dsp_outflow_time_constant, {0.3, 5}, 1, false, 5},
    {"VET90", dsp_outflow_time_to, {0.9}, 1, true, 2.5},
};

extern const dsp_protocol dsp_sgp_occlusion;

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return gauge_fits(channel, missing);
}

static dsp_status analyse(occlusion_test *t, dsp_report *report, size_t at) {
  bool known;
  double factor;
  dsp_status status = gauge_calibrate_by(&known, &factor, &t->trace, &report->tests[at], t->recording, t->channel, t->params[P_GAP]);
  if (status != DSP_OK) return status;
  const char *why_not = occlusion_hopeless(t);
  if (!why_not) status = occlusion_read(t, factor);
  if (status == DSP_OK && !why_not && t->cycles.n == 0) status = occlusion_why_none(&why_not, t);
  if (status != DSP_OK) return status;
  if (t->cycles.reversed) dsp_flags_add(&report->tests[at].flags, "events_reversed");
  if (!why_not) status = occlusion_report(t, report, at, false);
  if (status != DSP_OK) return status;
  if (why_not) part_null_rest(&report->tests[at], why_not);
  for (size_t i = at; i < report->n_tests; i++)
    if (!known) part_null_units(&report->tests[i], "L", "unit_unknown");
  part_note_facts(&report->tests[at], t->recording, t->channel, &t->facts, 9.5);
  part_rate_quality(&report->tests[at], t->channel, &t->facts);
  return part_add_trace(&report->tests[at], &t->trace, PCT);
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  occlusion_test *t = dsp_zalloc(1, sizeof *t);
  if (!t) return DSP_NO_MEMORY;
  *t = (occlusion_test){.protocol = &dsp_sgp_occlusion,
                        .measures = readings,
                        .n_measures = sizeof readings / sizeof readings[0],
                        .unit = PCT,
                        .spike_floor = 0.05,
                        .analyse = analyse};
  const dsp_status status = occlusion_run(t, recording, channel, params, report, error);
  free(t);
  return status;
}

static const dsp_repeatability_row repeatability[] = {
    {"SVC", INFINITY, NAN, 0.12, "venous distensibility at 3 min, coefficient of variation 12 %: Br J Clin Pharmacol 2000;50:621-3"},
};

/* Both limits together, as they were published. */
static void conclude(dsp_test *test) {
  dsp_measure *const both[] = {dsp_test_measure(test, "MVO.first1s"), dsp_test_measure(test, "EV4")};
  for (size_t i = 0; i < 2; i++)
    if (!both[i]->valid || !both[i]->grade || strcmp(both[i]->grade, "reduced") != 0) return;
  for (size_t i = 0; i < 2; i++) dsp_flags_add(&both[i]->flags, "suggests_obstruction");
}

const dsp_protocol dsp_sgp_occlusion = {
    .id = "sgp.occlusion",
    .title = "Strain-gauge venous occlusion: capacity and outflow",
    .needs = "a channel with role strain in mL/100 mL, or with calibration steps",
    .posture =
        "Supine for at least 10 min in a warm room, the leg raised 10 to 20 cm at the heel, knee slightly bent, hip rotated outwards.",
    .steps = "1. Put the gauge round the largest girth of the calf and a wide cuff round the thigh; do the electrical calibration step. "
             "2. Record at least 30 s of flat baseline. 3. Inflate the thigh cuff to 50 mmHg at once and hold it until the trace is flat, "
             "2 to 3 "
             "min. 4. Vent the cuff as fast as possible and record at least 30 s. 5. Rest 2 to 3 min; repeat twice. Do both legs.",
    .sidecar =
        "Channel: role strain, unit mL/100mL, side, site; calibration with cal_semantics (volume_pct or length_pct). Events: cuff_inflate "
        "and cuff_release of each cycle, calibration with percent; without them the cycles are found. A channel with role cuff_pressure "
        "times the venting and shows how fast it was.",
    .params = {"sgp.occlusion", param_rows, P_ROWS},
    .measures = measure_rows,
    .n_measures = MEASURES,
    .applicable = applicable,
    .run = run,
    .conclude = conclude,
    .repeatability = repeatability,
    .n_repeatability = sizeof repeatability / sizeof repeatability[0],
};
