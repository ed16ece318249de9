/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading a filling curve (standing, or refill after contractions): plateau, asymptote and the time to a fraction, with their errors. No
 * shape is assumed for the reading itself: a spline whose knots follow the curve's own speed, regressed under the noise learnt at rest. */
#ifndef DSP_FILLING_H
#define DSP_FILLING_H

#include <dsp/noise.h>
#include <dsp/trace.h>
#include <stdbool.h>

/** A value and its standard error. */
typedef struct dsp_estimate {
  double value, se;
} dsp_estimate;

/** What to read. Indices are samples of the trace. */
typedef struct dsp_filling_task {
  size_t from, to;      /**< samples of the curve to use, [from, to): after the posture transient, before the next manoeuvre */
  double onset_s;       /**< start of filling, from which times count */
  double onset_se_s;    /**< its standard error */
  double base, base_se; /**< level that filling starts from */
  double fraction;      /**< of the rise, that ends the filling time: 0.9 */
  double half;          /**< second fraction that is timed: 0.5 */
  double window_s;      /**< end stretch that is the observed plateau */
  dsp_estimate later;   /**< rise known from elsewhere, for a curve that ends before its plateau; NaN: unknown */
  double tolerance;     /**< remaining rise, as a fraction, up to which the observed plateau counts as the plateau */
} dsp_filling_task;

typedef struct dsp_filling {
  dsp_estimate rise;     /**< plateau minus base: the observed one, or the asymptote when `extrapolated` */
  dsp_estimate observed; /**< observed plateau minus base */
  dsp_estimate fitted;   /**< asymptote of the exponential through the later part, minus base; NaN when it has none */
  dsp_estimate time;     /**< onset to the lasting crossing of `fraction`, s; NaN when it is not reached */
  dsp_estimate time_half;
  dsp_estimate time_observed; /**< as `time`, to `fraction` of the observed rise */
  dsp_estimate flow;          /**< fraction x rise / time */
  double flow_fit;            /**< the same from one exponential through the whole curve; NaN when it does not fit */
  double slope;               /**< of the plateau window, per s */
  double spread;              /**< standard deviation about the curve in the plateau window */
  bool extrapolated;          /**< the plateau was not reached */
  bool time_in_gap;           /**< the crossing lies before `from` or in missing samples */
} dsp_filling;

/** Read the curve. DSP_NO_SOLUTION when the stretch is too short (under 2 s), has too few samples, or does not rise. */
DSP_API DSP_MUST_USE dsp_status dsp_filling_read(dsp_filling *filling, const dsp_trace *trace, const dsp_noise *noise,
                                                 const dsp_filling_task *task);

#endif
