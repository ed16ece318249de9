/* SPDX-License-Identifier: GPL-3.0-or-later
 * Venous compliance: the pressure-volume curve of a congested calf while the cuff is let down slowly.
 * Method: dV = b0 + b1 P + b2 P^2 on the deflation from 60 to 10 mmHg, compliance b1 + 2 b2 P (Halliwill et al. 1999; Monahan et al. 2001),
 * venous pressure taken as the cuff's. What the capillaries have filtered is taken out first: with it in the volume, compliance is read
 * wrongly. Filtration is measured in the late part of the hold and scaled by the pressure above the isovolumetric one. */
#include "parts/congested.h"
#include "parts/stand.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

#define OURS       "engineering choice"
#define HALLIWILL  "quadratic pressure-volume relation on deflation, Halliwill et al. 1999 as used by Monahan et al. 2001"
#define STRAIN     "mL/(100.mL)"
#define COMPLIANCE "mL/(100.mL)/mm[Hg]"

enum { V_WORK_RATE, V_BRIDGE, V_BASELINE, V_LOW, V_HIGH, V_ASSUMED, V_RATE, V_PVI, V_FASTEST, V_LEAST_RISE, V_VERTEX, V_GAP, V_ROWS };

static const dsp_param_row param_rows[V_ROWS] = {
    [V_WORK_RATE] = {"sgp.compliance.work_rate_hz", "Hz", 4, 2, 1000, NULL, "Lowest rate to which a faster trace is decimated.", OURS},
    [V_BRIDGE] = {"sgp.compliance.bridge_s", "s", 0.5, 0, 5, NULL, "Longest gap that a straight line may bridge.", OURS},
    [V_BASELINE] = {"sgp.compliance.baseline_s", "s", 40, 3, 600, NULL, "Longest end part of the rest that gives the baseline.", OURS},
    [V_LOW] = {"sgp.compliance.low_mmhg", "mm[Hg]", 10, 0, 40, NULL, "Lowest cuff pressure that is fitted.", HALLIWILL},
    [V_HIGH] = {"sgp.compliance.high_mmhg", "mm[Hg]", 60, 20, 100, NULL, "Highest cuff pressure that is fitted.", HALLIWILL},
    [V_ASSUMED] = {"sgp.compliance.pressure_mmhg", "mm[Hg]", 60, 10, 100, NULL, "Pressure of the hold where none is recorded.", HALLIWILL},
    [V_RATE] = {"sgp.compliance.deflation_mmhg_s", "mm[Hg]/s", 1, 0.1, 10, NULL, "Rate of deflation where no pressure is recorded.",
                HALLIWILL},
    [V_PVI] = {"sgp.compliance.pvi_mmhg", "mm[Hg]", 8, 0, 40, NULL,
               "Pressure at which nothing is filtered; filtration during the deflation is scaled by the pressure above it.",
               "median with 10 mmHg steps, Gamble et al."},
    [V_FASTEST] = {"sgp.compliance.fastest_mmhg_s", "mm[Hg]/s", 3, 0.5, 60, NULL, "Faster deflations are not fitted.", OURS},
    [V_LEAST_RISE] = {"sgp.compliance.least_rise", STRAIN, 0.3, 0, 100, NULL, "Smallest rise that counts as a congestion.", OURS},
    [V_VERTEX] = {"sgp.compliance.vertex_mmhg", "mm[Hg]", 60, 0, 300, NULL, "The curve must rise up to this pressure, else it is flagged.",
                  HALLIWILL},
    [V_GAP] = GAUGE_GAP_ROW("sgp.compliance"),
};

static const dsp_measure_row measure_rows[] = {
    {"B0", STRAIN, "sgp.B0.deflation", "Intercept of the curve dV = b0 + b1 P + b2 P^2 above the level before inflation.", HALLIWILL},
    {"B1", COMPLIANCE, "sgp.B1.deflation", "Its linear coefficient.", HALLIWILL},
    {"B2", "mL/(100.mL)/mm[Hg]2", "sgp.B2.deflation", "Its quadratic coefficient.", HALLIWILL},
    {"C10", COMPLIANCE, "sgp.C.quadratic", "Compliance b1 + 2 b2 P at 10 mmHg.", HALLIWILL},
    {"C20", COMPLIANCE, "sgp.C.quadratic", "The same at 20 mmHg.", HALLIWILL},
    {"C30", COMPLIANCE, "sgp.C.quadratic", "The same at 30 mmHg.", HALLIWILL},
    {"C40", COMPLIANCE, "sgp.C.quadratic", "The same at 40 mmHg.", HALLIWILL},
    {"C50", COMPLIANCE, "sgp.C.quadratic", "The same at 50 mmHg.", HALLIWILL},
};
enum { B0, B1, B2, C10, MEASURES = C10 + 5, COLUMNS = 3 };
static const double first_mmhg = 10, between_mmhg = 10;

