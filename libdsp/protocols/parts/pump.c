/* SPDX-License-Identifier: GPL-3.0-or-later
 * Exercise and refill by strain gauge. */
#include "pump.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

static const double t90 = 0.9, t50 = 0.5;
static const double turn = 0.003; /* share of EV that the rounded turn from exercise to refill leaves open */

/* Value of a measure of one bout, or why there is none. */
static dsp_estimate value_of(const char **why_not, const pump_test *t, const ppg_bout *b, size_t m) {
  const double *fraction[] = {[PUMP_VRT] = &t->params[PUMP_FRACTION], [PUMP_T90] = &t90, [PUMP_T50] = &t50};
  *why_not = NULL;
  if (!b->read) {
    *why_not = b->why_not;
  } else if (dsp_outflow_capacity(&b->refill, NULL) < t->params[PUMP_LEAST]) {
    *why_not = "signal_weak";
  }
  if (*why_not) return (dsp_estimate){NAN, NAN};
  if (m == PUMP_EV) {
    const dsp_estimate ev = dsp_outflow_read(&b->refill, dsp_outflow_capacity, NULL);
    return (dsp_estimate){ev.value, hypot(ev.se, turn * ev.value)};
  }
  const dsp_estimate time = dsp_outflow_read(&b->refill, dsp_outflow_time_to, fraction[m]);
  if (isfinite(time.value) && time.value <= t->params[PUMP_LONGEST] * (b->to_s - b->refill.vent_s)) return time;
  *why_not = "not_reached";
  return (dsp_estimate){NAN, NAN};
}

/* Means over bouts [first, end): their error is the larger of scatter and own errors. */
static void put_values(const pump_test *t, dsp_test *test, size_t first, size_t end) {
  for (size_t m = PUMP_EV; m < PUMP_EF; m++) {
    double sum = 0, squares = 0, variance = 0, t0_s = (double)NAN, t1_s = (double)NAN;
    unsigned n = 0;
    const char *why_not = NULL, *last = "no_exercise";
    bool cut = false;
    for (size_t k = first; k < end; k++) {
      const ppg_bout *b = &t->bouts.bout[k];
      const dsp_estimate e = value_of(&why_not, t, b, m);
      if (why_not) last = why_not;
      if (why_not) continue;
      if (n++ == 0) t0_s = b->end_s;
      t1_s = b->to_s;
      sum += e.value, squares += e.value * e.value, variance += e.se * e.se;
      cut |= m != PUMP_EV && e.value > b->to_s - b->refill.vent_s;
    }
    dsp_measure *measure = &test->measures[m];
    if (n == 0) {
      dsp_measure_null(measure, last);
      continue;
    }
    const double mean = sum / n, sd = n > 1 ? sqrt(fmax(0, squares - sum * mean) / (n - 1)) : 0;
    dsp_measure_set(measure, mean, fmax(sqrt(variance) / n, sd / sqrt(n)), t0_s, t1_s);
    measure->n = n;
    if (m != PUMP_EV) dsp_flags_add(&measure->flags, "low_inflow_possible");
    if (cut) dsp_flags_add(&measure->flags, "extrapolated");
    if (n == 1 && test->trial == 0) dsp_flags_add(&measure->flags, "single_repeat");
    if (n > 1 && sd > t->params[PUMP_SPREAD] * mean) dsp_flags_add(&measure->flags, "repeats_differ");
  }
  t->ejection(t, test);
}

static dsp_status describe(const pump_test *t, dsp_test *test, size_t first, size_t end) {
  dsp_status status = DSP_OK;
  for (size_t k = first; k < end && status == DSP_OK; k++) {
    const ppg_bout *b = &t->bouts.bout[k];
    if (!b->start_marked && !b->end_marked) part_flag_valid(test, "phases_detected");
    if (b->end_marked && isfinite(b->seen_end_s) && fabs(b->seen_end_s - b->end_s) > t->params[PUMP_MARKER])
      dsp_flags_add(&test->flags, "marker_disagrees");
    status = dsp_test_add_landmark(test, "exercise_start", b->start_s, NAN, NAN, b->start_marked ? "event" : "detected");
    if (status == DSP_OK) status = dsp_test_add_landmark(test, "exercise_end", b->end_s, NAN, NAN, b->end_marked ? "event" : "detected");
    if (status == DSP_OK && b->rest_to_s > b->rest_from_s)
      status = dsp_test_add_phase(test, "rest", b->rest_from_s, b->rest_to_s, b->read ? -b->base.value : (double)NAN);
    if (status == DSP_OK && b->to_s > b->end_s) status = dsp_test_add_phase(test, "refill", b->end_s, b->to_s, NAN);
  }
  return status;
}

