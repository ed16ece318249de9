/* SPDX-License-Identifier: GPL-3.0-or-later
 * Claims are files that only one process can make (O_EXCL), touched now and then by who holds them. One that was not touched for a lease,
 * by the clock of the file system, or whose process is known to be gone, is taken over by renaming it, which only one can. Should a holder
 * have been slow and not gone, a unit is done twice: harmless, since results are keyed and equal. */
#include "batch_shard.h"
#include "batch_log.h"
#include "worker.h"
#include <dsp/memory.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_BYTES = 64, BEATS_PER_LEASE = 10, WAIT_MS = 200 };

static bool whole(size_t *number, const char *text, char end, const char **rest) {
  char *stop = NULL;
  errno = 0;
  *number = text != NULL && text[0] >= '0' && text[0] <= '9' ? strtoul(text, &stop, 10) : 0;
  if (stop == NULL || errno != 0 || *stop != end) return false;
  *rest = stop + 1;
  return true;
}

bool shard_parse(batch_shard *shard, const char *text) {
  const char *rest = NULL;
  size_t least = 0, most = 0, step = 1;
  if (strcmp(text, "auto") != 0)
    return whole(&shard->k, text, '/', &rest) && whole(&shard->n, rest, '\0', &rest) && shard->k >= 1 && shard->k <= shard->n;
  if (!whole(&shard->k, getenv("SLURM_ARRAY_TASK_ID"), '\0', &rest) || !whole(&shard->n, getenv("SLURM_ARRAY_TASK_COUNT"), '\0', &rest) ||
      !whole(&least, getenv("SLURM_ARRAY_TASK_MIN"), '\0', &rest) || shard->k < least || shard->n == 0)
    return false;
  if (getenv("SLURM_ARRAY_TASK_STEP") != NULL && (!whole(&step, getenv("SLURM_ARRAY_TASK_STEP"), '\0', &rest) || step == 0)) return false;
  if (whole(&most, getenv("SLURM_ARRAY_TASK_MAX"), '\0', &rest)) shard->holes = most < least || (most - least) / step + 1 != shard->n;
  shard->k = (shard->k - least) / step % shard->n + 1;
  return true;
}

static void claim_name(char name[NAME_BYTES], size_t unit, const char *end) {
  (void)snprintf(name, NAME_BYTES, "unit-%07zu%s", unit, end);
}

bool shard_begin(batch_shard *shard, const char *path, size_t n_jobs) {
  char boot[BATCH_BOOT_BYTES];
  shard->units = (n_jobs + SHARD_UNIT - 1) / SHARD_UNIT;
  if (mkdir(path, 0777) != 0 && errno != EEXIST) return false;
  shard->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  batch_boot_id(boot);
  (void)snprintf(shard->mark, sizeof shard->mark, "%s %ld", boot, (long)getpid());
  shard->done = dsp_zalloc(shard->units, sizeof *shard->done);
  if (shard->done == NULL) errno = ENOMEM;
  return shard->folder >= 0 && shard->done != NULL;
}

static bool is_done(const batch_shard *shard, size_t unit) {
  char name[NAME_BYTES];
  if (shard->done[unit]) return true;
  claim_name(name, unit, ".done");
  return shard->done[unit] = faccessat(shard->folder, name, F_OK, 0) == 0;
}

/* What time it is for the file system: the clocks of machines differ. */
static time_t folder_time(const batch_shard *shard) {
  char name[NAME_BYTES];
  struct stat facts = {0};
  (void)snprintf(name, sizeof name, "now-%ld", (long)getpid());
  const int fd = openat(shard->folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0 || futimens(fd, NULL) != 0 || fstat(fd, &facts) != 0) facts.st_mtime = 0;
  if (fd >= 0) (void)close(fd);
  (void)unlinkat(shard->folder, name, 0);
  return facts.st_mtime;
}

