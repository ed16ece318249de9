/* SPDX-License-Identifier: GPL-3.0-or-later
 * HDF5 report -> dsp_report, by the same column tables that wrote it. */
#include "report_load.h"

#include "h5_read.h"

#include <dsp/protocol.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *null_if_empty(const char *text) {
  return text && *text ? text : NULL;
}

/* Copy into the report's arena; "" becomes NULL. */
static bool own(dsp_report *report, const char **to, const char *text) {
  *to = null_if_empty(text) ? dsp_arena_text(report->arena, text, strlen(text)) : NULL;
  return !null_if_empty(text) || *to;
}

/* A child that every report has. */
static hid_t need(fmt_h5_in *in, hid_t parent, const char *name, H5I_type_t kind) {
  hid_t object = fmt_h5_child(in, parent, name, kind);
  if (object < 0) fmt_h5_bad(in, parent, name, "missing, or something else", kind == H5I_GROUP ? "a group" : "a dataset");
  return object;
}

static bool below(fmt_h5_in *in, const char *table, size_t n, size_t most) {
  if (n <= most) return true;
  dsp_fail(in->error, DSP_BAD_INPUT, table, "as many as a protocol has", "%zu lines", n);
  return false;
}

static bool read_optional(fmt_h5_in *in, hid_t object, const char *name, const char **text) {
  if (!fmt_h5_read_text(in, object, name, text)) return false;
  *text = null_if_empty(*text);
  return true;
}

static bool read_events(fmt_h5_in *in, dsp_recording *r) {
  void *lines = NULL;
  size_t n = 0;
  if (!fmt_h5_read_table(in, in->file, &fmt_events_table, &lines, &n)) return false;
  for (size_t i = 0; i < n; i++) {
    const fmt_event_line *line = (const fmt_event_line *)lines + i;
    dsp_event event = {.t_s = line->t_s,
                       .dur_s = line->dur_s,
                       .count = line->count,
                       .volume_ml = line->volume_ml,
                       .percent = line->percent,
                       .text = null_if_empty(line->text),
                       .source = null_if_empty(line->source)};
    if (dsp_event_kind_find(line->kind, &event.kind) && dsp_recording_add_event(r, &event) != DSP_OK) return false;
  }
  return true;
}

static bool read_facts(fmt_h5_in *in, dsp_recording *r, double *duration_s) {
  hid_t acquisition = need(in, in->file, "acquisition", H5I_GROUP);
  const char *sha256 = NULL;
  if (acquisition < 0 || !read_optional(in, in->file, "input_name", &r->name) || !fmt_h5_read_text(in, in->file, "input_sha256", &sha256) ||
      !read_optional(in, in->file, "input_format", &r->format) || !fmt_h5_read_f64(in, in->file, "duration_s", duration_s) ||
      !fmt_h5_read_f64(in, in->file, "t_origin_s", &r->t_origin_s) || !read_optional(in, acquisition, "t0", &r->t0) ||
      !read_optional(in, acquisition, "device", &r->device) || !fmt_h5_read_f64(in, acquisition, "room_temp_c", &r->room_temp_c) ||
      !read_optional(in, acquisition, "subject_key", &r->subject_key) || !read_optional(in, acquisition, "ceap", &r->ceap) ||
      !read_optional(in, acquisition, "compression", &r->compression) || !read_optional(in, acquisition, "visit", &r->visit) ||
      !read_optional(in, acquisition, "condition_label", &r->condition_label))
    return false;
  snprintf(r->sha256, sizeof r->sha256, "%s", sha256);
  return read_events(in, r);
}

static bool read_warnings(fmt_h5_in *in, dsp_report *report) {
  void *lines = NULL;
  size_t n = 0;
  if (!fmt_h5_read_table(in, in->file, &fmt_warnings_table, &lines, &n)) return false;
  for (size_t i = 0; i < n; i++) {
    const dsp_warning *w = (const dsp_warning *)lines + i;
    if (dsp_flag_find(w->code) && dsp_report_warn(report, w->code, "%s", w->text) != DSP_OK) return false;
  }
  return true;
}

