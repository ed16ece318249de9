/* SPDX-License-Identifier: GPL-3.0-or-later
 * Venous occlusion by strain gauge: closed-form outflows, gauge calibration, cycles from events, cuff and trace, and recordings that are
 * not as they should be. */
#include "../support/limb.h"
#include "../support/runner.h"

static leg congested(double v0, double tau_s, double hold_s, double noise) {
  size_t n;
  double *x = limb_occlusion(&n, v0, tau_s, hold_s, noise);
  return limb_by_hand("sgp.occlusion", DSP_ROLE_STRAIN, x, n, LIMB_RATE_HZ);
}

static void mark(leg *l, double inflate_s, double release_s) {
  if (isfinite(inflate_s)) leg_event(l, inflate_s, DSP_EVENT_CUFF_INFLATE, 0, 0);
  if (isfinite(release_s)) leg_event(l, release_s, DSP_EVENT_CUFF_RELEASE, 0, 0);
  ck_assert_int_eq(dsp_recording_sort_events(l->recording), DSP_OK);
}

/* V0 exp(-t/tau): the definitions side by side differ by up to a half on the same curve. */
static const struct {
  double v0, tau_s, tangent, first, half_to_2, three, of1s, ev4, vet90;
} outflows[] = {
    {3, 1.5, 120, 87.585, 54.352, 51.880, 48.658, 93.05, 3.454},
    {3, 3, 60, 51.024, 39.968, 37.927, 28.347, 73.64, 6.908},
    {2.5, 4.18, 35.885, 31.915, 26.753, 25.606, 21.277, 61.59, 9.625},
    {2, 8, 15, 14.100, 12.849, 12.508, 11.750, 39.35, 18.421},
};

START_TEST(exponential_outflows) {
  leg l = congested(outflows[_i].v0, outflows[_i].tau_s, 140, 0.001);
  mark(&l, 60, 200);
  leg_analyze(&l);
  leg_check_report(&l, "exponential");
  check_percent("SVC", leg_value(&l, "SVC"), outflows[_i].v0, 0.5);
  check_percent("first", leg_value(&l, "MVO.first1s"), outflows[_i].first, 2);
  check_percent("0.5-2", leg_value(&l, "MVO.0.5-2s"), outflows[_i].half_to_2, 2);
  check_percent("3 s", leg_value(&l, "VO.3s"), outflows[_i].three, 1);
  check_points("OF1s", leg_value(&l, "OF1s"), outflows[_i].of1s, 0.5);
  check_points("EV4", leg_value(&l, "EV4"), outflows[_i].ev4, 0.5);
  check_percent("VET90", leg_value(&l, "VET90"), outflows[_i].vet90, 3);
  /* the steepest line over 0.3 s is less steep than the tangent at its start */
  const double tau_s = outflows[_i].tau_s, line = outflows[_i].tangent * exp(-0.15 / tau_s);
  check_percent("tangent", leg_value(&l, "MVO.tangent"), line, 3);
  check_percent("TAU", leg_value(&l, "TAU"), tau_s, 6);
  leg_free(&l);
}
END_TEST

START_TEST(only_the_fit_definitions_are_graded) {
  leg l = congested(2, 8, 140, 0.001);
  mark(&l, 60, 200);
  leg_analyze(&l);
  ck_assert_str_eq(leg_measure(&l, "MVO.first1s")->grade, "reduced");
  ck_assert_str_eq(leg_measure(&l, "EV4")->grade, "reduced");
  ck_assert(leg_flagged(&l, "EV4", "suggests_obstruction"));
  static const char *const without[] = {"MVO.tangent", "MVO.0.5-2s", "VO.3s", "OF1s"};
  for (size_t i = 0; i < 4; i++) ck_assert_ptr_null(leg_measure(&l, without[i])->grade);
  const dsp_flag_row *words = dsp_flag_find("suggests_obstruction");
  ck_assert_ptr_nonnull(strstr(words->text, "suggests outflow obstruction; compression ultrasound decides"));
  ck_assert_ptr_null(strstr(words->text, "DVT"));
  leg_free(&l);

  l = congested(3, 1.5, 140, 0.001);
  mark(&l, 60, 200);
  leg_analyze(&l);
  ck_assert_str_eq(leg_measure(&l, "MVO.first1s")->grade, "normal");
  ck_assert(!leg_flagged(&l, "EV4", "suggests_obstruction"));
  leg_free(&l);
}
END_TEST

/* An electrical step of 1 % in a trace in volts; length is twice volume. */
static leg calibrated(dsp_cal_semantics semantics, double percent) {
  leg l = congested(3, 3, 140, 0.001);
  dsp_channel *c = &l.recording->channels[0];
  for (size_t i = 0; i < c->n; i++) {
    const double t = (double)i / LIMB_RATE_HZ;
    c->x[i] = 0.25 * (c->x[i] + (t >= 10 && t < 20 ? 1 : 0));
  }
  c->unit = dsp_unit_find("V", 1);
  c->unit_as_written = "V";
  c->cal_semantics = semantics;
  const dsp_event step = {.t_s = 10, .kind = DSP_EVENT_CALIBRATION, .percent = percent, .volume_ml = NAN};
  ck_assert_int_eq(dsp_recording_add_event(l.recording, &step), DSP_OK);
  mark(&l, 60, 200);
  leg_analyze(&l);
  leg_check_report(&l, "calibrated");
  return l;
}

