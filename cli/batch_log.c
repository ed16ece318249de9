/* SPDX-License-Identifier: GPL-3.0-or-later
 * Logs of a batch. A log begins with the boot of the machine that writes it; a line S says that everything before it has reached the disk.
 * In a log of the same boot all records count, since the kernel still has what was written; in one of an earlier boot those up to the last
 * S. */
#include "batch_log.h"
#include "exits.h"
#include "message.h"
#include "worker.h"
#include <dirent.h>
#include <dsp/memory.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SYNC_RECORDS = 256, SYNC_MS = 10000, LOGS_MAX = 1000000 };

void batch_boot_id(char id[static BATCH_BOOT_BYTES]) {
  const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  const ssize_t size = fd >= 0 ? read(fd, id, BATCH_BOOT_BYTES - 1) : 0;
  if (fd >= 0) (void)close(fd);
  id[size > 0 ? size : 0] = '\0';
  id[strcspn(id, "\n")] = '\0';
}

static int cannot(const char *path, const char *doing) {
  message_error(path, NULL, errno == ENOSPC || errno == EDQUOT ? "free space for the output" : "", "cannot %s: %s", doing,
                strerrordesc_np(errno));
  return EXIT_OUTPUT;
}

/* --- reading --- */

/* One log while it is read. */
typedef struct log_scan {
  const batch_list *list;
  const size_t *index;
  batch_found *found;
  void *context;
  batch_logs *logs;
  uint32_t number;
  uint64_t from, sure; /* where the record begins; everything before `sure` is on the disk */
  bool same_boot;
  fmt_buffer text;
  batch_record record;
} log_scan;

static int take_record(log_scan *scan) {
  batch_place place = {.offset = scan->from, .log = scan->number, .size = (uint32_t)scan->text.size};
  if ((!scan->same_boot && scan->from >= scan->sure) || !batch_record_read(&scan->record, scan->text.bytes, scan->text.size))
    return EXIT_DONE;
  const size_t line = batch_list_find(scan->list, scan->index, scan->record.cell[REC_NAME]);
  if (line == scan->list->n) return EXIT_DONE;
  (void)snprintf(place.key, sizeof place.key, "%s", scan->record.cell[REC_KEY]);
  return scan->found(scan->context, line, &scan->record, &place);
}

/* "H", the boot, the configuration. */
static void take_head(log_scan *scan, char *line) {
  batch_log_file *file = &scan->logs->files[scan->number];
  char id[BATCH_BOOT_BYTES], *rest = line + 1;
  batch_boot_id(id);
  (void)strsep(&rest, "\t");
  const char *boot = strsep(&rest, "\t\n"), *config = strsep(&rest, "\t\n");
  scan->same_boot = boot != NULL && id[0] != '\0' && strcmp(boot, id) == 0;
  (void)snprintf(file->config, sizeof file->config, "%s", config != NULL ? config : "");
}

static int scan_lines(log_scan *scan, FILE *file, bool records) {
  char *line = NULL;
  size_t capacity = 0;
  uint64_t at = 0;
  int status = EXIT_DONE;
  for (ssize_t size = 0; status == EXIT_DONE && (size = getline(&line, &capacity, file)) > 0; at += (uint64_t)size) {
    if (line[0] == 'H') take_head(scan, line);
    if (line[0] == 'S') scan->sure = at;
    if (!records) continue;
    if (line[0] == 'R') {
      scan->text.size = 0;
      scan->from = at;
    }
    fmt_put_bytes(&scan->text, line, (size_t)size);
    if (line[0] == 'E') status = scan->text.failed ? message_memory() : take_record(scan);
  }
  free(line);
  return status;
}

static int scan_log(log_scan *scan, const char *path) {
  FILE *file = fopen(path, "re");
  if (file == NULL) return cannot(path, "read");
  int status = scan_lines(scan, file, false); /* for the last S */
  rewind(file);
  if (status == EXIT_DONE) status = scan_lines(scan, file, true);
  (void)fclose(file);
  fmt_buffer_clear(&scan->text);
  batch_record_clear(&scan->record);
  return status;
}

static int add_log(batch_logs *logs, const char *path) {
  char *copy = strdup(path);
  if (copy == NULL || dsp_grow(&logs->files, &logs->capacity, logs->n + 1, sizeof *logs->files) != DSP_OK) {
    free(copy);
    return message_memory();
  }
  logs->files[logs->n++] = (batch_log_file){.path = copy, .fd = -1};
  return EXIT_DONE;
}

