/* SPDX-License-Identifier: GPL-3.0-or-later
 * The side-car's channels: which is meant, and what is stated about it. A unit is never scaled silently: what a role needs and what is
 * there either agree or are an error that offers the conversion. */
#include "csv.h"
#include "sidecar.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void list_channels(char *text, size_t size, const dsp_recording *recording) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t c = 0; c < recording->n_channels && used + 8 < size; c++) {
    const int n = snprintf(text + used, size - used, "%s\"%s\"", c ? ", " : "", recording->channels[c].name);
    used += n > 0 ? (size_t)n : 0;
  }
}

/* `text` is the channel's name, or its name with its unit in any of the ways that a header writes them. */
static bool names_channel(const char *text, const dsp_channel *channel) {
  csv_span name, unit;
  const csv_span whole = csv_trim((csv_span){(const unsigned char *)text, strlen(text)});
  if (strlen(channel->name) == whole.n && memcmp(channel->name, whole.at, whole.n) == 0) return true;
  csv_split_unit(whole, &name, &unit);
  return unit.n && channel->unit_as_written && strlen(channel->name) == name.n && memcmp(channel->name, name.at, name.n) == 0 &&
         strlen(channel->unit_as_written) == unit.n && memcmp(channel->unit_as_written, unit.at, unit.n) == 0;
}

/* The channel that entry k means; SIZE_MAX when the reader has used it. */
static dsp_status find_channel(size_t *found, const dsp_recording *recording, const fmt_hint *hint, const char *path, dsp_error *error) {
  char place[SIDECAR_PATH + 20], list[300];
  const char *text = hint->column ? hint->column : hint->index < 0 ? hint->label : NULL;
  size_t matches = 0;
  *found = SIZE_MAX;
  if (hint->channel == FMT_HINT_USED) return DSP_OK;
  if (hint->channel >= 0) {
    *found = (size_t)hint->channel;
    return DSP_OK;
  }
  list_channels(list, sizeof list, recording);
  if (!text && hint->index < 0) return dsp_fail(error, DSP_BAD_INPUT, path, "column, label or index", "an entry that names no channel");
  if (!text) {
    snprintf(place, sizeof place, "%s.index", path);
    if ((size_t)hint->index >= recording->n_channels)
      return dsp_fail(error, DSP_BAD_INPUT, place, list, "no channel %ld (counted from 0, without the time) of %zu", hint->index,
                      recording->n_channels);
    *found = (size_t)hint->index;
    return DSP_OK;
  }
  snprintf(place, sizeof place, "%s.%s", path, hint->column ? "column" : "label");
  for (size_t c = 0; c < recording->n_channels; c++)
    if (names_channel(text, &recording->channels[c]) && matches++ == 0) *found = c;
  if (matches == 0) return dsp_fail(error, DSP_BAD_INPUT, place, list, "no channel \"%s\"", text);
  if (matches > 1) return dsp_fail(error, DSP_BAD_INPUT, place, list, "%zu channels \"%s\"; name one", matches, text);
  return DSP_OK;
}

/* The side-car's unit against the file's. */
static dsp_status apply_unit(dsp_recording *recording, dsp_channel *channel, const fmt_hint *hint, const char *path, bool needed,
                             dsp_error *error) {
  char place[SIDECAR_PATH + 20];
  if (!hint->unit) return DSP_OK;
  snprintf(place, sizeof place, "%s.unit", path);
  const dsp_unit *stated = dsp_unit_find(hint->unit, strlen(hint->unit));
  if (!stated && needed)
    return dsp_fail(error, DSP_BAD_INPUT, place, "a unit in UCUM or a common spelling of one", "unknown unit \"%s\"", hint->unit);
  if (!stated && dsp_recording_warn(recording, "unit_unrecognized", "%s: unit \"%s\" is not known", path, hint->unit) != DSP_OK)
    return dsp_fail_memory(error);
  const bool differ =
      channel->unit_as_written && (channel->unit || stated ? channel->unit != stated : strcmp(channel->unit_as_written, hint->unit) != 0);
  if (differ && !hint->override)
    return dsp_fail(error, DSP_BAD_INPUT, place, "one unit, or \"override\": true where the side-car is right",
                    "\"%s\" in the file, \"%s\" in the side-car", channel->unit_as_written, hint->unit);
  if (differ && dsp_recording_warn(recording, "sidecar_wins", "channel \"%s\": the file has unit \"%s\", the side-car \"%s\"",
                                   channel->name, channel->unit_as_written, hint->unit) != DSP_OK)
    return dsp_fail_memory(error);
  if (!channel->unit_as_written || differ) {
    channel->unit_as_written = dsp_arena_text(recording->arena, hint->unit, strlen(hint->unit));
    if (!channel->unit_as_written) return dsp_fail_memory(error);
  }
  channel->unit = stated;
  return DSP_OK;
}

