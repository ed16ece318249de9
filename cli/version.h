/* SPDX-License-Identifier: GPL-3.0-or-later
 * What this program was made of, to paste into a report of a fault. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#include <fmt/writer.h>
#include <stdbool.h>

void version_put(fmt_buffer *out, bool verbose);

#endif
