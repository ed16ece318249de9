/* SPDX-License-Identifier: GPL-3.0-or-later
 * Elements of a DICOM file: tag, kind, length, value, and sequences of items within each other (PS3.5 section 7). A length that goes beyond
 * what holds it is an error; a file that simply ends is kept up to there. */
#include "dicom.h"
#include "field.h"
#include <fmt/cursor.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PREAMBLE_BYTES = 128 };
#define UNDEFINED    0xFFFFFFFFU
#define ITEM         0xFFFEE000U
#define ITEM_END     0xFFFEE00DU
#define SEQUENCE_END 0xFFFEE0DDU
#define META_GROUP   0x0002U
#define SYNTAX_TAG   0x00020010U
#define PIXELS_TAG   0x7FE00010U

typedef struct parse {
  dicom_file *file;
  fmt_cursor in;
  bool explicit_vr, big;
  dsp_error *error;
} parse;

static dsp_status broken(const parse *p, size_t at, const char *expected, const char *found) {
  char place[40];
  snprintf(place, sizeof place, "byte %zu", at);
  return dsp_fail(p->error, DSP_BAD_INPUT, place, expected, "%s", found);
}

static uint32_t take_tag(parse *p) {
  const uint32_t group = fmt_take_u16(&p->in, p->big);
  return group << 16 | fmt_take_u16(&p->in, p->big);
}

/* Kinds whose length has 32 bits behind 2 bytes of nothing. */
static bool is_long(const char *vr) {
  static const char kinds[][3] = {"OB", "OW", "OF", "OD", "OL", "OV", "SQ", "SV", "UC", "UR", "UT", "UN", "UV"};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (memcmp(vr, kinds[i], 2) == 0) return true;
  return false;
}

/* Bytes before `end`; an element's head may have gone beyond it. */
static size_t left_before(const parse *p, size_t end) {
  return p->in.at < end ? end - p->in.at : 0;
}

static dsp_status parse_set(parse *p, dicom_set *set, size_t end, unsigned depth);

/* Items up to their end, or to the delimiter when the length is not told. */
// NOLINTNEXTLINE(misc-no-recursion): the depth is capped
static dsp_status parse_items(parse *p, dicom_element *e, size_t end, bool delimited, unsigned depth) {
  if (depth >= FMT_CAP_NESTING) return broken(p, p->in.at, "at most 16 sequences within each other", "deeper nesting");
  while (p->in.at < end && !p->in.failed) {
    const size_t at = p->in.at;
    const uint32_t tag = take_tag(p), n = fmt_take_u32(&p->in, p->big);
    if (p->in.failed) break;
    if (tag == SEQUENCE_END && delimited) return DSP_OK;
    if (tag != ITEM) return broken(p, at, "an item of a sequence", "another element");
    if (n != UNDEFINED && n > left_before(p, end)) return broken(p, at, "an item within its sequence", "an item that is longer");
    if (dsp_grow(&e->items, &e->capacity, e->n_items + 1, sizeof *e->items) != DSP_OK) return dsp_fail_memory(p->error);
    dicom_set *item = &e->items[e->n_items++];
    *item = (dicom_set){0};
    const dsp_status status = parse_set(p, item, n == UNDEFINED ? end : p->in.at + n, depth + 1);
    if (status != DSP_OK) return status;
  }
  return DSP_OK;
}

/* Fragments of a compressed picture: passed over. */
static dsp_status skip_fragments(parse *p) {
  while (!p->in.failed && fmt_cursor_left(&p->in) > 0) {
    const size_t at = p->in.at;
    const uint32_t tag = take_tag(p), n = fmt_take_u32(&p->in, p->big);
    if (tag == SEQUENCE_END) return DSP_OK;
    if (tag != ITEM) return broken(p, at, "a fragment of the picture", "another element");
    fmt_skip(&p->in, n);
  }
  return DSP_OK;
}

