/* SPDX-License-Identifier: GPL-3.0-or-later
 * What must hold for every recording of the standing test, whatever its numbers: how the report changes when the recording is moved,
 * scaled, delayed, resampled, turned over or joined by another, and which identities its values keep. */
#include "../support/cases.h"
#include "../support/leg.h"
#include "../support/runner.h"

enum { LEGS = 8 };

/* Legs of all kinds, every other one without events. */
static leg some_leg(int i, const char *more) {
  static const char *const kinds[] = {
      "phenotype=healthy",     "phenotype=mild_superficial", "phenotype=marked_superficial",
      "phenotype=deep_reflux", "phenotype=obstruction_deep", "generator=mono vv_ml=140 tau1_s=30 ejection=0.4",
      "phenotype=high_inflow", "generator=biexp vv_ml=160"};
  char settings[300];
  snprintf(settings, sizeof settings, "%s nuisance=realistic supine_s=60 stand_s=280 events=%d %s", kinds[i % LEGS], i % 2 == 0, more);
  return leg_simulate(settings, 500 + (uint64_t)i);
}

static leg analyzed(int i, const char *more) {
  leg l = some_leg(i, more);
  leg_analyze(&l);
  ck_assert_int_eq(l.status, DSP_OK);
  leg_check_report(&l, more);
  return l;
}

/* The same recording with its first channel's samples replaced by gain x + offset. */
static leg changed(int i, const char *more, double gain, double offset) {
  leg l = some_leg(i, more);
  dsp_channel *channel = &l.recording->channels[0];
  for (size_t k = 0; k < channel->n; k++) channel->x[k] = gain * channel->x[k] + offset;
  return l;
}

static bool is_volume(const dsp_measure *m) {
  return strstr(m->row->unit, "L") != NULL;
}

/* Equal up to `relative` of itself (a level: up to `points` of a hundred millilitres), percentages up to `points`. Both null is equal. */
static void check_same(const char *what, const dsp_measure *a, double value, double relative, double points) {
  if (!a->valid && isnan(value)) return;
  const bool level = !strcmp(a->row->unit, "mL");
  const double allowed = strcmp(a->row->unit, "%") ? fmax(relative * fabs(value), level ? points : 0) + 1e-9 : points;
  ck_assert_msg(fabs(a->value - value) <= allowed, "%s: %s is %.9g, not %.9g", what, a->row->id, a->value, value);
}

START_TEST(a_constant_moves_v0_alone) {
  leg a = analyzed(_i, ""), b = changed(_i, "", 1, 256);
  leg_analyze(&b);
  leg_check_report(&b, "moved");
  for (size_t k = 0; k < a.report->tests[0].n_measures; k++) {
    const dsp_measure *was = &a.report->tests[0].measures[k], *is = &b.report->tests[0].measures[k];
    check_same("moved by 256 mL", is, was->value + (strcmp(was->row->id, "V0") ? 0 : 256), 1e-6, 1e-5);
    ck_assert_msg(!memcmp(&was->flags, &is->flags, sizeof is->flags), "flags of %s changed", was->row->id);
  }
  ck_assert_uint_eq(a.report->tests[0].n_landmarks, b.report->tests[0].n_landmarks);
  for (size_t k = 0; k < a.report->tests[0].n_landmarks; k++)
    ck_assert_double_eq_tol(a.report->tests[0].landmarks[k].t_s, b.report->tests[0].landmarks[k].t_s, 1e-6);
  leg_free(&a);
  leg_free(&b);
}
END_TEST

/* A few thresholds are in millilitres, so the scale stays near one. */
START_TEST(a_scale_leaves_times_and_ratios) {
  static const double scales[] = {0.8, 1.25};
  const double k = scales[_i / LEGS];
  leg a = analyzed(_i % LEGS, ""), b = changed(_i % LEGS, "", k, 0);
  leg_analyze(&b);
  leg_check_report(&b, "scaled");
  static const char *const steady[] = {"V0", "VV", "VV.observed", "VFT90", "VFI", "T50", "EV", "EF", "RV", "RVF"};
  for (size_t m = 0; m < sizeof steady / sizeof steady[0]; m++) {
    const dsp_measure *was = leg_measure(&a, steady[m]);
    check_same("scaled", leg_measure(&b, steady[m]), was->value * (is_volume(was) ? k : 1), 0.005, 0.3);
  }
  leg_free(&a);
  leg_free(&b);
}
END_TEST

