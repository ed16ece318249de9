/* SPDX-License-Identifier: GPL-3.0-or-later
 * The HDF5 report: the layout of docs/report-schema.csv, built as an image in memory. The JSON of the same report rides along as /json. */
#include "h5_write.h"

#include <dsp/memory.h>
#include <stdio.h>
#include <stdlib.h>

static void put_root(fmt_h5 *h5, const dsp_report *report, bool names) {
  fmt_h5_text(h5, h5->file, "schema", "pleth-report/1");
  fmt_h5_text(h5, h5->file, "generator", "pleth " PLETH_VERSION);
  fmt_h5_text(h5, h5->file, "input_name", names ? report->input_name : NULL);
  fmt_h5_text(h5, h5->file, "input_sha256", report->input_sha256);
  fmt_h5_text(h5, h5->file, "input_format", report->input_format);
  fmt_h5_f64(h5, h5->file, "duration_s", report->duration_s);
  fmt_h5_f64(h5, h5->file, "t_origin_s", report->t_origin_s);
}

static void put_acquisition(fmt_h5 *h5, const dsp_report *report, bool names) {
  size_t mark = h5->n;
  hid_t group = fmt_h5_group(h5, h5->file, "acquisition");
  fmt_h5_text(h5, group, "t0", report->t0);
  fmt_h5_text(h5, group, "device", report->device);
  fmt_h5_f64(h5, group, "room_temp_c", report->room_temp_c);
  fmt_h5_text(h5, group, "subject_key", report->subject_key);
  fmt_h5_text(h5, group, "ceap", report->ceap);
  fmt_h5_text(h5, group, "compression", report->compression);
  fmt_h5_text(h5, group, "visit", report->visit);
  fmt_h5_text(h5, group, "condition_label", names ? report->condition_label : NULL);
  fmt_h5_release(h5, mark);
}

static void put_events(fmt_h5 *h5, const dsp_report *report, bool names) {
  fmt_event_line *lines = dsp_zalloc(report->n_events, sizeof *lines);
  if (!lines) h5->failed = true;
  for (size_t i = 0; lines && i < report->n_events; i++) {
    const dsp_event *e = &report->events[i];
    lines[i] = (fmt_event_line){.t_s = e->t_s,
                                .dur_s = e->dur_s,
                                .volume_ml = e->volume_ml,
                                .percent = e->percent,
                                .kind = dsp_event_kind_text(e->kind),
                                .text = names ? e->text : NULL,
                                .source = e->source,
                                .count = e->count};
  }
  if (lines) fmt_h5_table(h5, h5->file, &fmt_events_table, lines, report->n_events);
  free(lines);
}

static void put_measures(fmt_h5 *h5, hid_t group, const dsp_test *test) {
  fmt_measure_line *lines = dsp_zalloc(test->n_measures, sizeof *lines);
  if (!lines) h5->failed = true;
  for (size_t i = 0; lines && i < test->n_measures; i++) {
    const dsp_measure *m = &test->measures[i];
    lines[i] = (fmt_measure_line){.id = m->row->id,
                                  .unit = m->unit,
                                  .interval = m->interval,
                                  .definition = m->definition,
                                  .grade = m->grade,
                                  .guideline = m->guideline,
                                  .value = m->value,
                                  .lo = m->lo,
                                  .hi = m->hi,
                                  .se = m->se,
                                  .limit = m->limit,
                                  .limit_distance = m->limit_distance,
                                  .t0_s = m->t0_s,
                                  .t1_s = m->t1_s,
                                  .n = m->n,
                                  .valid = m->valid};
  }
  if (lines) fmt_h5_table(h5, group, &fmt_measures_table, lines, test->n_measures);
  free(lines);
}

typedef struct flag_lines {
  fmt_flag_line *lines;
  size_t n, capacity;
} flag_lines;

static bool append_flags(flag_lines *to, const char *measure, const dsp_flags *flags) {
  const dsp_flag_row *row = NULL;
  for (size_t i = 0; (row = dsp_flags_get(flags, i)); i++) {
    if (dsp_grow(&to->lines, &to->capacity, to->n + 1, sizeof *to->lines) != DSP_OK) return false;
    to->lines[to->n++] = (fmt_flag_line){measure, row->id};
  }
  return true;
}

static void put_flags(fmt_h5 *h5, hid_t group, const dsp_test *test) {
  flag_lines all = {0};
  bool done = append_flags(&all, "", &test->flags);
  for (size_t i = 0; done && i < test->n_measures; i++) done = append_flags(&all, test->measures[i].row->id, &test->measures[i].flags);
  if (!done) h5->failed = true;
  fmt_h5_table(h5, group, &fmt_flags_table, all.lines, done ? all.n : 0);
  free(all.lines);
}

