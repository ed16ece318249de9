/* SPDX-License-Identifier: GPL-3.0-or-later
 * The ends of a series' last contractions, laid over each other (internal). */
#ifndef DSP_SERIES_ENDS_H
#define DSP_SERIES_ENDS_H

#include <dsp/contraction.h>

enum { SERIES_CYCLES = 6, SERIES_POINTS_MAX = 320 };

/** A sample: seconds after the start of contraction `cycle`. */
typedef struct series_point {
  double after_s, y;
  size_t cycle;
} series_point;

/** The last contractions: 0 is the last one, 1 the one before it. */
typedef struct series_cycles {
  const dsp_trace *trace;
  const dsp_series_task *task;
  double start_s[SERIES_CYCLES], length_s[SERIES_CYCLES]; /**< length: until the next one starts */
  double late_s;                                          /**< the next one really begins so much later */
  series_point points[SERIES_POINTS_MAX];                 /**< until then */
  size_t n, n_points;
} series_cycles;

/** The refill that the contractions' ends share: a line or parabola from `from_s` after their starts on, a level for each. */
typedef struct series_course {
  double from_s, slope, bend, level[SERIES_CYCLES];
  double sd; /**< of the samples about it */
  size_t n;
  bool below;  /**< the trace comes to it from below */
  bool lifted; /**< the muscle lifts the trace above where the refill takes it */
} series_course;

/** False where there are too few contractions, or it does not show when the muscle lets go. least_sd: of the trace's own noise. */
bool series_ends_find(series_cycles *cycles, series_course *course, double least_sd);

#endif
