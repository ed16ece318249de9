/* SPDX-License-Identifier: GPL-3.0-or-later
 * What can be done with a course of velocity (internal). */
#ifndef PLETH_PARTS_DUPLEX_COURSE_H
#define PLETH_PARTS_DUPLEX_COURSE_H

#include "duplex.h"
#include "part.h"

void duplex_course_scale(duplex_course *course, double factor);
/** First sample at or after t_s, at most n. */
size_t duplex_course_index(const duplex_course *course, double t_s);
double duplex_course_time(const duplex_course *course, size_t i);
/** A velocity channel on one clock, its spikes and short gaps mended. */
DSP_MUST_USE dsp_status duplex_course_of_channel(duplex_course *course, dsp_trace_facts *facts, const dsp_channel *channel,
                                                 dsp_error *error);
/** A copy of [from_s, to_s). */
DSP_MUST_USE dsp_status duplex_course_cut(duplex_course *cut, const duplex_course *course, double from_s, double to_s);

#endif
