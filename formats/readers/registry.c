/* SPDX-License-Identifier: GPL-3.0-or-later
 * The readers, and who reads what: every reader looks at the bytes, the surest wins; a file's extension only parts equals. */
#include "foreign.h"
#include "sidecar.h"
#include <fmt/reader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

extern const fmt_reader bdf_reader;
extern const fmt_reader bids_reader;
extern const fmt_reader vasoquant_reader;
extern const fmt_reader dwl_reader;
extern const fmt_reader acqtext_reader;
extern const fmt_reader acq_reader;
extern const fmt_reader cfwb_reader;
extern const fmt_reader csv_reader;
extern const fmt_reader edf_reader;
extern const fmt_reader flac_reader;
extern const fmt_reader labchart_reader;
extern const fmt_reader dicom_reader;
extern const fmt_reader mat_reader;
extern const fmt_reader report_reader;
extern const fmt_reader wav_reader;
extern const fmt_reader wfdb_reader;

/* One a line. */
/* clang-format off */
const fmt_reader *const fmt_readers[] = {
    &csv_reader,
    &bdf_reader,
    &edf_reader,
    &labchart_reader,
    &dicom_reader,
    &mat_reader,
    &report_reader,
    &wfdb_reader,
    &flac_reader,
    &wav_reader,
    &cfwb_reader,
    &acq_reader,
    &acqtext_reader,
    &dwl_reader,
    &vasoquant_reader,
    &bids_reader,
    NULL};
/* clang-format on */

enum { CLOSE_SCORES = 10, EXTENSION_BONUS = 5, MINE_BONUS = 1000, READERS_MAX = 64 };
_Static_assert(sizeof fmt_readers / sizeof fmt_readers[0] <= READERS_MAX, "a bid for every reader");

const fmt_reader *fmt_reader_find(const char *id) {
  for (size_t i = 0; fmt_readers[i]; i++)
    if (strcmp(fmt_readers[i]->id, id) == 0) return fmt_readers[i];
  return NULL;
}

static bool has_extension(const fmt_reader *reader, const char *name) {
  const char *dot = name ? strrchr(name, '.') : NULL;
  for (size_t i = 0; dot && reader->extensions[i]; i++)
    if (strcasecmp(dot + 1, reader->extensions[i]) == 0) return true;
  return false;
}

static void list_readers(char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; fmt_readers[i] && used < size; i++) {
    const int n = snprintf(text + used, size - used, "%s%s", i ? ", " : "", fmt_readers[i]->id);
    used += n > 0 ? (size_t)n : 0;
  }
}

typedef struct bid {
  const fmt_reader *reader;
  unsigned score;
  bool extension;
} bid;

/* The reader's id before the place, unless that lies in the side-car. */
static void name_reader(dsp_error *error, const fmt_reader *reader) {
  char place[sizeof error->place];
  if (!error || error->status == DSP_OK || error->status == DSP_NO_MEMORY || error->place[0] == '$') return;
  snprintf(place, sizeof place, error->place[0] ? "%s: %.130s" : "%s", reader->id, error->place);
  memcpy(error->place, place, sizeof place);
}

/* What each reader says. A damaged file of a known format stops with that reader's error. */
static dsp_status take_bids(bid *bids, size_t *n, const fmt_input *input, dsp_error *error) {
  *n = 0;
  for (size_t i = 0; fmt_readers[i]; i++) {
    unsigned score = 0;
    dsp_error own = {0};
    const fmt_verdict verdict = fmt_readers[i]->probe(input, &score, &own);
    if (own.status == DSP_NO_MEMORY) return dsp_fail_memory(error); /* whose file it is remains unknown */
    if (verdict == FMT_BROKEN) {
      if (own.status == DSP_OK) own.status = DSP_BAD_INPUT;
      name_reader(&own, fmt_readers[i]);
      return dsp_fail(error, own.status, own.place, own.expected, "%s", own.found);
    }
    if (verdict == FMT_NOT_MINE) continue;
    const bool extension = has_extension(fmt_readers[i], input->name);
    score += (verdict == FMT_MINE ? MINE_BONUS : 1) + (extension ? EXTENSION_BONUS : 0);
    bids[(*n)++] = (bid){fmt_readers[i], score, extension};
  }
  return DSP_OK;
}

