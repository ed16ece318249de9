/* SPDX-License-Identifier: GPL-3.0-or-later
 * When a run of retrograde flow ends (internal). */
#ifndef PLETH_PARTS_DUPLEX_ENDS_H
#define PLETH_PARTS_DUPLEX_ENDS_H

#include "duplex_tail.h"

typedef struct duplex_run {
  size_t first, end; /**< samples at or below -threshold, first and one past the last */
  bool found, open;  /**< open: the course ends before the run does */
  bool cut;          /**< what came before the first sample was no clearer than the wall's echo, and not of the rise */
  double first_se_s; /**< what that adds to the start's error */
} duplex_run;

/** Where the course crosses `level` between samples i - 1 and i. */
double duplex_crossing(const duplex_course *course, size_t i, double level);
/** Beside the wall's echo a run starts with its rise. */
void duplex_cut_start(duplex_run *found, const duplex_test *test, const duplex_course *course);
/** A spectrum shows flow from so long before its window's middle reaches it, and until after. */
double duplex_edge_s(const duplex_test *test);
/** How long flow may go on below what is seen of it. */
double duplex_beyond_s(const duplex_test *test);
/** Ask the long windows how the run goes on; it lies before sample `to`. */
DSP_MUST_USE dsp_status duplex_ask_tail(duplex_tail *tail, const duplex_test *test, const duplex_course *course, const duplex_run *found,
                                        size_t to, dsp_error *error);
/** When the run ends at threshold `which`, and how well that is known. */
double duplex_read_end(duplex_reading *reading, const duplex_test *test, const duplex_course *course, const duplex_run *found, int which,
                       const duplex_tail *tail, double *se_s);

#endif
