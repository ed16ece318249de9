/* SPDX-License-Identifier: GPL-3.0-or-later
 * Delimiter, decimal sign, first row of data. Every pair of delimiter and decimal sign splits the first rows; the pair under which most
 * cells are numbers in rows of equal length wins. The data begin at the first row that has numbers where the later rows have numbers. */
#include "csv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Between "1,5" as two columns and as one with a decimal comma, the number of names in the first row decides. */
#define HEADER_AGREES 0.5

enum { SAMPLE_ROWS = 256, TEMPLATE_ROWS = 50, LINES_READ_MAX = 4096, SAMPLE_BYTES = 4 << 20 };

typedef struct line {
  const unsigned char *at;
  size_t number; /* of the file's lines, from 1 */
  bool adjacent; /* nothing between it and the row before */
} line;

typedef struct sample {
  line rows[SAMPLE_ROWS];
  size_t n;
} sample;

/* Splits one row; returns its cells (also those beyond cap), or 0 for a quote that never closes. A trailing delimiter adds an empty cell.
 */
static size_t split(csv_span *cells, size_t cap, const unsigned char *p, const unsigned char *end, unsigned char delimiter,
                    const unsigned char **line_end, size_t *newlines) {
  csv_span cell;
  for (size_t n = 0;;) {
    p = csv_cell(p, end, delimiter, &cell, newlines);
    if (!p) return 0;
    if (n < cap) cells[n] = cell;
    n++;
    if (p == end || *p == '\n' || *p == '\r') {
      *line_end = p;
      return n;
    }
    p++;
  }
}

/* The first rows that are neither blank nor comments. Quotes may hide line ends, so the split is asked where a row ends. */
static dsp_status take_sample(sample *rows, const csv_table *table, const unsigned char *p, size_t number, unsigned char delimiter,
                              dsp_error *error) {
  const unsigned char *enough = table->end - p > SAMPLE_BYTES ? p + SAMPLE_BYTES : table->end;
  bool adjacent = false;
  char place[64];
  rows->n = 0;
  for (size_t read = 0; p < table->end && rows->n < SAMPLE_ROWS && read < LINES_READ_MAX && p < enough; read++) {
    const unsigned char *line_end;
    size_t newlines = 0;
    const bool blank = csv_is_blank(p, table->end, &line_end);
    const bool comment = !blank && csv_is_comment(p, table->end);
    if (comment) {
      while (line_end < table->end && *line_end != '\n' && *line_end != '\r') line_end++;
    } else if (!blank) {
      csv_span one;
      const bool closed = split(&one, 1, p, table->end, delimiter, &line_end, &newlines) != 0;
      if (!closed || (size_t)(line_end - p) > FMT_CAP_LINE_BYTES) snprintf(place, sizeof place, "line %zu", number);
      if (!closed) return dsp_fail(error, DSP_BAD_INPUT, place, "a closing quote", "a quote that is never closed");
      if ((size_t)(line_end - p) > FMT_CAP_LINE_BYTES)
        return dsp_fail(error, DSP_LIMIT, place, "a table with one row a line", "a line of %zu bytes, more than the cap of %zu",
                        (size_t)(line_end - p), FMT_CAP_LINE_BYTES);
      rows->rows[rows->n++] = (line){p, number, adjacent};
    }
    if (!comment) adjacent = !blank;
    number += 1 + newlines;
    p = csv_next_line(line_end, table->end);
  }
  return DSP_OK;
}

/* How well a dialect explains the rows: numbers (or times) in rows that have the commonest length. */
typedef struct fit {
  double score;
  size_t columns;
} fit;

static size_t commonest(const size_t *lengths, size_t n) {
  size_t best = 0, best_count = 0;
  for (size_t i = 0; i < n; i++) {
    size_t count = 0;
    for (size_t j = 0; j < n; j++) count += lengths[j] == lengths[i];
    if (count > best_count || (count == best_count && lengths[i] > best)) {
      best = lengths[i];
      best_count = count;
    }
  }
  return best;
}