static dsp_status report_all(const pump_test *t, dsp_report *report, size_t at) {
  put_values(t, &report->tests[at], 0, t->bouts.n);
  dsp_status status = describe(t, &report->tests[at], 0, t->bouts.n);
  for (size_t k = 0; k < t->bouts.n && t->bouts.n > 1 && status == DSP_OK; k++) {
    dsp_test *trial = dsp_report_add_test(report, t->protocol, t->channel, (unsigned)k + 1, NULL);
    if (!trial) return DSP_NO_MEMORY;
    put_values(t, trial, k, k + 1);
    status = describe(t, trial, k, k + 1);
    if (!t->known) part_null_units(trial, "L", "unit_unknown");
  }
  return status;
}

/* Exercises, as if the limb had been in the exercise's posture all the time. */
static dsp_status find(pump_test *t, dsp_test *test, const char **why_not) {
  static const double clearly = 2, rest_s = 15;
  double up = 0, down = 0;
  dsp_trace still = t->trace;
  const size_t from = dsp_trace_index(&t->trace, t->from_s), to = dsp_trace_index(&t->trace, t->to_s);
  still.x = dsp_alloc(still.n, sizeof *still.x);
  if (!still.x) return DSP_NO_MEMORY;
  const double before = from > 0 ? part_mean(&t->trace, t->from_s, t->from_s + 3) : 0, after = part_mean(&t->trace, t->to_s - 3, t->to_s);
  for (size_t i = 0; i < still.n; i++) still.x[i] = i < from ? before : i >= to ? after : t->trace.x[i];
  dsp_status status = ppg_find_bouts(&t->bouts, &still, t->recording, fmax(0.5 * t->params[PUMP_LEAST], 3 * t->facts.step));
  if (status == DSP_OK) status = ppg_excursions(&up, &down, &still);
  free(still.x);
  if (status != DSP_OK) return status;
  for (size_t k = 0; k < t->bouts.n; k++) {
    ppg_bout *b = &t->bouts.bout[k];
    b->rest_from_s = fmax(fmax(b->rest_from_s, t->from_s), b->rest_to_s - rest_s);
    b->to_s = fmin(b->to_s, t->to_s);
  }
  if (t->bouts.reversed) dsp_flags_add(&test->flags, "events_reversed");
  if (!t->upright && down > clearly * up && down > t->params[PUMP_LEAST])
    *why_not = "polarity_reversed";
  else if (t->bouts.n == 0)
    *why_not = "no_exercise";
  return DSP_OK;
}

static dsp_status analyse(pump_test *t, dsp_report *report, size_t at) {
  static const double least_noise = 5e-4;
  const char *why_not = !(t->facts.step > 0)                         ? "constant_signal"
                        : (double)t->trace.n < 15 * t->trace.rate_hz ? "recording_too_short"
                                                                     : NULL;
  dsp_status status = gauge_calibrate(&t->known, &t->trace, &report->tests[at], t->recording, t->channel, t->params[PUMP_GAP]);
  for (size_t i = 0; i < t->trace.n; i++) t->trace.x[i] = -t->trace.x[i];
  t->to_s = (double)t->trace.n / t->trace.rate_hz;
  t->empty = (dsp_estimate){NAN, NAN};
  if (status == DSP_OK && !why_not && t->prepare) status = t->prepare(t, &report->tests[at], &why_not);
  if (status == DSP_OK && !why_not) status = find(t, &report->tests[at], &why_not);
  if (status == DSP_OK && !why_not) {
    const double shape[PPG_ROWS] = {[PPG_PEAK] = t->params[PUMP_PEAK]};
    const bool decimated = t->trace.rate_hz < 0.99 * t->channel->rate_hz;
    if (t->found) status = t->found(t, &report->tests[at]);
    if (status == DSP_OK)
      status = ppg_read_bouts(&t->bouts, &t->trace, &t->facts, shape, fmax(t->facts.step / 3.5, least_noise),
                              decimated ? 1 / t->trace.rate_hz : 0);
    if (status == DSP_OK) status = report_all(t, report, at);
  }
  if (status != DSP_OK) return status;
  dsp_test *test = &report->tests[at];
  if (why_not) part_null_rest(test, why_not);
  if (!t->known) part_null_units(test, "L", "unit_unknown");
  part_note_facts(test, t->recording, t->channel, &t->facts, 3.9);
  part_rate_quality(test, t->channel, &t->facts);
  for (size_t i = 0; i < t->trace.n; i++) t->trace.x[i] = -t->trace.x[i];
  return part_add_trace(test, &t->trace, dsp_role_unit(DSP_ROLE_STRAIN)->ucum);
}

dsp_status pump_run(pump_test *t, dsp_report *report, dsp_error *error) {
  static const double spike_floor = 0.05;
  const size_t at = report->n_tests;
  if (!dsp_report_add_test(report, t->protocol, t->channel, 0, NULL)) return DSP_NO_MEMORY;
  dsp_status status =
      part_condition(&t->trace, &t->facts, t->channel, t->params[PUMP_WORK_RATE], t->params[PUMP_BRIDGE], spike_floor, error);
  if (status == DSP_BAD_INPUT) {
    part_null_rest(&report->tests[at], "no_data");
    status = DSP_OK;
  } else if (status == DSP_OK) {
    status = analyse(t, report, at);
  }
  dsp_trace_clear(&t->trace);
  return status;
}
