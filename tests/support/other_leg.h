/* SPDX-License-Identifier: GPL-3.0-or-later
 * A second, independent simulator of the standing test, with other physics than the phantom's, so that no analysis is tuned on one: one
 * vein whose compliance falls with pressure (Windkessel, arctangent volume-pressure law) or a sigmoid filling, ejection early in the
 * contraction along a smooth step, a bulge like half a Gaussian's, AR(1) noise with vasomotion and breathing of its own. */
#ifndef SUPPORT_OTHER_LEG_H
#define SUPPORT_OTHER_LEG_H

#include "leg.h"

typedef struct other_truth {
  double vv_ml, vfi_ml_s, ef_pct, rvf_pct;
} other_truth;

/* Uniform deviates of a linear congruential generator (Knuth's MMIX). */
static inline double other_uniform(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) / 9007199254740992.0;
}

static inline double other_between(uint64_t *state, double lo, double hi) {
  return lo + (hi - lo) * other_uniform(state);
}

static inline double other_normal(uint64_t *state) {
  double sum = -6;
  for (int k = 0; k < 12; k++) sum += other_uniform(state);
  return sum;
}

enum { OTHER_STEP_HZ = 500 };

typedef struct other_plan {
  double stand_s, single_s, first_s, period_s, contraction_s, lie_s, end_s;
  double vv_ml, pace_per_s, share, bulge_ml;
  bool sigmoid, clean;
} other_plan;

static inline double other_start(const other_plan *p, int k) {
  return k == 0 ? p->single_s : p->first_s + (k - 1) * p->period_s;
}

/* Filling per second at volume v, t seconds after standing up: a vein that stiffens as it fills, or one that yields slowly at first. */
static inline double other_fill(const other_plan *p, double v, double upright) {
  const double empty = fmax(0, 1 - v / p->vv_ml);
  const double flow = p->sigmoid ? (0.25 + v / p->vv_ml) * empty * 1.6 : 1.15 * atan(3 * empty) / atan(3);
  return upright * p->pace_per_s * p->vv_ml * flow;
}

static inline other_plan other_draw(uint64_t *state, bool clean) {
  other_plan p = {.clean = clean, .sigmoid = other_uniform(state) < 0.4};
  p.vv_ml = other_between(state, 80, 260);
  p.pace_per_s = 1 / other_between(state, 6, 60);
  const double fill_s = 6 / p.pace_per_s;
  p.stand_s = other_between(state, 40, 80);
  p.single_s = p.stand_s + fmax(90, fill_s);
  p.first_s = p.single_s + fmax(60, 0.8 * fill_s);
  p.period_s = 1 / other_between(state, 0.8, 1.2);
  p.contraction_s = other_between(state, 0.35, 0.65);
  p.lie_s = p.first_s + 10 * p.period_s + fmax(70, 0.8 * fill_s);
  p.end_s = p.lie_s + 60;
  p.share = other_between(state, 0.2, 0.65);
  p.bulge_ml = (other_uniform(state) < 0.5 ? -1 : 1) * other_between(state, 10, 25);
  return p;
}

/* The clean volume, by Euler steps of 2 ms. */
static inline void other_run(double *v, size_t n, const other_plan *p) {
  double now = 0, before = 0;
  int k = -1;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i / OTHER_STEP_HZ;
    v[i] = now;
    if (k < 10 && t_s >= other_start(p, k + 1)) k++, before = now;
    const double x = k >= 0 ? (t_s - other_start(p, k)) / p->contraction_s : 2;
    const double upright = t_s < p->stand_s || t_s >= p->lie_s ? 0 : fmin(1, (t_s - p->stand_s) / 1.5);
    if (x < 1) {
      const double y = fmin(1, x / 0.9); /* smooth step: over at nine tenths of the contraction */
      now = before * (1 - p->share * y * y * (3 - 2 * y));
    } else if (t_s >= p->lie_s) {
      now *= exp(-1 / (5.0 * OTHER_STEP_HZ));
    } else {
      now += other_fill(p, now, upright) / OTHER_STEP_HZ;
    }
  }
}

