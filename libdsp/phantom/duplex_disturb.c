/* SPDX-License-Identifier: GPL-3.0-or-later
 * What stands beside the blood in a recorded Doppler signal. Powers are relative to the blood's. Directions are separated by the sign of
 * the frequency: one transform of the whole signal, so the separation itself adds nothing. */
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <fftw3.h>
#include <math.h>
#include <phantom/duplex_echo.h>
#include <phantom/rng.h>
#include <stdlib.h>

enum { STREAM_WALL = 4, STREAM_NOISE = 5, STREAM_CLICKS = 6, STREAM_SPEECH = 7 };
static const double two_pi = 6.283185307179586477;

static double amplitude(double power_db) {
  return pow(10, power_db / 20);
}

/* White noise through a low-pass, brought to the wanted power. */
static dsp_status add_wall(dsp_duplex_signal *signal, const dsp_duplex_settings *s, uint64_t seed, dsp_error *error) {
  dsp_rng rng;
  dsp_sos low;
  if (s->clutter_db <= 0) return DSP_OK;
  dsp_rng_seed(&rng, seed, STREAM_WALL);
  double *x = dsp_alloc(signal->n, sizeof *x), *parts[] = {signal->re, signal->im};
  if (!x) return dsp_fail_memory(error);
  dsp_status status = dsp_butter(&low, 4, DSP_LOWPASS, s->clutter_hz, 0, s->rate_hz, error);
  for (size_t p = 0; p < 2 && !status; p++) {
    for (size_t i = 0; i < signal->n; i++) x[i] = dsp_rng_normal(&rng);
    status = dsp_sosfiltfilt(&low, x, x, signal->n, error);
    double power = 0;
    for (size_t i = 0; i < signal->n && !status; i++) power += x[i] * x[i];
    double gain = amplitude(s->clutter_db) / sqrt(2 * power / (double)signal->n);
    for (size_t i = 0; i < signal->n && !status; i++) parts[p][i] += gain * x[i];
  }
  free(x);
  return status;
}

static void add_noise(dsp_duplex_signal *signal, const dsp_duplex_settings *s, uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_NOISE);
  double sd = amplitude(-s->snr_db) / sqrt(2);
  for (size_t i = 0; i < signal->n; i++) {
    signal->re[i] += sd * dsp_rng_normal(&rng);
    signal->im[i] += sd * dsp_rng_normal(&rng);
  }
}

/* A burst of noise that fades within milliseconds. */
static void add_clicks(dsp_duplex_signal *signal, const dsp_duplex_settings *s, uint64_t seed) {
  const double fade_s = 0.0006;
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_CLICKS);
  for (size_t k = 0; k < (size_t)s->clicks; k++) {
    size_t at = (size_t)(dsp_rng_uniform(&rng) * (double)signal->n), length = (size_t)(8 * fade_s * s->rate_hz);
    for (size_t i = 0; i < length && at + i < signal->n; i++) {
      double size = amplitude(s->click_db) * exp(-(double)i / (fade_s * s->rate_hz));
      signal->re[at + i] += size * dsp_rng_normal(&rng);
      signal->im[at + i] += size * dsp_rng_normal(&rng);
    }
  }
}

static dsp_status filter_wall(dsp_duplex_signal *signal, const dsp_duplex_settings *s, dsp_error *error) {
  dsp_sos high;
  if (s->wall_hz <= 0) return DSP_OK;
  dsp_status status = dsp_butter(&high, 4, DSP_HIGHPASS, s->wall_hz, 0, s->rate_hz, error);
  if (!status) status = dsp_sosfiltfilt(&high, signal->re, signal->re, signal->n, error);
  return status ? status : dsp_sosfiltfilt(&high, signal->im, signal->im, signal->n, error);
}

dsp_status dsp_duplex_disturb(dsp_duplex_signal *signal, const dsp_duplex_plan *plan, uint64_t seed, dsp_error *error) {
  const dsp_duplex_settings *s = &plan->s;
  dsp_status status = add_wall(signal, s, seed, error);
  if (status) return status;
  add_noise(signal, s, seed);
  add_clicks(signal, s, seed);
  status = filter_wall(signal, s, error);
  double gain = amplitude(s->gain_db), sine = sin(s->phase_deg * two_pi / 360), cosine = cos(s->phase_deg * two_pi / 360);
  for (size_t i = 0; i < signal->n; i++) {
    double in_phase = signal->re[i] + s->dc;
    signal->im[i] = gain * (cosine * (signal->im[i] + s->dc) + sine * in_phase);
    signal->re[i] = in_phase;
  }
  return status;
}

