/* SPDX-License-Identifier: GPL-3.0-or-later
 * Air plethysmography on a tilt table: working venous volume, filling with the head up, draining with the legs up; nobody stands or moves.
 * Method: passive tilts between legs up (about +40 degrees) and nearly upright (about -70), as in published tilt-table series. Draining is
 * filling upside down, so both are read by the same regression under the noise learnt at rest. */
#include "parts/part.h"
#include "parts/stand.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OURS "engineering choice"
#define TILT "gravitational air plethysmography on a tilt table"

enum { T_WORK_RATE, T_BRIDGE, T_BASELINE, T_PLATEAU, T_TOLERANCE, T_FRACTION, T_LEAST_RISE, T_MARKER, T_TILT, T_DRIFT, T_ROWS };

static const dsp_param_row param_rows[T_ROWS] = {
    [T_WORK_RATE] = {"apg.tilt.work_rate_hz", "Hz", 8, 4, 1000, NULL, "Lowest rate to which a faster trace is decimated.", OURS},
    [T_BRIDGE] = {"apg.tilt.bridge_s", "s", 0.2, 0, 1, NULL, "Longest gap that a straight line may bridge.", OURS},
    [T_BASELINE] = {"apg.tilt.baseline_s", "s", 40, 5, 300, NULL, "Longest end part of the first legs-up rest that gives its level.", OURS},
    [T_PLATEAU] = {"apg.tilt.plateau_s", "s", 20, 5, 120, NULL, "End part of a posture that gives its observed level.", OURS},
    [T_TOLERANCE] = {"apg.tilt.plateau_tolerance", "1", 0.02, 0, 0.5, NULL,
                     "Remaining rise, as a fraction of the observed one, above which the fitted asymptote replaces the plateau.", OURS},
    [T_FRACTION] = {"apg.tilt.fraction", "1", 0.9, 0.5, 0.99, NULL, "Fraction of WVV that ends the filling and draining times.", TILT},
    [T_LEAST_RISE] = {"apg.tilt.least_rise_ml", "mL", 10, 1, 200, NULL, "Smallest rise that counts as a tilt.", OURS},
    [T_MARKER] = {"apg.tilt.marker_s", "s", 3, 0.1, 60, NULL, "Disagreement of marker and trace that is flagged.", OURS},
    [T_TILT] = {"apg.tilt.tilt_s", "s", 3, 0.1, 20, NULL, "A tilt is over after this long.", TILT},
    [T_DRIFT] = {"apg.tilt.drift_share", "1", 0.12, 0, 1, NULL,
                 "Difference of the two legs-up levels, of the rise, up to which it is drift and taken out as a straight line.", OURS},
};

static const dsp_measure_row measure_rows[] = {
    {"WVV", "mL", "apg.WVV.plateau", "Working venous volume: level head up (plateau, or asymptote) minus level legs up.", TILT},
    {"VFT90", "s", "apg.tilt.VFT90.lasting", "From the start of the tilt head up to the lasting crossing of 90 % of WVV.", TILT},
    {"VFI", "mL/s", "apg.tilt.VFI.mean90", "Venous filling index: 0.9 WVV / VFT90.", TILT},
    {"VDT90", "s", "apg.tilt.VDT90.lasting", "From the start of the tilt legs up until 90 % of WVV has left for good.", TILT},
    {"VDI", "mL/s", "apg.tilt.VDI.mean90", "Venous draining index: 0.9 WVV / VDT90.",
     "by symmetry with VFI; name and unit from tilt-table series, formula not read in the source"},
};
enum { WVV, VFT90, VFI, VDT90, VDI, MEASURES };

typedef struct tilt {
  stand_phases p; /* its onset and transient */
  bool known, marked, disagrees;
} tilt;

typedef struct tilt_test {
  const dsp_recording *recording;
  const dsp_channel *channel;
  const double *params;
  dsp_test *test;
  dsp_trace trace, mirrored;
  dsp_trace_facts facts;
  dsp_posture posture;
  dsp_noise noise;
  tilt up, down;
  double rest_from_s, rest_to_s, end_s;
  dsp_estimate base;
  dsp_filling fill, drain;
  bool filled, drained, drift_corrected, in_ml, saturated;
  double drift; /* second legs-up level minus the first; NaN unknown */
} tilt_test;

