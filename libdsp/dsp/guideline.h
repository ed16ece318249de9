/* SPDX-License-Identifier: GPL-3.0-or-later
 * Limits and grades as data, each row with its source. They flag; they never diagnose. */
#ifndef DSP_GUIDELINE_H
#define DSP_GUIDELINE_H

#include <dsp/report.h>

/** One band: the grade of a value v with lo < v < hi; an end belongs to the band when its `_in` is true. */
typedef struct dsp_guideline_row {
  const char *guideline; /**< id: "apg.classic" */
  const char *protocol;  /**< "apg.stand" */
  const char *measure;   /**< "VFI" */
  const char *key;       /**< veins or sites the row is for, separated by blanks; NULL any */
  double lo, hi;         /**< band, -INFINITY / INFINITY open */
  bool lo_in, hi_in;
  const char *grade;      /**< "normal", "mild" ... */
  bool normal;            /**< the band that its guideline calls normal */
  const char *source;     /**< citation */
  bool verified;          /**< read in the source, not from memory */
  const char *definition; /**< the only definition that the band was published for; NULL any of the measure's */
} dsp_guideline_row;

/** Row i of all tables in order, a protocol's default guideline first; NULL past the end. */
DSP_API const dsp_guideline_row *dsp_guideline_at(size_t i);

/** True when some row has this guideline id, and for "all". */
DSP_API bool dsp_guideline_known(const char *id);

/** Fill grade, guideline, limit (the normal band's nearest finite end) and limit_distance of every valid measure of `test` from
 * `guideline` (NULL: the first guideline with rows for the measure), and flag `near_limit` where the interval holds the limit.
 * `key` selects rows by vein or site (NULL: rows without a key). "all" grades by the default. */
DSP_API void dsp_guideline_grade(dsp_test *test, const char *guideline, const char *key);
/** Append the verdict of every guideline on every valid measure to the test. */
DSP_API DSP_MUST_USE dsp_status dsp_guideline_verdicts(dsp_test *test, const char *key);
/** What selects the rows for a recording: its vein, "PERF/3.5mm" for a perforator that is wide enough to be called pathologic. */
DSP_API const char *dsp_guideline_key(const dsp_recording *recording);

#endif