/* Its process ran on this machine and runs no more. */
static bool holder_is_gone(const batch_shard *shard, const char *name) {
  char mark[128] = "";
  const int fd = openat(shard->folder, name, O_RDONLY | O_CLOEXEC);
  const ssize_t n = fd >= 0 ? read(fd, mark, sizeof mark - 1) : 0;
  if (fd >= 0) (void)close(fd);
  const size_t boot = strcspn(shard->mark, " ");
  if (n <= 0 || strncmp(mark, shard->mark, boot + 1) != 0) return false;
  const long pid = strtol(mark + boot, NULL, 10);
  return pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

static bool is_stale(const batch_shard *shard, const char *name) {
  struct stat facts;
  if (fstatat(shard->folder, name, &facts, 0) != 0) return false;
  return folder_time(shard) - facts.st_mtime > (time_t)shard->lease_s || holder_is_gone(shard, name);
}

static bool make_claim(batch_shard *shard, size_t unit, const char *name) {
  const int fd = openat(shard->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0 && errno != EEXIST) shard->lost = errno;
  if (fd < 0) return false;
  const bool told = write(fd, shard->mark, strlen(shard->mark)) > 0;
  (void)close(fd);
  if (told && !is_done(shard, unit)) return true;
  (void)unlinkat(shard->folder, name, 0); /* somebody has finished it in the meantime */
  return false;
}

static bool take_over(batch_shard *shard, size_t unit, const char *name) {
  char gone[NAME_BYTES + 32];
  (void)snprintf(gone, sizeof gone, "gone-%07zu-%ld", unit, (long)getpid());
  if (!is_stale(shard, name) || renameat(shard->folder, name, shard->folder, gone) != 0) return false;
  (void)unlinkat(shard->folder, gone, 0);
  return make_claim(shard, unit, name);
}

static bool claim(batch_shard *shard, size_t unit) {
  char name[NAME_BYTES];
  claim_name(name, unit, "");
  if (is_done(shard, unit) || (!make_claim(shard, unit, name) && !take_over(shard, unit, name))) return false;
  shard->current = unit;
  shard->holding = true;
  shard->beat_ms = worker_now_ms();
  shard->taken++;
  shard->stolen += unit % shard->n != shard->k - 1;
  return true;
}

bool shard_next(batch_shard *shard, size_t *unit) {
  for (;;) {
    bool open = false;
    for (size_t u = shard->k - 1; u < shard->units; u += shard->n)
      if (shard->lost == 0 && claim(shard, *unit = u)) return true;
    for (size_t u = 0; u < shard->units; u++) {
      const bool ours = u % shard->n == shard->k - 1;
      if ((!ours && !shard->steal) || is_done(shard, u)) continue;
      open = true;
      if (shard->lost == 0 && claim(shard, *unit = u)) return true;
    }
    if (!open || shard->lost != 0) return false;
    (void)nanosleep(&(struct timespec){.tv_nsec = WAIT_MS * 1000000L}, NULL);
  }
}

size_t shard_left(const batch_shard *shard) {
  size_t left = 0;
  for (size_t u = shard->k - 1; u < shard->units; u += shard->n) left += !shard->done[u] && u != shard->current;
  return left;
}

void shard_beat(batch_shard *shard) {
  char name[NAME_BYTES];
  if (!shard->holding || worker_now_ms() - shard->beat_ms < (int64_t)shard->lease_s * 1000 / BEATS_PER_LEASE) return;
  claim_name(name, shard->current, "");
  (void)utimensat(shard->folder, name, NULL, 0);
  shard->beat_ms = worker_now_ms();
}

void shard_finish(batch_shard *shard) {
  char name[NAME_BYTES], done[NAME_BYTES];
  claim_name(name, shard->current, "");
  claim_name(done, shard->current, ".done");
  const int fd = openat(shard->folder, done, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) shard->lost = errno;
  if (fd >= 0) (void)close(fd);
  (void)unlinkat(shard->folder, name, 0);
  shard->done[shard->current] = true;
  shard->holding = false;
}

void shard_end(batch_shard *shard) {
  if (shard->folder >= 0) (void)close(shard->folder);
  free(shard->done);
  shard->done = NULL;
}
