/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the reflux test says of flow at rest, and how often it takes noise for flow. */
#include "../support/duplex.h"

/* Breathing of known depth m: the range over the mean is 2 m; below the limit flow is called continuous. */
START_TEST(phasicity_is_that_of_the_flow) {
  static const struct {
    double phasic;
    bool continuous;
  } cases[] = {{0, true}, {0.05, true}, {0.3, false}, {0.8, false}};
  venous_plan plan = reflux_plan;
  plan.duration_s = 45;
  plan.first_s = 30;
  plan.rest_cm_s = 15;
  plan.phasic = cases[_i % 4].phasic;
  plan.wiring = _i < 4 ? VENOUS_IQ : VENOUS_SEPARATED;
  recording = venous_make(&plan, 31 + (uint64_t)_i, true);
  analyze(NULL);
  const dsp_measure *m = measure("PHASICITY");
  ck_assert(m->valid);
  ck_assert_double_eq_tol(m->value, 2 * plan.phasic, 0.15 + 0.2 * plan.phasic);
  ck_assert(m->lo <= 2 * plan.phasic && 2 * plan.phasic <= m->hi);
  ck_assert(flagged("continuous_flow") == cases[_i % 4].continuous);
  ck_assert(dsp_flags_has(&m->flags, "continuous_flow") == cases[_i % 4].continuous);
  ck_assert(!flagged("augmentation_blunted"));
}
END_TEST

/* Rest alone has a phasicity, and nothing else. */
START_TEST(rest_needs_no_compression) {
  venous_plan plan = reflux_plan;
  plan.duration_s = 25;
  plan.trials = 0;
  plan.rest_cm_s = 15;
  plan.phasic = _i ? 0.02 : 0.5;
  recording = venous_make(&plan, 41, false);
  recording->doppler.stereo = DSP_STEREO_IQ; /* flow that never changes does not show what the channels are */
  analyze(NULL);
  ck_assert(measure("PHASICITY")->valid);
  ck_assert(dsp_flags_has(&measure("RT")->flags, "no_compression"));
  ck_assert_double_eq_tol(measure("PHASICITY")->value, 2 * plan.phasic, 0.2);
  ck_assert(flagged("continuous_flow") == (_i == 1));
  for (size_t i = 0; i < report->tests[0].n_measures; i++)
    ck_assert(!report->tests[0].measures[i].valid || !strcmp(report->tests[0].measures[i].row->id, "PHASICITY"));
}
END_TEST

/* A compression that hardly raises the flow. */
START_TEST(blunted_augmentation_is_flagged) {
  venous_plan plan = reflux_plan;
  plan.peak_cm_s = 0;
  plan.phasic = 0.3;
  plan.rest_cm_s = 20;
  plan.push_cm_s = _i ? 60 : 25;
  recording = venous_make(&plan, 51, true);
  analyze(NULL);
  ck_assert_double_eq_tol(measure("AUG.ratio")->value, plan.push_cm_s / plan.rest_cm_s, 0.2 * plan.push_cm_s / plan.rest_cm_s);
  ck_assert(flagged("augmentation_blunted") == (_i == 0));
}
END_TEST

/* Neither is a diagnosis. */
START_TEST(flags_suggest_and_do_not_decide) {
  static const char *const flags[] = {"continuous_flow", "augmentation_blunted"};
  const dsp_flag_row *row = dsp_flag_find(flags[_i]);
  ck_assert(row && row->severity == DSP_CAUTION);
  ck_assert(strstr(row->text, "suggests") && strstr(row->text, "compression ultrasound decides"));
}
END_TEST

/* Where the blood rests, white noise passes for flow no more often than stated. */
START_TEST(noise_passes_for_flow_no_more_often_than_stated) {
  static const char *const rates[] = {"0.1", "0.01", "0.001"};
  venous_plan plan = reflux_plan;
  plan.duration_s = 70; /* a compression is followed for 6 s */
  plan.trials = 8;
  plan.period_s = 8;
  plan.rest_cm_s = plan.peak_cm_s = 0; /* blood that stands does not echo */
  plan.snr_db = _i / 6 ? 20 : 10;
  plan.wiring = _i / 3 % 2 ? VENOUS_SEPARATED : VENOUS_IQ;
  recording = venous_make(&plan, 61 + (uint64_t)_i, true);
  ck_assert_int_eq(dsp_params_set(params, "duplex.reflux.false_alarm", rates[_i % 3], NULL), DSP_OK);
  analyze(NULL);
  ck_assert_uint_eq(report->n_tests, 9);
  size_t quiet = 0, alarms = 0;
  for (size_t t = 1; t < report->n_tests; t++)
    for (size_t s = 0; s < report->tests[t].n_series; s++) {
      const dsp_series *series = &report->tests[t].series[s];
      const double from_s = venous_release_s(&plan, (unsigned)t - 1) + 0.5;
      if (strcmp(series->name, "envelope") != 0) continue;
      for (size_t i = 0; i < series->n; i++) {
        if (series->t0_s + (double)i / series->rate_hz < from_s) continue;
        quiet++, alarms += fabs(series->x[i]) > 0;
      }
    }
  ck_assert_uint_gt(quiet, 8000);
  ck_assert_double_le((double)alarms, strtod(rates[_i % 3], NULL) * (double)quiet);
}
END_TEST

/* Nothing but noise, though the wiring is stated and compressions are known: no signal, never a reflux time. */
START_TEST(noise_alone_is_no_signal) {
  venous_plan plan = reflux_plan;
  plan.duration_s = 40;
  plan.trials = 0;
  plan.rest_cm_s = 0;
  plan.wiring = _i % 2 ? VENOUS_SEPARATED : VENOUS_IQ;
  if (_i > 1) plan.clutter_db = 25, plan.clutter_hz = 40;
  recording = venous_make(&plan, 71 + (uint64_t)_i, false);
  recording->doppler.stereo = _i % 2 ? DSP_STEREO_SEPARATED : DSP_STEREO_IQ;
  for (int k = 0; k < 3; k++) {
    const dsp_event push = {
        .t_s = 3 + 12 * k, .dur_s = 1, .kind = DSP_EVENT_COMPRESS, .volume_ml = NAN, .percent = NAN, .source = "side-car"};
    ck_assert_int_eq(dsp_recording_add_event(recording, &push), DSP_OK);
  }
  analyze(NULL);
  for (size_t i = 0; i < report->tests[0].n_measures; i++) {
    const dsp_measure *m = &report->tests[0].measures[i];
    ck_assert_msg(!m->valid && dsp_flags_has(&m->flags, "no_doppler_signal"), "%s %g", m->row->id, m->value);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("duplex_rest");
  TCase *t = tcase_create("duplex_rest");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, phasicity_is_that_of_the_flow, 0, 8);
  tcase_add_loop_test(t, rest_needs_no_compression, 0, 2);
  tcase_add_loop_test(t, blunted_augmentation_is_flagged, 0, 2);
  tcase_add_loop_test(t, flags_suggest_and_do_not_decide, 0, 2);
  tcase_add_loop_test(t, noise_passes_for_flow_no_more_often_than_stated, 0, 12);
  tcase_add_loop_test(t, noise_alone_is_no_signal, 0, 4);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
