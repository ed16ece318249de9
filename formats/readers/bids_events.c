/* SPDX-License-Identifier: GPL-3.0-or-later
 * Events beside a physiological recording. `_physioevents` (BIDS 1.11): no header line, onsets as row index or in the unit of a column of
 * the recording, as OnsetSource says. `_events.tsv`: with a header line, onsets in seconds from the main acquisition's start. */
#include "bids.h"
#include "event_text.h"
#include "field.h"
#include "inflate.h"
#include "rows.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where the columns that matter are; SIZE_MAX none. */
typedef struct event_columns {
  size_t onset, duration, words[3];
} event_columns;

static const char *const word_names[3] = {"trial_type", "message", "value"};

typedef struct event_table {
  csv_table text;
  const char *file_name;
  event_columns columns;
  const dsp_channel *onset_source; /* NULL: `unit_s` and `zero_s` say it all */
  double unit_s, zero_s;
} event_table;

static size_t cells_of(csv_span *cells, csv_span line) {
  const unsigned char *p = line.at, *end = line.at + line.n;
  size_t n = 0;
  for (; n < FMT_CAP_EVENT_COLUMNS && p <= end; n++) {
    const unsigned char *tab = p < end ? memchr(p, '\t', (size_t)(end - p)) : NULL;
    if (!tab) tab = end;
    cells[n] = csv_trim((csv_span){p, (size_t)(tab - p)});
    p = tab + 1;
  }
  return n;
}

static void name_column(event_columns *columns, csv_span name, size_t c) {
  if (csv_same_word(name, "onset")) columns->onset = c;
  if (csv_same_word(name, "duration")) columns->duration = c;
  for (size_t w = 0; w < 3; w++)
    if (csv_same_word(name, word_names[w])) columns->words[w] = c;
}

/* Seconds from the first sample; NaN where the recording's own column never reaches the onset. */
static double seconds_of(const event_table *table, double onset) {
  const dsp_channel *source = table->onset_source;
  if (!source) return onset * table->unit_s + table->zero_s;
  size_t low = 0, high = source->n; /* the column rises */
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (source->x[middle] >= onset)
      high = middle;
    else
      low = middle + 1;
  }
  return low < source->n ? (double)low / source->rate_hz : (double)NAN;
}

/* What an event says: its message, if there is one beside a type that says no more than a kind; else the type, and the message behind it.
 */
static bool join(const char **text, const char *type, dsp_arena *arena) {
  unsigned count = 0;
  dsp_event_kind kind = DSP_EVENT_NOTE;
  if (!*text || strcmp(*text, type) == 0)
    *text = type;
  else if (event_text_kind(type, &count) == DSP_EVENT_NOTE && !dsp_event_kind_find(type, &kind))
    *text = dsp_arena_printf(arena, "%s: %s", type, *text);
  return *text != NULL;
}

static dsp_status one_event(dsp_recording *recording, event_table *table, const csv_span *cells, size_t n, size_t line, dsp_error *error) {
  const event_columns *columns = &table->columns;
  double onset = 0, duration = 0;
  char place[120];
  const char *words = NULL, *text = NULL;
  if (columns->onset >= n || !csv_number(&onset, cells[columns->onset], '.', table->text.c_locale) || !isfinite(onset)) {
    snprintf(place, sizeof place, "%.80s line %zu", table->file_name, line);
    return dsp_fail(error, DSP_BAD_INPUT, place, "an onset", "\"%.*s\"", (int)(columns->onset < n ? cells[columns->onset].n % 60 : 0),
                    columns->onset < n ? (const char *)cells[columns->onset].at : "");
  }
  if (columns->duration < n && !csv_number(&duration, cells[columns->duration], '.', table->text.c_locale)) duration = 0;
  for (size_t w = 0; w < 3 && !text; w++) {
    if (columns->words[w] >= n || csv_is_missing(cells[columns->words[w]])) continue;
    const char *cell = csv_copy(&table->text, cells[columns->words[w]]);
    if (!cell) return dsp_fail_memory(error);
    if (words) text = cell;
    if (!words) words = cell;
  }
  if (words && !join(&text, words, recording->arena)) return dsp_fail_memory(error);
  const double t_s = seconds_of(table, onset);
  if (isnan(t_s)) return DSP_OK;
  const double dur_s = table->onset_source ? seconds_of(table, onset + duration) - t_s : duration * table->unit_s;
  return field_add_told_event(recording, t_s, dur_s > 0 ? dur_s : 0, words ? words : "", text ? text : "", "bids") == DSP_OK
             ? DSP_OK
             : dsp_fail_memory(error);
}

