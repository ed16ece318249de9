/* SPDX-License-Identifier: GPL-3.0-or-later
 * A Doppler recording of a compressed vein, made in another way than the simulator's: tubes of the velocity profile, each a carrier that
 * follows the velocity and is modulated by its own low-pass complex Gaussian noise, so that every tube has its own transit-time width. */
#ifndef SUPPORT_VENOUS_H
#define SUPPORT_VENOUS_H

#include <dsp/fit.h>
#include <dsp/protocol.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { VENOUS_TUBES = 40, VENOUS_TRIALS_MAX = 8 };

typedef enum venous_wiring { VENOUS_IQ, VENOUS_SEPARATED, VENOUS_DUAL_MONO, VENOUS_MONO } venous_wiring;

typedef struct venous_plan {
  double rate_hz, duration_s, f0_hz, angle_deg;
  venous_wiring wiring;
  bool swapped;                       /* channels exchanged */
  double profile;                     /* exponent n of v(r) = vmax (1 - (r/R)^n) */
  double snr_db;                      /* blood against the noise within +-4 kHz */
  double clutter_db, clutter_hz;      /* above the blood, -INFINITY none; width of the wall's echo */
  double broadening;                  /* relative width of each tube */
  double gain_db, phase_deg;          /* quadrature imbalance */
  double crosstalk_db;                /* of separated channels, -INFINITY none */
  double rest_cm_s, phasic, breath_s; /* flow at rest, its modulation, its period */
  unsigned trials;
  double first_s, period_s;                  /* of compressions */
  double push_cm_s, push_s;                  /* peak and length of the augmentation */
  double rise_s, peak_cm_s, tau_s, reflux_s; /* peak_cm_s 0: competent */
  double spike_cm_s, spike_s;                /* closure of a competent valve */
  double quiet_s;                            /* no flow after reflux or closure */
  double click_rate_hz;                      /* clicks a second */
  bool still;                                /* standing blood goes on to echo */
} venous_plan;

static inline double venous_release_s(const venous_plan *p, unsigned trial) {
  return p->first_s + trial * p->period_s + p->push_s;
}

/* Centre-line velocity, cm/s. */
static inline double venous_velocity(const venous_plan *p, double t_s) {
  const double rest = p->rest_cm_s * (1 + p->phasic * sin(2 * M_PI * t_s / p->breath_s));
  const double back_s = p->peak_cm_s > 0 ? p->reflux_s : p->spike_s;
  for (unsigned i = 0; i < p->trials; i++) {
    const double at = t_s - (p->first_s + i * p->period_s), after = at - p->push_s;
    if (at < 0 || after > back_s + p->quiet_s) continue;
    if (after < 0) return fmax(rest, p->push_cm_s * sin(M_PI * at / p->push_s));
    if (after >= back_s) return rest * fmax(0, (after - back_s) / fmax(p->quiet_s, 1e-3) - 0.7) / 0.3;
    if (p->peak_cm_s <= 0) return -p->spike_cm_s * sin(M_PI * fmin(after / p->spike_s * 0.6, 0.5));
    if (after < p->rise_s) return -p->peak_cm_s * after / p->rise_s;
    return -p->peak_cm_s * exp(-(after - p->rise_s) / p->tau_s);
  }
  return rest;
}

/* First to last crossing of -threshold after the release; 0 without. */
static inline double venous_reflux_s(const venous_plan *p, unsigned trial, double threshold_cm_s) {
  double first = NAN, last = NAN;
  const double release = venous_release_s(p, trial), step_s = 1e-4;
  if (p->peak_cm_s <= 0) return 0;
  for (double t_s = release - 0.05; t_s < release + p->reflux_s + 0.1; t_s += step_s)
    if (venous_velocity(p, t_s) <= -threshold_cm_s) {
      if (isnan(first)) first = t_s;
      last = t_s;
    }
  return isnan(first) ? 0 : last - first;
}

static inline double venous_mean_share(const venous_plan *p) {
  return p->profile / (p->profile + 2);
}

typedef struct venous_noise {
  dsp_random random;
} venous_noise;

static inline double venous_uniform(dsp_random *random) {
  return ((double)(dsp_random_next(random) >> 11) + 0.5) * 0x1p-53;
}

