/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth convert: a recording in another format. The name of the output tells which; what the format cannot hold is said. */
#include "exits.h"
#include "input.h"
#include "inputs.h"
#include "message.h"
#include "names.h"
#include "settings.h"
#include "targets.h"
#include "verbs.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { GROUPS_MAX = 256, HEAD_BYTES = 16 };

static const struct ending_row {
  const char *ending, *format;
} endings[] = {{".csv", "csv"}, {".edf", "edf"}, {".bdf", "bdf"}, {".wav", "wav"}, {"_physio.tsv.gz", "bids"}, {".tsv.gz", "bids"}};

typedef struct conversion {
  const char *target, *format;
  size_t stem; /* of the target, without its ending */
  input_options input;
  fmt_buffer own_sidecar; /* the input's: never written */
  bool quiet;
} conversion;

static bool choose_format(conversion *c) {
  const size_t n = strlen(c->target);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    const size_t length = strlen(endings[i].ending);
    if (n <= length || strcasecmp(c->target + n - length, endings[i].ending) != 0) continue;
    c->format = endings[i].format;
    c->stem = n - length;
    return true;
  }
  message_error(c->target, NULL, "a name that ends in .csv, .edf, .bdf, .wav or .tsv.gz (BIDS)", "an output of unknown format");
  return false;
}

/* The name of a part: made here, since what comes from the worker is not to be trusted with names. */
static void name_part(fmt_buffer *name, const conversion *c, fmt_part_kind kind, unsigned group) {
  static const char *const bids[FMT_PART_KINDS] = {"_physio.tsv.gz", ".pleth.json", "_physio.json", "_physioevents.tsv.gz",
                                                   "_physioevents.json"};
  const bool is_bids = strcmp(c->format, "bids") == 0;
  name->size = 0;
  if (kind == FMT_PART_MAIN && group == 0 && !is_bids) {
    fmt_put(name, c->target);
    return;
  }
  fmt_put_bytes(name, c->target, c->stem);
  if (group > 0) fmt_printf(name, "_recording-%u", group);
  fmt_put(name, is_bids ? bids[kind] : ".pleth.json");
}

static void put_u64(fmt_buffer *out, uint64_t value) {
  fmt_put_bytes(out, &value, sizeof value); /* both ends are one program on one machine */
}

/* Kind and group, size, bytes: part after part. */
static int work(void *context, const char *path, size_t i, input_set *set, worker_result *result) {
  const conversion *c = context;
  dsp_recording *recording = NULL;
  fmt_parts parts = {0};
  dsp_error error = {0};
  (void)i;
  dsp_status status = input_read(&recording, set, &c->input, &error);
  if (status == DSP_OK) status = fmt_convert(&parts, recording, c->format, &error);
  for (size_t k = 0; status == DSP_OK && k < parts.n; k++) {
    const fmt_part *part = &parts.rows[k];
    put_u64(&result->report, (uint64_t)part->kind << 32 | part->group);
    put_u64(&result->report, part->bytes.size);
    fmt_put_bytes(&result->report, part->bytes.bytes, part->bytes.size);
  }
  if (status == DSP_OK && result->report.failed) status = dsp_fail_memory(&error);
  for (char *line = parts.notes.bytes, *next = NULL; status == DSP_OK && !c->quiet && line && *line; line = next) {
    next = strchrnul(line, '\n');
    if (*next) *next++ = '\0';
    message_hint(path, "the file written differs to that extent", "%s", line);
  }
  if (status != DSP_OK) message_failure(path, &error);
  fmt_parts_clear(&parts);
  dsp_recording_free(recording);
  return status == DSP_OK ? EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : status == DSP_BAD_OPTION ? EXIT_USAGE : EXIT_NONE;
}

static int write_part(const conversion *c, fmt_part_kind kind, unsigned group, const char *bytes, size_t size) {
  fmt_buffer name = {0};
  dsp_error error = {0};
  int status = EXIT_DONE;
  name_part(&name, c, kind, group);
  if (name.failed) {
    status = message_memory();
  } else if (kind == FMT_PART_SIDECAR && c->own_sidecar.bytes && strcmp(name.bytes, c->own_sidecar.bytes) == 0) {
    message_note(name.bytes, "belongs to the input; left as it is");
  } else if (fmt_target_check(name.bytes, &error) != DSP_OK || fmt_write_file(name.bytes, bytes, size, &error) != DSP_OK) {
    message_failure(name.bytes, &error);
    status = EXIT_OUTPUT;
  } else {
    message_note(name.bytes, "written");
  }
  fmt_buffer_clear(&name);
  return status;
}

static int keep(void *context, size_t i, const worker_result *result) {
  const conversion *c = context;
  const char *p = result->report.bytes;
  size_t left = result->report.size;
  int status = EXIT_DONE;
  (void)i;
  while (status == EXIT_DONE && left >= HEAD_BYTES) {
    uint64_t head[2];
    memcpy(head, p, sizeof head);
    const unsigned kind = (unsigned)(head[0] >> 32), group = (unsigned)head[0];
    p += HEAD_BYTES;
    left -= HEAD_BYTES;
    if (kind >= FMT_PART_KINDS || group > GROUPS_MAX || head[1] > left) {
      message_error(c->target, NULL, "what the conversion makes", "an answer that makes no sense");
      return EXIT_NONE;
    }
    status = write_part(c, (fmt_part_kind)kind, group, p, (size_t)head[1]);
    p += head[1];
    left -= (size_t)head[1];
  }
  return status;
}

static int check_targets(conversion *c, const cli_inputs *inputs, const cli_options *options) {
  cli_targets targets = {0};
  fmt_buffer name = {0};
  name_part(&name, c, FMT_PART_MAIN, 0);
  int status = name.failed ? message_memory() : targets_add_output(&targets, name.bytes);
  if (status == EXIT_DONE) status = inputs_add_targets(&targets, inputs, options);
  if (status == EXIT_DONE) status = targets_check(&targets);
  fmt_buffer_clear(&name);
  targets_clear(&targets);
  return status;
}

/* Side-car of the input: given, or beside it. */
static int find_sidecar(conversion *c, const char *input, const cli_options *options) {
  if (options->given[OPT_SIDECAR])
    fmt_put(&c->own_sidecar, options->value[OPT_SIDECAR]);
  else if (input_sidecar(&c->own_sidecar, input) != DSP_OK)
    return message_memory();
  return c->own_sidecar.failed ? message_memory() : EXIT_DONE;
}

int verb_convert(const cli_options *options) {
  cli_options read = *options; /* the input is the first operand alone */
  cli_inputs inputs = {0};
  cli_settings settings = {0};
  conversion c = {.target = options->operands[1], .quiet = options->given[OPT_QUIET]};
  read.n_operands = 1;
  int status = names_check(options);
  if (status == EXIT_DONE && !choose_format(&c)) status = EXIT_USAGE;
  if (status == EXIT_DONE) status = settings_new(&settings, SETTINGS_ANALYSIS, options);
  c.input = (input_options){options->value[OPT_FORMAT], settings.params, options->given[OPT_KEEP_IDENTIFIERS]};
  if (status == EXIT_DONE) status = inputs_gather(&inputs, &read);
  if (status == EXIT_DONE) status = check_targets(&c, &inputs, &read);
  if (status == EXIT_DONE) status = find_sidecar(&c, options->operands[0], options);
  if (status == EXIT_DONE) status = inputs_run(&inputs, &read, &(inputs_task){true, false, work, keep, &c});
  fmt_buffer_clear(&c.own_sidecar);
  inputs_clear(&inputs);
  settings_clear(&settings);
  return status;
}
