/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is done to a simulated leg and when: the schedule that the generators, the nuisances and the truth share. Internal. */
#ifndef DSP_PHANTOM_APG_PLAN_H
#define DSP_PHANTOM_APG_PLAN_H

#include <stddef.h>

#define DSP_APG_STEP_S     0.002 /**< of the generators and of the truth; every time below is a multiple of it */
#define DSP_APG_MAX_SERIES 20    /**< contractions of the series */

typedef struct dsp_apg_plan {
  double stand_s;       /**< start of the change of posture */
  double rise_s;        /**< standing up takes this long */
  double contraction_s; /**< length of one contraction */
  double period_s;      /**< nominal time from one contraction to the next in the series */
  double series_end_s;  /**< end of the last step of the series */
  double lie_s;         /**< start of lying down */
  double lower_s;       /**< lying down takes this long */
  double end_s;         /**< of the recording */
  size_t n;             /**< contractions: 0 the single one, 1 .. n-1 the series; 0 for a leg that just stands */
  double start_s[DSP_APG_MAX_SERIES + 1];
  double strength[DSP_APG_MAX_SERIES + 1]; /**< relative to the leg's own, 1 = as is */
} dsp_apg_plan;

/** Step index of a time. */
size_t dsp_apg_index(double t_s);
/** Steps of the plan's whole length, both ends included. */
size_t dsp_apg_steps(const dsp_apg_plan *plan);
/** The same leg that stands up and then just stands until `end_s`. */
dsp_apg_plan dsp_apg_unlimited(const dsp_apg_plan *plan, double end_s);
/** 0 lying .. 1 standing. */
double dsp_apg_upright(const dsp_apg_plan *plan, double t_s);

#endif
