/* SPDX-License-Identifier: GPL-3.0-or-later
 * The program's side of a sealed worker. Limits are set from here before each job (prlimit(2)), since the worker's own system calls cannot
 * change them. */
#include "exits.h"
#include "seal.h"
#include "worker_wire.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_FACTOR      32                 /* an answer may be so many times as large as its input, */
#define ANSWER_SPARE_BYTES ((size_t)64 << 20) /* and this much larger */
#define SPARE_BYTES        ((size_t)1 << 20)
#define PIPE_BYTES         (1 << 18) /* takes most answers whole, so that neither side waits for the other */

int64_t worker_now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void worker_result_clear(worker_result *result) {
  fmt_buffer_clear(&result->out);
  fmt_buffer_clear(&result->json);
  fmt_buffer_clear(&result->err);
  fmt_buffer_clear(&result->report);
  fmt_buffer_clear(&result->rows);
  memset(result, 0, sizeof *result);
}

fmt_buffer *worker_stream(worker_result *result, size_t i) {
  fmt_buffer *const streams[WORKER_STREAMS] = {&result->out, &result->json, &result->err, &result->report, &result->rows};
  return streams[i];
}

size_t worker_result_bytes(const worker_result *result) {
  return result->out.capacity + result->json.capacity + result->err.capacity + result->report.capacity + result->rows.capacity;
}

bool worker_result_failed(const worker_result *result) {
  return result->out.failed || result->json.failed || result->err.failed || result->report.failed || result->rows.failed;
}

