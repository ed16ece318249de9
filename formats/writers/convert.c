/* SPDX-License-Identifier: GPL-3.0-or-later
 * Conversions: which formats there are, and the parts that each makes. */
#include "convert.h"
#include <stdlib.h>
#include <string.h>

const char *const fmt_convert_formats[] = {"csv", "bids", "edf", "bdf", "wav", NULL};

void fmt_parts_clear(fmt_parts *parts) {
  for (size_t i = 0; i < parts->n; i++) fmt_buffer_clear(&parts->rows[i].bytes);
  free(parts->rows);
  fmt_buffer_clear(&parts->notes);
  *parts = (fmt_parts){0};
}

fmt_part *fmt_parts_add(fmt_parts *parts, fmt_part_kind kind, unsigned group) {
  if (dsp_grow(&parts->rows, &parts->capacity, parts->n + 1, sizeof *parts->rows) != DSP_OK) return NULL;
  parts->rows[parts->n] = (fmt_part){.kind = kind, .group = group};
  return &parts->rows[parts->n++];
}

/* Is there anything that a table of numbers cannot say? */
static bool has_facts(const dsp_recording *r) {
  bool facts = r->n_events > 0 || r->protocol || r->device || r->subject_key || r->ceap || r->compression || r->visit || r->condition_label;
  for (size_t i = 0; i < r->n_channels; i++) {
    const dsp_channel *c = &r->channels[i];
    facts |= c->role != DSP_ROLE_UNKNOWN || c->side != DSP_SIDE_UNKNOWN || c->site || c->label || (c->unit && r->audio.n_channels > i);
  }
  return facts;
}

static dsp_status add_sidecar(fmt_parts *parts, const dsp_recording *recording, dsp_error *error) {
  if (!has_facts(recording)) return DSP_OK;
  fmt_part *part = fmt_parts_add(parts, FMT_PART_SIDECAR, 0);
  return part ? fmt_recording_sidecar(&part->bytes, recording, error) : dsp_fail_memory(error);
}

static dsp_status convert_csv(fmt_parts *parts, const dsp_recording *recording, dsp_error *error) {
  fmt_part *part = fmt_parts_add(parts, FMT_PART_MAIN, 0);
  const dsp_status status = part ? fmt_recording_csv(&part->bytes, recording, NULL, error) : dsp_fail_memory(error);
  return status == DSP_OK ? add_sidecar(parts, recording, error) : status;
}

/* Of what was no audio the side-car says what the channels are, by their place; it keeps their names as labels, since WAV has none. */
static dsp_status hear(dsp_recording *heard, fmt_buffer *notes, dsp_error *error) {
  dsp_audio audio = {0};
  const dsp_status status = convert_as_audio(&audio, notes, heard, error);
  dsp_channel *channels = status == DSP_OK ? dsp_alloc(heard->n_channels, sizeof *channels) : NULL;
  if (!channels) {
    dsp_audio_close(&audio);
    return status == DSP_OK ? dsp_fail_memory(error) : status;
  }
  for (size_t i = 0; i < heard->n_channels; i++) {
    channels[i] = heard->channels[i];
    if (!channels[i].label && strncmp(channels[i].name, "channel ", 8) != 0) channels[i].label = channels[i].name;
  }
  heard->channels = channels;
  heard->audio = audio;
  return DSP_OK;
}

static dsp_status convert_wav(fmt_parts *parts, const dsp_recording *recording, dsp_error *error) {
  dsp_recording heard = *recording;
  const bool silent = recording->audio.n_channels == 0;
  dsp_status status = silent ? hear(&heard, &parts->notes, error) : DSP_OK;
  if (status != DSP_OK) return status;
  fmt_part *part = fmt_parts_add(parts, FMT_PART_MAIN, 0);
  status = part ? fmt_recording_wav(&part->bytes, &heard, false, error) : dsp_fail_memory(error);
  if (status == DSP_OK) status = add_sidecar(parts, &heard, error); /* which holds the events */
  if (silent) {
    dsp_audio_close(&heard.audio);
    free(heard.channels);
  }
  return status;
}

dsp_status fmt_convert(fmt_parts *parts, dsp_recording *recording, const char *format, dsp_error *error) {
  dsp_status status = DSP_OK;
  if (strcmp(format, "wav") != 0) status = convert_load_audio(recording, error);
  if (status != DSP_OK) return status;
  if (strcmp(format, "csv") == 0)
    status = convert_csv(parts, recording, error);
  else if (strcmp(format, "wav") == 0)
    status = convert_wav(parts, recording, error);
  else if (strcmp(format, "edf") == 0 || strcmp(format, "bdf") == 0)
    status = convert_edf(parts, recording, format[0] == 'e' ? 2 : 3, error);
  else if (strcmp(format, "bids") == 0)
    status = convert_bids(parts, recording, error);
  else
    return dsp_fail(error, DSP_BAD_OPTION, "", "csv, bids, edf, bdf or wav", "format \"%s\"", format);
  bool failed = parts->notes.failed;
  for (size_t i = 0; i < parts->n; i++) failed |= parts->rows[i].bytes.failed;
  return status == DSP_OK && failed ? dsp_fail_memory(error) : status;
}
