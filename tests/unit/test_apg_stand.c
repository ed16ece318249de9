/* SPDX-License-Identifier: GPL-3.0-or-later
 * The standing test from recording to report: closed forms, the repeated-step recursion, the table of phenotypes, what events and units
 * do, and the syringe. */
#include "../support/cases.h"
#include "../support/leg.h"
#include "../support/runner.h"

/* Known answers */

START_TEST(closed_forms) {
  /* VV, fast share and time constants, VFT90, VFI, T50 (0: not tabulated) */
  static const double rows[][7] = {
      {120, 0, 40, 40, 92.1034, 1.17260, 27.7259}, {120, 0, 50, 50, 115.1293, 0.93808, 34.6574}, {180, 0, 12, 12, 27.6310, 5.86298, 8.3178},
      {250, 0, 7, 7, 16.1181, 13.95947, 4.8520},   {100, 0, 70, 70, 161.1810, 0.55838, 48.5203}, {150, 0.6, 8, 45, 62.4927, 2.16025, 0},
      {120, 0.2, 10, 55, 114.3705, 0.94430, 0},    {220, 0.8, 5, 30, 23.2045, 8.53284, 0},
  };
  const double *r = rows[_i % 8];
  char settings[300];
  snprintf(
      settings, sizeof settings,
      "generator=%s vv_ml=%g fill_share=%g tau1_s=%g tau2_s=%g nuisance=none rise_s=0.002 stand_s=%g rest_s=200 refill_s=200 events=%d",
      r[1] > 0 ? "biexp" : "mono", r[0], r[1], r[2], r[3], 8 * r[3] + 20, _i < 8);
  leg l = leg_analyzed(settings, 1);
  leg_check_report(&l, settings);
  check_percent("VV", leg_value(&l, "VV"), r[0], 1);
  check_percent("VV.observed", leg_value(&l, "VV.observed"), r[0], 1);
  check_percent("VFT90", leg_value(&l, "VFT90"), r[4], 2);
  check_percent("VFI", leg_value(&l, "VFI"), r[5], 2);
  if (r[6] > 0) check_percent("T50", leg_value(&l, "T50"), r[6], 2);
  if (r[6] > 0) check_percent("VFI.fit", leg_value(&l, "VFI.fit"), r[5], 3);
  ck_assert(!leg_flagged(&l, "VV", "extrapolated") && !leg_flagged(&l, "VFI", "extrapolated"));
  leg_free(&l);
}
END_TEST

START_TEST(ended_too_early) {
  static const double taus[] = {2, 3};
  char settings[300];
  snprintf(settings, sizeof settings, "generator=mono vv_ml=120 tau1_s=40 nuisance=none rise_s=0.002 stand_s=%g events=%d",
           40 * taus[_i % 2], _i < 2);
  leg l = leg_analyzed(settings, 1);
  leg_check_report(&l, settings);
  check_percent("VV", leg_value(&l, "VV"), 120, 5);
  check_percent("VFI", leg_value(&l, "VFI"), 1.1726, 5);
  ck_assert(leg_flagged(&l, "VV", "extrapolated") && leg_flagged(&l, "VFI", "extrapolated"));
  ck_assert(leg_flagged(&l, "VV.observed", "incomplete_filling"));
  ck_assert_double_lt(leg_value(&l, "VV.observed"), 120 * (1 - exp(-taus[_i % 2])) + 0.5);
  ck_assert_str_ne(leg_measure(&l, "VV")->definition, leg_measure(&l, "VV")->row->definition);
  leg_free(&l);
}
END_TEST

START_TEST(staircase) {
  static const double rows[][3] = {{120, 0.65, 3}, {120, 0.65, 8}, {150, 0.45, 12}, {200, 0.5, 25}, {120, 0.35, 6}};
  const double *r = rows[_i];
  char settings[300];
  snprintf(settings, sizeof settings, "generator=recursion nuisance=none rest_s=300 tau1_s=5 vv_ml=%g ejection=%g step_inflow_ml=%g", r[0],
           r[1], r[2]);
  leg l = leg_analyzed(settings, 1);
  leg_check_report(&l, settings);
  check_percent("PUMP.e", leg_value(&l, "PUMP.e"), r[1], 2);
  check_percent("PUMP.I", leg_value(&l, "PUMP.I"), r[2], 5);
  check_percent("PUMP.sustained", leg_value(&l, "PUMP.sustained"), 3.6 * leg_value(&l, "PUMP.I"), 1e-9);
  check_percent("PUMP.capacity", leg_value(&l, "PUMP.capacity"), 3.6 * leg_value(&l, "EV"), 1e-9);
  check_points("cadence", leg_detail(&l, "cadence"), 1, 1e-9);
  leg_free(&l);
}
END_TEST

