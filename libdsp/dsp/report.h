/* SPDX-License-Identifier: GPL-3.0-or-later
 * A report: what a protocol hands to a writer. Every measure of a protocol is there from the start, null and invalid, so none is ever
 * dropped. */
#ifndef DSP_REPORT_H
#define DSP_REPORT_H

#include <dsp/flags.h>
#include <dsp/params.h>
#include <dsp/recording.h>

typedef struct dsp_measure_row {
  const char *id;         /**< "VFI" */
  const char *unit;       /**< UCUM: "mL/s", "%", "s" */
  const char *definition; /**< id of the default definition: "apg.VFI.mean90" */
  const char *help;       /**< one sentence: what it is and from what to what it is measured */
  const char *source;
} dsp_measure_row;

/** One number with everything needed to trust it. */
typedef struct dsp_measure {
  const dsp_measure_row *row;
  double value;           /**< NaN = null */
  double lo, hi;          /**< 95 % interval of the measurement error; NaN when there is none */
  double se;              /**< standard error, NaN when there is none */
  unsigned n;             /**< repeats behind the value */
  const char *unit;       /**< UCUM: the row's, unless the channel decides (a pulse in mmHg or mL, a Doppler shift in Hz) */
  const char *interval;   /**< "delta", "bootstrap", "range" or NULL */
  const char *definition; /**< the row's unless a parameter chose another */
  const char *grade;      /**< NULL: not graded */
  const char *guideline;  /**< id of the guideline that graded it */
  double limit;           /**< nearest normal limit, NaN none */
  double limit_distance;  /**< value - limit, NaN none */
  dsp_flags flags;
  bool valid;
  double t0_s, t1_s; /**< the stretch it was read from, NaN none */
} dsp_measure;

typedef struct dsp_landmark {
  const char *name; /**< "stand_onset" */
  double t_s;
  double lo, hi;      /**< 95 % interval, NaN none */
  const char *source; /**< "event", "detected" or "override" */
} dsp_landmark;

/** A stretch of the protocol, for the picture and the tables. */
typedef struct dsp_phase {
  const char *name; /**< "supine", "filling", "plateau", "tiptoe", "series", "refill", "return" */
  double t0_s, t1_s;
  double level; /**< typical level in the series' unit, NaN none */
} dsp_phase;

/** A side result that explains the measures: contractions counted, cadence, delay of a reading, drift rate, calibration slope. */
typedef struct dsp_detail {
  const char *id;   /**< "cadence" */
  const char *unit; /**< UCUM */
  double value;     /**< NaN = null */
} dsp_detail;

/** A trace kept in the report, from which its numbers can be recomputed; or, with bins, a picture of n columns. */
typedef struct dsp_series {
  const char *name; /**< "conditioned", "raw", "fit"; of Doppler "envelope", "mean", "spectrogram" */
  const char *unit; /**< UCUM */
  double rate_hz, t0_s;
  double *x; /**< n samples, NaN missing; with bins n * bins values, sample after sample; owned by the report */
  size_t n;
  size_t bins;           /**< values of one sample; 0 for an ordinary trace */
  double bin0, bin_step; /**< place of the first bin's centre, and from one bin to the next, in `bin_unit` */
  const char *bin_unit;  /**< UCUM: "cm/s" or "Hz"; NULL without bins */
} dsp_series;

/** What one guideline says of one measure. */
typedef struct dsp_verdict {
  const char *measure, *guideline, *grade;
  bool normal;   /**< the guideline calls the value normal */
  bool verified; /**< the limit was read in its source */
} dsp_verdict;

typedef struct dsp_test {
  const char *protocol;
  unsigned trial;      /**< 0 = pooled, else 1..n */
  const char *channel; /**< channel's name */
  dsp_side side;
  const char *site;      /**< NULL unknown */
  const char *manoeuvre; /**< NULL unknown */
  dsp_measure *measures;
  size_t n_measures;
  dsp_landmark *landmarks;
  size_t n_landmarks, landmarks_capacity;
  dsp_phase *phases;
  size_t n_phases, phases_capacity;
  dsp_detail *details;
  size_t n_details, details_capacity;
  dsp_series *series;
  size_t n_series, series_capacity;
  dsp_verdict *verdicts; /**< of every guideline, when that was asked for */
  size_t n_verdicts, verdicts_capacity;
  double quality; /**< 0..1, NaN not rated; never changes a value */
  dsp_flags flags;
} dsp_test;

/** A name and text of provenance. */
typedef struct dsp_note {
  const char *key, *text;
} dsp_note;

typedef struct dsp_report {
  dsp_arena *arena; /**< owns every string that is not a literal or a row's */
  /* the input and what is known of it, copied from the recording */
  const char *input_name, *input_format, *t0, *device, *subject_key, *ceap, *compression, *visit, *condition_label;
  char input_sha256[65];
  double duration_s, t_origin_s, room_temp_c;
  dsp_event *events;
  size_t n_events;
  dsp_warning *warnings;
  size_t n_warnings, warnings_capacity;
  dsp_test *tests;
  size_t n_tests, tests_capacity;
  const dsp_params *params; /**< borrowed: must outlive the report */
  char config_sha256[65];   /**< set by formats, "" before */
  dsp_note *libraries;      /**< name and version, in a fixed order */
  size_t n_libraries, libraries_capacity;
} dsp_report;

/** An empty report about `recording` (its facts are copied); NULL when out of memory. */
DSP_API DSP_MUST_USE dsp_report *dsp_report_new(const dsp_recording *recording, const dsp_params *params);
DSP_API void dsp_report_free(dsp_report *report); /**< NULL is legal */

/** Append a test of `protocol` on `channel` with all its measures null and invalid. Valid until the next call. NULL when out of memory. */
struct dsp_protocol;
DSP_API DSP_MUST_USE dsp_test *dsp_report_add_test(dsp_report *report, const struct dsp_protocol *protocol, const dsp_channel *channel,
                                                   unsigned trial, const char *manoeuvre);

/** The measure with this id; an unknown id is a caller's mistake (assert). */
DSP_API dsp_measure *dsp_test_measure(const dsp_test *test, const char *id);
/** Set a value with its standard error: valid, interval = value +- 1.96 se unless se is NaN. A value that is not finite becomes null. */
DSP_API void dsp_measure_set(dsp_measure *measure, double value, double se, double t0_s, double t1_s);
/** Make null and invalid because of `flag`. */
DSP_API void dsp_measure_null(dsp_measure *measure, const char *flag);

DSP_API DSP_MUST_USE dsp_status dsp_test_add_landmark(dsp_test *test, const char *name, double t_s, double lo, double hi,
                                                      const char *source);
DSP_API DSP_MUST_USE dsp_status dsp_test_add_phase(dsp_test *test, const char *name, double t0_s, double t1_s, double level);
DSP_API DSP_MUST_USE dsp_status dsp_test_add_detail(dsp_test *test, const char *id, const char *unit, double value);
/** Takes ownership of `x` (malloc'ed) in every case. */
DSP_API DSP_MUST_USE dsp_status dsp_test_add_series(dsp_test *test, const char *name, const char *unit, double rate_hz, double t0_s,
                                                    double *x, size_t n);
DSP_API DSP_MUST_USE dsp_status dsp_report_warn(dsp_report *report, const char *code, const char *format, ...) DSP_PRINTF(3, 4);
DSP_API DSP_MUST_USE dsp_status dsp_report_add_library(dsp_report *report, const char *name, const char *version);

/** True when every measure of every test is valid, or to be read in the pooled test (what --strict asks). */
DSP_API bool dsp_report_all_valid(const dsp_report *report);

#endif
