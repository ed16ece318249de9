/* SPDX-License-Identifier: GPL-3.0-or-later
 * Contractions: found in a trace, and read against what made it, with a muscle's bulge that lifts the trace or draws it down. */
#include "../support/runner.h"
#include "../support/traces.h"
#include <dsp/contraction.h>

typedef struct exercise {
  double start_s, period_s, contraction_s, ejected, tau_s, bulge;
  unsigned count;
} exercise;

/* Level 120 before; each contraction ejects a fraction along a straight line, the muscle's bulge on top; refill with tau_s between. */
static void contract(dsp_trace *trace, const exercise *e) {
  double v = 120;
  const double step_s = 1 / trace->rate_hz;
  double at_start = v;
  for (size_t i = 0; i < trace->n; i++) {
    const double t = (double)i * step_s - e->start_s;
    const double k = floor(t / e->period_s), phase_s = t - k * e->period_s;
    const bool active = t >= 0 && k < e->count && phase_s < e->contraction_s;
    if (t < 0) {
      trace->x[i] = 120;
      continue;
    }
    if (k < e->count && phase_s < step_s / 2) at_start = v;
    if (active) {
      const double share = phase_s / e->contraction_s;
      trace->x[i] = at_start * (1 - e->ejected * share) + e->bulge * sin(acos(-1) * share);
      v = at_start * (1 - e->ejected) +
          (120 - at_start * (1 - e->ejected)) * (1 - exp(-fmax(0, phase_s + step_s - e->contraction_s) / e->tau_s));
    } else {
      trace->x[i] = v;
      v = 120 - (120 - v) * exp(-step_s / e->tau_s);
    }
  }
}

START_TEST(dip_without_and_with_bulge) {
  static const double bulges[] = {0, 20, 50, -50};
  dsp_trace trace = blank(2000, 20);
  const exercise e = {40, 1, 0.6, 0.5, 15, bulges[_i], 1};
  contract(&trace, &e);
  shake(&trace, 0.1, 11);
  const dsp_noise noise = white(0.1);
  const dsp_dip_task task = {15, 40, 40, 1, 95, 0.05};
  dsp_dip dip;
  ck_assert_int_eq(dsp_dip_read(&dip, &trace, &noise, &task), DSP_OK);
  check_within("before", dip.before.value, 120, 0.3);
  check_within("lowest", dip.lowest.value, 60, 1);
  check_within("drop", dip.drop.value, 60, 1);
  check_within("drop", dip.drop.value, dip.before.value - dip.lowest.value, 1e-9);
  check_within("when", dip.lowest_s, 40.6, 0.2);
  check_within("rate", dip.rate, 4, 0.6);
  if (e.bulge != 20) ck_assert(dip.bulge == (e.bulge != 0)); /* 20 mL hide in the ejection of 60 */
  ck_assert(dip.drop.se > 0 && dip.drop.se < 3);
  ck_assert_double_ge(dip.clear_s, dip.lowest_s);
  dsp_trace_clear(&trace);
}
END_TEST

START_TEST(dip_of_a_series_is_its_last) {
  dsp_trace trace = blank(2400, 20);
  const exercise e = {30, 1, 0.5, 0.3, 12, 0, 10};
  contract(&trace, &e);
  double lowest = INFINITY;
  for (size_t i = 780; i < 820; i++) lowest = fmin(lowest, trace.x[i]);
  shake(&trace, 0.1, 12);
  const dsp_noise noise = white(0.1);
  const dsp_dip_task task = {5, 30, 39, 1, 110, 0.05};
  dsp_dip dip;
  ck_assert_int_eq(dsp_dip_read(&dip, &trace, &noise, &task), DSP_OK);
  check_within("before", dip.before.value, 120, 0.3);
  check_within("lowest", dip.lowest.value, lowest, 1.2);
  check_within("when", dip.lowest_s, 39.5, 0.25);
  dsp_trace_clear(&trace);
}
END_TEST

START_TEST(dip_needs_samples_on_both_sides) {
  dsp_trace trace = blank(2000, 20);
  const exercise e = {40, 1, 0.6, 0.5, 15, 0, 1};
  contract(&trace, &e);
  const dsp_noise noise = white(0.1);
  const dsp_dip_task tasks[] = {{39, 40, 40, 1, 95, 0.05}, {15, 40, 40, 1, 42, 0.05}, {95, 99, 99, 1, 200, 0.05}, {-3, 0, 0, 1, 95, 0.05}};
  dsp_dip dip;
  for (size_t k = 0; k < 4; k++) ck_assert_int_eq(dsp_dip_read(&dip, &trace, &noise, &tasks[k]), DSP_NO_SOLUTION);
  memset(trace.ok + 800, 0, trace.n - 800); /* from 40 s on */
  const dsp_dip_task unseen = {15, 40, 40, 1, 95, 0.05};
  ck_assert_int_eq(dsp_dip_read(&dip, &trace, &noise, &unseen), DSP_NO_SOLUTION);
  dsp_trace_clear(&trace);
}
END_TEST

