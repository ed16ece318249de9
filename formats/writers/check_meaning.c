/* SPDX-License-Identifier: GPL-3.0-or-later
 * `pleth check`: what a well-formed report must also be. A number that claims to be valid is finite and inside its interval, one that does
 * not says why, and the JSON says what the tables say. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PLACE_BYTES 512

static bool is_digest(const char *text) {
  return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* Both NaN, or lo <= hi; `value` NaN or between them. */
static void check_interval(fmt_buffer *problems, const char *place, double lo, double value, double hi) {
  if (isnan(lo) != isnan(hi))
    fmt_problem(problems, place, "both ends or none", "an interval with one end");
  else if (lo > hi)
    fmt_problem(problems, place, "lo <= hi", "lo is above hi");
  else if (value < lo || value > hi)
    fmt_problem(problems, place, "lo <= value <= hi", "the value lies outside its interval");
}

static void check_measure(fmt_buffer *problems, const char *place, const dsp_measure *m) {
  if (m->valid && !isfinite(m->value)) fmt_problem(problems, place, "a finite value", "valid without a value");
  if (!m->valid && !isnan(m->value)) fmt_problem(problems, place, "NaN", "a value that is not valid");
  if (!m->valid && !dsp_flags_get(&m->flags, 0)) fmt_problem(problems, place, "a flag that says why", "null without a reason");
  if (isinf(m->lo) || isinf(m->hi)) fmt_problem(problems, place, "finite ends", "an infinite interval");
  check_interval(problems, place, m->lo, m->value, m->hi);
  if (m->se < 0.0) fmt_problem(problems, place, "se >= 0", "a negative standard error");
  if (m->t0_s > m->t1_s) fmt_problem(problems, place, "t0_s <= t1_s", "a stretch that ends before it starts");
}

static void check_measures(fmt_buffer *problems, const char *at, const dsp_test *test) {
  for (size_t i = 0; i < test->n_measures; i++) {
    const char *id = test->measures[i].row->id;
    char place[PLACE_BYTES];
    snprintf(place, sizeof place, "%s/measures %s", at, id);
    if (!*id) fmt_problem(problems, place, "an id", "a measure without an id");
    for (size_t k = 0; k < i; k++)
      if (!strcmp(test->measures[k].row->id, id)) fmt_problem(problems, place, "unique ids", "the id stands twice");
    check_measure(problems, place, &test->measures[i]);
  }
}

/* From the table itself: the loaded report has dropped what it does not know. */
static void check_flags(fmt_buffer *problems, fmt_h5_in *in, const char *at, const dsp_test *test) {
  size_t mark = in->stack.n, n = 0;
  void *lines = NULL;
  hid_t results = fmt_h5_child(in, in->file, "results", H5I_GROUP), group = fmt_h5_child(in, results, strrchr(at, '/') + 1, H5I_GROUP);
  if (!fmt_h5_read_table(in, group, &fmt_flags_table, &lines, &n)) fmt_problem(problems, at, "a table", "flags are not readable");
  for (size_t i = 0; i < n; i++) {
    const fmt_flag_line *line = (const fmt_flag_line *)lines + i;
    char place[PLACE_BYTES];
    snprintf(place, sizeof place, "%s/flags[%zu]", at, i);
    if (!dsp_flag_find(line->code)) fmt_problem(problems, place, "a row of `pleth list flags`", "unknown flag \"%s\"", line->code);
    bool known = !*line->measure;
    for (size_t k = 0; k < test->n_measures && !known; k++) known = !strcmp(test->measures[k].row->id, line->measure);
    if (!known) fmt_problem(problems, place, "a measure of the test, or empty", "flag of \"%s\"", line->measure);
  }
  fmt_h5_release(&in->stack, mark);
}

