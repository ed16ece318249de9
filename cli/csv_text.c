/* SPDX-License-Identifier: GPL-3.0-or-later
 * Comma-separated text, cut in place. */
#include "csv_text.h"
#include "exits.h"
#include "input.h"
#include "message.h"
#include <dsp/memory.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_CAP_BYTES ((size_t)64 << 20)

/* Cut the next cell off *rest; *end is the character that ended it: ',', '\n' or '\0'. */
static char *cut_cell(char **rest, char *end) {
  char *from = *rest, *to = *rest, *cell = *rest;
  bool quoted = false;
  for (; *from != '\0'; from++) {
    if (*from == '"') {
      if (quoted && from[1] == '"')
        *to++ = *from++;
      else
        quoted = !quoted;
      continue;
    }
    if (!quoted && (*from == ',' || *from == '\n')) break;
    if (quoted || *from != '\r') *to++ = *from;
  }
  *end = *from;
  *rest = *from != '\0' ? from + 1 : from;
  *to = '\0';
  return cell;
}

/* The cells of one line. */
static size_t cut_line(char **rest, const char **cell, size_t *line) {
  size_t n = 0;
  char end = ',';
  while (end == ',') {
    char *text = cut_cell(rest, &end);
    for (const char *c = text; *c != '\0'; c++) *line += *c == '\n'; /* inside quotes */
    if (n < CSV_COLUMNS_MAX) cell[n++] = text;
  }
  return n;
}

static int cut(csv_table *table) {
  char *rest = table->text.bytes;
  size_t line = 1;
  if (strncmp(rest, "\xEF\xBB\xBF", 3) == 0) rest += 3;
  table->n_columns = cut_line(&rest, table->heading, &line);
  while (*rest != '\0') {
    line++;
    csv_row row = {.line = line};
    for (size_t i = 0; i < CSV_COLUMNS_MAX; i++) row.cell[i] = "";
    if (cut_line(&rest, row.cell, &line) == 1 && row.cell[0][0] == '\0') continue;
    if (row.cell[0][0] == '#') continue;
    if (dsp_grow(&table->rows, &table->capacity, table->n + 1, sizeof *table->rows) != DSP_OK) return message_memory();
    table->rows[table->n++] = row;
  }
  return EXIT_DONE;
}

int csv_table_read(csv_table *table, const char *path) {
  input_set set = {0};
  fmt_source source = {0};
  dsp_error error = {0};
  memset(table, 0, sizeof *table);
  dsp_status status = input_open_file(&set, path, &error);
  if (status == DSP_OK) status = fmt_source_read(&source, set.files[0].fd, TABLE_CAP_BYTES, 0, &error);
  if (status == DSP_OK && memchr(source.bytes, '\0', source.size) != NULL)
    status = dsp_fail(&error, DSP_BAD_INPUT, "", "a table of text", "a NUL byte");
  if (status == DSP_OK) fmt_put_bytes(&table->text, source.bytes, source.size);
  fmt_source_clear(&source);
  input_close(&set);
  if (status != DSP_OK) {
    message_failure(path, &error);
    return EXIT_USAGE;
  }
  return table->text.failed ? message_memory() : cut(table);
}

void csv_table_clear(csv_table *table) {
  free(table->rows);
  fmt_buffer_clear(&table->text);
  memset(table, 0, sizeof *table);
}

int csv_table_column(const csv_table *table, const char *name) {
  for (size_t i = 0; i < table->n_columns; i++)
    if (strcmp(table->heading[i], name) == 0) return (int)i;
  return -1;
}

void csv_put_cell(fmt_buffer *out, const char *text) {
  if (strpbrk(text, ",\"\n\r") == NULL) {
    fmt_put(out, text);
    return;
  }
  fmt_put(out, "\"");
  for (; *text != '\0'; text++) {
    if (*text == '"') fmt_put(out, "\"");
    fmt_put_bytes(out, text, 1);
  }
  fmt_put(out, "\"");
}
