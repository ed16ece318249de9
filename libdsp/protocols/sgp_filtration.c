/* SPDX-License-Identifier: GPL-3.0-or-later
 * Capillary filtration: the late, straight rise of the volume at each of several small congestion steps.
 * Method: Gamble et al.: cumulative steps without deflation between them, each held for 3 to 5 minutes or more; a step's filtration is the
 * slope beside the veins' exponential filling; its regression on pressure gives the filtration coefficient and the pressure at which
 * nothing is filtered. Steps at or below that pressure belong to another line and are left out. */
#include "parts/congested.h"
#include "parts/stand.h"

#include <dsp/fit.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

#define OURS   "engineering choice"
#define GAMBLE "small cumulative venous congestion steps, Gamble et al."
#define STRAIN "mL/(100.mL)"
#define FLOW   "mL/(100.mL)/min"

enum { F_WORK_RATE, F_BRIDGE, F_LEAST_HOLD, F_STEP, F_FEWEST, F_SKIP, F_HISTORY, F_GAP, F_ROWS };

static const dsp_param_row param_rows[F_ROWS] = {
    [F_WORK_RATE] = {"sgp.filtration.work_rate_hz", "Hz", 4, 2, 1000, NULL, "Lowest rate to which a faster trace is decimated.", OURS},
    [F_BRIDGE] = {"sgp.filtration.bridge_s", "s", 0.5, 0, 5, NULL, "Longest gap that a straight line may bridge.", OURS},
    [F_LEAST_HOLD] = {"sgp.filtration.least_hold_s", "s", 120, 30, 3600, NULL, "Shorter steps are not read.", GAMBLE},
    [F_STEP] = {"sgp.filtration.step_mmhg", "mm[Hg]", 10, 1, 40, NULL, "Height of the steps where no pressure is recorded.", GAMBLE},
    [F_FEWEST] = {"sgp.filtration.fewest_steps", "1", 3, 2, 20, NULL, "Fewest steps above the isovolumetric pressure.", OURS},
    [F_SKIP] = {"sgp.filtration.skip", "1", 0.25, 0, 0.8, NULL, "First part of a step that is left out of the fit.", OURS},
    [F_HISTORY] = {"sgp.filtration.fall_mmhg", "mm[Hg]", 3, 0.5, 40, NULL, "A fall of the pressure between steps that is flagged.", GAMBLE},
    [F_GAP] = GAUGE_GAP_ROW("sgp.filtration"),
};

static const dsp_measure_row measure_rows[] = {
    {"CFC", FLOW "/mm[Hg]", "sgp.CFC.steps", "Capillary filtration coefficient: slope of the steps' filtration against their pressure.",
     GAMBLE},
    {"PVI", "mm[Hg]", "sgp.PVI.steps", "Isovolumetric venous pressure: where that line meets no filtration.", GAMBLE},
};
enum { STEPS_MAX = 24 };

typedef struct step {
  double from_s, to_s, mmhg;
  dsp_estimate jv; /* per min */
  bool used;
} step;

typedef struct steps {
  step step[STEPS_MAX];
  size_t n;
  bool falls, from_event;
} steps;

extern const dsp_protocol dsp_sgp_filtration;

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return gauge_fits(channel, missing);
}

/* Three inflations or more, minutes apart, with no release between. */
static bool suggested(const dsp_recording *recording) {
  static const double least_s = 100;
  size_t in_a_row = 0, most = 0;
  double since_s = -INFINITY;
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *e = &recording->events[i];
    if (e->kind == DSP_EVENT_EXERCISE_START) return false; /* the supine pump test raises the cuff in steps, too */
    if (e->kind == DSP_EVENT_CUFF_RELEASE) in_a_row = 0;
    if (e->kind != DSP_EVENT_CUFF_INFLATE) continue;
    in_a_row = e->t_s - since_s >= least_s ? in_a_row + 1 : 1;
    since_s = e->t_s;
    most = in_a_row > most ? in_a_row : most;
  }
  return most >= 3;
}

static void add_step(steps *s, double from_s, double to_s, double mmhg, double least_hold_s) {
  if (!(to_s - from_s >= least_hold_s) || s->n == STEPS_MAX) return;
  s->step[s->n++] = (step){.from_s = from_s, .to_s = to_s, .mmhg = mmhg, .jv = {NAN, NAN}};
}

/* Stretches at which the recorded pressure stays. A fall counts where a step follows it: the release at the end is none. */
static void find_in_pressure(steps *s, const congested *c) {
  static const double empty_mmhg = 2, apart_mmhg = 1.5;
  const double rate_hz = c->trace.rate_hz;
  size_t from = 0;
  double sum = 0, n = 0, highest = 0;
  bool fell = false;
  for (size_t i = 0; i <= c->trace.n; i++) {
    if (i == c->trace.n || (n >= 2 && fabs(c->pressure[i] - sum / n) > apart_mmhg)) {
      const size_t before = s->n;
      if (sum / n > empty_mmhg) add_step(s, (double)from / rate_hz, (double)i / rate_hz, sum / n, c->params[F_LEAST_HOLD]);
      if (s->n > before) s->falls |= fell, highest = sum / n, fell = false;
      fell |= s->n > 0 && sum / n < highest - c->params[F_HISTORY];
      from = i, sum = 0, n = 0;
    }
    if (i < c->trace.n) sum += c->pressure[i], n++;
  }
}

