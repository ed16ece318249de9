/* SPDX-License-Identifier: GPL-3.0-or-later
 * The standing test on marks that do not fit, on repeats and on faults of the set-up: which flag says so, and which does not. */
#include "../support/leg.h"
#include "../support/runner.h"

static const char *const plain = "phenotype=mild_superficial nuisance=none";

/* Standing at 30 s, tiptoe at 270 s, series at 471 s, supine again at 681 s. */
static double time_of(const leg *l, dsp_event_kind kind, size_t which) {
  for (size_t i = 0; i < l->recording->n_events; i++)
    if (l->recording->events[i].kind == kind && which-- == 0) return l->recording->events[i].t_s;
  ck_abort_msg("no such event");
  return NAN;
}

static dsp_event *event_of(leg *l, dsp_event_kind kind, size_t which) {
  for (size_t i = 0; i < l->recording->n_events; i++)
    if (l->recording->events[i].kind == kind && which-- == 0) return &l->recording->events[i];
  ck_abort_msg("no such event");
  return NULL;
}

static void check_phases(const leg *l) {
  for (size_t t = 0; t < l->report->n_tests; t++)
    for (size_t i = 0; i < l->report->tests[t].n_phases; i++)
      ck_assert_double_gt(l->report->tests[t].phases[i].t1_s, l->report->tests[t].phases[i].t0_s);
}

/* Impossible marks */

START_TEST(absurd_stand_event) {
  static const double times_s[] = {-5, 0, 3, 1e4, 1e300, 700};
  leg l = leg_simulate(plain, 1);
  event_of(&l, DSP_EVENT_STAND, 0)->t_s = times_s[_i];
  ck_assert_int_eq(dsp_recording_sort_events(l.recording), DSP_OK);
  leg_analyze(&l);
  leg_check_report(&l, "absurd stand event");
  check_phases(&l);
  check_percent("VV", leg_value(&l, "VV"), 149.77, 1);
  check_percent("VFI", leg_value(&l, "VFI"), 2.56, 2);
  check_points("EF", leg_value(&l, "EF"), 54.39, 1);
  const bool inside = times_s[_i] >= 0 && times_s[_i] <= dsp_recording_duration_s(l.recording);
  ck_assert(leg_flagged(&l, "VFI", "marker_disagrees") == inside);
  leg_free(&l);
}
END_TEST

START_TEST(absurd_other_events) {
  leg l = leg_simulate(plain, 1);
  event_of(&l, DSP_EVENT_SUPINE, 0)->t_s = 1e6;
  leg_event(&l, -4, DSP_EVENT_TIPTOE, 1, 0);
  leg_event(&l, 1e6, DSP_EVENT_CALIBRATION, 0, 0);
  leg_event(&l, 1e300, DSP_EVENT_CALIBRATION, 0, 0);
  ck_assert_int_eq(dsp_recording_sort_events(l.recording), DSP_OK);
  leg_analyze(&l);
  leg_check_report(&l, "absurd events");
  check_phases(&l);
  check_percent("VFI", leg_value(&l, "VFI"), 2.56, 2);
  check_points("RVF", leg_value(&l, "RVF"), 28.55, 1);
  leg_free(&l);
}
END_TEST

START_TEST(returning_at_the_last_sample) {
  leg l = leg_simulate("phenotype=mild_superficial nuisance=none lie_s=0", 1);
  event_of(&l, DSP_EVENT_SUPINE, 0)->t_s = dsp_recording_duration_s(l.recording);
  leg_analyze(&l);
  leg_check_report(&l, "return at the end");
  check_phases(&l);
  leg_free(&l);
}
END_TEST

/* A mark after the true onset must not let the posture transient into V0. */
START_TEST(late_stand_mark_leaves_the_baseline_clean) {
  leg l = leg_simulate("phenotype=mild_superficial nuisance=none supine_s=60", 1);
  const leg right = leg_analyzed("phenotype=mild_superficial nuisance=none supine_s=60", 1);
  event_of(&l, DSP_EVENT_STAND, 0)->t_s += 8;
  leg_analyze(&l);
  ck_assert(leg_flagged(&l, "VFI", "marker_disagrees"));
  check_points("V0", leg_value(&l, "V0"), leg_value(&right, "V0"), 0.3);
  check_percent("VV", leg_value(&l, "VV"), 149.77, 1);
  leg_free(&l);
  leg gone = right;
  leg_free(&gone);
}
END_TEST

/* Contractions */

