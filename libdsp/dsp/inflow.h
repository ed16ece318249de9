/* SPDX-License-Identifier: GPL-3.0-or-later
 * Initial slope of a limb that fills behind an occlusion cuff: arterial inflow. */
#ifndef DSP_INFLOW_H
#define DSP_INFLOW_H

#include <dsp/filling.h>
#include <dsp/trace.h>

/** One cycle's stretch. */
typedef struct dsp_inflow_cycle {
  double zero_s;       /**< the collecting cuff's inflation, from which the slope counts */
  double from_s, to_s; /**< samples to use: after the cuff's artefact, before its release */
} dsp_inflow_cycle;

/** What one cycle shows. Slopes in the trace's unit per second. */
typedef struct dsp_inflow {
  dsp_estimate initial; /**< at zero_s, of a line that bends as filling veins do, pulse waves taken out; NaN when it cannot be had */
  dsp_estimate line;    /**< of a straight line through the stretch, pulse waves taken out */
  double rate_per_s;    /**< k of the store, as used */
  double pulse_hz;      /**< of the pulse taken out; NaN without one */
  double r2;            /**< of the line: share of the variance that it explains, pulse left out */
} dsp_inflow;

/** Read `n` cycles of one state. Each is fitted by a store V = level + S (1 - exp(-k t)) / k and two harmonics of its own pulse (sought in
 * 0.6 to 3 Hz, kept when they explain their share); the rates k are shrunk towards a capacity S / k that the cycles share. Standard errors
 * are widened by the residuals' autocorrelation. inflow: n results. DSP_NO_MEMORY is the only failure. */
DSP_API DSP_MUST_USE dsp_status dsp_inflow_read(dsp_inflow *inflow, const dsp_trace *trace, const dsp_inflow_cycle *cycles, size_t n);

#endif
