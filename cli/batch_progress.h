/* SPDX-License-Identifier: GPL-3.0-or-later
 * How far a batch is: a line that is drawn over on a terminal, with rate and remaining time; elsewhere a plain line now and then. */
#ifndef CLI_BATCH_PROGRESS_H
#define CLI_BATCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct batch_progress {
  bool wanted, terminal;
  size_t total;
  int64_t drawn_ms, seen_ms;
  size_t seen; /**< how many were done at seen_ms */
  double rate; /**< recordings a second of late; 0 not known yet */
} batch_progress;

void batch_progress_begin(batch_progress *progress, size_t total, bool wanted);
/** `done` of all are done, `failed` of them failed. Draws when it is time; always at the end. */
void batch_progress_show(batch_progress *progress, size_t done, size_t failed);

#endif
