/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reflux test on clean audio: what the channels hold, values near the truth, and what a recording cannot tell. */
#include "../support/duplex.h"
#include <dsp/doppler.h>

/* What the channels hold, and an imbalance put in on purpose. */
START_TEST(kinds_of_stereo) {
  static const struct {
    venous_wiring wiring;
    bool swapped;
    double gain_db, phase_deg;
    dsp_stereo kind;
  } cases[] = {{VENOUS_IQ, false, 0, 0, DSP_STEREO_IQ},
               {VENOUS_IQ, false, 1, 5, DSP_STEREO_IQ},
               {VENOUS_IQ, true, 0, 0, DSP_STEREO_IQ},
               {VENOUS_IQ, false, -3, 15, DSP_STEREO_IQ},
               {VENOUS_SEPARATED, false, 0, 0, DSP_STEREO_SEPARATED},
               {VENOUS_SEPARATED, true, 0, 0, DSP_STEREO_SEPARATED},
               {VENOUS_DUAL_MONO, false, 0, 0, DSP_STEREO_MONO},
               {VENOUS_MONO, false, 0, 0, DSP_STEREO_MONO}};
  venous_plan plan = reflux_plan;
  plan.wiring = cases[_i].wiring;
  plan.swapped = cases[_i].swapped;
  plan.gain_db = cases[_i].gain_db;
  plan.phase_deg = cases[_i].phase_deg;
  plan.snr_db = 12;
  recording = venous_make(&plan, 3, true);
  recording->doppler.swap = plan.swapped;
  analyze(NULL);
  ck_assert_int_eq((int)detail("stereo_kind"), (int)cases[_i].kind);
  if (cases[_i].kind == DSP_STEREO_MONO) {
    ck_assert(!measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "mono_audio"));
    return;
  }
  ck_assert_msg(fabs(measure("RT")->value - venous_reflux_s(&plan, 0, 2)) < 0.06, "RT %g", measure("RT")->value);
  if (cases[_i].wiring != VENOUS_IQ || plan.swapped) return;
  ck_assert_double_eq_tol(detail("quadrature_gain"), plan.gain_db, 0.2);
  ck_assert_double_eq_tol(detail("quadrature_phase"), plan.phase_deg, 1);
}
END_TEST

START_TEST(values_are_near_the_truth) {
  recording = venous_make(&reflux_plan, 4, _i % 2);
  const dsp_test *test = analyze(NULL);
  ck_assert_uint_eq(report->n_tests, 1);
  ck_assert_double_eq_tol(measure("RT")->value, venous_reflux_s(&reflux_plan, 0, 2), 0.04);
  ck_assert_double_eq_tol(measure("PRV")->value, 30, 3);
  ck_assert_double_eq_tol(measure("PMV")->value, 15, 1.5);
  ck_assert_double_eq_tol(measure("AUG.peak")->value, 60, 6);
  ck_assert_double_eq_tol(measure("TAF")->value, 60 * M_PI * 0.09 * measure("MRV")->value, 1e-6);
  ck_assert_str_eq(measure("RT")->grade, "reflux");
  ck_assert(dsp_flags_has(&measure("RT")->flags, "phases_detected") == !(_i % 2));
  ck_assert_double_eq_tol(detail("peak_reflux_geometric"), 30 * 1.1, 3); /* broadening is not taken out of it */
  const dsp_series *tracked = NULL, *geometric = NULL;
  bool picture = false;
  for (size_t i = 0; i < test->n_series; i++) {
    picture |= test->series[i].bins > 0;
    if (!strcmp(test->series[i].name, "envelope")) tracked = &test->series[i];
    if (!strcmp(test->series[i].name, "geometric")) geometric = &test->series[i];
  }
  const size_t n = tracked && geometric && geometric->n == tracked->n ? tracked->n : 0;
  ck_assert(picture && n > 0);
  size_t both = 0, apart = 0;
  for (size_t i = 0; i < n; i++) {
    const double v = tracked->x[i];
    if (!(fabs(v) > 10) || isnan(geometric->x[i])) continue;
    both++, apart += fabs(geometric->x[i] - v) > 0.3 * fabs(v);
  }
  ck_assert(both > 60 && apart < both / 10);
}
END_TEST

