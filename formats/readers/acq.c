/* SPDX-License-Identifier: GPL-3.0-or-later
 * AcqKnowledge's own files (BIOPAC .acq), uncompressed, revisions 30 (2.0) to 121 (4.2): graph header, a header a channel, foreign data,
 * a type a channel, interleaved samples, marks. Offsets and revisions after the notes of uwmadison-chm/bioread. Byte order is that in
 * which the revision is plausible. A channel may be sampled at a whole fraction of the base rate. */
#include "field.h"
#include <fmt/cursor.h>
#include <fmt/reader.h>
#include <math.h>
#include <stdlib.h>

enum {
  REVISION_MIN = 30,
  REVISION_DIVIDER = 38,
  REVISION_COMPRESSION = 41,
  REVISION_3_LAST = 45,
  REVISION_4 = 61,
  REVISION_4_1 = 80,
  REVISION_4_3 = 124,
  REVISION_MAX = 140
};
enum { COMPRESSED_AT_3 = 1936, COMPRESSED_AT_4 = 972, DIVIDER_AT_3 = 250, DIVIDER_AT_4 = 152, CHANNEL_LEAST = 112, TYPE_SEARCH = 4096 };
enum { NAME_BYTES = 40, UNIT_BYTES = 20 };

typedef struct acq_channel {
  const char *name, *unit;
  double scale, offset;
  size_t stated, n, divider, width; /* width 8: floating point, 2: integer */
  double *x;
  size_t due; /* base tick of its next sample */
} acq_channel;

typedef struct acq_file {
  dsp_recording *recording;
  fmt_cursor at;
  bool big;
  int32_t revision;
  double step_s;
  acq_channel *channels;
  size_t n_channels;
} acq_file;

/* The revision in the byte order that makes it one; 0: neither does. */
static int32_t revision_of(const fmt_source *source, bool *big) {
  fmt_cursor at = fmt_cursor_over(source->bytes, source->size);
  for (int order = 0; order < 2; order++) {
    *big = order == 1;
    at.at = 2;
    at.failed = source->size < 24;
    const int32_t revision = at.failed ? 0 : fmt_take_i32(&at, *big);
    if (revision >= REVISION_MIN && revision <= REVISION_MAX) return revision;
  }
  return 0;
}

static dsp_status fail_at(size_t at, const char *expected, const char *found, double value, dsp_error *error) {
  char place[40];
  snprintf(place, sizeof place, "byte %zu", at);
  return dsp_fail(error, DSP_BAD_INPUT, place, expected, "%s %g", found, value);
}

/* Leaves the cursor at the first channel's header. */
static dsp_status take_graph(acq_file *file, dsp_error *error) {
  fmt_cursor *at = &file->at;
  fmt_seek(at, 6);
  const int32_t length = fmt_take_i32(at, file->big);
  const int16_t channels = fmt_take_i16(at, file->big);
  fmt_skip(at, 4);
  const double step_ms = fmt_take_f64(at, file->big);
  int32_t compressed = 0;
  if (file->revision >= REVISION_COMPRESSION) {
    fmt_seek(at, file->revision >= REVISION_4 ? COMPRESSED_AT_4 : COMPRESSED_AT_3);
    compressed = fmt_take_i32(at, file->big);
  }
  const dsp_status status = fmt_cursor_check(at, "the graph header", error);
  if (status != DSP_OK) return status;
  if (channels < 1 || (size_t)channels > FMT_CAP_CHANNELS) return fail_at(10, "1 to 256 channels", "number of channels", channels, error);
  if (!(step_ms >= 1e-4 && step_ms <= 1e8)) return fail_at(16, "milliseconds between samples", "interval", step_ms, error);
  if (length < 24) return fail_at(6, "the graph header's length", "length", length, error);
  if (compressed == 1)
    return dsp_fail(error, DSP_BAD_INPUT, "", "an uncompressed file: in AcqKnowledge save as text, or as .acq without compression",
                    "a compressed .acq file");
  file->n_channels = (size_t)channels;
  file->step_s = step_ms / 1000;
  fmt_seek(at, (size_t)length);
  return fmt_cursor_check(at, "the channels' headers", error);
}

