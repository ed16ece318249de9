/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table reader's numbers against strtod, bit by bit: hard cases known to break decimal conversion, then a million seeded random ones.
 */
#include "../support/cases.h"
#include "../support/reading.h"
#include <stdint.h>

enum { RANDOM_NUMBERS = 1000000, TEXT_MAX = 64 };

static uint64_t state = 0x9E3779B97F4A7C15U;

static uint64_t next(void) { /* xorshift64* */
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545F4914F6CDD1DU;
}

/* One column of the numbers' texts, read and compared. */
static void expect_same_bits(char *const *texts, size_t n) {
  size_t size = 8;
  for (size_t i = 0; i < n; i++) size += strlen(texts[i]) + 1;
  char *table = malloc(size + 1), *at = table;
  ck_assert_ptr_nonnull(table);
  at += sprintf(at, "v\n");
  for (size_t i = 0; i < n; i++) at += sprintf(at, "%s\n", texts[i]);
  const reading result = read_bytes(table, (size_t)(at - table), NULL, 100);
  ck_assert_msg(result.status == DSP_OK, "%s: %s", result.error.place, result.error.found);
  const dsp_channel *channel = &result.recording->channels[0];
  ck_assert_uint_eq(channel->n, n);
  for (size_t i = 0; i < n; i++) {
    const double wanted = strtod(texts[i], NULL);
    if (memcmp(&wanted, &channel->x[i], sizeof wanted) != 0) ck_abort_msg("%s: %.17g, strtod has %.17g", texts[i], channel->x[i], wanted);
  }
  dsp_recording_free(result.recording);
  free(table);
}

START_TEST(hard_cases) {
  static const char *const hard[] = {"0",
                                     "-0",
                                     "0.0",
                                     "-0.0",
                                     "+1.5",
                                     "1.",
                                     ".5",
                                     "-.5",
                                     "00001.50000",
                                     "1e0",
                                     "1E+5",
                                     "1e-5",
                                     "123456789012345678",
                                     "9007199254740993",
                                     "9007199254740992",
                                     "9007199254740991",
                                     "18446744073709551615",
                                     "18446744073709551616",
                                     "9999999999999999999",
                                     "0.1",
                                     "0.2",
                                     "0.3",
                                     "0.30000000000000004",
                                     "2.2250738585072011e-308",
                                     "2.2250738585072014e-308",
                                     "4.9e-324",
                                     "2.4703282292062327e-324",
                                     "2.4703282292062328e-324",
                                     "1.7976931348623157e308",
                                     "1.7976931348623158e308",
                                     "1e-400",
                                     "-1e-400",
                                     "1e22",
                                     "1e23",
                                     "8.5e22",
                                     "1e27",
                                     "1e28",
                                     "123456789012345678e27",
                                     "123456789012345678e-27",
                                     "123456789012345678e-28",
                                     "1.00000000000000011102230246251565404236316680908203125",
                                     "1.00000000000000011102230246251565404236316680908203124",
                                     "1.00000000000000011102230246251565404236316680908203126",
                                     "6929495644600919.5",
                                     "3.1415926535897932384626433832795028841971693993751",
                                     "5e-20",
                                     "12345678",
                                     "1234567",
                                     "12345678.5",
                                     "1234567.12345678",
                                     "1.2345678",
                                     "1.12345678901234567",
                                     "1234567.123456789012",
                                     "0.000000000000000000000000001",
                                     "0.0000000000000000000000000000000001",
                                     "7450580596923828125",
                                     "7450580596923828125e-27",
                                     "9223372036854775808",
                                     "4503599627370496.5",
                                     "4503599627370497.5",
                                     "0.500000000000000166533453693773481063544750213623046875",
                                     "99999999",
                                     "9999999.9999999",
                                     "0.12345670"};
  const size_t n = sizeof hard / sizeof hard[0];
  char **texts = malloc(n * sizeof *texts);
  for (size_t i = 0; i < n; i++) texts[i] = strdup(hard[i]);
  expect_same_bits(texts, n);
  for (size_t i = 0; i < n; i++) free(texts[i]);
  free(texts);
}
END_TEST

