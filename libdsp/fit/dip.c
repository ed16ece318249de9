/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading a contraction. The level before is a line, the refill after a cubic, both under one coloured noise that runs through the
 * contraction; the contraction itself is left out. A bulge that draws the trace down swings back to the refill before the contraction ends,
 * much faster than the leg fills: where it meets the refill, a kink found by least squares, the refill is clear. */
#include <dsp/contraction.h>

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BEFORE = 2, AFTER = 4, EXTRA = 2, COLUMNS = BEFORE + AFTER + EXTRA };

/* What is added to the refill's cubic: nothing, the bulge's way back before a kink, or a change of pace after one. */
typedef enum extra { PLAIN, TAIL, HINGE } extra;

typedef struct joint {
  const dsp_trace *trace;
  const dsp_noise *noise;
  const dsp_dip_task *task;
  size_t from, to;    /* samples in the regression */
  double reference_s; /* origin of the refill's cubic */
  double length_s;    /* its unit of time */
  extra added;
  double kink_s;
  int degree; /* of the refill's polynomial, up to AFTER - 1 */
  size_t k;   /* columns in use */
  double coef[COLUMNS], cov[COLUMNS * COLUMNS], rss;
} joint;

static double at_s(const joint *j, size_t i) {
  return (double)i / j->trace->rate_hz;
}

/* What a kink adds at t, to the refill only. */
static void kink_row(const joint *j, double t_s, double *more) {
  if (j->added == HINGE) more[0] = t_s > j->kink_s ? t_s - j->kink_s : 0;
  if (j->added == TAIL) more[0] = t_s < j->kink_s ? j->kink_s - t_s : 0, more[1] = more[0] * more[0];
}

/* Row of the design at t: before the contraction a level and slope, after it a cubic and what is added to it. */
static void row(const joint *j, double t_s, bool before, double *x) {
  memset(x, 0, COLUMNS * sizeof *x);
  if (before) {
    x[0] = 1;
    x[1] = (t_s - j->task->start_s) / 10;
    return;
  }
  const double u = (t_s - j->reference_s) / j->length_s;
  for (int d = 0; d <= j->degree; d++) x[BEFORE + d] = d ? x[BEFORE + d - 1] * u : 1;
  kink_row(j, t_s, x + BEFORE + 1 + j->degree);
}

static size_t added_columns(const joint *j) {
  return j->added == PLAIN ? 0 : j->added == HINGE ? 1 : 2;
}

/* Design and samples that count: those from just before the contraction to `clear_s` are left out. */
static void lay_out(const joint *j, double *design, unsigned char *ok, double clear_s) {
  const size_t n = j->to - j->from;
  const double guard_s = fmax(0.25, 1.5 / j->trace->rate_hz);
  for (size_t i = 0; i < n; i++) {
    double x[COLUMNS];
    const double t_s = at_s(j, j->from + i);
    const bool before = t_s < j->task->start_s - guard_s, hidden = !before && t_s < clear_s - 1e-9;
    row(j, t_s, before, x);
    for (size_t c = 0; c < j->k; c++) design[c * n + i] = hidden ? 0 : x[c];
    ok[i] = hidden ? 0 : j->trace->ok[j->from + i];
  }
}

static dsp_status regress(joint *j, double clear_s) {
  static const double least_variance = 0.3;
  j->k = BEFORE + 1 + (size_t)j->degree + added_columns(j);
  const size_t n = j->to - j->from;
  double *design = dsp_alloc(n, COLUMNS * sizeof *design), variance;
  unsigned char *ok = dsp_alloc(n, 1);
  dsp_status status = design && ok ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    lay_out(j, design, ok, clear_s);
    status = dsp_noise_regress(j->noise, j->coef, j->cov, &variance, j->trace->x + j->from, ok, n, design, j->k, least_variance);
  }
  free(design);
  free(ok);
  return status;
}

