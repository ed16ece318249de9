/* SPDX-License-Identifier: GPL-3.0-or-later
 * The simulated standing test against closed forms, the repeated-step recursion and the table of the two-compartment leg. */
#include "../support/cases.h"
#include "../support/runner.h"
#include "../support/standing.h"
#include <check.h>
#include <dsp/phantom.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(mono_exponential_fill) {
  static const double rows[][5] = {{120, 40, 92.1034, 1.17260, 27.7259},
                                   {120, 50, 115.1293, 0.93808, 34.6574},
                                   {180, 12, 27.6310, 5.86298, 8.3178},
                                   {250, 7, 16.1181, 13.95947, 4.8520},
                                   {100, 70, 161.1810, 0.55838, 48.5203}};
  const double *row = rows[_i];
  char settings[256];
  snprintf(settings, sizeof settings, "generator=mono nuisance=none rise_s=0.002 stand_s=1800 vv_ml=%g tau1_s=%g", row[0], row[1]);
  result r = simulate(settings, 1);
  ck_assert_int_eq(r.status, DSP_OK);
  check_near("VV", simulated_value(&r, "VV"), row[0], 1e-3);
  check_near("VFT90", simulated_value(&r, "VFT90"), row[2], 1e-3);
  check_near("VFI", simulated_value(&r, "VFI"), row[3], 1e-3);
  check_near("T50", simulated_value(&r, "T50"), row[4], 1e-3);
  simulated_clear(&r);
}
END_TEST

START_TEST(bi_exponential_fill) {
  static const double rows[][6] = {
      {150, 0.6, 8, 45, 62.4927, 2.16025}, {120, 0.2, 10, 55, 114.3705, 0.94430}, {220, 0.8, 5, 30, 23.2045, 8.53284}};
  const double *row = rows[_i];
  char settings[256];
  snprintf(settings, sizeof settings, "generator=biexp nuisance=none rise_s=0.002 stand_s=1500 vv_ml=%g fill_share=%g tau1_s=%g tau2_s=%g",
           row[0], row[1], row[2], row[3]);
  result r = simulate(settings, 1);
  check_near("VFT90", simulated_value(&r, "VFT90"), row[4], 1e-3);
  check_near("VFI", simulated_value(&r, "VFI"), row[5], 1e-3);
  simulated_clear(&r);
}
END_TEST

START_TEST(linear_fill_is_the_inflow) {
  result r = simulate("generator=linear nuisance=none rise_s=0.002 inflow_ml_s=0.8 vv_ml=100 stand_s=300", 1);
  check_near("VFI", simulated_value(&r, "VFI"), 0.8, 1e-3);
  check_near("VV", simulated_value(&r, "VV"), 100, 1e-9);
  check_near("T50", simulated_value(&r, "T50"), 62.5, 1e-3);
  simulated_clear(&r);
}
END_TEST

START_TEST(ramp_starts_at_its_inflow_and_ends_at_vv) {
  result r = simulate("generator=ramp nuisance=none rise_s=0.002 inflow_ml_s=2 vv_ml=150 knee=6 stand_s=600 rate_hz=100", 1);
  const double *x = samples(&r);
  size_t onset = (size_t)llround(simulated_landmark(&r, "stand_onset") * 100);
  check_near("initial slope", x[onset + 100] - x[onset], 2, 1e-2);
  check_near("VV", simulated_value(&r, "VV"), 150, 1e-6);
  /* knee 6: dv/dt = q (1 - u^6), so VFT90 = VV/q times the integral of du / (1 - u^6) from 0 to 0.9, by its series */
  double sum = 0;
  for (int k = 0; k < 400; k++) sum += pow(0.9, 6 * k + 1) / (6 * k + 1);
  check_near("VFT90", simulated_value(&r, "VFT90"), 75 * sum, 1e-4);
  simulated_clear(&r);
}
END_TEST

/* Slow standing up only delays the law's clock: half the ramp, whatever the law. */
START_TEST(posture_ramp_delays_by_half) {
  result quick = simulate("generator=mono nuisance=none rise_s=0.002 stand_s=900", 1);
  result slow = simulate("generator=mono nuisance=none rise_s=4 stand_s=900", 1);
  ck_assert_double_eq_tol(simulated_value(&slow, "VFT90") - simulated_value(&quick, "VFT90"), 1.999, 2e-3);
  simulated_clear(&quick);
  simulated_clear(&slow);
}
END_TEST

