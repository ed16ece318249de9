/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reflux test on audio with clicks, speech, saturation, gaps and aliasing. */
#include "../support/cases.h"
#include "../support/duplex.h"

/* One click every 0.37 s, the same in both channels, another one in each, or in one of two separated channels only: bridged, counted, and
 * the reflux read as without them. */
START_TEST(clicks_are_masked) {
  const bool separated = _i % 2 || _i > 3;
  venous_plan plan = reflux_plan;
  plan.wiring = separated ? VENOUS_SEPARATED : VENOUS_IQ;
  recording = venous_make(&plan, 11, true);
  size_t n = 0;
  float *x = pairs_of(&n);
  recording->doppler.stereo = separated ? DSP_STEREO_SEPARATED : DSP_STEREO_IQ; /* clicks in phase look like neither */
  dsp_random random = dsp_random_seeded(3);
  for (size_t at = 1000; at + 12 < n; at += 2960)
    for (size_t k = 0; k < 12; k++) {
      const float both = (float)(1.6 * (venous_uniform(&random) - 0.5)), other = (float)(1.6 * (venous_uniform(&random) - 0.5));
      if (_i != 4) x[2 * (at + k)] = both;
      if (_i != 5) x[2 * (at + k) + 1] = _i < 2 ? both : other;
    }
  put_pairs(x, n);
  analyze(NULL);
  ck_assert(flagged("interference_masked"));
  ck_assert(detail("masked_bursts") >= 20 && detail("masked_bursts") <= 40); /* fast flow drowns some */
  ck_assert(detail("masked_share") > 0.03 && detail("masked_share") < 0.35);
  ck_assert_msg(measure("RT")->valid, "no RT");
  ck_assert_double_eq_tol(measure("RT")->value, 2, 0.08);
  ck_assert_double_eq_tol(measure("PRV")->value, 30, 3);
}
END_TEST

START_TEST(clean_recordings_have_nothing_masked) {
  venous_plan plan = reflux_plan;
  plan.wiring = _i % 2 ? VENOUS_SEPARATED : VENOUS_IQ;
  if (_i > 1) plan.snr_db = 40, plan.clutter_db = 20, plan.clutter_hz = 40, plan.crosstalk_db = -30;
  recording = venous_make(&plan, 12, true);
  analyze(NULL);
  ck_assert_double_eq(detail("masked_share"), 0);
  ck_assert_double_eq(detail("lost_share"), 0);
  ck_assert(!flagged("interference_masked") && !flagged("audio_clipped") && !flagged("aliasing") && !flagged("mains_hum"));
}
END_TEST

/* Harmonics in both channels for 0.8 s, at rest, and right after a compression whose valve closes: no reflux, and no compression. */
START_TEST(speech_is_no_reflux) {
  venous_plan plan = reflux_plan;
  plan.peak_cm_s = 0;
  plan.wiring = _i % 2 ? VENOUS_SEPARATED : VENOUS_IQ;
  const bool at_rest = _i < 2;
  if (at_rest) plan.trials = 0;
  recording = venous_make(&plan, 13, true);
  size_t n = 0;
  float *x = pairs_of(&n);
  const double from_s = at_rest ? 8 : 6.2;
  recording->doppler.stereo = _i % 2 ? DSP_STEREO_SEPARATED : DSP_STEREO_IQ;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i / 8000 - from_s;
    double sum = 0;
    for (int h = 1; t_s > 0 && t_s < 0.8 && h < 20; h++) sum += sin(2 * M_PI * h * (150 * t_s + 10 * t_s * t_s) + h * h) / (1 + 0.1 * h);
    sum *= 0.06 * sin(M_PI * t_s / 0.8);
    x[2 * i] += (float)sum, x[2 * i + 1] += (float)sum;
  }
  put_pairs(x, n);
  analyze(NULL);
  ck_assert_double_ge(detail("masked_share"), 0.01); /* the flow at rest drowns some */
  ck_assert(flagged("interference_masked"));
  ck_assert(!measure("RT")->valid || measure("RT")->value <= 0);
  ck_assert(dsp_flags_has(&measure("RT")->flags, at_rest ? "no_compression" : measure("RT")->valid ? "no_reflux" : "masked"));
}
END_TEST

/* Hum in both channels: counted, flagged, and nothing changes. */
START_TEST(mains_is_counted) {
  static const double mains_hz[] = {50, 60};
  enum { LINES = 5 };
  venous_plan plan = reflux_plan;
  plan.wiring = _i / 2 ? VENOUS_SEPARATED : VENOUS_IQ;
  plan.clutter_db = 15, plan.clutter_hz = 40;
  recording = venous_make(&plan, 17, true);
  recording->doppler.stereo = _i / 2 ? DSP_STEREO_SEPARATED : DSP_STEREO_IQ;
  size_t n = 0;
  float *x = pairs_of(&n);
  for (size_t i = 0; i < n; i++)
    for (int k = 1; k <= LINES; k++) {
      const float hum = (float)(0.02 * sin(2 * M_PI * 1.002 * mains_hz[_i % 2] * k * (double)i / 8000 + k));
      x[2 * i] += hum, x[2 * i + 1] += hum;
    }
  put_pairs(x, n);
  analyze(NULL);
  ck_assert(flagged("mains_hum"));
  ck_assert_double_eq(detail("mains_frequency"), mains_hz[_i % 2]);
  ck_assert(detail("mains_lines") >= LINES - 1 && detail("mains_lines") <= LINES);
  ck_assert_double_ge(detail("mains_level"), 15);
  ck_assert_double_eq_tol(measure("RT")->value, venous_reflux_s(&plan, 0, 2), 0.08);
}
END_TEST

