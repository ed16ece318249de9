/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parts to channels. A record is one part, or a list of parts each with a header of its own, in time one behind the other; a part may lack
 * signals that others have, and a pause is a part without a file. Signals are told apart by their descriptions. */
#include "field.h"
#include "pages.h"
#include "wfdb.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_BYTES = 160 };

/* A channel while it grows. */
typedef struct growing {
  const char *name, *unit;
  double rate_hz, scale, offset;
  size_t per_frame;
  bool rescaled; /* parts with different gains */
  double *x;
  size_t n, capacity;
  dsp_segment *segments;
  size_t n_segments, segments_capacity;
} growing;

typedef struct builder {
  const fmt_input *input;
  dsp_recording *recording;
  dsp_error *error;
  const char *part; /* name of the header that is being read */
  double rate_hz;
  growing *channels;
  size_t n_channels, capacity;
  size_t short_files, bad_sums, no_gain;
  char bad_sum[PLACE_BYTES]; /* the first one */
} builder;

static dsp_status fail(const builder *b, dsp_status status, const char *expected, const char *found) {
  return dsp_fail(b->error, status, b->part, expected, "%s", found);
}

/* Which turn of a frame is this signal's, and how many samples has a frame of its file? */
static void find_turn(size_t *slot, size_t *frame, const wfdb_header *header, size_t i) {
  *frame = 0;
  for (size_t k = 0; k < header->n_signals; k++) {
    if (strcmp(header->signals[k].file, header->signals[i].file) != 0) continue;
    if (k == i) *slot = *frame;
    *frame += header->signals[k].per_frame;
  }
}

static growing *find_channel(builder *b, const wfdb_signal *signal) {
  for (size_t i = 0; i < b->n_channels; i++)
    if (strcmp(b->channels[i].name, signal->description) == 0) return &b->channels[i];
  return NULL;
}

/* By place in a record of one part or of like parts, by name in one of unlike parts. NULL when out of memory. */
static growing *channel_of(builder *b, const wfdb_signal *signal, size_t i, bool by_name) {
  growing *channel = by_name ? find_channel(b, signal) : i < b->n_channels ? &b->channels[i] : NULL;
  if (channel) return channel;
  if (dsp_grow(&b->channels, &b->capacity, b->n_channels + 1, sizeof *b->channels) != DSP_OK) return NULL;
  channel = &b->channels[b->n_channels++];
  *channel = (growing){.name = signal->description, .unit = "", .scale = NAN};
  return channel;
}

enum { DEFAULT_GAIN = 200 };

/* The scale of this part; one that is not calibrated has the format's own default and no unit. */
static dsp_status set_scale(builder *b, growing *channel, const wfdb_signal *signal, double *scale, double *offset) {
  const bool calibrated = signal->gain != 0;
  const char *unit = signal->unit ? signal->unit : calibrated ? "mV" : "";
  *scale = 1 / (calibrated ? signal->gain : DEFAULT_GAIN);
  *offset = -signal->baseline * *scale;
  b->no_gain += !calibrated;
  if (!isfinite(fabs(*scale) * 0x1p32 + fabs(*offset)))
    return fail(b, DSP_BAD_INPUT, "a gain that can be used", "a gain or baseline beyond any number");
  if (isnan(channel->scale)) {
    channel->unit = unit;
    channel->scale = *scale;
    channel->offset = *offset;
    channel->per_frame = signal->per_frame;
    channel->rate_hz = b->rate_hz * (double)signal->per_frame;
  } else if (strcmp(channel->unit, unit) != 0) {
    return fail(b, DSP_BAD_INPUT, "one unit throughout", "a signal whose unit changes from part to part");
  } else if (channel->per_frame != signal->per_frame) {
    return fail(b, DSP_BAD_INPUT, "one rate throughout", "a signal whose rate changes from part to part");
  } else if (channel->scale != *scale || channel->offset != *offset) {
    channel->rescaled = true;
  }
  return DSP_OK;
}

/* The sum of all samples as they are stored, modulo 2^16, and the first of them, as the header states them. */
static dsp_status verify(builder *b, const wfdb_signal *signal, const double *raw, size_t n) {
  const double none = wfdb_none(signal->format);
  int64_t whole = 0; /* below 2^31 times 2^31 */
  for (size_t i = 0; i < n; i++) whole += (int64_t)(isnan(raw[i]) ? none : raw[i]);
  const bool sum_differs = signal->has_checksum && ((whole ^ signal->checksum) & 0xFFFF) != 0;
  const bool first_differs = signal->has_first && n && signal->format != 8 && (isnan(raw[0]) ? none : raw[0]) != (double)signal->first;
  if (!sum_differs && !first_differs) return DSP_OK;
  if (b->bad_sums++ == 0)
    snprintf(b->bad_sum, sizeof b->bad_sum, "%.60s: signal \"%.60s\": %s", b->part, signal->description,
             sum_differs ? "checksum" : "first value");
  return DSP_OK;
}

