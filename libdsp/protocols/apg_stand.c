/* SPDX-License-Identifier: GPL-3.0-or-later
 * Air plethysmography, standing test: venous volume, filling, ejection, residual volume and the ten-step pump.
 * Method: Christopoulos, Nicolaides et al. 1987, with the definitions written in the rows below. One trace is conditioned, its phases are
 * taken from events or found, the noise at rest is learnt, and every reading is a regression under that noise. */
#include "parts/stand.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OURS "engineering choice"
#define APG  "air plethysmography as described by Christopoulos and Nicolaides"

static const dsp_param_row param_rows[P_ROWS] = {
    [P_WORK_RATE] = {"apg.stand.work_rate_hz", "Hz", 15, 4, 1000, NULL, "Lowest rate to which a faster trace is decimated for contractions.",
                     OURS},
    [P_LEVEL_RATE] = {"apg.stand.level_rate_hz", "Hz", 5, 2, 1000, NULL, "Lowest rate to which it is decimated for levels and filling.", OURS},
    [P_BRIDGE] = {"apg.stand.bridge_s", "s", 0.2, 0, 1, NULL, "Longest gap that a straight line may bridge.", OURS},
    [P_BASELINE] = {"apg.stand.baseline_s", "s", 40, 5, 300, NULL, "Longest end part of the supine rest that gives V0.", OURS},
    [P_PLATEAU] = {"apg.stand.plateau_s", "s", 20, 5, 120, NULL, "End part of standing that gives the observed plateau.", OURS},
    [P_TOLERANCE] = {"apg.stand.plateau_tolerance", "1", 0.012, 0, 0.5, NULL,
                     "Remaining rise, as a fraction of the observed one, above which the fitted asymptote replaces the plateau.", OURS},
    [P_FRACTION] = {"apg.stand.fraction", "1", 0.9, 0.5, 0.99, NULL, "Fraction of VV that ends the filling time.", APG},
    [P_REFILL_FRACTION] = {"apg.stand.refill_fraction", "1", 0.9, 0.5, 0.99, NULL,
                           "Fraction of the recovered volume that ends the refill time.", OURS},
    [P_LEAST_RISE] = {"apg.stand.least_rise_ml", "mL", 10, 1, 200, NULL, "Smallest rise that counts as standing up.", OURS},
    [P_LEAST_DROP] = {"apg.stand.least_drop_ml", "mL", 4, 0.5, 100, NULL, "Smallest drop that counts as an unmarked contraction.", OURS},
    [P_CONTRACTION] = {"apg.stand.contraction_s", "s", 1, 0.3, 5, NULL, "Longest time that one contraction lasts.", OURS},
    [P_LEAD] = {"apg.stand.lead_s", "s", 0.04, 0, 0.5, NULL, "The lowest volume comes this much before the end of the contraction.", OURS},
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
    {"VV.observed", "mL", "apg.VV.observed", "Level of the end of standing before the first contraction, minus V0.", APG},
    {"VFT90", "s", "apg.VFT90.lasting", "Onset of standing to the lasting crossing of V0 + 0.9 VV.", APG},
    {"VFI", "mL/s", "apg.VFI.mean90", "Venous filling index: 0.9 VV / VFT90.", APG},
    {"VFI.fit", "mL/s", "apg.VFI.exponential", "The same, read from one exponential through the whole filling curve.", OURS},
    {"T50", "s", "apg.T50.lasting", "Onset of standing to the lasting crossing of V0 + 0.5 VV.", OURS},
    {"EV", "mL", "apg.EV.lowest", "Ejected volume: level before one contraction minus the lowest level up to 1.5 s after it.", APG},
    {"EF", "%", "apg.EF.lowest", "Ejection fraction: 100 EV / VV.", APG},
    {"RV", "mL", "apg.RV.lowest", "Residual volume: lowest level from the last contraction of the series to 1.5 s after it, minus V0.",
     APG},
    {"RVF", "%", "apg.RVF.lowest", "Residual volume fraction: 100 RV / VV.", APG},
    {"TREFILL", "s", "apg.TREFILL.90", "Lowest level after the series to the lasting recovery of 90 % of the refill.", APG},
    {"PUMP.e", "1", "apg.PUMP.step", "Fraction ejected by each step of the series, inflow taken out.", OURS},
    {"PUMP.I", "mL", "apg.PUMP.step", "Inflow during each step of the series.", OURS},
    {"PUMP.capacity", "L/h", "apg.PUMP.capacity", "EV x cadence: what the pump could move if it refilled fully between steps.", OURS},
    {"PUMP.sustained", "L/h", "apg.PUMP.sustained", "Inflow per step x cadence: what it moves in the steady state.", OURS},
};
enum { MEASURES = sizeof measure_rows / sizeof measure_rows[0] };

