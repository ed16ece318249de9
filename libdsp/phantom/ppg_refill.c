/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated light-reflection test: rest, dorsiflexions that empty the skin's veins step by step, refill along one or two exponentials;
 * again with a tourniquet. The signal rises while the veins empty. */
#include <math.h>
#include <phantom/build.h>
#include <phantom/ppg_refill.h>
#include <phantom/rng.h>
#include <stdlib.h>
#include <string.h>

#define ID "sim.ppg.refill."
#define ROW(name, unit, value, lo, hi, help)                                                                                               \
  { ID name, unit, value, lo, hi, NULL, help, "engineering choice" }

enum {
  P_NUISANCE,
  P_RANDOMISE,
  P_RATE,
  P_SIDE,
  P_EVENTS,
  P_POLARITY,
  P_BOUTS,
  P_TOURNIQUET,
  P_REST,
  P_REFILL,
  P_COUNT,
  P_PERIOD,
  P_LEVEL,
  P_VO,
  P_SHARE,
  P_FAST,
  P_SLOW,
  P_LATE,
  P_IMPROVES,
  P_SIZES,
  ROWS = P_SIZES + DSP_N_SIZES
};

static const dsp_param_row rows[ROWS] = {
    {ID "nuisance", "", DSP_NUISANCE_REALISTIC, 0, 3, DSP_NUISANCE_WORDS, "Sizes of all disturbances: none, drawn, or the rows below.",
     "engineering choice"},
    ROW("randomise", "1", 0, 0, 1, "1: draw limb, exercise and heart rate from the seed."),
    ROW("rate_hz", "Hz", 20, 2, 1000, "Samples a second."),
    {ID "side", "", 0, 0, 2, "left|right|both", "Limbs that are recorded.", "engineering choice"},
    ROW("events", "1", 1, 0, 1, "1: the recording carries its events; 0: none."),
    ROW("polarity", "1", 1, -1, 1, "1 or -1: as stated, the trace turned accordingly; 0: rises while the veins empty, not stated."),
    ROW("bouts", "1", 1, 1, 4, "Exercises."),
    ROW("tourniquet", "1", 0, 0, 1, "1: the last exercise is done with a tourniquet."),
    ROW("rest_s", "s", 20, 2, 300, "Rest before the first exercise."),
    ROW("refill_s", "s", 75, 2, 600, "From the exercise's end to the next or the recording's end."),
    ROW("count", "1", 8, 1, 20, "Dorsiflexions."),
    ROW("period_s", "s", 2, 0.8, 5, "Time of one."),
    ROW("level", "1", 100, 0.1, 100000, "Reading at rest."),
    ROW("vo_pct", "%", 4.5, 0.05, 50, "Rise at the end of the exercise, of the level."),
    ROW("fast_share", "1", 1, 0, 1, "Share of the fast part of the refill."),
    ROW("fast_s", "s", 12, 0.3, 300, "Its time constant."),
    ROW("slow_s", "s", 30, 0.3, 600, "Time constant of the slow part."),
    ROW("late", "1", 0, -0.5, 0.9, "Level that the refill approaches, above rest, as a share of the rise."),
    ROW("improves", "1", 2, 0.2, 10, "Time constants with the tourniquet, as a multiple."),
    DSP_NUISANCE_ROWS(ID, "1"),
};

/* In per cent of the level. */
static const dsp_nuisance_range levels[DSP_N_SIZES] = {
    DSP_NUISANCE_USUAL,
    [DSP_N_PULSE_ML] = {0.1, 0.4, 0.2, 0.8, false},
    [DSP_N_BREATH_ML] = {0.02, 0.15, 0.05, 0.3, false},
    [DSP_N_VASO_ML] = {0.01, 0.08, 0.02, 0.2, false},
    [DSP_N_WHITE_ML] = {0.01, 0.05, 0.02, 0.1, false},
    [DSP_N_PINK_ML] = {0.005, 0.03, 0.01, 0.06, false},
    [DSP_N_DRIFT_ML] = {-0.1, 0.1, -0.4, 0.4, false},
    [DSP_N_DROPOUTS] = {0, 0, 1, 4, false},
    [DSP_N_LSB_ML] = {0.004, 0.03, 0.01, 0.06, false},
};

