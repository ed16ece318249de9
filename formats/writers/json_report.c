/* SPDX-License-Identifier: GPL-3.0-or-later
 * JSON of a report (pleth-report/1) and of `pleth info` (pleth-info/1): fixed order of keys, null for what is missing. Later keys stand
 * after the first ones, so that a reader of an early version finds what it knows where it was. */
#include <fmt/writer.h>

#include <math.h>

/* `"key": ` with the separator that belongs before it. */
static void put_key(fmt_buffer *out, const char *separator, const char *key) {
  fmt_printf(out, "%s\"%s\": ", separator, key);
}

static void put_text(fmt_buffer *out, const char *separator, const char *key, const char *text) {
  put_key(out, separator, key);
  fmt_put_json_text(out, text);
}

static void put_number(fmt_buffer *out, const char *separator, const char *key, double value) {
  put_key(out, separator, key);
  fmt_put_number(out, value, "null");
}

static void put_flags(fmt_buffer *out, const char *separator, const dsp_flags *flags) {
  put_key(out, separator, "flags");
  fmt_put(out, "[");
  const dsp_flag_row *row = NULL;
  for (size_t i = 0; (row = dsp_flags_get(flags, i)); i++) {
    if (i > 0) fmt_put(out, ", ");
    fmt_put_json_text(out, row->id);
  }
  fmt_put(out, "]");
}

static const char *side_or_null(dsp_side side) {
  return side == DSP_SIDE_UNKNOWN ? NULL : dsp_side_text(side);
}

static void put_measure(fmt_buffer *out, const dsp_measure *m) {
  put_text(out, "{", "id", m->row->id);
  put_number(out, ", ", "value", m->value);
  put_text(out, ", ", "unit", m->unit);
  put_number(out, ", ", "lo", m->lo);
  put_number(out, ", ", "hi", m->hi);
  put_number(out, ", ", "se", m->se);
  put_number(out, ", ", "n", m->n);
  put_text(out, ", ", "interval", m->interval);
  put_text(out, ", ", "definition", m->definition);
  put_text(out, ", ", "grade", m->grade);
  put_text(out, ", ", "guideline", m->guideline);
  put_number(out, ", ", "limit", m->limit);
  put_flags(out, ", ", &m->flags);
  put_key(out, ", ", "valid");
  fmt_put(out, m->valid ? "true" : "false");
  put_number(out, ", ", "t0_s", m->t0_s);
  put_number(out, ", ", "t1_s", m->t1_s);
  put_number(out, ", ", "limit_distance", m->limit_distance);
  fmt_put(out, "}");
}

static void put_landmark(fmt_buffer *out, const dsp_landmark *l) {
  put_text(out, "{", "name", l->name);
  put_number(out, ", ", "t_s", l->t_s);
  put_number(out, ", ", "lo", l->lo);
  put_number(out, ", ", "hi", l->hi);
  put_text(out, ", ", "source", l->source);
  fmt_put(out, "}");
}

static void put_phase(fmt_buffer *out, const dsp_phase *p) {
  put_text(out, "{", "name", p->name);
  put_number(out, ", ", "t0_s", p->t0_s);
  put_number(out, ", ", "t1_s", p->t1_s);
  put_number(out, ", ", "level", p->level);
  fmt_put(out, "}");
}

static void put_detail(fmt_buffer *out, const dsp_detail *d) {
  put_text(out, "{", "id", d->id);
  put_number(out, ", ", "value", d->value);
  put_text(out, ", ", "unit", d->unit);
  fmt_put(out, "}");
}

static void put_verdict(fmt_buffer *out, const dsp_verdict *v) {
  put_text(out, "{", "id", v->measure);
  put_text(out, ", ", "guideline", v->guideline);
  put_text(out, ", ", "grade", v->grade);
  put_key(out, ", ", "normal");
  fmt_put(out, v->normal ? "true" : "false");
  put_key(out, ", ", "verified");
  fmt_put(out, v->verified ? "true" : "false");
  fmt_put(out, "}");
}