static inline void venous_normal(dsp_random *random, double pair[2]) {
  const double r = sqrt(-2 * log(venous_uniform(random))), a = 2 * M_PI * venous_uniform(random);
  pair[0] = r * cos(a), pair[1] = r * sin(a);
}

/* Blood and wall: z, n complex samples, blood of power 1. Each 1 ms has one velocity; amplitudes are second-order low-pass noise. */
static inline void venous_blood(const venous_plan *p, float *z, size_t n, dsp_random *random) {
  const size_t block = (size_t)fmax(1, 1e-3 * p->rate_hz);
  const double hz_per_cm_s = 2 * p->f0_hz * cos(p->angle_deg * M_PI / 180) / 1540 / 100;
  double phase[VENOUS_TUBES], a[VENOUS_TUBES][2] = {{0}}, b[VENOUS_TUBES][2] = {{0}};
  for (int k = 0; k < VENOUS_TUBES; k++) phase[k] = 2 * M_PI * venous_uniform(random);
  for (size_t first = 0; first < n; first += block) {
    const size_t count = n - first < block ? n - first : block;
    const double v = venous_velocity(p, ((double)first + 0.5 * (double)block) / p->rate_hz);
    const double level = p->still ? 1 : fmin(1, fabs(v) / 0.7);
    for (int k = 0; k < VENOUS_TUBES; k++) {
      const double share = 1 - pow((k + 0.5) / VENOUS_TUBES, p->profile / 2), f = v * share * hz_per_cm_s;
      const double width = 8 + p->broadening * fabs(f), keep = exp(-2 * M_PI * width * (double)count / p->rate_hz);
      double e[2];
      venous_normal(random, e);
      /* two poles at `keep`: unit variance of each part needs (1 - k^2)^3 / (1 + k^2) */
      const double drive = sqrt(pow(1 - keep * keep, 3) / (1 + keep * keep) / 2);
      const double old[2] = {b[k][0], b[k][1]};
      for (int c = 0; c < 2; c++) {
        a[k][c] = keep * a[k][c] + drive * e[c];
        b[k][c] = keep * b[k][c] + a[k][c];
      }
      const double step = 2 * M_PI * f / p->rate_hz, scale = level / sqrt(VENOUS_TUBES);
      double re = cos(phase[k]), im = sin(phase[k]);
      const double cr = cos(step), ci = sin(step);
      for (size_t i = 0; i < count; i++) {
        const double g = (double)i / (double)count, x = scale * (old[0] + g * (b[k][0] - old[0])),
                     y = scale * (old[1] + g * (b[k][1] - old[1]));
        z[2 * (first + i)] += (float)(x * re - y * im);
        z[2 * (first + i) + 1] += (float)(x * im + y * re);
        const double next = re * cr - im * ci;
        im = re * ci + im * cr;
        re = next;
      }
      phase[k] = fmod(phase[k] + step * (double)count, 2 * M_PI);
    }
  }
}

/* Wall echo: complex noise, two poles at the given width, symmetric about zero. */
static inline void venous_wall(const venous_plan *p, float *z, size_t n, dsp_random *random) {
  if (!isfinite(p->clutter_db)) return;
  const double keep = exp(-2 * M_PI * 0.4 * p->clutter_hz / p->rate_hz), drive = sqrt(pow(1 - keep * keep, 3) / (1 + keep * keep) / 2);
  const double level = pow(10, p->clutter_db / 20);
  double a[2] = {0}, b[2] = {0};
  for (size_t i = 0; i < n; i++) {
    double e[2];
    venous_normal(random, e);
    for (int c = 0; c < 2; c++) {
      a[c] = keep * a[c] + drive * e[c];
      b[c] = keep * b[c] + a[c];
      z[2 * i + (size_t)c] += (float)(level * b[c]);
    }
  }
}

