/* SPDX-License-Identifier: GPL-3.0-or-later
 * The readers, and who reads what: every reader looks at the bytes, the surest wins; a file's extension only parts equals. */
#include "sidecar.h"
#include <fmt/reader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

extern const fmt_reader csv_reader;

const fmt_reader *const fmt_readers[] = {&csv_reader, NULL};

enum { CLOSE_SCORES = 10, EXTENSION_BONUS = 5 };

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

/* The surest reader. FMT_MINE outranks any FMT_PERHAPS; a damaged file of a known format stops with that reader's error. */
static dsp_status choose(const fmt_reader **chosen, const fmt_source *source, const char *name, dsp_error *error) {
  unsigned best = 0, second = 0;
  const fmt_reader *runner_up = NULL;
  char list[200];
  *chosen = NULL;
  for (size_t i = 0; fmt_readers[i]; i++) {
    unsigned score = 0;
    dsp_error own = {0};
    const fmt_verdict verdict = fmt_readers[i]->probe(source, &score, &own);
    if (verdict == FMT_BROKEN)
      return dsp_fail(error, own.status == DSP_OK ? DSP_BAD_INPUT : own.status, own.place, own.expected, "%s", own.found);
    if (verdict == FMT_NOT_MINE) continue;
    score += (verdict == FMT_MINE ? 1000 : 1) + (has_extension(fmt_readers[i], name) ? EXTENSION_BONUS : 0);
    if (score > best) {
      runner_up = *chosen;
      second = best;
      *chosen = fmt_readers[i];
      best = score;
    } else if (score > second) {
      runner_up = fmt_readers[i];
      second = score;
    }
  }
  list_readers(list, sizeof list);
  if (!*chosen) return dsp_fail(error, DSP_BAD_INPUT, "", list, "no known format");
  if (runner_up && best - second < CLOSE_SCORES && has_extension(*chosen, name) == has_extension(runner_up, name))
    return dsp_fail(error, DSP_BAD_INPUT, "", "--format with one of them", "could be %s or %s", (*chosen)->id, runner_up->id);
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

static dsp_status fill(dsp_recording *recording, const fmt_reader *reader, const fmt_source *source, json_t *facts,
                       const dsp_params *params, dsp_error *error) {
  fmt_hints hints = {0};
  double *own = NULL;
  dsp_status status = facts ? sidecar_hints(&hints, facts, error) : DSP_OK;
  if (status == DSP_OK) {
    const double *values = values_of(reader, params, &own);
    status = values ? reader->read(source, &hints, values, recording, error) : dsp_fail_memory(error);
  }
  if (status == DSP_OK && facts) status = sidecar_apply(recording, facts, &hints, error);
  free(own);
  free(hints.rows);
  return status;
}

/* The error's place says which file it is about when that is the side-car. */
static void name_sidecar(dsp_error *error, const char *sidecar_name) {
  char place[sizeof error->place];
  if (!error || error->place[0] != '$' || !sidecar_name) return;
  snprintf(place, sizeof place, "%.60s: %.90s", sidecar_name, error->place);
  memcpy(error->place, place, sizeof place);
}

dsp_status fmt_read(dsp_recording **recording, const fmt_source *source, const char *name, const char *format, const fmt_source *sidecar,
                    const char *sidecar_name, const dsp_params *params, dsp_error *error) {
  const fmt_reader *reader = format ? fmt_reader_find(format) : NULL;
  char list[200];
  json_t *facts = NULL;
  *recording = NULL;
  list_readers(list, sizeof list);
  if (format && !reader) return dsp_fail(error, DSP_BAD_OPTION, "--format", list, "\"%s\"", format);
  if (source->size == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "a recording", "an empty file");
  dsp_status status = reader ? DSP_OK : choose(&reader, source, name, error);
  if (status != DSP_OK || !reader) return status;
  dsp_recording *made = dsp_recording_new();
  if (!made) return dsp_fail_memory(error);
  made->name = dsp_arena_text(made->arena, name ? name : "", name ? strlen(name) : 0);
  made->format = reader->id;
  memcpy(made->sha256, source->sha256, sizeof made->sha256);
  status = made->name ? DSP_OK : dsp_fail_memory(error);
  if (status == DSP_OK && sidecar) status = sidecar_parse(&facts, sidecar, error);
  if (status == DSP_OK) status = fill(made, reader, source, facts, params, error);
  json_decref(facts);
  if (status != DSP_OK) {
    name_sidecar(error, sidecar_name);
    dsp_recording_free(made);
    return status;
  }
  *recording = made;
  return DSP_OK;
}
