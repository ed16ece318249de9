/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated exercise under a strain gauge: (raised leg, standing up,) rest, contractions that empty the veins step by step, refill along
 * two exponentials; once or more. Or supine, the veins congested by a cuff in steps up to the pressure at which the exercise is done, so
 * that the volume it expels is a fall along the limb's own quadratic pressure-volume curve. Closed forms. */
#include <math.h>
#include <phantom/occlusion.h>
#include <phantom/pump.h>
#include <phantom/rng.h>

#define ID_REFILL "sim.sgp.refill."
#define ID_STAND  "sim.sgp.stand."
#define STEP_S    0.01
#define STRAIN    "mL/(100.mL)"

enum {
  R_NUISANCE,
  R_RANDOMISE,
  R_RATE,
  R_SIDE,
  R_EVENTS,
  R_BOUTS,
  R_REST,
  R_REFILL,
  R_COUNT,
  R_PERIOD,
  R_EV,
  R_SHARE,
  R_FAST,
  R_SLOW,
  R_COMMON
};
enum { R_RAISED = R_COMMON, R_VV, R_FILL, R_ALL };
enum { R_CONGESTED = R_COMMON, R_STEPS, R_STEP, R_HOLD, R_PUMP, R_B1, R_B2, R_VEINS, R_CFC, R_SUPINE };
enum { STEPS_MAX = 8 };

#define COMMON_ROWS(id)                                                                                                                    \
  DSP_LIMB_ROWS(id, 20, 4, 1, "left|right", "exercise"), DSP_O_ROW(id "bouts", "1", 1, 1, 4, "Exercises."),                                \
      DSP_O_ROW(id "rest_s", "s", 30, 1, 600, "Rest before the first exercise."),                                                          \
      DSP_O_ROW(id "refill_s", "s", 100, 2, 900, "From the exercise's end to the next or the end."),                                       \
      DSP_O_ROW(id "count", "1", 10, 1, 40, "Contractions."), DSP_O_ROW(id "period_s", "s", 1, 0.5, 5, "Time of one."),                    \
      DSP_O_ROW(id "ev", STRAIN, 1.4, 0, 10, "Expelled volume."), DSP_O_ROW(id "fast_share", "1", 0.3, 0, 1, "Of the refill."),            \
      DSP_O_ROW(id "fast_s", "s", 8, 0.3, 300, "Its time constant."), DSP_O_ROW(id "slow_s", "s", 20, 0.3, 600, "Of the slow part.")

const dsp_param_row dsp_pump_refill_rows[DSP_PUMP_REFILL_ROWS_N] = {
    COMMON_ROWS(ID_REFILL),
    DSP_O_ROW(ID_REFILL "congested", "1", 0, 0, 1, "1: supine, the veins congested by a cuff, whose pressure is a channel."),
    DSP_O_ROW(ID_REFILL "steps", "1", 4, 1, STEPS_MAX, "Steps of the cuff's pressure."),
    DSP_O_ROW(ID_REFILL "step_mmhg", "mm[Hg]", 15, 2, 40, "Height of a step."),
    DSP_O_ROW(ID_REFILL "hold_s", "s", 120, 10, 900, "Each step is held so long, the last one before the exercise."),
    DSP_O_ROW(ID_REFILL "pump_pct", "%", 65, 1, 99,
              "Fall of the veins' pressure by the exercise, of the cuff's; it sets the expelled volume."),
    DSP_O_ROW(ID_REFILL "b1", STRAIN "/mm[Hg]", 0.0781, 0.001, 1, "Compliance at no pressure."),
    DSP_O_ROW(ID_REFILL "b2", STRAIN "/mm[Hg]2", -0.0005, -0.01, 0.01, "Half of its change per mmHg."),
    DSP_O_ROW(ID_REFILL "veins_s", "s", 20, 1, 200, "Time constant of the congested veins' filling."),
    DSP_O_ROW(ID_REFILL "cfc", STRAIN "/min/mm[Hg]", 0.0029, 0, 0.1, "Filtration, above 8 mmHg."),
    DSP_NUISANCE_ROWS(ID_REFILL, STRAIN),
};
const dsp_param_row dsp_pump_stand_rows[DSP_PUMP_STAND_ROWS_N] = {
    COMMON_ROWS(ID_STAND),
    DSP_O_ROW(ID_STAND "raised_s", "s", 45, 2, 600, "Leg raised before standing up."),
    DSP_O_ROW(ID_STAND "vv", STRAIN, 2.4, 0.1, 10, "Venous volume of standing."),
    DSP_O_ROW(ID_STAND "fill_s", "s", 20, 1, 200, "Time constant of filling."),
    DSP_NUISANCE_ROWS(ID_STAND, STRAIN),
};