/* The true lowest volume of the last contraction of `e`: the same leg without its bulge. */
static double true_lowest(const exercise *e, size_t n, double rate_hz) {
  dsp_trace clean = blank(n, rate_hz);
  exercise bare = *e;
  bare.bulge = 0;
  contract(&clean, &bare);
  const double last_s = e->start_s + (e->count - 1) * e->period_s;
  double lowest = INFINITY;
  for (size_t i = (size_t)(last_s * rate_hz); i < (size_t)((last_s + e->contraction_s + 1.5) * rate_hz); i++)
    lowest = fmin(lowest, clean.x[i]);
  dsp_trace_clear(&clean);
  return lowest;
}

static dsp_dip read_series(const exercise *e, const dsp_dip_task *task, double *lowest) {
  const double rate_hz = 20;
  dsp_trace trace = blank(2400, rate_hz);
  contract(&trace, e);
  shake(&trace, 0.1, 16);
  const dsp_noise noise = white(0.1);
  dsp_dip dip;
  ck_assert_int_eq(dsp_dip_read(&dip, &trace, &noise, task), DSP_OK);
  *lowest = true_lowest(e, trace.n, rate_hz);
  dsp_trace_clear(&trace);
  return dip;
}

/* A series leaves the leg filling fast; that a bulge draws its trace down is believed because an earlier contraction showed the same. */
START_TEST(dip_drawn_as_an_earlier_one) {
  const exercise e = {30, 1, 0.5, 0.35, 6, -8, 10};
  const dsp_dip_task unaware = {5, 30, 39, 1, 110, 0}, aware = {5, 30, 39, 1, 110, 0, .drawn_s = 0.5};
  double lowest;
  const dsp_dip misled = read_series(&e, &unaware, &lowest), dip = read_series(&e, &aware, &lowest);
  ck_assert(!misled.drawn);
  ck_assert_double_lt(misled.lowest.value, lowest - 2);
  ck_assert(dip.drawn);
  check_within("lowest", dip.lowest.value, lowest, 1);
  check_within("clear", dip.clear_s, 39.5, 0.08);
}
END_TEST

/* Where the end of a bulge does not show, the contraction lasts at least about as long as an earlier one did. */
START_TEST(dip_lasts_as_an_earlier_one) {
  const exercise e = {30, 1, 0.5, 0.1, 4, -4, 10};
  const dsp_dip_task unaware = {5, 30, 39, 1, 110, 0}, aware = {5, 30, 39, 1, 110, 0, .ended_s = 0.5};
  double lowest;
  const dsp_dip early = read_series(&e, &unaware, &lowest), dip = read_series(&e, &aware, &lowest);
  ck_assert_double_lt(early.clear_s, 39.36);
  ck_assert_double_ge(dip.clear_s, 39.36);
  ck_assert_double_lt(fabs(dip.lowest.value - lowest), fabs(early.lowest.value - lowest));
}
END_TEST

/* A mark that is early lets the longest contraction end before this one does: while the trace falls it is not over. */
START_TEST(dip_goes_on_while_it_falls) {
  const exercise e = {30, 1, 0.6, 0.3, 15, 25, 10};
  const dsp_dip_task late = {5, 30, 39, 0.8, 110, 0}, early = {5, 29.7, 38.7, 0.7, 110, 0};
  double lowest;
  const dsp_dip told = read_series(&e, &late, &lowest), dip = read_series(&e, &early, &lowest);
  check_within("lowest", told.lowest.value, lowest, 1);
  check_within("lowest", dip.lowest.value, lowest, 1);
  check_within("clear", dip.clear_s, 39.6, 0.1);
}
END_TEST

