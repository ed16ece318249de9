/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arterial inflow, reactive hyperaemia and pulse volume on recordings that somebody has spoilt: each has its flag or its null, and none a
 * number that is wrong. */
#include "../support/leg.h"
#include "../support/runner.h"

static dsp_channel *channel(leg *l) {
  return &l->recording->channels[0];
}

/* Simulate, spoil, analyse, and look that the report is still sound. */
typedef void spoil(leg *l);

static leg spoilt(const char *protocol, const char *settings, spoil *change) {
  leg_protocol = protocol;
  leg made = leg_simulate(settings, 5);
  if (change) change(&made);
  leg_analyze(&made);
  ck_assert_msg(made.status == DSP_OK, "%s: %s", made.error.place, made.error.found);
  leg_check_report(&made, protocol);
  return made;
}

static void flat(leg *l) {
  for (size_t i = 0; i < channel(l)->n; i++) channel(l)->x[i] = 1;
}

static void missing(leg *l) {
  for (size_t i = 0; i < channel(l)->n; i++) channel(l)->x[i] = (double)NAN;
}

static void reversed(leg *l) {
  for (size_t i = 0; i < channel(l)->n; i++) channel(l)->x[i] = -channel(l)->x[i];
}

static void slip(leg *l) {
  for (size_t i = channel(l)->n / 2; i < channel(l)->n; i++) channel(l)->x[i] += 3;
}

static void clip(leg *l) {
  for (size_t i = 0; i < channel(l)->n; i++) channel(l)->x[i] = fmin(channel(l)->x[i], 0.25);
}

static void late_events(leg *l) {
  for (size_t i = 0; i < l->recording->n_events; i++) l->recording->events[i].t_s += 1e5;
}

static void events_backwards(leg *l) { /* each release where the inflation was */
  for (size_t i = 0; i < l->recording->n_events; i++) {
    dsp_event *e = &l->recording->events[i];
    e->kind = e->kind == DSP_EVENT_CUFF_INFLATE ? DSP_EVENT_CUFF_RELEASE : DSP_EVENT_CUFF_INFLATE;
  }
}

static void no_unit(leg *l) {
  channel(l)->unit = NULL;
  channel(l)->unit_as_written = NULL;
}

static bool right_or_null(const leg *l, const char *id, double percent) {
  const dsp_measure *m = leg_measure(l, id);
  return !m->valid || fabs(m->value / leg_truth(l, id) - 1) < 0.01 * percent;
}

START_TEST(clean_inflow_is_read) {
  leg l = spoilt("sgp.inflow", "nuisance=none flow=3", NULL);
  check_percent("AI.exp0", leg_value(&l, "AI.exp0"), leg_truth(&l, "AI.exp0"), 1);
  check_percent("AI.line", leg_value(&l, "AI.line"), leg_truth(&l, "AI.line"), 1);
  ck_assert_uint_eq(leg_measure(&l, "AI.exp0")->n, 8);
  ck_assert_uint_eq(l.report->n_tests, 9); /* pooled, then one a cycle */
  ck_assert(leg_detail(&l, "AI.exp0.cv") < 1);
  leg_free(&l);
}
END_TEST

START_TEST(inflow_troubles) {
  leg l = spoilt("sgp.inflow", "nuisance=realistic", flat);
  ck_assert(leg_flagged(&l, "AI.exp0", "constant_signal"));
  leg_free(&l);
  l = spoilt("sgp.inflow", "nuisance=realistic", missing);
  ck_assert(leg_flagged(&l, "AI.exp0", "no_data"));
  leg_free(&l);
  l = spoilt("sgp.inflow", "nuisance=realistic events=1", reversed);
  ck_assert(!leg_measure(&l, "AI.exp0")->valid && leg_flagged(&l, "AI.line", "polarity_reversed"));
  leg_free(&l);
  l = spoilt("sgp.inflow", "nuisance=realistic", no_unit);
  ck_assert(leg_flagged(&l, "AI.exp0", "unit_unknown"));
  leg_free(&l);
  l = spoilt("sgp.inflow", "nuisance=none cycles=1", NULL);
  ck_assert(leg_measure(&l, "AI.exp0")->valid && leg_flagged(&l, "AI.exp0", "few_cycles"));
  ck_assert_uint_eq(l.report->n_tests, 1);
  leg_free(&l);
  l = spoilt("sgp.inflow", "nuisance=none hold_s=2.5 cycles=3", NULL);
  ck_assert(leg_flagged(&l, "AI.exp0", "cycle_short"));
  leg_free(&l);
}
END_TEST

/* A slip of the gauge within a cycle spoils that cycle only, and the others are read; clipped cycles are rejected or told. */
START_TEST(one_bad_cycle_does_not_spoil_the_others) {
  leg l = spoilt("sgp.inflow", "nuisance=none flow=3", slip);
  ck_assert(leg_measure(&l, "AI.exp0")->valid);
  check_percent("AI.exp0", leg_value(&l, "AI.exp0"), leg_truth(&l, "AI.exp0"), 5);
  leg_free(&l);
  l = spoilt("sgp.inflow", "nuisance=none flow=3", clip);
  ck_assert(leg_noted(&l, "clipped"));
  ck_assert(right_or_null(&l, "AI.exp0", 5) && right_or_null(&l, "AI.line", 5));
  leg_free(&l);
}
END_TEST