static void check_times(fmt_buffer *problems, const char *at, const dsp_test *test) {
  char place[PLACE_BYTES];
  for (size_t i = 0; i < test->n_landmarks; i++) {
    const dsp_landmark *l = &test->landmarks[i];
    snprintf(place, sizeof place, "%s/landmarks %s", at, l->name ? l->name : "");
    if (!l->source || (strcmp(l->source, "event") != 0 && strcmp(l->source, "detected") != 0 && strcmp(l->source, "override") != 0))
      fmt_problem(problems, place, "event, detected or override", "another source");
    check_interval(problems, place, l->lo, l->t_s, l->hi);
  }
  for (size_t i = 0; i < test->n_phases; i++) {
    snprintf(place, sizeof place, "%s/phases %s", at, test->phases[i].name ? test->phases[i].name : "");
    if (test->phases[i].t0_s > test->phases[i].t1_s) fmt_problem(problems, place, "t0_s <= t1_s", "a phase that ends before it starts");
  }
}

static void check_series(fmt_buffer *problems, fmt_h5_in *in, const char *at, const dsp_test *test) {
  for (size_t i = 0; i < test->n_series; i++) {
    if (test->series[i].bins > 0) continue;
    size_t mark = in->stack.n;
    char place[PLACE_BYTES];
    snprintf(place, sizeof place, "%s/series/%s/time", at, test->series[i].name);
    hid_t time = H5Dopen2(in->file, place, H5P_DEFAULT); /* its links were found hard when the form was checked */
    hid_t space = time >= 0 ? fmt_h5_keep(&in->stack, H5Dget_space(fmt_h5_keep(&in->stack, time))) : -1;
    if (H5Sget_simple_extent_npoints(space) != (hssize_t)test->series[i].n)
      fmt_problem(problems, place, "as many points as data", "another length");
    fmt_h5_release(&in->stack, mark);
  }
}

/* Every fact of `mine`, made from the tables, stands in `theirs`, the file's own JSON. As deep as our own JSON is.
 * NOLINTNEXTLINE(misc-no-recursion) */
static void compare(fmt_buffer *problems, const char *place, json_t *mine, const json_t *theirs) {
  char next[PLACE_BYTES];
  if (json_is_object(mine) && json_is_object(theirs)) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(mine, key, value) {
      snprintf(next, sizeof next, "%s.%s", place, key);
      compare(problems, next, value, json_object_get(theirs, key));
    }
    return;
  }
  if (json_is_array(mine) && json_array_size(mine) == json_array_size(theirs)) {
    for (size_t i = 0; i < json_array_size(mine); i++) {
      snprintf(next, sizeof next, "%s[%zu]", place, i);
      compare(problems, next, json_array_get(mine, i), json_array_get(theirs, i));
    }
    return;
  }
  bool same = json_is_number(mine) && json_is_number(theirs)
                  ? !(json_number_value(mine) < json_number_value(theirs) || json_number_value(mine) > json_number_value(theirs))
                  : json_equal(mine, theirs);
  if (!same) fmt_problem(problems, place, "what the tables say", "JSON and tables differ");
}

/* The report as JSON once more, from the tables alone. */
static void check_agreement(fmt_buffer *problems, const dsp_report *report, const json_t *root) {
  static const char *const parts[] = {"input", "tests", "warnings", "subject", "condition", "acquisition", "events"};
  fmt_buffer text = {0};
  dsp_error why = {0};
  json_t *mine = fmt_report_json(&text, report, NULL, &why) == DSP_OK ? json_loadb(text.bytes, text.size, 0, NULL) : NULL;
  if (!mine) problems->failed = true;
  for (size_t i = 0; mine && i < sizeof parts / sizeof *parts; i++) {
    const json_t *theirs = json_object_get(root, parts[i]);
    char place[64];
    snprintf(place, sizeof place, "/json $.%s", parts[i]);
    if (theirs) compare(problems, place, json_object_get(mine, parts[i]), theirs);
  }
  json_decref(mine);
  fmt_buffer_clear(&text);
}

static void check_parameters(fmt_buffer *problems, fmt_h5_in *in, hid_t provenance, const json_t *theirs) {
  void *lines = NULL;
  size_t n = 0;
  if (!fmt_h5_read_table(in, provenance, &fmt_parameters_table, &lines, &n))
    fmt_problem(problems, "/provenance/parameters", "a table", "not readable");
  for (size_t i = 0; i < n; i++) {
    const fmt_param_line *line = (const fmt_param_line *)lines + i;
    const json_t *value = json_object_get(theirs, line->id);
    double number = json_number_value(value);
    bool same = json_is_string(value) ? !strcmp(json_string_value(value), line->text)
                                      : json_is_number(value) && !(number < line->value || number > line->value);
    if (!same) fmt_problem(problems, "/json $.provenance.parameters", "what the table says", "%s differs or is missing", line->id);
  }
}

