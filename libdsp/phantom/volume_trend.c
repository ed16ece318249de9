/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated readings of leg volume through a day: sessions of immediate repeats, a volume that rises (or, lying, falls) towards the
 * evening, fast first; the operator's error from repeat to repeat. */
#include <math.h>
#include <phantom/rng.h>
#include <phantom/volume_trend.h>
#include <stdlib.h>

#define ID "sim.volume.trend."

enum { SESSIONS_MAX = 24, REPEATS_MAX = 8, LIMBS = 2, STREAM_DAY = 61, STREAM_READINGS = 62 };
enum { R_NUISANCE, R_RANDOMISE, R_SIDE, R_SESSIONS, R_REPEATS, R_APART, R_SPAN, R_VOLUME, R_CHANGE, R_OTHER, R_TAU, R_WHITE, R_LSB, ROWS };

static const dsp_param_row rows[ROWS] = {
    DSP_O_CHOICE(ID "nuisance", DSP_NUISANCE_REALISTIC, 3, DSP_NUISANCE_WORDS,
                 "Sizes of all disturbances: none, drawn, or the rows below."),
    DSP_O_ROW(ID "randomise", "1", 0, 0, 1, "1: draw limb and schedule from the seed."),
    DSP_O_CHOICE(ID "side", 2, 2, "left|right|both", "What is recorded."),
    DSP_O_ROW(ID "sessions", "1", 3, 1, SESSIONS_MAX, "Sessions, spread evenly over the day."),
    DSP_O_ROW(ID "repeats", "1", 3, 1, REPEATS_MAX, "Immediate repeats in each."),
    DSP_O_ROW(ID "apart_s", "s", 60, 1, 600, "From one repeat to the next."),
    DSP_O_ROW(ID "span_h", "h", 9, 0.1, 48, "From the first session to the last."),
    DSP_O_ROW(ID "volume", "mL", 1850, 100, 10000, "In the first session."),
    DSP_O_ROW(ID "change_pct", "%", 4.7, -50, 50, "Evening minus morning, of that."),
    DSP_O_ROW(ID "other_pct", "%", 4.7, -50, 50, "The same of the right limb where both are recorded."),
    DSP_O_ROW(ID "tau_h", "h", 6, 0.1, 1000, "Time constant of its coming."),
    DSP_O_ROW(ID "white", "mL", 0, 0, 500, "Operator's error, SD of one reading."),
    DSP_O_ROW(ID "lsb", "mL", 0, 0, 100, "Readings are rounded to this."),
};

typedef struct day {
  size_t sessions, repeats;
  double apart_s, begin_s[SESSIONS_MAX], volume[LIMBS], change[LIMBS], tau_s, white, lsb;
} day;

static double at(const day *d, size_t limb, double t_s) {
  const double end_s = fmax(d->begin_s[d->sessions - 1], 1);
  return d->volume[limb] * (1 + d->change[limb] * expm1(-t_s / d->tau_s) / expm1(-end_s / d->tau_s));
}

static void draw(day *d, uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_DAY);
  d->sessions = 2 + (size_t)(3.999 * dsp_rng_uniform(&rng));
  d->repeats = 2 + (size_t)(1.999 * dsp_rng_uniform(&rng));
  d->apart_s = floor(dsp_rng_between(&rng, 40, 150));
  d->tau_s = 3600 * dsp_rng_between(&rng, 4, 40);
  for (size_t k = 0; k < LIMBS; k++) {
    d->volume[k] = dsp_rng_between(&rng, 1200, 4500);
    d->change[k] = dsp_rng_between(&rng, -0.06, 0.06);
  }
  for (size_t i = 1; i < d->sessions; i++) d->begin_s[i] = floor(d->begin_s[i - 1] + dsp_rng_between(&rng, 2, 4.5) * 3600);
}

static day settle(const double *values, uint64_t seed) {
  static const double white_ml[2][2] = {{2, 7}, {5, 12}}, lsb_ml[2][2] = {{0.5, 2.5}, {2, 5}};
  day d = {.sessions = (size_t)values[R_SESSIONS],
           .repeats = (size_t)values[R_REPEATS],
           .apart_s = values[R_APART],
           .volume = {values[R_VOLUME], values[R_VOLUME]},
           .change = {values[R_CHANGE] / 100, values[R_OTHER] / 100},
           .tau_s = 3600 * values[R_TAU],
           .white = values[R_WHITE],
           .lsb = values[R_LSB]};
  for (size_t i = 1; i < d.sessions; i++) d.begin_s[i] = round(3600 * values[R_SPAN] * (double)i / (double)(d.sessions - 1));
  const dsp_nuisance_level level = (dsp_nuisance_level)values[R_NUISANCE];
  if (level == DSP_NUISANCE_NONE) d.white = d.lsb = 0;
  if (level == DSP_NUISANCE_REALISTIC || level == DSP_NUISANCE_HARD) {
    dsp_rng rng;
    dsp_rng_seed(&rng, seed, STREAM_READINGS);
    const bool hard = level == DSP_NUISANCE_HARD;
    d.white = dsp_rng_between(&rng, white_ml[hard][0], white_ml[hard][1]);
    d.lsb = dsp_rng_between(&rng, lsb_ml[hard][0], lsb_ml[hard][1]);
  }
  if (values[R_RANDOMISE] >= 0.5) draw(&d, seed);
  return d;
}

