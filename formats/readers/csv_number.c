/* SPDX-License-Identifier: GPL-3.0-or-later
 * Decimal to double, the same bits as strtod for every input. Up to 19 digits and powers of ten to +-27 are rounded from the exact quotient
 * or product in 128-bit integers (5^27 < 2^63); longer or more extreme numbers go to strtod_l in the C locale. */
#include "csv.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 19, EXACT_POWER_MAX = 27, SHORT_TEXT = 128, EXPONENT_CAP = 100000 };

__extension__ typedef unsigned __int128 wide;

const double csv_powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Nearest double to q 2^exponent, ties to even; `more`: a non-zero rest below q. Never subnormal or infinite for the callers' ranges. */
static double rounded(wide q, bool more, int exponent) {
  int bits = 0;
  for (wide rest = q; rest; rest >>= 1) bits++;
  const int drop = bits - 53;
  if (drop <= 0) return ldexp((double)(unsigned long long)q, exponent); /* only when nothing more follows */
  const wide half = (wide)1 << (drop - 1), below = q & (((wide)1 << drop) - 1);
  unsigned long long kept = (unsigned long long)(q >> drop);
  if (below > half || (below == half && (more || (kept & 1)))) kept++;
  return ldexp((double)kept, exponent + drop);
}

double csv_exact(unsigned long long digits, int exponent10) {
  if (digits == 0) return 0.0;
  if (digits <= 1ULL << 53 && exponent10 <= 22 && exponent10 >= -22)
    return exponent10 < 0 ? (double)digits / csv_powers[-exponent10] : (double)digits * csv_powers[exponent10];
  unsigned long long five = 1;
  const int k = exponent10 < 0 ? -exponent10 : exponent10;
  for (int i = 0; i < k; i++) five *= 5;
  if (exponent10 >= 0) return rounded((wide)digits * five, false, k);
  const int lead = __builtin_clzll(digits), shift = 63 - __builtin_clzll(five); /* the quotient keeps at least 62 bits */
  const wide top = (wide)(digits << lead) << shift;
  return rounded(top / five, top % five != 0, -lead - shift - k);
}

/* strtod_l on a copy that ends with NUL and has a decimal point; the grammar has been checked. */
static bool by_library(double *value, csv_span cell, unsigned char decimal, locale_t c_locale) {
  char text[SHORT_TEXT], *copy = cell.n < sizeof text ? text : malloc(cell.n + 1);
  if (!copy) return false;
  for (size_t i = 0; i < cell.n; i++) copy[i] = cell.at[i] == decimal ? '.' : (char)cell.at[i];
  copy[cell.n] = '\0';
  *value = strtod_l(copy, NULL, c_locale);
  if (copy != text) free(copy);
  return true;
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
  const unsigned char *p = cell.at, *end = p + cell.n;
  if (cell.n == 0 || cell.n > FMT_CAP_TEXT_BYTES) return false;
  const bool negative = *p == '-';
  if (*p == '-' || *p == '+') p++;
  unsigned long long digits = 0;
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
  if (significant > DIGITS_MAX || exponent > EXACT_POWER_MAX || exponent < -EXACT_POWER_MAX)
    return by_library(value, cell, decimal, c_locale);
  const double magnitude = csv_exact(digits, (int)exponent);
  *value = negative ? -magnitude : magnitude;
  return true;
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