extern const dsp_protocol dsp_apg_stand;

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

/* Everything that the steps of one channel's analysis share. */
typedef struct stand_test {
  const dsp_recording *recording;
  const dsp_channel *channel;
  const double *params;
  dsp_test *test;
  dsp_trace trace;
  dsp_trace_facts facts;
  stand_calibration calibration;
  stand_phases phases;
  dsp_noise noise;
  dsp_trace coarse; /* the same trace, slower, for levels and filling */
  dsp_noise coarse_noise;
  dsp_estimate v0, baseline_slope;
  double baseline_from_s, baseline_to_s;
  dsp_estimate drift; /* change of the empty leg's level over the test; NaN unknown */
  stand_drift drift_model;
  dsp_filling filling;
  bool filled;
  dsp_dip single[STAND_SINGLES_MAX];
  bool single_read[STAND_SINGLES_MAX];
  dsp_dip series;
  bool series_read;
  dsp_estimate ev;
  stand_pump pump;
  dsp_filling refill;
  bool refilled;
} stand_test;

static dsp_measure *measure(const stand_test *s, const char *id) {
  return dsp_test_measure(s->test, id);
}

static void flag(const stand_test *s, const char *id, const char *flag_id) {
  dsp_flags_add(&measure(s, id)->flags, flag_id);
}

static void null_all(const stand_test *s, const char *flag_id) {
  for (size_t i = 0; i < s->test->n_measures; i++)
    if (!s->test->measures[i].valid) dsp_measure_null(&s->test->measures[i], flag_id);
}

static dsp_status condition(stand_test *s, dsp_error *error) {
  enum { STRETCHES_MAX = 64 };
  dsp_signal stretch[STRETCHES_MAX];
  const dsp_channel *channel = s->channel;
  size_t n = 0;
  for (size_t i = 0; i < channel->n_segments && n < STRETCHES_MAX; i++) {
    const dsp_segment *segment = &channel->segments[i];
    stretch[n++] = (dsp_signal){channel->x + segment->first, segment->n, channel->rate_hz, segment->t0_s - channel->segments[0].t0_s};
  }
  static const size_t longest = 50000000; /* samples on the native clock: 14 h at 1 kHz */
  return dsp_trace_condition(&s->trace, &s->facts, stretch, n, s->params[P_WORK_RATE], s->params[P_BRIDGE], longest, error);
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
  s->baseline_to_s = p->onset_s - (p->onset_marked ? 0.5 : fmax(0.5, 2 * p->onset_se_s));
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
                                 .tolerance = 0.005};
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
  const dsp_status status =
      dsp_level_read(&level, NULL, &s->coarse, &s->coarse_noise, stand_index(&s->coarse, until_s - window_s), stand_index(&s->coarse, until_s));
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
    for (size_t i = 0; i < traces[k]->n; i++) traces[k]->x[i] -= stand_drift_at(&s->drift_model, (double)i / traces[k]->rate_hz).value;
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
                                 .tolerance = s->params[P_TOLERANCE]};
  const dsp_status status = dsp_filling_read(&s->filling, &s->coarse, &s->coarse_noise, &task);
  s->filled = status == DSP_OK;
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

