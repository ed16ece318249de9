/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the side-car says about columns, before the time is decided: which column is the time, in which unit, and the rate of a table
 * without one. */
#include "csv.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* "a", "b", "c", cut to fit */
static void list_columns(char *text, size_t size, const csv_table *table) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t c = 0; c < table->n_columns && used + 8 < size; c++) {
    const int n = snprintf(text + used, size - used, "%s\"%s\"", c ? ", " : "", table->columns[c].name);
    used += n > 0 ? (size_t)n : 0;
  }
}

static bool same(const char *a, const char *b) {
  return a && b && strcmp(a, b) == 0;
}

static const char *trimmed(const csv_table *table, const char *text) {
  const csv_span span = csv_trim((csv_span){(const unsigned char *)text, strlen(text)});
  return dsp_arena_text(table->recording->arena, (const char *)span.at, span.n);
}

/* The one column that `hint` names; SIZE_MAX in *found when it names none by text. `by_column`: its index counts the file's columns. */
static dsp_status find_column(size_t *found, const csv_table *table, const fmt_hint *hint, size_t k, bool by_column, dsp_error *error) {
  char place[64], list[300];
  size_t matches = 0, first = SIZE_MAX;
  *found = SIZE_MAX;
  snprintf(place, sizeof place, "$.channels[%zu].%s", k, hint->column ? "column" : "index");
  if (!hint->column) {
    if (!by_column || hint->index < 0) return DSP_OK;
    if ((size_t)hint->index >= table->n_columns)
      return dsp_fail(error, DSP_BAD_INPUT, place, "a column of the file", "column %ld of %zu (counted from 0)", hint->index,
                      table->n_columns);
    *found = (size_t)hint->index;
    return DSP_OK;
  }
  const char *name = trimmed(table, hint->column);
  if (!name) return dsp_fail_memory(error);
  for (size_t c = 0; c < table->n_columns; c++) {
    const csv_column *column = &table->columns[c];
    if (!same(name, column->raw) && !same(name, column->plain) && !same(name, column->name)) continue;
    if (matches++ == 0) first = c;
  }
  list_columns(list, sizeof list, table);
  if (matches == 0) return dsp_fail(error, DSP_BAD_INPUT, place, list, "no column \"%s\"", name);
  if (matches > 1) return dsp_fail(error, DSP_BAD_INPUT, place, list, "%zu columns \"%s\"; name one", matches, name);
  *found = first;
  return DSP_OK;
}

static bool counts_columns(const fmt_hints *hints) {
  for (size_t k = 0; k < hints->n; k++)
    if (hints->rows[k].is_time && !hints->rows[k].column && hints->rows[k].index >= 0) return true;
  return false;
}

static dsp_status use_time(csv_table *table, size_t c, const fmt_hint *hint, size_t k, dsp_error *error) {
  csv_column *column = &table->columns[c];
  char place[64];
  snprintf(place, sizeof place, "$.channels[%zu]", k);
  const bool clock = column->kind == CSV_CLOCK || column->kind == CSV_MINUTES || column->kind == CSV_STAMP;
  if (!clock && column->kind != CSV_NUMBER)
    return dsp_fail(error, DSP_BAD_INPUT, place, "a column of numbers or clock times", "column \"%s\" is no time", column->name);
  for (size_t other = 0; other < table->n_columns; other++)
    if (table->columns[other].is_time)
      return dsp_fail(error, DSP_BAD_INPUT, place, "one time column", "a second time column, \"%s\"", column->name);
  column->is_time = true;
  if (!hint->unit || (clock && (same(hint->unit, "h:m:s") || same(hint->unit, "hh:mm:ss")))) return DSP_OK;
  if (column->kind == CSV_MINUTES && csv_says_minutes(hint->unit)) {
    column->unit_text = hint->unit;
    return DSP_OK;
  }
  const dsp_unit *unit = dsp_unit_find(hint->unit, strlen(hint->unit));
  if (clock || !unit || unit->dimension != DSP_DIM_TIME)
    return dsp_fail(error, DSP_BAD_INPUT, place, clock ? "h:m:s, or m:s, for a column of clock times" : "ms, s, min or h:m:s",
                    "the time's unit \"%s\"", hint->unit);
  const dsp_unit *own = column->unit_text ? dsp_unit_find(column->unit_text, strlen(column->unit_text)) : NULL;
  if (own && own != unit && !hint->override)
    return dsp_fail(error, DSP_BAD_INPUT, place, "one unit, or \"override\": true", "the file has \"%s\", the side-car \"%s\"",
                    column->unit_text, hint->unit);
  column->unit_text = unit->ucum;
  return DSP_OK;
}

dsp_status csv_use_hints(csv_table *table, fmt_hints *hints, double *rate_hz, dsp_error *error) {
  const bool by_column = counts_columns(hints);
  for (size_t k = 0; k < hints->n; k++) {
    const fmt_hint *hint = &hints->rows[k];
    size_t c;
    dsp_status status = find_column(&c, table, hint, k, by_column, error);
    if (status == DSP_OK && c != SIZE_MAX && hint->is_time) status = use_time(table, c, hint, k, error);
    if (status != DSP_OK) return status;
    if (isnan(hint->rate_hz) || hint->is_time) continue;
    if (*rate_hz > 0 && fabs(*rate_hz - hint->rate_hz) > 1e-9 * *rate_hz) {
      char place[64];
      snprintf(place, sizeof place, "$.channels[%zu].rate_hz", k);
      return dsp_fail(error, DSP_BAD_INPUT, place, "one rate for all columns of a table", "%g beside %g", hint->rate_hz, *rate_hz);
    }
    *rate_hz = hint->rate_hz;
  }
  return DSP_OK;
}

dsp_status csv_place_hints(const csv_table *table, fmt_hints *hints, const long *channel_of, dsp_error *error) {
  const bool by_column = counts_columns(hints);
  for (size_t k = 0; k < hints->n; k++) {
    size_t c;
    const dsp_status status = find_column(&c, table, &hints->rows[k], k, by_column, error);
    if (status != DSP_OK) return status;
    if (c != SIZE_MAX) hints->rows[k].channel = channel_of[c];
  }
  return DSP_OK;
}