static dsp_status take_rows(dsp_recording *recording, event_table *table, bool with_header, dsp_error *error) {
  const unsigned char *p = table->text.at, *end = table->text.end;
  csv_span cells[FMT_CAP_EVENT_COLUMNS];
  size_t line = 1;
  dsp_status status = DSP_OK;
  for (; status == DSP_OK && p < end; line++, p = rows_next_line(p, end)) {
    const csv_span text = rows_line(p, end);
    if (text.n == 0) continue;
    const size_t n = cells_of(cells, text);
    if (line == 1 && with_header)
      for (size_t c = 0; c < n; c++) name_column(&table->columns, cells[c], c);
    else
      status = recording->n_events < FMT_CAP_EVENTS
                   ? one_event(recording, table, cells, n, line, error)
                   : dsp_fail(error, DSP_LIMIT, table->file_name, "fewer events", "more than %zu events", FMT_CAP_EVENTS);
  }
  return status;
}

static dsp_status take_table(dsp_recording *recording, event_table *table, const fmt_source *source, bool with_header, dsp_error *error) {
  fmt_source plain = {0};
  dsp_error why = {0};
  const bool packed = inflate_is_gzip(source);
  dsp_status status = packed ? inflate_gzip(&plain, source, &why) : DSP_OK;
  table->text.recording = recording;
  table->text.c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (status == DSP_OK && !table->text.c_locale) status = dsp_fail_memory(&why);
  if (status == DSP_OK && (packed ? &plain : source)->size) status = csv_decode(&table->text, packed ? &plain : source, &why);
  if (status == DSP_OK)
    status = take_rows(recording, table, with_header, error);
  else
    (void)dsp_fail(error, status, table->file_name, why.expected, "%s", why.found);
  csv_clear(&table->text);
  fmt_source_clear(&plain);
  return status;
}

/* OnsetSource: the recording's column whose values the onsets are, or "n/a" for row numbers from 0. */
static dsp_status place_onsets(event_table *table, const dsp_recording *recording, const json_t *root, const bids_facts *facts,
                               dsp_error *error) {
  const char *source = json_string_value(json_object_get(root, "OnsetSource"));
  table->unit_s = 1 / facts->rate_hz;
  table->zero_s = 0;
  if (!source || strcmp(source, "n/a") == 0) return DSP_OK;
  for (size_t c = 0; c < recording->n_channels; c++)
    if (strcmp(recording->channels[c].name, source) == 0) table->onset_source = &recording->channels[c];
  const dsp_channel *found = table->onset_source;
  for (size_t i = 0; found && i < found->n; i++)
    if (isnan(found->x[i]) || (i && found->x[i] < found->x[i - 1]))
      return dsp_fail(error, DSP_BAD_INPUT, "physioevents.json: OnsetSource", "a column whose values rise", "\"%.100s\"", source);
  if (found) return DSP_OK;
  return dsp_fail(error, DSP_BAD_INPUT, "physioevents.json: OnsetSource", "n/a or a column of the recording", "\"%.100s\"", source);
}

static dsp_status physio_events(dsp_recording *recording, const fmt_input *input, const bids_name *name, const bids_facts *facts,
                                dsp_error *error) {
  event_table table = {.columns = {SIZE_MAX, SIZE_MAX, {SIZE_MAX, SIZE_MAX, SIZE_MAX}}};
  json_t *root = NULL;
  const fmt_source *source = NULL;
  dsp_status status = bids_table(&source, &table.file_name, input, name, "physioevents", false, error);
  if (!source) return status;
  status = bids_inherit(&root, recording, input, name, "physioevents", error);
  const json_t *columns = root ? json_object_get(root, "Columns") : NULL;
  if (status == DSP_OK && !json_is_array(columns))
    status = dsp_fail(error, DSP_BAD_INPUT, "physioevents.json", "Columns, the names of the table's columns", "no names");
  for (size_t c = 0; status == DSP_OK && c < json_array_size(columns); c++) {
    const char *word = json_string_value(json_array_get(columns, c));
    if (word) name_column(&table.columns, (csv_span){(const unsigned char *)word, strlen(word)}, c);
  }
  if (status == DSP_OK) status = place_onsets(&table, recording, root, facts, error);
  if (status == DSP_OK) status = take_table(recording, &table, source, false, error);
  json_decref(root);
  return status;
}

dsp_status bids_events(dsp_recording *recording, const fmt_input *input, const bids_name *name, const bids_facts *facts, dsp_error *error) {
  event_table table = {.columns = {SIZE_MAX, SIZE_MAX, {SIZE_MAX, SIZE_MAX, SIZE_MAX}}, .unit_s = 1, .zero_s = -facts->start_s};
  dsp_status status = physio_events(recording, input, name, facts, error);
  const fmt_source *source = NULL;
  if (status == DSP_OK) status = bids_table(&source, &table.file_name, input, name, "events", true, error);
  if (status == DSP_OK && source) status = take_table(recording, &table, source, true, error);
  if (status == DSP_OK && dsp_recording_sort_events(recording) != DSP_OK) status = dsp_fail_memory(error);
  return status;
}
