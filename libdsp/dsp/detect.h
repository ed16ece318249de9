/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where something happens in a trace: peaks, plateaus, onsets, steps. Indices count samples from 0; units are the caller's. */
#ifndef DSP_DETECT_H
#define DSP_DETECT_H

#include <dsp/signal.h>
#include <dsp/status.h>
#include <math.h>

/** One local maximum. A flat top is one peak at its middle sample, (left + right) / 2 rounded down; edges are never peaks. */
typedef struct dsp_peak {
  size_t at;                    /**< sample */
  double height;                /**< x[at] */
  double prominence;            /**< height above the higher of the two bases; >= 0 */
  size_t left_base, right_base; /**< lowest sample on each side before a strictly higher one; the nearest of equals */
  double width;                 /**< right_at - left_at, in samples; 0 when not measured */
  double left_at, right_at;     /**< where the trace crosses height - rel_height x prominence, interpolated */
} dsp_peak;

/** Which maxima count. Start from DSP_ANY_PEAK. All limits are inclusive; they act in the order of the fields. */
typedef struct dsp_peak_rule {
  double min_height;     /**< in units of x; -INFINITY none */
  double min_distance;   /**< samples between peaks; the higher wins, of equal heights the later; 1 or less none */
  double min_prominence; /**< in units of x; 0 none */
  double rel_height;     /**< where widths are measured, above 0 to 1; 0 leaves them out */
  double min_width;      /**< samples; needs rel_height */
} dsp_peak_rule;

#define DSP_ANY_PEAK ((dsp_peak_rule){.min_height = -(double)INFINITY})

/** Peaks of x in rising order of `at`, as scipy.signal.find_peaks; prominences of all maxima in O(n). *peaks is malloc'ed (never NULL on
 * success), *n_peaks counts. DSP_BAD_INPUT when a sample is not finite, DSP_BAD_OPTION when a limit is NaN or rel_height outside 0 to 1. */
DSP_API DSP_MUST_USE dsp_status dsp_find_peaks(dsp_peak **peaks, size_t *n_peaks, const double *x, size_t n, const dsp_peak_rule *rule,
                                               dsp_error *error);

/** One stretch without trend: samples first .. end - 1. */
typedef struct dsp_plateau {
  size_t first, end;
  double value; /**< median */
  double sd;    /**< of the samples about their mean */
  double se;    /**< of `value`: 1.2533 sd / sqrt(n_eff), n_eff corrected for autocorrelation */
  double n_eff; /**< independent samples that would be worth as much: n corrected for autocorrelation, 1 to n */
  double slope; /**< Theil-Sen slope of the stretch, units per second */
} dsp_plateau;

typedef struct dsp_plateau_rule {
  double window_s;       /**< length over which the local slope is taken, e.g. 5; at least 4 samples */
  double max_slope;      /**< units per second, > 0 */
  double min_duration_s; /**< shortest stretch that counts */
} dsp_plateau_rule;

/** Stretches whose robust local slope stays within +-max_slope for at least min_duration_s, in order, not overlapping. NaN samples are left
 * out; a window with more than a quarter missing is no plateau. *plateaus is malloc'ed (never NULL on success). DSP_BAD_OPTION for a rule
 * that is not positive or a window under 4 samples. */
DSP_API DSP_MUST_USE dsp_status dsp_find_plateaus(dsp_plateau **plateaus, size_t *n_plateaus, const dsp_signal *signal,
                                                  const dsp_plateau_rule *rule, dsp_error *error);

/** The start of a lasting departure from a baseline. */
typedef struct dsp_onset {
  double t_s;        /**< where the trace left the baseline's level for the last time before `crossing_s`, interpolated */
  double crossing_s; /**< where it passed the threshold, interpolated; t_s <= crossing_s */
  double level;      /**< median of the baseline */
  double sigma;      /**< 1.4826 MAD of the baseline */
  double threshold;  /**< the departure that was asked for, in units of x: max(n_sigma x sigma, floor) */
  int direction;     /**< +1 upwards, -1 downwards */
} dsp_onset;

typedef struct dsp_onset_rule {
  double n_sigma; /**< departure in units of the baseline's noise, > 0 */
  double floor;   /**< smallest departure that counts, in units of x, >= 0 */
  double hold_s;  /**< the departure must last this long, >= 0 */
  int direction;  /**< +1, -1, or 0 for the first of either */
} dsp_onset_rule;

/** First departure after the baseline, samples base_first .. base_end - 1 (at least 3 that are not NaN). Missing samples neither make nor
 * break a departure. DSP_NO_SOLUTION when the trace never leaves, DSP_BAD_INPUT when the baseline is too short. */
DSP_API DSP_MUST_USE dsp_status dsp_find_onset(dsp_onset *onset, const dsp_signal *signal, size_t base_first, size_t base_end,
                                               const dsp_onset_rule *rule, dsp_error *error);

/** Steps in the mean: the segmentation that minimises (sum of squares about each segment's mean) + penalty x (number of steps), segments of
 * at least min_length (>= 1) samples; exact (PELT), of equal costs the earliest last step. Each entry of *at is the first sample of a new
 * segment, rising; *at is malloc'ed (never NULL on success). O(n) while steps keep coming, O(n^2) without: decimate first.
 * A usual penalty is 3 sigma^2 ln n. DSP_BAD_INPUT when a sample is not finite, DSP_BAD_OPTION for a penalty below 0 or min_length 0. */
DSP_API DSP_MUST_USE dsp_status dsp_find_steps(size_t **at, size_t *n_steps, const double *x, size_t n, double penalty, size_t min_length,
                                               dsp_error *error);

/** One heart beat of a pulse trace, measured on the band-limited trace. */
typedef struct dsp_beat {
  double foot_s;     /**< start of the upstroke: its steepest tangent meets the level of the minimum before it */
  double peak_s;     /**< highest sample before the next beat */
  double foot, peak; /**< levels there, units of x less the trend below lo_hz */
  double slope;      /**< steepest upstroke, units per second */
} dsp_beat;

typedef struct dsp_beat_rule {
  double lo_hz, hi_hz;          /**< pass band of the pulse, e.g. 0.5 and 10; hi_hz is lowered to 0.45 of a slow rate */
  double shortest_s, longest_s; /**< a beat's length, e.g. 0.33 and 2 */
} dsp_beat_rule;

/** Beats in rising order of time; the last may be cut. *beats is malloc'ed, NULL on failure. DSP_NO_SOLUTION when the trace is shorter than
 * two of the longest beats or has no upstroke, DSP_BAD_INPUT when a sample is not finite, DSP_BAD_OPTION for a rule that makes no sense. */
DSP_API DSP_MUST_USE dsp_status dsp_find_beats(dsp_beat **beats, size_t *n_beats, const dsp_signal *signal, const dsp_beat_rule *rule,
                                               dsp_error *error);

#endif
