/* SPDX-License-Identifier: GPL-3.0-or-later
 * The only place that writes to stderr. Stdout is flushed first, so that both read in the right order in a terminal or a log. */
#include "message.h"
#include "exits.h"
#include "output.h"
#include "text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct {
  const char *verb;
  bool verbose, progress, line_open;
  fmt_buffer *captured; /* NULL: stderr */
} state;

void message_begin(const char *verb, bool verbose, bool progress) {
  state.verb = verb;
  state.verbose = verbose;
  state.progress = progress;
}

void message_capture(fmt_buffer *into) {
  state.captured = into;
}

/* stderr that cannot be written to leaves nobody to tell. */
static void emit(const char *bytes, size_t size) {
  if (state.captured != NULL) {
    fmt_put_bytes(state.captured, bytes, size);
    return;
  }
  output_flush();
  if (state.line_open) (void)fputs("\r\033[K", stderr);
  state.line_open = false;
  (void)fwrite(bytes, 1, size, stderr);
  (void)fflush(stderr);
}

static const char short_of_memory[] = "out of memory; close other programs or try again later";

static void say(const char *file, const char *place, const char *found, const char *link, const char *more) {
  const char *const parts[] = {state.verb, file, place, found};
  fmt_buffer line = {0};
  fmt_put(&line, "pleth");
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (parts[i] == NULL || parts[i][0] == '\0') continue;
    fmt_put(&line, i == 0 ? " " : ": ");
    text_put_clean(&line, parts[i]);
  }
  if (more != NULL && more[0] != '\0') {
    fmt_put(&line, link);
    text_put_clean(&line, more);
  }
  fmt_put(&line, "\n");
  if (line.failed)
    emit(short_of_memory, sizeof short_of_memory - 1);
  else
    emit(line.bytes, line.size);
  fmt_buffer_clear(&line);
}

#define FOUND_BYTES 1024

void message_error(const char *file, const char *place, const char *expected, const char *found, ...) {
  char text[FOUND_BYTES];
  va_list args;
  va_start(args, found);
  (void)vsnprintf(text, sizeof text, found, args);
  va_end(args);
  say(file, place, text, "; expected ", expected);
}

void message_hint(const char *file, const char *hint, const char *found, ...) {
  char text[FOUND_BYTES];
  va_list args;
  va_start(args, found);
  (void)vsnprintf(text, sizeof text, found, args);
  va_end(args);
  say(file, NULL, text, "; ", hint);
}

int message_memory(void) {
  say(NULL, NULL, short_of_memory, "", NULL);
  return EXIT_RETRY;
}

void message_failure(const char *file, const dsp_error *error) {
  say(file, error->place, error->found[0] != '\0' ? error->found : dsp_status_text(error->status), "; expected ", error->expected);
}

void message_note(const char *file, const char *text) {
  if (state.verbose) say(file, NULL, text, "", NULL);
}

void message_raw(const char *bytes, size_t size) {
  if (size > 0) emit(bytes, size);
}

void message_transient(const char *line, bool open) {
  emit(line, strlen(line));
  state.line_open = open;
}

bool message_wants_progress(void) {
  return state.progress;
}

void message_progress(size_t done, size_t total) {
  char line[64] = "";
  if (!state.progress || total < 2) return;
  const int size = done < total ? snprintf(line, sizeof line, "%zu of %zu", done, total) : 0;
  emit(line, (size_t)size);
  state.line_open = done < total;
}
