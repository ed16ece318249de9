/* SPDX-License-Identifier: GPL-3.0-or-later
 * The common number, taken in a few instructions: up to 8 + 8 digits are found and summed eight bytes at a time, and where the digits fit
 * 2^53 and the power of ten 10^22, one division of exact doubles is correctly rounded (W. D. Clinger, "How to read floating point numbers
 * accurately", PLDI 1990). Whatever does not fit is left to csv_number. */
#ifndef READERS_CSV_NUMBER_H
#define READERS_CSV_NUMBER_H

#include "csv.h"
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Leading digits among the eight bytes at p: their count and their value. Reads 8 bytes. */
static inline unsigned csv_digits(const unsigned char *p, uint64_t *value) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  v ^= 0x3030303030303030U; /* a digit's byte is now 0..9 */
  const uint64_t others = (((v + 0x7676767676767676U) | v) & 0x8080808080808080U);
  const unsigned n = others ? (unsigned)__builtin_ctzll(others) >> 3 : 8;
  if (n == 0) {
    *value = 0;
    return 0;
  }
  v <<= 64 - 8 * n; /* the first digits move up, zeros lead */
  v = v * 10 + (v >> 8);
  *value = ((v & 0x000000FF000000FFU) * 0x000F424000000064U + ((v >> 16) & 0x000000FF000000FFU) * 0x0000271000000001U) >> 32;
  return n;
}
#else
static inline unsigned csv_digits(const unsigned char *p, uint64_t *value) {
  unsigned n = 0;
  for (*value = 0; n < 8 && (unsigned)(p[n] - '0') < 10; n++) *value = *value * 10 + (uint64_t)(p[n] - '0');
  return n;
}
#endif

/* Behind the number at p, or NULL when it is not of the common kind. The byte behind it is for the caller to judge. */
static inline const unsigned char *csv_number_fast(const unsigned char *p, unsigned char decimal, double *value) {
  uint64_t whole, part = 0;
  const bool negative = *p == '-';
  p += negative;
  const unsigned n_whole = csv_digits(p, &whole);
  unsigned n_part = 0;
  if (n_whole == 0 || n_whole == 8) return NULL;
  p += n_whole;
  if (*p == decimal) {
    n_part = csv_digits(p + 1, &part);
    if (n_part == 0 || n_part == 8) return NULL;
    p += 1 + n_part;
  }
  static const uint32_t tens[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
  const double magnitude = (double)(int64_t)(whole * tens[n_part] + part) / csv_powers[n_part];
  *value = negative ? -magnitude : magnitude;
  return p;
}

#endif
