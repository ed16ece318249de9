/* SPDX-License-Identifier: GPL-3.0-or-later
 * Is an HDF5 file built as our writer builds them? A walk over all of its structure before the HDF5 library sees it, since that library
 * trusts many a length and address: superblock 2, object headers of version 2 whose messages have the forms below, hard links, contiguous,
 * compact or chunked data of rank 0 or 1 behind a B-tree of version 1. Every piece lies within the file, belongs to one owner, and holds as
 * many bytes as its type and shape say. After the HDF5 File Format Specification Version 3.0, II to IV. */
#include "report_shape.h"
#include "inflate.h"
#include <fmt/cursor.h>
#include <stdlib.h>
#include <string.h>

enum { TREE_ENTRIES_MAX = 64, TREE_BYTES = 24 + 65 * 24 + 64 * 8 }; /* as the library writes a node */
enum {
  NIL = 0,
  SPACE = 1,
  LINKS = 2,
  TYPE = 3,
  FILL = 5,
  LINK = 6,
  LAYOUT = 8,
  GROUP = 10,
  FILTERS = 11,
  ATTRIBUTE = 12,
  CONTINUATION = 16,
  ATTRIBUTES = 21
};
enum { DEFLATE = 1, SHUFFLE = 2, FLETCHER = 3 };
#define NOWHERE UINT64_MAX

typedef struct piece {
  size_t from, to;
} piece;

typedef struct shape {
  const unsigned char *bytes;
  size_t size, n, capacity;
  piece *pieces;
  bool no_memory;
} shape;

/* What the messages of one object header say. */
typedef struct object {
  bool group, deflated, checked;
  unsigned blocks; /* that continue the header */
  unsigned seen;   /* bit of each type of message that may stand once */
  size_t element, points, rank;
  unsigned class;       /* of its layout: 0 compact, 1 contiguous, 2 chunked */
  size_t stored, chunk; /* bytes of 0 and 1; elements a chunk of 2 */
  uint64_t at;          /* of the data, or of the B-tree */
} object;

/* Each byte of the file belongs to one piece. */
static bool claim(shape *s, uint64_t from, uint64_t length) {
  if (from > s->size || length > s->size - from || s->n >= FMT_CAP_H5_PIECES) return false;
  if (dsp_grow(&s->pieces, &s->capacity, s->n + 1, sizeof *s->pieces) != DSP_OK) {
    s->no_memory = true;
    return false;
  }
  s->pieces[s->n++] = (piece){(size_t)from, (size_t)(from + length)};
  return true;
}

static int by_place(const void *a, const void *b) {
  const piece *p = a, *q = b;
  if (p->from != q->from) return p->from < q->from ? -1 : 1;
  return (p->to > q->to) - (p->to < q->to);
}

static bool disjoint(shape *s) {
  qsort(s->pieces, s->n, sizeof *s->pieces, by_place);
  for (size_t i = 1; i < s->n; i++)
    if (s->pieces[i].from < s->pieces[i - 1].to) return false;
  return true;
}

static bool is_next(fmt_cursor *in, const char *bytes, size_t n) {
  const unsigned char *p = fmt_take(in, n);
  return p && memcmp(p, bytes, n) == 0;
}

static size_t take_length(fmt_cursor *in, size_t width) {
  const unsigned char *p = fmt_take(in, width);
  size_t value = 0;
  for (size_t i = 0; p && i < width; i++) value |= (size_t)p[i] << 8 * i;
  return value;
}

/* It is a tree; how deep it may be is bounded at each turn. NOLINTBEGIN(misc-no-recursion) */
static bool take_type(size_t *size, fmt_cursor *in, unsigned depth);

static bool take_compound(size_t size, fmt_cursor *in, unsigned members, unsigned depth) {
  const size_t width = size < 1U << 8 ? 1 : size < 1U << 16 ? 2 : size < 1U << 24 ? 3 : 4;
  size_t end = 0;
  if (depth > 0 || members == 0) return false;
  for (unsigned i = 0; i < members; i++) {
    const unsigned char *name = in->bytes + in->at, *stop = memchr(name, 0, fmt_cursor_left(in));
    size_t own = 0;
    if (!stop || stop == name) return false;
    fmt_skip(in, (size_t)(stop - name) + 1);
    const size_t at = take_length(in, width);
    if (!take_type(&own, in, depth + 1) || at < end || own > size || at > size - own) return false;
    end = at + own;
  }
  return true;
}

