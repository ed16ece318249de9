/* SPDX-License-Identifier: GPL-3.0-or-later
 * What disturbs a recording of a limb. Every size may be 0 = off. Internal. */
#ifndef DSP_PHANTOM_NUISANCE_H
#define DSP_PHANTOM_NUISANCE_H

#include <dsp/status.h>
#include <phantom/apg_plan.h>
#include <stddef.h>
#include <stdint.h>

/** Sizes, in the order of their parameter rows. */
typedef enum dsp_nuisance {
  DSP_N_PULSE_ML,      /**< peak to peak */
  DSP_N_HEART_PER_MIN, /**< mean heart rate */
  DSP_N_HRV,           /**< relative SD of the beat's length */
  DSP_N_BREATH_ML,     /**< amplitude */
  DSP_N_BREATH_HZ,     /**< mean rate; wanders */
  DSP_N_VASO_ML,       /**< amplitude of vasomotion */
  DSP_N_VASO_HZ,       /**< mean rate; wanders */
  DSP_N_WHITE_ML,      /**< SD */
  DSP_N_PINK_ML,       /**< SD of 1/f noise */
  DSP_N_DRIFT_ML,      /**< final size of thermal drift */
  DSP_N_DRIFT_TAU_S,   /**< its time constant */
  DSP_N_LINEAR_ML_S,   /**< linear drift */
  DSP_N_LEAK_ML_S,     /**< air leak: volume falls at this rate */
  DSP_N_TRANSIENT_ML,  /**< first swing of the posture transient, either sign */
  DSP_N_TRANSIENT_S,   /**< its length */
  DSP_N_TRANSIENT_HZ,  /**< its oscillation */
  DSP_N_BULGE_ML,      /**< of a contracting muscle, either sign */
  DSP_N_DROPOUTS,      /**< how many */
  DSP_N_DROPOUT_S,     /**< longest */
  DSP_N_LSB_ML,        /**< of the converter */
  DSP_N_STEP_ML,       /**< cuff touched, either sign */
  DSP_N_STEP_S,        /**< for how long; 0 = to the end */
  DSP_N_GAIN_PCT,      /**< calibration error */
  DSP_N_MARKER_S,      /**< largest error of an event's time */
  DSP_N_SIZES
} dsp_nuisance;

/** Disturb `n` samples of a clean trace. The seed decides phases, times and deviates; each nuisance has its own stream of it. */
void dsp_nuisance_apply(double *x, size_t n, double rate_hz, const double sizes[DSP_N_SIZES], const dsp_apg_plan *plan, uint64_t seed);

#endif
