/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as the files of a WFDB record, one behind the other: name, NUL, size (32 bits, little-endian), bytes. The first is the header.
 */
#include "reader_target.h"
#include <fmt/cursor.h>

enum { FILES_MAX = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fmt_file files[FILES_MAX] = {0};
  fmt_cursor at = fmt_cursor_over(data, size);
  size_t n = 0;
  while (n < FILES_MAX && fmt_cursor_left(&at) > 0) {
    const unsigned char *name = at.bytes + at.at, *end = memchr(name, 0, fmt_cursor_left(&at));
    if (!end) break;
    fmt_skip(&at, (size_t)(end - name) + 1);
    uint32_t length = fmt_take_u32(&at, false);
    if (length > fmt_cursor_left(&at)) length = (uint32_t)fmt_cursor_left(&at);
    files[n].name = (const char *)name;
    if (fmt_source_from_memory(&files[n].source, fmt_take(&at, length), length, NULL) != DSP_OK) break;
    n++;
  }
  if (n) fuzz_reader("wfdb", files[0].name, files[0].source.bytes, files[0].source.size, files + 1, n - 1, NULL);
  for (size_t i = 0; i < n; i++) fmt_source_clear(&files[i].source);
  return 0;
}
