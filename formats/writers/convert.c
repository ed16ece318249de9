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
    facts |= c->role != DSP_ROLE_UNKNOWN || c->side != DSP_SIDE_UNKNOWN || c->site || c->label;
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

static dsp_status convert_wav(fmt_parts *parts, const dsp_recording *recording, dsp_error *error) {
  fmt_part *part = fmt_parts_add(parts, FMT_PART_MAIN, 0);
  const dsp_status status = part ? fmt_recording_wav(&part->bytes, recording, false, error) : dsp_fail_memory(error);
  return status == DSP_OK ? add_sidecar(parts, recording, error) : status; /* which holds the events */
}

dsp_status fmt_convert(fmt_parts *parts, const dsp_recording *recording, const char *format, dsp_error *error) {
  dsp_status status = DSP_OK;
  const bool sound = recording->audio.n_channels > 0;
  if (sound && strcmp(format, "wav") != 0)
    return dsp_fail(error, DSP_BAD_OPTION, "", "a name that ends in .wav", "audio, which %s is no place for", format);
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
