/* SPDX-License-Identifier: GPL-3.0-or-later
 * UTF-8 as RFC 3629 has it, and Windows-1252, which is what bytes above 127 are when they are not UTF-8. */
#include "encoding.h"
#include <string.h>

/* Windows-1252, 0x80..0x9F; unassigned places become U+FFFD. */
static const unsigned short latin_high[32] = {0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
                                              0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                              0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

size_t encoding_put(unsigned char *out, unsigned long c) {
  if (c < 0x80) {
    out[0] = (unsigned char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (unsigned char)(0xC0 | (c >> 6));
    out[1] = (unsigned char)(0x80 | (c & 63));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (unsigned char)(0xE0 | (c >> 12));
    out[1] = (unsigned char)(0x80 | ((c >> 6) & 63));
    out[2] = (unsigned char)(0x80 | (c & 63));
    return 3;
  }
  out[0] = (unsigned char)(0xF0 | (c >> 18));
  out[1] = (unsigned char)(0x80 | ((c >> 12) & 63));
  out[2] = (unsigned char)(0x80 | ((c >> 6) & 63));
  out[3] = (unsigned char)(0x80 | (c & 63));
  return 4;
}

unsigned long encoding_latin(unsigned char c) {
  return c >= 0x80 && c < 0xA0 ? latin_high[c - 0x80] : c;
}

bool encoding_is_utf8(const unsigned char *p, const unsigned char *end) {
  while (p < end) {
    unsigned long long eight;
    while (end - p >= 8 && (memcpy(&eight, p, 8), (eight & 0x8080808080808080U) == 0)) p += 8;
    if (p == end) break;
    const unsigned char c = *p++;
    if (c < 0x80) continue;
    const int more = c >= 0xC2 && c < 0xE0 ? 1 : c >= 0xE0 && c < 0xF0 ? 2 : c >= 0xF0 && c < 0xF5 ? 3 : -1;
    if (more < 0 || end - p < more) return false;
    if ((c == 0xE0 && p[0] < 0xA0) || (c == 0xED && p[0] > 0x9F) || (c == 0xF0 && p[0] < 0x90) || (c == 0xF4 && p[0] > 0x8F)) return false;
    for (int i = 0; i < more; i++)
      if ((*p++ & 0xC0) != 0x80) return false;
  }
  return true;
}
