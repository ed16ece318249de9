/* SPDX-License-Identifier: GPL-3.0-or-later
 * The report: construction, measures that begin null, and small appends. */
#include <dsp/report.h>

#include <assert.h>
#include <dsp/protocol.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copy of a text that may be NULL. False when out of memory. */
static bool keep(dsp_arena *arena, const char **copy, const char *text) {
  *copy = text ? dsp_arena_text(arena, text, strlen(text)) : NULL;
  return !text || *copy;
}

static bool copy_facts(dsp_report *report, const dsp_recording *recording) {
  dsp_arena *arena = report->arena;
  if (!keep(arena, &report->input_name, recording->name) || !keep(arena, &report->input_format, recording->format) ||
      !keep(arena, &report->t0, recording->t0) || !keep(arena, &report->device, recording->device) ||
      !keep(arena, &report->subject_key, recording->subject_key) || !keep(arena, &report->ceap, recording->ceap) ||
      !keep(arena, &report->compression, recording->compression) || !keep(arena, &report->visit, recording->visit) ||
      !keep(arena, &report->condition_label, recording->condition_label))
    return false;
  memcpy(report->input_sha256, recording->sha256, sizeof report->input_sha256);
  report->duration_s = dsp_recording_duration_s(recording);
  report->t_origin_s = recording->t_origin_s;
  report->room_temp_c = recording->room_temp_c;
  report->events = dsp_alloc(recording->n_events, sizeof *report->events);
  if (!report->events) return false;
  for (size_t i = 0; i < recording->n_events; i++) {
    dsp_event *event = &report->events[i];
    *event = recording->events[i];
    if (!keep(arena, &event->text, event->text) || !keep(arena, &event->source, event->source)) return false;
    report->n_events++;
  }
  for (size_t i = 0; i < recording->n_warnings; i++)
    if (dsp_report_warn(report, recording->warnings[i].code, "%s", recording->warnings[i].text) != DSP_OK) return false;
  return true;
}

dsp_report *dsp_report_new(const dsp_recording *recording, const dsp_params *params) {
  dsp_report *report = dsp_zalloc(1, sizeof *report);
  if (!report) return NULL;
  report->params = params;
  report->arena = dsp_arena_new();
  if (!report->arena || !copy_facts(report, recording)) {
    dsp_report_free(report);
    return NULL;
  }
  return report;
}

void dsp_report_free(dsp_report *report) {
  if (!report) return;
  for (size_t i = 0; i < report->n_tests; i++) {
    dsp_test *test = &report->tests[i];
    for (size_t s = 0; s < test->n_series; s++) free(test->series[s].x);
    free(test->series);
    free(test->measures);
    free(test->landmarks);
    free(test->phases);
    free(test->details);
    free(test->verdicts);
  }
  free(report->tests);
  free(report->events);
  free(report->warnings);
  free(report->libraries);
  dsp_arena_free(report->arena);
  free(report);
}

dsp_test *dsp_report_add_test(dsp_report *report, const dsp_protocol *protocol, const dsp_channel *channel, unsigned trial,
                              const char *manoeuvre) {
  dsp_test test = {.trial = trial, .side = channel->side, .n_measures = protocol->n_measures, .quality = NAN};
  test.measures = dsp_zalloc(protocol->n_measures, sizeof *test.measures);
  if (!test.measures || !keep(report->arena, &test.protocol, protocol->id) || !keep(report->arena, &test.channel, channel->name) ||
      !keep(report->arena, &test.site, channel->site) || !keep(report->arena, &test.manoeuvre, manoeuvre) ||
      dsp_grow(&report->tests, &report->tests_capacity, report->n_tests + 1, sizeof test) != DSP_OK) {
    free(test.measures);
    return NULL;
  }
  for (size_t i = 0; i < test.n_measures; i++)
    test.measures[i] = (dsp_measure){.row = &protocol->measures[i],
                                     .value = NAN,
                                     .lo = NAN,
                                     .hi = NAN,
                                     .se = NAN,
                                     .unit = protocol->measures[i].unit,
                                     .definition = protocol->measures[i].definition,
                                     .limit = NAN,
                                     .limit_distance = NAN,
                                     .t0_s = NAN,
                                     .t1_s = NAN};
  dsp_test *added = &report->tests[report->n_tests++];
  *added = test;
  return added;
}

