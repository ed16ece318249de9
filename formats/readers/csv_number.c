/* SPDX-License-Identifier: GPL-3.0-or-later
 * Decimal to double, the same bits as strtod for every input. Up to 19 digits and powers of ten to +-27 are rounded from the exact quotient
 * or product in 128-bit integers (5^27 < 2^63); longer or more extreme numbers go to strtod_l in the C locale. */
#include "csv_number.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 19, EXACT_POWER_MAX = 27, EXPONENT_CAP = 100000 };

__extension__ typedef unsigned __int128 wide;

const double csv_powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const uint64_t fives[EXACT_POWER_MAX + 1] = {1U,
                                                    5U,
                                                    25U,
                                                    125U,
                                                    625U,
                                                    3125U,
                                                    15625U,
                                                    78125U,
                                                    390625U,
                                                    1953125U,
                                                    9765625U,
                                                    48828125U,
                                                    244140625U,
                                                    1220703125U,
                                                    6103515625U,
                                                    30517578125U,
                                                    152587890625U,
                                                    762939453125U,
                                                    3814697265625U,
                                                    19073486328125U,
                                                    95367431640625U,
                                                    476837158203125U,
                                                    2384185791015625U,
                                                    11920928955078125U,
                                                    59604644775390625U,
                                                    298023223876953125U,
                                                    1490116119384765625U,
                                                    7450580596923828125U};

/* Nearest double to q 2^exponent, ties to even; `more`: a non-zero rest below q. q has its top bit at 61 or above; no subnormal or infinite
 * result comes of the callers' ranges, so the exponent is put in place as bits. */
static double rounded(uint64_t q, bool more, int exponent) {
  const int drop = 11 - __builtin_clzll(q);
  const uint64_t half = 1ULL << (drop - 1), below = q & ((1ULL << drop) - 1);
  uint64_t kept = q >> drop;
  if (below > half || (below == half && (more || (kept & 1)))) kept++;
  const uint64_t power = (uint64_t)(1023 + exponent + drop) << 52;
  double scale;
  memcpy(&scale, &power, sizeof scale);
  return (double)(int64_t)kept * scale;
}

double csv_exact(uint64_t digits, int exponent10) {
  if (digits == 0) return 0.0;
  if (digits <= 1ULL << 53 && exponent10 <= 22 && exponent10 >= -22)
    return exponent10 < 0 ? (double)(int64_t)digits / csv_powers[-exponent10] : (double)(int64_t)digits * csv_powers[exponent10];
  const int lead = __builtin_clzll(digits), k = exponent10 < 0 ? -exponent10 : exponent10;
  const uint64_t five = fives[k], top = digits << lead;
  if (exponent10 >= 0) {
    const wide product = (wide)top * five;
    const int bits = 64 - __builtin_clzll(five);
    const uint64_t high = (uint64_t)(product >> bits), rest = (uint64_t)product & ((1ULL << bits) - 1);
    return rounded(high, rest != 0, bits - lead + k);
  }
  const int shift = 63 - __builtin_clzll(five); /* the quotient keeps at least 62 bits and fits 64 */
  const wide dividend = (wide)top << shift;
  const uint64_t quotient = (uint64_t)(dividend / five);
  return rounded(quotient, (wide)quotient * five != dividend, -lead - shift - k);
}

