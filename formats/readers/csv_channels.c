/* SPDX-License-Identifier: GPL-3.0-or-later
 * Columns to channels, text cells to events. */
#include "csv.h"
#include "event_text.h"
#include <dsp/filter.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dsp_status add_events(csv_table *table, const csv_timing *timing, dsp_error *error) {
  for (size_t i = 0; i < table->n_marks; i++) {
    const csv_mark *mark = &table->marks[i];
    unsigned count;
    const dsp_event_kind kind = event_text_kind(mark->text, &count);
    const dsp_event event = {.t_s = timing->t ? timing->t[mark->row] : (double)mark->row / timing->rate_hz,
                             .kind = kind,
                             .count = kind != DSP_EVENT_NOTE ? count : 0,
                             .volume_ml = (double)NAN,
                             .percent = (double)NAN,
                             .text = mark->text,
                             .source = "csv"};
    if (dsp_recording_add_event(table->recording, &event) != DSP_OK) return dsp_fail_memory(error);
  }
  return dsp_recording_sort_events(table->recording) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
}

/* An empty column that would have held marks. */
static bool is_marker_name(const char *name) {
  static const char *const words[] = {"event",    "events",     "ereignis",    "ereignisse", "marker",    "markers",
                                      "mark",     "marke",      "comment",     "comments",   "kommentar", "note",
                                      "notes",    "annotation", "annotations", "evento",     "eventos",   "\xC3\xA9v\xC3\xA9nement",
                                      "lap/event"};
  const csv_span span = {(const unsigned char *)name, strlen(name)};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (csv_same_word(span, words[i])) return true;
  return false;
}

/* One stretch of an irregular clock: rows that share a stamp are averaged, the rest goes through the shape-preserving resampler. */
static dsp_status resample_stretch(double **y, size_t *n_out, double *t, double *x, const csv_timing *timing, const csv_stretch *stretch,
                                   const double *samples, dsp_error *error) {
  size_t n = 0;
  for (size_t i = 0, end; i < stretch->n; i = end) {
    double sum = 0;
    size_t count = 0;
    for (end = i; end < stretch->n && timing->t[stretch->first + end] <= timing->t[stretch->first + i]; end++) {
      const double v = samples[stretch->first + end];
      if (isnan(v)) continue;
      sum += v;
      count++;
    }
    t[n] = timing->t[stretch->first + i];
    x[n++] = count == 0 ? (double)NAN : count == 1 ? sum : sum / (double)count;
  }
  return dsp_resample_grid(y, n_out, t, x, n, timing->rate_hz, error);
}

/* Concatenates the stretches' grids; `segments` (one per stretch) is filled on the way. */
static dsp_status resample(double **out, size_t *n_out, dsp_segment *segments, const csv_timing *timing, const double *samples,
                           size_t n_rows, dsp_error *error) {
  double *t = dsp_alloc(n_rows, sizeof *t), *x = dsp_alloc(n_rows, sizeof *x), *all = NULL;
  size_t capacity = 0, total = 0;
  if (!t || !x) {
    free(t);
    free(x);
    return dsp_fail_memory(error);
  }
  dsp_status status = DSP_OK;
  for (size_t s = 0; s < timing->n_stretches && status == DSP_OK; s++) {
    double *y = NULL;
    size_t n = 0;
    status = resample_stretch(&y, &n, t, x, timing, &timing->stretches[s], samples, error);
    if (status == DSP_OK && dsp_grow(&all, &capacity, total + n, sizeof *all) != DSP_OK) status = dsp_fail_memory(error);
    if (status == DSP_OK) {
      memcpy(all + total, y, n * sizeof *y);
      segments[s] = (dsp_segment){timing->stretches[s].t0_s, total, n};
      total += n;
    }
    free(y);
  }
  free(t);
  free(x);
  if (status != DSP_OK) {
    free(all);
    return status;
  }
  *out = all;
  *n_out = total;
  return DSP_OK;
}

