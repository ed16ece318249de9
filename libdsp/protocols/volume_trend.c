/* SPDX-License-Identifier: GPL-3.0-or-later
 * Leg volume through the day: sessions of immediate repeats, by perometer, water displacement or truncated cones (mL), or the level of a
 * strain gauge that stays on (mL/100 mL). The first session is the morning's, the last the evening's; the rate is that of a straight line
 * through all sessions. What immediate repeats differ by is the measurement's error; a session whose repeats do not agree is not used. */
#include "parts/gauge.h"

#include <dsp/fit.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OURS  "engineering choice"
#define FIXED "serial leg volume at fixed landmarks and posture, morning and evening, with immediate repeats"

enum { T_APART_S, T_SESSION, T_SPAN, T_BLOCK, T_REPEAT_PCT, T_REPEAT_ML, T_MORNING, T_EVENING, T_GAP, T_ROWS };

static const dsp_param_row param_rows[T_ROWS] = {
    [T_APART_S] = {"volume.trend.apart_s", "s", 600, 1, 7200, NULL, "Readings no further apart are repeats of one session.", OURS},
    [T_SESSION] = {"volume.trend.session_s", "s", 1200, 1, 7200, NULL, "A session is no longer than this.", OURS},
    [T_SPAN] = {"volume.trend.least_span_s", "s", 3600, 60, 86400, NULL, "Shortest time from the first session to the last.", OURS},
    [T_BLOCK] = {"volume.trend.block_s", "s", 60, 1, 600, NULL, "A trace of a sensor that stays on is averaged over this.", OURS},
    [T_REPEAT_PCT] = {"volume.trend.repeat_pct", "%", 1, 0, 100, NULL, "Immediate repeats that differ by more than this ...", FIXED},
    [T_REPEAT_ML] = {"volume.trend.repeat_ml", "mL", 20, 0, 1000, NULL, "... and by more than this do not agree.", FIXED},
    [T_MORNING] = {"volume.trend.morning_h", "h", 12, 0, 24, NULL, "Hour by which the first session should have begun.", OURS},
    [T_EVENING] = {"volume.trend.evening_h", "h", 15, 0, 24, NULL, "Hour before which the last session should not begin.", OURS},
    [T_GAP] = GAUGE_GAP_ROW("volume.trend"),
};

static const dsp_measure_row measure_rows[] = {
    {"RATE", "%/h", "trend.RATE.line",
     "Rate of swelling: slope of the line through all sessions, of the morning volume; falling is negative.", FIXED},
    {"MORNING", "mL", "trend.MORNING.first", "Volume in the first session, mean of its repeats.", FIXED},
    {"EVENING", "mL", "trend.EVENING.last", "Volume in the last session, mean of its repeats.", FIXED},
    {"CHANGE", "%", "trend.CHANGE.evening", "Evening minus morning, of the morning volume.", FIXED},
    {"CHANGE.ml", "mL", "trend.CHANGE.ml", "Evening minus morning.", FIXED},
    {"REPEAT", "%", "trend.REPEAT.sd", "Repeatability: standard deviation of immediate repeats within sessions, of the morning volume.",
     FIXED},
};
enum { RATE, MORNING, EVENING, CHANGE, CHANGE_ML, REPEAT, MEASURES };

typedef struct reading {
  double t_s, v;
} reading;

typedef struct session {
  double from_s, to_s, t_s, v;
  size_t n;
  double squares; /* about the mean */
  bool agree;
} session;

typedef struct trend {
  const dsp_recording *recording;
  const dsp_channel *channel;
  const double *params;
  dsp_test *test;
  dsp_trace trace;
  dsp_trace_facts facts;
  bool strain, continuous;
  reading *readings;
  session *sessions; /* those whose repeats agree come to be used */
  size_t n_readings, n_sessions, left_out;
  double sd, df; /* of one reading, within sessions */
} trend;

extern const dsp_protocol dsp_volume_trend;

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return (channel->role == DSP_ROLE_STRAIN && gauge_fits(channel, NULL)) ||
         part_role_fits(channel, DSP_ROLE_VOLUME, DSP_DIM_VOLUME, missing);
}

/* No other test takes hours. */
static bool suggested(const dsp_recording *recording) {
  static const double hours_s = 3 * 3600;
  return dsp_recording_duration_s(recording) >= hours_s;
}

