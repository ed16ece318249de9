/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as AcqKnowledge's text export. */
#include "reader_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_reader("acqtext", "leg.txt", data, size, NULL, 0, NULL);
  return 0;
}
