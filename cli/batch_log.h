/* SPDX-License-Identifier: GPL-3.0-or-later
 * The memory of a batch: logs in OUT/.pleth-batch, one for each process that ever worked there, to which records are appended as recordings
 * are done. Nothing that is done is lost by a kill; a power cut costs what was done since the last sync. */
#ifndef CLI_BATCH_LOG_H
#define CLI_BATCH_LOG_H

#include "batch_list.h"
#include "batch_record.h"
#include <stdbool.h>
#include <stdint.h>

#define BATCH_FOLDER ".pleth-batch"
enum { BATCH_KEY_DIGITS = 32, BATCH_BOOT_BYTES = 64 };

/** This machine since it was started: a text that no other has; "" when the kernel does not say. */
void batch_boot_id(char id[static BATCH_BOOT_BYTES]);

/** Where the record of one recording stands; size 0: nowhere yet. */
typedef struct batch_place {
  uint64_t offset;
  uint32_t log, size;
  char key[BATCH_KEY_DIGITS + 1]; /**< "" when the record does not settle the recording */
} batch_place;

typedef struct batch_log_file {
  char *path;
  int fd;          /**< -1 not open */
  char config[17]; /**< the configuration of its records: the first digits of its digest; "" not told */
} batch_log_file;

typedef struct batch_logs {
  batch_log_file *files;
  size_t n, capacity;
} batch_logs;

/** What is found while logs are read. `again` is an earlier record of the same recording, or size 0. Returns an exit status. */
typedef int batch_found(void *context, size_t line, const batch_record *record, const batch_place *place);

/** Read every log below `folder` (the batch's OUT): each whole record whose recording is in the list. Records that a power cut may have
 * robbed of their reports are left out. An exit status. */
int batch_logs_read(batch_logs *logs, const char *folder, const batch_list *list, const size_t *index, batch_found *found, void *context);
/** The record at `place`, read anew into `text`. False when it cannot be. */
bool batch_logs_get(batch_logs *logs, const batch_place *place, fmt_buffer *text, batch_record *record);
void batch_logs_clear(batch_logs *logs);

/** A log that is written. */
typedef struct batch_log {
  int fd, folder_fd;
  uint32_t number; /**< among the logs */
  uint64_t size;
  size_t unsynced;
  int64_t synced_ms;
} batch_log;

/** Begin a log of our own in `folder`, for results of the configuration with this digest. An exit status. */
int batch_log_begin(batch_log *log, batch_logs *logs, const char *folder, const char *config);
/** Append a record; *place says where. Syncs now and then. EXIT_OUTPUT when it cannot be written. */
int batch_log_add(batch_log *log, const fmt_buffer *record, batch_place *place);
/** Sync everything that was written, reports first. */
int batch_log_sync(batch_log *log);
void batch_log_end(batch_log *log);

#endif
