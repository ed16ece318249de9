/* SPDX-License-Identifier: GPL-3.0-or-later
 * The average beat of a pulse trace and its shape. */
#ifndef DSP_PULSE_H
#define DSP_PULSE_H

#include <dsp/detect.h>
#include <dsp/filling.h>
#include <dsp/signal.h>
#include <stdbool.h>

/** Beats averaged on their feet, each freed of its own foot-to-foot line. Times count from the foot of the average beat. Standard errors
 * are the jackknife's over the beats: what repeats of this recording would show. */
typedef struct dsp_pulse {
  double *mean; /**< n samples at rate_hz, the foot at sample `foot`, its level 0; malloc'ed, free with dsp_pulse_clear */
  size_t n, foot;
  double rate_hz;
  size_t n_beats, n_rejected; /**< averaged; left out because of length or shape */
  dsp_estimate amplitude;     /**< foot to peak, units of x */
  dsp_estimate crest_s;       /**< foot to peak */
  dsp_estimate slope;         /**< steepest upstroke, units per second */
  dsp_estimate half_width_s;  /**< between the crossings of half the amplitude */
  dsp_estimate period_s;      /**< median distance of feet */
  dsp_estimate bend; /**< of the reflected wave: fall of the second derivative behind its highest value on the down-stroke, relative
                          to amplitude / period^2; NaN without one */
  double notch_s;    /**< where that bend begins; NaN without one */
} dsp_pulse;

/** Average the beats of `signal` (no NaN) whose length is within a quarter of the median and whose shape correlates by at least
 * `least_correlation` (0.9) with the median beat. DSP_NO_SOLUTION with fewer than `least_beats` (>= 3) of them. */
DSP_API DSP_MUST_USE dsp_status dsp_pulse_average(dsp_pulse *pulse, const dsp_signal *signal, const dsp_beat *beats, size_t n_beats,
                                                  size_t least_beats, double least_correlation, dsp_error *error);
DSP_API void dsp_pulse_clear(dsp_pulse *pulse); /**< zeroed pulse is legal */

#endif