typedef struct ramp {
  double inflate_s, deflate_s, empty_s; /* hold from .. to, ramp to */
  double top_mmhg, rate_mmhg_s;
  bool from_event, reversed;
} ramp;

typedef struct curve {
  dsp_estimate base, filtration; /* per s, at the hold's pressure */
  double b[COLUMNS], cov[COLUMNS][COLUMNS];
  double low_mmhg, high_mmhg, r2;
} curve;

extern const dsp_protocol dsp_sgp_compliance;

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return gauge_fits(channel, missing);
}

/* One long hold: nothing else holds a limb congested for four minutes without a step. */
static bool suggested(const dsp_recording *recording) {
  static const double long_s = 240;
  double since_s = (double)NAN;
  size_t inflations = 0;
  bool held = false;
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *e = &recording->events[i];
    if (e->kind == DSP_EVENT_CUFF_INFLATE) inflations++, since_s = e->t_s;
    if (e->kind == DSP_EVENT_CUFF_RELEASE) held |= e->t_s - since_s >= long_s;
  }
  return inflations == 1 && held;
}

/* The hold and the ramp in the recorded pressure. */
static const char *find_in_pressure(ramp *r, const congested *c) {
  static const double least_mmhg = 15, kink_mmhg = 1, empty_mmhg = 3;
  const size_t n = c->trace.n;
  double top = 0;
  for (size_t i = 0; i < n; i++) top = fmax(top, c->pressure[i]);
  if (top < least_mmhg) return "no_occlusion";
  size_t up = 0, down = n, empty = n;
  while (up < n && c->pressure[up] < 0.5 * top) up++;
  r->inflate_s = (double)up / c->trace.rate_hz;
  for (size_t i = up; i < n && c->pressure[i] >= 0.5 * top; i++)
    if (c->pressure[i] >= 0.9 * top) down = i;
  const dsp_estimate hold = congested_pressure(c, r->inflate_s + 2, 0.5 * (r->inflate_s + (double)down / c->trace.rate_hz));
  r->top_mmhg = isfinite(hold.value) ? hold.value : top;
  while (down > up && c->pressure[down - 1] < r->top_mmhg - kink_mmhg) down--;
  for (size_t i = n; i > down && c->pressure[i - 1] < empty_mmhg; i--) empty = i - 1;
  for (size_t i = down; i < empty; i++)
    if (c->pressure[i] < empty_mmhg) empty = i;
  if (down + 1 >= n || c->pressure[n - 1] > 0.7 * top) return "not_released";
  r->deflate_s = (double)down / c->trace.rate_hz;
  r->empty_s = (double)empty / c->trace.rate_hz;
  r->rate_mmhg_s = (r->top_mmhg - fmin(c->pressure[empty < n ? empty : n - 1], r->top_mmhg)) / fmax(r->empty_s - r->deflate_s, 1e-3);
  return NULL;
}

/* The same from events, with the pressure that the protocol prescribes. */
static const char *assume_pressure(ramp *r, congested *c) {
  const dsp_event *up = stand_event(c->recording, DSP_EVENT_CUFF_INFLATE, 0, c->end_s);
  const dsp_event *down = stand_event(c->recording, DSP_EVENT_CUFF_RELEASE, 0, c->end_s);
  r->reversed = up && down && down->t_s <= up->t_s;
  if (!up || !down || r->reversed) return "no_pressure";
  *r = (ramp){
      .inflate_s = up->t_s, .deflate_s = down->t_s, .top_mmhg = c->params[V_ASSUMED], .rate_mmhg_s = c->params[V_RATE], .from_event = true};
  r->empty_s = fmin(c->end_s, r->deflate_s + r->top_mmhg / r->rate_mmhg_s);
  return NULL;
}

