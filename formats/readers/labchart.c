/* SPDX-License-Identifier: GPL-3.0-or-later
 * LabChart's text export (ADInstruments): blocks of a header and rows. Structure after the vendor's note on importing text and after real
 * exports; a block begins at `Interval=`, how many header lines follow varies. */
#include "labchart.h"
#include "field.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dsp_param_row rows[] = {
    [LAB_BLOCK] = {"labchart.block", "1", 0, 0, 1e6, NULL, "Read this block only, counted from 1; 0: all", "the user"},
    [LAB_HELD] = {"labchart.held", "", 0, 0, 1, "reduce|keep",
                  "A channel whose samples are repeated to the fastest rate: reduce it to its own rate, or keep it as it is", "the user"},
    [LAB_HELD_RUNS] = {"labchart.held_runs", "1", 40, 8, 1e6, NULL,
                       "Changes of value, all on multiples of one number of rows, from which a channel counts as repeated",
                       "engineering choice: 2^-40 by chance"},
};
_Static_assert(sizeof rows / sizeof rows[0] == LAB_N_PARAMS, "a row for every parameter");

static void clear(lab_file *file) {
  for (size_t c = 0; c < file->n_channels; c++) {
    free(file->channels[c].x);
    free(file->channels[c].segments);
  }
  free(file->channels);
  csv_clear(&file->text);
}

/* All blocks, or the one that was asked for. Lines before the first header do not belong to the format. */
static dsp_status take_blocks(lab_file *file, size_t wanted, dsp_error *error) {
  const unsigned char *p = file->text.at, *end = file->text.end;
  size_t line = 1, number = 0;
  dsp_status status = DSP_OK;
  while (status == DSP_OK && p < end) {
    lab_block block;
    if ((size_t)(end - p) < sizeof LAB_KEY - 1 || memcmp(p, LAB_KEY, sizeof LAB_KEY - 1) != 0) {
      p = rows_next_line(p, end);
      line++;
      continue;
    }
    if (++number > FMT_CAP_BLOCKS) return dsp_fail(error, DSP_LIMIT, "", "fewer blocks", "more than %zu blocks", FMT_CAP_BLOCKS);
    status = lab_header(file, &block, &p, &line, error);
    if (status == DSP_OK && (wanted == 0 || wanted == number)) status = lab_rows(file, &block, &p, &line, error);
  }
  if (status == DSP_OK && wanted > number)
    return dsp_fail(error, DSP_BAD_OPTION, "labchart.block", "the number of a block", "%zu; the file has %zu", wanted, number);
  return status;
}

static dsp_status add_channel(lab_file *file, lab_channel *channel, const double *params, dsp_error *error) {
  dsp_recording *recording = file->text.recording;
  const size_t k = params[LAB_HELD] == 0 ? lab_held(channel, (size_t)params[LAB_HELD_RUNS]) : 1;
  if (k > 1) {
    lab_thin(channel, k);
    if (dsp_recording_warn(recording, "rate_inferred", "channel \"%s\": each value is repeated %zu times; its own rate is %g Hz",
                           channel->title, k, channel->rate_hz) != DSP_OK)
      return dsp_fail_memory(error);
  }
  const field_channel about = {channel->title, channel->unit, channel->rate_hz, 1, 0};
  dsp_channel *made = field_add_channel(recording, &about, channel->x, channel->n);
  channel->x = NULL;
  if (!made || dsp_channel_set_segments(made, channel->segments, channel->n_segments) != DSP_OK) return dsp_fail_memory(error);
  return DSP_OK;
}

static dsp_status finish(lab_file *file, const double *params, dsp_error *error) {
  dsp_recording *recording = file->text.recording;
  size_t gaps = 0;
  if (file->n_channels == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "rows below the header", "no samples");
  for (size_t c = 0; c < file->n_channels; c++) {
    if (file->channels[c].n_segments > gaps + 1) gaps = file->channels[c].n_segments - 1;
    const dsp_status status = add_channel(file, &file->channels[c], params, error);
    if (status != DSP_OK) return status;
  }
  recording->t_origin_s = file->origin_time_s;
  if (gaps && dsp_recording_warn(recording, "gap", "%zu gap%s in time: %zu segments", gaps, gaps > 1 ? "s" : "", gaps + 1) != DSP_OK)
    return dsp_fail_memory(error);
  if (file->short_rows && dsp_recording_warn(recording, "short_rows", "%zu row%s short, first on line %zu", file->short_rows,
                                             file->short_rows > 1 ? "s are" : " is", file->short_line) != DSP_OK)
    return dsp_fail_memory(error);
  return dsp_recording_sort_events(recording) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
}

static dsp_status read_labchart(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording,
                                dsp_error *error) {
  lab_file file = {.text = {.recording = recording}};
  (void)hints;
  file.text.c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  dsp_status status = file.text.c_locale ? csv_decode(&file.text, input->source, error) : dsp_fail_memory(error);
  if (status == DSP_OK) status = take_blocks(&file, (size_t)params[LAB_BLOCK], error);
  if (status == DSP_OK) status = finish(&file, params, error);
  clear(&file);
  return status;
}

/* The key at the start, in UTF-8, behind its mark or in UTF-16. */
static fmt_verdict probe_labchart(const fmt_input *input, unsigned *score, dsp_error *error) {
  static const char key[] = LAB_KEY;
  const unsigned char *p = input->source->bytes, *end = p + input->source->size;
  size_t n = 0, zeros = 0;
  (void)error;
  if (end - p >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) p += 3;
  if (end - p >= 2 && (memcmp(p, "\xFF\xFE", 2) == 0 || memcmp(p, "\xFE\xFF", 2) == 0)) p += 2;
  for (; p < end && n < sizeof key - 1; p++) {
    if (*p == 0 && ++zeros < sizeof key) continue;
    if (*p != (unsigned char)key[n++]) return FMT_NOT_MINE;
  }
  *score = 95;
  return n == sizeof key - 1 ? FMT_MINE : FMT_NOT_MINE;
}

static const char *const extensions[] = {"txt", NULL};

const fmt_reader labchart_reader = {
    .id = "labchart",
    .title = "LabChart text export (ADInstruments)",
    .extensions = extensions,
    .params = {"labchart", rows, LAB_N_PARAMS},
    .probe = probe_labchart,
    .read = read_labchart,
};
