/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth check: is a file a whole and valid report? Every departure from the schema is one line on stderr. */
#include "exits.h"
#include "input.h"
#include "inputs.h"
#include "message.h"
#include "text.h"
#include "verbs.h"
#include <string.h>

/* One departure a line, to stderr and into the JSON. */
static void put_problems(fmt_buffer *json, const char *path, char *problems) {
  const char *before = "";
  for (char *line = NULL; (line = strsep(&problems, "\n")) != NULL;) {
    if (line[0] == '\0') continue;
    message_error(path, NULL, NULL, "%s", line);
    fmt_put(json, before);
    fmt_put_json_text(json, line);
    before = ", ";
  }
}

static int work(void *context, const char *path, size_t i, input_set *set, worker_result *result) {
  const bool *quiet = context;
  fmt_buffer *json = &result->json;
  fmt_source source = {0};
  fmt_buffer problems = {0};
  dsp_error error = {0};
  (void)i;
  dsp_status status = input_source(&source, set, &error);
  if (status == DSP_OK) status = fmt_check_report(&problems, &source, &error);
  fmt_source_clear(&source);
  int exit_status = status == DSP_OK ? problems.size > 0 ? EXIT_PART : EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
  if (status == DSP_OK) {
    fmt_put(json, "{\"schema\": \"pleth-check/1\", \"name\": ");
    fmt_put_json_text(json, input_base(path));
    fmt_printf(json, ", \"valid\": %s, \"problems\": [", problems.size > 0 ? "false" : "true");
    put_problems(json, path, problems.bytes);
    fmt_put(json, "]}");
  } else {
    message_failure(path, &error);
  }
  if (exit_status == EXIT_DONE && !*quiet) {
    text_put_clean(&result->out, path);
    fmt_put(&result->out, ": valid\n");
  }
  fmt_buffer_clear(&problems);
  return exit_status;
}

int verb_check(const cli_options *options) {
  cli_inputs inputs = {0};
  cli_targets targets = {0};
  bool quiet = options->given[OPT_QUIET];
  int status = inputs_gather(&inputs, options);
  if (status == EXIT_DONE) status = inputs_add_targets(&targets, &inputs, options);
  if (status == EXIT_DONE) status = targets_check(&targets);
  if (status == EXIT_DONE) status = inputs_run(&inputs, options, &(inputs_task){false, false, work, NULL, &quiet});
  targets_clear(&targets);
  inputs_clear(&inputs);
  return status;
}