static dsp_estimate evaluate(const joint *j, const double *x) {
  double value = 0, variance = 0;
  for (size_t a = 0; a < j->k; a++) {
    value += x[a] * j->coef[a];
    for (size_t b = 0; b < j->k; b++) variance += x[a] * j->cov[a * j->k + b] * x[b];
  }
  return (dsp_estimate){value, sqrt(variance)};
}

/* Seconds of refill to use: enough to see through breathing, short against the refill itself. */
static double refill_length(const joint *j, double from_s, double level_before) {
  const dsp_trace *trace = j->trace;
  const size_t start = (size_t)(from_s * trace->rate_hz), half = (size_t)(0.4 * trace->rate_hz) + 1;
  double lowest = INFINITY;
  size_t i = start;
  const size_t end = (size_t)(j->task->until_s * trace->rate_hz);
  for (; i + half < end && i + half < trace->n; i++) {
    double mean = 0;
    for (size_t k = i; k < i + half; k++) mean += trace->x[k] / (double)half;
    lowest = fmin(lowest, mean);
    if (mean > lowest + 0.6 * (level_before - lowest)) break;
  }
  return fmax(0.8, fmin(25, at_s(j, i) - from_s));
}

static double short_mean(const joint *j, size_t i) {
  const size_t half = (size_t)(0.05 * j->trace->rate_hz);
  double sum = 0;
  size_t n = 0;
  for (size_t k = i > half ? i - half : 0; k <= i + half && k < j->trace->n; k++, n++) sum += j->trace->x[k];
  return sum / (double)n;
}

/* How far the trace has fallen within the last third of a second. */
static double fall_at(const joint *j, size_t i) {
  const size_t reach = (size_t)(0.35 * j->trace->rate_hz) + 1;
  double highest = -INFINITY;
  for (size_t k = i > reach ? i - reach : 0; k <= i; k++) {
    const double mean = short_mean(j, k);
    highest = mean > highest ? mean : highest;
  }
  return highest - short_mean(j, i);
}

/* A departure that noise does not make. */
static double departed(const joint *j) {
  return 3 * j->noise->sd[0] + 2;
}

/* Where the trace is lowest after the last great fall until `to_s`: a bulge may lift it before that. */
static double lowest_sample(const joint *j, double to_s) {
  static const double great = 0.6, around_s = 0.2;
  const double rate_hz = j->trace->rate_hz;
  size_t from = (size_t)ceil(j->task->last_s * rate_hz), fallen = from;
  double most = 0;
  for (size_t i = from; i < j->trace->n && at_s(j, i) <= to_s; i++) most = fmax(most, fall_at(j, i));
  for (size_t i = from; i < j->trace->n && at_s(j, i) <= to_s; i++)
    if (fall_at(j, i) >= great * most) fallen = i;
  if (at_s(j, fallen) - around_s > j->task->last_s) from = fallen - (size_t)(around_s * rate_hz);
  size_t lowest = from;
  for (size_t i = from; i < j->trace->n && at_s(j, i) <= to_s; i++)
    if (j->trace->x[i] < j->trace->x[lowest] - 1e-6) lowest = i; /* equal ones do not depend on rounding */
  /* Where refill is slow the noise chooses among many: the first that is as low counts. */
  const double as_low = j->trace->x[lowest] + 1.5 * j->noise->sd[j->noise->order] + 1e-6;
  for (size_t i = from; i < lowest; i++)
    if (j->trace->x[i] <= as_low && j->trace->x[i + 1] <= as_low) return at_s(j, i);
  return at_s(j, lowest);
}

/* Largest departures of the trace, while the muscle contracts, from straight ejection between the level at its start and `lowest`: how far
 * it is lifted above, and drawn below. */
