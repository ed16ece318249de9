/* SPDX-License-Identifier: GPL-3.0-or-later
 * A block's rows: which column is the time, where the block stands in time, where it has gaps, and whose samples its columns are. */
#include "field.h"
#include "labchart.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Half a step tells one sample from the next; a rate counts as the same when 10^9 samples would not part two clocks by one. */
#define HALF_STEP    0.5
#define SAME_RATE    1e-9
#define TIME_LOOK    16
#define DATE_ROUND_S 1e-3
#define HALF_DAY_S   43200.0

/* One stretch of rows in which the time column runs evenly. */
typedef struct lab_stretch {
  size_t first, n;
  double t0_s; /* from the recording's first sample */
} lab_stretch;

typedef struct lab_timing {
  lab_stretch *rows;
  size_t n, capacity;
  double step_s;
} lab_timing;

/* The column whose first steps are the interval, else the first: LabChart writes the time in front. SIZE_MAX: there is none. */
static size_t find_time(const rows_block *rows, const lab_block *block, size_t n_channels) {
  if (rows->n_columns <= n_channels) return SIZE_MAX;
  const size_t look = rows->n_rows < TIME_LOOK ? rows->n_rows : TIME_LOOK;
  for (size_t c = 0; c < rows->n_columns && look > 1; c++) {
    size_t even = 1;
    for (size_t i = 1; i < look; i++) even += fabs(rows->x[c][i] - rows->x[c][i - 1] - block->interval_s) <= 0.25 * block->interval_s;
    if (even == look) return c;
  }
  for (size_t c = 0; c < rows->n_columns; c++)
    if (!isnan(rows->x[c][0])) return c; /* a date beside it holds no numbers */
  return 0;
}

static dsp_status add_stretch(lab_timing *timing, size_t first, size_t n, double t0_s, dsp_error *error) {
  if (dsp_grow(&timing->rows, &timing->capacity, timing->n + 1, sizeof *timing->rows) != DSP_OK) return dsp_fail_memory(error);
  timing->rows[timing->n++] = (lab_stretch){first, n, t0_s};
  return DSP_OK;
}

static bool runs_evenly(const double *t, size_t n, double step_s) {
  for (size_t i = 1; i < n; i++)
    if (!(fabs(t[i] - t[0] - (double)i * step_s) <= HALF_STEP * step_s)) return false;
  return true;
}

static dsp_status refuse_time(const lab_block *block, size_t row, const char *expected, const char *found, dsp_error *error) {
  char place[64];
  snprintf(place, sizeof place, "row %zu of the block on line %zu", row + 1, block->line);
  return dsp_fail(error, DSP_BAD_INPUT, place, expected, "%s", found);
}

/* Times in seconds; a clock that passes midnight goes on. */
static dsp_status unwrap(double *t, size_t n, const lab_block *block, dsp_error *error) {
  double days_s = 0;
  for (size_t i = 0; i < n; i++) {
    if (isnan(t[i])) return refuse_time(block, i, "a time in every row", "no time", error);
    t[i] += days_s;
    if (i && t[i] < t[i - 1] - HALF_DAY_S) {
      days_s += 2 * HALF_DAY_S;
      t[i] += 2 * HALF_DAY_S;
    }
    if (i && !(t[i] > t[i - 1]))
      return refuse_time(block, i, "rising times", t[i] < t[i - 1] ? "a time earlier than the one above" : "the same time twice", error);
  }
  return DSP_OK;
}

/* Stretches from the time column. The stated interval holds wherever it explains the column; a column that runs evenly at another step says
 * that the interval was rounded, or that only every k-th sample was exported. */
static dsp_status stretches(lab_timing *timing, lab_file *file, const lab_block *block, const double *t, size_t n, double start_s,
                            dsp_error *error) {
  const double fitted_s = n > 1 ? (t[n - 1] - t[0]) / (double)(n - 1) : block->interval_s;
  timing->step_s = block->interval_s;
  if (runs_evenly(t, n, timing->step_s)) return add_stretch(timing, 0, n, start_s, error);
  if (runs_evenly(t, n, fitted_s)) {
    timing->step_s = fitted_s;
    if (dsp_recording_warn(file->text.recording, "interval_disagrees",
                           "block on line %zu: the header has %g s between samples, the time column %g s; the column was taken",
                           block->line, block->interval_s, fitted_s) != DSP_OK)
      return dsp_fail_memory(error);
    return add_stretch(timing, 0, n, start_s, error);
  }
  size_t first = 0;
  dsp_status status = DSP_OK;
  for (size_t i = 1; i <= n && status == DSP_OK; i++) {
    if (i < n && fabs(t[i] - t[first] - (double)(i - first) * timing->step_s) <= HALF_STEP * timing->step_s) continue;
    status = add_stretch(timing, first, i - first, start_s + (t[first] - t[0]), error);
    first = i;
  }
  if (status == DSP_OK && timing->n * 4 > n)
    return refuse_time(block, timing->rows[1].first, "times that rise by the interval", "irregular times", error);
  return status;
}

