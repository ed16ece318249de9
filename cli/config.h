/* SPDX-License-Identifier: GPL-3.0-or-later
 * Configuration in layers: the system's file, the user's, the project's (pleth.json in the current folder), the command line; later ones
 * win. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "options.h"

/** Add what configuration files say to what the command line says. An exit status, with its message said. */
int config_apply(cli_options *options, uint64_t taken);

#endif