static void take_events(steps *s, const congested *c) {
  const dsp_recording *r = c->recording;
  size_t k = 0;
  s->from_event = true;
  for (size_t i = 0; i < r->n_events; i++) {
    const dsp_event *e = &r->events[i];
    if (e->kind == DSP_EVENT_CUFF_RELEASE) k = 0;
    if (e->kind != DSP_EVENT_CUFF_INFLATE || !(e->t_s >= 0 && e->t_s < c->end_s)) continue;
    double to_s = c->end_s;
    for (size_t j = i + 1; j < r->n_events && to_s == c->end_s; j++)
      if (r->events[j].kind == DSP_EVENT_CUFF_INFLATE || r->events[j].kind == DSP_EVENT_CUFF_RELEASE) to_s = fmin(to_s, r->events[j].t_s);
    add_step(s, e->t_s, to_s, c->params[F_STEP] * (double)++k, c->params[F_LEAST_HOLD]);
  }
}

static dsp_status read_steps(steps *s, congested *c) {
  size_t from[STEPS_MAX], to[STEPS_MAX], n = 0;
  for (size_t k = 0; k < s->n && n < 16; k++) {
    from[n] = dsp_trace_index(&c->trace, 0.5 * (s->step[k].from_s + s->step[k].to_s));
    to[n++] = dsp_trace_index(&c->trace, s->step[k].to_s - 1);
  }
  dsp_status status = dsp_noise_learn(&c->noise, &c->trace, from, to, n, fmax(c->facts.step / 3.5, 5e-4));
  for (size_t k = 0; k < s->n && status == DSP_OK; k++) {
    step *one = &s->step[k];
    dsp_estimate asymptote;
    const double begin_s = one->from_s + fmax(3, c->params[F_SKIP] * (one->to_s - one->from_s));
    status = part_fill_read(&asymptote, &one->jv, &c->trace, &c->noise, one->from_s, begin_s, one->to_s - 1);
    one->jv = (dsp_estimate){60 * one->jv.value, 60 * one->jv.se};
    one->used = isfinite(one->jv.value) && one->jv.value > 0;
  }
  return status;
}

typedef struct line {
  double slope, pvi, var_slope, var_pvi;
  size_t n;
} line;

/* Weighted line through the used steps, its errors those of the steps, or of their scatter where that is larger. */
static line regress(const steps *s) {
  static const double least_se = 1.2e-3; /* a warming gauge */
  double sw = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, misfit = 0;
  line l = {NAN, NAN, NAN, NAN, 0};
  for (size_t k = 0; k < s->n; k++) {
    if (!s->step[k].used) continue;
    const double w = 1 / (s->step[k].jv.se * s->step[k].jv.se + least_se * least_se), p = s->step[k].mmhg, j = s->step[k].jv.value;
    sw += w, sx += w * p, sy += w * j, sxx += w * p * p, sxy += w * p * j;
    l.n++;
  }
  const double determinant = sw * sxx - sx * sx;
  if (l.n < 2 || !(determinant > 0)) return l;
  l.slope = (sw * sxy - sx * sy) / determinant;
  const double intercept = (sy - l.slope * sx) / sw;
  for (size_t k = 0; k < s->n; k++) {
    const double e = s->step[k].jv.value - intercept - l.slope * s->step[k].mmhg;
    if (s->step[k].used) misfit += e * e / (s->step[k].jv.se * s->step[k].jv.se + least_se * least_se);
  }
  const double scale = l.n > 2 ? fmax(2.5, misfit / (double)(l.n - 2)) : 2.5;
  double se;
  l.var_slope = scale * sw / determinant;
  dsp_ratio(&l.pvi, &se, -intercept, l.slope, scale * sxx / determinant, l.var_slope, scale * sx / determinant);
  l.var_pvi = se * se;
  return l;
}

/* Leave out steps at or below the isovolumetric pressure until the line settles. */
static line fit(steps *s) {
  line l = regress(s);
  for (size_t pass = 0; pass < STEPS_MAX; pass++) {
    bool changed = false;
    for (size_t k = 0; k < s->n; k++)
      if (s->step[k].used && s->step[k].mmhg <= l.pvi) s->step[k].used = false, changed = true;
    if (!changed) break;
    l = regress(s);
  }
  return l;
}

