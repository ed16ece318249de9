/* SPDX-License-Identifier: GPL-3.0-or-later
 * Calf-muscle contractions in a volume trace: finding them, and reading the level before and the lowest level after one of them. */
#ifndef DSP_CONTRACTION_H
#define DSP_CONTRACTION_H

#include <dsp/filling.h>
#include <dsp/noise.h>
#include <dsp/trace.h>
#include <stdbool.h>

#define DSP_CONTRACTIONS_MAX 64

/** Contractions that follow each other closely. */
typedef struct dsp_bout {
  double first_s;  /**< start of the first */
  double last_s;   /**< start of the last */
  unsigned count;  /**< contractions */
  double period_s; /**< from one to the next; NaN for a single one, or when no period shows */
  double drop;     /**< level before minus the lowest short mean */
} dsp_bout;

typedef struct dsp_bouts {
  dsp_bout bout[DSP_CONTRACTIONS_MAX];
  size_t n;
} dsp_bouts;

/** Bursts of activity in [from, to) that exceed six times its usual spread there and leave the trace lower by `least_drop` or more. */
DSP_API DSP_MUST_USE dsp_status dsp_bouts_find(dsp_bouts *bouts, const dsp_trace *trace, size_t from, size_t to, double least_drop);

/** What to read around one contraction, or the last of a series. Times in s. */
typedef struct dsp_dip_task {
  double before_s;  /**< samples from here to `start_s` show the level before */
  double start_s;   /**< start of the (first) contraction */
  double last_s;    /**< start of the last contraction; equal to start_s for a single one */
  double longest_s; /**< the longest that a contraction lasts */
  double until_s;   /**< refill samples end here at the latest */
  double lead_s;    /**< the lowest volume comes this much before the contraction's end */
  double ended_s;   /**< from `last_s` to where an earlier contraction was over; 0 unknown */
  double drawn_s;   /**< from `last_s` to the end of a bulge that draws the trace down, as an earlier contraction showed; 0 unknown */
} dsp_dip_task;

typedef struct dsp_dip {
  dsp_estimate before; /**< level just before the contraction */
  dsp_estimate lowest; /**< lowest level, the muscle's bulge taken out */
  dsp_estimate drop;   /**< before minus lowest */
  double lowest_s;     /**< when */
  double clear_s;      /**< when the trace first shows the refill free of the bulge */
  double rate;         /**< refill rate there, per s */
  bool drawn;          /**< the muscle's bulge draws the trace down, and its end is seen: clear_s */
  bool bulge;          /**< the trace departs from ejection and refill while the muscle contracts */
} dsp_dip;

/** Read. DSP_NO_SOLUTION when there are too few samples before or after. */
DSP_API DSP_MUST_USE dsp_status dsp_dip_read(dsp_dip *dip, const dsp_trace *trace, const dsp_noise *noise, const dsp_dip_task *task);

/** A series of contractions that a dip was read at the end of. Times in s. */
typedef struct dsp_series_task {
  double last_s;   /**< start of the last contraction */
  double early_s;  /**< the last contraction begins so much after last_s, give or take 0.1 */
  double period_s; /**< from one contraction to the next */
  double kept;     /**< share of a volume that one contraction leaves; NaN unknown */
  double until_s;  /**< refill samples end here at the latest */
  double lead_s;   /**< as of dsp_dip_task */
  unsigned count;  /**< contractions */
} dsp_series_task;

/** Read again, from the earlier contractions too: sets lowest, its time, clear_s and rate; leaves the dip as it is where they tell nothing.
 */
DSP_API DSP_MUST_USE dsp_status dsp_series_read(dsp_dip *dip, const dsp_trace *trace, const dsp_noise *noise, const dsp_series_task *task);

#endif
