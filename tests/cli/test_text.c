/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text for people: rows of what goes in and what must come out. */
#include "../support/runner.h"
#include "text.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

static const struct interval_row {
  double value, lo, hi;
  const char *text;
} intervals[] = {
    {2.16, 2.05, 2.27, "2.16 \u00b1 0.11"},
    {2.163, 2.05, 2.276, "2.16 \u00b1 0.11"},
    {119.98, 119.81, 120.15, "119.98 \u00b1 0.17"},
    {100, 90.05, 109.95, "100 \u00b1 10"},       /* the interval rounds up to the next power of ten: still two digits */
    {4567.8, 4445.8, 4689.8, "4570 \u00b1 120"}, /* tens, as the interval is not known better */
    {0.5, 0.4999, 0.5001, "0.5 \u00b1 0.00010"}, /* never more digits than the exact value has */
    {2.5, 2.3, 3.4, "2.5 (2.30 to 3.40)"},       /* lopsided */
    {-0.004, -0.104, 0.096, "0.00 \u00b1 0.10"}, /* no -0.00 */
    {1234.5678, NAN, NAN, "1235"},
    {0.00012345, NAN, NAN, "0.0001234"},
    {-0.0, NAN, NAN, "0"},
    {7, 7, 7, "7"},
    {NAN, 1, 2, "n/a"},
    {INFINITY, NAN, NAN, "n/a"},
    {1.23456789012, 1.23456789011, 1.23456789013, "1.234568 \u00b1 1.0e-11"},
};

START_TEST(interval) {
  fmt_buffer out = {0};
  const struct interval_row *row = &intervals[_i];
  text_put_interval(&out, row->value, row->lo, row->hi);
  ck_assert_str_eq(out.bytes, row->text);
  fmt_buffer_clear(&out);
}
END_TEST

static const struct width_row {
  const char *text;
  size_t width;
} widths[] = {{"", 0}, {"abc", 3}, {"\u00b5V", 2}, {"e\u0301", 1}, {"\u6d4b\u91cf", 4}, {"\U0001F9B5", 2}, {"\xff\xfe", 2}, {"\u2026", 1}};

START_TEST(width) {
  ck_assert_uint_eq(text_width(widths[_i].text), widths[_i].width);
}
END_TEST

static const struct clean_row {
  const char *text, *clean;
} cleans[] = {{"leg \u00e9.csv", "leg \u00e9.csv"},
              {"a\tb\n", "a\\x09b\\x0a"},
              {"\033[2J", "\\x1b[2J"},
              {"\x7f", "\\x7f"},
              {"\xc2\x85", "\\xc2\\x85"},                /* C1: next line */
              {"\xe2\x80\xaegpj", "\\xe2\\x80\\xaegpj"}, /* right-to-left override: what is tested; NOLINT(misc-misleading-bidirectional) */
              {"\xff", "\\xff"},
              {"\xc0\xaf", "\\xc0\\xaf"},          /* overlong */
              {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
              {"\xe2\x82", "\\xe2\\x82"},          /* cut */
              {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}};

START_TEST(clean) {
  fmt_buffer out = {0};
  text_put_clean(&out, cleans[_i].text);
  ck_assert_str_eq(out.bytes, cleans[_i].clean);
  fmt_buffer_clear(&out);
}
END_TEST

static const struct nearest_row {
  const char *word, *nearest;
} nearests[] = {{"analyse", "analyze"}, {"analzye", "analyze"}, {"lsit", "list"}, {"anal", "analyze"}, {"sim", "simulate"},
                {"frobnicate", NULL},   {"xyz", NULL},          {"", NULL},       {"lis", "list"}};

START_TEST(nearest) {
  static const char *const words[] = {"info", "analyze", "report", "simulate", "check", "list", NULL};
  ck_assert_pstr_eq(text_nearest(nearests[_i].word, words), nearests[_i].nearest);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof *(table)))

int main(void) {
  Suite *suite = suite_create("text");
  TCase *rows = tcase_create("rows");
  tcase_add_loop_test(rows, interval, 0, ROWS(intervals));
  tcase_add_loop_test(rows, width, 0, ROWS(widths));
  tcase_add_loop_test(rows, clean, 0, ROWS(cleans));
  tcase_add_loop_test(rows, nearest, 0, ROWS(nearests));
  suite_add_tcase(suite, rows);
  return run_suite(suite);
}
