/* SPDX-License-Identifier: GPL-3.0-or-later
 * The worker's side: sealed off before the first job, it reads what it is handed and answers through a pipe. */
#include "exits.h"
#include "message.h"
#include "seal.h"
#include "worker_wire.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WORKER_REQUEST = 3, WORKER_REPLY = 4 };

/* All parts, in as few calls as the pipe allows: each wakes the program. */
static bool write_all(struct iovec *part, int n) {
  while (n > 0) {
    const ssize_t done = writev(WORKER_REPLY, part, n);
    if (done < 0 && errno != EINTR) return false;
    size_t left = done > 0 ? (size_t)done : 0;
    while (n > 0 && left >= part->iov_len) left -= part->iov_len, part++, n--;
    if (n > 0) part->iov_base = (char *)part->iov_base + left, part->iov_len -= left;
  }
  return true;
}

/* Append the rows of one part. */
static bool take_part(input_set *set, struct msghdr *message, const request *from) {
  int fd[PART_FILES] = {0};
  size_t n = 0, used = 0;
  const struct cmsghdr *rights = CMSG_FIRSTHDR(message);
  if (rights != NULL && rights->cmsg_type == SCM_RIGHTS) {
    n = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fd, CMSG_DATA(rights), n * sizeof(int));
  }
  const char *row = from->names;
  for (uint32_t i = 0; i < from->head.n; i++, row += strlen(row) + 1) {
    if (row[0] == '+' && used == n) return false;
    if (input_adopt(set, row[0] == '+' ? fd[used++] : -1, row + 1, NULL) != DSP_OK) return false;
  }
  return true;
}

/* All parts of the next request, appended to `set`; false when the parent has no more. */
static bool receive(input_set *set, uint64_t *job) {
  static request from;
  descriptors rights;
  do {
    struct iovec part = {&from, sizeof from};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = rights.bytes, .msg_controllen = sizeof rights.bytes};
    ssize_t size = -1;
    while ((size = recvmsg(WORKER_REQUEST, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    if (size < (ssize_t)sizeof from.head || (size_t)size != sizeof from.head + from.head.names_size) return false;
    *job = from.head.job;
    if (!take_part(set, &message, &from)) return false;
  } while (from.head.more);
  return true;
}

static bool reply(worker_result *result) {
  uint64_t head[WORKER_HEAD] = {ANSWER_MAGIC, (uint64_t)result->status};
  struct iovec part[1 + WORKER_STREAMS] = {{head, sizeof head}};
  for (size_t i = 0; i < WORKER_STREAMS; i++) {
    const fmt_buffer *stream = worker_stream(result, i);
    head[2 + i] = stream->size;
    part[1 + i] = (struct iovec){stream->bytes, stream->size};
  }
  return write_all(part, 1 + WORKER_STREAMS);
}

/* Ask the parent for companions: an answer of its own kind, after which it sends more. */
static bool fetch(input_set *set, const fmt_names *names, size_t from) {
  worker_result question = {.status = STATUS_ASKS};
  uint64_t job = 0;
  for (size_t i = from; i < names->n; i++) fmt_put_bytes(&question.rows, names->rows[i], strlen(names->rows[i]) + 1);
  const bool answered = !question.rows.failed && reply(&question) && receive(set, &job);
  worker_result_clear(&question);
  return answered;
}

/* Only the two ends stay open, and nothing of the terminal. By way of 0 and 1, since the limit of descriptors may stand already. */
static bool arrange_descriptors(int request_end, int reply_end) {
  if (dup2(request_end, 0) < 0 || dup2(reply_end, 1) < 0) return false;
  if (dup2(0, WORKER_REQUEST) < 0 || dup2(1, WORKER_REPLY) < 0 || close_range(WORKER_REPLY + 1, ~0U, 0) != 0) return false;
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; nothing >= 0 && fd <= 2; fd++)
    if (dup2(nothing, fd) < 0) return false;
  return nothing >= 0 && close(nothing) == 0;
}

_Noreturn void worker_live(pid_t parent, int request_end, int reply_end, worker_serve *serve, void *context) {
  uint64_t job = 0;
  if (!arrange_descriptors(request_end, reply_end) || !seal_enter(parent)) _exit(STATUS_UNSEALED);
  for (;;) {
    input_set set = {.fetch = fetch};
    worker_result result = {0};
    if (!receive(&set, &job)) break;
    message_capture(&result.err);
    result.status = serve(context, (size_t)job, &set, &result);
    message_capture(NULL);
    if (worker_result_failed(&result)) {
      worker_result_clear(&result);
      result.status = EXIT_RETRY;
    }
    input_close(&set);
    if (!reply(&result)) break;
    worker_result_clear(&result);
  }
  _exit(EXIT_DONE);
}
