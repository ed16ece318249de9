/* SPDX-License-Identifier: GPL-3.0-or-later
 * The conditioning of a trace: clock, gaps, spikes, decimation. */
#include "../support/runner.h"
#include "../support/traces.h"
#include <dsp/trace.h>
#include <stdbool.h>

static dsp_status conditioned(dsp_trace *trace, dsp_trace_facts *facts, const double *x, size_t n, double native_hz, double work_hz) {
  const dsp_signal stretch = {x, n, native_hz, 0};
  return dsp_trace_condition(trace, facts, &stretch, 1, work_hz, 0.2, 0.5, 1000000, NULL);
}

START_TEST(clean_trace_passes_unchanged) {
  enum { N = 500 };
  double x[N];
  for (size_t i = 0; i < N; i++) x[i] = round(800 * sin(0.02 * (double)i)) / 8;
  dsp_trace trace;
  dsp_trace_facts facts;
  ck_assert_int_eq(conditioned(&trace, &facts, x, N, 15, 10), DSP_OK);
  ck_assert_double_eq(trace.rate_hz, 15);
  ck_assert_uint_eq(trace.n, N);
  for (size_t i = 0; i < N; i++) {
    ck_assert_double_eq(trace.x[i], x[i]);
    ck_assert_uint_eq(trace.ok[i], 1);
  }
  ck_assert_uint_eq(facts.missing, 0);
  ck_assert_uint_eq(facts.spikes, 0);
  ck_assert_double_eq(facts.step, 0.125);
  dsp_trace_clear(&trace);
}
END_TEST

START_TEST(decimation_keeps_times_and_levels) {
  enum { N = 4000 };
  static double x[N];
  for (size_t i = 0; i < N; i++) x[i] = 50 + 40 * sin(2 * acos(-1) * 0.2 * (double)i / 100);
  dsp_trace trace;
  dsp_trace_facts facts;
  ck_assert_int_eq(conditioned(&trace, &facts, x, N, 100, 10), DSP_OK);
  ck_assert_double_eq(trace.rate_hz, 10);
  ck_assert_uint_eq(trace.n, N / 10);
  for (size_t i = 20; i + 20 < trace.n; i++) ck_assert_double_eq_tol(trace.x[i], x[10 * i], 0.1);
  dsp_trace_clear(&trace);
  ck_assert_int_eq(conditioned(&trace, &facts, x, N, 64, 10), DSP_OK);
  ck_assert_double_eq_tol(trace.rate_hz, 64.0 / 6, 1e-12);
  dsp_trace_clear(&trace);
  dsp_trace_clear(&trace);
}
END_TEST

START_TEST(gaps_are_known) {
  enum { N = 600 };
  double x[N];
  for (size_t i = 0; i < N; i++) x[i] = 0.5 * (double)i;
  for (size_t i = 0; i < 7; i++) x[i] = NAN;
  for (size_t i = 100; i < 104; i++) x[i] = i == 101 ? (double)INFINITY : (double)NAN; /* 0.2 s: a bridge that counts */
  for (size_t i = 200; i < 205; i++) x[i] = NAN;                                       /* 0.25 s: one that does not */
  x[N - 1] = NAN;
  dsp_trace trace;
  dsp_trace_facts facts;
  ck_assert_int_eq(conditioned(&trace, &facts, x, N, 20, 20), DSP_OK);
  ck_assert_uint_eq(facts.missing, 7 + 4 + 5 + 1);
  ck_assert_double_eq_tol(facts.longest_gap_s, 0.35, 1e-12);
  for (size_t i = 0; i < N; i++) {
    const bool bridge = i < 7 || (i >= 200 && i < 205) || i == N - 1;
    ck_assert_msg(trace.ok[i] == !bridge, "ok[%zu] = %d", i, trace.ok[i]);
    ck_assert(isfinite(trace.x[i]));
    if (i >= 7 && i < N - 1) ck_assert_double_eq_tol(trace.x[i], 0.5 * (double)i, 1e-9);
  }
  dsp_trace_clear(&trace);
}
END_TEST

