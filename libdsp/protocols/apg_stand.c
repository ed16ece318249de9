/* SPDX-License-Identifier: GPL-3.0-or-later
 * Air plethysmography, standing test: venous volume, filling, ejection, residual volume and the ten-step pump.
 * Method: Christopoulos, Nicolaides et al. 1987, with the definitions written in the rows below. One trace is conditioned, its phases are
 * taken from events or found, the noise at rest is learnt, and every reading is a regression under that noise. */
#include "parts/part.h"
#include "parts/stand.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OURS "engineering choice"
#define APG  "air plethysmography as described by Christopoulos and Nicolaides"

static const dsp_param_row param_rows[P_ROWS] = {
    [P_WORK_RATE] = {"apg.stand.work_rate_hz", "Hz", 15, 4, 1000, NULL,
                     "Lowest rate to which a faster trace is decimated for contractions.", OURS},
    [P_LEVEL_RATE] = {"apg.stand.level_rate_hz", "Hz", 5, 2, 1000, NULL, "Lowest rate to which it is decimated for levels and filling.",
                      OURS},
    [P_BRIDGE] = {"apg.stand.bridge_s", "s", 0.2, 0, 1, NULL, "Longest gap that a straight line may bridge.", OURS},
    [P_BASELINE] = {"apg.stand.baseline_s", "s", 40, 5, 300, NULL, "Longest end part of the supine rest that gives V0.", OURS},
    [P_PLATEAU] = {"apg.stand.plateau_s", "s", 20, 5, 120, NULL, "End part of standing that gives the observed plateau.", OURS},
    [P_TOLERANCE] = {"apg.stand.plateau_tolerance", "1", 0.02, 0, 0.5, NULL,
                     "Remaining rise, as a fraction of the observed one, above which the fitted asymptote replaces the plateau.", OURS},
    [P_FRACTION] = {"apg.stand.fraction", "1", 0.9, 0.5, 0.99, NULL, "Fraction of VV that ends the filling time.", APG},
    [P_REFILL_FRACTION] = {"apg.stand.refill_fraction", "1", 0.9, 0.5, 0.99, NULL,
                           "Fraction of the recovered volume that ends the refill time.", OURS},
    [P_LEAST_RISE] = {"apg.stand.least_rise_ml", "mL", 10, 1, 200, NULL, "Smallest rise that counts as standing up.", OURS},
    [P_LEAST_DROP] = {"apg.stand.least_drop_ml", "mL", 4, 0.5, 100, NULL, "Smallest drop that counts as an unmarked contraction.", OURS},
    [P_CONTRACTION] = {"apg.stand.contraction_s", "s", 1, 0.3, 5, NULL, "Longest time that one contraction lasts.", OURS},
    [P_LEAD] = {"apg.stand.lead_s", "s", 0.07, 0, 0.5, NULL, "The lowest volume comes this much before the end of the contraction.", OURS},
    [P_MARKER] = {"apg.stand.marker_s", "s", 3, 0.1, 60, NULL, "Disagreement of marker and trace that is flagged.", OURS},
    [P_BASELINE_SLOPE] = {"apg.stand.baseline_slope", "mL/s", 0.05, 0, 5, NULL, "Steepest supine baseline that is not flagged.", OURS},
    [P_DRIFT_TAU] = {"apg.stand.drift_tau_s", "s", 220, 30, 3600, NULL, "Time constant of the cuff's warming.", OURS},
    [P_DRIFT_WARN] = {"apg.stand.drift_warn", "1", 0.05, 0, 1, NULL, "Drift, as a fraction of VV, that is mentioned.", OURS},
    [P_DRIFT_LARGE] = {"apg.stand.drift_large", "1", 0.1, 0, 1, NULL, "Drift, as a fraction of VV, that is flagged.", OURS},
    [P_COUNT] = {"apg.stand.count", "1", 10, 1, 100, NULL, "Contractions that the series should have.", APG},
    [P_COUNT_TOLERANCE] = {"apg.stand.count_tolerance", "1", 1, 0, 10, NULL, "Departure from that count that is accepted.", OURS},
    [P_CADENCE_MIN] = {"apg.stand.cadence_min_hz", "Hz", 0.8, 0.1, 5, NULL, "Slowest accepted cadence.", OURS},
    [P_CADENCE_MAX] = {"apg.stand.cadence_max_hz", "Hz", 1.2, 0.1, 5, NULL, "Fastest accepted cadence.", OURS},
    [P_DELAY] = {"apg.stand.delay_s", "s", 1.5, 0.1, 10, NULL, "Longest accepted delay of a reading after its contraction.", OURS},
    [P_TENSION] = {"apg.stand.tension", "1", 0.05, 0, 1, NULL, "Spread of the standing plateau, as a fraction of VV, that is flagged.",
                   OURS},
    [P_POOL] = {"apg.stand.pool", "", 0, 0, 2, "mean|best|first", "How repeated single contractions give one EV and EF.", OURS},
    [P_CALIBRATION] = {"apg.stand.calibration_residual", "1", 0.02, 0, 1, NULL,
                       "Largest distance of a syringe step from the line, of full scale.", OURS},
};

