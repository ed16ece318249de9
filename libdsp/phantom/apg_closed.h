/* SPDX-License-Identifier: GPL-3.0-or-later
 * Legs whose volume has a closed form between events. Internal. */
#ifndef DSP_PHANTOM_APG_CLOSED_H
#define DSP_PHANTOM_APG_CLOSED_H

#include <phantom/apg_plan.h>
#include <stdbool.h>

typedef enum dsp_apg_fill {
  DSP_APG_MONO,   /**< VV (1 - exp(-s/tau1)) */
  DSP_APG_BIEXP,  /**< VV (1 - share exp(-s/tau1) - (1-share) exp(-s/tau2)) */
  DSP_APG_LINEAR, /**< competent leg at constant inflow: inflow x s up to VV */
  DSP_APG_RAMP    /**< dv/ds = inflow (1 - (v/VV)^knee) */
} dsp_apg_fill;

typedef struct dsp_apg_closed {
  dsp_apg_fill fill;
  double vv_ml;
  double share, tau1_s, tau2_s;
  double inflow_ml_s, knee;
  double ejection;       /**< share of the volume that one contraction expels */
  double ejection_share; /**< ejection lasts this share of the contraction: below 1 refilling starts before it ends */
  double ejection_power; /**< bends the raised cosine: 1 = symmetric, less = early, more = late ejection */
  bool recursion;        /**< inside the series V[n+1] = V[n] (1-e) + I, whatever the filling law */
  double step_inflow_ml; /**< that I */
  double lie_tau_s;      /**< emptying after lying down */
  double hyperaemia;     /**< filling after the series is this many times as fast */
} dsp_apg_closed;

/** Volume above the lying level at every step of the plan (n = dsp_apg_steps). */
void dsp_apg_closed_run(double *v, size_t n, const dsp_apg_plan *plan, const dsp_apg_closed *leg);

#endif
