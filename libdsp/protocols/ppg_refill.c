/* SPDX-License-Identifier: GPL-3.0-or-later
 * Photoplethysmography: venous refill after exercise (light-reflection rheography, D-PPG), with and without a tourniquet.
 * Definitions of the digital devices: baseline from the rest before the exercise, refill time to 97 % of recovery, half time, initial
 * slope, pump power as a percentage of the baseline. The signal rises while the veins empty; polarity is stated, or inferred and said so.
 */
#include "parts/ppg.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OURS "engineering choice"
#define DPPG "digital photoplethysmography (D-PPG) as its devices define it"

static const dsp_param_row param_rows[PPG_ROWS] = {
    [PPG_WORK_RATE] = {"ppg.refill.work_rate_hz", "Hz", 6, 2, 1000, NULL, "Lowest rate to which a faster trace is decimated.", OURS},
    [PPG_BRIDGE] = {"ppg.refill.bridge_s", "s", 0.5, 0, 2, NULL, "Longest gap that a straight line may bridge.", OURS},
    [PPG_LEAST_VO] = {"ppg.refill.least_vo_pct", "%", 0.5, 0, 50, NULL, "Smallest pump power that is read.", DPPG},
    [PPG_MARKER] = {"ppg.refill.marker_s", "s", 3, 0.1, 60, NULL, "Disagreement of marker and trace that is flagged.", OURS},
    [PPG_PEAK] = {"ppg.refill.peak_s", "s", 2, 0.2, 10, NULL, "The peak lies within this of the exercise's end.", OURS},
    [PPG_FRACTION] = {"ppg.refill.fraction", "1", 0.97, 0.5, 0.999, NULL, "Recovery that ends the refill time.", DPPG},
    [PPG_TI_WINDOW] = {"ppg.refill.ti_window_s", "s", 3, 0.5, 20, NULL, "Time over which the initial slope is taken.", DPPG},
    [PPG_TI_CAP] = {"ppg.refill.ti_cap_s", "s", 120, 1, 10000, NULL, "Longest initial inflow time that is given.", DPPG},
    [PPG_LONGEST] = {"ppg.refill.longest", "1", 2.5, 1, 10, NULL,
                     "A refill time of more than so many times the recorded refill is not extrapolated to.", OURS},
    [PPG_SPREAD] = {"ppg.refill.spread_s", "s", 10, 0, 120, NULL, "Difference of repeated refill times that is flagged (3 s when short).",
                    "D-PPG reproducibility, J Vasc Surg 2006"},
    [PPG_CHANGE] = {"ppg.refill.change_s", "s", 3, 0, 60, NULL, "Longer refill with a tourniquet that counts as improvement.", DPPG},
    [PPG_CHANGE_SHARE] = {"ppg.refill.change", "1", 0.15, 0, 2, NULL, "The same, as a share.", DPPG},
};

static const dsp_measure_row measure_rows[] = {
    {"VO", "%", "ppg.VO.rest", "Venous pump power: 100 (peak - baseline) / baseline, the baseline being the median of the rest.", DPPG},
    {"TO", "s", "ppg.TO.97", "Venous refill time: from the peak to 97 % of recovery.", DPPG},
    {"TH", "s", "ppg.TH.50", "Half refill time: from the peak to 50 % of recovery.", DPPG},
    {"TI", "s", "ppg.TI.slope3", "Initial inflow time: recovery at the slope of the first 3 s after the peak.", DPPG},
    {"FO", "%.s", "ppg.FO.product", "Venous pump capacity: VO x TH.", DPPG},
    {"FO.integral", "%.s", "ppg.FO.integral",
     "Venous pump capacity as an area: above the limit of recovery from the peak to TO, less half of what is left there, of the baseline.",
     DPPG},
};
enum { MEASURES = sizeof measure_rows / sizeof measure_rows[0], VO = 0, TO, TH, TI, FO, AREA };

extern const dsp_protocol dsp_ppg_refill;