static dsp_status take_channel(acq_file *file, acq_channel *channel, size_t c, dsp_error *error) {
  fmt_cursor *at = &file->at;
  const size_t start = at->at;
  const int32_t length = fmt_take_i32(at, file->big);
  fmt_skip(at, 2);
  const unsigned char *name = fmt_take(at, NAME_BYTES);
  fmt_skip(at, 22);
  const unsigned char *unit = fmt_take(at, UNIT_BYTES);
  const int32_t stated = fmt_take_i32(at, file->big);
  channel->scale = fmt_take_f64(at, file->big);
  channel->offset = fmt_take_f64(at, file->big);
  channel->divider = 1;
  if (file->revision >= REVISION_DIVIDER) {
    fmt_seek(at, start + (file->revision >= REVISION_4 ? DIVIDER_AT_4 : DIVIDER_AT_3));
    const int16_t divider = fmt_take_i16(at, file->big);
    if (divider > 1) channel->divider = (size_t)divider;
  }
  dsp_status status = fmt_cursor_check(at, "a header for each channel", error);
  if (status != DSP_OK || !name || !unit) return status;
  if (length < CHANNEL_LEAST || stated < 0) return fail_at(start, "the channel header's length", "length", length, error);
  channel->stated = (size_t)stated;
  channel->name = field_text(file->recording->arena, name, NAME_BYTES);
  channel->unit = field_text(file->recording->arena, unit, UNIT_BYTES);
  if (channel->name && !channel->name[0]) channel->name = dsp_arena_printf(file->recording->arena, "channel %zu", c + 1);
  if (!channel->name || !channel->unit) return dsp_fail_memory(error);
  fmt_seek(at, start + (size_t)length);
  return fmt_cursor_check(at, "a header for each channel", error);
}

static dsp_status skip_foreign(acq_file *file, dsp_error *error) {
  fmt_cursor *at = &file->at;
  const size_t start = at->at;
  const uint16_t length = fmt_take_u16(at, file->big);
  size_t whole = length;
  if (file->revision >= REVISION_4_1) {
    whole += 8;
  } else if (file->revision > REVISION_3_LAST) {
    fmt_skip(at, 6);
    const int32_t extended = fmt_take_i32(at, file->big);
    whole = extended > 0 ? (size_t)extended + 8 : 8;
  }
  fmt_seek(at, start + whole);
  return fmt_cursor_check(at, "the foreign data", error);
}

static bool types_at(const acq_file *file, size_t from) {
  fmt_cursor at = file->at;
  fmt_seek(&at, from);
  for (size_t c = 0; c < file->n_channels; c++) {
    const int16_t width = fmt_take_i16(&at, file->big), type = fmt_take_i16(&at, file->big);
    if (at.failed || !((width == 8 && type == 1) || (width == 2 && type == 2))) return false;
    file->channels[c].width = (size_t)width;
  }
  return true;
}

/* The channels' types do not always follow the foreign data at once. */
static dsp_status take_types(acq_file *file, dsp_error *error) {
  const size_t start = file->at.at;
  for (size_t skip = 0; skip < TYPE_SEARCH; skip++)
    if (types_at(file, start + skip)) {
      fmt_seek(&file->at, start + skip + 4 * file->n_channels);
      return DSP_OK;
    }
  return fail_at(start, "a sample type for each channel", "none behind byte", (double)start, error);
}

static double sample(const acq_file *file, const acq_channel *channel, const unsigned char *p) {
  if (channel->width == 2) return channel->scale * (int16_t)(file->big ? fmt_u16be(p) : fmt_u16le(p)) + channel->offset;
  return fmt_f64_of(file->big ? fmt_u64be(p) : fmt_u64le(p));
}