static double pressure_at(const congested *c, const ramp *r, size_t i) {
  return c->pressure ? c->pressure[i] : fmax(0, r->top_mmhg - r->rate_mmhg_s * ((double)i / c->trace.rate_hz - r->deflate_s));
}

static dsp_status learn(congested *c, const ramp *r) {
  const double from_s[2] = {r->inflate_s - c->params[V_BASELINE], fmax(0.5 * (r->inflate_s + r->deflate_s), r->deflate_s - 240)};
  const double to_s[2] = {r->inflate_s - 1, r->deflate_s - 1};
  size_t from[2], to[2], n = 0;
  for (size_t i = 0; i < 2; i++)
    if (to_s[i] - fmax(0, from_s[i]) >= 10)
      from[n] = dsp_trace_index(&c->trace, fmax(0, from_s[i])), to[n++] = dsp_trace_index(&c->trace, to_s[i]);
  return dsp_noise_learn(&c->noise, &c->trace, from, to, n, fmax(c->facts.step / 3.5, 5e-4));
}

/* Take the filtered volume out of the trace. */
static void remove_filtration(congested *c, const ramp *r, double per_s) {
  const double pvi = fmin(c->params[V_PVI], 0.5 * r->top_mmhg), rate_hz = c->trace.rate_hz;
  double filtered = 0;
  for (size_t i = dsp_trace_index(&c->trace, r->inflate_s); i < c->trace.n; i++) {
    const double t_s = (double)i / rate_hz;
    const double share = t_s < r->deflate_s ? 1 : fmax(0, pressure_at(c, r, i) - pvi) / (r->top_mmhg - pvi);
    c->trace.x[i] -= filtered;
    filtered += per_s * share / rate_hz;
  }
}

/* The quadratic on a pressure centred at the middle of the range, turned into b0, b1, b2. */
static dsp_status fit(curve *q, const congested *c, const ramp *r) {
  static const double middle = 35, unit = 25, settle_s = 0.5;
  const size_t first = dsp_trace_index(&c->trace, r->deflate_s + settle_s), end = dsp_trace_index(&c->trace, r->empty_s);
  size_t from = first, to;
  while (from < end && pressure_at(c, r, from) > c->params[V_HIGH]) from++;
  for (to = from; to < end && pressure_at(c, r, to) >= c->params[V_LOW] - 0.5;) to++;
  const size_t n = to - from;
  if (n < 10) return DSP_NO_SOLUTION;
  q->high_mmhg = pressure_at(c, r, from);
  q->low_mmhg = pressure_at(c, r, to - 1);
  double *design = dsp_alloc(n, COLUMNS * sizeof *design), coef[COLUMNS], cov[COLUMNS * COLUMNS], variance, mean = 0, rss = 0, tss = 0;
  if (!design) return DSP_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    const double u = (pressure_at(c, r, from + i) - middle) / unit;
    design[i] = 1, design[n + i] = u, design[2 * n + i] = u * u;
    mean += c->trace.x[from + i] / (double)n;
  }
  const dsp_status status =
      dsp_noise_regress(&c->noise, coef, cov, &variance, c->trace.x + from, c->trace.ok + from, n, design, COLUMNS, 0.3);
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    const double y = c->trace.x[from + i], e = y - coef[0] - coef[1] * design[n + i] - coef[2] * design[2 * n + i];
    rss += e * e;
    tss += (y - mean) * (y - mean);
  }
  free(design);
  if (status != DSP_OK) return status;
  const double m = middle / unit;
  const double to_b[COLUMNS][COLUMNS] = {{1, -m, m * m}, {0, 1 / unit, -2 * m / unit}, {0, 0, 1 / (unit * unit)}};
  q->r2 = 1 - rss / tss;
  for (size_t a = 0; a < COLUMNS; a++) {
    q->b[a] = a == 0 ? -q->base.value : 0;
    for (size_t i = 0; i < COLUMNS; i++) q->b[a] += to_b[a][i] * coef[i];
    for (size_t b = 0; b < COLUMNS; b++) {
      q->cov[a][b] = 0;
      for (size_t i = 0; i < COLUMNS; i++)
        for (size_t j = 0; j < COLUMNS; j++) q->cov[a][b] += to_b[a][i] * cov[i * COLUMNS + j] * to_b[b][j];
    }
  }
  return DSP_OK;
}

