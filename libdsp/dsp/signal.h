/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a kernel sees: samples at a regular rate, nothing else. */
#ifndef DSP_SIGNAL_H
#define DSP_SIGNAL_H

#include <stddef.h>

/** A regularly sampled stretch, borrowed. Sample i is at t0_s + i / rate_hz. NaN is a missing sample where a kernel says it accepts one. */
typedef struct dsp_signal {
  const double *x; /**< n samples, in any one unit */
  size_t n;        /**< number of samples */
  double rate_hz;  /**< > 0 */
  double t0_s;     /**< time of x[0] */
} dsp_signal;

#endif
