/* SPDX-License-Identifier: GPL-3.0-or-later
 * A recording as EDF+ or BDF+ (edfplus.info), with gaps as EDF+D; events, and what the format has no place for, as annotations. */
#include "recording_edf.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1000 };

typedef struct note {
  double t_s, dur_s;
  fmt_buffer text;
} note;

typedef struct notes {
  note *rows;
  size_t n, capacity;
  size_t lost; /* texts of events whose kind had to be said instead */
} notes;

static note *add_note(notes *list, double t_s, double dur_s) {
  if (dsp_grow(&list->rows, &list->capacity, list->n + 1, sizeof *list->rows) != DSP_OK) return NULL;
  list->rows[list->n] = (note){.t_s = t_s, .dur_s = dur_s};
  return &list->rows[list->n++];
}

/* Text without the bytes that end one. */
static void put_text(fmt_buffer *out, const char *text) {
  for (size_t n = 0; *text && n < TEXT_MAX; text++, n++) {
    fmt_put_bytes(out, (unsigned char)*text < ' ' ? " " : text, 1);
  }
}

static dsp_status add_event(notes *list, const dsp_event *event) {
  note *row = add_note(list, event->t_s, event->dur_s);
  if (!row) return DSP_NO_MEMORY;
  fmt_buffer mark = {0};
  list->lost += !convert_put_mark(&mark, event);
  if (!mark.failed) put_text(&row->text, mark.bytes);
  const bool failed = mark.failed || row->text.failed;
  fmt_buffer_clear(&mark);
  return failed ? DSP_NO_MEMORY : DSP_OK;
}

static double time_of(const dsp_channel *c, size_t s, size_t i) {
  return c->segments[s].t0_s + (double)i / c->rate_hz;
}

static dsp_status add_missing(notes *list, const dsp_channel *c) {
  for (size_t s = 0; c->missing && s < c->n_segments; s++) {
    const double *x = c->x + c->segments[s].first;
    for (size_t i = 0, n = c->segments[s].n; i < n; i++) {
      if (!isnan(x[i])) continue;
      size_t end = i + 1;
      while (end < n && isnan(x[end])) end++;
      note *row = add_note(list, time_of(c, s, i), (double)(end - i) / c->rate_hz);
      if (!row) return DSP_NO_MEMORY;
      fmt_put(&row->text, "missing samples: ");
      put_text(&row->text, c->name);
      i = end;
    }
  }
  return DSP_OK;
}

static dsp_status add_padding(notes *list, const edf_plan *plan) {
  for (size_t k = 0; plan->padded && k < plan->n_signals; k++) {
    const dsp_channel *c = plan->signals[k].channel;
    for (size_t s = 0; s < plan->n_segments; s++) {
      const size_t more = plan->records[s] * plan->signals[k].per_record - c->segments[s].n;
      note *row = more ? add_note(list, time_of(c, s, c->segments[s].n), (double)more / c->rate_hz) : NULL;
      if (more && !row) return DSP_NO_MEMORY;
      if (!row) continue;
      fmt_put(&row->text, "padding: ");
      put_text(&row->text, c->name);
    }
  }
  return DSP_OK;
}

static dsp_status gather(notes *list, const edf_plan *plan) {
  const dsp_recording *r = plan->recording;
  dsp_status status = DSP_OK;
  for (size_t i = 0; status == DSP_OK && i < r->n_events; i++) status = add_event(list, &r->events[i]);
  for (size_t i = 0; status == DSP_OK && i < r->n_channels; i++) status = add_missing(list, &r->channels[i]);
  if (status == DSP_OK) status = add_padding(list, plan);
  for (size_t i = 0; i < list->n; i++)
    if (list->rows[i].text.failed) status = DSP_NO_MEMORY;
  return status;
}

static void put_field(fmt_buffer *out, const char *text, size_t width) {
  const size_t n = strlen(text), shown = n < width ? n : width;
  fmt_put_bytes(out, text, shown);
  for (size_t i = shown; i < width; i++) fmt_put(out, " ");
}

/* Header fields are ASCII: the micro sign is written u, anything else outside ?. */
static void put_ascii(fmt_buffer *out, const char *text, size_t width, bool in_words) {
  char field[81];
  size_t n = 0;
  for (; text && *text && n < width; text++) {
    const unsigned char c = (unsigned char)*text;
    if ((c & 0xC0) == 0x80) continue; /* a character's later bytes */
    if (c >= 0x80)
      field[n++] = (strncmp(text, "\xC2\xB5", 2) == 0 || strncmp(text, "\xCE\xBC", 2) == 0) ? 'u' : '?';
    else
      field[n++] = (char)(c < ' ' || c == 127 || (in_words && c == ' ') ? '_' : c);
  }
  field[n] = '\0';
  put_field(out, field, width);
}

static bool is_ascii(const char *text) {
  for (; text && *text; text++)
    if ((unsigned char)*text >= 0x80) return false;
  return true;
}

typedef struct moment {
  unsigned year, month, day, hour, minute, second;
} moment;