START_TEST(a_wrong_semantics_is_a_factor_of_two) {
  leg l = calibrated(DSP_CAL_VOLUME_PCT, 1);
  check_percent("volume", leg_value(&l, "SVC"), 3, 1);
  ck_assert(leg_noted(&l, "gauge_calibrated") && !leg_noted(&l, "cal_semantics_assumed"));
  leg_free(&l);
  l = calibrated(DSP_CAL_LENGTH_PCT, 1);
  check_percent("length", leg_value(&l, "SVC"), 6, 1);
  check_points("a fraction has no scale", leg_value(&l, "OF1s"), 28.347, 0.5);
  leg_free(&l);
  l = calibrated(DSP_CAL_UNKNOWN, 1);
  check_percent("assumed", leg_value(&l, "SVC"), 3, 1);
  ck_assert(leg_noted(&l, "cal_semantics_assumed"));
  leg_free(&l);
}
END_TEST

START_TEST(scale_from_the_sidecar_and_gap) {
  leg l = congested(3, 3, 140, 0.001);
  l.recording->channels[0].cal_semantics = DSP_CAL_LENGTH_PCT;
  mark(&l, 60, 200);
  leg_analyze(&l);
  check_percent("percent of length", leg_value(&l, "SVC"), 6, 0.5);
  leg_free(&l);

  l = congested(3, 3, 140, 0.001);
  dsp_error error = {0};
  ck_assert_int_eq(dsp_params_set(l.params, "sgp.occlusion.gauge_gap", "0.1", &error), DSP_OK);
  mark(&l, 60, 200);
  leg_analyze(&l);
  check_percent("partial girth", leg_value(&l, "SVC"), 3 / 0.9, 0.5);
  ck_assert(leg_noted(&l, "gauge_gap_corrected"));
  leg_free(&l);

  l = congested(3, 3, 140, 0.001);
  l.recording->channels[0].unit = NULL;
  l.recording->channels[0].unit_as_written = NULL;
  mark(&l, 60, 200);
  leg_analyze(&l);
  ck_assert(leg_flagged(&l, "SVC", "unit_unknown") && !leg_measure(&l, "SVC")->valid);
  check_points("OF1s", leg_value(&l, "OF1s"), 28.347, 0.5);
  leg_free(&l);
}
END_TEST

START_TEST(cycles_without_events) {
  leg l = congested(3, 3, 140, 0.02);
  leg_analyze(&l);
  leg_check_report(&l, "no events");
  ck_assert(fabs(leg_landmark(&l, "cuff_release")->t_s - 200) < 0.2);
  ck_assert(fabs(leg_landmark(&l, "cuff_inflate")->t_s - 60) < 1.5);
  ck_assert_str_eq(leg_landmark(&l, "cuff_release")->source, "detected");
  check_percent("SVC", leg_value(&l, "SVC"), 3, 1);
  check_percent("first", leg_value(&l, "MVO.first1s"), 51.024, 5);
  leg_free(&l);

  leg_protocol = "sgp.occlusion";
  l = leg_analyzed("nuisance=none events=0 cuff_channel=1 cycles=3 deflating_s=0.5", 3);
  ck_assert(leg_noted(&l, "cuff_channel_used"));
  ck_assert(leg_flagged(&l, "MVO.first1s", "deflation_slow"));
  check_percent("SVC", leg_value(&l, "SVC"), leg_truth(&l, "SVC"), 1);
  check_percent("first", leg_value(&l, "MVO.first1s"), leg_truth(&l, "MVO.first1s"), 2);
  ck_assert_uint_eq(leg_measure(&l, "SVC")->n, 3);
  ck_assert_uint_eq(l.report->n_tests, 4);
  leg_free(&l);
}
END_TEST

START_TEST(both_limbs_are_measured_and_compared) {
  leg_protocol = "sgp.occlusion";
  leg l = leg_analyzed("nuisance=realistic side=both", 5);
  leg_check_report(&l, "both");
  const dsp_test *last = &l.report->tests[l.report->n_tests - 1];
  ck_assert_str_eq(last->manoeuvre, "left minus right");
  const dsp_measure *m = dsp_test_measure(last, "SVC");
  double left = NAN, right = NAN;
  for (size_t i = 0; i < l.report->n_tests; i++) {
    const dsp_test *test = &l.report->tests[i];
    if (test->trial == 0 && test->side == DSP_SIDE_LEFT) left = dsp_test_measure(test, "SVC")->value;
    if (test->trial == 0 && test->side == DSP_SIDE_RIGHT) right = dsp_test_measure(test, "SVC")->value;
  }
  check_points("difference", m->value, left - right, 1e-12);
  check_percent("detectable", m->limit, 2.77 * 0.12 * 0.5 * (left + right), 1e-6);
  ck_assert(dsp_flags_has(&m->flags, "change_within_repeats"));
  ck_assert(dsp_flags_has(&dsp_test_measure(last, "OF1s")->flags, "change_unknown"));
  ck_assert_ptr_null(dsp_test_measure(last, "EV4")->grade);
  leg_free(&l);
}
END_TEST

