/* SPDX-License-Identifier: GPL-3.0-or-later
 * A map states for all exports of one machine what a side-car states for one recording. The two become one side-car: where both speak of
 * the same fact the side-car's holds. Entries of `channels` are the same when they name their channel in the same words. */
#include "sidecar.h"
#include <string.h>

/* NULL: absent or null. */
static const json_t *member(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return value && !json_is_null(value) ? value : NULL;
}

static bool same_channel(const json_t *a, const json_t *b) {
  static const char *const selectors[] = {"column", "index", "label"};
  for (size_t i = 0; i < sizeof selectors / sizeof selectors[0]; i++) {
    const json_t *one = member(a, selectors[i]), *other = member(b, selectors[i]);
    if (one || other) return one && other && json_equal(one, other);
  }
  return false;
}

/* The map's entries, each with what the side-car says about the same channel; then the side-car's own. */
static bool merge_channels(json_t *map, json_t *own) {
  for (size_t k = 0; k < json_array_size(own); k++) {
    json_t *entry = json_array_get(own, k);
    size_t m = 0;
    while (m < json_array_size(map) && !same_channel(json_array_get(map, m), entry)) m++;
    const bool known = m < json_array_size(map) && json_is_object(entry);
    if (known ? json_object_update(json_array_get(map, m), entry) != 0 : json_array_append(map, entry) != 0) return false;
  }
  return true;
}

/* Adds the side-car's members to the map's: objects key by key, channels entry by entry, all else as a whole. */
static bool merge(json_t *map, json_t *sidecar) {
  const char *key;
  json_t *value;
  json_object_foreach(sidecar, key, value) {
    json_t *below = json_object_get(map, key);
    bool done = false;
    if (json_is_object(below) && json_is_object(value))
      done = json_object_update(below, value) == 0;
    else if (strcmp(key, "channels") == 0 && json_is_array(below) && json_is_array(value))
      done = merge_channels(below, value);
    else
      done = json_object_set(map, key, value) == 0;
    if (!done) return false;
  }
  return true;
}

dsp_status sidecar_with_map(json_t **facts, const fmt_source *map, json_t *sidecar, dsp_error *error) {
  *facts = NULL;
  dsp_status status = sidecar_parse(facts, map, error);
  if (status == DSP_OK && member(*facts, "subject"))
    status = dsp_fail(error, DSP_BAD_INPUT, "$.subject", "no subject in a map, since it speaks for many", "a subject");
  if (status == DSP_OK && sidecar && !merge(*facts, sidecar)) status = dsp_fail_memory(error);
  if (status == DSP_OK) return DSP_OK;
  json_decref(*facts);
  *facts = NULL;
  return status;
}
