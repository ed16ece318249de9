/* SPDX-License-Identifier: GPL-3.0-or-later
 * Physiological recordings of BIDS data sets (1.11): a table without header, usually compressed, whose columns, rate and start stand in
 * JSON side-cars of its own and of the folders above. */
#include "bids.h"
#include "field.h"
#include "inflate.h"
#include "rows.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first row is the names of the columns: against the rules, but common. */
static bool is_header(const csv_table *text, const json_t *columns) {
  const csv_span line = rows_line(text->at, text->end);
  const char *first = json_string_value(json_array_get(columns, 0));
  const size_t n = first ? strlen(first) : 0;
  return n && line.n >= n && memcmp(line.at, first, n) == 0 && (line.n == n || line.at[n] == '\t');
}

static const char *unit_of(const bids_facts *facts, dsp_recording *recording, const char *column) {
  const char *unit = json_string_value(json_object_get(json_object_get(facts->root, column), "Units"));
  return unit ? dsp_arena_text(recording->arena, unit, strlen(unit)) : "";
}

static dsp_status add_channels(dsp_recording *recording, rows_block *rows, const bids_facts *facts, dsp_error *error) {
  for (size_t c = 0; c < rows->n_columns; c++) {
    const char *name = json_string_value(json_array_get(facts->columns, c)), *unit = unit_of(facts, recording, name);
    const field_channel about = {name, unit, facts->rate_hz, 1, 0};
    if (!unit || !field_add_channel(recording, &about, rows_release(rows, c), rows->n_rows)) return dsp_fail_memory(error);
  }
  return DSP_OK;
}

static dsp_status take_table(csv_table *text, const fmt_source *source, const bids_facts *facts, dsp_error *error) {
  rows_block rows = {.text = text, .line = 1, .n_columns = json_array_size(facts->columns)};
  dsp_status status = csv_decode(text, source, error);
  if (status != DSP_OK) return status;
  text->dialect = (csv_dialect){'\t', '.'};
  const unsigned char *p = text->at;
  if (is_header(text, facts->columns)) {
    p = rows_next_line(p, text->end);
    rows.line++;
    if (dsp_recording_warn(text->recording, "header_irregular", "the table begins with a line of names, which BIDS forbids") != DSP_OK)
      return dsp_fail_memory(error);
  }
  const size_t there = rows_count_cells(&rows, p);
  if (there != rows.n_columns)
    return dsp_fail(error, DSP_BAD_INPUT, "line 1", "as many columns as Columns names", "%zu columns for %zu names", there, rows.n_columns);
  status = rows_take(&rows, &p, error);
  if (status == DSP_OK && rows.n_rows == 0) status = dsp_fail(error, DSP_BAD_INPUT, "", "rows of samples", "no rows");
  if (status == DSP_OK && rows.short_rows &&
      dsp_recording_warn(text->recording, "short_rows", "%zu row%s short, first on line %zu", rows.short_rows,
                         rows.short_rows > 1 ? "s are" : " is", rows.short_line) != DSP_OK)
    status = dsp_fail_memory(error);
  if (status == DSP_OK) status = add_channels(text->recording, &rows, facts, error);
  rows_clear(&rows);
  return status;
}

static dsp_status read_table(const fmt_input *input, const bids_facts *facts, dsp_recording *recording, dsp_error *error) {
  csv_table text = {.recording = recording};
  fmt_source plain = {0};
  const bool packed = inflate_is_gzip(input->source);
  text.c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  dsp_status status = text.c_locale ? DSP_OK : dsp_fail_memory(error);
  if (status == DSP_OK && packed) status = inflate_gzip(&plain, input->source, error);
  if (status == DSP_OK && packed && plain.size == 0) status = dsp_fail(error, DSP_BAD_INPUT, "", "rows of samples", "no rows");
  if (status == DSP_OK) status = take_table(&text, packed ? &plain : input->source, facts, error);
  csv_clear(&text);
  fmt_source_clear(&plain);
  return status;
}

static dsp_status read_bids(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  bids_name name;
  bids_facts facts = {0};
  json_t *root = NULL;
  char suffix[32];
  (void)hints, (void)params;
  if (!bids_parse(&name, input->name) || name.suffix.n >= sizeof suffix)
    return dsp_fail(error, DSP_BAD_INPUT, "", "a name as sub-01_task-rest_physio.tsv.gz", "\"%.100s\"", input->name ? input->name : "");
  snprintf(suffix, sizeof suffix, "%.*s", (int)name.suffix.n, (const char *)name.suffix.at);
  dsp_status status = bids_inherit(&root, recording, input, &name, suffix, error);
  if (status == DSP_OK && !root)
    return dsp_fail(error, DSP_BAD_INPUT, "", "a JSON side-car with Columns and SamplingFrequency beside it or in a folder above",
                    "no %s.json that applies", suffix);
  if (status == DSP_OK) status = bids_facts_take(&facts, recording, root, error);
  if (status == DSP_OK) status = read_table(input, &facts, recording, error);
  if (status == DSP_OK) {
    recording->t_origin_s = facts.start_s;
    status = bids_events(recording, input, &name, &facts, error);
  }
  json_decref(root);
  return status;
}

/* The bytes say nothing, the name says it all; but a plain table of that name without a side-car can still be read as one. */
static fmt_verdict probe_bids(const fmt_input *input, unsigned *score, dsp_error *error) {
  bids_name name;
  (void)error;
  *score = 90;
  if (!bids_parse(&name, input->name) || !(bids_suffix_is(&name, "physio") || bids_suffix_is(&name, "stim"))) return FMT_NOT_MINE;
  if (inflate_is_gzip(input->source)) return FMT_MINE;
  for (size_t i = 0; i < input->n_companions; i++)
    if (strstr(input->companions[i].name, "physio.json") || strstr(input->companions[i].name, "stim.json")) return FMT_MINE;
  return FMT_NOT_MINE;
}

static const char *const extensions[] = {"tsv.gz", "tsv", "gz", NULL};

const fmt_reader bids_reader = {
    .id = "bids",
    .title = "BIDS physiological recording (_physio.tsv.gz with its JSON)",
    .extensions = extensions,
    .params = {"bids", NULL, 0},
    .probe = probe_bids,
    .read = read_bids,
    .wants = bids_wants,
};
