/* SPDX-License-Identifier: GPL-3.0-or-later
 * Limits and grades, and the one place that applies them. */
#include <dsp/guideline.h>

#include <math.h>
#include <string.h>

#define CLASSIC "Christopoulos and Nicolaides, air plethysmography class ranges 1987-1988, as taught; from secondary texts"

/* A band from lo to hi; its lower end belongs to it, its upper end to the next. */
#define BAND(guideline, measure, lo, hi, grade, normal, source, verified)                                                                  \
  { guideline, "apg.stand", measure, NULL, lo, hi, true, false, grade, normal, source, verified }

const dsp_guideline_row dsp_guideline_rows[] = {
    BAND("apg.classic", "VFI", -INFINITY, 2, "normal", true, CLASSIC, false),
    BAND("apg.classic", "VFI", 2, 5, "mild", false, CLASSIC, false),
    BAND("apg.classic", "VFI", 5, 10, "moderate", false, CLASSIC, false),
    BAND("apg.classic", "VFI", 10, INFINITY, "severe", false, CLASSIC, false),
    BAND("apg.classic", "VFT90", -INFINITY, 10, "severe", false, CLASSIC, false),
    BAND("apg.classic", "VFT90", 10, 25, "short", false, CLASSIC, false),
    BAND("apg.classic", "VFT90", 25, INFINITY, "normal", true, CLASSIC, false),
    {"apg.classic", "apg.stand", "EF", NULL, 60, INFINITY, false, false, "normal", true, CLASSIC, false},
    {"apg.classic", "apg.stand", "EF", NULL, 60, 60, true, true, "borderline", false, CLASSIC, false},
    BAND("apg.classic", "EF", 40, 60, "reduced", false, CLASSIC, false),
    BAND("apg.classic", "EF", -INFINITY, 40, "poor", false, CLASSIC, false),
    BAND("apg.classic", "RVF", -INFINITY, 35, "normal", true, CLASSIC, false),
    BAND("apg.classic", "RVF", 35, 50, "raised", false, CLASSIC, false),
    BAND("apg.classic", "RVF", 50, INFINITY, "high", false, CLASSIC, false),
    BAND("apg.classic", "VV", -INFINITY, 80, "low", false, CLASSIC, false),
    {"apg.classic", "apg.stand", "VV", NULL, 80, 150, true, true, "normal", true, CLASSIC, false},
    {"apg.classic", "apg.stand", "VV", NULL, 150, INFINITY, false, false, "large", false, CLASSIC, false},
    BAND("apg.roc", "VFI", -INFINITY, 2.058, "normal", true,
         "ROC cut-off 2.058 mL/s, sensitivity 93.3 %, specificity 88.8 % (study of the postural reflux index)", true),
    BAND("apg.roc", "VFI", 2.058, INFINITY, "reflux", false,
         "ROC cut-off 2.058 mL/s, sensitivity 93.3 %, specificity 88.8 % (study of the postural reflux index)", true),
};
const size_t dsp_guideline_count = sizeof dsp_guideline_rows / sizeof dsp_guideline_rows[0];

bool dsp_guideline_known(const char *id) {
  for (size_t i = 0; i < dsp_guideline_count; i++)
    if (!strcmp(dsp_guideline_rows[i].guideline, id)) return true;
  return false;
}

static bool holds(const dsp_guideline_row *row, double value) {
  return (value > row->lo || (row->lo_in && value == row->lo)) && (value < row->hi || (row->hi_in && value == row->hi));
}

/* Is the row about this measure, in this guideline (NULL: any)? */
static bool concerns(const dsp_guideline_row *row, const dsp_test *test, const dsp_measure *measure, const char *guideline,
                     const char *key) {
  return !strcmp(row->protocol, test->protocol) && !strcmp(row->measure, measure->row->id) &&
         (!guideline || !strcmp(row->guideline, guideline)) && (row->key ? key && !strcmp(row->key, key) : true);
}

/* The normal band's end that is nearest to the value. */
static double nearest_limit(const dsp_guideline_row *normal, double value) {
  if (!isfinite(normal->lo)) return normal->hi;
  if (!isfinite(normal->hi)) return normal->lo;
  return fabs(value - normal->lo) < fabs(value - normal->hi) ? normal->lo : normal->hi;
}

static void grade_measure(dsp_measure *measure, const dsp_test *test, const char *guideline, const char *key) {
  for (size_t i = 0; i < dsp_guideline_count; i++) {
    const dsp_guideline_row *row = &dsp_guideline_rows[i];
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
    if (test->measures[i].valid) grade_measure(&test->measures[i], test, guideline, key);
}
