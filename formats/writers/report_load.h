/* SPDX-License-Identifier: GPL-3.0-or-later
 * An HDF5 report as a report again: what the picture and the CSV are made from. */
#ifndef FMT_REPORT_LOAD_H
#define FMT_REPORT_LOAD_H

#include <fmt/writer.h>

/** The report that an HDF5 file holds, without its parameters and libraries; flags that this version does not know are left out.
 * `generator` (may be NULL) is the program that wrote it, owned by the report. The caller frees the report. */
dsp_status fmt_load_report(dsp_report **report, const char **generator, const fmt_source *file, dsp_error *error);

/** The trace that the protocol measured: the conditioned one, or the envelope of Doppler audio; NULL without one. */
const dsp_series *fmt_main_series(const dsp_test *test);
/** The series of this name, or NULL. */
const dsp_series *fmt_find_series(const dsp_test *test, const char *name);

#endif