START_TEST(a_closing_valve_is_no_reflux) {
  venous_plan plan = reflux_plan;
  plan.peak_cm_s = 0;
  recording = venous_make(&plan, 6, true);
  analyze(NULL);
  static const char *const ids[] = {"RT", "RT.1", "RT.2", "RT.5", "RT.release", "PRV", "PMV", "MRV", "VR", "TAF", "RI"};
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
    ck_assert_msg(measure(ids[i])->valid && measure(ids[i])->value <= 0, "%s", ids[i]);
  ck_assert(dsp_flags_has(&measure("RT")->flags, "no_reflux"));
  ck_assert_str_eq(measure("RT")->grade, "normal");
}
END_TEST

/* Direction: unknown gives nothing, known compressions give it, a mirrored statement turns everything. */
START_TEST(direction_is_stated_or_shown) {
  recording = venous_make(&reflux_plan, 7, _i > 0);
  recording->doppler.antegrade_sign = _i == 2 ? -1 : 0;
  analyze(NULL);
  if (_i == 0) {
    ck_assert(!measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "direction_unknown"));
  } else if (_i == 1) {
    ck_assert(dsp_flags_has(&measure("RT")->flags, "direction_inferred"));
    ck_assert_double_eq_tol(measure("RT")->value, 2, 0.06);
  } else
    ck_assert(!measure("RT")->valid || measure("RT")->value < 1);
}
END_TEST

START_TEST(without_frequency_or_angle_the_answer_is_in_hz) {
  recording = venous_make(&reflux_plan, 8, true);
  if (_i == 0) recording->doppler.f0_hz = NAN;
  if (_i == 1) recording->doppler.angle_deg = 85;
  analyze(NULL);
  ck_assert_double_eq_tol(measure("RT")->value, 2, 0.06);
  ck_assert(dsp_flags_has(&measure("RT")->flags, "threshold_in_hz"));
  ck_assert_str_eq(measure("PRV")->unit, "Hz");
  ck_assert_double_eq_tol(measure("PRV")->value, 30 * 32.4675, 100);
  ck_assert(!measure("VR")->valid && dsp_flags_has(&measure("VR")->flags, "velocity_unknown"));
}
END_TEST

START_TEST(reflux_that_is_cut_has_no_length) {
  venous_plan plan = reflux_plan;
  plan.reflux_s = 30;
  plan.tau_s = 20;
  recording = venous_make(&plan, 9, true);
  analyze(NULL);
  ck_assert(!measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "right_censored"));
  ck_assert_double_ge(detail("least_reflux_time"), 6);
}
END_TEST

START_TEST(silence_and_noise_say_so) {
  enum { N = 80000 };
  static const char *const names[] = {"a", "b"};
  dsp_random random = dsp_random_seeded(1);
  float *x = calloc((size_t)2 * N, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; _i && i < (size_t)2 * N; i++) x[i] = (float)(_i == 2 ? (double)NAN : 0.1 * (venous_uniform(&random) - 0.5));
  dsp_audio audio;
  recording = dsp_recording_new();
  ck_assert_int_eq(dsp_audio_in_memory(&audio, x, N, 2, 8000, 16), DSP_OK);
  ck_assert_int_eq(dsp_recording_add_audio(recording, &audio, names), DSP_OK);
  recording->doppler.antegrade_sign = 1;
  analyze(NULL);
  ck_assert(!measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "no_doppler_signal"));
}
END_TEST

/* Reflux that dies away instead of stopping, in the clear and beside the wall's echo: the end is where its velocity falls below the
 * threshold, not where an echo with wide skirts can no longer be seen. */
