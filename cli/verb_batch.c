/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth batch: every recording below folders, in sealed workers that serve many files each; a report each, and tables of all. What is done
 * is remembered as it is done, keyed by the input's bytes, the configuration and the program's version, and not done again. */
#include "analysis.h"
#include "batch_list.h"
#include "batch_log.h"
#include "batch_progress.h"
#include "batch_record.h"
#include "batch_shard.h"
#include "batch_tables.h"
#include "exits.h"
#include "input.h"
#include "inputs.h"
#include "message.h"
#include "names.h"
#include "output.h"
#include "pool.h"
#include "settings.h"
#include "targets.h"
#include "text.h"
#include "verbs.h"
#include <dsp/memory.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOBS_PER_WORKER = 256, PATH_BYTES = 4096 };

typedef struct batch_run {
  const cli_options *options;
  const dsp_params *params;
  input_options input;
  const char *folder;
  char config[65]; /* digest of all that a result depends on besides its input */
  batch_list list;
  size_t *index;
  batch_place *places;
  batch_logs logs;
  batch_log log;
  batch_progress progress;
  worker_limits limits;
  batch_shard shard;
  size_t first; /* recording of the pool's job 0 */
  size_t done, skipped, failed;
  int status; /* why the pool was stopped */
} batch_run;

/* --- in the worker --- */

/* The key of a result: digests of every file of the input, and of the configuration, which names the program's version. */
static void make_key(char key[65], const input_sources *sources, const batch_run *run) {
  fmt_buffer text = {0};
  fmt_printf(&text, "%s\n%s\n%s\n%s\n", run->config, sources->recording.sha256, sources->sidecar.sha256, sources->map.sha256);
  for (size_t i = 0; i < sources->n; i++) fmt_printf(&text, "%s %s\n", sources->companions[i].name, sources->companions[i].source.sha256);
  key[0] = '\0';
  if (!text.failed) fmt_sha256(key, text.bytes, text.size);
  key[text.failed ? 0 : BATCH_KEY_DIGITS] = '\0';
  fmt_buffer_clear(&text);
}

static dsp_status analyse(const batch_run *run, const input_sources *sources, worker_result *result, dsp_error *error) {
  dsp_recording *recording = NULL;
  dsp_report *report = NULL;
  dsp_status status = input_parse(&recording, sources, &run->input, error);
  if (status == DSP_OK) {
    fmt_put(&result->out, recording->format);
    fmt_put(&result->out, "\t");
    fmt_put_number(&result->out, dsp_recording_duration_s(recording), "n/a");
    status = analysis_report(&report, recording, run->options->value[OPT_PROTOCOL], run->options->value[OPT_GUIDELINE], run->params, error);
  }
  if (status == DSP_OK) status = fmt_report_hdf5(&result->report, report, &(fmt_write_options){0}, error);
  if (status == DSP_OK) batch_put_measures(&result->rows, report);
  dsp_report_free(report);
  dsp_recording_free(recording);
  return status;
}

/* Answers: json KEY and digest of the recording; out its format and duration; rows its measures, or "=" when the key is known. */
static int work(void *context, size_t unit_job, input_set *set, worker_result *result) {
  const batch_run *run = context;
  const size_t job = run->first + unit_job;
  input_sources sources;
  dsp_error error = {0};
  char key[65] = "";
  dsp_status status = input_load(&sources, set, &run->input, &error);
  if (status == DSP_OK) {
    make_key(key, &sources, run);
    fmt_printf(&result->json, "%s\t%s", key, sources.recording.sha256);
    if (key[0] != '\0' && strcmp(key, run->places[job].key) == 0)
      fmt_put(&result->rows, "=");
    else
      status = analyse(run, &sources, result, &error);
  }
  input_sources_clear(&sources);
  if (status != DSP_OK) message_failure(run->list.paths[job], &error);
  return status == DSP_OK ? EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
}

/* --- in the program --- */

