/* SPDX-License-Identifier: GPL-3.0-or-later
 * The option table and its reader: GNU habits (operands anywhere, `--`, --name=value, -oVALUE, bundled letters), no abbreviations. */
#include "options.h"
#include "exits.h"
#include "message.h"
#include "text.h"
#include <dsp/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum argument { ARG_NONE, ARG_TEXT, ARG_OPTIONAL, ARG_WORD, ARG_NUMBER } argument;

typedef struct option_row {
  char letter; /**< 0 none */
  const char *name;
  argument argument;
  const char *spec;  /**< its argument in the help; for words the words */
  uint64_t min, max; /**< of numbers */
  const char *help;
} option_row;

static const option_row rows[OPT_COUNT] = {
    [OPT_OUTPUT] = {'o', "output", ARG_TEXT, "FILE", 0, 0,
                    "where the output goes (batch, merge, analyze of several inputs: a folder; report: - is stdout)"},
    [OPT_SIDECAR] = {0, "sidecar", ARG_TEXT, "FILE", 0, 0,
                     "side-car with what the recording does not carry (default: STEM.pleth.json beside it)"},
    [OPT_MAP] = {0, "map", ARG_TEXT, "FILE", 0, 0,
                 "side-car that speaks for all exports of one machine; a recording's own side-car goes over it"},
    [OPT_SUGGEST_SIDECAR] = {0, "suggest-sidecar", ARG_NONE, "", 0, 0,
                             "print a side-car to complete instead: what the file says, nothing else"},
    [OPT_PROTOCOL] = {0, "protocol", ARG_TEXT, "ID", 0, 0, "protocol to run (pleth list protocols); default: the side-car's"},
    [OPT_FORMAT] = {0, "format", ARG_TEXT, "ID", 0, 0,
                    "read the input as this format (pleth list readers) instead of looking at its bytes"},
    [OPT_GUIDELINE] = {0, "guideline", ARG_TEXT, "ID", 0, 0, "grade by this guideline (pleth list guidelines)"},
    [OPT_SET] = {0, "set", ARG_TEXT, "NAME=VALUE", 0, 0, "set a parameter (pleth list parameters); may be repeated"},
    [OPT_JSON] = {0, "json", ARG_OPTIONAL, "[=FILE]", 0, 0, "JSON alone on stdout, one object a line; or into FILE"},
    [OPT_TO] = {0, "to", ARG_WORD, "svg|csv", 0, 0, "kind of output: the picture, or the conditioned trace"},
    [OPT_TRUTH] = {0, "truth", ARG_TEXT, "FILE", 0, 0, "write the true values and times as JSON"},
    [OPT_SEED] = {0, "seed", ARG_NUMBER, "N", 0, UINT64_MAX, "seed of the noise (default 1); the same seed gives the same bytes"},
    [OPT_DECIMAL_COMMA] = {0, "decimal-comma", ARG_NONE, "", 0, 0, "write 1,5 and semicolons instead of 1.5 and commas"},
    [OPT_STRICT] = {0, "strict", ARG_NONE, "", 0, 0, "a measure without a valid value makes the exit status 1"},
    [OPT_NO_NAME] = {0, "no-name", ARG_NONE, "", 0, 0, "leave the file's name and free labels out of the report"},
    [OPT_KEEP_IDENTIFIERS] = {0, "keep-identifiers", ARG_NONE, "", 0, 0,
                              "keep names and dates of patients that a file carries (tables of text carry none)"},
    [OPT_FILES_FROM] = {0, "files-from", ARG_TEXT, "FILE", 0, 0, "read more input names from FILE, one a line; - is stdin"},
    [OPT_MANIFEST] = {0, "manifest", ARG_TEXT, "FILE", 0, 0,
                      "take the recordings of this table, too: columns recording, and if wanted sidecar, protocol, sha256"},
    [OPT_JOBS] = {'j', "jobs", ARG_NUMBER, "N", 1, 1024,
                  "worker processes for several inputs (default 1; batch: one a processor); the results do not depend on it"},
    [OPT_INCLUDE] = {0, "include", ARG_TEXT, "PATTERN", 0, 0,
                     "below folders take what matches, by name or path (default: what readers know by extension); may be repeated"},
    [OPT_EXCLUDE] = {0, "exclude", ARG_TEXT, "PATTERN", 0, 0, "leave out files and folders that match; may be repeated"},
    [OPT_SHARD] = {0, "shard", ARG_TEXT, "k/N", 0, 0,
                   "do the k-th of N parts, then what others have left; auto: from Slurm's array variables"},
    [OPT_LEASE] = {0, "lease", ARG_NUMBER, "SECONDS", 1, 86400, "take over the work of a shard that was silent for so long (default 60)"},
    [OPT_NO_STEAL] = {0, "no-steal", ARG_NONE, "", 0, 0, "do this shard's own part only"},
    [OPT_ALLOW_MISSING] = {0, "allow-missing", ARG_NONE, "", 0, 0, "recordings without a result do not make the exit status 1"},
    [OPT_BLESS] = {0, "bless", ARG_NONE, "", 0, 0, "write the measured values into the manifest, showing old and new"},
    [OPT_JUNIT] = {0, "junit", ARG_TEXT, "FILE", 0, 0, "write the outcome as JUnit XML"},
    [OPT_TIMEOUT] = {0, "timeout", ARG_NUMBER, "SECONDS", 1, 86400,
                     "give a file up after so much work (default 10, and 1 more per MiB of it)"},
    [OPT_MAX_MEMORY] = {0, "max-memory", ARG_NUMBER, "MIB", 16, 1 << 24,
                        "give a file up that needs more memory (default 1024, and 24 times its size)"},
    [OPT_PROGRESS] = {0, "progress", ARG_WORD, "auto|always|never", 0, 0, "count the inputs on stderr (auto: on a terminal)"},
    [OPT_NO_COLOR] = {0, "no-color", ARG_NONE, "", 0, 0, "no colour, also when stdout is a terminal (as NO_COLOR does)"},
    [OPT_QUIET] = {'q', "quiet", ARG_NONE, "", 0, 0, "say nothing but errors"},
    [OPT_VERBOSE] = {'v', "verbose", ARG_NONE, "", 0, 0, "say more"},
    [OPT_VERSION] = {0, "version", ARG_NONE, "", 0, 0, "print the version (with -v: compiler, flags, libraries)"},
    [OPT_HELP] = {'h', "help", ARG_NONE, "", 0, 0, "print this help"},
};