static inline double other_lowest(const double *v, double from_s, double to_s) {
  double low = INFINITY;
  for (size_t i = (size_t)(from_s * OTHER_STEP_HZ); i <= (size_t)(to_s * OTHER_STEP_HZ); i++) low = fmin(low, v[i]);
  return low;
}

static inline other_truth other_read(const double *v, const other_plan *p) {
  const size_t single = (size_t)(p->single_s * OTHER_STEP_HZ);
  other_truth t = {.vv_ml = v[single]};
  size_t i = single;
  while (v[i - 1] >= 0.9 * t.vv_ml) i--;
  t.vfi_ml_s = 0.9 * t.vv_ml / ((double)i / OTHER_STEP_HZ - p->stand_s);
  const double last_s = other_start(p, 10), reach_s = p->contraction_s + 1.5;
  t.ef_pct = 100 * (t.vv_ml - other_lowest(v, p->single_s, p->single_s + reach_s)) / t.vv_ml;
  t.rvf_pct = 100 * other_lowest(v, last_s, last_s + reach_s) / t.vv_ml;
  return t;
}

static inline double other_bulge(const other_plan *p, double t_s) {
  for (int k = 0; k <= 10; k++) {
    const double x = (t_s - other_start(p, k)) / p->contraction_s;
    if (x >= 0 && x < 1) return p->bulge_ml * exp(-12 * (x - 0.5) * (x - 0.5)) * fmin(1, 8 * fmin(x, 1 - x));
  }
  return 0;
}

/* A recording at rate_hz, with its events or without, and what is true of it. */
static inline leg other_leg(other_truth *truth, uint64_t seed, double rate_hz, bool events, bool clean) {
  const double turn = 2 * acos(-1);
  uint64_t state = seed * 2654435761u + 1;
  for (int k = 0; k < 8; k++) other_uniform(&state);
  const other_plan p = other_draw(&state, clean);
  const size_t fine = (size_t)(p.end_s * OTHER_STEP_HZ) + 1, n = (size_t)(p.end_s * rate_hz);
  double *v = malloc(fine * sizeof *v), *x = malloc(n * sizeof *x);
  ck_assert(v && x);
  other_run(v, fine, &p);
  *truth = other_read(v, &p);
  const double breath_hz = other_between(&state, 0.18, 0.32), slow_hz = other_between(&state, 0.05, 0.1);
  const double keep = exp(-1 / (0.3 * rate_hz)), kick = 0.25 * sqrt(1 - keep * keep), drift = other_between(&state, 0, 3);
  double coloured = 0, breath = 0, slow = 0;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i / rate_hz;
    x[i] = 20 + v[(size_t)(t_s * OTHER_STEP_HZ)];
    if (clean) continue;
    coloured = keep * coloured + kick * other_normal(&state);
    breath += turn * breath_hz / rate_hz * (1 + 0.2 * other_normal(&state));
    slow += turn * slow_hz / rate_hz * (1 + 0.3 * other_normal(&state));
    const double rocking = t_s > p.stand_s && t_s < p.stand_s + 2.5 ? 30 * exp(-(t_s - p.stand_s)) * sin(turn * (t_s - p.stand_s)) : 0;
    x[i] += coloured + sin(breath) + 0.7 * sin(slow) + drift * t_s / p.end_s + rocking + other_bulge(&p, t_s);
  }
  free(v);
  leg made = leg_by_hand(x, n, rate_hz, "");
  if (events) {
    leg_event(&made, p.stand_s, DSP_EVENT_STAND, 0, 0);
    leg_event(&made, p.single_s, DSP_EVENT_TIPTOE, 1, 0);
    leg_event(&made, p.first_s, DSP_EVENT_TIPTOE, 10, 10 * p.period_s);
    leg_event(&made, p.lie_s, DSP_EVENT_SUPINE, 0, 0);
  }
  return made;
}

#endif