static dsp_status read_dip(dsp_dip *dip, bool *read, const stand_test *s, const stand_manoeuvre *m, double before_s, double until_s) {
  const dsp_dip_task task = {.before_s = fmax(before_s, m->start_s - 25),
                             .start_s = m->start_s,
                             .last_s = m->last_s,
                             .longest_s = s->params[P_CONTRACTION] + (m->marked ? 0 : 1.2),
                             .until_s = until_s,
                             .lead_s = s->params[P_LEAD]};
  const dsp_status status = dsp_dip_read(dip, &s->trace, &s->noise, &task);
  *read = status == DSP_OK;
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

static dsp_status read_contractions(stand_test *s) {
  const stand_phases *p = &s->phases;
  dsp_status status = DSP_OK;
  double before_s = fmax(p->transient_end_s, p->onset_s + 2);
  for (size_t i = 0; i < p->n_singles && status == DSP_OK; i++) {
    const double until_s = i + 1 < p->n_singles ? p->single[i + 1].start_s - 0.5 : p->series.count ? p->series.start_s - 0.5 : p->leave_s;
    status = read_dip(&s->single[i], &s->single_read[i], s, &p->single[i], before_s, until_s);
    before_s = p->single[i].start_s + 3;
  }
  if (status == DSP_OK && p->series.count) status = read_dip(&s->series, &s->series_read, s, &p->series, before_s, p->leave_s);
  return status;
}

static dsp_status read_refill(stand_test *s) {
  const stand_phases *p = &s->phases;
  if (!s->series_read) return DSP_OK;
  const dsp_filling_task task = {.from = stand_index(&s->coarse, s->series.clear_s),
                                 .to = stand_index(&s->coarse, p->leave_s - 0.5),
                                 .onset_s = s->series.lowest_s,
                                 .onset_se_s = 0.1,
                                 .base = s->series.lowest.value,
                                 .base_se = s->series.lowest.se,
                                 .fraction = s->params[P_REFILL_FRACTION],
                                 .half = 0.5,
                                 .window_s = s->params[P_PLATEAU],
                                 .tolerance = s->params[P_TOLERANCE]};
  dsp_status status = dsp_filling_read(&s->refill, &s->coarse, &s->coarse_noise, &task);
  s->refilled = status == DSP_OK;
  if (status != DSP_NO_MEMORY) status = stand_fit_pump(&s->pump, &s->trace, &s->noise, &p->series, s->v0.value);
  return status;
}

static void set(const stand_test *s, const char *id, dsp_estimate e, double t0_s, double t1_s) {
  dsp_measure_set(measure(s, id), e.value, e.se, t0_s, t1_s);
}

/* 100 a / b with independent errors. */
static dsp_estimate percent(dsp_estimate a, dsp_estimate b) {
  const double value = 100 * a.value / b.value;
  return (dsp_estimate){value, hypot(100 * a.se / b.value, value * b.se / b.value)};
}

static void report_filling(const stand_test *s) {
  const stand_phases *p = &s->phases;
  const dsp_filling *f = &s->filling;
  static const char *const ids[] = {"VV", "VV.observed", "VFT90", "VFI", "VFI.fit", "T50"};
  if (!s->filled) {
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) dsp_measure_null(measure(s, ids[i]), "no_fit");
    return;
  }
  const double from_s = p->onset_s, to_s = p->onset_s + f->time.value, end_s = p->stand_end_s;
  set(s, "VV", f->rise, end_s - s->params[P_PLATEAU], end_s);
  set(s, "VV.observed", f->observed, end_s - s->params[P_PLATEAU], end_s);
  set(s, "VFT90", f->time, from_s, to_s);
  set(s, "VFI", f->flow, from_s, to_s);
  if (!isfinite(f->time.value)) dsp_measure_null(measure(s, "VFT90"), "not_reached"), dsp_measure_null(measure(s, "VFI"), "not_reached");
  set(s, "T50", f->time_half, from_s, from_s + f->time_half.value);
  if (f->time_in_gap) dsp_measure_null(measure(s, "T50"), "missing_samples");
  if (isfinite(f->flow_fit))
    dsp_measure_set(measure(s, "VFI.fit"), f->flow_fit, NAN, from_s, end_s);
  else
    dsp_measure_null(measure(s, "VFI.fit"), "no_fit");
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    if (f->extrapolated && strcmp(ids[i], "VV.observed") != 0) flag(s, ids[i], "extrapolated");
    if (!p->onset_marked && strcmp(measure(s, ids[i])->row->unit, "mL") != 0) flag(s, ids[i], "phases_detected");
    if (p->onset_disagrees) flag(s, ids[i], "marker_disagrees");
  }
  if (f->extrapolated) flag(s, "VV.observed", "incomplete_filling"), measure(s, "VV")->definition = "apg.VV.asymptote";
  if (f->spread > s->params[P_TENSION] * f->rise.value) flag(s, "VV", "muscle_tension"), flag(s, "VFI", "muscle_tension");
  if (isfinite(f->flow_fit) && fabs(f->flow_fit / f->flow.value - 1) > 0.1) flag(s, "VFI.fit", "fit_disagrees");
  flag(s, "VFI", "inflow_unknown");
  flag(s, "VFT90", "inflow_unknown");
  if (f->rise.value < 20 || f->rise.value > 600) flag(s, "VV", "implausible_volume");
}

