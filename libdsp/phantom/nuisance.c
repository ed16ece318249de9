/* SPDX-License-Identifier: GPL-3.0-or-later
 * Nuisances of limb plethysmography: pulse as a sum of three Gaussians a beat with heart-rate variability, breathing and vasomotion whose
 * rate and depth wander (Ornstein-Uhlenbeck), white and 1/f noise (sum of relaxation processes a decade apart), thermal drift and leak,
 * posture transient, muscle bulge, a touched cuff, gain error, quantisation and dropouts. */
#include <math.h>
#include <phantom/nuisance.h>
#include <phantom/rng.h>

static const double pi = 3.14159265358979323846;

/* Each nuisance draws from its own stream of the seed. */
enum { STREAM_SIZES = 2, STREAM_PULSE = 101, STREAM_BREATH, STREAM_VASO, STREAM_WHITE, STREAM_PINK, STREAM_STEP, STREAM_DROPOUT };

/* One beat, height about 1 from foot to peak: systolic wave, reflected wave, dicrotic wave; time in seconds after the foot. */
static double beat(double t_s, double length_s) {
  static const double at_s[3] = {0.16, 0.30, 0.46}, width_s[3] = {0.055, 0.075, 0.09}, height[3] = {0.95, 0.40, 0.22};
  double stretch = fmin(1, length_s / 0.75), sum = 0;
  for (int k = 0; k < 3; k++) {
    double z = (t_s / stretch - at_s[k]) / width_s[k];
    sum += height[k] * exp(-0.5 * z * z);
  }
  return sum;
}

static void add_pulse(double *x, size_t n, double rate_hz, const double *sizes, uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_PULSE);
  double mean_s = 60 / sizes[DSP_N_HEART_PER_MIN], length_s = mean_s, start_s = -mean_s * dsp_rng_uniform(&rng);
  double slow = 0;
  for (size_t i = 0; i < n; i++) {
    double t_s = (double)i / rate_hz;
    while (t_s >= start_s + length_s) {
      start_s += length_s;
      slow = 0.9 * slow + 0.43589 * dsp_rng_normal(&rng);
      double variation = sizes[DSP_N_HRV] * (0.7 * slow + 0.7 * dsp_rng_normal(&rng));
      length_s = mean_s * (1 + fmax(-0.4, fmin(0.4, variation)));
    }
    x[i] += sizes[DSP_N_PULSE_ML] * beat(t_s - start_s, length_s);
  }
}

/* A rhythm whose rate and depth wander by about a sixth over tens of seconds. */
static void add_rhythm(double *x, size_t n, double rate_hz, double size_ml, double mean_hz, uint64_t seed, uint64_t stream) {
  const double wander = 0.15, memory_s = 20;
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, stream);
  double keep = exp(-1 / (rate_hz * memory_s)), kick = sqrt(1 - keep * keep);
  double phase = 2 * pi * dsp_rng_uniform(&rng), speed = dsp_rng_normal(&rng), depth = dsp_rng_normal(&rng);
  for (size_t i = 0; i < n; i++) {
    x[i] += size_ml * fmax(0.2, 1 + wander * depth) * sin(phase);
    phase += 2 * pi * mean_hz * fmax(0.3, 1 + wander * speed) / rate_hz;
    speed = keep * speed + kick * dsp_rng_normal(&rng);
    depth = keep * depth + kick * dsp_rng_normal(&rng);
  }
}

static void add_white(double *x, size_t n, double sd_ml, uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_WHITE);
  for (size_t i = 0; i < n; i++) x[i] += sd_ml * dsp_rng_normal(&rng);
}

static void add_pink(double *x, size_t n, double rate_hz, double sd_ml, uint64_t seed) {
  enum { DECADES = 5 };
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_PINK);
  double state[DECADES], keep[DECADES], kick[DECADES], memory_s = 0.02, share = sd_ml / sqrt(DECADES);
  for (int k = 0; k < DECADES; k++, memory_s *= 10) {
    state[k] = dsp_rng_normal(&rng);
    keep[k] = exp(-1 / (rate_hz * memory_s));
    kick[k] = sqrt(1 - keep[k] * keep[k]);
  }
  for (size_t i = 0; i < n; i++) {
    for (int k = 0; k < DECADES; k++) {
      x[i] += share * state[k];
      state[k] = keep[k] * state[k] + kick[k] * dsp_rng_normal(&rng);
    }
  }
}

static void add_drift(double *x, size_t n, double rate_hz, const double *sizes) {
  double rate_ml_s = sizes[DSP_N_LINEAR_ML_S] - sizes[DSP_N_LEAK_ML_S];
  for (size_t i = 0; i < n; i++) {
    double t_s = (double)i / rate_hz;
    x[i] += rate_ml_s * t_s;
    if (sizes[DSP_N_DRIFT_ML] != 0) x[i] -= sizes[DSP_N_DRIFT_ML] * expm1(-t_s / sizes[DSP_N_DRIFT_TAU_S]);
  }
}

/* A damped swing that is down to 5 % when its length is over, and nothing at twice that. */
static void add_transient(double *x, size_t n, double rate_hz, const double *sizes, double size_ml, double start_s) {
  double length_s = sizes[DSP_N_TRANSIENT_S];
  for (size_t i = (size_t)fmax(0, ceil(start_s * rate_hz)); i < n; i++) {
    double s = (double)i / rate_hz - start_s;
    if (s >= 2 * length_s) break;
    double fade = s < length_s ? 1 : 0.5 * (1 + cos(pi * (s / length_s - 1)));
    x[i] += size_ml * fade * exp(-3 * s / length_s) * sin(2 * pi * sizes[DSP_N_TRANSIENT_HZ] * s);
  }
}