static fit judge(const csv_table *table, const sample *rows, csv_dialect dialect, csv_span *cells) {
  size_t lengths[TEMPLATE_ROWS] = {0}, n = rows->n < TEMPLATE_ROWS ? rows->n : TEMPLATE_ROWS, newlines = 0;
  const line *last = rows->rows + (rows->n - n);
  double shares[TEMPLATE_ROWS];
  for (size_t i = 0; i < n; i++) {
    const unsigned char *line_end;
    lengths[i] = split(cells, FMT_CAP_COLUMNS, last[i].at, table->end, dialect.delimiter, &line_end, &newlines);
    const size_t m = lengths[i] < FMT_CAP_COLUMNS ? lengths[i] : FMT_CAP_COLUMNS;
    double good = 0, filled = 0;
    for (size_t c = 0; c < m; c++) {
      const csv_kind kind = csv_kind_of(table, cells[c], dialect.decimal);
      filled += kind != CSV_EMPTY;
      good += kind != CSV_EMPTY && kind != CSV_TEXT;
    }
    shares[i] = filled > 0 ? good / filled : 0;
  }
  fit result = {0, commonest(lengths, n)};
  const unsigned char *line_end;
  if (split(cells, 0, rows->rows[0].at, table->end, dialect.delimiter, &line_end, &newlines) == result.columns)
    result.score = HEADER_AGREES;
  for (size_t i = 0; i < n; i++)
    if (lengths[i] == result.columns) result.score += shares[i];
  return result;
}

static dsp_status choose_dialect(csv_table *table, const unsigned char *start, size_t number, int stated, sample *rows, csv_span *cells,
                                 dsp_error *error) {
  /* In order of trust: an earlier pair keeps a tie unless a later one has more columns. */
  static const csv_dialect pairs[] = {{'\t', '.'}, {'\t', ','}, {';', '.'}, {';', ','}, {'|', '.'}, {'|', ','},
                                      {',', '.'},  {' ', '.'},  {' ', ','}, {0, '.'},   {0, ','},   {',', ','}};
  fit best = {-1, 0};
  dsp_error first = {0};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    dsp_error own = {0};
    if (stated >= 0 && pairs[i].delimiter != stated) continue;
    dsp_status status = take_sample(rows, table, start, number, pairs[i].delimiter, &own);
    if (status != DSP_OK) {
      if (first.status == DSP_OK) first = own;
      continue;
    }
    if (rows->n == 0) break;
    const fit found = judge(table, rows, pairs[i], cells);
    if (found.score > best.score + 1e-9 || (found.score > best.score - 1e-9 && found.columns > best.columns && best.columns <= 1)) {
      best = found;
      table->dialect = pairs[i];
    }
  }
  if (best.columns <= 1 && first.status != DSP_OK) return dsp_fail(error, first.status, first.place, first.expected, "%s", first.found);
  if (best.columns > FMT_CAP_COLUMNS)
    return dsp_fail(error, DSP_LIMIT, "", "a table of channels", "%zu columns, more than the cap of %zu", best.columns, FMT_CAP_COLUMNS);
  if (best.columns == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "a table with numbers", "no rows");
  table->n_columns = best.columns;
  return take_sample(rows, table, start, number, table->dialect.delimiter, error);
}