typedef struct ppg_test {
  const dsp_recording *recording;
  const dsp_channel *channel;
  const double *params;
  dsp_trace trace;
  dsp_trace_facts facts;
  ppg_bouts bouts;
  dsp_estimate value[PPG_BOUTS_MAX][MEASURES];
  bool capped[PPG_BOUTS_MAX];
} ppg_test;

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  if (channel->role == DSP_ROLE_PPG) return true;
  dsp_fail(missing, DSP_NOT_APPLICABLE, channel->name, "role ppg", "role %s", dsp_role_text(channel->role));
  return false;
}

static double initial_time(const dsp_outflow *o, const void *window_s) {
  const double *w = window_s;
  return *w * dsp_outflow_capacity(o, NULL) / (o->level - dsp_outflow_at(o, *w));
}

/* Area above the limit from the peak to the end of the refill, less the triangle under what is left there. */
static double area(const dsp_outflow *o, const void *fraction) {
  enum { STEPS = 400 };
  const double to_s = dsp_outflow_time_to(o, fraction), base = o->base.value;
  double sum = 0.5 * (o->level - base + dsp_outflow_at(o, to_s) - base);
  for (int i = 1; i < STEPS; i++) sum += dsp_outflow_at(o, to_s * i / STEPS) - base;
  return sum * to_s / STEPS - 0.5 * (dsp_outflow_at(o, to_s) - base) * to_s;
}

/* 100 x / |baseline| of an x whose error is known. */
static dsp_estimate of_baseline(dsp_estimate x, dsp_estimate base) {
  const double value = 100 * x.value / fabs(base.value);
  return (dsp_estimate){value, hypot(100 * x.se / fabs(base.value), value * base.se / base.value)};
}

static void read_values(ppg_test *t, size_t k) {
  static const double half = 0.5;
  const ppg_bout *b = &t->bouts.bout[k];
  dsp_estimate *v = t->value[k];
  const dsp_outflow *o = &b->refill;
  v[VO] = of_baseline((dsp_estimate){b->peak.value - b->base.value, hypot(b->peak.se, b->base.se)}, b->base);
  v[TO] = dsp_outflow_read(o, dsp_outflow_time_to, &t->params[PPG_FRACTION]);
  v[TH] = dsp_outflow_read(o, dsp_outflow_time_to, &half);
  v[TI] = dsp_outflow_read(o, initial_time, &t->params[PPG_TI_WINDOW]);
  /* Along the trace's own course where it is not two exponentials; what that changes is uncertain by a part of it. */
  static const int followed[] = {TO, TH, TI};
  for (int i = 0; i < 3 && b->followed > 0; i++) {
    if (isnan(b->time_s[i])) continue;
    dsp_estimate *e = &v[followed[i]];
    e->se = hypot(e->se, 0.15 * fabs(e->value - b->time_s[i]));
    e->value = b->time_s[i];
  }
  v[AREA] = of_baseline(dsp_outflow_read(o, area, &t->params[PPG_FRACTION]), b->base);
  /* When the peak was is uncertain, too, and every time counts from it. */
  const double peak_se_s = sqrt(o->cov[7][7]);
  v[TO].se = hypot(v[TO].se, peak_se_s);
  v[TH].se = hypot(v[TH].se, peak_se_s);
  v[FO] = (dsp_estimate){v[VO].value * v[TH].value, hypot(v[VO].value * v[TH].se, v[TH].value * v[VO].se)};
  t->capped[k] = v[TI].value > t->params[PPG_TI_CAP] || !(v[TI].value > 0);
  if (t->capped[k]) v[TI] = (dsp_estimate){t->params[PPG_TI_CAP], NAN};
}

