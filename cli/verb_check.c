/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth check: is a file a whole and valid report? Every departure from the schema is one line on stderr. */
#include "exits.h"
#include "input.h"
#include "message.h"
#include "output.h"
#include "text.h"
#include "verbs.h"
#include <string.h>

static void say_problems(const char *path, char *problems) {
  for (char *line = NULL; (line = strsep(&problems, "\n")) != NULL;)
    if (line[0] != '\0') message_error(path, NULL, NULL, "%s", line);
}

static int check_one(const char *path, bool quiet) {
  fmt_source source = {0};
  fmt_buffer problems = {0}, line = {0};
  dsp_error error = {0};
  dsp_status status = input_source(&source, path, FMT_CAP_FILE_BYTES, &error);
  if (status == DSP_OK) status = fmt_check_report(&problems, &source, &error);
  fmt_source_clear(&source);
  int result = status == DSP_OK ? problems.size > 0 ? EXIT_PART : EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
  if (status != DSP_OK) message_failure(path, &error);
  if (result == EXIT_PART) say_problems(path, problems.bytes);
  if (result == EXIT_DONE && !quiet) {
    text_put_clean(&line, path);
    fmt_put(&line, ": valid\n");
    output_write(line.bytes, line.size);
  }
  fmt_buffer_clear(&problems);
  fmt_buffer_clear(&line);
  return result;
}

int verb_check(const cli_options *options) {
  size_t valid = 0, unreadable = 0;
  for (size_t i = 0; i < options->n_operands; i++) {
    const int result = check_one(options->operands[i], options->given[OPT_QUIET]);
    if (result == EXIT_RETRY) return result;
    if (result == EXIT_DONE) valid++;
    if (result == EXIT_NONE) unreadable++;
  }
  if (unreadable == options->n_operands) return EXIT_NONE;
  return valid == options->n_operands ? EXIT_DONE : EXIT_PART;
}
