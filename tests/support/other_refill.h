/* SPDX-License-Identifier: GPL-3.0-or-later
 * A second simulator of light-reflection refill. Real refills are seldom exponential: they begin late and run as a sigmoid where valves
 * hold, in a straight line while the inflow is steady, fast and then late where they leak in part, stretched where many veins differ. */
#ifndef SUPPORT_OTHER_REFILL_H
#define SUPPORT_OTHER_REFILL_H

#include "other_limb.h"

enum { REFILL_HZ = 1000, REFILL_BOUTS = 3 };

typedef enum refill_shape { SIGMOID, STRAIGHT, STRETCHED, TWO_STAGES, TWO_RATES, REFILL_SHAPES } refill_shape;

typedef struct refill_plan {
  refill_shape shape;
  double middle_s, width_s, tau_s, power, share; /* of the shapes */
  double level, vo, late;                        /* late: approached level above rest, of vo */
  double start_s[REFILL_BOUTS], end_s[REFILL_BOUTS], rest_s, refill_s, period_s;
  int bouts, count;
} refill_plan;

static inline double refill_sigmoid(double middle_s, double width_s, double s) {
  return (1 + exp(-middle_s / width_s)) / (1 + exp((s - middle_s) / width_s));
}

/* What is left, from 1 to 0. */
static inline double refill_left(const refill_plan *p, double s) {
  if (s <= 0) return 1;
  switch (p->shape) {
  case SIGMOID:
    return refill_sigmoid(p->middle_s, p->width_s, s);
  case STRAIGHT: { /* steady inflow until a share has come back, then at the same pace on along an exponential */
    const double left = 1 - p->share, pace = p->share / p->middle_s, from_s = p->middle_s;
    return s < from_s ? 1 - pace * s : left * exp(-(s - from_s) * pace / left);
  }
  case STRETCHED:
    return exp(-pow(s / p->tau_s, p->power));
  case TWO_STAGES:
    return p->share * exp(-s / p->tau_s) + (1 - p->share) * refill_sigmoid(p->middle_s, p->width_s, s);
  case TWO_RATES:
  case REFILL_SHAPES:
    break;
  }
  return p->share * exp(-s / p->tau_s) + (1 - p->share) * exp(-s / (4 * p->tau_s));
}

/* The lasting time to a share of what is left. */
static inline double refill_time_to(const refill_plan *p, double left) {
  double low = 0, high = 600;
  for (int i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (refill_left(p, middle) > left)
      low = middle;
    else
      high = middle;
  }
  return high;
}

static inline refill_plan refill_draw(uint64_t *r) {
  refill_plan p = {.shape = (refill_shape)(REFILL_SHAPES * other_uniform(r))};
  p.middle_s = other_between(r, 3, 18);
  p.width_s = p.middle_s / other_between(r, 2.5, 6);
  p.tau_s = p.shape == TWO_RATES ? other_between(r, 2, 6) : p.shape == TWO_STAGES ? other_between(r, 1, 3) : other_between(r, 3, 14);
  p.power = other_between(r, 0.75, 1.7);
  p.share = p.shape == TWO_STAGES ? other_between(r, 0.25, 0.5)
            : p.shape == STRAIGHT ? other_between(r, 0.4, 0.8)
                                  : other_between(r, 0.4, 0.8);
  p.level = other_between(r, 300, 3000);
  p.vo = p.level * exp(other_between(r, log(0.02), log(0.09)));
  p.bouts = 1 + (int)(2.2 * other_uniform(r));
  p.late = p.bouts == 1 && other_uniform(r) < 0.35 ? other_between(r, 0.05, 0.3) : 0;
  p.rest_s = other_between(r, 6, 40);
  p.count = 6 + (int)(5 * other_uniform(r));
  p.period_s = other_between(r, 1.6, 2.4);
  p.refill_s = fmax(40, refill_time_to(&p, 0.01) + other_between(r, 8, 25));
  return p;
}

