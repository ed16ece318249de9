/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as a table: refused with a message, or a recording that keeps its promises. */
#include "reader_target.h"

/* The first byte says whether a rate is stated. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fmt_source source;
  dsp_error error = {0};
  dsp_recording *recording = NULL;
  if (size == 0) return 0;
  const dsp_param_table *const tables[] = {&fmt_reader_find("csv")->params, NULL};
  dsp_params *params = dsp_params_new(tables);
  if (!params || dsp_params_set(params, "csv.rate_hz", data[0] & 1 ? "50" : "0", &error) != DSP_OK) abort();
  if (fmt_source_from_memory(&source, data + 1, size - 1, &error) == DSP_OK) {
    const fmt_input input = {.source = &source, .name = "fuzz.csv"};
    if (fmt_read(&recording, &input, &(fmt_read_options){.format = "csv", .params = params}, &error) == DSP_OK)
      expect_sound(recording);
    else if (error.found[0] == '\0')
      abort();
  }
  dsp_recording_free(recording);
  fmt_source_clear(&source);
  dsp_params_free(params);
  return 0;
}
