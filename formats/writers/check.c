/* SPDX-License-Identifier: GPL-3.0-or-later
 * `pleth check`: the HDF5 objects of a file against the rows of the published schema. Objects that the schema does not name are let be: a
 * later version may add them. */
#include "check.h"

#include "report_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const fmt_schema_row fmt_schema_rows[] = {
#include <writers/report_schema.inc>
};
const size_t fmt_schema_count = sizeof fmt_schema_rows / sizeof *fmt_schema_rows;

#define PLACE_BYTES 512

void fmt_problem(fmt_buffer *problems, const char *place, const char *expected, const char *found, ...) {
  if (problems->size > FMT_CAP_PROBLEMS_BYTES) return; /* enough to know that it is broken */
  char what[256], line[PLACE_BYTES + 512];
  va_list args;
  va_start(args, found);
  vsnprintf(what, sizeof what, found, args);
  va_end(args);
  snprintf(line, sizeof line, "%s: %s; expected %s", place, what, expected);
  for (char *c = line; *c; c++) /* names in the file must not break the line */
    if ((unsigned char)*c < 0x20 || *c == 0x7F) *c = '?';
  fmt_printf(problems, "%s\n", line);
}

static void check_type(fmt_buffer *problems, const char *place, const char *expected, hid_t type) {
  const char *word = fmt_h5_type_word(type);
  if (strcmp(word, expected) != 0) fmt_problem(problems, place, expected, "type is %s", word);
}

static void check_attribute(fmt_buffer *problems, fmt_h5_in *in, hid_t object, const char *place, const fmt_schema_row *row) {
  size_t mark = in->stack.n;
  if (H5Aexists(object, row->name) <= 0) {
    if (row->required) fmt_problem(problems, place, row->type, "no such attribute");
    return;
  }
  hid_t attribute = fmt_h5_keep(&in->stack, H5Aopen(object, row->name, H5P_DEFAULT));
  check_type(problems, place, row->type, fmt_h5_keep(&in->stack, H5Aget_type(attribute)));
  if (H5Sget_simple_extent_type(fmt_h5_keep(&in->stack, H5Aget_space(attribute))) != H5S_SCALAR)
    fmt_problem(problems, place, "one value", "not a scalar");
  fmt_h5_release(&in->stack, mark);
}

static void check_column(fmt_buffer *problems, fmt_h5_in *in, hid_t dataset, const char *place, const fmt_schema_row *row) {
  size_t mark = in->stack.n;
  hid_t type = fmt_h5_keep(&in->stack, H5Dget_type(dataset));
  int at = H5Tget_class(type) == H5T_COMPOUND ? H5Tget_member_index(type, row->name) : -1;
  if (at >= 0)
    check_type(problems, place, row->type, fmt_h5_keep(&in->stack, H5Tget_member_type(type, (unsigned)at)));
  else if (row->required)
    fmt_problem(problems, place, row->type, "no such column");
  fmt_h5_release(&in->stack, mark);
}

static void check_dataset(fmt_buffer *problems, fmt_h5_in *in, hid_t dataset, const char *place, const fmt_schema_row *row) {
  size_t mark = in->stack.n;
  hid_t type = fmt_h5_keep(&in->stack, H5Dget_type(dataset)), space = fmt_h5_keep(&in->stack, H5Dget_space(dataset));
  dsp_error why = {0};
  fmt_h5_in probe = *in; /* a look only: nothing is taken from the budget */
  probe.error = &why;
  if (!fmt_h5_readable(&probe, dataset)) fmt_problem(problems, place, why.expected, "%s", why.found);
  if (H5Sget_simple_extent_ndims(space) != row->rank) fmt_problem(problems, place, row->rank == 0 ? "a scalar" : "rank 1", "another rank");
  if (row->kind == FMT_SCHEMA_DATASET)
    check_type(problems, place, row->type, type);
  else if (H5Tget_class(type) != H5T_COMPOUND)
    fmt_problem(problems, place, "a compound table", "type is %s", fmt_h5_type_word(type));
  in->stack = probe.stack;
  fmt_h5_release(&in->stack, mark);
}

static H5I_type_t object_kind(const fmt_schema_row *row) {
  bool in_dataset = row->kind == FMT_SCHEMA_TABLE || row->kind == FMT_SCHEMA_COLUMN || row->kind == FMT_SCHEMA_DATASET;
  return in_dataset || (row->kind == FMT_SCHEMA_ATTRIBUTE &&
                        (strstr(row->path, "/data") || strstr(row->path, "/time") || strstr(row->path, "/spectrogram")))
             ? H5I_DATASET
             : H5I_GROUP;
}

