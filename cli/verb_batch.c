/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth batch: every recording below folders, in sealed workers that serve many files each; a report each, and tables of all. What is done
 * is remembered as it is done, keyed by the input's bytes, the configuration and the program's version, and not done again. */
#include "batch_run.h"
#include "batch_tables.h"
#include "batch_tell.h"
#include "exits.h"
#include "inputs.h"
#include "json_out.h"
#include "message.h"
#include "names.h"
#include "pool.h"
#include "settings.h"
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

static int open_one(void *context, size_t unit_job, input_set *set) {
  const batch_run *run = context;
  const size_t job = run->first + unit_job;
  dsp_error error = {0};
  const dsp_status status =
      input_open(set, run->list.paths[job], batch_list_wish(&run->list, job).sidecar, run->options->value[OPT_MAP], &error);
  if (status == DSP_OK) return EXIT_DONE;
  message_failure(run->list.paths[job], &error);
  return status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
}

static dsp_status open_companion(void *context, size_t job, const char *name, input_set *set) {
  const batch_run *run = context;
  return input_open_companion(set, run->list.paths[run->first + job], name, NULL);
}

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
  *lock = batch_make_folders(path) ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
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
  return status == EXIT_DONE ? batch_log_begin(&run->log, &run->logs, run->folder, run->config) : status;
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
                          .work = batch_work,
                          .take = batch_take,
                          .tick = tick,
                          .context = run};
  int status = pool_run(&plan);
  if (status != EXIT_DONE) message_hint(NULL, "try again later", "cannot start a worker process");
  if (status != EXIT_DONE || run->status != EXIT_DONE) message_transient("", false);
  const int synced = batch_log_sync(&run->log);
  if (run->status != EXIT_DONE) return run->status;
  return status != EXIT_DONE ? status : synced;
}

static const char *or_nothing(const char *text) {
  return text != NULL ? text : "";
}

/* Claims are about this list and this configuration: with another they begin anew. */
static int begin_shard(batch_run *run) {
  fmt_buffer text = {0};
  char digest[65] = "", *path = run->claims;
  fmt_printf(&text, "%s %d\n", run->config, (int)SHARD_UNIT);
  for (size_t i = 0; i < run->list.n; i++) {
    const batch_wish wish = batch_list_wish(&run->list, i);
    fmt_printf(&text, "%s\n%s\n%s\n%s\n", run->list.paths[i], or_nothing(wish.sidecar), or_nothing(wish.protocol), or_nothing(wish.sha256));
  }
  if (!text.failed) fmt_sha256(digest, text.bytes, text.size);
  const bool failed = text.failed;
  fmt_buffer_clear(&text);
  if (failed) return message_memory();
  (void)snprintf(path, sizeof run->claims, "%s/" BATCH_FOLDER "/claims-%.16s", run->folder, digest);
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
    const size_t left = run->list.n - run->first, here = left < SHARD_UNIT ? left : SHARD_UNIT;
    run->progress.total = run->done + here + shard_left(&run->shard) * SHARD_UNIT;
    status = work_some(run, here);
    if (status == EXIT_DONE) shard_finish(&run->shard);
  }
  if (status == EXIT_DONE && run->shard.lost != 0) {
    message_error(run->claims, NULL, "a folder that this user may write to", "cannot write: %s", strerrordesc_np(run->shard.lost));
    status = EXIT_OUTPUT;
  }
  shard_end(&run->shard);
  if (status == EXIT_DONE) status = batch_tell_shard(run);
  return status == EXIT_DONE && run->failed > 0 ? EXIT_PART : status;
}

static int conclude(batch_run *run) {
  batch_tally tally;
  batch_tables_tidy(run->folder);
  int status = batch_tables_write(&tally, run->folder, &run->list, run->places, &run->logs);
  if (status != EXIT_DONE) return status;
  status = batch_tell_end(run, &tally);
  if (status != EXIT_DONE) return status;
  if (tally.analysed == 0) return EXIT_NONE;
  return tally.failed > 0 || (run->options->given[OPT_STRICT] && tally.invalid > 0) ? EXIT_PART : EXIT_DONE;
}

/* A map that is not there would fail every recording, each with a line of its own. */
static int check_map(const cli_options *options) {
  input_set set = {0};
  dsp_error error = {0};
  const char *map = options->value[OPT_MAP];
  const bool good = map == NULL || input_open_file(&set, map, &error) == DSP_OK;
  input_close(&set);
  if (good) return EXIT_DONE;
  message_failure(map, &error);
  return EXIT_USAGE;
}

static int check_options(batch_shard *shard, const cli_options *options) {
  if (!options->given[OPT_OUTPUT]) {
    message_error("--output", NULL, "-o DIR", "option missing");
    return EXIT_USAGE;
  }
  if (options->given[OPT_SHARD] && !shard_parse(shard, options->value[OPT_SHARD])) {
    message_error("--shard", NULL, "k/N with k from 1 to N, or auto in an array job of Slurm", "%s", options->value[OPT_SHARD]);
    return EXIT_USAGE;
  }
  if (shard->holes && options->given[OPT_NO_STEAL]) {
    message_error("--no-steal", NULL, "an array of Slurm without holes, or k/N", "array elements that may have the same part");
    return EXIT_USAGE;
  }
  return check_map(options);
}

int verb_batch(const cli_options *options) {
  cli_settings settings = {0};
  batch_run run = {.options = options,
                   .folder = options->value[OPT_OUTPUT],
                   .limits = inputs_limits(options),
                   .log = {.fd = -1, .folder_fd = -1},
                   .shard = {.folder = -1}};
  int lock = -1;
  int status = check_options(&run.shard, options);
  if (status == EXIT_DONE) status = names_check(options);
  if (status == EXIT_DONE) status = json_check(options);
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
  fmt_buffer_clear(&run.json);
  batch_logs_clear(&run.logs);
  batch_list_clear(&run.list);
  free(run.index);
  free(run.places);
  if (lock >= 0) (void)close(lock);
  settings_clear(&settings);
  return status;
}
