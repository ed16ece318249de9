/* SPDX-License-Identifier: GPL-3.0-or-later
 * Beats found in pulses whose feet are known in closed form. */
#include "../support/runner.h"
#include <check.h>
#include <dsp/fit.h>
#include <dsp/pulse.h>
#include <math.h>
#include <stdlib.h>

enum { N_MAX = 60 * 250 };

static double x[N_MAX], bump = 0.12;
static const dsp_beat_rule rule = {.lo_hz = 0.5, .hi_hz = 12, .shortest_s = 0.3, .longest_s = 2};

/* One beat: a parabolic upstroke of `crest_s`, then an exponential fall with a dicrotic bump. The steepest tangent leaves the level of the
 * foot a quarter of the way up in time. */
static double pulse_at(double t_s, double period_s) {
  const double crest_s = 0.16 * sqrt(period_s);
  if (t_s < crest_s) {
    const double u = t_s / crest_s;
    return u < 0.5 ? 2 * u * u : 1 - 2 * (1 - u) * (1 - u);
  }
  const double fall = exp(-(t_s - crest_s) / (0.28 * period_s)), end = exp(-(period_s - crest_s) / (0.28 * period_s));
  const double wave = exp(-pow((t_s - 0.45 * period_s) / (0.06 * period_s), 2));
  return (fall - end) / (1 - end) + bump * wave;
}

static size_t make(double per_min, double rate_hz, double drift, double noise, unsigned seed) {
  const size_t n = (size_t)(60 * rate_hz);
  const double period_s = 60 / per_min;
  dsp_random chance = dsp_random_seeded(seed);
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i / rate_hz;
    x[i] = pulse_at(fmod(t_s, period_s), period_s) + drift * t_s +
           noise * ((double)(dsp_random_next(&chance) >> 11) * 0x1p-53 - 0.5) * sqrt(12);
  }
  return n;
}

START_TEST(every_foot_is_found) {
  static const struct {
    double per_min, rate_hz, drift, noise, tolerance_s;
  } rows[] = {{42, 100, 0, 0, 0.02},     {60, 50, 0, 0, 0.02},        {72, 200, 0.05, 0, 0.02}, {110, 100, 0, 0, 0.02},
              {170, 250, -0.1, 0, 0.02}, {72, 100, 0.05, 0.03, 0.03}, {96, 40, 0, 0.02, 0.03}};
  const double period_s = 60 / rows[_i].per_min, crest_s = 0.16 * sqrt(period_s);
  const size_t n = make(rows[_i].per_min, rows[_i].rate_hz, rows[_i].drift, rows[_i].noise, 7);
  dsp_beat *beats = NULL;
  size_t n_beats = 0;
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &(dsp_signal){x, n, rows[_i].rate_hz, 5}, &rule, NULL), DSP_OK);
  ck_assert_int_le(llabs((long long)n_beats - (long long)rows[_i].per_min), 1);
  for (size_t i = 2; i + 2 < n_beats; i++) {
    const double true_foot_s = 5 + period_s * round((beats[i].foot_s - 5) / period_s) + 0.25 * crest_s;
    ck_assert_msg(fabs(beats[i].foot_s - true_foot_s) < rows[_i].tolerance_s, "beat %zu of row %d: foot %.3f s, truth %.3f s", i, _i,
                  beats[i].foot_s, true_foot_s);
    ck_assert(beats[i].peak_s > beats[i].foot_s && beats[i].peak > beats[i].foot && beats[i].slope > 0);
  }
  free(beats);
}
END_TEST

START_TEST(nothing_to_find_is_said) {
  dsp_beat *beats = NULL;
  size_t n_beats = 1;
  for (size_t i = 0; i < 1000; i++) x[i] = 3;
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &(dsp_signal){x, 1000, 100, 0}, &rule, NULL), DSP_NO_SOLUTION);
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &(dsp_signal){x, 100, 100, 0}, &rule, NULL), DSP_NO_SOLUTION);
  const size_t n = make(60, 100, 0, 0, 1);
  x[500] = (double)NAN;
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &(dsp_signal){x, n, 100, 0}, &rule, NULL), DSP_BAD_INPUT);
  dsp_beat_rule senseless = rule;
  senseless.hi_hz = 0.1;
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &(dsp_signal){x, n, 100, 0}, &senseless, NULL), DSP_BAD_OPTION);
  ck_assert_ptr_null(beats);
  ck_assert_uint_eq(n_beats, 0);
}
END_TEST