extern const dsp_protocol dsp_apg_tilt;

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return part_role_fits(channel, DSP_ROLE_VOLUME, DSP_DIM_VOLUME, missing);
}

static bool suggested(const dsp_recording *recording) {
  for (size_t i = 0; i < recording->n_events; i++)
    if (recording->events[i].kind == DSP_EVENT_TILT_UP || recording->events[i].kind == DSP_EVENT_TILT_DOWN) return true;
  return false;
}

/* Into mL, by the unit or by syringe steps. */
static dsp_status calibrate(tilt_test *t) {
  stand_calibration c;
  stand_calibrate(&c, &t->trace, t->recording);
  const bool in_volume = t->channel->unit && t->channel->unit->dimension == DSP_DIM_VOLUME;
  const bool by_steps = !in_volume && c.steps && isfinite(c.slope) && c.slope != 0;
  const double scale = (t->channel->polarity < 0 ? -1 : 1) * (in_volume ? t->channel->unit->factor : by_steps ? 1 / fabs(c.slope) : 1);
  t->in_ml = in_volume || by_steps;
  if (by_steps) dsp_flags_add(&t->test->flags, "calibration_applied");
  if (in_volume && c.steps && !(fabs(c.slope * t->channel->unit->factor - 1) <= 0.05))
    dsp_flags_add(&t->test->flags, "calibration_disagrees");
  for (size_t i = 0; i < t->trace.n; i++) t->trace.x[i] *= scale;
  return c.steps ? dsp_test_add_detail(t->test, "calibration_steps", "1", c.steps) : DSP_OK;
}

static void mirror(tilt_test *t) {
  for (size_t i = 0; i < t->trace.n; i++) t->mirrored.x[i] = -t->trace.x[i];
}

/* Start of one tilt: its event, or where the trace leaves the level after from_s. `sure`: a sample that is surely past it; 0: none seen. */
static dsp_status find_tilt(tilt *tilted, const tilt_test *t, const dsp_trace *trace, const dsp_event *event, double from_s, size_t sure) {
  stand_phases *p = &tilted->p;
  *p = (stand_phases){.supine_from_s = from_s};
  if (sure > 0) {
    const dsp_status status = stand_detect_onset(p, trace, sure, t->posture.high - t->posture.low);
    if (status != DSP_OK) return status;
  }
  tilted->known = event || sure > 0;
  tilted->marked = event != NULL;
  if (!event) return DSP_OK;
  const double limit_s = t->params[T_MARKER];
  tilted->disagrees = sure > 0 && fabs(p->onset_s - event->t_s) > limit_s &&
                      !(p->onset_lo_s - limit_s <= event->t_s && event->t_s <= p->onset_hi_s + limit_s);
  p->onset_s = event->t_s;
  p->onset_se_s = 0;
  p->onset_lo_s = p->onset_hi_s = NAN;
  return DSP_OK;
}