/* Means over a session's readings of the true volume, and the line through all readings. */
static dsp_status put_truth(dsp_truth *truth, const day *d, size_t limb, bool second) {
  static const char *const ids[2][5] = {{"MORNING", "EVENING", "CHANGE", "CHANGE.ml", "RATE"},
                                        {"2.MORNING", "2.EVENING", "2.CHANGE", "2.CHANGE.ml", "2.RATE"}};
  static const char *const units[] = {"mL", "mL", "%", "mL", "%/h"};
  double n = 0, st = 0, sv = 0, stt = 0, stv = 0, edge[2] = {0, 0};
  for (size_t i = 0; i < d->sessions; i++)
    for (size_t k = 0; k < d->repeats; k++) {
      const double t_s = d->begin_s[i] + (double)k * d->apart_s, v = at(d, limb, t_s);
      n++, st += t_s, sv += v, stt += t_s * t_s, stv += t_s * v;
      if (i == 0) edge[0] += v / (double)d->repeats;
      if (i + 1 == d->sessions) edge[1] += v / (double)d->repeats;
    }
  const double slope = (n * stv - st * sv) / (n * stt - st * st);
  const double values[] = {edge[0], edge[1], 100 * (edge[1] - edge[0]) / edge[0], edge[1] - edge[0], 100 * 3600 * slope / edge[0]};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
    if (dsp_truth_put(truth, ids[second][i], units[i], values[i]) != DSP_OK) return DSP_NO_MEMORY;
  return DSP_OK;
}

static dsp_status add_limb(dsp_recording *recording, const day *d, size_t limb, uint64_t seed) {
  static const char *const names[LIMBS] = {"Leg L", "Leg R"};
  dsp_segment segments[SESSIONS_MAX];
  dsp_rng rng;
  dsp_rng_seed(&rng, seed + 7919 * limb, STREAM_READINGS + 1);
  double *x = dsp_alloc(d->sessions * d->repeats, sizeof *x);
  if (!x) return DSP_NO_MEMORY;
  size_t n = 0;
  for (size_t i = 0; i < d->sessions; i++) {
    segments[i] = (dsp_segment){d->begin_s[i], n, d->repeats};
    for (size_t k = 0; k < d->repeats; k++) {
      const double v = at(d, limb, d->begin_s[i] + (double)k * d->apart_s) + d->white * dsp_rng_normal(&rng);
      x[n++] = d->lsb > 0 ? d->lsb * round(v / d->lsb) : v;
    }
  }
  dsp_channel *channel = dsp_recording_add_channel(recording, names[limb], 1 / d->apart_s, x, n);
  if (!channel || dsp_channel_set_segments(channel, segments, d->sessions) != DSP_OK) return DSP_NO_MEMORY;
  channel->role = DSP_ROLE_VOLUME;
  channel->unit = dsp_role_unit(DSP_ROLE_VOLUME);
  channel->unit_as_written = channel->unit->ucum;
  channel->side = limb ? DSP_SIDE_RIGHT : DSP_SIDE_LEFT;
  channel->site = "calf";
  return DSP_OK;
}

static dsp_status make(const double *values, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  const day d = settle(values, seed);
  const bool sided[LIMBS] = {values[R_SIDE] != 1, values[R_SIDE] != 0};
  dsp_phantom_work work;
  dsp_status status = dsp_phantom_begin(&work, "volume.trend", seed, 1, 1);
  if (status == DSP_OK) work.truth->step_s = 0, work.recording->t0 = "2024-03-02T07:30:00+01:00";
  for (size_t k = 0; k < LIMBS && status == DSP_OK; k++)
    if (sided[k]) {
      status = put_truth(work.truth, &d, k, k == 1 && sided[0]);
      if (status == DSP_OK) status = add_limb(work.recording, &d, k, seed);
    }
  return dsp_phantom_end(&work, status, recording, truth, error);
}

const dsp_phantom dsp_phantom_volume_trend = {
    "volume.trend", "Leg volume in sessions through a day", {"sim.volume.trend", rows, ROWS}, make};
