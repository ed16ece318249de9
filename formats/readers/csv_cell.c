/* SPDX-License-Identifier: GPL-3.0-or-later
 * One cell, one line: quotes after RFC 4180, line ends LF, CR and CR LF, `#` comments, the words that devices write for a missing value. */
#include "csv.h"
#include <string.h>

static bool is_blank_byte(unsigned char c) {
  return c == ' ' || c == '\t';
}

csv_span csv_trim(csv_span cell) {
  while (cell.n && is_blank_byte(cell.at[cell.n - 1])) cell.n--;
  while (cell.n && is_blank_byte(cell.at[0])) cell.at++, cell.n--;
  /* no-break space of spreadsheets */
  while (cell.n >= 2 && cell.at[0] == 0xC2 && cell.at[1] == 0xA0) cell.at += 2, cell.n -= 2;
  return cell;
}

bool csv_same_word(csv_span cell, const char *lower_case_word) {
  size_t i = 0;
  for (; i < cell.n && lower_case_word[i]; i++) {
    const unsigned char c = cell.at[i];
    if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (unsigned char)lower_case_word[i]) return false;
  }
  return i == cell.n && !lower_case_word[i];
}

bool csv_is_missing(csv_span cell) {
  static const char *const words[] = {"nan",  "n/a",  "na",   "-",       "--",   "---",       "*",
                                      "null", "none", "#n/a", "1.#qnan", "-nan", "-nan(ind)", "."};
  if (cell.n == 0) return true;
  if (cell.n > 9) return false;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (csv_same_word(cell, words[i])) return true;
  return false;
}

const unsigned char *csv_cell(const unsigned char *p, const unsigned char *end, unsigned char delimiter, csv_span *cell, size_t *newlines) {
  while (p < end && (*p == ' ' || (*p == '\t' && delimiter != '\t'))) p++;
  if (p < end && *p == '"') {
    const unsigned char *start = ++p;
    for (;; p++) {
      if (p >= end) return NULL;
      if (*p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n'))) ++*newlines;
      if (*p != '"') continue;
      if (p + 1 < end && p[1] == '"')
        p++;
      else
        break;
    }
    *cell = (csv_span){start, (size_t)(p - start)};
    p++;
    while (p < end && *p == ' ' && delimiter != ' ') p++;
    if (p == end || *p == delimiter || *p == '\n' || *p == '\r') return p;
    /* text behind a closing quote: the quotes were part of a plain cell */
    while (p < end && *p != delimiter && *p != '\n' && *p != '\r') p++;
    *cell = (csv_span){start - 1, (size_t)(p - start + 1)};
    return p;
  }
  const unsigned char *start = p;
  while (p < end && *p != '\n' && *p != '\r' && (*p != delimiter || delimiter == 0)) p++;
  *cell = csv_trim((csv_span){start, (size_t)(p - start)});
  if (delimiter == ' ') /* a run of blanks parts two cells, blanks before the line end none */
    for (const unsigned char *q = p; q < end && *q == ' '; q++)
      if (q + 1 == end || q[1] == '\n' || q[1] == '\r') return q + 1;
  return p;
}

const unsigned char *csv_next_line(const unsigned char *p, const unsigned char *end) {
  if (p < end && *p == '\r') {
    p++;
    if (p < end && *p == '\n') p++;
  } else if (p < end) {
    p++;
  }
  return p;
}

bool csv_is_comment(const unsigned char *p, const unsigned char *end) {
  while (p < end && is_blank_byte(*p)) p++;
  return p < end && *p == '#' && !(end - p >= 4 && memcmp(p, "#N/A", 4) == 0);
}

bool csv_is_blank(const unsigned char *p, const unsigned char *end, const unsigned char **line_end) {
  while (p < end && is_blank_byte(*p)) p++;
  *line_end = p;
  return p == end || *p == '\n' || *p == '\r';
}

csv_kind csv_kind_of(const csv_table *table, csv_span cell, unsigned char decimal) {
  double value = 0;
  if (csv_is_missing(cell)) return CSV_EMPTY;
  if (csv_number(&value, cell, decimal, table->c_locale) && cell.at[cell.n - 1] != ',') return CSV_NUMBER;
  if (csv_clock(&value, cell)) return CSV_CLOCK;
  if (csv_minutes(&value, cell)) return CSV_MINUTES;
  if (csv_stamp(&value, cell)) return CSV_STAMP;
  if (csv_date(cell)) return CSV_DATE;
  return CSV_TEXT;
}
