/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth info: what is in a recording; nothing is computed. */
#include "exits.h"
#include "input.h"
#include "inputs.h"
#include "message.h"
#include "names.h"
#include "output.h"
#include "settings.h"
#include "table.h"
#include "text.h"
#include "verbs.h"
#include <stdlib.h>

typedef struct info_job {
  input_options input;
  bool json, suggest, quiet, colour;
} info_job;

static void put_channels(fmt_buffer *out, const dsp_recording *r, bool colour) {
  static const char *const columns[] = {"channel", "unit", "rate (Hz)", "samples", "missing", "role", "side", "site"};
  cli_table table;
  table_begin(&table, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < r->n_channels; i++) {
    const dsp_channel *c = &r->channels[i];
    table_text(&table, c->name);
    table_text(&table, c->unit_as_written);
    table_number(&table, c->rate_hz);
    table_number(&table, (double)c->n);
    table_number(&table, (double)c->missing);
    table_text(&table, c->role == DSP_ROLE_UNKNOWN ? NULL : dsp_role_text(c->role));
    table_text(&table, c->side == DSP_SIDE_UNKNOWN ? NULL : dsp_side_text(c->side));
    table_text(&table, c->site);
  }
  if (table_put_text(out, &table, "  ", colour) != DSP_OK) out->failed = true;
  table_clear(&table);
}

/* Do all channels pause at the same times? */
static bool pause_alike(const dsp_recording *r) {
  const dsp_channel *first = r->channels;
  for (size_t i = 1; i < r->n_channels; i++) {
    const dsp_channel *c = &r->channels[i];
    if (c->n_segments != first->n_segments || c->rate_hz != first->rate_hz) return false;
    for (size_t j = 0; j < c->n_segments; j++)
      if (c->segments[j].t0_s != first->segments[j].t0_s || c->segments[j].n != first->segments[j].n) return false;
  }
  return r->n_channels > 1;
}

/* A gap in time is worth a table; one unbroken stretch is not. */
static void put_segments(fmt_buffer *out, const dsp_recording *r, bool colour) {
  static const char *const columns[] = {"segment of", "from (s)", "length (s)"};
  cli_table table;
  const bool alike = pause_alike(r);
  table_begin(&table, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < (alike ? 1 : r->n_channels); i++) {
    const dsp_channel *c = &r->channels[i];
    for (size_t j = 0; c->n_segments > 1 && j < c->n_segments; j++) {
      table_text(&table, alike ? "all channels" : c->name);
      table_number(&table, c->segments[j].t0_s);
      table_number(&table, (double)c->segments[j].n / c->rate_hz);
    }
  }
  if (table.n_cells > 0) fmt_put(out, "\n");
  if (table.n_cells > 0 && table_put_text(out, &table, "  ", colour) != DSP_OK) out->failed = true;
  table_clear(&table);
}

static void put_events(fmt_buffer *out, const dsp_recording *r, bool colour) {
  static const char *const columns[] = {"event at (s)", "length (s)", "kind", "count", "text"};
  cli_table table;
  table_begin(&table, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < r->n_events; i++) {
    const dsp_event *e = &r->events[i];
    table_number(&table, e->t_s);
    table_number(&table, e->dur_s);
    table_text(&table, dsp_event_kind_text(e->kind));
    if (e->count > 0)
      table_number(&table, e->count);
    else
      table_text(&table, NULL);
    table_text(&table, e->text != NULL ? e->text : "");
  }
  if (table.n_cells > 0) fmt_put(out, "\n");
  if (table.n_cells > 0 && table_put_text(out, &table, "  ", colour) != DSP_OK) out->failed = true;
  table_clear(&table);
}

static void put_info(fmt_buffer *out, const char *path, const dsp_recording *r, bool colour) {
  if (colour) fmt_put(out, "\033[1m");
  text_put_clean(out, path);
  if (colour) fmt_put(out, "\033[0m");
  fmt_printf(out, "\n  format %s, ", r->format);
  fmt_put_number(out, dsp_recording_duration_s(r), "unknown");
  fmt_put(out, " s");
  if (r->t_origin_s != 0)
    fmt_put(out, ", the file's own time begins at "), fmt_put_number(out, r->t_origin_s, "unknown"), fmt_put(out, " s");
  fmt_put(out, "\n\n");
  put_channels(out, r, colour);
  put_segments(out, r, colour);
  put_events(out, r, colour);
  for (size_t i = 0; i < r->n_warnings; i++) {
    fmt_put(out, i == 0 ? "\n  note: " : "  note: ");
    text_put_clean(out, r->warnings[i].text);
    fmt_printf(out, " [%s]\n", r->warnings[i].code);
  }
}

static int work(void *context, const char *path, size_t i, input_set *set, worker_result *result) {
  const info_job *info = context;
  dsp_recording *recording = NULL;
  dsp_error error = {0};
  (void)i;
  dsp_status status = input_read(&recording, set, &info->input, &error);
  if (status == DSP_OK && info->json) status = fmt_info_json(&result->json, recording, &error);
  if (status == DSP_OK && info->suggest) status = fmt_suggest_sidecar(&result->out, recording, &error);
  if (status == DSP_OK && !info->quiet && !info->suggest) put_info(&result->out, path, recording, info->colour);
  if (status != DSP_OK) message_failure(path, &error);
  dsp_recording_free(recording);
  return status == DSP_OK ? EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
}

int verb_info(const cli_options *options) {
  cli_inputs inputs = {0};
  cli_settings settings = {0};
  cli_targets targets = {0};
  info_job info = {.json = options->given[OPT_JSON],
                   .suggest = options->given[OPT_SUGGEST_SIDECAR],
                   .quiet = options->given[OPT_QUIET],
                   .colour = output_colour(options->given[OPT_NO_COLOR])};
  info.input = (input_options){options->value[OPT_FORMAT], NULL, options->given[OPT_KEEP_IDENTIFIERS]};
  int status = names_check(options);
  if (status == EXIT_DONE) status = settings_new(&settings, SETTINGS_ANALYSIS, options);
  info.input.params = settings.params;
  if (status == EXIT_DONE) status = inputs_gather(&inputs, options);
  if (status == EXIT_DONE) status = inputs_add_targets(&targets, &inputs, options);
  if (status == EXIT_DONE) status = targets_check(&targets);
  if (status == EXIT_DONE) status = inputs_run(&inputs, options, &(inputs_task){true, true, work, NULL, &info});
  targets_clear(&targets);
  inputs_clear(&inputs);
  settings_clear(&settings);
  return status;
}