static const dsp_nuisance_range levels[DSP_N_SIZES] = {
    DSP_NUISANCE_USUAL,
    [DSP_N_PULSE_ML] = {0.02, 0.06, 0.03, 0.1, false},
    [DSP_N_BREATH_ML] = {0.003, 0.02, 0.01, 0.04, false},
    [DSP_N_VASO_ML] = {0.003, 0.02, 0.01, 0.04, false},
    [DSP_N_WHITE_ML] = {0.005, 0.02, 0.01, 0.03, false},
    [DSP_N_PINK_ML] = {0.001, 0.006, 0.005, 0.02, false},
    [DSP_N_DRIFT_ML] = {-0.03, 0.03, -0.1, 0.1, false},
    [DSP_N_DROPOUTS] = {0, 2.9, 2, 8, false},
    [DSP_N_LSB_ML] = {0.0005, 0.004, 0.001, 0.01, false},
};

typedef struct limb {
  double raised_s, vv, fill_s, rest_s, refill_s, count, period_s, ev, share, fast_s, slow_s, rate_hz;
  size_t bouts;
  size_t steps; /* of the cuff; 0: not congested */
  double step_mmhg, hold_s, pump, b1, b2, veins_s, cfc;
} limb;

static const double rest_before_s = 60, emptying_s = 30, venting_s = 1.5;

/* Volume of the veins at a pressure, above that at the first step's start. */
static double veins(const limb *l, double mmhg) {
  return 0.3 + mmhg * (l->b1 + l->b2 * mmhg);
}

static double step_begin_s(size_t k, const limb *l) {
  return rest_before_s + (double)k * l->hold_s;
}

static double release_s(const limb *l);

static double cuff(const limb *l, double t_s) {
  static const double inflating_s = 0.5;
  if (t_s >= release_s(l)) return fmax(0, (double)l->steps * l->step_mmhg * (1 - (t_s - release_s(l)) / venting_s));
  double p = 0;
  for (size_t k = 0; k < l->steps; k++) p += l->step_mmhg * fmin(1, fmax(0, (t_s - step_begin_s(k, l)) / inflating_s));
  return p;
}

/* What the cuff brings: each step fills the veins along one exponential and filters from then on. */
static double congestion(const limb *l, double t_s) {
  static const double pvi_mmhg = 8, drains_s = 2.5;
  const double until_s = fmin(t_s, release_s(l));
  double filled = 0, filtered = 0;
  for (size_t k = 0; k < l->steps && step_begin_s(k, l) < until_s; k++) {
    const double mmhg = (double)(k + 1) * l->step_mmhg, since_s = until_s - step_begin_s(k, l);
    filled += (veins(l, mmhg) - (k ? veins(l, mmhg - l->step_mmhg) : 0)) * -expm1(-since_s / l->veins_s);
    filtered += l->cfc / 60 * (fmax(0, mmhg - pvi_mmhg) - fmax(0, mmhg - l->step_mmhg - pvi_mmhg)) * since_s;
  }
  return filtered + filled * (t_s > release_s(l) ? exp(-(t_s - release_s(l)) / drains_s) : 1);
}

static double begin_s(const limb *l, size_t k) {
  return l->raised_s + l->rest_s + (double)k * (l->count * l->period_s + l->refill_s);
}

static double release_s(const limb *l) {
  return begin_s(l, l->bouts);
}