/* Tick by tick the samples of all channels that are due; a channel that has all of its samples is passed over. */
static bool take_samples(acq_file *file) {
  for (;;) {
    size_t tick = SIZE_MAX;
    for (size_t c = 0; c < file->n_channels; c++) {
      const acq_channel *channel = &file->channels[c];
      if (channel->n < channel->stated && channel->due < tick) tick = channel->due;
    }
    if (tick == SIZE_MAX) return true;
    for (size_t c = 0; c < file->n_channels; c++) {
      acq_channel *channel = &file->channels[c];
      if (channel->n == channel->stated || channel->due != tick) continue;
      const unsigned char *p = fmt_take(&file->at, channel->width);
      if (!p) return false;
      const double value = sample(file, channel, p);
      channel->x[channel->n++] = isfinite(value) ? value : (double)NAN;
      channel->due += channel->divider;
    }
  }
}

static dsp_status take_data(acq_file *file, dsp_error *error) {
  const size_t left = fmt_cursor_left(&file->at);
  size_t total = 0;
  for (size_t c = 0; c < file->n_channels; c++) {
    acq_channel *channel = &file->channels[c];
    if (channel->width == 2 && (!isfinite(channel->scale) || channel->scale == 0 || !isfinite(channel->offset)))
      return dsp_fail(error, DSP_BAD_INPUT, channel->name, "a scale other than 0, and an offset", "%g and %g", channel->scale,
                      channel->offset);
    const size_t room = left / channel->width < channel->stated ? left / channel->width : channel->stated;
    total += channel->stated * channel->width;
    channel->x = dsp_alloc(room, sizeof *channel->x);
    if (!channel->x) return dsp_fail_memory(error);
  }
  const bool whole = take_samples(file);
  if (!whole && dsp_recording_warn(file->recording, "file_truncated", "%zu bytes of samples, of the %zu that the header states", left,
                                   total) != DSP_OK)
    return dsp_fail_memory(error);
  file->at.failed = !whole; /* there are no marks behind samples that are not all there */
  return DSP_OK;
}

static dsp_status add_channels(acq_file *file, dsp_error *error) {
  const double base_hz = 1 / file->step_s, whole = nearbyint(base_hz);
  for (size_t c = 0; c < file->n_channels; c++) {
    acq_channel *channel = &file->channels[c];
    const bool integers = channel->width == 2;
    const double rate_hz = (fabs(base_hz - whole) <= 1e-9 * base_hz ? whole : base_hz) / (double)channel->divider;
    const field_channel about = {channel->name, channel->unit, rate_hz, integers ? channel->scale : 1, integers ? channel->offset : 0};
    double *x = channel->x;
    channel->x = NULL;
    if (channel->n == 0) {
      free(x);
      if (dsp_recording_warn(file->recording, "column_dropped", "channel \"%s\" holds no samples; left out", channel->name) != DSP_OK)
        return dsp_fail_memory(error);
    } else if (!field_add_channel(file->recording, &about, x, channel->n)) {
      return dsp_fail_memory(error);
    }
  }
  return file->recording->n_channels ? DSP_OK : dsp_fail(error, DSP_BAD_INPUT, "", "samples", "no samples");
}