/* Blocks of a trace that goes on all the time; else each sample. */
static dsp_status take_readings(trend *t) {
  const double rate_hz = t->trace.rate_hz, block_s = t->params[T_BLOCK];
  t->continuous = rate_hz * block_s >= 10;
  const size_t step = t->continuous ? (size_t)llround(rate_hz * block_s) : 1;
  t->readings = dsp_alloc(t->trace.n / step + 1, sizeof *t->readings);
  if (!t->readings) return DSP_NO_MEMORY;
  for (size_t from = 0; from + step <= t->trace.n; from += step) {
    double sum = 0, times = 0, n = 0;
    for (size_t i = from; i < from + step; i++)
      if (t->trace.ok[i]) sum += t->trace.x[i], times += (double)i / rate_hz, n++;
    if (n > 0 && 2 * n >= (double)step) t->readings[t->n_readings++] = (reading){times / n, sum / n};
  }
  return DSP_OK;
}

/* Mean and squares of readings; `skip`: the one that is left out, or n. */
static void summarise(session *s, const reading *r, size_t n, size_t skip) {
  double sum = 0, times = 0;
  s->n = n - (skip < n);
  for (size_t i = 0; i < n; i++)
    if (i != skip) sum += r[i].v, times += r[i].t_s;
  s->v = sum / (double)s->n;
  s->t_s = times / (double)s->n;
  s->squares = 0;
  for (size_t i = 0; i < n; i++)
    if (i != skip) s->squares += (r[i].v - s->v) * (r[i].v - s->v);
}

static bool agree(const trend *t, const reading *r, size_t n, size_t skip) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < n; i++)
    if (i != skip) low = fmin(low, r[i].v), high = fmax(high, r[i].v);
  const double share = t->params[T_REPEAT_PCT] / 100 * fabs(t->strain ? 100 : 0.5 * (low + high));
  return high - low <= (t->strain ? share : fmax(share, t->params[T_REPEAT_ML]));
}

/* Of three repeats or more, one that stands alone is left out. */
static size_t lone_reading(const trend *t, const reading *r, size_t n) {
  size_t lone = n, found = 0;
  for (size_t i = 0; n >= 3 && i < n; i++)
    if (agree(t, r, n, i)) lone = i, found++;
  return found == 1 ? lone : n;
}

static dsp_status make_sessions(trend *t) {
  const double rate_hz = t->trace.rate_hz, apart_s = fmax(t->params[T_APART_S], t->continuous ? 2 * t->params[T_BLOCK] : 0);
  const double reading_s = t->continuous ? t->params[T_BLOCK] : fmin(1 / rate_hz, 60);
  t->sessions = dsp_alloc(t->n_readings, sizeof *t->sessions);
  if (!t->sessions) return DSP_NO_MEMORY;
  for (size_t from = 0; from < t->n_readings;) {
    const reading *r = t->readings + from;
    size_t n = 1;
    while (from + n < t->n_readings && r[n].t_s - r[n - 1].t_s <= apart_s && r[n].t_s - r[0].t_s <= t->params[T_SESSION]) n++;
    session *s = &t->sessions[t->n_sessions++];
    *s = (session){.from_s = r[0].t_s, .to_s = r[n - 1].t_s + reading_s, .agree = agree(t, r, n, n)};
    const size_t skip = s->agree ? n : lone_reading(t, r, n);
    if (skip < n) s->agree = true, t->left_out++;
    summarise(s, r, n, skip);
    from += n;
  }
  double squares = 0;
  for (size_t i = 0; i < t->n_sessions; i++)
    if (t->sessions[i].agree) squares += t->sessions[i].squares, t->df += (double)t->sessions[i].n - 1;
  t->sd = t->df > 0 ? sqrt(squares / t->df) : (double)NAN;
  return DSP_OK;
}

/* A value whose error was estimated from few repeats: Student's interval. */
static void put(const trend *t, size_t m, double value, double se, const session *first, const session *last) {
  dsp_measure *measure = &t->test->measures[m];
  dsp_measure_set(measure, value, se, first->from_s, last->to_s);
  if (!measure->valid || !isfinite(se)) return;
  const double reach = dsp_student_quantile(0.975, t->df) * se;
  measure->lo = value - reach;
  measure->hi = value + reach;
}

typedef struct line {
  double t0_s, v0, slope, se; /* per s */
  double misfit;              /* departure of the sessions from the line, in its own expectation's units; NaN with two sessions */
} line;

