/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cycles of a cuff. Events decide where there are any; what they leave open, pressure or trace says; an event that has no partner in the
 * right order is no cycle. */
#include "cycles.h"

#include <math.h>

static const double shortest_s = 2; /* a congestion is longer */
static const double near_s = 12;    /* an event and the trace's own landmark so far apart can still mean the same */

const char *part_source_text(cycle_source source) {
  return source == CYCLE_FROM_EVENT ? "event" : "detected";
}

static void begin(part_cycle *c, double inflate_s, cycle_source from) {
  *c = (part_cycle){.inflate_s = inflate_s,
                    .inflate_from = from,
                    .release_s = NAN,
                    .release_from = CYCLE_FROM_TRACE,
                    .step_s = {inflate_s},
                    .n_steps = 1,
                    .pressure_mmhg = NAN,
                    .inflating_s = NAN,
                    .venting_s = NAN,
                    .seen_release_s = NAN};
}

/* Pairs of events in their order. */
static void take_events(part_cycles *cycles, const dsp_recording *recording, const part_cycle_rule *rule, double end_s) {
  bool open = false;
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *e = &recording->events[i];
    if (!(e->t_s >= 0 && e->t_s <= end_s)) continue;
    if (e->kind == rule->inflate) {
      part_cycle *last = cycles->n ? &cycles->cycle[cycles->n - 1] : NULL;
      if (open && last->n_steps < CYCLE_STEPS_MAX) {
        last->step_s[last->n_steps++] = e->t_s;
      } else if (cycles->n < DSP_CONGESTIONS_MAX) {
        begin(&cycles->cycle[cycles->n++], e->t_s, CYCLE_FROM_EVENT);
        open = true;
      }
    } else if (e->kind == rule->release) {
      if (!open && cycles->n < DSP_CONGESTIONS_MAX) { /* the inflation was not marked, or comes after */
        begin(&cycles->cycle[cycles->n++], NAN, CYCLE_FROM_TRACE);
      }
      part_cycle *last = &cycles->cycle[cycles->n - 1];
      if (isfinite(last->release_s)) continue;
      last->release_s = e->t_s;
      last->release_from = CYCLE_FROM_EVENT;
      open = false;
    }
  }
}

static void take_found(part_cycles *cycles, const dsp_congestions *found, cycle_source from) {
  for (size_t i = 0; i < found->n; i++) {
    const dsp_congestion *c = &found->cycle[i];
    part_cycle *made = &cycles->cycle[cycles->n++];
    begin(made, c->inflate_s, from);
    made->release_s = c->release_s;
    made->release_from = from;
  }
}

/* The found congestion whose release (or, without one, inflation) lies nearest to the cycle's; NULL when none is near. */
static const dsp_congestion *partner(const part_cycle *c, const dsp_congestions *found) {
  const dsp_congestion *best = NULL;
  double least_s = INFINITY;
  for (size_t i = 0; i < found->n; i++) {
    const dsp_congestion *f = &found->cycle[i];
    const bool by_release = isfinite(c->release_s) && isfinite(f->release_s);
    const double away_s = by_release ? fabs(f->release_s - c->release_s) : fabs(f->inflate_s - c->inflate_s);
    if (away_s < least_s) least_s = away_s, best = f;
  }
  return least_s <= near_s ? best : NULL;
}

/* What the events left open. */
static void complete(part_cycle *c, const dsp_congestions *found, cycle_source from, double next_s) {
  const dsp_congestion *f = partner(c, found);
  for (size_t i = 0; !f && isnan(c->release_s) && i < found->n; i++) /* held far longer than the mark of its beginning is near */
    if (found->cycle[i].release_s > c->inflate_s + shortest_s && found->cycle[i].release_s < next_s) f = &found->cycle[i];
  if (!f) return;
  if (isnan(c->release_s) && f->release_s < next_s) c->release_s = f->release_s, c->release_from = from;
  if (isnan(c->inflate_s) && f->inflate_s < c->release_s) c->inflate_s = c->step_s[0] = f->inflate_s, c->inflate_from = from;
  if (from == CYCLE_FROM_CUFF) {
    c->pressure_mmhg = f->rise;
    c->inflating_s = f->inflating_s;
    c->venting_s = f->venting_s;
  } else {
    c->seen_release_s = f->release_s;
  }
}

