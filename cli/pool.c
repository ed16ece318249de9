/* SPDX-License-Identifier: GPL-3.0-or-later
 * A pool of sealed workers. A fault in one recording ends its own process and no other; results wait in a ring of slots until their turn.
 */
#include "pool.h"
#include "exits.h"
#include "message.h"
#include "seal.h"
#include <dsp/memory.h>
#include <fmt/writer.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* How far the pool runs ahead of the result whose turn it is. A Doppler recording takes ten times as long as a leg: with few slots the
 * other workers would wait for it. Results that wait are bounded by their bytes, too, so that memory does not grow with the count. */
enum { SLOTS_PER_WORKER = 64, HELD_BYTES_PER_WORKER = 8 << 20 };

typedef struct pool_slot {
  bool done;
  size_t bytes; /* that the result of a worker takes while it waits */
  worker_result result;
} pool_slot;

typedef struct worker_pool {
  const pool_plan *plan;
  pool_slot *slots; /* job j lives in slot j modulo n_slots */
  cli_worker *workers;
  size_t *jobs; /* of each busy worker */
  struct pollfd *polls;
  size_t n_slots, n_workers, started, taken, busy;
  size_t held_bytes; /* of results that wait for their turn */
  input_set set;
} worker_pool;

static pool_slot *slot_of(worker_pool *pool, size_t job) {
  return &pool->slots[job % pool->n_slots];
}

/* No further job may be started now. The one whose turn it is has been started before, so that what waits for it gets its turn. */
static bool full(const worker_pool *pool) {
  return pool->started == pool->plan->n_jobs || pool->started - pool->taken >= pool->n_slots ||
         pool->held_bytes >= pool->n_workers * HELD_BYTES_PER_WORKER;
}

/* Open a job's files; a job that cannot be opened is done. */
static bool open_job(worker_pool *pool, size_t job) {
  pool_slot *slot = slot_of(pool, job);
  memset(slot, 0, sizeof *slot);
  message_capture(&slot->result.err);
  slot->result.status = pool->plan->open(pool->plan->context, job, &pool->set);
  message_capture(NULL);
  slot->done = slot->result.status != EXIT_DONE;
  if (slot->done) input_close(&pool->set);
  return !slot->done;
}

/* Hand a job to worker `w`, which is started when there is none or when it died while it waited. */
static bool hand_over(worker_pool *pool, size_t w, size_t job) {
  cli_worker *worker = &pool->workers[w];
  const pool_plan *plan = pool->plan;
  for (int tries = 0; tries < 2; tries++) {
    if (worker->pid == 0 && !worker_start(worker, plan->work, plan->context)) return false;
    if (worker_send(worker, job, &pool->set, &plan->limits, &slot_of(pool, job)->result)) return true;
    worker_stop(worker);
  }
  return false;
}

/* Give the next job that has files to worker `w`. False when there is no process for it. */
static bool dispatch(worker_pool *pool, size_t w) {
  while (!full(pool)) {
    const size_t job = pool->started;
    if (open_job(pool, job)) {
      const bool given = hand_over(pool, w, job);
      input_close(&pool->set);
      if (!given) return false;
      pool->jobs[w] = job;
      pool->busy++;
      pool->started++;
      return true;
    }
    pool->started++;
  }
  return true;
}

/* Work for every idle worker. EXIT_RETRY when not one process can be had. */
static int dispatch_all(worker_pool *pool) {
  for (size_t w = 0; w < pool->n_workers; w++) {
    if (pool->workers[w].busy || full(pool)) continue;
    if (!dispatch(pool, w)) return pool->busy > 0 ? EXIT_DONE : EXIT_RETRY;
  }
  return EXIT_DONE;
}

static void conclude(worker_pool *pool, size_t w) {
  pool_slot *slot = slot_of(pool, pool->jobs[w]);
  slot->done = true;
  slot->bytes = worker_result_bytes(&slot->result);
  pool->held_bytes += slot->bytes;
  pool->busy--;
  if (pool->workers[w].jobs >= pool->plan->jobs_per_worker) worker_stop(&pool->workers[w]);
}