const unsigned char *csv_number_long(const unsigned char *p, unsigned char decimal, double *value) {
  const bool negative = *p == '-';
  p += negative;
  const unsigned n_whole = (unsigned)__builtin_ctz(csv_non_digits(p));
  if (n_whole - 1 > 6 || p[n_whole] != decimal) return NULL;
  uint64_t digits = csv_digits(p, n_whole);
  const unsigned char *part = p + n_whole + 1;
  const unsigned n_part = (unsigned)__builtin_ctz(csv_non_digits(part));
  if (n_part == 0 || n_part == 16 || n_whole + n_part > DIGITS_MAX) return NULL;
  for (unsigned left = n_part, at = 0; left;) {
    static const uint64_t tens[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    const unsigned n = left < 8 ? left : 8;
    digits = digits * tens[n] + csv_digits(part + at, n);
    at += n;
    left -= n;
  }
  const double magnitude = csv_exact(digits, -(int)n_part);
  *value = negative ? -magnitude : magnitude;
  return part + n_part;
}

/* strtod_l on a copy that ends with NUL and has a decimal point; the grammar and the length have been checked. */
static double by_library(csv_span cell, unsigned char decimal, locale_t c_locale) {
  char text[FMT_CAP_TEXT_BYTES + 1];
  memcpy(text, cell.at, cell.n);
  char *sign = memchr(text, decimal, cell.n);
  if (sign) *sign = '.';
  text[cell.n] = '\0';
  return strtod_l(text, NULL, c_locale);
}

/* Exponent behind 'e': false when malformed. Saturates. */
static bool exponent_part(long *exponent, const unsigned char **at, const unsigned char *end) {
  const unsigned char *p = *at;
  bool negative = false;
  if (p < end && (*p == '-' || *p == '+')) negative = *p++ == '-';
  if (p == end) return false;
  long e = 0;
  for (; p < end && *p >= '0' && *p <= '9'; p++)
    if (e < EXPONENT_CAP) e = e * 10 + (*p - '0');
  *exponent = negative ? -e : e;
  *at = p;
  return true;
}

bool csv_number(double *value, csv_span cell, unsigned char decimal, locale_t c_locale) {
  if (cell.n == 0 || cell.n > FMT_CAP_TEXT_BYTES) return false;
  const unsigned char *p = cell.at, *end = p + cell.n;
  const bool negative = *p == '-';
  if (*p == '-' || *p == '+') p++;
  uint64_t digits = 0;
  int significant = 0;
  long exponent = 0, seen = 0;
  bool dot = false;
  for (; p < end; p++) {
    if (*p == decimal && !dot) {
      dot = true;
      continue;
    }
    const unsigned d = (unsigned)*p - '0';
    if (d > 9) break;
    seen++;
    if (significant || d) significant++;
    if (significant <= DIGITS_MAX) digits = digits * 10 + d;
    if (dot) exponent--;
  }
  if (seen == 0) return false;
  if (p < end && (*p == 'e' || *p == 'E')) {
    long e = 0;
    p++;
    if (!exponent_part(&e, &p, end)) return false;
    exponent += e;
  }
  if (p != end) return false;
  if (significant > DIGITS_MAX || exponent > EXACT_POWER_MAX || exponent < -EXACT_POWER_MAX) {
    *value = by_library(cell, decimal, c_locale);
    return true;
  }
  const double magnitude = csv_exact(digits, (int)exponent);
  *value = negative ? -magnitude : magnitude;
  return true;
}

bool csv_has_thousands(csv_span cell) {
  const unsigned char *p = cell.at, *end = p + cell.n;
  unsigned char group = 0;
  size_t digits = 0;
  if (p < end && (*p == '-' || *p == '+')) p++;
  if (p == end || *p == '0') return false;
  for (; p < end; p++) {
    if (*p >= '0' && *p <= '9') {
      digits++;
      continue;
    }
    if (group ? digits != 3 : digits < 1 || digits > 3) return false;
    if (*p != '.' && *p != ',') return false;
    if (group && *p != group) return digits == 3 && p + 1 < end; /* the decimal sign */
    group = *p;
    digits = 0;
  }
  return false;
}

bool csv_mixed_separators(csv_span cell) {
  size_t dots = 0, commas = 0, digits = 0;
  for (size_t i = 0; i < cell.n; i++) {
    const unsigned char c = cell.at[i];
    if (c == '.')
      dots++;
    else if (c == ',')
      commas++;
    else if (c >= '0' && c <= '9')
      digits++;
    else if (!(i == 0 && (c == '-' || c == '+')))
      return false;
  }
  return digits && ((dots && commas) || dots > 1 || commas > 1);
}

/* A function of its own, so that its few values stay in registers. */
size_t csv_plain_rows(double *const *x, size_t n_columns, size_t row, size_t capacity, const csv_dialect *dialect,
                      const unsigned char **from, const unsigned char *end) {
  const unsigned char *p = *from, *row_start = p;
  const unsigned char delimiter = dialect->delimiter, decimal = dialect->decimal;
  const size_t last = n_columns - 1;
  size_t c = 0;
  while (row < capacity && p < end) {
    const unsigned char *q = csv_number_fast(p, decimal, &x[c][row]);
    if (!q) break;
    p = q + 1;
    if (c < last) {
      if (*q != delimiter) break;
      c++;
      continue;
    }
    if (*q == '\r') q = p++;
    if (*q != '\n') break;
    row_start = p;
    row++;
    c = 0;
  }
  *from = row_start;
  return row;
}
