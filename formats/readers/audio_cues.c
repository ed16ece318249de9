/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cue points with their labels (chunks `cue `, and `labl`, `note` and `ltxt` of a LIST of type adtl) as events. */
#include "audio.h"
#include "field.h"
#include <stdlib.h>
#include <string.h>

enum { CUE_BYTES = 24, REGION_BYTES = 20 };

typedef struct cue {
  uint32_t id, frame, length;
  const char *text; /* "" none */
} cue;

static uint32_t word(const unsigned char *p, bool big_endian) {
  return big_endian ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                    : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static int by_id(const void *a, const void *b) {
  const uint32_t x = ((const cue *)a)->id, y = ((const cue *)b)->id;
  return (x > y) - (x < y);
}

static dsp_status take_cues(cue **cues, size_t *n, const audio_riff *riff, const fmt_source *source, bool big_endian, dsp_error *error) {
  unsigned char p[CUE_BYTES];
  size_t capacity = 0;
  for (uint64_t at = 4; at + CUE_BYTES <= riff->cue_bytes && *n < FMT_CAP_EVENTS; at += CUE_BYTES) {
    if (fmt_source_at(source, p, riff->cue_at + at, CUE_BYTES) != CUE_BYTES) break;
    if (dsp_grow(cues, &capacity, *n + 1, sizeof **cues) != DSP_OK) return dsp_fail_memory(error);
    (*cues)[(*n)++] = (cue){word(p, big_endian), word(p + 20, big_endian), 0, ""};
  }
  return DSP_OK;
}

/* The first label of a cue counts; a note only where there is no label. */
static dsp_status take_labels(cue *cues, size_t n, const unsigned char *list, size_t size, bool big_endian, dsp_arena *arena) {
  for (size_t at = 0; at + 12 <= size;) {
    const unsigned char *p = list + at;
    const size_t claimed = word(p + 4, big_endian), left = size - at - 8, bytes = claimed < left ? claimed : left;
    const cue key = {.id = word(p + 8, big_endian)};
    cue *found = n && bytes >= 4 ? bsearch(&key, cues, n, sizeof *cues, by_id) : NULL;
    const bool text = memcmp(p, "labl", 4) == 0 || memcmp(p, "note", 4) == 0;
    if (found && text && !found->text[0]) {
      const char *copy = field_text(arena, p + 12, bytes - 4);
      if (!copy) return DSP_NO_MEMORY;
      found->text = copy;
    }
    if (found && memcmp(p, "ltxt", 4) == 0 && bytes >= REGION_BYTES) found->length = word(p + 12, big_endian);
    at += 8 + bytes + bytes % 2;
  }
  return DSP_OK;
}

static dsp_status add_events(dsp_recording *recording, const cue *cues, size_t n) {
  const double rate_hz = recording->audio.rate_hz;
  for (size_t i = 0; i < n; i++)
    if (field_add_event(recording, cues[i].frame / rate_hz, cues[i].length / rate_hz, cues[i].text[0] ? cues[i].text : "cue", "wav") !=
        DSP_OK)
      return DSP_NO_MEMORY;
  return dsp_recording_sort_events(recording);
}

dsp_status audio_cues(dsp_recording *recording, const audio_riff *riff, const fmt_source *source, dsp_error *error) {
  const bool big_endian = source->bytes[3] == 'X';
  const uint64_t total = fmt_source_total(source), left = riff->label_at < total ? total - riff->label_at : 0;
  const uint64_t bytes = riff->label_bytes < left ? riff->label_bytes : left;
  const size_t size = bytes < FMT_CAP_LABELS_BYTES ? (size_t)bytes : FMT_CAP_LABELS_BYTES;
  cue *cues = NULL;
  size_t n = 0;
  unsigned char *list = dsp_alloc(size, 1);
  dsp_status status = list ? take_cues(&cues, &n, riff, source, big_endian, error) : dsp_fail_memory(error);
  if (status == DSP_OK && n > 0) {
    qsort(cues, n, sizeof *cues, by_id);
    const size_t got = fmt_source_at(source, list, riff->label_at, size);
    status = take_labels(cues, n, list, got, big_endian, recording->arena);
    if (status == DSP_OK) status = add_events(recording, cues, n);
    if (status != DSP_OK) dsp_fail_memory(error);
  }
  free(cues);
  free(list);
  return status;
}