static void check_libraries(fmt_buffer *problems, fmt_h5_in *in, hid_t provenance, const json_t *theirs) {
  void *lines = NULL;
  size_t n = 0;
  if (!fmt_h5_read_table(in, provenance, &fmt_libraries_table, &lines, &n))
    fmt_problem(problems, "/provenance/libraries", "a table", "not readable");
  for (size_t i = 0; i < n; i++) {
    const dsp_note *line = (const dsp_note *)lines + i;
    const char *value = json_string_value(json_object_get(theirs, line->key));
    if (!value || strcmp(value, line->text) != 0)
      fmt_problem(problems, "/json $.provenance.libraries", "what the table says", "%s differs", line->key);
  }
}

static void check_provenance(fmt_buffer *problems, fmt_h5_in *in, const json_t *root) {
  size_t mark = in->stack.n;
  const json_t *theirs = json_object_get(root, "provenance");
  const char *digest = NULL, *generator = NULL, *schema = NULL;
  hid_t provenance = fmt_h5_child(in, in->file, "provenance", H5I_GROUP);
  check_parameters(problems, in, provenance, json_object_get(theirs, "parameters"));
  check_libraries(problems, in, provenance, json_object_get(theirs, "libraries"));
  if (!fmt_h5_read_text(in, provenance, "config_sha256", &digest) || !is_digest(digest))
    fmt_problem(problems, "/provenance@config_sha256", "64 hexadecimal digits", "another text");
  else if (strcmp(digest, json_string_value(json_object_get(theirs, "config_sha256"))) != 0)
    fmt_problem(problems, "/json $.provenance.config_sha256", "what the attribute says", "JSON and attribute differ");
  if (!fmt_h5_read_text(in, in->file, "generator", &generator) ||
      strcmp(generator, json_string_value(json_object_get(root, "generator"))) != 0)
    fmt_problem(problems, "/json $.generator", "what the attribute says", "JSON and attribute differ");
  if (!fmt_h5_read_text(in, in->file, "schema", &schema) || strcmp(schema, json_string_value(json_object_get(root, "schema"))) != 0)
    fmt_problem(problems, "/json $.schema", "what the attribute says", "JSON and attribute differ");
  fmt_h5_release(&in->stack, mark);
}

static void check_warnings(fmt_buffer *problems, fmt_h5_in *in) {
  void *lines = NULL;
  size_t n = 0;
  if (!fmt_h5_read_table(in, in->file, &fmt_warnings_table, &lines, &n)) fmt_problem(problems, "/warnings", "a table", "not readable");
  for (size_t i = 0; i < n; i++) {
    const dsp_warning *line = (const dsp_warning *)lines + i;
    if (!dsp_flag_find(line->code)) fmt_problem(problems, "/warnings", "a row of `pleth list flags`", "unknown code \"%s\"", line->code);
  }
}

void fmt_check_meaning(fmt_buffer *problems, fmt_h5_in *in, const dsp_report *report, const json_t *root) {
  if (problems->size > 0) return; /* the keys below are there only in a well-formed JSON */
  if (report->input_sha256[0] && !is_digest(report->input_sha256))
    fmt_problem(problems, "/@input_sha256", "64 hexadecimal digits", "another text");
  check_warnings(problems, in);
  for (size_t i = 0; i < report->n_tests; i++) {
    const dsp_test *test = &report->tests[i];
    char at[64];
    snprintf(at, sizeof at, "/results/%zu", i);
    check_measures(problems, at, test);
    check_flags(problems, in, at, test);
    check_times(problems, at, test);
    check_series(problems, in, at, test);
    if (test->quality < 0.0 || test->quality > 1.0) fmt_problem(problems, at, "0 to 1", "a quality out of range");
  }
  check_agreement(problems, report, root);
  check_provenance(problems, in, root);
}
