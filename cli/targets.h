/* SPDX-License-Identifier: GPL-3.0-or-later
 * What may be written where, settled before any work. */
#ifndef CLI_TARGETS_H
#define CLI_TARGETS_H

#include <stddef.h>

/** Names of files to be written and of files that are read; texts are copied. Zeroed is empty. */
typedef struct cli_targets {
  struct target_row *rows;
  size_t n, capacity;
} cli_targets;

/** Remember a file that will be written, or that is read. EXIT_DONE or EXIT_RETRY. */
int targets_add_output(cli_targets *targets, const char *path);
int targets_add_input(cli_targets *targets, const char *path);
/** EXIT_OUTPUT when one is not a legal target; EXIT_USAGE when two outputs are one file, or an output is an input. Says which. */
int targets_check(const cli_targets *targets);
/** What --output names must be a file: stdout is refused, EXIT_USAGE. `output` may be NULL. */
int targets_need_file(const char *output);
void targets_clear(cli_targets *targets);

#endif
