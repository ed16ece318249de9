/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tables of numbers as text: CSV, TSV and their relatives, with or without a header, units and a time column. */
#include "csv.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dsp_param_row rows[] = {
    [CSV_RATE_HZ] = {"csv.rate_hz", "Hz", 0, 0, 1e6, NULL, "Sampling rate of a table without a time column; 0: not stated",
                     "the recorder's settings"},
    [CSV_STEP_TOLERANCE] = {"csv.step_tolerance", "1", 0.01, 0, 0.5, NULL,
                            "Largest distance of a time stamp from the regular clock, in steps, for a clock that counts as regular",
                            "engineering choice: 1 % of a step"},
    [CSV_ROUNDING_TICKS] = {"csv.rounding_ticks", "1", 1.25, 1, 4, NULL,
                            "Largest spread of rounded stamps about the fitted clock, in units of their last decimal",
                            "rounding spreads them over 1; a quarter for the error of the fit"},
    [CSV_GAP_S] = {"csv.gap_s", "s", 0.5, 0, 3600, NULL,
                   "Longest stretch of missing rows that is entered as missing samples; longer: a gap", "engineering choice"},
    [CSV_GAP_STEPS] = {"csv.gap_steps", "1", 5, 1.5, 1000, NULL,
                       "In an irregular clock a step is a gap when longer than csv.gap_s and this many mean steps", "engineering choice"},
    [CSV_BATCH_SHARE] = {"csv.batch_share", "1", 0.05, 0, 1, NULL,
                         "Share of repeated time stamps above which an irregular clock counts as one of arrival, not of sampling",
                         "engineering choice; the export of a radio-linked oximeter repeated 18 % of its stamps"},
    [CSV_BATCH_GAP_STEPS] = {"csv.batch_gap_steps", "1", 20, 1.5, 1000, NULL,
                             "As csv.gap_steps, for a clock of arrival, whose batches come late",
                             "engineering choice; that export pauses for up to 11 steps without losing rows"},
};
_Static_assert(sizeof rows / sizeof rows[0] == CSV_N_PARAMS, "a row for every parameter");

void csv_clear(csv_table *table) {
  for (size_t c = 0; table->columns && c < table->n_columns; c++) free(table->columns[c].x);
  free(table->columns);
  free(table->marks);
  free(table->breaks);
  free(table->owned);
  if (table->c_locale) freelocale(table->c_locale);
}

/* A table without a time column: the stated rate, one segment. */
static dsp_status without_time(csv_table *table, csv_timing *timing, double stated_hz, dsp_error *error) {
  if (!(stated_hz > 0))
    return dsp_fail(error, DSP_BAD_INPUT, "", "a column named time (s), rate_hz in the side-car, or --set csv.rate_hz=...",
                    "no time column and no sampling rate");
  if (table->n_breaks && table->breaks[0] < table->n_rows) {
    char place[64];
    snprintf(place, sizeof place, "line %zu", csv_line_of_row(table, table->breaks[0]) - 1);
    return dsp_fail(error, DSP_BAD_INPUT, place, "a time column that says how long the pause is", "a blank line between two blocks");
  }
  timing->rate_hz = stated_hz;
  if (dsp_grow(&timing->stretches, &timing->capacity, 1, sizeof *timing->stretches) != DSP_OK) return dsp_fail_memory(error);
  timing->stretches[0] = (csv_stretch){.n = table->n_rows};
  timing->n_stretches = 1;
  return dsp_recording_warn(table->recording, "rate_from_parameter", "no time column: %g samples per second as stated", stated_hz) == DSP_OK
             ? DSP_OK
             : dsp_fail_memory(error);
}

static dsp_status find_timing(csv_table *table, csv_timing *timing, double stated_hz, dsp_error *error) {
  size_t column = SIZE_MAX;
  double tick_s = 0;
  dsp_status status = csv_time_column(table, &column, stated_hz > 0, error);
  if (status != DSP_OK) return status;
  if (column == SIZE_MAX) return without_time(table, timing, stated_hz, error);
  status = csv_seconds(table, column, timing, &tick_s, error);
  if (status == DSP_OK) status = csv_grid(table, timing, tick_s, stated_hz, error);
  if (status == DSP_OK) table->recording->t_origin_s = timing->origin_s;
  if (status == DSP_OK && timing->missing_rows &&
      dsp_recording_warn(table->recording, "rows_missing", "missing rows in short pauses: %zu; entered as missing samples",
                         timing->missing_rows) != DSP_OK)
    return dsp_fail_memory(error);
  return status;
}

