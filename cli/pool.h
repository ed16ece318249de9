/* SPDX-License-Identifier: GPL-3.0-or-later
 * Worker processes: one job a process, results handed over in the order of the jobs whatever finishes first. */
#ifndef CLI_POOL_H
#define CLI_POOL_H

#include <fmt/writer.h>
#include <stddef.h>

/** What one job gave. */
typedef struct pool_result {
  int status;     /**< what the work returned, or -signal when the process was ended by one */
  fmt_buffer out; /**< for stdout */
  fmt_buffer json;
  fmt_buffer err; /**< what it wrote to stderr */
} pool_result;

/** Runs in a process of its own: fill out and json, return an exit status. Messages go to stderr as ever. */
typedef int pool_work(void *context, size_t job, fmt_buffer *out, fmt_buffer *json);
/** Runs in the caller's process, in the order of the jobs. */
typedef void pool_take(void *context, size_t job, const pool_result *result);

/** Run `n_jobs` jobs on `n_workers` processes. EXIT_DONE, or EXIT_RETRY when processes or memory ran out. */
int pool_run(size_t n_jobs, size_t n_workers, pool_work *work, pool_take *take, void *context);

#endif