static void put_test(fmt_h5 *h5, hid_t results, const dsp_test *test, size_t i) {
  size_t mark = h5->n;
  char name[24];
  snprintf(name, sizeof name, "%zu", i);
  hid_t group = fmt_h5_group(h5, results, name);
  fmt_h5_text(h5, group, "protocol", test->protocol);
  fmt_h5_u32(h5, group, "trial", test->trial);
  fmt_h5_text(h5, group, "channel", test->channel);
  fmt_h5_text(h5, group, "side", test->side == DSP_SIDE_UNKNOWN ? NULL : dsp_side_text(test->side));
  fmt_h5_text(h5, group, "site", test->site);
  fmt_h5_text(h5, group, "manoeuvre", test->manoeuvre);
  fmt_h5_f64(h5, group, "quality", test->quality);
  put_measures(h5, group, test);
  put_flags(h5, group, test);
  fmt_h5_table(h5, group, &fmt_landmarks_table, test->landmarks, test->n_landmarks);
  fmt_h5_table(h5, group, &fmt_phases_table, test->phases, test->n_phases);
  fmt_h5_table(h5, group, &fmt_details_table, test->details, test->n_details);
  hid_t series = fmt_h5_group(h5, group, "series");
  for (size_t k = 0; k < test->n_series; k++) {
    if (test->series[k].bins > 0)
      fmt_h5_spectrogram(h5, group, &test->series[k]);
    else
      fmt_h5_series(h5, series, &test->series[k]);
  }
  fmt_h5_release(h5, mark);
}

static void put_results(fmt_h5 *h5, const dsp_report *report) {
  size_t mark = h5->n;
  hid_t results = fmt_h5_group(h5, h5->file, "results");
  for (size_t i = 0; i < report->n_tests; i++) put_test(h5, results, &report->tests[i], i);
  fmt_h5_release(h5, mark);
}

/* The text of a parameter's value: its word when it is a choice. */
static char *value_text(dsp_arena *arena, const dsp_param_row *row, double value) {
  char word[128];
  dsp_param_choice(row, value, word, sizeof word);
  if (row->choices) return dsp_arena_printf(arena, "%s", word);
  fmt_buffer number = {0};
  fmt_put_number(&number, value, "n/a");
  char *text = number.failed ? NULL : dsp_arena_text(arena, number.bytes, number.size);
  fmt_buffer_clear(&number);
  return text;
}

static void put_parameters(fmt_h5 *h5, hid_t group, const dsp_params *params) {
  dsp_arena *arena = dsp_arena_new();
  fmt_param_line *lines = NULL;
  size_t n = 0, capacity = 0;
  const dsp_param_row *row = NULL;
  double value = 0.0;
  const char *owner = NULL;
  for (; arena && params && (row = dsp_params_row(params, n, &value, &owner)); n++) {
    char *text = value_text(arena, row, value);
    if (!text || dsp_grow(&lines, &capacity, n + 1, sizeof *lines) != DSP_OK) {
      h5->failed = true;
      break;
    }
    lines[n] = (fmt_param_line){.id = row->id, .owner = owner, .unit = row->unit, .text = text, .value = value};
  }
  if (!arena) h5->failed = true;
  fmt_h5_table(h5, group, &fmt_parameters_table, lines, n);
  free(lines);
  dsp_arena_free(arena);
}

static void put_provenance(fmt_h5 *h5, const dsp_report *report) {
  size_t mark = h5->n;
  hid_t group = fmt_h5_group(h5, h5->file, "provenance");
  fmt_h5_text(h5, group, "config_sha256", report->config_sha256);
  put_parameters(h5, group, report->params);
  fmt_h5_table(h5, group, &fmt_libraries_table, report->libraries, report->n_libraries);
  fmt_h5_release(h5, mark);
}

dsp_status fmt_report_hdf5(fmt_buffer *out, const dsp_report *report, const fmt_write_options *options, dsp_error *error) {
  fmt_buffer json = {0};
  dsp_status status = fmt_report_json(&json, report, options, error);
  if (status != DSP_OK) {
    fmt_buffer_clear(&json);
    return status;
  }
  bool names = !(options && options->no_name);
  fmt_h5 h5;
  fmt_h5_create(&h5);
  put_root(&h5, report, names);
  fmt_h5_document(&h5, h5.file, "json", json.bytes, json.size);
  put_acquisition(&h5, report, names);
  put_events(&h5, report, names);
  fmt_h5_table(&h5, h5.file, &fmt_warnings_table, report->warnings, report->n_warnings);
  put_results(&h5, report);
  put_provenance(&h5, report);
  bool done = fmt_h5_finish(&h5, out);
  fmt_buffer_clear(&json);
  return done ? DSP_OK : dsp_fail(error, DSP_NO_MEMORY, "", "", "the HDF5 report could not be built in memory");
}