/* The column's samples with missing rows entered; the column's own array when there are none. Fills the segments. */
static dsp_status place_rows(double **out, size_t *n_out, dsp_segment *segments, size_t *n_segments, const csv_timing *timing,
                             csv_column *column, size_t n_rows, dsp_error *error) {
  size_t at = 0, m = 0;
  double *y = column->x;
  if (timing->missing_rows) {
    y = dsp_alloc(n_rows + timing->missing_rows, sizeof *y);
    if (!y) return dsp_fail_memory(error);
  } else {
    column->x = NULL;
  }
  for (size_t s = 0; s < timing->n_stretches; s++) {
    const csv_stretch *stretch = &timing->stretches[s];
    if (s == 0 || stretch->missing_before == 0) segments[m++] = (dsp_segment){stretch->t0_s, at, 0};
    for (size_t i = 0; i < stretch->missing_before; i++) y[at++] = (double)NAN;
    if (timing->missing_rows) memcpy(y + at, column->x + stretch->first, stretch->n * sizeof *y);
    at += stretch->n;
    segments[m - 1].n = at - segments[m - 1].first;
  }
  *out = y;
  *n_out = at;
  *n_segments = m;
  return DSP_OK;
}

static dsp_status add_channel(csv_table *table, csv_column *column, const csv_timing *timing, dsp_error *error) {
  double *x = NULL;
  size_t n = 0, n_segments = timing->n_stretches;
  dsp_segment *segments = dsp_alloc(n_segments, sizeof *segments);
  if (!segments) return dsp_fail_memory(error);
  dsp_status status = timing->irregular ? resample(&x, &n, segments, timing, column->x, table->n_rows, error)
                                        : place_rows(&x, &n, segments, &n_segments, timing, column, table->n_rows, error);
  if (status == DSP_OK) {
    dsp_channel *channel = dsp_recording_add_channel(table->recording, column->name, timing->rate_hz, x, n);
    if (!channel || dsp_channel_set_segments(channel, segments, n_segments) != DSP_OK) {
      status = dsp_fail_memory(error);
    } else {
      channel->unit_as_written = column->unit_text;
      channel->unit = column->unit_text ? dsp_unit_find(column->unit_text, strlen(column->unit_text)) : NULL;
      channel->resampled = timing->irregular;
      channel->jitter_s = timing->jitter_s;
    }
  }
  free(segments);
  return status;
}

static dsp_status warn_of_unit(csv_table *table, const csv_column *column, dsp_error *error) {
  if (!column->unit_text || dsp_unit_find(column->unit_text, strlen(column->unit_text))) return DSP_OK;
  return dsp_recording_warn(table->recording, "unit_unrecognized", "channel \"%s\": unit \"%s\" is not known", column->name,
                            column->unit_text) == DSP_OK
             ? DSP_OK
             : dsp_fail_memory(error);
}

dsp_status csv_channels(csv_table *table, const csv_timing *timing, long *channel_of, dsp_error *error) {
  long count = 0;
  for (size_t c = 0; c < table->n_columns; c++) {
    csv_column *column = &table->columns[c];
    channel_of[c] = FMT_HINT_USED;
    if (column->is_time || column->kind == CSV_TEXT || column->kind == CSV_DATE) continue;
    if (column->kind == CSV_EMPTY) {
      if (!column->raw || is_marker_name(column->plain)) continue;
      if (dsp_grow(&column->x, &column->capacity, table->n_rows, sizeof(double)) != DSP_OK) return dsp_fail_memory(error);
      for (size_t i = 0; i < table->n_rows; i++) column->x[i] = (double)NAN;
    }
    if (column->kind == CSV_CLOCK || column->kind == CSV_MINUTES || column->kind == CSV_STAMP) {
      if (dsp_recording_warn(table->recording, "column_dropped", "column \"%s\" holds clock times and is not the time column; left out",
                             column->name) != DSP_OK)
        return dsp_fail_memory(error);
      continue;
    }
    dsp_status status = add_channel(table, column, timing, error);
    if (status == DSP_OK) status = warn_of_unit(table, column, error);
    if (status != DSP_OK) return status;
    channel_of[c] = count++;
  }
  if (count == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "at least one column of samples beside the time", "no channel");
  return add_events(table, timing, error);
}
