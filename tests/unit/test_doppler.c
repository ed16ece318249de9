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
      pairs[2 * 3 * HOP] = NAN;
      dsp_stft_run(stft, power, pairs, FRAMES, HOP);
      ck_assert(isnan(power[3 * BINS]) && isfinite(power[(3 + LENGTH / HOP + 1) * BINS]));
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
  for (double top = 50; top <= N; top += 70) {
    for (size_t i = 0; i < N; i++) power[i] = (float)fmax(0, 1 - ((double)i + 0.5) / top);
    ck_assert_double_eq_tol(dsp_spectrum_geometric(power, N), top * (1 - top / (2 * N)), 0.6);
  }
  for (size_t i = 0; i < N; i++) power[i] = 0;
  ck_assert(isnan(dsp_spectrum_geometric(power, N)) && isnan(dsp_spectrum_geometric(power, 0)));
  power[3] = NAN;
  ck_assert(isnan(dsp_spectrum_geometric(power, N)));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("doppler");
  TCase *t = tcase_create("doppler");
  tcase_add_test(t, doppler_equation);
  tcase_add_test(t, spectra_keep_directions_apart);
  tcase_add_test(t, spectra_keep_the_level_of_noise);
  tcase_add_loop_test(t, geometric_ends_of_closed_forms, 0, 2);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
