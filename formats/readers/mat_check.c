/* SPDX-License-Identifier: GPL-3.0-or-later
 * A walk over every tag of the file before any library sees it. What passes is copied without compression: arrays of real numbers and of
 * characters whose sizes agree with their bytes. libmatio has had faults in the rest (structures, sparse and compressed data). */
#include "inflate.h"
#include "mat.h"
#include <fmt/cursor.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { HEAD_BYTES = 128, NAME_MAX_BYTES = 63, PADDING_BYTES = 64, V4_HEAD_BYTES = 20 };
/* Types of elements. */
enum {
  INT8 = 1,
  UINT8 = 2,
  INT16 = 3,
  UINT16 = 4,
  INT32 = 5,
  UINT32 = 6,
  SINGLE = 7,
  DOUBLE = 9,
  INT64 = 12,
  UINT64 = 13,
  MATRIX = 14,
  COMPRESSED = 15
};
enum { UTF8 = 16, UTF16 = 17 };
/* Classes of arrays. */
enum { CLASS_CELL = 1, CLASS_CHAR = 4, CLASS_SPARSE = 5, CLASS_DOUBLE = 6, CLASS_UINT64 = 15 };

typedef struct checked {
  fmt_source *out;
  size_t capacity, base; /* base: of the bytes in the file that are walked over, for messages */
  bool big;
  size_t n, *skipped;
  dsp_error *error;
} checked;

typedef struct element {
  unsigned type;
  size_t bytes;
  const unsigned char *data;
  size_t at;
} element;

static dsp_status broken(const checked *c, size_t at, const char *expected, const char *found) {
  char place[40];
  snprintf(place, sizeof place, "byte %zu", c->base + at);
  return dsp_fail(c->error, DSP_BAD_INPUT, place, expected, "%s", found);
}

/* The next element and its padding. `padded`: elements within an array fill 8 bytes. */
static dsp_status take_element(element *e, const checked *c, fmt_cursor *in, bool padded) {
  e->at = in->at;
  const uint32_t first = fmt_take_u32(in, c->big);
  if (first >> 16) { /* a small one: size and type in one word, at most 4 bytes of data */
    e->type = first & 0xFFFF;
    e->bytes = first >> 16;
    e->data = fmt_take(in, 4);
    if (e->bytes > 4) return broken(c, e->at, "at most 4 bytes", "a small element of more");
  } else {
    e->type = first;
    e->bytes = fmt_take_u32(in, c->big);
    e->data = fmt_take(in, e->bytes);
    if (padded && e->bytes % 8 && fmt_cursor_left(in) > 0) fmt_skip(in, 8 - e->bytes % 8);
  }
  return in->failed ? broken(c, e->at, "an element that is whole", "an element that goes beyond its end") : DSP_OK;
}

static size_t size_of_type(unsigned type) {
  switch (type) {
  case INT8:
  case UINT8:
  case UTF8:
    return 1;
  case INT16:
  case UINT16:
  case UTF16:
    return 2;
  case INT32:
  case UINT32:
  case SINGLE:
    return 4;
  case DOUBLE:
  case INT64:
  case UINT64:
    return 8;
  default:
    return 0;
  }
}

typedef struct array_head {
  unsigned class;
  bool complex;
  size_t n; /* elements */
} array_head;

static uint32_t word_at(const checked *c, const unsigned char *p) {
  return c->big ? fmt_u32be(p) : fmt_u32le(p);
}

/* Flags, dimensions, name. */
static dsp_status take_head(array_head *head, const checked *c, fmt_cursor *in) {
  element e = {0};
  dsp_status status = take_element(&e, c, in, true);
  if (status != DSP_OK) return status;
  if (e.type != UINT32 || e.bytes != 8) return broken(c, e.at, "the flags of an array", "something else");
  const uint32_t flags = word_at(c, e.data);
  *head = (array_head){.class = flags & 0xFF, .complex = (flags & 0x800) != 0, .n = 1};
  status = take_element(&e, c, in, true);
  if (status != DSP_OK) return status;
  if (e.type != INT32 || e.bytes < 8 || e.bytes % 4 || e.bytes > sizeof(int32_t) * FMT_CAP_MAT_DIMENSIONS)
    return broken(c, e.at, "2 to 8 dimensions", "something else");
  for (size_t i = 0; i < e.bytes / 4; i++) {
    const uint32_t n = word_at(c, e.data + 4 * i);
    if (n > INT32_MAX || __builtin_mul_overflow(head->n, (size_t)n, &head->n) || head->n > FMT_CAP_SAMPLES)
      return broken(c, e.at, "dimensions from 0 to 2147483647", "a dimension that cannot be");
  }
  status = take_element(&e, c, in, true);
  if (status != DSP_OK) return status;
  if (size_of_type(e.type) != 1 || e.bytes > NAME_MAX_BYTES || (e.bytes && memchr(e.data, 0, e.bytes)))
    return broken(c, e.at, "the name of an array", "something else");
  return DSP_OK;
}