static void add_bulge(double *x, size_t n, double rate_hz, double size_ml, const dsp_apg_plan *plan) {
  for (size_t k = 0; k < plan->n; k++) {
    for (size_t i = (size_t)fmax(0, ceil(plan->start_s[k] * rate_hz)); i < n; i++) {
      double at = ((double)i / rate_hz - plan->start_s[k]) / plan->contraction_s;
      if (at >= 1) break;
      x[i] += size_ml * plan->strength[k] * sin(pi * at);
    }
  }
}

static void add_step(double *x, size_t n, double rate_hz, double size_ml, double length_s, const dsp_apg_plan *plan, uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_STEP);
  double start_s = dsp_rng_between(&rng, 0, plan->end_s), end_s = length_s > 0 ? start_s + length_s : (double)INFINITY;
  for (size_t i = 0; i < n; i++) {
    double t_s = (double)i / rate_hz;
    if (t_s >= start_s && t_s < end_s) x[i] += size_ml;
  }
}

static void drop(double *x, size_t n, double rate_hz, size_t count, double longest_s, uint64_t seed) {
  const double shortest_s = 0.01;
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_DROPOUT);
  for (size_t k = 0; k < count; k++) {
    double start_s = dsp_rng_between(&rng, 0, (double)n / rate_hz);
    double length_s = dsp_rng_between(&rng, fmin(shortest_s, longest_s), longest_s);
    for (size_t i = (size_t)ceil(start_s * rate_hz); i < n && (double)i / rate_hz < start_s + length_s; i++) x[i] = (double)NAN;
  }
}

void dsp_nuisance_sizes(double sizes[DSP_N_SIZES], dsp_nuisance_level level, const dsp_nuisance_range ranges[DSP_N_SIZES],
                        const double custom[DSP_N_SIZES], uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_SIZES);
  const bool hard = level == DSP_NUISANCE_HARD, drawn = hard || level == DSP_NUISANCE_REALISTIC;
  for (int k = 0; k < DSP_N_SIZES; k++) {
    sizes[k] = level == DSP_NUISANCE_CUSTOM ? custom[k] : 0;
    if (!drawn) continue;
    sizes[k] = dsp_rng_between(&rng, hard ? ranges[k].hard_lo : ranges[k].lo, hard ? ranges[k].hard_hi : ranges[k].hi);
    const bool negative = dsp_rng_uniform(&rng) < 0.5;
    if (ranges[k].either && negative) sizes[k] = -sizes[k];
  }
  if (!drawn) return;
  sizes[DSP_N_DROPOUTS] = floor(sizes[DSP_N_DROPOUTS]);
  if (sizes[DSP_N_LSB_ML] > 0) sizes[DSP_N_LSB_ML] = exp2(floor(log2(sizes[DSP_N_LSB_ML]))); /* a power of two: samples print short */
}

void dsp_nuisance_apply(double *x, size_t n, double rate_hz, const double sizes[DSP_N_SIZES], const dsp_apg_plan *plan, uint64_t seed) {
  if (sizes[DSP_N_PULSE_ML] != 0) add_pulse(x, n, rate_hz, sizes, seed);
  if (sizes[DSP_N_BREATH_ML] != 0) add_rhythm(x, n, rate_hz, sizes[DSP_N_BREATH_ML], sizes[DSP_N_BREATH_HZ], seed, STREAM_BREATH);
  if (sizes[DSP_N_VASO_ML] != 0) add_rhythm(x, n, rate_hz, sizes[DSP_N_VASO_ML], sizes[DSP_N_VASO_HZ], seed, STREAM_VASO);
  if (sizes[DSP_N_WHITE_ML] != 0) add_white(x, n, sizes[DSP_N_WHITE_ML], seed);
  if (sizes[DSP_N_PINK_ML] != 0) add_pink(x, n, rate_hz, sizes[DSP_N_PINK_ML], seed);
  add_drift(x, n, rate_hz, sizes);
  if (sizes[DSP_N_TRANSIENT_ML] != 0) {
    add_transient(x, n, rate_hz, sizes, sizes[DSP_N_TRANSIENT_ML], plan->stand_s);
    add_transient(x, n, rate_hz, sizes, -0.5 * sizes[DSP_N_TRANSIENT_ML], plan->lie_s);
  }
  if (sizes[DSP_N_BULGE_ML] != 0) add_bulge(x, n, rate_hz, sizes[DSP_N_BULGE_ML], plan);
  if (sizes[DSP_N_STEP_ML] != 0) add_step(x, n, rate_hz, sizes[DSP_N_STEP_ML], sizes[DSP_N_STEP_S], plan, seed);
  for (size_t i = 0; i < n && sizes[DSP_N_GAIN_PCT] != 0; i++) x[i] *= 1 + sizes[DSP_N_GAIN_PCT] / 100;
  for (size_t i = 0; i < n && sizes[DSP_N_LSB_ML] > 0; i++) x[i] = sizes[DSP_N_LSB_ML] * round(x[i] / sizes[DSP_N_LSB_ML]);
  if (sizes[DSP_N_DROPOUTS] > 0) drop(x, n, rate_hz, (size_t)sizes[DSP_N_DROPOUTS], sizes[DSP_N_DROPOUT_S], seed);
}
