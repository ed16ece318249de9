/* SPDX-License-Identifier: GPL-3.0-or-later
 * Small tables as comma-separated text with a heading (RFC 4180): what people keep in a spreadsheet and give to a verb. */
#ifndef CLI_CSV_TEXT_H
#define CLI_CSV_TEXT_H

#include <fmt/writer.h>
#include <stdbool.h>
#include <stddef.h>

enum { CSV_COLUMNS_MAX = 32 };

typedef struct csv_row {
  const char *cell[CSV_COLUMNS_MAX]; /**< in the order of the heading; "" when the line is short */
  size_t line;                       /**< from 1 */
} csv_row;

typedef struct csv_table {
  fmt_buffer text; /**< owns the cells */
  const char *heading[CSV_COLUMNS_MAX];
  size_t n_columns;
  csv_row *rows;
  size_t n, capacity;
} csv_table;

/** Read the file `path`. An exit status, with its message said. Free with csv_table_clear. */
int csv_table_read(csv_table *table, const char *path);
void csv_table_clear(csv_table *table);
/** The column of that name, or -1. */
int csv_table_column(const csv_table *table, const char *name);
/** One cell, quoted where it must be. */
void csv_put_cell(fmt_buffer *out, const char *text);

#endif