typedef struct limb {
  double vo, share, fast_s, slow_s, late; /* vo in the signal's unit */
} limb;

typedef struct settings {
  limb limb[2];
  bool sided[2], events, tourniquet;
  double rate_hz, rest_s, refill_s, period_s, level, improves;
  size_t bouts, count;
  int polarity;
  double sizes[2][DSP_N_SIZES];
} settings;

static const double step_s = 0.01;

static double bout_start(const settings *s, size_t k) {
  return s->rest_s + (double)k * ((double)s->count * s->period_s + s->refill_s);
}

static double bout_end(const settings *s, size_t k) {
  return bout_start(s, k) + (double)s->count * s->period_s;
}

/* Each dorsiflexion raises the signal towards vo in the first part of its period and lets a part of it go in the rest; the last one ends
 * the exercise at the peak. */
static double exercise(const limb *l, size_t count, double since, double period_s) {
  const double k = fmin(floor(since / period_s), (double)count - 1), x = since / period_s - k, pi = 3.14159265358979323846;
  const bool last = k >= (double)count - 1;
  const double reach = l->vo * -expm1(-(k + 1) / 2.5) / -expm1(-(double)count / 2.5),
               from = k > 0 ? l->vo * -expm1(-k / 2.5) / -expm1(-(double)count / 2.5) * 0.93 : 0;
  if (last) return from + (l->vo - from) * 0.5 * (1 - cos(pi * x));
  if (x < 0.6) return from + (reach - from) * 0.5 * (1 - cos(pi * x / 0.6));
  return reach * (1 - 0.07 * 0.5 * (1 - cos(pi * (x - 0.6) / 0.4)));
}

static double refill(const limb *l, double since, double slower) {
  const double falls = l->vo * (1 - l->late);
  return l->vo * l->late + falls * (l->share * exp(-since / (slower * l->fast_s)) + (1 - l->share) * exp(-since / (slower * l->slow_s)));
}

static void run_limb(double *v, size_t n, const settings *s, const limb *l) {
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i * step_s;
    v[i] = s->level;
    double left = 0; /* of the refill before, when the next exercise begins */
    for (size_t k = 0; k < s->bouts; k++) {
      const double slower = s->tourniquet && k + 1 == s->bouts ? s->improves : 1;
      const double start = bout_start(s, k), end = bout_end(s, k);
      if (t_s >= start && t_s < end) v[i] = s->level + fmax(left, exercise(l, s->count, t_s - start, s->period_s));
      if (t_s >= end) v[i] = s->level + refill(l, t_s - end, slower);
      left = refill(l, s->refill_s, slower);
    }
  }
}

/* First time after the peak from which the refill stays below a level; by the closed form. */
static double time_to(const limb *l, double slower, double level) {
  double low = 0, high = 1;
  while (high < 5000 && refill(l, high, slower) > level) high *= 2;
  if (refill(l, high, slower) > level) return (double)NAN;
  for (int i = 0; i < 80; i++) {
    const double middle = 0.5 * (low + high);
    if (refill(l, middle, slower) > level)
      low = middle;
    else
      high = middle;
  }
  return high;
}

enum { VO, TO, TH, TI, FO, READINGS };

