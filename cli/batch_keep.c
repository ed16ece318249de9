/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a batch keeps of one recording: its report, then the record in the log that says it is there. */
#include "batch_run.h"
#include "batch_tell.h"
#include "exits.h"
#include "inputs.h"
#include "message.h"
#include "output.h"
#include "text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Make the folders that lead to `path`. */
bool batch_make_folders(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    const bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
    *slash = '/';
    if (!made) return false;
  }
  return true;
}

/* Name of the report, relative to the output folder and as a path. */
static int write_report(const batch_run *run, size_t job, const fmt_buffer *report, fmt_buffer *name) {
  fmt_buffer path = {0};
  dsp_error error = {0};
  batch_list_report(name, run->list.paths[job]);
  fmt_printf(&path, "%s/%s", run->folder, name->bytes != NULL ? name->bytes : "");
  int status = name->failed || path.failed ? message_memory() : EXIT_DONE;
  if (status == EXIT_DONE &&
      (!batch_make_folders(path.bytes) || fmt_write_file_unsynced(path.bytes, report->bytes, report->size, &error) != DSP_OK)) {
    if (error.status == DSP_OK) (void)dsp_fail(&error, DSP_IO_ERROR, "", "", "cannot create its folder: %s", strerrordesc_np(errno));
    message_failure(path.bytes, &error);
    status = EXIT_OUTPUT;
  }
  fmt_buffer_clear(&path);
  return status;
}

/* The reason of a failure, without the program's and the file's name before it: "pleth batch: FILE: reason". */
static const char *reason_of(const char *path, char *line) {
  const char *end = "pleth batch: ";
  line[strcspn(line, "\n")] = '\0';
  char *reason = strncmp(line, end, strlen(end)) == 0 ? line + strlen(end) : line;
  const size_t length = strlen(path);
  return strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0 ? reason + length + 2 : reason;
}

static const char *status_word(const worker_result *result) {
  static const char *const words[] = {[WORKER_KILLED] = "crashed",    [WORKER_SLOW] = "timeout",    [WORKER_LARGE] = "memory",
                                      [WORKER_FORBIDDEN] = "hostile", [WORKER_GARBLED] = "crashed", [WORKER_UNSEALED] = "retry"};
  if (result->failure != WORKER_FINE) return words[result->failure];
  return result->status == EXIT_DONE ? STATUS_ANALYSED : result->status == EXIT_NONE ? STATUS_FAILED : "retry";
}

/* Part `text` at its tab. */
static const char *second(fmt_buffer *text) {
  char *tab = text->bytes != NULL ? strchr(text->bytes, '\t') : NULL;
  if (tab == NULL) return "";
  *tab = '\0';
  return tab + 1;
}

static const char *first(const fmt_buffer *text) {
  return text->bytes != NULL ? text->bytes : "";
}

/* The cells of line R; what the worker says is only text until its record is read back whole. */
static void put_record(const batch_run *run, size_t job, worker_result *result, const char *report, fmt_buffer *record) {
  char found[160] = "", bytes[32];
  const char *hint = NULL, *cell[REC_CELLS] = {[REC_NAME] = run->list.paths[job], [REC_REPORT] = report, [REC_REPORT_BYTES] = bytes};
  fmt_buffer reason = {0};
  (void)snprintf(bytes, sizeof bytes, "%zu", result->report.size);
  if (result->failure != WORKER_FINE) {
    worker_explain(result, &run->limits, found, &hint);
    fmt_put(&reason, found);
  } else if (result->status != EXIT_DONE) {
    text_put_foreign(&reason, first(&result->err), result->err.size);
  }
  cell[REC_SHA256] = second(&result->json);
  cell[REC_KEY] = result->status == EXIT_DONE || result->status == EXIT_NONE ? first(&result->json) : "";
  cell[REC_STATUS] = status_word(result);
  cell[REC_REASON] = reason.size > 0 ? reason_of(run->list.paths[job], reason.bytes) : "";
  cell[REC_DURATION] = second(&result->out);
  cell[REC_FORMAT] = first(&result->out);
  batch_put_record(record, cell, first(&result->rows), result->rows.size);
  if (reason.failed) record->failed = true;
  fmt_buffer_clear(&reason);
}

/* A worker that was taken over may have written anything into its rows. */
static bool plausible(const fmt_buffer *record) {
  fmt_buffer copy = {0};
  batch_record read = {0};
  fmt_put_bytes(&copy, record->bytes, record->size);
  bool good = !copy.failed && batch_record_read(&read, copy.bytes, copy.size);
  for (size_t i = 0; good && i < read.n; i++)
    for (size_t c = 0; c < MEAS_CELLS; c++)
      for (const char *at = read.measures[i].cell[c]; *at != '\0'; at++) good = good && (unsigned char)*at >= ' ';
  batch_record_clear(&read);
  fmt_buffer_clear(&copy);
  return good;
}

/* What the record says, which is what the tables will say. */
static void tell(batch_run *run, size_t job, const worker_result *result, fmt_buffer *record) {
  batch_record read = {0};
  if (run->options->given[OPT_JSON] && batch_record_read(&read, record->bytes, record->size))
    batch_tell_one(run, job, status_word(result), read.cell[REC_REASON]);
  batch_record_clear(&read);
}

/* The files first, then the record that says they are there. */
static int keep(batch_run *run, size_t job, worker_result *result) {
  fmt_buffer name = {0}, record = {0};
  int status = result->status == EXIT_DONE ? write_report(run, job, &result->report, &name) : EXIT_DONE;
  if (status == EXIT_DONE) put_record(run, job, result, first(&name), &record);
  if (status == EXIT_DONE && record.failed) status = message_memory();
  if (status == EXIT_DONE && !plausible(&record)) {
    worker_result_clear(result);
    result->failure = WORKER_GARBLED;
    result->status = EXIT_NONE;
    fmt_buffer_clear(&record);
    put_record(run, job, result, "", &record);
  }
  if (status == EXIT_DONE) inputs_speak(run->list.paths[job], result, &run->limits);
  if (status == EXIT_DONE) status = batch_log_add(&run->log, &record, &run->places[job]);
  run->failed += result->status != EXIT_DONE;
  if (status == EXIT_DONE) tell(run, job, result, &record);
  fmt_buffer_clear(&name);
  fmt_buffer_clear(&record);
  return status;
}

bool batch_take(void *context, size_t unit_job, worker_result *result) {
  batch_run *run = context;
  const size_t job = run->first + unit_job;
  const bool known =
      result->status == EXIT_DONE && result->rows.size == 1 && result->rows.bytes[0] == '=' && run->places[job].key[0] != '\0';
  if (known)
    run->skipped++;
  else
    run->status = keep(run, job, result);
  if (run->status != EXIT_DONE) return false;
  if (known) batch_tell_one(run, job, "skipped", "");
  batch_progress_show(&run->progress, ++run->done, run->failed);
  return true;
}
