/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strain-gauge plethysmography: expelled volume and refill after exercise, in any posture in which the patient can move the limb. */
#include "parts/pump.h"

#include <dsp/memory.h>
#include <stdlib.h>

static const dsp_param_row param_rows[PUMP_ROWS] = {PUMP_PARAM_ROWS("sgp.refill")};

static const dsp_measure_row measure_rows[PUMP_MEASURES] = {PUMP_MEASURE_ROWS(
    "sgp.EF.standing", "Ejection fraction: 100 EV / venous volume; it needs the emptied leg's level, so it is read by sgp.stand alone.",
    "strain-gauge ejection fraction as described by Mosti and Partsch")};

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

static void no_volume(const pump_test *t, const dsp_test *test) {
  (void)t;
  dsp_measure_null(dsp_test_measure(test, "EF"), "no_empty_level");
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  pump_test *t = dsp_zalloc(1, sizeof *t);
  if (!t) return DSP_NO_MEMORY;
  *t = (pump_test){.protocol = &dsp_sgp_refill, .recording = recording, .channel = channel, .params = params, .ejection = no_volume};
  const dsp_status status = pump_run(t, report, error);
  free(t);
  return status;
}

const dsp_protocol dsp_sgp_refill = {
    .id = "sgp.refill",
    .title = "Strain-gauge plethysmography, refill after exercise",
    .needs = "a channel with role strain in mL/100 mL",
    .posture =
        "Standing, sitting, or supine with the veins congested; serves patients who cannot stand or tiptoe, and a limb without a foot "
        "(the gauge on the stump, the stump's muscles contracted): mL/100 mL and seconds only, no absolute norms; compare sides.",
    .steps = "1. Record 20 s of rest in the chosen posture. 2. Ten knee bends, dorsiflexions or contractions of the stump in 10 to 20 s. "
             "3. Keep "
             "still until the trace is flat, 60 s or longer. 4. Repeat once.",
    .sidecar = "Role strain, side, site and cal_semantics of the gauge's channel. Events: exercise_start and exercise_end, or tiptoe or "
               "dorsiflexion with count and duration_s; without them the exercises are found.",
    .params = {"sgp.refill", param_rows, PUMP_ROWS},
    .measures = measure_rows,
    .n_measures = PUMP_MEASURES,
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
};