static dsp_status put_truth(dsp_truth *truth, const settings *s, size_t which, bool tourniquet) {
  static const char *const ids[3][READINGS] = {{"VO", "TO", "TH", "TI", "FO"},
                                               {"2.VO", "2.TO", "2.TH", "2.TI", "2.FO"},
                                               {"tourniquet.VO", "tourniquet.TO", "tourniquet.TH", "tourniquet.TI", "tourniquet.FO"}};
  static const char *const units[READINGS] = {"%", "s", "s", "s", "%.s"};
  const limb *l = &s->limb[which];
  const double slower = tourniquet ? s->improves : 1, floor_level = fmax(0, l->vo * l->late), falls = l->vo - floor_level;
  double r[READINGS];
  r[VO] = 100 * l->vo / s->level;
  r[TO] = time_to(l, slower, floor_level + 0.03 * falls);
  r[TH] = time_to(l, slower, floor_level + 0.5 * falls);
  r[TI] = 3 * falls / (l->vo - refill(l, 3, slower));
  r[FO] = r[VO] * r[TH];
  const size_t row = tourniquet ? 2 : which == 1 && s->sided[0];
  for (size_t k = 0; k < READINGS; k++)
    if (dsp_truth_put(truth, ids[row][k], units[k], r[k])) return DSP_NO_MEMORY;
  return DSP_OK;
}

static void draw(settings *s, uint64_t seed) {
  enum { STREAM_LIMB = 12 };
  static const double rates_hz[] = {4, 8, 10, 20, 32.5, 50, 100};
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_LIMB);
  s->rate_hz = rates_hz[(size_t)(6.999 * dsp_rng_uniform(&rng))];
  s->rest_s = dsp_rng_between(&rng, 10, 40);
  s->bouts = 1 + (size_t)(2.999 * dsp_rng_uniform(&rng));
  s->count = 6 + (size_t)(5 * dsp_rng_uniform(&rng));
  s->period_s = dsp_rng_between(&rng, 1.5, 2.5);
  double slowest_s = 0;
  for (size_t k = 0; k < 2; k++) {
    limb *l = &s->limb[k];
    l->vo = s->level * dsp_rng_log_between(&rng, 0.02, 0.08);
    const bool bi = dsp_rng_uniform(&rng) < 0.5;
    l->share = bi ? dsp_rng_between(&rng, 0.4, 0.8) : 1;
    l->fast_s = bi ? dsp_rng_log_between(&rng, 2, 6) : dsp_rng_log_between(&rng, 2, 16);
    l->slow_s = dsp_rng_log_between(&rng, 8, 20);
    const bool settles_higher = dsp_rng_uniform(&rng) < 0.35;
    l->late = settles_higher && s->bouts == 1 ? dsp_rng_between(&rng, 0, 0.25) : 0;
    slowest_s = fmax(slowest_s, bi ? l->slow_s : l->fast_s);
  }
  s->refill_s = fmax(45, slowest_s * (s->bouts > 1 ? 7.5 : dsp_rng_between(&rng, 4.5, 6))); /* a rest is a rest again */
}

static settings settle(const double *values, uint64_t seed) {
  settings s = {.sided = {values[P_SIDE] != 1, values[P_SIDE] != 0},
                .events = values[P_EVENTS] >= 0.5,
                .tourniquet = values[P_TOURNIQUET] >= 0.5,
                .rate_hz = values[P_RATE],
                .rest_s = values[P_REST],
                .refill_s = values[P_REFILL],
                .period_s = values[P_PERIOD],
                .level = values[P_LEVEL],
                .improves = values[P_IMPROVES],
                .bouts = (size_t)values[P_BOUTS],
                .count = (size_t)values[P_COUNT],
                .polarity = (int)values[P_POLARITY]};
  for (size_t k = 0; k < 2; k++) {
    s.limb[k] = (limb){values[P_VO] / 100 * s.level, values[P_SHARE], values[P_FAST], values[P_SLOW], values[P_LATE]};
    dsp_nuisance_sizes(s.sizes[k], (dsp_nuisance_level)values[P_NUISANCE], levels, values + P_SIZES, seed + 7919 * k);
    static const dsp_nuisance scaled[] = {DSP_N_PULSE_ML, DSP_N_BREATH_ML, DSP_N_VASO_ML, DSP_N_WHITE_ML,
                                          DSP_N_PINK_ML,  DSP_N_DRIFT_ML,  DSP_N_LSB_ML};
    const bool drawn = values[P_NUISANCE] == DSP_NUISANCE_REALISTIC || values[P_NUISANCE] == DSP_NUISANCE_HARD;
    for (size_t j = 0; drawn && j < sizeof scaled / sizeof scaled[0]; j++) s.sizes[k][scaled[j]] *= s.level / 100;
  }
  if (values[P_RANDOMISE] >= 0.5) draw(&s, seed);
  return s;
}

