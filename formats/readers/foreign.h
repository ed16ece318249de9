/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files that are not read, and what to do instead. */
#ifndef READERS_FOREIGN_H
#define READERS_FOREIGN_H

#include <fmt/reader.h>

/* DSP_BAD_INPUT with the advice that helps when the bytes are certainly a format that nobody reads here; with `orphan` (no reader wants the
 * file) also when its name or weaker signs say so. Else DSP_OK. */
dsp_status foreign_refuse(const fmt_input *input, bool orphan, dsp_error *error);

#endif