/* A longer rest before standing delays every landmark and changes no value. */
START_TEST(a_longer_rest_shifts_times_alone) {
  char early[120], late[120];
  snprintf(early, sizeof early, "phenotype=%s nuisance=none supine_s=60 events=%d", _i % 2 ? "deep_reflux" : "healthy", _i / 2);
  snprintf(late, sizeof late, "phenotype=%s nuisance=none supine_s=80 events=%d", _i % 2 ? "deep_reflux" : "healthy", _i / 2);
  leg a = leg_analyzed(early, 1), b = leg_analyzed(late, 1);
  for (size_t k = 0; k < a.report->tests[0].n_measures; k++)
    check_same("later", &b.report->tests[0].measures[k], a.report->tests[0].measures[k].value, 3e-3, 0.2);
  ck_assert_uint_eq(a.report->tests[0].n_landmarks, b.report->tests[0].n_landmarks);
  for (size_t k = 0; k < a.report->tests[0].n_landmarks; k++) {
    ck_assert_str_eq(a.report->tests[0].landmarks[k].name, b.report->tests[0].landmarks[k].name);
    ck_assert_double_eq_tol(a.report->tests[0].landmarks[k].t_s + 20, b.report->tests[0].landmarks[k].t_s, 0.05);
  }
  leg_free(&a);
  leg_free(&b);
}
END_TEST

/* Every second and every fourth sample tell the same. */
START_TEST(resampling_changes_little) {
  leg a = analyzed(_i, "rate_hz=100");
  for (size_t step = 2; step <= 4; step *= 2) {
    leg b = some_leg(_i, "rate_hz=100");
    dsp_channel *channel = &b.recording->channels[0];
    channel->n /= step;
    for (size_t k = 0; k < channel->n; k++) channel->x[k] = channel->x[k * step];
    channel->rate_hz /= (double)step;
    channel->segments[0].n = channel->n;
    leg_analyze(&b);
    leg_check_report(&b, "resampled");
    check_same("resampled", leg_measure(&b, "VV"), leg_value(&a, "VV"), 0.005, 0);
    check_same("resampled", leg_measure(&b, "VFI"), leg_value(&a, "VFI"), 0.015, 0);
    check_same("resampled", leg_measure(&b, "EF"), leg_value(&a, "EF"), 0, 1);
    check_same("resampled", leg_measure(&b, "RVF"), leg_value(&a, "RVF"), 0, 1);
    leg_free(&b);
  }
  leg_free(&a);
}
END_TEST

static void check_identical(const dsp_test *a, const dsp_test *b) {
  ck_assert_uint_eq(a->n_measures, b->n_measures);
  for (size_t k = 0; k < a->n_measures; k++) {
    const dsp_measure *x = &a->measures[k], *y = &b->measures[k];
    const double left[] = {x->value, x->lo, x->hi, x->se, x->t0_s, x->t1_s}, right[] = {y->value, y->lo, y->hi, y->se, y->t0_s, y->t1_s};
    for (size_t v = 0; v < 6; v++)
      ck_assert_msg(left[v] == right[v] || (isnan(left[v]) && isnan(right[v])), "%s: %.17g, then %.17g", x->row->id, left[v], right[v]);
    ck_assert_msg(!memcmp(&x->flags, &y->flags, sizeof x->flags), "flags of %s", x->row->id);
  }
  ck_assert_uint_eq(a->n_landmarks, b->n_landmarks);
  for (size_t k = 0; k < a->n_landmarks; k++) ck_assert_double_eq(a->landmarks[k].t_s, b->landmarks[k].t_s);
  ck_assert_uint_eq(a->n_series, b->n_series);
  for (size_t k = 0; k < a->n_series; k++) {
    ck_assert_uint_eq(a->series[k].n, b->series[k].n);
    ck_assert_mem_eq(a->series[k].x, b->series[k].x, a->series[k].n * sizeof(double));
  }
  ck_assert_mem_eq(&a->flags, &b->flags, sizeof a->flags);
}

START_TEST(the_same_recording_gives_the_same_bits) {
  leg a = analyzed(_i, "dropouts=5"), b = analyzed(_i, "dropouts=5");
  check_identical(&a.report->tests[0], &b.report->tests[0]);
  leg_analyze(&b);
  check_identical(&a.report->tests[0], &b.report->tests[0]);
  leg_free(&a);
  leg_free(&b);
}
END_TEST

START_TEST(channels_do_not_see_each_other) {
  leg a = analyzed(_i, ""), b = some_leg(_i, "rate_hz=20"), both = some_leg(_i, "");
  /* another noise, another rate, the same schedule; a channel of another role between the two */
  dsp_channel *second = &b.recording->channels[0];
  double *pressure = dsp_zalloc(100, sizeof *pressure), *copy = dsp_alloc(second->n, sizeof *copy);
  ck_assert(pressure && copy);
  memcpy(copy, second->x, second->n * sizeof *copy);
  dsp_channel *added = dsp_recording_add_channel(both.recording, "cuff", 10, pressure, 100);
  ck_assert_ptr_nonnull(added);
  added->role = DSP_ROLE_CUFF_PRESSURE;
  added = dsp_recording_add_channel(both.recording, "APG 2", second->rate_hz, copy, second->n);
  ck_assert_ptr_nonnull(added);
  added->role = DSP_ROLE_VOLUME;
  added->unit = second->unit;
  added->unit_as_written = second->unit_as_written;
  added->side = second->side;
  leg_analyze(&b);
  leg_analyze(&both);
  ck_assert_uint_eq(both.report->n_tests, 2);
  ck_assert_str_eq(both.report->tests[1].channel, "APG 2");
  check_identical(&a.report->tests[0], &both.report->tests[0]);
  check_identical(&b.report->tests[0], &both.report->tests[1]);
  leg_free(&a);
  leg_free(&b);
  leg_free(&both);
}
END_TEST

