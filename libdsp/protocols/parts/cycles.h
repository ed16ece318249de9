/* SPDX-License-Identifier: GPL-3.0-or-later
 * When a cuff was inflated and vented: from events, else from its pressure, else from the trace (internal). */
#ifndef PLETH_PARTS_CYCLES_H
#define PLETH_PARTS_CYCLES_H

#include "part.h"
#include <dsp/congestion.h>

enum { CYCLE_STEPS_MAX = 24 };

/** Where a landmark comes from. */
typedef enum cycle_source { CYCLE_FROM_TRACE, CYCLE_FROM_CUFF, CYCLE_FROM_EVENT } cycle_source;

typedef struct part_cycle {
  double inflate_s, release_s; /**< NaN: not in the recording */
  cycle_source inflate_from, release_from;
  double step_s[CYCLE_STEPS_MAX]; /**< starts of the pressure steps, the first being inflate_s */
  size_t n_steps;
  double pressure_mmhg;          /**< of the cuff; NaN unknown */
  double inflating_s, venting_s; /**< 10 to 90 % of the pressure; NaN unknown */
  double seen_release_s;         /**< what the trace itself shows nearest; NaN nothing */
  bool compressed;               /**< between events `compress` and `release` */
  bool disagrees;                /**< event and trace differ by more than the rule allows */
} part_cycle;

typedef struct part_cycles {
  part_cycle cycle[DSP_CONGESTIONS_MAX];
  size_t n;
  bool reversed; /**< a release event before its inflation */
} part_cycles;

typedef struct part_cycle_rule {
  dsp_event_kind inflate, release; /**< event kinds: of the collecting or of the arterial cuff */
  double least_rise;               /**< in the trace's unit */
  double least_hold_s;             /**< shortest congestion */
  double marker_s;                 /**< disagreement of event and trace that is told */
} part_cycle_rule;

DSP_MUST_USE dsp_status part_cycles_find(part_cycles *cycles, const dsp_trace *trace, const dsp_recording *recording,
                                         const part_cycle_rule *rule);

/** "event" or "detected". */
const char *part_source_text(cycle_source source);

#endif
