/* SPDX-License-Identifier: GPL-3.0-or-later
 * Light-reflection refill: exercises in the trace, and the reading of one refill (internal). */
#ifndef PLETH_PARTS_PPG_H
#define PLETH_PARTS_PPG_H

#include "part.h"
#include <dsp/noise.h>
#include <dsp/outflow.h>

enum ppg_param {
  PPG_WORK_RATE,
  PPG_BRIDGE,
  PPG_LEAST_VO,
  PPG_MARKER,
  PPG_PEAK,
  PPG_FRACTION,
  PPG_TI_WINDOW,
  PPG_TI_CAP,
  PPG_LONGEST,
  PPG_SPREAD,
  PPG_CHANGE,
  PPG_CHANGE_SHARE,
  PPG_ROWS
};

enum { PPG_BOUTS_MAX = 16 };

/** One exercise and its refill. */
typedef struct ppg_bout {
  double start_s, end_s;         /**< of the exercise */
  bool start_marked, end_marked; /**< from an event; else found */
  double seen_end_s;             /**< where the trace itself shows the end; NaN nowhere */
  bool tourniquet;
  double rest_from_s, rest_to_s, to_s; /**< rest before it; the refill is recorded until to_s */
  dsp_estimate base;                   /**< level of the rest */
  dsp_outflow_task task;
  dsp_outflow refill; /**< its base is the limit of recovery */
  dsp_estimate peak;  /**< level at the exercise's end */
  dsp_estimate end;   /**< level that the refill approaches */
  double followed;    /**< share of the trace's own departure from the two exponentials that is followed: 0 none, 1 all */
  double time_s[3];   /**< to the asked fraction and to half of recovery, and at the initial slope, along that curve; NaN beyond its end */
  bool swings;        /**< each contraction swings the trace down, as it does light: a volume is also lifted by the muscle */
  bool read;
  const char *why_not; /**< flag, when not read */
} ppg_bout;

typedef struct ppg_bouts {
  ppg_bout bout[PPG_BOUTS_MAX];
  size_t n;
  bool reversed; /**< an exercise_end before its exercise_start */
} ppg_bouts;

/** Largest rise and fall of the trace from its first seconds' level, pulse smoothed out: which way the exercise moves it. */
DSP_MUST_USE dsp_status ppg_excursions(double *up, double *down, const dsp_trace *trace);

/** The last of the foot's swings in y[from..to]: the highest sample, or a later maximum that is little lower and that the trace rose to,
 * `height` being that of the exercise. */
size_t ppg_last_top(const double *y, size_t from, size_t to, double height);

/** Where the last swing of a bout's exercise stops rising, `height` being that of the exercise; NaN where it shows no rhythm. */
DSP_MUST_USE dsp_status ppg_end_of_rhythm(double *end_s, const dsp_trace *trace, const ppg_bout *b, double height);

/** Find the exercises: from events, else in the trace as rises of `least` or more. */
DSP_MUST_USE dsp_status ppg_find_bouts(ppg_bouts *bouts, const dsp_trace *trace, const dsp_recording *recording, double least);

/** Read rest and refill of every bout; one that is saturated or whose level jumped is not read. `blur_s` as in dsp_outflow_task. */
DSP_MUST_USE dsp_status ppg_read_bouts(ppg_bouts *bouts, const dsp_trace *trace, const dsp_trace_facts *facts, const double *params,
                                       double noise_floor, double blur_s);

#endif