typedef struct option_scan {
  cli_options *options;
  char *const *next; /**< the argument after the current one */
  uint64_t taken;
  int status; /**< of the first mistake; reported once the whole line is read, since -h anywhere outranks it */
  bool hint;  /* `more` says what to do, not what was expected */
  fmt_buffer where, found, more;
} option_scan;

static void mistake(option_scan *scan, int status, const char *where, const char *found, const char *expected) {
  if (scan->status != EXIT_DONE) return;
  scan->status = status;
  fmt_put(&scan->where, where);
  fmt_put(&scan->found, found);
  fmt_put(&scan->more, expected);
}

static void put_name(char *text, size_t size, size_t id) {
  (void)snprintf(text, size, "--%s", rows[id].name);
}

static void unknown_option(option_scan *scan, const char *text) {
  const char *names[OPT_COUNT + 1];
  size_t n = 0;
  for (size_t i = 0; i < OPT_COUNT; i++)
    if ((scan->taken & TAKES(i)) != 0) names[n++] = rows[i].name;
  names[n] = NULL;
  const char *nearest = text[0] == '-' && text[1] == '-' ? text_nearest(text + 2, names) : NULL;
  char hint[128] = "see --help";
  if (nearest != NULL) (void)snprintf(hint, sizeof hint, "did you mean --%s?", nearest);
  if (scan->status == EXIT_DONE) scan->hint = true;
  mistake(scan, EXIT_USAGE, text, "unknown option", hint);
}

/* Is `word` one of the words "a|b|c"? */
static bool among(const char *word, const char *words) {
  const size_t length = strlen(word);
  for (const char *at = words;; at++) {
    const char *end = strchrnul(at, '|');
    if ((size_t)(end - at) == length && memcmp(at, word, length) == 0) return true;
    if (*end == '\0') return false;
    at = end;
  }
}

static bool whole_number(const char *text, uint64_t *number) {
  *number = 0;
  if (*text == '\0') return false;
  for (; *text != '\0'; text++) {
    const unsigned digit = (unsigned)*text - '0';
    if (digit > 9 || *number > (UINT64_MAX - digit) / 10) return false;
    *number = *number * 10 + digit;
  }
  return true;
}

