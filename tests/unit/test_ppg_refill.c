/* SPDX-License-Identifier: GPL-3.0-or-later
 * Light-reflection refill: closed forms, the devices' grades, tourniquet, and recordings that are not as they should be. */
#include "../support/limb.h"
#include "../support/other_refill.h"
#include "../support/runner.h"

static leg refilled(const char *settings) {
  leg_protocol = "ppg.refill";
  leg l = leg_analyzed(settings, 2);
  leg_check_report(&l, settings);
  return l;
}

START_TEST(exponential_recovery) {
  leg l = refilled("nuisance=none");
  check_percent("VO", leg_value(&l, "VO"), 4.5, 1);
  check_points("TH", leg_value(&l, "TH"), 8.318, 0.2);
  check_points("TO", leg_value(&l, "TO"), 42.08, 0.3);
  check_percent("TI", leg_value(&l, "TI"), 13.56, 5);
  check_percent("FO", leg_value(&l, "FO"), 37.43, 3);
  check_percent("area to TO", leg_value(&l, "FO.integral"), 54.0 * 0.97 - 0.5 * 0.03 * 4.5 * 42.08, 3);
  leg_free(&l);
}
END_TEST

START_TEST(capacity_of_the_official_reports_is_power_times_half_time) {
  static const double report[4][3] = {{10, 4.7, 47}, {12, 4.5, 55}, {8, 4.2, 33}, {9, 3.9, 35}};
  leg l = refilled("nuisance=none fast_s=14.43 vo_pct=4.7"); /* half time 10 s */
  check_percent("first report", leg_value(&l, "FO"), report[0][0] * report[0][1], 3);
  for (size_t i = 0; i < 4; i++) check_points("product", report[i][0] * report[i][1], report[i][2], 1.0);
  leg_free(&l);
}
END_TEST

START_TEST(grades_at_their_limits) {
  ck_assert_str_eq(limb_refill_grade(25.01), "normal");
  ck_assert_str_eq(limb_refill_grade(25.0), "I");
  ck_assert_str_eq(limb_refill_grade(20.01), "I");
  ck_assert_str_eq(limb_refill_grade(20.0), "II");
  ck_assert_str_eq(limb_refill_grade(10.01), "II");
  ck_assert_str_eq(limb_refill_grade(10.0), "III");
}
END_TEST

START_TEST(tourniquet_against_none) {
  leg l = refilled("nuisance=realistic bouts=2 tourniquet=1 fast_s=4");
  ck_assert_uint_eq(l.report->n_tests, 3);
  const dsp_test *with = &l.report->tests[1], *difference = &l.report->tests[2];
  ck_assert_str_eq(with->manoeuvre, "tourniquet");
  check_percent("TO with", dsp_test_measure(with, "TO")->value, leg_truth(&l, "tourniquet.TO"), 6);
  ck_assert(dsp_flags_has(&dsp_test_measure(with, "TO")->flags, "tourniquet_improves"));
  const dsp_measure *m = dsp_test_measure(difference, "TO");
  check_points("difference", m->value, dsp_test_measure(with, "TO")->value - leg_value(&l, "TO"), 1e-9);
  ck_assert_double_gt(m->limit, 0);
  leg_free(&l);

  l = refilled("nuisance=realistic bouts=2 tourniquet=1 fast_s=4 improves=1");
  ck_assert(dsp_flags_has(&dsp_test_measure(&l.report->tests[1], "TO")->flags, "tourniquet_no_change"));
  ck_assert(dsp_flags_has(&dsp_test_measure(&l.report->tests[2], "TO")->flags, "change_within_repeats"));
  leg_free(&l);
}
END_TEST

START_TEST(several_bouts_slow_sampling_and_no_events) {
  leg l = refilled("nuisance=none rate_hz=4 bouts=3 events=0 fast_s=6");
  ck_assert_uint_eq(leg_measure(&l, "TO")->n, 3);
  ck_assert_uint_eq(l.report->n_tests, 4);
  check_percent("TO", leg_value(&l, "TO"), leg_truth(&l, "TO"), 3);
  check_points("TH", leg_value(&l, "TH"), leg_truth(&l, "TH"), 0.4);
  ck_assert(leg_flagged(&l, "TO", "phases_detected") && leg_flagged(&l, "TO", "low_inflow_possible"));
  ck_assert_str_eq(leg_landmark(&l, "exercise_end")->source, "detected");
  leg_free(&l);
}
END_TEST

/* The trace stays high for seconds after the last swing, its pulses as large as the swings: the rhythm tells when the exercise ended. */
START_TEST(exercise_ends_with_its_rhythm_when_the_refill_is_late) {
  leg_protocol = "ppg.refill";
  const double rate_hz = 20, beat_hz = 1.1, pulse = 2;
  const refill_plan p = {.shape = SIGMOID,
                         .middle_s = 9,
                         .width_s = 1.6,
                         .level = 1000,
                         .vo = 40,
                         .start_s = {20},
                         .end_s = {36},
                         .period_s = 2,
                         .bouts = 1,
                         .count = 8};
  const size_t fine = 90 * REFILL_HZ + 1;
  double *v = malloc(fine * sizeof *v);
  ck_assert_ptr_nonnull(v);
  refill_run(v, fine, &p);
  size_t n;
  double *x = other_sampled(&n, v, fine, REFILL_HZ, rate_hz);
  free(v);
  for (size_t i = 0; i < n; i++) x[i] += pulse * sin(2 * acos(-1) * beat_hz * (double)i / rate_hz);
  leg l = other_channel("PPG", DSP_ROLE_PPG, x, n, rate_hz);
  l.recording->channels[0].polarity = 1;
  leg_analyze(&l);
  leg_check_report(&l, "late refill");
  check_points("end of exercise", leg_landmark(&l, "exercise_end")->t_s, 36, 0.3);
  check_points("TH", leg_value(&l, "TH"), refill_time_to(&p, 0.5), 0.5);
  leg_free(&l);
}
END_TEST

