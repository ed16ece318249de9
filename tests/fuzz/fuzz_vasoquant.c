/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as a capture of the D-PPG device. */
#include "reader_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_reader("vasoquant", "capture.raw", data, size, NULL, 0, NULL);
  return 0;
}