static dsp_status add_events(dsp_recording *recording, const settings *s, uint64_t seed) {
  for (size_t k = 0; k < s->bouts; k++) {
    const double off_s = s->sizes[0][DSP_N_MARKER_S], start = bout_start(s, k), end = bout_end(s, k);
    const bool tourniquet = s->tourniquet && k + 1 == s->bouts;
    if ((tourniquet && dsp_phantom_event(recording, DSP_EVENT_CUFF_INFLATE, fmax(0, start - 5), 0, 0, off_s, seed)) ||
        dsp_phantom_event(recording, DSP_EVENT_EXERCISE_START, start, 0, 0, off_s, seed) ||
        dsp_phantom_event(recording, DSP_EVENT_EXERCISE_END, end, 0, 0, off_s, seed))
      return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

static dsp_status add_limb(dsp_recording *recording, dsp_truth *truth, double *v, size_t n, const settings *s, size_t which,
                           uint64_t seed) {
  static const char *const names[] = {"PPG L ankle", "PPG R ankle"};
  run_limb(v, n, s, &s->limb[which]);
  if (put_truth(truth, s, which, false) || (which == 0 && s->tourniquet && put_truth(truth, s, which, true))) return DSP_NO_MEMORY;
  if (s->polarity < 0)
    for (size_t i = 0; i < n; i++) v[i] = -v[i];
  dsp_channel *channel = dsp_phantom_channel(recording, names[which], DSP_ROLE_PPG, which ? DSP_SIDE_RIGHT : DSP_SIDE_LEFT, s->rate_hz, v,
                                             n, step_s, s->sizes[which], seed + 7919 * which);
  if (!channel) return DSP_NO_MEMORY;
  channel->site = "ankle";
  channel->polarity = s->polarity;
  return DSP_OK;
}

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  const settings s = settle(params, seed);
  const size_t n = (size_t)ceil((bout_end(&s, s.bouts - 1) + s.refill_s) / step_s) + 1;
  double *v = dsp_alloc(n, sizeof *v);
  dsp_recording *made = dsp_phantom_recording("ppg.refill", seed);
  dsp_truth *values = dsp_zalloc(1, sizeof *values);
  dsp_status status = v && made && values ? DSP_OK : DSP_NO_MEMORY;
  for (size_t k = 0; k < 2 && status == DSP_OK; k++)
    if (s.sided[k]) status = add_limb(made, values, v, n, &s, k, seed);
  if (status == DSP_OK && s.events) status = add_events(made, &s, seed);
  for (size_t k = 0; k < s.bouts && status == DSP_OK; k++)
    if (dsp_truth_mark(values, "exercise_start", bout_start(&s, k)) || dsp_truth_mark(values, "exercise_end", bout_end(&s, k)))
      status = DSP_NO_MEMORY;
  free(v);
  if (status != DSP_OK) {
    dsp_recording_free(made);
    dsp_truth_free(values);
    return dsp_fail_memory(error);
  }
  values->step_s = step_s;
  *recording = made;
  *truth = values;
  return DSP_OK;
}

const dsp_phantom dsp_phantom_ppg_refill = {
    "ppg.refill", "Photoplethysmographic refill after dorsiflexions", {"sim.ppg.refill", rows, ROWS}, make};
