/* SPDX-License-Identifier: GPL-3.0-or-later
 * Worker processes. A fault in one recording ends its own process and no other; results wait in a ring of slots until their turn. */
#include "pool.h"
#include "exits.h"
#include <dsp/memory.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUT, JSON, ERR, STREAMS };

typedef struct worker_slot {
  pid_t pid;       /* 0: not running */
  int fd[STREAMS]; /* -1: at its end */
  pool_result result;
} worker_slot;

typedef struct worker_pool {
  worker_slot *slots; /* job j lives in slot j modulo n_slots */
  struct pollfd *polls;
  size_t n_slots, started, taken, running;
  pool_work *work;
  void *context;
  pid_t parent;
} worker_pool;

static void close_all(int *fds, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (fds[i] >= 0) (void)close(fds[i]);
    fds[i] = -1;
  }
}

/* A short write or a gone parent needs no word: the parent sees a job without a result. */
static bool write_all(int fd, const fmt_buffer *buffer) {
  size_t at = 0;
  while (at < buffer->size) {
    const ssize_t n = write(fd, buffer->bytes + at, buffer->size - at);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) at += (size_t)n;
  }
  return !buffer->failed;
}

static _Noreturn void be_worker(worker_pool *pool, size_t job, const int write_fd[STREAMS]) {
  fmt_buffer out = {0}, json = {0};
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a killed parent must not leave workers behind */
  if (getppid() != pool->parent) _exit(EXIT_RETRY);
  (void)dup2(write_fd[ERR], STDERR_FILENO);
  const int status = pool->work(pool->context, job, &out, &json);
  const bool told = write_all(write_fd[OUT], &out) && write_all(write_fd[JSON], &json);
  _exit(told ? status : EXIT_RETRY);
}

static bool start(worker_pool *pool, size_t job) {
  worker_slot *slot = &pool->slots[job % pool->n_slots];
  int read_fd[STREAMS], write_fd[STREAMS];
  for (size_t i = 0; i < STREAMS; i++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      close_all(read_fd, i);
      close_all(write_fd, i);
      return false;
    }
    read_fd[i] = ends[0];
    write_fd[i] = ends[1];
  }
  (void)fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) be_worker(pool, job, write_fd);
  close_all(write_fd, STREAMS);
  if (pid < 0) {
    close_all(read_fd, STREAMS);
    return false;
  }
  memset(slot, 0, sizeof *slot);
  slot->pid = pid;
  memcpy(slot->fd, read_fd, sizeof read_fd);
  pool->running++;
  return true;
}

static fmt_buffer *stream(worker_slot *slot, size_t i) {
  return i == OUT ? &slot->result.out : i == JSON ? &slot->result.json : &slot->result.err;
}

static void finish(worker_pool *pool, worker_slot *slot) {
  int status = 0;
  while (waitpid(slot->pid, &status, 0) < 0 && errno == EINTR) {
  }
  slot->result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  for (size_t i = 0; i < STREAMS; i++)
    if (stream(slot, i)->failed) slot->result.status = EXIT_RETRY;
  slot->pid = 0;
  pool->running--;
}

/* Read what has come from every running worker; the last stream's end is the worker's. */
static void collect(worker_pool *pool) {
  size_t n = 0;
  for (size_t i = 0; i < pool->n_slots; i++)
    for (size_t j = 0; pool->slots[i].pid != 0 && j < STREAMS; j++)
      if (pool->slots[i].fd[j] >= 0) pool->polls[n++] = (struct pollfd){pool->slots[i].fd[j], POLLIN, 0};
  if (poll(pool->polls, n, -1) <= 0) return;
  n = 0;
  for (size_t i = 0; i < pool->n_slots; i++) {
    worker_slot *slot = &pool->slots[i];
    if (slot->pid == 0) continue;
    for (size_t j = 0; j < STREAMS; j++) {
      if (slot->fd[j] < 0 || pool->polls[n++].revents == 0) continue;
      char bytes[65536];
      const ssize_t size = read(slot->fd[j], bytes, sizeof bytes);
      if (size > 0)
        fmt_put_bytes(stream(slot, j), bytes, (size_t)size);
      else if (size == 0 || errno != EINTR)
        close_all(&slot->fd[j], 1);
    }
    if (slot->fd[OUT] < 0 && slot->fd[JSON] < 0 && slot->fd[ERR] < 0) finish(pool, slot);
  }
}

static void clear_result(pool_result *result) {
  fmt_buffer_clear(&result->out);
  fmt_buffer_clear(&result->json);
  fmt_buffer_clear(&result->err);
}

/* Hand over every finished result whose turn it is. */
static void take_ready(worker_pool *pool, pool_take *take) {
  while (pool->taken < pool->started && pool->slots[pool->taken % pool->n_slots].pid == 0) {
    pool_result *result = &pool->slots[pool->taken % pool->n_slots].result;
    take(pool->context, pool->taken++, result);
    clear_result(result);
  }
}

int pool_run(size_t n_jobs, size_t n_workers, pool_work *work, pool_take *take, void *context) {
  if (n_workers > n_jobs) n_workers = n_jobs;
  worker_pool pool = {.n_slots = 4 * n_workers, .work = work, .context = context, .parent = getpid()};
  pool.slots = dsp_zalloc(pool.n_slots, sizeof *pool.slots);
  pool.polls = dsp_zalloc(pool.n_slots * STREAMS, sizeof *pool.polls);
  int status = pool.slots != NULL && pool.polls != NULL ? EXIT_DONE : EXIT_RETRY;
  while (status == EXIT_DONE && pool.taken < n_jobs) {
    while (pool.started < n_jobs && pool.running < n_workers && pool.started - pool.taken < pool.n_slots && start(&pool, pool.started))
      pool.started++;
    if (pool.running > 0)
      collect(&pool);
    else if (pool.taken == pool.started)
      status = EXIT_RETRY;
    take_ready(&pool, take);
  }
  free(pool.slots);
  free(pool.polls);
  return status;
}
