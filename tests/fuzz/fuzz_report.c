/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as one of our own HDF5 reports. */
#include "reader_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_reader("report", "fuzz.h5", data, size, NULL, 0, NULL);
  return 0;
}
