/* SPDX-License-Identifier: GPL-3.0-or-later
 * Congestions found in a volume: breaths on the plateau and at rest are no venting, however deep beside the steepest of a slow outflow. */
#include "../support/runner.h"
#include "../support/traces.h"
#include <dsp/congestion.h>
#include <math.h>
#include <stdbool.h>

enum { RATE_HZ = 20 };

/* Two cycles of 1.2 %: inflated at 60 and 260 s, vented at 180 and 380 s, empty with tau_s. */
static void congest(dsp_trace *trace, double tau_s) {
  double v = 0;
  for (size_t i = 0; i < trace->n; i++) {
    const double t = fmod((double)i / RATE_HZ, 200);
    const bool held = t >= 60 && t < 180;
    v += ((held ? 1.2 : 0) - v) / ((held ? 30 : tau_s) * RATE_HZ);
    trace->x[i] = v;
  }
}

/* Breaths of 5 s draw the volume down by their depth, for 15 s. */
static void breathe(dsp_trace *trace, double at_s, double depth) {
  for (size_t i = 0; i < (size_t)15 * RATE_HZ; i++)
    trace->x[(size_t)(at_s * RATE_HZ) + i] -= depth * pow(sin(acos(-1) * (double)i / (5.0 * RATE_HZ)), 2);
}

START_TEST(breaths_are_no_venting) {
  static const double breath_s[] = {25, 110, 145, 155, 160, 230, 340, 357};
  static const double tau_s[] = {1.5, 4, 8};
  dsp_trace trace = blank((size_t)440 * RATE_HZ, RATE_HZ);
  congest(&trace, tau_s[_i / 8]);
  breathe(&trace, breath_s[_i % 8], 0.15);
  shake(&trace, 0.004, 5);
  dsp_congestions found;
  ck_assert_int_eq(dsp_congestions_find(&found, &trace, 0.2, 10), DSP_OK);
  ck_assert_uint_eq(found.n, 2);
  for (size_t k = 0; k < 2; k++) {
    ck_assert_double_eq_tol(found.cycle[k].inflate_s, 60 + 200 * (double)k, 3);
    ck_assert_double_eq_tol(found.cycle[k].release_s, 180 + 200 * (double)k, 1);
  }
  dsp_trace_clear(&trace);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("congestion");
  TCase *t = tcase_create("volume");
  tcase_add_loop_test(t, breaths_are_no_venting, 0, 24);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