/* Is the unit the one that the role needs? */
static dsp_status check_role_unit(dsp_recording *recording, const dsp_channel *channel, const char *path, dsp_error *error) {
  const dsp_unit *needed = dsp_role_unit(channel->role);
  char place[SIDECAR_PATH + 20], expected[200];
  double factor = 1, offset = 0;
  if (!needed || channel->unit == needed) return DSP_OK;
  snprintf(place, sizeof place, "%s.unit", path);
  if (!channel->unit_as_written)
    return dsp_recording_warn(recording, "unit_missing", "channel \"%s\" (%s) has no unit; %s is needed", channel->name,
                              dsp_role_text(channel->role), needed->ucum) == DSP_OK
               ? DSP_OK
               : dsp_fail_memory(error);
  if (!channel->unit) {
    snprintf(expected, sizeof expected, "%s for the role %s", needed->ucum, dsp_role_text(channel->role));
    return dsp_fail(error, DSP_BAD_INPUT, place, expected, "unknown unit \"%s\"", channel->unit_as_written);
  }
  if (!dsp_unit_convert(channel->unit, needed, &factor, &offset)) {
    snprintf(expected, sizeof expected, "%s for the role %s: state unit \"%s\" with a calibration and \"override\": true", needed->ucum,
             dsp_role_text(channel->role), needed->ucum);
    return dsp_fail(error, DSP_BAD_INPUT, place, expected, "unit \"%s\" of channel \"%s\"", channel->unit_as_written, channel->name);
  }
  snprintf(expected, sizeof expected, "%s for the role %s; to convert, set calibration gain %.15g and unit \"%s\" with \"override\": true",
           needed->ucum, dsp_role_text(channel->role), factor, needed->ucum);
  return dsp_fail(error, DSP_BAD_INPUT, place, expected, "unit \"%s\" of channel \"%s\"", channel->unit_as_written, channel->name);
}

static dsp_status apply_calibration(dsp_recording *recording, dsp_channel *channel, const json_t *entry, const char *path,
                                    dsp_error *error) {
  static const char *const known[] = {"gain", "offset", "cal_semantics", NULL};
  const json_t *object = NULL;
  char own[SIDECAR_PATH + 20], place[SIDECAR_PATH + 40];
  double gain = (double)NAN, offset = (double)NAN;
  const char *semantics = NULL;
  dsp_status status = sidecar_object(&object, entry, path, "calibration", error);
  if (status != DSP_OK || !object) return status;
  snprintf(own, sizeof own, "%s.calibration", path);
  status = sidecar_known_keys(recording, object, own, known, error);
  if (status == DSP_OK) status = sidecar_number(&gain, object, own, "gain", -1e12, 1e12, error);
  if (status == DSP_OK) status = sidecar_number(&offset, object, own, "offset", -1e15, 1e15, error);
  if (status == DSP_OK) status = sidecar_text(&semantics, object, own, "cal_semantics", error);
  if (status != DSP_OK) return status;
  if (gain == 0) {
    snprintf(place, sizeof place, "%s.gain", own);
    return dsp_fail(error, DSP_BAD_INPUT, place, "a gain other than 0", "0");
  }
  if (semantics) {
    const bool volume = strcmp(semantics, "volume_pct") == 0;
    if (!volume && strcmp(semantics, "length_pct") != 0) {
      snprintf(place, sizeof place, "%s.cal_semantics", own);
      return dsp_fail(error, DSP_BAD_INPUT, place, "volume_pct or length_pct", "\"%s\"", semantics);
    }
    channel->cal_semantics = volume ? DSP_CAL_VOLUME_PCT : DSP_CAL_LENGTH_PCT;
  }
  if (isnan(gain) && isnan(offset)) return DSP_OK;
  if (isnan(gain)) gain = 1;
  if (isnan(offset)) offset = 0;
  if (!channel->x && channel->n) return dsp_fail(error, DSP_BAD_INPUT, own, "no calibration of Doppler audio", "channel %s", channel->name);
  channel->calibrated = true;
  channel->scale *= gain;
  channel->offset = channel->offset * gain + offset;
  for (size_t i = 0; i < channel->n; i++) channel->x[i] = channel->x[i] * gain + offset;
  return DSP_OK;
}

/* Clocks differ by less than half a sample over the recording: no difference to speak of. The segments move with the rate that is stated,
 * since it is the clock that it corrects. */