dsp_status dsp_duplex_separate(dsp_duplex_signal *signal) {
  const size_t n = signal->n;
  if (n > INT32_MAX) return DSP_NO_MEMORY;
  fftw_complex *z = fftw_malloc(n * sizeof *z);
  fftw_plan there = z ? fftw_plan_dft_1d((int)n, z, z, FFTW_FORWARD, FFTW_ESTIMATE) : NULL;
  fftw_plan back = z ? fftw_plan_dft_1d((int)n, z, z, FFTW_BACKWARD, FFTW_ESTIMATE) : NULL;
  const bool planned = there && back;
  if (planned) {
    for (size_t i = 0; i < n; i++) {
      z[i][0] = signal->re[i];
      z[i][1] = signal->im[i];
    }
    fftw_execute(there);
    for (size_t k = n / 2; k < n; k++) z[k][0] = z[k][1] = 0; /* what stays is the analytic signal of the positive shifts */
    z[0][0] = z[0][1] = 0;
    fftw_execute(back);
    for (size_t i = 0; i < n; i++) {
      double forward = z[i][0] / (double)n;
      signal->im[i] = signal->re[i] - forward;
      signal->re[i] = forward;
    }
  }
  fftw_destroy_plan(there);
  fftw_destroy_plan(back);
  fftw_free(z);
  return planned ? DSP_OK : DSP_NO_MEMORY;
}

/* A voiced second: harmonics of a gliding pitch under two formants, at the pace of syllables. */
static void add_utterance(double *x, size_t n, double rate_hz, double size, dsp_rng *rng) {
  enum { HARMONICS = 30 };
  double pitch_hz = dsp_rng_between(rng, 90, 240), glide = dsp_rng_between(rng, -0.2, 0.2), pace_hz = dsp_rng_between(rng, 3, 5);
  double f1_hz = dsp_rng_between(rng, 300, 800), f2_hz = dsp_rng_between(rng, 1000, 2200), strength[HARMONICS], power = 0, phase = 0;
  size_t top = 0;
  while (top < HARMONICS && 1.3 * pitch_hz * (double)(top + 1) < 0.45 * rate_hz) top++;
  for (size_t h = 0; h < top; h++) {
    double a = (pitch_hz * (double)(h + 1) - f1_hz) / 150, b = (pitch_hz * (double)(h + 1) - f2_hz) / 250;
    strength[h] = exp(-a * a / 2) + 0.5 * exp(-b * b / 2) + 0.02;
    power += strength[h] * strength[h] / 2;
  }
  for (size_t i = 0; i < n; i++) {
    double t_s = (double)i / rate_hz, share = (double)i / (double)n;
    double loud = sin(two_pi / 2 * share) * (0.6 + 0.4 * sin(two_pi * pace_hz * t_s)), sum = 0;
    phase += two_pi * pitch_hz * (1 + glide * share) / rate_hz;
    for (size_t h = 0; h < top; h++) sum += strength[h] * sin((double)(h + 1) * phase);
    x[i] += size * loud * sum / sqrt(power / 2);
  }
}

static void speak(double *x, size_t n, const dsp_duplex_settings *s, uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_SPEECH);
  for (size_t k = 0; k < (size_t)s->speech; k++) {
    size_t at = (size_t)(dsp_rng_uniform(&rng) * (double)n), length = (size_t)(s->rate_hz * dsp_rng_between(&rng, 0.6, 1.4));
    add_utterance(x + at, length < n - at ? length : n - at, s->rate_hz, amplitude(s->speech_db), &rng);
  }
}

dsp_status dsp_duplex_add_sounds(dsp_duplex_signal *signal, const dsp_duplex_plan *plan, uint64_t seed) {
  const dsp_duplex_settings *s = &plan->s;
  const bool hum = s->mains_db > -100;
  if (s->speech < 1 && !hum) return DSP_OK;
  double *x = dsp_zalloc(signal->n, sizeof *x);
  if (!x) return DSP_NO_MEMORY;
  speak(x, signal->n, s, seed);
  double mains_hz = s->mains_hz > 0 ? 60 : 50, size = hum ? amplitude(s->mains_db) : 0;
  for (size_t i = 0; i < signal->n; i++) {
    double turn = two_pi * mains_hz * (double)i / s->rate_hz;
    x[i] += size * (sin(turn) + 0.3 * sin(3 * turn) + 0.1 * sin(5 * turn)) * sqrt(2 / 1.1);
    signal->re[i] += x[i];
    signal->im[i] += x[i];
  }
  free(x);
  return DSP_OK;
}
