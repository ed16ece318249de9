/* SPDX-License-Identifier: GPL-3.0-or-later
 * One input or many: names from the command line and from --files-from, worked on one by one, results in their order. */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "options.h"
#include "targets.h"
#include "worker.h"
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

/** What a verb does with each input. */
typedef struct inputs_task {
  bool recordings; /**< inputs have side-cars */
  bool apart;      /**< a blank line between their texts */
  /** In a sealed worker: the file is open as the set's first row. An exit status of its own, with its message said. */
  int (*work)(void *context, const char *path, size_t i, input_set *set, worker_result *result);
  /** In this process: write what result->report holds. An exit status; NULL: there is nothing to write. */
  int (*keep)(void *context, size_t i, const worker_result *result);
  void *context;
} inputs_task;

/** How much one input may take: --timeout, --max-memory. */
worker_limits inputs_limits(const cli_options *options);

/** What a worker said about `path`, and what it could not say itself. */
void inputs_speak(const char *path, const worker_result *result, const worker_limits *limits);

/** Work on all, each in a sealed process of its own. Text or JSON to stdout, --json=FILE to its file. The verb's exit status. */
int inputs_run(const cli_inputs *inputs, const cli_options *options, const inputs_task *task);

#endif
