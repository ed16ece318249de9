/* SPDX-License-Identifier: GPL-3.0-or-later
 * A second simulator of arterial inflow and reactive hyperaemia. The artery feeds a vein that stiffens as it fills, against the vein's
 * pressure, from a pressure little above the cuff's (published slopes fall by a quarter from beat to beat at 55 mL/100 mL/min, far faster
 * than against the artery's own pressure); blood leaks beneath the collecting cuff as that pressure comes near the cuff's. Neither a linear
 * store nor an exponential of time. After an arterial occlusion the flow falls along a hyperbola or a bell's flank. Solved by Euler steps
 * of 2 ms. */
#ifndef SUPPORT_OTHER_INFLOW_H
#define SUPPORT_OTHER_INFLOW_H

#include "other_limb.h"

enum { INFLOW_HZ = 500, INFLOW_MOST = 32 };

typedef struct inflow_plan {
  double rest, most, rises_s, falls_s;                                /* flows in %/s; most above rest, after the arterial release */
  double capacity, stiffens, drain_s, soft;                           /* of the vein */
  double cuff_mmhg, driving_mmhg, inflating_s, shut_s, open_s, end_s; /* the artery's cuff: INFINITY for none */
  double inflate_s[INFLOW_MOST], release_s[INFLOW_MOST];
  int before, cycles;
  bool bell;
} inflow_plan;

static const double inflow_rest_mmhg = 8;

static inline double inflow_cuff(const inflow_plan *p, double t_s) {
  for (int k = 0; k < p->cycles; k++) {
    const double since_s = t_s - p->inflate_s[k], gone_s = t_s - p->release_s[k];
    if (since_s < 0 || gone_s > 2) continue;
    return p->cuff_mmhg * (gone_s > 0 ? exp(-gone_s / 0.1) : fmin(1, since_s / p->inflating_s));
  }
  return 0;
}

/* Flow against resting venous pressure; `surge`: with the first moment's rise, which no reading of a cycle is meant to follow. */
static inline double inflow_flow(const inflow_plan *p, double t_s, bool surge) {
  const double since_s = t_s - p->open_s, x = since_s / p->falls_s;
  if (t_s < p->shut_s) return p->rest;
  if (since_s < 0) return 0;
  const double flow = p->rest + p->most * (p->bell ? exp(-x * x) : 1 / (1 + x));
  return surge ? flow * -expm1(-since_s / p->rises_s) : flow;
}

static inline double inflow_pressure(const inflow_plan *p, double v) {
  const double part = fmin(0.99 / p->stiffens, v / p->capacity);
  return inflow_rest_mmhg + (p->cuff_mmhg - inflow_rest_mmhg) * part * (1 - p->stiffens) / (1 - p->stiffens * fmax(0, part));
}

static inline double inflow_into(const inflow_plan *p, double v, double t_s, bool surge) {
  return inflow_flow(p, t_s, surge) * (p->driving_mmhg - inflow_pressure(p, v)) / (p->driving_mmhg - inflow_rest_mmhg);
}

static inline void inflow_run(double *trace, double *cuff, size_t n, const inflow_plan *p) {
  const double slack = (p->cuff_mmhg - inflow_rest_mmhg) * (1 - p->stiffens) / p->capacity; /* mmHg per % near rest */
  double v = 0;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i / INFLOW_HZ, outside = inflow_cuff(p, t_s), mmhg = inflow_pressure(p, v);
    trace[i] = v;
    cuff[i] = outside;
    /* what drives the outflow: pressure above the heart's side, of which the cuff takes more, softly, as it closes the vein */
    const double open = p->rest * p->drain_s * slack, free_mmhg = mmhg - inflow_rest_mmhg + open;
    const double over = (mmhg - outside) / p->soft, past = outside > 0 ? p->soft * (over > 30 ? over : log1p(exp(over))) : free_mmhg;
    const double out = fmax(0, fmin(free_mmhg, past)) / (p->drain_s * slack);
    v += (inflow_into(p, v, t_s, true) - out) / INFLOW_HZ;
  }
}

static inline inflow_plan inflow_draw(uint64_t *r, bool hyperaemia) {
  inflow_plan p = {.rest = exp(other_between(r, log(1.5), log(6))) / 60, .shut_s = INFINITY, .open_s = INFINITY};
  p.capacity = other_between(r, 1.8, 4);
  p.stiffens = other_between(r, 0.1, 0.5);
  p.drain_s = other_between(r, 0.6, 1.6);
  p.soft = other_between(r, 0.3, 1);
  p.cuff_mmhg = other_between(r, 40, 60);
  p.driving_mmhg = p.cuff_mmhg + other_between(r, 2, 15);
  p.inflating_s = other_between(r, 0.1, 0.5);
  p.most = p.rest * other_between(r, 2, 7);
  p.rises_s = other_between(r, 0.1, 0.3);
  p.bell = other_uniform(r) < 0.5;
  p.falls_s = p.bell ? other_between(r, 35, 90) : other_between(r, 15, 50);
  p.before = 5 + (int)(3 * other_uniform(r));
  p.cycles = p.before + (hyperaemia ? 8 + (int)(6 * other_uniform(r)) : 0);
  const double hold_s = other_between(r, 7, 11), pause_s = other_between(r, 5, 8);
  const bool late = other_uniform(r) < 0.5; /* else the arterial cuff is let down to the collecting pressure */
  double t_s = other_between(r, 8, 40);
  for (int k = 0; k < p.cycles; k++) {
    if (k == p.before) p.shut_s = t_s, p.open_s = t_s + other_between(r, 180, 300), t_s = p.open_s + (late ? other_between(r, 2, 5) : 0);
    p.inflate_s[k] = t_s;
    p.release_s[k] = t_s + hold_s * (k < p.before ? 1 : 0.7) * other_between(r, 0.95, 1.05);
    t_s = p.release_s[k] + pause_s * other_between(r, 0.95, 1.15);
  }
  p.end_s = t_s;
  return p;
}