static const dsp_measure_row measure_rows[] = {
    {"V0", "mL", "apg.V0.mean", "Supine baseline: mean level of the end of the rest before standing.", APG},
    {"VV", "mL", "apg.VV.plateau",
     "Functional venous volume: standing plateau minus V0; the fitted asymptote where filling was not complete.", APG},
    {"VV.observed", "mL", "apg.VV.observed", "Observed venous volume: level of the end of standing before the first contraction, minus V0.",
     APG},
    {"VFT90", "s", "apg.VFT90.lasting", "Time to 90 % filling: from the onset of standing to the lasting crossing of V0 + 0.9 VV.", APG},
    {"VFI", "mL/s", "apg.VFI.mean90", "Venous filling index: 0.9 VV / VFT90.", APG},
    {"VFI.fit", "mL/s", "apg.VFI.exponential",
     "Venous filling index by fit: the same, read from one exponential through the whole filling curve.", OURS},
    {"T50", "s", "apg.T50.lasting", "Time to 50 % filling: from the onset of standing to the lasting crossing of V0 + 0.5 VV.", OURS},
    {"EV", "mL", "apg.EV.lowest", "Ejected volume: level before one contraction minus the lowest level up to 1.5 s after it.", APG},
    {"EF", "%", "apg.EF.lowest", "Ejection fraction: 100 EV / VV.", APG},
    {"RV", "mL", "apg.RV.lowest", "Residual volume: lowest level from the last contraction of the series to 1.5 s after it, minus V0.",
     APG},
    {"RVF", "%", "apg.RVF.lowest", "Residual volume fraction: 100 RV / VV.", APG},
    {"TREFILL", "s", "apg.TREFILL.90",
     "Time to 90 % refill: from the lowest level after the series to the lasting recovery of 90 % of the refill.", APG},
    {"PUMP.e", "1", "apg.PUMP.step",
     "Ejected fraction per step: share of the volume that each step of the series expels, inflow taken out.", OURS},
    {"PUMP.I", "mL", "apg.PUMP.step", "Inflow per step: volume that enters during each step of the series.", OURS},
    {"PUMP.capacity", "L/h", "apg.PUMP.capacity",
     "Pump capacity: EV x cadence, what the pump could move if it refilled fully between steps.", OURS},
    {"PUMP.sustained", "L/h", "apg.PUMP.sustained", "Sustained pump flow: inflow per step x cadence, what it moves in the steady state.",
     OURS},
};
enum { MEASURES = sizeof measure_rows / sizeof measure_rows[0] };

static const dsp_dimension wanted = DSP_DIM_VOLUME;

