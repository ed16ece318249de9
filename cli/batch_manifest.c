/* SPDX-License-Identifier: GPL-3.0-or-later
 * The manifest of a batch, checked whole before any work is done. */
#include "batch_manifest.h"
#include "csv_text.h"
#include "exits.h"
#include "input.h"
#include "message.h"
#include "names.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COL_RECORDING, COL_SIDECAR, COL_PROTOCOL, COL_SHA256, COLUMNS, SHA256_DIGITS = 64 };
static const char *const columns[COLUMNS] = {
    [COL_RECORDING] = "recording",
    [COL_SIDECAR] = "sidecar",
    [COL_PROTOCOL] = "protocol",
    [COL_SHA256] = "sha256",
};

typedef struct manifest {
  const char *path;
  csv_table table;
  int column[COLUMNS];
} manifest;

static int refuse(const manifest *m, size_t line, const char *expected, const char *found) {
  char place[32];
  (void)snprintf(place, sizeof place, "line %zu", line);
  message_error(m->path, place, expected, "%s", found);
  return EXIT_USAGE;
}

/* A column that we do not know may be the lab's own business, or misspelt: it is named. */
static int read_heading(manifest *m) {
  for (size_t i = 0; i < COLUMNS; i++) m->column[i] = csv_table_column(&m->table, columns[i]);
  if (m->column[COL_RECORDING] < 0) return refuse(m, 1, columns[COL_RECORDING], "a column is missing");
  for (size_t i = 0; i < m->table.n_columns; i++) {
    size_t c = 0;
    while (c < COLUMNS && m->column[c] != (int)i) c++;
    if (c < COLUMNS) continue;
    message_hint(m->path, "known are recording, sidecar, protocol, sha256", "the column %s is left out", m->table.heading[i]);
  }
  return m->table.n > 0 ? EXIT_DONE : refuse(m, 1, "at least one row", "an empty table");
}

static bool is_digest(const char *text) {
  return strlen(text) == SHA256_DIGITS && strspn(text, "0123456789abcdefABCDEF") == SHA256_DIGITS;
}

/* A name as the program will open it; NULL when out of memory. */
static char *resolve(const manifest *m, const char *name) {
  fmt_buffer path = {0};
  if (name[0] != '/') fmt_put_bytes(&path, m->path, (size_t)(input_base(m->path) - m->path));
  fmt_put(&path, name);
  char *copy = path.failed ? NULL : strdup(path.bytes);
  fmt_buffer_clear(&path);
  return copy;
}

static int add_row(batch_list *list, const manifest *m, const csv_row *row) {
  const char *cell[COLUMNS];
  for (size_t i = 0; i < COLUMNS; i++) cell[i] = m->column[i] >= 0 ? row->cell[m->column[i]] : "";
  if (cell[COL_RECORDING][0] == '\0') return refuse(m, row->line, "a recording's name", "an empty cell");
  if (cell[COL_SHA256][0] != '\0' && !is_digest(cell[COL_SHA256])) return refuse(m, row->line, "64 hexadecimal digits", cell[COL_SHA256]);
  if (cell[COL_PROTOCOL][0] != '\0' && names_check_protocol(m->path, cell[COL_PROTOCOL]) != EXIT_DONE) return EXIT_USAGE;
  batch_wish wish = {0};
  char *path = resolve(m, cell[COL_RECORDING]);
  bool whole = path != NULL;
  if (cell[COL_SIDECAR][0] != '\0') whole = (wish.sidecar = resolve(m, cell[COL_SIDECAR])) != NULL && whole;
  if (cell[COL_PROTOCOL][0] != '\0') whole = (wish.protocol = strdup(cell[COL_PROTOCOL])) != NULL && whole;
  if (cell[COL_SHA256][0] != '\0') whole = (wish.sha256 = strdup(cell[COL_SHA256])) != NULL && whole;
  const int status = whole ? batch_list_add(list, path, &wish) : message_memory();
  if (!whole) batch_wish_clear(&wish);
  free(path);
  return status;
}

int batch_manifest_add(batch_list *list, const char *path) {
  manifest m = {.path = path};
  int status = csv_table_read(&m.table, path);
  if (status == EXIT_DONE) status = read_heading(&m);
  for (size_t i = 0; status == EXIT_DONE && i < m.table.n; i++) status = add_row(list, &m, &m.table.rows[i]);
  csv_table_clear(&m.table);
  return status;
}