static void departures(double *lifted, double *drawn, const joint *j, double clear_s, double lowest) {
  const size_t last = (size_t)(j->task->last_s * j->trace->rate_hz), lead = (size_t)(0.2 * j->trace->rate_hz) + 1;
  double before = lowest;
  *lifted = *drawn = 0;
  for (size_t i = last > lead ? last - lead : 0; i <= last; i++) before = fmax(before, j->trace->x[i]);
  for (size_t i = last; i < j->trace->n && at_s(j, i) < clear_s; i++) {
    *lifted = fmax(*lifted, j->trace->x[i] - before);
    *drawn = fmax(*drawn, lowest - j->trace->x[i]);
  }
}

/* The refill's stretch, from where the trace is clear of the contraction. */
static void set_window(joint *j, double from_s, double length_s, double end_s) {
  j->length_s = fmin(length_s, end_s - from_s);
  j->reference_s = from_s;
  j->to = (size_t)((from_s + j->length_s) * j->trace->rate_hz) + 1;
  if (j->to > j->trace->n) j->to = j->trace->n;
}

/* Kinks to try in one window, beside what does not change between them. */
typedef struct kinks {
  joint with; /* the best so far: kind, kink and sum of squares */
  dsp_noise_trials *trials;
  double *columns;      /* scratch: what a kink adds */
  const double *refill; /* 1 where the refill's samples are, else 0 */
} kinks;

/* Try kinks at first_s, first_s + step_s ... up to last_s; the best stays in k->with. A tie does not depend on rounding. */
static void scan(kinks *k, double first_s, double last_s, double step_s) {
  const size_t n = k->with.to - k->with.from, added = added_columns(&k->with);
  joint trial = k->with;
  for (trial.kink_s = first_s; trial.kink_s <= last_s + 1e-9; trial.kink_s += step_s) {
    for (size_t i = 0; i < n; i++) {
      double more[EXTRA] = {0};
      kink_row(&trial, at_s(&trial, trial.from + i), more);
      for (size_t c = 0; c < added; c++) k->columns[c * n + i] = k->refill[i] * more[c];
    }
    const double rss = dsp_noise_trial(k->trials, k->columns, added);
    if (rss < (1 - 1e-7) * k->with.rss) k->with.kink_s = trial.kink_s, k->with.rss = rss;
  }
}

/* The kink of `kind` within [first_s, last_s] that leaves least, found in two passes, and how much less than none (0: none is best). */
static dsp_status best_kink(joint *with, double *gain, const joint *plain, extra kind, double clear_s, double first_s, double last_s) {
  static const double coarse_s = 0.1, fine_s = 0.025, around_s = 0.075;
  const size_t n = plain->to - plain->from;
  kinks k = {.with = *plain};
  k.with.added = kind;
  *gain = 0;
  double *design = dsp_alloc(n, (COLUMNS + EXTRA) * sizeof *design);
  unsigned char *ok = dsp_alloc(n, 1);
  dsp_status status = DSP_NO_MEMORY;
  if (design && ok) {
    lay_out(plain, design, ok, clear_s);
    k.columns = design + COLUMNS * n;
    k.refill = design + BEFORE * n;
    status = dsp_noise_trials_new(&k.trials, plain->noise, plain->trace->x + plain->from, ok, n, design, plain->k, added_columns(&k.with));
  }
  if (status == DSP_OK) {
    const double without = k.with.rss = dsp_noise_trial(k.trials, NULL, 0);
    scan(&k, first_s, last_s, coarse_s);
    if (k.with.rss < without) scan(&k, fmax(first_s, k.with.kink_s - around_s), fmin(last_s, k.with.kink_s + around_s), fine_s);
    *gain = without - k.with.rss;
    *with = k.with;
  }
  dsp_noise_trials_free(k.trials);
  free(design);
  free(ok);
  return status;
}

