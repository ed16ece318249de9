/* SPDX-License-Identifier: GPL-3.0-or-later
 * Several processes, on one machine or many, that share a batch's folder: each claims units of recordings, first its own, then those that
 * nobody has or whose holder has gone silent. */
#ifndef CLI_BATCH_SHARD_H
#define CLI_BATCH_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHARD_UNIT = 64, SHARD_LEASE_S = 60 };

typedef struct batch_shard {
  size_t k, n; /**< this is shard k (from 1) of n; n 0: no shards */
  size_t units, taken, stolen;
  unsigned lease_s;
  bool steal;
  bool holes;     /**< an array of Slurm that leaves out numbers: two elements may have the same k */
  int lost;       /**< why the folder of claims takes no files any more (errno); 0 it does */
  bool *done;     /**< units that are known to be done */
  int folder;     /**< of the claims */
  char mark[128]; /**< who we are: machine since its start, process */
  size_t current; /**< unit that is held */
  bool holding;
  int64_t beat_ms; /**< when we last showed that we are alive */
} batch_shard;

/** Read "k/N", or "auto": from the variables of a Slurm array job. False: it is neither. */
bool shard_parse(batch_shard *shard, const char *text);
/** Begin to claim in `path`, which is made. False with errno. */
bool shard_begin(batch_shard *shard, const char *path, size_t n_jobs);
/** The next unit. False: all are done (or, without stealing, all of ours), or the claims are lost. Waits while others hold the last ones.
 */
bool shard_next(batch_shard *shard, size_t *unit);
/** How many units of our own part are left besides the current one, as far as is known. */
size_t shard_left(const batch_shard *shard);
/** Show that we are alive. */
void shard_beat(batch_shard *shard);
/** The unit is done, and on the disk. */
void shard_finish(batch_shard *shard);
void shard_end(batch_shard *shard);

#endif