/* Marks are a courtesy: where their layout does not hold, the samples stand without them. */
static dsp_status take_marks(acq_file *file, dsp_error *error) {
  fmt_cursor *at = &file->at;
  const bool late = file->revision >= REVISION_4;
  const size_t start = at->at;
  const int32_t length = fmt_take_i32(at, file->big), first = fmt_take_i32(at, file->big);
  const int32_t second = late ? fmt_take_i32(at, file->big) : first;
  const size_t end = start + (length > 0 ? (size_t)length : 0) + (late ? 0 : 8);
  fmt_skip(at, late ? 13 : 0);
  const size_t most = (size_t)(first > second ? first : second);
  if (at->failed || first < 0 || second < 0) return DSP_OK;
  size_t i = 0;
  for (; i < most && i < FMT_CAP_EVENTS && at->at < end; i++) {
    const int32_t index = fmt_take_i32(at, file->big);
    fmt_skip(at, late ? 10 : 6);
    const int16_t bytes = fmt_take_i16(at, file->big);
    const unsigned char *raw = bytes >= 0 ? fmt_take(at, (size_t)bytes + (late ? 0 : 1)) : NULL;
    if (!raw || index < 0) break;
    const char *text = field_text(file->recording->arena, raw, (size_t)bytes + (late ? 0 : 1));
    if (!text || field_add_event(file->recording, index * file->step_s, 0, text, "acq") != DSP_OK) return dsp_fail_memory(error);
  }
  if (i < most && i < FMT_CAP_EVENTS && at->at < end &&
      dsp_recording_warn(file->recording, "file_truncated", "%zu marks, of the %zu that the file states", i, most) != DSP_OK)
    return dsp_fail_memory(error);
  return dsp_recording_sort_events(file->recording) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
}

static dsp_status read_acq(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  acq_file file = {.recording = recording, .at = fmt_cursor_over(input->source->bytes, input->source->size)};
  (void)hints, (void)params;
  file.revision = revision_of(input->source, &file.big);
  if (file.revision == 0) return dsp_fail(error, DSP_BAD_INPUT, "byte 2", "a file revision from 30 to 121", "another number");
  dsp_status status = take_graph(&file, error);
  if (status != DSP_OK) return status;
  file.channels = dsp_zalloc(file.n_channels, sizeof *file.channels);
  if (!file.channels) return dsp_fail_memory(error);
  for (size_t c = 0; status == DSP_OK && c < file.n_channels; c++) status = take_channel(&file, &file.channels[c], c, error);
  if (status == DSP_OK) status = skip_foreign(&file, error);
  if (status == DSP_OK) status = take_types(&file, error);
  if (status == DSP_OK) status = take_data(&file, error);
  if (status == DSP_OK) status = add_channels(&file, error);
  if (status == DSP_OK) status = take_marks(&file, error);
  for (size_t c = 0; c < file.n_channels; c++) free(file.channels[c].x);
  free(file.channels);
  return status;
}

/* There is no magic number: revision, number of channels and interval must be plausible at once. */
static fmt_verdict probe_acq(const fmt_input *input, unsigned *score, dsp_error *error) {
  bool big = false;
  const int32_t revision = revision_of(input->source, &big);
  fmt_cursor at = fmt_cursor_over(input->source->bytes, input->source->size);
  fmt_seek(&at, 6);
  const int32_t length = fmt_take_i32(&at, big);
  const int16_t channels = fmt_take_i16(&at, big);
  fmt_skip(&at, 4);
  const double step_ms = fmt_take_f64(&at, big);
  if (revision == 0 || at.failed || channels < 1 || (size_t)channels > FMT_CAP_CHANNELS || !(step_ms >= 1e-4 && step_ms <= 1e8) ||
      length < 150 || length > 1 << 20)
    return FMT_NOT_MINE;
  *score = 80;
  if (revision < REVISION_4_3) return FMT_MINE;
  (void)dsp_fail(error, DSP_BAD_INPUT, "byte 2", "a file of version 4.2 or older; in AcqKnowledge save as text or MATLAB",
                 "an AcqKnowledge file of revision %d", (int)revision);
  return FMT_BROKEN;
}

static const char *const extensions[] = {"acq", NULL};

const fmt_reader acq_reader = {
    .id = "acq",
    .title = "AcqKnowledge .acq, uncompressed, to version 4.2 (BIOPAC)",
    .extensions = extensions,
    .params = {"acq", NULL, 0},
    .probe = probe_acq,
    .read = read_acq,
};
