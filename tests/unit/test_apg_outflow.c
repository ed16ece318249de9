/* SPDX-License-Identifier: GPL-3.0-or-later
 * Outflow by air plethysmography: closed forms, ladder, superficial compression, and what is refused. */
#include "../support/limb.h"
#include "../support/runner.h"

static leg occluded(double tau_s) {
  size_t n;
  double *x = limb_occlusion(&n, 90, tau_s, 140, 0.05);
  leg l = limb_by_hand("apg.outflow", DSP_ROLE_VOLUME, x, n, LIMB_RATE_HZ);
  leg_event(&l, 60, DSP_EVENT_CUFF_INFLATE, 0, 0);
  leg_event(&l, 200, DSP_EVENT_CUFF_RELEASE, 0, 0);
  return l;
}

/* 44 % is a healthy median, 38 and 30 % are limits. */
START_TEST(outflow_fractions) {
  static const double tau_s[] = {1.725, 2.092, 2.804, 1.7}, of[] = {44, 38, 30, 44.467};
  static const char *const grade[] = {"normal", "", "", "normal"};
  leg l = occluded(tau_s[_i]);
  leg_analyze(&l);
  leg_check_report(&l, "outflow");
  check_percent("VVOCC", leg_value(&l, "VVOCC"), 90, 0.5);
  check_points("OF1s", leg_value(&l, "OF1s"), of[_i], 0.5);
  check_percent("VET90", leg_value(&l, "VET90"), 2.302585 * tau_s[_i], 3);
  check_percent("MVO", leg_value(&l, "MVO"), 90 / tau_s[_i] * exp(-0.15 / tau_s[_i]), 3);
  if (*grade[_i]) ck_assert_str_eq(leg_measure(&l, "OF1s")->grade, grade[_i]);
  ck_assert(leg_flagged(&l, "IPMIV", "no_ladder"));
  leg_free(&l);
}
END_TEST

START_TEST(obstruction_is_worded_with_care) {
  leg l = occluded(6);
  leg_analyze(&l);
  ck_assert_str_eq(leg_measure(&l, "OF1s")->grade, "severe");
  ck_assert(leg_flagged(&l, "OF1s", "suggests_obstruction"));
  leg_free(&l);
}
END_TEST

START_TEST(ladder_of_pressures) {
  leg_protocol = "apg.outflow";
  leg l = leg_analyzed("steps=8 cycles=1 nuisance=none", 1);
  leg_check_report(&l, "ladder");
  check_points("IPMIV", leg_value(&l, "IPMIV"), leg_truth(&l, "IPMIV"), 0.01);
  ck_assert(leg_flagged(&l, "IPMIV", "step_pressure_assumed"));
  check_percent("VVOCC", leg_value(&l, "VVOCC"), leg_truth(&l, "VVOCC"), 1);
  check_points("OF1s", leg_value(&l, "OF1s"), leg_truth(&l, "OF1s"), 0.5);
  leg_free(&l);
}
END_TEST

START_TEST(compressed_cycles_stand_apart) {
  leg_protocol = "apg.outflow";
  leg l = leg_simulate("nuisance=realistic cycles=2", 1);
  const dsp_event *second = &l.recording->events[2];
  leg_event(&l, second->t_s - 5, DSP_EVENT_COMPRESS, 0, 0);
  ck_assert_int_eq(dsp_recording_sort_events(l.recording), DSP_OK);
  leg_analyze(&l);
  leg_check_report(&l, "compressed");
  ck_assert_uint_eq(l.report->n_tests, 3);
  ck_assert_str_eq(l.report->tests[1].manoeuvre, "superficial compression");
  ck_assert_str_eq(l.report->tests[2].manoeuvre, "superficial compression minus none");
  const double with = dsp_test_measure(&l.report->tests[1], "OF1s")->value, without = leg_value(&l, "OF1s");
  check_points("difference", dsp_test_measure(&l.report->tests[2], "OF1s")->value, with - without, 1e-9);
  leg_free(&l);
}
END_TEST

START_TEST(refusals) {
  leg l = occluded(2);
  for (size_t i = 0; i < l.recording->channels[0].n; i++) l.recording->channels[0].x[i] = 5;
  leg_analyze(&l);
  limb_check_refused(&l, "flat", "constant_signal");
  leg_free(&l);

  size_t n;
  double *x = limb_occlusion(&n, 90, 2, 140, 0.05);
  for (size_t i = 0; i < n; i++) x[i] = -x[i];
  l = limb_by_hand("apg.outflow", DSP_ROLE_VOLUME, x, n, LIMB_RATE_HZ);
  leg_analyze(&l);
  limb_check_refused(&l, "reversed", "polarity_reversed");
  leg_free(&l);

  l = occluded(2);
  l.recording->channels[0].unit = NULL;
  l.recording->channels[0].unit_as_written = NULL;
  leg_analyze(&l);
  leg_check_report(&l, "no unit");
  ck_assert(leg_flagged(&l, "VVOCC", "unit_unknown") && leg_measure(&l, "OF1s")->valid);
  leg_free(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("apg_outflow");
  TCase *t = tcase_create("all");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, outflow_fractions, 0, 4);
  tcase_add_test(t, obstruction_is_worded_with_care);
  tcase_add_test(t, ladder_of_pressures);
  tcase_add_test(t, compressed_cycles_stand_apart);
  tcase_add_test(t, refusals);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
