/* SPDX-License-Identifier: GPL-3.0-or-later
 * All rows in one pass: the common cell is a number followed by its delimiter; everything else takes the long way round in odd_cell. */
#include "csv.h"
#include "csv_number.h"
#include "pages.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the pass stands. */
typedef struct pass {
  csv_table *table;
  size_t line;                    /* of the row, from 1 */
  const unsigned char *row_start; /* for the cap */
  bool filled;                    /* some cell of the row is not empty */
  size_t capacity;                /* rows that every filled column has room for */
  dsp_error *error;
} pass;

static dsp_status fail_at(const pass *at, size_t column, const char *expected, csv_span cell) {
  char place[64];
  snprintf(place, sizeof place, "line %zu, column %zu", at->line, column + 1);
  return dsp_fail(at->error, DSP_BAD_INPUT, place, expected, "\"%.*s\"", (int)(cell.n < 60 ? cell.n : 60), (const char *)cell.at);
}

static bool holds_numbers(const csv_column *column) {
  return column->kind == CSV_NUMBER || column->kind == CSV_CLOCK || column->kind == CSV_MINUTES || column->kind == CSV_STAMP;
}

/* Room for one more row in every column of numbers. */
static dsp_status grow(pass *at, size_t need) {
  size_t capacity = at->capacity;
  for (size_t c = 0; c < at->table->n_columns; c++) {
    csv_column *column = &at->table->columns[c];
    if (!holds_numbers(column)) continue;
    if (dsp_grow(&column->x, &column->capacity, need, sizeof(double)) != DSP_OK) return dsp_fail_memory(at->error);
    pages_hint(column->x, column->capacity * sizeof(double));
    if (capacity <= at->capacity || column->capacity < capacity) capacity = column->capacity;
  }
  at->capacity = capacity > at->capacity ? capacity : need;
  return DSP_OK;
}

/* A column that was empty so far gets its kind from its first filled cell. */
static dsp_status settle(pass *at, csv_column *column, csv_span cell) {
  const size_t row = at->table->n_rows;
  column->kind = csv_kind_of(at->table, cell, at->table->dialect.decimal) == CSV_NUMBER ? CSV_NUMBER : CSV_TEXT;
  if (column->kind == CSV_TEXT) return DSP_OK;
  if (dsp_grow(&column->x, &column->capacity, at->capacity > row ? at->capacity : row + 1, sizeof(double)) != DSP_OK)
    return dsp_fail_memory(at->error);
  for (size_t i = 0; i < row; i++) column->x[i] = (double)NAN;
  return DSP_OK;
}

/* A cell that repeats the one above it is the same state going on, not a new mark. */
static dsp_status add_mark(pass *at, size_t c, csv_span cell) {
  csv_table *table = at->table;
  csv_column *column = &table->columns[c];
  const bool goes_on =
      column->last_mark.n == cell.n && column->mark_row == table->n_rows && memcmp(column->last_mark.at, cell.at, cell.n) == 0;
  column->last_mark = cell;
  column->mark_row = table->n_rows + 1;
  if (goes_on) return DSP_OK;
  if (table->n_marks >= FMT_CAP_EVENTS) {
    char place[64];
    snprintf(place, sizeof place, "line %zu", at->line);
    return dsp_fail(at->error, DSP_LIMIT, place, "fewer text cells", "more than %zu text cells", FMT_CAP_EVENTS);
  }
  if (dsp_grow(&table->marks, &table->marks_capacity, table->n_marks + 1, sizeof *table->marks) != DSP_OK)
    return dsp_fail_memory(at->error);
  const char *text = csv_copy(table, cell);
  if (!text) return dsp_fail_memory(at->error);
  table->marks[table->n_marks++] = (csv_mark){table->n_rows, c, text};
  return DSP_OK;
}

