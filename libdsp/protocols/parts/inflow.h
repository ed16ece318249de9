/* SPDX-License-Identifier: GPL-3.0-or-later
 * The many short fillings of an arterial inflow test: collecting cuff up for some seconds, down, up again (internal). */
#ifndef PLETH_PARTS_INFLOW_H
#define PLETH_PARTS_INFLOW_H

#include "cycles.h"
#include "gauge.h"

#include <dsp/inflow.h>
#include <dsp/protocol.h>
#include <dsp/trace.h>

/** One inflation of the collecting cuff. */
typedef struct inflow_cycle {
  double inflate_s, release_s;
  double settle_s;    /**< the cuff's artefact lasts so long after inflation */
  cycle_source from;  /**< of its inflation */
  const char *reject; /**< flag that says why the cycle is not used; NULL: used */
  dsp_inflow inflow;
  dsp_estimate first_beat; /**< foot to foot; NaN when it cannot be had */
} inflow_cycle;

/** Parameters that both inflow protocols have, in this order, from the first of their rows on. */
enum inflow_param {
  INFLOW_LEAST_RISE,
  INFLOW_SHORTEST,
  INFLOW_LONGEST,
  INFLOW_SETTLE,
  INFLOW_SLOW_CUFF,
  INFLOW_LINE,
  INFLOW_WORK_RATE,
  INFLOW_BRIDGE,
  INFLOW_GAP,
  INFLOW_ROWS_N
};
/* One row a line. */
/* clang-format off */
#define INFLOW_ROW(name, unit, value, lo, hi, help, source)                                                                                \
  { name, unit, value, lo, hi, NULL, help, source }
#define INFLOW_OURS "engineering choice"
#define INFLOW_ROWS(id)                                                                                                                    \
  INFLOW_ROW(id ".least_rise", "mL/(100.mL)", 0.12, 0.01, 5, "Smallest rise that counts as a cycle where the trace alone tells.",          \
             INFLOW_OURS),                                                                                                                 \
      INFLOW_ROW(id ".shortest_s", "s", 4, 1, 60, "Shortest time from inflation to release that is used.", INFLOW_OURS),                   \
      INFLOW_ROW(id ".longest_s", "s", 15, 3, 120, "Samples later than this after inflation are not used.", INFLOW_OURS),                  \
      INFLOW_ROW(id ".settle_s", "s", 0.8, 0, 10, "Shortest time after inflation that is left out: the cuff's artefact.", INFLOW_OURS),    \
      INFLOW_ROW(id ".slow_cuff_s", "s", 1, 0.1, 10, "An artefact that lasts longer is flagged: slow inflation halves high flows.",        \
                 "Junejo, Ray and Marshall, Eur. J. Appl. Physiol. 2019"),                                                                 \
      INFLOW_ROW(id ".line_s", "s", 5, 1, 60, "Length of the classical straight line, from the artefact's end.",                           \
                 "venous occlusion plethysmography as described by Whitney 1953"),                                                         \
      INFLOW_ROW(id ".work_rate_hz", "Hz", 12, 8, 1000, "Lowest rate to which a faster trace is decimated.", INFLOW_OURS),                 \
      INFLOW_ROW(id ".bridge_s", "s", 0.2, 0, 1, "Longest gap that a straight line may bridge.", INFLOW_OURS), GAUGE_GAP_ROW(id)
/* clang-format on */

/** One gauge's trace, in mL/100 mL, and its cycles. */
typedef struct inflow_test {
  const dsp_recording *recording;
  const dsp_channel *channel;
  const double *params; /**< the values of INFLOW_ROWS first */
  dsp_trace trace;
  dsp_trace_facts facts;
  inflow_cycle *cycles;
  size_t n;
  dsp_noise noise;
  bool known;          /**< the trace is in mL/100 mL */
  const char *why_not; /**< flag that says why nothing can be read; NULL: there are cycles to read */
} inflow_test;

/** Condition and calibrate the trace (flags and details go to `test`), find its cycles, learn its noise. */
DSP_MUST_USE dsp_status inflow_prepare(inflow_test *t, dsp_test *test, dsp_error *error);
/** What every test of this channel ends with: the trace, facts as flags, nulls with their reason, quality. */
DSP_MUST_USE dsp_status inflow_finish(const inflow_test *t, dsp_test *test);
void inflow_clear(inflow_test *t);

/** Landmarks of one cycle. */
DSP_MUST_USE dsp_status inflow_mark(dsp_test *test, const inflow_cycle *cycle);

/** The cycles of a recording in order of time: from its events, else from its cuff-pressure channel, else from the trace. *cycles is
 * malloc'ed, NULL when there are none. */
DSP_MUST_USE dsp_status inflow_find_cycles(inflow_cycle **cycles, size_t *n, const dsp_recording *recording, const dsp_trace *trace,
                                           const double *params);

/** Learn what pulse, breathing and noise do to the trace (n > 0). `floor_sd`: white noise that is always there. */
DSP_MUST_USE dsp_status inflow_learn(dsp_noise *noise, const inflow_cycle *cycles, size_t n, const dsp_trace *trace, double floor_sd,
                                     const double *params);

/** Read `n` of the test's cycles, of one state: settle times, slopes, and which must be left out because of themselves. */
DSP_MUST_USE dsp_status inflow_read_cycles(const inflow_test *t, inflow_cycle *cycles, size_t n);

/** Leave out cycles whose inflow is far from the median of the others: for cycles of one state. */
DSP_MUST_USE dsp_status inflow_reject_outliers(inflow_cycle *cycles, size_t n);

/** Mean of an arterial pressure channel over that flow, as the detail `id`; nothing without such a channel. */
DSP_MUST_USE dsp_status inflow_add_resistance(dsp_test *test, const dsp_recording *recording, const char *id, double flow);

#endif
