/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a batch says on stdout. */
#ifndef CLI_BATCH_TELL_H
#define CLI_BATCH_TELL_H

#include "batch_run.h"
#include "batch_tables.h"

/** With --json: what became of one recording. `reason` "" none. */
void batch_tell_one(batch_run *run, size_t job, const char *status, const char *reason);
/** How a shard ended. An exit status. */
int batch_tell_shard(batch_run *run);
/** How the whole batch stands, what asks to be looked at first. An exit status. */
int batch_tell_end(batch_run *run, const batch_tally *tally);

#endif
