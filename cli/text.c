/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text for people. Widths follow UAX #11 (East Asian Width) in the ranges that occur in names; no locale is asked. */
#include "text.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECIMALS_MAX 6

typedef struct range {
  uint32_t first, last;
} range;

static bool within(uint32_t code, const range *ranges, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (code >= ranges[i].first && code <= ranges[i].last) return true;
  return false;
}

/* Length in bytes of the character at `text` and its code; 0 when the bytes are not UTF-8 (overlong and surrogates included). */
static size_t decode(const char *text, uint32_t *code) {
  const unsigned char *s = (const unsigned char *)text;
  if (s[0] < 0x80) {
    *code = s[0];
    return 1;
  }
  const size_t length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
  *code = s[0] & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((s[i] & 0xC0) != 0x80) return 0;
    *code = *code << 6 | (s[i] & 0x3F);
  }
  return *code < least[length] || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF) ? 0 : length;
}

/* C0, DEL, C1, line and paragraph separators, and the marks that reorder what follows them. */
static bool unsafe(uint32_t code) {
  static const range ranges[] = {{0, 0x1F}, {0x7F, 0x9F}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}};
  return within(code, ranges, sizeof ranges / sizeof *ranges);
}

void text_put_clean(fmt_buffer *out, const char *text) {
  if (text == NULL) return;
  while (*text != '\0') {
    uint32_t code = 0;
    const size_t length = decode(text, &code);
    if (length > 0 && !unsafe(code)) {
      fmt_put_bytes(out, text, length);
      text += length;
      continue;
    }
    for (size_t i = 0; i < (length > 0 ? length : 1); i++) fmt_printf(out, "\\x%02x", (unsigned char)*text++);
  }
}

/* Length of a sequence that sets colour or weight (ECMA-48, SGR) at `text`, 0 when it is none. */
static size_t colour_length(const char *text) {
  if (text[0] != '\033' || text[1] != '[') return 0;
  const size_t length = 2 + strspn(text + 2, "0123456789;");
  return text[length] == 'm' ? length + 1 : 0;
}

void text_put_foreign(fmt_buffer *out, const char *bytes, size_t size) {
  const char *end = bytes + size;
  for (size_t length = 0; bytes < end; bytes += length) {
    uint32_t code = 0;
    length = colour_length(bytes);
    if (length == 0) length = decode(bytes, &code);
    if (length == 0 || (unsafe(code) && code != 0 && code != '\n' && code != '\t')) {
      length = 1;
      fmt_printf(out, "\\x%02x", (unsigned char)*bytes);
    } else {
      fmt_put_bytes(out, bytes, length);
    }
  }
}

size_t text_width(const char *text) {
  static const range none[] = {{0x300, 0x36F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
  static const range wide[] = {{0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
                               {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};
  size_t width = 0;
  while (*text != '\0') {
    uint32_t code = 0;
    const size_t length = decode(text, &code);
    if (within(code, wide, sizeof wide / sizeof *wide))
      width += 2;
    else if (!within(code, none, sizeof none / sizeof *none))
      width++;
    text += length > 0 ? length : 1;
  }
  return width;
}

/* Edits (insert, delete, replace, swap neighbours) between two words of fewer than 64 bytes: Damerau's restricted distance. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb) {
  size_t d[64][64];
  for (size_t i = 0; i <= na; i++) d[i][0] = i;
  for (size_t j = 0; j <= nb; j++) d[0][j] = j;
  for (size_t i = 1; i <= na; i++)
    for (size_t j = 1; j <= nb; j++) {
      size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
      if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best) best = d[i - 2][j - 2] + 1;
      d[i][j] = best;
    }
  return d[na][nb];
}

const char *text_nearest(const char *word, const char *const *candidates) {
  const size_t length = strlen(word);
  const char *nearest = NULL;
  size_t best = length <= 3 ? 2 : length <= 6 ? 3 : 4; /* one edit in a short word, three in a long one */
  if (length == 0 || length > 63) return NULL;
  for (; *candidates != NULL; candidates++) {
    const size_t other = strlen(*candidates);
    if (other > 63) continue;
    const bool begins = length >= 3 && strncmp(*candidates, word, length) == 0;
    const size_t edits = begins ? 1 : distance(word, length, *candidates, other);
    if (edits < best) {
      best = edits;
      nearest = *candidates;
    }
  }
  return nearest;
}

int text_decimals(double value) {
  for (int decimals = 0; decimals < 17; decimals++) {
    char text[400];
    (void)snprintf(text, sizeof text, "%.*f", decimals, value);
    if (strtod(text, NULL) == value) return decimals;
  }
  return 17;
}

void text_put_rounded(fmt_buffer *out, double value, int decimals) {
  const double step = pow(10.0, -decimals);
  if (decimals < 0) value = round(value / step) * step;
  if (fabs(value) < step / 2) value = 0; /* no -0.0 */
  fmt_printf(out, "%.*f", decimals > 0 ? decimals : 0, value);
}

/* Decimals that show `size` with two significant digits; rounding up to the next power of ten drops one. */
static int decimals_of(double size) {
  int power = (int)floor(log10(size));
  if (size / pow(10.0, power) >= 9.95) power++;
  return 1 - power;
}

void text_put_interval(fmt_buffer *out, double value, double lo, double hi) {
  if (!isfinite(value)) {
    fmt_put(out, "n/a");
    return;
  }
  if (!isfinite(lo) || !isfinite(hi) || !(hi > lo)) {
    fmt_printf(out, "%.4g", value == 0 ? 0 : value);
    return;
  }
  const double half = (hi - lo) / 2, skew = fabs(hi + lo - 2 * value);
  const int exact = text_decimals(value), known = decimals_of(half);
  const int decimals = known < DECIMALS_MAX ? known : DECIMALS_MAX;
  text_put_rounded(out, value, decimals < exact ? decimals : exact);
  if (skew > 0.1 * half) {
    fmt_put(out, " (");
    text_put_rounded(out, lo, decimals);
    fmt_put(out, " to ");
    text_put_rounded(out, hi, decimals);
    fmt_put(out, ")");
    return;
  }
  fmt_put(out, " \u00b1 ");
  if (known > DECIMALS_MAX)
    fmt_printf(out, "%.1e", half);
  else
    text_put_rounded(out, half, known);
}
