/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth qa: measured values against expected ones, each with its tolerance and the reason for it. A missing or null value is a failure;
 * only --bless changes what is expected, and shows old and new. */
#include "analysis.h"
#include "batch_record.h"
#include "csv_text.h"
#include "exits.h"
#include "input.h"
#include "inputs.h"
#include "json_out.h"
#include "message.h"
#include "names.h"
#include "output.h"
#include "pool.h"
#include "settings.h"
#include "targets.h"
#include "text.h"
#include "verbs.h"
#include <dsp/memory.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COL_FILE, COL_PROTOCOL, COL_CHANNEL, COL_ID, COL_EXPECTED, COL_ABS_TOL, COL_REL_TOL, COL_REASON, COLUMNS };
static const char *const columns[COLUMNS] = {"file", "protocol", "channel", "id", "expected", "abs_tol", "rel_tol", "reason"};

/* What became of one row of the manifest. */
typedef struct qa_row {
  const char *cell[COLUMNS];
  size_t line, job;
  double expected, tolerance, value; /* value: NaN none */
  bool passed, blessed;
  char why[160]; /* "" passed */
} qa_row;

/* One analysis that rows ask about. */
typedef struct qa_job {
  const char *file, *protocol; /* protocol "": the recording's own */
  fmt_buffer path;
} qa_job;

typedef struct qa_run {
  const cli_options *options;
  const dsp_params *params;
  const char *manifest;
  input_options input;
  worker_limits limits;
  csv_table table;
  int column[COLUMNS];
  qa_row *rows;
  qa_job *jobs;
  size_t n_jobs, passed, blessed, failed;
} qa_run;

/* --- the manifest --- */

static bool read_number(double *value, const char *text) {
  char *end = NULL;
  *value = text[0] != '\0' ? strtod(text, &end) : 0;
  return text[0] == '\0' || (*end == '\0' && isfinite(*value));
}

static int refuse(const qa_run *run, size_t line, const char *expected, const char *found) {
  char place[32];
  (void)snprintf(place, sizeof place, "line %zu", line);
  message_error(run->manifest, place, expected, "%s", found);
  return EXIT_USAGE;
}

static int read_row(qa_run *run, size_t i) {
  qa_row *row = &run->rows[i];
  double abs_tol = 0, rel_tol = 0;
  for (size_t c = 0; c < COLUMNS; c++) row->cell[c] = run->column[c] >= 0 ? run->table.rows[i].cell[run->column[c]] : "";
  row->line = run->table.rows[i].line;
  if (row->cell[COL_FILE][0] == '\0' || row->cell[COL_ID][0] == '\0')
    return refuse(run, row->line, "a file and a measure's id", "an empty cell");
  if (row->cell[COL_EXPECTED][0] == '\0' || !read_number(&row->expected, row->cell[COL_EXPECTED]))
    return refuse(run, row->line, "a number as expected value",
                  row->cell[COL_EXPECTED][0] != '\0' ? row->cell[COL_EXPECTED] : "an empty cell");
  if (!read_number(&abs_tol, row->cell[COL_ABS_TOL]) || !read_number(&rel_tol, row->cell[COL_REL_TOL]) || abs_tol < 0 || rel_tol < 0)
    return refuse(run, row->line, "tolerances of at least 0", "another tolerance");
  row->tolerance = fmax(abs_tol, rel_tol * fabs(row->expected));
  return EXIT_DONE;
}

/* The job of a row: one for all rows of a file and protocol. */
static int plan_row(qa_run *run, qa_row *row) {
  for (row->job = 0; row->job < run->n_jobs; row->job++) {
    const qa_job *job = &run->jobs[row->job];
    if (strcmp(job->file, row->cell[COL_FILE]) == 0 && strcmp(job->protocol, row->cell[COL_PROTOCOL]) == 0) return EXIT_DONE;
  }
  qa_job *job = &run->jobs[run->n_jobs++];
  *job = (qa_job){.file = row->cell[COL_FILE], .protocol = row->cell[COL_PROTOCOL]};
  if (job->file[0] != '/') fmt_put_bytes(&job->path, run->manifest, (size_t)(input_base(run->manifest) - run->manifest));
  fmt_put(&job->path, job->file);
  return job->path.failed ? message_memory() : EXIT_DONE;
}

