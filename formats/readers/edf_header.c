/* SPDX-License-Identifier: GPL-3.0-or-later
 * The header: 256 bytes about the recording, then each fact of all signals side by side. What real recorders write and the format forbids
 * (a count of -1 while recording, a wrong size, a micro sign, equal limits) is read all the same, and said. */
#include "edf.h"
#include "field.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HEAD_BYTES = 256, SIGNAL_BYTES = 256, FIELD_MAX = 80 };

static const double DURATION_MIN_S = 1e-9, DURATION_MAX_S = 1e9;

typedef struct field {
  unsigned at, n;
} field;

/* Of the recording: offset and width. */
static const field PATIENT = {8, 80}, RECORDING = {88, 80}, DATE = {168, 8}, CLOCK = {176, 8}, HEADER_BYTES = {184, 8},
                   RESERVED = {192, 44}, RECORDS = {236, 8}, DURATION = {244, 8}, SIGNALS = {252, 4};
/* Of the signals: offset of the array in bytes a signal, and width of one entry. */
static const field LABEL = {0, 16}, UNIT = {96, 8}, PHYSICAL_MIN = {104, 8}, PHYSICAL_MAX = {112, 8}, DIGITAL_MIN = {120, 8},
                   DIGITAL_MAX = {128, 8}, PER_RECORD = {216, 8};

static const unsigned char *head_at(const edf_file *file, field which) {
  return file->input->source->bytes + which.at;
}

static const unsigned char *signal_at(const edf_file *file, field which, size_t i) {
  return file->input->source->bytes + HEAD_BYTES + which.at * file->n_signals + which.n * i;
}

static dsp_status irregular(edf_file *file, const char *what, dsp_error *error) {
  return dsp_recording_warn(file->recording, "header_irregular", "%s", what) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
}

/* Some write a decimal comma. */
static bool number(double *value, const unsigned char *at, size_t n) {
  char text[FIELD_MAX];
  memcpy(text, at, n);
  char *comma = memchr(text, ',', n);
  if (comma) *comma = '.';
  return field_number(value, text, n);
}

static dsp_status refuse(const edf_file *file, const unsigned char *at, size_t n, const char *expected, dsp_error *error) {
  char place[40], found[FIELD_MAX + 1];
  snprintf(place, sizeof place, "byte %zu", (size_t)(at - file->input->source->bytes));
  for (size_t i = 0; i < n; i++) found[i] = (char)(at[i] >= ' ' && at[i] < 127 ? at[i] : '?');
  found[n] = '\0';
  return dsp_fail(error, DSP_BAD_INPUT, place, expected, "\"%s\"", found);
}

static dsp_status take_counts(edf_file *file, dsp_error *error) {
  const fmt_source *source = file->input->source;
  long long n = 0, bytes = 0;
  if (source->size < HEAD_BYTES)
    return dsp_fail(error, DSP_BAD_INPUT, "byte 0", "a header of 256 bytes", "the file ends after %zu bytes", source->size);
  if (!field_whole(&n, head_at(file, SIGNALS), SIGNALS.n) || n < 1 || n > FMT_CAP_EDF_SIGNALS)
    return refuse(file, head_at(file, SIGNALS), SIGNALS.n, "a number of signals from 1 to 4096", error);
  file->n_signals = (size_t)n;
  const size_t header = HEAD_BYTES + SIGNAL_BYTES * file->n_signals;
  if (source->size < header)
    return dsp_fail(error, DSP_BAD_INPUT, "byte 256", "a header that is whole", "the file ends after %zu bytes, within its header of %zu",
                    source->size, header);
  file->data = source->bytes + header;
  if (!number(&file->record_s, head_at(file, DURATION), DURATION.n) || file->record_s < 0)
    return refuse(file, head_at(file, DURATION), DURATION.n, "the duration of a record in seconds", error);
  if (!field_whole(&bytes, head_at(file, HEADER_BYTES), HEADER_BYTES.n) || bytes != (long long)header)
    return irregular(file, "the header states another size than it has", error);
  return DSP_OK;
}

