/* SPDX-License-Identifier: GPL-3.0-or-later
 * A second simulator of venous occlusion: two veins that stiffen as they fill (pressure E v / (1 - v / most)) and narrow as they empty, fed
 * by an artery against their pressure, drained against the cuff's, which falls straight, as a leaking vessel's, or along an exponential.
 * Nothing in it is an exponential of time. Solved by Euler steps of 2 ms. */
#ifndef SUPPORT_OTHER_OCCLUSION_H
#define SUPPORT_OTHER_OCCLUSION_H

#include "other_limb.h"

enum { OCCLUSION_HZ = 500, OCCLUSION_CYCLES = 3 };

typedef struct occlusion_vein {
  double stiff, most, resistance, narrows, inflow; /* mmHg/%, %, mmHg s/%, share, %/s */
} occlusion_vein;

typedef struct occlusion_plan {
  occlusion_vein vein[2];
  double inflate_s[OCCLUSION_CYCLES], vent_s[OCCLUSION_CYCLES], end_s, cuff_mmhg, inflating_s, venting_s, filtered, undershoot;
  int cycles, law; /* of the cuff's emptying */
} occlusion_plan;

static inline double occlusion_cuff(const occlusion_plan *p, double t_s) {
  for (int k = 0; k < p->cycles; k++) {
    const double up = (t_s - p->inflate_s[k]) / p->inflating_s, down = (t_s - p->vent_s[k]) / p->venting_s;
    if (t_s < p->inflate_s[k] || down > 6) continue;
    if (down < 0) return p->cuff_mmhg * fmin(1, up);
    if (p->law == 0) return p->cuff_mmhg * fmax(0, 1 - down);
    if (p->law == 1) return p->cuff_mmhg * (down < 1 ? (1 - down) * (1 - down) : 0);
    return p->cuff_mmhg * exp(-3 * down);
  }
  return 0;
}

static inline void occlusion_run(double *v, double *cuff, size_t n, const occlusion_plan *p) {
  static const double rest_mmhg = 8, artery_mmhg = 90;
  double in[2] = {0, 0}, filtered = 0, low = 0;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i / OCCLUSION_HZ, outside = occlusion_cuff(p, t_s);
    bool vented = false;
    for (int k = 0; k < p->cycles; k++) vented |= t_s > p->vent_s[k] && t_s < p->vent_s[k] + 8;
    low += ((vented ? p->undershoot : 0) - low) / (4.0 * OCCLUSION_HZ);
    v[i] = in[0] + in[1] + filtered - low;
    cuff[i] = outside;
    filtered += p->filtered * fmax(0, outside - 15) / 35 / OCCLUSION_HZ;
    for (int k = 0; k < 2; k++) {
      const occlusion_vein *w = &p->vein[k];
      const double mmhg = rest_mmhg + w->stiff * in[k] / (1 - fmin(0.98, fmax(-0.5, in[k] / w->most)));
      const double rest_resistance = w->resistance * (1 + w->narrows), beyond = rest_mmhg - w->inflow * rest_resistance;
      const double resistance = w->resistance * (1 + w->narrows * exp(-fmax(0, in[k]) / (0.25 * w->most)));
      const double out = fmax(0, mmhg - fmax(outside, beyond)) / resistance;
      in[k] += (w->inflow * (artery_mmhg - mmhg) / (artery_mmhg - rest_mmhg) - out) / OCCLUSION_HZ;
    }
  }
}

static inline occlusion_plan occlusion_draw(uint64_t *r) {
  occlusion_plan p = {.cycles = 1 + (int)(2.999 * other_uniform(r)), .law = (int)(2.999 * other_uniform(r))};
  const bool obstructed = other_uniform(r) < 0.25;
  const double capacity = other_between(r, 1.6, 3.6), share = other_between(r, 0.55, 0.8), inflow = other_between(r, 2, 5) / 60;
  p.cuff_mmhg = other_between(r, 45, 60);
  for (int k = 0; k < 2; k++) {
    occlusion_vein *w = &p.vein[k];
    const double part = capacity * (k == 0 ? share : 1 - share),
                 tau_s = k == 0 ? other_between(r, 0.8, 1.8) * (obstructed ? 2.5 : 1) : other_between(r, 4, 9);
    w->most = part * other_between(r, 1.3, 2.5);
    w->stiff = (p.cuff_mmhg - 8) / part * (1 - part / w->most);
    w->resistance = tau_s * (p.cuff_mmhg - 8) / part;
    w->narrows = other_between(r, 0, 0.6);
    w->inflow = inflow * part / capacity;
    if (w->inflow * w->resistance * (1 + w->narrows) > 6) w->inflow = 6 / (w->resistance * (1 + w->narrows));
  }
  p.inflating_s = other_between(r, 0.2, 1);
  p.venting_s = exp(other_between(r, log(0.05), log(0.6)));
  p.filtered = other_between(r, 0.02, 0.08) / 60;
  p.undershoot = other_between(r, 0, 0.3);
  double t_s = other_between(r, 35, 70);
  for (int k = 0; k < p.cycles; k++) {
    p.inflate_s[k] = t_s;
    p.vent_s[k] = t_s + fmax(100, 2.2 * capacity / inflow) + other_between(r, 0, 40);
    t_s = p.vent_s[k] + other_between(r, 50, 90);
  }
  p.end_s = t_s;
  return p;
}

