/* SPDX-License-Identifier: GPL-3.0-or-later
 * One input or many. The bytes on stdout and in the files are the same for any number of workers. */
#include "inputs.h"
#include "exits.h"
#include "input.h"
#include "message.h"
#include "output.h"
#include "pool.h"
#include "text.h"
#include <dsp/memory.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_CAP_BYTES ((size_t)256 << 20)

static int add(cli_inputs *inputs, const char *path) {
  if (dsp_grow(&inputs->paths, &inputs->capacity, inputs->n + 1, sizeof *inputs->paths) != DSP_OK) return message_memory();
  inputs->paths[inputs->n++] = path;
  return EXIT_DONE;
}

/* A list may come through a pipe, so it is read until its end. */
static bool read_all(int fd, fmt_buffer *list) {
  char bytes[65536];
  ssize_t size = 0;
  while ((size = read(fd, bytes, sizeof bytes)) != 0) {
    if (size < 0 && errno != EINTR) return false;
    if (size > 0) fmt_put_bytes(list, bytes, (size_t)size);
    if (list->size > LIST_CAP_BYTES) {
      errno = EFBIG;
      return false;
    }
  }
  return true;
}

static int read_list(cli_inputs *inputs, const char *from) {
  fmt_buffer list = {0};
  const bool standard = strcmp(from, "-") == 0;
  const int fd = standard ? STDIN_FILENO : open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 || !read_all(fd, &list)) {
    message_error("--files-from", standard ? "stdin" : from, "a list of names, one a line", "cannot read: %s", strerrordesc_np(errno));
    if (fd >= 0 && !standard) (void)close(fd);
    fmt_buffer_clear(&list);
    return EXIT_USAGE;
  }
  if (!standard) (void)close(fd);
  if (list.failed) return message_memory();
  if (list.size > 0 && memchr(list.bytes, '\0', list.size) != NULL) {
    message_error("--files-from", standard ? "stdin" : from, "a list of names, one a line", "a NUL byte");
    fmt_buffer_clear(&list);
    return EXIT_USAGE;
  }
  inputs->list = list.bytes;
  int status = EXIT_DONE;
  char *rest = inputs->list;
  for (char *line = NULL; status == EXIT_DONE && (line = strsep(&rest, "\n")) != NULL;) {
    const size_t length = strlen(line);
    if (length > 0 && line[length - 1] == '\r') line[length - 1] = '\0'; /* a list made on Windows */
    if (line[0] != '\0') status = add(inputs, line);
  }
  return status;
}

int inputs_gather(cli_inputs *inputs, const cli_options *options) {
  int status = EXIT_DONE;
  memset(inputs, 0, sizeof *inputs);
  for (size_t i = 0; status == EXIT_DONE && i < options->n_operands; i++) status = add(inputs, options->operands[i]);
  if (status == EXIT_DONE && options->given[OPT_FILES_FROM]) status = read_list(inputs, options->value[OPT_FILES_FROM]);
  if (status == EXIT_DONE && inputs->n == 0) {
    message_error(NULL, NULL, "at least one file", "no input");
    status = EXIT_USAGE;
  }
  return status;
}

void inputs_clear(cli_inputs *inputs) {
  free(inputs->paths);
  free(inputs->list);
  memset(inputs, 0, sizeof *inputs);
}

int inputs_add_targets(cli_targets *targets, const cli_inputs *inputs, const cli_options *options) {
  int status = options->value[OPT_JSON] != NULL ? targets_add_output(targets, options->value[OPT_JSON]) : EXIT_DONE;
  if (status == EXIT_DONE && options->given[OPT_SIDECAR]) status = targets_add_input(targets, options->value[OPT_SIDECAR]);
  if (status == EXIT_DONE && options->given[OPT_MAP]) status = targets_add_input(targets, options->value[OPT_MAP]);
  for (size_t i = 0; status == EXIT_DONE && i < inputs->n; i++) {
    fmt_buffer sidecar = {0};
    status = targets_add_input(targets, inputs->paths[i]);
    if (status == EXIT_DONE && input_sidecar(&sidecar, inputs->paths[i]) != DSP_OK) status = message_memory();
    if (status == EXIT_DONE && sidecar.size > 0) status = targets_add_input(targets, sidecar.bytes);
    fmt_buffer_clear(&sidecar);
  }
  return status;
}

typedef struct input_run {
  const cli_inputs *inputs;
  const cli_options *options;
  const inputs_task *task;
  worker_limits limits;
  bool spoken;     /* text stands on stdout already */
  fmt_buffer json; /* for --json=FILE */
  size_t done, part, failed, unwritten, retry;
} input_run;

/* A suggestion is often on its way into the file beside the recording, which the shell has emptied by now. */
static const char *sidecar_of(const cli_options *options) {
  const char *given = options->value[OPT_SIDECAR];
  return given == NULL && options->given[OPT_SUGGEST_SIDECAR] ? "" : given;
}