static bool fill_measure(dsp_report *report, dsp_measure *m, const fmt_measure_line *line) {
  *m = (dsp_measure){.row = m->row,
                     .value = line->value,
                     .lo = line->lo,
                     .hi = line->hi,
                     .se = line->se,
                     .n = line->n,
                     .limit = line->limit,
                     .limit_distance = line->limit_distance,
                     .valid = line->valid,
                     .t0_s = line->t0_s,
                     .t1_s = line->t1_s};
  return own(report, &m->unit, line->unit) && own(report, &m->interval, line->interval) && own(report, &m->definition, line->definition) &&
         own(report, &m->grade, line->grade) && own(report, &m->guideline, line->guideline);
}

/* A test whose measures have rows made from the table: the file may hold a protocol that this version does not have. */
static dsp_test *add_test(fmt_h5_in *in, dsp_report *report, hid_t group) {
  void *lines = NULL;
  size_t n = 0;
  const char *protocol_id = NULL, *side = NULL, *manoeuvre = NULL;
  dsp_channel channel = {0};
  unsigned trial = 0;
  if (!fmt_h5_read_text(in, group, "protocol", &protocol_id) || !fmt_h5_read_text(in, group, "channel", &channel.name) ||
      !fmt_h5_read_text(in, group, "side", &side) || !read_optional(in, group, "site", &channel.site) ||
      !read_optional(in, group, "manoeuvre", &manoeuvre) || !fmt_h5_read_u32(in, group, "trial", &trial) ||
      !fmt_h5_read_table(in, group, &fmt_measures_table, &lines, &n) || !below(in, "measures", n, FMT_CAP_MEASURES))
    return NULL;
  if (!dsp_side_find(side, &channel.side)) channel.side = DSP_SIDE_UNKNOWN;
  dsp_measure_row *rows = dsp_arena_alloc(report->arena, n > 0 ? n : 1, sizeof *rows);
  const fmt_measure_line *line = lines;
  for (size_t i = 0; rows && i < n; i++) {
    rows[i] = (dsp_measure_row){.id = dsp_arena_text(report->arena, line[i].id, strlen(line[i].id)),
                                .unit = dsp_arena_text(report->arena, line[i].unit, strlen(line[i].unit))};
    if (!rows[i].id || !rows[i].unit) return NULL;
  }
  const dsp_protocol protocol = {.id = protocol_id, .measures = rows, .n_measures = n};
  dsp_test *test = rows ? dsp_report_add_test(report, &protocol, &channel, trial, manoeuvre) : NULL;
  for (size_t i = 0; test && i < n; i++)
    if (!fill_measure(report, &test->measures[i], &line[i])) return NULL;
  return test;
}

static bool read_flags(fmt_h5_in *in, hid_t group, dsp_test *test) {
  void *lines = NULL;
  size_t n = 0;
  if (!fmt_h5_read_table(in, group, &fmt_flags_table, &lines, &n) || !below(in, "flags", n, FMT_CAP_FLAGS)) return false;
  for (size_t i = 0; i < n; i++) {
    const fmt_flag_line *line = (const fmt_flag_line *)lines + i;
    if (!dsp_flag_find(line->code)) continue;
    if (!*line->measure) dsp_flags_add(&test->flags, line->code);
    for (size_t k = 0; k < test->n_measures; k++)
      if (!strcmp(test->measures[k].row->id, line->measure)) dsp_flags_add(&test->measures[k].flags, line->code);
  }
  return true;
}

static bool read_lists(fmt_h5_in *in, dsp_report *report, hid_t group, dsp_test *test) {
  void *lines = NULL;
  size_t n = 0;
  if (!fmt_h5_read_table(in, group, &fmt_landmarks_table, &lines, &n)) return false;
  for (size_t i = 0; i < n; i++) {
    dsp_landmark l = ((const dsp_landmark *)lines)[i];
    if (!own(report, &l.name, l.name) || !own(report, &l.source, l.source) ||
        dsp_test_add_landmark(test, l.name, l.t_s, l.lo, l.hi, l.source) != DSP_OK)
      return false;
  }
  if (!fmt_h5_read_table(in, group, &fmt_phases_table, &lines, &n)) return false;
  for (size_t i = 0; i < n; i++) {
    dsp_phase p = ((const dsp_phase *)lines)[i];
    if (!own(report, &p.name, p.name) || dsp_test_add_phase(test, p.name, p.t0_s, p.t1_s, p.level) != DSP_OK) return false;
  }
  if (!fmt_h5_read_table(in, group, &fmt_details_table, &lines, &n)) return false;
  for (size_t i = 0; i < n; i++) {
    dsp_detail d = ((const dsp_detail *)lines)[i];
    if (!own(report, &d.id, d.id) || !own(report, &d.unit, d.unit) || dsp_test_add_detail(test, d.id, d.unit, d.value) != DSP_OK)
      return false;
  }
  return true;
}