START_TEST(ten_step_recursion) {
  static const double rows[][7] = {{120, 0.65, 3, 45.0, 62.5, 4.6154, 3.8488},
                                   {120, 0.65, 8, 50.0, 58.333, 12.3077, 10.2589},
                                   {150, 0.45, 12, 94.5, 37.0, 26.6667, 17.9860},
                                   {200, 0.5, 25, 125.0, 37.5, 50.0, 25.0732},
                                   {120, 0.35, 6, 84.0, 30.0, 17.1429, 15.4397}};
  const double *row = rows[_i];
  char settings[256];
  snprintf(settings, sizeof settings,
           "generator=recursion nuisance=none rate_hz=100 rest_s=300 tau1_s=5 vv_ml=%g ejection=%g step_inflow_ml=%g baseline_ml=7", row[0],
           row[1], row[2]);
  result r = simulate(settings, 1);
  const double *x = samples(&r);
  size_t start = (size_t)llround(simulated_landmark(&r, "series_start") * 100);
  double v0 = x[start] - 7, v1 = x[start + 100] - 7, v10 = x[start + 1000] - 7;
  check_near("V0", v0, row[0], 1e-6);
  check_near("V1", v1, row[3], 1e-4);
  check_near("EF1", 100 * (v0 - v1) / v0, row[4], 1e-4);
  check_near("Vss", simulated_value(&r, "PUMP.I") / simulated_value(&r, "PUMP.e"), row[5], 1e-4);
  check_near("RVF10", 100 * v10 / v0, row[6], 1e-4);
  /* the lowest level of the last step stands before its inflow */
  check_near("RV", simulated_value(&r, "RV"), v10 - row[2], 1e-4);
  check_near("sustained", simulated_value(&r, "PUMP.sustained"), row[2] * 60 * 0.06, 1e-9);
  simulated_clear(&r);
}
END_TEST

typedef struct phenotype {
  const char *name;
  double vv, vft90, vfi, ev, ef, rv, rvf;
} phenotype;

static const phenotype phenotypes[] = {{"healthy", 119.71, 98.33, 1.10, 78.23, 65.35, 19.72, 16.48},
                                       {"high_inflow", 119.33, 45.64, 2.35, 78.30, 65.62, 20.68, 17.33},
                                       {"mild_superficial", 149.77, 52.69, 2.56, 81.45, 54.39, 42.76, 28.55},
                                       {"marked_superficial", 199.87, 33.67, 5.34, 82.42, 41.23, 87.54, 43.80},
                                       {"deep_reflux", 179.82, 15.58, 10.39, 58.70, 32.65, 56.73, 31.55},
                                       {"severe_deep", 169.80, 7.73, 19.77, 50.33, 29.64, 60.33, 35.53},
                                       {"weak_pump", 119.71, 98.33, 1.10, 24.95, 20.84, 41.48, 34.65},
                                       {"obstruction", 97.87, 80.95, 1.09, 29.46, 30.10, 14.14, 14.45},
                                       {"obstruction_deep", 118.47, 12.09, 8.82, 20.01, 16.89, 48.42, 40.87},
                                       {"healthy_stocking", 99.67, 81.98, 1.09, 72.21, 72.45, 15.64, 15.70}};
enum { PHENOTYPES = sizeof phenotypes / sizeof phenotypes[0] };

START_TEST(two_compartment_table) {
  const phenotype *p = &phenotypes[_i];
  char settings[256];
  snprintf(settings, sizeof settings, "phenotype=%s nuisance=none supine_s=20 rest_s=199", p->name);
  result r = simulate(settings, 1);
  check_near("VV", simulated_value(&r, "VV"), p->vv, 0.01);
  check_near("VFT90", simulated_value(&r, "VFT90"), p->vft90, 0.01);
  check_near("VFI", simulated_value(&r, "VFI"), p->vfi, 0.01);
  check_near("EV", simulated_value(&r, "EV"), p->ev, 0.01);
  check_near("EF", simulated_value(&r, "EF"), p->ef, 0.01);
  check_near("RV", simulated_value(&r, "RV"), p->rv, 0.01);
  check_near("RVF", simulated_value(&r, "RVF"), p->rvf, 0.01);
  simulated_clear(&r);
}
END_TEST