/* Kind of each column in the rows' last part, where a number wins over words and words over nothing. */
static dsp_status column_kinds(csv_table *table, const sample *rows, csv_span *cells, dsp_error *error) {
  const size_t n = (rows->n + 1) / 2 < TEMPLATE_ROWS ? (rows->n + 1) / 2 : TEMPLATE_ROWS;
  table->columns = dsp_zalloc(table->n_columns, sizeof *table->columns);
  if (!table->columns) return dsp_fail_memory(error);
  unsigned(*counts)[CSV_TEXT + 1] = dsp_zalloc(table->n_columns, sizeof *counts);
  if (!counts) return dsp_fail_memory(error);
  for (size_t i = rows->n - n; i < rows->n; i++) {
    const unsigned char *line_end;
    size_t newlines = 0, m = split(cells, table->n_columns, rows->rows[i].at, table->end, table->dialect.delimiter, &line_end, &newlines);
    for (size_t c = 0; c < table->n_columns && c < m; c++) counts[c][csv_kind_of(table, cells[c], table->dialect.decimal)]++;
  }
  for (size_t c = 0; c < table->n_columns; c++) {
    const unsigned *count = counts[c];
    csv_kind kind = CSV_EMPTY;
    const csv_kind order[] = {CSV_NUMBER, CSV_STAMP, CSV_CLOCK, CSV_MINUTES, CSV_DATE, CSV_TEXT};
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++)
      if (count[order[k]] > (kind == CSV_EMPTY ? 0 : count[kind])) kind = order[k];
    if (kind == CSV_TEXT && count[CSV_NUMBER] * 2 >= count[CSV_TEXT] && count[CSV_NUMBER]) kind = CSV_NUMBER;
    table->columns[c].kind = kind;
  }
  free(counts);
  return DSP_OK;
}

/* Does this row hold data: nothing but numbers where numbers belong, and at least half of them there? */
typedef enum row_sort { ROW_OTHER, ROW_DATA, ROW_BROKEN } row_sort;

static row_sort sort_row(const csv_table *table, const line *row, csv_span *cells, size_t *bad_column) {
  const unsigned char *line_end;
  size_t newlines = 0, wanted = 0, good = 0, words = 0;
  const size_t m = split(cells, table->n_columns, row->at, table->end, table->dialect.delimiter, &line_end, &newlines);
  if (m == 0) return ROW_OTHER;
  for (size_t c = 0; c < table->n_columns; c++) {
    const csv_kind wish = table->columns[c].kind;
    if (wish == CSV_EMPTY || wish == CSV_TEXT) continue;
    wanted++;
    const csv_kind kind = c < m ? csv_kind_of(table, cells[c], table->dialect.decimal) : CSV_EMPTY;
    good += kind == wish;
    if (kind != wish && kind != CSV_EMPTY) {
      if (words++ == 0) *bad_column = c;
    }
  }
  if (words == 0) return good * 2 >= wanted && (good || wanted == 0) ? ROW_DATA : ROW_OTHER;
  return good && m == table->n_columns ? ROW_BROKEN : ROW_OTHER;
}

static bool any_numbers(const csv_table *table) {
  for (size_t c = 0; c < table->n_columns; c++)
    if (table->columns[c].kind == CSV_NUMBER) return true;
  return false;
}

/* Are all rows from `start` on numbers with thousands separators, which their comma as a delimiter has cut in two? */
static bool cuts_numbers(const csv_table *table, const sample *rows, size_t start) {
  if (table->dialect.delimiter != ',') return false;
  for (size_t i = start; i < rows->n; i++) {
    const unsigned char *end = rows->rows[i].at;
    while (end < table->end && *end != '\n' && *end != '\r') end++;
    if (!csv_has_thousands(csv_trim((csv_span){rows->rows[i].at, (size_t)(end - rows->rows[i].at)}))) return false;
  }
  return true;
}

