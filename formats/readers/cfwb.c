/* SPDX-License-Identifier: GPL-3.0-or-later
 * LabChart's "Translate Binary" files: a header of 68 bytes, one of 96 a channel, interleaved samples; packed, little endian. Layout after
 * ADInstruments, "Generating LabChart for Windows Binary Files" (2009). One block, one rate, no comments. */
#include "field.h"
#include <fmt/cursor.h>
#include <fmt/reader.h>
#include <math.h>
#include <stdlib.h>

enum { HEAD_BYTES = 68, CHANNEL_BYTES = 96, TEXT_BYTES = 32, DATE_AT = 16 };

/* dataFormat */
enum { F64 = 1, F32 = 2, I16 = 3 };

typedef struct cfwb_file {
  const fmt_input *input;
  dsp_recording *recording;
  fmt_cursor at;
  double step_s, trigger_s;
  int32_t n_channels, stated, with_time, kind;
  size_t width, columns, n; /* bytes of a sample, samples of a row, rows that are there */
} cfwb_file;

typedef struct cfwb_channel {
  const char *title, *unit;
  double scale, offset;
} cfwb_channel;

static dsp_status head(cfwb_file *file, dsp_error *error) {
  fmt_cursor *at = &file->at;
  fmt_seek(at, 8);
  file->step_s = fmt_take_f64(at, false);
  fmt_seek(at, DATE_AT + 28);
  file->trigger_s = fmt_take_f64(at, false);
  file->n_channels = fmt_take_i32(at, false);
  file->stated = fmt_take_i32(at, false);
  file->with_time = fmt_take_i32(at, false);
  file->kind = fmt_take_i32(at, false);
  const dsp_status status = fmt_cursor_check(at, "a header of 68 bytes", error);
  if (status != DSP_OK) return status;
  if (!(file->step_s >= 1e-7 && file->step_s <= 1e5))
    return dsp_fail(error, DSP_BAD_INPUT, "byte 8", "seconds between samples", "%g", file->step_s);
  if (file->n_channels < 1 || (size_t)file->n_channels > FMT_CAP_CHANNELS)
    return dsp_fail(error, DSP_BAD_INPUT, "byte 52", "1 to 256 channels", "%d", (int)file->n_channels);
  if (file->kind < F64 || file->kind > I16)
    return dsp_fail(error, DSP_BAD_INPUT, "byte 64", "1 (f64), 2 (f32) or 3 (i16)", "sample type %d", (int)file->kind);
  file->width = file->kind == F64 ? 8 : file->kind == F32 ? 4 : 2;
  return DSP_OK;
}

/* A date that nobody may know unless names may be known, too. The clock has no zone. */
static dsp_status take_start(cfwb_file *file, dsp_error *error) {
  fmt_cursor at = file->at;
  int32_t part[5];
  if (!file->input->keep_identifiers) return DSP_OK;
  fmt_seek(&at, DATE_AT);
  for (size_t i = 0; i < 5; i++) part[i] = fmt_take_i32(&at, false);
  const double seconds = fmt_take_f64(&at, false);
  if (part[0] < 1900 || part[0] > 9999 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31 || part[3] < 0 || part[3] > 23 ||
      part[4] < 0 || part[4] > 59 || !(seconds >= 0 && seconds < 61))
    return DSP_OK;
  file->recording->t0 = dsp_arena_printf(file->recording->arena, "%04d-%02d-%02dT%02d:%02d:%02d", (int)part[0], (int)part[1], (int)part[2],
                                         (int)part[3], (int)part[4], (int)seconds);
  return file->recording->t0 ? DSP_OK : dsp_fail_memory(error);
}

static dsp_status take_channel(cfwb_file *file, cfwb_channel *channel, size_t c, dsp_error *error) {
  dsp_arena *arena = file->recording->arena;
  char place[40];
  snprintf(place, sizeof place, "byte %zu", file->at.at + 2 * (size_t)TEXT_BYTES);
  const unsigned char *title = fmt_take(&file->at, TEXT_BYTES), *unit = fmt_take(&file->at, TEXT_BYTES);
  channel->scale = fmt_take_f64(&file->at, false);
  channel->offset = fmt_take_f64(&file->at, false);
  fmt_skip(&file->at, 16); /* the range */
  const dsp_status status = fmt_cursor_check(&file->at, "a header of 96 bytes for each channel", error);
  if (status != DSP_OK || !title || !unit) return status;
  channel->title = field_text(arena, title, TEXT_BYTES);
  channel->unit = field_text(arena, unit, TEXT_BYTES);
  if (channel->title && !channel->title[0]) channel->title = dsp_arena_printf(arena, "channel %zu", c + 1);
  if (!channel->title || !channel->unit) return dsp_fail_memory(error);
  if (file->kind == I16 && (!isfinite(channel->scale) || channel->scale == 0 || !isfinite(channel->offset)))
    return dsp_fail(error, DSP_BAD_INPUT, place, "a scale other than 0, and an offset", "%g and %g", channel->scale, channel->offset);
  const bool scaled = channel->scale != 0 && (channel->scale != 1 || channel->offset != 0);
  if (file->kind != I16 && scaled &&
      dsp_recording_warn(file->recording, "header_irregular",
                         "channel \"%s\": floating-point samples with a scale of %g, which was ignored", channel->title,
                         channel->scale) != DSP_OK)
    return dsp_fail_memory(error);
  return DSP_OK;
}

