/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is read from one compression (internal). */
#ifndef PLETH_PARTS_DUPLEX_READING_H
#define PLETH_PARTS_DUPLEX_READING_H

#include "duplex.h"

#include <dsp/filling.h>

enum { DUPLEX_MAIN, DUPLEX_1, DUPLEX_2, DUPLEX_5, DUPLEX_THRESHOLDS };

typedef struct duplex_reading {
  double start_s, release_s;                                 /**< of the compression */
  bool marked;                                               /**< the compression is given */
  bool release_found;                                        /**< from the flow, not from an event */
  const char *why_not;                                       /**< flag of a reflux time that cannot be had, or NULL */
  bool none;                                                 /**< no retrograde flow that counts */
  bool censored;                                             /**< the flow goes on when the recording or the next compression ends it */
  bool hidden;                                               /**< interference or a gap hides when the flow ended */
  bool breathing;                                            /**< a late and weak reversal like those at rest was left out */
  bool extrapolated[DUPLEX_THRESHOLDS];                      /**< the end was read from the decay before it */
  double closure_s;                                          /**< length of a reversal that is the valve's closure; 0 none */
  double from_s[DUPLEX_THRESHOLDS], to_s[DUPLEX_THRESHOLDS]; /**< NaN: not crossed */
  double from_se_s, to_se_s[DUPLEX_THRESHOLDS];              /**< NaN: not crossed */
  dsp_estimate prv, pmv, mrv;                                /**< magnitudes, in the course's unit */
  double prv_geometric;                                      /**< the same as prv by the geometric estimate; NaN where it has none */
  double back, forth;                                        /**< areas under the mean velocity: reflux, augmentation */
  double push_peak, push_peak_se;
  double push_drawn;      /**< push_peak, or what the report is to give instead of it */
  duplex_disturbance met; /**< while this compression was tracked */
  double masked;          /**< share of the samples between release and end that are not known */
} duplex_reading;

/** Read one compression from a fine course (antegrade positive). */
DSP_MUST_USE dsp_status duplex_read(duplex_reading *reading, const duplex_test *test, const duplex_course *course, const duplex_push *push,
                                    dsp_error *error);
/** Nothing that lies beyond the course could change its reading: the search for reflux has begun and nothing has flowed back of late. */
bool duplex_settled(const duplex_test *test, const duplex_course *course, const duplex_push *push);
/** The threshold in the course's unit for RT, RT.1, RT.2, RT.5. */
double duplex_threshold(const duplex_test *test, int which);

DSP_MUST_USE dsp_status duplex_find_pushes(duplex_test *test, dsp_error *error);
DSP_MUST_USE dsp_status duplex_read_rest(duplex_test *test);
void duplex_infer_sign(duplex_test *test);

#endif
