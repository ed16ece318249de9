/* SPDX-License-Identifier: GPL-3.0-or-later
 * A calf under a collecting cuff whose pressure changes slowly: veins with a quadratic pressure-volume curve that they follow with one time
 * constant while they fill and at once while the cuff is let down by a ramp, and capillaries that filter in proportion to the pressure
 * above the isovolumetric one. Two schedules: hold and ramp (compliance), and steps without deflation between (filtration). */
#include <math.h>
#include <phantom/compliance.h>
#include <phantom/occlusion.h>
#include <phantom/rng.h>
#include <stdlib.h>

#define ID_RAMP  "sim.sgp.compliance."
#define ID_STEPS "sim.sgp.filtration."
#define STEP_S   0.01
#define STRAIN   "mL/(100.mL)"

enum {
  R_NUISANCE,
  R_RANDOMISE,
  R_RATE,
  R_SIDE,
  R_EVENTS,
  R_PRESSURE_CHANNEL,
  R_BASELINE,
  R_HOLD,
  R_REST,
  R_PRESSURE,
  R_B0,
  R_B1,
  R_B2,
  R_FILL,
  R_CFC,
  R_PVI,
  R_LAST,    /* deflation's rate, or the steps' height */
  R_STEPS_N, /* steps only */
  R_MOST
};

#define COMMON_ROWS(id, hold, pressure)                                                                                                    \
  DSP_LIMB_ROWS(id, 10, 2, 1, "left|right", "schedule"),                                                                                   \
      DSP_O_ROW(id "pressure_channel", "1", 1, 0, 1, "1: the cuff's pressure is a channel."),                                              \
      DSP_O_ROW(id "baseline_s", "s", 60, 0, 1800, "Rest before the first inflation."),                                                    \
      DSP_O_ROW(id "hold_s", "s", hold, 5, 3600, "At one pressure."),                                                                      \
      DSP_O_ROW(id "rest_s", "s", 60, 0, 1800, "After the cuff is empty."),                                                                \
      DSP_O_ROW(id "pressure_mmhg", "mm[Hg]", pressure, 1, 100, "Of the (first) inflation."),                                              \
      DSP_O_ROW(id "b0", STRAIN, 0.574, -5, 5, "Volume at which the curve meets no pressure."),                                            \
      DSP_O_ROW(id "b1", STRAIN "/mm[Hg]", 0.0781, 0, 1, "Compliance there."),                                                             \
      DSP_O_ROW(id "b2", STRAIN "/mm[Hg]2", -0.0005, -0.01, 0.01, "Half of its change per mmHg."),                                         \
      DSP_O_ROW(id "fill_s", "s", 40, 1, 300, "Time constant of the veins' filling."),                                                     \
      DSP_O_ROW(id "cfc", STRAIN "/min/mm[Hg]", 0.0029, 0, 0.1, "Capillary filtration coefficient."),                                      \
      DSP_O_ROW(id "pvi", "mm[Hg]", 8, 0, 60, "Isovolumetric venous pressure.")

const dsp_param_row dsp_compliance_ramp_rows[DSP_COMPLIANCE_RAMP_ROWS_N] = {
    COMMON_ROWS(ID_RAMP, 480, 60),
    DSP_O_ROW(ID_RAMP "deflation_mmhg_s", "mm[Hg]/s", 1, 0.1, 60, "The cuff is let down so fast."),
    DSP_NUISANCE_ROWS(ID_RAMP, STRAIN),
};
const dsp_param_row dsp_compliance_step_rows[DSP_COMPLIANCE_STEP_ROWS_N] = {
    COMMON_ROWS(ID_STEPS, 240, 10),
    DSP_O_ROW(ID_STEPS "step_mmhg", "mm[Hg]", 10, 1, 40, "Height of a step."),
    DSP_O_ROW(ID_STEPS "steps", "1", 5, 1, 16, "Steps."),
    DSP_NUISANCE_ROWS(ID_STEPS, STRAIN),
};

