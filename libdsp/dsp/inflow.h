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
  double bend;          /**< second derivative / 2 at zero_s, units per second squared, as used */
  double pulse_hz;      /**< of the pulse taken out; NaN without one */
  double r2;            /**< of the line: share of the variance that it explains, pulse left out */
} dsp_inflow;

/** Read `n` cycles of one state (all at rest, or one after a release). Each is regressed on 1, t, t^2 and two harmonics of its own pulse
 * (sought in 0.6 to 3 Hz, kept when it explains its share), the third order of an exponential store added; the bends of all cycles are
 * shrunk towards what they share, b = -c S^2 for a store of fixed capacity, because a single bend in breathing is poorly known. Standard
 * errors are widened by the residuals' autocorrelation. inflow: n results. DSP_NO_MEMORY is the only failure. */
DSP_API DSP_MUST_USE dsp_status dsp_inflow_read(dsp_inflow *inflow, const dsp_trace *trace, const dsp_inflow_cycle *cycles, size_t n);

#endif