dsp_measure *dsp_test_measure(const dsp_test *test, const char *id) {
  for (size_t i = 0; i < test->n_measures; i++)
    if (!strcmp(test->measures[i].row->id, id)) return &test->measures[i];
  assert(false && "measure id is a row of the protocol");
  return NULL;
}

void dsp_measure_set(dsp_measure *measure, double value, double se, double t0_s, double t1_s) {
  static const double z95 = 1.959963984540054;
  const bool finite = isfinite(value);
  measure->valid = finite;
  measure->value = finite ? value : NAN;
  measure->se = finite && isfinite(se) ? se : NAN;
  measure->lo = value - z95 * measure->se;
  measure->hi = value + z95 * measure->se;
  if (!finite) measure->lo = measure->hi = NAN;
  measure->interval = isfinite(measure->lo) ? "delta" : NULL;
  measure->n = finite ? 1 : 0;
  measure->t0_s = isfinite(t0_s) ? t0_s : NAN;
  measure->t1_s = isfinite(t1_s) ? t1_s : NAN;
  if (!finite) dsp_flags_add(&measure->flags, "not_computable");
}

void dsp_measure_null(dsp_measure *measure, const char *flag) {
  measure->value = measure->lo = measure->hi = measure->se = NAN;
  measure->interval = NULL;
  measure->n = 0;
  measure->valid = false;
  dsp_flags_add(&measure->flags, flag);
}

dsp_status dsp_test_add_landmark(dsp_test *test, const char *name, double t_s, double lo, double hi, const char *source) {
  if (dsp_grow(&test->landmarks, &test->landmarks_capacity, test->n_landmarks + 1, sizeof *test->landmarks) != DSP_OK) return DSP_NO_MEMORY;
  test->landmarks[test->n_landmarks++] = (dsp_landmark){name, t_s, lo, hi, source};
  return DSP_OK;
}

dsp_status dsp_test_add_phase(dsp_test *test, const char *name, double t0_s, double t1_s, double level) {
  if (dsp_grow(&test->phases, &test->phases_capacity, test->n_phases + 1, sizeof *test->phases) != DSP_OK) return DSP_NO_MEMORY;
  test->phases[test->n_phases++] = (dsp_phase){name, t0_s, t1_s, level};
  return DSP_OK;
}

dsp_status dsp_test_add_detail(dsp_test *test, const char *id, const char *unit, double value) {
  if (dsp_grow(&test->details, &test->details_capacity, test->n_details + 1, sizeof *test->details) != DSP_OK) return DSP_NO_MEMORY;
  test->details[test->n_details++] = (dsp_detail){id, unit, value};
  return DSP_OK;
}

dsp_status dsp_test_add_series(dsp_test *test, const char *name, const char *unit, double rate_hz, double t0_s, double *x, size_t n) {
  if (dsp_grow(&test->series, &test->series_capacity, test->n_series + 1, sizeof *test->series) != DSP_OK) {
    free(x);
    return DSP_NO_MEMORY;
  }
  test->series[test->n_series++] = (dsp_series){name, unit, rate_hz, t0_s, x, n};
  return DSP_OK;
}

dsp_status dsp_report_warn(dsp_report *report, const char *code, const char *format, ...) {
  const dsp_flag_row *row = dsp_flag_find(code);
  assert(row);
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  const char *kept;
  if (!keep(report->arena, &kept, text) ||
      dsp_grow(&report->warnings, &report->warnings_capacity, report->n_warnings + 1, sizeof *report->warnings) != DSP_OK)
    return DSP_NO_MEMORY;
  report->warnings[report->n_warnings++] = (dsp_warning){row->id, kept};
  return DSP_OK;
}

dsp_status dsp_report_add_library(dsp_report *report, const char *name, const char *version) {
  dsp_note note;
  if (!keep(report->arena, &note.key, name) || !keep(report->arena, &note.text, version) ||
      dsp_grow(&report->libraries, &report->libraries_capacity, report->n_libraries + 1, sizeof note) != DSP_OK)
    return DSP_NO_MEMORY;
  report->libraries[report->n_libraries++] = note;
  return DSP_OK;
}

bool dsp_report_all_valid(const dsp_report *report) {
  for (size_t t = 0; t < report->n_tests; t++)
    for (size_t i = 0; i < report->tests[t].n_measures; i++)
      if (!report->tests[t].measures[i].valid && !dsp_flags_has(&report->tests[t].measures[i].flags, "see_pooled")) return false;
  return true;
}
