/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of named columns: printed aligned for people, or as JSON objects for programs, from the same cells. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <dsp/status.h>
#include <fmt/writer.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct table_cell {
  char *text;  /**< owned; NULL none */
  char *plain; /**< JSON of the cell: a quoted text, number, true, false or null; owned */
} table_cell;

typedef struct cli_table {
  const char *const *columns; /**< borrowed */
  size_t n_columns;
  table_cell *cells; /**< row by row */
  size_t n_cells, capacity;
  bool failed;
} cli_table;

void table_begin(cli_table *table, const char *const *columns, size_t n_columns);
void table_clear(cli_table *table);
/** Append the next cell, row by row. A NULL text is null in JSON and `-` for people. */
void table_text(cli_table *table, const char *content);
void table_number(cli_table *table, double value);
void table_bool(cli_table *table, bool value);

/** Aligned columns, indented; the last one is not padded. `bold` puts the heading in bold. DSP_NO_MEMORY when a cell was lost. */
dsp_status table_put_text(fmt_buffer *out, const cli_table *table, const char *indent, bool bold);
/** Rows whose cells are sentences: the first two cells as a heading, the others as named paragraphs of 100 columns. */
dsp_status table_put_paragraphs(fmt_buffer *out, const cli_table *table, bool bold);
/** A JSON array with one object a row. */
dsp_status table_put_json(fmt_buffer *out, const cli_table *table);

#endif
