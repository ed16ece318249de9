/* SPDX-License-Identifier: GPL-3.0-or-later
 * A limb that fills behind a collecting cuff again and again, at rest or after an arterial occlusion. The veins are a store that takes what
 * flows in, less the fuller it is (by its capacity) or with one time constant (by its time); released, it drains along two exponentials.
 * Run at 2 ms, read for its truth, then sampled and disturbed. */
#include <math.h>
#include <phantom/inflow.h>
#include <phantom/occlusion.h>
#include <phantom/rng.h>
#include <stdlib.h>

#define STEP_S 0.002

enum { CYCLES_MAX = DSP_INFLOW_CYCLES, STREAM_LIMB = 21 };

/* What disturbs a gauge on a limb at rest at heart level. Slow waves are small: the same tester's repeats of resting inflow agree to 4 to 5
 * %, which waves of 0.02 mL/100 mL under a slope of 0.4 in 8 s would not allow. */
static const dsp_nuisance_range levels[DSP_N_SIZES] = {
    DSP_NUISANCE_USUAL,
    [DSP_N_PULSE_ML] = {0.03, 0.1, 0.03, 0.15, false},
    [DSP_N_BREATH_ML] = {0.003, 0.015, 0.01, 0.04, false},
    [DSP_N_VASO_ML] = {0.001, 0.006, 0.005, 0.03, false},
    [DSP_N_WHITE_ML] = {0.005, 0.02, 0.01, 0.03, false},
    [DSP_N_PINK_ML] = {0.001, 0.005, 0.005, 0.02, false},
    [DSP_N_DRIFT_ML] = {-0.05, 0.05, -0.15, 0.15, false},
    [DSP_N_DROPOUTS] = {0, 0, 2, 8, false},
    [DSP_N_LSB_ML] = {0.0005, 0.004, 0.001, 0.01, false},
};

typedef struct limb {
  double flow, capacity, drain_s, peak, rise_s, decay_s;
  bool by_time;
  double inflate_s[CYCLES_MAX], release_s[CYCLES_MAX];
  size_t cycles, rest_cycles;
  double occlude_s, reopen_s; /* INFINITY: never */
  double end_s, rate_hz, artefact, artefact_s, sizes[DSP_N_SIZES];
  bool events, cuff_channel;
  dsp_side side;
} limb;

static double flow_at(const limb *l, double t_s) {
  if (t_s < l->occlude_s) return l->flow / 60;
  if (t_s < l->reopen_s) return 0;
  const double since_s = t_s - l->reopen_s;
  return (l->flow - (l->peak - l->flow) * expm1(-since_s / l->rise_s) * exp(-since_s / l->decay_s)) / 60;
}

static void run(double *v, size_t n, const limb *l) {
  static const double slow_share = 0.25, slow_times = 4;
  double fast = 0, slow = 0;
  size_t k = 0;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i * STEP_S;
    while (k + 1 < l->cycles && t_s >= l->inflate_s[k + 1]) k++;
    const bool holds = t_s >= l->inflate_s[k] && t_s < l->release_s[k];
    v[i] = fast + slow;
    if (holds) { /* what is held fills up from what had not yet drained */
      const double q = flow_at(l, t_s), fills_s = l->by_time ? 60 * l->capacity / fmax(l->flow, 0.5) : INFINITY;
      const double in = l->by_time ? q - (fast + slow) / fills_s : q * (1 - (fast + slow) / l->capacity);
      fast += (1 - slow_share) * in * STEP_S;
      slow += slow_share * in * STEP_S;
    } else {
      fast -= fast * STEP_S / l->drain_s;
      slow -= slow * STEP_S / (slow_times * l->drain_s);
    }
  }
}

static void add_artefact(double *v, size_t n, const limb *l) {
  for (size_t k = 0; k < l->cycles; k++)
    for (int up = 0; up < 2; up++) {
      const double at_s = up ? l->inflate_s[k] : l->release_s[k], size = up ? l->artefact : -0.6 * l->artefact;
      for (size_t i = (size_t)llround(at_s / STEP_S); i < n && (double)i * STEP_S < at_s + 8 * l->artefact_s; i++)
        v[i] += size * exp(-((double)i * STEP_S - at_s) / l->artefact_s);
    }
}