START_TEST(marks_without_a_count) {
  leg l = leg_simulate(plain, 1);
  for (size_t i = 0; i < 2; i++) {
    dsp_event *event = event_of(&l, DSP_EVENT_TIPTOE, i);
    event->count = 0;
    event->dur_s = 0;
  }
  leg_analyze(&l);
  leg_check_report(&l, "no counts");
  check_points("EF", leg_value(&l, "EF"), 54.39, 1);
  check_points("RVF", leg_value(&l, "RVF"), 28.55, 1.5);
  check_points("contractions", leg_detail(&l, "contractions"), 10, 1);
  check_points("cadence", leg_detail(&l, "cadence"), 1, 0.05);
  ck_assert(!leg_flagged(&l, "EF", "phases_detected") && !leg_flagged(&l, "EF", "manoeuvre_unknown"));
  leg_free(&l);
}
END_TEST

START_TEST(mark_without_a_contraction) {
  static const double shifts_s[] = {-60, -12, 8, 1};
  leg l = leg_simulate(plain, 1);
  event_of(&l, DSP_EVENT_TIPTOE, 0)->t_s += shifts_s[_i];
  leg_analyze(&l);
  leg_check_report(&l, "shifted mark");
  const bool astray = fabs(shifts_s[_i]) > 3;
  ck_assert_msg(leg_flagged(&l, "EV", "marker_disagrees") == astray, "shifted by %g s", shifts_s[_i]);
  ck_assert(leg_flagged(&l, "EF", "marker_disagrees") == astray);
  if (!leg_measure(&l, "EV")->valid) ck_assert(leg_flagged(&l, "EV", "implausible"));
  check_points("RVF", leg_value(&l, "RVF"), 28.55, 1.5);
  leg_free(&l);
}
END_TEST

START_TEST(contraction_partly_unseen) {
  static const double gaps_s[][2] = {{-0.2, 1.4}, {1, 2.8}, {0.3, 2.2}, {5, 6}};
  leg l = leg_simulate(plain, 1);
  dsp_channel *channel = &l.recording->channels[0];
  const double start_s = time_of(&l, DSP_EVENT_TIPTOE, 0);
  for (size_t i = 0; i < channel->n; i++) {
    const double t_s = (double)i / channel->rate_hz - start_s;
    if (t_s >= gaps_s[_i][0] && t_s < gaps_s[_i][1]) channel->x[i] = NAN;
  }
  leg_analyze(&l);
  leg_check_report(&l, "partly unseen");
  if (_i == 3)
    check_points("EF", leg_value(&l, "EF"), 54.39, 1);
  else if (_i != 1)
    ck_assert(!leg_measure(&l, "EV")->valid && leg_flagged(&l, "EV", "missing_samples") && leg_flagged(&l, "EF", "missing_samples"));
  leg_free(&l);
}
END_TEST

static leg repeated(void) {
  static const double starts_s[] = {240, 360, 480, 600}, drops[] = {40, 44, 60, 62};
  double *x = dsp_alloc(16000, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < 16000; i++) {
    const double t_s = (double)i / 20;
    x[i] = t_s < 40 ? 10 : 10 + 120 * (1 - exp(-(t_s - 40) / 15));
    for (size_t k = 0; k < 4; k++) {
      const double since_s = t_s - starts_s[k];
      if (since_s >= 0) x[i] -= since_s < 0.6 ? drops[k] * since_s / 0.6 : drops[k] * exp(-(since_s - 0.6) / 15);
    }
  }
  leg l = leg_by_hand(x, 16000, 20, "");
  leg_event(&l, 40, DSP_EVENT_STAND, 0, 0);
  for (size_t k = 0; k < 4; k++) leg_event(&l, starts_s[k], k < 2 ? DSP_EVENT_TIPTOE : DSP_EVENT_DORSIFLEXION, 1, 0);
  leg_analyze(&l);
  leg_check_report(&l, "repeats");
  return l;
}