/* Both tilts. An event that lies on the wrong side of what the trace shows is not used. */
static dsp_status find_tilts(tilt_test *t) {
  const double rate_hz = t->trace.rate_hz;
  dsp_status status = dsp_posture_find(&t->posture, &t->trace, 0, t->params[T_LEAST_RISE]);
  if (status != DSP_OK) return status;
  const double leave_s = (double)t->posture.leave / rate_hz;
  const dsp_event *up = stand_event(t->recording, DSP_EVENT_TILT_UP, 0, t->end_s);
  const dsp_event *first_down = stand_event(t->recording, DSP_EVENT_TILT_DOWN, 0, t->end_s);
  if (up && t->posture.rises && t->posture.returns && up->t_s >= leave_s - 1) {
    if (first_down && first_down->t_s < up->t_s) dsp_flags_add(&t->test->flags, "events_reversed");
    up = NULL;
  }
  const dsp_event *before = up && first_down && first_down->t_s < up->t_s ? first_down : NULL;
  t->rest_from_s = before ? before->t_s + 10 : stand_rest_from(t->recording, up ? up->t_s : t->end_s);
  status = find_tilt(&t->up, t, &t->trace, up, t->rest_from_s, t->posture.rises ? t->posture.rise : 0);
  if (status != DSP_OK || !t->up.known) return status;
  const double up_s = t->up.p.onset_s;
  const dsp_event *down = stand_event(t->recording, DSP_EVENT_TILT_DOWN, up_s + 5, t->end_s);
  const double fall_s = (double)t->posture.fall / rate_hz, settled_s = fmax(up_s + 0.6 * (leave_s - up_s), leave_s - 35);
  const bool seen = t->posture.returns && fall_s > settled_s + 8;
  status = find_tilt(&t->down, t, &t->mirrored, down, settled_s, seen ? dsp_trace_index(&t->trace, fall_s) : 0);
  t->rest_to_s = up_s - (t->up.marked ? 0.3 : fmax(0.5, 2 * t->up.p.onset_se_s));
  return status;
}

static double up_end_s(const tilt_test *t) {
  return t->down.known ? t->down.p.onset_s - (t->down.marked ? 0.2 : fmax(0.3, 2 * t->down.p.onset_se_s)) : t->end_s;
}

static dsp_status learn(tilt_test *t) {
  static const double longest_s = 60;
  const double up_s = t->up.p.onset_s, until_s = up_end_s(t);
  const double from_s[3] = {fmax(t->rest_from_s, t->rest_to_s - longest_s), fmax(until_s - longest_s, 0.5 * (up_s + until_s)),
                            t->down.known ? fmax(t->down.p.onset_s + 25, t->end_s - longest_s) : t->end_s};
  const double to_s[3] = {t->rest_to_s, until_s, t->end_s};
  size_t from[3], to[3], n = 0;
  for (size_t i = 0; i < 3; i++)
    if (to_s[i] - from_s[i] >= 6) from[n] = dsp_trace_index(&t->trace, from_s[i]), to[n++] = dsp_trace_index(&t->trace, to_s[i]);
  return dsp_noise_learn(&t->noise, &t->trace, from, to, n, fmax(t->facts.step / 3.5, 0.02));
}

