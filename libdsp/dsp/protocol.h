/* SPDX-License-Identifier: GPL-3.0-or-later
 * Clinical protocols: one file and one row each. */
#ifndef DSP_PROTOCOL_H
#define DSP_PROTOCOL_H

#include <dsp/params.h>
#include <dsp/recording.h>
#include <dsp/report.h>

/** How far a measure varies between repeats in one subject: a difference below 2.77 x that standard deviation is no change. */
typedef struct dsp_repeatability_row {
  const char *measure; /**< "TO" */
  double to;           /**< the row holds for means up to this; rows of a measure in rising order, the last INFINITY */
  double sd;           /**< within-subject standard deviation in the measure's unit; NaN: by cv */
  double cv;           /**< the same as a share of the mean */
  const char *source;
} dsp_repeatability_row;

typedef struct dsp_protocol {
  const char *id;    /**< "apg.stand" */
  const char *title; /**< for people */
  const char *needs; /**< what a recording must have, in words */
  /* How a technologist performs it, for `pleth list protocols` and the man page; whole sentences. */
  const char *posture;
  const char *steps;   /**< "1. ... 2. ..." in the order of the test */
  const char *sidecar; /**< roles, events and facts that the side-car should state */
  dsp_param_table params;
  const dsp_measure_row *measures;
  size_t n_measures;
  /** Can this protocol be run on this channel? On false, `missing` says what is missing (found; expected). */
  bool (*applicable)(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing);
  /** Where several protocols can be run and none is named: do the recording's events speak for this one? NULL: its channels alone do. */
  bool (*suggested)(const dsp_recording *recording);
  /** Append the tests of one channel to `report`. A number that cannot be had is null with a flag; an error status is for lack of memory.
   */
  dsp_status (*run)(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report, dsp_error *error);
  /** What the grades of a test say together, as flags; called after grading. NULL: nothing. */
  void (*conclude)(dsp_test *test);
  /** Sides and conditions of one recording are compared when there are rows: a test of differences for each pair. */
  const dsp_repeatability_row *repeatability;
  size_t n_repeatability;
  /** The same from the recording's own repeats: the smallest difference of two tests in this measure that is more than repeats differ by;
   * NaN unknown. Tests are compared where there is one. NULL: none. */
  double (*detectable)(const dsp_test *a, const dsp_test *b, const char *measure);
  /** Ids of measures of which a pair gets `ID.ratio` and, of two sides, `ID.asymmetry` as details; NULL-terminated. Tests are compared
   * where there is one. NULL: none. */
  const char *const *ratios;
  bool segments; /**< sites of one side are compared, too */
} dsp_protocol;

/** Asymmetry of two sides in %: their difference as a share of the larger. NaN where neither is above 0. */
DSP_API double dsp_asymmetry(double a, double b);

/** All protocols, NULL-terminated. */
DSP_API extern const dsp_protocol *const dsp_protocols[];
/** By id, or NULL. */
DSP_API const dsp_protocol *dsp_protocol_find(const char *id);

/** Run a protocol on every channel that it applies to, grade the measures, and finish the report.
 * `protocol_id` NULL: the recording's own, else the only one that applies (several: DSP_BAD_OPTION that lists them).
 * `guideline_id` NULL: each protocol's default. `params` must outlive the report.
 * DSP_NOT_APPLICABLE with what is missing when no channel can be analysed. */
DSP_API DSP_MUST_USE dsp_status dsp_analyze(const dsp_recording *recording, const char *protocol_id, const char *guideline_id,
                                            const dsp_params *params, dsp_report **report, dsp_error *error);

#endif