/* Positive shifts into the even, negative into the odd samples: the phasing method, a Kaiser-windowed Hilbert transformer. */
static inline void venous_separate(float *z, size_t n, double crosstalk_db) {
  enum { HALF = 255 };
  double tap[HALF + 1];
  for (int k = 0; k <= HALF; k++) tap[k] = k % 2 ? 2 / (M_PI * k) * (0.54 + 0.46 * cos(M_PI * k / (HALF + 1))) : 0;
  float *out = calloc(2 * n, sizeof *out);
  if (!out) abort();
  const double leak = isfinite(crosstalk_db) ? pow(10, crosstalk_db / 20) : 0;
  for (size_t i = 0; i < n; i++) {
    double h = 0;
    for (size_t k = 1; k <= HALF; k += 2) {
      if (i + k < n) h -= tap[k] * (double)z[2 * (i + k) + 1];
      if (i >= k) h += tap[k] * (double)z[2 * (i - k) + 1];
    }
    const double f = 0.5 * ((double)z[2 * i] - h), r = 0.5 * ((double)z[2 * i] + h);
    out[2 * i] = (float)(f + leak * r);
    out[2 * i + 1] = (float)(r + leak * f);
  }
  for (size_t i = 0; i < 2 * n; i++) z[i] = out[i];
  free(out);
}

static inline void venous_wire(const venous_plan *p, float *z, size_t n) {
  const double gain = pow(10, p->gain_db / 20), phase = p->phase_deg * M_PI / 180;
  if (p->wiring == VENOUS_SEPARATED) venous_separate(z, n, p->crosstalk_db);
  for (size_t i = 0; i < n; i++) {
    float *a = &z[2 * i], *b = a + 1;
    if (p->wiring == VENOUS_IQ) *b = (float)(gain * ((double)*b * cos(phase) + (double)*a * sin(phase)));
    if (p->wiring == VENOUS_DUAL_MONO) *b = *a;
    if (p->swapped) {
      const float held = *a;
      *a = *b, *b = held;
    }
  }
}

/* 16-bit samples of a recording; aborts when out of memory. Doppler facts, vein and direction are stated; events on request. */
static inline dsp_recording *venous_make(const venous_plan *p, uint64_t seed, bool events) {
  static const char *const names[] = {"channel 1", "channel 2"};
  dsp_random random = dsp_random_seeded(seed);
  const size_t n = (size_t)(p->duration_s * p->rate_hz);
  float *z = calloc(2 * n, sizeof *z);
  dsp_recording *recording = dsp_recording_new();
  if (!z || !recording) abort();
  venous_blood(p, z, n, &random);
  venous_wall(p, z, n, &random);
  const double noise = sqrt(pow(10, -p->snr_db / 10) * p->rate_hz / 8000 / 2);
  float most = 0;
  for (size_t i = 0; i < n; i++) {
    double e[2];
    venous_normal(&random, e);
    z[2 * i] += (float)(noise * e[0]), z[2 * i + 1] += (float)(noise * e[1]);
    if (p->click_rate_hz > 0 && venous_uniform(&random) < p->click_rate_hz / p->rate_hz)
      for (size_t k = 0; k < 12 && i + k < n; k++) z[2 * (i + k)] += (float)(30 * (venous_uniform(&random) - 0.5));
  }
  venous_wire(p, z, n);
  for (size_t i = 0; i < 2 * n; i++) most = fmaxf(most, fabsf(z[i]));
  for (size_t i = 0; i < 2 * n; i++) z[i] = (float)(rint((double)z[i] / (double)most * 0.7 * 32768) / 32768);
  dsp_audio audio;
  if (p->wiring == VENOUS_MONO) {
    for (size_t i = 0; i < n; i++) z[i] = z[2 * i];
  }
  if (dsp_audio_in_memory(&audio, z, n, p->wiring == VENOUS_MONO ? 1 : 2, p->rate_hz, 16) != DSP_OK) abort();
  if (dsp_recording_add_audio(recording, &audio, names) != DSP_OK) abort();
  recording->doppler =
      (dsp_doppler){.f0_hz = p->f0_hz, .angle_deg = p->angle_deg, .c_m_s = 1540, .diameter_mm = 6, .antegrade_sign = 1, .vein = "GSV"};
  for (unsigned i = 0; events && i < p->trials; i++) {
    const double t_s = p->first_s + i * p->period_s;
    const dsp_event push = {.t_s = t_s, .kind = DSP_EVENT_COMPRESS, .volume_ml = NAN, .percent = NAN, .source = "side-car"};
    const dsp_event release = {.t_s = t_s + p->push_s, .kind = DSP_EVENT_RELEASE, .volume_ml = NAN, .percent = NAN, .source = "side-car"};
    if (dsp_recording_add_event(recording, &push) != DSP_OK || dsp_recording_add_event(recording, &release) != DSP_OK) abort();
  }
  return recording;
}

#endif
