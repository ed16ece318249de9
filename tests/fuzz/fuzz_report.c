/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as our own HDF5 report. HDF5 guards its structures with checksums, behind which a fuzzer would never come: they are set right
 * before the reader sees the bytes, as whoever means harm would do. */
#include "reader_target.h"
#include <fmt/cursor.h>

/* What HDF5 itself does not give back after a broken file goes with the process that read it.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:libhdf5";
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

enum { SUPERBLOCK_BYTES = 48, CONTINUATION = 16, HEADERS_MAX = 4096 };

static uint32_t turned(uint32_t x, unsigned by) {
  return x << by | x >> (32 - by);
}

static uint32_t word_of(const uint8_t *p, size_t n) {
  uint32_t word = 0;
  for (size_t i = 0; i < n && i < 4; i++) word |= (uint32_t)p[i] << 8 * i;
  return word;
}

/* hashlittle of Jenkins' lookup3 with initial value 0, as the HDF5 file format specification III.G has it. */
static uint32_t checksum(const uint8_t *p, size_t n) {
  static const unsigned mixing[6] = {4, 6, 8, 16, 19, 4};
  static const unsigned last[7] = {14, 11, 25, 16, 4, 14, 24};
  uint32_t v[3] = {0xDEADBEEF + (uint32_t)n, 0xDEADBEEF + (uint32_t)n, 0xDEADBEEF + (uint32_t)n};
  for (; n > 12; n -= 12, p += 12) {
    for (size_t i = 0; i < 3; i++) v[i] += word_of(p + 4 * i, 4);
    for (size_t i = 0; i < 6; i++) {
      const size_t to = i % 3, from = (i + 2) % 3, other = (i + 1) % 3;
      v[to] -= v[from];
      v[to] ^= turned(v[from], mixing[i]);
      v[from] += v[other];
    }
  }
  if (n == 0) return v[2];
  for (size_t i = 0; i < 3; i++) v[i] += n > 4 * i ? word_of(p + 4 * i, n - 4 * i) : 0;
  for (size_t i = 0; i < 7; i++) {
    const size_t to = (i + 2) % 3, from = (i + 1) % 3;
    v[to] ^= v[from];
    v[to] -= turned(v[from], last[i]);
  }
  return v[2];
}

static void seal(uint8_t *file, size_t from, size_t to) {
  const uint32_t sum = checksum(file + from, to - from);
  for (unsigned i = 0; i < 4; i++) file[to + i] = (uint8_t)(sum >> 8 * i);
}

/* Messages of an object header between `from` and `to`; blocks that continue it come in turn. `ordered`: each message has its number.
 * NOLINTNEXTLINE(misc-no-recursion): no deeper than `depth` */
static void seal_blocks(uint8_t *file, size_t size, size_t from, size_t to, bool ordered, unsigned depth) {
  const size_t head = ordered ? 6 : 4;
  for (size_t at = from; to - at >= head;) {
    const size_t length = fmt_u16le(file + at + 1), body = at + head;
    if (length > to - body) return;
    if (file[at] == CONTINUATION && length >= 16 && depth > 0) {
      const uint64_t offset = fmt_u64le(file + body), bytes = fmt_u64le(file + body + 8);
      if (offset <= size && bytes >= 8 && bytes <= size - offset) {
        const size_t end = (size_t)(offset + bytes) - 4;
        seal_blocks(file, size, (size_t)offset + 4, end, ordered, depth - 1);
        seal(file, (size_t)offset, end);
      }
    }
    at = body + length;
  }
}

/* An object header of version 2 at `at`. */
static void seal_header(uint8_t *file, size_t size, size_t at) {
  if (size - at < 16) return;
  const unsigned flags = file[at + 5], width = 1U << (flags & 3);
  const size_t start = at + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0) + width;
  if (start >= size) return;
  const uint64_t length = (uint64_t)word_of(file + start - width, width);
  if (length > size - start || size - start - length < 4) return;
  seal_blocks(file, size, start, start + (size_t)length, flags & 4, 8);
  seal(file, at, start + (size_t)length);
}

static void seal_file(uint8_t *file, size_t size) {
  unsigned n = 0;
  for (const uint8_t *p = file; n < HEADERS_MAX; p += 4, n++) {
    p = memmem(p, (size_t)(file + size - p), "OHDR", 4);
    if (!p) break;
    seal_header(file, size, (size_t)(p - file));
  }
  if (size < SUPERBLOCK_BYTES) return;
  for (unsigned i = 0; i < 8; i++) file[28 + i] = (uint8_t)((uint64_t)size >> 8 * i);
  seal(file, 0, SUPERBLOCK_BYTES - 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *file = malloc(size + 1);
  if (!file) abort();
  if (size) memcpy(file, data, size);
  seal_file(file, size);
  fuzz_reader("report", "leg.pleth.h5", file, size, NULL, 0, NULL);
  free(file);
  return 0;
}
