/* SPDX-License-Identifier: GPL-3.0-or-later
 * A MATLAB file of somebody's own: its longest arrays are the channels. Their clock is a vector of times, or a rate that the side-car, a
 * parameter or a variable states; nothing is guessed. */
#include "csv.h"
#include "field.h"
#include "mat.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double SECONDS_MAX = 1e9, STEP_MIN_S = 1e-6, STEP_MAX_S = 86400;

static bool is_one_of(const char *name, const char *const *words) {
  for (; *words; words++)
    if (strcasecmp(name, *words) == 0) return true;
  return false;
}

static bool is_time(const mat_var *var) {
  static const char *const words[] = {"t", "time", "times", "t_s", "time_s", "timestamps", "zeit", "t_ms", "time_ms", "ms", NULL};
  return var->x && (var->rows == 1 || var->cols == 1) && var->rows * var->cols > 1 && is_one_of(var->name, words);
}

static const char *time_unit(const mat_var *time) {
  const size_t n = strlen(time->name);
  return n >= 2 && strcasecmp(time->name + n - 2, "ms") == 0 ? "ms" : "s";
}

/* A scalar that can be nothing but the sampling rate. */
static double stated_rate(const mat_vars *vars) {
  static const char *const words[] = {
      "fs",    "fs_hz", "samplerate", "sample_rate", "samplingrate", "sampling_rate", "samplingfrequency", "sampling_frequency",
      "srate", NULL};
  for (size_t i = 0; i < vars->n; i++) {
    const mat_var *var = &vars->rows[i];
    if (var->x && var->rows * var->cols == 1 && is_one_of(var->name, words) && var->x[0] > 0 && isfinite(var->x[0])) return var->x[0];
  }
  return 0;
}

/* A rate in the side-car that names one of these variables, or the same for all. */
static double hinted_rate(const mat_vars *vars, const fmt_hints *hints) {
  for (size_t i = 0; i < hints->n; i++) {
    const fmt_hint *hint = &hints->rows[i];
    if (hint->rate_hz > 0 && (!hint->column || mat_find(vars, hint->column))) return hint->rate_hz;
  }
  return 0;
}

static size_t length_of(const mat_var *var) {
  return var->rows > var->cols ? var->rows : var->cols;
}

/* Columns of an array whose longer side is time; an array of other length has none. */
static size_t channels_in(const mat_var *var, size_t n) {
  if (!var->x || is_time(var) || n < 2) return 0;
  if (var->rows == n && var->cols <= FMT_CAP_CHANNELS) return var->cols;
  return var->cols == n && var->rows <= FMT_CAP_CHANNELS ? var->rows : 0;
}

static double sample(const mat_var *var, size_t channel, size_t i, size_t n) {
  const double value = var->rows == n ? var->x[channel * n + i] : var->x[i * var->rows + channel];
  return isfinite(value) ? value : (double)NAN;
}

/* The channels as columns of a table, the times before them, so that the table's clock is read as any other. */
static dsp_status fill_columns(csv_table *table, const mat_vars *vars, const mat_var *time) {
  const size_t n = table->n_rows;
  dsp_arena *arena = table->recording->arena;
  for (size_t v = 0; v < vars->n; v++) {
    const mat_var *var = &vars->rows[v];
    const size_t channels = var == time ? 1 : channels_in(var, n);
    for (size_t c = 0; c < channels && table->n_columns <= FMT_CAP_CHANNELS; c++) {
      csv_column *column = &table->columns[table->n_columns];
      const char *name = channels > 1 ? dsp_arena_printf(arena, "%s.%zu", var->name, c + 1) : var->name;
      *column = (csv_column){.raw = name,
                             .plain = name,
                             .name = name,
                             .kind = CSV_NUMBER,
                             .is_time = var == time,
                             .unit_text = var == time ? time_unit(var) : NULL};
      if (!name || dsp_grow(&column->x, &column->capacity, n, sizeof(double)) != DSP_OK) return DSP_NO_MEMORY;
      for (size_t i = 0; i < n; i++) column->x[i] = sample(var, c, i, n);
      table->n_columns++;
    }
  }
  return DSP_OK;
}

static size_t time_column(const csv_table *table) {
  for (size_t c = 0; c < table->n_columns; c++)
    if (table->columns[c].is_time) return c;
  return SIZE_MAX;
}

/* Between numbers near the largest there are, interpolation overflows: no value. */
static void drop_infinite(const dsp_recording *recording) {
  for (size_t c = 0; c < recording->n_channels; c++) {
    dsp_channel *channel = &recording->channels[c];
    for (size_t i = 0; i < channel->n; i++) {
      if (!isinf(channel->x[i])) continue;
      channel->x[i] = (double)NAN;
      channel->missing++;
    }
  }
}

