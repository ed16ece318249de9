/* SPDX-License-Identifier: GPL-3.0-or-later
 * The step that analyze and batch share: a recording in, a report with its provenance out. */
#ifndef CLI_ANALYSIS_H
#define CLI_ANALYSIS_H

#include <dsp/report.h>

/** The report about a recording, complete but for being written. `protocol` and `guideline` may be
 * NULL: the recording's own, and all. It needs `recording` and `params`; free it before them. */
dsp_status analysis_report(dsp_report **report, const dsp_recording *recording, const char *protocol, const char *guideline,
                           const dsp_params *params, dsp_error *error);

#endif