/* Least squares through the sessions that agree, each with the weight of its repeats. */
static line fit(const trend *t) {
  double w = 0, wt = 0, wv = 0, tt = 0, tv = 0, rss = 0;
  size_t n = 0;
  for (size_t i = 0; i < t->n_sessions; i++) {
    const session *s = &t->sessions[i];
    if (s->agree) w += (double)s->n, wt += (double)s->n * s->t_s, wv += (double)s->n * s->v, n++;
  }
  const double t0 = wt / w, v0 = wv / w;
  for (size_t i = 0; i < t->n_sessions; i++) {
    const session *s = &t->sessions[i];
    if (s->agree) tt += (double)s->n * (s->t_s - t0) * (s->t_s - t0), tv += (double)s->n * (s->t_s - t0) * (s->v - v0);
  }
  const double slope = tv / tt;
  for (size_t i = 0; i < t->n_sessions; i++) {
    const session *s = &t->sessions[i];
    const double e = s->v - v0 - slope * (s->t_s - t0);
    if (s->agree) rss += (double)s->n * e * e;
  }
  return (line){t0, v0, slope, t->sd / sqrt(tt), n > 2 ? sqrt(rss / (double)(n - 2)) / t->sd : (double)NAN};
}

static dsp_event_kind posture_at(const dsp_recording *recording, double t_s) {
  dsp_event_kind kind = DSP_EVENT_NOTE;
  for (size_t i = 0; i < recording->n_events && recording->events[i].t_s <= t_s; i++)
    if (recording->events[i].kind == DSP_EVENT_SUPINE || recording->events[i].kind == DSP_EVENT_STAND) kind = recording->events[i].kind;
  return kind;
}

/* Hour of the day at t_s, from a start as "2024-03-02T07:30..."; NaN unknown. */
static double hour_at(const dsp_recording *recording, double t_s) {
  const char *clock = recording->t0 ? strchr(recording->t0, 'T') : NULL;
  if (!clock || strlen(clock) < 6 || clock[3] != ':') return (double)NAN;
  const double start_h = (clock[1] - '0') * 10 + (clock[2] - '0') + ((clock[4] - '0') * 10 + (clock[5] - '0')) / 60.0;
  return fmod(start_h + t_s / 3600, 24);
}

/* The line, for the picture. */
static dsp_status add_line(const trend *t, const line *l, const session *first, const session *last) {
  enum { POINTS = 101 };
  const double from_s = first->t_s, rate_hz = (POINTS - 1) / (last->t_s - from_s);
  double *x = dsp_alloc(POINTS, sizeof *x);
  if (!x) return DSP_NO_MEMORY;
  for (size_t i = 0; i < POINTS; i++) x[i] = l->v0 + l->slope * (from_s + (double)i / rate_hz - l->t0_s);
  return dsp_test_add_series(t->test, "fit", dsp_role_unit(t->strain ? DSP_ROLE_STRAIN : DSP_ROLE_VOLUME)->ucum, rate_hz, from_s, x,
                             POINTS);
}

static dsp_status put_values(const trend *t, const session *first, const session *last) {
  const double base = t->strain ? 100 : first->v, change = last->v - first->v;
  const double se[2] = {t->sd / sqrt((double)first->n), t->sd / sqrt((double)last->n)};
  put(t, MORNING, first->v, se[0], first, first);
  put(t, EVENING, last->v, se[1], last, last);
  const double share = t->strain ? 1 : last->v / first->v;
  put(t, CHANGE, 100 * change / base, 100 / base * hypot(se[1], share * se[0]), first, last);
  put(t, CHANGE_ML, change, hypot(se[0], se[1]), first, last);
  const line l = fit(t);
  put(t, RATE, 100 * 3600 * l.slope / base, 100 * 3600 / base * l.se, first, last);
  t->test->measures[RATE].n = (unsigned)t->n_sessions;
  t->test->measures[MORNING].n = (unsigned)first->n;
  t->test->measures[EVENING].n = (unsigned)last->n;
  if (l.misfit > 3) dsp_flags_add(&t->test->measures[RATE].flags, "not_a_line");
  dsp_measure *repeat = &t->test->measures[REPEAT];
  if (t->df > 0) { /* a spread is never below 0: its interval is one of its logarithm */
    const double spread = exp(dsp_student_quantile(0.975, t->df) / sqrt(2 * t->df));
    dsp_measure_set(repeat, 100 * t->sd / base, 100 * t->sd / base / sqrt(2 * t->df), first->from_s, last->to_s);
    repeat->lo = repeat->value / spread;
    repeat->hi = repeat->value * spread;
  } else {
    dsp_measure_null(repeat, "no_repeats");
  }
  return add_line(t, &l, first, last);
}

