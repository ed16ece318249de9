/* SPDX-License-Identifier: GPL-3.0-or-later
 * The side-car in two steps: what a reader needs beforehand, and all the rest afterwards. */
#ifndef READERS_SIDECAR_H
#define READERS_SIDECAR_H

#include <dsp/recording.h>
#include <fmt/reader.h>
#include <jansson.h>

/* Parse; the caller calls json_decref. */
dsp_status sidecar_parse(json_t **root, const fmt_source *source, dsp_error *error);
/* sidecar_map.c: the facts of a map, with those of `sidecar` (NULL none) on top; the caller calls json_decref. */
dsp_status sidecar_with_map(json_t **facts, const fmt_source *map, json_t *sidecar, dsp_error *error);
/* One row per entry of `channels`; texts belong to `root`, free(hints->rows) to the caller. */
dsp_status sidecar_hints(fmt_hints *hints, const json_t *root, dsp_error *error);
/* Everything that the side-car states, onto a recording that a reader has filled. */
dsp_status sidecar_apply(dsp_recording *recording, const json_t *root, const fmt_hints *hints, dsp_error *error);

/* sidecar_json.c: typed access; absent and null leave *out as it is. */
#define SIDECAR_PATH 120
dsp_status sidecar_text(const char **out, const json_t *object, const char *path, const char *key, dsp_error *error);
dsp_status sidecar_number(double *out, const json_t *object, const char *path, const char *key, double low, double high, dsp_error *error);
dsp_status sidecar_whole(long *out, const json_t *object, const char *path, const char *key, long low, long high, dsp_error *error);
dsp_status sidecar_flag(bool *out, const json_t *object, const char *path, const char *key, dsp_error *error);
/* The member `key`, an object or NULL when absent. */
dsp_status sidecar_object(const json_t **out, const json_t *object, const char *path, const char *key, dsp_error *error);
dsp_status sidecar_array(const json_t **out, const json_t *object, const char *path, const char *key, dsp_error *error);
/* A warning for every key of `object` that is not among `known` (NULL-terminated). */
dsp_status sidecar_known_keys(dsp_recording *recording, const json_t *object, const char *path, const char *const *known, dsp_error *error);

/* sidecar_channels.c */
dsp_status sidecar_channels(dsp_recording *recording, const json_t *root, const fmt_hints *hints, dsp_error *error);

#endif
