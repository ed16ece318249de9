/* SPDX-License-Identifier: GPL-3.0-or-later
 * Encodings: byte order marks; UTF-16 without one by its zero bytes; else UTF-8 when the bytes are valid UTF-8 (RFC 3629), else
 * Windows-1252. UTF-8 is used in place; whether text outside ASCII is valid is looked at only when there is some. */
#include "csv.h"
#include "encoding.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64, LOOK_BYTES = 512, PADDING_BYTES = 64, OUT_PER_UNIT = 3 };

/* Nothing but bytes 1 to 127, as most files: one pass answers both questions, is there a NUL and is it UTF-8. */
static bool plain_ascii(const unsigned char *p, const unsigned char *end) {
  const uint64_t high = 0x8080808080808080U, ones = 0x0101010101010101U;
  while (end - p >= BLOCK_BYTES) {
    uint64_t seen = 0, v[BLOCK_BYTES / 8];
    memcpy(v, p, sizeof v);
    for (size_t i = 0; i < BLOCK_BYTES / 8; i++)
      seen |= v[i] | (v[i] - ones); /* a zero byte borrows; among bytes below 128 no other sets its top bit */
    if (seen & high) return false;
    p += BLOCK_BYTES;
  }
  while (p < end && *p != 0 && *p < 128) p++;
  return p == end;
}

/* 1 little-endian, 2 big-endian, 0 not UTF-16. Of ASCII text every second byte is zero. */
static int utf16_kind(const unsigned char *bytes, size_t size, size_t *mark) {
  *mark = 0;
  if (size >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE) return *mark = 2, 1;
  if (size >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF) return *mark = 2, 2;
  const size_t look = (size < LOOK_BYTES ? size : LOOK_BYTES) & ~(size_t)1;
  size_t zeros[2] = {0, 0};
  for (size_t i = 0; i < look; i++) zeros[i & 1] += bytes[i] == 0;
  if (look >= 4 && zeros[1] * 4 >= look && zeros[0] == 0) return 1;
  if (look >= 4 && zeros[0] * 4 >= look && zeros[1] == 0) return 2;
  return 0;
}

static dsp_status from_utf16(csv_table *table, const unsigned char *bytes, size_t size, bool big, size_t mark, dsp_error *error) {
  char place[64];
  if (size % 2) {
    snprintf(place, sizeof place, "byte %zu", size);
    return dsp_fail(error, DSP_BAD_INPUT, place, "an even number of bytes", "UTF-16 text that is cut in the middle of a character");
  }
  const size_t units = (size - mark) / 2;
  unsigned char *out = units < (SIZE_MAX - PADDING_BYTES) / OUT_PER_UNIT ? dsp_alloc(units * OUT_PER_UNIT + PADDING_BYTES, 1) : NULL;
  if (!out) return dsp_fail_memory(error);
  table->owned = out;
  size_t n = 0;
  for (size_t i = mark; i + 1 < size; i += 2) {
    unsigned long c = big ? (unsigned long)bytes[i] << 8 | bytes[i + 1] : (unsigned long)bytes[i + 1] << 8 | bytes[i];
    if (c >= 0xD800 && c < 0xE000) {
      const unsigned long low = i + 3 >= size ? 0
                                : big         ? (unsigned long)bytes[i + 2] << 8 | bytes[i + 3]
                                              : (unsigned long)bytes[i + 3] << 8 | bytes[i + 2];
      if (c >= 0xDC00 || low < 0xDC00 || low >= 0xE000) {
        snprintf(place, sizeof place, "byte %zu", i);
        return dsp_fail(error, DSP_BAD_INPUT, place, "a surrogate pair", "half a UTF-16 surrogate pair");
      }
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
      i += 2;
    }
    n += encoding_put(out + n, c);
  }
  memset(out + n, 0, PADDING_BYTES);
  table->at = out;
  table->end = out + n;
  return DSP_OK;
}

/* Four zero bytes at the start of many binary formats aside, a text has no NUL at all. */
static dsp_status refuse_nul(const csv_table *table, const fmt_source *source, dsp_error *error) {
  const unsigned char *nul = memchr(table->at, 0, (size_t)(table->end - table->at));
  char place[64];
  if (!nul) return DSP_OK;
  size_t line = 1;
  for (const unsigned char *p = table->at; p < nul; p = csv_next_line(p, nul)) {
    const unsigned char *q = p;
    while (q < nul && *q != '\n' && *q != '\r') q++;
    if (q == nul) break;
    p = q;
    line++;
  }
  if (table->owned)
    snprintf(place, sizeof place, "line %zu", line);
  else
    snprintf(place, sizeof place, "byte %zu (line %zu)", (size_t)(nul - source->bytes), line);
  return dsp_fail(error, DSP_BAD_INPUT, place, "text", "a NUL byte");
}

dsp_status csv_decode(csv_table *table, const fmt_source *source, dsp_error *error) {
  size_t mark = 0;
  if (source->size == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "a table with numbers", "an empty file");
  const int utf16 = utf16_kind(source->bytes, source->size, &mark);
  if (utf16) {
    dsp_status status = from_utf16(table, source->bytes, source->size, utf16 == 2, mark, error);
    if (status != DSP_OK) return status;
    return refuse_nul(table, source, error);
  }
  mark = source->size >= 3 && memcmp(source->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  table->at = source->bytes + mark;
  table->end = source->bytes + source->size;
  if (plain_ascii(table->at, table->end)) return DSP_OK;
  dsp_status status = refuse_nul(table, source, error);
  if (status == DSP_OK && !encoding_is_utf8(table->at, table->end)) {
    table->latin = true;
    if (dsp_recording_warn(table->recording, "encoding_guessed", "the text is not valid UTF-8; read as Windows-1252") != DSP_OK)
      return dsp_fail_memory(error);
  }
  return status;
}

const char *csv_copy(csv_table *table, csv_span cell) {
  unsigned char utf8[3];
  cell = csv_trim(cell);
  if (cell.n > FMT_CAP_TEXT_BYTES) cell.n = FMT_CAP_TEXT_BYTES;
  char *text = dsp_arena_alloc(table->recording->arena, cell.n * (table->latin ? OUT_PER_UNIT : 1) + 1, 1);
  if (!text) return NULL;
  size_t n = 0;
  for (size_t i = 0; i < cell.n; i++) {
    unsigned char c = cell.at[i];
    if (c == '"' && i + 1 < cell.n && cell.at[i + 1] == '"') i++;
    if (c < ' ' || c == 127) c = ' ';
    if (c < 0x80 || !table->latin) {
      text[n++] = (char)c;
      continue;
    }
    const size_t bytes = encoding_put(utf8, encoding_latin(c));
    memcpy(text + n, utf8, bytes);
    n += bytes;
  }
  if (!table->latin) /* a cut must not leave half a character */
    while (n == FMT_CAP_TEXT_BYTES && n && ((unsigned char)text[n - 1] & 0xC0) == 0x80) n--;
  text[n] = '\0';
  return text;
}