/* One EV from the repeats, by the rule that the user chose. */
static void pool_singles(stand_test *s) {
  double sum = 0, squares = 0, low = INFINITY, high = -INFINITY, se = 0;
  unsigned n = 0;
  s->ev = (dsp_estimate){NAN, NAN};
  dsp_estimate first = s->ev, best = s->ev;
  for (size_t i = 0; i < s->phases.n_singles; i++) {
    if (!s->single_read[i]) continue;
    const dsp_estimate drop = s->single[i].drop;
    if (n++ == 0) first = best = drop;
    if (drop.value > best.value) best = drop;
    sum += drop.value, squares += drop.value * drop.value, se = hypot(se, drop.se);
    low = fmin(low, drop.value), high = fmax(high, drop.value);
  }
  if (n == 0) return;
  const int rule = (int)s->params[P_POOL];
  s->ev = rule == 2 ? first : rule == 1 ? best : (dsp_estimate){sum / n, se / n};
  measure(s, "EV")->n = n;
  if (s->filled && 100 * (high - low) / s->filling.rise.value > 5) flag(s, "EV", "trials_differ"), flag(s, "EF", "trials_differ");
}

static void report_contractions(stand_test *s) {
  const stand_phases *p = &s->phases;
  pool_singles(s);
  if (isfinite(s->ev.value)) {
    const dsp_dip *dip = &s->single[0];
    set(s, "EV", s->ev, p->single[0].start_s, dip->lowest_s);
    if (s->filled)
      set(s, "EF", percent(s->ev, s->filling.rise), p->single[0].start_s, dip->lowest_s);
    else
      dsp_measure_null(measure(s, "EF"), "no_fit");
    if (dip->bulge) flag(s, "EV", "bulge_removed"), flag(s, "EF", "bulge_removed");
    if (!p->single[0].marked) flag(s, "EV", "phases_detected"), flag(s, "EF", "phases_detected");
    if (!p->single[0].name) flag(s, "EF", "manoeuvre_unknown");
    if (p->n_singles == 1) flag(s, "EV", "single_trial"), flag(s, "EF", "single_trial");
  } else {
    dsp_measure_null(measure(s, "EV"), p->n_singles ? "missing_samples" : "no_contraction");
    dsp_measure_null(measure(s, "EF"), p->n_singles ? "missing_samples" : "no_contraction");
  }
  if (!s->series_read) {
    dsp_measure_null(measure(s, "RV"), p->series.count ? "missing_samples" : "no_series");
    dsp_measure_null(measure(s, "RVF"), p->series.count ? "missing_samples" : "no_series");
    return;
  }
  const dsp_estimate rv = {s->series.lowest.value - s->v0.value, hypot(s->series.lowest.se, s->v0.se)};
  set(s, "RV", rv, p->series.last_s, s->series.lowest_s);
  if (s->filled)
    set(s, "RVF", percent(rv, s->filling.rise), p->series.last_s, s->series.lowest_s);
  else
    dsp_measure_null(measure(s, "RVF"), "no_fit");
  static const char *const ids[] = {"RV", "RVF"};
  for (size_t i = 0; i < 2; i++) {
    if (s->series.bulge) flag(s, ids[i], "bulge_removed");
    if (!p->series.marked) flag(s, ids[i], "phases_detected");
    if (fabs(p->series.count - s->params[P_COUNT]) > s->params[P_COUNT_TOLERANCE]) flag(s, ids[i], "contraction_count");
    if (p->series.cadence_hz < s->params[P_CADENCE_MIN] || p->series.cadence_hz > s->params[P_CADENCE_MAX]) flag(s, ids[i], "cadence");
    if (s->series.clear_s - p->series.last_s - 0.6 > s->params[P_DELAY]) flag(s, ids[i], "reading_delayed");
  }
}