START_TEST(a_stated_polarity_undoes_reversal) {
  leg a = analyzed(_i, ""), b = changed(_i, "", -1, 0);
  b.recording->channels[0].polarity = -1;
  leg_analyze(&b);
  check_identical(&a.report->tests[0], &b.report->tests[0]);
  leg_free(&a);
  leg_free(&b);
}
END_TEST

static void check_product(const char *what, double left, double right) {
  ck_assert_msg((isnan(left) && isnan(right)) || fabs(left - right) <= 1e-12 * fabs(right), "%s: %.17g is not %.17g", what, left, right);
}

START_TEST(identities_hold) {
  static const char *const kinds[] = {"nuisance=none", "nuisance=realistic", "nuisance=hard", "nuisance=hard stand_cut=1.15"};
  char settings[160];
  snprintf(settings, sizeof settings, "generator=any phenotype=any randomise=1 rate_hz=20 events=%d %s", _i % 2, kinds[_i / 2 % 4]);
  leg l = leg_analyzed(settings, 900 + (uint64_t)_i);
  leg_check_report(&l, settings);
  const double vv = leg_value(&l, "VV");
  if (leg_measure(&l, "VFI")->valid) check_product("VFI x VFT90", leg_value(&l, "VFI") * leg_value(&l, "VFT90"), 0.9 * vv);
  if (leg_measure(&l, "EF")->valid) check_product("EF", leg_value(&l, "EF"), 100 * leg_value(&l, "EV") / vv);
  if (leg_measure(&l, "RVF")->valid) check_product("RVF", leg_value(&l, "RVF"), 100 * leg_value(&l, "RV") / vv);
  const double steps_per_h = 3600 * leg_detail(&l, "cadence");
  if (leg_measure(&l, "PUMP.capacity")->valid)
    check_product("capacity", leg_value(&l, "PUMP.capacity"), leg_value(&l, "EV") * steps_per_h / 1000);
  if (leg_measure(&l, "PUMP.sustained")->valid)
    check_product("sustained", leg_value(&l, "PUMP.sustained"), leg_value(&l, "PUMP.I") * steps_per_h / 1000);
  /* a ratio never comes without its parts */
  if (leg_measure(&l, "EF")->valid) ck_assert(leg_measure(&l, "EV")->valid && leg_measure(&l, "VV")->valid);
  if (leg_measure(&l, "RVF")->valid) ck_assert(leg_measure(&l, "RV")->valid && leg_measure(&l, "VV")->valid);
  if (leg_measure(&l, "VFI")->valid) ck_assert(leg_measure(&l, "VFT90")->valid && leg_measure(&l, "VV")->valid);
  ck_assert(l.report->tests[0].quality >= 0 && l.report->tests[0].quality <= 1);
  const double end_s = dsp_recording_duration_s(l.recording);
  for (size_t k = 0; k < l.report->tests[0].n_landmarks; k++) {
    const dsp_landmark *mark = &l.report->tests[0].landmarks[k];
    ck_assert_msg(mark->t_s >= 0 && mark->t_s <= end_s, "%s at %g of %g s", mark->name, mark->t_s, end_s);
    if (!isnan(mark->lo)) ck_assert_msg(mark->lo <= mark->t_s && mark->t_s <= mark->hi, "%s not in its interval", mark->name);
  }
  leg_free(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("protocol properties");
  TCase *t = tcase_create("apg.stand");
  tcase_set_timeout(t, 120);
  tcase_add_loop_test(t, a_constant_moves_v0_alone, 0, cases(LEGS, 2));
  tcase_add_loop_test(t, a_scale_leaves_times_and_ratios, 0, cases(2 * LEGS, 4));
  tcase_add_loop_test(t, a_longer_rest_shifts_times_alone, 0, 4);
  tcase_add_loop_test(t, resampling_changes_little, 0, cases(LEGS, 3));
  tcase_add_loop_test(t, the_same_recording_gives_the_same_bits, 0, 2);
  tcase_add_loop_test(t, channels_do_not_see_each_other, 0, 2);
  tcase_add_loop_test(t, a_stated_polarity_undoes_reversal, 0, 4);
  tcase_add_loop_test(t, identities_hold, 0, cases(32, 6));
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
