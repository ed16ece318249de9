/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where --json puts its text. */
#include "json_out.h"
#include "exits.h"
#include "message.h"
#include "output.h"

bool json_alone(const cli_options *options) {
  return options->given[OPT_JSON] && options->value[OPT_JSON] == NULL;
}

int json_check(const cli_options *options) {
  const char *path = options->value[OPT_JSON];
  dsp_error error = {0};
  if (path == NULL || fmt_target_check(path, &error) == DSP_OK) return EXIT_DONE;
  message_failure(path, &error);
  return EXIT_OUTPUT;
}

int json_write(const cli_options *options, const fmt_buffer *json) {
  const char *path = options->value[OPT_JSON];
  dsp_error error = {0};
  if (json->failed) return message_memory();
  if (json_alone(options)) output_write(json->bytes, json->size);
  if (path == NULL || fmt_write_file(path, json->bytes, json->size, &error) == DSP_OK) return EXIT_DONE;
  message_failure(path, &error);
  return EXIT_OUTPUT;
}

int json_or_text(const cli_options *options, fmt_buffer *text) {
  int status = text->failed ? message_memory() : EXIT_DONE;
  if (status == EXIT_DONE && options->given[OPT_JSON])
    status = json_write(options, text);
  else if (status == EXIT_DONE)
    output_write(text->bytes, text->size);
  fmt_buffer_clear(text);
  return status;
}
