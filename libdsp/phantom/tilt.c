/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated tilt table: legs up, head up, legs up again. Two stores follow the tilt, each with its own time constant of filling and of
 * draining, so that both curves are the two exponentials of the closed form once the table stands still. */
#include <math.h>
#include <phantom/occlusion.h>
#include <phantom/rng.h>
#include <phantom/tilt.h>

#define ID     "sim.apg.tilt."
#define STEP_S 0.005

enum {
  R_NUISANCE,
  R_RANDOMISE,
  R_RATE,
  R_SIDE,
  R_EVENTS,
  R_REST,
  R_UP,
  R_DOWN,
  R_TILT,
  R_LEVEL,
  R_WVV,
  R_FILL_SHARE,
  R_FILL_FAST,
  R_FILL_SLOW,
  R_DRAIN_SHARE,
  R_DRAIN_FAST,
  R_DRAIN_SLOW,
  R_SWING,
  R_SIZES,
  ROWS = R_SIZES + DSP_N_SIZES
};

static const dsp_param_row rows[ROWS] = {
    DSP_LIMB_ROWS(ID, 25, 4, 1, "left|right", "schedule"),
    DSP_O_ROW(ID "rest_s", "s", 60, 2, 1800, "Legs up before the table is tilted."),
    DSP_O_ROW(ID "up_s", "s", 270, 2, 3600, "Head up."),
    DSP_O_ROW(ID "down_s", "s", 90, 0, 1800, "Legs up again; 0: never."),
    DSP_O_ROW(ID "tilt_s", "s", 2, 0.1, 20, "One tilt takes this long."),
    DSP_O_ROW(ID "level", "mL", 20, -1000, 1000, "Reading with the legs up."),
    DSP_O_ROW(ID "wvv", "mL", 140, 1, 1000, "Working venous volume."),
    DSP_O_ROW(ID "fill_share", "1", 0.25, 0, 1, "Share of the store that fills fast."),
    DSP_O_ROW(ID "fill_fast_s", "s", 10, 0.5, 300, "Its time constant."),
    DSP_O_ROW(ID "fill_slow_s", "s", 45, 0.5, 600, "Time constant of the other."),
    DSP_O_ROW(ID "drain_share", "1", 0.75, 0, 1, "Share of the store that drains fast."),
    DSP_O_ROW(ID "drain_fast_s", "s", 2.2, 0.2, 100, "Its time constant."),
    DSP_O_ROW(ID "drain_slow_s", "s", 9, 0.2, 300, "Time constant of the other."),
    DSP_O_ROW(ID "swing", "mL", 0, -200, 200, "First swing that a tilt brings."),
    DSP_NUISANCE_ROWS(ID, "mL"),
};

static const dsp_nuisance_range levels[DSP_N_SIZES] = {
    DSP_NUISANCE_USUAL,
    [DSP_N_PULSE_ML] = {0.2, 1, 0.2, 1.5, false},
    [DSP_N_BREATH_ML] = {0.5, 2, 0.5, 3, false},
    [DSP_N_VASO_ML] = {0.3, 1.2, 0.5, 2, false},
    [DSP_N_WHITE_ML] = {0.05, 0.3, 0.05, 0.3, false},
    [DSP_N_PINK_ML] = {0.05, 0.2, 0.1, 0.5, false},
    [DSP_N_DRIFT_ML] = {-5, 5, -15, 15, false},
    [DSP_N_DROPOUTS] = {0, 2.9, 2, 8, false},
    [DSP_N_LSB_ML] = {0.01, 0.1, 0.05, 0.3, false},
    [DSP_N_MARKER_S] = {0, 0, 0.3, 0.8, false},
};

typedef struct leg {
  double wvv, fill_share, fill_s[2], drain_share, drain_s[2], swing, rest_s, up_s, down_s, tilt_s, level, rate_hz;
} leg;

static void draw(leg *l, uint64_t seed) {
  enum { STREAM_LEG = 31 };
  static const double rates_hz[] = {10, 20, 25, 50, 100};
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_LEG);
  l->rate_hz = rates_hz[(size_t)(4.999 * dsp_rng_uniform(&rng))];
  l->wvv = dsp_rng_between(&rng, 80, 250);
  l->fill_share = dsp_rng_between(&rng, 0.15, 0.8);
  l->fill_s[0] = dsp_rng_between(&rng, 4, 12);
  l->fill_s[1] = dsp_rng_between(&rng, 20, 60);
  l->drain_share = dsp_rng_between(&rng, 0.5, 0.9);
  l->drain_s[0] = dsp_rng_log_between(&rng, 1.2, 6);
  l->drain_s[1] = l->drain_s[0] * dsp_rng_between(&rng, 2.5, 4);
  l->tilt_s = dsp_rng_between(&rng, 1.2, 2.8);
  l->rest_s = dsp_rng_between(&rng, 40, 90);
  l->up_s = fmax(150, dsp_rng_between(&rng, 5, 7) * l->fill_s[1]); /* until the trace is flat */
  l->down_s = dsp_rng_between(&rng, 60, 120);
  l->swing = dsp_rng_between(&rng, -30, 30);
  l->level = dsp_rng_between(&rng, 0, 60);
}

/* 1 head up, 0 legs up. */
static double upright(const leg *l, double t_s) {
  const double up = fmin(1, fmax(0, (t_s - l->rest_s) / l->tilt_s));
  return l->down_s > 0 ? up - fmin(1, fmax(0, (t_s - l->rest_s - l->up_s) / l->tilt_s)) : up;
}