static dsp_status describe(congested *c, const steps *s, const line *l) {
  dsp_test *test = c->test;
  dsp_status status = dsp_test_add_detail(test, "steps", "1", (double)s->n);
  if (status == DSP_OK) status = dsp_test_add_detail(test, "steps_used", "1", (double)l->n);
  for (size_t k = 0; k < s->n && status == DSP_OK; k++) {
    const step *one = &s->step[k];
    status = dsp_test_add_detail(test, "step_pressure", "mm[Hg]", one->mmhg);
    if (status == DSP_OK) status = dsp_test_add_detail(test, "step_filtration", FLOW, one->jv.value);
    if (status == DSP_OK) status = dsp_test_add_landmark(test, "cuff_inflate", one->from_s, NAN, NAN, s->from_event ? "event" : "detected");
    if (status == DSP_OK) status = dsp_test_add_phase(test, one->used ? "filtration" : "left out", one->from_s, one->to_s, NAN);
  }
  return status;
}

/* What makes the steps unreadable. */
static dsp_status distrust(const char **why_not, const congested *c, const steps *s) {
  bool slipped = false;
  const step *first = &s->step[0], *last = &s->step[s->n - 1];
  const double rise = part_mean(&c->trace, last->to_s - 10, last->to_s - 1) - part_mean(&c->trace, first->from_s - 10, first->from_s - 1);
  if (rise < -0.1) *why_not = "polarity_reversed";
  if (part_at_extreme(&c->trace, &c->facts, last->to_s - 20, last->to_s - 1)) *why_not = "saturated";
  dsp_status status = DSP_OK;
  for (size_t k = 0; k < s->n && !*why_not && status == DSP_OK; k++) {
    bool found;
    status = part_find_step(&found, &c->trace, s->step[k].from_s + 20, s->step[k].to_s - 5, 0.2);
    slipped |= found;
  }
  if (slipped) *why_not = "gauge_slipped";
  return status;
}

static dsp_status read_all(const char **why_not, congested *c) {
  steps s = {.n = 0};
  if (c->pressure)
    find_in_pressure(&s, c);
  else
    take_events(&s, c);
  const dsp_event *up = stand_event(c->recording, DSP_EVENT_CUFF_INFLATE, 0, c->end_s);
  const dsp_event *down = stand_event(c->recording, DSP_EVENT_CUFF_RELEASE, 0, c->end_s);
  if (up && down && down->t_s < up->t_s) dsp_flags_add(&c->test->flags, "events_reversed");
  if (s.n == 0) *why_not = c->pressure || up ? "few_steps" : "no_pressure";
  if (*why_not) return DSP_OK;
  dsp_status status = read_steps(&s, c);
  if (status == DSP_OK) status = distrust(why_not, c, &s);
  if (status != DSP_OK || *why_not) return status;
  const line l = fit(&s);
  if ((double)l.n < c->params[F_FEWEST])
    *why_not = "few_steps";
  else if (!(l.slope > 0))
    *why_not = "implausible";
  if (!*why_not) {
    const double t0_s = s.step[0].from_s, t1_s = s.step[s.n - 1].to_s;
    part_set(c->test, "CFC", (dsp_estimate){l.slope, sqrt(l.var_slope)}, t0_s, t1_s, "no_fit");
    part_set(c->test, "PVI", (dsp_estimate){l.pvi, sqrt(l.var_pvi)}, t0_s, t1_s, "no_fit");
    for (size_t m = 0; m < 2; m++) c->test->measures[m].n = (unsigned)l.n;
    if (!c->pressure) part_flag_valid(c->test, "pressure_assumed");
    if (s.falls) part_flag_valid(c->test, "decongested_between");
  }
  return describe(c, &s, &l);
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  static const congested_rows rows = {F_WORK_RATE, F_BRIDGE, F_GAP};
  congested c = {.recording = recording, .channel = channel, .params = params};
  return congested_run(&c, &dsp_sgp_filtration, &rows, read_all, report, error);
}

const dsp_protocol dsp_sgp_filtration = {
    .id = "sgp.filtration",
    .title = "Strain-gauge plethysmography, capillary filtration",
    .needs = "a channel with role strain in mL/100 mL, and one with role cuff_pressure in mmHg",
    .posture =
        "Supine, the limb relaxed at heart level and still for 15 minutes before, the room at a constant temperature, the gauge covered, "
        "a wide collecting cuff above the knee. Serves a limb without a foot (the gauge on the stump).",
    .steps = "1. Record 5 minutes of rest. 2. Raise the cuff's pressure by 10 mmHg and hold it for 4 to 5 minutes. 3. Repeat without "
             "letting the "
             "cuff down between, to 50 or 60 mmHg (below diastolic pressure). 4. Release.",
    .sidecar = "Role strain, side and cal_semantics of the gauge's channel; role cuff_pressure of the cuff's. Without a recorded pressure: "
               "cuff_inflate at each step and cuff_release at the end; the steps' height is then the parameter's.",
    .params = {"sgp.filtration", param_rows, F_ROWS},
    .measures = measure_rows,
    .n_measures = sizeof measure_rows / sizeof measure_rows[0],
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
};