/* A number as some device or program might print it. */
static void print_one(char *text) {
  const uint64_t bits = next();
  double value;
  const uint64_t kind = next() % 8;
  switch (kind) {
  case 0: /* any finite double, as short as it reads back */
  case 1:
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) value = 1;
    snprintf(text, TEXT_MAX, kind ? "%.17g" : "%.15g", value);
    break;
  case 2:
    snprintf(text, TEXT_MAX, "%.*f", (int)(next() % 8), (double)(int64_t)bits / 9.2e18 * 300);
    break;
  case 3:
    snprintf(text, TEXT_MAX, "%.17g", (double)(int64_t)bits / 9.2e18 * 100);
    break;
  case 4:
    snprintf(text, TEXT_MAX, "%llu.%llu", (unsigned long long)(bits % 10000000), (unsigned long long)next());
    break;
  case 5:
    snprintf(text, TEXT_MAX, "%llue%d", (unsigned long long)bits, (int)(next() % 64) - 32);
    break;
  case 6: /* just beside the middle between two doubles: 54 bits, scaled by a power of ten */
    snprintf(text, TEXT_MAX, "%llu.%llu", (unsigned long long)((bits >> 11) | 1), (unsigned long long)(next() % 100));
    break;
  default:
    snprintf(text, TEXT_MAX, "%lld", (long long)((int64_t)bits >> (next() % 64)));
  }
}

START_TEST(random_numbers) {
  char *block = malloc((size_t)RANDOM_NUMBERS * TEXT_MAX), **texts = malloc(RANDOM_NUMBERS * sizeof *texts);
  ck_assert(block && texts);
  const size_t n = (size_t)cases(RANDOM_NUMBERS, 10000);
  for (size_t i = 0; i < n; i++) {
    texts[i] = block + i * TEXT_MAX;
    print_one(texts[i]);
  }
  expect_same_bits(texts, n);
  free(texts);
  free(block);
}
END_TEST

/* With a decimal comma and in the middle of a row the same digits give the same number. */
START_TEST(decimal_comma) {
  enum { N = 20000 };
  char *point = malloc((size_t)N * 140), *comma = malloc((size_t)N * 140), a[TEXT_MAX], b[TEXT_MAX];
  size_t n = (size_t)sprintf(point, "a;b\n");
  for (int i = 0; i < N; i++) {
    print_one(a);
    print_one(b);
    n += (size_t)sprintf(point + n, "%s;%s\n", a, b);
  }
  for (size_t i = 0; i <= n; i++) comma[i] = point[i];
  for (char *p = strchr(comma, '.'); p; p = strchr(p, '.')) *p = ',';
  const reading one = read_bytes(point, n, NULL, 10), two = read_bytes(comma, n, NULL, 10);
  ck_assert_int_eq(one.status, DSP_OK);
  ck_assert_msg(two.status == DSP_OK, "%s: %s", two.error.place, two.error.found);
  for (size_t c = 0; c < 2; c++) ck_assert_mem_eq(one.recording->channels[c].x, two.recording->channels[c].x, N * sizeof(double));
  dsp_recording_free(one.recording);
  dsp_recording_free(two.recording);
  free(point);
  free(comma);
}
END_TEST

START_TEST(not_numbers) {
  static const char *const bad[] = {"0x10", "1e",       "1e+",   "1.2.3",  "1,2,3x", "--1", "+-1", "1 2",
                                    "inf",  "infinity", "1e999", "-1e999", "1d5",    "e5",  ".e5", "1_000"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    char table[200];
    snprintf(table, sizeof table, "t (s);v\n0;1\n1;2\n2;%s\n3;4\n4;5\n5;6\n", bad[i]);
    expect_refused(read_text(table), DSP_BAD_INPUT, "line 4, column 2", bad[i]);
  }
}
END_TEST

int main(void) {
  const TTest *const tests[] = {hard_cases, random_numbers, decimal_comma, not_numbers};
  return run_case("csv_number", tests, sizeof tests / sizeof tests[0]);
}