/* Least-squares slope of the clean trace, per min. */
static double slope(const double *v, double from_s, double to_s) {
  const size_t from = (size_t)llround(from_s / STEP_S), to = (size_t)llround(to_s / STEP_S);
  const double middle = 0.5 * (double)(to - from) * STEP_S;
  double sxy = 0, sxx = 0;
  for (size_t i = from; i <= to; i++) {
    const double t_s = (double)(i - from) * STEP_S - middle;
    sxy += t_s * v[i];
    sxx += t_s * t_s;
  }
  return 60 * sxy / sxx;
}

static void draw(limb *l, uint64_t seed) {
  static const double rates_hz[] = {20, 25, 50, 64, 100, 200};
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_LIMB);
  l->rate_hz = rates_hz[(size_t)(5.999 * dsp_rng_uniform(&rng))];
  l->flow = dsp_rng_log_between(&rng, 1.5, 6);
  l->capacity = dsp_rng_between(&rng, 1.6, 4);
  l->by_time = dsp_rng_uniform(&rng) < 0.5;
  l->drain_s = dsp_rng_between(&rng, 0.8, 2);
  l->peak = l->flow * dsp_rng_between(&rng, 3, 9);
  l->rise_s = dsp_rng_between(&rng, 0.1, 0.3);
  l->decay_s = dsp_rng_between(&rng, 20, 60);
  l->artefact = dsp_rng_between(&rng, -0.4, 0.4);
  l->artefact_s = dsp_rng_between(&rng, 0.05, 0.2);
}

static void schedule(limb *l, const double *values, bool hyperaemia, uint64_t seed) {
  enum { STREAM_PACE = 22 };
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_PACE);
  const double unsteady = values[DSP_INFLOW_R_RANDOMISE] >= 0.5 ? 0.08 : 0; /* an inflator's timer is not, a hand is */
  double t_s = values[DSP_INFLOW_R_BASELINE];
  l->rest_cycles = (size_t)values[DSP_INFLOW_R_CYCLES];
  l->cycles = l->rest_cycles + (hyperaemia ? (size_t)values[DSP_INFLOW_R_AFTER] : 0);
  l->occlude_s = l->reopen_s = INFINITY;
  for (size_t k = 0; k < l->cycles; k++) {
    if (k == l->rest_cycles) { /* the arterial cuff is let down to the collecting pressure: that is the first inflation */
      l->occlude_s = t_s;
      t_s = l->reopen_s = t_s + values[DSP_INFLOW_R_OCCLUSION];
    }
    l->inflate_s[k] = t_s;
    l->release_s[k] = t_s + values[DSP_INFLOW_R_HOLD] * dsp_rng_between(&rng, 1 - unsteady, 1 + unsteady);
    t_s = l->release_s[k] + values[DSP_INFLOW_R_PAUSE] * dsp_rng_between(&rng, 1 - unsteady, 1 + 3 * unsteady);
  }
  l->end_s = t_s + 5;
}

