/* SPDX-License-Identifier: GPL-3.0-or-later
 * From the cycles of venous occlusion to test objects: each measure of each cycle with its reasons, and their means. */
#include "occlusion.h"

#include <dsp/memory.h>
#include <math.h>
#include <string.h>

/* One measure of one cycle, or why there is none. */
static dsp_estimate value_of(const char **why_not, const occlusion_cycle *r, const occlusion_measure *m) {
  static const dsp_estimate none = {NAN, NAN};
  *why_not = NULL;
  if (!r->flowed)
    *why_not = r->why_not;
  else if (r->saturated)
    *why_not = "saturated";
  else if (m->needs_capacity && !r->rested)
    *why_not = "no_rest";
  else if (m->needs_capacity && r->slipped)
    *why_not = "gauge_slipped";
  else if (m->until_s > r->outflow_to_s - r->cycle->release_s)
    *why_not = "not_reached";
  if (*why_not) return none;
  dsp_estimate e = dsp_outflow_read(&r->outflow, m->reading, m->context);
  e.value *= m->factor;
  e.se *= m->factor;
  if (!isfinite(e.value) || !isfinite(e.se)) {
    *why_not = m->reading == dsp_outflow_time_to ? "not_reached" : "no_fit";
    return none;
  }
  return e;
}

static bool in_group(const occlusion_cycle *r, bool compressed) {
  return r->cycle->compressed == compressed;
}

/* Does the value lie on a part of the curve that was not recorded? */
static bool beyond(const occlusion_cycle *r, const occlusion_measure *m, double value) {
  return m->reading == dsp_outflow_time_to && value > r->outflow_to_s - r->cycle->release_s;
}

/* What a cycle's own faults say of each of its measures. */
static void flag_cycle(dsp_measure *measure, const occlusion_test *t, const occlusion_cycle *r, const occlusion_measure *m) {
  dsp_flags *f = &measure->flags;
  const part_cycle *c = r->cycle;
  const double venting_s = isfinite(c->venting_s) ? c->venting_s : NAN;
  if (r->early && m->needs_capacity) dsp_flags_add(f, "released_early");
  if (r->cut) dsp_flags_add(f, "outflow_cut");
  if (c->disagrees) dsp_flags_add(f, "marker_disagrees");
  if (c->release_from != CYCLE_FROM_EVENT) dsp_flags_add(f, "phases_detected");
  if (venting_s > t->params[OCC_DEFLATION]) dsp_flags_add(f, "deflation_slow");
  if (r->outflow.artefact_s > 0) dsp_flags_add(f, "cuff_artefact");
  if (beyond(r, m, measure->value)) dsp_flags_add(f, "extrapolated");
}

static void put_trial(const dsp_test *test, const occlusion_test *t, const occlusion_cycle *r) {
  for (size_t i = 0; i < t->n_measures; i++) {
    const occlusion_measure *m = &t->measures[i];
    const char *why_not;
    const dsp_estimate e = value_of(&why_not, r, m);
    dsp_measure *measure = dsp_test_measure(test, m->id);
    if (why_not) {
      dsp_measure_null(measure, why_not);
      continue;
    }
    dsp_measure_set(measure, e.value, e.se, m->needs_capacity ? r->base_from_s : r->cycle->release_s,
                    r->cycle->release_s + fmax(m->until_s, 0.1));
    flag_cycle(measure, t, r, m);
  }
}

/* Mean over the group's cycles; the spread of three or more tells more than the fits' own errors when it is larger. */
static void put_pooled(const dsp_test *test, const occlusion_test *t, bool compressed) {
  for (size_t i = 0; i < t->n_measures; i++) {
    const occlusion_measure *m = &t->measures[i];
    double sum = 0, squares = 0, variance = 0, low = INFINITY, high = -INFINITY;
    unsigned n = 0;
    const char *why_not, *first_why = "no_occlusion";
    dsp_measure *measure = dsp_test_measure(test, m->id);
    double from_s = NAN, to_s = NAN;
    for (size_t k = 0; k < t->cycles.n; k++) {
      const occlusion_cycle *r = &t->read[k];
      if (!in_group(r, compressed)) continue;
      const dsp_estimate e = value_of(&why_not, r, m);
      if (why_not) {
        if (n == 0) first_why = why_not;
        continue;
      }
      if (n++ == 0) from_s = m->needs_capacity ? r->base_from_s : r->cycle->release_s;
      to_s = r->cycle->release_s + fmax(m->until_s, 0.1);
      sum += e.value, squares += e.value * e.value, variance += e.se * e.se;
      low = fmin(low, e.value), high = fmax(high, e.value);
    }
    if (n == 0) {
      dsp_measure_null(measure, first_why);
      continue;
    }
    const double mean = sum / n, sd = n > 1 ? sqrt(fmax(0, (squares - n * mean * mean) / (n - 1))) : 0;
    double se = sqrt(variance) / n;
    if (n > 2) se = fmax(se, 0.5 * sd / sqrt(n));
    dsp_measure_set(measure, mean, se, from_s, to_s);
    measure->n = n;
    for (size_t k = 0; k < t->cycles.n; k++)
      if (in_group(&t->read[k], compressed) && t->read[k].flowed) flag_cycle(measure, t, &t->read[k], m);
    if (n == 1) dsp_flags_add(&measure->flags, "single_repeat");
    if (high - low > t->params[OCC_SPREAD] * fabs(mean)) dsp_flags_add(&measure->flags, "repeats_differ");
  }
}