static bool has_syringe(const dsp_recording *recording) {
  for (size_t i = 0; i < recording->n_events; i++)
    if (recording->events[i].kind == DSP_EVENT_CALIBRATION && isfinite(recording->events[i].volume_ml)) return true;
  return false;
}

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  const bool volume = channel->unit && channel->unit->dimension == wanted;
  if (channel->role != DSP_ROLE_VOLUME && !(channel->role == DSP_ROLE_UNKNOWN && volume)) {
    dsp_fail(missing, DSP_NOT_APPLICABLE, channel->name, "role volume, or a unit of volume", "role %s", dsp_role_text(channel->role));
    return false;
  }
  const char *unit = channel->unit ? channel->unit->ucum : channel->unit_as_written;
  if (unit && strcmp(unit, "mL") != 0 && !has_syringe(recording)) {
    dsp_fail(missing, DSP_BAD_INPUT, channel->name, "mL, or a calibration in the side-car", "unit %.40s", unit);
    return false;
  }
  return true;
}

/* Scale a trace that is not in mL by its syringe calibration; say what the steps tell. */
static dsp_status calibrate(stand_test *s) {
  stand_calibration *c = &s->calibration;
  stand_calibrate(c, &s->trace, s->recording);
  if (s->channel->polarity < 0)
    for (size_t i = 0; i < s->trace.n; i++) s->trace.x[i] = -s->trace.x[i];
  if (c->steps == 0) return DSP_OK;
  const bool in_ml = s->channel->unit && !strcmp(s->channel->unit->ucum, "mL");
  if (!in_ml && isfinite(c->slope) && c->slope != 0) {
    for (size_t i = 0; i < s->trace.n; i++) s->trace.x[i] /= c->slope;
    dsp_flags_add(&s->test->flags, "calibration_applied");
  } else if (in_ml && !(fabs(c->slope - 1) <= 0.05)) {
    dsp_flags_add(&s->test->flags, "calibration_disagrees");
  }
  if (c->steps > 1 && !(c->residual <= s->params[P_CALIBRATION])) dsp_flags_add(&s->test->flags, "calibration_nonlinear");
  if (c->totals) dsp_flags_add(&s->test->flags, "calibration_read_as_total");
  if (dsp_test_add_detail(s->test, "calibration_steps", "1", c->steps) != DSP_OK ||
      dsp_test_add_detail(s->test, "calibration_slope", "1", c->slope) != DSP_OK ||
      dsp_test_add_detail(s->test, "calibration_residual", "1", c->residual) != DSP_OK)
    return DSP_NO_MEMORY;
  return DSP_OK;
}

/* V0 from the end of the supine rest. */
static dsp_status read_baseline(stand_test *s) {
  const stand_phases *p = &s->phases;
  s->baseline_to_s = stand_rest_end(p) - (p->onset_marked ? 0.5 : fmax(0.5, 2 * p->onset_se_s));
  s->baseline_from_s = fmax(p->supine_from_s, s->baseline_to_s - s->params[P_BASELINE]);
  return dsp_level_read(&s->v0, &s->baseline_slope, &s->coarse, &s->coarse_noise, stand_index(&s->coarse, s->baseline_from_s),
                        stand_index(&s->coarse, s->baseline_to_s));
}