/* Two ways of sharing the same volume: what fills fast need not be what drains fast. */
static void run(double *v, size_t n, const leg *l) {
  const size_t down = (size_t)llround((l->rest_s + l->up_s) / STEP_S);
  double part[2] = {0, 0};
  for (size_t i = 0; i < n; i++) {
    v[i] = part[0] + part[1];
    const bool drains = l->down_s > 0 && i >= down;
    const double share = drains ? l->drain_share : l->fill_share, *tau_s = drains ? l->drain_s : l->fill_s;
    if (i == down && drains) part[1] = (1 - share) * v[i], part[0] = share * v[i];
    const double target = l->wvv * upright(l, (double)i * STEP_S);
    part[0] += (share * target - part[0]) * -expm1(-STEP_S / tau_s[0]);
    part[1] += ((1 - share) * target - part[1]) * -expm1(-STEP_S / tau_s[1]);
  }
}

static dsp_status put_truth(dsp_truth *truth, const double *v, size_t n, const leg *l) {
  const size_t up = (size_t)llround(l->rest_s / STEP_S), down = l->down_s > 0 ? (size_t)llround((l->rest_s + l->up_s) / STEP_S) : n - 1;
  double filled_s = (double)NAN, drained_s = (double)NAN;
  for (size_t i = up; i <= down && isnan(filled_s); i++)
    if (v[i] >= 0.9 * l->wvv) filled_s = (double)(i - up) * STEP_S;
  for (size_t i = down; i < n && isnan(drained_s); i++)
    if (v[i] <= 0.1 * l->wvv) drained_s = (double)(i - down) * STEP_S;
  if (l->down_s <= 0) drained_s = (double)NAN;
  const bool failed = dsp_truth_put(truth, "WVV", "mL", l->wvv) || dsp_truth_put(truth, "VFT90", "s", filled_s) ||
                      dsp_truth_put(truth, "VFI", "mL/s", 0.9 * l->wvv / filled_s) || dsp_truth_put(truth, "VDT90", "s", drained_s) ||
                      dsp_truth_put(truth, "VDI", "mL/s", 0.9 * l->wvv / drained_s) || dsp_truth_mark(truth, "tilt_up", l->rest_s) ||
                      (l->down_s > 0 && dsp_truth_mark(truth, "tilt_down", l->rest_s + l->up_s));
  return failed ? DSP_NO_MEMORY : DSP_OK;
}

static dsp_status record(dsp_recording *recording, double *v, size_t n, const leg *l, const double *values, const double *sizes,
                         uint64_t seed) {
  const dsp_side side = values[R_SIDE] >= 0.5 ? DSP_SIDE_RIGHT : DSP_SIDE_LEFT;
  const double off_s = sizes[DSP_N_MARKER_S];
  for (size_t i = 0; i < n; i++) v[i] += l->level;
  dsp_phantom_swing(v, n, STEP_S, l->rest_s, l->swing, 0.4);
  if (l->down_s > 0) dsp_phantom_swing(v, n, STEP_S, l->rest_s + l->up_s, -0.5 * l->swing, 0.4);
  const dsp_channel *channel = dsp_phantom_calf(recording, DSP_ROLE_VOLUME, side, l->rate_hz, v, n, STEP_S, sizes, seed);
  if (!channel) return DSP_NO_MEMORY;
  if (values[R_EVENTS] < 0.5) return DSP_OK;
  const dsp_status status = dsp_phantom_event(recording, DSP_EVENT_TILT_UP, l->rest_s, 0, 0, off_s, seed);
  if (status != DSP_OK || l->down_s <= 0) return status;
  return dsp_phantom_event(recording, DSP_EVENT_TILT_DOWN, l->rest_s + l->up_s, 0, 0, off_s, seed);
}

static dsp_status make(const double *values, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  double sizes[DSP_N_SIZES];
  leg l = {.wvv = values[R_WVV],
           .fill_share = values[R_FILL_SHARE],
           .fill_s = {values[R_FILL_FAST], values[R_FILL_SLOW]},
           .drain_share = values[R_DRAIN_SHARE],
           .drain_s = {values[R_DRAIN_FAST], values[R_DRAIN_SLOW]},
           .swing = values[R_SWING],
           .rest_s = values[R_REST],
           .up_s = values[R_UP],
           .down_s = values[R_DOWN],
           .tilt_s = values[R_TILT],
           .level = values[R_LEVEL],
           .rate_hz = values[R_RATE]};
  dsp_nuisance_sizes(sizes, (dsp_nuisance_level)values[R_NUISANCE], levels, values + R_SIZES, seed);
  if (values[R_RANDOMISE] >= 0.5) draw(&l, seed);
  if (values[R_RANDOMISE] >= 0.5 && values[R_NUISANCE] == DSP_NUISANCE_NONE) l.swing = 0;
  dsp_phantom_work work;
  dsp_status status = dsp_phantom_begin(&work, "apg.tilt", seed, (size_t)llround((l.rest_s + l.up_s + l.down_s) / STEP_S) + 1, STEP_S);
  if (status == DSP_OK) {
    run(work.v, work.n, &l);
    status = put_truth(work.truth, work.v, work.n, &l);
  }
  if (status == DSP_OK) status = record(work.recording, work.v, work.n, &l, values, sizes, seed);
  return dsp_phantom_end(&work, status, recording, truth, error);
}

const dsp_phantom dsp_phantom_apg_tilt = {"apg.tilt", "Air plethysmography of one leg on a tilt table", {"sim.apg.tilt", rows, ROWS}, make};
