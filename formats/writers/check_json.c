/* SPDX-License-Identifier: GPL-3.0-or-later
 * `pleth check`: the JSON of a report against the keys of the published schema. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#define PLACE_BYTES 512

static bool are_texts(const json_t *value) {
  for (size_t i = 0; i < json_array_size(value); i++)
    if (!json_is_string(json_array_get(value, i))) return false;
  return json_is_array(value);
}

/* Is `value` what the schema's word says? A word that ends in '?' also allows null. */
static bool is_type(const json_t *value, const char *type) {
  size_t length = strcspn(type, "?");
  if (json_is_null(value)) return type[length] == '?';
  if (!strncmp(type, "texts", length)) return length == 5 ? are_texts(value) : json_is_string(value);
  if (!strncmp(type, "number", length)) return json_is_number(value);
  if (!strcmp(type, "trial"))
    return json_is_integer(value) ? json_integer_value(value) > 0 : json_is_string(value) && !strcmp(json_string_value(value), "pooled");
  if (!strcmp(type, "boolean")) return json_is_boolean(value);
  return !strcmp(type, "object") ? json_is_object(value) : json_is_array(value);
}

/* One step down a path like $.tests[].measures[]; what is missing on the way is its own row's problem. As deep as the path is long.
 * NOLINTNEXTLINE(misc-no-recursion) */
static void walk(fmt_buffer *problems, const json_t *at, const char *place, const char *rest, const fmt_schema_row *row) {
  if (*rest == '\0') {
    const json_t *value = json_object_get(at, row->name);
    char full[PLACE_BYTES];
    snprintf(full, sizeof full, "/json %s.%s", place, row->name);
    if (!value && row->required) fmt_problem(problems, full, row->type, "no such key");
    if (value && !is_type(value, row->type)) fmt_problem(problems, full, row->type, "another type");
    return;
  }
  size_t length = strcspn(rest + 1, ".[");
  char key[64], next[PLACE_BYTES];
  snprintf(key, sizeof key, "%.*s", (int)length, rest + 1);
  const json_t *value = json_object_get(at, key);
  rest += 1 + length;
  bool each = *rest == '[';
  for (size_t i = 0; each && i < json_array_size(value); i++) {
    snprintf(next, sizeof next, "%s.%s[%zu]", place, key, i);
    walk(problems, json_array_get(value, i), next, rest + 2, row);
  }
  snprintf(next, sizeof next, "%s.%s", place, key);
  if (!each && json_is_object(value)) walk(problems, value, next, rest, row);
}

void fmt_check_json_form(fmt_buffer *problems, const json_t *root) {
  if (!json_is_object(root)) {
    fmt_problem(problems, "/json", "an object", "another type");
    return;
  }
  for (size_t i = 0; i < fmt_schema_count; i++)
    if (fmt_schema_rows[i].kind == FMT_SCHEMA_KEY) walk(problems, root, "$", fmt_schema_rows[i].path + 1, &fmt_schema_rows[i]);
}