/* Crest, half width and amplitude of the pulse above, by its own formulas; with the dicrotic bump there is a notch, without it none. */
START_TEST(the_average_beat_has_the_pulse_s_shape) {
  static const double rates_hz[] = {100, 200, 250};
  const double rate_hz = rates_hz[_i], per_min = 66, period_s = 60 / per_min, crest_s = 0.16 * sqrt(period_s);
  for (int noisy = 0; noisy < 2; noisy++) {
    const size_t n = make(per_min, rate_hz, 0.02, noisy ? 0.03 : 0, 11);
    dsp_beat *beats = NULL;
    size_t n_beats = 0;
    dsp_pulse pulse;
    const dsp_signal signal = {x, n, rate_hz, 0};
    ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &signal, &rule, NULL), DSP_OK);
    ck_assert_int_eq(dsp_pulse_average(&pulse, &signal, beats, n_beats, 5, 0.9, NULL), DSP_OK);
    ck_assert_uint_ge(pulse.n_beats, n_beats - 5);
    ck_assert_double_eq_tol(pulse.amplitude.value, 1, noisy ? 0.05 : 0.02);
    ck_assert_double_eq_tol(pulse.crest_s.value, 0.75 * crest_s, 0.02);
    ck_assert_double_eq_tol(pulse.slope.value, 2 / crest_s, 0.1 * 2 / crest_s); /* the kink of this upstroke is sharper than a sample */
    ck_assert_double_eq_tol(pulse.period_s.value, period_s, 0.01);
    double to_s = crest_s;
    while (pulse_at(to_s, period_s) > 0.5) to_s += 1e-4;
    ck_assert_double_eq_tol(pulse.half_width_s.value, to_s - 0.5 * crest_s, 0.015);
    ck_assert(noisy ? pulse.amplitude.se > 0 && pulse.amplitude.se < 0.02 : pulse.amplitude.se < 0.01);
    ck_assert(pulse.bend.value > 5 * pulse.bend.se && pulse.notch_s > pulse.crest_s.value && pulse.notch_s < 0.55 * period_s);
    dsp_pulse_clear(&pulse);
    free(beats);
  }
}
END_TEST

START_TEST(a_pulse_without_reflected_wave_has_no_notch) {
  bump = 0;
  const size_t n = make(66, 200, 0, _i * 0.01, 3);
  bump = 0.12;
  dsp_beat *beats = NULL;
  size_t n_beats = 0;
  dsp_pulse pulse;
  const dsp_signal signal = {x, n, 200, 0};
  ck_assert_int_eq(dsp_find_beats(&beats, &n_beats, &signal, &rule, NULL), DSP_OK);
  ck_assert_int_eq(dsp_pulse_average(&pulse, &signal, beats, n_beats, 5, 0.9, NULL), DSP_OK);
  ck_assert_msg(!(pulse.bend.value > 4 * pulse.bend.se) || pulse.bend.value < 1, "bend %g +- %g", pulse.bend.value, pulse.bend.se);
  dsp_pulse_clear(&pulse);
  ck_assert_int_eq(dsp_pulse_average(&pulse, &signal, beats, 4, 5, 0.9, NULL), DSP_NO_SOLUTION);
  ck_assert_ptr_null(pulse.mean);
  free(beats);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("beats");
  TCase *t = tcase_create("beats");
  tcase_add_loop_test(t, every_foot_is_found, 0, 7);
  tcase_add_loop_test(t, the_average_beat_has_the_pulse_s_shape, 0, 3);
  tcase_add_loop_test(t, a_pulse_without_reflected_wave_has_no_notch, 0, 3);
  tcase_add_test(t, nothing_to_find_is_said);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