static void flag_values(const trend *t, const session *first, const session *last) {
  const size_t compared[] = {RATE, CHANGE, CHANGE_ML};
  const bool single = first->n == 1 || last->n == 1;
  const double morning_h = hour_at(t->recording, first->from_s), evening_h = hour_at(t->recording, last->from_s);
  const dsp_event_kind before = posture_at(t->recording, first->from_s), after = posture_at(t->recording, last->from_s);
  for (size_t i = 0; i < sizeof compared / sizeof compared[0]; i++) {
    dsp_measure *m = &t->test->measures[compared[i]];
    if (single) dsp_flags_add(&m->flags, "single_reading");
    if (morning_h >= t->params[T_MORNING] || evening_h < t->params[T_EVENING]) dsp_flags_add(&m->flags, "hours_unusual");
    if (before != DSP_EVENT_NOTE && after != DSP_EVENT_NOTE && before != after) dsp_flags_add(&m->flags, "posture_changed");
    if (compared[i] == RATE || !isfinite(t->sd)) continue;
    const double scale = compared[i] == CHANGE ? 100 / (t->strain ? 100 : first->v) : 1;
    const double detectable = 2.77 * t->sd * scale * sqrt(0.5 / (double)first->n + 0.5 / (double)last->n);
    dsp_flags_add(&m->flags, fabs(m->value) > detectable ? "change_detected" : "change_within_repeats");
  }
}

static dsp_status describe(const trend *t) {
  dsp_test *test = t->test;
  dsp_status status = dsp_test_add_detail(test, "readings", "1", (double)t->n_readings);
  if (status == DSP_OK) status = dsp_test_add_detail(test, "sessions", "1", (double)t->n_sessions);
  if (status == DSP_OK) status = dsp_test_add_detail(test, "repeat_sd", t->strain ? "mL/(100.mL)" : "mL", t->sd);
  for (size_t i = 0; i < t->n_sessions && status == DSP_OK; i++) {
    const session *s = &t->sessions[i];
    const bool edge = i == 0 || i + 1 == t->n_sessions;
    if (t->continuous && s->agree && !edge) continue;
    const char *name = !s->agree ? "left out" : i == 0 ? "morning" : edge ? "evening" : "session";
    status = dsp_test_add_phase(test, name, s->from_s, s->to_s, s->v);
    if (status == DSP_OK && edge) status = dsp_test_add_landmark(test, name, s->t_s, NAN, NAN, "detected");
  }
  return status;
}

/* What makes the readings unusable. */
static const char *distrust(const trend *t) {
  static const double slip = 0.3; /* mL/100 mL; a limb swells by less than that in two minutes unless it is moved */
  const reading *r = t->readings;
  bool differ = false, slipped = false;
  for (size_t i = 1; i < t->n_readings; i++) differ |= r[i].v != r[0].v;
  for (size_t i = 1; t->continuous && t->strain && i + 1 < t->n_readings; i++) slipped |= fabs(r[i + 1].v - r[i - 1].v) > slip;
  if (t->n_readings == 0) return "no_data";
  if (t->n_readings > 1 && !differ) return "constant_signal";
  if (t->continuous && part_at_extreme(&t->trace, &t->facts, 0, (double)t->trace.n / t->trace.rate_hz)) return "saturated";
  return slipped ? "gauge_slipped" : NULL;
}

static dsp_status read_all(const char **why_not, trend *t) {
  dsp_status status = take_readings(t);
  if (status == DSP_OK) *why_not = distrust(t);
  if (status == DSP_OK && !*why_not) status = make_sessions(t);
  if (status != DSP_OK || *why_not) return status;
  const session *first = &t->sessions[0], *last = &t->sessions[t->n_sessions - 1];
  if (!t->strain && !(first->v > 0)) {
    *why_not = "implausible";
  } else if (last->t_s - first->t_s < t->params[T_SPAN]) {
    *why_not = "day_too_short";
  } else if (!first->agree || !last->agree) {
    *why_not = "repeats_apart";
  } else {
    status = put_values(t, first, last);
    flag_values(t, first, last);
  }
  if (t->left_out) dsp_flags_add(&t->test->flags, "reading_left_out");
  for (size_t i = 1; i + 1 < t->n_sessions; i++)
    if (!t->sessions[i].agree) dsp_flags_add(&t->test->flags, "session_left_out");
  return status == DSP_OK ? describe(t) : status;
}

