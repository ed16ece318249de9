/* SPDX-License-Identifier: GPL-3.0-or-later
 * A pool of sealed workers: the caller opens and takes, in the order of the jobs, whatever finishes first. */
#ifndef CLI_POOL_H
#define CLI_POOL_H

#include "worker.h"
#include <stddef.h>

typedef struct pool_plan {
  size_t n_jobs, n_workers;
  unsigned jobs_per_worker; /**< then it is replaced; 1: what one file did to its worker can touch no other */
  worker_limits limits;
  /** In this process: open what job needs. Anything but EXIT_DONE is the job's status, with its message said; there is no work then. */
  int (*open)(void *context, size_t job, input_set *set);
  /** In this process: open the companion of that name, if it exists. Anything but DSP_OK ends the job. NULL: jobs have none. */
  dsp_status (*companion)(void *context, size_t job, const char *name, input_set *set);
  worker_serve *work; /**< in a worker */
  /** In this process, in the order of the jobs. False stops the pool. */
  bool (*take)(void *context, size_t job, worker_result *result);
  /** In this process: called at least twice a second, if there is one. */
  void (*tick)(void *context);
  void *context;
} pool_plan;

/** Run all jobs. EXIT_DONE, or EXIT_RETRY when processes or memory ran out. */
int pool_run(const pool_plan *plan);

#endif