/* Where the block begins, from the recording's first sample: by its date, or by its own times where these go on from block to block. */
static dsp_status place(double *start_s, lab_file *file, const lab_block *block, bool has_time, double t0_s, double step_s,
                        dsp_error *error) {
  char where[64];
  *start_s = 0;
  if (file->n_blocks == 0) {
    file->origin_dated = block->dated;
    file->origin_date_s = block->date_s;
    file->origin_time_s = has_time ? t0_s : 0;
    return DSP_OK;
  }
  const double by_column_s = t0_s - file->origin_time_s, dates_s = nearbyint((block->date_s - file->origin_date_s) * 1e6) * 1e-6;
  const bool dated = block->dated && file->origin_dated, goes_on = has_time && by_column_s >= file->end_s - HALF_STEP * step_s;
  const bool agree = dated && fabs(by_column_s - dates_s) <= 1;
  snprintf(where, sizeof where, "line %zu", block->line);
  if (goes_on && (block->clock == LAB_CLOCK_ON || (block->clock == LAB_CLOCK_UNSTATED && (agree || !dated))))
    *start_s = by_column_s;
  else if (dated)
    *start_s = dates_s + (has_time && block->clock != LAB_CLOCK_ON ? by_column_s : 0);
  else
    return dsp_fail(error, DSP_BAD_INPUT, where, "ExcelDateTime= in every block, or --set labchart.block=N for one of them",
                    "a block that nothing places in time");
  if (*start_s < file->end_s - fmax(HALF_STEP * step_s, DATE_ROUND_S))
    return dsp_fail(error, DSP_BAD_INPUT, where, "blocks in order of time, or --set labchart.block=N for one of them",
                    "a block that begins %g s before the one above ends", file->end_s - *start_s);
  if (*start_s < file->end_s) *start_s = file->end_s;
  return DSP_OK;
}

/* The channel that column `c` goes on, or a new one. */
static lab_channel *find_channel(lab_file *file, const char *title, const char *unit, size_t repeat, double rate_hz, size_t *index) {
  for (*index = 0; *index < file->n_channels; ++*index) {
    lab_channel *channel = &file->channels[*index];
    if (channel->repeat == repeat && fabs(channel->rate_hz - rate_hz) <= SAME_RATE * rate_hz && strcmp(channel->title, title) == 0 &&
        (unit && channel->unit ? strcmp(unit, channel->unit) == 0 : unit == channel->unit))
      return channel;
  }
  if (dsp_grow(&file->channels, &file->channels_capacity, file->n_channels + 1, sizeof *file->channels) != DSP_OK) return NULL;
  lab_channel *channel = &file->channels[file->n_channels++];
  *channel = (lab_channel){.title = title, .unit = unit, .repeat = repeat, .rate_hz = rate_hz};
  return channel;
}

static dsp_status append(lab_channel *channel, rows_block *rows, size_t column, const lab_timing *timing, dsp_error *error) {
  const size_t before = channel->n;
  if (dsp_grow(&channel->segments, &channel->segments_capacity, channel->n_segments + timing->n, sizeof *channel->segments) != DSP_OK)
    return dsp_fail_memory(error);
  if (before == 0) {
    channel->capacity = rows->capacity;
    channel->x = rows_release(rows, column);
  } else if (dsp_grow(&channel->x, &channel->capacity, before + rows->n_rows, sizeof *channel->x) != DSP_OK) {
    return dsp_fail_memory(error);
  } else {
    memcpy(channel->x + before, rows->x[column], rows->n_rows * sizeof *channel->x);
  }
  channel->n += rows->n_rows;
  for (size_t s = 0; s < timing->n; s++)
    channel->segments[channel->n_segments++] = (dsp_segment){timing->rows[s].t0_s, before + timing->rows[s].first, timing->rows[s].n};
  return DSP_OK;
}

/* A rate that a person would write: an interval is printed in decimal digits, so its reciprocal is a hair beside it. */
static double tidy_rate(double step_s) {
  const double rate_hz = 1 / step_s, whole = nearbyint(rate_hz);
  return whole > 0 && fabs(rate_hz - whole) <= SAME_RATE * rate_hz ? whole : rate_hz;
}

static dsp_status add_samples(lab_file *file, const lab_block *block, rows_block *rows, const lab_timing *timing, size_t time_column,
                              const char **titles, dsp_error *error) {
  const size_t extra = rows->n_columns > block->n_channels ? rows->n_columns - block->n_channels : 0;
  const double rate_hz = tidy_rate(timing->step_s);
  size_t c = 0, skipped = 0;
  for (size_t column = 0; column < rows->n_columns && c < block->n_channels; column++) {
    if (column == time_column || (skipped + 1 < extra && column < extra)) {
      skipped += column != time_column;
      continue;
    }
    const char *unit = NULL;
    size_t repeat = 0, index = 0;
    dsp_status status = lab_name(file, block, c, &titles[c], &unit, error);
    if (status != DSP_OK) return status;
    for (size_t k = 0; k < c; k++) repeat += strcmp(titles[k], titles[c]) == 0;
    lab_channel *channel = find_channel(file, titles[c], unit, repeat, rate_hz, &index);
    if (!channel) return dsp_fail_memory(error);
    if (file->n_channels > FMT_CAP_CHANNELS)
      return dsp_fail(error, DSP_LIMIT, "", "fewer channels", "more than %zu channels in all blocks", FMT_CAP_CHANNELS);
    status = append(channel, rows, column, timing, error);
    if (status != DSP_OK) return status;
    c++;
  }
  return DSP_OK;
}

