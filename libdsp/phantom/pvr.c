/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated pulse volume: beats of a wandering heart rate under a cuff, each the sum of an upstroke, a run-off and a reflected wave that
 * disease takes away first. Run at 1 ms, read for its truth, then sampled and disturbed. */
#include <math.h>
#include <phantom/occlusion.h>
#include <phantom/pvr.h>
#include <phantom/rng.h>
#include <stdlib.h>

#define STEP_S 0.001
#define ID     "sim.pvr."
#define MMHG   "mm[Hg]"

enum { STREAM_LIMB = 31, STREAM_BEATS = 32 };

enum { R_NUISANCE, R_RANDOMISE, R_RATE, R_SIDE, R_DURATION, R_HEART, R_VARIATION, R_AMPLITUDE, R_CREST, R_RUNOFF, R_NOTCH, R_COMMON };

static const dsp_param_row rows[R_COMMON + DSP_N_SIZES] = {
    DSP_O_CHOICE(ID "nuisance", DSP_NUISANCE_REALISTIC, 3, DSP_NUISANCE_WORDS,
                 "Sizes of all disturbances: none, drawn, or the rows below."),
    DSP_O_ROW(ID "randomise", "1", 0, 0, 1, "1: draw limb and heart from the seed."),
    DSP_O_ROW(ID "rate_hz", "Hz", 200, 20, 2000, "Samples a second."),
    DSP_O_CHOICE(ID "side", 0, 1, "left|right", "Limb."),
    DSP_O_ROW(ID "duration_s", "s", 25, 5, 600, "Length of the recording."),
    DSP_O_ROW(ID "heart", "/min", 68, 30, 200, "Heart rate."),
    DSP_O_ROW(ID "variation", "1", 0.04, 0, 0.3, "Relative SD of the beat's length."),
    DSP_O_ROW(ID "amplitude", MMHG, 1.2, 0, 50, "Foot to peak."),
    DSP_O_ROW(ID "crest_s", "s", 0.15, 0.03, 0.5, "Foot to peak."),
    DSP_O_ROW(ID "runoff_s", "s", 0.25, 0.05, 2, "Time constant of the down-stroke."),
    DSP_O_ROW(ID "reflected", "1", 0.12, 0, 1, "Height of the reflected wave, as a share of the amplitude."),
    DSP_NUISANCE_ROWS(ID, MMHG),
};

/* The pulse itself is the signal here; what disturbs it is breathing and the sensor. */
static const dsp_nuisance_range levels[DSP_N_SIZES] = {
    [DSP_N_HEART_PER_MIN] = {60, 60, 60, 60, false},
    [DSP_N_HRV] = {0, 0, 0, 0, false},
    [DSP_N_BREATH_ML] = {0.05, 0.3, 0.1, 0.6, false},
    [DSP_N_BREATH_HZ] = {0.15, 0.35, 0.15, 0.35, false},
    [DSP_N_VASO_HZ] = {0.1, 0.1, 0.1, 0.1, false},
    [DSP_N_WHITE_ML] = {0.005, 0.03, 0.01, 0.08, false},
    [DSP_N_PINK_ML] = {0.002, 0.02, 0.01, 0.05, false},
    [DSP_N_DRIFT_TAU_S] = {100, 100, 100, 100, false},
    [DSP_N_TRANSIENT_S] = {1, 1, 1, 1, false},
    [DSP_N_TRANSIENT_HZ] = {1, 1, 1, 1, false},
    [DSP_N_DROPOUTS] = {0, 0, 0, 2, false},
    [DSP_N_DROPOUT_S] = {0.1, 0.1, 0.1, 0.1, false},
    [DSP_N_LSB_ML] = {0.001, 0.005, 0.005, 0.02, false},
};

typedef struct limb {
  double rate_hz, duration_s, heart_hz, variation, amplitude, crest_s, runoff_s, reflected, sizes[DSP_N_SIZES];
  dsp_side side;
} limb;

/* One beat of unit height without its reflected wave, t_s after its foot; the run-off bends down to 0 where the next foot comes. */
static double beat(const limb *l, double t_s, double period_s) {
  static const double pi = 3.14159265358979323846, reflected_at = 0.42, reflected_width = 0.05;
  const double wave = l->reflected * exp(-pow((t_s / period_s - reflected_at) / reflected_width, 2));
  if (t_s < l->crest_s) return 0.5 - 0.5 * cos(pi * t_s / l->crest_s) + wave;
  const double last = (period_s - l->crest_s) / l->runoff_s, end = (1 + last) * exp(-last), u = (t_s - l->crest_s) / l->runoff_s;
  /* a smooth shoulder, so that the peak is one */
  return ((1 + u) * exp(-u) - end * (t_s - l->crest_s) / (period_s - l->crest_s)) + wave;
}

