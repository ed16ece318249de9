/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which column is the time, and its numbers in seconds: by name in several languages, by the look of its cells, by its unit, or, in a table
 * without names, a first column that rises by a constant step. */
#include "csv.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { STEP_ROWS = 64, TICK_ROWS = 4096, TICK_DECIMALS_MAX = 9 };

#define DAY_S   86400.0
#define WRAP_32 4294967296.0
/* A spreadsheet's day number: 1954 to 2119, advancing by less than 17 s a row. As seconds the same column would be sampled above 5 kHz. */
#define SERIAL_MIN      20000.0
#define SERIAL_MAX      80000.0
#define SERIAL_STEP_MAX 2e-4

typedef struct time_word {
  const char *word, *unit; /* unit: what the word itself says, or NULL */
} time_word;

static const time_word time_words[] = {
    {"time", NULL},
    {"t", NULL},
    {"zeit", NULL},
    {"temps", NULL},
    {"tiempo", NULL},
    {"tempo", NULL},
    {"tijd", NULL},
    {"tid", NULL},
    {"aika", NULL},
    {"czas", NULL},
    {"\xC4\x8D"
     "as",
     NULL},
    {"\xD0\xB2\xD1\x80\xD0\xB5\xD0\xBC\xD1\x8F", NULL},
    {"timestamp", NULL},
    {"time stamp", NULL},
    {"timestamps", NULL},
    {"zeitstempel", NULL},
    {"uhrzeit", NULL},
    {"heure", NULL},
    {"hora", NULL},
    {"clock", NULL},
    {"datetime", NULL},
    {"date time", NULL},
    {"date/time", NULL},
    {"date_time", NULL},
    {"elapsed", NULL},
    {"elapsed time", NULL},
    {"relative time", NULL},
    {"rel time", NULL},
    {"rel. time", NULL},
    {"messzeit", NULL},
    {"laufzeit", NULL},
    {"hh:mm:ss", "s"},
    {"h:m:s", "s"},
    {"min:s", "s"},
    {"m:s", "s"},
    {"mm:ss", "s"},
    {"min:sec", "s"},
    {"sec", "s"},
    {"secs", "s"},
    {"s", "s"},
    {"second", "s"},
    {"seconds", "s"},
    {"sekunden", "s"},
    {"segundos", "s"},
    {"secondes", "s"},
    {"ms", "ms"},
    {"msec", "ms"},
    {"millis", "ms"},
    {"milliseconds", "ms"},
    {"micros", "us"},
    {"microseconds", "us"},
    {"minutes", "min"},
    {"time_s", "s"},
    {"time_sec", "s"},
    {"time_ms", "ms"},
    {"time_us", "us"},
    {"time_min", "min"},
    {"t_s", "s"},
    {"t_ms", "ms"},
    {"timestamp_s", "s"},
    {"timestamp_ms", "ms"},
    {"timestamp_us", "us"},
    {"time s", "s"},
    {"time ms", "ms"},
    {"zeit s", "s"},
    {"zeit ms", "ms"},
    {"temps s", "s"},
};

static csv_span span_of(const char *text) {
  return (csv_span){(const unsigned char *)text, text ? strlen(text) : 0};
}

static const time_word *find_word(const csv_column *column) {
  const dsp_unit *unit = column->unit_text ? dsp_unit_find(column->unit_text, strlen(column->unit_text)) : NULL;
  if (!column->raw || (unit && unit->dimension != DSP_DIM_TIME)) return NULL; /* "T (Cel)" */
  for (size_t i = 0; i < sizeof time_words / sizeof time_words[0]; i++)
    if (csv_same_word(span_of(column->plain), time_words[i].word) || csv_same_word(span_of(column->raw), time_words[i].word))
      return &time_words[i];
  return NULL;
}

/* A unit of time in "s", "ms" or, as the first word, in "seconds passed". */
static const dsp_unit *time_unit(const char *text) {
  if (!text) return NULL;
  const dsp_unit *unit = dsp_unit_find(text, strlen(text));
  if (!unit) unit = dsp_unit_find(text, strcspn(text, " "));
  return unit && unit->dimension == DSP_DIM_TIME ? unit : NULL;
}

static bool is_clock(const csv_column *column) {
  return column->kind == CSV_CLOCK || column->kind == CSV_MINUTES || column->kind == CSV_STAMP;
}
static bool could_be_time(const csv_column *column) {
  return column->kind == CSV_NUMBER || is_clock(column);
}

/* Rises by one constant step over the first rows? */
static bool rises_evenly(const csv_table *table, const csv_column *column, double *step) {
  const size_t n = table->n_rows < STEP_ROWS ? table->n_rows : STEP_ROWS;
  if (column->kind != CSV_NUMBER || n < 3) return false;
  *step = (column->x[n - 1] - column->x[0]) / (double)(n - 1);
  if (!(*step > 0)) return false;
  for (size_t i = 1; i < n; i++)
    if (!(fabs(column->x[i] - column->x[i - 1] - *step) <= 0.01 * *step)) return false;
  return true;
}