/* How many rows the file holds, and whether a column of times is among them: what the header states, as far as the bytes bear it out. */
static dsp_status measure(cfwb_file *file, dsp_error *error) {
  const size_t left = fmt_cursor_left(&file->at), n_channels = (size_t)file->n_channels;
  const size_t row = n_channels * file->width;
  if (row == 0) return dsp_fail(error, DSP_BAD_INPUT, "byte 52", "1 to 256 channels", "0"); /* head() has seen to it */
  const size_t plain = left / row, timed = left / (row + file->width);
  const size_t stated = file->stated > 0 ? (size_t)file->stated : 0;
  const bool time = file->with_time != 0 && !(stated && plain == stated && timed != stated);
  const size_t there = time ? timed : plain;
  file->columns = n_channels + time;
  file->n = stated && stated < there ? stated : there;
  if (file->n == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "samples behind the header", "no samples");
  dsp_status status = DSP_OK;
  if (stated > there)
    status =
        dsp_recording_warn(file->recording, "file_truncated", "%zu samples a channel, of the %zu that the header states", there, stated);
  else if (left != file->n * file->columns * file->width)
    status = dsp_recording_warn(file->recording, "header_irregular", "%zu bytes behind the samples were left out",
                                left - file->n * file->columns * file->width);
  return status == DSP_OK ? DSP_OK : dsp_fail_memory(error);
}

static double sample_at(const cfwb_file *file, const unsigned char *p) {
  const double raw = file->kind == F64   ? fmt_f64_of(fmt_u64le(p))
                     : file->kind == F32 ? (double)fmt_f32_of(fmt_u32le(p))
                                         : (double)(int16_t)fmt_u16le(p);
  return isfinite(raw) ? raw : (double)NAN;
}

static dsp_status add_channel(cfwb_file *file, const cfwb_channel *about, size_t c, const unsigned char *samples, dsp_error *error) {
  const bool integers = file->kind == I16;
  const size_t stride = file->columns * file->width;
  const double scale = integers ? about->scale : 1, offset = integers ? about->scale * about->offset : 0;
  const unsigned char *p = samples + (c + file->columns - (size_t)file->n_channels) * file->width;
  double *x = dsp_alloc(file->n, sizeof *x);
  if (!x) return dsp_fail_memory(error);
  for (size_t i = 0; i < file->n; i++, p += stride) {
    x[i] = sample_at(file, p);
    if (integers) x[i] = about->scale * (x[i] + about->offset);
    if (!isfinite(x[i])) x[i] = (double)NAN;
  }
  const double rate_hz = 1 / file->step_s, whole = nearbyint(rate_hz);
  const field_channel field = {about->title, about->unit, fabs(rate_hz - whole) <= 1e-9 * rate_hz ? whole : rate_hz, scale, offset};
  return field_add_channel(file->recording, &field, x, file->n) ? DSP_OK : dsp_fail_memory(error);
}

static dsp_status read_cfwb(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  cfwb_file file = {.input = input, .recording = recording, .at = fmt_cursor_over(input->source->bytes, input->source->size)};
  (void)hints, (void)params;
  dsp_status status = head(&file, error);
  if (status != DSP_OK) return status;
  cfwb_channel *channels = dsp_zalloc((size_t)file.n_channels, sizeof *channels);
  if (!channels) return dsp_fail_memory(error);
  status = take_start(&file, error);
  for (size_t c = 0; status == DSP_OK && c < (size_t)file.n_channels; c++) status = take_channel(&file, &channels[c], c, error);
  if (status == DSP_OK) status = measure(&file, error);
  for (size_t c = 0; status == DSP_OK && c < (size_t)file.n_channels; c++)
    status = add_channel(&file, &channels[c], c, input->source->bytes + HEAD_BYTES + (size_t)file.n_channels * CHANNEL_BYTES, error);
  if (isfinite(file.trigger_s) && file.trigger_s != 0) recording->t_origin_s = -file.trigger_s;
  free(channels);
  return status;
}

static fmt_verdict probe_cfwb(const fmt_input *input, unsigned *score, dsp_error *error) {
  fmt_cursor at = fmt_cursor_over(input->source->bytes, input->source->size);
  const unsigned char *magic = fmt_take(&at, 4);
  if (!magic || memcmp(magic, "CFWB", 4) != 0) return FMT_NOT_MINE;
  const int32_t version = fmt_take_i32(&at, false);
  *score = 100;
  if (version == 1) return FMT_MINE;
  (void)dsp_fail(error, DSP_BAD_INPUT, "byte 4", "version 1", "a LabChart binary file of version %d", (int)version);
  return FMT_BROKEN;
}

static const char *const extensions[] = {"adibin", "bin", NULL};

const fmt_reader cfwb_reader = {
    .id = "cfwb",
    .title = "LabChart binary (Translate Binary, CFWB)",
    .extensions = extensions,
    .params = {"cfwb", NULL, 0},
    .probe = probe_cfwb,
    .read = read_cfwb,
};