static void put_event(fmt_buffer *out, const dsp_event *e, bool labels) {
  put_number(out, "{", "t_s", e->t_s);
  put_number(out, ", ", "dur_s", e->dur_s);
  put_text(out, ", ", "kind", dsp_event_kind_text(e->kind));
  put_text(out, ", ", "text", labels ? e->text : NULL);
  put_number(out, ", ", "count", e->count);
  put_number(out, ", ", "volume_ml", e->volume_ml);
  put_number(out, ", ", "percent", e->percent);
  put_text(out, ", ", "source", e->source);
  fmt_put(out, "}");
}

static void put_warning(fmt_buffer *out, const dsp_warning *w) {
  put_text(out, "{", "code", w->code);
  put_text(out, ", ", "text", w->text);
  fmt_put(out, "}");
}

/* An array of objects, each put by `put_one` from item_i. */
#define PUT_LIST(out, key, n, put_one)                                                                                                     \
  do {                                                                                                                                     \
    put_key(out, ", ", key);                                                                                                               \
    fmt_put(out, "[");                                                                                                                     \
    for (size_t item_i = 0; item_i < (n); item_i++) {                                                                                      \
      if (item_i > 0) fmt_put(out, ", ");                                                                                                  \
      put_one;                                                                                                                             \
    }                                                                                                                                      \
    fmt_put(out, "]");                                                                                                                     \
  } while (0)

static void put_test(fmt_buffer *out, const dsp_test *t) {
  put_text(out, "{", "protocol", t->protocol);
  put_key(out, ", ", "trial");
  if (t->trial == 0)
    fmt_put(out, "\"pooled\"");
  else
    fmt_printf(out, "%u", t->trial);
  put_text(out, ", ", "channel", t->channel);
  put_text(out, ", ", "side", side_or_null(t->side));
  put_text(out, ", ", "site", t->site);
  put_text(out, ", ", "manoeuvre", t->manoeuvre);
  PUT_LIST(out, "measures", t->n_measures, put_measure(out, &t->measures[item_i]));
  PUT_LIST(out, "landmarks", t->n_landmarks, put_landmark(out, &t->landmarks[item_i]));
  put_number(out, ", \"quality\": {", "score", t->quality);
  put_flags(out, ", ", &t->flags);
  fmt_put(out, "}");
  PUT_LIST(out, "phases", t->n_phases, put_phase(out, &t->phases[item_i]));
  PUT_LIST(out, "details", t->n_details, put_detail(out, &t->details[item_i]));
  if (t->n_verdicts) PUT_LIST(out, "verdicts", t->n_verdicts, put_verdict(out, &t->verdicts[item_i]));
  fmt_put(out, "}");
}

static void put_parameters(fmt_buffer *out, const dsp_params *params) {
  put_key(out, "{", "parameters");
  fmt_put(out, "{");
  const dsp_param_row *row = NULL;
  double value = 0.0;
  for (size_t i = 0; params && (row = dsp_params_row(params, i, &value, NULL)); i++) {
    fmt_put(out, i > 0 ? ", " : "");
    fmt_put_json_text(out, row->id);
    fmt_put(out, ": ");
    char word[128];
    dsp_param_choice(row, value, word, sizeof word);
    if (row->choices)
      fmt_put_json_text(out, word);
    else
      fmt_put_number(out, value, "null");
  }
  fmt_put(out, "}");
}

static void put_provenance(fmt_buffer *out, const dsp_report *report) {
  put_parameters(out, report->params);
  put_text(out, ", ", "config_sha256", report->config_sha256);
  put_key(out, ", ", "libraries");
  fmt_put(out, "{");
  for (size_t i = 0; i < report->n_libraries; i++) {
    fmt_put(out, i > 0 ? ", " : "");
    fmt_put_json_text(out, report->libraries[i].key);
    fmt_put(out, ": ");
    fmt_put_json_text(out, report->libraries[i].text);
  }
  fmt_put(out, "}}");
}

