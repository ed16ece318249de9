/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as a side-car of a small table. */
#include <fmt/reader.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char table[] = "time (s),APG L calf (mL),p (mmHg),raw,event\n0,1.5,6,3,\n0.02,1.6,6,4,stand\n0.04,1.7,6,5,\n0.06,1.5,6,2,\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fmt_source source, sidecar;
  dsp_error error = {0};
  dsp_recording *recording = NULL;
  if (fmt_source_from_memory(&source, table, sizeof table - 1, &error) != DSP_OK) abort();
  if (fmt_source_from_memory(&sidecar, data, size, &error) != DSP_OK) abort();
  const fmt_input input = {.source = &source, .name = "table.csv"};
  const fmt_read_options options = {.format = "csv", .sidecar = &sidecar, .sidecar_name = "table.pleth.json"};
  if (fmt_read(&recording, &input, &options, &error) == DSP_OK) {
    for (size_t c = 0; c < recording->n_channels; c++) {
      const dsp_channel *channel = &recording->channels[c];
      const dsp_unit *needed = dsp_role_unit(channel->role);
      if (needed && channel->unit && channel->unit != needed) abort(); /* nothing in a wrong unit gets through */
      if (!(channel->rate_hz > 0)) abort();
    }
    for (size_t i = 0; i < recording->n_events; i++)
      if (!isfinite(recording->events[i].t_s)) abort();
  } else if (error.found[0] == '\0') {
    abort();
  }
  dsp_recording_free(recording);
  fmt_source_clear(&sidecar);
  fmt_source_clear(&source);
  return 0;
}
