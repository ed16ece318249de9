/* SPDX-License-Identifier: GPL-3.0-or-later
 * A limb under a cuff whose pressure is known: filling and filtration at one pressure, the pressure on the trace's clock, and what the two
 * slow protocols of the gauge share (internal). */
#ifndef PLETH_PARTS_CONGESTED_H
#define PLETH_PARTS_CONGESTED_H

#include "gauge.h"
#include <dsp/level.h>
#include <dsp/noise.h>

/** Filling towards a capacity plus filtration: v = level + capacity (1 - exp(-t/tau)) + slope t in [from_s, to_s), t from start_s; tau by
 * the least residual. `asymptote`: level + capacity; `slope` per s. NaN where too few samples are there. */
DSP_MUST_USE dsp_status part_fill_read(dsp_estimate *asymptote, dsp_estimate *slope, const dsp_trace *trace, const dsp_noise *noise,
                                       double start_s, double from_s, double to_s);

/** One channel under such a cuff. */
typedef struct congested {
  const dsp_recording *recording;
  const dsp_channel *channel;
  const double *params;
  dsp_test *test;
  dsp_trace trace;
  dsp_trace_facts facts;
  dsp_noise noise;
  double *pressure; /**< mmHg at the trace's samples; NULL: not recorded */
  bool known;       /**< the trace is in mL/100 mL */
  double end_s;
} congested;

/** Where the rows are that both protocols have. */
typedef struct congested_rows {
  size_t work_rate, bridge, gap;
} congested_rows;

/** A run of `protocol` on the channel, whole: condition gauge and pressure, calibrate, `analyse` (*why_not: nothing can be read), and
 * report nulls, flags, quality and trace. */
DSP_MUST_USE dsp_status congested_run(congested *c, const dsp_protocol *protocol, const congested_rows *rows,
                                      dsp_status (*analyse)(const char **why_not, congested *c), dsp_report *report, dsp_error *error);

/** Mean pressure, and its standard deviation, in [from_s, to_s); NaN without a pressure. */
dsp_estimate congested_pressure(const congested *c, double from_s, double to_s);

#endif
