/* SPDX-License-Identifier: GPL-3.0-or-later
 * Leg volume through the day: published days, sessions and repeats, sides, a gauge that stays on, and what is refused. */
#include "../support/limb.h"
#include "../support/runner.h"

/* Readings at given times, each a segment of its own; role volume in mL. */
static leg day(const double (*rows)[2], size_t n, dsp_role role) {
  double *x = dsp_alloc(n, sizeof *x);
  ck_assert_ptr_nonnull(x);
  dsp_segment segments[32];
  for (size_t i = 0; i < n; i++) {
    x[i] = rows[i][1];
    segments[i] = (dsp_segment){rows[i][0], i, 1};
  }
  leg l = limb_by_hand("volume.trend", role, x, n, 1.0 / 30);
  ck_assert_int_eq(dsp_channel_set_segments(&l.recording->channels[0], segments, n), DSP_OK);
  return l;
}

/* 8 h of standing and 10 h of lying, both legs, and standing with stockings; mL in, % out. */
START_TEST(published_days) {
  static const double days[][4] = {
      {8, 1857.5, 1945, 4.71}, {8, 1850, 1940, 4.86}, {10, 1875, 1770, -5.6}, {10, 1862.5, 1757.5, -5.64}, {8, 1967.5, 1962.5, -0.254}};
  for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
    const double to_s = days[i][0] * 3600;
    const double rows[][2] = {{0, days[i][1] - 1}, {60, days[i][1] + 1}, {to_s, days[i][2] - 1}, {to_s + 60, days[i][2] + 1}};
    leg l = day(rows, 4, DSP_ROLE_VOLUME);
    leg_analyze(&l);
    leg_check_report(&l, "published");
    check_points("MORNING", leg_value(&l, "MORNING"), days[i][1], 1e-9);
    check_points("EVENING", leg_value(&l, "EVENING"), days[i][2], 1e-9);
    check_points("CHANGE", leg_value(&l, "CHANGE"), days[i][3], 0.006);
    check_points("CHANGE.ml", leg_value(&l, "CHANGE.ml"), days[i][2] - days[i][1], 1e-9);
    check_points("RATE", leg_value(&l, "RATE"), 100 * (days[i][2] - days[i][1]) / days[i][1] / days[i][0], 1e-9);
    check_points("REPEAT", leg_value(&l, "REPEAT"), 100 * sqrt(2) / days[i][1], 1e-9);
    ck_assert(leg_flagged(&l, "CHANGE", "change_detected"));
    leg_free(&l);
  }
}
END_TEST

/* Nothing is resampled: an uneven table is read at its own times. */
START_TEST(rate_of_an_uneven_table) {
  const double rows[][2] = {{0, 2000}, {100, 2004}, {7200, 2010}, {7310, 2014}, {25200, 2046}, {25330, 2050}};
  leg l = day(rows, 6, DSP_ROLE_VOLUME);
  leg_analyze(&l);
  leg_check_report(&l, "uneven");
  check_points("as scipy.stats.linregress of the sessions' means", leg_value(&l, "RATE"), 0.334084, 1e-3);
  ck_assert_uint_eq(leg_measure(&l, "RATE")->n, 3);
  leg_free(&l);
}
END_TEST

START_TEST(sides_are_compared) {
  leg_protocol = "volume.trend";
  leg l = leg_simulate("nuisance=custom white=3 lsb=1 change_pct=5 other_pct=1 sessions=4", 3);
  leg_analyze(&l);
  leg_check_report(&l, "both");
  ck_assert_uint_eq(l.report->n_tests, 3);
  const dsp_test *difference = &l.report->tests[2];
  ck_assert_str_eq(difference->manoeuvre, "left minus right");
  const dsp_measure *change = dsp_test_measure(difference, "CHANGE");
  check_points("side difference", change->value, leg_truth(&l, "CHANGE") - leg_truth(&l, "2.CHANGE"), 0.6);
  ck_assert(dsp_flags_has(&change->flags, "change_detected"));
  ck_assert_double_gt(change->limit, 0);
  ck_assert(dsp_flags_has(&dsp_test_measure(difference, "MORNING")->flags, "change_within_repeats"));
  leg_free(&l);
}
END_TEST