static void report_pump(const stand_test *s) {
  const stand_phases *p = &s->phases;
  const char *why = p->series.count ? "no_fit" : "no_series";
  if (s->refilled && isfinite(s->refill.time.value)) {
    set(s, "TREFILL", s->refill.time, s->series.lowest_s, s->series.lowest_s + s->refill.time.value);
    if (s->refill.extrapolated) flag(s, "TREFILL", "extrapolated");
    flag(s, "TREFILL", "inflow_unknown");
  } else
    dsp_measure_null(measure(s, "TREFILL"), p->series.count ? "no_refill" : "no_series");
  const double steps_per_h = 3600 * p->series.cadence_hz;
  if (s->pump.found) {
    set(s, "PUMP.e", s->pump.e, p->series.start_s, p->series.last_s);
    set(s, "PUMP.I", s->pump.inflow, p->series.start_s, p->series.last_s);
    const dsp_estimate sustained = {s->pump.inflow.value * steps_per_h / 1000, s->pump.inflow.se * steps_per_h / 1000};
    set(s, "PUMP.sustained", sustained, p->series.start_s, p->series.last_s);
  } else {
    dsp_measure_null(measure(s, "PUMP.e"), why);
    dsp_measure_null(measure(s, "PUMP.I"), why);
    dsp_measure_null(measure(s, "PUMP.sustained"), why);
  }
  if (isfinite(s->ev.value) && isfinite(steps_per_h)) {
    const dsp_estimate capacity = {s->ev.value * steps_per_h / 1000, s->ev.se * steps_per_h / 1000};
    set(s, "PUMP.capacity", capacity, p->series.start_s, p->series.last_s);
  } else
    dsp_measure_null(measure(s, "PUMP.capacity"), p->series.count ? "no_contraction" : "no_series");
}

/* Flags that concern the whole test, and the quality index that sums them up. */
static void report_quality(stand_test *s) {
  dsp_flags *flags = &s->test->flags;
  const double vv = s->filled ? s->filling.rise.value : NAN;
  if (s->facts.missing) dsp_flags_add(flags, "missing_bridged");
  if (s->facts.spikes) dsp_flags_add(flags, "spikes_removed");
  if (s->facts.clipped_s > 1) dsp_flags_add(flags, "clipped");
  if (s->channel->n_segments > 1) dsp_flags_add(flags, "gap");
  if (s->channel->rate_hz < 9.5) dsp_flags_add(flags, "sampling_low");
  if (s->channel->side == DSP_SIDE_UNKNOWN) dsp_flags_add(flags, "side_unknown");
  if (s->channel->role == DSP_ROLE_UNKNOWN) dsp_flags_add(flags, "role_inferred");
  if (!s->recording->t0) dsp_flags_add(flags, "time_unknown");
  const char *compression = s->recording->compression;
  if (compression && strcmp(compression, "none") != 0 && s->calibration.steps == 0) dsp_flags_add(flags, "compression_calibration");
  if (fabs(s->baseline_slope.value) > s->params[P_BASELINE_SLOPE] + 2 * s->baseline_slope.se) dsp_flags_add(flags, "baseline_unsteady");
  if (!isfinite(s->drift.value))
    dsp_flags_add(flags, "drift_unknown");
  else if (fabs(s->drift.value) > s->params[P_DRIFT_LARGE] * vv)
    dsp_flags_add(flags, "drift_large");
  else if (fabs(s->drift.value) > s->params[P_DRIFT_WARN] * vv)
    dsp_flags_add(flags, "drift_corrected");
  if (isfinite(s->drift.value) && s->drift.value + 2 * s->drift.se < -s->params[P_DRIFT_WARN] * vv)
    dsp_flags_add(flags, "incomplete_emptying");
  double quality = 1 - fmin(1, (double)s->facts.missing / fmax(1, (double)s->channel->n));
  const dsp_flag_row *row;
  for (size_t i = 0; (row = dsp_flags_get(flags, i)); i++)
    if (row->severity == DSP_CAUTION) quality *= 0.85;
  for (size_t m = 0; m < s->test->n_measures; m++) {
    if (!s->test->measures[m].valid) quality *= 0.95;
    for (size_t i = 0; (row = dsp_flags_get(&s->test->measures[m].flags, i)); i++)
      if (row->severity == DSP_CAUTION) quality *= 0.97;
  }
  s->test->quality = quality;
}

