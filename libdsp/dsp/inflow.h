/* SPDX-License-Identifier: GPL-3.0-or-later
 * Initial slope of a limb that fills behind an occlusion cuff: arterial inflow. */
#ifndef DSP_INFLOW_H
#define DSP_INFLOW_H

#include <dsp/filling.h>
#include <dsp/noise.h>
#include <dsp/trace.h>

/** One cycle's stretch. */
typedef struct dsp_inflow_cycle {
  double zero_s;       /**< the collecting cuff's inflation, from which the slope counts */
  double from_s, to_s; /**< samples to use: after the cuff's artefact, before its release */
} dsp_inflow_cycle;

/** What one cycle shows. Slopes in the trace's unit per second. */
typedef struct dsp_inflow {
  dsp_estimate initial; /**< at zero_s, of the store that the veins are; NaN when it cannot be had */
  dsp_estimate line;    /**< of a straight line through the stretch */
  double shared_se;     /**< the part of its standard error that all cycles share: their common bend */
  double rate_per_s;    /**< k of the store, as used */
  double r2;            /**< share of the stretch's variance that the straight line explains */
} dsp_inflow;

/** Read `n` cycles. Each is regressed, under `noise` (pulse, breathing and vasomotion are part of it), on a store V = level +
 * S (1 - exp(-k t)) / k, with a further term for veins that stiffen; the rates k are shrunk towards a capacity S / k that the cycles share.
 * inflow: n results.
 * DSP_NO_MEMORY is the only failure. */
DSP_API DSP_MUST_USE dsp_status dsp_inflow_read(dsp_inflow *inflow, const dsp_trace *trace, const dsp_noise *noise,
                                                const dsp_inflow_cycle *cycles, size_t n);

/** Learn the noise from what cubics leave of the cycles' stretches: where the recording holds no rest to learn it from. `floor_sd` as in
 * dsp_noise_fit. */
DSP_API DSP_MUST_USE dsp_status dsp_inflow_learn(dsp_noise *noise, const dsp_trace *trace, const dsp_inflow_cycle *cycles, size_t n,
                                                 double floor_sd);

#endif