/* Read one posture's curve; `trace` rises. */
static dsp_status read_curve(dsp_filling *curve, bool *read, tilt_test *t, tilt *tilted, const dsp_trace *trace, dsp_estimate base,
                             double until_s, double tolerance) {
  stand_phases *p = &tilted->p;
  dsp_status status = stand_find_transient_end(p, trace, until_s);
  if (status != DSP_OK) return status;
  p->transient_end_s = fmin(p->transient_end_s, p->onset_s + 2 * t->params[T_TILT]);
  const double from_s = fmax(p->transient_end_s, p->onset_s + fmin(t->params[T_TILT], 0.05 * (until_s - p->onset_s)));
  const dsp_filling_task task = {.from = dsp_trace_index(trace, from_s),
                                 .to = dsp_trace_index(trace, until_s),
                                 .onset_s = p->onset_s,
                                 .onset_se_s = p->onset_se_s,
                                 .base = base.value,
                                 .base_se = base.se,
                                 .fraction = t->params[T_FRACTION],
                                 .half = 0.5,
                                 .window_s = t->params[T_PLATEAU],
                                 .tolerance = tolerance};
  status = dsp_filling_read(curve, trace, &t->noise, &task);
  *read = status == DSP_OK;
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

static dsp_status read_levels(tilt_test *t) {
  const double from_s = fmax(t->rest_from_s, t->rest_to_s - t->params[T_BASELINE]), until_s = up_end_s(t);
  dsp_status status =
      dsp_level_read(&t->base, NULL, &t->trace, &t->noise, dsp_trace_index(&t->trace, from_s), dsp_trace_index(&t->trace, t->rest_to_s));
  if (status == DSP_OK) status = read_curve(&t->fill, &t->filled, t, &t->up, &t->trace, t->base, until_s, t->params[T_TOLERANCE]);
  t->drained = false;
  if (status != DSP_OK || !t->filled || !t->down.known) return status;
  const dsp_estimate top = {-(t->base.value + t->fill.observed.value), t->fill.observed.se};
  return read_curve(&t->drain, &t->drained, t, &t->down, &t->mirrored, top, t->end_s, 0.005);
}

/* The two legs-up levels should be one: a small difference is drift. */
static dsp_status correct_drift(tilt_test *t) {
  t->drift = NAN;
  if (!t->drained) return DSP_OK;
  t->drift = t->fill.observed.value - t->drain.rise.value;
  if (fabs(t->drift) > t->params[T_DRIFT] * t->fill.rise.value) return DSP_OK;
  const double from_s = fmax(t->rest_from_s, t->rest_to_s - t->params[T_BASELINE]);
  const double t0_s = 0.5 * (from_s + t->rest_to_s), t1_s = t->end_s - 0.5 * t->params[T_PLATEAU];
  for (size_t i = 0; i < t->trace.n; i++) t->trace.x[i] -= t->drift * ((double)i / t->trace.rate_hz - t0_s) / (t1_s - t0_s);
  mirror(t);
  t->drift_corrected = true;
  return read_levels(t);
}

static void flag_values(const tilt_test *t) {
  dsp_measure *m = t->test->measures;
  if (t->fill.extrapolated)
    for (size_t i = 0; i < MEASURES; i++)
      if (m[i].valid) dsp_flags_add(&m[i].flags, "extrapolated");
  for (size_t i = VFT90; i <= VFI; i++)
    if (m[i].valid) dsp_flags_add(&m[i].flags, "low_inflow_possible");
  if (!t->up.marked || (t->down.known && !t->down.marked)) part_flag_valid(t->test, "phases_detected");
  if (t->up.disagrees || t->down.disagrees) dsp_flags_add(&t->test->flags, "marker_disagrees");
  if (t->drift_corrected && fabs(t->drift) > 0.02 * t->fill.rise.value) dsp_flags_add(&t->test->flags, "drift_corrected");
  if (!t->drained) dsp_flags_add(&t->test->flags, "drift_unknown");
  if (t->drained && !t->drift_corrected) part_flag_valid(t->test, "start_not_legs_up");
}

/* Share of the rise by which plateau and asymptote leave open what the level is. */
static double open_share(const dsp_filling *f) {
  return isfinite(f->fitted.value) ? 0.25 * fabs(f->fitted.value - f->observed.value) / f->rise.value : 0;
}

/* A level that is off by a share d moves an exponential's 90 % time by about four times d. */
static dsp_estimate widened(dsp_estimate time, double share) {
  static const double time_per_level = 3.5;
  return (dsp_estimate){time.value, hypot(time.se, time_per_level * share * time.value)};
}

static void put_values(tilt_test *t) {
  static const double wander = 0.003, drain_time = 0.018;
  const double fraction = t->params[T_FRACTION], up_s = t->up.p.onset_s, until_s = up_end_s(t);
  const bool full_height = !t->drained || t->drift_corrected;
  dsp_estimate wvv = full_height ? t->fill.rise : t->drain.rise;
  const double drift_se = t->drift_corrected ? 0.12 * fabs(t->drift) : t->drained ? 0 : 0.02 * wvv.value;
  const double share = hypot(wander, drift_se / wvv.value);
  wvv.se = hypot(wvv.se, share * wvv.value);
  const dsp_estimate fill = widened(t->fill.time, hypot(share, open_share(&t->fill)));
  part_set(t->test, "WVV", wvv, up_s, until_s, "no_fit");
  part_set(t->test, "VFT90", fill, up_s, until_s, t->fill.time_in_gap ? "missing_samples" : "not_reached");
  const double vfi = fraction * wvv.value / fill.value;
  part_set(t->test, "VFI", (dsp_estimate){vfi, vfi * fill.se / fill.value}, up_s, until_s, "not_reached");
  if (!t->drained) {
    for (size_t i = VDT90; i <= VDI; i++) dsp_measure_null(&t->test->measures[i], t->down.known ? "no_fit" : "no_tilt_down");
    return;
  }
  const double down_s = t->down.p.onset_s, vdi = fraction * wvv.value / t->drain.time.value;
  const char *why_not = t->drain.time_in_gap ? "missing_samples" : "not_reached";
  const dsp_estimate drain = widened(t->drain.time, hypot(hypot(share, drain_time / 3.5), open_share(&t->drain)));
  part_set(t->test, "VDT90", drain, down_s, t->end_s, why_not);
  part_set(t->test, "VDI", (dsp_estimate){vdi, vdi * hypot(drain.se / drain.value, wvv.se / wvv.value)}, down_s, t->end_s, why_not);
}

/* Nothing is read from a converter's end, or across a cuff that slipped. */
static dsp_status distrust(tilt_test *t) {
  const double until_s = up_end_s(t), limit = fmax(0.15 * t->fill.rise.value, 6 * t->noise.sd[0]);
  if (t->saturated)
    for (size_t i = 0; i < MEASURES; i++) dsp_measure_null(&t->test->measures[i], "saturated");
  bool slipped = false, found;
  const double from_s[3] = {t->rest_from_s + 1, t->up.p.onset_s + 12, t->down.p.onset_s + 25};
  const double to_s[3] = {t->rest_to_s - 3, until_s - 4, t->down.known ? t->end_s - 5 : 0};
  for (int i = 0; i < 3; i++) {
    if (!(from_s[i] < to_s[i])) continue;
    const dsp_status status = part_find_step(&found, &t->trace, from_s[i], to_s[i], limit);
    if (status != DSP_OK) return status;
    slipped |= found;
  }
  for (size_t i = 0; i < MEASURES && slipped; i++) dsp_measure_null(&t->test->measures[i], "gauge_slipped");
  return DSP_OK;
}

static dsp_status describe(tilt_test *t) {
  dsp_test *test = t->test;
  const double up_s = t->up.p.onset_s, until_s = up_end_s(t), top = t->base.value + t->fill.observed.value;
  const char *const source[2] = {"detected", "event"};
  dsp_status status = dsp_test_add_landmark(test, "tilt_up", up_s, t->up.p.onset_lo_s, t->up.p.onset_hi_s, source[t->up.marked]);
  if (status == DSP_OK && t->down.known)
    status =
        dsp_test_add_landmark(test, "tilt_down", t->down.p.onset_s, t->down.p.onset_lo_s, t->down.p.onset_hi_s, source[t->down.marked]);
  if (status == DSP_OK)
    status = dsp_test_add_phase(test, "baseline", fmax(t->rest_from_s, t->rest_to_s - t->params[T_BASELINE]), t->rest_to_s, t->base.value);
  if (status == DSP_OK) status = dsp_test_add_phase(test, "filling", up_s, fmax(up_s, until_s - t->params[T_PLATEAU]), NAN);
  if (status == DSP_OK) status = dsp_test_add_phase(test, "plateau", fmax(up_s, until_s - t->params[T_PLATEAU]), until_s, top);
  if (status == DSP_OK && t->down.known) status = dsp_test_add_phase(test, "draining", t->down.p.onset_s, t->end_s, NAN);
  if (status == DSP_OK) status = dsp_test_add_detail(test, "drift", "mL", t->drift);
  if (status == DSP_OK) status = dsp_test_add_detail(test, "T50", "s", t->fill.time_half.value);
  return status;
}

static dsp_status read_all(const char **why_not, tilt_test *t) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < t->trace.n; i++) low = fmin(low, t->trace.x[i]), high = fmax(high, t->trace.x[i]);
  *why_not = !(t->facts.step > 0)                                   ? "constant_signal"
             : t->end_s < 20                                        ? "recording_too_short"
             : t->in_ml && !(high - low >= t->params[T_LEAST_RISE]) ? "no_tilt"
                                                                    : NULL;
  if (*why_not) return DSP_OK;
  dsp_status status = find_tilts(t);
  if (status != DSP_OK) return status;
  if (t->posture.falls) *why_not = "inverted";
  if (!t->up.known && !*why_not) *why_not = "no_tilt";
  if (!*why_not && t->rest_to_s - t->rest_from_s < 3) *why_not = "no_rest";
  if (*why_not) return DSP_OK;
  status = learn(t);
  if (status == DSP_OK) status = read_levels(t);
  if (status == DSP_OK && t->filled) {
    const double until_s = up_end_s(t);
    t->saturated = part_at_extreme(&t->trace, &t->facts, until_s - 10, until_s) ||
                   part_at_extreme(&t->trace, &t->facts, t->rest_to_s - 10, t->rest_to_s);
    status = correct_drift(t);
  }
  if (status == DSP_NO_SOLUTION) *why_not = "no_rest";
  if (status == DSP_NO_MEMORY) return status;
  if (!*why_not && !t->filled) *why_not = "no_tilt";
  if (*why_not) return DSP_OK;
  put_values(t);
  flag_values(t);
  status = distrust(t);
  return status == DSP_OK ? describe(t) : status;
}

