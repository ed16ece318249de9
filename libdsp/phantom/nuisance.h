/* SPDX-License-Identifier: GPL-3.0-or-later
 * What disturbs a recording of a limb. Every size may be 0 = off. Internal. */
#ifndef DSP_PHANTOM_NUISANCE_H
#define DSP_PHANTOM_NUISANCE_H

#include <dsp/status.h>
#include <phantom/apg_plan.h>
#include <stdbool.h>
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

/** Range of one size in realistic and in hard recordings; `either` draws a sign as well. */
typedef struct dsp_nuisance_range {
  double lo, hi, hard_lo, hard_hi;
  bool either;
} dsp_nuisance_range;

/** What is alike on every limb at rest, in whatever unit: heart, breathing and vasomotion, drift's time constant, how long a dropout is. */
#define DSP_NUISANCE_USUAL                                                                                                                 \
  [DSP_N_HEART_PER_MIN] = {50, 100, 50, 100, false}, [DSP_N_HRV] = {0.03, 0.05, 0.03, 0.05, false},                                        \
  [DSP_N_BREATH_HZ] = {0.15, 0.35, 0.15, 0.35, false}, [DSP_N_VASO_HZ] = {0.05, 0.15, 0.05, 0.15, false},                                  \
  [DSP_N_DRIFT_TAU_S] = {120, 400, 120, 400, false}, [DSP_N_TRANSIENT_S] = {1, 1, 1, 1, false},                                            \
  [DSP_N_TRANSIENT_HZ] = {1, 1, 1, 1, false}, [DSP_N_DROPOUT_S] = {0.2, 0.2, 0.2, 0.2, false}

/** What the word of a simulator's parameter `nuisance` asks for. */
typedef enum dsp_nuisance_level { DSP_NUISANCE_NONE, DSP_NUISANCE_REALISTIC, DSP_NUISANCE_HARD, DSP_NUISANCE_CUSTOM } dsp_nuisance_level;
#define DSP_NUISANCE_WORDS "none|realistic|hard|custom"

/** Sizes of a level: zeros, drawn from the seed within `ranges`, or `custom`. */
void dsp_nuisance_sizes(double sizes[DSP_N_SIZES], dsp_nuisance_level level, const dsp_nuisance_range ranges[DSP_N_SIZES],
                        const double custom[DSP_N_SIZES], uint64_t seed);

/** Parameter rows of the sizes for a simulator whose trace has unit `unit`; `id` is "sim.PROTOCOL.". DSP_N_SIZES rows. */
#define DSP_NUISANCE_ROWS(id, unit)                                                                                                        \
  DSP_N_ROW(id "pulse", unit, 0, 0, 1000, "Arterial pulse, foot to peak."),                                                                \
      DSP_N_ROW(id "heart_per_min", "/min", 70, 30, 220, "Heart rate."),                                                                   \
      DSP_N_ROW(id "hrv", "1", 0.04, 0, 0.3, "Relative SD of the beat's length."),                                                         \
      DSP_N_ROW(id "breath", unit, 0, 0, 1000, "Amplitude of breathing."),                                                                 \
      DSP_N_ROW(id "breath_hz", "Hz", 0.25, 0.05, 1, "Breaths a second; wanders."),                                                        \
      DSP_N_ROW(id "vasomotion", unit, 0, 0, 1000, "Amplitude of vasomotion."),                                                            \
      DSP_N_ROW(id "vasomotion_hz", "Hz", 0.1, 0.01, 0.5, "Rate of vasomotion; wanders."),                                                 \
      DSP_N_ROW(id "white", unit, 0, 0, 1000, "SD of white noise."), DSP_N_ROW(id "pink", unit, 0, 0, 1000, "SD of 1/f noise."),           \
      DSP_N_ROW(id "drift", unit, 0, -1000, 1000, "Final size of thermal drift."),                                                         \
      DSP_N_ROW(id "drift_tau_s", "s", 200, 1, 5000, "Its time constant."),                                                                \
      DSP_N_ROW(id "linear_per_s", unit "/s", 0, -100, 100, "Linear drift."),                                                              \
      DSP_N_ROW(id "leak_per_s", unit "/s", 0, 0, 100, "The reading falls so fast."),                                                      \
      DSP_N_ROW(id "transient", unit, 0, -1000, 1000, "Posture transient, a damped swing."),                                               \
      DSP_N_ROW(id "transient_s", "s", 2, 0.1, 10, "Its length."), DSP_N_ROW(id "transient_hz", "Hz", 1.2, 0.1, 5, "Its oscillation."),    \
      DSP_N_ROW(id "bulge", unit, 0, -1000, 1000, "Bulge of the contracting muscle."),                                                     \
      DSP_N_ROW(id "dropouts", "1", 0, 0, 10000, "Stretches of missing samples."),                                                         \
      DSP_N_ROW(id "dropout_s", "s", 0.2, 0.01, 10, "Longest of them."), DSP_N_ROW(id "lsb", unit, 0, 0, 100, "Step of the converter."),   \
      DSP_N_ROW(id "step", unit, 0, -1000, 1000, "The sensor is touched or slips."),                                                       \
      DSP_N_ROW(id "step_s", "s", 0, 0, 1000, "For so long; 0: to the end."),                                                              \
      DSP_N_ROW(id "gain_pct", "%", 0, -20, 20, "Calibration error."),                                                                     \
      DSP_N_ROW(id "marker_s", "s", 0, 0, 5, "Largest error of an event's time.")
#define DSP_N_ROW(id, unit, value, lo, hi, help)                                                                                           \
  { id, unit, value, lo, hi, NULL, help, "engineering choice" }

/** Disturb `n` samples of a clean trace. The seed decides phases, times and deviates; each nuisance has its own stream of it. */
void dsp_nuisance_apply(double *x, size_t n, double rate_hz, const double sizes[DSP_N_SIZES], const dsp_apg_plan *plan, uint64_t seed);

#endif