/* Milliseconds until the first deadline, at most half a minute. */
static int patience(const worker_pool *pool) {
  const int64_t now = worker_now_ms();
  int64_t least = pool->plan->tick != NULL ? 500 : 30000;
  for (size_t w = 0; w < pool->n_workers; w++)
    if (pool->workers[w].busy && pool->workers[w].deadline_ms - now < least) least = pool->workers[w].deadline_ms - now;
  return least > 0 ? (int)least : 0;
}

/* Open the companions that a worker asks for and hand them over. False: the worker gets none, and is ended. */
static bool answer(worker_pool *pool, size_t w) {
  const size_t job = pool->jobs[w];
  const fmt_buffer *names = &slot_of(pool, job)->result.rows;
  bool done = pool->plan->companion != NULL && (names->size == 0 || names->bytes[names->size - 1] == '\0');
  for (size_t at = 0; done && at < names->size; at += strlen(names->bytes + at) + 1)
    done = pool->plan->companion(pool->plan->context, job, names->bytes + at, &pool->set) == DSP_OK;
  done = done && worker_send_more(&pool->workers[w], &pool->set, &pool->plan->limits);
  input_close(&pool->set);
  return done;
}

/* Read what has come from every busy worker, and end those whose time is up. */
static void collect(worker_pool *pool) {
  for (size_t w = 0; w < pool->n_workers; w++)
    pool->polls[w] = (struct pollfd){pool->workers[w].busy ? pool->workers[w].reply_fd : -1, POLLIN, 0};
  if (poll(pool->polls, pool->n_workers, patience(pool)) < 0) return;
  for (size_t w = 0; w < pool->n_workers; w++) {
    cli_worker *worker = &pool->workers[w];
    if (!worker->busy) continue;
    const worker_state state = pool->polls[w].revents != 0 ? worker_read(worker) : WORKER_READING;
    if (state == WORKER_ASKS && !answer(pool, w))
      worker_abandon(worker, WORKER_GARBLED);
    else if (state != WORKER_DONE && worker_now_ms() >= worker->deadline_ms)
      worker_abandon(worker, WORKER_SLOW);
    if (!worker->busy) conclude(pool, w);
  }
}

/* Hand over every finished result whose turn it is. */
static bool take_ready(worker_pool *pool) {
  bool more = true;
  while (more && pool->taken < pool->started && slot_of(pool, pool->taken)->done) {
    pool_slot *slot = slot_of(pool, pool->taken);
    pool->held_bytes -= slot->bytes;
    more = pool->plan->take(pool->plan->context, pool->taken++, &slot->result);
    worker_result_clear(&slot->result);
  }
  return more;
}

static void clear(worker_pool *pool) {
  for (size_t w = 0; pool->workers != NULL && w < pool->n_workers; w++) worker_stop(&pool->workers[w]);
  for (size_t i = 0; pool->slots != NULL && i < pool->n_slots; i++) worker_result_clear(&pool->slots[i].result);
  free(pool->slots);
  free(pool->workers);
  free(pool->jobs);
  free(pool->polls);
}

int pool_run(const pool_plan *plan) {
  worker_pool pool = {.plan = plan, .n_workers = plan->n_workers < plan->n_jobs ? plan->n_workers : plan->n_jobs};
  pool.n_slots = SLOTS_PER_WORKER * pool.n_workers;
  pool.slots = dsp_zalloc(pool.n_slots, sizeof *pool.slots);
  pool.workers = dsp_zalloc(pool.n_workers, sizeof *pool.workers);
  pool.jobs = dsp_zalloc(pool.n_workers, sizeof *pool.jobs);
  pool.polls = dsp_zalloc(pool.n_workers, sizeof *pool.polls);
  int status = pool.slots != NULL && pool.workers != NULL && pool.jobs != NULL && pool.polls != NULL ? EXIT_DONE : EXIT_RETRY;
  if (plan->n_jobs > 1) fmt_libraries_prepare();
  const char *missing = seal_missing();
  if (missing != NULL) message_hint(NULL, "files are read without that layer of protection", "this kernel lacks %s", missing);
  while (status == EXIT_DONE && pool.taken < plan->n_jobs) {
    status = dispatch_all(&pool);
    if (pool.busy > 0) collect(&pool);
    if (plan->tick != NULL) plan->tick(plan->context);
    if (!take_ready(&pool)) break;
  }
  clear(&pool);
  return status;
}
