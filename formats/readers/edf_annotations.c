/* SPDX-License-Identifier: GPL-3.0-or-later
 * Time-stamped annotation lists: `+onset [15 duration] 14 text 14 text 14 00`, bytes in hex. The first list of a record whose text is empty
 * says when the record begins; in a file of disconnected records nothing else does. */
#include "edf.h"
#include "field.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DURATION_NEXT = 0x15, TEXT_NEXT = 0x14 };
static const double SECONDS_MAX = 1e12;

typedef struct tal_pass {
  edf_file *file;
  double origin_s; /* of the first record; NaN until it is known */
  double record_t0_s;
  bool want_t0;      /* the record's time has not been met */
  unsigned decimals; /* most digits behind a point of a record's time */
  size_t malformed;
  size_t n_events;
  dsp_error *error;
} tal_pass;

typedef struct tal {
  double onset_s, duration_s;
  unsigned decimals;
  const unsigned char *texts, *end; /* up to the NUL */
} tal;

/* A number up to the next control character, of seconds that a recording could have. */
static const unsigned char *take_number(double *value, const unsigned char *p, const unsigned char *end) {
  const unsigned char *from = p;
  while (p<end && * p> ' ') p++;
  return field_number(value, from, (size_t)(p - from)) && fabs(*value) < SECONDS_MAX ? p : NULL;
}

/* False when it is not as it must be; `end` is set all the same. */
static bool take_tal(tal *list, const unsigned char *p, const unsigned char *end) {
  const unsigned char *nul = memchr(p, 0, (size_t)(end - p));
  *list = (tal){.end = nul ? nul : end};
  if (*p != '+' && *p != '-') return false;
  const unsigned char *behind = take_number(&list->onset_s, p, list->end);
  if (!behind || behind == list->end) return false;
  const unsigned char *point = memchr(p, '.', (size_t)(behind - p));
  list->decimals = point ? (unsigned)(behind - point - 1) : 0;
  if (*behind == DURATION_NEXT) behind = take_number(&list->duration_s, behind + 1, list->end);
  if (!behind || behind == list->end || *behind != TEXT_NEXT) return false;
  list->texts = behind + 1;
  return true;
}

static dsp_status add_texts(tal_pass *pass, const tal *list) {
  edf_file *file = pass->file;
  for (const unsigned char *p = list->texts; p < list->end;) {
    const unsigned char *stop = memchr(p, TEXT_NEXT, (size_t)(list->end - p));
    const size_t n = (size_t)((stop ? stop : list->end) - p);
    if (n) {
      const char *text = field_text(file->recording->arena, p, n);
      if (++pass->n_events > FMT_CAP_EVENTS)
        return dsp_fail(pass->error, DSP_LIMIT, "", "fewer annotations", "more than %zu annotations", FMT_CAP_EVENTS);
      if (!text || field_add_event(file->recording, list->onset_s, fmax(list->duration_s, 0), text, file->id) != DSP_OK)
        return dsp_fail_memory(pass->error);
    }
    p += n + 1;
  }
  return DSP_OK;
}

static dsp_status take_lists(tal_pass *pass, const unsigned char *p, const unsigned char *end) {
  dsp_status status = DSP_OK;
  while (status == DSP_OK && p < end) {
    if (*p == 0) {
      p++;
      continue;
    }
    tal list;
    if (!take_tal(&list, p, end)) {
      pass->malformed++;
      p = list.end;
      continue;
    }
    if (pass->want_t0 && list.texts < list.end && *list.texts == TEXT_NEXT) {
      pass->want_t0 = false;
      pass->record_t0_s = list.onset_s;
      if (list.decimals > pass->decimals) pass->decimals = list.decimals;
    }
    status = add_texts(pass, &list);
    p = list.end;
  }
  return status;
}

/* The stated times are rounded to their digits; where those cannot hold a record's duration, that much is no gap. */
static double tolerance_s(const tal_pass *pass) {
  const edf_file *file = pass->file;
  const double tick = pow(10, -(double)(pass->decimals < 12 ? pass->decimals : 12)), ticks = file->record_s / tick;
  return 0.5 / file->fastest_hz + (fabs(ticks - round(ticks)) > 1e-6 * ticks ? tick : 0);
}

static dsp_status start_run(edf_file *file, double t0_s, size_t record, dsp_error *error) {
  if (file->n_runs >= FMT_CAP_BLOCKS)
    return dsp_fail(error, DSP_LIMIT, "", "a less broken recording", "more than %zu gaps", FMT_CAP_BLOCKS);
  if (dsp_grow(&file->runs, &file->runs_capacity, file->n_runs + 1, sizeof *file->runs) != DSP_OK) return dsp_fail_memory(error);
  file->runs[file->n_runs++] = (edf_run){.t0_s = t0_s, .first = record};
  return DSP_OK;
}

