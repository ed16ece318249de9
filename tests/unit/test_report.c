/* SPDX-License-Identifier: GPL-3.0-or-later
 * The report, whose measures are values or null with a reason, and the guidelines that grade them, at every band's edge. */
#include "../support/runner.h"
#include <check.h>
#include <dsp/guideline.h>
#include <dsp/memory.h>
#include <dsp/protocol.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *samples(size_t n, double value) {
  double *x = dsp_alloc(n, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < n; i++) x[i] = value;
  return x;
}

/* A report about a recording with one channel, one event and one warning. */
static dsp_report *report_of(dsp_recording **recording, dsp_params **params) {
  static const dsp_param_table *protocol_tables[2];
  protocol_tables[0] = &dsp_protocol_find("apg.stand")->params;
  *params = dsp_params_new(protocol_tables);
  *recording = dsp_recording_new();
  dsp_recording *r = *recording;
  r->name = "leg.csv";
  r->subject_key = "k1";
  ck_assert_ptr_nonnull(dsp_recording_add_channel(r, "APG L calf", 10, samples(100, 1), 100));
  r->channels[0].side = DSP_SIDE_LEFT;
  const dsp_event event = {.t_s = 3, .kind = DSP_EVENT_STAND, .source = "side-car", .volume_ml = NAN, .percent = NAN};
  ck_assert_int_eq(dsp_recording_add_event(r, &event), DSP_OK);
  ck_assert_int_eq(dsp_recording_warn(r, "gap", "one"), DSP_OK);
  dsp_report *report = dsp_report_new(r, *params);
  ck_assert_ptr_nonnull(report);
  return report;
}

START_TEST(report_copies_facts_and_drops_no_measure) {
  const dsp_protocol *protocol = dsp_protocol_find("apg.stand");
  dsp_recording *recording;
  dsp_params *params;
  dsp_report *report = report_of(&recording, &params);
  dsp_test *test = dsp_report_add_test(report, protocol, &recording->channels[0], 0, "tiptoe");
  ck_assert_ptr_nonnull(test);
  dsp_recording_free(recording); /* the report must stand alone */
  ck_assert_str_eq(report->input_name, "leg.csv");
  ck_assert_str_eq(report->subject_key, "k1");
  ck_assert_ptr_null(report->device);
  ck_assert_double_eq_tol(report->duration_s, 10, 1e-12);
  ck_assert_uint_eq(report->n_events, 1);
  ck_assert_str_eq(report->events[0].source, "side-car");
  ck_assert_uint_eq(report->n_warnings, 1);
  ck_assert_str_eq(report->warnings[0].text, "one");
  ck_assert_str_eq(test->channel, "APG L calf");
  ck_assert_str_eq(test->manoeuvre, "tiptoe");
  ck_assert_int_eq(test->side, DSP_SIDE_LEFT);
  ck_assert_uint_eq(test->n_measures, protocol->n_measures);
  for (size_t i = 0; i < test->n_measures; i++) {
    const dsp_measure *m = &test->measures[i];
    ck_assert_ptr_eq(m->row, &protocol->measures[i]);
    ck_assert_ptr_eq(dsp_test_measure(test, m->row->id), m);
    ck_assert(!m->valid && isnan(m->value) && isnan(m->lo) && isnan(m->hi) && isnan(m->se) && isnan(m->limit) && isnan(m->t0_s));
    ck_assert_str_eq(m->definition, m->row->definition);
    ck_assert_ptr_null(m->grade);
  }
  ck_assert(!dsp_report_all_valid(report));
  for (size_t i = 0; i < test->n_measures; i++) {
    ck_assert(!dsp_report_all_valid(report));
    dsp_measure_set(&test->measures[i], 1, 0.1, 0, 1);
  }
  ck_assert(dsp_report_all_valid(report));
  dsp_report_free(report);
  dsp_params_free(params);
  dsp_report_free(NULL);
}
END_TEST