static bool read_series(fmt_h5_in *in, dsp_report *report, hid_t parent, const char *name, dsp_test *test) {
  size_t mark = in->stack.n, n = 0;
  double *x = NULL, start_s = 0.0, rate_hz = 0.0;
  const char *unit = NULL, *kept_name = NULL;
  hid_t group = need(in, parent, name, H5I_GROUP), data = group >= 0 ? need(in, group, "data", H5I_DATASET) : -1;
  bool done = data >= 0 && fmt_h5_read_text(in, data, "units", &unit) && fmt_h5_read_f64(in, data, "start_s", &start_s) &&
              fmt_h5_read_f64(in, data, "rate_hz", &rate_hz) && own(report, &unit, unit) && own(report, &kept_name, name);
  if (done && !(isfinite(start_s) && isfinite(rate_hz) && rate_hz > 0.0)) {
    dsp_fail(in->error, DSP_BAD_INPUT, name, "a rate above 0 and a finite start", "a series without a usable time base");
    done = false;
  }
  done = done && fmt_h5_read_samples(in, group, "data", &x, &n);
  if (done) done = dsp_test_add_series(test, kept_name, unit ? unit : "", rate_hz, start_s, x, n) == DSP_OK;
  fmt_h5_release(&in->stack, mark);
  return done;
}

static bool read_axes(fmt_h5_in *in, hid_t data, dsp_series *s, double *lo, double *hi) {
  unsigned bins = 0;
  const bool read = fmt_h5_read_u32(in, data, "bins", &bins) && fmt_h5_read_f64(in, data, "start_s", &s->t0_s) &&
                    fmt_h5_read_f64(in, data, "rate_hz", &s->rate_hz) && fmt_h5_read_f64(in, data, "bin0", &s->bin0) &&
                    fmt_h5_read_f64(in, data, "bin_step", &s->bin_step) && fmt_h5_read_f64(in, data, "lo", lo) &&
                    fmt_h5_read_f64(in, data, "hi", hi) && fmt_h5_read_text(in, data, "units", &s->unit) &&
                    fmt_h5_read_text(in, data, "bin_units", &s->bin_unit);
  s->bins = bins;
  return read;
}

static bool sane_axes(const dsp_series *s, double lo, double hi, size_t n) {
  return isfinite(s->t0_s) && isfinite(s->rate_hz) && s->rate_hz > 0.0 && isfinite(s->bin0) && isfinite(s->bin_step) && s->bin_step > 0.0 &&
         isfinite(lo) && isfinite(hi) && hi >= lo && s->bins > 0 && n % s->bins == 0;
}

/* Optional: only Doppler audio has one. */
static bool read_spectrogram(fmt_h5_in *in, dsp_report *report, hid_t group, dsp_test *test) {
  static const char name[] = "spectrogram";
  size_t mark = in->stack.n, n = 0;
  const unsigned char *level = NULL;
  dsp_series s = {.name = name};
  double lo = 0.0, hi = 0.0;
  if (H5Lexists(group, name, H5P_DEFAULT) <= 0) return true;
  hid_t data = need(in, group, name, H5I_DATASET);
  bool done = data >= 0 && read_axes(in, data, &s, &lo, &hi) && fmt_h5_read_levels(in, group, name, &level, &n);
  if (done && !sane_axes(&s, lo, hi, n)) {
    dsp_fail(in->error, DSP_BAD_INPUT, name, "whole columns on finite axes", "a spectrogram without usable axes");
    done = false;
  }
  double *x = done ? fmt_h5_had(in, dsp_alloc(n, sizeof *x)) : NULL;
  for (size_t i = 0; x && i < n; i++) x[i] = level[i] ? lo + (hi - lo) * (level[i] - 1) / 254.0 : (double)NAN;
  done = x && own(report, &s.unit, s.unit ? s.unit : "") && own(report, &s.bin_unit, s.bin_unit ? s.bin_unit : "");
  if (!done) free(x);
  if (done) done = dsp_test_add_series(test, name, s.unit, s.rate_hz, s.t0_s, x, n / s.bins) == DSP_OK;
  if (done) {
    s.x = x;
    s.n = n / s.bins;
    test->series[test->n_series - 1] = s;
  }
  fmt_h5_release(&in->stack, mark);
  return done;
}

