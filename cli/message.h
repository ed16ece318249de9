/* SPDX-License-Identifier: GPL-3.0-or-later
 * Everything that is not data goes to stderr through this file, one line a message: `pleth VERB: file: place: found; expected`. */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <dsp/status.h>
#include <fmt/writer.h>
#include <stdbool.h>

/** Whom the lines are from, and how many are wanted. `verb` may be NULL. */
void message_begin(const char *verb, bool verbose, bool progress);

/** From now on into `into`, which must stay; NULL: stderr again. */
void message_capture(fmt_buffer *into);

/** An error. `file`, `place` and `expected` (a noun phrase) may be NULL or "". */
void message_error(const char *file, const char *place, const char *expected, const char *found, ...) DSP_PRINTF(4, 5);
/** An error after which `hint` says what to do. */
void message_hint(const char *file, const char *hint, const char *found, ...) DSP_PRINTF(3, 4);
/** The memory is used up: says so, and returns EXIT_RETRY. */
int message_memory(void);
/** A library's error about `file`. */
void message_failure(const char *file, const dsp_error *error);
/** Shown with --verbose only. */
void message_note(const char *file, const char *text);
/** Lines that are not a message: usage on misuse, and what a worker wrote to its own stderr. */
void message_raw(const char *bytes, size_t size);
/** A line about the moment; while it is `open`, the next output draws over it. */
void message_transient(const char *line, bool open);
/** Shall progress be shown? */
bool message_wants_progress(void);
/** How far we are; on a terminal or on demand only. `done` == `total` clears the line. */
void message_progress(size_t done, size_t total);

#endif
