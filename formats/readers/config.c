/* SPDX-License-Identifier: GPL-3.0-or-later
 * Configuration files. */
#include <fmt/config.h>
#include <fmt/writer.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dsp_status fail_at(dsp_error *error, const char *group, const char *name, const char *expected, const char *found) {
  char place[160];
  snprintf(place, sizeof place, "$%s%s%s%s", group ? "." : "", group ? group : "", name ? "." : "", name ? name : "");
  return dsp_fail(error, DSP_BAD_INPUT, place, expected, "%s", found);
}

/* Text of a scalar; NULL when it is none or memory ran out. */
static char *text_of(const json_t *value) {
  fmt_buffer out = {0};
  if (json_is_string(value))
    fmt_put(&out, json_string_value(value));
  else if (json_is_boolean(value))
    fmt_put(&out, json_is_true(value) ? "true" : "false");
  else if (json_is_number(value))
    fmt_put_number(&out, json_number_value(value), "n/a");
  if (out.failed) fmt_buffer_clear(&out);
  return out.bytes;
}

static dsp_status add_group(fmt_config *config, json_t *object, const char *group, bool parameter, dsp_error *error) {
  const char *name = NULL;
  json_t *value = NULL;
  if (!object) return DSP_OK;
  if (!json_is_object(object)) return fail_at(error, group, NULL, "an object", "another type");
  json_object_foreach(object, name, value) {
    if (!json_is_string(value) && !json_is_boolean(value) && !json_is_number(value))
      return fail_at(error, group, name, "a number, a text, true or false", "another type");
    if (dsp_grow(&config->rows, &config->capacity, config->n + 1, sizeof *config->rows) != DSP_OK) return dsp_fail_memory(error);
    fmt_config_row *row = &config->rows[config->n++];
    *row = (fmt_config_row){strdup(name), text_of(value), parameter};
    if (!row->name || !row->text) return dsp_fail_memory(error);
  }
  return DSP_OK;
}

dsp_status fmt_config_read(fmt_config *config, const fmt_source *file, dsp_error *error) {
  json_error_t why;
  const char *key = NULL;
  json_t *value = NULL, *root = json_loadb((const char *)file->bytes, file->size, JSON_REJECT_DUPLICATES, &why);
  if (!root) {
    char place[64];
    snprintf(place, sizeof place, "line %d, column %d", why.line, why.column);
    return dsp_fail(error, DSP_BAD_INPUT, place, "JSON", "%s", why.text);
  }
  dsp_status status = json_is_object(root) ? DSP_OK : fail_at(error, NULL, NULL, "an object", "another type");
  const char *schema = json_string_value(json_object_get(root, "schema"));
  if (status == DSP_OK && (!schema || strcmp(schema, "pleth-config/1") != 0))
    status = fail_at(error, "schema", NULL, "\"pleth-config/1\"", schema ? schema : "none");
  json_object_foreach(root, key, value) {
    if (status == DSP_OK && strcmp(key, "schema") != 0 && strcmp(key, "options") != 0 && strcmp(key, "parameters") != 0)
      status = fail_at(error, key, NULL, "schema, options or parameters", "unknown key");
  }
  if (status == DSP_OK) status = add_group(config, json_object_get(root, "options"), "options", false, error);
  if (status == DSP_OK) status = add_group(config, json_object_get(root, "parameters"), "parameters", true, error);
  json_decref(root);
  return status;
}

void fmt_config_clear(fmt_config *config) {
  for (size_t i = 0; i < config->n; i++) {
    free(config->rows[i].name);
    free(config->rows[i].text);
  }
  free(config->rows);
  *config = (fmt_config){0};
}