/* A gauge that has been warm for a while, on a limb that lies still. */
static const dsp_nuisance_range levels[DSP_N_SIZES] = {
    DSP_NUISANCE_USUAL,
    [DSP_N_PULSE_ML] = {0.02, 0.06, 0.03, 0.1, false},
    [DSP_N_BREATH_ML] = {0.003, 0.015, 0.01, 0.04, false},
    [DSP_N_VASO_ML] = {0.003, 0.015, 0.01, 0.04, false},
    [DSP_N_WHITE_ML] = {0.005, 0.02, 0.01, 0.03, false},
    [DSP_N_PINK_ML] = {0.001, 0.006, 0.005, 0.02, false},
    [DSP_N_DRIFT_ML] = {-0.02, 0.02, -0.1, 0.1, false},
    [DSP_N_DROPOUTS] = {0, 2.9, 2, 8, false},
    [DSP_N_LSB_ML] = {0.0005, 0.004, 0.001, 0.01, false},
};

typedef struct calf {
  double baseline_s, hold_s, rest_s, pressure, b[3], fill_s, cfc, pvi, deflation, step, rate_hz;
  size_t steps; /* 0: hold and ramp */
} calf;

static double end_of_hold_s(const calf *c) {
  return c->baseline_s + c->hold_s * (double)(c->steps ? c->steps : 1);
}

static double top_mmhg(const calf *c) {
  return c->steps ? c->pressure + c->step * (double)(c->steps - 1) : c->pressure;
}

static double cuff(const calf *c, double t_s) {
  static const double inflating_s = 0.5, venting_s = 1;
  if (t_s < c->baseline_s) return 0;
  const double since_s = t_s - end_of_hold_s(c);
  if (since_s >= 0) return fmax(0, top_mmhg(c) - since_s * (c->steps ? top_mmhg(c) / venting_s : c->deflation));
  const size_t k = c->steps ? (size_t)((t_s - c->baseline_s) / c->hold_s) : 0;
  const double into_s = t_s - c->baseline_s - (double)k * c->hold_s;
  const double height = k ? c->step : c->pressure;
  return (k ? c->pressure + c->step * (double)(k - 1) : 0) + height * fmin(1, into_s / inflating_s);
}

static void run(double *v, double *p, size_t n, const calf *c) {
  static const double empties_s = 8;
  double veins = 0, filtered = 0;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i * STEP_S;
    p[i] = cuff(c, t_s);
    v[i] = veins + filtered;
    const double target = p[i] > 0 ? c->b[0] + p[i] * (c->b[1] + p[i] * c->b[2]) : 0;
    const bool ramp = !c->steps && t_s >= end_of_hold_s(c) && p[i] > 0;
    veins = ramp ? target : veins + (target - veins) * -expm1(-STEP_S / (p[i] > 0 ? c->fill_s : empties_s));
    filtered += c->cfc / 60 * fmax(0, p[i] - c->pvi) * STEP_S;
  }
}

static void draw(calf *c, uint64_t seed) {
  enum { STREAM_CALF = 41 };
  static const double rates_hz[] = {5, 10, 20, 50};
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_CALF);
  c->rate_hz = rates_hz[(size_t)(3.999 * dsp_rng_uniform(&rng))];
  c->b[1] = dsp_rng_between(&rng, 0.05, 0.1);
  c->b[2] = -c->b[1] / dsp_rng_between(&rng, 130, 200);
  c->b[0] = dsp_rng_between(&rng, 0, 0.8);
  c->fill_s = dsp_rng_between(&rng, 15, 45);
  c->cfc = dsp_rng_between(&rng, 0.002, 0.005);
  c->pvi = c->steps ? dsp_rng_between(&rng, 5, 22) : dsp_rng_between(&rng, 4, 14);
  c->hold_s = c->steps ? dsp_rng_between(&rng, 200, 320) : dsp_rng_between(&rng, 300, 500);
  c->deflation = dsp_rng_between(&rng, 0.7, 1.3);
}

