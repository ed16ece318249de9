/* SPDX-License-Identifier: GPL-3.0-or-later
 * Doppler kernels: the Doppler equation, and spectra that keep directions and levels. */
#include "../support/runner.h"
#include "../support/venous.h"
#include <dsp/doppler.h>

START_TEST(doppler_equation) {
  ck_assert_double_eq_tol(1000 / dsp_doppler_hz_per_cm_s(5e6, 60, 1540), 30.8, 1e-9);
  ck_assert_double_eq_tol(500 / dsp_doppler_hz_per_cm_s(8e6, 45, 1540), 6.8059, 5e-5);
  ck_assert_double_eq_tol(-400 / dsp_doppler_hz_per_cm_s(4e6, 60, 1540), -15.4, 1e-9);
  ck_assert_double_eq_tol(1000 / dsp_doppler_hz_per_cm_s(5e6, 0, 1540), 15.4, 1e-9);
  ck_assert_double_eq_tol(3472 / dsp_doppler_hz_per_cm_s(1.75e6, 0, 1540), 152.77, 0.005);
  ck_assert(isnan(dsp_doppler_hz_per_cm_s(5e6, 85, 1540)) && isnan(dsp_doppler_hz_per_cm_s(NAN, 60, 1540)));
  ck_assert(isnan(dsp_doppler_hz_per_cm_s(5e6, NAN, 1540)) && isnan(dsp_doppler_hz_per_cm_s(0, 60, 1540)));
  ck_assert(isfinite(dsp_doppler_hz_per_cm_s(5e6, 84.9, 1540)));
}
END_TEST

/* A tone of +-600 Hz at 8 kHz: its power on its own side, at its own bin, and nothing on the other. */
START_TEST(spectra_keep_directions_apart) {
  enum { LENGTH = 160, BINS = 200, FRAMES = 40, HOP = 32, N = LENGTH + (FRAMES - 1) * HOP };
  static float pairs[2 * N], power[FRAMES * BINS];
  for (int separated = 0; separated < 2; separated++)
    for (int sign = -1; sign < 2; sign += 2) {
      dsp_stft *stft = NULL;
      for (size_t i = 0; i < N; i++) {
        const double a = sign * 2 * M_PI * 600 * (double)i / 8000;
        pairs[2 * i] = (float)(separated && sign < 0 ? 0 : cos(a));
        pairs[2 * i + 1] = (float)(separated ? sign < 0 ? cos(a) : 0 : sin(a));
      }
      ck_assert_int_eq(dsp_stft_new(&stft, LENGTH, BINS, separated ? DSP_PAIR_SEPARATED : DSP_PAIR_QUADRATURE, NULL), DSP_OK);
      dsp_stft_run(stft, power, pairs, FRAMES, HOP);
      for (size_t f = 0; f < FRAMES; f++) {
        const float *p = power + f * BINS;
        const int at = BINS / 2 + sign * 15, mirror = BINS / 2 - sign * 15;
        ck_assert(p[at] > 0.9F * (separated ? 0.25F : 1) * LENGTH * 2 / 3);
        ck_assert_msg(p[mirror] < 1e-6F * p[at], "%g against %g", (double)p[mirror], (double)p[at]);
      }
      pairs[(size_t)2 * 3 * HOP] = NAN;
      dsp_stft_run(stft, power, pairs, FRAMES, HOP);
      ck_assert(isnan(power[(size_t)3 * BINS]) && isfinite(power[(size_t)(3 + LENGTH / HOP + 1) * BINS]));
      dsp_stft_free(stft);
    }
  dsp_stft *none = NULL;
  ck_assert_int_eq(dsp_stft_new(&none, 100, 99, DSP_PAIR_QUADRATURE, NULL), DSP_BAD_OPTION);
  ck_assert_ptr_null(none);
}
END_TEST

/* White noise of variance 2 a pair keeps its level in every bin. */
START_TEST(spectra_keep_the_level_of_noise) {
  enum { LENGTH = 128, FRAMES = 2000, N = LENGTH * FRAMES };
  static float pairs[2 * N], power[FRAMES * LENGTH];
  dsp_random random = dsp_random_seeded(5);
  for (size_t i = 0; i < N; i++) {
    double e[2];
    venous_normal(&random, e);
    pairs[2 * i] = (float)e[0], pairs[2 * i + 1] = (float)e[1];
  }
  dsp_stft *stft = NULL;
  ck_assert_int_eq(dsp_stft_new(&stft, LENGTH, LENGTH, DSP_PAIR_QUADRATURE, NULL), DSP_OK);
  dsp_stft_run(stft, power, pairs, FRAMES, LENGTH);
  for (size_t k = 0; k < LENGTH; k++) {
    double mean = 0;
    for (size_t f = 0; f < FRAMES; f++) mean += (double)power[f * LENGTH + k] / FRAMES;
    ck_assert_double_eq_tol(mean, 2, 0.25);
  }
  dsp_stft_free(stft);
}
END_TEST