/* Limits that give no scale leave the raw numbers, without a unit. */
static bool take_scale(edf_file *file, edf_signal *signal, size_t i) {
  double physical[2], digital[2];
  const bool read = number(&physical[0], signal_at(file, PHYSICAL_MIN, i), PHYSICAL_MIN.n) &&
                    number(&physical[1], signal_at(file, PHYSICAL_MAX, i), PHYSICAL_MAX.n) &&
                    number(&digital[0], signal_at(file, DIGITAL_MIN, i), DIGITAL_MIN.n) &&
                    number(&digital[1], signal_at(file, DIGITAL_MAX, i), DIGITAL_MAX.n);
  const double steps = read ? digital[1] - digital[0] : 0;
  signal->scale = steps != 0 ? (physical[1] - physical[0]) / steps : 0;
  signal->offset = read ? physical[1] - digital[1] * signal->scale : 0;
  const double most = fabs(signal->scale) * 0x1p24 + fabs(signal->offset); /* of any sample */
  if (isfinite(most) && signal->scale != 0) return true;
  signal->scale = 1;
  signal->offset = 0;
  signal->unit = "";
  return false;
}

static dsp_status take_signal(edf_file *file, size_t i, size_t *unscaled, dsp_error *error) {
  edf_signal *signal = &file->signals[i];
  long long per_record = 0;
  dsp_arena *arena = file->recording->arena;
  signal->label = field_text(arena, signal_at(file, LABEL, i), LABEL.n);
  signal->unit = field_text(arena, signal_at(file, UNIT, i), UNIT.n);
  if (!signal->label || !signal->unit) return dsp_fail_memory(error);
  if (!field_whole(&per_record, signal_at(file, PER_RECORD, i), PER_RECORD.n) || per_record < 0)
    return refuse(file, signal_at(file, PER_RECORD, i), PER_RECORD.n, "a number of samples in a record", error);
  signal->per_record = (size_t)per_record;
  signal->at = file->record_bytes;
  file->record_bytes += signal->per_record * file->width; /* 8 digits times 4096: far below 2^64 */
  signal->annotations = strcmp(signal->label, file->width == 2 ? "EDF Annotations" : "BDF Annotations") == 0;
  file->n_annotations += signal->annotations;
  if (signal->annotations) return DSP_OK;
  *unscaled += !take_scale(file, signal, i);
  if (file->record_s > 0) file->fastest_hz = fmax(file->fastest_hz, (double)signal->per_record / file->record_s);
  return DSP_OK;
}

static dsp_status take_signals(edf_file *file, dsp_error *error) {
  size_t unscaled = 0;
  dsp_status status = DSP_OK;
  file->signals = dsp_arena_alloc(file->recording->arena, file->n_signals, sizeof *file->signals);
  if (!file->signals) return dsp_fail_memory(error);
  for (size_t i = 0; status == DSP_OK && i < file->n_signals; i++) status = take_signal(file, i, &unscaled, error);
  if (status != DSP_OK) return status;
  if (file->n_annotations == file->n_signals) return dsp_fail(error, DSP_BAD_INPUT, "", "at least one signal", "annotations alone");
  if (file->record_s < DURATION_MIN_S || file->record_s > DURATION_MAX_S)
    return refuse(file, head_at(file, DURATION), DURATION.n, "a duration above 0, without which there is no sampling rate", error);
  if (file->record_bytes == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "samples", "records of 0 bytes");
  if (unscaled && dsp_recording_warn(file->recording, "header_irregular",
                                     "%zu signal%s no usable physical and digital limits: raw numbers without a unit", unscaled,
                                     unscaled > 1 ? "s have" : " has") != DSP_OK)
    return dsp_fail_memory(error);
  return DSP_OK;
}

/* The header's count against the file's size. */
static dsp_status count_records(edf_file *file, dsp_error *error) {
  const fmt_source *source = file->input->source;
  const size_t bytes = source->size - (size_t)(file->data - source->bytes), size = file->record_bytes ? file->record_bytes : 1,
               held = bytes / size;
  long long stated = 0;
  int warned = DSP_OK;
  const bool counted = field_whole(&stated, head_at(file, RECORDS), RECORDS.n) && stated >= 0;
  file->n_records = held;
  file->tail_bytes = bytes % size;
  if (!counted) {
    warned = dsp_recording_warn(file->recording, "header_irregular", "the header does not count the records; the file holds %zu", held);
  } else if ((uint64_t)stated <= held) {
    file->n_records = (size_t)stated;
    file->tail_bytes = 0;
    const size_t behind = bytes - file->n_records * file->record_bytes;
    if (behind) warned = dsp_recording_warn(file->recording, "header_irregular", "%zu bytes behind the last record are left out", behind);
  } else if ((uint64_t)stated > held) {
    warned = dsp_recording_warn(file->recording, "file_truncated", "the file ends after %zu of %lld records%s", held, stated,
                                file->tail_bytes ? " and a part of the next" : "");
  }
  if (warned != DSP_OK) return dsp_fail_memory(error);
  if (file->n_records == 0)
    return dsp_fail(error, DSP_BAD_INPUT, "", "at least one whole record", "a header %s",
                    bytes ? "and a part of one record" : "without data");
  return DSP_OK;
}

