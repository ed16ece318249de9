/* SPDX-License-Identifier: GPL-3.0-or-later
 * A batch while it runs: what the worker does with one recording, and what the program keeps of it. */
#ifndef CLI_BATCH_RUN_H
#define CLI_BATCH_RUN_H

#include "batch_list.h"
#include "batch_log.h"
#include "batch_progress.h"
#include "batch_shard.h"
#include "input.h"
#include "options.h"
#include "worker.h"
#include <dsp/params.h>
#include <stdbool.h>
#include <stddef.h>

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
  char claims[4096]; /* the folder of the shards' claims */
  size_t first;      /* recording of the pool's job 0 */
  size_t done, skipped, failed;
  fmt_buffer json; /* lines that wait: for --json=FILE all, else the last one */
  int status;      /* why the pool was stopped */
} batch_run;

/** In the worker: analyse a recording, or find that its key is known. A worker_serve. */
int batch_work(void *context, size_t unit_job, input_set *set, worker_result *result);
/** In the program, in the order of the recordings: keep what one gave. False: run->status says why the batch stops. */
bool batch_take(void *context, size_t unit_job, worker_result *result);
/** Make the folders that lead to `path`. False with errno. */
bool batch_make_folders(char *path);

#endif