static dsp_status put_landmarks(dsp_test *test, const occlusion_cycle *r) {
  const part_cycle *c = r->cycle;
  dsp_status status = dsp_test_add_landmark(test, "cuff_inflate", c->inflate_s, NAN, NAN, part_source_text(c->inflate_from));
  for (size_t i = 1; i < c->n_steps && status == DSP_OK; i++)
    status = dsp_test_add_landmark(test, "cuff_step", c->step_s[i], NAN, NAN, part_source_text(c->inflate_from));
  if (status == DSP_OK && r->rested) status = dsp_test_add_phase(test, "rest", r->base_from_s, r->base_to_s, r->base.value);
  if (status != DSP_OK || !isfinite(c->release_s)) return status;
  const double vent_s = r->flowed ? r->outflow.vent_s : c->release_s, se_s = r->flowed ? sqrt(r->outflow.cov[7][7]) : 0;
  const double lo = se_s > 0 ? vent_s - 1.96 * se_s : NAN, hi = se_s > 0 ? vent_s + 1.96 * se_s : NAN;
  status = dsp_test_add_landmark(test, "cuff_release", vent_s, lo, hi, part_source_text(c->release_from));
  if (status == DSP_OK) status = dsp_test_add_phase(test, "congestion", c->inflate_s, vent_s, r->flowed ? r->outflow.level : NAN);
  if (status == DSP_OK && r->flowed) status = dsp_test_add_phase(test, "outflow", vent_s, r->outflow_to_s, NAN);
  return status;
}

static dsp_status put_details(dsp_test *test, const occlusion_test *t, const occlusion_cycle *r) {
  const struct {
    const char *id, *unit;
    double value;
  } rows[] = {
      {"late_slope", strcmp(t->unit, "mL") ? "mL/(100.mL)/min" : "mL/min", 60 * r->late_slope.value},
      {"capacity_without_filtration", t->unit, r->capacity.value},
      {"filtration", strcmp(t->unit, "mL") ? "mL/(100.mL)/min" : "mL/min", 60 * r->filtration.value},
      {"hold", "s", r->cycle->release_s - r->cycle->inflate_s},
      {"baseline", t->unit, r->rested ? r->base.value : NAN},
      {"undershoot", t->unit, r->flowed && r->rested ? r->outflow.fast + r->outflow.slow - dsp_outflow_capacity(&r->outflow, NULL) : NAN},
      {"venting", "s",
       isfinite(r->cycle->venting_s) ? r->cycle->venting_s
       : r->flowed                   ? 0.8 * r->outflow.venting_s
                                     : NAN},
      {"cuff_pressure", "mm[Hg]", r->cycle->pressure_mmhg},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (dsp_test_add_detail(test, rows[i].id, rows[i].unit, rows[i].value) != DSP_OK) return DSP_NO_MEMORY;
  return DSP_OK;
}

static void note_cycles(dsp_test *test, const occlusion_test *t) {
  bool from_cuff = false, cuff_seen = false;
  for (size_t k = 0; k < t->cycles.n; k++) {
    from_cuff |= t->cycles.cycle[k].release_from == CYCLE_FROM_CUFF;
    cuff_seen |= isfinite(t->cycles.cycle[k].venting_s);
    if (t->read[k].slipped) dsp_flags_add(&test->flags, "level_step");
  }
  if (from_cuff) dsp_flags_add(&test->flags, "cuff_channel_used");
  if (!cuff_seen) dsp_flags_add(&test->flags, "deflation_unknown");
  if (t->cycles.reversed) dsp_flags_add(&test->flags, "events_reversed");
}

/* The fitted curve of one cycle beside the trace. */
static dsp_status put_fit(dsp_test *test, const occlusion_test *t, const occlusion_cycle *r) {
  if (!r->flowed) return DSP_OK;
  const double rate_hz = t->trace.rate_hz, from_s = r->outflow.vent_s - 3;
  const size_t n = (size_t)((r->outflow_to_s - from_s) * rate_hz);
  double *x = dsp_alloc(n, sizeof *x);
  if (!x) return DSP_NO_MEMORY;
  for (size_t i = 0; i < n; i++) x[i] = dsp_outflow_at(&r->outflow, (double)i / rate_hz - 3);
  return dsp_test_add_series(test, "fit", t->unit, rate_hz, from_s, x, n);
}

static dsp_status add_trial(const occlusion_test *t, dsp_report *report, const occlusion_cycle *r, unsigned trial, const char *manoeuvre) {
  dsp_test *test = dsp_report_add_test(report, t->protocol, t->channel, trial, manoeuvre);
  if (!test) return DSP_NO_MEMORY;
  put_trial(test, t, r);
  part_null_rest(test, "see_pooled");
  dsp_status status = put_landmarks(test, r);
  return status == DSP_OK ? put_details(test, t, r) : status;
}

dsp_status occlusion_report(const occlusion_test *t, dsp_report *report, size_t at, bool compressed) {
  dsp_test *test = &report->tests[at];
  put_pooled(test, t, compressed);
  note_cycles(test, t);
  dsp_status status = DSP_OK;
  const occlusion_cycle *first = NULL;
  unsigned made = 0, trial = 0;
  for (size_t k = 0; k < t->cycles.n && status == DSP_OK; k++) {
    if (!in_group(&t->read[k], compressed)) continue;
    if (!first) first = &t->read[k];
    made++;
    status = put_landmarks(test, &t->read[k]);
  }
  if (status == DSP_OK && first) status = put_details(test, t, first);
  if (status == DSP_OK && first) status = put_fit(test, t, first);
  const char *manoeuvre = test->manoeuvre;
  for (size_t k = 0; made > 1 && k < t->cycles.n && status == DSP_OK; k++)
    if (in_group(&t->read[k], compressed)) status = add_trial(t, report, &t->read[k], ++trial, manoeuvre);
  return status;
}