static bool is_ascii(const edf_file *file) {
  const unsigned char *from = file->input->source->bytes + 8;
  while (from < file->data && *from < 128) from++;
  return from == file->data;
}

static dsp_status take_kind(edf_file *file, dsp_error *error) {
  const char *kind = (const char *)head_at(file, RESERVED);
  const char *name = file->width == 2 ? "EDF+" : "BDF+";
  file->plus = memcmp(kind, name, 4) == 0;
  file->discontinuous = file->plus && kind[4] == 'D';
  dsp_status status =
      is_ascii(file) ? DSP_OK : irregular(file, "the header holds bytes beyond ASCII; read as UTF-8 or Windows-1252", error);
  if (status == DSP_OK && file->n_annotations && !file->plus) {
    file->plus = true;
    status = irregular(file, "a signal of annotations in a file that does not say it has any", error);
  }
  return status;
}

/* Is there anything in the patient's field but "X" for unknown? */
static bool names_patient(const char *text) {
  for (; *text; text++)
    if (*text != 'X' && *text != ' ' && *text != '.' && *text != '_' && *text != '-') return true;
  return false;
}

/* "dd.mm.yy" and "hh.mm.ss"; 85 to 99 are 19xx. NULL when they are not, or when out of memory. */
static const char *start_of(const edf_file *file) {
  const unsigned char *date = head_at(file, DATE), *clock = head_at(file, CLOCK);
  long long d = 0, m = 0, y = 0, h = 0, min = 0, s = 0;
  if (!field_whole(&d, date, 2) || !field_whole(&m, date + 3, 2) || !field_whole(&y, date + 6, 2) || !field_whole(&h, clock, 2) ||
      !field_whole(&min, clock + 3, 2) || !field_whole(&s, clock + 6, 2) || d < 1 || d > 31 || m < 1 || m > 12 || h < 0 || h > 23 ||
      min < 0 || min > 59 || s < 0 || s > 60 || y < 0)
    return NULL;
  return dsp_arena_printf(file->recording->arena, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld", y + (y >= 85 ? 1900 : 2000), m, d, h, min,
                          s);
}

/* Behind "Startdate dd-MMM-yyyy admincode technician" stands the equipment. */
static const char *equipment(const edf_file *file) {
  const char *text = field_text(file->recording->arena, head_at(file, RECORDING), RECORDING.n);
  for (int word = 0; text && word < 4; word++) {
    text = strchr(text, ' ');
    if (text) text += strspn(text, " ");
  }
  return text && text[0] && strcmp(text, "X") != 0 ? text : NULL;
}

static dsp_status take_identity(edf_file *file, dsp_error *error) {
  const char *patient = field_text(file->recording->arena, head_at(file, PATIENT), PATIENT.n);
  if (!patient) return dsp_fail_memory(error);
  if (file->plus && memcmp(head_at(file, RECORDING), "Startdate ", 10) == 0) file->recording->device = equipment(file);
  if (file->input->keep_identifiers) {
    file->recording->subject_key = names_patient(patient) ? patient : NULL;
    file->recording->t0 = start_of(file);
  } else if (names_patient(patient) &&
             dsp_recording_warn(file->recording, "identifiers_dropped", "the file names a patient; left out") != DSP_OK) {
    return dsp_fail_memory(error);
  }
  return DSP_OK;
}

dsp_status edf_header(edf_file *file, dsp_error *error) {
  dsp_status status = take_counts(file, error);
  if (status == DSP_OK) status = take_signals(file, error);
  if (status == DSP_OK) status = count_records(file, error);
  if (status == DSP_OK) status = take_kind(file, error);
  if (status == DSP_OK) status = take_identity(file, error);
  return status;
}
