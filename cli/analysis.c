/* SPDX-License-Identifier: GPL-3.0-or-later
 * Run the protocol and add what its numbers depend on. */
#include "analysis.h"
#include "seal.h"
#include <dsp/protocol.h>
#include <fmt/writer.h>

#define UNSEALED "made by a build for tests, whose readers are not sealed off"

dsp_status analysis_report(dsp_report **report, const dsp_recording *recording, const char *protocol, const char *guideline,
                           const dsp_params *params, dsp_error *error) {
  dsp_status status = dsp_analyze(recording, protocol, guideline, params, report, error);
  if (status != DSP_OK) return status;
  if (fmt_report_add_libraries(*report) != DSP_OK || fmt_config_sha256((*report)->config_sha256, params) != DSP_OK ||
      (!seal_built() && dsp_report_warn(*report, "unsealed", "%s", UNSEALED) != DSP_OK))
    status = dsp_fail_memory(error);
  return status;
}
