/* SPDX-License-Identifier: GPL-3.0-or-later
 * What no recording format carries, from a strict JSON file. A fact that nobody stated stays unknown. */
#include "sidecar.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char schema_id[] = "pleth-sidecar/1";

/* Ranges are physical, wide enough for any device. */
#define FAR_S 1e9

/* A mark of the file and one of the side-car this near are one and the same. */
#define SAME_EVENT_S 1.0

dsp_status sidecar_parse(json_t **root, const fmt_source *source, dsp_error *error) {
  json_error_t why;
  char place[64];
  *root = NULL;
  if (source->size > FMT_CAP_SIDECAR_BYTES)
    return dsp_fail(error, DSP_LIMIT, "$", "a smaller side-car", "%zu bytes, more than the cap of %zu", source->size,
                    FMT_CAP_SIDECAR_BYTES);
  const size_t mark = source->size >= 3 && memcmp(source->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  *root = json_loadb((const char *)source->bytes + mark, source->size - mark, JSON_REJECT_DUPLICATES, &why);
  if (!*root) {
    if (json_error_code(&why) == json_error_out_of_memory) return dsp_fail_memory(error);
    snprintf(place, sizeof place, "$ (line %d, column %d)", why.line, why.column);
    return dsp_fail(error, DSP_BAD_INPUT, place, "valid JSON without duplicate keys", "%s", why.text);
  }
  if (json_is_object(*root)) return DSP_OK;
  json_decref(*root);
  *root = NULL;
  return dsp_fail(error, DSP_BAD_INPUT, "$", "an object", "JSON of another type");
}

static dsp_status one_hint(fmt_hint *hint, const json_t *entry, const char *path, dsp_error *error) {
  const char *role = NULL;
  *hint = (fmt_hint){.index = -1, .rate_hz = (double)NAN, .channel = FMT_HINT_OPEN};
  if (!json_is_object(entry)) return dsp_fail(error, DSP_BAD_INPUT, path, "an object", "JSON of another type");
  dsp_status status = sidecar_text(&hint->column, entry, path, "column", error);
  if (status == DSP_OK) status = sidecar_text(&hint->label, entry, path, "label", error);
  if (status == DSP_OK) status = sidecar_whole(&hint->index, entry, path, "index", 0, (long)FMT_CAP_COLUMNS, error);
  if (status == DSP_OK) status = sidecar_text(&role, entry, path, "role", error);
  if (status == DSP_OK) status = sidecar_text(&hint->unit, entry, path, "unit", error);
  if (status == DSP_OK) status = sidecar_flag(&hint->override, entry, path, "override", error);
  if (status == DSP_OK) status = sidecar_number(&hint->rate_hz, entry, path, "rate_hz", 1e-6, FMT_CAP_RATE_HZ, error);
  hint->is_time = role && strcmp(role, "time") == 0;
  return status;
}

dsp_status sidecar_hints(fmt_hints *hints, const json_t *root, dsp_error *error) {
  const json_t *channels = NULL;
  char path[SIDECAR_PATH];
  *hints = (fmt_hints){0};
  dsp_status status = sidecar_array(&channels, root, "$", "channels", error);
  const size_t n = channels ? json_array_size(channels) : 0;
  if (status != DSP_OK || n == 0) return status;
  hints->rows = dsp_alloc(n, sizeof *hints->rows);
  if (!hints->rows) return dsp_fail_memory(error);
  for (size_t k = 0; k < n && status == DSP_OK; k++) {
    snprintf(path, sizeof path, "$.channels[%zu]", k);
    status = one_hint(&hints->rows[k], json_array_get(channels, k), path, error);
  }
  if (status == DSP_OK) {
    hints->n = n;
  } else {
    free(hints->rows);
    hints->rows = NULL;
  }
  return status;
}

/* Take a text over; where the file said something else, say so. */
static dsp_status take_text(dsp_recording *recording, const char **field, const json_t *object, const char *path, const char *key,
                            dsp_error *error) {
  const char *text = NULL;
  const dsp_status status = sidecar_text(&text, object, path, key, error);
  if (status != DSP_OK || !text) return status;
  if (*field && strcmp(*field, text) != 0 &&
      dsp_recording_warn(recording, "sidecar_wins", "%s.%s: the file has \"%s\", the side-car \"%s\"", path, key, *field, text) != DSP_OK)
    return dsp_fail_memory(error);
  *field = dsp_arena_text(recording->arena, text, strlen(text));
  return *field ? DSP_OK : dsp_fail_memory(error);
}

static bool digits_at(const char *text, size_t from, size_t n) {
  for (size_t i = from; i < from + n; i++)
    if (text[i] < '0' || text[i] > '9') return false;
  return true;
}

/* RFC 3339: 2024-03-02T10:00:00[.5](Z|+01:00) */
static bool is_rfc3339(const char *text) {
  const size_t n = strlen(text);
  if (n < 20 || !digits_at(text, 0, 4) || text[4] != '-' || !digits_at(text, 5, 2) || text[7] != '-' || !digits_at(text, 8, 2) ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || !digits_at(text, 11, 2) || text[13] != ':' || !digits_at(text, 14, 2) ||
      text[16] != ':' || !digits_at(text, 17, 2))
    return false;
  size_t i = 19;
  if (text[i] == '.')
    for (i++; text[i] >= '0' && text[i] <= '9';) i++;
  if (text[i] == 'Z' || text[i] == 'z') return text[i + 1] == '\0';
  return (text[i] == '+' || text[i] == '-') && n == i + 6 && digits_at(text, i + 1, 2) && text[i + 3] == ':' && digits_at(text, i + 4, 2);
}

static dsp_status apply_acquisition(dsp_recording *recording, const json_t *root, dsp_error *error) {
  static const char *const known[] = {"t0", "device", "room_temp_c", NULL};
  static const char path[] = "$.acquisition";
  const json_t *object = NULL;
  dsp_status status = sidecar_object(&object, root, "$", "acquisition", error);
  if (status != DSP_OK || !object) return status;
  status = sidecar_known_keys(recording, object, path, known, error);
  if (status == DSP_OK) status = take_text(recording, &recording->t0, object, path, "t0", error);
  if (status == DSP_OK && recording->t0 && !is_rfc3339(recording->t0))
    status = dsp_fail(error, DSP_BAD_INPUT, "$.acquisition.t0", "a date and time as 2024-03-02T10:00:00+01:00", "\"%s\"", recording->t0);
  if (status == DSP_OK) status = take_text(recording, &recording->device, object, path, "device", error);
  if (status == DSP_OK) status = sidecar_number(&recording->room_temp_c, object, path, "room_temp_c", -50, 60, error);
  return status;
}

static dsp_status apply_subject(dsp_recording *recording, const json_t *root, dsp_error *error) {
  static const char *const known_subject[] = {"key", "ceap", NULL};
  static const char *const known_condition[] = {"compression", "visit", "label", NULL};
  const json_t *object = NULL;
  dsp_status status = sidecar_object(&object, root, "$", "subject", error);
  if (status == DSP_OK && object) {
    status = sidecar_known_keys(recording, object, "$.subject", known_subject, error);
    if (status == DSP_OK) status = take_text(recording, &recording->subject_key, object, "$.subject", "key", error);
    if (status == DSP_OK) status = take_text(recording, &recording->ceap, object, "$.subject", "ceap", error);
  }
  if (status == DSP_OK) status = sidecar_object(&object, root, "$", "condition", error);
  if (status != DSP_OK || !object) return status;
  status = sidecar_known_keys(recording, object, "$.condition", known_condition, error);
  if (status == DSP_OK) status = take_text(recording, &recording->compression, object, "$.condition", "compression", error);
  if (status == DSP_OK) status = take_text(recording, &recording->visit, object, "$.condition", "visit", error);
  if (status == DSP_OK) status = take_text(recording, &recording->condition_label, object, "$.condition", "label", error);
  return status;
}

static dsp_status check_vein(const char *vein, dsp_error *error) {
  static const char veins[] = "CFV FV DFV PV PTV ATV FIBV GAST SOL GSV AASV PASV SSV GIAC PERF SFJ SPJ";
  const size_t n = strlen(vein);
  for (const char *at = veins; (at = strstr(at, vein)); at++)
    if (n && !strchr(vein, ' ') && (at == veins || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0')) return DSP_OK;
  return dsp_fail(error, DSP_BAD_INPUT, "$.doppler.vein", veins, "\"%s\"", vein);
}

static dsp_status apply_doppler(dsp_recording *recording, const json_t *root, dsp_error *error) {
  static const char *const known[] = {"f0_hz", "angle_deg", "c_m_s", "stereo", "swap", "antegrade_sign", "vein", "diameter_mm", NULL};
  static const char path[] = "$.doppler";
  dsp_doppler *doppler = &recording->doppler;
  const json_t *object = NULL;
  const char *stereo = NULL;
  long sign = doppler->antegrade_sign;
  dsp_status status = sidecar_object(&object, root, "$", "doppler", error);
  if (status != DSP_OK || !object) return status;
  status = sidecar_known_keys(recording, object, path, known, error);
  if (status == DSP_OK) status = sidecar_number(&doppler->f0_hz, object, path, "f0_hz", 1e4, 1e9, error);
  if (status == DSP_OK) status = sidecar_number(&doppler->angle_deg, object, path, "angle_deg", -180, 180, error);
  if (status == DSP_OK) status = sidecar_number(&doppler->c_m_s, object, path, "c_m_s", 1000, 2000, error);
  if (status == DSP_OK) status = sidecar_number(&doppler->diameter_mm, object, path, "diameter_mm", 0.01, 100, error);
  if (status == DSP_OK) status = sidecar_flag(&doppler->swap, object, path, "swap", error);
  if (status == DSP_OK) status = sidecar_whole(&sign, object, path, "antegrade_sign", -1, 1, error);
  if (status == DSP_OK) status = sidecar_text(&stereo, object, path, "stereo", error);
  if (status == DSP_OK && stereo && !dsp_stereo_find(stereo, &doppler->stereo))
    status = dsp_fail(error, DSP_BAD_INPUT, "$.doppler.stereo", "auto, iq, separated or mono", "\"%s\"", stereo);
  if (status == DSP_OK) status = take_text(recording, &doppler->vein, object, path, "vein", error);
  if (status == DSP_OK && doppler->vein) status = check_vein(doppler->vein, error);
  doppler->antegrade_sign = (int)sign;
  return status;
}

static dsp_status apply_event(dsp_recording *recording, const json_t *entry, const char *path, dsp_error *error) {
  static const char *const known[] = {"t_s", "kind", "count", "duration_s", "volume_ml", "percent", "text", NULL};
  char place[SIDECAR_PATH + 40];
  const char *kind = NULL;
  long count = 0;
  dsp_event event = {.t_s = (double)NAN, .volume_ml = (double)NAN, .percent = (double)NAN, .source = "side-car"};
  if (!json_is_object(entry)) return dsp_fail(error, DSP_BAD_INPUT, path, "an object", "JSON of another type");
  dsp_status status = sidecar_known_keys(recording, entry, path, known, error);
  if (status == DSP_OK) status = sidecar_number(&event.t_s, entry, path, "t_s", -FAR_S, FAR_S, error);
  if (status == DSP_OK) status = sidecar_text(&kind, entry, path, "kind", error);
  if (status == DSP_OK) status = sidecar_whole(&count, entry, path, "count", 0, 100000, error);
  if (status == DSP_OK) status = sidecar_number(&event.dur_s, entry, path, "duration_s", 0, FAR_S, error);
  if (status == DSP_OK) status = sidecar_number(&event.volume_ml, entry, path, "volume_ml", -1e5, 1e5, error);
  if (status == DSP_OK) status = sidecar_number(&event.percent, entry, path, "percent", -100, 100, error);
  if (status == DSP_OK) status = sidecar_text(&event.text, entry, path, "text", error);
  if (status != DSP_OK) return status;
  if (isnan(event.t_s)) return dsp_fail(error, DSP_BAD_INPUT, path, "t_s, in seconds from the first sample", "an event without a time");
  snprintf(place, sizeof place, "%s.kind", path);
  if (!kind || !dsp_event_kind_find(kind, &event.kind))
    return dsp_fail(
        error, DSP_BAD_INPUT, place,
        "supine stand tilt_up tilt_down tiptoe dorsiflexion weight_transfer exercise_start exercise_end cuff_inflate cuff_release "
        "arterial_inflate arterial_release compress release valsalva calibration note",
        "\"%s\"", kind ? kind : "");
  event.count = (unsigned)count;
  return dsp_recording_add_event(recording, &event) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
}

/* Word for word the same event: a conversion's side-car beside what was converted. */
static bool repeats(const dsp_event *a, const dsp_event *b) {
  return a->kind == b->kind && a->count == b->count && a->t_s == b->t_s && strcmp(a->text ? a->text : "", b->text ? b->text : "") == 0;
}

/* The file's own events that the side-car does not repeat; the number of those that are left. */
static size_t drop_repeated(dsp_recording *recording, size_t n_own) {
  size_t kept = 0, left = 0;
  for (size_t i = 0; i < recording->n_events; i++) {
    bool again = false;
    for (size_t k = n_own; i < n_own && !again && k < recording->n_events; k++)
      again = repeats(&recording->events[i], &recording->events[k]);
    if (again) continue;
    recording->events[kept++] = recording->events[i];
    left += i < n_own;
  }
  recording->n_events = kept;
  return left;
}

/* A kind of event that the side-car states is the side-car's alone: the file's own of that kind stay as notes, said when they differ. */
static dsp_status settle_events(dsp_recording *recording, size_t n_own, dsp_error *error) {
  for (size_t i = 0; i < n_own; i++) {
    dsp_event *own = &recording->events[i];
    const dsp_event_kind kind = own->kind;
    bool stated = false, same = false;
    for (size_t k = n_own; k < recording->n_events; k++) {
      stated |= recording->events[k].kind == kind;
      same |= recording->events[k].kind == kind && fabs(recording->events[k].t_s - own->t_s) <= SAME_EVENT_S;
    }
    if (!stated || kind == DSP_EVENT_NOTE) continue;
    own->kind = DSP_EVENT_NOTE;
    own->count = 0;
    if (!same &&
        dsp_recording_warn(recording, "sidecar_wins", "the file's event \"%s\" at %g s is not among the side-car's; kept as a note",
                           dsp_event_kind_text(kind), own->t_s) != DSP_OK)
      return dsp_fail_memory(error);
  }
  return DSP_OK;
}

static dsp_status warn_outside(dsp_recording *recording, size_t first, dsp_error *error) {
  const double end_s = dsp_recording_duration_s(recording);
  for (size_t i = first; i < recording->n_events; i++) {
    const dsp_event *event = &recording->events[i];
    if (event->t_s >= 0 && event->t_s <= end_s) continue;
    if (dsp_recording_warn(recording, "event_outside", "event \"%s\" at %g s, the recording lasts from 0 to %g s",
                           dsp_event_kind_text(event->kind), event->t_s, end_s) != DSP_OK)
      return dsp_fail_memory(error);
  }
  return DSP_OK;
}

static dsp_status apply_events(dsp_recording *recording, const json_t *root, dsp_error *error) {
  const json_t *events = NULL;
  char path[SIDECAR_PATH];
  size_t n_own = recording->n_events;
  dsp_status status = sidecar_array(&events, root, "$", "events", error);
  const size_t n = events ? json_array_size(events) : 0;
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    snprintf(path, sizeof path, "$.events[%zu]", i);
    status = apply_event(recording, json_array_get(events, i), path, error);
  }
  if (status == DSP_OK) status = warn_outside(recording, n_own, error);
  if (status == DSP_OK) n_own = drop_repeated(recording, n_own);
  if (status == DSP_OK) status = settle_events(recording, n_own, error);
  if (status == DSP_OK && dsp_recording_sort_events(recording) != DSP_OK) status = dsp_fail_memory(error);
  return status;
}

dsp_status sidecar_apply(dsp_recording *recording, const json_t *root, const fmt_hints *hints, dsp_error *error) {
  static const char *const known[] = {"schema", "protocol", "acquisition", "subject", "condition", "channels", "doppler", "events", NULL};
  const char *schema = NULL;
  dsp_status status = sidecar_known_keys(recording, root, "$", known, error);
  if (status == DSP_OK) status = sidecar_text(&schema, root, "$", "schema", error);
  if (status == DSP_OK && schema && strcmp(schema, schema_id) != 0)
    status = dsp_fail(error, DSP_BAD_INPUT, "$.schema", schema_id, "\"%s\"", schema);
  if (status == DSP_OK) status = take_text(recording, &recording->protocol, root, "$", "protocol", error);
  if (status == DSP_OK) status = apply_acquisition(recording, root, error);
  if (status == DSP_OK) status = apply_subject(recording, root, error);
  if (status == DSP_OK) status = sidecar_channels(recording, root, hints, error);
  if (status == DSP_OK) status = apply_doppler(recording, root, error);
  if (status == DSP_OK) status = apply_events(recording, root, error);
  return status;
}

dsp_status fmt_sidecar_apply(dsp_recording *recording, const fmt_source *sidecar, dsp_error *error) {
  json_t *root = NULL;
  fmt_hints hints = {0};
  dsp_status status = sidecar_parse(&root, sidecar, error);
  if (status == DSP_OK) status = sidecar_hints(&hints, root, error);
  if (status == DSP_OK) status = sidecar_apply(recording, root, &hints, error);
  free(hints.rows);
  json_decref(root);
  return status;
}