/* Days since 1900 as spreadsheets count them, with the time of day behind the point. */
static bool is_serial(const csv_table *table, const csv_column *column) {
  const size_t n = table->n_rows;
  if (column->kind != CSV_NUMBER || n < 2) return false;
  const double step = (column->x[n - 1] - column->x[0]) / (double)(n - 1);
  return column->x[0] > SERIAL_MIN && column->x[0] < SERIAL_MAX && step > 0 && step < SERIAL_STEP_MAX;
}

static bool is_date_word(const csv_column *column) {
  static const char *const words[] = {"date", "datum", "fecha"};
  for (size_t i = 0; column->raw && i < sizeof words / sizeof words[0]; i++)
    if (csv_same_word(span_of(column->plain), words[i])) return true;
  return false;
}

static dsp_status fail_words(const csv_column *column, dsp_error *error) {
  char place[200];
  snprintf(place, sizeof place, "column \"%s\"", column->raw);
  return dsp_fail(error, DSP_BAD_INPUT, place, "numbers in one notation throughout the table, or clock times as h:m:s",
                  "cells that are no time");
}

dsp_status csv_time_column(csv_table *table, size_t *found, bool rate_known, dsp_error *error) {
  double step = 0;
  *found = SIZE_MAX;
  for (size_t c = 0; c < table->n_columns; c++)
    if (table->columns[c].is_time) *found = c; /* a hint named it */
  for (size_t c = 0; *found == SIZE_MAX && c < table->n_columns; c++)
    if (could_be_time(&table->columns[c]) && find_word(&table->columns[c])) *found = c;
  for (size_t c = 0; *found == SIZE_MAX && c < table->n_columns; c++)
    if (is_clock(&table->columns[c]) || (is_date_word(&table->columns[c]) && is_serial(table, &table->columns[c]))) *found = c;
  if (*found == SIZE_MAX && table->columns[0].kind == CSV_NUMBER && table->n_columns > 1 && time_unit(table->columns[0].unit_text))
    *found = 0;
  if (*found == SIZE_MAX && !table->columns[0].raw && table->n_columns > 1 && rises_evenly(table, &table->columns[0], &step)) {
    const bool counts = fabs(step - 1.0) < 1e-9;
    if (counts && !rate_known)
      return dsp_fail(error, DSP_BAD_INPUT, "column 1", "a header that names the time and its unit, or rate_hz in the side-car",
                      "a first column that counts 1 by 1: seconds, or only rows");
    if (!counts) *found = 0;
  }
  for (size_t c = 0; *found == SIZE_MAX && !rate_known && c < table->n_columns; c++)
    if (find_word(&table->columns[c]) && table->columns[c].kind == CSV_TEXT) return fail_words(&table->columns[c], error);
  if (*found != SIZE_MAX) table->columns[*found].is_time = true;
  return DSP_OK;
}

static dsp_status fail_row(const csv_table *table, size_t row, const char *expected, const char *what, dsp_error *error) {
  char place[64];
  snprintf(place, sizeof place, "line %zu", csv_line_of_row(table, row));
  return dsp_fail(error, DSP_BAD_INPUT, place, expected, "%s", what);
}

/* The last decimal that the stamps use: 0.01 for 12.34; 0 when they use more than nine. */
static double tick_of(const double *x, size_t n) {
  static const double round_to_whole = 0x1.8p52; /* adding and taking it away rounds to a whole number */
  int decimals = 0;
  const size_t look = n < TICK_ROWS ? n : TICK_ROWS;
  for (size_t i = 0; i < look; i++)
    for (;; decimals++) {
      if (decimals > TICK_DECIMALS_MAX) return 0;
      const double v = x[i] * csv_powers[decimals], whole = (v + round_to_whole) - round_to_whole;
      if (fabs(v - whole) <= 1e-6 + 4e-16 * fabs(v)) break;
    }
  return 1.0 / csv_powers[decimals];
}

typedef struct epoch_row {
  double from;
  double factor;
  const char *words;
} epoch_row;

/* What a time without a unit is taken for, by its size: as seconds, the larger ones would lie in the far future. */
static const epoch_row *find_epoch(double first) {
  static const epoch_row rows[] = {{1e17, 1e-9, "nanoseconds since 1970"},
                                   {1e14, 1e-6, "microseconds since 1970"},
                                   {1e11, 1e-3, "milliseconds since 1970"},
                                   {-HUGE_VAL, 1.0, "seconds"}};
  size_t i = 0;
  while (!(first >= rows[i].from)) i++;
  return &rows[i];
}