/* The filtration's own error tilts the curve: its rate over the deflation's rate is a compliance. */
static void put_values(const congested *c, const curve *q, const ramp *r) {
  static const double reach_mmhg = 2.5, wander = 0.006, scaling = 0.13;
  const dsp_test *test = c->test;
  const double rate_se = hypot(q->filtration.se, scaling * q->filtration.value), tilt = rate_se / r->rate_mmhg_s;
  const double held = q->filtration.se * (r->deflate_s - r->inflate_s);
  const double base_se = isfinite(q->base.se) ? hypot(q->base.se, wander) : wander;
  part_set(test, "B0", (dsp_estimate){q->b[0], hypot(hypot(sqrt(q->cov[0][0]), base_se), hypot(held, 0.5 * r->top_mmhg * tilt))},
           r->deflate_s, r->empty_s, "no_rest");
  part_set(test, "B1", (dsp_estimate){q->b[1], hypot(sqrt(q->cov[1][1]), tilt)}, r->deflate_s, r->empty_s, "no_fit");
  part_set(test, "B2", (dsp_estimate){q->b[2], hypot(sqrt(q->cov[2][2]), 0.5 * tilt / r->top_mmhg)}, r->deflate_s, r->empty_s, "no_fit");
  for (size_t k = C10; k < MEASURES; k++) {
    const double p = first_mmhg + between_mmhg * (double)(k - C10);
    const double variance = q->cov[1][1] + 4 * p * p * q->cov[2][2] + 4 * p * q->cov[1][2];
    const double share = fmax(0.4, p / r->top_mmhg);
    if (p < q->low_mmhg - reach_mmhg || p > q->high_mmhg + reach_mmhg)
      dsp_measure_null(&test->measures[k], "pressure_outside");
    else
      dsp_measure_set(&test->measures[k], q->b[1] + 2 * q->b[2] * p, hypot(sqrt(fmax(0, variance)), share * tilt), r->deflate_s,
                      r->empty_s);
  }
}

static dsp_status describe(congested *c, const curve *q, const ramp *r, double capacity) {
  dsp_test *test = c->test;
  const char *source = r->from_event ? "event" : "detected";
  const double vertex = -q->b[1] / (2 * q->b[2]);
  if (!(q->b[2] < 0 && vertex > c->params[V_VERTEX])) part_flag_valid(test, "vertex_low");
  if (!c->pressure) part_flag_valid(test, "pressure_assumed");
  const struct {
    const char *id, *unit;
    double value;
  } rows[] = {{"filtration", "mL/(100.mL)/min", 60 * q->filtration.value},
              {"filtered", STRAIN, q->filtration.value * (r->deflate_s - r->inflate_s)},
              {"capacitance", STRAIN, capacity},
              {"vertex", "mm[Hg]", vertex},
              {"r2", "1", q->r2},
              {"hold_pressure", "mm[Hg]", r->top_mmhg},
              {"deflation_rate", "mm[Hg]/s", r->rate_mmhg_s}};
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == DSP_OK; i++)
    status = dsp_test_add_detail(test, rows[i].id, rows[i].unit, rows[i].value);
  if (status == DSP_OK) status = dsp_test_add_landmark(test, "cuff_inflate", r->inflate_s, NAN, NAN, source);
  if (status == DSP_OK) status = dsp_test_add_landmark(test, "deflation_start", r->deflate_s, NAN, NAN, source);
  if (status == DSP_OK)
    status = dsp_test_add_phase(test, "baseline", fmax(0, r->inflate_s - c->params[V_BASELINE]), r->inflate_s, q->base.value);
  if (status == DSP_OK) status = dsp_test_add_phase(test, "filling", r->inflate_s, r->deflate_s, NAN);
  if (status == DSP_OK) status = dsp_test_add_phase(test, "deflation", r->deflate_s, r->empty_s, NAN);
  return status;
}

