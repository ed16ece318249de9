/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strain-gauge plethysmography: expelled volume and refill after exercise, in any posture in which the patient can move the limb. Supine,
 * with the veins congested by a cuff in steps before it, the supine pump test: how much of the veins' pressure the exercise takes away. */
#include "parts/pump_curve.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

#define SUPINE "supine venous pump function test, Clin Sci 1996;91:483"

enum { REFILL_HOLD = PUMP_ROWS, REFILL_STEP, REFILL_ROWS };

static const dsp_param_row param_rows[REFILL_ROWS] = {
    PUMP_PARAM_ROWS("sgp.refill"),
    [REFILL_HOLD] = {"sgp.refill.least_hold_s", "s", 30, 5, 3600, NULL, "Shorter steps of the congesting cuff are not read.", PUMP_OURS},
    [REFILL_STEP] = {"sgp.refill.step_mmhg", "mm[Hg]", 15, 1, 60, NULL, "Height of the cuff's steps where no pressure is recorded.",
                     PUMP_OURS},
};

static const dsp_measure_row measure_rows[PUMP_MEASURES] = {PUMP_MEASURE_ROWS(
    "sgp.EF.supine_pump",
    "Supine pump function: fall of the veins' pressure by the exercise, of the cuff's, through the limb's own pressure-volume curve; only "
    "where a cuff congested the veins in steps before. It is no ejection fraction of standing.",
    SUPINE)};

extern const dsp_protocol dsp_sgp_refill;

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return gauge_fits(channel, missing);
}

/* An exercise without a change of posture. */
static bool suggested(const dsp_recording *recording) {
  bool exercise = false;
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *e = &recording->events[i];
    if (e->kind == DSP_EVENT_STAND) return false;
    exercise |= e->kind == DSP_EVENT_EXERCISE_START || e->kind == DSP_EVENT_EXERCISE_END ||
                ((e->kind == DSP_EVENT_TIPTOE || e->kind == DSP_EVENT_DORSIFLEXION) && e->count > 1);
  }
  return exercise;
}

typedef struct supine_test {
  pump_test pump; /* first: its hooks get their test from it */
  pump_curve curve;
} supine_test;

/* About when an exercise begins while the veins still fill: the first of the places from which the emptying within 20 s is half of the
 * greatest such emptying. */
static double first_emptying_s(const dsp_trace *x, double from_s, double to_s) {
  static const double within_s = 20;
  const size_t from = dsp_trace_index(x, from_s), to = dsp_trace_index(x, to_s), window = (size_t)(within_s * x->rate_hz);
  double most = 0;
  for (size_t pass = 0; pass < 2; pass++)
    for (size_t i = from; i < to; i++) {
      double high = x->x[i];
      for (size_t k = i; k < to && k < i + window; k++) high = fmax(high, x->x[k]);
      if (pass == 0) most = fmax(most, high - x->x[i]);
      if (pass == 1 && high - x->x[i] >= 0.5 * most) return (double)i / x->rate_hz;
    }
  return from_s;
}

/* Exercises are sought while the last step is held. */
static dsp_status find_congestion(pump_test *t, dsp_test *test, const char **why_not) {
  static const double settled_s = 20, rest_s = 12, least_fall = 0.1;
  pump_curve *curve = &((supine_test *)t)->curve;
  dsp_status status = pump_curve_find(curve, t, t->params[REFILL_HOLD], t->params[REFILL_STEP]);
  if (status != DSP_OK || curve->n == 0) return status;
  t->from_s = curve->step[curve->n - 1].from_s + settled_s;
  t->to_s = fmin(t->to_s, curve->release_s - 0.5);
  t->from_s = fmax(t->from_s, first_emptying_s(&t->trace, t->from_s, t->to_s) - rest_s);
  t->upright = true; /* the veins go on filling: that is no reversed polarity, but emptying under a cuff is (the trace is upside down) */
  const double before = part_mean(&t->trace, curve->step[0].from_s - 6, curve->step[0].from_s - 1);
  if (part_mean(&t->trace, t->from_s, t->from_s + 5) > before + least_fall) *why_not = "polarity_reversed";
  for (size_t k = 0; k < curve->n && status == DSP_OK; k++)
    status = dsp_test_add_landmark(test, "cuff_inflate", curve->step[k].from_s, NAN, NAN, curve->assumed ? "event" : "detected");
  if (status == DSP_OK) status = dsp_test_add_phase(test, "congestion", curve->step[0].from_s, curve->release_s, NAN);
  return status;
}

