/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth simulate: a recording whose truth is known, as CSV or WAV with its side-car, and the truth as JSON. */
#include "exits.h"
#include "input.h"
#include "message.h"
#include "names.h"
#include "settings.h"
#include "targets.h"
#include "verbs.h"
#include <dsp/phantom.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_SEED 1

enum { RECORDING, SIDECAR, TRUTH, FILES };

typedef struct sim_files {
  fmt_buffer name[FILES], bytes[FILES]; /* no name: not wanted */
} sim_files;

static void clear(sim_files *files) {
  for (size_t i = 0; i < FILES; i++) {
    fmt_buffer_clear(&files->name[i]);
    fmt_buffer_clear(&files->bytes[i]);
  }
}

/* The three names, and whether each may be written. */
static int choose_names(sim_files *files, const cli_options *options) {
  const char *path = options->value[OPT_OUTPUT], *base = input_base(path);
  cli_targets targets = {0};
  fmt_put(&files->name[RECORDING], path);
  fmt_put_bytes(&files->name[SIDECAR], path, (size_t)(base - path) + input_stem(base));
  fmt_put(&files->name[SIDECAR], ".pleth.json");
  if (options->given[OPT_TRUTH]) fmt_put(&files->name[TRUTH], options->value[OPT_TRUTH]);
  int status = EXIT_DONE;
  for (size_t i = 0; status == EXIT_DONE && i < FILES; i++) {
    if (files->name[i].failed)
      status = message_memory();
    else if (files->name[i].size > 0)
      status = targets_add_output(&targets, files->name[i].bytes);
  }
  if (status == EXIT_DONE) status = targets_check(&targets);
  targets_clear(&targets);
  return status;
}

static bool wants_wav(const char *path) {
  const char *base = input_base(path);
  return strcasecmp(base + input_stem(base), ".wav") == 0;
}

/* The extension chooses the format, so that nothing lies in a file of another's name. */
static int check_extension(const char *path) {
  const char *base = input_base(path), *extension = base + input_stem(base);
  if (wants_wav(path) || strcasecmp(extension, ".csv") == 0) return EXIT_DONE;
  message_error("--output", path, "a name that ends in .csv or .wav", "%s", extension[0] ? extension : "no extension");
  return EXIT_USAGE;
}

static dsp_status put_recording(fmt_buffer *out, const dsp_recording *recording, const cli_options *options, dsp_error *error) {
  fmt_csv_style style = {0};
  if (options->given[OPT_DECIMAL_COMMA]) style = (fmt_csv_style){.delimiter = ';', .decimal_comma = true};
  if (wants_wav(options->value[OPT_OUTPUT])) return fmt_recording_wav(out, recording, false, error);
  if (recording->audio.n_channels > 0) return dsp_fail(error, DSP_BAD_OPTION, "", "a name that ends in .wav", "audio in a table");
  return fmt_recording_csv(out, recording, &style, error);
}

static int make(sim_files *files, const dsp_phantom *phantom, const cli_settings *settings, const cli_options *options) {
  const uint64_t seed = options->given[OPT_SEED] ? options->number[OPT_SEED] : DEFAULT_SEED;
  dsp_recording *recording = NULL;
  dsp_truth *truth = NULL;
  dsp_error error = {0};
  dsp_status status = phantom->make(dsp_params_values(settings->params, &phantom->params), seed, &recording, &truth, &error);
  if (status == DSP_OK) status = put_recording(&files->bytes[RECORDING], recording, options, &error);
  if (status == DSP_OK) status = fmt_recording_sidecar(&files->bytes[SIDECAR], recording, &error);
  if (status == DSP_OK && files->name[TRUTH].size > 0) status = fmt_truth_json(&files->bytes[TRUTH], truth, settings->params, seed, &error);
  for (size_t i = 0; status == DSP_OK && i < FILES; i++)
    if (files->bytes[i].failed) status = dsp_fail_memory(&error);
  if (status != DSP_OK) message_failure(phantom->id, &error);
  dsp_truth_free(truth);
  dsp_recording_free(recording);
  return status == DSP_OK ? EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_USAGE;
}

static int write_out(const sim_files *files) {
  for (size_t i = 0; i < FILES; i++) {
    dsp_error error = {0};
    if (files->name[i].size == 0) continue;
    if (fmt_write_file(files->name[i].bytes, files->bytes[i].bytes, files->bytes[i].size, &error) != DSP_OK) {
      message_failure(files->name[i].bytes, &error);
      return EXIT_OUTPUT;
    }
    message_note(files->name[i].bytes, "written");
  }
  return EXIT_DONE;
}

static int unknown_phantom(const char *id) {
  const char *known[65];
  size_t n = 0;
  while (n < 64 && dsp_phantoms[n] != NULL) {
    known[n] = dsp_phantoms[n]->id;
    n++;
  }
  known[n] = NULL;
  return names_unknown("simulator", id, known);
}

int verb_simulate(const cli_options *options) {
  const dsp_phantom *phantom = dsp_phantom_find(options->operands[0]);
  if (phantom == NULL) return unknown_phantom(options->operands[0]);
  if (!options->given[OPT_OUTPUT]) {
    message_error("--output", NULL, "-o FILE", "option missing");
    return EXIT_USAGE;
  }
  cli_settings settings = {0};
  sim_files files = {0};
  int status = targets_need_file(options->value[OPT_OUTPUT]);
  if (status == EXIT_DONE) status = settings_for_phantom(&settings, phantom, options);
  if (status == EXIT_DONE) status = choose_names(&files, options);
  if (status == EXIT_DONE) status = check_extension(options->value[OPT_OUTPUT]);
  if (status == EXIT_DONE) status = make(&files, phantom, &settings, options);
  if (status == EXIT_DONE) status = write_out(&files);
  clear(&files);
  settings_clear(&settings);
  return status;
}