/* Why bout k gives no value of this measure; NULL when it does. */
static const char *why_not(const ppg_test *t, size_t k, size_t m) {
  const ppg_bout *b = &t->bouts.bout[k];
  if (!b->read) return b->why_not;
  const double recorded_s = b->to_s - b->refill.vent_s;
  if (!(b->base.value > 0) && (m == VO || m == FO || m == AREA) && t->channel->polarity >= 0) return "no_light_level";
  if (t->value[k][VO].value < t->params[PPG_LEAST_VO] && fabs(b->base.value) > 0) return "signal_weak";
  if ((m == TO || m == AREA) && !(t->value[k][TO].value <= t->params[PPG_LONGEST] * recorded_s)) return "not_reached";
  if (m == TH && !(t->value[k][TH].value <= t->params[PPG_LONGEST] * recorded_s)) return "not_reached";
  return isfinite(t->value[k][m].value) ? NULL : "no_fit";
}

static void flag_bout(dsp_measure *measure, const ppg_test *t, size_t k, size_t m) {
  const ppg_bout *b = &t->bouts.bout[k];
  dsp_flags *f = &measure->flags;
  const double recorded_s = b->to_s - b->refill.vent_s, time_s = m == TO || m == AREA ? t->value[k][TO].value
                                                                 : m == TI            ? 3
                                                                                      : t->value[k][TH].value;
  if (m != VO && m != TI && time_s > recorded_s) {
    dsp_flags_add(f, "extrapolated");
    dsp_flags_add(f, "refill_cut");
  }
  if (!b->end_marked) dsp_flags_add(f, "phases_detected");
  if (b->end_marked && isfinite(b->seen_end_s) && fabs(b->seen_end_s - b->end_s) > t->params[PPG_MARKER])
    dsp_flags_add(f, "marker_disagrees");
  if (b->refill.base.value == b->end.value && m != VO) dsp_flags_add(f, "late_level_used");
  if (m == TI && t->capped[k]) dsp_flags_add(f, "ti_capped");
  if (m != VO) dsp_flags_add(f, "low_inflow_possible");
}

/* Mean over the bouts [from, to) of one condition. */
static unsigned put_values(const dsp_test *test, const ppg_test *t, size_t from, size_t to, bool tourniquet) {
  unsigned most = 0;
  for (size_t m = 0; m < MEASURES; m++) {
    dsp_measure *measure = &test->measures[m];
    double sum = 0, variance = 0, low = INFINITY, high = -INFINITY, t0_s = NAN, t1_s = NAN;
    unsigned n = 0;
    const char *why = "no_exercise";
    for (size_t k = from; k < to; k++) {
      if (t->bouts.bout[k].tourniquet != tourniquet) continue;
      const char *reason = why_not(t, k, m);
      if (reason) {
        if (n == 0) why = reason;
        continue;
      }
      const dsp_estimate e = t->value[k][m];
      if (n++ == 0) t0_s = m == VO ? t->bouts.bout[k].rest_from_s : t->bouts.bout[k].refill.vent_s;
      t1_s = t->bouts.bout[k].to_s;
      sum += e.value, variance += e.se * e.se;
      low = fmin(low, e.value), high = fmax(high, e.value);
    }
    if (n == 0) {
      dsp_measure_null(measure, why);
      continue;
    }
    dsp_measure_set(measure, sum / n, sqrt(variance) / n, t0_s, t1_s);
    measure->n = n;
    if ((m == TO || m == AREA) && t->params[PPG_FRACTION] != param_rows[PPG_FRACTION].value) measure->definition = "ppg.TO.other_fraction";
    if (m == TI && t->params[PPG_TI_WINDOW] != param_rows[PPG_TI_WINDOW].value) measure->definition = "ppg.TI.other_window";
    for (size_t k = from; k < to; k++)
      if (t->bouts.bout[k].tourniquet == tourniquet && !why_not(t, k, m)) flag_bout(measure, t, k, m);
    const double accepted_s = sum / n <= 10 ? fmin(3, t->params[PPG_SPREAD]) : t->params[PPG_SPREAD];
    if (m == TO && high - low > accepted_s) dsp_flags_add(&measure->flags, "repeats_differ");
    most = n > most ? n : most;
  }
  return most;
}