START_TEST(unfinished_refill_is_extrapolated_and_says_so) {
  leg l = refilled("nuisance=none refill_s=25");
  ck_assert(leg_flagged(&l, "TO", "extrapolated") && leg_flagged(&l, "TO", "refill_cut"));
  check_percent("TO", leg_value(&l, "TO"), 42.08, 6);
  ck_assert(!leg_flagged(&l, "TH", "extrapolated"));
  leg_free(&l);
  l = refilled("nuisance=none refill_s=8 fast_s=40");
  ck_assert(!leg_measure(&l, "TO")->valid && leg_flagged(&l, "TO", "not_reached"));
  leg_free(&l);
}
END_TEST

START_TEST(recovery_to_a_higher_level) {
  leg l = refilled("nuisance=none late=0.2 fast_s=8");
  ck_assert(leg_flagged(&l, "TO", "late_level_used"));
  check_percent("TO", leg_value(&l, "TO"), 8 * log(1 / 0.03), 3);
  leg_free(&l);
}
END_TEST

START_TEST(polarity_is_stated_or_said_to_be_assumed) {
  leg l = refilled("nuisance=none polarity=-1 level=100");
  check_points("TH", leg_value(&l, "TH"), 8.318, 0.2);
  ck_assert(!leg_noted(&l, "polarity_assumed"));
  leg_free(&l);
  l = refilled("nuisance=none polarity=0");
  ck_assert(leg_noted(&l, "polarity_assumed"));
  check_percent("VO", leg_value(&l, "VO"), 4.5, 1);
  leg_free(&l);
  leg_protocol = "ppg.refill";
  l = leg_simulate("nuisance=none", 2);
  for (size_t i = 0; i < l.recording->channels[0].n; i++) l.recording->channels[0].x[i] = 200 - l.recording->channels[0].x[i];
  leg_analyze(&l);
  limb_check_refused(&l, "the wrong way", "polarity_reversed");
  leg_free(&l);
}
END_TEST

START_TEST(refusals) {
  leg_protocol = "ppg.refill";
  leg l = leg_simulate("nuisance=none", 2);
  for (size_t i = 0; i < l.recording->channels[0].n; i++) l.recording->channels[0].x[i] = 100;
  leg_analyze(&l);
  limb_check_refused(&l, "flat", "constant_signal");
  leg_free(&l);
  l = leg_simulate("nuisance=realistic vo_pct=0.2", 2);
  leg_analyze(&l);
  limb_check_refused(&l, "weak", "signal_weak");
  leg_free(&l);
  l = leg_simulate("nuisance=none", 2);
  for (size_t i = 0; i < l.recording->n_events; i++) l.recording->events[i].t_s = 56 - l.recording->events[i].t_s;
  ck_assert_int_eq(dsp_recording_sort_events(l.recording), DSP_OK);
  l.recording->events[0].kind = DSP_EVENT_EXERCISE_END;
  l.recording->events[1].kind = DSP_EVENT_EXERCISE_START;
  leg_analyze(&l);
  leg_check_report(&l, "reversed");
  ck_assert(leg_noted(&l, "events_reversed"));
  leg_free(&l);
  l = leg_simulate("nuisance=none", 2);
  for (size_t i = 0; i < l.recording->n_events; i++) l.recording->events[i].t_s += 5000;
  leg_analyze(&l);
  leg_check_report(&l, "outside");
  check_points("TH", leg_value(&l, "TH"), 8.318, 0.3);
  leg_free(&l);
  l = leg_simulate("nuisance=none", 2);
  for (size_t i = 0; i < l.recording->channels[0].n; i++) l.recording->channels[0].x[i] -= 100;
  leg_analyze(&l);
  leg_check_report(&l, "no level of its own");
  ck_assert(leg_flagged(&l, "VO", "no_light_level") && leg_measure(&l, "TO")->valid);
  leg_free(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ppg_refill");
  TCase *t = tcase_create("all");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, exponential_recovery);
  tcase_add_test(t, capacity_of_the_official_reports_is_power_times_half_time);
  tcase_add_test(t, grades_at_their_limits);
  tcase_add_test(t, tourniquet_against_none);
  tcase_add_test(t, several_bouts_slow_sampling_and_no_events);
  tcase_add_test(t, exercise_ends_with_its_rhythm_when_the_refill_is_late);
  tcase_add_test(t, unfinished_refill_is_extrapolated_and_says_so);
  tcase_add_test(t, recovery_to_a_higher_level);
  tcase_add_test(t, polarity_is_stated_or_said_to_be_assumed);
  tcase_add_test(t, refusals);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
