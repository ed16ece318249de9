/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth report: what a person or another program reads, made from the HDF5 report alone. */
#include "exits.h"
#include "input.h"
#include "inputs.h"
#include "message.h"
#include "output.h"
#include "targets.h"
#include "verbs.h"
#include <string.h>

typedef dsp_status writer(fmt_buffer *out, const fmt_source *file, dsp_error *error);

static const struct kind_row {
  const char *name; /**< the word of --to, and the extension of the default name */
  writer *write;
} kinds[] = {{"svg", fmt_report_svg}, {"csv", fmt_report_csv}};

static const struct kind_row *find_kind(const char *name) {
  size_t i = 0;
  while (strcmp(kinds[i].name, name) != 0) i++; /* the option table lets no other word through */
  return &kinds[i];
}

typedef struct picture {
  const struct kind_row *kind;
  const char *target;
  bool standard; /* to stdout */
} picture;

static int work(void *context, const char *path, size_t i, input_set *set, worker_result *result) {
  const picture *p = context;
  fmt_source source = {0};
  dsp_error error = {0};
  (void)i;
  dsp_status status = input_source(&source, set, &error);
  if (status == DSP_OK) status = p->kind->write(&result->report, &source, &error);
  if (status == DSP_OK && result->report.failed) status = dsp_fail_memory(&error);
  fmt_source_clear(&source);
  if (status != DSP_OK) message_failure(path, &error);
  return status == DSP_OK ? EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
}

static int keep(void *context, size_t i, const worker_result *result) {
  const picture *p = context;
  dsp_error error = {0};
  (void)i;
  if (p->standard) {
    output_write(result->report.bytes, result->report.size);
  } else if (fmt_write_file(p->target, result->report.bytes, result->report.size, &error) != DSP_OK) {
    message_failure(p->target, &error);
    return EXIT_OUTPUT;
  } else {
    message_note(p->target, "written");
  }
  return EXIT_DONE;
}

static int check_target(const char *path, const char *input) {
  cli_targets targets = {0};
  int status = targets_add_output(&targets, path);
  if (status == EXIT_DONE) status = targets_add_input(&targets, input);
  if (status == EXIT_DONE) status = targets_check(&targets);
  targets_clear(&targets);
  return status;
}

int verb_report(const cli_options *options) {
  const char *input = options->operands[0];
  if (!options->given[OPT_TO]) {
    message_error("--to", NULL, "svg or csv", "option missing");
    return EXIT_USAGE;
  }
  const struct kind_row *kind = find_kind(options->value[OPT_TO]);
  fmt_buffer name = {0};
  cli_inputs inputs = {0};
  const char *base = input_base(input);
  if (options->given[OPT_OUTPUT]) {
    fmt_put(&name, options->value[OPT_OUTPUT]);
  } else {
    fmt_put_bytes(&name, base, input_stem(base));
    fmt_printf(&name, ".%s", kind->name);
  }
  const bool standard = !name.failed && strcmp(name.bytes, "-") == 0;
  int status = name.failed ? EXIT_RETRY : standard ? EXIT_DONE : check_target(name.bytes, input);
  picture job = {kind, name.bytes, standard};
  if (status == EXIT_DONE) status = inputs_gather(&inputs, options);
  if (status == EXIT_DONE) status = inputs_run(&inputs, options, &(inputs_task){false, false, work, keep, &job});
  inputs_clear(&inputs);
  fmt_buffer_clear(&name);
  return status;
}
