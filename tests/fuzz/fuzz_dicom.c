/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as a DICOM file, with a preamble put before them. */
#include "reader_target.h"

enum { PREAMBLE_BYTES = 128, BYTES_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char letters[4] = {'D', 'I', 'C', 'M'};
  if (size > BYTES_MAX) return 0;
  uint8_t *file = calloc(PREAMBLE_BYTES + 4 + size, 1);
  if (!file) return 0;
  memcpy(file + PREAMBLE_BYTES, letters, sizeof letters);
  if (size) memcpy(file + PREAMBLE_BYTES + 4, data, size);
  fuzz_reader("dicom", "fuzz.dcm", file, PREAMBLE_BYTES + 4 + size, NULL, 0, NULL);
  free(file);
  return 0;
}