static int is_log(const struct dirent *entry) {
  return strncmp(entry->d_name, "log-", 4) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

int batch_logs_read(batch_logs *logs, const char *folder, const batch_list *list, const size_t *index, batch_found *found, void *context) {
  struct dirent **entries = NULL;
  char path[4096];
  int status = EXIT_DONE;
  (void)snprintf(path, sizeof path, "%s/" BATCH_FOLDER, folder);
  const int n = scandir(path, &entries, is_log, by_name);
  if (n < 0) return cannot(path, "read");
  for (int i = 0; i < n; i++) {
    log_scan scan = {.list = list, .index = index, .found = found, .context = context, .logs = logs, .number = (uint32_t)logs->n};
    (void)snprintf(path, sizeof path, "%s/" BATCH_FOLDER "/%s", folder, entries[i]->d_name);
    if (status == EXIT_DONE) status = add_log(logs, path);
    if (status == EXIT_DONE) status = scan_log(&scan, path);
    free(entries[i]);
  }
  free(entries);
  return status;
}

bool batch_logs_get(batch_logs *logs, const batch_place *place, fmt_buffer *text, batch_record *record) {
  char bytes[65536];
  int *fd = &logs->files[place->log].fd;
  if (*fd < 0) *fd = open(logs->files[place->log].path, O_RDONLY | O_CLOEXEC);
  text->size = 0;
  while (*fd >= 0 && text->size < place->size) {
    const size_t left = place->size - text->size;
    const ssize_t got = pread(*fd, bytes, left < sizeof bytes ? left : sizeof bytes, (off_t)(place->offset + text->size));
    if (got <= 0) return false;
    fmt_put_bytes(text, bytes, (size_t)got);
    if (text->failed) return false;
  }
  return *fd >= 0 && batch_record_read(record, text->bytes, text->size);
}

void batch_logs_clear(batch_logs *logs) {
  for (size_t i = 0; i < logs->n; i++) {
    if (logs->files[i].fd >= 0) (void)close(logs->files[i].fd);
    free(logs->files[i].path);
  }
  free(logs->files);
  memset(logs, 0, sizeof *logs);
}

/* --- writing --- */

static bool write_whole(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= (size_t)n;
  }
  return true;
}

static int append(batch_log *log, const char *bytes, size_t size) {
  if (!write_whole(log->fd, bytes, size)) return cannot("the batch's log", "write");
  log->size += size;
  return EXIT_DONE;
}

int batch_log_begin(batch_log *log, batch_logs *logs, const char *folder, const char *config) {
  char path[4096], id[BATCH_BOOT_BYTES], head[128];
  *log = (batch_log){.fd = -1, .folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .number = (uint32_t)logs->n};
  for (unsigned i = 0; i < LOGS_MAX && log->fd < 0; i++) {
    (void)snprintf(path, sizeof path, "%s/" BATCH_FOLDER "/log-%06u.tsv", folder, i);
    log->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (log->fd < 0 && errno != EEXIST) break;
  }
  if (log->folder_fd < 0 || log->fd < 0) return cannot(path, "create");
  batch_boot_id(id);
  (void)snprintf(head, sizeof head, "H\t%s\t%.16s\n", id, config);
  log->synced_ms = worker_now_ms();
  const int status = append(log, head, strlen(head));
  return status == EXIT_DONE ? add_log(logs, path) : status;
}

int batch_log_sync(batch_log *log) {
  if (log->unsynced == 0) return EXIT_DONE;
  if (syncfs(log->folder_fd) != 0) return cannot("the output folder", "sync");
  if (append(log, "S\n", 2) != EXIT_DONE) return EXIT_OUTPUT;
  if (fdatasync(log->fd) != 0) return cannot("the batch's log", "sync");
  log->unsynced = 0;
  log->synced_ms = worker_now_ms();
  return EXIT_DONE;
}

int batch_log_add(batch_log *log, const fmt_buffer *record, batch_place *place) {
  place->log = log->number;
  place->offset = log->size;
  place->size = (uint32_t)record->size;
  const int status = append(log, record->bytes, record->size);
  if (status != EXIT_DONE) return status;
  if (++log->unsynced < SYNC_RECORDS && worker_now_ms() - log->synced_ms < SYNC_MS) return EXIT_DONE;
  return batch_log_sync(log);
}

void batch_log_end(batch_log *log) {
  if (log->fd >= 0) (void)close(log->fd);
  if (log->folder_fd >= 0) (void)close(log->folder_fd);
}