/* Share of EV that is out at s seconds after the exercise's start. */
static double emptied(const limb *l, double s) {
  const double length_s = l->count * l->period_s;
  if (s < length_s) {
    const double step = floor(s / l->period_s), into = s / l->period_s - step, pi = 3.14159265358979323846;
    const double smooth = into < 0.6 ? 0.5 - 0.5 * cos(pi * into / 0.6) : 1;
    return sqrt((step + smooth) / l->count);
  }
  return l->share * exp(-(s - length_s) / l->fast_s) + (1 - l->share) * exp(-(s - length_s) / l->slow_s);
}

static double volume(const limb *l, double t_s) {
  const bool stands = l->raised_s > 0 && l->steps == 0;
  double v = stands ? (t_s < l->raised_s ? 0 : l->vv * -expm1(-(t_s - l->raised_s) / l->fill_s)) : 0;
  if (l->steps) v += congestion(l, t_s);
  if (l->steps && t_s > release_s(l)) return v;
  for (size_t k = 0; k < l->bouts; k++) {
    const double s = t_s - begin_s(l, k);
    if (s >= 0 && (k + 1 == l->bouts || t_s < begin_s(l, k + 1))) v -= l->ev * emptied(l, s);
  }
  return v;
}

static double time_to(const limb *l, double share) {
  double lo = 0, hi = 3600;
  for (int i = 0; i < 60; i++) {
    const double s = 0.5 * (lo + hi);
    if (emptied(l, l->count * l->period_s + s) > 1 - share)
      lo = s;
    else
      hi = s;
  }
  return lo;
}

static void draw(limb *l, uint64_t seed) {
  enum { STREAM_LIMB = 51 };
  static const double rates_hz[] = {10, 20, 25, 50};
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_LIMB);
  l->rate_hz = rates_hz[(size_t)(3.999 * dsp_rng_uniform(&rng))];
  l->vv = dsp_rng_between(&rng, 1.5, 3.5);
  l->ev = l->vv * dsp_rng_between(&rng, 0.3, 0.75);
  l->share = dsp_rng_between(&rng, 0, 0.6);
  l->fast_s = dsp_rng_between(&rng, 3, 10);
  l->slow_s = dsp_rng_between(&rng, 12, 30);
  l->fill_s = dsp_rng_between(&rng, 8, 25);
  l->refill_s = 5 * l->slow_s + 10;
  if (l->raised_s > 0 && !l->steps) l->rest_s = 7 * l->fill_s;
  if (!l->steps) return;
  l->steps = 3 + (size_t)(2.999 * dsp_rng_uniform(&rng));
  l->step_mmhg = 60.0 / (double)l->steps;
  l->b1 = dsp_rng_between(&rng, 0.05, 0.1);
  l->b2 = -l->b1 / dsp_rng_between(&rng, 145, 220); /* the curve's vertex lies at 72 to 110 mmHg */
  l->pump = dsp_rng_between(&rng, 0.2, 0.8);
  l->veins_s = dsp_rng_between(&rng, 12, 30);
  l->hold_s = 5.5 * l->veins_s + 30;
  l->cfc = dsp_rng_between(&rng, 0.001, 0.005);
}

/* When and how much the cuff sets. */
static void congest(limb *l) {
  const double top = (double)l->steps * l->step_mmhg;
  l->raised_s = step_begin_s(l->steps - 1, l);
  l->rest_s = l->hold_s;
  l->ev = veins(l, top) - veins(l, top * (1 - l->pump));
}

static dsp_status put_truth(dsp_truth *truth, const limb *l) {
  const bool failed = dsp_truth_put(truth, "EV", STRAIN, l->ev) || dsp_truth_put(truth, "VRT", "s", time_to(l, 0.95)) ||
                      dsp_truth_put(truth, "T90", "s", time_to(l, 0.9)) || dsp_truth_put(truth, "T50", "s", time_to(l, 0.5)) ||
                      (l->steps && dsp_truth_put(truth, "EF", "%", 100 * l->pump)) ||
                      (l->raised_s > 0 && !l->steps && dsp_truth_put(truth, "EF", "%", 100 * l->ev / l->vv));
  return failed ? DSP_NO_MEMORY : DSP_OK;
}