static dsp_status read_curve(pump_test *t, dsp_test *test) {
  pump_curve *curve = &((supine_test *)t)->curve;
  dsp_status status = curve->n >= 2 && t->bouts.n ? pump_curve_read(curve, t) : DSP_OK;
  for (size_t k = 0; k < curve->n && status == DSP_OK; k++) {
    status = dsp_test_add_detail(test, "step_pressure", "mm[Hg]", curve->step[k].mmhg);
    if (status == DSP_OK)
      status = dsp_test_add_detail(test, "step_volume", "mL/(100.mL)", curve->step[k].volume.value - curve->step[0].volume.value);
  }
  return status;
}

/* Pump function from the expelled volume. */
static void ejection(const pump_test *t, const dsp_test *test) {
  static const double extended_mmhg = 8;
  const pump_curve *curve = &((const supine_test *)t)->curve;
  dsp_measure *ef = dsp_test_measure(test, "EF");
  const dsp_measure *ev = dsp_test_measure(test, "EV");
  double lowest_mmhg;
  if (!ev->valid || curve->n < 2) {
    dsp_measure_null(ef, curve->n == 0 ? "no_empty_level" : curve->n < 2 ? "no_pv_curve" : "not_computable");
    return;
  }
  const dsp_estimate function = pump_curve_function(&lowest_mmhg, curve, (dsp_estimate){ev->value, ev->se});
  if (!(lowest_mmhg > 0)) {
    dsp_measure_null(ef, isfinite(lowest_mmhg) ? "implausible" : "no_fit");
    return;
  }
  dsp_measure_set(ef, function.value, function.se, ev->t0_s, ev->t1_s);
  ef->n = ev->n;
  if (curve->assumed) dsp_flags_add(&ef->flags, "pressure_assumed");
  if (lowest_mmhg < curve->step[0].mmhg - extended_mmhg) dsp_flags_add(&ef->flags, "curve_extended");
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  supine_test *t = dsp_zalloc(1, sizeof *t);
  if (!t) return DSP_NO_MEMORY;
  t->pump = (pump_test){.protocol = &dsp_sgp_refill,
                        .recording = recording,
                        .channel = channel,
                        .params = params,
                        .prepare = find_congestion,
                        .found = read_curve,
                        .ejection = ejection};
  const dsp_status status = pump_run(&t->pump, report, error);
  free(t);
  return status;
}

static const dsp_repeatability_row repeatability[] = {
    {"EF", INFINITY, 13 / 2.77, NAN, "supine pump test, coefficient of repeatability 13 points: Clin Sci 1996;91:483"},
};

const dsp_protocol dsp_sgp_refill = {
    .id = "sgp.refill",
    .title = "Strain-gauge plethysmography, refill after exercise",
    .needs = "a channel with role strain in mL/100 mL",
    .posture =
        "Standing, sitting, or supine with the veins congested; serves patients who cannot stand or tiptoe, and a limb without a foot "
        "(the gauge on the stump, the stump's muscles contracted): mL/100 mL and seconds only, no absolute norms; compare sides. The "
        "supine "
        "pump test is done lying, the heel a little above the heart, a cuff above the knee.",
    .steps =
        "1. Record 20 s of rest in the chosen posture. 2. Ten knee bends, dorsiflexions or contractions of the stump in 10 to 20 s. "
        "3. Keep "
        "still until the trace is flat, 60 s or longer. 4. Repeat once. 5. Supine pump test: before 2, raise the cuff's pressure in steps "
        "of 15 mmHg to 60 mmHg (below diastolic), each held until the trace is flat, 1 to 2 min; exercise at the last one; release "
        "the cuff only after the refill.",
    .sidecar = "Role strain, side, site and cal_semantics of the gauge's channel. Events: exercise_start and exercise_end, or tiptoe or "
               "dorsiflexion with count and duration_s; without them the exercises are found. Supine pump test: a channel with role "
               "cuff_pressure, or cuff_inflate at each step and cuff_release.",
    .params = {"sgp.refill", param_rows, REFILL_ROWS},
    .measures = measure_rows,
    .n_measures = PUMP_MEASURES,
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
    .repeatability = repeatability,
    .n_repeatability = sizeof repeatability / sizeof repeatability[0],
};