// NOLINTNEXTLINE(misc-no-recursion): the depth is capped
static dsp_status parse_value(parse *p, dicom_element *e, uint32_t n, size_t end, unsigned depth) {
  const bool sequence = memcmp(e->vr, "SQ", 2) == 0;
  const size_t left = left_before(p, end);
  if (n == UNDEFINED && e->tag == PIXELS_TAG) return skip_fragments(p);
  if (n == UNDEFINED) return parse_items(p, e, end, true, depth);
  if ((n > left || p->in.at > end) && end < p->in.size) return broken(p, p->in.at, "a value within its item", "a value that is longer");
  if (n > left) { /* the file ends */
    p->file->cut = true;
    p->in.failed = true;
    return DSP_OK;
  }
  e->bytes = p->in.bytes + p->in.at;
  e->n = n;
  /* Without kinds in the file, what begins with an item is taken for a sequence. */
  const bool looks_so = !p->explicit_vr && n >= 8 && (fmt_u16le(e->bytes) == ITEM >> 16) && fmt_u16le(e->bytes + 2) == (ITEM & 0xFFFF);
  if (sequence || looks_so) return parse_items(p, e, p->in.at + n, false, depth);
  fmt_skip(&p->in, n);
  return DSP_OK;
}

static dsp_status parse_set(parse *p, dicom_set *set, size_t end, unsigned depth) { // NOLINT(misc-no-recursion): depth is capped
  while (p->in.at < end && !p->in.failed) {
    const size_t at = p->in.at;
    dicom_element e = {.tag = take_tag(p)};
    uint32_t n = 0;
    if (e.tag == ITEM_END) {
      (void)fmt_take_u32(&p->in, p->big);
      return DSP_OK;
    }
    if (p->explicit_vr) {
      const unsigned char *vr = fmt_take(&p->in, 2);
      if (!vr) break;
      memcpy(e.vr, vr, 2);
      if (vr[0] < 'A' || vr[0] > 'Z' || vr[1] < 'A' || vr[1] > 'Z') return broken(p, at, "an element with its kind", "something else");
      if (is_long(e.vr)) fmt_skip(&p->in, 2);
      n = is_long(e.vr) ? fmt_take_u32(&p->in, p->big) : fmt_take_u16(&p->in, p->big);
    } else {
      n = fmt_take_u32(&p->in, p->big);
    }
    if (p->in.failed) break;
    if (++p->file->n_elements > FMT_CAP_DICOM_ELEMENTS)
      return dsp_fail(p->error, DSP_LIMIT, "", "fewer elements", "more than %d elements", FMT_CAP_DICOM_ELEMENTS);
    if (dsp_grow(&set->rows, &set->capacity, set->n + 1, sizeof *set->rows) != DSP_OK) return dsp_fail_memory(p->error);
    set->rows[set->n++] = e;
    const dsp_status status = parse_value(p, &set->rows[set->n - 1], n, end, depth);
    if (status != DSP_OK) return status;
  }
  return DSP_OK;
}

static void clear_set(dicom_set *set) { // NOLINT(misc-no-recursion): as deep as it was parsed
  for (size_t i = 0; i < set->n; i++) {
    for (size_t k = 0; k < set->rows[i].n_items; k++) clear_set(&set->rows[i].items[k]);
    free(set->rows[i].items);
  }
  free(set->rows);
}

/* Group 2, always explicit and little-endian, up to the first element of another group. */
static dsp_status parse_meta(parse *p) {
  dicom_set meta = {0};
  dsp_status status = DSP_OK;
  while (status == DSP_OK && fmt_cursor_left(&p->in) >= 8 && fmt_u16le(p->in.bytes + p->in.at) == META_GROUP && !p->in.failed) {
    /* One element at a time: its whole length is known from its head. */
    const unsigned char *head = p->in.bytes + p->in.at;
    const bool wide = is_long((const char *)head + 4);
    const size_t n = wide ? (fmt_cursor_left(&p->in) >= 12 ? 12 + (size_t)fmt_u32le(head + 8) : SIZE_MAX) : 8 + (size_t)fmt_u16le(head + 6);
    if (n > fmt_cursor_left(&p->in)) status = broken(p, p->in.at, "the file's meta information", "an end within it");
    if (status == DSP_OK) status = parse_set(p, &meta, p->in.at + n, 0);
  }
  p->file->syntax = status == DSP_OK ? dicom_text(p->file, &meta, SYNTAX_TAG) : NULL;
  if (status == DSP_OK && !p->file->syntax) status = dsp_fail_memory(p->error);
  clear_set(&meta);
  return status;
}

