/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as a MATLAB file; a rate is stated when there is an even number of them. */
#include "reader_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dsp_error error = {0};
  const dsp_param_table *const tables[] = {&fmt_reader_find("mat")->params, NULL};
  dsp_params *params = dsp_params_new(tables);
  if (!params || dsp_params_set(params, "mat.rate_hz", size & 1 ? "0" : "50", &error) != DSP_OK) abort();
  fuzz_reader("mat", "fuzz.mat", data, size, NULL, 0, params);
  dsp_params_free(params);
  return 0;
}