START_TEST(custom_rows_make_the_same_leg) {
  result named = simulate("phenotype=deep_reflux nuisance=none", 1);
  result custom = simulate("phenotype=custom vvt_ml=180 deep_share=0.65 rrd=7 rrs=12 pm_mmhg=170 nuisance=none", 1);
  ck_assert_uint_eq(count_samples(&named), count_samples(&custom));
  ck_assert_mem_eq(samples(&named), samples(&custom), count_samples(&named) * sizeof(double));
  simulated_clear(&named);
  simulated_clear(&custom);
}
END_TEST

START_TEST(same_seed_same_bits) {
  const char *settings = "generator=any phenotype=any randomise=1 nuisance=hard side=any";
  result a = simulate(settings, (uint64_t)_i), b = simulate(settings, (uint64_t)_i), c = simulate(settings, (uint64_t)_i + 100);
  ck_assert_uint_eq(count_samples(&a), count_samples(&b));
  ck_assert_mem_eq(samples(&a), samples(&b), count_samples(&a) * sizeof(double));
  ck_assert(count_samples(&a) != count_samples(&c) || memcmp(samples(&a), samples(&c), count_samples(&a) * sizeof(double)) != 0);
  for (size_t i = 0; i < a.truth->n_values; i++) {
    double x = a.truth->values[i].value, y = b.truth->values[i].value;
    ck_assert(x == y || (isnan(x) && isnan(y)));
  }
  simulated_clear(&a);
  simulated_clear(&b);
  simulated_clear(&c);
}
END_TEST

/* Without nuisances the recording is the clean trace from which the truth was read. */
START_TEST(undisturbed_recording_is_the_truth) {
  result r = simulate("phenotype=mild_superficial nuisance=none rate_hz=100 baseline_ml=12", 3);
  const double *x = samples(&r);
  size_t onset = (size_t)llround(simulated_landmark(&r, "stand_onset") * 100),
         tiptoe = (size_t)llround(simulated_landmark(&r, "tiptoe") * 100);
  size_t last = (size_t)llround(simulated_landmark(&r, "contraction_10") * 100), low = tiptoe, low10 = last;
  for (size_t i = tiptoe; i <= tiptoe + 210; i++) low = x[i] < x[low] ? i : low;
  for (size_t i = last; i <= last + 210; i++) low10 = x[i] < x[low10] ? i : low10;
  ck_assert_double_eq_tol(x[onset], simulated_value(&r, "V0"), 1e-9);
  ck_assert_double_eq_tol(x[tiptoe] - x[onset], simulated_value(&r, "VV.observed"), 1e-9);
  ck_assert_double_eq_tol(x[tiptoe] - x[low], simulated_value(&r, "EV"), 0.02);
  ck_assert_double_eq_tol(x[low10] - x[onset], simulated_value(&r, "RV"), 0.02);
  ck_assert(r.truth->step_s <= 0.005);
  simulated_clear(&r);
}
END_TEST

START_TEST(nuisances_never_enter_the_truth) {
  result clean = simulate("phenotype=marked_superficial nuisance=none", 5),
         hard = simulate("phenotype=marked_superficial nuisance=hard", 5);
  for (size_t i = 0; i < clean.truth->n_values; i++)
    if (strncmp(clean.truth->values[i].id, "sim.", 4) != 0) ck_assert_double_eq(clean.truth->values[i].value, hard.truth->values[i].value);
  simulated_clear(&clean);
  simulated_clear(&hard);
}
END_TEST

START_TEST(cut_stand_keeps_the_unlimited_truth) {
  result whole = simulate("phenotype=deep_reflux nuisance=none stand_s=1200", 1);
  result cut = simulate("phenotype=deep_reflux nuisance=none stand_cut=1.15", 1);
  double stood_s = simulated_landmark(&cut, "tiptoe") - simulated_landmark(&cut, "stand_onset");
  check_near("stand", stood_s, 1.15 * simulated_value(&whole, "VFT90"), 1e-3);
  check_near("VV", simulated_value(&cut, "VV"), simulated_value(&whole, "VV"), 1e-6);
  check_near("VFT90", simulated_value(&cut, "VFT90"), simulated_value(&whole, "VFT90"), 1e-6);
  ck_assert_double_lt(simulated_value(&cut, "VV.observed"), 0.97 * simulated_value(&cut, "VV"));
  simulated_clear(&whole);
  simulated_clear(&cut);
}
END_TEST