START_TEST(events_reversed_outside_or_far_off) {
  leg l = congested(3, 3, 140, 0.02);
  mark(&l, 200, 60);
  leg_analyze(&l);
  leg_check_report(&l, "reversed");
  ck_assert(leg_noted(&l, "events_reversed"));
  check_percent("SVC", leg_value(&l, "SVC"), 3, 1);
  leg_free(&l);

  l = congested(3, 3, 140, 0.02);
  mark(&l, 1000, 1200);
  leg_analyze(&l);
  check_percent("outside: the trace decides", leg_value(&l, "SVC"), 3, 1);
  ck_assert(leg_flagged(&l, "OF1s", "phases_detected"));
  leg_free(&l);

  l = congested(3, 3, 140, 0.02);
  mark(&l, 60, 192);
  leg_analyze(&l);
  leg_check_report(&l, "8 s early");
  ck_assert(leg_flagged(&l, "SVC", "marker_disagrees"));
  leg_free(&l);
}
END_TEST

START_TEST(recordings_cut_short) {
  leg l = congested(3, 3, 140, 0.02);
  l.recording->channels[0].n = l.recording->channels[0].segments[0].n = (size_t)198 * LIMB_RATE_HZ;
  mark(&l, 60, NAN);
  leg_analyze(&l);
  limb_check_refused(&l, "never vented", "not_released");
  leg_free(&l);

  l = congested(3, 3, 15, 0.005);
  mark(&l, 60, 75);
  leg_analyze(&l);
  leg_check_report(&l, "vented early");
  ck_assert(leg_flagged(&l, "SVC", "released_early"));
  ck_assert(leg_flagged(&l, "SVC", "single_repeat"));
  leg_free(&l);

  l = congested(3, 3, 140, 0.02);
  for (size_t i = 0; i < l.recording->channels[0].n; i++) l.recording->channels[0].x[i] = 1;
  mark(&l, 60, 200);
  leg_analyze(&l);
  limb_check_refused(&l, "flat", "constant_signal");
  leg_free(&l);

  size_t n = (size_t)400 * LIMB_RATE_HZ;
  double *x = dsp_alloc(n, sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = 0.02 * limb_noise(i);
  l = limb_by_hand("sgp.occlusion", DSP_ROLE_STRAIN, x, n, LIMB_RATE_HZ);
  leg_analyze(&l);
  limb_check_refused(&l, "nothing but rest", "no_occlusion");
  leg_free(&l);
}
END_TEST

START_TEST(wrong_traces) {
  leg l = congested(3, 3, 140, 0.02);
  dsp_channel *c = &l.recording->channels[0];
  for (size_t i = 0; i < c->n; i++) c->x[i] = -c->x[i];
  leg_analyze(&l);
  limb_check_refused(&l, "reversed", "polarity_reversed");
  c->polarity = -1;
  leg_analyze(&l);
  check_percent("stated", leg_value(&l, "SVC"), 3, 1);
  leg_free(&l);

  l = congested(3, 3, 140, 0.02);
  c = &l.recording->channels[0];
  for (size_t i = 0; i < c->n; i++) c->x[i] = fmin(c->x[i], 2.4);
  mark(&l, 60, 200);
  leg_analyze(&l);
  leg_check_report(&l, "clipped");
  ck_assert(leg_noted(&l, "clipped") && leg_flagged(&l, "SVC", "saturated") && !leg_measure(&l, "SVC")->valid);
  leg_free(&l);

  l = congested(3, 3, 140, 0.02);
  c = &l.recording->channels[0];
  for (size_t i = (size_t)150 * LIMB_RATE_HZ; i < c->n; i++) c->x[i] += 0.6;
  mark(&l, 60, 200);
  leg_analyze(&l);
  leg_check_report(&l, "slipped");
  ck_assert(leg_flagged(&l, "SVC", "gauge_slipped") && !leg_measure(&l, "OF1s")->valid);
  ck_assert(leg_noted(&l, "level_step"));
  check_percent("outflow stands", leg_value(&l, "MVO.first1s"), 51.024, 4);
  leg_free(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sgp_occlusion");
  TCase *t = tcase_create("all");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, exponential_outflows, 0, sizeof outflows / sizeof outflows[0]);
  tcase_add_test(t, only_the_fit_definitions_are_graded);
  tcase_add_test(t, a_wrong_semantics_is_a_factor_of_two);
  tcase_add_test(t, scale_from_the_sidecar_and_gap);
  tcase_add_test(t, cycles_without_events);
  tcase_add_test(t, both_limbs_are_measured_and_compared);
  tcase_add_test(t, events_reversed_outside_or_far_off);
  tcase_add_test(t, recordings_cut_short);
  tcase_add_test(t, wrong_traces);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