static bool read_test(fmt_h5_in *in, dsp_report *report, hid_t results, size_t i) {
  size_t mark = in->stack.n, n = 0;
  char name[24];
  const char **names = NULL;
  snprintf(name, sizeof name, "%zu", i);
  hid_t group = need(in, results, name, H5I_GROUP);
  dsp_test *test = group >= 0 ? add_test(in, report, group) : NULL;
  bool done =
      test && fmt_h5_read_f64(in, group, "quality", &test->quality) && read_flags(in, group, test) && read_lists(in, report, group, test);
  hid_t series = done ? need(in, group, "series", H5I_GROUP) : -1;
  done = series >= 0 && fmt_h5_names(in, series, &names, &n);
  for (size_t k = 0; done && k < n; k++) done = read_series(in, report, series, names[k], test);
  done = done && read_spectrogram(in, report, group, test);
  fmt_h5_release(&in->stack, mark);
  return done;
}

static bool read_results(fmt_h5_in *in, dsp_report *report) {
  hid_t results = need(in, in->file, "results", H5I_GROUP);
  const char **names = NULL;
  size_t n = 0;
  if (results < 0 || !fmt_h5_names(in, results, &names, &n)) return false;
  for (size_t i = 0; i < n; i++)
    if (!read_test(in, report, results, i)) return false;
  return true;
}

static dsp_report *load(fmt_h5_in *in, const char **generator) {
  const char *schema = NULL, *made_by = NULL;
  if (!fmt_h5_read_text(in, in->file, "schema", &schema) || !fmt_h5_read_text(in, in->file, "generator", &made_by)) return NULL;
  if (strcmp(schema, "pleth-report/1") != 0) {
    dsp_fail(in->error, DSP_BAD_INPUT, "/schema", "pleth-report/1", "%.80s", schema);
    return NULL;
  }
  dsp_recording *facts = dsp_recording_new();
  double duration_s = 0.0;
  dsp_report *report = facts && read_facts(in, facts, &duration_s) ? dsp_report_new(facts, NULL) : NULL;
  dsp_recording_free(facts);
  if (!report) return NULL;
  report->duration_s = duration_s;
  const char *kept = NULL;
  if (!own(report, &kept, made_by) || !read_warnings(in, report) || !read_results(in, report)) {
    dsp_report_free(report);
    return NULL;
  }
  if (generator) *generator = kept;
  return report;
}

dsp_status fmt_load_report(dsp_report **report, const char **generator, const fmt_source *file, dsp_error *error) {
  fmt_h5_in in;
  dsp_error why = {0};
  *report = NULL;
  dsp_status status = fmt_h5_open(&in, file, &why);
  if (status == DSP_OK) *report = load(&in, generator);
  if (!*report && why.status == DSP_OK) dsp_fail_memory(&why); /* every fault of the file has said so */
  fmt_h5_close(&in);
  return *report ? DSP_OK : dsp_fail(error, why.status, why.place, why.expected, "%s", why.found);
}

const dsp_series *fmt_main_series(const dsp_test *test) {
  const dsp_series *conditioned = fmt_find_series(test, "conditioned");
  return conditioned ? conditioned : fmt_find_series(test, "envelope");
}

const dsp_series *fmt_find_series(const dsp_test *test, const char *name) {
  for (size_t i = 0; i < test->n_series; i++)
    if (!strcmp(test->series[i].name, name)) return &test->series[i];
  return NULL;
}
