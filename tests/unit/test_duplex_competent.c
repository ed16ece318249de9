/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is no reflux: a wall's echo beside a vein that rests, what precedes a valve's closure, a breath; and what is all the same. */
#include "../support/simulated.h"
/* after what has names of its own for a report's parameters */
#include "../support/duplex.h"

/* The recording is a simulated one; its true reflux time. */
static double take_simulated(const char *settings, uint64_t seed) {
  simulated made = simulated_make("duplex.reflux", settings, seed);
  ck_assert_int_eq(made.status, DSP_OK);
  recording = made.recording;
  const double reflux_s = simulated_value(&made, "RT");
  dsp_truth_free(made.truth);
  return reflux_s;
}

/* One compression in fifteen seconds without flow: the survey meets the wall's echo alone. A competent valve has no reflux time beside it,
 * an incompetent one has its own. */
START_TEST(rare_flow_beside_a_wall_is_seen_as_strong_as_it_is) {
  static const unsigned seeds[] = {62, 66, 69, 71, 74, 76};
  venous_plan plan = reflux_plan;
  plan.duration_s = 15;
  plan.rest_cm_s = 0;
  plan.clutter_db = 20;
  plan.clutter_hz = 40;
  plan.wiring = _i % 2 ? VENOUS_SEPARATED : VENOUS_IQ;
  const bool leaks = _i >= 12;
  if (!leaks) plan.peak_cm_s = 0;
  recording = venous_make(&plan, seeds[_i / 2 % 6], true);
  analyze(NULL);
  ck_assert(measure("RT")->valid);
  ck_assert_double_eq_tol(measure("RT")->value, leaks ? 2 : 0, 0.06);
  ck_assert_double_le(detail("lowest_visible"), 8);
}
END_TEST

/* A limb held for 0.4 s, then a closure of 0.31 s, beside a wall: what the wall's echo adds before it must not make reflux of it. */
START_TEST(the_wall_lengthens_no_closure) {
  ck_assert(take_simulated("randomise=1 stereo=auto snr_db=40 clutter_db=25", 41107) <= 0);
  analyze(NULL);
  ck_assert(measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "closure_only"));
  ck_assert(!(measure("RT")->value > 0));
  ck_assert_double_eq_tol(detail("closure_time"), 0.306, 0.03);
}
END_TEST

/* Long fast reflux makes the usual flow seem fast; a compression is measured by what flows forth. */
START_TEST(reflux_hides_no_compression) {
  const double reflux_s = take_simulated("randomise=1 stereo=auto snr_db=20 clutter_db=0", 20109);
  ck_assert_uint_eq(recording->n_events, 0);
  analyze(NULL);
  ck_assert_double_eq_tol(measure("RT")->value, reflux_s, 0.06);
}
END_TEST

/* Flow that slows to the threshold, then stops: a short window's word for its end is not sure to a hundredth of a second. */
START_TEST(a_slow_end_is_not_sure) {
  const double reflux_s = take_simulated("randomise=1 stereo=auto snr_db=40 clutter_db=0", 41077);
  analyze(NULL);
  ck_assert_msg(measure("RT")->lo <= reflux_s && reflux_s <= measure("RT")->hi, "%g .. %g", measure("RT")->lo, measure("RT")->hi);
}
END_TEST

/* Slow reflux falls out of sight beside a wall more than a second and a half before it ends. */
START_TEST(a_long_hidden_end_is_looked_for) {
  venous_plan plan = reflux_plan;
  plan.profile = 5, plan.snr_db = 12, plan.clutter_db = 25, plan.clutter_hz = 50;
  plan.peak_cm_s = 13, plan.tau_s = 2.2, plan.reflux_s = 4.5, plan.duration_s = 16;
  recording = venous_make(&plan, 5 + (uint64_t)_i, true);
  analyze(NULL);
  const double truth_s = venous_reflux_s(&plan, 0, 2);
  ck_assert_msg(measure("RT")->lo <= truth_s && truth_s <= measure("RT")->hi, "%g: %g .. %g", truth_s, measure("RT")->lo,
                measure("RT")->hi);
}
END_TEST

/* Flow at rest 4 + swing sin, cm/s; a marked compression; after its release nothing for gap_s, then a reversal by `back` for a second. */
static void breathe(double swing, double gap_s, double back) {
  enum { RATE = 200, N = 40 * RATE };
  double *x = malloc(N * sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < N; i++) {
    const double t_s = (double)i / RATE - 24, after_s = t_s - 1, at = after_s - gap_s;
    x[i] = 4 + swing * sin(M_PI * t_s / 2);
    if (t_s > 0 && after_s < 0) x[i] = 60 * sin(M_PI * t_s);
    if (after_s >= 0 && after_s < gap_s + 2) x[i] = at > 0 && at < 1 ? -back * sin(M_PI * at) : 0;
  }
  recording = dsp_recording_new();
  dsp_channel *channel = dsp_recording_add_channel(recording, "v", RATE, x, N);
  ck_assert_ptr_nonnull(channel);
  channel->role = DSP_ROLE_VELOCITY;
  channel->unit = dsp_unit_find("cm/s", 4);
  recording->doppler.antegrade_sign = 1;
  recording->doppler.vein = "GSV";
  const dsp_event push = {.t_s = 24, .dur_s = 1, .kind = DSP_EVENT_COMPRESS, .volume_ml = NAN, .percent = NAN, .source = "side-car"};
  ck_assert_int_eq(dsp_recording_add_event(recording, &push), DSP_OK);
}

/* A late reversal counts as a breath only where breaths reverse the flow at rest, and by as much. */
START_TEST(a_late_reversal_like_those_at_rest_is_a_breath) {
  static const struct {
    double swing, gap_s, back;
    bool breath;
  } cases[] = {{8, 0.5, 4, true}, {8, 0.5, 5, true}, {8, 0.5, 8, false}, {8, 0.02, 4, false}, {2, 0.5, 4, false}};
  breathe(cases[_i].swing, cases[_i].gap_s, cases[_i].back);
  analyze(NULL);
  ck_assert(measure("RT")->valid);
  ck_assert(dsp_flags_has(&measure("RT")->flags, "breathing_left_out") == cases[_i].breath);
  const double reflux_s = 1 - 2 * asin(2 / cases[_i].back) / M_PI;
  ck_assert_double_eq_tol(measure("RT")->value, cases[_i].breath ? 0 : reflux_s, 0.03);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("duplex_competent");
  TCase *t = tcase_create("duplex_competent");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, rare_flow_beside_a_wall_is_seen_as_strong_as_it_is, 0, 14);
  tcase_add_test(t, the_wall_lengthens_no_closure);
  tcase_add_test(t, reflux_hides_no_compression);
  tcase_add_test(t, a_slow_end_is_not_sure);
  tcase_add_loop_test(t, a_long_hidden_end_is_looked_for, 0, 3);
  tcase_add_loop_test(t, a_late_reversal_like_those_at_rest_is_a_breath, 0, 5);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
