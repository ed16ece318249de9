/* SPDX-License-Identifier: GPL-3.0-or-later
 * LabChart's MATLAB export (ADInstruments' description of it): all samples in one row `data`; `datastart` and `dataend` (channels by
 * blocks) are closed intervals that count from 1, -1 where a channel is empty. Blocks are segments at their `blocktimes`, in days. */
#include "field.h"
#include "mat.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400.0

typedef struct labchart_mat {
  const mat_vars *vars;
  const mat_var *data, *start, *end, *rate;
  size_t n_channels, n_blocks;
  dsp_recording *recording;
  dsp_error *error;
} labchart_mat;

/* Element (channel, block) of an array of that form, or NaN. */
static double at(const labchart_mat *m, const mat_var *var, size_t channel, size_t block) {
  if (!var || !var->x || var->rows != m->n_channels || var->cols != m->n_blocks) return (double)NAN;
  return var->x[block * var->rows + channel];
}

static double block_value(const labchart_mat *m, const char *name, size_t block) {
  const mat_var *var = mat_find(m->vars, name);
  return var && var->x && var->rows * var->cols == m->n_blocks ? var->x[block] : (double)NAN;
}

static double block_time(const labchart_mat *m, size_t block) {
  return m->n_blocks == 1 ? 0 : (block_value(m, "blocktimes", block) - block_value(m, "blocktimes", 0)) * DAY_S;
}

bool mat_is_labchart(const mat_vars *vars) {
  static const char *const names[] = {"data", "datastart", "dataend", "samplerate"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const mat_var *var = mat_find(vars, names[i]);
    if (!var || !var->x) return false;
  }
  return true;
}

/* The part of `data` that channel and block own; false when there is none. */
static bool interval(size_t *first, size_t *n, const labchart_mat *m, size_t channel, size_t block) {
  const double from = at(m, m->start, channel, block), to = at(m, m->end, channel, block);
  const double all = (double)(m->data->rows * m->data->cols);
  if (!(from >= 1) || !(to >= from) || to > all || from != floor(from) || to != floor(to)) return false;
  *first = (size_t)from - 1;
  *n = (size_t)to - (size_t)from + 1;
  return true;
}

static bool is_empty(const labchart_mat *m, size_t channel, size_t block) {
  return at(m, m->start, channel, block) < 0 && at(m, m->end, channel, block) < 0;
}

static dsp_status fail(const labchart_mat *m, const char *place, const char *expected, const char *found) {
  return dsp_fail(m->error, DSP_BAD_INPUT, place, expected, "%s", found);
}

static const char *unit_of(const labchart_mat *m, size_t channel, size_t block) {
  const mat_var *units = mat_find(m->vars, "unittext"), *map = mat_find(m->vars, "unittextmap");
  const double row = at(m, map, channel, block);
  return units && units->texts && row >= 1 && row <= (double)units->rows ? units->texts[(size_t)row - 1] : "";
}

/* Rate, unit and scale must be those of the channel's first block: a channel has one of each. */
static dsp_status same_throughout(const labchart_mat *m, size_t channel, size_t first, size_t block) {
  const mat_var *scale = mat_find(m->vars, "scaleunits"), *offset = mat_find(m->vars, "scaleoffset");
  if (at(m, m->rate, channel, block) != at(m, m->rate, channel, first))
    return fail(m, "samplerate", "one rate a channel", "a channel whose rate changes");
  if (strcmp(unit_of(m, channel, block), unit_of(m, channel, first)) != 0)
    return fail(m, "unittextmap", "one unit a channel", "a channel whose unit changes");
  if (scale &&
      (at(m, scale, channel, block) != at(m, scale, channel, first) || at(m, offset, channel, block) != at(m, offset, channel, first)))
    return fail(m, "scaleunits", "one scale a channel", "a channel whose scale changes");
  return DSP_OK;
}

/* How many samples the channel has, and in which block it begins. */
static dsp_status survey(const labchart_mat *m, size_t channel, size_t *total, size_t *first_block) {
  *total = 0;
  for (size_t b = 0; b < m->n_blocks; b++) {
    size_t first = 0, n = 0;
    if (is_empty(m, channel, b)) continue;
    if (!interval(&first, &n, m, channel, b))
      return fail(m, "datastart, dataend", "intervals within data, from 1 on", "an interval that cannot be");
    if (*total == 0) *first_block = b;
    const dsp_status status = same_throughout(m, channel, *first_block, b);
    if (status != DSP_OK) return status;
    *total += n;
    if (*total > FMT_CAP_SAMPLES)
      return dsp_fail(m->error, DSP_LIMIT, "datastart, dataend", "fewer samples", "intervals of more samples than any file");
  }
  return DSP_OK;
}