static int read_manifest(qa_run *run) {
  int status = csv_table_read(&run->table, run->manifest);
  for (size_t c = 0; status == EXIT_DONE && c < COLUMNS; c++) {
    run->column[c] = csv_table_column(&run->table, columns[c]);
    if (run->column[c] < 0 && (c == COL_FILE || c == COL_ID || c == COL_EXPECTED))
      status = refuse(run, 1, columns[c], "a column is missing");
  }
  if (status == EXIT_DONE && run->table.n == 0) status = refuse(run, 1, "at least one row", "an empty table");
  if (status != EXIT_DONE) return status;
  run->rows = dsp_zalloc(run->table.n, sizeof *run->rows);
  run->jobs = dsp_zalloc(run->table.n, sizeof *run->jobs);
  if (run->rows == NULL || run->jobs == NULL) return message_memory();
  for (size_t i = 0; status == EXIT_DONE && i < run->table.n; i++) {
    status = read_row(run, i);
    if (status == EXIT_DONE) status = plan_row(run, &run->rows[i]);
  }
  return status;
}

/* --- the analyses --- */

static int open_one(void *context, size_t job, input_set *set) {
  const qa_run *run = context;
  dsp_error error = {0};
  const dsp_status status = input_open(set, run->jobs[job].path.bytes, NULL, run->options->value[OPT_MAP], &error);
  if (status == DSP_OK) return EXIT_DONE;
  message_failure(run->jobs[job].path.bytes, &error);
  return EXIT_NONE;
}

static dsp_status open_companion(void *context, size_t job, const char *name, input_set *set) {
  const qa_run *run = context;
  return input_open_companion(set, run->jobs[job].path.bytes, name, NULL);
}

static int work(void *context, size_t job, input_set *set, worker_result *result) {
  const qa_run *run = context;
  const char *protocol = run->jobs[job].protocol;
  dsp_recording *recording = NULL;
  dsp_report *report = NULL;
  dsp_error error = {0};
  dsp_status status = input_read(&recording, set, &run->input, &error);
  if (status == DSP_OK)
    status =
        analysis_report(&report, recording, protocol[0] != '\0' ? protocol : NULL, run->options->value[OPT_GUIDELINE], run->params, &error);
  if (status == DSP_OK) batch_put_measures(&result->rows, report);
  if (status != DSP_OK) message_failure(run->jobs[job].path.bytes, &error);
  dsp_report_free(report);
  dsp_recording_free(recording);
  return status == DSP_OK ? EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
}

/* The first pooled value of a row's measure. A row that names no channel means a recording with one: *several says that there are more. */
static const batch_measure *find(bool *several, const batch_record *record, const qa_row *row) {
  const char *channel = row->cell[COL_CHANNEL];
  const batch_measure *first = NULL;
  *several = false;
  for (size_t i = 0; i < record->n; i++) {
    const char *const *cell = record->measures[i].cell;
    if (strcmp(cell[MEAS_TRIAL], "pooled") != 0 || strcmp(cell[MEAS_ID], row->cell[COL_ID]) != 0) continue;
    if (channel[0] != '\0' && strcmp(cell[MEAS_CHANNEL], channel) != 0) continue;
    if (first == NULL)
      first = &record->measures[i];
    else
      *several = *several || strcmp(cell[MEAS_CHANNEL], first->cell[MEAS_CHANNEL]) != 0;
  }
  return first;
}

static void compare(qa_row *row, const batch_record *record) {
  bool several = false;
  const batch_measure *measure = find(&several, record, row);
  const bool valid = measure != NULL && strcmp(measure->cell[MEAS_VALID], "true") == 0;
  if (measure == NULL) {
    (void)snprintf(row->why, sizeof row->why, "no such measure");
  } else if (several) {
    (void)snprintf(row->why, sizeof row->why, "several channels have this measure; name one");
  } else if (!valid || !read_number(&row->value, measure->cell[MEAS_VALUE])) {
    row->value = (double)NAN;
    (void)snprintf(row->why, sizeof row->why, "no value: %s", measure->cell[MEAS_FLAGS]);
  } else if (!(fabs(row->value - row->expected) <= row->tolerance)) {
    (void)snprintf(row->why, sizeof row->why, "%s, expected %s: off by %.3g, allowed %.3g", measure->cell[MEAS_VALUE],
                   row->cell[COL_EXPECTED], fabs(row->value - row->expected), row->tolerance);
  } else {
    row->passed = true;
  }
}