static dsp_status report_landmarks(const stand_test *s) {
  const stand_phases *p = &s->phases;
  dsp_test *t = s->test;
  const char *onset = p->onset_marked ? "event" : "detected";
  dsp_status status = dsp_test_add_landmark(t, "stand_onset", p->onset_s, p->onset_lo_s, p->onset_hi_s, onset);
  const double level = s->v0.value + (s->filled ? s->filling.rise.value : 0);
  if (status == DSP_OK) status = dsp_test_add_phase(t, "supine", s->baseline_from_s, s->baseline_to_s, s->v0.value);
  if (status == DSP_OK) status = dsp_test_add_phase(t, "filling", p->onset_s, p->stand_end_s, NAN);
  if (status == DSP_OK && s->filled) {
    status = dsp_test_add_phase(t, "plateau", fmax(p->onset_s, p->stand_end_s - s->params[P_PLATEAU]), p->stand_end_s, level);
    const double t_s = p->onset_s + s->filling.time.value;
    if (status == DSP_OK && isfinite(t_s))
      status = dsp_test_add_landmark(t, "filled_90", t_s, t_s - 1.96 * s->filling.time.se, t_s + 1.96 * s->filling.time.se, "detected");
  }
  for (size_t i = 0; i < p->n_singles && status == DSP_OK; i++) {
    status = dsp_test_add_landmark(t, "contraction", p->single[i].start_s, NAN, NAN, p->single[i].marked ? "event" : "detected");
    if (status == DSP_OK && s->single_read[i])
      status = dsp_test_add_landmark(t, "contraction_lowest", s->single[i].lowest_s, NAN, NAN, "detected");
    if (status == DSP_OK && s->single_read[i])
      status = dsp_test_add_phase(t, "contraction", p->single[i].start_s, s->single[i].clear_s, s->single[i].lowest.value);
  }
  if (status == DSP_OK && p->series.count) {
    const char *source = p->series.marked ? "event" : "detected";
    status = dsp_test_add_landmark(t, "series_start", p->series.start_s, NAN, NAN, source);
    if (status == DSP_OK) status = dsp_test_add_landmark(t, "series_last", p->series.last_s, NAN, NAN, source);
  }
  if (status == DSP_OK && s->series_read) {
    status = dsp_test_add_landmark(t, "residual_lowest", s->series.lowest_s, NAN, NAN, "detected");
    if (status == DSP_OK) status = dsp_test_add_phase(t, "series", p->series.start_s, s->series.clear_s, s->series.lowest.value);
    if (status == DSP_OK) status = dsp_test_add_phase(t, "refill", s->series.clear_s, p->leave_s, NAN);
  }
  if (status == DSP_OK && isfinite(p->return_s)) {
    status = dsp_test_add_landmark(t, "supine_return", p->return_s, NAN, NAN, p->return_marked ? "event" : "detected");
    if (status == DSP_OK) status = dsp_test_add_phase(t, "return", p->return_s, (double)s->trace.n / s->trace.rate_hz, NAN);
  }
  return status;
}