static dsp_status put_truth(dsp_truth *truth, const calf *c) {
  static const char *const ids[] = {"C10", "C20", "C30", "C40", "C50"};
  if (c->steps)
    return dsp_truth_put(truth, "CFC", STRAIN "/min/mm[Hg]", c->cfc) || dsp_truth_put(truth, "PVI", "mm[Hg]", c->pvi) ? DSP_NO_MEMORY
                                                                                                                      : DSP_OK;
  dsp_status status = dsp_truth_put(truth, "B0", STRAIN, c->b[0]);
  if (status == DSP_OK) status = dsp_truth_put(truth, "B1", STRAIN "/mm[Hg]", c->b[1]);
  if (status == DSP_OK) status = dsp_truth_put(truth, "B2", STRAIN "/mm[Hg]2", c->b[2]);
  for (size_t i = 0; i < 5 && status == DSP_OK; i++)
    status = dsp_truth_put(truth, ids[i], STRAIN "/mm[Hg]", c->b[1] + 20 * (double)(i + 1) * c->b[2]);
  return status;
}

static dsp_status add_events(dsp_recording *recording, const calf *c, double off_s, uint64_t seed) {
  for (size_t k = 0; k < (c->steps ? c->steps : 1); k++)
    if (dsp_phantom_event(recording, DSP_EVENT_CUFF_INFLATE, c->baseline_s + (double)k * c->hold_s, 0, 0, off_s, seed))
      return DSP_NO_MEMORY;
  return dsp_phantom_event(recording, DSP_EVENT_CUFF_RELEASE, end_of_hold_s(c), 0, 0, off_s, seed);
}

dsp_status dsp_compliance_make(const double *values, bool steps, uint64_t seed, dsp_recording **recording, dsp_truth **truth,
                               dsp_error *error) {
  double sizes[DSP_N_SIZES];
  calf c = {.baseline_s = values[R_BASELINE],
            .hold_s = values[R_HOLD],
            .rest_s = values[R_REST],
            .pressure = values[R_PRESSURE],
            .b = {values[R_B0], values[R_B1], values[R_B2]},
            .fill_s = values[R_FILL],
            .cfc = values[R_CFC],
            .pvi = values[R_PVI],
            .deflation = values[R_LAST],
            .step = values[R_LAST],
            .rate_hz = values[R_RATE],
            .steps = steps ? (size_t)values[R_STEPS_N] : 0};
  dsp_nuisance_sizes(sizes, (dsp_nuisance_level)values[R_NUISANCE], levels, values + (steps ? R_MOST : R_STEPS_N), seed);
  if (values[R_RANDOMISE] >= 0.5) draw(&c, seed);
  const double end_s = end_of_hold_s(&c) + (steps ? 0 : c.pressure / c.deflation) + c.rest_s;
  const dsp_side side = values[R_SIDE] >= 0.5 ? DSP_SIDE_RIGHT : DSP_SIDE_LEFT;
  dsp_phantom_work work;
  dsp_status status =
      dsp_phantom_begin(&work, steps ? "sgp.filtration" : "sgp.compliance", seed, (size_t)llround(end_s / STEP_S) + 1, STEP_S);
  double *p = status == DSP_OK ? dsp_alloc(work.n, sizeof *p) : NULL;
  if (!p) status = DSP_NO_MEMORY;
  if (status == DSP_OK) {
    run(work.v, p, work.n, &c);
    status = put_truth(work.truth, &c);
  }
  if (status == DSP_OK && !dsp_phantom_calf(work.recording, DSP_ROLE_STRAIN, side, c.rate_hz, work.v, work.n, STEP_S, sizes, seed))
    status = DSP_NO_MEMORY;
  if (status == DSP_OK && values[R_PRESSURE_CHANNEL] >= 0.5 &&
      !dsp_phantom_channel(work.recording, "Cuff", DSP_ROLE_CUFF_PRESSURE, DSP_SIDE_UNKNOWN, c.rate_hz, p, work.n, STEP_S, NULL, seed))
    status = DSP_NO_MEMORY;
  if (status == DSP_OK && values[R_EVENTS] >= 0.5) status = add_events(work.recording, &c, sizes[DSP_N_MARKER_S], seed);
  free(p);
  return dsp_phantom_end(&work, status, recording, truth, error);
}