START_TEST(bouts_are_found_and_counted) {
  static const double rates[] = {10, 20};
  const double rate = rates[_i];
  dsp_trace trace = blank((size_t)(300 * rate), rate), late = blank((size_t)(300 * rate), rate);
  const exercise single = {60, 1, 0.6, 0.5, 15, 0, 1}, series = {180, 1, 0.5, 0.3, 12, 0, 10};
  contract(&trace, &single);
  contract(&late, &series);
  for (size_t i = (size_t)(170 * rate); i < trace.n; i++) trace.x[i] = late.x[i];
  shake(&trace, 0.15, 13);
  dsp_bouts bouts;
  ck_assert_int_eq(dsp_bouts_find(&bouts, &trace, 0, trace.n, 4), DSP_OK);
  ck_assert_uint_eq(bouts.n, 2);
  ck_assert_uint_eq(bouts.bout[0].count, 1);
  check_within("single", bouts.bout[0].first_s, 60, 0.3);
  check_within("drop", bouts.bout[0].drop, 60, 5);
  ck_assert(isnan(bouts.bout[0].period_s));
  ck_assert_uint_eq(bouts.bout[1].count, 10);
  check_within("series", bouts.bout[1].first_s, 180, 0.3);
  check_within("last", bouts.bout[1].last_s, 189, 0.5);
  check_within("period", bouts.bout[1].period_s, 1, 0.03);
  dsp_trace_clear(&trace);
  dsp_trace_clear(&late);
}
END_TEST

START_TEST(breathing_is_no_contraction) {
  dsp_trace trace = blank(3000, 10);
  for (size_t i = 0; i < trace.n; i++) {
    const double t = (double)i / 10;
    trace.x[i] = 120 + 2 * sin(1.6 * t) + sin(0.6 * t) + 0.4 * sin(7 * t);
  }
  shake(&trace, 0.2, 14);
  dsp_bouts bouts;
  ck_assert_int_eq(dsp_bouts_find(&bouts, &trace, 0, trace.n, 4), DSP_OK);
  ck_assert_uint_eq(bouts.n, 0);
  ck_assert_int_eq(dsp_bouts_find(&bouts, &trace, 100, 100, 4), DSP_OK);
  ck_assert_uint_eq(bouts.n, 0);
  dsp_trace_clear(&trace);
}
END_TEST

/* The contractions before the last one show when the muscle lets go and steady what noise hides of its level; too few of them change
 * nothing. */
START_TEST(series_steadies_its_last) {
  static const double bulges[] = {18, -18};
  const exercise e = {30, 1, 0.6, 0.35, 5, bulges[_i], 10};
  dsp_trace trace = blank(2400, 20);
  contract(&trace, &e);
  shake(&trace, 1.2, 21);
  const dsp_noise noise = white(1.2);
  const dsp_dip_task task = {5, 30, 38.86, 1.1, 110, 0.03};
  dsp_dip dip, few;
  ck_assert_int_eq(dsp_dip_read(&dip, &trace, &noise, &task), DSP_OK);
  few = dip;
  const double alone = dip.lowest.se, lowest = true_lowest(&e, trace.n, trace.rate_hz);
  dsp_series_task series = {.last_s = 38.86, .early_s = 0.12, .period_s = 1, .kept = 0.65, .until_s = 110, .lead_s = 0.03, .count = 10};
  ck_assert_int_eq(dsp_series_read(&dip, &trace, &noise, &series), DSP_OK);
  ck_assert_msg(dip.lowest.se < alone, "error %g, without the others %g", dip.lowest.se, alone);
  check_within("lowest", dip.lowest.value, lowest, 2);
  check_within("clear", dip.clear_s, 39.6, 0.08);
  check_within("rate", dip.rate, (120 - lowest) / e.tau_s, 5);
  series.count = 3;
  ck_assert_int_eq(dsp_series_read(&few, &trace, &noise, &series), DSP_OK);
  ck_assert_double_eq(few.lowest.se, alone);
  dsp_trace_clear(&trace);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("contractions");
  TCase *t = tcase_create("reading");
  tcase_add_loop_test(t, dip_without_and_with_bulge, 0, 4);
  tcase_add_test(t, dip_of_a_series_is_its_last);
  tcase_add_test(t, dip_needs_samples_on_both_sides);
  tcase_add_test(t, dip_drawn_as_an_earlier_one);
  tcase_add_test(t, dip_lasts_as_an_earlier_one);
  tcase_add_test(t, dip_goes_on_while_it_falls);
  tcase_add_loop_test(t, series_steadies_its_last, 0, 2);
  suite_add_tcase(suite, t);
  t = tcase_create("finding");
  tcase_add_loop_test(t, bouts_are_found_and_counted, 0, 2);
  tcase_add_test(t, breathing_is_no_contraction);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
