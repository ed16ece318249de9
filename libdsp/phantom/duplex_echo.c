/* SPDX-License-Identifier: GPL-3.0-or-later
 * Blood as scatterers, each a complex exponential whose phase follows the velocity of its stream line for as long as it is in the sample
 * volume, with a complex normal strength and a parabolic window: Gaussian noise whose spectrum at any time is the profile's, widened by
 * the transit and by the relative spread of the shifts. For v(r) = vmax (1 - (r/R)^n) and r^2 uniform, u = v / vmax = 1 - q^(n/2). */
#include <dsp/memory.h>
#include <math.h>
#include <phantom/duplex_echo.h>
#include <phantom/rng.h>
#include <stdlib.h>

enum { STREAM_BLOOD = 3, SCATTERERS = 96, LANES = 8, GROUPS = SCATTERERS / LANES, BLOCK_MAX = 64 };
static const double block_s = 0.0015; /* the frequencies stay this long; phases run on */
static const double two_pi = 6.283185307179586477;

typedef struct group {
  float re[LANES], im[LANES];
  double share[LANES];                 /* of the fastest shift */
  double born_s[LANES], life_s[LANES]; /* when it entered, and for how long */
} group;

static void enter(group *g, size_t l, double t_s, const dsp_duplex_settings *s, dsp_rng *rng) {
  double q = dsp_rng_uniform(rng);
  g->share[l] = (1 - pow(q, s->profile / 2)) * (1 + s->broadening * dsp_rng_normal(rng));
  g->re[l] = (float)(dsp_rng_normal(rng) / sqrt(2.0 * SCATTERERS));
  g->im[l] = (float)(dsp_rng_normal(rng) / sqrt(2.0 * SCATTERERS));
  g->life_s[l] = s->transit_s * dsp_rng_between(rng, 0.7, 1.3);
  g->born_s[l] = t_s;
}

/* A parabola, zero at both ends, mean square 1. */
static float window(const group *g, size_t l, double t_s) {
  double x = (t_s - g->born_s[l]) / g->life_s[l];
  return x <= 0 || x >= 1 ? 0 : (float)(5.477225575051661 * x * (1 - x));
}

/* Add the group's next samples; each scatterer turns by `turn` times its share per sample. */
static void run_block(float (*re)[LANES], float (*im)[LANES], size_t n, group *g, double turn, double t_s, double step_s) {
  float cosine[LANES], sine[LANES], gain[LANES], slope[LANES];
  for (size_t l = 0; l < LANES; l++) {
    cosine[l] = (float)cos(turn * g->share[l]);
    sine[l] = (float)sin(turn * g->share[l]);
    gain[l] = window(g, l, t_s);
    slope[l] = (window(g, l, t_s + (double)n * step_s) - gain[l]) / (float)n;
  }
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < LANES; l++) {
      float x = g->re[l], y = g->im[l];
      re[i][l] += gain[l] * x;
      im[i][l] += gain[l] * y;
      g->re[l] = x * cosine[l] - y * sine[l];
      g->im[l] = x * sine[l] + y * cosine[l];
      gain[l] += slope[l];
    }
}

dsp_status dsp_duplex_echo(dsp_duplex_signal *signal, const dsp_duplex_plan *plan, uint64_t seed) {
  const dsp_duplex_settings *s = &plan->s;
  group *groups = dsp_zalloc(GROUPS, sizeof *groups);
  if (!groups) return DSP_NO_MEMORY;
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_BLOOD);
  for (size_t k = 0; k < SCATTERERS; k++) enter(&groups[k / LANES], k % LANES, -dsp_rng_uniform(&rng) * s->transit_s, s, &rng);
  double step_s = 1 / s->rate_hz, turn_per_cm_s = two_pi * dsp_duplex_hz_per_cm_s(s) * step_s;
  const size_t block = (size_t)fmax(1, fmin(BLOCK_MAX, block_s * s->rate_hz));
  for (size_t first = 0; first < signal->n; first += block) {
    float re[BLOCK_MAX][LANES] = {0}, im[BLOCK_MAX][LANES] = {0};
    double t_s = (double)first * step_s, turn = turn_per_cm_s * dsp_duplex_velocity(plan, t_s + 0.5 * (double)block * step_s);
    for (size_t k = 0; k < GROUPS; k++) {
      for (size_t l = 0; l < LANES; l++)
        if (t_s >= groups[k].born_s[l] + groups[k].life_s[l]) enter(&groups[k], l, t_s, s, &rng);
      run_block(re, im, block, &groups[k], turn, t_s, step_s);
    }
    for (size_t i = 0; i < block && first + i < signal->n; i++) {
      signal->re[first + i] = signal->im[first + i] = 0;
      for (size_t l = 0; l < LANES; l++) {
        signal->re[first + i] += (double)re[i][l];
        signal->im[first + i] += (double)im[i][l];
      }
    }
  }
  free(groups);
  return DSP_OK;
}