/* The empty leg's level after the test, its emptying extrapolated; the difference to V0 is drift. */
static dsp_status read_return(stand_test *s) {
  const stand_phases *p = &s->phases;
  s->drift = (dsp_estimate){NAN, NAN};
  const double end_s = (double)s->coarse.n / s->coarse.rate_hz;
  if (!isfinite(p->return_s) || end_s - p->return_s < 8) return DSP_OK;
  dsp_trace mirrored = s->coarse; /* emptying is filling upside down */
  mirrored.x = dsp_alloc(s->coarse.n, sizeof *mirrored.x);
  if (!mirrored.x) return DSP_NO_MEMORY;
  for (size_t i = 0; i < s->coarse.n; i++) mirrored.x[i] = -s->coarse.x[i];
  const double from_s = p->return_marked ? p->return_s + 2 : p->return_s + 0.5;
  const size_t standing = stand_index(&s->coarse, p->leave_s - 1);
  const dsp_filling_task task = {.from = stand_index(&s->coarse, from_s),
                                 .to = s->coarse.n,
                                 .onset_s = p->leave_s,
                                 .base = mirrored.x[standing < s->coarse.n ? standing : s->coarse.n - 1],
                                 .fraction = 0.9,
                                 .half = 0.5,
                                 .window_s = 15,
                                 .tolerance = 0.005,
                                 .later = {NAN, NAN}};
  dsp_filling emptying;
  const dsp_status status = dsp_filling_read(&emptying, &mirrored, &s->coarse_noise, &task);
  if (status == DSP_OK) {
    const double level = -(task.base + emptying.rise.value);
    s->drift = (dsp_estimate){level - s->v0.value, hypot(emptying.rise.se, s->v0.se)};
    /* A leg that is still emptying tells little. */
    const double falling = fabs(emptying.slope) * 20 + (emptying.extrapolated ? fabs(emptying.rise.value - emptying.observed.value) : 0);
    s->drift.se = hypot(s->drift.se, falling);
  }
  free(mirrored.x);
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* A standing plateau counts as a level when the leg had twice its filling time to reach it. */
static dsp_status add_plateau(stand_reference *reference, size_t *n, const stand_test *s, double since_s, double until_s) {
  static const double window_s = 20;
  const double needed_s = fmax(30, 2 * s->filling.time.value);
  if (!s->filled || s->filling.extrapolated || !(until_s - since_s > needed_s)) return DSP_OK;
  dsp_estimate level;
  const dsp_status status = dsp_level_read(&level, NULL, &s->coarse, &s->coarse_noise, stand_index(&s->coarse, until_s - window_s),
                                           stand_index(&s->coarse, until_s));
  if (status != DSP_OK) return status == DSP_NO_MEMORY ? status : DSP_OK;
  level.se = hypot(level.se, 0.008 * s->filling.rise.value);
  reference[(*n)++] = (stand_reference){until_s - window_s / 2, level, true};
  return DSP_OK;
}

/* Fit the drift to all levels that tell of it, and take it out of the trace. */
static dsp_status correct_drift(stand_test *s) {
  const stand_phases *p = &s->phases;
  stand_reference reference[STAND_SINGLES_MAX + 3];
  size_t n = 0;
  const double end_s = (double)s->trace.n / s->trace.rate_hz, middle_s = 0.5 * (s->baseline_from_s + s->baseline_to_s);
  if (isfinite(s->drift.value)) reference[n++] = (stand_reference){end_s - 7.5, {s->v0.value + s->drift.value, s->drift.se}, false};
  dsp_status status = add_plateau(reference, &n, s, p->onset_s, p->stand_end_s);
  for (size_t i = 0; i < p->n_singles && status == DSP_OK; i++) {
    const double next_s = i + 1 < p->n_singles ? p->single[i + 1].start_s : p->series.count ? p->series.start_s : p->leave_s;
    status = add_plateau(reference, &n, s, p->single[i].start_s, next_s - 0.5);
  }
  if (status == DSP_OK && p->series.count) status = add_plateau(reference, &n, s, p->series.last_s, p->leave_s - 1);
  if (status != DSP_OK) return status;
  stand_fit_drift(&s->drift_model, middle_s, s->params[P_DRIFT_TAU], s->v0, s->baseline_slope, reference, n);
  dsp_trace *const traces[] = {&s->trace, &s->coarse};
  for (size_t k = 0; k < 2; k++)
    for (size_t i = 0; i < traces[k]->n; i++) traces[k]->x[i] -= stand_drift_value(&s->drift_model, (double)i / traces[k]->rate_hz);
  return DSP_OK;
}

static dsp_status read_filling(stand_test *s) {
  const stand_phases *p = &s->phases;
  const double until_s = p->stand_end_s;
  /* A posture transient hides at least the first seconds, or a third of a fast filling. */
  const double rough_s = until_s - p->onset_s;
  double from_s = fmax(p->transient_end_s, p->onset_s + fmin(2.5, 0.1 * rough_s));
  const dsp_filling_task task = {.from = stand_index(&s->coarse, from_s),
                                 .to = stand_index(&s->coarse, until_s),
                                 .onset_s = p->onset_s,
                                 .onset_se_s = p->onset_se_s,
                                 .base = s->v0.value,
                                 .base_se = s->v0.se,
                                 .fraction = s->params[P_FRACTION],
                                 .half = 0.5,
                                 .window_s = s->params[P_PLATEAU],
                                 .tolerance = s->params[P_TOLERANCE],
                                 .later = s->later};
  const dsp_status status = dsp_filling_read(&s->filling, &s->coarse, &s->coarse_noise, &task);
  s->filled = status == DSP_OK;
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* What the regressions cannot see: drift between the baseline and the reading, and slow wandering that passes for level. A rise that is off
 * by a share d moves an exponential's filling time by about four times d, so the flow by about three (clinical error propagation). */
static void widen(stand_test *s) {
  static const double wander = 0.002, time_per_level = 3.9, half_per_level = 1.44, flow_per_level = 2.9;
  dsp_filling *f = &s->filling;
  const double drift = s->filled ? STAND_DRIFT_SHARE * stand_drift_at(&s->drift_model, stand_plateau_s(s)).se : 0;
  if (s->filled) {
    const double share = hypot(drift / f->rise.value, wander);
    f->rise.se = hypot(f->rise.se, share * f->rise.value);
    f->observed.se = hypot(f->observed.se, share * f->observed.value);
    f->time.se = hypot(f->time.se, 0.7 * time_per_level * share * f->time.value);
    f->time_half.se = hypot(f->time_half.se, half_per_level * share * f->time_half.value);
    f->flow.se = hypot(f->flow.se, 0.7 * flow_per_level * share * f->flow.value);
  }
  if (s->refilled) {
    /* Where the trace still rises, its last level and the window's mean differ. */
    const dsp_filling *r = &s->refill;
    const double rising = 0.3 * fabs(r->slope) * s->params[P_PLATEAU], wandering = s->filled ? wander * f->rise.value : 0;
    s->refill.time_observed.se =
        hypot(r->time_observed.se, time_per_level * hypot(rising, wandering) / r->observed.value * r->time_observed.value);
  }
  if (s->series_read) {
    const double later = stand_drift_at(&s->drift_model, s->series.lowest_s).se;
    s->series.lowest.se = hypot(s->series.lowest.se, later);
    if (s->filled) s->series.lowest.se = hypot(s->series.lowest.se, wander * f->rise.value);
  }
}

static dsp_status read_refill(stand_test *s) {
  const stand_phases *p = &s->phases;
  if (!s->series_read) return DSP_OK;
  const dsp_filling_task task = stand_refill_task(s, &s->series, p->leave_s - 0.5);
  dsp_status status = dsp_filling_read(&s->refill, &s->coarse, &s->coarse_noise, &task);
  s->refilled = status == DSP_OK;
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* Why this trace can hold no standing test, whatever its events claim; NULL when it can. */
static const char *hopeless(const stand_test *s) {
  static const double shortest_s = 10;
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < s->trace.n; i++) {
    if (!s->trace.ok[i]) continue;
    if (s->trace.x[i] < low) low = s->trace.x[i];
    if (s->trace.x[i] > high) high = s->trace.x[i];
  }
  if (!(s->facts.step > 0)) return "constant_signal";
  if ((double)s->trace.n < shortest_s * s->trace.rate_hz) return "recording_too_short";
  return stand_in_ml(s) && !(high - low >= s->params[P_LEAST_RISE]) ? "no_stand" : NULL;
}

static dsp_status find_and_learn(stand_test *s) {
  const double floor_sd = fmax(s->facts.step / 3.5, 0.02);
  dsp_status status = stand_find_phases(&s->phases, &s->trace, &s->coarse, s->recording, s->params);
  if (status != DSP_OK || !s->phases.found) return status;
  status = stand_learn_noise(&s->noise, &s->trace, &s->phases, floor_sd);
  if (status == DSP_OK) status = stand_learn_noise(&s->coarse_noise, &s->coarse, &s->phases, floor_sd);
  return status == DSP_OK ? read_baseline(s) : status;
}

static dsp_status read_all(stand_test *s) {
  s->later = (dsp_estimate){NAN, NAN};
  dsp_status status = read_return(s);
  if (status == DSP_OK) status = read_filling(s); /* its time tells which plateaus can be trusted as levels */
  if (status == DSP_OK) status = correct_drift(s);
  if (status == DSP_OK) status = read_baseline(s);
  if (status == DSP_OK) status = read_filling(s);
  const dsp_estimate base = {s->v0.value, hypot(s->v0.se, stand_drift_at(&s->drift_model, s->phases.series.last_s).se)};
  if (status == DSP_OK) status = stand_fit_pump(&s->pump, &s->trace, &s->noise, &s->phases.series, base);
  if (status == DSP_OK) status = stand_read_contractions(s);
  if (status == DSP_OK) status = read_refill(s);
  if (status == DSP_OK && s->filled && s->filling.extrapolated) {
    status = stand_read_later(&s->later, s);
    if (status == DSP_OK) status = read_filling(s);
  }
  /* The plateau's own share of VV's error, before what drift and wandering add. */
  if (s->filled && !s->filling.extrapolated)
    s->plateau_variance = fmax(0, s->filling.observed.se * s->filling.observed.se - s->v0.se * s->v0.se);
  widen(s);
  return status;
}

static dsp_status analyse(stand_test *s) {
  dsp_status status = calibrate(s);
  if (status != DSP_OK) return status;
  const char *why_not = hopeless(s);
  if (!why_not) {
    status = dsp_trace_coarser(&s->coarse, &s->trace, s->params[P_LEVEL_RATE]);
    if (status == DSP_OK) status = find_and_learn(s);
    if (status == DSP_OK && !s->phases.found) why_not = s->phases.inverted ? "inverted" : "no_stand";
    if (status == DSP_OK && !why_not) status = read_all(s);
    if (status == DSP_NO_SOLUTION) why_not = "no_baseline";
    if (status != DSP_OK && !why_not) return status;
  }
  if (!why_not) return stand_report(s);
  stand_report_nothing(s, why_not);
  return stand_report_trace(s);
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  static const double spike_floor_ml = 0.5;
  stand_test *s = dsp_zalloc(1, sizeof *s);
  if (!s) return DSP_NO_MEMORY;
  *s = (stand_test){
      .recording = recording, .channel = channel, .params = params, .test = dsp_report_add_test(report, &dsp_apg_stand, channel, 0, NULL)};
  dsp_status status =
      s->test ? part_condition(&s->trace, &s->facts, channel, params[P_WORK_RATE], params[P_BRIDGE], spike_floor_ml, error) : DSP_NO_MEMORY;
  if (status == DSP_BAD_INPUT) {
    stand_report_nothing(s, "no_data");
    status = DSP_OK;
  } else if (status == DSP_OK) {
    status = analyse(s);
    s->test->manoeuvre = s->phases.n_singles ? s->phases.single[0].name : s->phases.series.name;
    if (status == DSP_OK && s->reported) status = stand_add_trials(s, report);
  }
  dsp_trace_clear(&s->trace);
  dsp_trace_clear(&s->coarse);
  free(s);
  return status;
}

const dsp_protocol dsp_apg_stand = {
    .id = "apg.stand",
    .title = "Air plethysmography, standing test",
    .needs = "a channel with role volume in mL",
    .posture = "Supine with the leg raised, then standing upright on the other leg, holding a frame, the test leg relaxed.",
    .steps =
        "1. Lie with the leg raised until the trace is flat, at least 30 s. 2. Stand up within 3 to 5 s and keep still until the trace is "
        "flat. 3. One full tiptoe, then still until the trace is flat. 4. Ten tiptoes at one per second, then still until the trace is "
        "flat. 5. Lie down with the leg raised again for at least 30 s.",
    .sidecar = "Channel: role volume, unit mL, side, site. Events: stand, tiptoe (count 1), tiptoe (count 10, duration_s), supine; without "
               "them the phases are found in the trace. Syringe steps: calibration with volume_ml.",
    .params = {"apg.stand", param_rows, P_ROWS},
    .measures = measure_rows,
    .n_measures = MEASURES,
    .applicable = applicable,
    .run = run,
};
