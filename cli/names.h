/* SPDX-License-Identifier: GPL-3.0-or-later
 * Ids that the user gives: known, or refused with the nearest one. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include "options.h"

/** Check --format, --protocol and --guideline. EXIT_DONE, or EXIT_USAGE with a message. */
int names_check(const cli_options *options);
/** A protocol's id that stands elsewhere: at `where`. EXIT_DONE, or EXIT_USAGE with a message. */
int names_check_protocol(const char *where, const char *id);
/** An unknown id: say so under `where`, with the nearest of `known` (NULL-terminated) or all of them. Returns EXIT_USAGE. */
int names_unknown(const char *where, const char *id, const char *const *known);

#endif