START_TEST(fading_reflux_ends_at_its_threshold) {
  venous_plan plan = reflux_plan;
  plan.f0_hz = 6.6e6, plan.angle_deg = 46, plan.profile = 6.8, plan.snr_db = 40, plan.broadening = 0.07;
  plan.peak_cm_s = 45, plan.tau_s = 1, plan.reflux_s = 3.8, plan.trials = 2, plan.period_s = 11, plan.duration_s = 27;
  if (_i) plan.clutter_db = 25, plan.clutter_hz = 30;
  recording = venous_make(&plan, 11, true);
  analyze(NULL);
  const double truth_s = venous_reflux_s(&plan, 0, 2);
  ck_assert_msg(fabs(measure("RT")->value - truth_s) < 0.06, "RT %g, %g", measure("RT")->value, truth_s);
  ck_assert(measure("RT")->lo <= truth_s && truth_s <= measure("RT")->hi);
}
END_TEST

/* Of reflux that dies away beside the wall's echo the end at 5 cm/s is seen, that at 1 cm/s is a guess: each time has its own interval, and
 * holds its truth. */
START_TEST(each_time_has_its_own_interval) {
  static const struct {
    const char *id;
    double cm_s;
  } times[] = {{"RT.5", 5}, {"RT.2", 2}, {"RT.1", 1}};
  venous_plan plan = reflux_plan;
  plan.tau_s = 1, plan.reflux_s = 4, plan.clutter_db = 15, plan.clutter_hz = 20, plan.duration_s = 15;
  recording = venous_make(&plan, 12, true);
  analyze(NULL);
  double before_s = 0;
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    const dsp_measure *m = measure(times[i].id);
    const double truth_s = venous_reflux_s(&plan, 0, times[i].cm_s);
    ck_assert_msg(m->lo <= truth_s && truth_s <= m->hi, "%s %g: %g .. %g", times[i].id, truth_s, m->lo, m->hi);
    ck_assert_msg(m->hi - m->lo > before_s, "%s %g .. %g", times[i].id, m->lo, m->hi);
    before_s = m->hi - m->lo;
  }
}
END_TEST

/* A wall that hides the slowest flow raises the thresholds below it, and no others. */
START_TEST(a_hidden_threshold_is_told_of_its_own_time) {
  static const struct {
    const char *id;
    double cm_s;
  } times[] = {{"RT", 2}, {"RT.1", 1}, {"RT.2", 2}, {"RT.5", 5}, {"RT.release", 2}};
  venous_plan plan = reflux_plan;
  plan.clutter_db = _i ? 15 : 8;
  plan.clutter_hz = _i ? 20 : 10;
  recording = venous_make(&plan, 12, true);
  analyze(NULL);
  const double lowest = detail("lowest_visible");
  ck_assert_msg(_i ? lowest > 2 && lowest < 5 : lowest > 1 && lowest < 2, "lowest %g", lowest);
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
    ck_assert_msg(dsp_flags_has(&measure(times[i].id)->flags, "threshold_raised") == (lowest > times[i].cm_s), "%s", times[i].id);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("duplex");
  TCase *t = tcase_create("duplex");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, kinds_of_stereo, 0, 8);
  tcase_add_loop_test(t, values_are_near_the_truth, 0, 2);
  tcase_add_test(t, a_closing_valve_is_no_reflux);
  tcase_add_loop_test(t, direction_is_stated_or_shown, 0, 3);
  tcase_add_loop_test(t, without_frequency_or_angle_the_answer_is_in_hz, 0, 2);
  tcase_add_test(t, reflux_that_is_cut_has_no_length);
  tcase_add_loop_test(t, silence_and_noise_say_so, 0, 3);
  tcase_add_loop_test(t, fading_reflux_ends_at_its_threshold, 0, 2);
  tcase_add_test(t, each_time_has_its_own_interval);
  tcase_add_loop_test(t, a_hidden_threshold_is_told_of_its_own_time, 0, 2);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