/* Steps and ramps over a noise floor: the spectrum ends where it falls through its own mean. */
START_TEST(geometric_ends_of_closed_forms) {
  enum { N = 400 };
  float power[N];
  for (size_t end = 1; end < N; end += 57) {
    for (size_t i = 0; i < N; i++) power[i] = i < end ? 1 : 0.02F;
    ck_assert_double_eq(dsp_spectrum_geometric(power, N), (double)end);
    for (size_t i = 0; i < N; i++) power[i] *= _i ? 1e6F : 1e-6F;
    ck_assert_double_eq(dsp_spectrum_geometric(power, N), (double)end);
  }
  /* 1 - f / F below F, of mean F / 2N, is as high as its mean at F (1 - F / 2N) */
  for (int k = 0; k < 6; k++) {
    const double top = 50 + 70 * k; /* the last one fills the band */
    for (size_t i = 0; i < N; i++) power[i] = (float)fmax(0, 1 - ((double)i + 0.5) / top);
    ck_assert_double_eq_tol(dsp_spectrum_geometric(power, N), top * (1 - top / (2 * N)), 0.6);
  }
  for (size_t i = 0; i < N; i++) power[i] = 0;
  ck_assert(isnan(dsp_spectrum_geometric(power, N)) && isnan(dsp_spectrum_geometric(power, 0)));
  power[3] = NAN;
  ck_assert(isnan(dsp_spectrum_geometric(power, N)));
}
END_TEST

/* A spectrum's ratios are its own, whatever stands beside it; turned round, it flows the other way; what is no number says nothing. */
START_TEST(each_spectrum_is_judged_by_itself) {
  enum { BINS = 64, HALF = BINS / 2, FRAMES = 11, LOST = 6, STATES_MAX = 400 };
  static float power[FRAMES * BINS], turned[FRAMES * BINS], all[FRAMES * STATES_MAX], one[STATES_MAX], back[FRAMES * STATES_MAX];
  float background[HALF + 1];
  dsp_random random = dsp_random_seeded(17);
  for (size_t k = 0; k <= HALF; k++) background[k] = 0.01F;
  for (size_t i = 0; i < (size_t)FRAMES * BINS; i++) {
    const long k = (long)(i % BINS) - HALF;
    const double mean = 0.01 + (k > 0 && k < (long)(2 * (i / BINS)) ? 1 : 0);
    power[i] = (float)(-mean * log(1 - (double)(dsp_random_next(&random) >> 11) * 0x1p-53));
  }
  power[LOST * BINS + 9] = INFINITY;
  for (size_t f = 0; f < FRAMES; f++)
    for (size_t k = 0; k < BINS; k++) turned[f * BINS + (BINS - k) % BINS] = power[f * BINS + k];
  const dsp_flow_setting setting = {.background = background,
                                    .bins = BINS,
                                    .rate_hz = 8000,
                                    .step_hz = 25,
                                    .step_part = 0.1,
                                    .top_hz = 5000,
                                    .power = 0.2,
                                    .evidence = 0.5,
                                    .skirts_db = -24,
                                    .skirts_hz = 800,
                                    .shape = {.profile = 2, .width_hz = 40, .width_part = 0.07}};
  dsp_flow_model *model = NULL;
  ck_assert_int_eq(dsp_flow_model_new(&model, &setting, NULL), DSP_OK);
  const size_t steps = dsp_flow_model_steps(model), states = 1 + 2 * steps;
  ck_assert_uint_le(states, STATES_MAX);
  dsp_flow_model_run(model, all, power, FRAMES);
  dsp_flow_model_run(model, back, turned, FRAMES);
  for (size_t f = 0; f < FRAMES; f++) {
    dsp_flow_model_run(model, one, power + f * BINS, 1);
    ck_assert_mem_eq(one, all + f * states, states * sizeof *one);
    ck_assert_mem_eq(one + 1, back + f * states + 1 + steps, steps * sizeof *one);
    ck_assert_mem_eq(one + 1 + steps, back + f * states + 1, steps * sizeof *one);
    double most = 0;
    size_t best = 0;
    for (size_t j = 0; j < states; j++)
      if ((double)one[j] > most) most = (double)one[j], best = j;
    if (f == LOST) ck_assert_uint_eq(best, 0);
    if (f >= 2 && f != LOST)
      ck_assert_double_eq_tol(dsp_flow_model_hz(model, (double)best), 2 * 125.0 * (double)f, 0.35 * 250 * (double)f + 125);
  }
  dsp_flow_model_free(model);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("doppler");
  TCase *t = tcase_create("doppler");
  tcase_add_test(t, doppler_equation);
  tcase_add_test(t, spectra_keep_directions_apart);
  tcase_add_test(t, spectra_keep_the_level_of_noise);
  tcase_add_loop_test(t, geometric_ends_of_closed_forms, 0, 2);
  tcase_add_test(t, each_spectrum_is_judged_by_itself);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