/* Into mL or mL/100 mL. */
static dsp_status scale(const char **why_not, trend *t) {
  bool known = t->channel->unit && t->channel->unit->dimension == DSP_DIM_VOLUME;
  dsp_status status = DSP_OK;
  if (t->strain) {
    const char *unit = dsp_role_unit(DSP_ROLE_STRAIN)->ucum;
    t->test->measures[MORNING].unit = t->test->measures[EVENING].unit = t->test->measures[CHANGE_ML].unit = unit;
    status = gauge_calibrate(&known, &t->trace, t->test, t->recording, t->channel, t->params[T_GAP]);
  } else if (known) {
    for (size_t i = 0; i < t->trace.n; i++) t->trace.x[i] *= t->channel->unit->factor;
  }
  if (!known) *why_not = "unit_unknown";
  return status;
}

static dsp_status report(trend *t) {
  const char *why_not = NULL;
  dsp_status status = scale(&why_not, t);
  if (status == DSP_OK && !why_not) status = read_all(&why_not, t);
  if (status != DSP_OK) return status;
  if (why_not) part_null_rest(t->test, why_not);
  dsp_channel seen = *t->channel;
  if (!t->continuous) { /* what would be odd of a sensor that stays on: pauses, and equal readings */
    seen.n_segments = 1;
    t->facts.missing = 0;
    t->facts.clipped_s = 0;
  }
  part_note_facts(t->test, t->recording, &seen, &t->facts, 0);
  part_rate_quality(t->test, t->channel, &t->facts);
  return part_add_trace(t->test, &t->trace, dsp_role_unit(t->strain ? DSP_ROLE_STRAIN : DSP_ROLE_VOLUME)->ucum);
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *made,
                      dsp_error *error) {
  static const double work_hz = 0.5;
  trend t = {.recording = recording, .channel = channel, .params = params};
  t.strain = channel->role == DSP_ROLE_STRAIN;
  t.test = dsp_report_add_test(made, &dsp_volume_trend, channel, 0, NULL);
  dsp_status status = t.test ? part_condition(&t.trace, &t.facts, channel, work_hz, 0, t.strain ? 0.05 : 1, error) : DSP_NO_MEMORY;
  if (status == DSP_OK)
    status = report(&t);
  else if (status == DSP_BAD_INPUT)
    part_null_rest(t.test, "no_data"), status = DSP_OK;
  free(t.readings);
  free(t.sessions);
  dsp_trace_clear(&t.trace);
  return status;
}

/* Own repeats tell what a difference of sides must exceed. */
static double detectable(const dsp_test *a, const dsp_test *b, const char *measure) {
  static const double per_sd = 2.77;
  const dsp_measure *repeat[2] = {dsp_test_measure(a, "REPEAT"), dsp_test_measure(b, "REPEAT")};
  const dsp_measure *m[2] = {dsp_test_measure(a, measure), dsp_test_measure(b, measure)};
  const dsp_measure *base[2] = {dsp_test_measure(a, "MORNING"), dsp_test_measure(b, "MORNING")};
  double squares = 0;
  for (size_t i = 0; i < 2; i++) {
    const bool percent = !strcmp(m[i]->unit, "%"), of_hundred = strcmp(base[i]->unit, "mL") != 0;
    const double sd = repeat[i]->value * (percent ? 1 : (of_hundred ? 100 : base[i]->value) / 100);
    if (!repeat[i]->valid || !strcmp(measure, "RATE") || !strcmp(measure, "REPEAT")) return (double)NAN;
    squares += sd * sd * (strncmp(measure, "CHANGE", 6) == 0 ? 2 : 1) / 2;
  }
  return per_sd * sqrt(squares);
}

const dsp_protocol dsp_volume_trend = {
    .id = "volume.trend",
    .title = "Leg volume through the day",
    .needs = "a channel with role volume in mL, or with role strain in mL/100 mL",
    .posture =
        "The same at each session, standing or supine, at fixed landmarks on the limb; no compression unless that is tested. Serves a "
        "limb without a foot (volume of the stump): compare with itself, no norms.",
    .steps =
        "1. Mark the landmarks. 2. Within an hour of rising, take two or three readings in immediate succession (perometer, water "
        "displacement, or girths as truncated cones), or fix a strain gauge that stays on. 3. Take them again in the evening in the same "
        "way, and between if possible. Do both legs.",
    .sidecar = "Role volume and unit mL (or role strain), side and site of each column; acquisition.t0, the time of the first reading. The "
               "table has a time column and one row a reading. Events supine and stand tell the posture.",
    .params = {"volume.trend", param_rows, T_ROWS},
    .measures = measure_rows,
    .n_measures = MEASURES,
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
    .detectable = detectable,
};
