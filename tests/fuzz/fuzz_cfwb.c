/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as LabChart's binary files. */
#include "reader_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_reader("cfwb", "leg.adibin", data, size, NULL, 0, NULL);
  return 0;
}