static void settle(limb *l, const double *values, bool hyperaemia, uint64_t seed) {
  const double *sizes = values + (hyperaemia ? DSP_INFLOW_R_ALL : DSP_INFLOW_R_COMMON);
  *l = (limb){.flow = values[DSP_INFLOW_R_FLOW],
              .capacity = values[DSP_INFLOW_R_CAPACITY],
              .by_time = values[DSP_INFLOW_R_LAW] >= 0.5,
              .drain_s = values[DSP_INFLOW_R_DRAIN],
              .peak = hyperaemia ? values[DSP_INFLOW_R_PEAK] : 0,
              .rise_s = hyperaemia ? values[DSP_INFLOW_R_RISE] : 1,
              .decay_s = hyperaemia ? values[DSP_INFLOW_R_DECAY] : 1,
              .rate_hz = values[DSP_INFLOW_R_RATE],
              .artefact = values[DSP_INFLOW_R_ARTEFACT],
              .artefact_s = values[DSP_INFLOW_R_ARTEFACT_S],
              .events = values[DSP_INFLOW_R_EVENTS] >= 0.5,
              .cuff_channel = values[DSP_INFLOW_R_CUFF] >= 0.5,
              .side = values[DSP_INFLOW_R_SIDE] >= 0.5 ? DSP_SIDE_RIGHT : DSP_SIDE_LEFT};
  dsp_nuisance_sizes(l->sizes, (dsp_nuisance_level)values[DSP_INFLOW_R_NUISANCE], levels, sizes, seed);
  if (values[DSP_INFLOW_R_RANDOMISE] >= 0.5) draw(l, seed);
  if (values[DSP_INFLOW_R_RANDOMISE] >= 0.5 && values[DSP_INFLOW_R_NUISANCE] == DSP_NUISANCE_NONE) l->artefact = 0;
  schedule(l, values, hyperaemia, seed);
}

static dsp_status put_rest_truth(dsp_truth *truth, const double *v, const limb *l) {
  static const double settle_s = 0.8, line_s = 5;
  const double beat_s = 60 / l->sizes[DSP_N_HEART_PER_MIN];
  double line = 0, first = 0, initial = 0;
  for (size_t k = 0; k < l->cycles; k++) {
    const double from_s = l->inflate_s[k] + settle_s;
    initial += slope(v, l->inflate_s[k] + STEP_S, l->inflate_s[k] + 0.02) / (double)l->cycles;
    line += slope(v, from_s, fmin(from_s + line_s, l->release_s[k])) / (double)l->cycles;
    first += slope(v, from_s, from_s + (isfinite(beat_s) ? beat_s : 1)) / (double)l->cycles;
  }
  if (dsp_truth_put(truth, "AI.exp0", DSP_INFLOW_FLOW, initial) || dsp_truth_put(truth, "AI.line", DSP_INFLOW_FLOW, line) ||
      dsp_truth_put(truth, "AI.first_beat", DSP_INFLOW_FLOW, first))
    return DSP_NO_MEMORY;
  return DSP_OK;
}

/* What the cycles can show of the flow: what flows into each at its inflation (the surge of a
 * second that the first begins with left out), and the definitions' own trapezoids and lines between. */
static dsp_status put_peak_truth(dsp_truth *truth, const double *v, const limb *l) {
  double flow[CYCLES_MAX] = {0}, rest = 0, area = 0, half_s = (double)NAN;
  size_t peak = l->rest_cycles;
  for (size_t k = 0; k < l->cycles; k++) {
    const double held = v[(size_t)llround(l->inflate_s[k] / STEP_S)];
    const double since_s = l->inflate_s[k] - l->reopen_s;
    const double in = since_s < 0 ? flow_at(l, l->inflate_s[k]) : (l->flow + (l->peak - l->flow) * exp(-since_s / l->decay_s)) / 60;
    flow[k] = 60 * (l->by_time ? in - held * fmax(l->flow, 0.5) / (60 * l->capacity) : in * (1 - held / l->capacity));
    if (k < l->rest_cycles) rest += flow[k] / (double)l->rest_cycles;
    if (k > l->rest_cycles && flow[k] > flow[peak]) peak = k;
  }
  for (size_t k = l->rest_cycles + 1; k < l->cycles; k++)
    area += 0.5 * (flow[k] + flow[k - 1] - 2 * rest) / 60 * (l->inflate_s[k] - l->inflate_s[k - 1]);
  const double level = rest + 0.5 * (flow[peak] - rest);
  for (size_t k = peak + 1; k < l->cycles && isnan(half_s); k++)
    if (flow[k] < level)
      half_s = l->inflate_s[k - 1] - l->inflate_s[peak] +
               (l->inflate_s[k] - l->inflate_s[k - 1]) * (flow[k - 1] - level) / (flow[k - 1] - flow[k]);
  if (dsp_truth_put(truth, "REST", DSP_INFLOW_FLOW, rest) || dsp_truth_put(truth, "PEAK", DSP_INFLOW_FLOW, flow[peak]) ||
      dsp_truth_put(truth, "TTP", "s", l->inflate_s[peak] - l->reopen_s) || dsp_truth_put(truth, "AUC", DSP_INFLOW_STRAIN, area) ||
      dsp_truth_put(truth, "HALF", "s", half_s) || dsp_truth_mark(truth, "arterial_inflate", l->occlude_s) ||
      dsp_truth_mark(truth, "arterial_release", l->reopen_s))
    return DSP_NO_MEMORY;
  return DSP_OK;
}