/* VV, VFT90, VFI, EV, EF, RV, RVF of the two-compartment legs, from an independent integration (fourth-order Runge-Kutta, 10 ms). */
START_TEST(phenotypes) {
  static const struct {
    const char *name;
    double vv, vft90, vfi, ef, rvf;
  } rows[] = {{"healthy", 119.71, 98.33, 1.10, 65.35, 16.48},          {"high_inflow", 119.33, 45.64, 2.35, 65.62, 17.33},
              {"mild_superficial", 149.77, 52.69, 2.56, 54.39, 28.55}, {"marked_superficial", 199.87, 33.67, 5.34, 41.23, 43.80},
              {"deep_reflux", 179.82, 15.58, 10.39, 32.65, 31.55},     {"severe_deep", 169.80, 7.73, 19.77, 29.64, 35.53},
              {"weak_pump", 119.71, 98.33, 1.10, 20.84, 34.65},        {"obstruction", 97.87, 80.95, 1.09, 30.10, 14.45},
              {"obstruction_deep", 118.47, 12.09, 8.82, 16.89, 40.87}, {"healthy_stocking", 99.67, 81.98, 1.09, 72.45, 15.70}};
  char settings[300];
  snprintf(settings, sizeof settings, "phenotype=%s nuisance=none supine_s=20 rest_s=199 events=%d", rows[_i % 10].name, _i < 10);
  leg l = leg_analyzed(settings, 1);
  leg_check_report(&l, settings);
  check_percent("VV", leg_value(&l, "VV"), rows[_i % 10].vv, 1);
  /* Without marks the onset of a very fast filling is found to 0.3 s. */
  check_percent("VFI", leg_value(&l, "VFI"), rows[_i % 10].vfi, 2);
  check_points("EF", leg_value(&l, "EF"), rows[_i % 10].ef, 1);
  check_points("RVF", leg_value(&l, "RVF"), rows[_i % 10].rvf, 1);
  ck_assert(leg_flagged(&l, "VFI", "inflow_unknown"));
  leg_free(&l);
}
END_TEST

/* Events, sides, manoeuvres */

START_TEST(landmarks_say_where_they_come_from) {
  leg marked = leg_analyzed("nuisance=none", 1), found = leg_analyzed("nuisance=none events=0", 1);
  static const char *const names[] = {"stand_onset", "contraction", "series_start", "series_last", "supine_return"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    ck_assert_ptr_nonnull(leg_landmark(&marked, names[i]));
    ck_assert_ptr_nonnull(leg_landmark(&found, names[i]));
    ck_assert_str_eq(leg_landmark(&marked, names[i])->source, "event");
    ck_assert_str_eq(leg_landmark(&found, names[i])->source, "detected");
  }
  ck_assert_double_eq_tol(leg_landmark(&marked, "stand_onset")->t_s, 30, 1e-9);
  ck_assert_double_eq_tol(leg_landmark(&found, "stand_onset")->t_s, 30, 0.3);
  ck_assert_double_eq_tol(leg_landmark(&found, "contraction")->t_s, leg_landmark(&marked, "contraction")->t_s, 0.4);
  ck_assert_double_eq_tol(leg_landmark(&found, "series_start")->t_s, leg_landmark(&marked, "series_start")->t_s, 0.4);
  ck_assert(leg_flagged(&found, "VFI", "phases_detected") && leg_flagged(&found, "EF", "phases_detected"));
  ck_assert(leg_flagged(&found, "EF", "manoeuvre_unknown") && !leg_flagged(&marked, "EF", "manoeuvre_unknown"));
  ck_assert(!leg_flagged(&marked, "VFI", "phases_detected") && !leg_flagged(&marked, "RVF", "phases_detected"));
  check_points("contractions", leg_detail(&found, "contractions"), 10, 1);
  check_points("cadence", leg_detail(&found, "cadence"), 1, 0.05);
  leg_free(&marked);
  leg_free(&found);
}
END_TEST