/* One more value of an option that may be repeated. */
static bool keep(const char ***values, size_t *n, size_t *capacity, const char *value) {
  if (dsp_grow(values, capacity, *n + 1, sizeof **values) != DSP_OK) return false;
  (*values)[(*n)++] = value;
  return true;
}

static void take_value(option_scan *scan, size_t id, const char *value) {
  cli_options *o = scan->options;
  char name[64], expected[160];
  put_name(name, sizeof name, id);
  o->given[id] = true;
  o->value[id] = value;
  if (rows[id].argument == ARG_WORD && !among(value, rows[id].spec)) {
    mistake(scan, EXIT_USAGE, name, value, rows[id].spec);
  } else if (rows[id].argument == ARG_NUMBER) {
    if (!whole_number(value, &o->number[id]) || o->number[id] < rows[id].min || o->number[id] > rows[id].max) {
      (void)snprintf(expected, sizeof expected, "a whole number from %llu to %llu", (unsigned long long)rows[id].min,
                     (unsigned long long)rows[id].max);
      mistake(scan, EXIT_USAGE, name, value, expected);
    }
  } else if (rows[id].argument != ARG_NONE && value != NULL && value[0] == '\0') {
    mistake(scan, EXIT_USAGE, name, "empty argument", rows[id].spec);
  }
  bool kept = true;
  if (id == OPT_SET) kept = keep(&o->sets, &o->n_sets, &o->sets_capacity, value);
  if (id == OPT_INCLUDE) kept = keep(&o->includes, &o->n_includes, &o->includes_capacity, value);
  if (id == OPT_EXCLUDE) kept = keep(&o->excludes, &o->n_excludes, &o->excludes_capacity, value);
  if (!kept) mistake(scan, EXIT_RETRY, name, "out of memory", "");
}

/* Option `id` whose argument, if it stands in the same word, is `attached`. */
static void take_option(option_scan *scan, size_t id, const char *attached) {
  char name[64];
  put_name(name, sizeof name, id);
  switch (rows[id].argument) {
  case ARG_NONE:
    if (attached != NULL) mistake(scan, EXIT_USAGE, name, "takes no argument", "");
    scan->options->given[id] = true;
    return;
  case ARG_OPTIONAL:
    take_value(scan, id, attached);
    return;
  case ARG_TEXT:
  case ARG_WORD:
  case ARG_NUMBER:
    break;
  }
  if (attached == NULL && *scan->next == NULL) {
    mistake(scan, EXIT_USAGE, name, "argument missing", rows[id].spec);
    return;
  }
  take_value(scan, id, attached != NULL ? attached : *scan->next++);
}

static void take_long(option_scan *scan, const char *text) {
  const size_t length = (size_t)(strchrnul(text + 2, '=') - (text + 2));
  for (size_t i = 0; i < OPT_COUNT; i++)
    if ((scan->taken & TAKES(i)) != 0 && strlen(rows[i].name) == length && memcmp(rows[i].name, text + 2, length) == 0) {
      take_option(scan, i, text[2 + length] == '=' ? text + 2 + length + 1 : NULL);
      return;
    }
  unknown_option(scan, text);
}

/* One letter or several: a letter with an argument takes the rest of the word. */
static void take_letters(option_scan *scan, const char *text) {
  for (const char *letter = text + 1; *letter != '\0'; letter++) {
    size_t id = 0;
    while (id < OPT_COUNT && (rows[id].letter != *letter || (scan->taken & TAKES(id)) == 0)) id++;
    if (id == OPT_COUNT) {
      unknown_option(scan, text);
      return;
    }
    const bool rest = rows[id].argument != ARG_NONE && letter[1] != '\0';
    take_option(scan, id, rest ? letter + 1 : NULL);
    if (rows[id].argument != ARG_NONE) return;
  }
}

static void take_operand(option_scan *scan, const char *text) {
  cli_options *o = scan->options;
  if (text[0] == '\0')
    mistake(scan, EXIT_USAGE, "", "an empty argument", "a file name");
  else if (dsp_grow(&o->operands, &o->operands_capacity, o->n_operands + 1, sizeof *o->operands) == DSP_OK)
    o->operands[o->n_operands++] = text;
  else
    mistake(scan, EXIT_RETRY, "", "out of memory", "");
}

static void say_mistake(const option_scan *scan) {
  const char *found = scan->found.bytes != NULL ? scan->found.bytes : "";
  if (scan->status == EXIT_RETRY)
    (void)message_memory();
  else if (scan->hint)
    message_hint(scan->where.bytes, scan->more.bytes, "%s", found);
  else
    message_error(scan->where.bytes, NULL, scan->more.bytes, "%s", found);
}

