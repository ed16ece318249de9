/* SPDX-License-Identifier: GPL-3.0-or-later
 * Effective parameters: every table that a verb needs, with the --set options applied. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "options.h"
#include <dsp/params.h>
#include <dsp/phantom.h>

typedef struct cli_settings {
  const dsp_param_table **tables; /**< NULL-terminated; the tables themselves are the rooms' own */
  dsp_params *params;
} cli_settings;

typedef enum settings_scope {
  SETTINGS_ANALYSIS, /**< readers and protocols */
  SETTINGS_PHANTOM,  /**< one simulator's */
  SETTINGS_ALL       /**< and simulators, as `list parameters` prints them */
} settings_scope;

/** Readers' and protocols' (and simulators') parameters. An exit status, with a message when it is not EXIT_DONE. */
int settings_new(cli_settings *settings, settings_scope scope, const cli_options *options);
/** One simulator's parameters. */
int settings_for_phantom(cli_settings *settings, const dsp_phantom *phantom, const cli_options *options);
void settings_clear(cli_settings *settings);

#endif
