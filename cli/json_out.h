/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where --json puts its text: alone on stdout, or into a file. */
#ifndef CLI_JSON_OUT_H
#define CLI_JSON_OUT_H

#include "options.h"
#include <fmt/writer.h>
#include <stdbool.h>

/** JSON has stdout for itself. */
bool json_alone(const cli_options *options);
/** Before any work: may the file be written? An exit status, with its message said. */
int json_check(const cli_options *options);
/** Put it there; nothing without --json. An exit status. */
int json_write(const cli_options *options, const fmt_buffer *json);
/** Text that is JSON where --json is given and for people otherwise goes where it belongs; it is cleared. An exit status. */
int json_or_text(const cli_options *options, fmt_buffer *text);

#endif