/* Events that cannot be: the trace itself decides, and says so. */
START_TEST(impossible_events_are_not_believed) {
  leg l = spoilt("sgp.inflow", "nuisance=none flow=3", late_events);
  ck_assert(leg_flagged(&l, "AI.exp0", "phases_detected"));
  check_percent("AI.exp0", leg_value(&l, "AI.exp0"), leg_truth(&l, "AI.exp0"), 2);
  leg_free(&l);
  l = spoilt("sgp.inflow", "nuisance=none flow=3", events_backwards);
  ck_assert(!leg_measure(&l, "AI.exp0")->valid || fabs(leg_value(&l, "AI.exp0") / leg_truth(&l, "AI.exp0") - 1) < 0.1);
  leg_free(&l);
  l = spoilt("sgp.inflow", "nuisance=none flow=3 events=0 cuff_channel=1", NULL);
  check_percent("AI.exp0", leg_value(&l, "AI.exp0"), leg_truth(&l, "AI.exp0"), 1);
  leg_free(&l);
}
END_TEST

START_TEST(hyperaemia) {
  leg l = spoilt("sgp.hyperaemia", "nuisance=none occlusion_s=180", NULL);
  check_percent("REST", leg_value(&l, "REST"), leg_truth(&l, "REST"), 1);
  check_percent("PEAK", leg_value(&l, "PEAK"), leg_truth(&l, "PEAK"), 3);
  check_points("TTP", leg_value(&l, "TTP"), leg_truth(&l, "TTP"), 0.1);
  check_percent("AUC", leg_value(&l, "AUC"), leg_truth(&l, "AUC"), 5);
  check_percent("HALF", leg_value(&l, "HALF"), leg_truth(&l, "HALF"), 5);
  leg_free(&l);
  l = spoilt("sgp.hyperaemia", "nuisance=none occlusion_s=180 events=0", NULL);
  check_percent("PEAK", leg_value(&l, "PEAK"), leg_truth(&l, "PEAK"), 5);
  ck_assert(leg_flagged(&l, "PEAK", "phases_detected"));
  leg_free(&l);
  l = spoilt("sgp.hyperaemia", "nuisance=none occlusion_s=180 decay_s=600 cycles_after=4", NULL);
  ck_assert(leg_flagged(&l, "HALF", "half_not_reached"));
  leg_free(&l);
  l = spoilt("sgp.hyperaemia", "nuisance=realistic", flat);
  ck_assert(leg_flagged(&l, "PEAK", "constant_signal"));
  leg_free(&l);
  l = spoilt("sgp.hyperaemia", "nuisance=none occlusion_s=30 events=0", NULL);
  ck_assert(leg_flagged(&l, "PEAK", "no_hyperaemia"));
  leg_free(&l);
}
END_TEST

static double limit_unit; /* the converter's upper end */

static void clip_top(leg *l) {
  for (size_t i = 0; i < channel(l)->n; i++) channel(l)->x[i] = fmin(channel(l)->x[i], limit_unit);
}

/* The fullest cycles are the first to leave the converter's range, and the peak is among them. */
START_TEST(a_cut_off_peak_is_no_peak) {
  unsigned peaks = 0, lost = 0;
  for (int tenths = 3; tenths < 23; tenths++) {
    limit_unit = 0.1 * tenths;
    leg l = spoilt("sgp.hyperaemia", "nuisance=realistic occlusion_s=180", clip_top);
    ck_assert_msg(right_or_null(&l, "REST", 10), "at %.1f REST is %g", limit_unit, leg_value(&l, "REST"));
    ck_assert_msg(right_or_null(&l, "PEAK", 12), "at %.1f PEAK is %g", limit_unit, leg_value(&l, "PEAK"));
    ck_assert_msg(right_or_null(&l, "AUC", 20), "at %.1f AUC is %g", limit_unit, leg_value(&l, "AUC"));
    peaks += leg_measure(&l, "PEAK")->valid;
    lost += leg_measure(&l, "REST")->valid && leg_flagged(&l, "PEAK", "saturated");
    leg_free(&l);
  }
  ck_assert_uint_gt(peaks, 0);
  ck_assert_uint_gt(lost, 5);
}
END_TEST

static void wander(leg *l) { /* 0.05 Hz, three pulses high */
  for (size_t i = 0; i < channel(l)->n; i++) channel(l)->x[i] += 3.6 * sin(0.314 * (double)i / channel(l)->rate_hz);
}

static void stop(leg *l) { /* from 6 to 12 s */
  const size_t from = (size_t)(6 * channel(l)->rate_hz), to = 2 * from;
  for (size_t i = from; i < to && i < channel(l)->n; i++) channel(l)->x[i] = 0.01 * channel(l)->x[i] - 0.1;
}

