/* SPDX-License-Identifier: GPL-3.0-or-later
 * Ids that the user gives, checked before any work. */
#include "names.h"
#include "exits.h"
#include "message.h"
#include "text.h"
#include <dsp/guideline.h>
#include <dsp/protocol.h>
#include <fmt/reader.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 64 /* ids that a message chooses from or lists */

int names_unknown(const char *where, const char *id, const char *const *known) {
  char all[400] = "one of";
  const char *nearest = text_nearest(id, known);
  if (nearest != NULL) {
    (void)snprintf(all, sizeof all, "did you mean %s?", nearest);
    message_hint(where, all, "%s is not known", id);
    return EXIT_USAGE;
  }
  size_t at = strlen(all);
  for (size_t i = 0; known[i] != NULL && at < sizeof all; i++) {
    const int n = snprintf(all + at, sizeof all - at, " %s", known[i]);
    at += n > 0 ? (size_t)n : sizeof all;
  }
  message_error(where, NULL, all, "%s is not known", id);
  return EXIT_USAGE;
}

static int check_format(const char *id) {
  const char *known[SHOWN_MAX + 1];
  size_t n = 0;
  if (id == NULL || fmt_reader_find(id) != NULL) return EXIT_DONE;
  for (size_t i = 0; fmt_readers[i] != NULL && n < SHOWN_MAX; i++) known[n++] = fmt_readers[i]->id;
  known[n] = NULL;
  return names_unknown("--format", id, known);
}

int names_check_protocol(const char *where, const char *id) {
  const char *known[SHOWN_MAX + 1];
  size_t n = 0;
  if (id == NULL || dsp_protocol_find(id) != NULL) return EXIT_DONE;
  for (size_t i = 0; dsp_protocols[i] != NULL && n < SHOWN_MAX; i++) known[n++] = dsp_protocols[i]->id;
  known[n] = NULL;
  return names_unknown(where, id, known);
}

static int check_guideline(const char *id) {
  const char *known[SHOWN_MAX + 1];
  size_t n = 0;
  if (id == NULL || dsp_guideline_known(id)) return EXIT_DONE;
  const dsp_guideline_row *row = NULL;
  for (size_t i = 0; (row = dsp_guideline_at(i)) != NULL && n < SHOWN_MAX; i++) {
    size_t j = 0;
    while (j < n && strcmp(known[j], row->guideline) != 0) j++;
    if (j == n) known[n++] = row->guideline;
  }
  known[n] = NULL;
  return names_unknown("--guideline", id, known);
}

int names_check(const cli_options *options) {
  int status = check_format(options->value[OPT_FORMAT]);
  if (status == EXIT_DONE) status = names_check_protocol("--protocol", options->value[OPT_PROTOCOL]);
  return status == EXIT_DONE ? check_guideline(options->value[OPT_GUIDELINE]) : status;
}