static int open_one(void *context, size_t unit_job, input_set *set) {
  const batch_run *run = context;
  const size_t job = run->first + unit_job;
  dsp_error error = {0};
  const dsp_status status = input_open(set, run->list.paths[job], NULL, run->options->value[OPT_MAP], &error);
  if (status == DSP_OK) return EXIT_DONE;
  message_failure(run->list.paths[job], &error);
  return status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
}

static dsp_status open_companion(void *context, size_t job, const char *name, input_set *set) {
  const batch_run *run = context;
  return input_open_companion(set, run->list.paths[run->first + job], name, NULL);
}

/* Make the folders that lead to `path`. */
static bool make_folders(char *path) {
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
      (!make_folders(path.bytes) || fmt_write_file_unsynced(path.bytes, report->bytes, report->size, &error) != DSP_OK)) {
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

static void put_json(const batch_run *run, size_t job, const worker_result *result, bool known) {
  fmt_buffer line = {0};
  if (!run->options->given[OPT_JSON]) return;
  fmt_put(&line, "{\"recording\": ");
  fmt_put_json_text(&line, run->list.paths[job]);
  fmt_printf(&line, ", \"status\": \"%s\"}\n", known ? "skipped" : status_word(result));
  if (!line.failed) output_write(line.bytes, line.size);
  fmt_buffer_clear(&line);
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
  fmt_buffer_clear(&name);
  fmt_buffer_clear(&record);
  return status;
}

static bool take(void *context, size_t unit_job, worker_result *result) {
  batch_run *run = context;
  const size_t job = run->first + unit_job;
  const bool known =
      result->status == EXIT_DONE && result->rows.size == 1 && result->rows.bytes[0] == '=' && run->places[job].key[0] != '\0';
  if (known)
    run->skipped++;
  else
    run->status = keep(run, job, result);
  if (run->status != EXIT_DONE) return false;
  put_json(run, job, result, known);
  batch_progress_show(&run->progress, ++run->done, run->failed);
  return true;
}

/* --- before and after --- */

/* A record from an earlier run settles its recording when it was analysed and its report is still there, or refused in words. */
static int found(void *context, size_t line, const batch_record *record, const batch_place *place) {
  batch_run *run = context;
  struct stat facts;
  char path[PATH_BYTES];
  const bool analysed = strcmp(record->cell[REC_STATUS], STATUS_ANALYSED) == 0;
  (void)snprintf(path, sizeof path, "%s/%s", run->folder, record->cell[REC_REPORT]);
  const bool there =
      analysed && stat(path, &facts) == 0 && (unsigned long long)facts.st_size == strtoull(record->cell[REC_REPORT_BYTES], NULL, 10);
  run->places[line] = *place;
  if (!there && strcmp(record->cell[REC_STATUS], STATUS_FAILED) != 0) run->places[line].key[0] = '\0';
  return EXIT_DONE;
}

static int make_config(batch_run *run) {
  fmt_buffer text = {0};
  char params[65];
  if (fmt_config_sha256(params, run->params) != DSP_OK) return message_memory();
  fmt_printf(&text, "pleth " PLETH_VERSION "\n%s\n", params);
  static const size_t choices[] = {OPT_PROTOCOL, OPT_GUIDELINE, OPT_FORMAT};
  for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
    fmt_printf(&text, "%s\n", run->options->value[choices[i]] != NULL ? run->options->value[choices[i]] : "");
  fmt_printf(&text, "%d\n", run->options->given[OPT_KEEP_IDENTIFIERS]);
  if (!text.failed) fmt_sha256(run->config, text.bytes, text.size);
  const int status = text.failed ? message_memory() : EXIT_DONE;
  fmt_buffer_clear(&text);
  return status;
}

/* The output folder, ours alone while we work, or that of all shards. */
static int lock_folder(batch_run *run, int *lock) {
  char path[PATH_BYTES];
  if (strlen(run->folder) > PATH_BYTES - 64) errno = ENAMETOOLONG;
  (void)snprintf(path, sizeof path, "%s/" BATCH_FOLDER "/lock", run->folder);
  *lock = make_folders(path) ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
  if (*lock < 0) {
    message_error(run->folder, NULL, "a folder that this user may write to", "cannot write: %s", strerrordesc_np(errno));
    return EXIT_OUTPUT;
  }
  if (flock(*lock, (run->shard.n > 0 ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0) return EXIT_DONE;
  message_hint(run->folder, "wait for it, or take another folder", "another batch is at work in this folder");
  return EXIT_RETRY;
}

static int prepare(batch_run *run, int *lock) {
  char path[PATH_BYTES];
  int status = batch_list_gather(&run->list, run->options, run->folder);
  if (status == EXIT_DONE) status = lock_folder(run, lock);
  (void)snprintf(path, sizeof path, "%s/" BATCH_FOLDER "/inputs", run->folder);
  if (status == EXIT_DONE) status = batch_list_save(&run->list, path);
  if (status != EXIT_DONE) return status;
  run->index = batch_list_index(&run->list);
  run->places = dsp_zalloc(run->list.n, sizeof *run->places);
  if (run->index == NULL || run->places == NULL) return message_memory();
  status = batch_logs_read(&run->logs, run->folder, &run->list, run->index, found, run);
  return status == EXIT_DONE ? batch_log_begin(&run->log, &run->logs, run->folder) : status;
}

static void tick(void *context) {
  batch_run *run = context;
  shard_beat(&run->shard);
}

/* `n` recordings from run->first on, and all that they gave on the disk. */
static int work_some(batch_run *run, size_t n) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  const size_t all = processors > 0 ? (size_t)processors : 1;
  const pool_plan plan = {.n_jobs = n,
                          .n_workers = run->options->given[OPT_JOBS] ? (size_t)run->options->number[OPT_JOBS] : all,
                          .jobs_per_worker = JOBS_PER_WORKER,
                          .limits = run->limits,
                          .open = open_one,
                          .companion = open_companion,
                          .work = work,
                          .take = take,
                          .tick = tick,
                          .context = run};
  int status = pool_run(&plan);
  if (status != EXIT_DONE) message_hint(NULL, "try again later", "cannot start a worker process");
  if (status != EXIT_DONE || run->status != EXIT_DONE) message_transient("", false);
  const int synced = batch_log_sync(&run->log);
  if (run->status != EXIT_DONE) return run->status;
  return status != EXIT_DONE ? status : synced;
}

/* Claims are about this list and this configuration: with another they begin anew. */
static int begin_shard(batch_run *run) {
  fmt_buffer text = {0};
  char digest[65] = "", path[PATH_BYTES];
  fmt_printf(&text, "%s %d\n", run->config, (int)SHARD_UNIT);
  for (size_t i = 0; i < run->list.n; i++) fmt_printf(&text, "%s\n", run->list.paths[i]);
  if (!text.failed) fmt_sha256(digest, text.bytes, text.size);
  const bool failed = text.failed;
  fmt_buffer_clear(&text);
  if (failed) return message_memory();
  (void)snprintf(path, sizeof path, "%s/" BATCH_FOLDER "/claims-%.16s", run->folder, digest);
  run->shard.lease_s = run->options->given[OPT_LEASE] ? (unsigned)run->options->number[OPT_LEASE] : SHARD_LEASE_S;
  run->shard.steal = !run->options->given[OPT_NO_STEAL];
  if (shard_begin(&run->shard, path, run->list.n)) return EXIT_DONE;
  message_error(path, NULL, "a folder that this user may write to", "cannot create: %s", strerrordesc_np(errno));
  return EXIT_OUTPUT;
}

static int work_shard(batch_run *run) {
  size_t unit = 0;
  int status = begin_shard(run);
  while (status == EXIT_DONE && shard_next(&run->shard, &unit)) {
    run->first = unit * SHARD_UNIT;
    const size_t left = run->list.n - run->first;
    status = work_some(run, left < SHARD_UNIT ? left : SHARD_UNIT);
    if (status == EXIT_DONE) shard_finish(&run->shard);
  }
  shard_end(&run->shard);
  fmt_buffer out = {0};
  fmt_printf(&out, "shard %zu of %zu: %zu of %zu units, %zu of them taken from others; %zu recordings, %zu failed, %zu done before\n",
             run->shard.k, run->shard.n, run->shard.taken, run->shard.units, run->shard.stolen, run->done, run->failed, run->skipped);
  if (status == EXIT_DONE && !out.failed && !run->options->given[OPT_QUIET] && !run->options->given[OPT_JSON])
    output_write(out.bytes, out.size);
  fmt_buffer_clear(&out);
  return status == EXIT_DONE && run->failed > 0 ? EXIT_PART : status;
}

static void put_sum(const batch_run *run, const batch_tally *tally) {
  fmt_buffer out = {0};
  if (run->options->given[OPT_JSON])
    fmt_printf(&out, "{\"summary\": {\"recordings\": %zu, \"analysed\": %zu, \"flagged\": %zu, \"failed\": %zu, \"skipped\": %zu}}\n",
               tally->n, tally->analysed, tally->flagged, tally->failed, run->skipped);
  else if (!run->options->given[OPT_QUIET]) {
    fmt_printf(&out, "%zu recordings: %zu analysed (%zu of them flagged), %zu failed; %zu were done before and skipped\n", tally->n,
               tally->analysed, tally->flagged, tally->failed, run->skipped);
    for (size_t i = 0; i < tally->n_worst; i++) {
      fmt_put(&out, i == 0 ? "to look at first:\n  " : "  ");
      text_put_clean(&out, run->list.paths[tally->worst[i].line]);
      fmt_put(&out, ": ");
      text_put_clean(&out, tally->worst[i].text);
      fmt_put(&out, "\n");
    }
    fmt_printf(&out, "tables: %s/summary.csv, %s/batch.h5; reports: %s/reports\n", run->folder, run->folder, run->folder);
  }
  if (!out.failed && out.size > 0) output_write(out.bytes, out.size);
  fmt_buffer_clear(&out);
}

static int conclude(batch_run *run) {
  batch_tally tally;
  int status = batch_tables_write(&tally, run->folder, &run->list, run->places, &run->logs);
  if (status != EXIT_DONE) return status;
  put_sum(run, &tally);
  if (tally.analysed == 0) return EXIT_NONE;
  return tally.failed > 0 || (run->options->given[OPT_STRICT] && tally.invalid > 0) ? EXIT_PART : EXIT_DONE;
}

int verb_batch(const cli_options *options) {
  cli_settings settings = {0};
  batch_run run = {.options = options,
                   .folder = options->value[OPT_OUTPUT],
                   .limits = inputs_limits(options),
                   .log = {.fd = -1, .folder_fd = -1},
                   .shard = {.folder = -1}};
  int lock = -1;
  if (!options->given[OPT_OUTPUT]) {
    message_error("--output", NULL, "-o DIR", "option missing");
    return EXIT_USAGE;
  }
  if (options->given[OPT_SHARD] && !shard_parse(&run.shard, options->value[OPT_SHARD])) {
    message_error("--shard", NULL, "k/N with k from 1 to N, or auto in an array job of Slurm", "%s", options->value[OPT_SHARD]);
    return EXIT_USAGE;
  }
  int status = names_check(options);
  if (status == EXIT_DONE) status = settings_new(&settings, SETTINGS_ANALYSIS, options);
  run.params = settings.params;
  run.input = (input_options){options->value[OPT_FORMAT], settings.params, options->given[OPT_KEEP_IDENTIFIERS]};
  if (status == EXIT_DONE) status = make_config(&run);
  if (status == EXIT_DONE) status = prepare(&run, &lock);
  batch_progress_begin(&run.progress, run.list.n, message_wants_progress());
  if (status == EXIT_DONE && run.shard.n > 0)
    status = work_shard(&run);
  else if (status == EXIT_DONE) {
    status = work_some(&run, run.list.n);
    if (status == EXIT_DONE) status = conclude(&run);
  }
  batch_log_end(&run.log);
  batch_logs_clear(&run.logs);
  batch_list_clear(&run.list);
  free(run.index);
  free(run.places);
  if (lock >= 0) (void)close(lock);
  settings_clear(&settings);
  return status;
}
