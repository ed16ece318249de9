/* SPDX-License-Identifier: GPL-3.0-or-later
 * The verb table, and what every verb has in common: help, version, the closing of stdout. */
#include "config.h"
#include "exits.h"
#include "message.h"
#include "output.h"
#include "text.h"
#include "verbs.h"
#include "version.h"
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct verb_row {
  const char *name, *args, *help;
  const char *more; /**< examples, for `--help` */
  size_t min, max;  /**< operands; --files-from and --manifest count as one each */
  uint64_t takes;
  int (*run)(const cli_options *options);
} verb_row;

#define MANY         ((size_t)-1)
#define TAKES_LIMITS (TAKES(OPT_TIMEOUT) | TAKES(OPT_MAX_MEMORY))
#define TAKES_FILES  (TAKES_LIMITS | TAKES(OPT_JSON) | TAKES(OPT_FILES_FROM) | TAKES(OPT_JOBS) | TAKES(OPT_PROGRESS))
#define TAKES_INPUTS (TAKES_FILES | TAKES(OPT_SIDECAR) | TAKES(OPT_MAP) | TAKES(OPT_FORMAT) | TAKES(OPT_SET))

static const verb_row verbs[] = {
    {"info", "FILE...", "what is in a recording: channels, rates, units, gaps, events; nothing is computed",
     "  pleth info leg.csv\n  pleth info --json leg.csv\n  pleth info --suggest-sidecar leg.txt > leg.pleth.json\n", 1, MANY,
     TAKES_INPUTS | TAKES(OPT_SUGGEST_SIDECAR) | TAKES(OPT_KEEP_IDENTIFIERS), verb_info},
    {"analyze", "FILE... [-o OUT]", "run the protocol, print the measures, write the HDF5 report (STEM.pleth.h5)",
     "  pleth analyze leg.csv\n  pleth analyze -j 4 -o reports *.csv\n  pleth analyze --json --set apg.stand.plateau_s=10 leg.csv\n", 1,
     MANY,
     TAKES_INPUTS | TAKES(OPT_OUTPUT) | TAKES(OPT_PROTOCOL) | TAKES(OPT_GUIDELINE) | TAKES(OPT_STRICT) | TAKES(OPT_NO_NAME) |
         TAKES(OPT_KEEP_IDENTIFIERS),
     verb_analyze},
    {"report", "OUT.h5 --to svg|csv", "the picture of a report, or its conditioned trace",
     "  pleth report leg.pleth.h5 --to svg -o leg.svg\n  pleth report leg.pleth.h5 --to csv -o - | head\n", 1, 1,
     TAKES_LIMITS | TAKES(OPT_TO) | TAKES(OPT_OUTPUT), verb_report},
    {"convert", "IN OUT", "a recording as CSV, BIDS, EDF+, BDF+ or WAV, by the ending of OUT's name",
     "  pleth convert leg.edf leg.csv\n  pleth convert leg.csv sub-01_task-stand_physio.tsv.gz\n", 2, 2,
     TAKES_LIMITS | TAKES(OPT_SIDECAR) | TAKES(OPT_MAP) | TAKES(OPT_FORMAT) | TAKES(OPT_SET) | TAKES(OPT_KEEP_IDENTIFIERS), verb_convert},
    {"simulate", "PROTOCOL -o FILE", "a recording with known truth, and its side-car STEM.pleth.json",
     "  pleth simulate apg.stand -o leg.csv --truth truth.json --seed 7\n", 1, 1,
     TAKES(OPT_OUTPUT) | TAKES(OPT_TRUTH) | TAKES(OPT_SEED) | TAKES(OPT_SET) | TAKES(OPT_DECIMAL_COMMA), verb_simulate},
    {"check", "FILE.h5...", "say whether a file is a whole and valid report of the published schema",
     "  pleth check -q leg.pleth.h5 && echo intact\n  pleth check --json reports/*.h5\n", 1, MANY, TAKES_FILES, verb_check},
    {"batch", "PATH... -o DIR", "analyse every recording below PATH: a report each, summary.csv and batch.h5; again, only what is missing",
     "  pleth batch recordings -o results -j 8\n  pleth batch --files-from list.txt --exclude '*_old*' -o results\n  pleth batch "
     "--manifest study.csv -o results\n",
     1, MANY,
     (TAKES_INPUTS & ~TAKES(OPT_SIDECAR)) | TAKES(OPT_MANIFEST) | TAKES(OPT_INCLUDE) | TAKES(OPT_EXCLUDE) | TAKES(OPT_OUTPUT) |
         TAKES(OPT_PROTOCOL) | TAKES(OPT_GUIDELINE) | TAKES(OPT_STRICT) | TAKES(OPT_KEEP_IDENTIFIERS) | TAKES(OPT_SHARD) |
         TAKES(OPT_LEASE) | TAKES(OPT_NO_STEAL),
     verb_batch},
    {"merge", "DIR...", "join what shards have done into summary.csv and batch.h5, every recording exactly once",
     "  pleth merge results\n  pleth merge shard1 shard2 -o all\n", 1, MANY, TAKES(OPT_OUTPUT) | TAKES(OPT_ALLOW_MISSING) | TAKES(OPT_JSON),
     verb_merge},
    {"qa", "MANIFEST", "compare measured values with the expected ones of a table, each within its tolerance",
     "  pleth qa sample_data/qa.manifest\n  pleth qa sample_data/qa.manifest --junit qa.xml -j 4\n", 1, 1,
     TAKES_LIMITS | TAKES(OPT_MAP) | TAKES(OPT_JSON) | TAKES(OPT_JUNIT) | TAKES(OPT_BLESS) | TAKES(OPT_JOBS) | TAKES(OPT_SET) |
         TAKES(OPT_GUIDELINE),
     verb_qa},
    {"config", "show", "print every effective value of options and parameters, and where it comes from",
     "  pleth config show\n  pleth config show --json --set apg.stand.plateau_s=10\n", 1, 1,
     OPTIONS_CONFIGURABLE | TAKES(OPT_JSON) | TAKES(OPT_SET), verb_config},
    {"list", "readers|protocols|measures|guidelines|parameters|flags", "print a table that the program runs on",
     "  pleth list flags\n  pleth list parameters --json\n", 1, 1, TAKES(OPT_JSON), verb_list},
};