static dsp_status warn_of_gaps(csv_table *table, const csv_timing *timing, dsp_error *error) {
  const dsp_recording *recording = table->recording;
  const size_t segments = recording->n_channels ? recording->channels[0].n_segments : 1;
  if (table->short_rows && dsp_recording_warn(table->recording, "short_rows", "%zu row%s short, first on line %zu", table->short_rows,
                                              table->short_rows > 1 ? "s are" : " is", table->short_line) != DSP_OK)
    return dsp_fail_memory(error);
  if (segments > 1 && timing->t &&
      dsp_recording_warn(table->recording, "gap", "%zu gap%s in time: %zu segments", segments - 1, segments > 2 ? "s" : "", segments) !=
          DSP_OK)
    return dsp_fail_memory(error);
  return DSP_OK;
}

static dsp_status take(csv_table *table, fmt_hints *hints, dsp_error *error) {
  double stated_hz = table->params[CSV_RATE_HZ];
  double from_sidecar = 0;
  csv_timing timing = {0};
  dsp_status status = csv_sniff(table, error);
  if (status == DSP_OK) status = csv_use_hints(table, hints, &from_sidecar, error);
  if (status == DSP_OK) status = csv_rows(table, error);
  if (status == DSP_OK && table->n_rows == 0) status = dsp_fail(error, DSP_BAD_INPUT, "", "rows with numbers", "no row of data");
  long *channel_of = status == DSP_OK ? dsp_alloc(table->n_columns, sizeof *channel_of) : NULL;
  if (status == DSP_OK && !channel_of) status = dsp_fail_memory(error);
  if (status == DSP_OK) status = find_timing(table, &timing, from_sidecar > 0 ? from_sidecar : stated_hz, error);
  if (status == DSP_OK) status = csv_channels(table, &timing, channel_of, error);
  if (status == DSP_OK) status = csv_place_hints(table, hints, channel_of, error);
  if (status == DSP_OK) status = warn_of_gaps(table, &timing, error);
  free(channel_of);
  csv_timing_clear(&timing);
  return status;
}

static dsp_status read_csv(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  csv_table table = {.recording = recording, .params = params};
  table.c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  dsp_status status = table.c_locale ? csv_decode(&table, input->source, error) : dsp_fail_memory(error);
  if (status == DSP_OK) status = take(&table, hints, error);
  csv_clear(&table);
  return status;
}

/* Text has no control characters but blanks and line ends; more than that a table cannot promise. */
static fmt_verdict probe_csv(const fmt_input *input, unsigned *score, dsp_error *error) {
  const fmt_source *source = input->source;
  const unsigned char *p = source->bytes;
  const size_t look = source->size < 4096 ? source->size : 4096;
  size_t zeros[2] = {0, 0}, digits = 0, control = 0;
  (void)error;
  for (size_t i = 0; i < look; i++) {
    zeros[i & 1] += p[i] == 0;
    digits += p[i] >= '0' && p[i] <= '9';
    control += (p[i] < ' ' && p[i] != '\t' && p[i] != '\n' && p[i] != '\r' && p[i] != '\f' && p[i] != 0) || p[i] == 127;
  }
  const bool marked = look >= 2 && ((p[0] == 0xFF && p[1] == 0xFE) || (p[0] == 0xFE && p[1] == 0xFF));
  const bool utf16 = marked || ((zeros[0] == 0) != (zeros[1] == 0) && (zeros[0] + zeros[1]) * 4 >= look);
  if (look == 0 || control > 0 || (!utf16 && zeros[0] + zeros[1] > 0 && zeros[0] + zeros[1] > 1 + look / 64)) return FMT_NOT_MINE;
  *score = digits ? 40 : 10;
  return FMT_PERHAPS;
}

static const char *const extensions[] = {"csv", "tsv", "txt", "tab", "dat", "asc", NULL};

const fmt_reader csv_reader = {
    .id = "csv",
    .title = "CSV, TSV and other delimited text",
    .extensions = extensions,
    .params = {"csv", rows, CSV_N_PARAMS},
    .probe = probe_csv,
    .read = read_csv,
};
