/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth analyze: read, run the protocol, write the report, print the table. */
#include "analysis.h"
#include "analyze_table.h"
#include "exits.h"
#include "input.h"
#include "inputs.h"
#include "message.h"
#include "names.h"
#include "output.h"
#include "settings.h"
#include "targets.h"
#include "verbs.h"
#include <dsp/memory.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct analysis_job {
  const cli_options *options;
  const dsp_params *params;
  input_options input;
  fmt_write_options write;
  table_style table;
  fmt_buffer *targets; /* one name an input */
  size_t n_targets;
} analysis_job;

/* FOLDER/STEM.pleth.h5, or the name that was given for the only input. */
static void name_target(fmt_buffer *name, const cli_inputs *inputs, size_t i, const char *output) {
  const char *base = input_base(inputs->paths[i]);
  if (output != NULL) fmt_put(name, output);
  if (output != NULL && inputs->n == 1) return;
  if (output != NULL && name->size > 0 && name->bytes[name->size - 1] != '/') fmt_put(name, "/");
  fmt_put_bytes(name, base, input_stem(base));
  fmt_put(name, ".pleth.h5");
}

static int check_folder(const char *output) {
  struct stat facts;
  if (output == NULL || (stat(output, &facts) == 0 && S_ISDIR(facts.st_mode))) return EXIT_DONE;
  message_error("--output", output, "a folder that exists, since there are several inputs", "not a folder");
  return EXIT_USAGE;
}

/* Every target is known, legal and its own before the first input is opened. */
static int plan_targets(analysis_job *analysis, const cli_inputs *inputs) {
  const char *output = analysis->options->value[OPT_OUTPUT];
  cli_targets targets = {0};
  int status = inputs->n > 1 ? check_folder(output) : EXIT_DONE;
  if (status != EXIT_DONE) return status;
  analysis->targets = dsp_zalloc(inputs->n, sizeof *analysis->targets);
  if (analysis->targets == NULL) return message_memory();
  analysis->n_targets = inputs->n;
  for (size_t i = 0; status == EXIT_DONE && i < inputs->n; i++) {
    name_target(&analysis->targets[i], inputs, i, output);
    status = analysis->targets[i].failed ? message_memory() : targets_add_output(&targets, analysis->targets[i].bytes);
  }
  if (status == EXIT_DONE) status = inputs_add_targets(&targets, inputs, analysis->options);
  if (status == EXIT_DONE) status = targets_check(&targets);
  targets_clear(&targets);
  return status;
}

static int work(void *context, const char *path, size_t i, input_set *set, worker_result *result) {
  const analysis_job *analysis = context;
  const cli_options *options = analysis->options;
  dsp_report *report = NULL;
  dsp_error error = {0};
  dsp_recording *recording = NULL;
  dsp_status status = input_read(&recording, set, &analysis->input, &error);
  if (status == DSP_OK)
    status = analysis_report(&report, recording, options->value[OPT_PROTOCOL], options->value[OPT_GUIDELINE], analysis->params, &error);
  if (status == DSP_OK && options->given[OPT_JSON]) status = fmt_report_json(&result->json, report, &analysis->write, &error);
  if (status == DSP_OK) status = fmt_report_hdf5(&result->report, report, &analysis->write, &error);
  int exit_status = status == DSP_OK ? EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
  if (status != DSP_OK) message_failure(path, &error);
  if (status == DSP_OK && !options->given[OPT_QUIET])
    analyze_table_put(&result->out, report, path, analysis->targets[i].bytes, &analysis->table);
  if (status == DSP_OK && options->given[OPT_STRICT] && !dsp_report_all_valid(report)) {
    message_error(path, NULL, "valid measures (--strict)", "a measure without a valid value");
    exit_status = EXIT_PART;
  }
  dsp_report_free(report);
  dsp_recording_free(recording);
  return exit_status;
}

static int keep(void *context, size_t i, const worker_result *result) {
  const analysis_job *analysis = context;
  const char *target = analysis->targets[i].bytes;
  dsp_error error = {0};
  if (fmt_write_file(target, result->report.bytes, result->report.size, &error) == DSP_OK) return EXIT_DONE;
  message_failure(target, &error);
  return EXIT_OUTPUT;
}

int verb_analyze(const cli_options *options) {
  cli_inputs inputs = {0};
  cli_settings settings = {0};
  analysis_job analysis = {.options = options, .write = {.no_name = options->given[OPT_NO_NAME]}};
  analysis.table = (table_style){options->given[OPT_VERBOSE], output_colour(options->given[OPT_NO_COLOR])};
  int status = names_check(options);
  if (status == EXIT_DONE) status = targets_need_file(options->value[OPT_OUTPUT]);
  if (status == EXIT_DONE) status = settings_new(&settings, SETTINGS_ANALYSIS, options);
  analysis.params = settings.params;
  analysis.input = (input_options){options->value[OPT_FORMAT], settings.params, options->given[OPT_KEEP_IDENTIFIERS]};
  if (status == EXIT_DONE) status = inputs_gather(&inputs, options);
  if (status == EXIT_DONE) status = plan_targets(&analysis, &inputs);
  if (status == EXIT_DONE) status = inputs_run(&inputs, options, &(inputs_task){true, true, work, keep, &analysis});
  for (size_t i = 0; i < analysis.n_targets; i++) fmt_buffer_clear(&analysis.targets[i]);
  free(analysis.targets);
  inputs_clear(&inputs);
  settings_clear(&settings);
  return status;
}