/* As asked: the envelope that other software draws, or the blood's velocity; reflux time is the same. */
START_TEST(broadening_is_left_in_on_request) {
  recording = venous_make(&reflux_plan, 18, true);
  analyze(NULL);
  const double taken_out = measure("PRV")->value, push = measure("AUG.peak")->value, time_s = measure("RT")->value;
  ck_assert(detail("broadening") > 0.5 && detail("broadening") < 5); /* the plan: 5 % and a window of 34 ms */
  ck_assert(!dsp_flags_has(&measure("PRV")->flags, "broadening_left_in"));
  dsp_report_free(report);
  ck_assert_int_eq(dsp_params_set(params, "duplex.reflux.broadening", "left_in", NULL), DSP_OK);
  analyze(NULL);
  ck_assert_double_eq(measure("PRV")->value, detail("peak_reflux_geometric"));
  ck_assert_double_gt(measure("PRV")->value, 1.03 * taken_out);
  ck_assert_double_gt(measure("AUG.peak")->value, 1.03 * push);
  ck_assert_double_eq(measure("RT")->value, time_s);
  ck_assert(dsp_flags_has(&measure("PRV")->flags, "broadening_left_in") &&
            dsp_flags_has(&measure("AUG.peak")->flags, "broadening_left_in"));
}
END_TEST

/* The amplifier saturates. */
START_TEST(clipping_is_flagged) {
  venous_plan plan = reflux_plan;
  if (_i) plan.peak_cm_s = 0;
  recording = venous_make(&plan, 14, true);
  size_t n = 0;
  float *x = pairs_of(&n);
  for (size_t i = 0; i < 2 * n; i++) x[i] = fminf(fmaxf(4 * x[i], -1), 32767.0F / 32768);
  put_pairs(x, n);
  analyze(NULL);
  ck_assert_double_ge(detail("saturated_share"), 0.001);
  ck_assert(flagged("audio_clipped"));
  if (_i)
    ck_assert(measure("RT")->valid && measure("RT")->value <= 0);
  else
    ck_assert(dsp_flags_has(&measure("PRV")->flags, "audio_clipped") && fabs(measure("RT")->value - 2) < 0.08);
}
END_TEST

/* Lost samples (zeros, a held value, NaN) over the end of reflux: its time is not known, and never more than was seen. Short ones within it
 * are bridged. */
START_TEST(gaps_hide_and_are_bridged) {
  recording = venous_make(&reflux_plan, 15, true);
  size_t n = 0;
  float *x = pairs_of(&n);
  const bool over_end = _i < 3;
  const size_t from = over_end ? 59200 : 54400, end = from + (over_end ? 4800 : 320); /* 7.4 s, 6.8 s; reflux ends at 7.8 s */
  for (size_t i = 2 * from; i < 2 * end; i++) x[i] = _i % 3 == 0 ? 0 : _i % 3 == 1 ? 0.01F : (float)NAN;
  put_pairs(x, n);
  analyze(NULL);
  ck_assert(flagged("missing_bridged"));
  ck_assert_double_gt(detail("lost_share"), 0);
  if (over_end) {
    ck_assert(!measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "masked"));
    ck_assert_double_eq_tol(detail("least_reflux_time"), 1.6, 0.06);
  } else
    ck_assert_double_eq_tol(measure("RT")->value, 2, 0.06);
}
END_TEST

/* Reflux at 1.3 times half of the rate: read right from quadrature, flagged there and in separated channels. */
START_TEST(aliasing_is_flagged) {
  venous_plan plan = reflux_plan;
  plan.rate_hz = 2000;
  plan.wiring = _i ? VENOUS_SEPARATED : VENOUS_IQ;
  plan.push_cm_s = 25;
  plan.peak_cm_s = 1.3 * 1000 / 32.4675;
  recording = venous_make(&plan, 16, true);
  analyze(NULL);
  ck_assert(flagged("aliasing"));
  if (_i) return;
  ck_assert(dsp_flags_has(&measure("PRV")->flags, "aliasing"));
  ck_assert_double_eq_tol(measure("PRV")->value, plan.peak_cm_s, 0.1 * plan.peak_cm_s);
  ck_assert_double_eq_tol(measure("RT")->value, venous_reflux_s(&plan, 0, 2), 0.08);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("duplex_disturbed");
  TCase *t = tcase_create("duplex_disturbed");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, clicks_are_masked, 0, cases(6, 2));
  tcase_add_loop_test(t, clean_recordings_have_nothing_masked, 0, cases(4, 1));
  tcase_add_loop_test(t, speech_is_no_reflux, 0, cases(4, 2));
  tcase_add_loop_test(t, mains_is_counted, 0, cases(4, 2));
  tcase_add_test(t, broadening_is_left_in_on_request);
  tcase_add_loop_test(t, clipping_is_flagged, 0, 2);
  tcase_add_loop_test(t, gaps_hide_and_are_bridged, 0, cases(6, 2));
  tcase_add_loop_test(t, aliasing_is_flagged, 0, 2);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