/* The surest reader. FMT_MINE outranks any FMT_PERHAPS; several that are about as sure are listed. *known: the file says what it is. */
static dsp_status choose(const fmt_reader **chosen, bool *known, const fmt_input *input, dsp_error *error) {
  bid bids[READERS_MAX];
  const bid *best = NULL;
  char list[200];
  size_t n = 0, used = 0, close = 0;
  *chosen = NULL;
  dsp_status status = foreign_refuse(input, false, error);
  if (status == DSP_OK) status = take_bids(bids, &n, input, error);
  if (status == DSP_OK && n == 0) status = foreign_refuse(input, true, error);
  if (status != DSP_OK) return status;
  for (size_t i = 0; i < n; i++)
    if (!best || bids[i].score > best->score) best = &bids[i];
  if (!best) {
    list_readers(list, sizeof list);
    return dsp_fail(error, DSP_BAD_INPUT, "", list, "no known format");
  }
  list[0] = '\0';
  for (size_t i = 0; i < n && used < sizeof list; i++) {
    if (best->score - bids[i].score >= CLOSE_SCORES || bids[i].extension != best->extension) continue;
    const int length = snprintf(list + used, sizeof list - used, "%s%s", close++ ? " or " : "", bids[i].reader->id);
    used += length > 0 ? (size_t)length : 0;
  }
  if (close > 1) return dsp_fail(error, DSP_BAD_INPUT, "", "--format with one of them", "could be %s", list);
  *chosen = best->reader;
  *known = best->score >= MINE_BONUS;
  return DSP_OK;
}

/* A reader's values: the caller's, or the rows' defaults when there are none. *own is to be freed. */
static const double *values_of(const fmt_reader *reader, const dsp_params *params, double **own) {
  *own = NULL;
  if (params) return dsp_params_values(params, &reader->params);
  *own = dsp_alloc(reader->params.n, sizeof **own);
  for (size_t i = 0; *own && i < reader->params.n; i++) (*own)[i] = reader->params.rows[i].value;
  return *own;
}

static dsp_status fill(dsp_recording *recording, const fmt_reader *reader, bool known, const fmt_input *input, json_t *facts,
                       const dsp_params *params, dsp_error *error) {
  fmt_hints hints = {0};
  double *own = NULL;
  dsp_status status = facts ? sidecar_hints(&hints, facts, error) : DSP_OK;
  if (status == DSP_OK) {
    const double *values = values_of(reader, params, &own);
    status = values ? reader->read(input, &hints, values, recording, error) : dsp_fail_memory(error);
    if (status != DSP_OK && known) name_reader(error, reader);
  }
  if (status == DSP_OK && facts) status = sidecar_apply(recording, facts, &hints, error);
  free(own);
  free(hints.rows);
  return status;
}

/* The error's place says which file it is about when that is the side-car, or the map, or the two together. */
static void name_sidecar(dsp_error *error, const char *map_name, const char *sidecar_name) {
  char place[sizeof error->place];
  if (!error || error->place[0] != '$' || (!sidecar_name && !map_name)) return;
  const bool both = map_name && sidecar_name;
  snprintf(place, sizeof place, "%.40s%s%.40s: %.70s", map_name ? map_name : "", both ? " with " : "", sidecar_name ? sidecar_name : "",
           error->place);
  memcpy(error->place, place, sizeof place);
}

/* NULL without side-car and map. An error of either names that file. */
static dsp_status take_facts(json_t **facts, const fmt_read_options *options, dsp_error *error) {
  json_t *own = NULL;
  dsp_status status = options->sidecar ? sidecar_parse(&own, options->sidecar, error) : DSP_OK;
  if (status != DSP_OK) name_sidecar(error, NULL, options->sidecar_name);
  *facts = own;
  if (status != DSP_OK || !options->map) return status;
  status = sidecar_with_map(facts, options->map, own, error);
  if (status != DSP_OK) name_sidecar(error, options->map_name, NULL);
  json_decref(own);
  return status;
}

dsp_status fmt_read(dsp_recording **recording, const fmt_input *input, const fmt_read_options *options, dsp_error *error) {
  const fmt_reader *reader = options->format ? fmt_reader_find(options->format) : NULL;
  json_t *facts = NULL;
  bool known = true; /* by its bytes or by --format */
  *recording = NULL;
  if (options->format && !reader) {
    char list[200];
    list_readers(list, sizeof list);
    return dsp_fail(error, DSP_BAD_OPTION, "--format", list, "\"%s\"", options->format);
  }
  if (input->source->size == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "a recording", "an empty file");
  dsp_status status = reader ? DSP_OK : choose(&reader, &known, input, error);
  if (status != DSP_OK || !reader) return status;
  if (input->source->streamed && reader != &wav_reader && reader != &flac_reader)
    return dsp_fail(error, DSP_LIMIT, "--format", "wav or flac", "%s for audio of %llu bytes", reader->id,
                    (unsigned long long)input->source->total);
  dsp_recording *made = dsp_recording_new();
  if (!made) return dsp_fail_memory(error);
  made->name = dsp_arena_text(made->arena, input->name ? input->name : "", input->name ? strlen(input->name) : 0);
  made->format = reader->id;
  memcpy(made->sha256, input->source->sha256, sizeof made->sha256);
  status = made->name ? DSP_OK : dsp_fail_memory(error);
  if (status == DSP_OK) status = take_facts(&facts, options, error);
  if (status == DSP_OK) status = fill(made, reader, known, input, facts, options->params, error);
  json_decref(facts);
  if (status != DSP_OK) {
    name_sidecar(error, options->map ? options->map_name : NULL, options->sidecar ? options->sidecar_name : NULL);
    dsp_recording_free(made);
    return status;
  }
  *recording = made;
  return DSP_OK;
}
