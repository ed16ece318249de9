/* SPDX-License-Identifier: GPL-3.0-or-later
 * The common number, taken in a few instructions: the two ends of its digits are found in 16 bytes at once, the digits summed eight at a
 * time, and where they fit 2^53 and the power of ten 10^22, one division of exact doubles is correctly rounded (W. D. Clinger, "How to read
 * floating point numbers accurately", PLDI 1990). Whatever does not fit is left to csv_number. */
#ifndef READERS_CSV_NUMBER_H
#define READERS_CSV_NUMBER_H

#include "csv.h"
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Bit i: byte i of the 16 at p is no digit. Bits 16 and above are always set. */
static inline uint32_t csv_non_digits(const unsigned char *p) {
#if defined(__SSE2__)
  __m128i v;
  memcpy(&v, p, sizeof v);
  v = _mm_add_epi8(v, _mm_set1_epi8((char)(0x80 - '0'))); /* digits become the ten lowest of the signed bytes */
  return (uint32_t)_mm_movemask_epi8(_mm_cmpgt_epi8(v, _mm_set1_epi8((char)(0x80 + 9)))) | ~(uint32_t)0xFFFF;
#else
  uint32_t mask = ~(uint32_t)0xFFFF;
  for (unsigned i = 0; i < 16; i++) mask |= (uint32_t)((unsigned)(p[i] - '0') > 9) << i;
  return mask;
#endif
}

/* Value of the n digits at p, n from 1 to 8. Reads 8 bytes. */
static inline uint64_t csv_digits(const unsigned char *p, unsigned n) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint64_t v;
  memcpy(&v, p, sizeof v);
  v = (v ^ 0x3030303030303030U) << (64 - 8 * n); /* the first digits move up, zeros lead */
  v = v * 10 + (v >> 8);
  return ((v & 0x000000FF000000FFU) * 0x000F424000000064U + ((v >> 16) & 0x000000FF000000FFU) * 0x0000271000000001U) >> 32;
#else
  uint64_t value = 0;
  for (unsigned i = 0; i < n; i++) value = value * 10 + (uint64_t)(p[i] - '0');
  return value;
#endif
}

/* As csv_number_fast, for more digits: up to 7 before and 16 behind the decimal sign, 19 in all. */
const unsigned char *csv_number_long(const unsigned char *p, unsigned char decimal, double *value);

/* Behind the number at p, or NULL when it is not of the common kind. The byte behind it is for the caller to judge. Reads up to 32 bytes.
 * From one number to the next the processor waits for the place of its end alone, so that comes from p in as few steps as can be. */
__attribute__((always_inline)) static inline const unsigned char *csv_number_fast(const unsigned char *p, unsigned char decimal,
                                                                                  double *value) {
  static const uint32_t tens[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
  const bool negative = *p == '-';
  const unsigned char *start = p + negative;
  const uint32_t others = csv_non_digits(p) >> negative, behind = others & (others - 1);
  const unsigned n_whole = (unsigned)__builtin_ctz(others);
  unsigned stop = n_whole, n_part = 0;
  if (n_whole - 1 > 7) return NULL; /* none, or nine and more */
  uint64_t digits = csv_digits(start, n_whole);
  if (start[n_whole] == decimal) {
    stop = (unsigned)__builtin_ctz(behind);
    n_part = stop - n_whole - 1;
    if (n_part - 1 > 6) return csv_number_long(p, decimal, value);
    digits = digits * tens[n_part] + csv_digits(start + n_whole + 1, n_part);
  }
  const double magnitude = (double)(int64_t)digits / csv_powers[n_part];
  *value = negative ? -magnitude : magnitude;
  return start + stop;
}

/* Rows of nothing but common numbers, for as long as they last, into the columns x from row `row` on. *from is then behind the last of
 * them. The number of rows that the columns hold now. */
size_t csv_plain_rows(double *const *x, size_t n_columns, size_t row, size_t capacity, const csv_dialect *dialect,
                      const unsigned char **from, const unsigned char *end);

#endif