static dsp_status add_events(dsp_recording *recording, const limb *l, uint64_t seed) {
  const double off_s = l->sizes[DSP_N_MARKER_S];
  for (size_t k = 0; k < l->cycles; k++) {
    if (k == l->rest_cycles && (dsp_phantom_event(recording, DSP_EVENT_ARTERIAL_INFLATE, l->occlude_s, 0, 0, off_s, seed) ||
                                dsp_phantom_event(recording, DSP_EVENT_ARTERIAL_RELEASE, l->reopen_s, 0, 0, off_s, seed)))
      return DSP_NO_MEMORY;
    if (dsp_phantom_event(recording, DSP_EVENT_CUFF_INFLATE, l->inflate_s[k], 0, 0, off_s, seed) ||
        dsp_phantom_event(recording, DSP_EVENT_CUFF_RELEASE, l->release_s[k], 0, 0, off_s, seed))
      return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

static void cuff_pressure(double *p, size_t n, const limb *l) {
  static const double collecting_mmhg = 50, fills_s = 0.25;
  size_t k = 0;
  double level = 0;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i * STEP_S;
    while (k + 1 < l->cycles && t_s >= l->inflate_s[k + 1]) k++;
    const bool holds = t_s >= l->inflate_s[k] && t_s < l->release_s[k];
    level += ((holds ? collecting_mmhg : 0) - level) * STEP_S / (0.3 * fills_s);
    p[i] = level;
  }
}

static dsp_status record(dsp_recording *recording, double *v, size_t n, const limb *l, uint64_t seed) {
  add_artefact(v, n, l);
  if (!dsp_phantom_calf(recording, DSP_ROLE_STRAIN, l->side, l->rate_hz, v, n, STEP_S, l->sizes, seed)) return DSP_NO_MEMORY;
  if (l->cuff_channel) {
    cuff_pressure(v, n, l);
    if (!dsp_phantom_channel(recording, "Cuff", DSP_ROLE_CUFF_PRESSURE, DSP_SIDE_UNKNOWN, l->rate_hz, v, n, STEP_S, NULL, seed))
      return DSP_NO_MEMORY;
  }
  return l->events ? add_events(recording, l, seed) : DSP_OK;
}

dsp_status dsp_inflow_make(const double *values, bool hyperaemia, uint64_t seed, dsp_recording **recording, dsp_truth **truth,
                           dsp_error *error) {
  limb l;
  settle(&l, values, hyperaemia, seed);
  const size_t n = (size_t)llround(l.end_s / STEP_S) + 1;
  double *v = dsp_alloc(n, sizeof *v);
  dsp_recording *made = dsp_phantom_recording(hyperaemia ? "sgp.hyperaemia" : "sgp.inflow", seed);
  dsp_truth *true_values = dsp_zalloc(1, sizeof *true_values);
  dsp_status status = v && made && true_values ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    run(v, n, &l);
    true_values->step_s = STEP_S;
    status = hyperaemia ? put_peak_truth(true_values, v, &l) : put_rest_truth(true_values, v, &l);
  }
  if (status == DSP_OK) status = record(made, v, n, &l, seed);
  free(v);
  if (status != DSP_OK) {
    dsp_recording_free(made);
    dsp_truth_free(true_values);
    return dsp_fail_memory(error);
  }
  *recording = made;
  *truth = true_values;
  return DSP_OK;
}