START_TEST(schedule_is_kept) {
  result r = simulate("nuisance=none supine_s=25 stand_s=100 rest_s=60 refill_s=70 lie_s=30 cadence_hz=0.8 count=9 contraction_s=0.5", 1);
  ck_assert_double_eq_tol(simulated_landmark(&r, "stand_onset"), 25, 1e-9);
  ck_assert_double_eq_tol(simulated_landmark(&r, "tiptoe"), 125, 1e-9);
  ck_assert_double_eq_tol(simulated_landmark(&r, "series_start"), 125 + 1.25 + 60, 2e-3);
  ck_assert_double_eq_tol(simulated_landmark(&r, "contraction_09"), 186.25 + 10, 2e-3);
  ck_assert_double_eq_tol(simulated_landmark(&r, "supine"), 186.25 + 11.25 + 70, 2e-3);
  ck_assert_double_eq_tol(dsp_recording_duration_s(r.recording), 267.5 + 30, 0.05);
  ck_assert_uint_eq(r.recording->n_events, 4);
  ck_assert_int_eq(r.recording->events[2].kind, DSP_EVENT_TIPTOE);
  ck_assert_uint_eq(r.recording->events[2].count, 9);
  ck_assert_double_eq_tol(r.recording->events[2].dur_s, 11.25, 1e-9);
  simulated_clear(&r);
}
END_TEST

START_TEST(labels_follow_the_rows) {
  result r = simulate("nuisance=none side=right manoeuvre=weight_transfer events=1", 42);
  ck_assert_int_eq(r.recording->channels[0].side, DSP_SIDE_RIGHT);
  ck_assert_str_eq(r.recording->channels[0].name, "APG R calf");
  ck_assert_str_eq(r.recording->channels[0].site, "calf");
  ck_assert_int_eq(r.recording->channels[0].role, DSP_ROLE_VOLUME);
  ck_assert_int_eq(r.recording->events[1].kind, DSP_EVENT_WEIGHT_TRANSFER);
  ck_assert_str_eq(r.recording->subject_key, "sim-000042");
  simulated_clear(&r);
  r = simulate("nuisance=none side=unknown events=0", 1);
  ck_assert_int_eq(r.recording->channels[0].side, DSP_SIDE_UNKNOWN);
  ck_assert_uint_eq(r.recording->n_events, 0);
  simulated_clear(&r);
}
END_TEST

START_TEST(syringe_steps_are_withdrawn_before_the_test) {
  const char *settings = "nuisance=custom gain_pct=3 rate_hz=100 supine_s=80 calibration_steps=5 calibration_ml=20";
  result r = simulate(settings, 1), none = simulate("nuisance=custom rate_hz=100 supine_s=80", 1),
         early = simulate("calibration_steps=5", 1);
  ck_assert_uint_eq(r.recording->n_events, 9);
  ck_assert_int_eq(r.recording->events[4].kind, DSP_EVENT_CALIBRATION);
  ck_assert_double_eq(r.recording->events[4].volume_ml, 20);
  for (size_t k = 0; k < 5; k++) {
    size_t settled = (size_t)(r.recording->events[k].t_s * 100) + 790;
    double rise = samples(&r)[settled] / 1.03 - samples(&none)[settled];
    ck_assert_double_eq_tol(rise, 20 * (double)(k + 1), 0.01);
  }
  ck_assert_double_eq_tol(samples(&r)[7900] / 1.03, samples(&none)[7900], 0.01);
  check_near("slope", simulated_value(&r, "calibration.slope"), 1.03, 1e-12);
  ck_assert_double_eq(simulated_value(&r, "VV"), simulated_value(&none, "VV"));
  ck_assert_int_eq(early.status, DSP_BAD_OPTION);
  simulated_clear(&r);
  simulated_clear(&none);
}
END_TEST

START_TEST(leg_that_does_not_fill_is_refused) {
  result r = simulate("phenotype=custom ra=10 rdr=50 rej=0.05 ph_mmhg=10", 1);
  ck_assert_int_eq(r.status, DSP_BAD_OPTION);
  ck_assert_ptr_null(r.recording);
  ck_assert_ptr_null(r.truth);
}
END_TEST