START_TEST(manoeuvre_is_stored) {
  static const char *const names[] = {"tiptoe", "dorsiflexion", "weight_transfer"};
  char settings[100];
  snprintf(settings, sizeof settings, "nuisance=none manoeuvre=%s side=right", names[_i]);
  leg l = leg_analyzed(settings, 1);
  ck_assert_str_eq(l.report->tests[0].manoeuvre, names[_i]);
  ck_assert_int_eq(l.report->tests[0].side, DSP_SIDE_RIGHT);
  ck_assert_str_eq(l.report->tests[0].site, "calf");
  ck_assert_str_eq(l.report->tests[0].protocol, "apg.stand");
  ck_assert(!leg_noted(&l, "side_unknown"));
  leg_free(&l);
  l = leg_analyzed("nuisance=none side=unknown events=0", 1);
  ck_assert_ptr_null(l.report->tests[0].manoeuvre);
  ck_assert(leg_noted(&l, "side_unknown"));
  leg_free(&l);
}
END_TEST

/* A given event stays; one that the trace contradicts by more than 3 s is told. */
START_TEST(wrong_marker) {
  static const double shifts_s[] = {-6, -1, 1, 6};
  leg l = leg_simulate("phenotype=mild_superficial nuisance=none supine_s=60", 1);
  ck_assert_int_eq(l.recording->events[0].kind, DSP_EVENT_STAND);
  l.recording->events[0].t_s += shifts_s[_i];
  leg_analyze(&l);
  leg_check_report(&l, "wrong marker");
  const bool wrong = fabs(shifts_s[_i]) > 3;
  ck_assert(leg_flagged(&l, "VFI", "marker_disagrees") == wrong);
  ck_assert(leg_flagged(&l, "VFT90", "marker_disagrees") == wrong);
  ck_assert_double_eq_tol(leg_landmark(&l, "stand_onset")->t_s, 60 + shifts_s[_i], 1e-9);
  ck_assert_double_eq_tol(leg_detail(&l, "detected_onset"), 60, 1);
  leg_free(&l);
}
END_TEST

START_TEST(missing_markers) {
  leg l = leg_simulate("phenotype=deep_reflux nuisance=none", 1);
  ck_assert_uint_eq(l.recording->n_events, 4);
  l.recording->n_events = 1; /* stand alone: the rest is found */
  leg_analyze(&l);
  leg_check_report(&l, "stand alone");
  check_percent("VFI", leg_value(&l, "VFI"), 10.39, 2);
  check_points("EF", leg_value(&l, "EF"), 32.65, 1);
  check_points("RVF", leg_value(&l, "RVF"), 31.55, 1);
  ck_assert(leg_flagged(&l, "EF", "phases_detected") && !leg_flagged(&l, "VFI", "phases_detected"));
  leg_free(&l);
  l = leg_simulate("phenotype=deep_reflux nuisance=none", 1);
  l.recording->events[0] = l.recording->events[1]; /* all but standing and lying */
  l.recording->events[1] = l.recording->events[2];
  l.recording->n_events = 2;
  leg_analyze(&l);
  leg_check_report(&l, "exercise alone");
  check_percent("VFI", leg_value(&l, "VFI"), 10.39, 2);
  check_points("EF", leg_value(&l, "EF"), 32.65, 1);
  ck_assert(!leg_flagged(&l, "EF", "phases_detected") && leg_flagged(&l, "VFI", "phases_detected"));
  leg_free(&l);
}
END_TEST

