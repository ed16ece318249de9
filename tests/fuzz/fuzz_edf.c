/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as EDF, or as BDF when they begin with 0xFF. */
#include "reader_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_reader(size && data[0] == 0xFF ? "bdf" : "edf", "fuzz.edf", data, size, NULL, 0, NULL);
  return 0;
}
