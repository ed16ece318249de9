/* SPDX-License-Identifier: GPL-3.0-or-later
 * Binary files composed value by value, little endian. */
#ifndef SUPPORT_BYTES_H
#define SUPPORT_BYTES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MADE_MAX = 1 << 16 };

typedef struct bytes_made {
  unsigned char bytes[BYTES_MADE_MAX];
  size_t size;
} bytes_made;

static inline void put_byte(bytes_made *made, unsigned value) {
  if (made->size == BYTES_MADE_MAX) abort();
  made->bytes[made->size++] = (unsigned char)value;
}

/* `text` in a field of `width` bytes, filled up with NULs. */
static inline void put_text(bytes_made *made, const char *text, size_t width) {
  const size_t n = strlen(text);
  for (size_t i = 0; i < width; i++) put_byte(made, i < n ? (unsigned char)text[i] : 0);
}

static inline void put_whole(bytes_made *made, uint64_t value, int width) {
  for (int i = 0; i < width; i++) put_byte(made, (unsigned)(value >> (8 * i)) & 255);
}

static inline void put_i16(bytes_made *made, long value) {
  put_whole(made, (uint64_t)value, 2);
}
static inline void put_i32(bytes_made *made, long value) {
  put_whole(made, (uint64_t)value, 4);
}
static inline void put_f32(bytes_made *made, float value) {
  uint32_t raw;
  memcpy(&raw, &value, sizeof raw);
  put_whole(made, raw, 4);
}
static inline void put_f64(bytes_made *made, double value) {
  uint64_t raw;
  memcpy(&raw, &value, sizeof raw);
  put_whole(made, raw, 8);
}

#endif
