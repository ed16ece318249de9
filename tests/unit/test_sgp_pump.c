/* SPDX-License-Identifier: GPL-3.0-or-later
 * Exercise and refill by strain gauge, standing and in any posture: closed forms, events or none, and what is refused. */
#include "../support/limb.h"
#include "../support/runner.h"

static const char *const protocols[] = {"sgp.refill", "sgp.stand"};

static leg simulated(const char *protocol, const char *settings) {
  leg_protocol = protocol;
  return leg_simulate(settings, 3);
}

static void check_values(const leg *l, const char *what) {
  leg_check_report(l, what);
  check_percent("EV", leg_value(l, "EV"), leg_truth(l, "EV"), 3);
  check_percent("VRT", leg_value(l, "VRT"), leg_truth(l, "VRT"), 5);
  check_percent("T90", leg_value(l, "T90"), leg_truth(l, "T90"), 5);
  check_percent("T50", leg_value(l, "T50"), leg_truth(l, "T50"), 8);
  ck_assert(leg_flagged(l, "VRT", "low_inflow_possible"));
}

START_TEST(closed_forms) {
  leg l = simulated(protocols[_i], "nuisance=none");
  leg_analyze(&l);
  check_values(&l, "with events");
  ck_assert(leg_flagged(&l, "EV", "single_repeat"));
  l.recording->n_events = 0;
  leg_analyze(&l);
  check_values(&l, "without events");
  ck_assert(leg_flagged(&l, "EV", "phases_detected"));
  if (_i == 1)
    check_points("EF", leg_value(&l, "EF"), leg_truth(&l, "EF"), 2);
  else
    ck_assert(leg_flagged(&l, "EF", "no_empty_level"));
  leg_free(&l);
}
END_TEST

START_TEST(repeats_are_trials) {
  leg l = simulated(protocols[_i], "nuisance=custom white=0.005 bouts=2");
  leg_analyze(&l);
  check_values(&l, "two");
  ck_assert_uint_eq(l.report->n_tests, 3);
  ck_assert_uint_eq(leg_measure(&l, "EV")->n, 2);
  leg_free(&l);
}
END_TEST

/* A healthy median, and about half of it in reflux. */
START_TEST(ejection_fractions) {
  leg l = simulated("sgp.stand", "nuisance=none vv=2.5 ev=1.615");
  leg_analyze(&l);
  check_points("EF", leg_value(&l, "EF"), 64.6, 2);
  leg_free(&l);
  l = simulated("sgp.stand", "nuisance=none vv=2.5 ev=0.8");
  leg_analyze(&l);
  check_points("EF", leg_value(&l, "EF"), 32, 2);
  leg_free(&l);
}
END_TEST

/* Lying, the veins congested in steps: percent of the limb's own curve, with the pressure recorded or taken from the events. */
START_TEST(supine_pump) {
  static const double percent[] = {30, 50, 77};
  leg l = simulated("sgp.refill", "nuisance=none congested=1 pump_pct=60");
  for (size_t i = 0; i < 3; i++) {
    char settings[80];
    leg_free(&l);
    snprintf(settings, sizeof settings, "nuisance=none congested=1 pump_pct=%g", percent[i]);
    l = simulated("sgp.refill", settings);
    leg_analyze(&l);
    leg_check_report(&l, settings);
    check_percent("EV", leg_value(&l, "EV"), leg_truth(&l, "EV"), 3);
    check_points("pump function", leg_value(&l, "EF"), percent[i], 3);
    ck_assert_str_eq(leg_measure(&l, "EF")->grade, percent[i] > 60 ? "normal" : "reduced");
    ck_assert(!leg_flagged(&l, "EF", "pressure_assumed"));
  }
  const size_t n_channels = l.recording->n_channels;
  l.recording->n_channels = 1; /* the cuff's pressure was not recorded */
  leg_analyze(&l);
  check_points("steps from events", leg_value(&l, "EF"), 77, 3);
  ck_assert(leg_flagged(&l, "EF", "pressure_assumed"));
  dsp_channel *c = &l.recording->channels[0];
  for (size_t i = 0; i < c->n; i++) c->x[i] = -c->x[i];
  leg_analyze(&l);
  limb_check_refused(&l, "upside down", "polarity_reversed");
  l.recording->n_channels = n_channels;
  leg_free(&l);
  l = simulated("sgp.refill", "nuisance=none congested=1 steps=1 step_mmhg=40");
  leg_analyze(&l);
  leg_check_report(&l, "one step");
  ck_assert(leg_flagged(&l, "EF", "no_pv_curve"));
  leg_free(&l);
}
END_TEST

