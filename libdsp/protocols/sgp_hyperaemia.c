/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reactive hyperaemia by venous occlusion: inflow before an arterial occlusion of some minutes and, cycle by cycle, after it.
 * Method: Hewlett and van Zwaluwenburg 1909; peak, time to peak and area above rest as in Proctor, Halliwill et al. 2005. Each cycle's flow
 * is its slope at the moment of inflation. */
#include "parts/inflow.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OURS "engineering choice"
#define VOP  "venous occlusion plethysmography with reactive hyperaemia as described by Hokanson and Strandness"
#define FLOW "mL/(100.mL)/min"

enum { P_PAUSE = INFLOW_ROWS_N, P_ROWS };

static const dsp_param_row param_rows[P_ROWS] = {
    INFLOW_ROWS("sgp.hyperaemia"),
    [P_PAUSE] = {"sgp.hyperaemia.pause_s", "s", 60, 20, 600, NULL,
                 "Shortest pause between cycles that is taken for the arterial occlusion where no event names it.", OURS},
};

static const dsp_measure_row measure_rows[] = {
    {"REST", FLOW, "sgp.REST.mean", "Resting inflow: mean of the cycles before the arterial occlusion.", VOP},
    {"PEAK", FLOW, "sgp.PEAK.cycle", "Peak inflow: the highest of the cycles after the release.", VOP},
    {"TTP", "s", "sgp.TTP.cycle", "Time to peak: from the arterial release to the inflation of the cycle with the peak.", VOP},
    {"AUC", "mL/(100.mL)", "sgp.AUC.above_rest",
     "Excess volume: area of inflow above rest from the release to the last cycle, trapezoids between cycles.", VOP},
    {"HALF", "s", "sgp.HALF.from_peak", "Half time: from the peak until inflow has fallen half-way to rest.", VOP},
};
enum { REST, PEAK, TTP, AUC, HALF };

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return gauge_fits(channel, missing);
}

static bool suggested(const dsp_recording *recording) {
  for (size_t i = 0; i < recording->n_events; i++)
    if (recording->events[i].kind == DSP_EVENT_ARTERIAL_RELEASE) return true;
  return false;
}

/* When the artery was shut and opened again. */
typedef struct occlusion {
  double shut_s, open_s;
  const char *source;
  size_t after; /* first cycle behind it; the number of cycles when none is */
} occlusion;

static occlusion find_occlusion(const inflow_test *t) {
  occlusion o = {(double)NAN, (double)NAN, "event", 0};
  for (size_t i = 0; i < t->recording->n_events; i++) {
    const dsp_event *e = &t->recording->events[i];
    if (!(e->t_s >= 0 && e->t_s <= (double)t->trace.n / t->trace.rate_hz)) continue; /* outside: as if it were not marked */
    if (e->kind == DSP_EVENT_ARTERIAL_INFLATE && isnan(o.shut_s)) o.shut_s = e->t_s;
    if (e->kind == DSP_EVENT_ARTERIAL_RELEASE && isnan(o.open_s)) o.open_s = e->t_s;
  }
  double longest_s = t->params[P_PAUSE];
  for (size_t i = 1; i < t->n && isnan(o.open_s); i++) {
    const double pause_s = t->cycles[i].inflate_s - t->cycles[i - 1].release_s;
    if (pause_s > longest_s) longest_s = pause_s, o.after = i;
  }
  if (o.after > 0) { /* let down to the collecting pressure: the release is the first inflation */
    o.source = "detected";
    o.open_s = t->cycles[o.after].inflate_s;
    o.shut_s = t->cycles[o.after - 1].release_s;
    return o;
  }
  static const double early_s = 2; /* a marker may be late */
  while (o.after < t->n && !(t->cycles[o.after].inflate_s >= o.open_s - early_s)) o.after++;
  return o;
}

static dsp_estimate per_min(const inflow_cycle *c) {
  return (dsp_estimate){60 * c->inflow.initial.value, 60 * c->inflow.initial.se};
}

static void report_rest(dsp_test *test, const inflow_test *t, size_t end) {
  double sum = 0, squares = 0, variance = 0, shared = 0;
  unsigned n = 0;
  for (size_t i = 0; i < end; i++) {
    if (t->cycles[i].reject) continue;
    const dsp_estimate e = per_min(&t->cycles[i]);
    sum += e.value;
    squares += e.value * e.value;
    variance += e.se * e.se;
    shared += 60 * t->cycles[i].inflow.shared_se;
    n++;
  }
  const double mean = sum / n, scatter = n > 1 ? sqrt(fmax(0, squares - sum * mean) / (n - 1) / n) : 0;
  part_set(test, "REST", (dsp_estimate){n ? mean : (double)NAN, hypot(n > 3 ? scatter : fmax(scatter, sqrt(variance) / n), shared / n)},
           n ? t->cycles[0].inflate_s : (double)NAN, n ? t->cycles[end - 1].release_s : (double)NAN, "no_rest");
  if (n) test->measures[REST].n = n;
  if (n && n < 3) dsp_flags_add(&test->measures[REST].flags, "few_cycles");
}