static dsp_status put_landmarks(dsp_test *test, const ppg_test *t, size_t k) {
  const ppg_bout *b = &t->bouts.bout[k];
  dsp_status status = dsp_test_add_landmark(test, "exercise_start", b->start_s, NAN, NAN, b->start_marked ? "event" : "detected");
  if (status == DSP_OK) status = dsp_test_add_landmark(test, "exercise_end", b->end_s, NAN, NAN, b->end_marked ? "event" : "detected");
  if (status == DSP_OK && isfinite(b->base.value)) status = dsp_test_add_phase(test, "rest", b->rest_from_s, b->rest_to_s, b->base.value);
  if (status == DSP_OK) status = dsp_test_add_phase(test, "exercise", b->start_s, b->end_s, NAN);
  if (status != DSP_OK || !b->read) return status;
  const double se_s = sqrt(b->refill.cov[7][7]), peak_s = b->refill.vent_s, end_s = peak_s + t->value[k][TO].value;
  status = dsp_test_add_landmark(test, "peak", peak_s, peak_s - 1.96 * se_s, peak_s + 1.96 * se_s, "detected");
  if (status == DSP_OK && end_s <= b->to_s) status = dsp_test_add_landmark(test, "refilled", end_s, NAN, NAN, "detected");
  return status == DSP_OK ? dsp_test_add_phase(test, "refill", peak_s, b->to_s, b->refill.base.value) : status;
}