static dsp_status fill(const labchart_mat *m, size_t channel, double *x, dsp_segment *segments, size_t *n_segments, double scale,
                       double offset) {
  size_t done = 0;
  *n_segments = 0;
  for (size_t b = 0; b < m->n_blocks; b++) {
    size_t first = 0, n = 0;
    if (is_empty(m, channel, b) || !interval(&first, &n, m, channel, b)) continue;
    const double t0_s = block_time(m, b);
    if (!isfinite(t0_s) || (*n_segments && t0_s < segments[*n_segments - 1].t0_s))
      return fail(m, "blocktimes", "rising times, one a block", "blocks without times, or out of order");
    segments[(*n_segments)++] = (dsp_segment){t0_s, done, n};
    for (size_t i = 0; i < n; i++) {
      const double value = m->data->x[first + i] * scale + offset;
      x[done + i] = isfinite(value) ? value : (double)NAN;
    }
    done += n;
  }
  return DSP_OK;
}

static dsp_status add_channel(const labchart_mat *m, size_t channel, dsp_segment *segments) {
  const mat_var *titles = mat_find(m->vars, "titles"), *scales = mat_find(m->vars, "scaleunits"),
                *offsets = mat_find(m->vars, "scaleoffset");
  size_t n = 0, n_segments = 0, first = 0;
  dsp_status status = survey(m, channel, &n, &first);
  if (status != DSP_OK || n == 0) return status;
  const double rate_hz = at(m, m->rate, channel, first);
  if (!(rate_hz > 0) || !isfinite(rate_hz)) return fail(m, "samplerate", "a rate above 0", "a channel with samples but without a rate");
  const double scale = scales ? at(m, scales, channel, first) : 1, raw_offset = offsets ? at(m, offsets, channel, first) : 0;
  if (!isfinite(scale * raw_offset)) return fail(m, "scaleunits", "a scale for each channel", "a channel without one");
  double *x = dsp_alloc(n, sizeof *x);
  if (!x) return dsp_fail_memory(m->error);
  status = fill(m, channel, x, segments, &n_segments, scale, raw_offset * scale);
  if (status != DSP_OK) {
    free(x);
    return status;
  }
  const char *name = titles && titles->texts && channel < titles->rows ? titles->texts[channel] : "";
  if (!name[0]) name = dsp_arena_printf(m->recording->arena, "channel %zu", channel + 1);
  const field_channel about = {name ? name : "", unit_of(m, channel, first), rate_hz, scale, raw_offset * scale};
  dsp_channel *made = field_add_channel(m->recording, &about, x, n);
  return made && name && dsp_channel_set_segments(made, segments, n_segments) == DSP_OK ? DSP_OK : dsp_fail_memory(m->error);
}

/* `com`: channel or -1, block, place in ticks, type, row of `comtext`. */
static dsp_status add_comments(const labchart_mat *m) {
  const mat_var *com = mat_find(m->vars, "com"), *text = mat_find(m->vars, "comtext");
  if (!com || !com->x || com->cols != 5 || !text || !text->texts) return DSP_OK;
  for (size_t i = 0; i < com->rows && i < FMT_CAP_EVENTS; i++) {
    const double block = com->x[com->rows + i], tick = com->x[2 * com->rows + i], row = com->x[4 * com->rows + i];
    if (!(block >= 1) || block > (double)m->n_blocks || !(row >= 1) || row > (double)text->rows) continue;
    const double t_s = block_time(m, (size_t)block - 1) + tick / block_value(m, "tickrate", (size_t)block - 1);
    if (isfinite(t_s) && field_add_event(m->recording, t_s, 0, text->texts[(size_t)row - 1], "mat") != DSP_OK)
      return dsp_fail_memory(m->error);
  }
  return dsp_recording_sort_events(m->recording) == DSP_OK ? DSP_OK : dsp_fail_memory(m->error);
}

dsp_status mat_labchart(const mat_vars *vars, dsp_recording *recording, dsp_error *error) {
  labchart_mat m = {
      vars, mat_find(vars, "data"), mat_find(vars, "datastart"), mat_find(vars, "dataend"), mat_find(vars, "samplerate"), 0, 0, recording,
      error};
  m.n_channels = m.start->rows;
  m.n_blocks = m.start->cols;
  if (m.n_channels > FMT_CAP_CHANNELS || m.n_blocks > FMT_CAP_BLOCKS || m.n_blocks == 0)
    return fail(&m, "datastart", "channels by blocks", "an array of another form");
  dsp_segment *segments = dsp_alloc(m.n_blocks, sizeof *segments);
  dsp_status status = DSP_OK;
  if (!segments) return dsp_fail_memory(error);
  for (size_t c = 0; status == DSP_OK && c < m.n_channels; c++) status = add_channel(&m, c, segments);
  free(segments);
  if (status == DSP_OK && recording->n_channels == 0) return fail(&m, "data", "samples", "channels that are all empty");
  if (status == DSP_OK) status = add_comments(&m);
  if (status == DSP_OK && m.n_blocks > 1 &&
      dsp_recording_warn(recording, "gap", "%zu gap%s in time: %zu segments", m.n_blocks - 1, m.n_blocks > 2 ? "s" : "", m.n_blocks) !=
          DSP_OK)
    return dsp_fail_memory(error);
  return status;
}