bool csv_says_minutes(const char *text) {
  static const char *const words[] = {"min:s", "m:s", "mm:ss", "min:sec"};
  bool told = false;
  for (size_t i = 0; text && i < sizeof words / sizeof words[0]; i++) {
    const char *found = strcasestr(text, words[i]);
    told |= found && (found == text || found[-1] != ':'); /* not the end of h:m:s */
  }
  return told;
}

/* "8:59" is a minute and seconds when the name says so, with fractions of a second, or when the count begins in minute 0 and runs over
 * 0:59; else it may be hours and minutes. */
static dsp_status check_minutes(const csv_column *column, size_t n, double tick_s, dsp_error *error) {
  if (tick_s < 1 || (column->x[0] < 60 && column->x[n - 1] >= 60)) return DSP_OK;
  if (csv_says_minutes(column->raw) || csv_says_minutes(column->unit_text)) return DSP_OK;
  char place[200];
  snprintf(place, sizeof place, "column \"%s\"", column->raw ? column->raw : column->name);
  return dsp_fail(error, DSP_BAD_INPUT, place, "clock times as h:m:s, or a name like \"time (min:s)\"",
                  "times like 8:59 that may be hours and minutes, or minutes and seconds");
}

/* Seconds in one unit of the column, 0 when nothing says it. */
static dsp_status unit_factor(csv_table *table, const csv_column *column, double *factor, dsp_error *error) {
  const time_word *word = find_word(column);
  const dsp_unit *unit = time_unit(column->unit_text);
  *factor = 1.0;
  if (is_clock(column)) return DSP_OK;
  if (!unit && word && word->unit) unit = time_unit(word->unit);
  if ((!unit || unit->factor > 80000.0) && is_serial(table, column)) {
    *factor = DAY_S;
    return DSP_OK;
  }
  if (unit) {
    *factor = unit->factor;
    return DSP_OK;
  }
  if (column->unit_text) {
    char place[200];
    snprintf(place, sizeof place, "column \"%s\"", column->raw ? column->raw : column->name);
    return dsp_fail(error, DSP_BAD_INPUT, place, "a unit of time: s, ms, us, min, h", "the unit \"%s\"", column->unit_text);
  }
  const epoch_row *epoch = find_epoch(column->x[0]);
  *factor = epoch->factor;
  return dsp_recording_warn(table->recording, "time_unit_assumed", "column \"%s\" names no unit of time; %s assumed", column->name,
                            epoch->words) == DSP_OK
             ? DSP_OK
             : dsp_fail_memory(error);
}

/* Clocks that start again: at midnight, and at 2^32 counts of a device. */
static dsp_status unroll(csv_table *table, const csv_column *column, double *x, dsp_error *error) {
  double add = 0;
  size_t wraps = 0;
  for (size_t i = 1; i < table->n_rows; i++) {
    const double back = x[i - 1] - add - x[i]; /* the column's own numbers: both without what was added */
    if (column->kind == CSV_CLOCK && back > DAY_S / 2) {
      add += DAY_S;
    } else if (column->kind == CSV_NUMBER && back > WRAP_32 * 0.75 && x[i - 1] - add < WRAP_32) {
      add += WRAP_32;
      wraps++;
    }
    x[i] += add;
  }
  if (wraps && dsp_recording_warn(table->recording, "time_wrapped", "the 32-bit time of column \"%s\" ran over %zu time%s", column->name,
                                  wraps, wraps > 1 ? "s" : "") != DSP_OK)
    return dsp_fail_memory(error);
  return DSP_OK;
}

dsp_status csv_seconds(csv_table *table, size_t c, csv_timing *timing, double *tick_s, dsp_error *error) {
  csv_column *column = &table->columns[c];
  double *x = column->x, factor = 1.0;
  const size_t n = table->n_rows;
  for (size_t i = 0; i < n; i++)
    if (isnan(x[i])) return fail_row(table, i, "a time", "no time", error);
  const double tick = tick_of(x, n);
  dsp_status status = column->kind == CSV_MINUTES ? check_minutes(column, n, tick, error) : DSP_OK;
  if (status == DSP_OK) status = unit_factor(table, column, &factor, error);
  if (status != DSP_OK) return status;
  bool falls = false;
  for (size_t i = 1; i < n; i++) falls |= x[i] < x[i - 1];
  if (falls) {
    status = unroll(table, column, x, error);
    if (status != DSP_OK) return status;
    for (size_t i = 1; i < n; i++)
      if (x[i] < x[i - 1]) return fail_row(table, i, "rising times", "a time that is earlier than the one before it", error);
  }
  const double first = x[0];
  timing->origin_s = first * factor;
  *tick_s = tick * factor;
  for (size_t i = 0; i < n; i++) x[i] = (x[i] - first) * factor;
  timing->t = x; /* the table still owns it */
  return DSP_OK;
}
