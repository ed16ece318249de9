/* SPDX-License-Identifier: GPL-3.0-or-later
 * Initial slopes of limbs that fill behind a cuff, against closed forms. */
#include "../support/runner.h"
#include <check.h>
#include <dsp/fit.h>
#include <dsp/inflow.h>
#include <math.h>
#include <stdlib.h>

enum { RATE = 12, CYCLES = 6, CYCLE_S = 20, N = RATE * CYCLES * CYCLE_S };

static double x[N];
static unsigned char ok[N];
static dsp_trace trace = {x, ok, N, RATE};
static dsp_inflow_cycle cycles[CYCLES];

static dsp_random chance;

static double uniform(void) {
  return (double)(dsp_random_next(&chance) >> 11) * 0x1p-53;
}

static double normal(void) {
  double sum = 0;
  for (int i = 0; i < 12; i++) sum += uniform();
  return sum - 6;
}

/* Cycles of a store that fills at `per_min` to `capacity`, with pulse, breathing and noise. */
static void make(double per_min, double capacity, double filtration, double pulse, double breath, double noise, double from_s,
                 double to_s) {
  const double tau_s = capacity / (per_min / 60);
  const double phase = 1000 * uniform();
  for (int i = 0; i < N; i++) {
    const double t_s = (double)i / RATE, since_s = fmod(t_s, CYCLE_S);
    const double beat = 6.283185307 * 1.17 * t_s + 1.7 * phase;
    x[i] = capacity * (1 - exp(-since_s / tau_s)) + filtration / 60 * since_s + pulse * (sin(beat) + 0.4 * sin(2 * beat + 1)) +
           breath * sin(6.283185307 * 0.23 * t_s + phase + 0.3 * sin(0.7 * t_s)) + noise * normal();
    ok[i] = 1;
  }
  for (int c = 0; c < CYCLES; c++) cycles[c] = (dsp_inflow_cycle){c * CYCLE_S, c * CYCLE_S + from_s, c * CYCLE_S + to_s};
}

static dsp_status read_all(dsp_inflow *read) {
  dsp_noise noise;
  const dsp_status status = dsp_inflow_learn(&noise, &trace, cycles, CYCLES, 1e-4);
  return status == DSP_OK ? dsp_inflow_read(read, &trace, &noise, cycles, CYCLES) : status;
}

/* Store of 2.4 mL/100 mL, 35 s, filtration 0.06 per min: slopes of a straight line from 0, of the store alone. */
START_TEST(a_line_reads_low_and_the_bend_gives_it_back) {
  static const struct { double to_s, line; } rows[] = {{5, 3.8326}, {10, 3.5739}, {15, 3.3360}};
  dsp_inflow read[CYCLES];
  make(2.4 / 35 * 60, 2.4, 0, 0, 0, 0, 0, rows[_i].to_s);
  ck_assert_int_eq(read_all(read), DSP_OK);
  for (int c = 0; c < CYCLES; c++) {
    ck_assert_double_eq_tol(60 * read[c].line.value, rows[_i].line, 0.01); /* 50 samples per second, not a continuum */
    ck_assert_double_eq_tol(60 * read[c].initial.value, 4.1143, 0.01 * 4.1143);
  }
}
END_TEST

/* Half of the slopes, and their usual error, with pulse, breathing and noise; the interval tells their scatter. */
START_TEST(noise_is_told) {
  static const double flows[] = {1.5, 3, 5, 25};
  double squares = 0, told = 0, sum = 0;
  int n = 0;
  for (unsigned seed = 0; seed < 25; seed++) {
    dsp_inflow read[CYCLES];
    chance = dsp_random_seeded(seed);
    make(flows[_i], 2.6, 0.05, 0.05, 0.03, 0.01, 1, 9);
    ck_assert_int_eq(read_all(read), DSP_OK);
    for (int c = 0; c < CYCLES; c++, n++) {
      const double error = 60 * read[c].initial.value - flows[_i] - 0.05;
      squares += error * error;
      sum += error;
      told += 3600 * read[c].initial.se * read[c].initial.se;
    }
  }
  const double scatter = sqrt(squares / n), usual = sqrt(told / n);
  ck_assert_msg(scatter < 1 && fabs(sum / n) < 0.05 * flows[_i], "scatter %g, mean %g of %g", scatter, sum / n, flows[_i]);
  ck_assert_msg(usual > 0.5 * scatter && usual < 2 * scatter, "error told %g, scatter %g", usual, scatter);
}
END_TEST

START_TEST(too_little_to_read) {
  dsp_inflow read[CYCLES];
  make(3, 2.4, 0, 0, 0, 0, 1, 1.1);
  for (int i = 0; i < RATE * 30; i++) ok[i] = 0;
  ck_assert_int_eq(read_all(read), DSP_OK);
  for (int c = 0; c < CYCLES; c++) ck_assert(isnan(read[c].initial.value) && isnan(read[c].line.value));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("inflow");
  TCase *t = tcase_create("inflow");
  tcase_add_loop_test(t, a_line_reads_low_and_the_bend_gives_it_back, 0, 3);
  tcase_add_loop_test(t, noise_is_told, 0, 4);
  tcase_add_test(t, too_little_to_read);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