static dsp_status analyse(tilt_test *t) {
  const char *why_not = NULL;
  t->end_s = (double)t->trace.n / t->trace.rate_hz;
  t->mirrored = t->trace;
  t->mirrored.x = dsp_alloc(t->trace.n, sizeof *t->mirrored.x);
  dsp_status status = t->mirrored.x ? calibrate(t) : DSP_NO_MEMORY;
  if (status == DSP_OK) mirror(t);
  if (status == DSP_OK) status = read_all(&why_not, t);
  free(t->mirrored.x);
  if (status != DSP_OK) return status;
  if (why_not) part_null_rest(t->test, why_not);
  if (!t->in_ml) part_null_units(t->test, "L", "unit_unknown");
  part_note_facts(t->test, t->recording, t->channel, &t->facts, 4);
  part_rate_quality(t->test, t->channel, &t->facts);
  return part_add_trace(t->test, &t->trace, t->in_ml ? "mL" : "1");
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  static const double spike_floor_ml = 0.5;
  tilt_test *t = dsp_zalloc(1, sizeof *t);
  if (!t) return DSP_NO_MEMORY;
  *t = (tilt_test){.recording = recording, .channel = channel, .params = params, .drift = NAN};
  t->test = dsp_report_add_test(report, &dsp_apg_tilt, channel, 0, NULL);
  dsp_status status =
      t->test ? part_condition(&t->trace, &t->facts, channel, params[T_WORK_RATE], params[T_BRIDGE], spike_floor_ml, error) : DSP_NO_MEMORY;
  if (status == DSP_BAD_INPUT) {
    part_null_rest(t->test, "no_data");
    status = DSP_OK;
  } else if (status == DSP_OK) {
    status = analyse(t);
  }
  dsp_trace_clear(&t->trace);
  free(t);
  return status;
}