/* The clean trace: the foot's swings climb to vo, fall back a little between each other, and the last ends in a peak. */
static inline double refill_exercise(const refill_plan *p, double since_s) {
  const double pi = acos(-1), k = fmin(floor(since_s / p->period_s), p->count - 1.0), x = since_s / p->period_s - k;
  const double reach = tanh(1.6 * (k + 1) / p->count) / tanh(1.6), before = k > 0 ? 0.9 * tanh(1.6 * k / p->count) / tanh(1.6) : 0;
  if (k > p->count - 1.5) return before + (reach - before) * sin(0.5 * pi * x);
  return x < 0.5 ? before + (reach - before) * sin(pi * x) : reach * (1 - 0.1 * (1 - cos(2 * pi * (x - 0.5))) / 2);
}

static inline void refill_run(double *v, size_t n, const refill_plan *p) {
  double left = 0;
  int k = 0;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i / REFILL_HZ;
    while (k + 1 < p->bouts && t_s >= p->start_s[k + 1]) k++;
    if (t_s < p->start_s[k])
      left = 0;
    else if (t_s < p->end_s[k])
      left = fmax(refill_exercise(p, t_s - p->start_s[k]), left * exp(-1.0 / REFILL_HZ));
    else
      left = p->late + (1 - p->late) * refill_left(p, t_s - p->end_s[k]);
    v[i] = p->level + p->vo * left;
  }
}

static inline void refill_truth(leg *made, const refill_plan *p) {
  other_put_truth(made, "VO", 100 * p->vo / p->level);
  other_put_truth(made, "TO", refill_time_to(p, 0.03));
  other_put_truth(made, "TH", refill_time_to(p, 0.5));
  other_put_truth(made, "TI", 3 / (1 - refill_left(p, 3)));
  other_put_truth(made, "FO", 100 * p->vo / p->level * refill_time_to(p, 0.5));
}

/* `cut`: the recording ends when so much is left. */
static inline leg other_refill(uint64_t seed, bool clean, bool events, double cut) {
  static const double rates_hz[] = {4, 4, 5, 8, 16, 25, 32.5, 50, 100};
  uint64_t r = other_seeded(seed);
  refill_plan p = refill_draw(&r);
  if (cut > 0) p.bouts = 1, p.late = 0, p.refill_s = refill_time_to(&p, cut);
  double t_s = p.rest_s;
  for (int k = 0; k < p.bouts; k++) {
    p.start_s[k] = t_s;
    p.end_s[k] = t_s + p.count * p.period_s;
    t_s = p.end_s[k] + p.refill_s;
  }
  const double rate_hz = rates_hz[(size_t)(9 * other_uniform(&r))];
  const size_t fine = (size_t)(t_s * REFILL_HZ) + 1;
  double *v = malloc(fine * sizeof *v);
  ck_assert_ptr_nonnull(v);
  refill_run(v, fine, &p);
  size_t n;
  double *x = other_sampled(&n, v, fine, REFILL_HZ, rate_hz);
  free(v);
  const double unit = p.level / 100;
  const other_noise noise = {.pulse = unit * other_between(&r, 0.1, 0.5),
                             .beat_s = other_between(&r, 0.6, 1.2),
                             .breath = unit * other_between(&r, 0.02, 0.12),
                             .breath_s = other_between(&r, 3, 6),
                             .coloured = unit * other_between(&r, 0.005, 0.04),
                             .coloured_s = other_between(&r, 0.3, 3),
                             .white = unit * other_between(&r, 0.01, 0.05),
                             .wander = unit * other_between(&r, 0, 0.05),
                             .step = unit * other_between(&r, 0.004, 0.04)};
  if (!clean) other_disturb(x, n, rate_hz, &noise, &r);
  leg made = other_channel("PPG", DSP_ROLE_PPG, x, n, rate_hz);
  made.recording->channels[0].polarity = 1;
  for (int k = 0; k < p.bouts && events; k++) {
    leg_event(&made, p.start_s[k], DSP_EVENT_EXERCISE_START, 0, 0);
    leg_event(&made, p.end_s[k], DSP_EVENT_EXERCISE_END, 0, 0);
  }
  refill_truth(&made, &p);
  return made;
}

#endif