dsp_status fmt_report_json(fmt_buffer *out, const dsp_report *report, const fmt_write_options *options, dsp_error *error) {
  bool names = !(options && options->no_name);
  put_text(out, "{", "schema", "pleth-report/1");
  put_text(out, ", ", "generator", "pleth " PLETH_VERSION);
  put_text(out, ", \"input\": {", "name", names ? report->input_name : NULL);
  put_text(out, ", ", "sha256", report->input_sha256);
  put_text(out, ", ", "format", report->input_format);
  put_number(out, ", ", "duration_s", report->duration_s);
  put_number(out, ", ", "t_origin_s", report->t_origin_s);
  fmt_put(out, "}");
  PUT_LIST(out, "tests", report->n_tests, put_test(out, &report->tests[item_i]));
  PUT_LIST(out, "warnings", report->n_warnings, put_warning(out, &report->warnings[item_i]));
  put_key(out, ", ", "provenance");
  put_provenance(out, report);
  put_text(out, ", \"subject\": {", "key", report->subject_key);
  put_text(out, ", ", "ceap", report->ceap);
  put_text(out, "}, \"condition\": {", "compression", report->compression);
  put_text(out, ", ", "visit", report->visit);
  put_text(out, ", ", "label", names ? report->condition_label : NULL);
  put_text(out, "}, \"acquisition\": {", "t0", report->t0);
  put_text(out, ", ", "device", report->device);
  put_number(out, ", ", "room_temp_c", report->room_temp_c);
  fmt_put(out, "}");
  PUT_LIST(out, "events", report->n_events, put_event(out, &report->events[item_i], names));
  fmt_put(out, "}");
  return out->failed ? dsp_fail_memory(error) : DSP_OK;
}

static void put_channel(fmt_buffer *out, const dsp_channel *c) {
  put_text(out, "{", "name", c->name);
  put_text(out, ", ", "unit", c->unit ? c->unit->ucum : c->unit_as_written);
  put_number(out, ", ", "rate_hz", c->rate_hz);
  put_number(out, ", ", "n", (double)c->n);
  put_number(out, ", ", "missing", (double)c->missing);
  put_text(out, ", ", "role", dsp_role_text(c->role));
  put_text(out, ", ", "side", side_or_null(c->side));
  put_text(out, ", ", "site", c->site);
  put_text(out, ", ", "label", c->label);
  put_key(out, ", ", "resampled");
  fmt_put(out, c->resampled ? "true" : "false");
  put_number(out, ", ", "jitter_s", c->jitter_s);
  fmt_put(out, "}");
}

static void put_segment(fmt_buffer *out, const dsp_segment *s, double rate_hz) {
  put_number(out, "{", "t0_s", s->t0_s);
  put_number(out, ", ", "duration_s", (double)s->n / rate_hz);
  fmt_put(out, "}");
}

/* The stretches without a gap in time are those of the channel that has most of them: one that was paused less is covered by it. */
static const dsp_channel *most_segmented(const dsp_recording *recording) {
  const dsp_channel *most = NULL;
  for (size_t i = 0; i < recording->n_channels; i++)
    if (!most || recording->channels[i].n_segments > most->n_segments) most = &recording->channels[i];
  return most;
}

dsp_status fmt_info_json(fmt_buffer *out, const dsp_recording *recording, dsp_error *error) {
  put_text(out, "{", "schema", "pleth-info/1");
  put_text(out, ", ", "name", recording->name);
  put_text(out, ", ", "format", recording->format);
  put_number(out, ", ", "duration_s", dsp_recording_duration_s(recording));
  put_number(out, ", ", "t_origin_s", recording->t_origin_s);
  PUT_LIST(out, "channels", recording->n_channels, put_channel(out, &recording->channels[item_i]));
  const dsp_channel *most = most_segmented(recording);
  PUT_LIST(out, "segments", most ? most->n_segments : 0, put_segment(out, &most->segments[item_i], most->rate_hz));
  PUT_LIST(out, "events", recording->n_events, put_event(out, &recording->events[item_i], true));
  PUT_LIST(out, "warnings", recording->n_warnings, put_warning(out, &recording->warnings[item_i]));
  put_text(out, ", ", "sha256", recording->sha256[0] ? recording->sha256 : NULL);
  put_text(out, ", ", "protocol", recording->protocol);
  put_text(out, ", ", "t0", recording->t0);
  put_text(out, ", ", "device", recording->device);
  fmt_put(out, "}");
  return out->failed ? dsp_fail_memory(error) : DSP_OK;
}
