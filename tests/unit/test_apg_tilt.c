/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tilt-table test: closed forms with and without events, and what is refused. */
#include "../support/limb.h"
#include "../support/runner.h"

static const char *const clean = "nuisance=none level=0";

static void check_values(const leg *l, const char *what, double percent) {
  leg_check_report(l, what);
  check_percent("WVV", leg_value(l, "WVV"), leg_truth(l, "WVV"), 1);
  check_percent("VFT90", leg_value(l, "VFT90"), leg_truth(l, "VFT90"), percent);
  check_percent("VFI", leg_value(l, "VFI"), leg_truth(l, "VFI"), percent);
  check_percent("VDT90", leg_value(l, "VDT90"), leg_truth(l, "VDT90"), percent);
  check_percent("VDI", leg_value(l, "VDI"), leg_truth(l, "VDI"), percent);
  check_percent("VFI x VFT90", leg_value(l, "VFI") * leg_value(l, "VFT90"), 0.9 * leg_value(l, "WVV"), 1e-6);
}

static leg simulated(const char *settings) {
  leg_protocol = "apg.tilt";
  return leg_simulate(settings, 3);
}

START_TEST(clean_curves) {
  leg l = simulated(clean);
  leg_analyze(&l);
  check_values(&l, "with events", 3);
  ck_assert_ptr_null(l.recording->channels[0].label);
  l.recording->n_events = 0;
  leg_analyze(&l);
  check_values(&l, "without events", 5);
  ck_assert(leg_flagged(&l, "WVV", "phases_detected") && leg_flagged(&l, "VFI", "low_inflow_possible"));
  leg_free(&l);
}
END_TEST

/* Control, cut-off and obstruction of the published series. */
START_TEST(draining_is_graded) {
  leg l = simulated("nuisance=none wvv=117 drain_share=1 drain_fast_s=7 down_s=120");
  leg_analyze(&l);
  ck_assert_str_eq(leg_measure(&l, "VDI")->grade, "low");
  ck_assert(leg_flagged(&l, "VDI", "suggests_obstruction"));
  leg_free(&l);
  l = simulated(clean);
  leg_analyze(&l);
  ck_assert_str_eq(leg_measure(&l, "VDI")->grade, "normal");
  ck_assert(!leg_flagged(&l, "VDI", "suggests_obstruction"));
  leg_free(&l);
}
END_TEST

START_TEST(drift_is_taken_out) {
  leg l = simulated("nuisance=custom linear_per_s=0.02 white=0.1");
  leg_analyze(&l);
  ck_assert(leg_noted(&l, "drift_corrected"));
  check_percent("WVV", leg_value(&l, "WVV"), leg_truth(&l, "WVV"), 1.5);
  leg_free(&l);
}
END_TEST

START_TEST(bad_events) {
  leg l = simulated(clean); /* the two exchanged */
  l.recording->events[0].kind = DSP_EVENT_TILT_DOWN;
  l.recording->events[1].kind = DSP_EVENT_TILT_UP;
  leg_analyze(&l);
  check_values(&l, "reversed", 5);
  ck_assert(leg_noted(&l, "events_reversed"));
  leg_free(&l);
  l = simulated(clean);
  for (size_t i = 0; i < 2; i++) l.recording->events[i].t_s += 9000;
  leg_analyze(&l);
  check_values(&l, "outside", 5);
  leg_free(&l);
  l = simulated(clean);
  l.recording->events[0].t_s -= 12;
  leg_analyze(&l);
  ck_assert(leg_noted(&l, "marker_disagrees"));
  leg_free(&l);
}
END_TEST

START_TEST(one_tilt_only) {
  leg l = simulated("nuisance=none down_s=0");
  leg_analyze(&l);
  leg_check_report(&l, "head up only");
  ck_assert(leg_flagged(&l, "VDT90", "no_tilt_down") && leg_flagged(&l, "VDI", "no_tilt_down"));
  check_percent("WVV", leg_value(&l, "WVV"), leg_truth(&l, "WVV"), 1);
  leg_free(&l);
}
END_TEST

START_TEST(bad_traces) {
  leg l = simulated(clean);
  dsp_channel *c = &l.recording->channels[0];
  for (size_t i = 0; i < c->n; i++) c->x[i] = -c->x[i] + 0.02 * limb_noise(i);
  leg_analyze(&l);
  limb_check_refused(&l, "reversed polarity", "inverted");
  for (size_t i = 0; i < c->n; i++) c->x[i] = 7;
  leg_analyze(&l);
  limb_check_refused(&l, "flat", "constant_signal");
  for (size_t i = 0; i < c->n; i++) c->x[i] = 0.5 * limb_noise(i);
  leg_analyze(&l);
  limb_check_refused(&l, "nothing happens", "no_tilt");
  leg_free(&l);
  l = simulated("nuisance=custom white=0.3 breath=2 pulse=1");
  c = &l.recording->channels[0];
  for (size_t i = 0; i < c->n; i++) c->x[i] = fmin(c->x[i], 90);
  leg_analyze(&l);
  limb_check_refused(&l, "clipped", "saturated");
  leg_free(&l);
  l = simulated("nuisance=custom white=0.1");
  c = &l.recording->channels[0];
  for (size_t i = (size_t)(200 * c->rate_hz); i < c->n; i++) c->x[i] += 60;
  leg_analyze(&l);
  limb_check_refused(&l, "slip", "gauge_slipped");
  leg_free(&l);
  l = simulated("nuisance=none");
  l.recording->channels[0].unit = NULL;
  l.recording->channels[0].unit_as_written = NULL;
  leg_analyze(&l);
  leg_check_report(&l, "no unit");
  ck_assert(leg_flagged(&l, "WVV", "unit_unknown") && leg_measure(&l, "VFT90")->valid);
  leg_free(&l);
}
END_TEST

START_TEST(events_choose_the_protocol) {
  leg l = simulated(clean);
  l.recording->protocol = NULL;
  l.status = dsp_analyze(l.recording, NULL, NULL, l.params, &l.report, &l.error);
  ck_assert_int_eq(l.status, DSP_OK);
  ck_assert_str_eq(l.report->tests[0].protocol, "apg.tilt");
  leg_free(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("apg_tilt");
  TCase *t = tcase_create("all");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, clean_curves);
  tcase_add_test(t, draining_is_graded);
  tcase_add_test(t, drift_is_taken_out);
  tcase_add_test(t, bad_events);
  tcase_add_test(t, one_tilt_only);
  tcase_add_test(t, bad_traces);
  tcase_add_test(t, events_choose_the_protocol);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
