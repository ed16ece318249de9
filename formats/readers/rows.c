/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of numbers: the common cell is a number followed by the delimiter, everything else takes the long way round. */
#include "rows.h"
#include "csv_number.h"
#include "pages.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows that lack most of their cells may not make a small file large: a cell takes a byte where it is there. */
enum { LOOK_ROWS = 64, SHOWN = 60 };

const unsigned char *rows_next_line(const unsigned char *p, const unsigned char *end) {
  while (p < end && *p != '\n' && *p != '\r') p++;
  return csv_next_line(p, end);
}

csv_span rows_line(const unsigned char *p, const unsigned char *end) {
  const unsigned char *q = p;
  while (q < end && *q != '\n' && *q != '\r') q++;
  return (csv_span){p, (size_t)(q - p)};
}

static bool stops(const rows_block *block, const unsigned char *p) {
  const size_t n = block->stop ? strlen(block->stop) : 0;
  return n && (size_t)(block->text->end - p) >= n && memcmp(p, block->stop, n) == 0;
}

/* The next cell at *p; false at the line's end. Quotes have no meaning here. */
static bool next_cell(const rows_block *block, const unsigned char **p, const unsigned char *end, csv_span *cell) {
  const unsigned char delimiter = block->text->dialect.delimiter, *q = *p;
  if (q > end) return false;
  while (q < end && *q != delimiter) q++;
  *cell = csv_trim((csv_span){*p, (size_t)(q - *p)});
  if (delimiter == ' ') /* a run of blanks parts two cells */
    while (q + 1 < end && q[1] == ' ') q++;
  *p = q + 1;
  return true;
}

static bool is_comment(const rows_block *block, csv_span cell) {
  return block->with_comments && cell.n && cell.at[0] == '#';
}

size_t rows_count_cells(const rows_block *block, const unsigned char *p) {
  size_t most = 0;
  for (size_t i = 0; i < LOOK_ROWS && p < block->text->end && !stops(block, p); i++) {
    const csv_span line = rows_line(p, block->text->end);
    const unsigned char *at = line.at;
    csv_span cell;
    size_t n = 0;
    while (next_cell(block, &at, line.at + line.n, &cell) && !is_comment(block, cell)) n++;
    if (n > most) most = n;
    p = csv_next_line(line.at + line.n, block->text->end);
  }
  return most;
}

unsigned char rows_decimal(const rows_block *block, const unsigned char *p) {
  size_t dots = 0, commas = 0;
  for (size_t i = 0; i < LOOK_ROWS && p < block->text->end && !stops(block, p); i++) {
    const csv_span line = rows_line(p, block->text->end);
    const unsigned char *at = line.at;
    csv_span cell;
    while (next_cell(block, &at, line.at + line.n, &cell) && !is_comment(block, cell)) {
      dots += cell.n && memchr(cell.at, '.', cell.n) != NULL;
      commas += cell.n && memchr(cell.at, ',', cell.n) != NULL;
    }
    p = csv_next_line(line.at + line.n, block->text->end);
  }
  return dots && commas ? 0 : commas ? ',' : '.';
}

static dsp_status grow(rows_block *block, size_t need, dsp_error *error) {
  size_t capacity = block->capacity;
  const size_t bytes = (size_t)(block->text->end - block->text->at);
  if (need > (bytes * FMT_CAP_CELLS_PER_BYTE + FMT_CAP_CELLS_FREE) / block->n_columns) {
    char place[64];
    snprintf(place, sizeof place, "line %zu", block->line);
    return dsp_fail(error, DSP_LIMIT, place, "rows with most of their cells", "too many short rows of %zu columns", block->n_columns);
  }
  for (size_t c = 0; c < block->n_columns; c++) {
    capacity = block->capacity;
    if (dsp_grow(&block->x[c], &capacity, need, sizeof(double)) != DSP_OK) return dsp_fail_memory(error);
    pages_hint(block->x[c], capacity * sizeof(double));
  }
  block->capacity = capacity;
  return DSP_OK;
}

static dsp_status fail_at(const rows_block *block, size_t column, const char *expected, csv_span cell, dsp_error *error) {
  char place[64];
  snprintf(place, sizeof place, "line %zu, column %zu", block->line, column + 1);
  return dsp_fail(error, DSP_BAD_INPUT, place, expected, "\"%.*s\"", (int)(cell.n < SHOWN ? cell.n : SHOWN), (const char *)cell.at);
}