static bool take_digits(const char **p, unsigned *value, int n, char behind) {
  *value = 0;
  for (int i = 0; i < n; i++, ++*p) {
    if (**p < '0' || **p > '9') return false;
    *value = *value * 10 + (unsigned)(**p - '0');
  }
  if (behind && *(*p)++ != behind) return false;
  return true;
}

/* "2024-03-02T10:00:00..."; false: not known. */
static bool take_moment(moment *m, const char *t0) {
  const char *p = t0 ? t0 : "";
  return take_digits(&p, &m->year, 4, '-') && take_digits(&p, &m->month, 2, '-') && take_digits(&p, &m->day, 2, 'T') &&
         take_digits(&p, &m->hour, 2, ':') && take_digits(&p, &m->minute, 2, ':') && take_digits(&p, &m->second, 2, '\0') &&
         m->month >= 1 && m->month <= 12;
}

/* dd.mm.yy and hh.mm.ss; unknown is the first day that two digits can say. */
static void put_start(fmt_buffer *out, const char *t0) {
  moment m;
  char text[64];
  if (!take_moment(&m, t0)) m = (moment){1985, 1, 1, 0, 0, 0};
  snprintf(text, sizeof text, "%02u.%02u.%02u%02u.%02u.%02u", m.day, m.month, m.year % 100, m.hour, m.minute, m.second);
  put_field(out, text, 16);
}