START_TEST(measures_are_values_or_null_with_a_reason) {
  dsp_recording *recording;
  dsp_params *params;
  dsp_report *report = report_of(&recording, &params);
  dsp_test *test = dsp_report_add_test(report, dsp_protocol_find("apg.stand"), &recording->channels[0], 0, NULL);
  dsp_measure *m = dsp_test_measure(test, "VFI");
  dsp_measure_set(m, 2, 0.1, 30, 90);
  ck_assert(m->valid);
  ck_assert_double_eq_tol(m->lo, 2 - 0.1959964, 1e-6);
  ck_assert_double_eq_tol(m->hi, 2 + 0.1959964, 1e-6);
  ck_assert_str_eq(m->interval, "delta");
  ck_assert_uint_eq(m->n, 1);
  ck_assert_double_eq(m->t0_s, 30);
  ck_assert_double_eq(m->t1_s, 90);
  dsp_measure_set(m, 3, NAN, 30, 90);
  ck_assert(m->valid && isnan(m->lo) && isnan(m->hi) && !m->interval);
  dsp_measure_null(m, "not_reached");
  ck_assert(!m->valid && isnan(m->value) && m->n == 0 && dsp_flags_has(&m->flags, "not_reached"));

  static const double bad[] = {NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < 3; i++) {
    dsp_measure *other = dsp_test_measure(test, i == 0 ? "VV" : i == 1 ? "EV" : "RV");
    dsp_measure_set(other, bad[i], 1, 0, 1);
    ck_assert(!other->valid && isnan(other->value) && isnan(other->lo) && isnan(other->hi) && isnan(other->se));
    ck_assert(dsp_flags_has(&other->flags, "not_computable"));
  }
  dsp_measure_set(dsp_test_measure(test, "EF"), 50, INFINITY, NAN, INFINITY);
  ck_assert(dsp_test_measure(test, "EF")->valid && isnan(dsp_test_measure(test, "EF")->lo) && isnan(dsp_test_measure(test, "EF")->t1_s));
  dsp_report_free(report);
  dsp_recording_free(recording);
  dsp_params_free(params);
}
END_TEST

START_TEST(report_keeps_what_is_appended) {
  dsp_recording *recording;
  dsp_params *params;
  dsp_report *report = report_of(&recording, &params);
  dsp_test *test = dsp_report_add_test(report, dsp_protocol_find("apg.stand"), &recording->channels[0], 0, NULL);
  enum { MANY = 100 };
  for (int i = 0; i < MANY; i++) {
    ck_assert_int_eq(dsp_test_add_landmark(test, "contraction", i, NAN, NAN, "detected"), DSP_OK);
    ck_assert_int_eq(dsp_test_add_phase(test, "refill", i, i + 1, 2), DSP_OK);
    ck_assert_int_eq(dsp_test_add_detail(test, "cadence", "Hz", i), DSP_OK);
    ck_assert_int_eq(dsp_test_add_series(test, "raw", "mL", 10, 0, samples(3, i), 3), DSP_OK);
    ck_assert_int_eq(dsp_report_warn(report, "clipped", "%d", i), DSP_OK);
    ck_assert_int_eq(dsp_report_add_library(report, "fftw", "3.3"), DSP_OK);
  }
  ck_assert_uint_eq(test->n_landmarks, MANY);
  ck_assert_double_eq(test->landmarks[MANY - 1].t_s, MANY - 1);
  ck_assert_double_eq(test->phases[MANY - 1].t1_s, MANY);
  ck_assert_double_eq(test->details[MANY - 1].value, MANY - 1);
  ck_assert_double_eq(test->series[MANY - 1].x[2], MANY - 1);
  ck_assert_str_eq(report->warnings[MANY].text, "99");
  ck_assert_str_eq(report->libraries[MANY - 1].text, "3.3");
  dsp_report_free(report);
  dsp_recording_free(recording);
  dsp_params_free(params);
}
END_TEST

/* Band edges: an edge belongs to the worse side where its source says "below" or "above". */
static const struct {
  const char *guideline, *measure;
  double value;
  const char *grade;
  double limit;
} bands[] = {
    {"apg.classic", "VFI", 0.5, "normal", 2},        {"apg.classic", "VFI", 1.999999, "normal", 2},
    {"apg.classic", "VFI", 2.0, "mild", 2},          {"apg.classic", "VFI", 4.999999, "mild", 2},
    {"apg.classic", "VFI", 5.0, "moderate", 2},      {"apg.classic", "VFI", 9.999999, "moderate", 2},
    {"apg.classic", "VFI", 10.0, "severe", 2},       {"apg.classic", "VFI", 25, "severe", 2},
    {"apg.classic", "VFT90", 9.99, "severe", 25},    {"apg.classic", "VFT90", 10, "short", 25},
    {"apg.classic", "VFT90", 24.99, "short", 25},    {"apg.classic", "VFT90", 25, "normal", 25},
    {"apg.classic", "EF", 60.000001, "normal", 60},  {"apg.classic", "EF", 60.0, "borderline", 60},
    {"apg.classic", "EF", 59.999999, "reduced", 60}, {"apg.classic", "EF", 40, "reduced", 60},
    {"apg.classic", "EF", 39.999999, "poor", 60},    {"apg.classic", "EF", 110, "normal", 60},
    {"apg.classic", "RVF", 34.999999, "normal", 35}, {"apg.classic", "RVF", 35.0, "raised", 35},
    {"apg.classic", "RVF", 49.999999, "raised", 35}, {"apg.classic", "RVF", 50.0, "high", 35},
    {"apg.classic", "RVF", -3, "normal", 35},        {"apg.classic", "VV", 79.999999, "low", 80},
    {"apg.classic", "VV", 80, "normal", 80},         {"apg.classic", "VV", 100, "normal", 80},
    {"apg.classic", "VV", 140, "normal", 150},       {"apg.classic", "VV", 150, "normal", 150},
    {"apg.classic", "VV", 150.000001, "large", 150}, {"apg.roc", "VFI", 2.057999, "normal", 2.058},
    {"apg.roc", "VFI", 2.058, "reflux", 2.058},      {NULL, "VFI", 2.03, "mild", 2},
};
enum { BANDS = sizeof bands / sizeof bands[0] };

