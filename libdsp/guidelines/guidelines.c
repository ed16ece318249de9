/* SPDX-License-Identifier: GPL-3.0-or-later
 * Limits and grades, and the one place that applies them. */
#include "tables.h"

#include <dsp/memory.h>
#include <math.h>
#include <string.h>

static const dsp_guideline_table *const tables[] = {
    &dsp_guidelines_apg,
    &dsp_guidelines_duplex,
    &dsp_guidelines_ppg,
    &dsp_guidelines_sgp,
};

const dsp_guideline_row *dsp_guideline_at(size_t i) {
  for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
    if (i < tables[t]->n) return &tables[t]->rows[i];
    i -= tables[t]->n;
  }
  return NULL;
}

static bool means_all(const char *id) {
  return id && !strcmp(id, "all");
}

bool dsp_guideline_known(const char *id) {
  if (means_all(id)) return true;
  const dsp_guideline_row *row = NULL;
  for (size_t i = 0; (row = dsp_guideline_at(i)); i++)
    if (!strcmp(row->guideline, id)) return true;
  return false;
}

static bool holds(const dsp_guideline_row *row, double value) {
  return (value > row->lo || (row->lo_in && value == row->lo)) && (value < row->hi || (row->hi_in && value == row->hi));
}

/* Is `word` one of the words of `list`? */
static bool has_word(const char *list, const char *word) {
  const size_t length = strlen(word);
  for (const char *at = list; (at = strstr(at, word)); at += length)
    if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) return true;
  return false;
}

/* Is the row about this measure, in this guideline (NULL: any)? */
static bool concerns(const dsp_guideline_row *row, const dsp_test *test, const dsp_measure *measure, const char *guideline,
                     const char *key) {
  return !strcmp(row->protocol, test->protocol) && !strcmp(row->measure, measure->row->id) &&
         (!row->definition || (measure->definition && !strcmp(row->definition, measure->definition))) &&
         (!guideline || !strcmp(row->guideline, guideline)) && (row->key ? key && *key && has_word(row->key, key) : true);
}

/* The normal band's end that is nearest to the value. */
static double nearest_limit(const dsp_guideline_row *normal, double value) {
  if (!isfinite(normal->lo)) return normal->hi;
  if (!isfinite(normal->hi)) return normal->lo;
  return fabs(value - normal->lo) < fabs(value - normal->hi) ? normal->lo : normal->hi;
}

static void grade_measure(dsp_measure *measure, const dsp_test *test, const char *guideline, const char *key) {
  const dsp_guideline_row *row = NULL;
  for (size_t i = 0; (row = dsp_guideline_at(i)); i++) {
    if (!concerns(row, test, measure, guideline, key)) continue;
    guideline = row->guideline; /* the first that has rows for the measure */
    if (holds(row, measure->value)) {
      measure->grade = row->grade;
      measure->guideline = row->guideline;
    }
    if (row->normal) measure->limit = nearest_limit(row, measure->value);
  }
  if (!isfinite(measure->limit)) return;
  measure->limit_distance = measure->value - measure->limit;
  if (measure->lo <= measure->limit && measure->limit <= measure->hi) dsp_flags_add(&measure->flags, "near_limit");
}

void dsp_guideline_grade(dsp_test *test, const char *guideline, const char *key) {
  for (size_t i = 0; i < test->n_measures; i++)
    if (test->measures[i].valid) grade_measure(&test->measures[i], test, means_all(guideline) ? NULL : guideline, key);
}

dsp_status dsp_guideline_verdicts(dsp_test *test, const char *key) {
  for (size_t i = 0; i < test->n_measures; i++) {
    const dsp_measure *m = &test->measures[i];
    const dsp_guideline_row *row = NULL;
    for (size_t k = 0; m->valid && (row = dsp_guideline_at(k)); k++) {
      if (!concerns(row, test, m, NULL, key) || !holds(row, m->value)) continue;
      if (dsp_grow(&test->verdicts, &test->verdicts_capacity, test->n_verdicts + 1, sizeof *test->verdicts) != DSP_OK) return DSP_NO_MEMORY;
      test->verdicts[test->n_verdicts++] = (dsp_verdict){m->row->id, row->guideline, row->grade, row->normal, row->verified};
    }
  }
  return DSP_OK;
}

const char *dsp_guideline_key(const dsp_recording *recording) {
  static const double wide_mm = 3.5;
  const dsp_doppler *d = &recording->doppler;
  const bool perforator = d->vein && !strcmp(d->vein, "PERF");
  return perforator && d->diameter_mm >= wide_mm ? "PERF/3.5mm" : d->vein;
}
