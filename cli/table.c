/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of named columns. Widths are columns of the terminal, not bytes. */
#include "table.h"
#include "text.h"
#include <assert.h>
#include <dsp/memory.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2 /* columns between two cells */

void table_begin(cli_table *table, const char *const *columns, size_t n_columns) {
  assert(n_columns > 0);
  memset(table, 0, sizeof *table);
  table->columns = columns;
  table->n_columns = n_columns;
}

void table_clear(cli_table *table) {
  for (size_t i = 0; i < table->n_cells; i++) {
    free(table->cells[i].text);
    free(table->cells[i].plain);
  }
  free(table->cells);
  memset(table, 0, sizeof *table);
}

/* Takes both buffers' bytes. */
static void append(cli_table *table, fmt_buffer *text, fmt_buffer *plain) {
  const bool room = dsp_grow(&table->cells, &table->capacity, table->n_cells + 1, sizeof *table->cells) == DSP_OK;
  if (!room || text->failed || plain->failed) {
    table->failed = true;
    fmt_buffer_clear(text);
    fmt_buffer_clear(plain);
    return;
  }
  table->cells[table->n_cells++] = (table_cell){text->bytes, plain->bytes};
}

void table_text(cli_table *table, const char *content) {
  fmt_buffer text = {0}, plain = {0};
  if (content == NULL)
    fmt_put(&text, "-");
  else
    text_put_clean(&text, content);
  fmt_put_json_text(&plain, content);
  append(table, &text, &plain);
}

void table_number(cli_table *table, double value) {
  fmt_buffer text = {0}, plain = {0};
  fmt_put_number(&text, value, "-");
  fmt_put_number(&plain, value, "null");
  append(table, &text, &plain);
}

void table_bool(cli_table *table, bool value) {
  fmt_buffer text = {0}, plain = {0};
  fmt_put(&text, value ? "yes" : "no");
  fmt_put(&plain, value ? "true" : "false");
  append(table, &text, &plain);
}

static const char *shown(const cli_table *table, size_t cell) {
  return table->cells[cell].text != NULL ? table->cells[cell].text : "";
}

/* Blanks are owed until something follows them, so that no line ends in blanks. */
static void put_padded(fmt_buffer *out, size_t *owed, const char *text, size_t width) {
  const size_t size = text_width(text);
  for (; size > 0 && *owed > 0; (*owed)--) fmt_put(out, " ");
  fmt_put(out, text);
  *owed += width > size ? width - size : 0;
}

dsp_status table_put_text(fmt_buffer *out, const cli_table *table, const char *indent, bool bold) {
  assert(table->n_columns > 0);
  size_t *width = dsp_zalloc(table->n_columns, sizeof *width);
  if (width == NULL || table->failed) {
    free(width);
    return DSP_NO_MEMORY;
  }
  for (size_t i = 0; i < table->n_columns; i++) width[i] = text_width(table->columns[i]);
  for (size_t i = 0; i < table->n_cells; i++) {
    const size_t cell = text_width(shown(table, i));
    if (cell > width[i % table->n_columns]) width[i % table->n_columns] = cell;
  }
  size_t owed = 0;
  fmt_put(out, indent);
  if (bold) fmt_put(out, "\033[1m");
  for (size_t i = 0; i < table->n_columns; i++) put_padded(out, &owed, table->columns[i], width[i] + GAP);
  fmt_put(out, bold ? "\033[0m\n" : "\n");
  for (size_t i = 0; i < table->n_cells; i++) {
    const size_t column = i % table->n_columns;
    if (column == 0) owed = 0, fmt_put(out, indent);
    put_padded(out, &owed, shown(table, i), width[column] + GAP);
    if (column + 1 == table->n_columns) fmt_put(out, "\n");
  }
  free(width);
  return out->failed ? DSP_NO_MEMORY : DSP_OK;
}

/* Words of `text`, lines broken at `width` columns and indented. */
static void put_wrapped(fmt_buffer *out, const char *text, size_t indent, size_t width) {
  size_t used = 0;
  while (*text != '\0') {
    const size_t length = strcspn(text, " ");
    if (used > 0 && used + 1 + length > width - indent) {
      fmt_printf(out, "\n%*s", (int)indent, "");
      used = 0;
    }
    if (used > 0) fmt_put(out, " ");
    fmt_put_bytes(out, text, length);
    used += length + (used > 0);
    text += length;
    text += strspn(text, " ");
  }
  fmt_put(out, "\n");
}

dsp_status table_put_paragraphs(fmt_buffer *out, const cli_table *table, bool bold) {
  enum { WIDTH = 100, INDENT = 12 };
  assert(table->n_columns > 2);
  if (table->failed) return DSP_NO_MEMORY;
  for (size_t i = 0; i < table->n_cells; i++) {
    const size_t column = i % table->n_columns;
    if (column == 0) fmt_printf(out, "%s%s%s%s  ", i > 0 ? "\n" : "", bold ? "\033[1m" : "", shown(table, i), bold ? "\033[0m" : "");
    if (column == 1) fmt_printf(out, "%s\n", shown(table, i));
    if (column < 2) continue;
    fmt_printf(out, "  %-*s", INDENT - 2, table->columns[column]);
    put_wrapped(out, shown(table, i), INDENT, WIDTH);
  }
  return out->failed ? DSP_NO_MEMORY : DSP_OK;
}

dsp_status table_put_json(fmt_buffer *out, const cli_table *table) {
  if (table->failed) return DSP_NO_MEMORY;
  fmt_put(out, "[");
  for (size_t i = 0; i < table->n_cells; i++) {
    const size_t column = i % table->n_columns;
    if (column == 0)
      fmt_put(out, i == 0 ? "{" : ", {");
    else
      fmt_put(out, ", ");
    fmt_put_json_text(out, table->columns[column]);
    fmt_printf(out, ": %s", table->cells[i].plain);
    if (column + 1 == table->n_columns) fmt_put(out, "}");
  }
  fmt_put(out, "]");
  return out->failed ? DSP_NO_MEMORY : DSP_OK;
}