static dsp_status put_details(dsp_test *test, const ppg_test *t, size_t k) {
  const ppg_bout *b = &t->bouts.bout[k];
  const struct {
    const char *id, *unit;
    double value;
  } rows[] = {{"baseline", "1", b->base.value},
              {"peak", "1", b->read ? b->peak.value : NAN},
              {"late_level", "1", b->read ? b->end.value : NAN},
              {"recovery_limit", "1", b->read ? b->refill.base.value : NAN},
              {"exercise", "s", b->end_s - b->start_s},
              {"refill_recorded", "s", b->read ? b->to_s - b->refill.vent_s : NAN}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (dsp_test_add_detail(test, rows[i].id, rows[i].unit, rows[i].value) != DSP_OK) return DSP_NO_MEMORY;
  return DSP_OK;
}

/* Landmarks of all bouts of a condition, side results of the first, its fitted curve. */
static dsp_status describe(dsp_test *test, const ppg_test *t, size_t from, size_t to, bool tourniquet) {
  dsp_status status = DSP_OK;
  bool first = true;
  for (size_t k = from; k < to && status == DSP_OK; k++) {
    if (t->bouts.bout[k].tourniquet != tourniquet) continue;
    status = put_landmarks(test, t, k);
    if (status == DSP_OK && first) status = put_details(test, t, k);
    first = false;
  }
  return status;
}

/* The bouts of the other condition, for the picture of the first test. */
static dsp_status mention(dsp_test *test, const ppg_test *t, bool tourniquet) {
  dsp_status status = DSP_OK;
  for (size_t k = 0; k < t->bouts.n && status == DSP_OK; k++) {
    const ppg_bout *b = &t->bouts.bout[k];
    if (b->tourniquet == tourniquet) continue;
    status = dsp_test_add_phase(test, b->tourniquet ? "tourniquet" : "no tourniquet", b->start_s, b->to_s, NAN);
  }
  return status;
}

/* Repeats as tests of their own. */
static dsp_status add_trials(const ppg_test *t, dsp_report *report, bool tourniquet, const char *manoeuvre) {
  unsigned made = 0, trial = 0;
  for (size_t k = 0; k < t->bouts.n; k++) made += t->bouts.bout[k].tourniquet == tourniquet;
  for (size_t k = 0; made > 1 && k < t->bouts.n; k++) {
    if (t->bouts.bout[k].tourniquet != tourniquet) continue;
    dsp_test *test = dsp_report_add_test(report, &dsp_ppg_refill, t->channel, ++trial, manoeuvre);
    if (!test) return DSP_NO_MEMORY;
    put_values(test, t, k, k + 1, tourniquet);
    if (describe(test, t, k, k + 1, tourniquet) != DSP_OK) return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

/* With against without: the device's rule for superficial and deep reflux. */
static void compare(const dsp_test *with, const dsp_measure *without, const double *params) {
  dsp_measure *to = dsp_test_measure(with, "TO");
  if (!to->valid || !without->valid) return;
  const double change_s = to->value - without->value;
  const bool improves = change_s > params[PPG_CHANGE] && change_s > params[PPG_CHANGE_SHARE] * without->value;
  dsp_flags_add(&to->flags, improves ? "tourniquet_improves" : "tourniquet_no_change");
}

static dsp_status report_condition(const ppg_test *t, dsp_report *report, size_t at, bool tourniquet) {
  dsp_test *test = &report->tests[at];
  const unsigned n = put_values(test, t, 0, t->bouts.n, tourniquet);
  for (size_t m = 0; n == 1 && m < MEASURES; m++)
    if (test->measures[m].valid) dsp_flags_add(&test->measures[m].flags, "single_repeat");
  const dsp_status status = describe(test, t, 0, t->bouts.n, tourniquet);
  return status == DSP_OK ? add_trials(t, report, tourniquet, report->tests[at].manoeuvre) : status;
}

static dsp_status report_all(const ppg_test *t, dsp_report *report, size_t at) {
  bool with = false, without = false;
  for (size_t k = 0; k < t->bouts.n; k++) with |= t->bouts.bout[k].tourniquet, without |= !t->bouts.bout[k].tourniquet;
  if (with && !without) report->tests[at].manoeuvre = "tourniquet";
  dsp_status status = report_condition(t, report, at, !without);
  if (status == DSP_OK) status = mention(&report->tests[at], t, !without);
  if (status != DSP_OK || !with || !without) return status;
  const size_t second = report->n_tests;
  if (!dsp_report_add_test(report, &dsp_ppg_refill, t->channel, 0, "tourniquet")) return DSP_NO_MEMORY;
  status = report_condition(t, report, second, true);
  if (status == DSP_OK) compare(&report->tests[second], dsp_test_measure(&report->tests[at], "TO"), t->params);
  return status;
}

/* Turn the trace so that emptying rises. *why_not when it cannot be the way that was stated. */
static dsp_status orient(const char **why_not_at_all, ppg_test *t, dsp_test *test) {
  static const double clearly = 2;
  double up, down;
  for (size_t i = 0; t->channel->polarity < 0 && i < t->trace.n; i++) t->trace.x[i] = -t->trace.x[i];
  const dsp_status status = ppg_excursions(&up, &down, &t->trace);
  if (status != DSP_OK) return status;
  if (t->channel->polarity != 0) {
    if (down > clearly * up) *why_not_at_all = "polarity_reversed";
    return DSP_OK;
  }
  dsp_flags_add(&test->flags, "polarity_assumed");
  for (size_t i = 0; down > up && i < t->trace.n; i++) t->trace.x[i] = -t->trace.x[i];
  return DSP_OK;
}

static dsp_status analyse(ppg_test *t, dsp_report *report, size_t at) {
  const char *why = NULL;
  if (!(t->facts.step > 0))
    why = "constant_signal";
  else if ((double)t->trace.n < 8 * t->trace.rate_hz)
    why = "recording_too_short";
  dsp_status status = why ? DSP_OK : orient(&why, t, &report->tests[at]);
  if (status == DSP_OK && !why) {
    double level = fabs(part_mean(&t->trace, 0, (double)t->trace.n / t->trace.rate_hz));
    status = ppg_find_bouts(&t->bouts, &t->trace, t->recording, fmax(0.5 * t->params[PPG_LEAST_VO] / 100 * level, 3 * t->facts.step));
    if (status == DSP_OK && t->bouts.reversed) dsp_flags_add(&report->tests[at].flags, "events_reversed");
    if (status == DSP_OK && t->bouts.n == 0) why = "no_exercise";
  }
  if (status == DSP_OK && !why) {
    const bool decimated = t->trace.rate_hz < 0.99 * t->channel->rate_hz;
    for (size_t k = 0; k < t->bouts.n; k++) t->bouts.bout[k].swings = true;
    status = ppg_read_bouts(&t->bouts, &t->trace, &t->facts, t->params, t->facts.step / 3.5, decimated ? 1 / t->trace.rate_hz : 0);
    for (size_t k = 0; k < t->bouts.n; k++)
      if (t->bouts.bout[k].read) read_values(t, k);
    if (status == DSP_OK) status = report_all(t, report, at);
  }
  if (status != DSP_OK) return status;
  if (why) part_null_rest(&report->tests[at], why);
  part_note_facts(&report->tests[at], t->recording, t->channel, &t->facts, 3.9);
  part_rate_quality(&report->tests[at], t->channel, &t->facts);
  return part_add_trace(&report->tests[at], &t->trace, t->channel->unit ? t->channel->unit->ucum : "1");
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  ppg_test *t = dsp_zalloc(1, sizeof *t);
  if (!t) return DSP_NO_MEMORY;
  *t = (ppg_test){.recording = recording, .channel = channel, .params = params};
  const size_t at = report->n_tests;
  dsp_status status = dsp_report_add_test(report, &dsp_ppg_refill, channel, 0, NULL) ? DSP_OK : DSP_NO_MEMORY;
  double size = 0;
  for (size_t i = 0; i < channel->n; i++)
    if (isfinite(channel->x[i])) size = fmax(size, fabs(channel->x[i]));
  if (status == DSP_OK)
    status = part_condition(&t->trace, &t->facts, channel, params[PPG_WORK_RATE], params[PPG_BRIDGE], 0.003 * size, error);
  if (status == DSP_BAD_INPUT) {
    part_null_rest(&report->tests[at], "no_data");
    status = DSP_OK;
  } else if (status == DSP_OK) {
    status = analyse(t, report, at);
  }
  dsp_trace_clear(&t->trace);
  free(t);
  return status;
}

#define REPEATS "D-PPG refill time, coefficient of repeatability 3, 10 and 16 s: J Vasc Surg 2006 (140 limbs)"
static const dsp_repeatability_row repeatability[] = {
    {"TO", 10, 3 / 2.77, NAN, REPEATS},
    {"TO", 20, 10 / 2.77, NAN, REPEATS},
    {"TO", INFINITY, 16 / 2.77, NAN, REPEATS},
};

static const char *const ratios[] = {"TO", "VO", NULL};

const dsp_protocol dsp_ppg_refill = {
    .id = "ppg.refill",
    .title = "Photoplethysmography: venous refill after exercise",
    .needs = "a channel with role ppg",
    .posture = "Sitting, the knee bent to about 110 to 120 degrees, the foot flat on the floor, the leg relaxed, the room warm.",
    .steps =
        "1. Fix the sensor 8 to 10 cm above the medial malleolus, shielded from light, without pressure. 2. Record at least 10 s of rest. "
        "3. Eight dorsiflexions in 16 s by a metronome, heel on the floor. 4. Keep still until the curve is flat, 45 to 60 s or longer. "
        "5. If the refill time is 25 s or less, repeat with a tourniquet below or above the knee (60 to 80 mmHg). Do both legs.",
    .sidecar =
        "Channel: role ppg, side, site, polarity (1 when the signal rises while the veins empty). Events: exercise_start and exercise_end, "
        "or dorsiflexion with count and duration_s; cuff_inflate before an exercise with a tourniquet, cuff_release after it. Without "
        "events the exercises are found.",
    .params = {"ppg.refill", param_rows, PPG_ROWS},
    .measures = measure_rows,
    .n_measures = MEASURES,
    .applicable = applicable,
    .run = run,
    .repeatability = repeatability,
    .n_repeatability = sizeof repeatability / sizeof repeatability[0],
    .ratios = ratios,
};