/* Times of a recording, not numbers near the ends of what there are: steps from a microsecond to a day, within some 30 years. */
static dsp_status check_times(const double *t, size_t n, dsp_error *error) {
  bool good = true;
  for (size_t i = 0; i < n; i++) good &= fabs(t[i]) < SECONDS_MAX;
  const double step_s = good ? (t[n - 1] - t[0]) / (double)(n - 1) : 0;
  if (good && step_s >= STEP_MIN_S && step_s <= STEP_MAX_S) return DSP_OK;
  return dsp_fail(error, DSP_BAD_INPUT, "t", "rising times in seconds", "times that are none, or steps of %g s", step_s);
}

static dsp_status by_clock(csv_table *table, size_t at, double rate_hz, dsp_error *error) {
  csv_timing timing = {0};
  double tick_s = 0;
  const dsp_status checked = check_times(table->columns[at].x, table->n_rows, error);
  if (checked != DSP_OK) return checked;
  long *channel_of = dsp_zalloc(table->n_columns, sizeof *channel_of);
  dsp_status status = channel_of ? csv_seconds(table, at, &timing, &tick_s, error) : dsp_fail_memory(error);
  if (status == DSP_OK) status = csv_grid(table, &timing, tick_s, rate_hz, error);
  if (status == DSP_OK && !(timing.rate_hz > 0.1 / STEP_MAX_S && timing.rate_hz < 1 / STEP_MIN_S * 10))
    status = dsp_fail(error, DSP_BAD_INPUT, "t", "rising times in seconds", "a clock of %g steps a second", timing.rate_hz);
  if (status == DSP_OK) status = csv_channels(table, &timing, channel_of, error);
  drop_infinite(table->recording);
  if (status == DSP_OK) table->recording->t_origin_s = timing.origin_s;
  csv_timing_clear(&timing);
  free(channel_of);
  return status;
}

static dsp_status by_rate(csv_table *table, double rate_hz, dsp_error *error) {
  for (size_t c = 0; c < table->n_columns; c++) {
    csv_column *column = &table->columns[c];
    double *x = column->x;
    column->x = NULL;
    const field_channel about = {.name = column->name, .rate_hz = rate_hz, .scale = 1};
    if (!field_add_channel(table->recording, &about, x, table->n_rows)) return dsp_fail_memory(error);
  }
  return DSP_OK;
}

static dsp_status refuse(const mat_vars *vars, size_t longest, dsp_error *error) {
  char list[200] = "";
  size_t used = 0;
  for (size_t i = 0; i < vars->n && used + 80 < sizeof list; i++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s (%zu by %zu)", i ? ", " : "", vars->rows[i].name, vars->rows[i].rows,
                             vars->rows[i].cols);
  if (vars->skipped && longest < 2)
    return dsp_fail(error, DSP_BAD_INPUT, "", MAT_ADVICE, "structures, cells or complex numbers, and besides %s", list);
  return dsp_fail(error, DSP_BAD_INPUT, "",
                  "a vector t of seconds or time_ms, a scalar Fs, rate_hz for a column in the side-car, or --set mat.rate_hz=...",
                  "variables without times or a sampling rate: %s", list);
}

dsp_status mat_plain(const mat_vars *vars, const fmt_hints *hints, double rate_hz, dsp_recording *recording, dsp_error *error) {
  const fmt_reader *csv = fmt_reader_find("csv");
  double params[CSV_N_PARAMS];
  const mat_var *time = NULL;
  size_t n = 0;
  for (size_t i = 0; i < CSV_N_PARAMS; i++) params[i] = csv->params.rows[i].value;
  for (size_t i = 0; i < vars->n; i++)
    if (is_time(&vars->rows[i]) && (!time || length_of(&vars->rows[i]) > length_of(time))) time = &vars->rows[i];
  for (size_t i = 0; i < vars->n; i++)
    if (vars->rows[i].x && !is_time(&vars->rows[i]) && length_of(&vars->rows[i]) > n) n = length_of(&vars->rows[i]);
  if (!(rate_hz > 0)) rate_hz = hinted_rate(vars, hints);
  if (!(rate_hz > 0)) rate_hz = stated_rate(vars);
  if (time && length_of(time) != n) time = NULL;
  if (n < 2 || (!time && !(rate_hz > 0))) return refuse(vars, n, error);
  csv_table table = {.recording = recording, .params = params, .n_rows = n};
  table.columns = dsp_zalloc(FMT_CAP_CHANNELS + 2, sizeof *table.columns);
  dsp_status status = table.columns && fill_columns(&table, vars, time) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
  if (status == DSP_OK) status = time ? by_clock(&table, time_column(&table), rate_hz, error) : by_rate(&table, rate_hz, error);
  for (size_t c = 0; table.columns && c < table.n_columns; c++) free(table.columns[c].x);
  free(table.columns);
  if (status == DSP_OK && recording->n_channels == 0) return refuse(vars, n, error);
  return status;
}