/* Flow at the used cycles behind the release. */
typedef struct course {
  double *t_s, *flow, *se, *shared; /* the last: the part of se that they have in common */
  size_t n, peak;
  double lost_s; /* of the first cycle that left the converter's range; NaN none */
} course;

/* Is a saturated cycle before the highest of the others, or the next behind it? Then that is not known to be the peak. */
static bool peak_lost(const course *c) {
  return c->n == 0 || c->peak + 1 == c->n ? isfinite(c->lost_s) : c->lost_s < c->t_s[c->peak + 1];
}

static void gather(course *c, const inflow_test *t, size_t from) {
  for (size_t i = from; i < t->n; i++) {
    const char *reject = t->cycles[i].reject;
    if (reject && strcmp(reject, "saturated") == 0 && isnan(c->lost_s)) c->lost_s = t->cycles[i].inflate_s;
    if (reject) continue;
    const dsp_estimate e = per_min(&t->cycles[i]);
    c->t_s[c->n] = t->cycles[i].inflate_s;
    c->flow[c->n] = e.value;
    c->se[c->n] = e.se;
    c->shared[c->n] = 60 * t->cycles[i].inflow.shared_se;
    if (e.value > c->flow[c->peak]) c->peak = c->n;
    c->n++;
  }
}

/* Trapezoids in mL/100 mL; what flowed between the release and the first cycle is taken as that cycle's. */
static dsp_estimate area(const course *c, double open_s, dsp_estimate rest) {
  double sum = (c->flow[0] - rest.value) * (c->t_s[0] - open_s), variance = 0, shared = 0;
  for (size_t i = 0; i < c->n; i++) {
    const double before_s = i > 0 ? 0.5 * (c->t_s[i] - c->t_s[i - 1]) : c->t_s[0] - open_s;
    const double after_s = i + 1 < c->n ? 0.5 * (c->t_s[i + 1] - c->t_s[i]) : 0;
    if (i > 0) sum += before_s * (c->flow[i] + c->flow[i - 1] - 2 * rest.value);
    const double weight_s = before_s + after_s;
    variance += weight_s * weight_s * fmax(0, c->se[i] * c->se[i] - c->shared[i] * c->shared[i]);
    shared += weight_s * c->shared[i];
  }
  const double length_s = c->t_s[c->n - 1] - open_s;
  return (dsp_estimate){sum / 60, sqrt(variance + shared * shared + length_s * length_s * rest.se * rest.se) / 60};
}

/* When the course, from its peak on, crosses the level for good; its error from the level's and those of the two
 * cycles beside the crossing. */
static dsp_estimate falls_to(const course *c, dsp_estimate at) {
  const double level = at.value;
  size_t i = c->n;
  while (i > c->peak && c->flow[i - 1] < level) i--;
  if (i == c->n || i == c->peak) return (dsp_estimate){(double)NAN, (double)NAN};
  const double slope = (c->flow[i] - c->flow[i - 1]) / (c->t_s[i] - c->t_s[i - 1]);
  return (dsp_estimate){c->t_s[i - 1] + (level - c->flow[i - 1]) / slope, hypot(at.se, 0.7 * hypot(c->se[i], c->se[i - 1])) / fabs(slope)};
}

static void report_course(dsp_test *test, const course *c, const occlusion *o) {
  const double end_s = c->t_s[c->n - 1], peak_s = c->t_s[c->peak];
  const dsp_estimate rest = {test->measures[REST].value, test->measures[REST].se};
  const double spacing_s = c->n > 1 ? (end_s - c->t_s[0]) / (double)(c->n - 1) : (double)NAN;
  part_set(test, "PEAK", (dsp_estimate){c->flow[c->peak], c->se[c->peak]}, peak_s, peak_s, "no_fit");
  part_set(test, "TTP", (dsp_estimate){peak_s - o->open_s, spacing_s / 4}, o->open_s, peak_s, "no_fit");
  if (!test->measures[REST].valid) return;
  part_set(test, "AUC", area(c, o->open_s, rest), o->open_s, end_s, "no_fit");
  const dsp_estimate half = falls_to(c, (dsp_estimate){0.5 * (rest.value + c->flow[c->peak]), 0.5 * hypot(rest.se, c->se[c->peak])});
  part_set(test, "HALF", (dsp_estimate){half.value - peak_s, half.se}, peak_s, half.value, "half_not_reached");
}

