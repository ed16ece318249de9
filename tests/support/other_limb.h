/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the second, independent simulators of congested and exercised limbs share: pulses with an upstroke and a runoff, breathing of
 * changing length, autoregressive noise, a slow wander and a converter; and truths put beside a recording that was made by hand. */
#ifndef SUPPORT_OTHER_LIMB_H
#define SUPPORT_OTHER_LIMB_H

#include "other_leg.h"

/* Sizes in the trace's unit. */
typedef struct other_noise {
  double pulse, beat_s, breath, breath_s, coloured, coloured_s, white, wander, step;
  double swell; /* share by which breathing changes the pulses' size */
} other_noise;

/* One heart beat at phase 0..1: up in 0.15, then an exponential runoff with a second wave. */
static inline double other_beat(double phase) {
  const double pi = acos(-1), up = 0.15;
  if (phase < up) return 0.5 * (1 - cos(pi * phase / up)) - 0.42;
  return exp(-(phase - up) / 0.33) + 0.12 * exp(-500 * (phase - 0.45) * (phase - 0.45) / 4) - 0.07 * (phase - up) / (1 - up) - 0.42;
}

static inline void other_disturb(double *x, size_t n, double rate_hz, const other_noise *s, uint64_t *state) {
  const double turn = 2 * acos(-1), keep = s->coloured > 0 ? exp(-1 / (s->coloured_s * rate_hz)) : 0;
  double beat = other_uniform(state), breath = other_uniform(state), beat_s = s->beat_s, breath_s = s->breath_s, coloured = 0, wander = 0;
  for (size_t i = 0; i < n; i++) {
    beat += 1 / (beat_s * rate_hz);
    if (beat >= 1) beat -= 1, beat_s = s->beat_s * (1 + 0.04 * other_normal(state));
    breath += 1 / (breath_s * rate_hz);
    if (breath >= 1) breath -= 1, breath_s = s->breath_s * (1 + 0.1 * other_normal(state));
    coloured = keep * coloured + s->coloured * sqrt(1 - keep * keep) * other_normal(state);
    wander += s->wander * other_normal(state) / sqrt(rate_hz * 60);
    if (s->pulse > 0) x[i] += s->pulse * (1 + s->swell * sin(turn * breath)) * other_beat(beat);
    const double inhaled = sin(turn * breath / 2); /* a rectified sine has the harmonics of real breathing */
    if (s->breath > 0) x[i] += s->breath * (2 * inhaled * inhaled - 1 + 0.4 * inhaled * cos(turn * breath));
    x[i] += coloured + wander + (s->white > 0 ? s->white * other_normal(state) : 0);
    if (s->step > 0) x[i] = s->step * floor(x[i] / s->step + 0.5);
  }
}

static inline void other_put_truth(leg *made, const char *id, double value) {
  if (!made->truth) made->truth = dsp_zalloc(1, sizeof *made->truth);
  ck_assert_ptr_nonnull(made->truth);
  dsp_truth *t = made->truth;
  ck_assert_int_eq(dsp_grow(&t->values, &t->values_capacity, t->n_values + 1, sizeof *t->values), DSP_OK);
  t->values[t->n_values++] = (dsp_detail){id, "1", value};
}

static inline uint64_t other_seeded(uint64_t seed) {
  uint64_t state = seed * 2654435761u + 97;
  for (int k = 0; k < 8; k++) other_uniform(&state);
  return state;
}

/* A channel of that role, made by hand from `x`, which it takes. */
static inline leg other_channel(const char *name, dsp_role role, double *x, size_t n, double rate_hz) {
  leg made = leg_by_hand(x, n, rate_hz, "");
  dsp_channel *channel = &made.recording->channels[0];
  channel->name = name;
  channel->role = role;
  channel->unit = dsp_role_unit(role);
  channel->unit_as_written = channel->unit ? channel->unit->ucum : NULL;
  return made;
}

/* The clean trace of `fine` samples at fine_hz, sampled at rate_hz into a new array of *n. */
static inline double *other_sampled(size_t *n, const double *v, size_t fine, double fine_hz, double rate_hz) {
  *n = (size_t)((double)(fine - 1) / fine_hz * rate_hz);
  double *x = malloc(*n * sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < *n; i++) x[i] = v[(size_t)llround((double)i / rate_hz * fine_hz)];
  return x;
}

/* A cuff's pressure beside the gauge; takes `mmhg`. */
static inline void other_add_cuff(leg *made, double *mmhg, size_t n, double rate_hz) {
  dsp_channel *channel = dsp_recording_add_channel(made->recording, "Cuff", rate_hz, mmhg, n);
  ck_assert_ptr_nonnull(channel);
  channel->role = DSP_ROLE_CUFF_PRESSURE;
  channel->unit = dsp_role_unit(channel->role);
  channel->unit_as_written = channel->unit->ucum;
}

static inline double other_average(const double *v, double from_s, double to_s, double fine_hz) {
  double sum = 0;
  const size_t from = (size_t)llround(from_s * fine_hz), to = (size_t)llround(to_s * fine_hz);
  for (size_t i = from; i < to; i++) sum += v[i];
  return sum / (double)(to - from);
}

#endif
