/* SPDX-License-Identifier: GPL-3.0-or-later
 * From readings to tests of the report (internal). */
#ifndef PLETH_PARTS_DUPLEX_REPORT_H
#define PLETH_PARTS_DUPLEX_REPORT_H

#include "duplex_reading.h"

extern const dsp_protocol dsp_duplex_reflux;

/** Why no compression can be read at all: a flag, or NULL. */
const char *duplex_hopeless(const duplex_test *t);
/** A further test of the report, whose site is the vein. NULL when out of memory. */
dsp_test *duplex_add_test(const duplex_test *t, unsigned trial, const char *manoeuvre);
DSP_MUST_USE dsp_status duplex_report_trial(duplex_test *t, const duplex_reading *reading, unsigned trial, const duplex_course *fine);
DSP_MUST_USE dsp_status duplex_report_pooled(duplex_test *t, const duplex_reading *readings);

/* duplex_series.c */
/** Put the fine course's values into the coarse one; both antegrade positive afterwards only in the fine one's unit, `sign` undone. */
DSP_MUST_USE dsp_status duplex_overlay(duplex_course *coarse, const duplex_course *fine, int sign);
/** Envelope, mean velocity and spectrogram of the whole recording, into the pooled test. */
DSP_MUST_USE dsp_status duplex_report_series(duplex_test *t, dsp_error *error);
/** Envelope and mean velocity of a course (antegrade positive) into a test. */
DSP_MUST_USE dsp_status duplex_add_course(const duplex_test *t, dsp_test *test, const duplex_course *course, double factor);

#endif