static inline double occlusion_at(const double *v, double t_s) {
  return v[(size_t)llround(t_s * OCCLUSION_HZ)];
}

static inline void occlusion_truth(leg *made, const double *v, const occlusion_plan *p) {
  double svc = 0, first = 0, later = 0, of = 0, ev = 0, vet = 0;
  for (int k = 0; k < p->cycles; k++) {
    const double at = p->vent_s[k], v0 = occlusion_at(v, at), size = v0 - occlusion_at(v, p->inflate_s[k]), n = p->cycles;
    svc += size / n;
    first += 60 * (v0 - occlusion_at(v, at + 1)) / n;
    later += 40 * (occlusion_at(v, at + 0.5) - occlusion_at(v, at + 2)) / n;
    of += 100 * (v0 - occlusion_at(v, at + 1)) / size / n;
    ev += 100 * (v0 - occlusion_at(v, at + 4)) / size / n;
    size_t i = (size_t)llround(at * OCCLUSION_HZ);
    while (v[i] > v0 - 0.9 * size) i++;
    vet += ((double)i / OCCLUSION_HZ - at) / n;
  }
  other_put_truth(made, "SVC", svc);
  other_put_truth(made, "MVO.first1s", first);
  other_put_truth(made, "MVO.0.5-2s", later);
  other_put_truth(made, "OF1s", of);
  other_put_truth(made, "EV4", ev);
  other_put_truth(made, "VET90", vet);
}

/* The gauge swings when the cuff moves the limb. */
static inline void occlusion_swing(double *x, size_t n, double rate_hz, double at_s, double size, double decay_s) {
  for (size_t i = (size_t)ceil(at_s * rate_hz); i < n && (double)i / rate_hz < at_s + 6 * decay_s; i++) {
    const double s = (double)i / rate_hz - at_s;
    x[i] += size * s / decay_s * exp(1 - s / decay_s);
  }
}

static inline leg other_occlusion(uint64_t seed, bool clean, bool events, bool cuff_channel) {
  static const double rates_hz[] = {10, 12.5, 20, 25, 40, 50, 64, 100};
  uint64_t r = other_seeded(seed);
  const occlusion_plan p = occlusion_draw(&r);
  const double rate_hz = rates_hz[(size_t)(8 * other_uniform(&r))];
  const size_t fine = (size_t)(p.end_s * OCCLUSION_HZ) + 1;
  double *v = malloc(fine * sizeof *v), *cuff = malloc(fine * sizeof *cuff);
  ck_assert(v && cuff);
  occlusion_run(v, cuff, fine, &p);
  size_t n, n_cuff;
  double *x = other_sampled(&n, v, fine, OCCLUSION_HZ, rate_hz), *mmhg = other_sampled(&n_cuff, cuff, fine, OCCLUSION_HZ, rate_hz);
  const other_noise noise = {.pulse = other_between(&r, 0.03, 0.1),
                             .beat_s = other_between(&r, 0.6, 1.2),
                             .breath = other_between(&r, 0.01, 0.05),
                             .breath_s = other_between(&r, 3, 6),
                             .coloured = other_between(&r, 0.005, 0.025),
                             .coloured_s = other_between(&r, 0.3, 2),
                             .white = other_between(&r, 0.003, 0.015),
                             .wander = other_between(&r, 0, 0.03),
                             .step = other_between(&r, 0.0005, 0.004)};
  const double swing = other_between(&r, -0.2, 0.2), decay_s = other_between(&r, 0.04, 0.15);
  if (!clean) other_disturb(x, n, rate_hz, &noise, &r);
  for (int k = 0; k < p.cycles && !clean; k++) {
    occlusion_swing(x, n, rate_hz, p.inflate_s[k], swing, decay_s);
    occlusion_swing(x, n, rate_hz, p.vent_s[k], -0.5 * swing, decay_s);
  }
  leg made = other_channel("Gauge", DSP_ROLE_STRAIN, x, n, rate_hz);
  if (cuff_channel) {
    for (size_t i = 0; i < n_cuff && !clean; i++) mmhg[i] += 0.3 * other_normal(&r);
    other_add_cuff(&made, mmhg, n_cuff, rate_hz);
  } else {
    free(mmhg);
  }
  for (int k = 0; k < p.cycles && events; k++) {
    leg_event(&made, p.inflate_s[k], DSP_EVENT_CUFF_INFLATE, 0, 0);
    leg_event(&made, p.vent_s[k], DSP_EVENT_CUFF_RELEASE, 0, 0);
  }
  occlusion_truth(&made, v, &p);
  free(v);
  free(cuff);
  return made;
}

#endif
