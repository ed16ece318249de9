/* SPDX-License-Identifier: GPL-3.0-or-later
 * A conditioned trace: one channel on one regular clock at the working rate, with its gaps known. */
#ifndef DSP_TRACE_H
#define DSP_TRACE_H

#include <dsp/signal.h>
#include <dsp/status.h>

/** x holds a finite number everywhere; ok[i] = 0 where it is a mere bridge over missing samples. Sample i is at i / rate_hz. */
typedef struct dsp_trace {
  double *x;
  unsigned char *ok;
  size_t n;
  double rate_hz;
} dsp_trace;

/** What conditioning met. */
typedef struct dsp_trace_facts {
  size_t missing;       /**< NaN samples inside segments */
  size_t spikes;        /**< samples taken for spikes */
  double longest_gap_s; /**< longest stretch without a sample */
  double clipped_s;     /**< time spent in runs at the extreme value */
  double step;          /**< smallest difference between neighbouring samples that are not equal: the converter's step */
} dsp_trace_facts;

/** Put stretches of one channel (in order of time, same rate; NaN = missing) on one clock from t = 0, take out isolated spikes (Hampel,
 * +-0.25 s, runs up to 80 ms, only where 80 ms hold a sample; a spread below `spike_floor`, in the trace's unit, counts as that), bridge
 * missing samples linearly, and decimate by a triangular mean, without phase shift, to the lowest rate that is a whole fraction of the
 * native one and not below `rate_hz`. Bridges up to `bridge_s` count as samples; longer ones get ok = 0. DSP_BAD_INPUT when no finite
 * sample is there or the clock would need more than `n_max` samples. Free with dsp_trace_clear. */
DSP_API DSP_MUST_USE dsp_status dsp_trace_condition(dsp_trace *trace, dsp_trace_facts *facts, const dsp_signal *stretches,
                                                    size_t n_stretches, double rate_hz, double bridge_s, double spike_floor, size_t n_max,
                                                    dsp_error *error);
/** A copy at the lowest rate that is a whole fraction of the trace's and not below `rate_hz`, by the same triangular mean. */
DSP_API DSP_MUST_USE dsp_status dsp_trace_coarser(dsp_trace *coarse, const dsp_trace *trace, double rate_hz);
/** Sample nearest to a time, clamped to 0 .. n. */
DSP_API size_t dsp_trace_index(const dsp_trace *trace, double t_s);
DSP_API void dsp_trace_clear(dsp_trace *trace); /**< zeroed trace is legal */

#endif