/* A gauge that stays on: its level is the change in mL/100 mL already. */
START_TEST(gauge_that_stays_on) {
  enum { RATE_HZ = 2, HOURS = 4, N = RATE_HZ * HOURS * 3600 };
  double *x = dsp_alloc(N, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < N; i++) x[i] = 1.2 + 0.3 * (double)i / RATE_HZ / 3600 + 0.02 * limb_noise(i);
  leg l = limb_by_hand("volume.trend", DSP_ROLE_STRAIN, x, N, RATE_HZ);
  leg_analyze(&l);
  leg_check_report(&l, "gauge");
  check_points("RATE", leg_value(&l, "RATE"), 0.3, 0.001);
  check_points("CHANGE", leg_value(&l, "CHANGE"), 0.3 * (HOURS - 1 / 3.0), 0.03);
  ck_assert_str_eq(leg_measure(&l, "MORNING")->unit, "mL/(100.mL)");
  l.recording->channels[0].cal_semantics = DSP_CAL_LENGTH_PCT;
  leg_analyze(&l);
  check_points("of length: a factor of two", leg_value(&l, "RATE"), 0.6, 0.002);
  l.recording->channels[0].cal_semantics = DSP_CAL_VOLUME_PCT;
  for (size_t i = N / 2; i < N; i++) x[i] += 0.8;
  leg_analyze(&l);
  limb_check_refused(&l, "slipped", "gauge_slipped");
  leg_free(&l);
}
END_TEST

typedef struct trouble {
  const char *what;
  double rows[8][2];
  size_t n;
  const char *measure, *flag;
  bool valid;
} trouble;

/* clang-format off */
static const trouble troubles[] = {
    {"one session", {{0, 1850}, {60, 1852}, {120, 1851}}, 3, "RATE", "day_too_short", false},
    {"no repeats", {{0, 1850}, {14400, 1900}, {28800, 1940}}, 3, "REPEAT", "no_repeats", false},
    {"single readings", {{0, 1850}, {14400, 1900}, {28800, 1940}}, 3, "CHANGE", "single_reading", true},
    {"repeats apart", {{0, 1850}, {60, 1900}, {28800, 1940}, {28860, 1941}}, 4, "MORNING", "repeats_apart", false},
    {"all flat", {{0, 1850}, {60, 1850}, {28800, 1850}, {28860, 1850}}, 4, "CHANGE", "constant_signal", false},
    {"upside down", {{0, -1850}, {60, -1851}, {28800, -1940}, {28860, -1942}}, 4, "CHANGE", "implausible", false},
    {"bent", {{0, 1800}, {60, 1802}, {14400, 1930}, {14460, 1932}, {28800, 1940}, {28860, 1942}}, 6, "RATE", "not_a_line", true},
};
/* clang-format on */

START_TEST(in_trouble) {
  const trouble *row = &troubles[_i];
  leg l = day(row->rows, row->n, DSP_ROLE_VOLUME);
  leg_analyze(&l);
  leg_check_report(&l, row->what);
  ck_assert_msg(leg_flagged(&l, row->measure, row->flag), "%s", row->what);
  ck_assert_msg(leg_measure(&l, row->measure)->valid == row->valid, "%s", row->what);
  leg_free(&l);
}
END_TEST

/* One of three that stands alone does not spoil the morning; a session between is left out whole. */
START_TEST(what_stands_alone_is_left_out) {
  const double rows[][2] = {{0, 1850}, {60, 1950}, {120, 1852}, {14400, 1800}, {14460, 1900}, {28800, 1940}, {28860, 1942}};
  leg l = day(rows, 7, DSP_ROLE_VOLUME);
  leg_analyze(&l);
  leg_check_report(&l, "alone");
  check_points("MORNING", leg_value(&l, "MORNING"), 1851, 1e-9);
  check_points("RATE", leg_value(&l, "RATE"), 100 * 90 / 1851.0 / 7.9917, 0.01);
  ck_assert(dsp_flags_has(&l.report->tests[0].flags, "reading_left_out"));
  ck_assert(dsp_flags_has(&l.report->tests[0].flags, "session_left_out"));
  leg_free(&l);
}
END_TEST

START_TEST(hours_and_posture) {
  const double rows[][2] = {{0, 1850}, {60, 1852}, {28800, 1940}, {28860, 1942}};
  leg l = day(rows, 4, DSP_ROLE_VOLUME);
  l.recording->t0 = "2024-03-02T07:30:00+01:00";
  leg_analyze(&l);
  ck_assert(!leg_flagged(&l, "CHANGE", "hours_unusual") && !leg_flagged(&l, "CHANGE", "posture_changed"));
  l.recording->t0 = "2024-03-02T13:30:00+01:00";
  leg_event(&l, 0, DSP_EVENT_SUPINE, 0, 0);
  leg_event(&l, 20000, DSP_EVENT_STAND, 0, 0);
  leg_analyze(&l);
  ck_assert(leg_flagged(&l, "CHANGE", "hours_unusual") && leg_flagged(&l, "CHANGE", "posture_changed"));
  leg_free(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("volume_trend");
  TCase *t = tcase_create("all");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, published_days);
  tcase_add_test(t, rate_of_an_uneven_table);
  tcase_add_test(t, sides_are_compared);
  tcase_add_test(t, gauge_that_stays_on);
  tcase_add_loop_test(t, in_trouble, 0, sizeof troubles / sizeof troubles[0]);
  tcase_add_test(t, what_stands_alone_is_left_out);
  tcase_add_test(t, hours_and_posture);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
