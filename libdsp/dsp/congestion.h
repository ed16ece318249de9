/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finding a limb's congestions: in a cuff's pressure, or in the volume itself as a lasting rise that ends in a steep fall. */
#ifndef DSP_CONGESTION_H
#define DSP_CONGESTION_H

#include <dsp/trace.h>

#define DSP_CONGESTIONS_MAX 64

typedef struct dsp_congestion {
  double inflate_s;   /**< start of inflation */
  double release_s;   /**< start of venting; NaN when the trace ends before it */
  double rise;        /**< level before venting minus level before inflation, in the trace's unit */
  double inflating_s; /**< 10 to 90 % of the pressure; NaN from a volume */
  double venting_s;   /**< 90 to 10 % of the pressure; NaN from a volume */
} dsp_congestion;

typedef struct dsp_congestions {
  dsp_congestion cycle[DSP_CONGESTIONS_MAX];
  size_t n;
} dsp_congestions;

/** Inflations of a cuff: pressure that lies above half of its range, of at least `least_mmhg`, for `least_s`. */
DSP_API DSP_MUST_USE dsp_status dsp_cuff_find(dsp_congestions *found, const dsp_trace *pressure, double least_mmhg, double least_s);

/** Congestions of a volume: rises by `least_rise` or more that last for `least_s` and end in the steepest falls of the trace. Times of
 * inflation and venting are good to a second. */
DSP_API DSP_MUST_USE dsp_status dsp_congestions_find(dsp_congestions *found, const dsp_trace *volume, double least_rise, double least_s);

/** The stretch of a pulsatile trace (skin flow, pulse volume) in which its flow is stopped: level and pulse both near their lowest for at
 * least `least_s`. found->n is 0 or 1; `rise` is the level before minus the level within. */
DSP_API DSP_MUST_USE dsp_status dsp_flow_stop_find(dsp_congestions *found, const dsp_trace *flow, double least_s);

#endif
