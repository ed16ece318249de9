/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names in a BIDS data set and the inheritance principle (BIDS 1.11, common principles): a side-car applies to every file at its level and
 * below whose name has all of the side-car's entities and its suffix. */
#include "bids.h"
#include <stdio.h>
#include <string.h>

enum { LEVELS = 4, NAME_BYTES = 512 };

static const char dataset[] = "dataset_description.json";

static csv_span span_of(const char *text) {
  return (csv_span){(const unsigned char *)text, strlen(text)};
}

static bool ends_with(csv_span text, const char *end) {
  const size_t n = strlen(end);
  return text.n >= n && memcmp(text.at + text.n - n, end, n) == 0;
}

static bool equal(csv_span a, csv_span b) {
  return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
}

/* Entities and suffix of a name whose extension is off. */
static bool split(bids_name *name, csv_span stem) {
  *name = (bids_name){0};
  while (stem.n) {
    const unsigned char *line = memchr(stem.at, '_', stem.n);
    const csv_span part = {stem.at, line ? (size_t)(line - stem.at) : stem.n};
    if (!line) {
      name->suffix = part;
      return part.n > 0 && !memchr(part.at, '-', part.n);
    }
    const unsigned char *dash = part.n ? memchr(part.at, '-', part.n) : NULL;
    if (!dash || dash == part.at || dash + 1 == part.at + part.n || name->n_entities == BIDS_ENTITIES_MAX) return false;
    name->entities[name->n_entities++] = part;
    stem = (csv_span){line + 1, stem.n - part.n - 1};
  }
  return false;
}

bool bids_parse(bids_name *name, const char *file_name) {
  csv_span stem = span_of(file_name ? file_name : "");
  if (ends_with(stem, ".gz")) stem.n -= 3;
  if (!ends_with(stem, ".tsv")) return false;
  stem.n -= 4;
  return split(name, stem);
}

bool bids_suffix_is(const bids_name *name, const char *suffix) {
  return equal(name->suffix, span_of(suffix));
}

/* `chosen` entities (bit i: entity i) and the suffix, `level` folders up. */
static dsp_status add_name(fmt_names *names, const bids_name *name, unsigned chosen, size_t level, const char *suffix,
                           const char *extension) {
  char text[NAME_BYTES];
  size_t n = 0;
  for (size_t i = 0; i < level; i++) n += (size_t)snprintf(text + n, sizeof text - n, "../");
  for (size_t i = 0; i < name->n_entities; i++)
    if (chosen >> i & 1 && n < sizeof text)
      n += (size_t)snprintf(text + n, sizeof text - n, "%.*s_", (int)name->entities[i].n, (const char *)name->entities[i].at);
  if (n < sizeof text) n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", suffix, extension);
  return n < sizeof text ? fmt_names_add(names, text, n) : DSP_OK;
}

static unsigned all_but_recording(const bids_name *name) {
  unsigned chosen = 0;
  for (size_t i = 0; i < name->n_entities; i++)
    if (name->entities[i].n < 10 || memcmp(name->entities[i].at, "recording-", 10) != 0) chosen |= 1U << i;
  return chosen;
}

static dsp_status want_sidecars(fmt_names *names, const bids_name *name, const char *suffix) {
  dsp_status status = DSP_OK;
  for (size_t level = 0; level < LEVELS; level++)
    for (unsigned chosen = 0; chosen < 1U << name->n_entities && status == DSP_OK; chosen++)
      status = add_name(names, name, chosen, level, suffix, ".json");
  return status;
}

dsp_status bids_wants(fmt_names *names, const fmt_input *so_far) {
  bids_name name;
  char text[NAME_BYTES], suffix[NAME_BYTES];
  if (!bids_parse(&name, so_far->name) || !(bids_suffix_is(&name, "physio") || bids_suffix_is(&name, "stim"))) return DSP_OK;
  snprintf(suffix, sizeof suffix, "%.*s", (int)name.suffix.n, (const char *)name.suffix.at);
  dsp_status status = want_sidecars(names, &name, suffix);
  if (status == DSP_OK) status = want_sidecars(names, &name, "physioevents");
  for (size_t i = 0; status == DSP_OK && i < 2; i++) {
    const char *extension = i ? ".tsv" : ".tsv.gz";
    status = add_name(names, &name, ~0U, 0, "physioevents", extension);
    if (status == DSP_OK) status = add_name(names, &name, all_but_recording(&name), 0, "events", extension);
  }
  for (size_t level = 0, n = 0; status == DSP_OK && level < LEVELS; level++) {
    n = 0;
    for (size_t i = 0; i < level; i++) n += (size_t)snprintf(text + n, sizeof text - n, "../");
    n += (size_t)snprintf(text + n, sizeof text - n, "%s", dataset);
    status = fmt_names_add(names, text, n);
  }
  return status;
}