static int open_one(void *context, size_t job, input_set *set) {
  const input_run *run = context;
  const char *path = run->inputs->paths[job];
  dsp_error error = {0};
  const dsp_status status = run->task->recordings ? input_open(set, path, sidecar_of(run->options), run->options->value[OPT_MAP], &error)
                                                  : input_open_file(set, path, &error);
  if (status == DSP_OK) return EXIT_DONE;
  message_failure(path, &error);
  return status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
}

static dsp_status open_companion(void *context, size_t job, const char *name, input_set *set) {
  const input_run *run = context;
  return input_open_companion(set, run->inputs->paths[job], name, NULL);
}

static int work_one(void *context, size_t job, input_set *set, worker_result *result) {
  const input_run *run = context;
  return run->task->work(run->task->context, run->inputs->paths[job], job, set, result);
}

static void count(input_run *run, int status) {
  if (status == EXIT_DONE)
    run->done++;
  else if (status == EXIT_PART)
    run->part++;
  else if (status == EXIT_OUTPUT)
    run->unwritten++;
  else if (status == EXIT_RETRY)
    run->retry++;
  else
    run->failed++;
}

void inputs_speak(const char *path, const worker_result *result, const worker_limits *limits) {
  fmt_buffer lines = {0};
  text_put_foreign(&lines, result->err.bytes != NULL ? result->err.bytes : "", result->err.size);
  if (!lines.failed) message_raw(lines.bytes, lines.size);
  fmt_buffer_clear(&lines);
  if (result->failure != WORKER_FINE) {
    char found[160];
    const char *hint = NULL;
    worker_explain(result, limits, found, &hint);
    message_hint(path, hint, "%s", found);
  } else if (result->status == EXIT_RETRY && result->err.size == 0) {
    (void)message_memory();
  }
}

static void print(const fmt_buffer *text) {
  fmt_buffer clean = {0};
  text_put_foreign(&clean, text->bytes, text->size);
  if (!clean.failed) output_write(clean.bytes, clean.size);
  fmt_buffer_clear(&clean);
}

static bool take_one(void *context, size_t job, worker_result *result) {
  input_run *run = context;
  const inputs_task *task = run->task;
  const bool json = run->options->given[OPT_JSON], to_file = run->options->value[OPT_JSON] != NULL;
  inputs_speak(run->inputs->paths[job], result, &run->limits);
  if (task->keep != NULL && (result->status == EXIT_DONE || result->status == EXIT_PART)) {
    const int kept = task->keep(task->context, job, result);
    if (kept != EXIT_DONE) result->status = kept;
  }
  const bool good = result->status == EXIT_DONE || result->status == EXIT_PART;
  if (good && result->out.size > 0 && (!json || to_file)) {
    if (task->apart && run->spoken) output_write("\n", 1);
    print(&result->out);
    run->spoken = true;
  }
  if (good && result->json.size > 0 && json && !to_file) {
    output_write(result->json.bytes, result->json.size);
    output_write("\n", 1);
  }
  if (good && result->json.size > 0 && to_file) {
    fmt_put_bytes(&run->json, result->json.bytes, result->json.size);
    fmt_put(&run->json, "\n");
  }
  count(run, result->status);
  message_progress(job + 1, run->inputs->n);
  return true;
}

static int write_json(const input_run *run) {
  dsp_error error = {0};
  if (run->json.failed) return message_memory();
  if (run->json.size == 0 || fmt_write_file(run->options->value[OPT_JSON], run->json.bytes, run->json.size, &error) == DSP_OK)
    return EXIT_DONE;
  message_failure(run->options->value[OPT_JSON], &error);
  return EXIT_OUTPUT;
}

worker_limits inputs_limits(const cli_options *options) {
  return (worker_limits){options->given[OPT_TIMEOUT] ? (unsigned)options->number[OPT_TIMEOUT] : WORKER_SECONDS,
                         options->given[OPT_MAX_MEMORY] ? (size_t)options->number[OPT_MAX_MEMORY] : WORKER_MEMORY_MIB};
}

int inputs_run(const cli_inputs *inputs, const cli_options *options, const inputs_task *task) {
  input_run run = {.inputs = inputs, .options = options, .task = task, .limits = inputs_limits(options)};
  const pool_plan plan = {.n_jobs = inputs->n,
                          .n_workers = options->given[OPT_JOBS] ? (size_t)options->number[OPT_JOBS] : 1,
                          .jobs_per_worker = 1,
                          .limits = run.limits,
                          .open = open_one,
                          .companion = open_companion,
                          .work = work_one,
                          .take = take_one,
                          .context = &run};
  int status = pool_run(&plan);
  if (status != EXIT_DONE) message_hint(NULL, "try again later", "cannot start a worker process");
  if (status == EXIT_DONE && options->value[OPT_JSON] != NULL) status = write_json(&run);
  fmt_buffer_clear(&run.json);
  if (status != EXIT_DONE) return status;
  if (run.unwritten > 0) return EXIT_OUTPUT;
  if (run.retry > 0) return EXIT_RETRY;
  if (run.failed == inputs->n) return EXIT_NONE;
  return run.failed + run.part > 0 ? EXIT_PART : EXIT_DONE;
}
