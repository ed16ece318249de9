/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reference reading of a clean trace, as plain as possible: every event time is known, every extreme is a search over all steps.
 * Definitions: onset = start of the change of posture; VV = level just before the first contraction above V0, and in a stand that was cut
 * short the level that the same leg reaches when it is left standing; VFT90 and T50 = last upward crossing of 90 % and 50 % of VV; EV and
 * RV = lowest level from the start of the (last) contraction to 1.5 s after its end; TREFILL = from that lowest level of the series to 90 %
 * of what refills until lying down; pump = least squares of V[n+1] on V[n] at the ends of the steps, or the recursion's own numbers. */
#include <math.h>
#include <phantom/apg_truth.h>
#include <phantom/build.h>
#include <stdlib.h>

static const double read_after_s = 1.5;

double dsp_apg_last_crossing(const double *v, size_t from, size_t to, double level) {
  if (v[to] < level) return (double)NAN;
  size_t i = to;
  while (i > from && v[i - 1] >= level) i--;
  if (i == from) return (double)from * DSP_APG_STEP_S;
  return ((double)i - (v[i] - level) / (v[i] - v[i - 1])) * DSP_APG_STEP_S;
}

static size_t lowest(const double *v, size_t from, size_t to) {
  size_t at = from;
  for (size_t i = from; i <= to; i++)
    if (v[i] < v[at]) at = i;
  return at;
}

/* Least squares of the next level on the last one over the series. */
static void fit_pump(double *e, double *inflow_ml, const double *v, double v0, const dsp_apg_plan *plan) {
  double sx = 0, sy = 0, sxx = 0, sxy = 0, n = (double)(plan->n - 1);
  for (size_t k = 1; k < plan->n; k++) {
    double end_s = k + 1 < plan->n ? plan->start_s[k + 1] : plan->series_end_s;
    double x = v[dsp_apg_index(plan->start_s[k])] - v0, y = v[dsp_apg_index(end_s)] - v0;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  double spread = n * sxx - sx * sx, slope = spread > 0 ? (n * sxy - sx * sy) / spread : (double)NAN;
  *e = 1 - slope;
  *inflow_ml = (sy - slope * sx) / n;
}

static dsp_status put_values(dsp_truth *truth, const double *v, const dsp_apg_plan *plan, const double *standing, size_t n_standing,
                             const dsp_apg_settings *s) {
  size_t onset = dsp_apg_index(plan->stand_s), first = dsp_apg_index(plan->start_s[0]), lie = dsp_apg_index(plan->lie_s);
  size_t reach = dsp_apg_index(plan->contraction_s + read_after_s), last = dsp_apg_index(plan->start_s[plan->n - 1]);
  const double *fill = standing ? standing : v;
  size_t fill_end = standing ? n_standing - 1 : first;
  double v0 = v[onset], vv = fill[fill_end] - v0, ev = v[first] - v[lowest(v, first, first + reach)];
  size_t bottom = lowest(v, last, last + reach < lie ? last + reach : lie);
  double rv = v[bottom] - v0, vft90 = dsp_apg_last_crossing(fill, onset, fill_end, v0 + 0.9 * vv) - plan->stand_s;
  double t50 = dsp_apg_last_crossing(fill, onset, fill_end, v0 + 0.5 * vv) - plan->stand_s;
  double refilled = dsp_apg_last_crossing(v, bottom, lie, v[bottom] + 0.9 * (v[lie] - v[bottom])) - (double)bottom * DSP_APG_STEP_S;
  double e, inflow_ml, steps_per_min = 60 * s->cadence_hz;
  fit_pump(&e, &inflow_ml, v, v0, plan);
  if (!s->compartments && s->closed.recursion) {
    e = s->closed.ejection;
    inflow_ml = s->closed.step_inflow_ml;
  }
  const dsp_detail values[] = {
      {"V0", "mL", v0},
      {"VV", "mL", vv},
      {"VV.observed", "mL", v[first] - v0},
      {"VFT90", "s", vft90},
      {"VFI", "mL/s", 0.9 * vv / vft90},
      {"VFI.fit", "mL/s", 0.9 * vv / vft90},
      {"T50", "s", t50},
      {"EV", "mL", ev},
      {"EF", "%", 100 * ev / vv},
      {"RV", "mL", rv},
      {"RVF", "%", 100 * rv / vv},
      {"TREFILL", "s", refilled},
      {"PUMP.e", "1", e},
      {"PUMP.I", "mL", inflow_ml},
      {"PUMP.capacity", "L/h", ev * steps_per_min * 0.06},
      {"PUMP.sustained", "L/h", inflow_ml * steps_per_min * 0.06},
      {"cadence", "Hz", s->cadence_hz},
      {"contraction", "s", plan->contraction_s},
      {"count", "1", (double)s->count},
      {"calibration.slope", "1", 1 + s->sizes[DSP_N_GAIN_PCT] / 100},
      {"sim.drift", "mL", s->sizes[DSP_N_DRIFT_ML]},
      {"sim.transient", "mL", s->sizes[DSP_N_TRANSIENT_ML]},
      {"sim.bulge", "mL", s->sizes[DSP_N_BULGE_ML]},
      {"sim.step", "mL", s->sizes[DSP_N_STEP_ML]},
  };
  for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
    if (dsp_truth_put(truth, values[k].id, values[k].unit, values[k].value)) return DSP_NO_MEMORY;
  return DSP_OK;
}

static dsp_status put_landmarks(dsp_truth *truth, const dsp_apg_plan *plan, const dsp_apg_settings *s) {
  static const char *const names[DSP_APG_MAX_SERIES + 1] = {
      "tiptoe",         "contraction_01", "contraction_02", "contraction_03", "contraction_04", "contraction_05", "contraction_06",
      "contraction_07", "contraction_08", "contraction_09", "contraction_10", "contraction_11", "contraction_12", "contraction_13",
      "contraction_14", "contraction_15", "contraction_16", "contraction_17", "contraction_18", "contraction_19", "contraction_20"};
  double transient_s = s->sizes[DSP_N_TRANSIENT_ML] != 0 ? s->sizes[DSP_N_TRANSIENT_S] : 0;
  if (dsp_truth_mark(truth, "stand_onset", plan->stand_s) ||
      dsp_truth_mark(truth, "transient_end", plan->stand_s + fmax(transient_s, plan->rise_s)) ||
      dsp_truth_mark(truth, "series_start", plan->start_s[1]) ||
      dsp_truth_mark(truth, "series_end", plan->start_s[plan->n - 1] + plan->contraction_s) || dsp_truth_mark(truth, "supine", plan->lie_s))
    return DSP_NO_MEMORY;
  for (size_t k = 0; k < plan->n; k++)
    if (dsp_truth_mark(truth, names[k], plan->start_s[k])) return DSP_NO_MEMORY;
  return DSP_OK;
}

dsp_status dsp_apg_truth(dsp_truth **truth, const double *v, const dsp_apg_plan *plan, const double *standing, size_t n_standing,
                         const dsp_apg_settings *settings, dsp_error *error) {
  dsp_truth *made = dsp_zalloc(1, sizeof *made);
  if (!made) return dsp_fail_memory(error);
  made->step_s = DSP_APG_STEP_S;
  if (put_values(made, v, plan, standing, n_standing, settings) || put_landmarks(made, plan, settings)) {
    dsp_truth_free(made);
    return dsp_fail_memory(error);
  }
  *truth = made;
  return DSP_OK;
}