/* Rise at the end of the hold; what makes the trace unreadable. */
static dsp_status distrust(const char **why_not, congested *c, const ramp *r, double base) {
  static const double least_slip = 0.1;
  const double rise = part_mean(&c->trace, r->deflate_s - 5, r->deflate_s) - base;
  const double limit = fmax(0.12 * fabs(rise), least_slip);
  bool early = false, late = false;
  if (rise < -c->params[V_LEAST_RISE])
    *why_not = "polarity_reversed";
  else if (!(rise >= c->params[V_LEAST_RISE]))
    *why_not = "no_occlusion";
  else if (part_at_extreme(&c->trace, &c->facts, r->deflate_s - 10, r->deflate_s))
    *why_not = "saturated";
  else if (r->rate_mmhg_s > c->params[V_FASTEST])
    *why_not = "deflation_fast";
  if (*why_not) return DSP_OK;
  dsp_status status = part_find_step(&early, &c->trace, r->inflate_s + 25, r->deflate_s - 3, limit);
  if (status == DSP_OK) status = part_find_step(&late, &c->trace, r->deflate_s + 5, r->empty_s - 3, limit);
  if (early || late) *why_not = "gauge_slipped";
  return status;
}

static dsp_status read_all(const char **why_not, congested *c) {
  ramp r = {0};
  curve q = {.base = {NAN, NAN}};
  *why_not = c->pressure ? find_in_pressure(&r, c) : assume_pressure(&r, c);
  const dsp_event *up = stand_event(c->recording, DSP_EVENT_CUFF_INFLATE, 0, c->end_s);
  const dsp_event *down = stand_event(c->recording, DSP_EVENT_CUFF_RELEASE, 0, c->end_s);
  if (up && down && down->t_s <= up->t_s) dsp_flags_add(&c->test->flags, "events_reversed");
  if (*why_not) return DSP_OK;
  dsp_status status = learn(c, &r);
  const double rest_s = fmax(0, r.inflate_s - c->params[V_BASELINE]);
  if (status == DSP_OK && r.inflate_s - rest_s >= 3)
    status = dsp_level_read(&q.base, NULL, &c->trace, &c->noise, dsp_trace_index(&c->trace, rest_s),
                            dsp_trace_index(&c->trace, r.inflate_s - 0.5));
  if (status == DSP_NO_SOLUTION) status = DSP_OK;
  const double zero = isfinite(q.base.value) ? q.base.value : part_mean(&c->trace, 0, fmax(r.inflate_s, 1));
  if (status == DSP_OK) status = distrust(why_not, c, &r, zero);
  if (status != DSP_OK || *why_not) return status;
  dsp_estimate asymptote;
  status = part_fill_read(&asymptote, &q.filtration, &c->trace, &c->noise, r.inflate_s,
                          r.inflate_s + fmax(3, 0.25 * (r.deflate_s - r.inflate_s)), r.deflate_s - 0.5);
  if (status != DSP_OK) return status;
  if (!isfinite(q.filtration.value) || r.deflate_s - r.inflate_s < 120) dsp_flags_add(&c->test->flags, "filtration_uncertain");
  if (!isfinite(q.filtration.value)) q.filtration = (dsp_estimate){0, 0};
  remove_filtration(c, &r, q.filtration.value);
  status = fit(&q, c, &r);
  if (status == DSP_NO_SOLUTION) *why_not = "no_fit";
  if (status != DSP_OK) return status == DSP_NO_SOLUTION ? DSP_OK : status;
  put_values(c, &q, &r);
  return describe(c, &q, &r, asymptote.value - zero);
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  static const congested_rows rows = {V_WORK_RATE, V_BRIDGE, V_GAP};
  congested c = {.recording = recording, .channel = channel, .params = params};
  return congested_run(&c, &dsp_sgp_compliance, &rows, read_all, report, error);
}

const dsp_protocol dsp_sgp_compliance = {
    .id = "sgp.compliance",
    .title = "Strain-gauge plethysmography, venous compliance",
    .needs = "a channel with role strain in mL/100 mL, and one with role cuff_pressure in mmHg",
    .posture =
        "Supine, the limb relaxed and a little above heart level, the gauge at the greatest girth, a collecting cuff above the knee. "
        "Serves a limb without a foot (the gauge on the stump) and patients who cannot stand: values are mL/100 mL, without norms.",
    .steps =
        "1. Record at least 40 s of rest. 2. Inflate the cuff to 60 mmHg and hold for 8 minutes. 3. Let it down at 1 mmHg per second to 0. "
        "4. Record one more minute.",
    .sidecar = "Role strain, side and cal_semantics of the gauge's channel; role cuff_pressure of the cuff's. Without a recorded pressure: "
               "cuff_inflate, and cuff_release at the start of the deflation; pressure and rate are then the parameters'.",
    .params = {"sgp.compliance", param_rows, V_ROWS},
    .measures = measure_rows,
    .n_measures = MEASURES,
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
};
