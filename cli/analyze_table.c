/* SPDX-License-Identifier: GPL-3.0-or-later
 * A report as a technologist reads it: per test one line that says what was measured, the measures with their 95 % intervals, and under
 * them what to mind, in words, with the next step. */
#include "analyze_table.h"
#include "table.h"
#include "text.h"
#include <math.h>
#include <string.h>

#define WORDS_MAX 46 /* columns for a measure in words */

static const char bold[] = "\033[1m", plain[] = "\033[0m", red[] = "\033[31m", yellow[] = "\033[33m";

static void put_in(fmt_buffer *out, const char *colour, const char *text, const table_style *style) {
  if (style->colour) fmt_put(out, colour);
  text_put_clean(out, text);
  if (style->colour) fmt_put(out, plain);
}

/* "left calf, tiptoe, trial 2": only what is known. */
static void put_heading(fmt_buffer *out, const dsp_test *test, const char *path, const table_style *style) {
  fmt_buffer line = {0};
  fmt_printf(&line, "%s: %s, channel %s", path, test->protocol, test->channel);
  if (test->side != DSP_SIDE_UNKNOWN) fmt_printf(&line, ", %s", dsp_side_text(test->side));
  if (test->site != NULL) fmt_printf(&line, "%s%s", test->side != DSP_SIDE_UNKNOWN ? " " : ", ", test->site);
  if (test->manoeuvre != NULL) fmt_printf(&line, ", %s", test->manoeuvre);
  if (test->trial > 0) fmt_printf(&line, ", trial %u", test->trial);
  if (line.failed)
    out->failed = true;
  else
    put_in(out, bold, line.bytes, style);
  fmt_put(out, "\n");
  fmt_buffer_clear(&line);
}

/* UCUM's unit of a plain number is 1. */
static const char *unit_for_people(const char *ucum) {
  return strcmp(ucum, "1") == 0 ? "" : ucum;
}

/* The help up to how the value is taken, cut between words: what the measure is. */
static void cell_words(cli_table *table, const dsp_measure *measure) {
  fmt_buffer words = {0};
  const char *help = measure->row->help;
  size_t length = strcspn(help, ":;,");
  if (help[length] == '\0' && length > 0 && help[length - 1] == '.') length--;
  const bool cut = length > WORDS_MAX;
  while (length > 0 && (length > WORDS_MAX || (cut && help[length] != ' '))) length--;
  fmt_put_bytes(&words, help, length);
  if (cut) fmt_put(&words, " \u2026");
  table_text(table, words.bytes != NULL ? words.bytes : "");
  fmt_buffer_clear(&words);
}

static void cell_value(cli_table *table, const dsp_measure *measure) {
  fmt_buffer text = {0};
  text_put_interval(&text, measure->valid ? measure->value : (double)NAN, measure->lo, measure->hi);
  if (text.failed) table->failed = true;
  table_text(table, text.bytes);
  fmt_buffer_clear(&text);
}

static void cell_grade(cli_table *table, const dsp_measure *measure) {
  fmt_buffer text = {0};
  if (measure->grade != NULL) fmt_put(&text, measure->grade);
  if (isfinite(measure->limit)) {
    fmt_put(&text, measure->grade != NULL ? ", limit " : "limit ");
    fmt_put_number(&text, measure->limit, "");
  }
  if (measure->guideline != NULL) fmt_printf(&text, " (%s)", measure->guideline);
  if (text.failed) table->failed = true;
  table_text(table, text.bytes != NULL ? text.bytes : "");
  fmt_buffer_clear(&text);
}

static void put_measures(fmt_buffer *out, const dsp_test *test, const table_style *style) {
  static const char *const columns[] = {"id", "measure", "value", "unit", "grade"};
  cli_table table;
  table_begin(&table, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < test->n_measures; i++) {
    const dsp_measure *measure = &test->measures[i];
    table_text(&table, measure->row->id);
    cell_words(&table, measure);
    cell_value(&table, measure);
    table_text(&table, unit_for_people(measure->unit));
    cell_grade(&table, measure);
  }
  if (table_put_text(out, &table, "  ", style->colour) != DSP_OK) out->failed = true;
  table_clear(&table);
}

/* The measures that carry `flag`, "all" when all do, or nothing when only the test itself does. */
static void put_carriers(fmt_buffer *out, const dsp_test *test, const char *flag) {
  size_t n = 0;
  for (size_t i = 0; i < test->n_measures; i++) n += dsp_flags_has(&test->measures[i].flags, flag);
  if (n == 0) return;
  if (n == test->n_measures) {
    fmt_put(out, "all: ");
    return;
  }
  for (size_t i = 0, seen = 0; i < test->n_measures; i++)
    if (dsp_flags_has(&test->measures[i].flags, flag)) fmt_printf(out, "%s%s", test->measures[i].row->id, ++seen < n ? ", " : ": ");
}