/* A low draining index is worded as the outflow tests word it. */
static void conclude(dsp_test *test) {
  dsp_measure *m = &test->measures[VDI];
  if (m->valid && m->grade && strcmp(m->grade, "normal") != 0) dsp_flags_add(&m->flags, "suggests_obstruction");
}

const dsp_protocol dsp_apg_tilt = {
    .id = "apg.tilt",
    .title = "Air plethysmography on a tilt table",
    .needs = "a channel with role volume in mL",
    .posture =
        "Lying strapped on a tilt table with a foot board that bears no weight of the tested leg; the leg relaxed throughout. Serves "
        "patients who cannot stand or tiptoe.",
    .steps = "1. Tilt legs up (about 40 degrees) until the trace is flat, at least 30 s. 2. Tilt nearly upright (about 70 degrees) in "
             "under 3 s; "
             "keep still until the trace is flat. 3. Tilt legs up again in under 3 s; keep still for at least 60 s.",
    .sidecar =
        "Channel: role volume, unit mL, side, site. Events: tilt_up and tilt_down at the start of each tilt; without them the tilts are "
        "found in the trace. Syringe steps: calibration with volume_ml.",
    .params = {"apg.tilt", param_rows, T_ROWS},
    .measures = measure_rows,
    .n_measures = MEASURES,
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
    .conclude = conclude,
};
