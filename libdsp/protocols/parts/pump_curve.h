/* SPDX-License-Identifier: GPL-3.0-or-later
 * A supine limb's own pressure-volume curve, from the steps of the cuff that congests it before an exercise, and the share of the veins'
 * pressure that the exercise takes away (internal). */
#ifndef PLETH_PARTS_PUMP_CURVE_H
#define PLETH_PARTS_PUMP_CURVE_H

#include "pump.h"

enum { PUMP_STEPS_MAX = 12 };

typedef struct pump_step {
  double from_s, to_s, mmhg;
  dsp_estimate volume; /**< that the pressure holds, filtration taken out; from any zero */
} pump_step;

typedef struct pump_curve {
  pump_step step[PUMP_STEPS_MAX];
  size_t n;
  bool assumed;     /**< pressures are the protocol's, not recorded */
  double release_s; /**< end of the congestion */
} pump_curve;

/** Steps of the cuff in the recording, held for `least_s` or more, rising; from its pressure, else from events of `step_mmhg` each. */
DSP_MUST_USE dsp_status pump_curve_find(pump_curve *curve, const pump_test *test, double least_s, double step_mmhg);

/** The steps' volumes, the last step ending where the first exercise starts; what it filters is taken out of the test's trace from its
 * beginning on, so that a refill returns to the level before the exercise. */
DSP_MUST_USE dsp_status pump_curve_read(pump_curve *curve, pump_test *test);

/** Pump function, 100 (P - P') / P: P the last step's pressure, P' that at which the curve holds `expelled` less. *lowest_mmhg: P'. NaN
 * where the curve does not tell. */
dsp_estimate pump_curve_function(double *lowest_mmhg, const pump_curve *curve, dsp_estimate expelled);

#endif
