/* SPDX-License-Identifier: GPL-3.0-or-later
 * Venous occlusion, cycle by cycle. The level before inflation is a mean under the noise learnt at rest; the level at venting and what
 * flows out come from one fit of plateau and outflow together, so that pulse and breathing across the venting are known on both sides. */
#include "occlusion.h"
#include "congested.h"

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double guard_s = 1.5, settle_s = 2.5;

/* End of the outflow of cycle k: the next inflation or the recording's end. */
static double outflow_end(const occlusion_test *t, size_t k) {
  const double end_s = (double)t->trace.n / t->trace.rate_hz;
  const double next_s = k + 1 < t->cycles.n ? t->cycles.cycle[k + 1].inflate_s - 1 : end_s;
  return fmin(fmin(next_s, end_s), t->cycles.cycle[k].release_s + t->params[OCC_OUTFLOW]);
}

/* Rest before cycle k: after the outflow before it, after the calibration. */
static void find_rest(occlusion_cycle *r, const occlusion_test *t, size_t k) {
  const part_cycle *c = &t->cycles.cycle[k];
  const double sure_s = c->inflate_from == CYCLE_FROM_TRACE ? guard_s : 0.3;
  r->base_to_s = c->inflate_s - sure_s;
  double from_s = k > 0 ? t->cycles.cycle[k - 1].release_s + 15 : 0;
  for (size_t i = 0; i < t->recording->n_events; i++) {
    const dsp_event *e = &t->recording->events[i];
    if (e->kind == DSP_EVENT_CALIBRATION && e->t_s >= 0 && e->t_s < r->base_to_s) from_s = fmax(from_s, e->t_s + fmax(5, e->dur_s + 1));
  }
  if (!(from_s < r->base_to_s)) from_s = r->base_to_s; /* NaN, too: the cycle before was never vented */
  r->base_from_s = fmax(from_s, r->base_to_s - t->params[OCC_BASELINE]);
}

static dsp_status learn(occlusion_test *t) {
  size_t from[2 * DSP_CONGESTIONS_MAX + 1], to[2 * DSP_CONGESTIONS_MAX + 1], n = 0;
  const double longest_s = 40;
  for (size_t k = 0; k < t->cycles.n && n + 2 <= 16; k++) {
    const part_cycle *c = &t->cycles.cycle[k];
    const occlusion_cycle *r = &t->read[k];
    const double from_s[2] = {
        r->base_from_s, isfinite(c->release_s) ? fmax(c->inflate_s + 0.5 * (c->release_s - c->inflate_s), c->release_s - longest_s) : NAN};
    const double to_s[2] = {r->base_to_s, c->release_s - guard_s};
    for (int i = 0; i < 2; i++) {
      if (!(to_s[i] - from_s[i] >= 4)) continue;
      from[n] = dsp_trace_index(&t->trace, from_s[i]);
      to[n++] = dsp_trace_index(&t->trace, to_s[i]);
    }
  }
  return dsp_noise_learn(&t->noise, &t->trace, from, to, n, t->noise_floor);
}

/* Filling towards a capacity plus filtration, from 3 s after the last step to the venting. */
static dsp_status read_filling(occlusion_cycle *r, const occlusion_test *t) {
  const part_cycle *c = r->cycle;
  r->capacity = r->filtration = (dsp_estimate){NAN, NAN};
  const double start_s = c->step_s[c->n_steps - 1], from_s = start_s + settle_s, to_s = c->release_s - 0.5;
  if (!(to_s - from_s >= 45) || c->n_steps > 1) return DSP_OK;
  dsp_estimate asymptote;
  const dsp_status status = part_fill_read(&asymptote, &r->filtration, &t->trace, &t->noise, start_s, from_s, to_s);
  if (status == DSP_OK) r->capacity = (dsp_estimate){asymptote.value - r->base.value, hypot(asymptote.se, r->base.se)};
  return status;
}

