/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reflux test on audio of many samples a second: the lower rate at which it is looked at costs nothing that can be read from it. */
#include "../support/duplex.h"
#include <dsp/doppler.h>

/* As fast as the shifts of usual settings, and as fast as a high transmit frequency along the vein makes them: 7 kHz. */
START_TEST(many_samples_give_the_same_values) {
  static const struct {
    double rate_hz, f0_hz, angle_deg;
    venous_wiring wiring;
  } cases[] = {
      {44100, 5e6, 60, VENOUS_IQ}, {48000, 5e6, 60, VENOUS_SEPARATED}, {44100, 10e6, 20, VENOUS_IQ}, {22050, 8e6, 40, VENOUS_SEPARATED}};
  venous_plan plan = reflux_plan;
  plan.rate_hz = cases[_i].rate_hz;
  plan.f0_hz = cases[_i].f0_hz;
  plan.angle_deg = cases[_i].angle_deg;
  plan.wiring = cases[_i].wiring;
  recording = venous_make(&plan, 30, true);
  analyze(NULL);
  ck_assert_double_eq_tol(measure("RT")->value, venous_reflux_s(&plan, 0, 2), 0.04);
  ck_assert_double_eq_tol(measure("PRV")->value, 30, 3);
  ck_assert_double_eq_tol(measure("PMV")->value, 15, 1.5);
  ck_assert_double_eq_tol(measure("AUG.peak")->value, 60, 6);
  ck_assert_double_eq_tol(detail("augmentation_shift"), 60 * dsp_doppler_hz_per_cm_s(plan.f0_hz, plan.angle_deg, 1540),
                          6 * dsp_doppler_hz_per_cm_s(plan.f0_hz, plan.angle_deg, 1540));
}
END_TEST

/* Saturated and lost samples are those of the file, not of what is left of them. */
START_TEST(what_is_spoilt_is_counted_in_the_file) {
  enum { CLIPPED = 400, FIRST = 44100, LOST = 441 };
  venous_plan plan = reflux_plan;
  plan.rate_hz = 44100;
  size_t n = 0;
  recording = venous_make(&plan, 31, true);
  float *x = pairs_of(&n);
  for (size_t i = 0; i < n; i++) x[2 * i] *= 0.5F, x[2 * i + 1] *= 0.5F;
  for (size_t i = FIRST; i < FIRST + CLIPPED; i++) x[2 * i] = 1;
  for (size_t i = (size_t)3 * FIRST; i < (size_t)3 * FIRST + LOST; i++) x[2 * i] = x[2 * i + 1] = _i ? NAN : 0.1F;
  put_pairs(x, n);
  analyze(NULL);
  ck_assert_double_eq_tol(detail("saturated_share"), CLIPPED / (2.0 * (double)n), 0.1 * CLIPPED / (2.0 * (double)n));
  ck_assert_double_ge(detail("lost_share"), (LOST + 0.02 * 44100) / (double)n);
  ck_assert_double_le(detail("lost_share"), (LOST + 0.1 * 44100) / (double)n);
  ck_assert_double_eq_tol(measure("RT")->value, venous_reflux_s(&plan, 0, 2), 0.04);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("duplex_band");
  TCase *t = tcase_create("duplex_band");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, many_samples_give_the_same_values, 0, 4);
  tcase_add_loop_test(t, what_is_spoilt_is_counted_in_the_file, 0, 2);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