static dsp_status store(pass *at, size_t c, csv_span cell) {
  csv_table *table = at->table;
  csv_column *column = &table->columns[c];
  const unsigned char decimal = table->dialect.decimal;
  const bool missing = csv_is_missing(cell);
  if (column->kind == CSV_EMPTY && !missing) {
    const dsp_status status = settle(at, column, cell);
    if (status != DSP_OK) return status;
  }
  double *slot = holds_numbers(column) ? &column->x[table->n_rows] : NULL;
  if (slot) *slot = (double)NAN;
  if (column->kind == CSV_TEXT) {
    if (csv_mixed_separators(cell) && memchr(cell.at, '.', cell.n) && memchr(cell.at, ',', cell.n))
      return fail_at(at, c, "one decimal sign and no thousands separator", cell);
    return cell.n ? add_mark(at, c, cell) : DSP_OK;
  }
  if (missing || !slot) return DSP_OK;
  switch (column->kind) {
  case CSV_NUMBER:
    if (!csv_number(slot, cell, decimal, table->c_locale))
      return fail_at(at, c, csv_mixed_separators(cell) ? "one decimal sign and no thousands separator" : "a number", cell);
    return isfinite(*slot) ? DSP_OK : fail_at(at, c, "a number that a double can hold", cell);
  case CSV_CLOCK:
    return csv_clock(slot, cell) ? DSP_OK : fail_at(at, c, "a clock time h:m:s", cell);
  case CSV_MINUTES:
    return csv_minutes(slot, cell) ? DSP_OK : fail_at(at, c, "a time m:s", cell);
  case CSV_STAMP:
    return csv_stamp(slot, cell) ? DSP_OK : fail_at(at, c, "a date and time", cell);
  case CSV_EMPTY:
  case CSV_DATE:
  case CSV_TEXT:
    break;
  }
  return DSP_OK;
}

/* The rest of a row from column c on, cell by cell. *p is left at the line's end. */
static dsp_status odd_cells(pass *at, size_t c, const unsigned char **p) {
  csv_table *table = at->table;
  size_t newlines = 0;
  for (;; c++) {
    csv_span cell;
    const unsigned char *q = csv_cell(*p, table->end, table->dialect.delimiter, &cell, &newlines);
    if (!q) return fail_at(at, c, "a closing quote", (csv_span){*p, (size_t)(table->end - *p)});
    at->filled |= cell.n > 0;
    if (c < table->n_columns) {
      const dsp_status status = store(at, c, cell);
      if (status != DSP_OK) return status;
    } else if (cell.n) {
      return fail_at(at, c, "no more cells than in the other rows", cell);
    }
    *p = q;
    if (q == table->end || *q == '\n' || *q == '\r') break;
    ++*p;
  }
  for (size_t k = c + 1; k < table->n_columns; k++) {
    if (k == c + 1 && table->short_rows++ == 0) table->short_line = at->line;
    if (holds_numbers(&table->columns[k])) table->columns[k].x[table->n_rows] = (double)NAN;
  }
  at->line += newlines;
  return DSP_OK;
}

static dsp_status one_row(pass *at, const unsigned char **from) {
  csv_table *table = at->table;
  const unsigned char *p = *from, delimiter = table->dialect.delimiter, decimal = table->dialect.decimal;
  const size_t row = table->n_rows, last = table->n_columns - 1;
  size_t c = 0;
  if (decimal != delimiter && delimiter)
    for (; c < last && table->columns[c].kind == CSV_NUMBER; c++) {
      const unsigned char *q = csv_number_fast(p, decimal, &table->columns[c].x[row]);
      if (!q || *q != delimiter) break;
      p = q + 1;
    }
  *from = p;
  at->filled = c > 0;
  return odd_cells(at, c, from);
}

/* Rows of nothing but common numbers: most of the time is spent here. */
static void plain_rows(pass *at, double *const *x, const unsigned char **from) {
  csv_table *table = at->table;
  const size_t first_row = table->n_rows;
  table->n_rows = csv_plain_rows(x, table->n_columns, first_row, at->capacity, &table->dialect, from, table->end);
  at->line += table->n_rows - first_row;
}

/* The columns' arrays side by side; false while some column does not hold numbers. */
static bool all_numbers(const csv_table *table, double **x) {
  if (table->dialect.decimal == table->dialect.delimiter || (table->dialect.delimiter == 0 && table->n_columns > 1)) return false;
  for (size_t c = 0; c < table->n_columns; c++) {
    if (table->columns[c].kind != CSV_NUMBER) return false;
    x[c] = table->columns[c].x;
  }
  return true;
}

