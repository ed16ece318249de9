/* SPDX-License-Identifier: GPL-3.0-or-later
 * Effective parameter values: the rows' defaults, then what the user set. */
#include <dsp/params.h>

#include <assert.h>
#include <dsp/memory.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dsp_params {
  const dsp_param_table *const *tables;
  double *values; /* all tables' rows, in order */
};

dsp_params *dsp_params_new(const dsp_param_table *const *tables) {
  size_t n = 0;
  for (size_t t = 0; tables[t]; t++) n += tables[t]->n;
  dsp_params *params = dsp_zalloc(1, sizeof *params);
  if (!params) return NULL;
  params->tables = tables;
  params->values = dsp_alloc(n, sizeof *params->values);
  if (!params->values) {
    dsp_params_free(params);
    return NULL;
  }
  double *value = params->values;
  for (size_t t = 0; tables[t]; t++)
    for (size_t i = 0; i < tables[t]->n; i++) *value++ = tables[t]->rows[i].value;
  return params;
}

void dsp_params_free(dsp_params *params) {
  if (!params) return;
  free(params->values);
  free(params);
}

const double *dsp_params_values(const dsp_params *params, const dsp_param_table *table) {
  size_t first = 0;
  for (size_t t = 0; params->tables[t]; t++) {
    if (params->tables[t] == table) return params->values + first;
    first += params->tables[t]->n;
  }
  assert(0 && "table belongs to these params");
  return NULL;
}

const dsp_param_row *dsp_params_row(const dsp_params *params, size_t i, double *value, const char **owner) {
  size_t first = 0;
  for (size_t t = 0; params->tables[t]; t++) {
    const dsp_param_table *table = params->tables[t];
    if (i - first < table->n) {
      if (value) *value = params->values[i];
      if (owner) *owner = table->owner;
      return &table->rows[i - first];
    }
    first += table->n;
  }
  return NULL;
}

void dsp_param_choice(const dsp_param_row *row, double value, char *word, size_t size) {
  assert(size > 0);
  word[0] = '\0';
  const char *at = row->choices;
  for (int skip = (int)value; at && skip > 0; skip--) {
    at = strchr(at, '|');
    if (at) at++;
  }
  if (!at) return;
  snprintf(word, size, "%.*s", (int)strcspn(at, "|"), at);
}

/* Index of `text` among the row's choices, or -1. */
static int choice_index(const dsp_param_row *row, const char *text) {
  int index = 0;
  for (const char *at = row->choices; at; index++) {
    const size_t length = strcspn(at, "|");
    if (strlen(text) == length && !memcmp(at, text, length)) return index;
    at = at[length] ? at + length + 1 : NULL;
  }
  return -1;
}

/* Edit distance of two names, for "did you mean"; capped so that far names cost little. */
static unsigned distance(const char *a, const char *b) {
  enum { LONGEST = 64 };
  unsigned row[LONGEST + 1];
  const size_t na = strlen(a), nb = strlen(b);
  if (na > LONGEST || nb > LONGEST) return LONGEST;
  for (size_t j = 0; j <= nb; j++) row[j] = (unsigned)j;
  for (size_t i = 1; i <= na; i++) {
    unsigned diagonal = row[0];
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= nb; j++) {
      const unsigned above = row[j], swap = diagonal + (a[i - 1] != b[j - 1]);
      const unsigned edge = (above < row[j - 1] ? above : row[j - 1]) + 1;
      row[j] = swap < edge ? swap : edge;
      diagonal = above;
    }
  }
  return row[nb];
}

static dsp_status unknown_name(const dsp_params *params, const char *name, dsp_error *error) {
  const dsp_param_row *best = NULL, *row;
  unsigned best_distance = 0;
  for (size_t i = 0; (row = dsp_params_row(params, i, NULL, NULL)); i++) {
    const unsigned d = distance(name, row->id);
    if (!best || d < best_distance) {
      best = row;
      best_distance = d;
    }
  }
  char expected[200];
  snprintf(expected, sizeof expected, "a name that `pleth list parameters` prints%s%s", best ? ", perhaps " : "", best ? best->id : "");
  return dsp_fail(error, DSP_BAD_OPTION, "--set", expected, "unknown parameter \"%.80s\"", name);
}

/* A C-locale number with nothing behind it. */
static int parse_number(const char *text, double *value) {
  const locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!c_locale) return 0;
  char *end;
  *value = strtod_l(text, &end, c_locale);
  freelocale(c_locale);
  return end != text && *end == '\0' && isfinite(*value);
}

dsp_status dsp_params_set(dsp_params *params, const char *name, const char *text, dsp_error *error) {
  const dsp_param_row *row;
  size_t i = 0;
  while ((row = dsp_params_row(params, i, NULL, NULL)) && strcmp(row->id, name) != 0) i++;
  if (!row) return unknown_name(params, name, error);
  double value;
  if (row->choices) {
    const int index = choice_index(row, text);
    if (index < 0) {
      char expected[200];
      snprintf(expected, sizeof expected, "one of %s", row->choices);
      return dsp_fail(error, DSP_BAD_OPTION, name, expected, "unknown choice \"%.80s\"", text);
    }
    value = index;
  } else if (!parse_number(text, &value) || value < row->min || value > row->max) {
    char expected[120];
    snprintf(expected, sizeof expected, "a number from %.15g to %.15g%s%s", row->min, row->max, *row->unit ? " " : "", row->unit);
    return dsp_fail(error, DSP_BAD_OPTION, name, expected, "\"%.80s\"", text);
  }
  params->values[i] = value;
  return DSP_OK;
}
