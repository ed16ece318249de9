/* SPDX-License-Identifier: GPL-3.0-or-later
 * Congestion towards a volume with one time constant plus filtration; outflow along two exponentials whose clock runs as fast as the cuff
 * has emptied, with an undershoot that comes fast and goes slowly (60 s). Sources: the closed forms of venous occlusion (Barnes et al.,
 * Wheeler: quasi-exponential outflow) with the two-exponential outflow that healthy legs show. */
#include <math.h>
#include <phantom/occlusion.h>
#include <phantom/rng.h>
#include <stdlib.h>
#include <string.h>

static const double recovery_s = 60;

typedef struct state {
  double held;     /* volume under the cuff, filtration apart */
  double filtered; /* filtered volume */
  double fast, slow, under_come, under_go;
} state;

size_t dsp_occlusion_steps(const dsp_occlusion_plan *plan) {
  return (size_t)llround(plan->end_s / DSP_OCCLUSION_STEP_S) + 1;
}

/* Cuff pressure of cycle k at t. */
static double cuff(const dsp_occlusion_plan *p, size_t k, double t_s) {
  if (t_s < p->inflate_s[k]) return 0;
  if (t_s >= p->vent_s[k]) return p->pressure_mmhg * fmax(0, 1 - (t_s - p->vent_s[k]) / fmax(p->deflating_s, 1e-6));
  double pressure = 0;
  for (size_t j = 0; j < p->steps; j++) {
    const double since_s = t_s - p->inflate_s[k] - (double)j * p->step_hold_s;
    const double size = p->steps > 1 ? p->step_mmhg : p->pressure_mmhg;
    if (since_s >= 0) pressure += size * fmin(1, since_s / fmax(p->inflating_s, 1e-6));
  }
  return fmin(pressure, p->pressure_mmhg);
}

/* Share of the volume that a pressure holds back: all of it for a single step, a sigmoid of the ladder's pressures. */
static double held_share(const dsp_occlusion_plan *p, const dsp_occlusion_limb *l, double pressure) {
  if (p->steps <= 1) return fmin(1, pressure / p->pressure_mmhg);
  const double z0 = 1 / (1 + exp(l->opening_mmhg / l->opening_sd_mmhg));
  const double z1 = 1 / (1 + exp((l->opening_mmhg - p->pressure_mmhg) / l->opening_sd_mmhg));
  return (1 / (1 + exp((l->opening_mmhg - pressure) / l->opening_sd_mmhg)) - z0) / (z1 - z0);
}

static double total(const state *s) {
  return s->held + s->filtered + s->fast + s->slow - s->under_go + s->under_come;
}

void dsp_occlusion_run(double *v, double *pressure, size_t n, const dsp_occlusion_plan *p, const dsp_occlusion_limb *l) {
  state s = {0};
  size_t k = 0;
  bool congested = false;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i * DSP_OCCLUSION_STEP_S, dt = DSP_OCCLUSION_STEP_S;
    while (k + 1 < p->cycles && t_s >= p->inflate_s[k + 1]) k++;
    const double mmhg = cuff(p, k, t_s);
    const bool holds = t_s >= p->inflate_s[k] && t_s < p->vent_s[k];
    if (congested && !holds) { /* what was held flows out */
      const double out = s.held + s.filtered + s.fast + s.slow;
      s.fast = l->share * out;
      s.slow = (1 - l->share) * out;
      s.held = s.filtered = 0;
      s.under_come += l->undershoot;
      s.under_go += l->undershoot;
    }
    congested = holds;
    v[i] = total(&s);
    if (pressure) pressure[i] = mmhg;
    if (holds) {
      const double target = l->volume * held_share(p, l, mmhg);
      /* What had not yet flowed out is held again. */
      s.held += s.fast + s.slow;
      s.fast = s.slow = 0;
      s.held += (target - s.held) * -expm1(-dt / l->fill_s);
      s.filtered += l->filtration * dt;
    } else {
      const double clock = 1 - mmhg / p->pressure_mmhg;
      s.fast *= exp(-dt * clock / l->fast_s);
      s.slow *= exp(-dt * clock / l->slow_s);
      s.under_come *= exp(-dt * clock / l->undershoot_s);
      s.under_go *= exp(-dt / recovery_s);
    }
  }
}

