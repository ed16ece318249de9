/* SPDX-License-Identifier: GPL-3.0-or-later
 * From the standing test's readings to its report: values with their reasons to be trusted or not. */
#include "part.h"
#include "stand.h"

#include <dsp/memory.h>
#include <math.h>
#include <string.h>

static dsp_measure *measure(const stand_test *s, const char *id) {
  return dsp_test_measure(s->test, id);
}

static void flag(const stand_test *s, const char *id, const char *flag_id) {
  dsp_flags_add(&measure(s, id)->flags, flag_id);
}

void stand_report_nothing(stand_test *s, const char *flag_id) {
  part_null_rest(s->test, flag_id);
  stand_note_facts(s);
}

static void set(const stand_test *s, const char *id, dsp_estimate e, double t0_s, double t1_s) {
  dsp_measure_set(measure(s, id), e.value, e.se, t0_s, t1_s);
}

static void set_or_null(const stand_test *s, const char *id, dsp_estimate e, double t0_s, double t1_s, const char *why_not) {
  if (isfinite(e.value))
    set(s, id, e, t0_s, t1_s);
  else
    dsp_measure_null(measure(s, id), why_not);
}

double stand_plateau_s(const stand_test *s) {
  return s->phases.stand_end_s - s->params[P_PLATEAU] / 2;
}

dsp_estimate stand_percent(dsp_estimate a, dsp_estimate b, double covariance) {
  const double share = a.value / b.value, most = a.se * b.se; /* a covariance is at most that */
  const double variance = a.se * a.se + share * share * b.se * b.se - 2 * share * fmax(-most, fmin(most, covariance));
  return (dsp_estimate){100 * share, 100 * sqrt(fmax(0, variance)) / fabs(b.value)};
}

/* RV and VV count from the same V0, and the same drift was taken out of both. */
static double covariance_of_residual(const stand_test *s) {
  const double drift = STAND_DRIFT_SHARE * stand_drift_covariance(&s->drift_model, stand_plateau_s(s), s->series.lowest_s);
  return s->v0.se * s->v0.se + drift;
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
  set_or_null(s, "VFT90", f->time, from_s, to_s, "not_reached");
  set_or_null(s, "VFI", f->flow, from_s, to_s, "not_reached");
  set_or_null(s, "T50", f->time_half, from_s, from_s + f->time_half.value, f->time_in_gap ? "missing_samples" : "not_reached");
  if (isfinite(f->flow_fit))
    dsp_measure_set(measure(s, "VFI.fit"), f->flow_fit, NAN, from_s, end_s);
  else
    dsp_measure_null(measure(s, "VFI.fit"), "no_fit");
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    if (f->extrapolated && strcmp(ids[i], "VV.observed") != 0) flag(s, ids[i], "extrapolated");
    if (!p->onset_marked && strcmp(measure(s, ids[i])->row->unit, "mL") != 0) flag(s, ids[i], "phases_detected");
    if (p->onset_disagrees) flag(s, ids[i], "marker_disagrees");
  }
  /* A trace that climbs on without bending has no asymptote to extrapolate to, and no plateau either. */
  const bool climbs = f->slope * s->params[P_PLATEAU] > 3 * s->params[P_TOLERANCE] * f->rise.value;
  if (f->extrapolated || climbs) flag(s, "VV.observed", "incomplete_filling");
  if (f->extrapolated) measure(s, "VV")->definition = "apg.VV.asymptote";
  if (climbs) flag(s, "VV", "incomplete_filling"), flag(s, "VFI", "incomplete_filling");
  if (isfinite(f->flow_fit) && fabs(f->flow_fit / f->flow.value - 1) > 0.1) flag(s, "VFI.fit", "fit_disagrees");
  static const char *const of_inflow[] = {"VFI", "VFI.fit", "VFT90", "T50"};
  for (size_t i = 0; i < sizeof of_inflow / sizeof of_inflow[0]; i++) flag(s, of_inflow[i], "inflow_unknown");
  if (f->rise.value < 20 || f->rise.value > 600) flag(s, "VV", "implausible_volume");
}

