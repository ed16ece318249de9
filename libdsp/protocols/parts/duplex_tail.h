/* SPDX-License-Identifier: GPL-3.0-or-later
 * The end of retrograde flow that fades among the wall's echo or the noise (internal). */
#ifndef PLETH_PARTS_DUPLEX_TAIL_H
#define PLETH_PARTS_DUPLEX_TAIL_H

#include "duplex_reading.h"

/** What is known of the flow before its end, and what is asked. Frequencies as magnitudes. */
typedef struct duplex_tail_query {
  double from_s, lost_s, to_s; /**< the flow is seen from .. lost; it may go on to to_s */
  double from_hz, lost_hz;     /**< roughly, at the first two */
  int sign;                    /**< of the flow's shifts in the recording */
  double threshold_hz[DUPLEX_THRESHOLDS];
} duplex_tail_query;

/** When the flow fell below each threshold or stopped: median and half of the 95 % interval over 1.96. */
typedef struct duplex_tail {
  bool found;
  double end_s[DUPLEX_THRESHOLDS], se_s[DUPLEX_THRESHOLDS];
  double faint_s; /**< how long before its end the flow fell below what a single spectrum shows */
} duplex_tail;

DSP_MUST_USE dsp_status duplex_find_tail(duplex_tail *tail, duplex_audio *audio, const duplex_tail_query *query, dsp_error *error);

#endif