static void run(double *v, size_t n, const limb *l, uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_BEATS);
  double foot_s = -dsp_rng_uniform(&rng) / l->heart_hz, period_s = 1 / l->heart_hz;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i * STEP_S;
    while (t_s >= foot_s + period_s) {
      foot_s += period_s;
      period_s = fmax(0.5, 1 + l->variation * dsp_rng_normal(&rng)) / l->heart_hz;
    }
    v[i] = l->amplitude * beat(l, t_s - foot_s, period_s);
  }
}

/* Read from one beat of the mean length, by the contract's words: foot by intersecting tangents, peak, steepest upstroke. */
static dsp_status put_truth(dsp_truth *truth, const limb *l) {
  static const double h_s = 1e-4;
  const double period_s = 1 / l->heart_hz;
  double peak = 0, peak_s = 0, steepest = 0, steep_s = 0;
  for (size_t i = 1; (double)i * h_s < 0.9 * period_s; i++) {
    const double t_s = (double)i * h_s, y = beat(l, t_s, period_s),
                 slope = (beat(l, t_s + h_s, period_s) - beat(l, t_s - h_s, period_s)) / (2 * h_s);
    if (y > peak) peak = y, peak_s = t_s;
    if (t_s < l->crest_s && slope > steepest) steepest = slope, steep_s = t_s;
  }
  const double foot_s = steep_s - beat(l, steep_s, period_s) / steepest;
  if (dsp_truth_put(truth, "AMP", MMHG, l->amplitude * peak) || dsp_truth_put(truth, "CREST", "s", peak_s - foot_s) ||
      dsp_truth_put(truth, "SLOPE", "mm[Hg]/s", l->amplitude * steepest) || dsp_truth_put(truth, "NOTCH", "1", l->reflected > 0.03 ? 1 : 0))
    return DSP_NO_MEMORY;
  return DSP_OK;
}

static void settle(limb *l, const double *values, uint64_t seed) {
  static const double rates_hz[] = {100, 125, 200, 250, 500, 1000};
  *l = (limb){.rate_hz = values[R_RATE],
              .duration_s = values[R_DURATION],
              .heart_hz = values[R_HEART] / 60,
              .variation = values[R_VARIATION],
              .amplitude = values[R_AMPLITUDE],
              .crest_s = values[R_CREST],
              .runoff_s = values[R_RUNOFF],
              .reflected = values[R_NOTCH],
              .side = values[R_SIDE] >= 0.5 ? DSP_SIDE_RIGHT : DSP_SIDE_LEFT};
  dsp_nuisance_sizes(l->sizes, (dsp_nuisance_level)values[R_NUISANCE], levels, values + R_COMMON, seed);
  if (values[R_RANDOMISE] < 0.5) return;
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_LIMB);
  l->rate_hz = rates_hz[(size_t)(5.999 * dsp_rng_uniform(&rng))];
  l->heart_hz = dsp_rng_between(&rng, 50, 100) / 60;
  l->variation = dsp_rng_between(&rng, 0.01, 0.05);
  l->amplitude = dsp_rng_log_between(&rng, 0.3, 2.5);
  l->crest_s = dsp_rng_between(&rng, 0.1, 0.2);
  l->runoff_s = dsp_rng_between(&rng, 0.12, 0.3) / l->heart_hz;
  l->reflected = dsp_rng_uniform(&rng) < 0.5 ? 0 : dsp_rng_between(&rng, 0.06, 0.2);
}

static dsp_status make(const double *values, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  static const char *const names[] = {[DSP_SIDE_LEFT] = "PVR L ankle", [DSP_SIDE_RIGHT] = "PVR R ankle"};
  limb l;
  settle(&l, values, seed);
  const size_t n = (size_t)llround(l.duration_s / STEP_S) + 1;
  double *v = dsp_alloc(n, sizeof *v);
  dsp_recording *made = dsp_phantom_recording("pvr", seed);
  dsp_truth *true_values = dsp_zalloc(1, sizeof *true_values);
  dsp_channel *channel = NULL;
  dsp_status status = v && made && true_values ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    true_values->step_s = STEP_S;
    run(v, n, &l, seed);
    status = put_truth(true_values, &l);
  }
  if (status == DSP_OK)
    channel = dsp_phantom_channel(made, names[l.side], DSP_ROLE_PRESSURE, l.side, l.rate_hz, v, n, STEP_S, l.sizes, seed);
  if (channel) channel->site = "ankle";
  free(v);
  if (!channel) {
    dsp_recording_free(made);
    dsp_truth_free(true_values);
    return dsp_fail_memory(error);
  }
  *recording = made;
  *truth = true_values;
  return DSP_OK;
}

const dsp_phantom dsp_phantom_pvr = {"pvr", "Pulse volume recording at one cuff", {"sim.pvr", rows, R_COMMON + DSP_N_SIZES}, make};