static void check_here(fmt_buffer *problems, fmt_h5_in *in, hid_t object, const char *place, const fmt_schema_row *row) {
  char full[PLACE_BYTES];
  snprintf(full, sizeof full, "%s%s%s", place, row->kind == FMT_SCHEMA_ATTRIBUTE ? "@" : *row->name ? "." : "", row->name);
  switch (row->kind) {
  case FMT_SCHEMA_ATTRIBUTE:
    check_attribute(problems, in, object, full, row);
    break;
  case FMT_SCHEMA_COLUMN:
    check_column(problems, in, object, full, row);
    break;
  case FMT_SCHEMA_TABLE:
  case FMT_SCHEMA_DATASET:
    check_dataset(problems, in, object, full, row);
    break;
  case FMT_SCHEMA_GROUP:
  case FMT_SCHEMA_KEY:
    break; /* being there is all */
  }
}

/* One step down the row's path, <n> and <name> standing for every child; a missing parent is its own row's problem. As deep as the path is
 * long. NOLINTNEXTLINE(misc-no-recursion) */
static void walk(fmt_buffer *problems, fmt_h5_in *in, hid_t at, const char *place, const char *rest, const fmt_schema_row *row) {
  size_t length = strcspn(rest, "/"), n = 1;
  bool last = rest[length] == '\0';
  if (length == 0) {
    check_here(problems, in, at, "/", row);
    return;
  }
  char step[64];
  snprintf(step, sizeof step, "%.*s", (int)length, rest);
  const char *one = step, **names = &one;
  if (*step == '<' && !fmt_h5_names(in, at, &names, &n)) n = 0;
  for (size_t i = 0; i < n; i++) {
    size_t mark = in->stack.n;
    char next[PLACE_BYTES];
    snprintf(next, sizeof next, "%s/%s", place, names[i]);
    hid_t object = fmt_h5_child(in, at, names[i], last ? object_kind(row) : H5I_GROUP);
    if (object < 0 && last && !*row->name && (row->required || *step == '<'))
      fmt_problem(problems, next, object_kind(row) == H5I_GROUP ? "a group" : "a dataset", "missing, or something else");
    if (object >= 0 && last) check_here(problems, in, object, next, row);
    if (object >= 0 && !last) walk(problems, in, object, next, rest + length + 1, row);
    fmt_h5_release(&in->stack, mark);
  }
}

/* The names of the tests are 0, 1, 2 ...: a reader counts on it. */
static void check_numbers(fmt_buffer *problems, fmt_h5_in *in) {
  size_t mark = in->stack.n, n = 0;
  const char **names = NULL;
  hid_t results = fmt_h5_child(in, in->file, "results", H5I_GROUP);
  if (results >= 0 && fmt_h5_names(in, results, &names, &n)) {
    for (size_t i = 0; i < n; i++) {
      char name[24];
      snprintf(name, sizeof name, "%zu", i);
      if (H5Lexists(results, name, H5P_DEFAULT) <= 0)
        fmt_problem(problems, "/results", "tests 0, 1, 2 ...", "no test %s among %zu", name, n);
    }
  }
  fmt_h5_release(&in->stack, mark);
}

static void check_content(fmt_buffer *problems, fmt_h5_in *in, const fmt_source *file) {
  const char *text = NULL;
  size_t size = 0;
  dsp_error why = {0};
  json_error_t json_why;
  if (!fmt_h5_read_document(in, in->file, "json", &text, &size)) {
    fmt_problem(problems, "/json", "a text dataset", "not readable");
    return;
  }
  json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &json_why);
  dsp_report *report = NULL;
  if (!root)
    fmt_problem(problems, "/json", "JSON", "byte %d: %s", json_why.position, json_why.text);
  else
    fmt_check_json_form(problems, root);
  dsp_status loaded = fmt_load_report(&report, NULL, file, &why);
  if (loaded == DSP_NO_MEMORY)
    problems->failed = true;
  else if (loaded != DSP_OK)
    fmt_problem(problems, why.place, why.expected, "%s", why.found);
  else if (root)
    fmt_check_meaning(problems, in, report, root);
  dsp_report_free(report);
  json_decref(root);
}

dsp_status fmt_check_report(fmt_buffer *problems, const fmt_source *file, dsp_error *error) {
  fmt_h5_in in;
  dsp_status status = fmt_h5_open(&in, file, error);
  if (status == DSP_OK) {
    in.error = NULL;
    for (size_t i = 0; i < fmt_schema_count; i++)
      if (fmt_schema_rows[i].kind != FMT_SCHEMA_KEY) walk(problems, &in, in.file, "", fmt_schema_rows[i].path + 1, &fmt_schema_rows[i]);
    check_numbers(problems, &in);
    if (problems->size == 0) check_content(problems, &in, file);
    if (problems->failed || in.stack.no_memory) status = dsp_fail_memory(error);
  }
  fmt_h5_close(&in);
  return status;
}