static dsp_status find_data(csv_table *table, const sample *rows, csv_span *cells, dsp_error *error) {
  char place[64];
  size_t start = 0, bad = 0;
  if (!any_numbers(table)) return dsp_fail(error, DSP_BAD_INPUT, "", "rows with numbers", "no row with a number in any column");
  while (start < rows->n && sort_row(table, &rows->rows[start], cells, &bad) != ROW_DATA) start++;
  if (start == rows->n) return dsp_fail(error, DSP_BAD_INPUT, "", "rows with numbers", "no row of data");
  table->data = rows->rows[start].at;
  table->data_line = rows->rows[start].number;
  const line *above = start ? &rows->rows[start - 1] : NULL;
  if (above && sort_row(table, above, cells, &bad) == ROW_BROKEN) {
    const csv_span cell = csv_trim(cells[bad]);
    snprintf(place, sizeof place, "line %zu, column %zu", above->number, bad + 1);
    return dsp_fail(error, DSP_BAD_INPUT, place, csv_mixed_separators(cell) ? "one decimal sign and no thousands separator" : "a number",
                    "\"%.*s\"", (int)(cell.n < 60 ? cell.n : 60), (const char *)cell.at);
  }
  size_t newlines = 0;
  const line *last = &rows->rows[rows->n - 1];
  const unsigned char *line_end = last->at;
  (void)split(cells, 0, last->at, table->end, table->dialect.delimiter, &line_end, &newlines);
  table->row_bytes = (double)(line_end + 1 - table->data) / (double)(rows->n - start);
  const size_t m_names = above ? split(cells, 0, above->at, table->end, table->dialect.delimiter, &line_end, &newlines) : 0;
  if (m_names == 1 && table->n_columns > 1 && cuts_numbers(table, rows, start)) {
    snprintf(place, sizeof place, "line %zu", table->data_line);
    const size_t n = strcspn((const char *)table->data, "\r\n");
    return dsp_fail(error, DSP_BAD_INPUT, place, "one decimal sign and no thousands separator", "\"%.*s\" below a header of one column",
                    (int)(n < 60 ? n : 60), (const char *)table->data);
  }
  if (m_names == 1 && table->n_columns > 1) above = NULL; /* a title, no names */
  if (above && m_names < table->n_columns && table->columns[m_names].kind != CSV_EMPTY) {
    snprintf(place, sizeof place, "line %zu", table->data_line);
    return dsp_fail(error, DSP_BAD_INPUT, place, "as many columns as names; a decimal comma needs another delimiter",
                    "%zu columns below a header of %zu", table->n_columns, m_names);
  }
  const unsigned char *names = above ? above->at : NULL, *units = NULL;
  if (above && start >= 2 && rows->rows[start - 1].adjacent) {
    size_t looks = 0, filled = 0, m = split(cells, table->n_columns, above->at, table->end, table->dialect.delimiter, &line_end, &newlines);
    for (size_t c = 0; c < m && c < table->n_columns; c++) {
      filled += cells[c].n > 0;
      looks += cells[c].n > 0 && csv_looks_like_unit(cells[c]);
    }
    if (filled && looks * 2 >= filled &&
        split(cells, table->n_columns, rows->rows[start - 2].at, table->end, table->dialect.delimiter, &line_end, &newlines) >= 1) {
      units = above->at;
      names = rows->rows[start - 2].at;
    }
  }
  return csv_header(table, names, units, error);
}

dsp_status csv_sniff(csv_table *table, dsp_error *error) {
  const unsigned char *start = table->at;
  size_t number = 1;
  int stated = -1;
  if (table->end - start > 5 && memcmp(start, "sep=", 4) == 0 && (start[5] == '\n' || start[5] == '\r')) {
    stated = start[4];
    start = csv_next_line(start + 5, table->end);
    number = 2;
  }
  sample *rows = dsp_alloc(1, sizeof *rows);
  csv_span *cells = dsp_alloc(FMT_CAP_COLUMNS, sizeof *cells);
  if (!rows || !cells) {
    free(rows);
    free(cells);
    return dsp_fail_memory(error);
  }
  dsp_status status = choose_dialect(table, start, number, stated, rows, cells, error);
  if (status == DSP_OK) status = column_kinds(table, rows, cells, error);
  if (status == DSP_OK) status = find_data(table, rows, cells, error);
  free(rows);
  free(cells);
  return status;
}
