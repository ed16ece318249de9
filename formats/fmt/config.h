/* SPDX-License-Identifier: GPL-3.0-or-later
 * A configuration file: {"schema": "pleth-config/1", "options": {"jobs": 4}, "parameters": {"apg.stand.plateau_s": 30}}.
 * JSON, because the side-car is JSON and its library is linked already; Debian 12 has TOML for C++ only, and INI has neither types nor
 * lists. */
#ifndef FMT_CONFIG_H
#define FMT_CONFIG_H

#include <fmt/source.h>
#include <stdbool.h>

typedef struct fmt_config_row {
  char *name, *text; /**< of a number its shortest digits; of a truth "true" or "false" */
  bool parameter;    /**< else an option of the command line */
} fmt_config_row;

typedef struct fmt_config {
  fmt_config_row *rows;
  size_t n, capacity;
} fmt_config;

/** Read a file's bytes. Strict: an unknown key, a duplicate key or a wrong type is DSP_BAD_INPUT with its JSON path. Zeroed is empty; free
 * with fmt_config_clear, after a failure, too. */
DSP_API DSP_MUST_USE dsp_status fmt_config_read(fmt_config *config, const fmt_source *file, dsp_error *error);
DSP_API void fmt_config_clear(fmt_config *config);

#endif
