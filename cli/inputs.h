/* SPDX-License-Identifier: GPL-3.0-or-later
 * One input or many: names from the command line and from --files-from, worked on one by one, results in their order. */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "options.h"
#include "targets.h"
#include <fmt/writer.h>
#include <stddef.h>

typedef struct cli_inputs {
  const char **paths;
  size_t n, capacity;
  char *list; /**< what --files-from held; paths point into it */
} cli_inputs;

/** The operands and --files-from. An exit status; EXIT_USAGE when there is no input at all. */
int inputs_gather(cli_inputs *inputs, const cli_options *options);
void inputs_clear(cli_inputs *inputs);

/** Every input and its side-car, and --json=FILE, as targets know them. */
int inputs_add_targets(cli_targets *targets, const cli_inputs *inputs, const cli_options *options);

/** Work on input `i`: text for people into `out`, one JSON object into `json`; an exit status of its own, with its message said. */
typedef int inputs_work(void *context, const cli_inputs *inputs, size_t i, fmt_buffer *out, fmt_buffer *json);

/** Work on all: alone in this process, several in worker processes. Text (with `apart` a blank line between) or JSON to stdout, --json=FILE
 * to its file. The verb's exit status. */
int inputs_run(const cli_inputs *inputs, const cli_options *options, bool apart, inputs_work *work, void *context);

#endif
