/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reflux test on velocity traces, against closed forms; and the limits that it is graded by. */
#include "../support/duplex.h"
#include <dsp/guideline.h>

/* A velocity channel: antegrade burst, then -vp exp(-t / tau) that stops at T. */
static void trace(double vp, double tau_s, double stop_s, double diameter_mm) {
  enum { RATE = 1000, N = 20 * RATE };
  double *x = malloc(N * sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < N; i++) {
    const double t_s = (double)i / RATE - 8, after_s = t_s - 1;
    x[i] = 5 + 2 * sin(t_s);
    if (t_s > 0 && after_s < 0) x[i] = 60 * sin(M_PI * t_s);
    if (after_s >= 0) x[i] = after_s < stop_s ? -vp * exp(-after_s / tau_s) : 0;
  }
  recording = dsp_recording_new();
  dsp_channel *channel = dsp_recording_add_channel(recording, "v", RATE, x, N);
  ck_assert_ptr_nonnull(channel);
  channel->role = DSP_ROLE_VELOCITY;
  channel->unit = dsp_unit_find("cm/s", 4);
  recording->doppler.antegrade_sign = 1;
  recording->doppler.diameter_mm = diameter_mm;
  recording->doppler.vein = "GSV";
}

START_TEST(velocity_traces_against_closed_forms) {
  static const struct {
    double vp, tau_s, stop_s, d_mm, mean, volume;
  } cases[] = {{30, 1, 2, 6, 12.970, 7.334}, {15, 0.5, 0.8, 5, 7.482, 1.175}, {45, 2, 4, 8, 19.455, 39.117}};
  trace(cases[_i].vp, cases[_i].tau_s, cases[_i].stop_s, cases[_i].d_mm);
  analyze(NULL);
  ck_assert_double_eq_tol(measure("RT")->value, cases[_i].stop_s, 0.02);
  ck_assert_double_eq_tol(measure("MRV")->value, cases[_i].mean, 0.03 * cases[_i].mean);
  ck_assert_double_eq_tol(measure("VR")->value, cases[_i].volume, 0.03 * cases[_i].volume);
}
END_TEST

START_TEST(thresholds_end_a_decay) {
  static const struct { double vp, tau_s, reflux_s; } cases[] = {{30, 1, 2.7081}, {30, 0.25, 0.6770}, {12, 0.3, 0.5375}};
  trace(cases[_i].vp, cases[_i].tau_s, 11, 6);
  analyze("all");
  const double vp = cases[_i].vp, tau_s = cases[_i].tau_s;
  ck_assert_double_eq_tol(measure("RT")->value, cases[_i].reflux_s, 0.02);
  ck_assert_double_eq_tol(measure("RT.1")->value, tau_s * log(vp), 0.05);
  ck_assert_double_eq_tol(measure("RT.5")->value, tau_s * log(vp / 5), 0.02);
  ck_assert_str_eq(measure("RT")->grade, "reflux");
  ck_assert_uint_eq(report->tests[0].n_verdicts, 6);
}
END_TEST

/* The test's site says which vein was examined, and where, as far as that is stated. */
START_TEST(the_site_is_the_vein) {
  static const struct {
    const char *vein, *place, *site;
  } cases[] = {{"GSV", NULL, "GSV"}, {"PV", "calf", "PV calf"}, {NULL, "calf", "calf"}};
  trace(30, 1, 2, 6);
  recording->doppler.vein = cases[_i].vein;
  recording->channels[0].site = cases[_i].place;
  analyze(NULL);
  ck_assert_str_eq(report->tests[0].site, cases[_i].site);
  ck_assert(flagged("vein_unknown") == !cases[_i].vein);
}
END_TEST

/* Retrograde flow that begins 0.5 s after a marked release counts up to the longest time that is allowed for its start. */
START_TEST(a_late_start_is_held_to_its_limit) {
  enum { RATE = 1000, N = 20 * RATE };
  trace(30, 1, 2, 6);
  const dsp_event push = {.t_s = 8, .dur_s = 1, .kind = DSP_EVENT_COMPRESS, .volume_ml = NAN, .percent = NAN, .source = "side-car"};
  ck_assert_int_eq(dsp_recording_add_event(recording, &push), DSP_OK);
  double *x = recording->channels[0].x;
  const size_t from = (size_t)9 * RATE, gap = RATE / 2;
  memmove(x + from + gap, x + from, (N - from - gap) * sizeof *x);
  for (size_t i = from; i < from + gap; i++) x[i] = 0;
  ck_assert_int_eq(dsp_params_set(params, "duplex.reflux.start_s", _i ? "0.3" : "0.8", NULL), DSP_OK);
  analyze(NULL);
  ck_assert_double_eq_tol(measure("RT")->value, _i ? 0 : 2, 0.02);
}
END_TEST

static void add_cuff(double *mmhg, size_t n, double rate_hz) {
  dsp_channel *cuff = dsp_recording_add_channel(recording, "cuff", rate_hz, mmhg, n);
  ck_assert_ptr_nonnull(cuff);
  cuff->role = DSP_ROLE_CUFF_PRESSURE;
  cuff->unit = dsp_unit_find("mm[Hg]", 6);
}

