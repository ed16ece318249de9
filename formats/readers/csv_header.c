/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names and units of the columns: `Name (unit)`, `Name [unit]`, `Name/unit`, or a second row of units. */
#include "csv.h"
#include <stdio.h>
#include <string.h>

static csv_span between(csv_span text, size_t from, size_t to) {
  return csv_trim((csv_span){text.at + from, to - from});
}

void csv_split_unit(csv_span text, csv_span *name, csv_span *unit) {
  text = csv_trim(text);
  *name = text;
  *unit = (csv_span){text.at, 0};
  if (text.n < 3) return;
  const unsigned char close = text.at[text.n - 1], open = close == ')' ? '(' : close == ']' ? '[' : 0;
  if (open) {
    size_t depth = 0;
    for (size_t i = text.n; i-- > 0;) {
      if (text.at[i] == close) depth++;
      if (text.at[i] == open && --depth == 0) {
        if (i == 0) return;
        *name = between(text, 0, i);
        *unit = between(text, i + 1, text.n - 1);
        return;
      }
    }
    return;
  }
  /* A slash or comma parts name and unit only when what follows is a unit: the first such one, so that "Velocity/cm/s" has cm/s. */
  for (size_t i = 1; i + 1 < text.n; i++) {
    const csv_span rest = between(text, i + 1, text.n);
    if ((text.at[i] == '/' || text.at[i] == ',') && dsp_unit_find((const char *)rest.at, rest.n)) {
      *name = between(text, 0, i);
      *unit = rest;
      return;
    }
  }
}

bool csv_looks_like_unit(csv_span cell) {
  cell = csv_trim(cell);
  if (cell.n == 0) return false;
  const unsigned char a = cell.at[0], z = cell.at[cell.n - 1];
  if (cell.n >= 2 && ((a == '(' && z == ')') || (a == '[' && z == ']'))) return true;
  if (csv_is_missing(cell) || csv_same_word(cell, "hh:mm:ss") || csv_same_word(cell, "h:m:s")) return true;
  return dsp_unit_find((const char *)cell.at, cell.n) != NULL;
}

static csv_span bare_unit(csv_span cell) {
  cell = csv_trim(cell);
  if (cell.n >= 2 && ((cell.at[0] == '(' && cell.at[cell.n - 1] == ')') || (cell.at[0] == '[' && cell.at[cell.n - 1] == ']')) &&
      !dsp_unit_find((const char *)cell.at, cell.n))
    return between(cell, 1, cell.n - 1);
  return cell;
}

static csv_span next_cell(const csv_table *table, const unsigned char **p) {
  csv_span cell = {*p, 0};
  size_t newlines = 0;
  if (!*p) return cell;
  const unsigned char *q = csv_cell(*p, table->end, table->dialect.delimiter, &cell, &newlines);
  *p = q && q < table->end && *q != '\n' && *q != '\r' ? q + 1 : NULL;
  return cell;
}

static bool name_taken(const csv_table *table, size_t before, const char *name) {
  for (size_t i = 0; i < before; i++)
    if (strcmp(table->columns[i].name, name) == 0) return true;
  return false;
}

/* The second "SmO2" becomes "SmO2.2". */
static dsp_status make_unique(csv_table *table, size_t c, dsp_error *error) {
  csv_column *column = &table->columns[c];
  size_t number = 2;
  for (size_t i = 0; i < c; i++) number += strcmp(table->columns[i].plain, column->plain) == 0;
  column->name = column->plain;
  if (number == 2 && !name_taken(table, c, column->plain)) return DSP_OK;
  for (size_t i = number > 2 ? number - 1 : 2; name_taken(table, c, column->name); i++) {
    column->name = dsp_arena_printf(table->recording->arena, "%s.%zu", column->plain, i);
    if (!column->name) return dsp_fail_memory(error);
  }
  if (column->kind == CSV_EMPTY) return DSP_OK;
  if (dsp_recording_warn(table->recording, "duplicate_column", "column %zu is another \"%s\"; it is called \"%s\"", c + 1, column->plain,
                         column->name) != DSP_OK)
    return dsp_fail_memory(error);
  return DSP_OK;
}

dsp_status csv_header(csv_table *table, const unsigned char *names, const unsigned char *units, dsp_error *error) {
  dsp_arena *arena = table->recording->arena;
  for (size_t c = 0; c < table->n_columns; c++) {
    csv_column *column = &table->columns[c];
    csv_span name, unit;
    const csv_span cell = csv_trim(next_cell(table, &names)), unit_cell = next_cell(table, &units);
    csv_span decoded = {NULL, 0};
    if (cell.n) {
      column->raw = csv_copy(table, cell);
      if (!column->raw) return dsp_fail_memory(error);
      decoded = (csv_span){(const unsigned char *)column->raw, strlen(column->raw)};
    }
    csv_split_unit(decoded, &name, &unit);
    if (unit_cell.n && !csv_is_missing(unit_cell)) {
      const char *text = csv_copy(table, bare_unit(unit_cell));
      if (!text) return dsp_fail_memory(error);
      unit = (csv_span){(const unsigned char *)text, strlen(text)};
      name = decoded;
    }
    column->plain = name.n ? dsp_arena_text(arena, (const char *)name.at, name.n) : dsp_arena_printf(arena, "column %zu", c + 1);
    if (unit.n) column->unit_text = dsp_arena_text(arena, (const char *)unit.at, unit.n);
    if (!column->plain || (unit.n && !column->unit_text)) return dsp_fail_memory(error);
    const dsp_status status = make_unique(table, c, error);
    if (status != DSP_OK) return status;
  }
  return DSP_OK;
}