static inline double inflow_slope(const double *v, double from_s, double to_s) {
  const size_t from = (size_t)llround(from_s * INFLOW_HZ), to = (size_t)llround(to_s * INFLOW_HZ);
  const double middle = 0.5 * (double)(from + to);
  double xy = 0, xx = 0;
  for (size_t i = from; i <= to; i++) {
    xy += ((double)i - middle) * v[i];
    xx += ((double)i - middle) * ((double)i - middle);
  }
  return 60 * xy / xx * INFLOW_HZ;
}

static inline void inflow_truth(leg *made, const double *v, const inflow_plan *p, bool hyperaemia) {
  double rest = 0, line = 0, peak = 0, peak_s = 0;
  for (int k = 0; k < p->cycles; k++) {
    const double at_s = p->inflate_s[k], from_s = at_s + 0.8;
    const double flow = 60 * inflow_into(p, v[(size_t)llround(at_s * INFLOW_HZ)], at_s, false);
    if (k < p->before) {
      rest += flow / p->before;
      line += inflow_slope(v, from_s, fmin(from_s + 5, p->release_s[k])) / p->before;
    } else if (flow > peak) {
      peak = flow, peak_s = at_s;
    }
  }
  if (!hyperaemia) {
    other_put_truth(made, "AI.exp0", rest);
    other_put_truth(made, "AI.line", line);
    return;
  }
  other_put_truth(made, "REST", rest);
  other_put_truth(made, "PEAK", peak);
  other_put_truth(made, "TTP", peak_s - p->open_s);
}

/* The cuff pulls at the limb: a swing that dies away into a small lasting step, until it lets go. */
static inline void inflow_pull(double *x, size_t n, double rate_hz, const inflow_plan *p, double step, double swing_hz, double decay_s) {
  const double turn = 2 * acos(-1);
  for (int k = 0; k < p->cycles; k++)
    for (int up = 0; up < 2; up++) {
      const double at_s = up ? p->inflate_s[k] : p->release_s[k];
      for (size_t i = (size_t)ceil(at_s * rate_hz); i < n; i++) {
        const double s = (double)i / rate_hz - at_s;
        x[i] += (up ? step : -step) * (1 - exp(-s / decay_s) * cos(turn * swing_hz * s));
      }
    }
}

static inline void inflow_events(leg *made, const inflow_plan *p) {
  for (int k = 0; k < p->cycles; k++) {
    if (k == p->before) leg_event(made, p->shut_s, DSP_EVENT_ARTERIAL_INFLATE, 0, 0);
    if (k == p->before) leg_event(made, p->open_s, DSP_EVENT_ARTERIAL_RELEASE, 0, 0);
    leg_event(made, p->inflate_s[k], DSP_EVENT_CUFF_INFLATE, 0, 0);
    leg_event(made, p->release_s[k], DSP_EVENT_CUFF_RELEASE, 0, 0);
  }
}

static inline leg other_inflow(uint64_t seed, bool clean, bool events, bool cuff_channel, bool hyperaemia) {
  static const double rates_hz[] = {10, 12.5, 20, 25, 40, 50, 64, 100};
  uint64_t r = other_seeded(seed);
  const inflow_plan p = inflow_draw(&r, hyperaemia);
  const double rate_hz = rates_hz[(size_t)(8 * other_uniform(&r))];
  const size_t fine = (size_t)(p.end_s * INFLOW_HZ) + 1;
  double *v = malloc(fine * sizeof *v), *cuff = malloc(fine * sizeof *cuff);
  ck_assert(v && cuff);
  inflow_run(v, cuff, fine, &p);
  size_t n, n_cuff;
  double *x = other_sampled(&n, v, fine, INFLOW_HZ, rate_hz), *mmhg = other_sampled(&n_cuff, cuff, fine, INFLOW_HZ, rate_hz);
  const other_noise noise = {.pulse = other_between(&r, 0.03, 0.1),
                             .beat_s = other_between(&r, 0.6, 1.2),
                             .swell = other_between(&r, 0, 0.25),
                             .breath = other_between(&r, 0.003, 0.015),
                             .breath_s = other_between(&r, 3, 6),
                             .coloured = other_between(&r, 0.001, 0.006),
                             .coloured_s = other_between(&r, 0.3, 2),
                             .white = other_between(&r, 0.003, 0.015),
                             .wander = other_between(&r, 0, 0.01),
                             .step = other_between(&r, 0.0005, 0.004)};
  const double step = other_between(&r, -0.1, 0.1), swing_hz = other_between(&r, 1, 3), decay_s = other_between(&r, 0.05, 0.15);
  const double drift = other_between(&r, -0.03, 0.03) / 60;
  if (!clean) {
    inflow_pull(x, n, rate_hz, &p, step, swing_hz, decay_s);
    for (size_t i = 0; i < n; i++) x[i] += drift * (double)i / rate_hz;
    for (size_t i = 0; i < n_cuff; i++) mmhg[i] += 0.3 * other_normal(&r);
    other_disturb(x, n, rate_hz, &noise, &r);
  }
  leg made = other_channel("Gauge", DSP_ROLE_STRAIN, x, n, rate_hz);
  if (cuff_channel)
    other_add_cuff(&made, mmhg, n_cuff, rate_hz);
  else
    free(mmhg);
  if (events) inflow_events(&made, &p);
  inflow_truth(&made, v, &p, hyperaemia);
  free(v);
  free(cuff);
  return made;
}

#endif