/* Pooled, then its trials, for one manoeuvre after the other. */
START_TEST(repeats_have_tests_of_their_own) {
  static const struct {
    unsigned trial, n;
    const char *manoeuvre;
    double ev;
  } expected[] = {{0, 2, "tiptoe", 42},       {1, 1, "tiptoe", 40},       {2, 1, "tiptoe", 44},
                  {0, 2, "dorsiflexion", 61}, {1, 1, "dorsiflexion", 60}, {2, 1, "dorsiflexion", 62}};
  leg l = repeated();
  ck_assert_uint_eq(l.report->n_tests, 6);
  for (size_t t = 0; t < 6; t++) {
    const dsp_test *test = &l.report->tests[t];
    ck_assert_uint_eq(test->trial, expected[t].trial);
    ck_assert_str_eq(test->manoeuvre, expected[t].manoeuvre);
    check_points("EV", dsp_test_measure(test, "EV")->value, expected[t].ev, 1);
    check_points("EF", dsp_test_measure(test, "EF")->value, expected[t].ev / 1.2, 1);
    ck_assert_uint_eq(dsp_test_measure(test, "EV")->n, expected[t].n);
    ck_assert_uint_eq(dsp_test_measure(test, "EF")->n, expected[t].n);
    ck_assert(dsp_test_measure(test, "VV")->valid == (t == 0));
    ck_assert(dsp_flags_has(&dsp_test_measure(test, "VV")->flags, "see_pooled") == (t > 0));
    ck_assert(!dsp_flags_has(&dsp_test_measure(test, "EF")->flags, "trials_differ"));
  }
  ck_assert(!leg_measure(&l, "PUMP.capacity")->valid && leg_flagged(&l, "PUMP.capacity", "no_series"));
  leg_free(&l);
}
END_TEST

START_TEST(single_contraction_has_one_test) {
  leg l = leg_analyzed(plain, 1);
  ck_assert_uint_eq(l.report->n_tests, 1);
  ck_assert(leg_flagged(&l, "EF", "single_trial") && !leg_flagged(&l, "EF", "marker_disagrees"));
  leg_free(&l);
}
END_TEST

/* Traces that hold no test, and reasons that exclude each other */

START_TEST(marks_on_a_level_trace) {
  double *x = dsp_alloc(14000, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < 14000; i++) x[i] = 40 + 3 * sin(0.08 * (double)i) + 0.3 * sin(1.7 * (double)i);
  leg l = leg_by_hand(x, 14000, 20, "");
  leg_event(&l, 30, DSP_EVENT_STAND, 0, 0);
  leg_event(&l, 270, DSP_EVENT_TIPTOE, 1, 0);
  leg_event(&l, 400, DSP_EVENT_TIPTOE, 10, 10);
  leg_analyze(&l);
  leg_check_report(&l, "level trace");
  for (size_t i = 0; i < l.report->tests[0].n_measures; i++) {
    const dsp_measure *m = &l.report->tests[0].measures[i];
    ck_assert_msg(!m->valid && dsp_flags_has(&m->flags, "no_stand"), "%s", m->row->id);
  }
  leg_free(&l);
}
END_TEST

START_TEST(one_reason_for_a_null) {
  leg l = leg_analyzed("generator=mono vv_ml=120 tau1_s=2 nuisance=none", 1);
  leg_check_report(&l, "half filled unseen");
  ck_assert(!leg_measure(&l, "T50")->valid && leg_flagged(&l, "T50", "missing_samples") && !leg_flagged(&l, "T50", "not_computable"));
  leg_free(&l);
}
END_TEST

/* Set-up */

START_TEST(sensing_cuff_pressure) {
  static const double pressures[] = {6, 3, 12, 8};
  leg l = leg_simulate(plain, 1);
  leg_analyze(&l);
  ck_assert(leg_noted(&l, "cuff_pressure_unknown") && !leg_noted(&l, "cuff_pressure"));
  const size_t n = (size_t)dsp_recording_duration_s(l.recording);
  double *x = dsp_alloc(n, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < n; i++) x[i] = i < 25 || i > n - 20 ? 30 : pressures[_i];
  dsp_channel *cuff = dsp_recording_add_channel(l.recording, "cuff", 1, x, n);
  ck_assert_ptr_nonnull(cuff);
  cuff->role = DSP_ROLE_CUFF_PRESSURE;
  cuff->unit = dsp_role_unit(DSP_ROLE_CUFF_PRESSURE);
  leg_analyze(&l);
  ck_assert(!leg_noted(&l, "cuff_pressure_unknown"));
  ck_assert(leg_noted(&l, "cuff_pressure") == (_i == 1 || _i == 2));
  leg_free(&l);
}
END_TEST

START_TEST(time_of_day) {
  leg l = leg_simulate(plain, 1);
  l.recording->t0 = NULL;
  l.recording->t_origin_s = 0;
  leg_analyze(&l);
  ck_assert(leg_noted(&l, "time_unknown"));
  l.recording->t_origin_s = 1.7e9;
  leg_analyze(&l);
  ck_assert(!leg_noted(&l, "time_unknown"));
  leg_free(&l);
}
END_TEST

