/* SPDX-License-Identifier: GPL-3.0-or-later
 * What may be written where. Files are one and the same by device and inode, or, while they do not exist, by folder and name. */
#include "targets.h"
#include "exits.h"
#include "input.h"
#include "message.h"
#include <dsp/memory.h>
#include <fmt/writer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct target_row {
  char *path;
  const char *name; /* base name while the file does not exist, else "" */
  dev_t device;
  ino_t inode; /* the file's, or its folder's */
  bool output;
} target_row;

static void identify(target_row *row) {
  struct stat facts = {0};
  row->name = "";
  if (stat(row->path, &facts) != 0) {
    const char *base = input_base(row->path);
    const size_t length = (size_t)(base - row->path);
    char *folder = dsp_alloc(length + 2, 1);
    if (folder != NULL) {
      memcpy(folder, row->path, length);
      memcpy(folder + length, ".", 2);
      if (stat(folder, &facts) != 0) memset(&facts, 0, sizeof facts);
    }
    free(folder);
    row->name = base;
  }
  row->device = facts.st_dev;
  row->inode = facts.st_ino;
}

static int add(cli_targets *targets, const char *path, bool output) {
  char *copy = strdup(path);
  if (copy == NULL || dsp_grow(&targets->rows, &targets->capacity, targets->n + 1, sizeof *targets->rows) != DSP_OK) {
    free(copy);
    return message_memory();
  }
  target_row *row = &targets->rows[targets->n++];
  *row = (target_row){.path = copy, .output = output};
  identify(row);
  return EXIT_DONE;
}

int targets_add_output(cli_targets *targets, const char *path) {
  return add(targets, path, true);
}

int targets_add_input(cli_targets *targets, const char *path) {
  return add(targets, path, false);
}

static int same_file(const target_row *a, const target_row *b) {
  if (a->device != b->device) return a->device < b->device ? -1 : 1;
  if (a->inode != b->inode) return a->inode < b->inode ? -1 : 1;
  return strcmp(a->name, b->name);
}

/* Equal files side by side, outputs first. */
static int order(const void *first, const void *second) {
  const target_row *a = first, *b = second;
  const int same = same_file(a, b);
  return same != 0 ? same : (int)b->output - (int)a->output;
}

int targets_check(const cli_targets *targets) {
  for (size_t i = 0; i < targets->n; i++) {
    dsp_error error = {0};
    if (!targets->rows[i].output || fmt_target_check(targets->rows[i].path, &error) == DSP_OK) continue;
    message_failure(targets->rows[i].path, &error);
    return EXIT_OUTPUT;
  }
  if (targets->n > 1) qsort(targets->rows, targets->n, sizeof *targets->rows, order);
  for (size_t i = 1; i < targets->n; i++) {
    const target_row *a = &targets->rows[i - 1], *b = &targets->rows[i];
    if (!a->output || same_file(a, b) != 0) continue;
    message_hint(a->path, b->output ? "give every output a name of its own" : "give the output another name",
                 b->output ? "two outputs would be this one file" : "this output is also an input");
    return EXIT_USAGE;
  }
  return EXIT_DONE;
}

int targets_need_file(const char *output) {
  if (output == NULL || strcmp(output, "-") != 0) return EXIT_DONE;
  message_error("--output", NULL, "a file: what is written is not for stdout (./- is a file of that name)", "-");
  return EXIT_USAGE;
}

void targets_clear(cli_targets *targets) {
  for (size_t i = 0; i < targets->n; i++) free(targets->rows[i].path);
  free(targets->rows);
  memset(targets, 0, sizeof *targets);
}