static dsp_status apply_rate(dsp_recording *recording, dsp_channel *channel, double rate_hz, dsp_error *error) {
  if (isnan(rate_hz) || fabs(rate_hz - channel->rate_hz) <= 1e-9 * rate_hz) return DSP_OK;
  const double stretch = channel->rate_hz / rate_hz;
  if (fabs(stretch - 1) * (double)channel->n < 0.5) return DSP_OK;
  if (dsp_recording_warn(recording, "sidecar_wins", "channel \"%s\": the file's clock gives %g samples per second, the side-car %g",
                         channel->name, channel->rate_hz, rate_hz) != DSP_OK)
    return dsp_fail_memory(error);
  channel->rate_hz = rate_hz;
  for (size_t i = 0; i < channel->n_segments; i++) channel->segments[i].t0_s *= stretch;
  return DSP_OK;
}

static dsp_status apply_facts(dsp_recording *recording, dsp_channel *channel, const json_t *entry, const fmt_hint *hint, const char *path,
                              dsp_error *error) {
  const char *role = NULL, *side = NULL, *site = NULL;
  char place[SIDECAR_PATH + 20];
  long polarity = 0;
  dsp_status status = sidecar_text(&role, entry, path, "role", error);
  if (status == DSP_OK) status = sidecar_text(&side, entry, path, "side", error);
  if (status == DSP_OK) status = sidecar_text(&site, entry, path, "site", error);
  if (status == DSP_OK) status = sidecar_whole(&polarity, entry, path, "polarity", -1, 1, error);
  if (status != DSP_OK) return status;
  if (polarity == 0 && json_is_integer(json_object_get(entry, "polarity"))) {
    snprintf(place, sizeof place, "%s.polarity", path);
    return dsp_fail(error, DSP_BAD_INPUT, place, "1 or -1", "0");
  }
  snprintf(place, sizeof place, "%s.role", path);
  if (role && !dsp_role_find(role, &channel->role))
    return dsp_fail(error, DSP_BAD_INPUT, place, "volume, strain, pressure, cuff_pressure, ppg, velocity, audio, ecg, trigger or time",
                    "\"%s\"", role);
  if (channel->role == DSP_ROLE_TIME)
    return dsp_fail(error, DSP_BAD_INPUT, place, "a time column only in a table of text", "role time for channel \"%s\"", channel->name);
  snprintf(place, sizeof place, "%s.side", path);
  if (side && !dsp_side_find(side, &channel->side)) return dsp_fail(error, DSP_BAD_INPUT, place, "left or right", "\"%s\"", side);
  channel->polarity = (int)polarity;
  if (site && !(channel->site = dsp_arena_text(recording->arena, site, strlen(site)))) return dsp_fail_memory(error);
  if (hint->label && (hint->column || hint->index >= 0) &&
      !(channel->label = dsp_arena_text(recording->arena, hint->label, strlen(hint->label))))
    return dsp_fail_memory(error);
  if (!channel->x && channel->role != DSP_ROLE_AUDIO)
    status = dsp_recording_load_channel(recording, (size_t)(channel - recording->channels), error);
  if (status == DSP_OK) status = apply_unit(recording, channel, hint, path, dsp_role_unit(channel->role) != NULL, error);
  if (status == DSP_OK) status = check_role_unit(recording, channel, path, error);
  if (status == DSP_OK) status = apply_rate(recording, channel, hint->rate_hz, error);
  if (status == DSP_OK) status = apply_calibration(recording, channel, entry, path, error);
  return status;
}

dsp_status sidecar_channels(dsp_recording *recording, const json_t *root, const fmt_hints *hints, dsp_error *error) {
  static const char *const known[] = {"column", "label", "index",       "role",     "unit",     "rate_hz",
                                      "side",   "site",  "calibration", "polarity", "override", NULL};
  const json_t *channels = NULL;
  char path[SIDECAR_PATH];
  dsp_status status = sidecar_array(&channels, root, "$", "channels", error);
  bool *named = dsp_zalloc(recording->n_channels + 1, sizeof *named);
  if (!named) return dsp_fail_memory(error);
  for (size_t k = 0; k < hints->n && status == DSP_OK; k++) {
    const json_t *entry = json_array_get(channels, k);
    size_t c = SIZE_MAX;
    snprintf(path, sizeof path, "$.channels[%zu]", k);
    status = sidecar_known_keys(recording, entry, path, known, error);
    if (status == DSP_OK) status = find_channel(&c, recording, &hints->rows[k], path, error);
    if (status != DSP_OK || c == SIZE_MAX) continue;
    if (named[c])
      status = dsp_fail(error, DSP_BAD_INPUT, path, "one entry for each channel, which a map and a side-car name in the same words",
                        "a second entry for channel \"%s\"", recording->channels[c].name);
    named[c] = true;
    if (status == DSP_OK) status = apply_facts(recording, &recording->channels[c], entry, &hints->rows[k], path, error);
  }
  free(named);
  return status;
}