/* A jump that stays, away from inflation and venting. */
static dsp_status find_slip(occlusion_cycle *r, const occlusion_test *t) {
  const part_cycle *c = r->cycle;
  const double size = r->flowed && r->rested ? fabs(dsp_outflow_capacity(&r->outflow, NULL)) : t->params[OCC_LEAST_RISE];
  const double limit = fmax(fmax(0.08 * size, 0.3 * t->params[OCC_LEAST_RISE]), 6 * t->noise.sd[0]);
  const double from_s[2] = {fmax(r->base_from_s, 0) + 1, c->step_s[c->n_steps - 1] + 3}, to_s[2] = {c->inflate_s - 2, c->release_s - 2};
  r->slipped = false;
  for (int i = 0; i < 2; i++) {
    bool found = false;
    const dsp_status status = part_find_step(&found, &t->trace, from_s[i], to_s[i], limit);
    if (status != DSP_OK) return status;
    r->slipped |= found;
  }
  return DSP_OK;
}

/* Fit the outflow of cycle k with what is known of the venting: what the cuff's pressure says, else `venting`. `once_more`: only to learn
 * how the cuff vents. */
static dsp_status read_outflow(occlusion_cycle *r, const occlusion_test *t, size_t k, dsp_estimate venting, bool once_more) {
  const part_cycle *c = r->cycle;
  static const double free_s[] = {[CYCLE_FROM_TRACE] = 0.5, [CYCLE_FROM_CUFF] = 0.02, [CYCLE_FROM_EVENT] = 0}, seen_sd_s = 0.03;
  static const double depart_share = 0.06, depart_s = 0.5;
  r->outflow_to_s = outflow_end(t, k);
  r->cut = r->outflow_to_s - c->release_s < 5;
  const bool decimated = t->trace.rate_hz < 0.99 * t->channel->rate_hz, seen = isfinite(c->venting_s);
  const double hold_s = c->release_s - c->step_s[c->n_steps - 1];
  const dsp_outflow_task task = {.plateau_s = c->release_s - fmin(t->params[OCC_PLATEAU], fmax(2.5, 0.4 * hold_s)),
                                 .vent_s = c->release_s,
                                 .vent_free_s = free_s[c->release_from],
                                 .venting_s = seen ? c->venting_s / 0.8 : venting.value, /* 90 to 10 % of a straight line */
                                 .venting_sd_s = seen ? seen_sd_s : venting.se,
                                 .to_s = r->outflow_to_s,
                                 .blur_s = decimated ? 1 / t->trace.rate_hz : 0,
                                 .depart_share = once_more ? 0 : depart_share,
                                 .depart_s = depart_s,
                                 .base = r->rested ? r->base : (dsp_estimate){NAN, NAN}};
  const dsp_status status = dsp_outflow_fit(&r->outflow, &t->trace, &t->noise, &task);
  r->flowed = status == DSP_OK;
  if (!r->flowed) r->why_not = r->outflow_to_s - c->release_s < 2.5 ? "not_released" : "no_fit";
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* One cuff vents alike in all its cycles: what each fit says of it beyond the prior, put together. */
static dsp_estimate common_venting(const occlusion_test *t) {
  const double prior = 1 / (dsp_outflow_venting_sd_s * dsp_outflow_venting_sd_s);
  double weight = prior, sum = prior * dsp_outflow_venting_s;
  for (size_t k = 0; k < t->cycles.n; k++) {
    const occlusion_cycle *r = &t->read[k];
    if (!r->flowed || isfinite(r->cycle->venting_s)) continue;
    const double all = 1 / r->outflow.cov[6][6], own = all - prior;
    if (!(own > 0)) continue;
    sum += r->outflow.venting_s * all - dsp_outflow_venting_s * prior;
    weight += own;
  }
  return (dsp_estimate){fmax(0.02, sum / weight), 1 / sqrt(weight)};
}

/* A rest that still moves (it recovers from the cycle before) is followed to the inflation. */
static void follow_rest(occlusion_cycle *r) {
  const double ahead_s = r->cycle->inflate_s - 0.5 * (r->base_from_s + r->base_to_s), moved = r->base_slope.value * ahead_s;
  if (!(fabs(r->base_slope.value) > 2.5 * r->base_slope.se) || !(fabs(moved) > 2 * r->base.se)) return;
  r->base = (dsp_estimate){r->base.value + moved, hypot(r->base.se, r->base_slope.se * ahead_s)};
}

static dsp_status read_rest(occlusion_cycle *r, const occlusion_test *t) {
  const dsp_status status = dsp_level_read(&r->base, &r->base_slope, &t->trace, &t->noise, dsp_trace_index(&t->trace, r->base_from_s),
                                           dsp_trace_index(&t->trace, r->base_to_s));
  r->rested = status == DSP_OK && r->base_to_s - r->base_from_s >= 3;
  if (r->rested) follow_rest(r);
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* Does the trace lie lower under the cuff than before it, and rise when the cuff is vented? */
static bool upside_down(const occlusion_cycle *r, const occlusion_test *t) {
  const double release_s = r->cycle->release_s, least = t->params[OCC_LEAST_RISE];
  const double under = part_mean(&t->trace, release_s - 3, release_s - 0.5);
  return r->rested && under < r->base.value - least && part_mean(&t->trace, release_s + 4, release_s + 8) > under + least;
}

/* What stands beside the fit of the outflow. */
static dsp_status read_rest_of_cycle(occlusion_cycle *r, const occlusion_test *t) {
  const part_cycle *c = r->cycle;
  const double late_s = fmin(20, 0.5 * (c->release_s - c->step_s[c->n_steps - 1]));
  dsp_estimate level;
  dsp_status status = dsp_level_read(&level, &r->late_slope, &t->trace, &t->noise, dsp_trace_index(&t->trace, c->release_s - late_s),
                                     dsp_trace_index(&t->trace, c->release_s - 0.3));
  if (status == DSP_NO_SOLUTION) status = DSP_OK;
  if (status == DSP_OK) status = read_filling(r, t);
  if (status == DSP_OK) status = find_slip(r, t);
  r->saturated = part_at_extreme(&t->trace, &t->facts, c->release_s - 3, c->release_s) ||
                 part_at_extreme(&t->trace, &t->facts, c->release_s + 1, c->release_s + 4);
  if (upside_down(r, t)) r->flowed = false, r->why_not = "polarity_reversed";
  const double size = r->flowed && r->rested ? dsp_outflow_capacity(&r->outflow, NULL) : (double)NAN;
  r->early = 10 * (r->late_slope.value - 2 * r->late_slope.se) > t->params[OCC_PLATEAU_SLOPE] * size;
  return status;
}

/* What no regression sees: slow wandering and drift between the rest and the venting, and noise that is not quite as at rest. */
static void widen(occlusion_cycle *r) {
  static const double wander = 0.006;
  if (!r->flowed) return;
  const double inflate = r->cycle->release_from == CYCLE_FROM_TRACE ? 4 : 2; /* a start that is a kink among pulses may be another's */
  const double size = fabs(dsp_outflow_capacity(&r->outflow, NULL));
  if (r->rested) r->outflow.base.se = hypot(r->outflow.base.se, wander * size);
  for (size_t i = 0; i < DSP_OUTFLOW_COLUMNS; i++)
    for (size_t j = 0; j < DSP_OUTFLOW_COLUMNS; j++) r->outflow.cov[i][j] *= inflate;
}

static dsp_status read_cycles(occlusion_test *t) {
  dsp_estimate venting = {dsp_outflow_venting_s, dsp_outflow_venting_sd_s};
  dsp_status status = DSP_OK;
  for (size_t k = 0; k < t->cycles.n && status == DSP_OK; k++) {
    status = read_rest(&t->read[k], t);
    t->read[k].late_slope = t->read[k].capacity = t->read[k].filtration = (dsp_estimate){NAN, NAN};
  }
  for (int pass = 0; pass < 2; pass++) {
    for (size_t k = 0; k < t->cycles.n && status == DSP_OK; k++) {
      occlusion_cycle *r = &t->read[k];
      if (!isfinite(r->cycle->release_s))
        r->why_not = "not_released";
      else if (pass == 0 || isnan(r->cycle->venting_s))
        status = read_outflow(r, t, k, venting, pass == 0 && t->cycles.n > 1 && isnan(r->cycle->venting_s));
    }
    if (t->cycles.n < 2) break;
    venting = common_venting(t);
  }
  for (size_t k = 0; k < t->cycles.n && status == DSP_OK; k++) {
    if (!isfinite(t->read[k].cycle->release_s)) continue;
    status = read_rest_of_cycle(&t->read[k], t);
    widen(&t->read[k]);
  }
  return status;
}

/* No limb follows a curve more closely than this: a trace without noise must not force the fit into its kinks. */
static dsp_status bear_with_the_curve(occlusion_test *t) {
  static const double share = 0.0004, low = 0.02, high = 0.98;
  double *scratch = dsp_alloc(t->trace.n, sizeof *scratch);
  if (!scratch) return DSP_NO_MEMORY;
  memcpy(scratch, t->trace.x, t->trace.n * sizeof *scratch);
  const double last = (double)(t->trace.n - 1), bottom = dsp_order_kth(scratch, t->trace.n, (size_t)(low * last));
  const double top = dsp_order_kth(scratch, t->trace.n, (size_t)(high * last));
  free(scratch);
  t->noise_floor = fmax(t->noise_floor, share * (top - bottom));
  return DSP_OK;
}

dsp_status occlusion_read(occlusion_test *t, double scale) {
  t->noise_floor = t->facts.step > 0 ? scale * t->facts.step / 3.5 : 1e-4;
  dsp_status status = bear_with_the_curve(t);
  const part_cycle_rule rule = {.inflate = DSP_EVENT_CUFF_INFLATE,
                                .release = DSP_EVENT_CUFF_RELEASE,
                                .least_rise = t->params[OCC_LEAST_RISE],
                                .least_hold_s = t->params[OCC_LEAST_HOLD],
                                .marker_s = t->params[OCC_MARKER]};
  if (status == DSP_OK) status = part_cycles_find(&t->cycles, &t->trace, t->recording, &rule);
  for (size_t k = 0; k < t->cycles.n && status == DSP_OK; k++) {
    t->read[k] = (occlusion_cycle){.cycle = &t->cycles.cycle[k]};
    find_rest(&t->read[k], t, k);
  }
  if (status == DSP_OK) status = learn(t);
  return status == DSP_OK ? read_cycles(t) : status;
}

const char *occlusion_hopeless(const occlusion_test *t) {
  static const double shortest_s = 10;
  if (!(t->facts.step > 0)) return "constant_signal";
  if ((double)t->trace.n < shortest_s * t->trace.rate_hz) return "recording_too_short";
  return NULL;
}

/* What the trace shows when no congestion was found: a fall where a rise must be is a reversed gauge. */
dsp_status occlusion_why_none(const char **flag, occlusion_test *t) {
  dsp_congestions mirrored;
  for (size_t i = 0; i < t->trace.n; i++) t->trace.x[i] = -t->trace.x[i];
  const dsp_status status = dsp_congestions_find(&mirrored, &t->trace, t->params[OCC_LEAST_RISE], t->params[OCC_LEAST_HOLD]);
  for (size_t i = 0; i < t->trace.n; i++) t->trace.x[i] = -t->trace.x[i];
  *flag = mirrored.n ? "polarity_reversed" : "no_occlusion";
  return status;
}

dsp_status occlusion_run(occlusion_test *t, const dsp_recording *recording, const dsp_channel *channel, const double *params,
                         dsp_report *report, dsp_error *error) {
  t->recording = recording;
  t->channel = channel;
  t->params = params;
  const size_t at = report->n_tests;
  dsp_status status = dsp_report_add_test(report, t->protocol, channel, 0, NULL) ? DSP_OK : DSP_NO_MEMORY;
  const double floor_share = 0.02,
               spike_floor = channel->unit == dsp_role_unit(channel->role) ? t->spike_floor : floor_share * part_range(channel);
  if (status == DSP_OK)
    status = part_condition(&t->trace, &t->facts, channel, params[OCC_WORK_RATE], params[OCC_BRIDGE], spike_floor, error);
  if (status == DSP_BAD_INPUT) {
    part_null_rest(&report->tests[at], "no_data");
    status = DSP_OK;
  } else if (status == DSP_OK) {
    status = t->analyse(t, report, at);
  }
  dsp_trace_clear(&t->trace);
  return status;
}