/* One datatype: doubles, whole numbers, texts of fixed length, compounds of these; references and lists of them, which only dimension
 * scales use, are never read. */
static bool take_type(size_t *size, fmt_cursor *in, unsigned depth) {
  const unsigned kind = fmt_take_u8(in), low = fmt_take_u8(in), middle = fmt_take_u8(in), high = fmt_take_u8(in);
  size_t inner = 0;
  *size = fmt_take_u32(in, false);
  if (in->failed || high != 0 || *size == 0 || (middle != 0 && kind != 0x36 && kind != 0x11)) return false;
  switch (kind) {
  case 0x10:
    return (low == 0 || low == 8) && (*size == 1 || *size == 4 || *size == 8) && fmt_take_u16(in, false) == 0 &&
           fmt_take_u16(in, false) == 8 * *size;
  case 0x11:
    return low == 0x20 && middle == 0x3F && *size == 8 && is_next(in, "\0\0\x40\0\x34\x0B\0\x34\xFF\3\0\0", 12);
  case 0x13:
    return (low & 0x0F) <= 1 && (low & 0xF0) <= 0x10;
  case 0x17:
    return low == 0 && *size == 8;
  case 0x19:
    return low == 0 && *size == 16 && depth == 0 && take_type(&inner, in, 1) && inner == 8;
  case 0x36:
    return take_compound(*size, in, low | middle << 8, depth);
  default:
    return false;
  }
}

static bool take_space(size_t *points, size_t *rank, fmt_cursor *in) {
  const unsigned version = fmt_take_u8(in), dimensions = fmt_take_u8(in), flags = fmt_take_u8(in), kind = fmt_take_u8(in);
  *points = 1;
  *rank = dimensions;
  if (in->failed || version != 2 || dimensions > 1 || flags > 1 || kind != dimensions) return false;
  if (dimensions == 0) return flags == 0;
  const uint64_t n = fmt_take_u64(in, false), most = flags ? fmt_take_u64(in, false) : n;
  *points = (size_t)n;
  return !in->failed && most >= n && n <= FMT_CAP_SAMPLES;
}

static bool is_attribute(fmt_cursor *in) {
  const bool known = is_next(in, "\3", 2);
  const size_t name = fmt_take_u16(in, false), type = fmt_take_u16(in, false), space = fmt_take_u16(in, false);
  const unsigned charset = fmt_take_u8(in);
  const unsigned char *text = fmt_take(in, name);
  fmt_cursor types = fmt_cursor_over(in->bytes + in->at, type <= fmt_cursor_left(in) ? type : 0);
  fmt_skip(in, type);
  fmt_cursor spaces = fmt_cursor_over(in->bytes + in->at, space <= fmt_cursor_left(in) ? space : 0);
  fmt_skip(in, space);
  size_t element = 0, points = 0, rank = 0, bytes = 0;
  return known && charset <= 1 && !in->failed && name > 1 && memchr(text, 0, name) == text + name - 1 && take_type(&element, &types, 0) &&
         fmt_cursor_left(&types) == 0 && take_space(&points, &rank, &spaces) && fmt_cursor_left(&spaces) == 0 &&
         !__builtin_mul_overflow(element, points, &bytes) && bytes == fmt_cursor_left(in) && fmt_take(in, bytes);
}

static bool take_filters(object *o, fmt_cursor *in) {
  const unsigned version = fmt_take_u8(in), n = fmt_take_u8(in);
  if (version != 2 || n == 0 || n > 3) return false;
  for (unsigned i = 0, last = 0; i < n; i++) {
    const unsigned id = fmt_take_u16(in, false), optional = fmt_take_u16(in, false), values = fmt_take_u16(in, false);
    const uint32_t value = values == 1 ? fmt_take_u32(in, false) : 0;
    const unsigned turn = id == SHUFFLE ? 1 : id == DEFLATE ? 2 : 3;
    if (in->failed || (id != DEFLATE && id != SHUFFLE && id != FLETCHER) || turn <= last || optional > 1 || values != (id != FLETCHER) ||
        (id == SHUFFLE && value != o->element) || (id == DEFLATE && value > 9))
      return false;
    o->deflated |= id == DEFLATE;
    o->checked |= id == FLETCHER;
    last = turn;
  }
  return true;
}

