/* SPDX-License-Identifier: GPL-3.0-or-later
 * What program and worker say to each other. A request is one message: job and names, with the descriptors as ancillary data (unix(7),
 * SCM_RIGHTS). An answer is a head of fixed size that states the size of each stream, then the streams. */
#ifndef CLI_WORKER_WIRE_H
#define CLI_WORKER_WIRE_H

#include "worker.h"
#include <stdint.h>
#include <sys/socket.h>

#define ANSWER_MAGIC 0x706c657468010a0dULL /* of an answer's head */
enum { STATUS_ASKS = 98, STATUS_UNSEALED = 99 };
enum { WORKER_DESCRIPTORS = 12 };                /* that a worker has besides those of its job */
enum { PART_FILES = 200, PART_NAMES = 1 << 16 }; /* of one message: the kernel passes at most 253 descriptors at once */

/** A part of a request: rows of a set, each as '+' (its descriptor is passed) or '-', its name, NUL. */
typedef struct request_head {
  uint64_t job;
  uint32_t n, names_size, more;
} request_head;

typedef struct request {
  request_head head;
  char names[PART_NAMES];
} request;

typedef union descriptors { /* ancillary data, aligned as its header needs */
  char bytes[CMSG_SPACE(sizeof(int) * PART_FILES)];
  struct cmsghdr header;
} descriptors;

/** Stream `i` of WORKER_STREAMS. */
fmt_buffer *worker_stream(worker_result *result, size_t i);
/** Some text or bytes did not fit in memory. */
bool worker_result_failed(const worker_result *result);
/** The worker's whole life, after fork(2): seal, then serve until the program has no more. */
_Noreturn void worker_live(pid_t parent, int request_end, int reply_end, worker_serve *serve, void *context);

#endif