static dsp_status report_details(const stand_test *s) {
  const stand_phases *p = &s->phases;
  const double end_s = (double)s->trace.n / s->trace.rate_hz;
  const struct {
    const char *id, *unit;
    double value;
  } rows[] = {
      {"drift", "mL", s->drift.value},
      {"drift_rate", "mL/min", 60 * s->drift.value / (end_s - 0.5 * (s->baseline_from_s + s->baseline_to_s))},
      {"baseline_slope", "mL/s", s->baseline_slope.value},
      {"plateau_slope", "mL/s", s->filled ? s->filling.slope : NAN},
      {"noise_sd", "mL", s->noise.sd[0]},
      {"contractions", "1", p->series.count},
      {"cadence", "Hz", p->series.count ? p->series.cadence_hz : NAN},
      {"reading_delay", "s", s->series_read ? s->series.clear_s - p->series.last_s : NAN},
      {"refill_rate", "mL/s", s->series_read ? s->series.rate : NAN},
      {"detected_onset", "s", p->detected_onset_s},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (dsp_test_add_detail(s->test, rows[i].id, rows[i].unit, rows[i].value) != DSP_OK) return DSP_NO_MEMORY;
  return DSP_OK;
}

/* Volumes need a unit; times and ratios do not. */
static void drop_volumes(const stand_test *s) {
  const bool scaled = dsp_flags_has(&s->test->flags, "calibration_applied");
  if (scaled || (s->channel->unit && !strcmp(s->channel->unit->ucum, "mL"))) return;
  for (size_t i = 0; i < s->test->n_measures; i++) {
    dsp_measure *m = &s->test->measures[i];
    if (strchr(m->row->unit, 'L')) dsp_measure_null(m, "unit_unknown");
  }
}

static dsp_status keep_trace(stand_test *s) {
  double *copy = dsp_alloc(s->trace.n, sizeof *copy);
  if (!copy) return DSP_NO_MEMORY;
  for (size_t i = 0; i < s->trace.n; i++) copy[i] = s->trace.ok[i] ? s->trace.x[i] : (double)NAN;
  return dsp_test_add_series(s->test, "conditioned", "mL", s->trace.rate_hz, 0, copy, s->trace.n);
}

static dsp_status analyse(stand_test *s) {
  dsp_status status = calibrate(s);
  if (status == DSP_OK) status = dsp_trace_coarser(&s->coarse, &s->trace, s->params[P_LEVEL_RATE]);
  if (status == DSP_OK) status = stand_find_phases(&s->phases, &s->trace, &s->coarse, s->recording, s->params);
  if (status != DSP_OK) return status;
  if (!s->phases.found) {
    null_all(s, s->phases.inverted ? "inverted" : s->facts.step > 0 ? "no_stand" : "constant_signal");
    return keep_trace(s);
  }
  const double floor_sd = fmax(s->facts.step / 3.5, 0.02);
  status = stand_learn_noise(&s->noise, &s->trace, &s->phases, floor_sd);
  if (status == DSP_OK) status = stand_learn_noise(&s->coarse_noise, &s->coarse, &s->phases, floor_sd);
  if (status != DSP_OK) return status;
  status = read_baseline(s);
  if (status == DSP_NO_SOLUTION) {
    null_all(s, "no_baseline");
    return keep_trace(s);
  }
  if (status == DSP_OK) status = read_return(s);
  if (status == DSP_OK) status = read_filling(s); /* its time tells which plateaus can be trusted as levels */
  if (status == DSP_OK) status = correct_drift(s);
  if (status == DSP_OK) status = read_baseline(s);
  if (status == DSP_OK) status = read_filling(s);
  if (status == DSP_OK) status = read_contractions(s);
  if (status == DSP_OK) status = read_refill(s);
  if (status != DSP_OK) return status;
  set(s, "V0", s->v0, s->baseline_from_s, s->baseline_to_s);
  report_filling(s);
  report_contractions(s);
  report_pump(s);
  drop_volumes(s);
  report_quality(s);
  status = report_landmarks(s);
  if (status == DSP_OK) status = report_details(s);
  return status == DSP_OK ? keep_trace(s) : status;
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  stand_test *s = dsp_zalloc(1, sizeof *s);
  if (!s) return DSP_NO_MEMORY;
  *s = (stand_test){
      .recording = recording, .channel = channel, .params = params, .test = dsp_report_add_test(report, &dsp_apg_stand, channel, 0, NULL)};
  dsp_status status = s->test ? condition(s, error) : DSP_NO_MEMORY;
  if (s->test && status == DSP_BAD_INPUT) {
    null_all(s, "no_data");
    status = DSP_OK;
  } else if (status == DSP_OK) {
    status = analyse(s);
    s->test->manoeuvre = s->phases.n_singles ? s->phases.single[0].name : s->phases.series.name;
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
    .params = {"apg.stand", param_rows, P_ROWS},
    .measures = measure_rows,
    .n_measures = MEASURES,
    .applicable = applicable,
    .run = run,
};
