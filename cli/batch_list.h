/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which recordings a batch is about: files, everything below folders, a manifest, a list of names. */
#ifndef CLI_BATCH_LIST_H
#define CLI_BATCH_LIST_H

#include "options.h"
#include <fmt/writer.h>
#include <stddef.h>

/** What a manifest says of one recording; NULL: nothing. */
typedef struct batch_wish {
  char *sidecar;  /**< instead of the one beside it */
  char *protocol; /**< instead of --protocol and the side-car's */
  char *sha256;   /**< that the recording must have */
} batch_wish;

typedef struct batch_list {
  char **paths;       /**< in the order of the command line, folders by name, the manifest's last */
  batch_wish *wishes; /**< one a path; NULL without a manifest */
  size_t n, capacity, wishes_capacity;
} batch_list;

/** Gather them. `output` is left out wherever it lies. An exit status, with its message said. */
int batch_list_gather(batch_list *list, const cli_options *options, const char *output);
/** Append a copy of `path`; takes over what `wish` (NULL none) points to, after a failure, too. An exit status. */
int batch_list_add(batch_list *list, const char *path, batch_wish *wish);
void batch_wish_clear(batch_wish *wish);
/** What the manifest says of line `i`; empty without one. */
batch_wish batch_list_wish(const batch_list *list, size_t i);
/** The list as it is kept in a batch's folder, and read back; a list that is read is appended to, each path once. Exit statuses. */
int batch_list_save(const batch_list *list, const char *path);
int batch_list_load(batch_list *list, const char *path);
void batch_list_clear(batch_list *list);
/** Where the report about `path` goes, relative to the output folder: reports/PATH.pleth.h5, ".." and the root written as names. */
void batch_list_report(fmt_buffer *name, const char *path);
/** Line of the list that has this path, or n. The first call makes an index. */
size_t batch_list_find(const batch_list *list, const size_t *index, const char *path);
/** An index for batch_list_find; free() it. NULL when out of memory. */
size_t *batch_list_index(const batch_list *list);

#endif