/* Address space in use, from the first number of statm(5). */
static size_t address_space(void) {
  char text[64] = "";
  const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  const ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
  if (fd >= 0) (void)close(fd);
  return size > 0 ? (size_t)strtoull(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

bool worker_start(cli_worker *worker, worker_serve *serve, void *context) {
  int request_ends[2], reply_ends[2];
  memset(worker, 0, sizeof *worker);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, request_ends) != 0) return false;
  if (pipe2(reply_ends, O_CLOEXEC) != 0) {
    (void)close(request_ends[0]);
    (void)close(request_ends[1]);
    return false;
  }
  (void)fcntl(reply_ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* a refusal costs time, nothing else */
  (void)fflush(stdout);
  const pid_t parent = getpid();
  worker->base_bytes = address_space();
  worker->pid = fork();
  if (worker->pid == 0) worker_live(parent, request_ends[1], reply_ends[1], serve, context);
  const int number = errno;
  (void)close(request_ends[1]);
  (void)close(reply_ends[1]);
  worker->request_fd = request_ends[0];
  worker->reply_fd = reply_ends[0];
  if (worker->pid > 0) return true;
  (void)close(request_ends[0]);
  (void)close(reply_ends[0]);
  worker->pid = 0;
  errno = number;
  return false;
}

/* Lower the soft limit of the worker; true when it is this limit that will be felt, not one that the user has set lower. */
static bool limit(const cli_worker *worker, __rlimit_resource_t what, rlim_t value) {
  struct rlimit now;
  if (prlimit(worker->pid, what, NULL, &now) != 0) return false;
  const bool ours = now.rlim_max == RLIM_INFINITY || value <= now.rlim_max;
  now.rlim_cur = ours ? value : now.rlim_max;
  return prlimit(worker->pid, what, &now, NULL) == 0 && ours;
}

/* Whole seconds of processor time that the worker has used so far, rounded up. */
static rlim_t used_seconds(const cli_worker *worker) {
  clockid_t clock;
  struct timespec used = {0};
  if (clock_getcpuclockid(worker->pid, &clock) == 0) (void)clock_gettime(clock, &used);
  return (rlim_t)used.tv_sec + 1;
}

static void set_limits(cli_worker *worker, const worker_limits *limits) {
  const uint64_t seconds = limits->seconds + worker->input_bytes / SPARE_BYTES;
  worker->deadline_ms = worker_now_ms() + (int64_t)(seconds * WORKER_PATIENCE * 1000);
  worker->cap_bytes = ANSWER_SPARE_BYTES + ANSWER_FACTOR * worker->input_bytes;
  if (!seal_built()) return;
  (void)limit(worker, RLIMIT_CPU, used_seconds(worker) + seconds);
  (void)limit(worker, RLIMIT_FSIZE, worker->input_bytes + SPARE_BYTES); /* of a copy in memory; no other file can be written */
  (void)limit(worker, RLIMIT_NOFILE, WORKER_DESCRIPTORS + worker->n_files);
  worker->memory_is_ours =
      limit(worker, RLIMIT_AS, worker->base_bytes + limits->memory_mib * SPARE_BYTES + WORKER_MEMORY_FACTOR * worker->input_bytes);
}

/* Rows of `set` from *at on, as many as one message takes. MSG_DONTWAIT: a worker that does not listen must not stop the program. */
static bool send_part(const cli_worker *worker, size_t job, const input_set *set, size_t *at) {
  static request to;
  descriptors rights;
  int fd[PART_FILES];
  size_t n = 0;
  to.head = (request_head){.job = job};
  for (; *at < set->n && to.head.n < PART_FILES; to.head.n++, ++*at) {
    const input_file *file = &set->files[*at];
    const size_t size = strlen(file->name) + 1;
    if (to.head.names_size + 1 + size > sizeof to.names) break;
    to.names[to.head.names_size] = file->fd >= 0 ? '+' : '-';
    memcpy(to.names + to.head.names_size + 1, file->name, size);
    to.head.names_size += (uint32_t)(1 + size);
    if (file->fd >= 0) fd[n++] = file->fd;
  }
  to.head.more = *at < set->n;
  struct iovec part = {&to, sizeof to.head + to.head.names_size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (n > 0) {
    memset(&rights, 0, sizeof rights);
    message.msg_control = rights.bytes;
    message.msg_controllen = CMSG_SPACE(n * sizeof(int));
    rights.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&rights.header), fd, n * sizeof(int));
  }
  ssize_t sent = -1;
  while ((sent = sendmsg(worker->request_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0 && errno == EINTR) {
  }
  return sent >= 0;
}

static bool send_set(cli_worker *worker, size_t job, const input_set *set, const worker_limits *limits) {
  size_t at = 0;
  bool sent = true;
  worker->head_bytes = worker->stream = 0;
  worker->left = 0;
  worker->n_files += set->n;
  worker->input_bytes += set->bytes;
  set_limits(worker, limits);
  do {
    sent = send_part(worker, job, set, &at);
  } while (sent && at < set->n);
  return sent;
}

bool worker_send(cli_worker *worker, size_t job, const input_set *set, const worker_limits *limits, worker_result *result) {
  worker->jobs++;
  worker->asked = 0;
  worker->n_files = worker->input_bytes = 0;
  worker->result = result;
  worker->busy = send_set(worker, job, set, limits);
  return worker->busy;
}

bool worker_send_more(cli_worker *worker, const input_set *set, const worker_limits *limits) {
  worker_result_clear(worker->result);
  return send_set(worker, 0, set, limits);
}

static int reap(cli_worker *worker) {
  int status = 0;
  (void)close(worker->request_fd);
  (void)close(worker->reply_fd);
  while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR) {
  }
  worker->pid = 0;
  worker->busy = false;
  return status;
}

/* No answer: whatever came of one is dropped. */
static void fail(cli_worker *worker, worker_failure failure, int number) {
  worker_result_clear(worker->result);
  worker->result->failure = failure;
  worker->result->signal = number;
  worker->result->status = failure == WORKER_UNSEALED ? EXIT_RETRY : EXIT_NONE;
}

void worker_stop(cli_worker *worker) {
  if (worker->pid == 0) return;
  (void)kill(worker->pid, SIGKILL);
  (void)reap(worker);
}

void worker_abandon(cli_worker *worker, worker_failure failure) {
  worker_stop(worker);
  fail(worker, failure, SIGKILL);
}

/* The process has closed its end: by which death? */
static void mourn(cli_worker *worker) {
  const int status = reap(worker);
  const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (number == SIGXCPU)
    fail(worker, WORKER_SLOW, number);
  else if (number == SIGSYS)
    fail(worker, WORKER_FORBIDDEN, number);
  else if (number != 0)
    fail(worker, WORKER_KILLED, number);
  else if (WEXITSTATUS(status) == STATUS_UNSEALED)
    fail(worker, WORKER_UNSEALED, 0);
  else
    fail(worker, WORKER_GARBLED, 0);
}

static bool is_status(uint64_t status) {
  return status <= EXIT_OUTPUT || status == EXIT_RETRY || status == STATUS_ASKS;
}

/* Is the head one of an answer, and not larger than an answer may be? */
static bool accept_head(cli_worker *worker) {
  uint64_t whole = 0;
  for (size_t i = 2; i < WORKER_HEAD; i++) {
    if (worker->head[i] > worker->cap_bytes) return false;
    whole += worker->head[i];
  }
  worker->result->status = (int)worker->head[1];
  worker->left = worker->head[2];
  return worker->head[0] == ANSWER_MAGIC && is_status(worker->head[1]) && whole <= worker->cap_bytes;
}

static worker_state give_up(cli_worker *worker) {
  worker_abandon(worker, WORKER_GARBLED);
  return WORKER_DONE;
}

/* All streams are there. Memory that ran out under our limit is the file's fault; under the user's or the machine's it is not. */
static worker_state finish(cli_worker *worker) {
  if (worker->result->status == STATUS_ASKS) return ++worker->asked <= FMT_CAP_COMPANION_ROUNDS ? WORKER_ASKS : give_up(worker);
  worker->busy = false;
  if (worker_result_failed(worker->result)) {
    worker_result_clear(worker->result);
    worker->result->status = EXIT_RETRY;
  } else if (worker->result->status == EXIT_RETRY && worker->memory_is_ours) {
    fail(worker, WORKER_LARGE, 0);
  }
  return WORKER_DONE;
}

/* Sort `size` bytes into head and streams. */
static bool take(cli_worker *worker, const char *bytes, size_t size) {
  while (size > 0) {
    size_t part = size;
    if (worker->head_bytes < sizeof worker->head) {
      if (part > sizeof worker->head - worker->head_bytes) part = sizeof worker->head - worker->head_bytes;
      memcpy((char *)worker->head + worker->head_bytes, bytes, part);
      worker->head_bytes += part;
      if (worker->head_bytes == sizeof worker->head && !accept_head(worker)) return false;
    } else {
      if (worker->stream == WORKER_STREAMS) return false; /* more than it said */
      if (part > worker->left) part = (size_t)worker->left;
      fmt_put_bytes(worker_stream(worker->result, worker->stream), bytes, part);
      worker->left -= part;
    }
    while (worker->head_bytes == sizeof worker->head && worker->left == 0 && worker->stream < WORKER_STREAMS)
      worker->left = ++worker->stream < WORKER_STREAMS ? worker->head[2 + worker->stream] : 0;
    bytes += part;
    size -= part;
  }
  return true;
}

worker_state worker_read(cli_worker *worker) {
  static char bytes[PIPE_BYTES];
  const ssize_t size = read(worker->reply_fd, bytes, sizeof bytes);
  if (size < 0 && errno == EINTR) return WORKER_READING;
  if (size <= 0) {
    mourn(worker);
    return WORKER_DONE;
  }
  if (!take(worker, bytes, (size_t)size)) return give_up(worker);
  return worker->stream == WORKER_STREAMS ? finish(worker) : WORKER_READING;
}

void worker_explain(const worker_result *result, const worker_limits *limits, char found[static 160], const char **hint) {
  static const char report_it[] = "please report this file as a fault of pleth";
  *hint = report_it;
  switch (result->failure) {
  case WORKER_FINE:
    (void)snprintf(found, 160, "done");
    *hint = "";
    break;
  case WORKER_KILLED:
    (void)snprintf(found, 160, "the worker process was ended by signal %d", result->signal);
    break;
  case WORKER_SLOW:
    (void)snprintf(found, 160, "not done after %u s of work", limits->seconds);
    *hint = "if the file is sound, allow it more with --timeout";
    break;
  case WORKER_LARGE:
    (void)snprintf(found, 160, "needs more than %zu MiB of memory", limits->memory_mib);
    *hint = "if the file is sound, allow it more with --max-memory";
    break;
  case WORKER_FORBIDDEN:
    (void)snprintf(found, 160, "the worker process tried what no reader needs, and was stopped");
    *hint = "the file may be hostile; please report it";
    break;
  case WORKER_GARBLED:
    (void)snprintf(found, 160, "the worker process gave no answer");
    break;
  case WORKER_UNSEALED:
    (void)snprintf(found, 160, "the worker process could not be sealed off");
    *hint = "try again later";
    break;
  }
}