START_TEST(bad_events) {
  leg l = simulated(protocols[_i], "nuisance=none");
  for (size_t i = 0; i < l.recording->n_events; i++) l.recording->events[i].t_s += 9000;
  leg_analyze(&l);
  check_values(&l, "outside");
  leg_free(&l);
  l = simulated(protocols[_i], "nuisance=none");
  const size_t n = l.recording->n_events;
  l.recording->events[n - 2].kind = DSP_EVENT_EXERCISE_END;
  l.recording->events[n - 1].kind = DSP_EVENT_EXERCISE_START;
  leg_analyze(&l);
  leg_check_report(&l, "reversed");
  leg_free(&l);
}
END_TEST

START_TEST(bad_traces) {
  leg l = simulated(protocols[_i], "nuisance=custom white=0.01 pulse=0.04");
  dsp_channel *c = &l.recording->channels[0];
  for (size_t i = 0; i < c->n; i++) c->x[i] = -c->x[i];
  l.recording->n_events = 0;
  leg_analyze(&l);
  limb_check_refused(&l, "polarity", _i ? "inverted" : "polarity_reversed");
  for (size_t i = 0; i < c->n; i++) c->x[i] = 3;
  leg_analyze(&l);
  limb_check_refused(&l, "flat", "constant_signal");
  for (size_t i = 0; i < c->n; i++) c->x[i] = 0.02 * limb_noise(i);
  leg_analyze(&l);
  limb_check_refused(&l, "nothing happens", _i ? "no_stand" : "no_exercise");
  leg_free(&l);
  l = simulated(protocols[_i], "nuisance=custom white=0.01 pulse=0.04");
  c = &l.recording->channels[0];
  const double floor = (_i ? 2.4 : 0) - 0.8;
  for (size_t i = 0; i < c->n; i++)
    if ((double)i / c->rate_hz > (_i ? 150 : 0)) c->x[i] = fmax(c->x[i], floor);
  leg_analyze(&l);
  leg_check_report(&l, "clipped");
  ck_assert(_i || leg_flagged(&l, "EV", "saturated"));
  leg_free(&l);
}
END_TEST

START_TEST(refill_too_short) {
  leg l = simulated(protocols[_i], "nuisance=none refill_s=12");
  leg_analyze(&l);
  leg_check_report(&l, "cut");
  ck_assert(leg_flagged(&l, "VRT", "not_reached") || leg_flagged(&l, "VRT", "extrapolated") || leg_flagged(&l, "VRT", "no_refill"));
  leg_free(&l);
}
END_TEST

START_TEST(events_choose_the_protocol) {
  leg l = simulated(protocols[_i], "nuisance=none");
  l.recording->protocol = NULL;
  l.status = dsp_analyze(l.recording, NULL, NULL, l.params, &l.report, &l.error);
  ck_assert_int_eq(l.status, DSP_OK);
  ck_assert_str_eq(l.report->tests[0].protocol, protocols[_i]);
  leg_free(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sgp_pump");
  TCase *t = tcase_create("all");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, closed_forms, 0, 2);
  tcase_add_loop_test(t, repeats_are_trials, 0, 2);
  tcase_add_test(t, ejection_fractions);
  tcase_add_test(t, supine_pump);
  tcase_add_loop_test(t, bad_events, 0, 2);
  tcase_add_loop_test(t, bad_traces, 0, 2);
  tcase_add_loop_test(t, refill_too_short, 0, 2);
  tcase_add_loop_test(t, events_choose_the_protocol, 0, 2);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
