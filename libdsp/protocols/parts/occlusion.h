/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading venous occlusion, whatever the sensor: rest, congestion, venting, outflow of every cycle; their pooled values and test objects
 * (internal). */
#ifndef PLETH_PARTS_OCCLUSION_H
#define PLETH_PARTS_OCCLUSION_H

#include "cycles.h"
#include <dsp/level.h>
#include <dsp/noise.h>
#include <dsp/outflow.h>

/** Rows that every such protocol has, in this order; its own follow. */
enum occlusion_param {
  OCC_WORK_RATE,
  OCC_BRIDGE,
  OCC_LEAST_RISE,
  OCC_LEAST_HOLD,
  OCC_BASELINE,
  OCC_PLATEAU,
  OCC_OUTFLOW,
  OCC_MARKER,
  OCC_PLATEAU_SLOPE,
  OCC_DEFLATION,
  OCC_SPREAD,
  OCC_ROWS
};

#define OCC_OURS "engineering choice"
#define OCCLUSION_ROWS(id, unit, least_rise)                                                                                               \
  [OCC_WORK_RATE] = {id ".work_rate_hz", "Hz", 7, 4, 1000, NULL, "Lowest rate to which a faster trace is decimated.", OCC_OURS},           \
  [OCC_BRIDGE] = {id ".bridge_s", "s", 0.3, 0, 2, NULL, "Longest gap that a straight line may bridge.", OCC_OURS},                         \
  [OCC_LEAST_RISE] =                                                                                                                       \
      {id ".least_rise", unit, least_rise, 0, 1000, NULL, "Smallest rise that counts as an unmarked congestion.", OCC_OURS},               \
  [OCC_LEAST_HOLD] = {id ".least_hold_s", "s", 15, 2, 600, NULL, "Shortest unmarked congestion.", OCC_OURS},                               \
  [OCC_BASELINE] = {id ".baseline_s", "s", 25, 3, 300, NULL, "Longest end part of the rest that gives the baseline.", OCC_OURS},           \
  [OCC_PLATEAU] = {id ".plateau_s", "s", 10, 3, 60, NULL, "Stretch before venting that gives the level there.", OCC_OURS},                 \
  [OCC_OUTFLOW] = {id ".outflow_s", "s", 40, 5, 300, NULL, "Longest stretch of outflow that is fitted.", OCC_OURS},                        \
  [OCC_MARKER] = {id ".marker_s", "s", 3, 0.1, 60, NULL, "Disagreement of marker and trace that is flagged.", OCC_OURS},                   \
  [OCC_PLATEAU_SLOPE] = {id ".plateau_slope",                                                                                              \
                         "1",                                                                                                              \
                         0.04,                                                                                                             \
                         0,                                                                                                                \
                         1,                                                                                                                \
                         NULL,                                                                                                             \
                         "Rise in the last 10 s before venting, as a share of the capacity, above which it was vented early.",             \
                         OCC_OURS},                                                                                                        \
  [OCC_DEFLATION] = {id ".deflation_s", "s", 0.3, 0, 5, NULL, "Slowest emptying of the cuff that is not flagged.", "clinical practice"},   \
  [OCC_SPREAD] = {id ".spread", "1", 0.1, 0, 1, NULL, "Spread of repeats, of their mean, that is flagged.", OCC_OURS}

/** How a measure of outflow is read. */
typedef struct occlusion_measure {
  const char *id;
  dsp_outflow_reading *reading;
  double context[2];
  double factor;       /**< from the reading to the measure's unit */
  bool needs_capacity; /**< it stands on the baseline, too */
  double until_s;      /**< outflow that it needs */
} occlusion_measure;

enum { OCC_MEASURES_MAX = 10 };

/** One cycle, read. */
typedef struct occlusion_cycle {
  const part_cycle *cycle;
  dsp_estimate base, base_slope; /**< level and slope per s of the rest */
  double base_from_s, base_to_s;
  dsp_estimate late_slope;           /**< per s, last 20 s before venting */
  dsp_estimate capacity, filtration; /**< by a fit of filling plus a straight line: what the veins hold, and per s; NaN none */
  dsp_outflow outflow;
  bool rested, flowed;
  const char *why_not; /**< flag of what was not read */
  bool slipped, saturated, early, cut;
  double outflow_to_s;
} occlusion_cycle;

typedef struct occlusion_test {
  const dsp_protocol *protocol;
  const dsp_recording *recording;
  const dsp_channel *channel;
  const double *params; /**< in the order of occlusion_param */
  const occlusion_measure *measures;
  size_t n_measures;
  const char *unit;
  dsp_trace trace;
  dsp_trace_facts facts;
  dsp_noise noise;
  part_cycles cycles;
  occlusion_cycle read[DSP_CONGESTIONS_MAX];
  double noise_floor;
  double spike_floor; /**< in the channel's unit */
  /** Calibrate, read and report the conditioned trace into the test at `at`. */
  dsp_status (*analyse)(struct occlusion_test *test, dsp_report *report, size_t at);
} occlusion_test;

/** Find and read the cycles of the conditioned trace, which calibration has multiplied by `scale`. */
DSP_MUST_USE dsp_status occlusion_read(occlusion_test *test, double scale);

/** Fill the pooled test at `at` in the report from the cycles whose `compressed` is as asked, and append one test a cycle. */
DSP_MUST_USE dsp_status occlusion_report(const occlusion_test *test, dsp_report *report, size_t at, bool compressed);

/** Condition the channel and hand it to `analyse`; a channel without samples becomes a test of nulls. Clears the trace. */
DSP_MUST_USE dsp_status occlusion_run(occlusion_test *test, const dsp_recording *recording, const dsp_channel *channel,
                                      const double *params, dsp_report *report, dsp_error *error);

/** Why no congestion was found: a fall where a rise must be is reversed polarity. */
DSP_MUST_USE dsp_status occlusion_why_none(const char **flag, occlusion_test *test);

/** Why no cycle can be read on this trace; NULL when one can. */
const char *occlusion_hopeless(const occlusion_test *test);

#endif