START_TEST(contraction_longer_than_its_step_is_refused) {
  result r = simulate("cadence_hz=2 contraction_s=0.6", 1);
  ck_assert_int_eq(r.status, DSP_BAD_OPTION);
  ck_assert_ptr_null(r.truth);
}
END_TEST

/* Ejection that outlasts the contraction is still read, up to 1.5 s later; one that ends early refills while the muscle is still tight. */
START_TEST(lowest_level_is_where_ejection_ends) {
  result late = simulate("generator=mono nuisance=none vv_ml=150 tau1_s=5 contraction_s=0.5 ejection=0.4 ejection_share=1.8", 1);
  result early = simulate("generator=mono nuisance=none vv_ml=150 tau1_s=5 contraction_s=0.5 ejection=0.4 ejection_share=0.5", 1);
  check_near("EV", simulated_value(&late, "EV"), 60, 1e-6);
  check_near("EV", simulated_value(&early, "EV"), 60, 1e-6);
  simulated_clear(&late);
  simulated_clear(&early);
}
END_TEST

START_TEST(random_legs_are_sane) {
  result r = simulate("generator=any phenotype=any randomise=1 nuisance=realistic", (uint64_t)_i);
  ck_assert_int_eq(r.status, DSP_OK);
  double cadence_hz = simulated_value(&r, "cadence"), contraction_s = simulated_value(&r, "contraction");
  ck_assert(cadence_hz >= 0.7 && cadence_hz <= 1.3 && contraction_s >= 0.3 && contraction_s <= 0.9);
  ck_assert(simulated_value(&r, "EF") > 0 && simulated_value(&r, "EF") < 100 && simulated_value(&r, "RVF") > -5 &&
            simulated_value(&r, "RVF") < 110);
  ck_assert_double_le(simulated_value(&r, "EV"), simulated_value(&r, "VV"));
  check_near("identity", simulated_value(&r, "VFI") * simulated_value(&r, "VFT90"), 0.9 * simulated_value(&r, "VV"), 1e-12);
  for (size_t i = 0; i < count_samples(&r); i++) ck_assert(isfinite(samples(&r)[i]));
  simulated_clear(&r);
}
END_TEST

static Suite *phantom_suite(void) {
  Suite *suite = suite_create("phantom");
  TCase *truth = tcase_create("truth");
  tcase_set_timeout(truth, 60);
  tcase_add_loop_test(truth, mono_exponential_fill, 0, cases(5, 1));
  tcase_add_loop_test(truth, bi_exponential_fill, 0, cases(3, 1));
  tcase_add_test(truth, linear_fill_is_the_inflow);
  tcase_add_test(truth, ramp_starts_at_its_inflow_and_ends_at_vv);
  tcase_add_test(truth, posture_ramp_delays_by_half);
  tcase_add_loop_test(truth, ten_step_recursion, 0, cases(5, 1));
  tcase_add_loop_test(truth, two_compartment_table, 0, cases(PHENOTYPES, 2));
  tcase_add_test(truth, custom_rows_make_the_same_leg);
  tcase_add_test(truth, undisturbed_recording_is_the_truth);
  tcase_add_test(truth, nuisances_never_enter_the_truth);
  tcase_add_test(truth, cut_stand_keeps_the_unlimited_truth);
  tcase_add_test(truth, schedule_is_kept);
  tcase_add_test(truth, lowest_level_is_where_ejection_ends);
  tcase_add_loop_test(truth, random_legs_are_sane, 0, cases(20, 3));
  suite_add_tcase(suite, truth);
  TCase *recording = tcase_create("recording");
  tcase_set_timeout(recording, 60);
  tcase_add_loop_test(recording, same_seed_same_bits, 0, cases(4, 1));
  tcase_add_test(recording, labels_follow_the_rows);
  tcase_add_test(recording, contraction_longer_than_its_step_is_refused);
  tcase_add_test(recording, syringe_steps_are_withdrawn_before_the_test);
  tcase_add_test(recording, leg_that_does_not_fill_is_refused);
  suite_add_tcase(suite, recording);
  return suite;
}

int main(void) {
  return run_suite(phantom_suite());
}