/* Tremor while standing; the same all the time, and the clean leg, are none. */
START_TEST(tremor) {
  for (int kind = 0; kind < 3; kind++) {
    leg l = leg_simulate(plain, 1);
    dsp_channel *channel = &l.recording->channels[0];
    const double from_s = kind == 1 ? 35 : kind == 2 ? 0 : INFINITY;
    for (size_t i = 0; i < channel->n; i++) {
      const double t_s = (double)i / channel->rate_hz;
      if (t_s >= from_s) channel->x[i] += 2.5 * sin(2 * 3.14159265358979 * 4.3 * t_s);
    }
    leg_analyze(&l);
    leg_check_report(&l, "tremor");
    ck_assert_msg(leg_flagged(&l, "VV", "muscle_tension") == (kind == 1), "kind %d", kind);
    leg_free(&l);
  }
}
END_TEST

START_TEST(level_steps) {
  static const struct {
    double at_s, by, lasts_s;
    bool told;
  } rows[] = {{0, 0, 0, false}, {180, 12, 1e9, true}, {380, -12, 1e9, true}, {180, 12, 1.5, false}, {180, 3, 1e9, false}};
  static const char *const legs[] = {"mild_superficial", "severe_deep", "healthy"};
  char settings[100];
  snprintf(settings, sizeof settings, "phenotype=%s nuisance=none", legs[_i / 5]);
  leg l = leg_simulate(settings, 1);
  dsp_channel *channel = &l.recording->channels[0];
  for (size_t i = 0; i < channel->n; i++) {
    const double since_s = (double)i / channel->rate_hz - rows[_i % 5].at_s;
    if (since_s >= 0 && since_s < rows[_i % 5].lasts_s) channel->x[i] += rows[_i % 5].by;
  }
  leg_analyze(&l);
  leg_check_report(&l, "level step");
  ck_assert_msg(leg_noted(&l, "level_step") == rows[_i % 5].told, "%s, %g mL for %g s", settings, rows[_i % 5].by, rows[_i % 5].lasts_s);
  leg_free(&l);
}
END_TEST

/* A level without noise is not a converter's end; a cut one is, at either end. */
START_TEST(clipping) {
  leg l = leg_analyzed(plain, 1);
  ck_assert(!leg_noted(&l, "clipped"));
  dsp_channel *channel = &l.recording->channels[0];
  for (size_t i = 0; i < channel->n; i++) channel->x[i] = 0.05 * round(channel->x[i] / 0.05);
  leg_analyze(&l);
  ck_assert(!leg_noted(&l, "clipped"));
  for (size_t i = 0; i < channel->n; i++) channel->x[i] = fmin(channel->x[i], 110);
  leg_analyze(&l);
  ck_assert(leg_noted(&l, "clipped"));
  leg_free(&l);
}
END_TEST

/* The table shows the help up to its first colon. */
START_TEST(every_measure_has_a_plain_name) {
  const dsp_protocol *protocol = dsp_protocol_find("apg.stand");
  for (size_t i = 0; i < protocol->n_measures; i++) {
    const size_t length = strcspn(protocol->measures[i].help, ":;,");
    ck_assert_msg(protocol->measures[i].help[length] == ':' && length > 0 && length <= 40, "%s", protocol->measures[i].id);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("apg.stand flags");
  TCase *t = tcase_create("flags");
  tcase_set_timeout(t, 120);
  tcase_add_loop_test(t, absurd_stand_event, 0, 6);
  tcase_add_test(t, absurd_other_events);
  tcase_add_test(t, returning_at_the_last_sample);
  tcase_add_test(t, late_stand_mark_leaves_the_baseline_clean);
  tcase_add_test(t, marks_without_a_count);
  tcase_add_loop_test(t, mark_without_a_contraction, 0, 4);
  tcase_add_loop_test(t, contraction_partly_unseen, 0, 4);
  tcase_add_test(t, repeats_have_tests_of_their_own);
  tcase_add_test(t, single_contraction_has_one_test);
  tcase_add_test(t, marks_on_a_level_trace);
  tcase_add_test(t, one_reason_for_a_null);
  tcase_add_loop_test(t, sensing_cuff_pressure, 0, 4);
  tcase_add_test(t, time_of_day);
  tcase_add_test(t, tremor);
  tcase_add_loop_test(t, level_steps, 0, 15);
  tcase_add_test(t, clipping);
  tcase_add_test(t, every_measure_has_a_plain_name);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