static dsp_status store(rows_block *block, size_t c, csv_span cell, dsp_error *error) {
  csv_table *text = block->text;
  double *slot = &block->x[c][block->n_rows];
  *slot = (double)NAN;
  if (csv_is_missing(cell)) return DSP_OK;
  if (csv_number(slot, cell, text->dialect.decimal, text->c_locale))
    return isfinite(*slot) ? DSP_OK : fail_at(block, c, "a number that a double can hold", cell, error);
  if (csv_clock(slot, cell) || csv_stamp(slot, cell) || csv_date(cell)) return DSP_OK;
  return fail_at(block, c, csv_mixed_separators(cell) ? "one decimal sign and no thousands separator" : "a number", cell, error);
}

static dsp_status add_comment(rows_block *block, csv_span text, dsp_error *error) {
  char place[64];
  snprintf(place, sizeof place, "line %zu", block->line);
  if (block->n_comments >= FMT_CAP_EVENTS)
    return dsp_fail(error, DSP_LIMIT, place, "fewer comments", "more than %zu comments", FMT_CAP_EVENTS);
  if (dsp_grow(&block->comments, &block->comments_capacity, block->n_comments + 1, sizeof *block->comments) != DSP_OK)
    return dsp_fail_memory(error);
  block->comments[block->n_comments++] = (rows_comment){block->n_rows, text};
  return DSP_OK;
}

/* The rest of a line from cell `c` at `p` on. A line with nothing but a comment is no row. */
static dsp_status odd_cells(rows_block *block, size_t c, const unsigned char *p, dsp_error *error) {
  const csv_span rest = rows_line(p, block->text->end);
  const unsigned char *end = rest.at + rest.n;
  const size_t first = c;
  bool commented = false, filled = c > 0;
  csv_span cell;
  if (rest.n > FMT_CAP_LINE_BYTES)
    return fail_at(block, c, "shorter lines", (csv_span){(const unsigned char *)"a line beyond the cap", 21}, error);
  for (const unsigned char *at = p; next_cell(block, &at, end, &cell); c++) {
    dsp_status status = DSP_OK;
    if (is_comment(block, cell)) {
      commented = true;
      status = add_comment(block, (csv_span){cell.at, (size_t)(end - cell.at)}, error);
      if (status != DSP_OK) return status;
      break;
    }
    filled |= cell.n > 0;
    if (c < block->n_columns)
      status = store(block, c, cell, error);
    else if (cell.n)
      status = fail_at(block, c, "no more cells than in the other rows", cell, error);
    if (status != DSP_OK) return status;
  }
  if (!filled && !(commented && c > first)) return DSP_OK;
  if (c < block->n_columns && !commented && block->short_rows++ == 0) block->short_line = block->line;
  for (; c < block->n_columns; c++) block->x[c][block->n_rows] = (double)NAN;
  block->n_rows++;
  return DSP_OK;
}

static void plain_rows(rows_block *block, const unsigned char **from) {
  const size_t first_row = block->n_rows;
  block->n_rows = csv_plain_rows(block->x, block->n_columns, first_row, block->capacity, &block->text->dialect, from, block->text->end);
  block->line += block->n_rows - first_row;
}

dsp_status rows_take(rows_block *block, const unsigned char **from, dsp_error *error) {
  const unsigned char *p = *from, *end = block->text->end;
  const csv_span sample = rows_line(p, end);
  if (block->n_columns == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "at least one column", "rows without a cell");
  block->x = dsp_zalloc(block->n_columns, sizeof *block->x);
  if (!block->x) return dsp_fail_memory(error);
  const size_t row_bytes = sample.n + 1 > block->n_columns ? sample.n + 1 : block->n_columns;
  dsp_status status = grow(block, (size_t)(end - p) / row_bytes + 16, error);
  while (status == DSP_OK && p < end) {
    plain_rows(block, &p);
    if (p >= end || stops(block, p)) break;
    if (block->n_rows == block->capacity) status = grow(block, block->n_rows + 1, error);
    if (status == DSP_OK) status = odd_cells(block, 0, p, error);
    p = rows_next_line(p, end);
    block->line++;
  }
  if (status == DSP_OK && block->n_rows > FMT_CAP_SAMPLES)
    status = dsp_fail(error, DSP_LIMIT, "", "fewer rows", "%zu rows, more than the cap of %zu", block->n_rows, FMT_CAP_SAMPLES);
  *from = p;
  return status;
}

double *rows_release(rows_block *block, size_t c) {
  double *x = block->x[c];
  block->x[c] = NULL;
  return x;
}

void rows_clear(rows_block *block) {
  for (size_t c = 0; block->x && c < block->n_columns; c++) free(block->x[c]);
  free(block->x);
  free(block->comments);
  block->x = NULL;
  block->comments = NULL;
}