/* Where record `i` stands in time, after those before it. */
static dsp_status place_record(tal_pass *pass, size_t i, double *previous_s, bool *overlaps) {
  edf_file *file = pass->file;
  char place[64];
  snprintf(place, sizeof place, "byte %zu (record %zu)", (size_t)(file->data - file->input->source->bytes) + i * file->record_bytes, i + 1);
  const double follows_s = *previous_s + file->record_s;
  double t_s = i ? follows_s : 0;
  if (!pass->want_t0)
    t_s = pass->record_t0_s;
  else if (file->discontinuous)
    return dsp_fail(pass->error, DSP_BAD_INPUT, place, "the record's own time", "a record of a discontinuous recording without its time");
  if (i == 0) pass->origin_s = t_s;
  const double step = t_s - follows_s;
  if (i && step < -tolerance_s(pass)) {
    if (file->discontinuous)
      return dsp_fail(pass->error, DSP_BAD_INPUT, place, "a time behind the record before it",
                      "a record that begins %g s before the last one ends", -step);
    *overlaps = true;
    t_s = follows_s;
  }
  dsp_status status = DSP_OK;
  if (i == 0 || t_s - follows_s > tolerance_s(pass)) status = start_run(file, t_s, i, pass->error);
  if (status == DSP_OK) file->runs[file->n_runs - 1].n++;
  *previous_s = t_s;
  return status;
}

static dsp_status take_record(tal_pass *pass, size_t i, size_t held) {
  const edf_file *file = pass->file;
  dsp_status status = DSP_OK;
  pass->want_t0 = true;
  for (size_t s = 0; status == DSP_OK && s < file->n_signals; s++) {
    const edf_signal *signal = &file->signals[s];
    const size_t n = signal->per_record * file->width;
    if (!signal->annotations || signal->at >= held) continue;
    const unsigned char *from = file->data + i * file->record_bytes + signal->at;
    status = take_lists(pass, from, from + (n < held - signal->at ? n : held - signal->at));
  }
  return status;
}

static dsp_status say(const tal_pass *pass, bool overlaps) {
  edf_file *file = pass->file;
  const bool broken = file->plus && !file->discontinuous && file->n_runs > 1;
  if (pass->malformed &&
      dsp_recording_warn(file->recording, "header_irregular", "annotations that cannot be read: %zu", pass->malformed) != DSP_OK)
    return dsp_fail_memory(pass->error);
  if (overlaps && dsp_recording_warn(file->recording, "header_irregular",
                                     "records state times within the record before them; the stated times are not used there") != DSP_OK)
    return dsp_fail_memory(pass->error);
  if (broken &&
      dsp_recording_warn(file->recording, "header_irregular", "the header calls the records contiguous, their times do not") != DSP_OK)
    return dsp_fail_memory(pass->error);
  if (file->n_runs > 1 && dsp_recording_warn(file->recording, "gap", "%zu gap%s in time: %zu segments", file->n_runs - 1,
                                             file->n_runs > 2 ? "s" : "", file->n_runs) != DSP_OK)
    return dsp_fail_memory(pass->error);
  return DSP_OK;
}

dsp_status edf_annotations(edf_file *file, dsp_error *error) {
  tal_pass pass = {.file = file, .error = error};
  double previous_s = 0;
  bool overlaps = false;
  dsp_status status = DSP_OK;
  for (size_t i = 0; status == DSP_OK && i < file->n_records; i++) {
    status = take_record(&pass, i, file->record_bytes);
    if (status == DSP_OK) status = place_record(&pass, i, &previous_s, &overlaps);
  }
  /* A record that is cut has its samples where they are whole, and its time when that was read or follows from the others. */
  if (status == DSP_OK && file->tail_bytes) {
    status = take_record(&pass, file->n_records, file->tail_bytes);
    if (status == DSP_OK && file->discontinuous && pass.want_t0)
      file->tail_bytes = 0;
    else if (status == DSP_OK)
      status = place_record(&pass, file->n_records, &previous_s, &overlaps);
  }
  if (status != DSP_OK) return status;
  file->recording->t_origin_s = pass.origin_s;
  for (size_t i = 0; i < file->recording->n_events; i++) file->recording->events[i].t_s -= pass.origin_s;
  if (dsp_recording_sort_events(file->recording) != DSP_OK) return dsp_fail_memory(error);
  return say(&pass, overlaps);
}