static const size_t n_verbs = sizeof verbs / sizeof *verbs;

static const char statuses[] = "Exit status: 0 done (null or flagged values included, unless --strict), 1 some inputs failed or\n"
                               "a comparison is out of tolerance, 2 wrong command line, 3 no usable input, 4 cannot write the\n"
                               "output, 75 try again later.\n";

static int print(fmt_buffer *text) {
  const int status = text->failed ? message_memory() : EXIT_DONE;
  if (status == EXIT_DONE) output_write(text->bytes, text->size);
  fmt_buffer_clear(text);
  return status;
}

static void put_verbs(fmt_buffer *out) {
  for (size_t i = 0; i < n_verbs; i++) fmt_printf(out, "  %-10s %s\n", verbs[i].name, verbs[i].help);
}

static int help(void) {
  fmt_buffer out = {0};
  fmt_put(&out, "usage: pleth VERB [option]... argument...\n\nClinical limb plethysmography: from a recording to a report.\n\nexample:\n"
                "  pleth simulate apg.stand -o leg.csv\n  pleth analyze leg.csv\n  pleth report leg.pleth.h5 --to svg\n\nverbs:\n");
  put_verbs(&out);
  fmt_put(&out, "\noptions of every verb:\n");
  options_put_help(&out, TAKES_ALWAYS);
  fmt_printf(&out, "\n%s`pleth VERB --help` says more; so does pleth(1).\n", statuses);
  return print(&out);
}

static int help_verb(const verb_row *verb) {
  fmt_buffer out = {0};
  fmt_printf(&out, "usage: pleth %s [option]... %s\n\n%s.\n\nexample:\n%s\noptions:\n", verb->name, verb->args, verb->help, verb->more);
  options_put_help(&out, verb->takes | TAKES_ALWAYS);
  return print(&out);
}

/* Called bare: a few lines, since the caller may not know where to begin. */
static int usage(const verb_row *verb) {
  fmt_buffer out = {0};
  if (verb != NULL) {
    fmt_printf(&out, "usage: pleth %s [option]... %s\n(pleth %s --help says more)\n", verb->name, verb->args, verb->name);
  } else {
    fmt_put(&out, "usage: pleth VERB [option]... argument...\n");
    put_verbs(&out);
    fmt_put(&out, "(pleth --help says more)\n");
  }
  if (!out.failed) message_raw(out.bytes, out.size);
  fmt_buffer_clear(&out);
  return EXIT_USAGE;
}

static int version(const cli_options *options) {
  fmt_buffer out = {0};
  version_put(&out, options->given[OPT_VERBOSE]);
  return print(&out);
}