START_TEST(wrong_exercise) {
  static const struct {
    const char *settings;
    bool count, cadence;
  } rows[] = {{"count=10", false, false}, {"count=9", false, false},       {"count=5", true, false},
              {"count=14", true, false},  {"cadence_hz=0.7", false, true}, {"cadence_hz=1.3 contraction_s=0.5", false, true}};
  char settings[100];
  snprintf(settings, sizeof settings, "nuisance=none %s", rows[_i].settings);
  leg l = leg_analyzed(settings, 1);
  leg_check_report(&l, settings);
  ck_assert(leg_measure(&l, "RVF")->valid);
  ck_assert(leg_flagged(&l, "RVF", "contraction_count") == rows[_i].count);
  ck_assert(leg_flagged(&l, "RVF", "cadence") == rows[_i].cadence);
  leg_free(&l);
}
END_TEST

/* Units and the syringe */

static const char *const volumes[] = {"V0", "VV", "VV.observed", "VFI", "VFI.fit", "EV", "RV", "PUMP.I", "PUMP.capacity", "PUMP.sustained"};
static const char *const others[] = {"VFT90", "T50", "EF", "RVF", "TREFILL", "PUMP.e"};

START_TEST(unknown_unit_gives_times_and_ratios) {
  leg known = leg_analyzed("phenotype=mild_superficial nuisance=none", 1);
  leg l = leg_simulate("phenotype=mild_superficial nuisance=none", 1);
  dsp_channel *channel = &l.recording->channels[0];
  channel->unit = NULL;
  channel->unit_as_written = NULL;
  leg_analyze(&l);
  leg_check_report(&l, "no unit");
  for (size_t i = 0; i < sizeof volumes / sizeof volumes[0]; i++) {
    ck_assert_msg(!leg_measure(&l, volumes[i])->valid, "%s", volumes[i]);
    ck_assert_msg(leg_flagged(&l, volumes[i], "unit_unknown"), "%s", volumes[i]);
    ck_assert_ptr_null(leg_measure(&l, volumes[i])->grade);
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    ck_assert_msg(leg_value(&l, others[i]) == leg_value(&known, others[i]), "%s", others[i]);
  leg_free(&l);
  leg_free(&known);
}
END_TEST

START_TEST(litres_are_an_error) {
  leg l = leg_simulate("nuisance=none", 1);
  l.recording->channels[0].unit = dsp_unit_find("L", 1);
  l.recording->channels[0].unit_as_written = "L";
  leg_analyze(&l);
  ck_assert_int_eq(l.status, DSP_BAD_INPUT);
  ck_assert_ptr_null(l.report);
  ck_assert_msg(strstr(l.error.found, "L") && strstr(l.error.expected, "mL"), "%s; %s", l.error.found, l.error.expected);
  leg_free(&l);
}
END_TEST

START_TEST(other_roles_are_not_applicable) {
  leg l = leg_simulate("nuisance=none", 1);
  l.recording->channels[0].role = DSP_ROLE_PRESSURE;
  l.recording->channels[0].unit = dsp_unit_find("mmHg", 4);
  leg_analyze(&l);
  ck_assert_int_eq(l.status, DSP_NOT_APPLICABLE);
  ck_assert_ptr_null(l.report);
  ck_assert(*l.error.found && *l.error.expected);
  leg_free(&l);
}
END_TEST

static const char *const with_syringe = "phenotype=mild_superficial nuisance=none supine_s=100 calibration_steps=5 calibration_ml=20";

/* Counts of a converter: 25 a millilitre, from 1000. */
static leg in_counts(double bend) {
  leg l = leg_simulate(with_syringe, 1);
  dsp_channel *channel = &l.recording->channels[0];
  for (size_t i = 0; i < channel->n; i++) channel->x[i] = 1000 + 25 * channel->x[i] * (1 + bend * channel->x[i]);
  channel->unit = NULL;
  channel->unit_as_written = "counts";
  leg_analyze(&l);
  ck_assert_int_eq(l.status, DSP_OK);
  leg_check_report(&l, "counts");
  return l;
}

START_TEST(syringe_scales_counts) {
  leg ml = leg_analyzed(with_syringe, 1), l = in_counts(0);
  ck_assert(leg_noted(&l, "calibration_applied") && !leg_noted(&l, "calibration_nonlinear") && !leg_noted(&l, "calibration_disagrees"));
  check_points("steps", leg_detail(&l, "calibration_steps"), 5, 0);
  check_percent("slope", leg_detail(&l, "calibration_slope"), 25, 0.2);
  ck_assert_double_lt(leg_detail(&l, "calibration_residual"), 0.005);
  check_percent("VV", leg_value(&l, "VV"), 149.77, 1);
  check_percent("VFI", leg_value(&l, "VFI"), 2.56, 2);
  check_points("EF", leg_value(&l, "EF"), leg_value(&ml, "EF"), 0.3);
  ck_assert(!leg_noted(&ml, "calibration_applied") && !leg_noted(&ml, "calibration_disagrees"));
  check_percent("slope in mL", leg_detail(&ml, "calibration_slope"), 1, 0.2);
  check_percent("VV in mL", leg_value(&ml, "VV"), 149.77, 1);
  leg_free(&l);
  leg_free(&ml);
}
END_TEST

START_TEST(bent_syringe_line_is_told) {
  leg l = in_counts(0.002); /* 100 mL read a fifth too high; 5 % of full scale off the line */
  ck_assert(leg_noted(&l, "calibration_nonlinear"));
  ck_assert_double_gt(leg_detail(&l, "calibration_residual"), 0.02);
  leg_free(&l);
}
END_TEST

START_TEST(syringe_against_the_stated_unit) {
  leg l = leg_simulate(with_syringe, 1);
  for (size_t i = 0; i < l.recording->channels[0].n; i++) l.recording->channels[0].x[i] *= 1.1;
  leg_analyze(&l);
  leg_check_report(&l, "gain");
  ck_assert(leg_noted(&l, "calibration_disagrees") && !leg_noted(&l, "calibration_applied"));
  check_percent("slope", leg_detail(&l, "calibration_slope"), 1.1, 0.5);
  leg_free(&l);
}
END_TEST

START_TEST(guidelines_and_protocols_by_name) {
  leg l = leg_simulate("nuisance=none", 1);
  ck_assert_int_eq(dsp_analyze(l.recording, NULL, "apg.roc", l.params, &l.report, &l.error), DSP_OK);
  ck_assert_str_eq(leg_measure(&l, "VFI")->guideline, "apg.roc");
  ck_assert_double_eq(leg_measure(&l, "VFI")->limit, 2.058);
  dsp_report *none;
  ck_assert_int_eq(dsp_analyze(l.recording, "apg.sit", NULL, l.params, &none, &l.error), DSP_BAD_OPTION);
  ck_assert_ptr_null(none);
  ck_assert(strstr(l.error.expected, "apg.stand"));
  l.error = (dsp_error){0};
  ck_assert_int_eq(dsp_analyze(l.recording, NULL, "esc.2030", l.params, &none, &l.error), DSP_BAD_OPTION);
  ck_assert_ptr_null(none);
  leg_free(&l);
}
END_TEST

static void add_answers(Suite *suite) {
  TCase *t = tcase_create("answers");
  tcase_set_timeout(t, 120);
  tcase_add_loop_test(t, closed_forms, 0, cases(16, 2));
  tcase_add_loop_test(t, ended_too_early, 0, cases(4, 1));
  tcase_add_loop_test(t, staircase, 0, cases(5, 1));
  tcase_add_loop_test(t, phenotypes, 0, cases(20, 2));
  suite_add_tcase(suite, t);
  t = tcase_create("facts");
  tcase_set_timeout(t, 120);
  tcase_add_test(t, landmarks_say_where_they_come_from);
  tcase_add_loop_test(t, manoeuvre_is_stored, 0, cases(3, 1));
  tcase_add_loop_test(t, wrong_marker, 0, cases(4, 1));
  tcase_add_test(t, missing_markers);
  tcase_add_loop_test(t, wrong_exercise, 0, cases(6, 1));
  tcase_add_test(t, unknown_unit_gives_times_and_ratios);
  tcase_add_test(t, litres_are_an_error);
  tcase_add_test(t, other_roles_are_not_applicable);
  tcase_add_test(t, syringe_scales_counts);
  tcase_add_test(t, bent_syringe_line_is_told);
  tcase_add_test(t, syringe_against_the_stated_unit);
  tcase_add_test(t, guidelines_and_protocols_by_name);
  suite_add_tcase(suite, t);
}

int main(void) {
  Suite *suite = suite_create("apg.stand");
  add_answers(suite);
  return run_suite(suite);
}