/* The kink within [first_s, last_s] that explains the trace best; *found, and the regression made, when it explains much more than none. */
static dsp_status find_kink(bool *found, joint *j, extra kind, double clear_s, double first_s, double last_s) {
  static const double clearly = 20; /* twice the gain of log likelihood, noise as learnt or as seen */
  *found = false;
  j->added = PLAIN;
  j->k = BEFORE + 1 + (size_t)j->degree;
  if (last_s <= first_s) return DSP_OK;
  joint with = *j;
  double gain;
  dsp_status status = best_kink(&with, &gain, j, kind, clear_s, first_s, last_s);
  if (status == DSP_OK && gain > clearly * fmax(1, with.rss / (double)(with.to - with.from))) {
    status = regress(&with, clear_s);
    *found = status == DSP_OK;
    if (*found) *j = with;
  }
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* Is the kink the end of a bulge? Back from it to `lowest_s` the refill must lie clearly above the trace. */
static bool swings_back(const joint *j, double lowest_s) {
  static const double least_ml = 1, fast_ml_s = 12, suddenly_ml_s = 30;
  double tail[COLUMNS], refill[COLUMNS], lifted, drawn;
  row(j, lowest_s, false, tail);
  memcpy(refill, tail, sizeof refill);
  memset(refill + BEFORE + 1 + j->degree, 0, EXTRA * sizeof *refill);
  const double back = evaluate(j, refill).value - evaluate(j, tail).value;
  departures(&lifted, &drawn, j, lowest_s, -INFINITY);
  /* A series may leave the leg filling fast: there, and more so where the bulge seems to lift the trace, only one that swings back as fast
   * as no leg fills is believed to draw it down. */
  const double pace = lifted >= departed(j) ? suddenly_ml_s : j->task->last_s > j->task->start_s ? fast_ml_s : 0;
  return back > least_ml && back > pace * (j->kink_s - lowest_s);
}

/* A great fall just after the longest that a contraction lasts belongs to it: a mark, its own or that of the contraction that it was
 * measured by, is off. Until when it lasts then. */
static double end_of_fall(const joint *j, double safe_s) {
  static const double most_s = 0.4, great = 0.5;
  const size_t safe = (size_t)(safe_s * j->trace->rate_hz), hop = (size_t)(0.1 * j->trace->rate_hz) + 1;
  double most = departed(j);
  size_t end = safe;
  for (size_t i = (size_t)ceil(j->task->last_s * j->trace->rate_hz); i < j->trace->n && at_s(j, i) <= safe_s + most_s; i++) {
    const double fall = fall_at(j, i);
    if (fall > most) most = fall;
    if (i > safe && fall >= great * most && short_mean(j, i) < short_mean(j, i - hop)) end = i + hop;
  }
  return end > safe ? at_s(j, end) : safe_s;
}

/* When the trace is clear of the contraction: at its lowest, or where a bulge that made that low has swung back. The same muscle has the
 * same bulge: one that drew an earlier contraction down ends this one about as late. */
static dsp_status find_clear(double *clear_s, bool *drawn, const joint *whole, double length_s, double safe_s, double end_s) {
  static const double look_s = 3, before_s = 6, alike_s = 0.2;
  joint j = *whole;
  static const double sure_s = 0.12;
  const double step_s = 1 / j.trace->rate_hz, ended_s = j.task->last_s + j.task->ended_s - sure_s;
  double lowest_s = lowest_sample(&j, safe_s), lifted, below;
  departures(&lifted, &below, &j, lowest_s, j.trace->x[(size_t)(lowest_s * j.trace->rate_hz)]);
  /* A lifting bulge lets the trace be lowest only once it is over; any other may hide that the contraction goes on. */
  if (j.task->ended_s > 0 && lifted < departed(&j)) lowest_s = fmax(lowest_s, fmin(ended_s, safe_s));
  *clear_s = lowest_s;
  const size_t near = (size_t)fmax(0, (j.task->start_s - before_s) * j.trace->rate_hz);
  if (j.from < near) j.from = near;
  set_window(&j, lowest_s, fmin(length_s, look_s) + safe_s - lowest_s, end_s);
  const dsp_status status = find_kink(drawn, &j, TAIL, lowest_s, lowest_s + 1.5 * step_s, safe_s);
  if (status != DSP_OK || !*drawn) return status;
  const bool alike = j.task->drawn_s > 0 && fabs(j.kink_s - j.task->last_s - j.task->drawn_s) < alike_s;
  *drawn = alike || swings_back(&j, lowest_s);
  if (*drawn) *clear_s = j.kink_s + 0.3 * step_s;
  return DSP_OK;
}

dsp_status dsp_dip_read(dsp_dip *dip, const dsp_trace *trace, const dsp_noise *noise, const dsp_dip_task *task) {
  static const double shows = 1.5; /* standard errors */
  *dip = (dsp_dip){0};
  joint j = {.trace = trace, .noise = noise, .task = task, .degree = AFTER - 1};
  const double end_s = fmin(task->until_s, (double)(trace->n - 1) / trace->rate_hz);
  const double safe_s = end_of_fall(&j, task->last_s + task->longest_s);
  if (task->before_s < 0 || task->start_s - task->before_s < 2 || end_s - safe_s < 2) return DSP_NO_SOLUTION;
  j.from = (size_t)(task->before_s * trace->rate_hz);

  /* Rough levels set the length of refill to use. */
  double level = 0;
  const size_t start = (size_t)((task->start_s - 0.3) * trace->rate_hz),
               first = start > (size_t)(5 * trace->rate_hz) + j.from ? start - (size_t)(5 * trace->rate_hz) : j.from;
  for (size_t i = first; i < start; i++) level += trace->x[i] / (double)(start - first);
  dsp_status status = find_clear(&dip->clear_s, &dip->drawn, &j, refill_length(&j, safe_s, level), safe_s, end_s);
  if (status != DSP_OK) return status;
  set_window(&j, dip->clear_s, refill_length(&j, dip->clear_s, level), end_s);
  /* The pace of filling may change soon after the rhythm ends. */
  bool hinged;
  status = find_kink(&hinged, &j, HINGE, dip->clear_s, dip->clear_s + 0.2, fmin(dip->clear_s + 1.6, dip->clear_s + 0.6 * j.length_s));
  if (status == DSP_OK && !hinged) status = regress(&j, dip->clear_s);
  /* What does not show is not fitted: each degree less makes the edge surer. */
  while (status == DSP_OK && j.degree > 1 && fabs(j.coef[BEFORE + j.degree]) < shows * sqrt(j.cov[(BEFORE + j.degree) * (j.k + 1)])) {
    j.degree--;
    status = regress(&j, dip->clear_s);
  }
  if (status != DSP_OK) return status;
  double before[COLUMNS], lowest[COLUMNS], difference[COLUMNS];
  double lifted, drawn;
  departures(&lifted, &drawn, &j, dip->clear_s, j.coef[BEFORE]);
  dip->bulge = fmax(lifted, drawn) > departed(&j);
  dip->lowest_s = fmax(task->last_s, dip->clear_s - (dip->bulge ? task->lead_s : 0));
  row(&j, task->start_s, true, before);
  row(&j, dip->lowest_s, false, lowest);
  for (int c = 0; c < COLUMNS; c++) difference[c] = before[c] - lowest[c];
  dip->before = evaluate(&j, before);
  dip->lowest = evaluate(&j, lowest);
  dip->drop = evaluate(&j, difference);
  const double u = (dip->lowest_s - j.reference_s) / j.length_s;
  dip->rate = 0;
  for (int d = j.degree; d > 0; d--) dip->rate = dip->rate * u + d * j.coef[BEFORE + d] / j.length_s;
  /* Ejection ends somewhat before or after the contraction does, by about a seventh of it: the reading moves by this much. */
  const double timing = 0.08 * dip->rate;
  dip->lowest.se = hypot(dip->lowest.se, timing);
  dip->drop.se = hypot(dip->drop.se, timing);
  return DSP_OK;
}