static bool wants_progress(const cli_options *options) {
  const char *when = options->value[OPT_PROGRESS];
  if (options->given[OPT_QUIET] || (when != NULL && strcmp(when, "never") == 0)) return false;
  return (when != NULL && strcmp(when, "always") == 0) || isatty(STDERR_FILENO) == 1;
}

static int run_verb(const verb_row *verb, char *const *argv) {
  cli_options options;
  message_begin(verb->name, false, false);
  int status = options_parse(&options, argv, verb->takes | TAKES_ALWAYS);
  const size_t operands = options.n_operands + (options.given[OPT_FILES_FROM] ? 1 : 0) + (options.given[OPT_MANIFEST] ? 1 : 0);
  if (status == EXIT_DONE && !options.given[OPT_HELP] && !options.given[OPT_VERSION])
    status = config_apply(&options, verb->takes | TAKES_ALWAYS);
  if (status == EXIT_DONE) {
    message_begin(verb->name, options.given[OPT_VERBOSE], wants_progress(&options));
    if (options.given[OPT_HELP])
      status = help_verb(verb);
    else if (options.given[OPT_VERSION])
      status = version(&options);
    else if (argv[0] == NULL)
      status = usage(verb);
    else if (operands < verb->min || operands > verb->max) {
      message_error(NULL, NULL, verb->args, operands < verb->min ? "an argument is missing" : "too many arguments");
      status = EXIT_USAGE;
    } else
      status = verb->run(&options);
  }
  options_clear(&options);
  return status;
}

static const verb_row *find_verb(const char *name) {
  for (size_t i = 0; i < n_verbs; i++)
    if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
  return NULL;
}

static int unknown_verb(const char *name) {
  const char *names[sizeof verbs / sizeof *verbs + 1];
  char hint[64] = "see pleth --help";
  for (size_t i = 0; i < n_verbs; i++) names[i] = verbs[i].name;
  names[n_verbs] = NULL;
  const char *nearest = text_nearest(name, names);
  if (nearest != NULL) (void)snprintf(hint, sizeof hint, "did you mean %s?", nearest);
  message_hint(name, hint, "unknown verb");
  return EXIT_USAGE;
}

/* `pleth --help`, `pleth --version`, `pleth help [VERB]`: options before or instead of a verb. */
static int run_without_verb(char *const *argv) {
  cli_options options;
  int status = options_parse(&options, argv, TAKES_ALWAYS);
  if (status == EXIT_DONE) {
    const verb_row *about = options.n_operands > 0 ? find_verb(options.operands[0]) : NULL;
    if (options.given[OPT_VERSION])
      status = version(&options);
    else if (about != NULL)
      status = help_verb(about);
    else if (options.n_operands > 0)
      status = unknown_verb(options.operands[0]);
    else if (options.given[OPT_HELP])
      status = help();
    else
      status = usage(NULL);
  }
  options_clear(&options);
  return status;
}

/* `pleth -q info leg.csv`: options before the verb go behind it. */
static void put_verb_first(char **argv) {
  size_t at = 1;
  while (argv[at] != NULL && argv[at][0] == '-') at++;
  if (argv[at] == NULL || find_verb(argv[at]) == NULL) return;
  char *const verb = argv[at];
  for (; at > 1; at--) argv[at] = argv[at - 1];
  argv[1] = verb;
}

/* One recording is read, filtered and written in blocks of a megabyte or so. Memory that was freed is used again instead of going back to
 * the system, which would have to clear new pages for each block. */
static void keep_freed_memory(void) {
  (void)mallopt(M_MMAP_THRESHOLD, 32 << 20);
  (void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
  (void)mallopt(M_TOP_PAD, 4 << 20);
}

int main(int argc, char **argv) {
  keep_freed_memory();
  output_begin();
  message_begin(NULL, false, false);
  int status = EXIT_USAGE;
  if (argc > 1) put_verb_first(argv);
  if (argc < 2)
    status = usage(NULL);
  else if (strcmp(argv[1], "help") == 0)
    status = argc > 2 ? run_without_verb(argv + 2) : help();
  else if (argv[1][0] == '-')
    status = run_without_verb(argv + 1);
  else if (find_verb(argv[1]) != NULL)
    status = run_verb(find_verb(argv[1]), argv + 2);
  else
    status = unknown_verb(argv[1]);
  const int output = output_end();
  return status == EXIT_DONE || status == EXIT_PART ? (output != EXIT_DONE ? output : status) : status;
}
