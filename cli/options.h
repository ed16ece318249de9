/* SPDX-License-Identifier: GPL-3.0-or-later
 * Options are rows of one table; a verb says which of them it takes. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <fmt/config.h>
#include <fmt/writer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_id {
  OPT_OUTPUT,
  OPT_SIDECAR,
  OPT_MAP,
  OPT_SUGGEST_SIDECAR,
  OPT_PROTOCOL,
  OPT_FORMAT,
  OPT_GUIDELINE,
  OPT_SET,
  OPT_JSON,
  OPT_TO,
  OPT_TRUTH,
  OPT_SEED,
  OPT_DECIMAL_COMMA,
  OPT_STRICT,
  OPT_NO_NAME,
  OPT_KEEP_IDENTIFIERS,
  OPT_FILES_FROM,
  OPT_MANIFEST,
  OPT_JOBS,
  OPT_INCLUDE,
  OPT_EXCLUDE,
  OPT_SHARD,
  OPT_LEASE,
  OPT_NO_STEAL,
  OPT_ALLOW_MISSING,
  OPT_BLESS,
  OPT_JUNIT,
  OPT_TIMEOUT,
  OPT_MAX_MEMORY,
  OPT_PROGRESS,
  OPT_NO_COLOR,
  OPT_QUIET,
  OPT_VERBOSE,
  OPT_VERSION,
  OPT_HELP,
  OPT_COUNT
} option_id;

/** A set of options, as a verb's row states it. */
#define TAKES(option) ((uint64_t)1 << (option))
#define TAKES_ALWAYS  (TAKES(OPT_NO_COLOR) | TAKES(OPT_QUIET) | TAKES(OPT_VERBOSE) | TAKES(OPT_VERSION) | TAKES(OPT_HELP))

/** Options that a configuration file may set: habits, not the work at hand. */
#define OPTIONS_CONFIGURABLE                                                                                                               \
  (TAKES(OPT_JOBS) | TAKES(OPT_TIMEOUT) | TAKES(OPT_MAX_MEMORY) | TAKES(OPT_PROGRESS) | TAKES(OPT_NO_COLOR) | TAKES(OPT_GUIDELINE) |       \
   TAKES(OPT_STRICT) | TAKES(OPT_NO_NAME) | TAKES(OPT_KEEP_IDENTIFIERS) | TAKES(OPT_QUIET) | TAKES(OPT_VERBOSE))

enum { OPTIONS_LAYERS = 3, OPTIONS_PATH_BYTES = 4096 };

/** A parameter that a configuration file sets; path NULL: it stands on the command line, as NAME=VALUE. */
typedef struct option_origin {
  const char *path, *name, *text;
} option_origin;

/** What the command line said. Texts are argv's own; free with options_clear. */
typedef struct cli_options {
  bool given[OPT_COUNT];
  const char *value[OPT_COUNT]; /**< the last one given, or NULL */
  uint64_t number[OPT_COUNT];   /**< of options that take a number */
  const char **sets;            /**< every --set, in order */
  size_t n_sets, sets_capacity;
  const char **includes, **excludes; /**< every --include and --exclude */
  size_t n_includes, includes_capacity, n_excludes, excludes_capacity;
  const char *origins[OPT_COUNT];    /**< the configuration file that gave it; NULL the command line */
  option_origin *set_origins;        /**< one for each of sets, or NULL */
  fmt_config layers[OPTIONS_LAYERS]; /**< owns what comes from files */
  char layer_paths[OPTIONS_LAYERS][OPTIONS_PATH_BYTES];
  const char **operands;
  size_t n_operands, operands_capacity;
} cli_options;

/** Read `argv` (NULL-terminated, without the program's and the verb's name). A wrong one is an exit status and a message, unless help is
 * asked for. */
int options_parse(cli_options *options, char *const *argv, uint64_t taken);
void options_clear(cli_options *options);

/** A value from the configuration file `path`, for an option that is not given. One that the verb does not take is passed over. An exit
 * status.
 */
int options_default(cli_options *options, uint64_t taken, const char *name, const char *text, const char *path);
/** What holds where a configurable option is not given. */
const char *options_standard(size_t id);
/** The long name, without dashes. */
const char *options_name(size_t id);

/** The rows that a verb takes, for --help. */
void options_put_help(fmt_buffer *out, uint64_t taken);

#endif