START_TEST(segments_share_one_clock) {
  double a[50], b[50];
  for (size_t i = 0; i < 50; i++) a[i] = 1, b[i] = 5;
  const dsp_signal parts[] = {{a, 50, 10, 0}, {b, 50, 10, 20}};
  dsp_trace trace;
  dsp_trace_facts facts;
  ck_assert_int_eq(dsp_trace_condition(&trace, &facts, parts, 2, 10, 0.2, 0.5, 1000, NULL), DSP_OK);
  ck_assert_uint_eq(trace.n, 250);
  for (size_t i = 0; i < 250; i++) {
    ck_assert_uint_eq(trace.ok[i], i < 50 || i >= 200);
    if (trace.ok[i]) ck_assert_double_eq(trace.x[i], i < 50 ? 1 : 5);
  }
  dsp_trace_clear(&trace);
  dsp_error error = {0};
  ck_assert_int_eq(dsp_trace_condition(&trace, &facts, parts, 2, 10, 0.2, 0.5, 249, &error), DSP_BAD_INPUT);
  ck_assert(*error.found);
  ck_assert_int_eq(dsp_trace_condition(&trace, &facts, parts, 0, 10, 0.2, 0.5, 249, NULL), DSP_BAD_INPUT);
}
END_TEST

START_TEST(spikes_go_and_steps_stay) {
  enum { N = 2000 };
  double x[N];
  dsp_random random = dsp_random_seeded(21);
  for (size_t i = 0; i < N; i++) x[i] = (i < 1000 ? 10 : 40) + 0.2 * normal(&random);
  x[300] += 60;
  x[301] += 50;
  x[1500] -= 80;
  dsp_trace trace;
  dsp_trace_facts facts;
  ck_assert_int_eq(conditioned(&trace, &facts, x, N, 50, 50), DSP_OK);
  ck_assert_uint_eq(facts.spikes, 3);
  for (size_t i = 0; i < N; i++) ck_assert_double_eq_tol(trace.x[i], i < 1000 ? 10 : 40, 1.5);
  dsp_trace_clear(&trace);
}
END_TEST

START_TEST(clipping_and_nothing_are_told) {
  enum { N = 1000 };
  double x[N];
  for (size_t i = 0; i < N; i++) x[i] = fmin(30, 40 * sin(0.01 * (double)i));
  dsp_trace trace;
  dsp_trace_facts facts;
  double above = 0;
  for (size_t i = 0; i < N; i++) above += x[i] >= 30;
  ck_assert_int_eq(conditioned(&trace, &facts, x, N, 20, 20), DSP_OK);
  check_within("clipped", facts.clipped_s, above / 20, 0.11);
  dsp_trace_clear(&trace);
  for (size_t i = 0; i < N; i++) x[i] = 7;
  ck_assert_int_eq(conditioned(&trace, &facts, x, N, 20, 20), DSP_OK);
  ck_assert_double_eq(facts.step, 0);
  dsp_trace_clear(&trace);
  ck_assert_int_eq(conditioned(&trace, &facts, x, 1, 20, 10), DSP_OK);
  dsp_trace_clear(&trace);
  for (size_t i = 0; i < N; i++) x[i] = NAN;
  ck_assert_int_eq(conditioned(&trace, &facts, x, N, 20, 20), DSP_BAD_INPUT);
  ck_assert_ptr_null(trace.x);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("trace");
  TCase *t = tcase_create("trace");
  tcase_add_test(t, clean_trace_passes_unchanged);
  tcase_add_test(t, decimation_keeps_times_and_levels);
  tcase_add_test(t, gaps_are_known);
  tcase_add_test(t, segments_share_one_clock);
  tcase_add_test(t, spikes_go_and_steps_stay);
  tcase_add_test(t, clipping_and_nothing_are_told);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
