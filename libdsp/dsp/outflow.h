/* SPDX-License-Identifier: GPL-3.0-or-later
 * Emptying of a congested limb: plateau, the start of venting and what leaves after it, with their errors. */
#ifndef DSP_OUTFLOW_H
#define DSP_OUTFLOW_H

#include <dsp/filling.h>
#include <dsp/noise.h>
#include <dsp/trace.h>
#include <stdbool.h>

/** What to read. Times in s of the trace's clock. */
typedef struct dsp_outflow_task {
  double plateau_s;           /**< samples from here to the venting show the level before it as a straight line */
  double vent_s;              /**< start of venting */
  double vent_free_s;         /**< it may lie so much earlier or later; 0: given */
  double venting_s;           /**< the cuff needs this long to empty */
  double venting_sd_s;        /**< how well that is known */
  double to_s;                /**< outflow samples end here */
  double tau_s[2], ln_tau_sd; /**< usual time constants of fast and slow part, sd of their logarithms; tau_s[0] = 0: a congested leg's */
  dsp_estimate end;           /**< level that the curve is expected to approach; se 0: none */
  double blur_s;              /**< half width of the triangular mean by which the trace was decimated; 0 none */
  dsp_estimate base;          /**< level before the congestion */
  double depart_share;        /**< usual departure of a limb from two exponentials, of what leaves; 0 none */
  double depart_s;            /**< time after the venting within which it may have its first turn */
} dsp_outflow_task;

enum { DSP_OUTFLOW_DEPARTURES = 13, DSP_OUTFLOW_COLUMNS = 8 + DSP_OUTFLOW_DEPARTURES };

/** v(t) = level + slope (t - vent) before; level - fast (1 - exp(-s/tau_fast)) - slow (1 - exp(-s/tau_slow)) after, s being time since
 * the venting on a clock that runs as fast as the cuff has emptied; plus departures, a spline over the logarithm of time that is 0 at the
 * venting and fades behind the last sample. */
typedef struct dsp_outflow {
  double level, slope, fast, slow, ln_tau_fast, ln_tau_slow, venting_s, vent_s;
  double depart[DSP_OUTFLOW_DEPARTURES];
  double depart_s, depart_to_s;                         /**< unit of the departures' time, and their end; 0 none */
  double cov[DSP_OUTFLOW_COLUMNS][DSP_OUTFLOW_COLUMNS]; /**< of these, in this order */
  double variance;                                      /**< whitened residual variance: 1 when the curve and the noise are right */
  double artefact_s;                                    /**< samples so long after the venting were the cuff's, and left out; 0 none */
  dsp_estimate base;
} dsp_outflow;

/** Fit. DSP_NO_SOLUTION when the trace does not fall after the venting or too few samples are there. */
DSP_API DSP_MUST_USE dsp_status dsp_outflow_fit(dsp_outflow *outflow, const dsp_trace *trace, const dsp_noise *noise,
                                                const dsp_outflow_task *task);

/** What is usual where nobody measured the venting. */
DSP_API extern const double dsp_outflow_venting_s, dsp_outflow_venting_sd_s;

/** Value of the curve, since_s after the start of venting. */
DSP_API double dsp_outflow_at(const dsp_outflow *outflow, double since_s);

/** A number read from the curve; NaN when it has none. `context` is passed through. */
typedef double dsp_outflow_reading(const dsp_outflow *outflow, const void *context);
/** Its value and its standard error by the delta method, the base's error included. */
DSP_API dsp_estimate dsp_outflow_read(const dsp_outflow *outflow, dsp_outflow_reading *reading, const void *context);

/** Readings. Falls are positive. */
DSP_API double dsp_outflow_capacity(const dsp_outflow *outflow, const void *none);             /**< level minus base */
DSP_API double dsp_outflow_fall(const dsp_outflow *outflow, const void *two_times_s);          /**< v(a) - v(b), const double [2] */
DSP_API double dsp_outflow_fraction(const dsp_outflow *outflow, const void *time_s);           /**< 100 (v(0) - v(t)) / capacity */
DSP_API double dsp_outflow_steepest(const dsp_outflow *outflow, const void *none);             /**< per s: line over 0.3 s, first 2 s */
DSP_API double dsp_outflow_time_to(const dsp_outflow *outflow, const void *fraction);          /**< s until that share has left */
DSP_API double dsp_outflow_end(const dsp_outflow *outflow, const void *none);                  /**< level that the curve approaches */
DSP_API double dsp_outflow_time_constant(const dsp_outflow *outflow, const void *two_times_s); /**< of one exponential over [a, b] */

#endif