static dsp_status choose_syntax(parse *p) {
  const char *syntax = p->file->syntax;
  p->explicit_vr = strcmp(syntax, "1.2.840.10008.1.2") != 0;
  p->big = strcmp(syntax, "1.2.840.10008.1.2.2") == 0;
  p->file->encapsulated = strncmp(syntax, "1.2.840.10008.1.2.4", 19) == 0 || strcmp(syntax, "1.2.840.10008.1.2.5") == 0;
  p->file->explicit_vr = p->explicit_vr;
  p->file->big = p->big;
  if (strcmp(syntax, "1.2.840.10008.1.2.1.99") == 0)
    return dsp_fail(p->error, DSP_BAD_INPUT, "byte 132", "a copy without compression (dcmconv +te)", "a deflated DICOM file");
  if (p->explicit_vr && !p->big && !p->file->encapsulated && strcmp(syntax, "1.2.840.10008.1.2.1") != 0)
    return dsp_fail(p->error, DSP_BAD_INPUT, "byte 132", "a copy in explicit little-endian form (dcmconv +te)", "transfer syntax \"%.80s\"",
                    syntax);
  return DSP_OK;
}

dsp_status dicom_parse(dicom_file *file, const fmt_source *source, dsp_arena *arena, dsp_error *error) {
  parse p = {.file = file, .in = fmt_cursor_over(source->bytes, source->size), .explicit_vr = true, .error = error};
  *file = (dicom_file){.source = source, .arena = arena};
  fmt_skip(&p.in, PREAMBLE_BYTES + 4);
  dsp_status status = fmt_cursor_check(&p.in, "a DICOM header", error);
  if (status == DSP_OK) status = parse_meta(&p);
  if (status == DSP_OK) status = choose_syntax(&p);
  if (status == DSP_OK) status = parse_set(&p, &file->top, p.in.size, 0);
  file->cut |= p.in.failed;
  return status;
}

void dicom_clear(dicom_file *file) {
  clear_set(&file->top);
  file->top = (dicom_set){0};
}

const dicom_element *dicom_find(const dicom_set *set, uint32_t tag) {
  for (size_t i = 0; set && i < set->n; i++)
    if (set->rows[i].tag == tag) return &set->rows[i];
  return NULL;
}

const dicom_set *dicom_item(const dicom_set *set, uint32_t tag, size_t i) {
  const dicom_element *e = dicom_find(set, tag);
  return e && i < e->n_items ? &e->items[i] : NULL;
}

double dicom_number(const dicom_file *file, const dicom_set *set, uint32_t tag, const char *as, size_t i) {
  const dicom_element *e = dicom_find(set, tag);
  const char *vr = e && e->vr[0] ? e->vr : as;
  const bool wide = memcmp(vr, "UL", 2) == 0 || memcmp(vr, "SL", 2) == 0 || memcmp(vr, "FL", 2) == 0, huge = memcmp(vr, "FD", 2) == 0;
  const size_t size = huge ? 8 : wide ? 4 : 2;
  if (!e || !e->bytes || e->n / size <= i) return (double)NAN;
  const unsigned char *p = e->bytes + i * size;
  if (huge) return fmt_f64_of(file->big ? fmt_u64be(p) : fmt_u64le(p));
  const uint32_t word = size == 2 ? (file->big ? fmt_u16be(p) : fmt_u16le(p)) : file->big ? fmt_u32be(p) : fmt_u32le(p);
  if (memcmp(vr, "FL", 2) == 0) return (double)fmt_f32_of(word);
  if (memcmp(vr, "SL", 2) == 0) return (int32_t)word;
  return memcmp(vr, "SS", 2) == 0 ? (int16_t)word : (double)word;
}

double dicom_decimal(const dicom_set *set, uint32_t tag) {
  const dicom_element *e = dicom_find(set, tag);
  const unsigned char *end = e && e->bytes ? memchr(e->bytes, '\\', e->n) : NULL;
  double value = 0;
  return e && e->bytes && field_number(&value, e->bytes, end ? (size_t)(end - e->bytes) : e->n) ? value : (double)NAN;
}

const char *dicom_text(const dicom_file *file, const dicom_set *set, uint32_t tag) {
  const dicom_element *e = dicom_find(set, tag);
  return e && e->bytes ? field_text(file->arena, e->bytes, e->n) : "";
}
