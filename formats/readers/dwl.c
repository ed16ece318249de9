/* SPDX-License-Identifier: GPL-3.0-or-later
 * DWL Multi-Dop transcranial Doppler: `NAME.TX0` holds the settings as text, `NAME.TW0` the envelopes of two channels as 16-bit integers,
 * little endian, 64 samples of one channel, then 64 of the other, at 100 Hz. Layout and formula after the public-domain viewer
 * thewtex/dwl-multidop-l2-viewer: v = raw / 2^11 x PRF/2 x 154000 / f0[kHz] / 1000 cm/s. Either file may be given. */
#include "csv.h"
#include "field.h"
#include "rows.h"
#include <fmt/cursor.h>
#include <fmt/reader.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE_HZ  100.0
#define RAW_FULL 2048.0
#define SOUND    154000.0 /* cm/s, as the device computes */

enum { CHANNELS = 2, RUN = 64, INDEX_DIGITS = 10, NAME_MAX = 255 };

static const char magic[] = "TEXT FILE VERSION";

typedef struct dwl_file {
  const fmt_input *input;
  csv_table text;
  double prf_hz, f0_khz[CHANNELS];
} dwl_file;

/* NAME.TW3 for NAME.TX3 and the reverse; false: another name. `wave`: the name is that of the envelopes. */
static bool other_name(char other[NAME_MAX + 1], bool *wave, const char *name) {
  const size_t n = name ? strlen(name) : 0;
  if (n < 5 || n > NAME_MAX || name[n - 4] != '.' || (name[n - 3] | 32) != 't' || name[n - 1] < '0' || name[n - 1] > '9') return false;
  const char kind = name[n - 2];
  if ((kind | 32) != 'w' && (kind | 32) != 'x') return false;
  memcpy(other, name, n + 1);
  *wave = (kind | 32) == 'w';
  other[n - 2] = (char)(*wave ? kind + 1 : kind - 1);
  return true;
}

static dsp_status wants_dwl(fmt_names *names, const fmt_input *so_far) {
  char other[NAME_MAX + 1];
  bool wave = false;
  return other_name(other, &wave, so_far->name) ? fmt_names_add(names, other, strlen(other)) : DSP_OK;
}

static bool has_magic(const fmt_source *source) {
  size_t i = 0;
  while (i < source->size && i < INDEX_DIGITS && (source->bytes[i] == ' ' || source->bytes[i] == '0')) i++;
  return source->size - i >= sizeof magic - 1 && memcmp(source->bytes + i, magic, sizeof magic - 1) == 0;
}

/* The settings and the envelopes, whichever of the two was given. */
static bool both(const fmt_input *input, const fmt_source **settings, const fmt_source **wave) {
  char other[NAME_MAX + 1];
  bool given_wave = false;
  *settings = *wave = NULL;
  if (!other_name(other, &given_wave, input->name)) return false;
  const fmt_source *companion = fmt_companion(input, other);
  *settings = given_wave ? companion : input->source;
  *wave = given_wave ? input->source : companion;
  return *settings && has_magic(*settings);
}

static bool starts(csv_span text, const char *word) {
  const size_t n = strlen(word);
  return text.n >= n && memcmp(text.at, word, n) == 0;
}

static bool setting(const dwl_file *file, csv_span text, const char *word, double *value) {
  if (!starts(text, word)) return false;
  const size_t n = strlen(word);
  return csv_number(value, csv_trim((csv_span){text.at + n, text.n - n}), '.', file->text.c_locale);
}

/* `SYS ...` are settings, `PATIENT ...` is nobody's business; what else has a sample's number is a mark at that sample. */
static dsp_status take_line(dwl_file *file, double sample, csv_span text, dsp_error *error) {
  dsp_recording *recording = file->text.recording;
  double value = 0;
  if (setting(file, text, "SYS PRF ", &value)) file->prf_hz = value;
  if (setting(file, text, "SYS FDOP1 ", &value)) file->f0_khz[0] = value;
  if (setting(file, text, "SYS FDOP2 ", &value)) file->f0_khz[1] = value;
  if (starts(text, "SYS ") || starts(text, magic)) return DSP_OK;
  if (starts(text, "PATIENT")) {
    const unsigned char *colon = memchr(text.at, ':', text.n);
    const csv_span name = csv_trim((csv_span){colon ? colon + 1 : text.at, colon ? (size_t)(text.at + text.n - colon - 1) : 0});
    if (name.n == 0) return DSP_OK;
    const bool told = recording->n_warnings > 0;
    if (!file->input->keep_identifiers && told) return DSP_OK;
    if (!file->input->keep_identifiers)
      return dsp_recording_warn(recording, "identifiers_dropped", "the file names a patient or a date; left out") == DSP_OK
                 ? DSP_OK
                 : dsp_fail_memory(error);
    if (starts(text, "PATIENT  NAME") && !(recording->subject_key = csv_copy(&file->text, name))) return dsp_fail_memory(error);
    return DSP_OK;
  }
  if (starts(text, "START") || starts(text, "STOP") || starts(text, "TIME ")) return DSP_OK; /* clock times */
  const char *words = csv_copy(&file->text, text);
  if (!words || field_add_event(recording, sample / RATE_HZ, 0, words, "dwl") != DSP_OK) return dsp_fail_memory(error);
  return DSP_OK;
}