void dsp_occlusion_artefact(double *v, size_t n, const dsp_occlusion_plan *p, double size, double length_s) {
  static const double swing_hz = 2.5, pi = 3.14159265358979323846;
  for (size_t k = 0; k < p->cycles; k++)
    for (int vent = 0; vent < 2; vent++) {
      const double start_s = vent ? p->vent_s[k] : p->inflate_s[k], height = vent ? -0.5 * size : size;
      for (size_t i = (size_t)llround(start_s / DSP_OCCLUSION_STEP_S); i < n; i++) {
        const double t_s = (double)i * DSP_OCCLUSION_STEP_S - start_s;
        if (t_s > 8 * length_s) break;
        v[i] += height * exp(-t_s / length_s) * sin(2 * pi * swing_hz * t_s + 0.4 * pi) * fmin(1, t_s / 0.02);
      }
    }
}

/* Slope over the last 20 s before venting. */
static double late_slope(const double *v, size_t n, double vent_s) {
  const double from_s = vent_s - 20;
  return (dsp_phantom_at(v, n, DSP_OCCLUSION_STEP_S, vent_s) - dsp_phantom_at(v, n, DSP_OCCLUSION_STEP_S, from_s)) / 20;
}

enum { SVC, TANGENT, FIRST, HALF_TO_2, THREE, OF1S, EV4, VET90, SLOPE, READINGS };

static void read_cycle(double r[READINGS], const double *v, size_t n, const dsp_occlusion_plan *p, size_t k) {
  static const double h = DSP_OCCLUSION_STEP_S;
  const double t0_s = p->vent_s[k], base = dsp_phantom_at(v, n, h, p->inflate_s[k]);
  const double to_s = k + 1 < p->cycles ? p->inflate_s[k + 1] : p->end_s;
  const double v0 = dsp_phantom_at(v, n, h, t0_s), svc = v0 - base;
  r[SVC] = svc;
  r[TANGENT] = 60 * dsp_phantom_steepest_fall(v, n, h, t0_s, t0_s + 2, 0.3);
  r[FIRST] = 60 * (v0 - dsp_phantom_at(v, n, h, t0_s + 1));
  r[HALF_TO_2] = 40 * (dsp_phantom_at(v, n, h, t0_s + 0.5) - dsp_phantom_at(v, n, h, t0_s + 2));
  r[THREE] = 20 * (v0 - dsp_phantom_at(v, n, h, t0_s + 3));
  r[OF1S] = 100 * (v0 - dsp_phantom_at(v, n, h, t0_s + 1)) / svc;
  r[EV4] = 100 * (v0 - dsp_phantom_at(v, n, h, t0_s + 4)) / svc;
  r[VET90] = dsp_phantom_lasting_fall(v, h, t0_s, to_s - h, v0 - 0.9 * svc) - t0_s;
  r[SLOPE] = 60 * late_slope(v, n, t0_s);
}

