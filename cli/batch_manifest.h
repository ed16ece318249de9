/* SPDX-License-Identifier: GPL-3.0-or-later
 * A batch's manifest: a table of recordings, a row each, which also says what the command line cannot say of each one. */
#ifndef CLI_BATCH_MANIFEST_H
#define CLI_BATCH_MANIFEST_H

#include "batch_list.h"

/** Append the recordings of the table `path`, in its order. Columns: recording (needed); sidecar, protocol, sha256, each "" where nothing
 * is said. Names count from the manifest's folder. An exit status, with its message said. */
int batch_manifest_add(batch_list *list, const char *path);

#endif