static bool take_layout(object *o, fmt_cursor *in) {
  const unsigned version = fmt_take_u8(in);
  o->class = fmt_take_u8(in);
  if (version != 3 || o->class > 2) return false;
  if (o->class == 0) {
    o->stored = fmt_take_u16(in, false);
    return fmt_take(in, o->stored) != NULL;
  }
  if (o->class == 2 && fmt_take_u8(in) != 2) return false;
  o->at = fmt_take_u64(in, false);
  if (o->class == 1)
    o->stored = (size_t)fmt_take_u64(in, false);
  else
    o->chunk = fmt_take_u32(in, false);
  return !in->failed && (o->class == 1 || fmt_take_u32(in, false) == o->element);
}

static bool walk(shape *s, uint64_t at, unsigned depth);

static bool follow_link(shape *s, fmt_cursor *in, unsigned depth) {
  const bool known = is_next(in, "\1\x10\1", 3);
  const size_t length = fmt_take_u8(in);
  const unsigned char *name = fmt_take(in, length);
  const uint64_t at = fmt_take_u64(in, false);
  return known && !in->failed && length > 0 && !memchr(name, 0, length) && walk(s, at, depth + 1);
}

static bool take_blocks(shape *s, object *o, fmt_cursor *in, unsigned depth);

static bool follow_block(shape *s, object *o, fmt_cursor *in, unsigned depth) {
  const uint64_t at = fmt_take_u64(in, false), length = fmt_take_u64(in, false);
  if (in->failed || length < 8 || ++o->blocks > FMT_CAP_H5_BLOCKS || !claim(s, at, length) || memcmp(s->bytes + at, "OCHK", 4) != 0)
    return false;
  fmt_cursor block = fmt_cursor_over(s->bytes + at + 4, (size_t)length - 8);
  return take_blocks(s, o, &block, depth);
}

static bool take_message(shape *s, object *o, unsigned type, fmt_cursor *in, unsigned depth) {
  static const char none[] = "\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"; /* nothing kept outside the header */
  const bool once = type == SPACE || type == LINKS || type == TYPE || type == FILL || type == LAYOUT || type == GROUP || type == FILTERS;
  if (once && (o->seen & 1U << type)) return false;
  if (once) o->seen |= 1U << type;
  switch (type) {
  case NIL:
    fmt_skip(in, fmt_cursor_left(in));
    return true;
  case SPACE:
    return take_space(&o->points, &o->rank, in);
  case TYPE:
    return take_type(&o->element, in, 0);
  case LINKS:
    o->group = true;
    return is_next(in, none, 18);
  case ATTRIBUTES:
    return is_next(in, none, 18);
  case FILL:
    return fmt_take_u8(in) == 3 && (fmt_take_u8(in) & 0xFE) == 0x0A;
  case LINK:
    return follow_link(s, in, depth);
  case LAYOUT:
    return (o->seen & 1U << TYPE) && take_layout(o, in);
  case GROUP:
    return fmt_cursor_left(in) == 2 ? is_next(in, "\0", 2) : is_next(in, "\0\1\x40\0\x20", 6);
  case FILTERS:
    return (o->seen & 1U << TYPE) && take_filters(o, in);
  case ATTRIBUTE:
    return is_attribute(in);
  case CONTINUATION:
    return follow_block(s, o, in, depth);
  default:
    return false;
  }
}

static bool take_blocks(shape *s, object *o, fmt_cursor *in, unsigned depth) {
  while (fmt_cursor_left(in) >= 4) { /* fewer are a gap */
    const unsigned type = fmt_take_u8(in);
    const size_t length = fmt_take_u16(in, false);
    const unsigned flags = fmt_take_u8(in);
    const unsigned char *body = fmt_take(in, length);
    if (!body || (flags != 0 && flags != 1 && flags != 4)) return false; /* none whose body stands elsewhere */
    fmt_cursor message = fmt_cursor_over(body, length);
    if (!take_message(s, o, type, &message, depth) || message.failed || fmt_cursor_left(&message) > 0) return false;
  }
  return true;
}

/* A chunk holds, when its filters are undone, what its elements take: HDF5 reads as much, whether it is there or not. */
static bool is_chunk(shape *s, const object *o, uint64_t at, size_t stored) {
  const size_t whole = o->chunk * o->element, tail = o->checked ? 4 : 0;
  if (stored < tail || !claim(s, at, stored)) return false;
  if (!o->deflated) return stored - tail == whole;
  const fmt_source packed = {.bytes = (unsigned char *)(uintptr_t)(s->bytes + at), .size = stored - tail};
  fmt_source plain = {0};
  dsp_error why = {0};
  const dsp_status status = inflate_zlib(&plain, &packed, &why);
  const bool full = status == DSP_OK && plain.size == whole;
  if (status == DSP_NO_MEMORY) s->no_memory = true;
  fmt_source_clear(&plain);
  return full;
}