static bool take(void *context, size_t job, worker_result *result) {
  static const char *const nothing[REC_CELLS] = {0};
  qa_run *run = context;
  fmt_buffer text = {0};
  batch_record record = {0};
  batch_put_record(&text, nothing, result->rows.bytes != NULL ? result->rows.bytes : "", result->rows.size);
  const bool good = result->status == EXIT_DONE && !text.failed && batch_record_read(&record, text.bytes, text.size);
  for (size_t i = 0; i < run->table.n; i++) {
    qa_row *row = &run->rows[i];
    if (row->job != job) continue;
    row->value = (double)NAN;
    if (good)
      compare(row, &record);
    else
      (void)snprintf(row->why, sizeof row->why, "could not be analysed");
    run->passed += row->passed;
    run->failed += !row->passed;
  }
  if (!good) inputs_speak(run->jobs[job].path.bytes, result, &run->limits);
  batch_record_clear(&record);
  fmt_buffer_clear(&text);
  return true;
}

/* --- what is told --- */

static void put_blessed(fmt_buffer *out, const qa_row *row) {
  fmt_put(out, "blessed ");
  text_put_clean(out, row->cell[COL_FILE]);
  fmt_put(out, " ");
  text_put_clean(out, row->cell[COL_ID]);
  fmt_printf(out, ": %s -> ", row->cell[COL_EXPECTED]);
  fmt_put_number(out, row->value, "");
  fmt_put(out, "\n");
}

static void put_text(const qa_run *run, fmt_buffer *out) {
  for (size_t i = 0; i < run->table.n; i++) {
    const qa_row *row = &run->rows[i];
    if (row->passed && !row->blessed && !run->options->given[OPT_VERBOSE]) continue;
    if (row->blessed) {
      put_blessed(out, row);
      continue;
    }
    fmt_put(out, row->passed ? "ok   " : "FAIL ");
    text_put_clean(out, row->cell[COL_FILE]);
    fmt_put(out, " ");
    text_put_clean(out, row->cell[COL_ID]);
    if (!row->passed) fmt_put(out, ": ");
    text_put_clean(out, row->why);
    if (!row->passed && row->cell[COL_REASON][0] != '\0') {
      fmt_put(out, " (tolerance: ");
      text_put_clean(out, row->cell[COL_REASON]);
      fmt_put(out, ")");
    }
    fmt_put(out, "\n");
  }
  fmt_printf(out, "%zu passed, %zu failed", run->passed, run->failed);
  if (run->blessed > 0) fmt_printf(out, ", %zu blessed", run->blessed);
  fmt_put(out, "\n");
}

static void put_json(const qa_run *run, fmt_buffer *out) {
  fmt_printf(out, "{\"schema\": \"pleth-qa/1\", \"passed\": %zu, \"failed\": %zu, \"blessed\": %zu, \"rows\": [", run->passed, run->failed,
             run->blessed);
  for (size_t i = 0; i < run->table.n; i++) {
    const qa_row *row = &run->rows[i];
    fmt_put(out, i > 0 ? ", {\"file\": " : "{\"file\": ");
    fmt_put_json_text(out, row->cell[COL_FILE]);
    fmt_put(out, ", \"id\": ");
    fmt_put_json_text(out, row->cell[COL_ID]);
    fmt_put(out, ", \"expected\": ");
    fmt_put_number(out, row->expected, "null");
    fmt_put(out, ", \"tolerance\": ");
    fmt_put_number(out, row->tolerance, "null");
    fmt_put(out, ", \"value\": ");
    fmt_put_number(out, row->value, "null");
    fmt_printf(out, ", \"passed\": %s, \"why\": ", row->passed ? "true" : "false");
    fmt_put_json_text(out, row->why);
    fmt_put(out, row->blessed ? ", \"blessed\": true}" : "}");
  }
  fmt_put(out, "]}\n");
}

/* The form that test servers read (JUnit XML as Jenkins and GitLab take it). */
static void put_junit(const qa_run *run, fmt_buffer *out) {
  fmt_put(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"");
  fmt_put_xml_text(out, run->manifest);
  fmt_printf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n", run->table.n, run->failed);
  for (size_t i = 0; i < run->table.n; i++) {
    const qa_row *row = &run->rows[i];
    fmt_put(out, "<testcase classname=\"");
    fmt_put_xml_text(out, row->cell[COL_FILE]);
    fmt_put(out, "\" name=\"");
    fmt_put_xml_text(out, row->cell[COL_ID]);
    if (row->passed) {
      fmt_put(out, "\"/>\n");
      continue;
    }
    fmt_put(out, "\"><failure message=\"");
    fmt_put_xml_text(out, row->why);
    fmt_put(out, "\"/></testcase>\n");
  }
  fmt_put(out, "</testsuite>\n</testsuites>\n");
}

