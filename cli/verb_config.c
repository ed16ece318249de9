/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth config show: every effective value, and where it comes from. */
#include "exits.h"
#include "json_out.h"
#include "message.h"
#include "names.h"
#include "output.h"
#include "settings.h"
#include "table.h"
#include "verbs.h"
#include <fmt/writer.h>
#include <string.h>

/* The last layer that names a parameter. */
static const char *origin_of(const cli_options *options, const char *id) {
  const char *origin = "default";
  for (size_t i = 0; i < options->n_sets; i++) {
    const option_origin *from = &options->set_origins[i];
    const size_t length = strcspn(options->sets[i], "=");
    if (strncmp(options->sets[i], id, length) == 0 && id[length] == '\0') origin = from->path != NULL ? from->path : "command line";
  }
  return origin;
}

static void put_rows(cli_table *table, const cli_options *options, const dsp_params *params) {
  for (size_t id = 0; id < OPT_COUNT; id++) {
    if ((OPTIONS_CONFIGURABLE & TAKES(id)) == 0) continue;
    table_text(table, options_name(id));
    table_text(table, !options->given[id] ? options_standard(id) : options->value[id] != NULL ? options->value[id] : "true");
    table_text(table, "");
    table_text(table, !options->given[id] ? "default" : options->origins[id] != NULL ? options->origins[id] : "command line");
  }
  const dsp_param_row *row = NULL;
  double value = 0;
  for (size_t i = 0; (row = dsp_params_row(params, i, &value, NULL)) != NULL; i++) {
    char word[128];
    dsp_param_choice(row, value, word, sizeof word);
    table_text(table, row->id);
    if (row->choices != NULL)
      table_text(table, word);
    else
      table_number(table, value);
    table_text(table, row->unit);
    table_text(table, origin_of(options, row->id));
  }
}

static int print(const cli_options *options, const dsp_params *params) {
  static const char *const columns[] = {"name", "value", "unit", "from"};
  cli_table table;
  fmt_buffer out = {0};
  table_begin(&table, columns, sizeof columns / sizeof *columns);
  put_rows(&table, options, params);
  dsp_status status = DSP_OK;
  if (options->given[OPT_JSON]) {
    fmt_put(&out, "{\"schema\": \"pleth-config-show/1\", \"values\": ");
    status = table_put_json(&out, &table);
    fmt_put(&out, "}\n");
  } else {
    status = table_put_text(&out, &table, "", output_colour(options->given[OPT_NO_COLOR]));
  }
  if (status != DSP_OK) out.failed = true;
  table_clear(&table);
  return json_or_text(options, &out);
}

int verb_config(const cli_options *options) {
  static const char *const known[] = {"show", NULL};
  cli_settings settings = {0};
  if (strcmp(options->operands[0], "show") != 0) return names_unknown("config", options->operands[0], known);
  int status = settings_new(&settings, SETTINGS_ALL, options);
  if (status == EXIT_DONE) status = print(options, settings.params);
  settings_clear(&settings);
  return status;
}