static dsp_status report_all(dsp_test *test, inflow_test *t) {
  const occlusion o = find_occlusion(t);
  course c = {dsp_alloc(t->n, sizeof *c.t_s),
              dsp_alloc(t->n, sizeof *c.flow),
              dsp_alloc(t->n, sizeof *c.se),
              dsp_alloc(t->n, sizeof *c.shared),
              0,
              0,
              (double)NAN};
  dsp_status status = c.t_s && c.flow && c.se && c.shared ? DSP_OK : DSP_NO_MEMORY;
  /* Two states, and the veins bend differently in each: flow itself falls within a hyperaemic cycle. */
  if (status == DSP_OK) status = inflow_read_cycles(t, t->cycles, o.after);
  if (status == DSP_OK) status = inflow_read_cycles(t, t->cycles + o.after, t->n - o.after);
  if (status == DSP_OK && isfinite(o.open_s)) {
    report_rest(test, t, o.after);
    gather(&c, t, o.after);
    if (c.n > 0 && !peak_lost(&c)) report_course(test, &c, &o);
    status = dsp_test_add_landmark(test, "arterial_release", o.open_s, NAN, NAN, o.source);
    if (status == DSP_OK && isfinite(o.shut_s) && o.shut_s < o.open_s) {
      status = dsp_test_add_landmark(test, "arterial_inflate", o.shut_s, NAN, NAN, o.source);
      if (status == DSP_OK) status = dsp_test_add_phase(test, "arterial occlusion", o.shut_s, o.open_s, NAN);
    }
    if (status == DSP_OK) status = inflow_add_resistance(test, t->recording, "minimal_resistance", test->measures[PEAK].value);
  }
  part_null_rest(test, peak_lost(&c) ? "saturated" : isfinite(o.open_s) && c.n > 0 ? "no_rest" : "no_hyperaemia");
  free(c.t_s);
  free(c.flow);
  free(c.se);
  free(c.shared);
  size_t used = 0;
  for (size_t i = 0; i < t->n && status == DSP_OK; i++) {
    used += !t->cycles[i].reject;
    status = inflow_mark(test, &t->cycles[i]);
  }
  if (used < t->n) dsp_flags_add(&test->flags, "cycles_rejected");
  if (status == DSP_OK) status = dsp_test_add_detail(test, "cycles", "1", (double)t->n);
  return status == DSP_OK ? dsp_test_add_detail(test, "cycles_used", "1", (double)used) : status;
}

extern const dsp_protocol dsp_sgp_hyperaemia;

/* Each cycle's flow, for those who want to see the course: PEAK of that cycle alone. */
static dsp_status report_trials(const inflow_test *t, dsp_report *report) {
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < t->n && t->n > 1 && status == DSP_OK; i++) {
    const inflow_cycle *c = &t->cycles[i];
    dsp_test *trial = dsp_report_add_test(report, &dsp_sgp_hyperaemia, t->channel, (unsigned)i + 1, NULL);
    if (!trial) return DSP_NO_MEMORY;
    if (!c->reject) status = dsp_test_add_detail(trial, "flow", FLOW, per_min(c).value);
    for (size_t m = 0; m < trial->n_measures; m++) dsp_measure_null(&trial->measures[m], c->reject ? c->reject : "see_pooled");
    if (status == DSP_OK) status = inflow_mark(trial, c);
  }
  return status;
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  inflow_test t = {.recording = recording, .channel = channel, .params = params};
  dsp_test *test = dsp_report_add_test(report, &dsp_sgp_hyperaemia, channel, 0, NULL);
  dsp_status status = test ? inflow_prepare(&t, test, error) : DSP_NO_MEMORY;
  if (status == DSP_OK && !t.why_not) status = report_all(test, &t);
  if (status == DSP_OK) status = inflow_finish(&t, test);
  if (status == DSP_OK) status = report_trials(&t, report);
  inflow_clear(&t);
  return status;
}

const dsp_protocol dsp_sgp_hyperaemia = {
    .id = "sgp.hyperaemia",
    .title = "Strain-gauge plethysmography, reactive hyperaemia",
    .needs = "a channel with role strain in mL/100 mL",
    .posture =
        "Supine, the limb at or a little above heart level, the gauge at the greatest girth; hand or foot shut off by a wrist or ankle "
        "cuff.",
    .steps =
        "1. Record three to eight cycles of resting inflow (collecting cuff 40 to 60 mmHg, 8 to 10 s up, 5 to 8 s down). 2. Inflate the "
        "arterial cuff to 200 to 250 mmHg for 5 minutes. 3. Let it down at once, to nothing or to the collecting pressure. 4. Record a "
        "cycle every 5 to 15 s for 2 to 3 minutes.",
    .sidecar =
        "Role strain and side of the gauge's channel; arterial_inflate and arterial_release; cuff_inflate and cuff_release of each "
        "cycle or a channel with role cuff_pressure. Role pressure of an arterial pressure, where there is one, gives the resistance.",
    .params = {"sgp.hyperaemia", param_rows, P_ROWS},
    .measures = measure_rows,
    .n_measures = sizeof measure_rows / sizeof measure_rows[0],
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
};
