/* SPDX-License-Identifier: GPL-3.0-or-later
 * PhysioNet's WFDB records: a header (.hea), the files of samples that it names, and annotation files of the header's name. */
#include "wfdb.h"
#include <stdlib.h>
#include <string.h>

enum { SURE = 90 };

/* Names that annotators give their files. */
static const char *const annotators[] = {"atr", "ann", "qrs", "ecg", "evt", "mrk"};

static bool ends_in_hea(const char *name) {
  const size_t n = name ? strlen(name) : 0;
  return n > 4 && memcmp(name + n - 4, ".hea", 4) == 0;
}

static fmt_verdict probe_wfdb(const fmt_input *input, unsigned *score, dsp_error *error) {
  wfdb_header header;
  dsp_arena *arena = dsp_arena_new();
  const bool text = memchr(input->source->bytes, 0, input->source->size < 4096 ? input->source->size : 4096) == NULL;
  fmt_verdict verdict = FMT_NOT_MINE;
  dsp_error why = {0};
  if (!arena) {
    dsp_fail_memory(error);
    return FMT_NOT_MINE;
  }
  if (text && wfdb_parse(&header, input->source, arena, &why) == DSP_OK && header.n_signals > 0) {
    bool known = true;
    for (size_t i = 0; !header.n_parts && i < header.n_signals; i++)
      known &= header.signals[i].format == 0 || wfdb_format_known(header.signals[i].format) || ends_in_hea(input->name);
    if (known) verdict = FMT_MINE;
    *score = SURE;
  } else if (text && why.status != DSP_NO_MEMORY && ends_in_hea(input->name)) {
    verdict = FMT_BROKEN;
    if (why.status == DSP_OK) dsp_fail(&why, DSP_BAD_INPUT, "line 1", "at least one signal", "a record without signals");
    *error = why;
  }
  if (why.status == DSP_NO_MEMORY) dsp_fail_memory(error);
  dsp_arena_free(arena);
  return verdict;
}

static dsp_status add_all_annotations(const fmt_input *input, const wfdb_header *header, dsp_recording *recording, dsp_error *error) {
  const size_t stem = ends_in_hea(input->name) ? strlen(input->name) - 4 : 0;
  dsp_status status = DSP_OK;
  for (size_t i = 0; status == DSP_OK && stem && i < sizeof annotators / sizeof annotators[0]; i++) {
    const char *name = dsp_arena_printf(recording->arena, "%.*s.%s", (int)stem, input->name, annotators[i]);
    if (!name) return dsp_fail_memory(error);
    const fmt_source *source = fmt_companion(input, name);
    if (source) status = wfdb_annotations(source, name, header->rate_hz, recording, error);
  }
  if (status == DSP_OK && dsp_recording_sort_events(recording) != DSP_OK) return dsp_fail_memory(error);
  return status;
}

/* "hh:mm:ss" and "dd/mm/yyyy". */
static dsp_status take_start(const wfdb_header *header, dsp_recording *recording, dsp_error *error) {
  const char *d = header->date;
  if (!header->clock || !d || strlen(d) != 10 || d[2] != '/' || d[5] != '/' || strlen(header->clock) < 7 || strlen(header->clock) > 16)
    return DSP_OK;
  recording->t0 =
      dsp_arena_printf(recording->arena, "%.4s-%.2s-%.2sT%s%s", d + 6, d + 3, d, header->clock[1] == ':' ? "0" : "", header->clock);
  return recording->t0 ? DSP_OK : dsp_fail_memory(error);
}

static dsp_status read_wfdb(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  wfdb_header header;
  (void)hints, (void)params;
  dsp_status status = wfdb_parse(&header, input->source, recording->arena, error);
  if (status == DSP_OK && header.n_signals == 0)
    return dsp_fail(error, DSP_BAD_INPUT, "line 1", "at least one signal", "a record without signals");
  if (status == DSP_OK) status = wfdb_channels(input, &header, recording, error);
  if (status == DSP_OK) status = add_all_annotations(input, &header, recording, error);
  if (status == DSP_OK && input->keep_identifiers) status = take_start(&header, recording, error);
  return status;
}

/* The first word of each line but the record's: files, or names of headers when the record's line counts parts. */
static dsp_status want_of(fmt_names *names, const fmt_source *head) {
  const char *p = (const char *)head->bytes, *end = p + head->size;
  dsp_status status = DSP_OK;
  bool first = true, parts = false;
  while (status == DSP_OK && p < end) {
    const char *stop = memchr(p, '\n', (size_t)(end - p)), *next = stop ? stop + 1 : end;
    size_t n = 0;
    if (!stop) stop = end;
    while (p < stop && (*p == ' ' || *p == '\t')) p++;
    while (p + n < stop && (unsigned char)p[n] > ' ') n++;
    if (n && *p != '#') {
      char name[260];
      if (first)
        parts = memchr(p, '/', n) != NULL;
      else if (wfdb_name_is_bare(p, n) && n < sizeof name - 5 && !(n == 1 && *p == WFDB_NO_FILE[0])) {
        memcpy(name, p, n);
        memcpy(name + n, ".hea", 5);
        status = fmt_names_add(names, name, parts ? n + 4 : n);
      }
      first = false;
    }
    p = next;
  }
  return status;
}

static dsp_status wants(fmt_names *names, const fmt_input *so_far) {
  if (!ends_in_hea(so_far->name)) return DSP_OK;
  const size_t stem = strlen(so_far->name) - 4;
  dsp_status status = want_of(names, so_far->source);
  for (size_t i = 0; status == DSP_OK && i < so_far->n_companions; i++)
    if (ends_in_hea(so_far->companions[i].name)) status = want_of(names, &so_far->companions[i].source);
  for (size_t i = 0; status == DSP_OK && i < sizeof annotators / sizeof annotators[0]; i++) {
    char name[260];
    if (stem + 5 > sizeof name) break;
    memcpy(name, so_far->name, stem + 1);
    memcpy(name + stem + 1, annotators[i], 4);
    status = fmt_names_add(names, name, stem + 4);
  }
  return status;
}

static const char *const extensions[] = {"hea", NULL};
const fmt_reader wfdb_reader = {.id = "wfdb",
                                .title =
                                    "PhysioNet WFDB record (its .hea file; formats 8 16 24 32 61 80 160 212 310 311, parts, annotations)",
                                .extensions = extensions,
                                .probe = probe_wfdb,
                                .read = read_wfdb,
                                .wants = wants};
