/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finding the postures in an unmarked trace: the lasting rise to standing, its onset, and the return to supine. */
#ifndef DSP_POSTURE_H
#define DSP_POSTURE_H

#include <dsp/noise.h>
#include <dsp/trace.h>
#include <stdbool.h>

typedef struct dsp_posture {
  bool rises;       /**< a lasting rise was found */
  bool falls;       /**< the trace falls where it should rise: reversed polarity */
  bool returns;     /**< it comes back to the supine level and stays there */
  size_t rise;      /**< sample by which the leg is surely standing */
  size_t fall;      /**< sample about half-way down the return; the trace's length when it does not return */
  size_t leave;     /**< last sample of standing before the return, or the trace's length */
  double low, high; /**< supine and standing level, rough */
} dsp_posture;

/** Look at samples from `from` on. `least_rise` is the smallest change of level that counts as standing, in the trace's unit. */
DSP_API DSP_MUST_USE dsp_status dsp_posture_find(dsp_posture *posture, const dsp_trace *trace, size_t from, double least_rise);

/** Where a trace leaves its baseline: the kink that minimises the whitened residual of "level, then level plus a parabola through the
 * kink". */
typedef struct dsp_departure {
  double index;  /**< fractional sample */
  double lo, hi; /**< 95 % interval by the likelihood's drop */
} dsp_departure;

/** `from` .. `to`: samples to fit, `first` .. `last`: where the kink may lie (from < first < last < to). DSP_NO_SOLUTION when nothing fits.
 */
DSP_API DSP_MUST_USE dsp_status dsp_departure_find(dsp_departure *departure, const dsp_trace *trace, const dsp_noise *noise, size_t from,
                                                   size_t to, size_t first, size_t last);

#endif
