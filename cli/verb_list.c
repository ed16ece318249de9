/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth list: the tables that the code runs on, for people or as JSON. */
#include "exits.h"
#include "json_out.h"
#include "message.h"
#include "names.h"
#include "output.h"
#include "settings.h"
#include "table.h"
#include "verbs.h"
#include <dsp/guideline.h>
#include <dsp/protocol.h>
#include <fmt/reader.h>
#include <math.h>
#include <string.h>

static void put_joined(cli_table *table, const char *const *words) {
  fmt_buffer text = {0};
  for (size_t i = 0; words[i] != NULL; i++) {
    if (i > 0) fmt_put(&text, " ");
    fmt_put(&text, words[i]);
  }
  table_text(table, text.bytes != NULL ? text.bytes : "");
  if (text.failed) table->failed = true;
  fmt_buffer_clear(&text);
}

static void fill_readers(cli_table *table, const dsp_params *params) {
  (void)params;
  for (size_t i = 0; fmt_readers[i] != NULL; i++) {
    table_text(table, fmt_readers[i]->id);
    put_joined(table, fmt_readers[i]->extensions);
    table_text(table, fmt_readers[i]->title);
  }
}

static void fill_protocols(cli_table *table, const dsp_params *params) {
  (void)params;
  for (size_t i = 0; dsp_protocols[i] != NULL; i++) {
    table_text(table, dsp_protocols[i]->id);
    table_text(table, dsp_protocols[i]->title);
    table_text(table, dsp_protocols[i]->needs);
    table_text(table, dsp_protocols[i]->posture);
    table_text(table, dsp_protocols[i]->steps);
    table_text(table, dsp_protocols[i]->sidecar);
  }
}

static void fill_measures(cli_table *table, const dsp_params *params) {
  (void)params;
  for (size_t i = 0; dsp_protocols[i] != NULL; i++)
    for (size_t j = 0; j < dsp_protocols[i]->n_measures; j++) {
      const dsp_measure_row *row = &dsp_protocols[i]->measures[j];
      table_text(table, dsp_protocols[i]->id);
      table_text(table, row->id);
      table_text(table, row->unit);
      table_text(table, row->definition);
      table_text(table, row->help);
      table_text(table, row->source);
    }
}

/* "(2, 5]": the values of a band, a bracket where the end belongs to it. */
static void put_band(cli_table *table, const dsp_guideline_row *row) {
  fmt_buffer band = {0};
  fmt_put(&band, row->lo_in ? "[" : "(");
  fmt_put_number(&band, row->lo, "-inf");
  fmt_put(&band, ", ");
  fmt_put_number(&band, row->hi, "inf");
  fmt_put(&band, row->hi_in ? "]" : ")");
  table_text(table, band.bytes);
  if (band.failed) table->failed = true;
  fmt_buffer_clear(&band);
}

static void fill_guidelines(cli_table *table, const dsp_params *params) {
  (void)params;
  const dsp_guideline_row *row = NULL;
  for (size_t i = 0; (row = dsp_guideline_at(i)); i++) {
    table_text(table, row->guideline);
    table_text(table, row->protocol);
    table_text(table, row->measure);
    table_text(table, row->key);
    put_band(table, row);
    table_text(table, row->grade);
    table_bool(table, row->normal);
    table_bool(table, row->verified);
    table_text(table, row->source);
  }
}

static void fill_parameters(cli_table *table, const dsp_params *params) {
  double value = 0;
  const char *owner = NULL;
  const dsp_param_row *row = NULL;
  for (size_t i = 0; (row = dsp_params_row(params, i, &value, &owner)) != NULL; i++) {
    char word[64];
    dsp_param_choice(row, value, word, sizeof word);
    table_text(table, row->id);
    if (row->choices != NULL)
      table_text(table, word);
    else
      table_number(table, value);
    if (row->choices != NULL)
      table_text(table, NULL), table_text(table, NULL);
    else
      table_number(table, row->min), table_number(table, row->max);
    table_text(table, row->unit);
    table_text(table, row->choices);
    table_text(table, owner);
    table_text(table, row->help);
    table_text(table, row->source);
  }
}

static void fill_flags(cli_table *table, const dsp_params *params) {
  (void)params;
  for (size_t i = 0; i < dsp_flag_count; i++) {
    table_text(table, dsp_flag_rows[i].id);
    table_text(table, dsp_severity_text(dsp_flag_rows[i].severity));
    table_text(table, dsp_flag_rows[i].text);
    table_text(table, dsp_flag_rows[i].next);
  }
}

#define COLUMNS_MAX 10

typedef struct list_row {
  const char *name;
  const char *columns[COLUMNS_MAX]; /**< NULL after the last */
  void (*fill)(cli_table *table, const dsp_params *params);
  bool wordy; /**< rows of sentences: printed as paragraphs */
} list_row;

static const list_row lists[] = {
    {"readers", {"id", "extensions", "title"}, fill_readers, false},
    {"protocols", {"id", "title", "needs", "posture", "steps", "sidecar"}, fill_protocols, true},
    {"measures", {"protocol", "id", "unit", "definition", "help", "source"}, fill_measures, false},
    {"guidelines", {"guideline", "protocol", "measure", "key", "band", "grade", "normal", "verified", "source"}, fill_guidelines, false},
    {"parameters", {"id", "default", "min", "max", "unit", "choices", "owner", "help", "source"}, fill_parameters, false},
    {"flags", {"id", "severity", "text", "next"}, fill_flags, false},
};

static const size_t n_lists = sizeof lists / sizeof *lists;

static size_t columns_of(const list_row *list) {
  size_t n = 0;
  while (n < COLUMNS_MAX && list->columns[n] != NULL) n++;
  return n;
}

static int print(const list_row *list, const cli_options *options, const dsp_params *params) {
  cli_table table;
  fmt_buffer out = {0};
  dsp_status status = DSP_OK;
  table_begin(&table, list->columns, columns_of(list));
  list->fill(&table, params);
  if (options->given[OPT_JSON]) {
    fmt_printf(&out, "{\"schema\": \"pleth-list/1\", \"%s\": ", list->name);
    status = table_put_json(&out, &table);
    fmt_put(&out, "}\n");
  } else {
    const bool bold = output_colour(options->given[OPT_NO_COLOR]);
    status = list->wordy ? table_put_paragraphs(&out, &table, bold) : table_put_text(&out, &table, "", bold);
  }
  if (status != DSP_OK) out.failed = true;
  table_clear(&table);
  return json_or_text(options, &out);
}

int verb_list(const cli_options *options) {
  cli_settings settings = {0};
  const char *names[sizeof lists / sizeof *lists + 1] = {NULL};
  for (size_t i = 0; i < n_lists; i++) {
    names[i] = lists[i].name;
    if (strcmp(lists[i].name, options->operands[0]) != 0) continue;
    int status = settings_new(&settings, SETTINGS_ALL, options);
    if (status == EXIT_DONE) status = print(&lists[i], options, settings.params);
    settings_clear(&settings);
    return status;
  }
  return names_unknown("list", options->operands[0], names);
}