static dsp_status add_break(csv_table *table) {
  if (table->n_rows == 0 || (table->n_breaks && table->breaks[table->n_breaks - 1] == table->n_rows)) return DSP_OK;
  const dsp_status status = dsp_grow(&table->breaks, &table->breaks_capacity, table->n_breaks + 1, sizeof *table->breaks);
  if (status == DSP_OK) table->breaks[table->n_breaks++] = table->n_rows;
  return status;
}

/* A line that is not a row: blank (a break between blocks) or a comment. */
static dsp_status other_line(pass *at, const unsigned char **p, bool *taken) {
  csv_table *table = at->table;
  const unsigned char *line_end;
  const bool blank = csv_is_blank(*p, table->end, &line_end);
  *taken = blank || csv_is_comment(*p, table->end);
  if (!*taken) return DSP_OK;
  if (blank && add_break(table) != DSP_OK) return dsp_fail_memory(at->error);
  while (line_end < table->end && *line_end != '\n' && *line_end != '\r') line_end++;
  *p = csv_next_line(line_end, table->end);
  at->line++;
  return DSP_OK;
}

static bool may_be_other(unsigned char c) {
  return c <= ' ' || c == '#';
}

static dsp_status every_line(pass *at, double **x) {
  csv_table *table = at->table;
  const unsigned char *p = table->data;
  dsp_status status = grow(at, (size_t)((double)(table->end - p) / (table->row_bytes > 2 ? table->row_bytes : 2) * 1.02) + 16);
  bool plain = status == DSP_OK && all_numbers(table, x);
  while (status == DSP_OK && p < table->end) {
    if (plain) plain_rows(at, x, &p);
    if (p == table->end) break;
    if (may_be_other(*p)) {
      bool taken;
      status = other_line(at, &p, &taken);
      if (status != DSP_OK || taken) continue;
    }
    if (table->n_rows == at->capacity) status = grow(at, table->n_rows + 1);
    if (status != DSP_OK) break;
    at->row_start = p;
    status = one_row(at, &p);
    if (status == DSP_OK && (size_t)(p - at->row_start) > FMT_CAP_LINE_BYTES) {
      char place[64];
      snprintf(place, sizeof place, "line %zu", at->line);
      status = dsp_fail(at->error, DSP_LIMIT, place, "shorter lines", "a line longer than the cap of %zu bytes", FMT_CAP_LINE_BYTES);
    }
    if (status != DSP_OK) break;
    p = csv_next_line(p, table->end);
    at->line++;
    if (at->filled)
      table->n_rows++;
    else if (add_break(table) != DSP_OK)
      status = dsp_fail_memory(at->error); /* ";;;" is a spreadsheet's blank line */
    plain = all_numbers(table, x);
  }
  return status;
}

dsp_status csv_rows(csv_table *table, dsp_error *error) {
  pass at = {.table = table, .line = table->data_line, .row_start = table->data, .error = error};
  double **x = dsp_alloc(table->n_columns, sizeof *x);
  if (!x) return dsp_fail_memory(error);
  const dsp_status status = every_line(&at, x);
  free(x);
  return status;
}

size_t csv_line_of_row(const csv_table *table, size_t row) {
  size_t line = table->data_line, rows = 0;
  const unsigned char *p = table->data, *end = table->end, *line_end;
  while (p && p < end) {
    size_t newlines = 0;
    bool filled = false;
    const bool skip = csv_is_blank(p, end, &line_end) || csv_is_comment(p, end);
    for (const unsigned char *q = p; !skip && q; q++) {
      csv_span cell;
      line_end = q = csv_cell(q, end, table->dialect.delimiter, &cell, &newlines);
      filled |= q && cell.n > 0;
      if (!q || q == end || *q == '\n' || *q == '\r') break;
    }
    if (filled && rows++ == row) return line;
    while (line_end && line_end < end && *line_end != '\n' && *line_end != '\r') line_end++;
    p = line_end ? csv_next_line(line_end, end) : NULL;
    line += 1 + newlines;
  }
  return line;
}
