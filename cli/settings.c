/* SPDX-License-Identifier: GPL-3.0-or-later
 * Effective parameters, checked before any work is done. */
#include "settings.h"
#include "exits.h"
#include "message.h"
#include <dsp/memory.h>
#include <dsp/protocol.h>
#include <fmt/reader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NAME=VALUE; the name is looked up by the library, which also knows the nearest one. */
static int apply(dsp_params *params, const char *text) {
  const char *equals = strchr(text, '=');
  char name[160];
  if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof name) {
    message_error("--set", NULL, "NAME=VALUE", "%s", text);
    return EXIT_USAGE;
  }
  memcpy(name, text, (size_t)(equals - text));
  name[equals - text] = '\0';
  dsp_error error = {0};
  if (dsp_params_set(params, name, equals + 1, &error) == DSP_OK) return EXIT_DONE;
  message_failure(NULL, &error);
  return EXIT_USAGE;
}

static bool known(const dsp_params *params, const char *name) {
  const dsp_param_row *row = NULL;
  for (size_t i = 0; (row = dsp_params_row(params, i, NULL, NULL)) != NULL; i++)
    if (strcmp(row->id, name) == 0) return true;
  return false;
}

/* A parameter from a configuration file; those of simulators and those of analyses are not asked of each other. */
static int apply_configured(dsp_params *params, const option_origin *from, settings_scope scope) {
  dsp_error error = {0};
  const bool simulator = strncmp(from->name, "sim.", 4) == 0;
  if (scope != SETTINGS_ALL && simulator != (scope == SETTINGS_PHANTOM)) return EXIT_DONE;
  if (dsp_params_set(params, from->name, from->text, &error) == DSP_OK) return EXIT_DONE;
  if (scope == SETTINGS_PHANTOM && !known(params, from->name)) return EXIT_DONE; /* another simulator's */
  message_failure(from->path, &error);
  return EXIT_USAGE;
}

static int finish(cli_settings *settings, settings_scope scope, const cli_options *options) {
  settings->params = dsp_params_new(settings->tables);
  int status = settings->params != NULL ? EXIT_DONE : message_memory();
  for (size_t i = 0; status == EXIT_DONE && i < options->n_sets; i++) {
    const bool configured = options->set_origins != NULL && options->set_origins[i].path != NULL;
    status = configured ? apply_configured(settings->params, &options->set_origins[i], scope) : apply(settings->params, options->sets[i]);
  }
  if (status != EXIT_DONE) settings_clear(settings);
  return status;
}

static int make_room(cli_settings *settings, size_t n) {
  memset(settings, 0, sizeof *settings);
  settings->tables = dsp_zalloc(n + 1, sizeof *settings->tables);
  return settings->tables != NULL ? EXIT_DONE : message_memory();
}

int settings_new(cli_settings *settings, settings_scope scope, const cli_options *options) {
  size_t n = 0;
  for (const fmt_reader *const *reader = fmt_readers; *reader != NULL; reader++) n++;
  for (const dsp_protocol *const *protocol = dsp_protocols; *protocol != NULL; protocol++) n++;
  for (const dsp_phantom *const *phantom = dsp_phantoms; *phantom != NULL; phantom++) n++;
  if (make_room(settings, n) != EXIT_DONE) return EXIT_RETRY;
  n = 0;
  for (const fmt_reader *const *reader = fmt_readers; *reader != NULL; reader++) settings->tables[n++] = &(*reader)->params;
  for (const dsp_protocol *const *protocol = dsp_protocols; *protocol != NULL; protocol++) settings->tables[n++] = &(*protocol)->params;
  for (const dsp_phantom *const *phantom = dsp_phantoms; scope == SETTINGS_ALL && *phantom != NULL; phantom++)
    settings->tables[n++] = &(*phantom)->params;
  return finish(settings, scope, options);
}

int settings_for_phantom(cli_settings *settings, const dsp_phantom *phantom, const cli_options *options) {
  if (make_room(settings, 1) != EXIT_DONE) return EXIT_RETRY;
  settings->tables[0] = &phantom->params;
  return finish(settings, SETTINGS_PHANTOM, options);
}

void settings_clear(cli_settings *settings) {
  dsp_params_free(settings->params);
  free(settings->tables);
  memset(settings, 0, sizeof *settings);
}
