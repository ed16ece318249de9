/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the protocols' steps share: conditioning, what was odd about a channel, nulls with a reason, the trace in the report (internal). */
#ifndef PLETH_PARTS_PART_H
#define PLETH_PARTS_PART_H

#include <dsp/filling.h>
#include <dsp/protocol.h>
#include <dsp/trace.h>

/** The channel's segments on the recording's clock at the working rate (what begins later begins with missing samples); see
 * dsp_trace_condition. DSP_BAD_INPUT: no sample to use. */
DSP_MUST_USE dsp_status part_condition(dsp_trace *trace, dsp_trace_facts *facts, const dsp_channel *channel, double rate_hz,
                                       double bridge_s, double spike_floor, dsp_error *error);

/** Null every measure that has no value yet, because of `flag`. */
void part_null_rest(const dsp_test *test, const char *flag);
/** Flag every valid measure. */
void part_flag_valid(const dsp_test *test, const char *flag);
/** Null the measures whose unit holds `unit_part` ("L": volumes), because of `flag`. */
void part_null_units(const dsp_test *test, const char *unit_part, const char *flag);

/** Set a measure, or null it with `why_not` when the value is not finite. */
void part_set(const dsp_test *test, const char *id, dsp_estimate value, double t0_s, double t1_s, const char *why_not);

/** Flags of the test that conditioning and the channel's facts give: missing samples, spikes, clipping, gaps, low rate (below
 * `least_rate_hz`), side and time of day unknown. */
void part_note_facts(dsp_test *test, const dsp_recording *recording, const dsp_channel *channel, const dsp_trace_facts *facts,
                     double least_rate_hz);
/** The quality index, from the share of missing samples and the cautions on the test and its measures. */
void part_rate_quality(dsp_test *test, const dsp_channel *channel, const dsp_trace_facts *facts);

/** The trace as the series "conditioned"; NaN where it is a mere bridge. */
DSP_MUST_USE dsp_status part_add_trace(dsp_test *test, const dsp_trace *trace, const char *unit);

/** Is the role `role`, or unknown with a unit of that dimension? Says why not. */
bool part_role_fits(const dsp_channel *channel, dsp_role role, dsp_dimension dimension, dsp_error *missing);

/** The first channel with this role in the role's own unit, or NULL. */
const dsp_channel *part_channel(const dsp_recording *recording, dsp_role role);

/** Largest minus smallest finite sample; 0 without any. */
double part_range(const dsp_channel *channel);

/** Mean of the usable samples in [from_s, to_s); NaN when there is none. */
double part_mean(const dsp_trace *trace, double from_s, double to_s);

/** Does the trace step at t_s: do 2 s before and after differ by more than `limit` beyond what the trend on either side brings, and 5 s
 * later still? `scratch` holds 2 s of samples and 3. */
bool part_steps_at(double *scratch, const dsp_trace *trace, double t_s, double limit);
/** Does it step anywhere in [from_s, to_s)? */
DSP_MUST_USE dsp_status part_find_step(bool *found, const dsp_trace *trace, double from_s, double to_s, double limit);

/** The ends of the converter, on a trace that was clipped: its extremes. Infinite where it was not. */
typedef struct part_rails {
  double low, high;
} part_rails;
part_rails part_find_rails(const dsp_trace *trace, const dsp_trace_facts *facts);
bool part_at_rail(part_rails rails, double x);
/** Share of the samples in [from_s, to_s) that are at a rail. */
double part_extreme_share(const dsp_trace *trace, const dsp_trace_facts *facts, double from_s, double to_s);
/** Is a third or more of them there, so that it is no level? */
bool part_at_extreme(const dsp_trace *trace, const dsp_trace_facts *facts, double from_s, double to_s);

/** 100 a / b with independent errors. */
dsp_estimate part_percent(dsp_estimate a, dsp_estimate b);

#endif
