/* SPDX-License-Identifier: GPL-3.0-or-later
 * Version of the program, and with `--verbose` of everything that its numbers may depend on. */
#include "version.h"
#include "seal.h"
#include <dsp/recording.h>
#include <dsp/report.h>

/* The libraries as a report would name them. */
static void put_libraries(fmt_buffer *out) {
  dsp_recording *recording = dsp_recording_new();
  dsp_report *report = recording != NULL ? dsp_report_new(recording, NULL) : NULL;
  if (report == NULL || fmt_report_add_libraries(report) != DSP_OK) out->failed = true;
  for (size_t i = 0; report != NULL && i < report->n_libraries; i++)
    fmt_printf(out, "%-10s %s\n", report->libraries[i].key, report->libraries[i].text);
  dsp_report_free(report);
  dsp_recording_free(recording);
}

void version_put(fmt_buffer *out, bool verbose) {
  fmt_put(out, "pleth " PLETH_VERSION "\n");
  if (!verbose) return;
  fmt_put(out, "compiler   " PLETH_COMPILER "\nflags      " PLETH_FLAGS "\n");
  put_libraries(out);
  fmt_printf(out, "seal       %s\n", !seal_built() ? "off: a build for tests" : seal_missing() != NULL ? "partly" : "on");
  if (seal_missing() != NULL) fmt_printf(out, "           this kernel lacks %s\n", seal_missing());
  fmt_put(out, "license    GPL-3.0-or-later\n");
}