static double time_of_row(const lab_timing *timing, size_t row) {
  size_t low = 0, high = timing->n;
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    if (timing->rows[middle].first <= row)
      low = middle;
    else
      high = middle;
  }
  return timing->rows[low].t0_s + (double)(row - timing->rows[low].first) * timing->step_s;
}

/* `#* text` is about all channels, `#3 text` about the third. */
static dsp_status add_comments(lab_file *file, const rows_block *rows, const lab_timing *timing, const char *const *titles,
                               size_t n_channels, dsp_error *error) {
  for (size_t i = 0; i < rows->n_comments; i++) {
    csv_span text = rows->comments[i].text;
    size_t channel = 0, k = 1;
    for (; k < text.n && k < 5 && text.at[k] >= '0' && text.at[k] <= '9'; k++) channel = channel * 10 + (size_t)(text.at[k] - '0');
    if (k == 1 && text.n > 1 && text.at[1] == '*') k = 2;
    const char *words = csv_copy(&file->text, (csv_span){text.at + k, text.n - k});
    if (words && channel >= 1 && channel <= n_channels && titles[channel - 1])
      words = dsp_arena_printf(file->text.recording->arena, "%s (%s)", words, titles[channel - 1]);
    if (!words || field_add_event(file->text.recording, time_of_row(timing, rows->comments[i].row), 0, words, "labchart") != DSP_OK)
      return dsp_fail_memory(error);
  }
  return DSP_OK;
}

static dsp_status use_rows(lab_file *file, const lab_block *block, rows_block *rows, dsp_error *error) {
  char where[64];
  snprintf(where, sizeof where, "line %zu", block->line);
  if (rows->n_columns > block->n_channels + 2)
    return dsp_fail(error, DSP_BAD_INPUT, where, "a column for each title beside time and date", "%zu columns for %zu channels",
                    rows->n_columns, block->n_channels);
  lab_timing timing = {.step_s = block->interval_s};
  double start_s = 0;
  const size_t time_column = find_time(rows, block, block->n_channels);
  const bool has_time = time_column != SIZE_MAX;
  double *t = has_time ? rows->x[time_column] : NULL;
  const char **titles = dsp_zalloc(block->n_channels, sizeof *titles);
  if (!titles) return dsp_fail_memory(error);
  dsp_status status = DSP_OK;
  if (has_time) status = unwrap(t, rows->n_rows, block, error);
  if (status == DSP_OK) status = place(&start_s, file, block, has_time, has_time ? t[0] : 0, block->interval_s, error);
  if (status == DSP_OK)
    status =
        has_time ? stretches(&timing, file, block, t, rows->n_rows, start_s, error) : add_stretch(&timing, 0, rows->n_rows, start_s, error);
  if (status == DSP_OK) status = add_samples(file, block, rows, &timing, time_column, titles, error);
  if (status == DSP_OK) status = add_comments(file, rows, &timing, titles, block->n_channels, error);
  if (status == DSP_OK) {
    const lab_stretch *last = &timing.rows[timing.n - 1];
    file->end_s = last->t0_s + (double)last->n * timing.step_s;
    file->n_blocks++;
  }
  free(titles);
  free(timing.rows);
  return status;
}

dsp_status lab_rows(lab_file *file, const lab_block *block, const unsigned char **p, size_t *line, dsp_error *error) {
  rows_block rows = {.text = &file->text, .stop = LAB_KEY, .with_comments = true, .line = *line};
  file->text.dialect = (csv_dialect){'\t', '.'};
  rows.n_columns = rows_count_cells(&rows, *p);
  if (rows.n_columns == 0 || *p == file->text.end) return DSP_OK; /* a header without rows: a block that was never filled */
  const unsigned char decimal = rows_decimal(&rows, *p);
  file->text.dialect.decimal = decimal ? decimal : '.';
  if (rows.n_columns > block->n_channels && rows.n_columns < 2) rows.n_columns = 2;
  dsp_status status = rows_take(&rows, p, error);
  *line = rows.line;
  if (status == DSP_OK && rows.n_rows > 0) status = use_rows(file, block, &rows, error);
  if (rows.short_rows && file->short_rows == 0) file->short_line = rows.short_line;
  file->short_rows += rows.short_rows;
  rows_clear(&rows);
  return status;
}
