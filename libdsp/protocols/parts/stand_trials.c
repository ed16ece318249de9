/* SPDX-License-Identifier: GPL-3.0-or-later
 * Single contractions: one value from the repeats of a manoeuvre by the rule that the user chose, and a test object for each repeat. */
#include "stand.h"

#include <math.h>
#include <string.h>

/* Single contractions that are reported together. */
typedef struct repeats {
  const char *name;       /* NULL unknown */
  const dsp_dip *shown;   /* the first that was read; NULL none */
  double start_s;         /* its start */
  dsp_estimate ev;        /* NaN none */
  unsigned n, read, made; /* with a drop, read, all */
  double before_first;    /* weight in EV of the test's first contraction, whose level before is VV's plateau too */
  double spread;          /* largest minus smallest drop */
  bool bulge, detected, disagrees;
} repeats;

static bool same_name(const char *a, const char *b) {
  return a == b || (a && b && !strcmp(a, b));
}

/* A marked contraction that expels nothing to speak of was not there. */
static bool without_drop(dsp_estimate drop) {
  return drop.value < fmax(2, 3 * drop.se);
}

static repeats gather(const stand_test *s, size_t from, size_t to, const char *name) {
  double sum = 0, low = INFINITY, high = -INFINITY, se = 0;
  repeats r = {.name = name, .ev = {NAN, NAN}};
  dsp_estimate first = r.ev, best = r.ev;
  bool leads = false;
  for (size_t i = from; i < to; i++) {
    const stand_manoeuvre *m = &s->phases.single[i];
    const dsp_dip *dip = &s->single[i];
    if (!same_name(m->name, name)) continue;
    r.made++;
    r.detected |= !m->marked;
    r.disagrees |= m->astray;
    if (!s->single_read[i]) continue;
    r.bulge |= dip->bulge;
    r.disagrees |= m->marked && without_drop(dip->drop);
    if (r.read++ == 0) r.shown = dip, r.start_s = m->start_s;
    if (!(dip->drop.value > 0)) continue;
    if (r.n++ == 0) first = best = dip->drop, leads = i == 0;
    if (dip->drop.value > best.value) best = dip->drop;
    sum += dip->drop.value, se = hypot(se, dip->drop.se);
    low = fmin(low, dip->drop.value), high = fmax(high, dip->drop.value);
  }
  if (r.n == 0) return r;
  const int rule = (int)s->params[P_POOL];
  r.ev = rule == 2 ? first : rule == 1 ? best : (dsp_estimate){sum / r.n, se / r.n};
  const double weight = rule == 2 ? 1 : rule == 1 ? best.value <= first.value : 1.0 / r.n;
  r.before_first = leads ? weight : 0;
  r.spread = high - low;
  return r;
}

static void put(const stand_test *s, const dsp_test *test, const repeats *r) {
  dsp_measure *const both[] = {dsp_test_measure(test, "EV"), dsp_test_measure(test, "EF")};
  if (r->n == 0) {
    const char *why_not = r->made == 0 ? "no_contraction" : r->read == 0 ? "missing_samples" : "implausible";
    for (size_t i = 0; i < 2; i++) dsp_measure_null(both[i], why_not);
  } else {
    dsp_measure_set(both[0], r->ev.value, r->ev.se, r->start_s, r->shown->lowest_s);
    const dsp_estimate ef = stand_percent(r->ev, s->filling.rise, r->before_first * s->plateau_variance);
    if (s->filled)
      dsp_measure_set(both[1], ef.value, ef.se, r->start_s, r->shown->lowest_s);
    else
      dsp_measure_null(both[1], "no_fit");
  }
  for (size_t i = 0; i < 2; i++) {
    dsp_flags *flags = &both[i]->flags;
    if (both[i]->valid) both[i]->n = (int)s->params[P_POOL] ? 1 : r->n;
    if (r->disagrees) dsp_flags_add(flags, "marker_disagrees");
    if (r->n == 0) continue;
    if (r->bulge) dsp_flags_add(flags, "bulge_removed");
    if (r->detected) dsp_flags_add(flags, "phases_detected");
  }
  if (r->n && !r->name) dsp_flags_add(&both[1]->flags, "manoeuvre_unknown");
}

/* What only a summary of repeats can say. */
static void put_summary(const stand_test *s, const dsp_test *test, const repeats *r) {
  put(s, test, r);
  const bool differ = s->filled && r->n > 1 && 100 * r->spread / s->filling.rise.value > 5;
  static const char *const ids[] = {"EV", "EF"};
  for (size_t i = 0; i < 2; i++) {
    dsp_flags *flags = &dsp_test_measure(test, ids[i])->flags;
    if (differ) dsp_flags_add(flags, "trials_differ");
    if (r->n == 1) dsp_flags_add(flags, "single_trial");
  }
}

void stand_report_singles(stand_test *s) {
  const repeats r = gather(s, 0, s->phases.n_singles, s->phases.single[0].name);
  s->ev = r.ev;
  put_summary(s, s->test, &r);
}

/* A test that holds EV and EF alone. */
static dsp_status add_test(stand_test *s, dsp_report *report, const repeats *r, unsigned trial) {
  const dsp_test *test = dsp_report_add_test(report, &dsp_apg_stand, s->channel, trial, r->name);
  if (!test) return DSP_NO_MEMORY;
  if (trial)
    put(s, test, r);
  else
    put_summary(s, test, r);
  for (size_t i = 0; i < test->n_measures; i++) {
    const char *id = test->measures[i].row->id;
    if (strcmp(id, "EV") != 0 && strcmp(id, "EF") != 0) dsp_measure_null(&test->measures[i], "see_pooled");
  }
  if (!s->in_ml) stand_drop_volumes(test);
  return DSP_OK;
}

static dsp_status add_trials(stand_test *s, dsp_report *report, const char *name, unsigned made) {
  unsigned trial = 0;
  for (size_t i = 0; made > 1 && i < s->phases.n_singles; i++) {
    if (!same_name(s->phases.single[i].name, name)) continue;
    const repeats one = gather(s, i, i + 1, name);
    if (add_test(s, report, &one, ++trial) != DSP_OK) return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

dsp_status stand_add_trials(stand_test *s, dsp_report *report) {
  const size_t at = (size_t)(s->test - report->tests);
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < s->phases.n_singles && status == DSP_OK; i++) {
    const char *name = s->phases.single[i].name;
    bool earlier = false;
    for (size_t k = 0; k < i; k++) earlier |= same_name(s->phases.single[k].name, name);
    if (earlier) continue;
    const repeats all = gather(s, i, s->phases.n_singles, name);
    if (i > 0) status = add_test(s, report, &all, 0);
    if (status == DSP_OK) status = add_trials(s, report, name, all.made);
  }
  s->test = &report->tests[at];
  return status;
}
