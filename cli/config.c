/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where configuration files lie: as the XDG Base Directory Specification has it, and in the project's folder. */
#include "config.h"
#include "exits.h"
#include "input.h"
#include "message.h"
#include <dsp/memory.h>
#include <fmt/config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LAYERS = OPTIONS_LAYERS, CONFIG_CAP_BYTES = 1 << 20 };

/* The file of layer `i`, weakest first; "" when there is no place for it. */
static void name_layer(char *path, size_t size, size_t i) {
  const char *home = getenv("HOME"), *user = getenv("XDG_CONFIG_HOME"), *system = getenv("XDG_CONFIG_DIRS");
  path[0] = '\0';
  if (system == NULL || system[0] == '\0') system = "/etc/xdg";
  if (i == 0) (void)snprintf(path, size, "%.*s/pleth/config.json", (int)strcspn(system, ":"), system);
  if (i == 1 && user != NULL && user[0] != '\0')
    (void)snprintf(path, size, "%s/pleth/config.json", user);
  else if (i == 1 && home != NULL && home[0] != '\0')
    (void)snprintf(path, size, "%s/.config/pleth/config.json", home);
  if (i == 2) (void)snprintf(path, size, "pleth.json");
}

static int read_layer(fmt_config *config, const char *path) {
  input_set set = {0};
  fmt_source source = {0};
  dsp_error error = {0};
  if (path[0] == '\0' || access(path, F_OK) != 0) return EXIT_DONE;
  dsp_status status = input_open_file(&set, path, &error);
  if (status == DSP_OK) status = fmt_source_read(&source, set.files[0].fd, CONFIG_CAP_BYTES, 0, &error);
  if (status == DSP_OK) status = fmt_config_read(config, &source, &error);
  if (status != DSP_OK) message_failure(path, &error);
  fmt_source_clear(&source);
  input_close(&set);
  return status == DSP_OK ? EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_USAGE;
}

/* Parameters go before those of the command line, the weakest layer first. */
static int add_sets(cli_options *options) {
  size_t n = options->n_sets, capacity = 0;
  for (size_t i = 0; i < LAYERS; i++) n += options->layers[i].n;
  const char **sets = NULL;
  option_origin *origins = NULL;
  if (dsp_grow(&sets, &capacity, n + 1, sizeof *sets) != DSP_OK || (origins = dsp_zalloc(n + 1, sizeof *origins)) == NULL) {
    free(sets);
    return message_memory();
  }
  n = 0;
  for (size_t i = 0; i < LAYERS; i++)
    for (size_t k = 0; k < options->layers[i].n; k++) {
      const fmt_config_row *row = &options->layers[i].rows[k];
      if (!row->parameter) continue;
      origins[n] = (option_origin){options->layer_paths[i], row->name, row->text};
      sets[n++] = row->name;
    }
  for (size_t k = 0; k < options->n_sets; k++) sets[n++] = options->sets[k];
  free(options->sets);
  options->sets = sets;
  options->set_origins = origins;
  options->n_sets = n;
  options->sets_capacity = capacity;
  return EXIT_DONE;
}

int config_apply(cli_options *options, uint64_t taken) {
  int status = EXIT_DONE;
  for (size_t i = 0; status == EXIT_DONE && i < LAYERS; i++) {
    name_layer(options->layer_paths[i], sizeof options->layer_paths[i], i);
    status = read_layer(&options->layers[i], options->layer_paths[i]);
  }
  for (size_t given = 0; status == EXIT_DONE && given < LAYERS; given++) { /* the strongest first: what is given stays */
    const size_t i = LAYERS - 1 - given;
    for (size_t k = 0; status == EXIT_DONE && k < options->layers[i].n; k++) {
      const fmt_config_row *row = &options->layers[i].rows[k];
      if (!row->parameter) status = options_default(options, taken, row->name, row->text, options->layer_paths[i]);
    }
  }
  return status == EXIT_DONE ? add_sets(options) : status;
}