static dsp_status take_settings(dwl_file *file, const fmt_source *settings, dsp_error *error) {
  dsp_status status = csv_decode(&file->text, settings, error);
  const unsigned char *p = file->text.at, *end = file->text.end;
  for (size_t line = 1; status == DSP_OK && p < end; line++, p = rows_next_line(p, end)) {
    csv_span text = csv_trim(rows_line(p, end));
    double sample = 0;
    size_t n = 0;
    while (n < text.n && text.at[n] >= '0' && text.at[n] <= '9') n++;
    if (n == 0 || n > INDEX_DIGITS || !csv_number(&sample, (csv_span){text.at, n}, '.', file->text.c_locale)) continue;
    status = take_line(file, sample, csv_trim((csv_span){text.at + n, text.n - n}), error);
  }
  if (status != DSP_OK) return status;
  if (!(file->prf_hz > 0 && file->prf_hz < 1e6))
    return dsp_fail(error, DSP_BAD_INPUT, "settings (.TX)", "SYS PRF, pulses per second", "%g", file->prf_hz);
  return DSP_OK;
}

static dsp_status add_channel(dwl_file *file, const fmt_source *wave, size_t c, size_t n_runs, dsp_error *error) {
  char name[32];
  const double scale = file->prf_hz / 2 * SOUND / file->f0_khz[c] / 1000 / RAW_FULL;
  double *x = dsp_alloc(n_runs * RUN, sizeof *x);
  if (!x) return dsp_fail_memory(error);
  for (size_t run = 0; run < n_runs; run++)
    for (size_t i = 0; i < RUN; i++)
      x[run * RUN + i] = scale * (double)(int16_t)fmt_u16le(wave->bytes + 2 * ((run * CHANNELS + c) * RUN + i));
  snprintf(name, sizeof name, "envelope %zu", c + 1);
  const field_channel about = {name, "cm/s", RATE_HZ, scale, 0};
  dsp_channel *channel = field_add_channel(file->text.recording, &about, x, n_runs * RUN);
  if (!channel) return dsp_fail_memory(error);
  channel->role = DSP_ROLE_VELOCITY;
  return DSP_OK;
}

static dsp_status take_wave(dwl_file *file, const fmt_source *wave, dsp_error *error) {
  const size_t pair = (size_t)2 * CHANNELS * RUN, n_runs = wave->size / pair;
  if (n_runs == 0) return dsp_fail(error, DSP_BAD_INPUT, "envelopes (.TW)", "at least 64 samples of two channels", "%zu bytes", wave->size);
  if (wave->size % pair && dsp_recording_warn(file->text.recording, "file_truncated", "%zu bytes at the end are no whole run; left out",
                                              wave->size % pair) != DSP_OK)
    return dsp_fail_memory(error);
  dsp_status status = DSP_OK;
  for (size_t c = 0; c < CHANNELS && status == DSP_OK; c++) {
    if (!(file->f0_khz[c] > 0)) continue; /* this probe was not in use */
    status = add_channel(file, wave, c, n_runs, error);
  }
  if (status == DSP_OK && file->text.recording->n_channels == 0)
    return dsp_fail(error, DSP_BAD_INPUT, "settings (.TX)", "SYS FDOP1, the Doppler frequency in kHz", "no frequency");
  if (status == DSP_OK && file->f0_khz[0] > 0 && (file->f0_khz[1] == file->f0_khz[0] || !(file->f0_khz[1] > 0)))
    file->text.recording->doppler.f0_hz = file->f0_khz[0] * 1000;
  return status;
}

static dsp_status read_dwl(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  dwl_file file = {.input = input, .text = {.recording = recording}};
  const fmt_source *settings = NULL, *wave = NULL;
  (void)hints, (void)params;
  if (!both(input, &settings, &wave) || !wave)
    return dsp_fail(error, DSP_BAD_INPUT, "", "NAME.TX0 and NAME.TW0 side by side", settings ? "no envelopes" : "no settings");
  file.text.c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  dsp_status status = file.text.c_locale ? take_settings(&file, settings, error) : dsp_fail_memory(error);
  if (status == DSP_OK) status = take_wave(&file, wave, error);
  csv_clear(&file.text);
  if (status == DSP_OK && dsp_recording_sort_events(recording) != DSP_OK) status = dsp_fail_memory(error);
  return status;
}

static fmt_verdict probe_dwl(const fmt_input *input, unsigned *score, dsp_error *error) {
  const fmt_source *settings = NULL, *wave = NULL;
  *score = 95;
  if (!both(input, &settings, &wave)) return FMT_NOT_MINE;
  if (wave) return FMT_MINE;
  (void)dsp_fail(error, DSP_BAD_INPUT, "", "the file of that name that ends in .TW and the same digit", "settings without envelopes");
  return FMT_BROKEN;
}

static const char *const extensions[] = {"TX0", "TW0", "TX1", "TW1", NULL};

const fmt_reader dwl_reader = {
    .id = "dwl",
    .title = "DWL Multi-Dop envelopes (.TX0 with .TW0)",
    .extensions = extensions,
    .params = {"dwl", NULL, 0},
    .probe = probe_dwl,
    .read = read_dwl,
    .wants = wants_dwl,
};