static bool is_tree(shape *s, const object *o, uint64_t at, unsigned level, bool top) {
  if (!claim(s, at, TREE_BYTES)) return false;
  fmt_cursor in = fmt_cursor_over(s->bytes + at, TREE_BYTES);
  const bool known = is_next(&in, "TREE\1", 5);
  const unsigned own = fmt_take_u8(&in), entries = fmt_take_u16(&in, false);
  fmt_skip(&in, 16); /* siblings, which reading does not follow */
  if (!known || own > FMT_CAP_H5_TREE_LEVELS || (!top && own + 1 != level) || entries > TREE_ENTRIES_MAX) return false;
  for (unsigned i = 0; i < entries; i++) {
    const uint32_t stored = fmt_take_u32(&in, false), mask = fmt_take_u32(&in, false);
    const uint64_t first = fmt_take_u64(&in, false), inner = fmt_take_u64(&in, false), child = fmt_take_u64(&in, false);
    if (mask != 0 || inner != 0 || first % o->chunk != 0 || first >= o->points) return false;
    if (!(own ? is_tree(s, o, child, own, false) : is_chunk(s, o, child, stored))) return false;
  }
  return true;
}

static bool is_data(shape *s, const object *o) {
  const unsigned whole = 1U << SPACE | 1U << TYPE | 1U << FILL | 1U << LAYOUT;
  size_t bytes = 0;
  if ((o->seen & whole) != whole || (o->seen & 1U << GROUP) || __builtin_mul_overflow(o->points, o->element, &bytes)) return false;
  if (o->class != 2 && (o->seen & 1U << FILTERS)) return false;
  if (o->class == 0) return o->stored == bytes;
  if (o->class == 1) return o->stored == bytes && (o->at == NOWHERE ? bytes == 0 : claim(s, o->at, bytes));
  if (o->rank != 1 || o->chunk == 0 || o->chunk > FMT_CAP_H5_CHUNK_BYTES / o->element) return false;
  return o->at == NOWHERE || is_tree(s, o, o->at, 0, true);
}

/* An object header, and all that hangs on it. */
static bool walk(shape *s, uint64_t at, unsigned depth) {
  object o = {0};
  if (depth > FMT_CAP_H5_DEPTH || at > s->size) return false;
  fmt_cursor in = fmt_cursor_over(s->bytes + at, s->size - (size_t)at);
  const bool known = is_next(&in, "OHDR\2", 5);
  const unsigned flags = fmt_take_u8(&in);
  if (!known || (flags & ~0x13U) != 0) return false; /* no times, no order of making */
  if (flags & 0x10) fmt_skip(&in, 4);                /* how many attributes are kept in the header */
  const size_t length = take_length(&in, (size_t)1 << (flags & 3));
  const unsigned char *body = fmt_take(&in, length);
  fmt_skip(&in, 4);
  if (in.failed || !claim(s, at, in.at)) return false;
  fmt_cursor block = fmt_cursor_over(body, length);
  return take_blocks(s, &o, &block, depth) && (o.group ? o.seen == (1U << LINKS | 1U << GROUP) : is_data(s, &o));
}
/* NOLINTEND(misc-no-recursion) */

dsp_status report_shape(const fmt_source *source, dsp_error *error) {
  shape s = {.bytes = source->bytes, .size = source->size};
  bool ours = claim(&s, 0, 48) && fmt_u64le(s.bytes + 12) == 0 && fmt_u64le(s.bytes + 20) == NOWHERE;
  ours = ours && walk(&s, fmt_u64le(s.bytes + 36), 0) && disjoint(&s);
  char place[40];
  snprintf(place, sizeof place, "byte %zu", s.n ? s.pieces[s.n - 1].from : 0);
  free(s.pieces);
  if (s.no_memory) return dsp_fail_memory(error);
  return ours ? DSP_OK
              : dsp_fail(error, DSP_BAD_INPUT, place, "a report as pleth has written it",
                         "HDF5 that is damaged, or was changed by another program");
}