static void put_flags(fmt_buffer *out, const dsp_test *test, const table_style *style) {
  static const char *const words[] = {[DSP_INFO] = "note", [DSP_CAUTION] = "caution", [DSP_FATAL] = "no value"};
  static const char *const colours[] = {[DSP_INFO] = "", [DSP_CAUTION] = yellow, [DSP_FATAL] = red};
  dsp_flags all = test->flags;
  const dsp_flag_row *row = NULL;
  for (size_t i = 0; i < test->n_measures; i++) dsp_flags_join(&all, &test->measures[i].flags);
  for (int severity = DSP_FATAL; severity >= DSP_INFO; severity--)
    for (size_t i = 0; (row = dsp_flags_get(&all, i)) != NULL; i++) {
      if ((int)row->severity != severity) continue;
      fmt_put(out, "  ");
      put_in(out, colours[severity], words[severity], style);
      fmt_put(out, ": ");
      put_carriers(out, test, row->id);
      fmt_printf(out, "%s [%s]\n", row->text, row->id);
      if (row->next != NULL && severity != DSP_INFO) fmt_printf(out, "      next: %s\n", row->next);
    }
}

static void finish_table(fmt_buffer *out, cli_table *table, const table_style *style) {
  if (table->n_cells > 0) fmt_put(out, "\n");
  if (table->n_cells > 0 && table_put_text(out, table, "  ", style->colour) != DSP_OK) out->failed = true;
  table_clear(table);
}

static void put_verdicts(fmt_buffer *out, const dsp_test *test, const table_style *style) {
  static const char *const columns[] = {"measure", "guideline", "verdict", "limit checked in its source"};
  cli_table table;
  table_begin(&table, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < test->n_verdicts; i++) {
    const dsp_verdict *verdict = &test->verdicts[i];
    table_text(&table, verdict->measure);
    table_text(&table, verdict->guideline);
    table_text(&table, verdict->grade);
    table_bool(&table, verdict->verified);
  }
  finish_table(out, &table, style);
}

static void put_landmarks(fmt_buffer *out, const dsp_test *test, const table_style *style) {
  static const char *const columns[] = {"landmark", "at (s)", "from"};
  cli_table table;
  table_begin(&table, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < test->n_landmarks; i++) {
    fmt_buffer at = {0};
    text_put_interval(&at, test->landmarks[i].t_s, test->landmarks[i].lo, test->landmarks[i].hi);
    table_text(&table, test->landmarks[i].name);
    table_text(&table, at.bytes);
    table_text(&table, test->landmarks[i].source);
    fmt_buffer_clear(&at);
  }
  finish_table(out, &table, style);
}

static void put_phases(fmt_buffer *out, const dsp_test *test, const table_style *style) {
  static const char *const columns[] = {"phase", "from (s)", "to (s)", "level"};
  cli_table table;
  table_begin(&table, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < test->n_phases; i++) {
    const double values[] = {test->phases[i].t0_s, test->phases[i].t1_s, test->phases[i].level};
    table_text(&table, test->phases[i].name);
    for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
      fmt_buffer number = {0};
      text_put_interval(&number, values[j], (double)NAN, (double)NAN);
      table_text(&table, number.bytes);
      fmt_buffer_clear(&number);
    }
  }
  finish_table(out, &table, style);
}

static void put_details(fmt_buffer *out, const dsp_test *test, const table_style *style) {
  static const char *const columns[] = {"side result", "value", "unit"};
  cli_table table;
  table_begin(&table, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < test->n_details; i++) {
    fmt_buffer number = {0};
    text_put_interval(&number, test->details[i].value, (double)NAN, (double)NAN);
    table_text(&table, test->details[i].id);
    table_text(&table, number.bytes);
    table_text(&table, unit_for_people(test->details[i].unit));
    fmt_buffer_clear(&number);
  }
  finish_table(out, &table, style);
}

void analyze_table_put(fmt_buffer *out, const dsp_report *report, const char *path, const char *target, const table_style *style) {
  for (size_t i = 0; i < report->n_tests; i++) {
    const dsp_test *test = &report->tests[i];
    if (i > 0) fmt_put(out, "\n");
    put_heading(out, test, path, style);
    put_measures(out, test, style);
    put_verdicts(out, test, style);
    put_flags(out, test, style);
    if (!style->verbose) continue;
    put_landmarks(out, test, style);
    put_phases(out, test, style);
    put_details(out, test, style);
  }
  for (size_t i = 0; i < report->n_warnings; i++) {
    fmt_put(out, "  input: ");
    text_put_clean(out, report->warnings[i].text);
    fmt_printf(out, " [%s]\n", report->warnings[i].code);
  }
  fmt_put(out, "  report: ");
  text_put_clean(out, target);
  fmt_put(out, "\n");
}
