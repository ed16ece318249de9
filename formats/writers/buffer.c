/* SPDX-License-Identifier: GPL-3.0-or-later
 * Growing bytes, and the escapes of every text format that is written. Numbers carry the fewest of 15, 16 or 17 significant digits that
 * read back to the same double: 15 always survive decimal -> double -> decimal, 17 always double -> decimal -> double (IEEE 754). */
#include <fmt/writer.h>

#include <dsp/memory.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD in UTF-8 */

void fmt_buffer_clear(fmt_buffer *buffer) {
  free(buffer->bytes);
  *buffer = (fmt_buffer){0};
}

/* Room for `more` bytes and the NUL. */
static bool reserve(fmt_buffer *buffer, size_t more) {
  if (buffer->failed) return false;
  if (more > SIZE_MAX - 1 - buffer->size || dsp_grow(&buffer->bytes, &buffer->capacity, buffer->size + more + 1, 1) != DSP_OK)
    buffer->failed = true;
  return !buffer->failed;
}

void fmt_put_bytes(fmt_buffer *buffer, const void *bytes, size_t size) {
  if (!reserve(buffer, size)) return;
  if (size > 0) memcpy(buffer->bytes + buffer->size, bytes, size);
  buffer->size += size;
  buffer->bytes[buffer->size] = '\0';
}

void fmt_put(fmt_buffer *buffer, const char *text) {
  fmt_put_bytes(buffer, text, strlen(text));
}

void fmt_printf(fmt_buffer *buffer, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0) buffer->failed = true;
  if (length >= 0 && reserve(buffer, (size_t)length)) {
    vsnprintf(buffer->bytes + buffer->size, (size_t)length + 1, format, again);
    buffer->size += (size_t)length;
  }
  va_end(again);
}

/* printf prints the caller's locale; whatever stands between the digits becomes the C locale's point. */
static size_t to_c_locale(char *text) {
  size_t n = 0;
  bool in_point = false;
  for (const char *c = text; *c; c++) {
    bool keep = (*c >= '0' && *c <= '9') || *c == 'e' || *c == '+' || *c == '-';
    if (keep) text[n++] = *c;
    if (!keep && !in_point) text[n++] = '.';
    in_point = !keep;
  }
  return n;
}

void fmt_put_number(fmt_buffer *buffer, double value, const char *missing) {
  if (!isfinite(value)) {
    fmt_put(buffer, missing);
    return;
  }
  char text[64];
  if (fabs(value) < 1e15 && value == (double)(int64_t)value) { /* also turns -0 into 0 */
    int length = snprintf(text, sizeof text, "%lld", (long long)value);
    fmt_put_bytes(buffer, text, (size_t)length);
    return;
  }
  int digits = fpclassify(value) == FP_SUBNORMAL ? 1 : 15; /* a subnormal has fewer digits */
  do snprintf(text, sizeof text, "%.*g", digits, value);
  while (digits++ < 17 && strtod(text, NULL) != value);
  fmt_put_bytes(buffer, text, to_c_locale(text));
}

/* Length of the well-formed UTF-8 sequence at `at` (RFC 3629) with its code point, or 0. */
static size_t utf8_length(const unsigned char *at, uint32_t *point) {
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  if (at[0] < 0x80) {
    *point = at[0];
    return 1;
  }
  size_t n = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
  if (at[0] < 0xC2 || at[0] > 0xF4) return 0;
  uint32_t code = at[0] & (0xFFu >> (n + 1));
  for (size_t i = 1; i < n; i++) {
    if ((at[i] & 0xC0) != 0x80) return 0; /* the NUL at the end stops here too */
    code = code << 6 | (at[i] & 0x3F);
  }
  *point = code;
  return code < least[n] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) ? 0 : n;
}

/* Copy `text`, replacing what `escape` names; what is not UTF-8 becomes U+FFFD. `escape` returns NULL to copy the character as it is. */
static void put_escaped(fmt_buffer *buffer, const char *text, const char *(*escape)(uint32_t point, char scratch[8])) {
  const char *run = text;
  for (const char *at = text; *at;) {
    uint32_t point = 0;
    char scratch[8];
    size_t length = utf8_length((const unsigned char *)at, &point);
    const char *instead = length == 0 ? REPLACEMENT : escape(point, scratch);
    if (instead) {
      fmt_put_bytes(buffer, run, (size_t)(at - run));
      fmt_put(buffer, instead);
      run = at + (length ? length : 1);
    }
    at += length ? length : 1;
  }
  fmt_put(buffer, run);
}

static const char *escape_json(uint32_t point, char scratch[8]) {
  if (point == '"') return "\\\"";
  if (point == '\\') return "\\\\";
  if (point == '\n') return "\\n";
  if (point == '\t') return "\\t";
  if (point >= 0x20 && point != 0x7F) return NULL;
  snprintf(scratch, 8, "\\u%04x", point);
  return scratch;
}

void fmt_put_json_text(fmt_buffer *buffer, const char *text) {
  if (!text) {
    fmt_put(buffer, "null");
    return;
  }
  fmt_put(buffer, "\"");
  put_escaped(buffer, text, escape_json);
  fmt_put(buffer, "\"");
}

/* NOLINTNEXTLINE(readability-non-const-parameter): one signature for all escapes */
static const char *escape_csv(uint32_t point, char scratch[8]) {
  (void)scratch;
  return point == '"' ? "\"\"" : NULL;
}

void fmt_put_csv_text(fmt_buffer *buffer, const char *text) {
  if (!text) text = "";
  bool quoted = strpbrk(text, ",;\t\"\r\n") != NULL;
  if (quoted) fmt_put(buffer, "\"");
  if (*text && strchr("=+-@\t\r", *text)) fmt_put(buffer, "'"); /* a spreadsheet would run the cell as a formula */
  put_escaped(buffer, text, escape_csv);
  if (quoted) fmt_put(buffer, "\"");
}

static const char *escape_xml(uint32_t point, char scratch[8]) {
  if (point == '&') return "&amp;";
  if (point == '<') return "&lt;";
  if (point == '>') return "&gt;";
  if (point == '"') return "&quot;";
  if (point == '\'') return "&#39;";
  if (point == '\t' || point == '\n' || point == '\r') { /* attribute values would turn them into blanks */
    snprintf(scratch, 8, "&#%u;", point);
    return scratch;
  }
  return point < 0x20 || point == 0xFFFE || point == 0xFFFF ? REPLACEMENT : NULL;
}

void fmt_put_xml_text(fmt_buffer *buffer, const char *text) {
  if (text) put_escaped(buffer, text, escape_xml);
}