static dsp_status check_data(const checked *c, fmt_cursor *in, const array_head *head) {
  element e = {0};
  const dsp_status status = take_element(&e, c, in, true);
  if (status != DSP_OK) return status;
  const size_t size = size_of_type(e.type);
  if (size == 0 || e.bytes != head->n * size) return broken(c, e.at, "as many bytes as the dimensions say", "another number of bytes");
  return in->at == in->size ? DSP_OK : broken(c, in->at, "the end of the array", "more bytes");
}

/* Cells that hold texts: those alone are kept. */
static dsp_status check_cells(bool *keep, const checked *c, fmt_cursor *in, const array_head *head) {
  if (head->n > FMT_CAP_CHANNELS * 16) *keep = false;
  for (size_t i = 0; *keep && i < head->n; i++) {
    element e = {0};
    array_head own = {0};
    dsp_status status = take_element(&e, c, in, false);
    if (status != DSP_OK) return status;
    if (e.type != MATRIX) return broken(c, e.at, "an array in a cell", "something else");
    fmt_cursor inner = fmt_cursor_over(e.data, e.bytes);
    status = take_head(&own, c, &inner);
    if (status != DSP_OK) return status;
    *keep = own.class == CLASS_CHAR && !own.complex;
    if (*keep) status = check_data(c, &inner, &own);
    if (status != DSP_OK) return status;
  }
  return DSP_OK;
}

static dsp_status append(checked *c, const void *bytes, size_t n) {
  if (dsp_grow(&c->out->bytes, &c->capacity, c->out->size + n + PADDING_BYTES, 1) != DSP_OK) return dsp_fail_memory(c->error);
  memcpy(c->out->bytes + c->out->size, bytes, n);
  c->out->size += n;
  return DSP_OK;
}

static dsp_status keep_array(checked *c, const element *e) {
  unsigned char tag[8] = {0};
  static const unsigned char zeros[8] = {0};
  for (unsigned i = 0; i < 4; i++) {
    const unsigned shift = 8 * (c->big ? 3 - i : i);
    tag[i] = (unsigned char)((uint32_t)MATRIX >> shift);
    tag[4 + i] = (unsigned char)((uint32_t)(e->bytes + (8 - e->bytes % 8) % 8) >> shift);
  }
  dsp_status status = append(c, tag, sizeof tag);
  if (status == DSP_OK) status = append(c, e->data, e->bytes);
  if (status == DSP_OK && e->bytes % 8) status = append(c, zeros, 8 - e->bytes % 8);
  return status;
}

static dsp_status check_array(checked *c, const element *e) {
  fmt_cursor in = fmt_cursor_over(e->data, e->bytes);
  const size_t base = c->base;
  array_head head = {0};
  c->base += e->at + 8;
  dsp_status status = take_head(&head, c, &in);
  bool keep =
      !head.complex && (head.class == CLASS_CELL || head.class == CLASS_CHAR || (head.class >= CLASS_DOUBLE && head.class <= CLASS_UINT64));
  if (status == DSP_OK && keep) status = head.class == CLASS_CELL ? check_cells(&keep, c, &in, &head) : check_data(c, &in, &head);
  c->base = base;
  if (status != DSP_OK) return status;
  *c->skipped += !keep;
  return keep ? keep_array(c, e) : DSP_OK;
}

/* One array in compressed bytes; places count within them from then on. */
static dsp_status check_compressed(checked *c, const element *e) {
  const fmt_source packed = {.bytes = (unsigned char *)(uintptr_t)e->data, .size = e->bytes};
  fmt_source plain = {0};
  element own = {0};
  dsp_error why = {0};
  dsp_status status = inflate_zlib(&plain, &packed, &why);
  if (status == DSP_NO_MEMORY) return dsp_fail_memory(c->error);
  if (status != DSP_OK) return broken(c, e->at, "whole compressed data", why.found);
  fmt_cursor in = fmt_cursor_over(plain.bytes, plain.size);
  status = take_element(&own, c, &in, false);
  if (status == DSP_OK && own.type != MATRIX) status = broken(c, e->at, "an array in compressed data", "something else");
  if (status == DSP_OK) status = check_array(c, &own);
  fmt_source_clear(&plain);
  return status;
}

static dsp_status check_level5(checked *c, const fmt_source *in) {
  fmt_cursor at = fmt_cursor_over(in->bytes, in->size);
  dsp_status status = append(c, in->bytes, HEAD_BYTES);
  c->big = in->bytes[126] == 'M';
  fmt_seek(&at, HEAD_BYTES);
  while (status == DSP_OK && fmt_cursor_left(&at) > 0) {
    element e = {0};
    status = take_element(&e, c, &at, false);
    if (status != DSP_OK) break;
    if (++c->n > FMT_CAP_MAT_VARIABLES)
      return dsp_fail(c->error, DSP_LIMIT, "", "fewer variables", "more than %d variables", FMT_CAP_MAT_VARIABLES);
    if (e.type == COMPRESSED)
      status = check_compressed(c, &e);
    else if (e.type == MATRIX)
      status = check_array(c, &e);
    else
      status = broken(c, e.at, "an array", "an element of another type");
  }
  return status;
}