/* Truths by the measures' ids, means over the cycles. */
static dsp_status put_truth(dsp_truth *truth, const char *const ids[READINGS], const double *v, size_t n, const dsp_occlusion_plan *p,
                            const char *flow_unit, const char *volume_unit) {
  double mean[READINGS] = {0}, r[READINGS];
  for (size_t k = 0; k < p->cycles; k++) {
    read_cycle(r, v, n, p, k);
    for (size_t j = 0; j < READINGS; j++) mean[j] += r[j] / (double)p->cycles;
  }
  if (!strcmp(volume_unit, "mL")) mean[TANGENT] /= 60; /* mL/s */
  for (size_t j = 0; j < READINGS; j++) {
    const char *unit = j == SVC ? volume_unit : j == OF1S || j == EV4 ? "%" : j == VET90 ? "s" : flow_unit;
    if (dsp_truth_put(truth, ids[j], unit, mean[j])) return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

/* The ladder's step that raises the volume most. */
static dsp_status put_ladder(dsp_truth *truth, const double *v, size_t n, const dsp_occlusion_plan *p) {
  double best = 0, at_mmhg = (double)NAN;
  for (size_t j = 0; p->steps > 2 && j < p->steps; j++) {
    const double from_s = p->inflate_s[0] + (double)j * p->step_hold_s, to_s = j + 1 < p->steps ? from_s + p->step_hold_s : p->vent_s[0];
    const double rise = dsp_phantom_at(v, n, DSP_OCCLUSION_STEP_S, to_s) - dsp_phantom_at(v, n, DSP_OCCLUSION_STEP_S, from_s);
    if (rise > best) best = rise, at_mmhg = p->step_mmhg * (double)(j + 1);
  }
  return isfinite(at_mmhg) ? dsp_truth_put(truth, "IPMIV", "mm[Hg]", at_mmhg) : DSP_OK;
}

static dsp_status put_landmarks(dsp_truth *truth, const dsp_occlusion_plan *p) {
  for (size_t k = 0; k < p->cycles; k++)
    if (dsp_truth_mark(truth, "cuff_inflate", p->inflate_s[k]) || dsp_truth_mark(truth, "cuff_release", p->vent_s[k])) return DSP_NO_MEMORY;
  return DSP_OK;
}

static dsp_status add_events(dsp_recording *recording, const dsp_occlusion_settings *s, uint64_t seed) {
  const dsp_occlusion_plan *p = &s->plan;
  const double off_s = s->sizes[0][DSP_N_MARKER_S];
  for (size_t k = 0; k < p->cycles; k++) {
    for (size_t j = 0; j < p->steps; j++)
      if (dsp_phantom_event(recording, DSP_EVENT_CUFF_INFLATE, p->inflate_s[k] + (double)j * p->step_hold_s, 0, 0, off_s, seed))
        return DSP_NO_MEMORY;
    if (dsp_phantom_event(recording, DSP_EVENT_CUFF_RELEASE, p->vent_s[k], 0, 0, off_s, seed)) return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

static dsp_status add_limb(dsp_recording *recording, dsp_truth *truth, double *v, double *pressure, size_t n,
                           const dsp_occlusion_settings *s, size_t limb, dsp_role role, const char *flow_unit, uint64_t seed) {
  static const char *const ids[2][READINGS] = {
      {"SVC", "MVO.tangent", "MVO.first1s", "MVO.0.5-2s", "VO.3s", "OF1s", "EV4", "VET90", "late_slope"},
      {"2.SVC", "2.MVO.tangent", "2.MVO.first1s", "2.MVO.0.5-2s", "2.VO.3s", "2.OF1s", "2.EV4", "2.VET90", "2.late_slope"}};
  static const char *const volume_ids[2][READINGS] = {
      {"VVOCC", "MVO", "sim.first1s", "sim.0.5-2s", "sim.3s", "OF1s", "EV4", "VET90", "late_slope"},
      {"2.VVOCC", "2.MVO", "2.sim.first1s", "2.sim.0.5-2s", "2.sim.3s", "2.OF1s", "2.EV4", "2.VET90", "2.late_slope"}};
  dsp_occlusion_run(v, pressure, n, &s->plan, &s->limb[limb]);
  const dsp_unit *unit = dsp_role_unit(role);
  const bool second = limb == 1 && s->sided[0];
  if (put_truth(truth, role == DSP_ROLE_VOLUME ? volume_ids[second] : ids[second], v, n, &s->plan, flow_unit, unit->ucum))
    return DSP_NO_MEMORY;
  if (!second && put_ladder(truth, v, n, &s->plan)) return DSP_NO_MEMORY;
  dsp_occlusion_artefact(v, n, &s->plan, s->artefact, s->artefact_s);
  for (size_t i = 0; i < n; i++) v[i] += s->level;
  const dsp_side side = limb ? DSP_SIDE_RIGHT : DSP_SIDE_LEFT;
  const dsp_channel *channel =
      dsp_phantom_calf(recording, role, side, s->rate_hz, v, n, DSP_OCCLUSION_STEP_S, s->sizes[limb], seed + 7919 * limb);
  return channel ? DSP_OK : DSP_NO_MEMORY;
}

dsp_status dsp_occlusion_make(dsp_recording **recording, dsp_truth **truth, const dsp_occlusion_settings *s, const char *protocol,
                              dsp_role role, const char *flow_unit, uint64_t seed, dsp_error *error) {
  const size_t n = dsp_occlusion_steps(&s->plan);
  double *v = dsp_alloc(n, sizeof *v), *pressure = dsp_alloc(n, sizeof *pressure);
  dsp_recording *made = dsp_phantom_recording(protocol, seed);
  dsp_truth *true_values = dsp_zalloc(1, sizeof *true_values);
  dsp_status status = v && pressure && made && true_values ? DSP_OK : DSP_NO_MEMORY;
  for (size_t limb = 0; limb < 2 && status == DSP_OK; limb++)
    if (s->sided[limb]) status = add_limb(made, true_values, v, pressure, n, s, limb, role, flow_unit, seed);
  if (status == DSP_OK && s->cuff_channel &&
      !dsp_phantom_channel(made, "Cuff", DSP_ROLE_CUFF_PRESSURE, DSP_SIDE_UNKNOWN, s->rate_hz, pressure, n, DSP_OCCLUSION_STEP_S, NULL,
                           seed))
    status = DSP_NO_MEMORY;
  if (status == DSP_OK && s->events) status = add_events(made, s, seed);
  if (status == DSP_OK) status = put_landmarks(true_values, &s->plan);
  free(v);
  free(pressure);
  if (status != DSP_OK) {
    dsp_recording_free(made);
    dsp_truth_free(true_values);
    return dsp_fail_memory(error);
  }
  true_values->step_s = DSP_OCCLUSION_STEP_S;
  *recording = made;
  *truth = true_values;
  return DSP_OK;
}

/* Rows of DSP_OCCLUSION_ROWS, in their order. */
enum {
  R_NUISANCE,
  R_RANDOMISE,
  R_RATE,
  R_SIDE,
  R_EVENTS,
  R_CUFF,
  R_CYCLES,
  R_BASELINE,
  R_HOLD,
  R_REST,
  R_INFLATING,
  R_DEFLATING,
  R_LEVEL,
  R_VOLUME,
  R_FILL,
  R_FILTRATION,
  R_SHARE,
  R_FAST,
  R_SLOW,
  R_UNDERSHOOT,
  R_UNDERSHOOT_S,
  R_ARTEFACT,
  R_ARTEFACT_S,
  R_SIZES
};
_Static_assert(R_SIZES + DSP_N_SIZES == DSP_OCCLUSION_ROWS_N, "one row a parameter");

/* For a trace in mL/100 mL; bulge and transient belong to standing. */
static const dsp_nuisance_range levels[DSP_N_SIZES] = {
    DSP_NUISANCE_USUAL,
    [DSP_N_PULSE_ML] = {0.03, 0.1, 0.03, 0.15, false},
    [DSP_N_BREATH_ML] = {0.01, 0.05, 0.02, 0.08, false},
    [DSP_N_VASO_ML] = {0.01, 0.03, 0.01, 0.06, false},
    [DSP_N_WHITE_ML] = {0.005, 0.02, 0.01, 0.03, false},
    [DSP_N_PINK_ML] = {0.002, 0.01, 0.005, 0.02, false},
    [DSP_N_DRIFT_ML] = {-0.05, 0.05, -0.15, 0.15, false},
    [DSP_N_DROPOUTS] = {0, 0, 2, 8, false},
    [DSP_N_LSB_ML] = {0.0005, 0.004, 0.001, 0.01, false},
};

static void draw_limb(dsp_occlusion_limb *l, double scale, dsp_rng *rng) {
  const bool obstructed = dsp_rng_uniform(rng) < 0.25;
  l->volume = scale * (obstructed ? dsp_rng_between(rng, 1, 2.5) : dsp_rng_between(rng, 1.8, 4));
  l->fill_s = dsp_rng_log_between(rng, 18, 50);
  l->filtration = scale * dsp_rng_between(rng, 0.03, 0.1) / 60;
  l->share = dsp_rng_between(rng, 0.6, 0.8);
  l->fast_s = dsp_rng_log_between(rng, 0.8, 2) * (obstructed ? dsp_rng_between(rng, 2, 4) : 1);
  l->slow_s = dsp_rng_between(rng, 5, 12) * (obstructed ? dsp_rng_between(rng, 1, 1.6) : 1);
  l->undershoot = scale * dsp_rng_between(rng, 0, obstructed ? 0.1 : 0.4);
}

static void draw_plan(dsp_occlusion_settings *s, double scale, dsp_rng *rng) {
  dsp_occlusion_plan *p = &s->plan;
  static const double rates_hz[] = {20, 25, 40, 50, 64, 100, 200};
  s->rate_hz = rates_hz[(size_t)(dsp_rng_uniform(rng) * 6.999)];
  s->level = scale * dsp_rng_between(rng, -1, 3);
  s->artefact = scale * dsp_rng_between(rng, -0.3, 0.3);
  s->artefact_s = dsp_rng_between(rng, 0.05, 0.2);
  p->cycles = 1 + (size_t)(3 * dsp_rng_uniform(rng));
  p->inflating_s = dsp_rng_between(rng, 0.2, 1);
  p->deflating_s = dsp_rng_log_between(rng, 0.05, 0.6);
}

/* Inflations and ventings one after the other; the technologist waits until the volume is nearly there. */
static void schedule(dsp_occlusion_settings *s, double baseline_s, double hold_s, double rest_s) {
  dsp_occlusion_plan *p = &s->plan;
  double t_s = baseline_s;
  for (size_t k = 0; k < p->cycles; k++) {
    p->inflate_s[k] = round(t_s * 500) / 500;
    p->vent_s[k] = round((t_s + (double)(p->steps - 1) * p->step_hold_s + hold_s) * 500) / 500;
    t_s = p->vent_s[k] + rest_s;
  }
  p->end_s = t_s;
}

void dsp_occlusion_settle(dsp_occlusion_settings *s, const double *values, double scale, size_t steps, uint64_t seed) {
  enum { STREAM_LIMB = 11 };
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_LIMB);
  *s = (dsp_occlusion_settings){.sided = {values[R_SIDE] != 1, values[R_SIDE] != 0},
                                .events = values[R_EVENTS] >= 0.5,
                                .cuff_channel = values[R_CUFF] >= 0.5,
                                .rate_hz = values[R_RATE],
                                .level = values[R_LEVEL],
                                .artefact = values[R_ARTEFACT],
                                .artefact_s = values[R_ARTEFACT_S]};
  s->plan = (dsp_occlusion_plan){.cycles = (size_t)values[R_CYCLES],
                                 .steps = steps,
                                 .step_hold_s = 20,
                                 .step_mmhg = 10,
                                 .pressure_mmhg = steps > 1 ? 10 * (double)steps : 50,
                                 .inflating_s = values[R_INFLATING],
                                 .deflating_s = values[R_DEFLATING]};
  double baseline_s = values[R_BASELINE], hold_s = values[R_HOLD], rest_s = values[R_REST];
  const bool randomise = values[R_RANDOMISE] >= 0.5;
  for (size_t limb = 0; limb < 2; limb++) {
    s->limb[limb] = (dsp_occlusion_limb){.volume = values[R_VOLUME],
                                         .fill_s = values[R_FILL],
                                         .filtration = values[R_FILTRATION] / 60,
                                         .share = values[R_SHARE],
                                         .fast_s = values[R_FAST],
                                         .slow_s = values[R_SLOW],
                                         .undershoot = values[R_UNDERSHOOT],
                                         .undershoot_s = values[R_UNDERSHOOT_S],
                                         .opening_mmhg = 25,
                                         .opening_sd_mmhg = 6};
    if (randomise) draw_limb(&s->limb[limb], scale, &rng);
    dsp_nuisance_sizes(s->sizes[limb], (dsp_nuisance_level)values[R_NUISANCE], levels, values + R_SIZES, seed + 7919 * limb);
    static const dsp_nuisance scaled[] = {DSP_N_PULSE_ML, DSP_N_BREATH_ML, DSP_N_VASO_ML, DSP_N_WHITE_ML,
                                          DSP_N_PINK_ML,  DSP_N_DRIFT_ML,  DSP_N_LSB_ML};
    const bool drawn = values[R_NUISANCE] == DSP_NUISANCE_REALISTIC || values[R_NUISANCE] == DSP_NUISANCE_HARD;
    for (size_t k = 0; drawn && k < sizeof scaled / sizeof scaled[0]; k++) s->sizes[limb][scaled[k]] *= scale;
  }
  if (randomise) {
    draw_plan(s, scale, &rng);
    baseline_s = dsp_rng_between(&rng, 30, 80);
    hold_s = fmax(dsp_rng_between(&rng, 100, 180), 3 * fmax(s->limb[0].fill_s, s->limb[1].fill_s));
    rest_s = dsp_rng_between(&rng, 45, 90);
    if (values[R_NUISANCE] == DSP_NUISANCE_NONE) s->artefact = 0;
  }
  schedule(s, baseline_s, hold_s, rest_s);
}