START_TEST(grades_at_every_band_edge) {
  dsp_recording *recording;
  dsp_params *params;
  dsp_report *report = report_of(&recording, &params);
  dsp_test *test = dsp_report_add_test(report, dsp_protocol_find("apg.stand"), &recording->channels[0], 0, NULL);
  dsp_measure *m = dsp_test_measure(test, bands[_i].measure);
  dsp_measure_set(m, bands[_i].value, 1e-9, 0, 1);
  dsp_guideline_grade(test, bands[_i].guideline, NULL);
  ck_assert_ptr_nonnull(m->grade);
  ck_assert_str_eq(m->grade, bands[_i].grade);
  ck_assert_str_eq(m->guideline, bands[_i].guideline ? bands[_i].guideline : "apg.classic");
  ck_assert_double_eq(m->limit, bands[_i].limit);
  ck_assert_double_eq(m->limit_distance, bands[_i].value - bands[_i].limit);
  for (size_t i = 0; i < test->n_measures; i++)
    if (!test->measures[i].valid) ck_assert(!test->measures[i].grade && isnan(test->measures[i].limit));
  dsp_report_free(report);
  dsp_recording_free(recording);
  dsp_params_free(params);
}
END_TEST

START_TEST(near_limit_means_the_interval_holds_it) {
  static const struct {
    double value, se;
    bool near;
  } cases[] = {{1.9, 0.04, false}, {1.9, 0.06, true}, {2.1, 0.04, false}, {2.1, 0.06, true}, {2.0, 1e-9, true}, {1.9, NAN, false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    dsp_recording *recording;
    dsp_params *params;
    dsp_report *report = report_of(&recording, &params);
    dsp_test *test = dsp_report_add_test(report, dsp_protocol_find("apg.stand"), &recording->channels[0], 0, NULL);
    dsp_measure *m = dsp_test_measure(test, "VFI");
    dsp_measure_set(m, cases[i].value, cases[i].se, 0, 1);
    dsp_guideline_grade(test, NULL, NULL);
    ck_assert_msg(dsp_flags_has(&m->flags, "near_limit") == cases[i].near, "%g +- %g", cases[i].value, cases[i].se);
    dsp_report_free(report);
    dsp_recording_free(recording);
    dsp_params_free(params);
  }
}
END_TEST

/* Bands of one guideline and measure leave no gap, do not overlap, and exactly one is normal. */
START_TEST(bands_tile_the_line) {
  ck_assert(dsp_guideline_known("apg.classic") && dsp_guideline_known("apg.roc") && !dsp_guideline_known("apg"));
  const dsp_guideline_row *row = NULL;
  for (size_t i = 0; (row = dsp_guideline_at(i)); i++) {
    ck_assert(*row->grade && *row->source && row->lo <= row->hi);
    const double probes[] = {row->lo, row->hi, nextafter(row->lo, -INFINITY), nextafter(row->hi, INFINITY), 0.5 * (row->lo + row->hi)};
    for (size_t p = 0; p < 5; p++) {
      const double v = probes[p];
      size_t hits = 0, normal = 0;
      const dsp_guideline_row *other = NULL;
      for (size_t k = 0; (other = dsp_guideline_at(k)); k++) {
        if (strcmp(other->guideline, row->guideline) != 0 || strcmp(other->measure, row->measure) != 0 ||
            (row->key ? !other->key || strcmp(row->key, other->key) != 0 : other->key != NULL))
          continue;
        hits += (v > other->lo || (other->lo_in && v == other->lo)) && (v < other->hi || (other->hi_in && v == other->hi));
        normal += other->normal;
      }
      if (isfinite(v)) ck_assert_msg(hits == 1, "%s %s: %zu bands hold %.17g", row->guideline, row->measure, hits, v);
      ck_assert_uint_eq(normal, 1);
    }
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("report");
  TCase *t = tcase_create("report");
  tcase_add_test(t, report_copies_facts_and_drops_no_measure);
  tcase_add_test(t, measures_are_values_or_null_with_a_reason);
  tcase_add_test(t, report_keeps_what_is_appended);
  suite_add_tcase(suite, t);
  t = tcase_create("guidelines");
  tcase_add_loop_test(t, grades_at_every_band_edge, 0, BANDS);
  tcase_add_test(t, near_limit_means_the_interval_holds_it);
  tcase_add_test(t, bands_tile_the_line);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