/* A cuff that shuts the artery is told and its stretch left out; a baseline that wanders is no such thing. */
START_TEST(stopped_pulse) {
  leg l = spoilt("pvr", "nuisance=none", wander);
  ck_assert(!leg_noted(&l, "flow_stopped"));
  leg_free(&l);
  l = spoilt("pvr", "nuisance=none", stop);
  ck_assert(leg_noted(&l, "flow_stopped"));
  check_points("stops", l.report->tests[0].landmarks[l.report->tests[0].n_landmarks - 2].t_s, 6, 1);
  check_points("flows again", l.report->tests[0].landmarks[l.report->tests[0].n_landmarks - 1].t_s, 12, 1);
  check_percent("AMP", leg_value(&l, "AMP"), leg_truth(&l, "AMP"), 3);
  leg_free(&l);
}
END_TEST

START_TEST(pulse_volume) {
  leg l = spoilt("pvr", "nuisance=none", NULL);
  check_percent("AMP", leg_value(&l, "AMP"), leg_truth(&l, "AMP"), 2);
  check_points("CREST", leg_value(&l, "CREST"), leg_truth(&l, "CREST"), 0.01);
  ck_assert(leg_value(&l, "NOTCH") > 0.5 && leg_value(&l, "CATEGORY") < 1.5); /* 1.2 mmHg and a reflected wave */
  leg_free(&l);
  l = spoilt("pvr", "nuisance=none reflected=0 amplitude=0.5", NULL);
  ck_assert(leg_value(&l, "NOTCH") < 0.5 && fabs(leg_value(&l, "CATEGORY") - 3) < 0.5);
  ck_assert(leg_flagged(&l, "CATEGORY", "limits_unverified"));
  leg_free(&l);
  l = spoilt("pvr", "nuisance=none", no_unit);
  ck_assert(leg_flagged(&l, "CATEGORY", "unit_unknown"));
  ck_assert_str_eq(leg_measure(&l, "AMP")->unit, "1");
  leg_free(&l);
  l = spoilt("pvr", "nuisance=none", flat);
  ck_assert(leg_flagged(&l, "AMP", "constant_signal"));
  leg_free(&l);
  l = spoilt("pvr", "nuisance=custom amplitude=0 white=0.2", NULL); /* nothing but noise */
  ck_assert(!leg_measure(&l, "AMP")->valid && leg_flagged(&l, "AMP", "no_pulse"));
  leg_free(&l);
}
END_TEST

/* A second channel: the first one's samples times `gain`. */
static void add_scaled(leg *l, double gain, dsp_side side, const char *site) {
  const dsp_channel *first = channel(l);
  double *x = dsp_alloc(first->n, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < first->n; i++) x[i] = gain * first->x[i];
  dsp_channel *added = dsp_recording_add_channel(l->recording, site, first->rate_hz, x, first->n);
  ck_assert_ptr_nonnull(added);
  first = channel(l);
  added->role = first->role;
  added->unit = first->unit;
  added->unit_as_written = first->unit_as_written;
  added->side = side;
  added->site = site;
}

static double pair_detail(const leg *l, const char *manoeuvre, const char *id) {
  for (size_t t = 0; t < l->report->n_tests; t++) {
    const dsp_test *test = &l->report->tests[t];
    if (!test->manoeuvre || strcmp(test->manoeuvre, manoeuvre) != 0) continue;
    for (size_t i = 0; i < test->n_details; i++)
      if (!strcmp(test->details[i].id, id)) return test->details[i].value;
  }
  return NAN;
}

static void four_cuffs(leg *l) {
  channel(l)->side = DSP_SIDE_LEFT;
  channel(l)->site = "calf";
  add_scaled(l, 0.5, DSP_SIDE_RIGHT, "calf");
  add_scaled(l, 0.8, DSP_SIDE_LEFT, "thigh");
  add_scaled(l, 0.25, DSP_SIDE_RIGHT, "ankle");
}

/* Sides are compared at one site, segments on one side; never a calf with the other leg's thigh. */
START_TEST(sides_and_segments) {
  leg l = spoilt("pvr", "nuisance=none", four_cuffs);
  check_percent("left to right", pair_detail(&l, "left minus right", "AMP.ratio"), 2, 0.01);
  check_percent("asymmetry", pair_detail(&l, "left minus right", "AMP.asymmetry"), 50, 0.01);
  check_percent("calf to thigh", pair_detail(&l, "calf minus thigh", "AMP.ratio"), 1.25, 0.01);
  check_percent("ankle to calf", pair_detail(&l, "ankle minus calf", "AMP.ratio"), 0.5, 0.01);
  ck_assert(isnan(pair_detail(&l, "calf minus thigh", "AMP.asymmetry")));
  ck_assert_uint_eq(l.report->n_tests, 4 + 3);
  leg_free(&l);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {clean_inflow_is_read,
                                inflow_troubles,
                                one_bad_cycle_does_not_spoil_the_others,
                                impossible_events_are_not_believed,
                                hyperaemia,
                                a_cut_off_peak_is_no_peak,
                                stopped_pulse,
                                sides_and_segments,
                                pulse_volume};
  Suite *suite = suite_create("inflow_protocols");
  TCase *t = tcase_create("troubles");
  for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) tcase_add_test(t, tests[i]);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