typedef struct v4_head {
  uint32_t type, rows, cols, imaginary, name;
} v4_head;

/* type: thousands the byte order, tens the number's kind, units 0 numbers, 1 text, 2 sparse. */
static bool take_v4_head(v4_head *head, fmt_cursor *at, bool big) {
  head->type = fmt_take_u32(at, big);
  head->rows = fmt_take_u32(at, big);
  head->cols = fmt_take_u32(at, big);
  head->imaginary = fmt_take_u32(at, big);
  head->name = fmt_take_u32(at, big);
  return !at->failed && head->type / 1000 == (big ? 1 : 0) && head->type / 100 % 10 == 0 && head->type / 10 % 10 <= 5 &&
         head->type % 10 <= 2 && head->rows <= INT32_MAX && head->cols <= INT32_MAX && head->imaginary <= 1 && head->name >= 2 &&
         head->name <= NAME_MAX_BYTES + 1;
}

static bool v4_name_is_good(const unsigned char *name, size_t n) {
  bool good = name && name[n - 1] == 0 && ((name[0] | 32) >= 'a' && (name[0] | 32) <= 'z');
  for (size_t i = 0; good && i + 1 < n; i++)
    good = name[i] == '_' || (name[i] >= '0' && name[i] <= '9') || ((name[i] | 32) >= 'a' && (name[i] | 32) <= 'z');
  return good;
}

static bool v4_is_big(const fmt_source *source) {
  return source->size >= 4 && fmt_u32le(source->bytes) > 9999;
}

static dsp_status check_level4(checked *c, const fmt_source *in) {
  static const size_t sizes[6] = {8, 4, 4, 2, 2, 1};
  fmt_cursor at = fmt_cursor_over(in->bytes, in->size);
  const bool big = v4_is_big(in);
  while (fmt_cursor_left(&at) > 0) {
    const size_t from = at.at;
    v4_head head;
    size_t n = 0, bytes = 0;
    if (!take_v4_head(&head, &at, big)) return broken(c, from, "the header of a variable", "something else");
    if (!v4_name_is_good(fmt_take(&at, head.name), head.name)) return broken(c, from, "a variable's name", "something else");
    if (++c->n > FMT_CAP_MAT_VARIABLES)
      return dsp_fail(c->error, DSP_LIMIT, "", "fewer variables", "more than %d variables", FMT_CAP_MAT_VARIABLES);
    n = (size_t)head.rows * head.cols;
    if (n > FMT_CAP_SAMPLES || __builtin_mul_overflow(n, sizes[head.type / 10 % 10] * (1 + head.imaginary), &bytes))
      return broken(c, from, "fewer numbers", "more than 2147483647 numbers");
    if (!fmt_take(&at, bytes) && bytes) return broken(c, from, "a variable that is whole", "a variable that goes beyond the file's end");
    const bool keep = !head.imaginary && head.type % 10 < 2;
    *c->skipped += !keep;
    const dsp_status status = keep ? append(c, in->bytes + from, at.at - from) : DSP_OK;
    if (status != DSP_OK) return status;
  }
  return DSP_OK;
}

bool mat_is_level5(const fmt_source *source) {
  if (source->size < HEAD_BYTES) return false;
  const unsigned char *p = source->bytes + 124;
  return (p[2] == 'I' && p[3] == 'M' && p[0] == 0 && p[1] == 1) || (p[2] == 'M' && p[3] == 'I' && p[0] == 1 && p[1] == 0);
}

bool mat_is_level4(const fmt_source *source) {
  fmt_cursor at = fmt_cursor_over(source->bytes, source->size);
  v4_head head;
  return source->size > V4_HEAD_BYTES && take_v4_head(&head, &at, v4_is_big(source)) &&
         v4_name_is_good(fmt_take(&at, head.name), head.name);
}

dsp_status mat_check(fmt_source *out, size_t *skipped, const fmt_source *in, dsp_error *error) {
  checked c = {.out = out, .skipped = skipped, .error = error};
  *out = (fmt_source){0};
  *skipped = 0;
  dsp_status status = mat_is_level5(in) ? check_level5(&c, in) : check_level4(&c, in);
  if (status == DSP_OK && (c.n == *skipped))
    status = dsp_fail(error, DSP_BAD_INPUT, "", MAT_ADVICE, "%s", c.n ? "structures, cells or complex numbers alone" : "no variable");
  if (status != DSP_OK) fmt_source_clear(out);
  return status;
}