static int write_file(const char *path, const fmt_buffer *text) {
  dsp_error error = {0};
  if (text->failed) return message_memory();
  if (fmt_write_file(path, text->bytes, text->size, &error) == DSP_OK) return EXIT_DONE;
  message_failure(path, &error);
  return EXIT_OUTPUT;
}

static int tell(const qa_run *run) {
  fmt_buffer text = {0}, json = {0}, junit = {0};
  const char *junit_file = run->options->value[OPT_JUNIT];
  put_text(run, &text);
  put_json(run, &json);
  put_junit(run, &junit);
  int status = text.failed ? message_memory() : EXIT_DONE;
  if (status == EXIT_DONE && !json_alone(run->options) && (!run->options->given[OPT_QUIET] || run->blessed > 0))
    output_write(text.bytes, text.size);
  if (status == EXIT_DONE && run->options->given[OPT_JSON]) status = json_write(run->options, &json);
  if (status == EXIT_DONE && junit_file != NULL) status = write_file(junit_file, &junit);
  fmt_buffer_clear(&text);
  fmt_buffer_clear(&json);
  fmt_buffer_clear(&junit);
  return status;
}

/* The manifest with the values that were measured in place of those that failed; what has no value stays, and stays failed. */
static int bless(qa_run *run) {
  fmt_buffer out = {0};
  for (size_t c = 0; c < run->table.n_columns; c++) {
    if (c > 0) fmt_put(&out, ",");
    csv_put_cell(&out, run->table.heading[c]);
  }
  fmt_put(&out, "\n");
  for (size_t i = 0; i < run->table.n; i++) {
    qa_row *row = &run->rows[i];
    row->blessed = !row->passed && isfinite(row->value);
    for (size_t c = 0; c < run->table.n_columns; c++) {
      if (c > 0) fmt_put(&out, ",");
      if (row->blessed && (int)c == run->column[COL_EXPECTED])
        fmt_put_number(&out, row->value, "");
      else
        csv_put_cell(&out, run->table.rows[i].cell[c]);
    }
    fmt_put(&out, "\n");
    if (!row->blessed) continue;
    row->passed = true;
    run->failed--;
    run->blessed++;
  }
  const int status = write_file(run->manifest, &out);
  fmt_buffer_clear(&out);
  return status;
}

static int check_targets(const qa_run *run) {
  cli_targets targets = {0};
  int status = targets_add_input(&targets, run->manifest);
  if (status == EXIT_DONE && run->options->value[OPT_JSON] != NULL) status = targets_add_output(&targets, run->options->value[OPT_JSON]);
  if (status == EXIT_DONE && run->options->given[OPT_JUNIT]) status = targets_add_output(&targets, run->options->value[OPT_JUNIT]);
  if (status == EXIT_DONE) status = targets_check(&targets);
  targets_clear(&targets);
  return status;
}

static int run_all(qa_run *run) {
  const pool_plan plan = {.n_jobs = run->n_jobs,
                          .n_workers = run->options->given[OPT_JOBS] ? (size_t)run->options->number[OPT_JOBS] : 1,
                          .jobs_per_worker = 1,
                          .limits = run->limits,
                          .open = open_one,
                          .companion = open_companion,
                          .work = work,
                          .take = take,
                          .context = run};
  const int status = pool_run(&plan);
  if (status != EXIT_DONE) message_hint(NULL, "try again later", "cannot start a worker process");
  return status;
}

int verb_qa(const cli_options *options) {
  cli_settings settings = {0};
  qa_run run = {.options = options, .manifest = options->operands[0], .limits = inputs_limits(options)};
  int status = names_check(options);
  if (status == EXIT_DONE) status = settings_new(&settings, SETTINGS_ANALYSIS, options);
  run.params = settings.params;
  run.input.params = settings.params;
  if (status == EXIT_DONE) status = check_targets(&run);
  if (status == EXIT_DONE) status = read_manifest(&run);
  if (status == EXIT_DONE) status = run_all(&run);
  if (status == EXIT_DONE && options->given[OPT_BLESS] && run.failed > 0) status = bless(&run);
  if (status == EXIT_DONE) status = tell(&run);
  if (status == EXIT_DONE && run.failed > 0) status = EXIT_PART;
  for (size_t i = 0; i < run.n_jobs; i++) fmt_buffer_clear(&run.jobs[i].path);
  free(run.jobs);
  free(run.rows);
  csv_table_clear(&run.table);
  settings_clear(&settings);
  return status;
}