static dsp_status add_events(dsp_recording *recording, const limb *l, double off_s, uint64_t seed) {
  for (size_t k = 0; k < l->steps; k++)
    if (dsp_phantom_event(recording, DSP_EVENT_CUFF_INFLATE, step_begin_s(k, l), 0, 0, off_s, seed)) return DSP_NO_MEMORY;
  if (l->raised_s > 0 && !l->steps && dsp_phantom_event(recording, DSP_EVENT_STAND, l->raised_s, 0, 0, off_s, seed)) return DSP_NO_MEMORY;
  for (size_t k = 0; k < l->bouts; k++)
    if (dsp_phantom_event(recording, DSP_EVENT_EXERCISE_START, begin_s(l, k), 0, 0, off_s, seed) ||
        dsp_phantom_event(recording, DSP_EVENT_EXERCISE_END, begin_s(l, k) + l->count * l->period_s, 0, 0, off_s, seed))
      return DSP_NO_MEMORY;
  if (l->steps && dsp_phantom_event(recording, DSP_EVENT_CUFF_RELEASE, release_s(l), 0, 0, off_s, seed)) return DSP_NO_MEMORY;
  return DSP_OK;
}

dsp_status dsp_pump_make(const double *values, bool stands, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  double sizes[DSP_N_SIZES];
  limb l = {.raised_s = stands ? values[R_RAISED] : 0,
            .vv = stands ? values[R_VV] : 1,
            .fill_s = stands ? values[R_FILL] : 1,
            .rest_s = stands ? fmax(values[R_REST], 7 * values[R_FILL]) : values[R_REST],
            .refill_s = values[R_REFILL],
            .count = floor(values[R_COUNT]),
            .period_s = values[R_PERIOD],
            .ev = values[R_EV],
            .share = values[R_SHARE],
            .fast_s = values[R_FAST],
            .slow_s = values[R_SLOW],
            .rate_hz = values[R_RATE],
            .bouts = (size_t)values[R_BOUTS]};
  const dsp_side side = values[R_SIDE] >= 0.5 ? DSP_SIDE_RIGHT : DSP_SIDE_LEFT;
  if (!stands && values[R_CONGESTED] >= 0.5) {
    l.steps = (size_t)values[R_STEPS];
    l.step_mmhg = values[R_STEP], l.hold_s = values[R_HOLD], l.pump = values[R_PUMP] / 100;
    l.b1 = values[R_B1], l.b2 = values[R_B2], l.veins_s = values[R_VEINS], l.cfc = values[R_CFC];
  }
  dsp_nuisance_sizes(sizes, (dsp_nuisance_level)values[R_NUISANCE], levels, values + (stands ? (int)R_ALL : (int)R_SUPINE), seed);
  if (values[R_RANDOMISE] >= 0.5) draw(&l, seed);
  if (l.steps) congest(&l);
  dsp_phantom_work work;
  dsp_status status = dsp_phantom_begin(&work, stands ? "sgp.stand" : "sgp.refill", seed,
                                        (size_t)llround((begin_s(&l, l.bouts) + (l.steps ? emptying_s : 0)) / STEP_S) + 1, STEP_S);
  if (status == DSP_OK) {
    for (size_t i = 0; i < work.n; i++) work.v[i] = volume(&l, (double)i * STEP_S);
    status = put_truth(work.truth, &l);
  }
  if (status == DSP_OK && !dsp_phantom_calf(work.recording, DSP_ROLE_STRAIN, side, l.rate_hz, work.v, work.n, STEP_S, sizes, seed))
    status = DSP_NO_MEMORY;
  for (size_t i = 0; i < work.n && status == DSP_OK && l.steps; i++) work.v[i] = cuff(&l, (double)i * STEP_S);
  if (status == DSP_OK && l.steps &&
      !dsp_phantom_channel(work.recording, "Cuff", DSP_ROLE_CUFF_PRESSURE, DSP_SIDE_UNKNOWN, l.rate_hz, work.v, work.n, STEP_S, NULL, seed))
    status = DSP_NO_MEMORY;
  if (status == DSP_OK && values[R_EVENTS] >= 0.5) status = add_events(work.recording, &l, sizes[DSP_N_MARKER_S], seed);
  return dsp_phantom_end(&work, status, recording, truth, error);
}
