/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strain-gauge plethysmography, standing: venous volume from the raised to the standing leg, expelled volume and ejection fraction of a
 * series of steps, refill. Method: gauge at the upper calf above any compression, leg emptied by elevation, standing, a fixed number of
 * steps (Mosti and Partsch). */
#include "parts/pump.h"
#include "parts/stand.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

#define MOSTI "strain-gauge ejection fraction as described by Mosti and Partsch"

enum { STAND_LEAST_RISE = PUMP_ROWS, STAND_BASELINE, STAND_ROWS };

static const dsp_param_row param_rows[STAND_ROWS] = {
    PUMP_PARAM_ROWS("sgp.stand"),
    [STAND_LEAST_RISE] = {"sgp.stand.least_rise", "mL/(100.mL)", 0.4, 0, 100, NULL, "Smallest rise that counts as standing up.", PUMP_OURS},
    [STAND_BASELINE] = {"sgp.stand.baseline_s", "s", 30, 3, 300, NULL, "Longest end part of the rest with the leg raised.", PUMP_OURS},
};

static const dsp_measure_row measure_rows[PUMP_MEASURES] = {PUMP_MEASURE_ROWS(
    "sgp.EF.standing", "Ejection fraction: 100 EV / (level standing before the steps minus level with the leg raised).", MOSTI)};

extern const dsp_protocol dsp_sgp_stand;

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return gauge_fits(channel, missing);
}

static bool suggested(const dsp_recording *recording) {
  for (size_t i = 0; i < recording->n_events; i++)
    if (recording->events[i].kind == DSP_EVENT_STAND) return true;
  return false;
}

/* Level of the raised leg before onset_s, and from when on the leg has filled. */
static dsp_status read_empty(pump_test *t, const dsp_trace *up, const dsp_posture *posture, double onset_s) {
  static const double filled_share = 0.85;
  const double from_s = fmax(0, onset_s - t->params[STAND_BASELINE]), to_s = onset_s - 0.5;
  const size_t from = dsp_trace_index(up, from_s), to = dsp_trace_index(up, to_s);
  dsp_noise noise;
  dsp_status status = dsp_noise_learn(&noise, up, &from, &to, 1, fmax(t->facts.step / 3.5, 5e-4));
  if (status == DSP_OK) status = dsp_level_read(&t->empty, NULL, up, &noise, from, to);
  if (status != DSP_OK) return status;
  t->empty.value = -t->empty.value;
  t->from_s = onset_s + 2;
  const double level = posture->low + filled_share * (posture->high - posture->low);
  for (size_t i = dsp_trace_index(up, onset_s + 2); i + 5 < up->n && (double)i / up->rate_hz < t->to_s; i++) {
    t->from_s = (double)i / up->rate_hz;
    if (up->x[i] + up->x[i + 1] + up->x[i + 2] + up->x[i + 3] + up->x[i + 4] >= 5 * level) break;
  }
  return DSP_OK;
}

static dsp_status find_standing(pump_test *t, dsp_test *test, const char **why_not) {
  dsp_trace up = t->trace;
  dsp_posture posture;
  stand_phases p = {.onset_s = NAN};
  up.x = dsp_alloc(up.n, sizeof *up.x);
  if (!up.x) return DSP_NO_MEMORY;
  for (size_t i = 0; i < up.n; i++) up.x[i] = -t->trace.x[i];
  dsp_status status = dsp_posture_find(&posture, &up, 0, t->params[STAND_LEAST_RISE]);
  if (status == DSP_OK && posture.rises) status = stand_detect_onset(&p, &up, posture.rise, posture.high - posture.low);
  if (status == DSP_OK) {
    const double leave_s = (double)posture.leave / up.rate_hz, end_s = t->to_s;
    const dsp_event *stand = stand_event(t->recording, DSP_EVENT_STAND, 0, end_s);
    if (posture.falls)
      *why_not = "inverted";
    else if (!posture.rises && !stand)
      *why_not = "no_stand";
    if (stand && posture.rises && !stand_mark_usable(stand->t_s, 0, leave_s)) stand = NULL, dsp_flags_add(&test->flags, "marker_disagrees");
    const double onset_s = stand ? stand->t_s : p.onset_s;
    if (stand && posture.rises && fabs(stand->t_s - p.onset_s) > t->params[PUMP_MARKER]) dsp_flags_add(&test->flags, "marker_disagrees");
    const dsp_event *supine = stand_event(t->recording, DSP_EVENT_SUPINE, isfinite(onset_s) ? onset_s : 0, end_s);
    t->to_s = fmin(end_s, supine ? supine->t_s : leave_s) - 0.5;
    if (!*why_not) status = read_empty(t, &up, &posture, onset_s);
    if (status == DSP_NO_SOLUTION) *why_not = "no_baseline", status = DSP_OK;
    if (!*why_not) status = dsp_test_add_landmark(test, "stand_onset", onset_s, NAN, NAN, stand ? "event" : "detected");
  }
  free(up.x);
  return status;
}

/* EV and VV of the same standing level: the mean over the bouts that were read. */
static void ejection(const pump_test *t, const dsp_test *test) {
  dsp_measure *ef = dsp_test_measure(test, "EF");
  const dsp_measure *ev = dsp_test_measure(test, "EV");
  double sum = 0, n = 0;
  for (size_t k = 0; k < t->bouts.n; k++)
    if (t->bouts.bout[k].read) sum += t->empty.value - t->bouts.bout[k].base.value, n++;
  const double vv = sum / n, share = ev->value / vv;
  if (!ev->valid || !(vv > t->params[STAND_LEAST_RISE])) {
    dsp_measure_null(ef, ev->valid ? "no_stand" : "not_computable");
    return;
  }
  dsp_measure_set(ef, 100 * share, 100 / vv * hypot(ev->se, share * t->empty.se), ev->t0_s, ev->t1_s);
  ef->n = ev->n;
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  pump_test *t = dsp_zalloc(1, sizeof *t);
  if (!t) return DSP_NO_MEMORY;
  *t = (pump_test){.protocol = &dsp_sgp_stand,
                   .recording = recording,
                   .channel = channel,
                   .params = params,
                   .upright = true,
                   .prepare = find_standing,
                   .ejection = ejection};
  const dsp_status status = pump_run(t, report, error);
  free(t);
  return status;
}

const dsp_protocol dsp_sgp_stand = {
    .id = "sgp.stand",
    .title = "Strain-gauge plethysmography, standing test",
    .needs = "a channel with role strain in mL/100 mL",
    .posture =
        "Supine with the leg raised, then standing, holding a frame; the gauge at the upper calf, above any compression. For those who "
        "cannot stand or tiptoe there is sgp.refill.",
    .steps =
        "1. Lie with the leg raised until the trace is flat, at least 30 s. 2. Stand still until the trace is flat. 3. Twenty steps on the "
        "spot or ten tiptoes. 4. Stand still until the trace is flat, 60 s or longer.",
    .sidecar =
        "Role strain, side and cal_semantics of the gauge's channel. Events: stand, exercise_start and exercise_end (or tiptoe with count "
        "and duration_s), supine; without them the phases are found.",
    .params = {"sgp.stand", param_rows, STAND_ROWS},
    .measures = measure_rows,
    .n_measures = PUMP_MEASURES,
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
};
