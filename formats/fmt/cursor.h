/* SPDX-License-Identifier: GPL-3.0-or-later
 * A checked walk over bytes. A read beyond the end gives 0 (NaN for floats), moves nothing and sets `failed` for good, so that a header is
 * read field by field and tested once. Values are assembled from bytes: no alignment, no byte order of the machine. */
#ifndef FMT_CURSOR_H
#define FMT_CURSOR_H

#include <dsp/status.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct fmt_cursor {
  const unsigned char *bytes; /**< borrowed */
  size_t size, at;            /**< at <= size */
  bool failed;
  size_t failed_at; /**< where the first read beyond the end began */
} fmt_cursor;

static inline fmt_cursor fmt_cursor_over(const void *bytes, size_t size) {
  fmt_cursor cursor;
  cursor.bytes = (const unsigned char *)bytes;
  cursor.size = size;
  cursor.at = cursor.failed_at = 0;
  cursor.failed = false;
  return cursor;
}

static inline size_t fmt_cursor_left(const fmt_cursor *cursor) {
  return cursor->size - cursor->at;
}

/** The next `n` bytes, or NULL when there are fewer or an earlier read has failed (nothing is taken then, not even no bytes: a loop over
 * records of stated length must come to an end). */
static inline const unsigned char *fmt_take(fmt_cursor *cursor, size_t n) {
  if (cursor->failed || n > cursor->size - cursor->at) {
    if (!cursor->failed) cursor->failed_at = cursor->at;
    cursor->failed = true;
    return NULL;
  }
  const unsigned char *p = cursor->bytes + cursor->at;
  cursor->at += n;
  return p;
}

/** Go to `offset`; beyond the end is a failed read there. */
static inline void fmt_seek(fmt_cursor *cursor, size_t offset) {
  if (offset <= cursor->size) {
    cursor->at = offset;
    return;
  }
  if (!cursor->failed) cursor->failed_at = offset;
  cursor->failed = true;
}

static inline void fmt_skip(fmt_cursor *cursor, size_t n) {
  (void)fmt_take(cursor, n);
}

/** Values at `p`, unchecked: for samples inside a range that has been checked. */
static inline uint16_t fmt_u16le(const unsigned char *p) {
  return (uint16_t)(p[0] | (unsigned)p[1] << 8);
}
static inline uint16_t fmt_u16be(const unsigned char *p) {
  return (uint16_t)(p[1] | (unsigned)p[0] << 8);
}
static inline uint32_t fmt_u32le(const unsigned char *p) {
  return (uint32_t)fmt_u16le(p) | (uint32_t)fmt_u16le(p + 2) << 16;
}
static inline uint32_t fmt_u32be(const unsigned char *p) {
  return (uint32_t)fmt_u16be(p + 2) | (uint32_t)fmt_u16be(p) << 16;
}
static inline uint64_t fmt_u64le(const unsigned char *p) {
  return (uint64_t)fmt_u32le(p) | (uint64_t)fmt_u32le(p + 4) << 32;
}
static inline uint64_t fmt_u64be(const unsigned char *p) {
  return (uint64_t)fmt_u32be(p + 4) | (uint64_t)fmt_u32be(p) << 32;
}
/** Two's complement of 24 bits. */
static inline int32_t fmt_i24le(const unsigned char *p) {
  const uint32_t raw = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
  return (int32_t)(raw ^ 0x800000U) - 0x800000;
}
static inline float fmt_f32_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static inline double fmt_f64_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint8_t fmt_take_u8(fmt_cursor *cursor) {
  const unsigned char *p = fmt_take(cursor, 1);
  return p ? *p : 0;
}
/** Whole numbers of 16, 32 and 64 bits; `big` says that the first byte is the highest. */
static inline uint16_t fmt_take_u16(fmt_cursor *cursor, bool big) {
  const unsigned char *p = fmt_take(cursor, 2);
  return !p ? 0 : big ? fmt_u16be(p) : fmt_u16le(p);
}
static inline uint32_t fmt_take_u32(fmt_cursor *cursor, bool big) {
  const unsigned char *p = fmt_take(cursor, 4);
  return !p ? 0 : big ? fmt_u32be(p) : fmt_u32le(p);
}
static inline uint64_t fmt_take_u64(fmt_cursor *cursor, bool big) {
  const unsigned char *p = fmt_take(cursor, 8);
  return !p ? 0 : big ? fmt_u64be(p) : fmt_u64le(p);
}
static inline int16_t fmt_take_i16(fmt_cursor *cursor, bool big) {
  return (int16_t)fmt_take_u16(cursor, big);
}
static inline int32_t fmt_take_i32(fmt_cursor *cursor, bool big) {
  return (int32_t)fmt_take_u32(cursor, big);
}
static inline double fmt_take_f32(fmt_cursor *cursor, bool big) {
  const uint32_t bits = fmt_take_u32(cursor, big);
  return cursor->failed ? (double)NAN : (double)fmt_f32_of(bits);
}
static inline double fmt_take_f64(fmt_cursor *cursor, bool big) {
  const uint64_t bits = fmt_take_u64(cursor, big);
  return cursor->failed ? (double)NAN : fmt_f64_of(bits);
}

/** DSP_BAD_INPUT at "byte N" when a read went beyond the end: `what` was being read. DSP_OK otherwise. */
static inline dsp_status fmt_cursor_check(const fmt_cursor *cursor, const char *what, dsp_error *error) {
  char place[40];
  if (!cursor->failed) return DSP_OK;
  snprintf(place, sizeof place, "byte %zu", cursor->failed_at);
  return dsp_fail(error, DSP_BAD_INPUT, place, what, "the file ends after %zu bytes", cursor->size);
}

#endif
