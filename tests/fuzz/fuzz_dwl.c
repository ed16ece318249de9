/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as DWL envelopes: the length of the settings (16 bits, little endian), the settings, the samples. */
#include "reader_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fmt_file wave = {.name = "A.TW0"};
  dsp_error error = {0};
  if (size < 2) return 0;
  const size_t left = size - 2, stated = (size_t)data[0] | (size_t)data[1] << 8, length = stated < left ? stated : left;
  if (fmt_source_from_memory(&wave.source, data + 2 + length, left - length, &error) != DSP_OK) abort();
  fuzz_reader("dwl", "A.TX0", data + 2, length, &wave, 1, NULL);
  fmt_source_clear(&wave.source);
  return 0;
}