/* A cycle without an inflation, or whose release comes first, is none; nor, after such a one, is an inflation without a release. */
static void drop_impossible(part_cycles *cycles) {
  size_t kept = 0;
  for (size_t i = 0; i < cycles->n; i++) {
    const part_cycle *c = &cycles->cycle[i];
    if (isnan(c->inflate_s) || c->release_s <= c->inflate_s)
      cycles->reversed = true;
    else if (!cycles->reversed || isfinite(c->release_s))
      cycles->cycle[kept++] = *c;
  }
  cycles->n = kept;
}

static void note_compression(part_cycles *cycles, const dsp_recording *recording) {
  for (size_t k = 0; k < cycles->n; k++)
    for (size_t i = 0; i < recording->n_events && recording->events[i].t_s <= cycles->cycle[k].inflate_s + 1; i++) {
      if (recording->events[i].kind == DSP_EVENT_COMPRESS) cycles->cycle[k].compressed = true;
      if (recording->events[i].kind == DSP_EVENT_RELEASE) cycles->cycle[k].compressed = false;
    }
}

static dsp_status look_at_cuff(dsp_congestions *cuffs, const dsp_recording *recording, const part_cycle_rule *rule) {
  static const double work_hz = 50, bridge_s = 0.5, spike_mmhg = 3, least_mmhg = 8;
  const dsp_channel *channel = part_channel(recording, DSP_ROLE_CUFF_PRESSURE);
  cuffs->n = 0;
  if (!channel) return DSP_OK;
  dsp_trace pressure;
  dsp_trace_facts facts;
  dsp_status status = part_condition(&pressure, &facts, channel, work_hz, bridge_s, spike_mmhg, NULL);
  if (status == DSP_BAD_INPUT) return DSP_OK;
  if (status == DSP_OK) status = dsp_cuff_find(cuffs, &pressure, least_mmhg, 0.5 * rule->least_hold_s);
  dsp_trace_clear(&pressure);
  return status;
}

dsp_status part_cycles_find(part_cycles *cycles, const dsp_trace *trace, const dsp_recording *recording, const part_cycle_rule *rule) {
  dsp_congestions seen, cuffs;
  *cycles = (part_cycles){.n = 0};
  dsp_status status = dsp_congestions_find(&seen, trace, rule->least_rise, rule->least_hold_s);
  if (status == DSP_OK) status = look_at_cuff(&cuffs, recording, rule);
  if (status != DSP_OK) return status;
  take_events(cycles, recording, rule, (double)trace->n / trace->rate_hz);
  const size_t marked = cycles->n;
  for (size_t pass = 0; pass < 2; pass++) {
    for (size_t k = 0; k < cycles->n; k++) {
      const double next_s =
          k + 1 < cycles->n && isfinite(cycles->cycle[k + 1].inflate_s) ? cycles->cycle[k + 1].inflate_s : (double)INFINITY;
      complete(&cycles->cycle[k], &cuffs, CYCLE_FROM_CUFF, next_s);
      complete(&cycles->cycle[k], &seen, CYCLE_FROM_TRACE, next_s);
    }
    drop_impossible(cycles);
    if (cycles->n > 0 || pass > 0) break;
    take_found(cycles, cuffs.n ? &cuffs : &seen, cuffs.n ? CYCLE_FROM_CUFF : CYCLE_FROM_TRACE);
  }
  for (size_t k = 0; k < cycles->n; k++) {
    part_cycle *c = &cycles->cycle[k];
    c->disagrees =
        c->release_from == CYCLE_FROM_EVENT && isfinite(c->seen_release_s) && fabs(c->seen_release_s - c->release_s) > rule->marker_s;
  }
  cycles->reversed &= marked > 0;
  note_compression(cycles, recording);
  return DSP_OK;
}