/* Appends a part that begins `t0_s` after the record's start. */
static dsp_status add_samples(builder *b, growing *channel, const wfdb_signal *signal, const fmt_source *data, size_t slot, size_t frame,
                              size_t frames, double t0_s) {
  const size_t n = frames * signal->per_frame, skewed = signal->skew < frames ? signal->skew * signal->per_frame : n;
  double scale = 1, offset = 0;
  dsp_status status = set_scale(b, channel, signal, &scale, &offset);
  if (status != DSP_OK) return status;
  if (channel->n + n > FMT_CAP_SAMPLES) return fail(b, DSP_LIMIT, "fewer samples", "more samples than a channel may have");
  if (dsp_grow(&channel->x, &channel->capacity, channel->n + n, sizeof *channel->x) != DSP_OK) return dsp_fail_memory(b->error);
  pages_hint(channel->x, channel->capacity * sizeof *channel->x);
  double *x = channel->x + channel->n;
  wfdb_decode(x, data->bytes, signal, slot, frame, frames);
  status = verify(b, signal, x, n);
  /* A skewed signal's sample for a moment stands later in the file; for the last moments there is none. */
  memmove(x, x + skewed, (n - skewed) * sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = i < n - skewed ? x[i] * scale + offset : (double)NAN;
  dsp_segment *last = channel->n_segments ? &channel->segments[channel->n_segments - 1] : NULL;
  const double follows_s = last ? last->t0_s + (double)last->n / channel->rate_hz : 0;
  if (last && fabs(follows_s - t0_s) * channel->rate_hz < 0.5) {
    last->n += n;
  } else {
    if (dsp_grow(&channel->segments, &channel->segments_capacity, channel->n_segments + 1, sizeof *channel->segments) != DSP_OK)
      return dsp_fail_memory(b->error);
    channel->segments[channel->n_segments++] = (dsp_segment){t0_s, channel->n, n};
  }
  channel->n += n;
  return status;
}

static dsp_status add_signal(builder *b, const wfdb_header *header, size_t i, bool by_name, double t0_s) {
  const wfdb_signal *signal = &header->signals[i];
  size_t slot = 0, frame = 0;
  char found[PLACE_BYTES];
  growing *channel = channel_of(b, signal, i, by_name);
  if (!channel) return dsp_fail_memory(b->error);
  if (signal->format == 0 || strcmp(signal->file, WFDB_NO_FILE) == 0) return DSP_OK; /* described alone */
  snprintf(found, sizeof found, "format %u", signal->format);
  if (!wfdb_format_known(signal->format))
    return fail(b, DSP_BAD_INPUT, "a format among 8 16 24 32 61 80 160 212 310 311 (convert others with xform)", found);
  for (size_t k = 0; k < header->n_signals; k++)
    if (strcmp(header->signals[k].file, signal->file) == 0 &&
        (header->signals[k].format != signal->format || header->signals[k].start != signal->start))
      return fail(b, DSP_BAD_INPUT, "one format a file", "signals of different formats in one file");
  const fmt_source *data = fmt_companion(b->input, signal->file);
  snprintf(found, sizeof found, "no file %.100s", signal->file);
  if (!data) return fail(b, DSP_BAD_INPUT, "the file beside the header", found);
  find_turn(&slot, &frame, header, i);
  const size_t bytes = data->size > signal->start ? data->size - signal->start : 0;
  const size_t held = wfdb_samples_in(signal->format, bytes) / frame;
  size_t frames = header->frames ? header->frames : held;
  if (frames > held) {
    b->short_files += slot == 0;
    frames = held;
  }
  return frames ? add_samples(b, channel, signal, data, slot, frame, frames, t0_s) : DSP_OK;
}

static dsp_status add_part(builder *b, const wfdb_header *header, bool by_name, double t0_s) {
  dsp_status status = DSP_OK;
  for (size_t i = 0; status == DSP_OK && i < header->n_signals; i++) status = add_signal(b, header, i, by_name, t0_s);
  return status;
}

static dsp_status add_parts(builder *b, const wfdb_header *header) {
  dsp_status status = DSP_OK;
  size_t frames = 0;
  const bool by_name = header->parts[0].frames == 0; /* a layout */
  for (size_t i = 0; status == DSP_OK && i < header->n_parts; i++) {
    const wfdb_part *part = &header->parts[i];
    wfdb_header own;
    char found[PLACE_BYTES];
    const char *name = dsp_arena_printf(b->recording->arena, "%s.hea", part->name);
    if (!name) return dsp_fail_memory(b->error);
    const double t0_s = (double)frames / header->rate_hz;
    frames += part->frames;
    if (strcmp(part->name, WFDB_NO_FILE) == 0) continue;
    snprintf(found, sizeof found, "no file %.100s", name);
    b->part = name;
    const fmt_source *source = fmt_companion(b->input, name);
    if (!source) return fail(b, DSP_BAD_INPUT, "the part's header beside the record's", found);
    dsp_error why = {0};
    status = wfdb_parse(&own, source, b->recording->arena, &why);
    if (status != DSP_OK) return dsp_fail(b->error, status, name, why.expected, "%s: %s", why.place, why.found);
    if (own.n_parts) return fail(b, DSP_BAD_INPUT, "a part with signals", "a part that is made of parts");
    if (fabs(own.rate_hz - header->rate_hz) > 1e-9 * header->rate_hz)
      return fail(b, DSP_BAD_INPUT, "the record's rate", "a part with another rate");
    if (own.frames == 0 || own.frames > part->frames) own.frames = part->frames;
    if (part->frames) status = add_part(b, &own, by_name, t0_s);
    for (size_t k = 0; status == DSP_OK && !part->frames && k < own.n_signals; k++) /* the layout: the order of the signals */
      if (!channel_of(b, &own.signals[k], k, true)) status = dsp_fail_memory(b->error);
  }
  return status;
}

static dsp_status hand_over(builder *b) {
  dsp_recording *recording = b->recording;
  double start_s = HUGE_VAL;
  for (size_t i = 0; i < b->n_channels; i++)
    if (b->channels[i].n_segments) start_s = fmin(start_s, b->channels[i].segments[0].t0_s);
  for (size_t i = 0; i < b->n_channels; i++) {
    growing *c = &b->channels[i];
    if (c->n == 0) {
      if (dsp_recording_warn(recording, "column_dropped", "signal \"%s\" holds no samples and was left out", c->name) != DSP_OK)
        return dsp_fail_memory(b->error);
      continue;
    }
    for (size_t s = 0; s < c->n_segments; s++) c->segments[s].t0_s -= start_s;
    const field_channel about = {c->name, c->unit, c->rate_hz, c->rescaled ? 1 : c->scale, c->rescaled ? 0 : c->offset};
    double *x = c->x;
    c->x = NULL;
    dsp_channel *channel = field_add_channel(recording, &about, x, c->n);
    if (!channel || dsp_channel_set_segments(channel, c->segments, c->n_segments) != DSP_OK) return dsp_fail_memory(b->error);
  }
  if (recording->n_channels == 0) return dsp_fail(b->error, DSP_BAD_INPUT, "", "samples", "a record without any");
  recording->t_origin_s = start_s;
  return DSP_OK;
}

static dsp_status say(const builder *b) {
  dsp_recording *r = b->recording;
  size_t gaps = 0;
  int warned = DSP_OK;
  for (size_t i = 0; i < r->n_channels; i++)
    if (r->channels[i].n_segments > gaps + 1) gaps = r->channels[i].n_segments - 1;
  if (b->short_files)
    warned = dsp_recording_warn(r, "file_truncated", "%zu file%s fewer samples than the header states", b->short_files,
                                b->short_files > 1 ? "s hold" : " holds");
  if (warned == DSP_OK && b->bad_sums)
    warned = dsp_recording_warn(r, "checksum_mismatch", "%s differs from the header's (%zu in all)", b->bad_sum, b->bad_sums);
  if (warned == DSP_OK && b->no_gain)
    warned = dsp_recording_warn(r, "gain_assumed", "signals without a gain: %zu; the format's 200 steps a unit were taken, and no unit",
                                b->no_gain);
  if (warned == DSP_OK && gaps)
    warned = dsp_recording_warn(r, "gap", "%zu gap%s in time: %zu segments", gaps, gaps > 1 ? "s" : "", gaps + 1);
  return warned == DSP_OK ? DSP_OK : dsp_fail_memory(b->error);
}

dsp_status wfdb_channels(const fmt_input *input, const wfdb_header *header, dsp_recording *recording, dsp_error *error) {
  builder b = {.input = input, .recording = recording, .error = error, .part = "", .rate_hz = header->rate_hz};
  dsp_status status = header->n_parts ? add_parts(&b, header) : add_part(&b, header, false, 0);
  if (status == DSP_OK) status = hand_over(&b);
  if (status == DSP_OK) status = say(&b);
  for (size_t i = 0; i < b.n_channels; i++) {
    free(b.channels[i].x);
    free(b.channels[i].segments);
  }
  free(b.channels);
  return status;
}
