/* SPDX-License-Identifier: GPL-3.0-or-later
 * Typed access to a side-car's values: a wrong type is an error that names its JSON path. null says as little as an absent key. */
#include "sidecar.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *type_name(const json_t *value) {
  switch (json_typeof(value)) {
  case JSON_OBJECT:
    return "an object";
  case JSON_ARRAY:
    return "an array";
  case JSON_STRING:
    return "a text";
  case JSON_INTEGER:
  case JSON_REAL:
    return "a number";
  case JSON_TRUE:
  case JSON_FALSE:
    return "true or false";
  case JSON_NULL:
    return "null";
  }
  return "something else";
}

static dsp_status wrong(const json_t *value, const char *path, const char *key, const char *expected, dsp_error *error) {
  char place[SIDECAR_PATH + 40];
  snprintf(place, sizeof place, "%s.%s", path, key);
  return dsp_fail(error, DSP_BAD_INPUT, place, expected, "%s", type_name(value));
}

/* NULL when the key is absent or null. */
static const json_t *member(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return value && !json_is_null(value) ? value : NULL;
}

dsp_status sidecar_text(const char **out, const json_t *object, const char *path, const char *key, dsp_error *error) {
  const json_t *value = member(object, key);
  if (!value) return DSP_OK;
  if (!json_is_string(value)) return wrong(value, path, key, "a text", error);
  if (json_string_length(value) > FMT_CAP_TEXT_BYTES) {
    char place[SIDECAR_PATH + 40];
    snprintf(place, sizeof place, "%s.%s", path, key);
    return dsp_fail(error, DSP_LIMIT, place, "a shorter text", "%zu bytes, more than the cap of %zu", json_string_length(value),
                    FMT_CAP_TEXT_BYTES);
  }
  if (json_string_length(value)) *out = json_string_value(value);
  return DSP_OK;
}

dsp_status sidecar_number(double *out, const json_t *object, const char *path, const char *key, double low, double high, dsp_error *error) {
  const json_t *value = member(object, key);
  if (!value) return DSP_OK;
  if (!json_is_number(value)) return wrong(value, path, key, "a number", error);
  const double number = json_number_value(value);
  if (!(number >= low && number <= high)) {
    char place[SIDECAR_PATH + 40], range[64];
    snprintf(place, sizeof place, "%s.%s", path, key);
    snprintf(range, sizeof range, "%g to %g", low, high);
    return dsp_fail(error, DSP_BAD_INPUT, place, range, "%g", number);
  }
  *out = number;
  return DSP_OK;
}

dsp_status sidecar_whole(long *out, const json_t *object, const char *path, const char *key, long low, long high, dsp_error *error) {
  double number = (double)NAN;
  const dsp_status status = sidecar_number(&number, object, path, key, (double)low, (double)high, error);
  if (status != DSP_OK || isnan(number)) return status;
  if (number != rint(number)) {
    char place[SIDECAR_PATH + 40];
    snprintf(place, sizeof place, "%s.%s", path, key);
    return dsp_fail(error, DSP_BAD_INPUT, place, "a whole number", "%g", number);
  }
  *out = (long)number;
  return DSP_OK;
}

dsp_status sidecar_flag(bool *out, const json_t *object, const char *path, const char *key, dsp_error *error) {
  const json_t *value = member(object, key);
  if (!value) return DSP_OK;
  if (!json_is_boolean(value)) return wrong(value, path, key, "true or false", error);
  *out = json_is_true(value);
  return DSP_OK;
}

dsp_status sidecar_object(const json_t **out, const json_t *object, const char *path, const char *key, dsp_error *error) {
  *out = member(object, key);
  return *out && !json_is_object(*out) ? wrong(*out, path, key, "an object", error) : DSP_OK;
}

dsp_status sidecar_array(const json_t **out, const json_t *object, const char *path, const char *key, dsp_error *error) {
  *out = member(object, key);
  return *out && !json_is_array(*out) ? wrong(*out, path, key, "an array", error) : DSP_OK;
}

dsp_status sidecar_known_keys(dsp_recording *recording, const json_t *object, const char *path, const char *const *known,
                              dsp_error *error) {
  for (void *at = json_object_iter((json_t *)(uintptr_t)object); at; at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
    const char *key = json_object_iter_key(at);
    size_t i = 0;
    while (known[i] && strcmp(known[i], key) != 0) i++;
    if (!known[i] && dsp_recording_warn(recording, "sidecar_unknown_key", "side-car: unknown key %s.%.80s ignored", path, key) != DSP_OK)
      return dsp_fail_memory(error);
  }
  return DSP_OK;
}