/* A cuff's pressure marks compression and release where no event does; one that hardly moves marks nothing. */
START_TEST(a_cuff_marks_the_compression) {
  enum { RATE = 50, N = 20 * RATE };
  double *x = malloc(N * sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < N; i++) {
    const double t_s = (double)i / RATE;
    x[i] = (_i ? 10 : 100) * fmin(fmax((t_s - 7.9) / 0.2, 0), 1) * fmin(fmax((9.05 - t_s) / 0.1, 0), 1);
  }
  trace(30, 1, 2, 6);
  add_cuff(x, N, RATE);
  const dsp_test *test = analyze(NULL);
  ck_assert_double_eq_tol(measure("RT")->value, 2, 0.02);
  ck_assert(dsp_flags_has(&measure("RT")->flags, "phases_detected") == (_i == 1));
  for (size_t i = 0; i < test->n_landmarks && _i == 0; i++) {
    const dsp_landmark *l = &test->landmarks[i];
    if (!strcmp(l->name, "compression")) ck_assert_double_eq_tol(l->t_s, 8, 0.03);
    if (!strcmp(l->name, "release")) ck_assert_double_eq_tol(l->t_s, 9, 0.03);
  }
}
END_TEST

/* Air leaves a cuff fastest first (exponentially), at one speed, or slowly before the valve is open: the release is the steepest fall, not
 * half of the pressure. */
START_TEST(a_release_is_the_steepest_fall) {
  enum { RATE = 100, N = 20 * RATE };
  static const double release_s[] = {9.03, 9.3, 9.55};
  double *x = malloc(N * sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < N; i++) {
    const double t_s = (double)i / RATE, after_s = t_s - 9;
    x[i] = t_s < 8 ? 0 : 100;
    if (after_s > 0 && _i == 0) x[i] = 100 * exp(-after_s / 0.4);
    if (after_s > 0 && _i == 1) x[i] = 100 * fmax(0, 1 - after_s / 0.6);
    if (after_s > 0 && _i == 2) x[i] = after_s < 0.5 ? 100 - 120 * after_s : 40 * fmax(0, 1 - (after_s - 0.5) / 0.1);
  }
  trace(30, 1, 2, 6);
  add_cuff(x, N, RATE);
  const dsp_test *test = analyze(NULL);
  double found_s = NAN;
  for (size_t i = 0; i < test->n_landmarks; i++)
    if (!strcmp(test->landmarks[i].name, "release")) found_s = test->landmarks[i].t_s;
  ck_assert_double_eq_tol(found_s, release_s[_i], 0.04);
}
END_TEST

/* The verdict on exactly the limit, as each guideline words it. */
START_TEST(verdicts_on_the_limit) {
  static const struct {
    const char *guideline, *vein;
    double diameter_mm, value;
    const char *grade;
  } cases[] = {{NULL, "GSV", NAN, 0.5, "normal"},
               {NULL, "GSV", NAN, 0.5001, "reflux"},
               {NULL, "PERF", NAN, 0.5, "reflux"},
               {NULL, "PERF", 3.5, 0.5, "pathologic"},
               {NULL, "PERF", 3.4, 0.4999, "normal"},
               {NULL, "PV", NAN, 1, "normal"},
               {NULL, "FV", NAN, 1.001, "reflux"},
               {NULL, "CFV", NAN, 0.9, "normal"},
               {NULL, "DFV", NAN, 0.6, "reflux"},
               {"duplex.vlu2014", "SSV", NAN, 0.5, "reflux"},
               {"duplex.vlu2014", "PV", NAN, 1, "reflux"},
               {"duplex.labropoulos2003", "PERF", NAN, 0.36, "reflux"},
               {"duplex.labropoulos2003", "PERF", NAN, 0.35, "normal"},
               {"duplex.uip2006", "PV", NAN, 0.6, "reflux"}};
  trace(30, 1, 1, 6);
  analyze(NULL);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    dsp_measure *m = dsp_test_measure(&report->tests[0], "RT");
    m->grade = NULL;
    m->value = cases[i].value;
    recording->doppler.vein = cases[i].vein;
    recording->doppler.diameter_mm = cases[i].diameter_mm;
    dsp_guideline_grade(&report->tests[0], cases[i].guideline, dsp_guideline_key(recording));
    ck_assert_msg(m->grade && !strcmp(m->grade, cases[i].grade), "%s %g: %s", cases[i].vein, cases[i].value, m->grade ? m->grade : "none");
  }
}
END_TEST

START_TEST(every_vein_has_a_default_limit) {
  static const char *const veins[] = {"CFV", "FV",   "DFV",  "PV",  "PTV",  "ATV",  "FIBV", "GAST", "SOL",
                                      "GSV", "AASV", "PASV", "SSV", "GIAC", "PERF", "SFJ",  "SPJ"};
  trace(30, 1, 1.5, 6);
  analyze(NULL);
  for (size_t i = 0; i < sizeof veins / sizeof veins[0]; i++) {
    dsp_measure *m = dsp_test_measure(&report->tests[0], "RT");
    m->grade = NULL;
    dsp_guideline_grade(&report->tests[0], NULL, veins[i]);
    ck_assert_msg(m->grade && !strcmp(m->guideline, "duplex.svs2023"), "%s", veins[i]);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("duplex_traces");
  TCase *t = tcase_create("duplex_traces");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, velocity_traces_against_closed_forms, 0, 3);
  tcase_add_loop_test(t, thresholds_end_a_decay, 0, 3);
  tcase_add_loop_test(t, the_site_is_the_vein, 0, 3);
  tcase_add_loop_test(t, a_cuff_marks_the_compression, 0, 2);
  tcase_add_loop_test(t, a_release_is_the_steepest_fall, 0, 3);
  tcase_add_loop_test(t, a_late_start_is_held_to_its_limit, 0, 2);
  tcase_add_test(t, verdicts_on_the_limit);
  tcase_add_test(t, every_vein_has_a_default_limit);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