static size_t level_of(const char *name) {
  size_t level = 0;
  while (strncmp(name + 3 * level, "../", 3) == 0) level++;
  return level;
}

/* Does the side-car apply? *entities: how many it names. */
static bool applies(const char *file_name, const bids_name *name, const char *suffix, size_t *entities) {
  bids_name own;
  csv_span stem = span_of(file_name + 3 * level_of(file_name));
  if (!ends_with(stem, ".json")) return false;
  stem.n -= 5;
  if (!split(&own, stem) || !bids_suffix_is(&own, suffix)) return false;
  for (size_t i = 0; i < own.n_entities; i++) {
    size_t k = 0;
    while (k < name->n_entities && !equal(own.entities[i], name->entities[k])) k++;
    if (k == name->n_entities) return false;
  }
  *entities = own.n_entities;
  return true;
}

/* Parses one side-car; an error names it. */
static dsp_status parse(json_t **object, const fmt_file *file, dsp_error *error) {
  json_error_t why;
  char place[120];
  *object = NULL;
  if (file->source.size > FMT_CAP_SIDECAR_BYTES)
    return dsp_fail(error, DSP_LIMIT, file->name, "a smaller side-car", "%zu bytes, more than the cap of %zu", file->source.size,
                    FMT_CAP_SIDECAR_BYTES);
  *object = json_loadb((const char *)file->source.bytes, file->source.size, JSON_REJECT_DUPLICATES, &why);
  if (json_is_object(*object)) return DSP_OK;
  const bool parsed = *object != NULL;
  json_decref(*object);
  *object = NULL;
  if (parsed) return dsp_fail(error, DSP_BAD_INPUT, file->name, "an object", "JSON of another type");
  if (json_error_code(&why) == json_error_out_of_memory) return dsp_fail_memory(error);
  snprintf(place, sizeof place, "%.80s line %d", file->name, why.line);
  return dsp_fail(error, DSP_BAD_INPUT, place, "valid JSON without duplicate keys", "%s", why.text);
}

/* The highest folder that belongs to the data set, as far as one is described. */
static size_t root_level(const fmt_input *input) {
  for (size_t i = 0; i < input->n_companions; i++)
    if (ends_with(span_of(input->companions[i].name), dataset)) return level_of(input->companions[i].name);
  return LEVELS;
}

dsp_status bids_inherit(json_t **root, dsp_recording *recording, const fmt_input *input, const bids_name *name, const char *suffix,
                        dsp_error *error) {
  const size_t highest = root_level(input);
  dsp_status status = DSP_OK;
  *root = NULL;
  for (size_t level = LEVELS; status == DSP_OK && level-- > 0;) {
    size_t found = 0;
    for (size_t wanted = 0; status == DSP_OK && wanted <= name->n_entities; wanted++)
      for (size_t i = 0; status == DSP_OK && i < input->n_companions; i++) {
        size_t entities = 0;
        json_t *object = NULL;
        const fmt_file *file = &input->companions[i];
        if (level > highest || level_of(file->name) != level || !applies(file->name, name, suffix, &entities) || entities != wanted)
          continue;
        status = parse(&object, file, error);
        if (status == DSP_OK && !*root && !(*root = json_object())) status = dsp_fail_memory(error);
        if (status == DSP_OK && json_object_update(*root, object) != 0) status = dsp_fail_memory(error);
        json_decref(object);
        if (status == DSP_OK && found++ == 1 &&
            dsp_recording_warn(recording, "header_irregular",
                               "several side-cars of one folder apply; the one with more entities goes first") != DSP_OK)
          status = dsp_fail_memory(error);
      }
  }
  if (status != DSP_OK) {
    json_decref(*root);
    *root = NULL;
  }
  return status;
}

dsp_status bids_table(const fmt_source **found, const char **file_name, const fmt_input *input, const bids_name *name, const char *suffix,
                      bool without_recording, dsp_error *error) {
  fmt_names names = {0};
  const unsigned chosen = without_recording ? all_but_recording(name) : ~0U;
  *found = NULL;
  dsp_status status = add_name(&names, name, chosen, 0, suffix, ".tsv.gz");
  if (status == DSP_OK) status = add_name(&names, name, chosen, 0, suffix, ".tsv");
  for (size_t i = 0; status == DSP_OK && i < names.n && !*found; i++)
    for (size_t k = 0; k < input->n_companions && !*found; k++)
      if (strcmp(input->companions[k].name, names.rows[i]) == 0) {
        *found = &input->companions[k].source;
        *file_name = input->companions[k].name;
      }
  fmt_names_clear(&names);
  return status == DSP_OK ? DSP_OK : dsp_fail_memory(error);
}
