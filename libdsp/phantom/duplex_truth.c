/* SPDX-License-Identifier: GPL-3.0-or-later
 * Closed forms of the plan: `trial<k>.<id>` for each compression, `<id>` their median. RT.1 RT.2 RT.5 are the times from the first to the
 * last crossing of that many cm/s, RT that at 2 cm/s; RT.release from the release to the last crossing. Behind a competent valve all
 * measures of reflux are 0 and the spike's length at 2 cm/s is sim.closure. Areas take the vein as round. */
#include <math.h>
#include <phantom/duplex_truth.h>
#include <string.h>

enum { RT, RT1, RT2, RT5, RT_RELEASE, PRV, PMV, MRV, VR, TAF, AUG_PEAK, AUG_RATIO, RI, PHASICITY, CLOSURE, VALUES };
static const struct {
  const char *id, *unit;
} names[VALUES] = {
    [RT] = {"RT", "s"},
    [RT1] = {"RT.1", "s"},
    [RT2] = {"RT.2", "s"},
    [RT5] = {"RT.5", "s"},
    [RT_RELEASE] = {"RT.release", "s"},
    [PRV] = {"PRV", "cm/s"},
    [PMV] = {"PMV", "cm/s"},
    [MRV] = {"MRV", "cm/s"},
    [VR] = {"VR", "mL"},
    [TAF] = {"TAF", "mL/min"},
    [AUG_PEAK] = {"AUG.peak", "cm/s"},
    [AUG_RATIO] = {"AUG.ratio", "1"},
    [RI] = {"RI", "1"},
    [PHASICITY] = {"PHASICITY", "1"},
    [CLOSURE] = {"sim.closure", "s"},
};
static const double pi = 3.14159265358979323846;

static double length_s(const dsp_duplex_plan *plan, size_t k, double threshold_cm_s) {
  const dsp_duplex_reflux r = dsp_duplex_reflux_at(plan, k, threshold_cm_s);
  return r.to_s - r.from_s;
}

static void read_trial(double v[VALUES], const dsp_duplex_plan *plan, size_t k) {
  const dsp_duplex_settings *s = &plan->s;
  const dsp_duplex_trial *trial = &plan->trial[k];
  const dsp_duplex_reflux r = dsp_duplex_reflux_at(plan, k, 2);
  const double share = dsp_duplex_mean_share(plan), area_cm2 = pi * s->diameter_mm * s->diameter_mm / 400, rt_s = r.to_s - r.from_s;
  memset(v, 0, VALUES * sizeof *v);
  v[AUG_PEAK] = trial->augment_cm_s;
  v[AUG_RATIO] = s->rest_cm_s > 0 ? trial->augment_cm_s / s->rest_cm_s : (double)NAN;
  v[PHASICITY] = s->rest_cm_s > 0 ? 2 * s->phasic : (double)NAN;
  if (s->valve == DSP_DUPLEX_COMPETENT) {
    v[CLOSURE] = rt_s;
    return;
  }
  v[RT] = v[RT2] = rt_s;
  v[RT1] = length_s(plan, k, 1);
  v[RT5] = length_s(plan, k, 5);
  if (rt_s <= 0) return;
  v[RT_RELEASE] = r.to_s - trial->release_s;
  v[PRV] = trial->peak_cm_s;
  v[PMV] = share * trial->peak_cm_s;
  v[MRV] = share * r.distance_cm / rt_s;
  v[VR] = area_cm2 * share * r.distance_cm;
  v[TAF] = 60 * area_cm2 * v[MRV];
  v[RI] = trial->augment_cm_s > 0 ? r.distance_cm / (trial->augment_cm_s * s->compress_s * 2 / pi) : (double)NAN;
}

static double median(double (*values)[VALUES], size_t n, size_t column) {
  double sorted[DSP_DUPLEX_TRIALS_MAX] = {0};
  for (size_t k = 0; k < n; k++) {
    size_t i = k;
    for (; i > 0 && sorted[i - 1] > values[k][column]; i--) sorted[i] = sorted[i - 1];
    sorted[i] = values[k][column];
  }
  return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

static dsp_status put(dsp_truth *truth, const char *id, const char *unit, double value) {
  if (!id || dsp_grow(&truth->values, &truth->values_capacity, truth->n_values + 1, sizeof *truth->values)) return DSP_NO_MEMORY;
  truth->values[truth->n_values++] = (dsp_detail){id, unit, value};
  return DSP_OK;
}

static dsp_status mark(dsp_truth *truth, const char *name, size_t trial, double t_s) {
  const char *full = dsp_arena_printf(truth->arena, "%s_%zu", name, trial + 1);
  if (!full || dsp_grow(&truth->landmarks, &truth->landmarks_capacity, truth->n_landmarks + 1, sizeof *truth->landmarks))
    return DSP_NO_MEMORY;
  truth->landmarks[truth->n_landmarks++] = (dsp_landmark){full, t_s, t_s, t_s, "truth"};
  return DSP_OK;
}

static dsp_status put_landmarks(dsp_truth *truth, const dsp_duplex_plan *plan, size_t k) {
  const dsp_duplex_trial *trial = &plan->trial[k];
  const dsp_duplex_reflux r = dsp_duplex_reflux_at(plan, k, 2);
  const bool leaks = plan->s.valve == DSP_DUPLEX_INCOMPETENT;
  if (mark(truth, "compress", k, trial->compress_s) || mark(truth, "release", k, trial->release_s)) return DSP_NO_MEMORY;
  if (!(r.to_s > r.from_s)) return DSP_OK;
  return mark(truth, leaks ? "reflux_start" : "closure_start", k, r.from_s) || mark(truth, leaks ? "reflux_end" : "closure_end", k, r.to_s)
             ? DSP_NO_MEMORY
             : DSP_OK;
}

static dsp_status fill(dsp_truth *truth, const dsp_duplex_plan *plan) {
  double values[DSP_DUPLEX_TRIALS_MAX][VALUES];
  for (size_t k = 0; k < plan->n; k++) read_trial(values[k], plan, k);
  for (size_t c = 0; c < VALUES; c++)
    if (put(truth, names[c].id, names[c].unit, median(values, plan->n, c))) return DSP_NO_MEMORY;
  if (put(truth, "sim.competent", "1", plan->s.valve == DSP_DUPLEX_COMPETENT) || put(truth, "sim.f0", "Hz", plan->s.f0_hz) ||
      put(truth, "sim.kind", "1", plan->s.kind) || put(truth, "sim.rate", "Hz", plan->s.rate_hz))
    return DSP_NO_MEMORY;
  for (size_t k = 0; k < plan->n; k++)
    for (size_t c = 0; c < VALUES; c++)
      if (put(truth, dsp_arena_printf(truth->arena, "trial%zu.%s", k + 1, names[c].id), names[c].unit, values[k][c])) return DSP_NO_MEMORY;
  for (size_t k = 0; k < plan->n; k++)
    if (put_landmarks(truth, plan, k)) return DSP_NO_MEMORY;
  return DSP_OK;
}

dsp_status dsp_duplex_truth(dsp_truth **truth, const dsp_duplex_plan *plan, dsp_error *error) {
  dsp_truth *made = dsp_zalloc(1, sizeof *made);
  *truth = NULL;
  if (!made) return dsp_fail_memory(error);
  made->arena = dsp_arena_new();
  if (!made->arena || fill(made, plan)) {
    dsp_truth_free(made);
    return dsp_fail_memory(error);
  }
  *truth = made;
  return DSP_OK;
}
