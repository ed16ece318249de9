/* SPDX-License-Identifier: GPL-3.0-or-later
 * One sealed worker process: descriptors in over a socket, an answer out through a pipe. Nothing that it says is believed before it is
 * checked: a worker may have been taken over by what it read. */
#ifndef CLI_WORKER_H
#define CLI_WORKER_H

#include "input.h"
#include <fmt/writer.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** Why a worker gave no answer. */
typedef enum worker_failure {
  WORKER_FINE,
  WORKER_KILLED,    /**< by a signal: it crashed, or somebody ended it */
  WORKER_SLOW,      /**< used up its time */
  WORKER_LARGE,     /**< used up its memory */
  WORKER_FORBIDDEN, /**< tried what the seal forbids */
  WORKER_GARBLED,   /**< answered what is no answer, or ended without one */
  WORKER_UNSEALED   /**< the seal could not be put on */
} worker_failure;

/** What one job gave. */
typedef struct worker_result {
  int status; /**< an exit status */
  worker_failure failure;
  int signal;        /**< that ended the worker, 0 none */
  fmt_buffer out;    /**< for stdout */
  fmt_buffer json;   /**< for stdout or --json=FILE */
  fmt_buffer err;    /**< messages */
  fmt_buffer report; /**< the bytes of a file */
  fmt_buffer rows;   /**< what a table takes from it */
} worker_result;

void worker_result_clear(worker_result *result);
/** Memory that its texts and bytes take. */
size_t worker_result_bytes(const worker_result *result);

/** The work, in the worker: an exit status; messages are caught and become result->err. */
typedef int worker_serve(void *context, size_t job, input_set *set, worker_result *result);

/** How much one job may take. */
typedef struct worker_limits {
  unsigned seconds;  /**< of processor time, and 1 more per MiB of input; by the clock WORKER_PATIENCE times as much */
  size_t memory_mib; /**< of memory, and WORKER_MEMORY_FACTOR times the input */
} worker_limits;
enum { WORKER_PATIENCE = 5, WORKER_MEMORY_FACTOR = 24, WORKER_SECONDS = 10, WORKER_MEMORY_MIB = 1024 };

enum { WORKER_STREAMS = 5, WORKER_HEAD = WORKER_STREAMS + 2 };
typedef struct cli_worker {
  pid_t pid; /**< 0: not running */
  int request_fd, reply_fd;
  size_t base_bytes;           /**< address space before its first job */
  unsigned jobs;               /**< served or being served */
  unsigned asked;              /**< how often the job asked for companions */
  size_t n_files, input_bytes; /**< of the job */
  bool busy, memory_is_ours;
  int64_t deadline_ms; /**< of the job, on the monotonic clock */
  size_t cap_bytes, head_bytes, stream;
  uint64_t head[WORKER_HEAD], left;
  worker_result *result; /**< where the answer goes */
} cli_worker;

/** What reading from a worker brought. */
typedef enum worker_state {
  WORKER_READING,
  WORKER_ASKS, /**< it wants companions: result->rows has their names, each with its NUL */
  WORKER_DONE  /**< the job is over: result is whole, or says why there is none; a worker that failed is gone (pid 0) */
} worker_state;

/** Milliseconds of a clock that nobody sets. */
int64_t worker_now_ms(void);
/** Start a process that serves jobs with `serve`. False with errno: there is none to be had. */
bool worker_start(cli_worker *worker, worker_serve *serve, void *context);
/** Hand over a job; `result` must stay until the worker is idle again. False when the worker cannot be reached any more. */
bool worker_send(cli_worker *worker, size_t job, const input_set *set, const worker_limits *limits, worker_result *result);
/** Answer a worker that asks: `set` has the companions that exist. False when the worker cannot be reached any more. */
bool worker_send_more(cli_worker *worker, const input_set *set, const worker_limits *limits);
worker_state worker_read(cli_worker *worker);
/** End the process in the middle of its job; the result says why. */
void worker_abandon(cli_worker *worker, worker_failure failure);
/** End the process, whatever it does. */
void worker_stop(cli_worker *worker);
/** A failure in words, and what to do about it. */
void worker_explain(const worker_result *result, const worker_limits *limits, char found[static 160], const char **hint);

#endif