int options_parse(cli_options *options, char *const *argv, uint64_t taken) {
  option_scan scan = {.options = options, .next = argv, .taken = taken};
  bool operands_only = false;
  memset(options, 0, sizeof *options);
  while (*scan.next != NULL) {
    const char *text = *scan.next++;
    if (operands_only || text[0] != '-' || text[1] == '\0')
      take_operand(&scan, text);
    else if (text[1] != '-')
      take_letters(&scan, text);
    else if (text[2] != '\0')
      take_long(&scan, text);
    else
      operands_only = true;
  }
  const int status = options->given[OPT_HELP] || options->given[OPT_VERSION] ? EXIT_DONE : scan.status;
  if (status != EXIT_DONE) say_mistake(&scan);
  fmt_buffer_clear(&scan.where);
  fmt_buffer_clear(&scan.found);
  fmt_buffer_clear(&scan.more);
  return status;
}

const char *options_standard(size_t id) {
  if (rows[id].argument == ARG_NONE) return "false";
  switch (id) {
  case OPT_JOBS:
    return "1 (batch: one a processor)";
  case OPT_TIMEOUT:
    return "10, and 1 a MiB";
  case OPT_MAX_MEMORY:
    return "1024, and 24 times the file";
  case OPT_PROGRESS:
    return "auto";
  case OPT_GUIDELINE:
    return "the protocol's own";
  default:
    return "";
  }
}

const char *options_name(size_t id) {
  return rows[id].name;
}

static int refuse_default(const char *path, const char *name, const char *expected, const char *found) {
  char place[96];
  (void)snprintf(place, sizeof place, "$.options.%s", name);
  message_error(path, place, expected, "%s", found);
  return EXIT_USAGE;
}

int options_default(cli_options *options, uint64_t taken, const char *name, const char *text, const char *path) {
  size_t id = 0;
  while (id < OPT_COUNT && strcmp(rows[id].name, name) != 0) id++;
  if (id == OPT_COUNT || (OPTIONS_CONFIGURABLE & TAKES(id)) == 0)
    return refuse_default(path, name, "an option that a configuration file may set (see pleth config show)", "not one of them");
  const bool is_truth = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
  if (rows[id].argument == ARG_NONE && !is_truth) return refuse_default(path, name, "true or false", text);
  option_scan scan = {.options = options, .taken = taken};
  cli_options trial;
  memset(&trial, 0, sizeof trial);
  if (rows[id].argument != ARG_NONE) {
    scan.options = &trial;
    take_value(&scan, id, text);
    if (scan.status != EXIT_DONE)
      (void)refuse_default(path, name, scan.more.bytes != NULL ? scan.more.bytes : "", scan.found.bytes != NULL ? scan.found.bytes : "");
  }
  fmt_buffer_clear(&scan.where);
  fmt_buffer_clear(&scan.found);
  fmt_buffer_clear(&scan.more);
  if (scan.status != EXIT_DONE || options->given[id] || strcmp(text, "false") == 0 || (taken & TAKES(id)) == 0) return scan.status;
  options->given[id] = true;
  options->value[id] = rows[id].argument != ARG_NONE ? text : NULL;
  options->number[id] = trial.number[id];
  options->origins[id] = path;
  return EXIT_DONE;
}

void options_clear(cli_options *options) {
  for (size_t i = 0; i < OPTIONS_LAYERS; i++) fmt_config_clear(&options->layers[i]);
  free(options->set_origins);
  free(options->sets);
  free(options->includes);
  free(options->excludes);
  free(options->operands);
  memset(options, 0, sizeof *options);
}

void options_put_help(fmt_buffer *out, uint64_t taken) {
  for (size_t i = 0; i < OPT_COUNT; i++) {
    if ((taken & TAKES(i)) == 0) continue;
    char left[64], letter[8] = "    ";
    if (rows[i].letter != 0) (void)snprintf(letter, sizeof letter, "-%c, ", rows[i].letter);
    const char *gap = rows[i].argument == ARG_NONE || rows[i].argument == ARG_OPTIONAL ? "" : " ";
    (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, rows[i].name, gap, rows[i].spec);
    fmt_printf(out, "  %-34s %s\n", left, rows[i].help);
  }
}
