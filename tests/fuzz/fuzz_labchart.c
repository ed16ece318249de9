/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as LabChart's text export; from an odd first byte on, a repeated channel shows after few changes. */
#include "reader_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const dsp_param_table *const tables[] = {&fmt_reader_find("labchart")->params, NULL};
  dsp_error error = {0};
  dsp_params *params = dsp_params_new(tables);
  if (size == 0) {
    dsp_params_free(params);
    return 0;
  }
  if (!params || dsp_params_set(params, "labchart.held_runs", data[0] & 1 ? "8" : "40", &error) != DSP_OK) abort();
  fuzz_reader("labchart", "leg.txt", data + 1, size - 1, NULL, 0, params);
  dsp_params_free(params);
  return 0;
}