static void report_series(const stand_test *s) {
  const stand_phases *p = &s->phases;
  if (!s->series_read) {
    dsp_measure_null(measure(s, "RV"), p->series.count ? "missing_samples" : "no_series");
    dsp_measure_null(measure(s, "RVF"), p->series.count ? "missing_samples" : "no_series");
    return;
  }
  const dsp_estimate rv = {s->series.lowest.value - s->v0.value, hypot(s->series.lowest.se, s->v0.se)};
  set(s, "RV", rv, p->series.last_s, s->series.lowest_s);
  if (s->filled)
    set(s, "RVF", stand_percent(rv, s->filling.rise, covariance_of_residual(s)), p->series.last_s, s->series.lowest_s);
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
  if (s->refilled && isfinite(s->refill.time_observed.value)) {
    set(s, "TREFILL", s->refill.time_observed, s->series.lowest_s, s->series.lowest_s + s->refill.time_observed.value);
    if (s->refill.extrapolated) flag(s, "TREFILL", "incomplete_filling");
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
  if (isfinite(s->ev.value) && p->series.count && isfinite(steps_per_h)) {
    const dsp_estimate capacity = {s->ev.value * steps_per_h / 1000, s->ev.se * steps_per_h / 1000};
    set(s, "PUMP.capacity", capacity, p->series.start_s, p->series.last_s);
  } else
    dsp_measure_null(measure(s, "PUMP.capacity"), p->series.count ? "no_contraction" : "no_series");
}

/* A stretch that events or the end of the recording leave without length is none. */
static dsp_status add_phase(dsp_test *test, const char *name, double t0_s, double t1_s, double level) {
  return t1_s > t0_s ? dsp_test_add_phase(test, name, t0_s, t1_s, level) : DSP_OK;
}

static dsp_status report_landmarks(const stand_test *s) {
  const stand_phases *p = &s->phases;
  dsp_test *t = s->test;
  const char *onset = p->onset_marked ? "event" : "detected";
  dsp_status status = dsp_test_add_landmark(t, "stand_onset", p->onset_s, p->onset_lo_s, p->onset_hi_s, onset);
  const double level = s->v0.value + (s->filled ? s->filling.rise.value : 0);
  if (status == DSP_OK) status = add_phase(t, "supine", s->baseline_from_s, s->baseline_to_s, s->v0.value);
  if (status == DSP_OK) status = add_phase(t, "filling", p->onset_s, p->stand_end_s, NAN);
  if (status == DSP_OK && s->filled) {
    status = add_phase(t, "plateau", fmax(p->onset_s, p->stand_end_s - s->params[P_PLATEAU]), p->stand_end_s, level);
    const double t_s = p->onset_s + s->filling.time.value;
    if (status == DSP_OK && isfinite(t_s))
      status = dsp_test_add_landmark(t, "filled_90", t_s, t_s - 1.96 * s->filling.time.se, t_s + 1.96 * s->filling.time.se, "detected");
  }
  for (size_t i = 0; i < p->n_singles && status == DSP_OK; i++) {
    status = dsp_test_add_landmark(t, "contraction", p->single[i].start_s, NAN, NAN, p->single[i].marked ? "event" : "detected");
    if (status == DSP_OK && s->single_read[i])
      status = dsp_test_add_landmark(t, "contraction_lowest", s->single[i].lowest_s, NAN, NAN, "detected");
    if (status == DSP_OK && s->single_read[i])
      status = add_phase(t, "contraction", p->single[i].start_s, s->single[i].clear_s, s->single[i].lowest.value);
  }
  if (status == DSP_OK && p->series.count) {
    const char *source = p->series.marked ? "event" : "detected";
    status = dsp_test_add_landmark(t, "series_start", p->series.start_s, NAN, NAN, source);
    if (status == DSP_OK) status = dsp_test_add_landmark(t, "series_last", p->series.last_s, NAN, NAN, source);
  }
  if (status == DSP_OK && s->series_read) {
    status = dsp_test_add_landmark(t, "residual_lowest", s->series.lowest_s, NAN, NAN, "detected");
    if (status == DSP_OK) status = add_phase(t, "series", p->series.start_s, s->series.clear_s, s->series.lowest.value);
    if (status == DSP_OK) status = add_phase(t, "refill", s->series.clear_s, p->leave_s, NAN);
  }
  if (status == DSP_OK && isfinite(p->return_s)) {
    status = dsp_test_add_landmark(t, "supine_return", p->return_s, NAN, NAN, p->return_marked ? "event" : "detected");
    if (status == DSP_OK) status = add_phase(t, "return", p->return_s, (double)s->trace.n / s->trace.rate_hz, NAN);
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

bool stand_in_ml(const stand_test *s) {
  return dsp_flags_has(&s->test->flags, "calibration_applied") || (s->channel->unit && !strcmp(s->channel->unit->ucum, "mL"));
}

void stand_drop_volumes(const dsp_test *test) {
  for (size_t i = 0; i < test->n_measures; i++)
    if (strchr(test->measures[i].row->unit, 'L')) dsp_measure_null(&test->measures[i], "unit_unknown");
}

dsp_status stand_report_trace(stand_test *s) {
  double *copy = dsp_alloc(s->trace.n, sizeof *copy);
  if (!copy) return DSP_NO_MEMORY;
  for (size_t i = 0; i < s->trace.n; i++) copy[i] = s->trace.ok[i] ? s->trace.x[i] : (double)NAN;
  return dsp_test_add_series(s->test, "conditioned", "mL", s->trace.rate_hz, 0, copy, s->trace.n);
}

dsp_status stand_report(stand_test *s) {
  set(s, "V0", s->v0, s->baseline_from_s, s->baseline_to_s);
  report_filling(s);
  stand_report_singles(s);
  report_series(s);
  report_pump(s);
  s->in_ml = stand_in_ml(s);
  s->reported = true;
  if (!s->in_ml) stand_drop_volumes(s->test);
  dsp_status status = stand_report_quality(s);
  if (status == DSP_OK) status = report_landmarks(s);
  if (status == DSP_OK) status = report_details(s);
  return status == DSP_OK ? stand_report_trace(s) : status;
}