static void put_recording(fmt_buffer *out, const dsp_recording *r) {
  static const char *const months[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  moment m;
  char text[64] = "Startdate X X X ";
  if (take_moment(&m, r->t0)) snprintf(text, sizeof text, "Startdate %02u-%s-%04u X X ", m.day, months[m.month - 1], m.year);
  fmt_put(out, text);
  put_ascii(out, r->device ? r->device : "X", 80 - strlen(text), true);
}

static void put_number_field(fmt_buffer *out, double value, size_t width) {
  char text[32];
  snprintf(text, sizeof text, "%.0f", value);
  put_field(out, text, width);
}

static void put_header(fmt_buffer *out, const edf_plan *plan, size_t note_samples) {
  const dsp_recording *r = plan->recording;
  const bool edf = plan->width == 2;
  const size_t n = plan->n_signals, all = n + 1;
  const double most = edf ? 32767 : 8388607;
  fmt_put_bytes(out,
                edf ? "0       "
                    : "\xFF"
                      "BIOSEMI",
                8);
  put_ascii(out, "X X X X", 80, false);
  put_recording(out, r);
  put_start(out, r->t0);
  put_number_field(out, 256.0 * (double)(all + 1), 8);
  put_field(out, edf ? (plan->n_segments > 1 ? "EDF+D" : "EDF+C") : plan->n_segments > 1 ? "BDF+D" : "BDF+C", 44);
  put_number_field(out, (double)plan->n_records, 8);
  put_field(out, plan->record_text, 8);
  put_number_field(out, (double)all, 4);
  for (size_t i = 0; i < n; i++) put_ascii(out, plan->signals[i].channel->name, 16, false);
  put_field(out, edf ? "EDF Annotations" : "BDF Annotations", 16);
  put_field(out, "", 80 * all);
  for (size_t i = 0; i < n; i++) {
    const dsp_channel *c = plan->signals[i].channel;
    put_ascii(out, c->unit_as_written ? c->unit_as_written : c->unit ? c->unit->ucum : "", 8, false);
  }
  put_field(out, "", 8);
  for (size_t i = 0; i < n; i++) put_field(out, plan->signals[i].physical[0], 8);
  put_field(out, "-1", 8);
  for (size_t i = 0; i < n; i++) put_field(out, plan->signals[i].physical[1], 8);
  put_field(out, "1", 8);
  for (size_t i = 0; i < n; i++) put_number_field(out, (double)plan->signals[i].low, 8);
  put_number_field(out, -most - 1, 8);
  for (size_t i = 0; i < n; i++) put_number_field(out, (double)plan->signals[i].high, 8);
  put_number_field(out, most, 8);
  put_field(out, "", 80 * all);
  for (size_t i = 0; i < n; i++) put_number_field(out, (double)plan->signals[i].per_record, 8);
  put_number_field(out, (double)note_samples, 8);
  put_field(out, "", 32 * all);
}

/* Behind the end of its segment a signal keeps its last value. */
static void put_samples(fmt_buffer *out, const edf_plan *plan, const edf_out_signal *signal, size_t s, size_t record) {
  const dsp_segment *segment = &signal->channel->segments[s];
  const long most = plan->width == 2 ? 32767 : 8388607;
  for (size_t i = record * signal->per_record, end = i + signal->per_record; i < end; i++) {
    const double x = signal->channel->x[segment->first + (i < segment->n ? i : segment->n - 1)];
    const double raw = round((x - signal->offset) / signal->scale);
    const long value = isnan(x) ? signal->none : raw > (double)most ? most : raw < (double)(-most - 1) ? -most - 1 : (long)raw;
    const unsigned long bits = (unsigned long)value;
    const unsigned char bytes[3] = {(unsigned char)bits, (unsigned char)(bits >> 8), (unsigned char)(bits >> 16)};
    fmt_put_bytes(out, bytes, plan->width);
  }
}

static void put_seconds(fmt_buffer *out, double seconds) {
  fmt_put(out, seconds < 0 ? "-" : "+");
  char text[40];
  snprintf(text, sizeof text, "%.7f", fabs(seconds));
  size_t n = strlen(text);
  while (n && text[n - 1] == '0') n--;
  if (n && text[n - 1] == '.') n--;
  fmt_put_bytes(out, text, n);
}

/* The lists of one record: its time, and its share of the notes, which are spread evenly so that no record must be made larger for all. */
static void put_lists(fmt_buffer *out, const edf_plan *plan, const notes *list, size_t record, double t_s, double origin_s) {
  const size_t from = list->n * record / plan->n_records, to = list->n * (record + 1) / plan->n_records;
  put_seconds(out, t_s + origin_s);
  fmt_put_bytes(out, "\x14\x14\0", 3);
  for (size_t i = from; i < to; i++) {
    const note *row = &list->rows[i];
    put_seconds(out, row->t_s + origin_s);
    if (row->dur_s > 0) {
      char text[40];
      fmt_put_bytes(out, "\x15", 1);
      snprintf(text, sizeof text, "%.7g", row->dur_s);
      fmt_put(out, text);
    }
    fmt_put_bytes(out, "\x14", 1);
    if (row->text.size) fmt_put_bytes(out, row->text.bytes, row->text.size);
    fmt_put_bytes(out, "\x14\0", 2);
  }
}

typedef struct record_place {
  size_t segment, record; /* record within its segment */
} record_place;

static double record_time(const edf_plan *plan, record_place at) {
  return plan->signals[0].channel->segments[at.segment].t0_s + (double)at.record * plan->record_s;
}

static void next_record(const edf_plan *plan, record_place *at) {
  if (++at->record < plan->records[at->segment]) return;
  at->segment++;
  at->record = 0;
}

/* Bytes that the longest record's lists need. */
static size_t longest_lists(const edf_plan *plan, const notes *list, double origin_s, bool *failed) {
  fmt_buffer lists = {0};
  record_place at = {0};
  size_t longest = 0;
  for (size_t i = 0; i < plan->n_records; i++, next_record(plan, &at)) {
    lists.size = 0;
    put_lists(&lists, plan, list, i, record_time(plan, at), origin_s);
    if (lists.size > longest) longest = lists.size;
  }
  *failed = lists.failed;
  fmt_buffer_clear(&lists);
  return longest;
}

static void put_records(fmt_buffer *out, const edf_plan *plan, const notes *list, double origin_s, size_t note_bytes) {
  record_place at = {0};
  for (size_t i = 0; i < plan->n_records && !out->failed; i++, next_record(plan, &at)) {
    for (size_t k = 0; k < plan->n_signals; k++) put_samples(out, plan, &plan->signals[k], at.segment, at.record);
    const size_t begin = out->size;
    put_lists(out, plan, list, i, record_time(plan, at), origin_s);
    while (out->size < begin + note_bytes && !out->failed) fmt_put_bytes(out, "\0", 1);
  }
}

static void note_losses(const edf_plan *plan) {
  const dsp_recording *r = plan->recording;
  for (size_t i = 0; i < r->n_channels; i++)
    if (!is_ascii(r->channels[i].name) || strlen(r->channels[i].name) > 16)
      fmt_printf(plan->notes, "channel \"%s\": its name is cut to 16 characters of ASCII\n", r->channels[i].name);
  if (r->t_origin_s < 0 || r->t_origin_s >= 1)
    fmt_printf(plan->notes, "the recording's own time of its first sample, %g s, is not kept\n", r->t_origin_s);
}

dsp_status convert_edf(fmt_parts *parts, const dsp_recording *recording, unsigned width, dsp_error *error) {
  edf_plan plan;
  notes list = {0};
  bool failed = false;
  const double origin_s = recording->t_origin_s >= 0 && recording->t_origin_s < 1 ? recording->t_origin_s : 0;
  fmt_part *part = fmt_parts_add(parts, FMT_PART_MAIN, 0);
  if (!part) return dsp_fail_memory(error);
  dsp_status status = edf_plan_make(&plan, recording, width, &parts->notes, error);
  if (status == DSP_OK) status = gather(&list, &plan) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
  if (status == DSP_OK) {
    note_losses(&plan);
    if (list.lost) fmt_printf(plan.notes, "%zu events keep their kind, not their text\n", list.lost);
    const size_t samples = (longest_lists(&plan, &list, origin_s, &failed) + width - 1) / width;
    put_header(&part->bytes, &plan, samples);
    put_records(&part->bytes, &plan, &list, origin_s, samples * width);
    if (failed) status = dsp_fail_memory(error);
  }
  for (size_t i = 0; i < list.n; i++) fmt_buffer_clear(&list.rows[i].text);
  free(list.rows);
  edf_plan_clear(&plan);
  return status;
}
