/* SPDX-License-Identifier: GPL-3.0-or-later
 * A limb under a thigh cuff: congestion and outflow in closed form. Internal. */
#ifndef DSP_PHANTOM_OCCLUSION_H
#define DSP_PHANTOM_OCCLUSION_H

#include <phantom/build.h>

#define DSP_OCCLUSION_STEP_S 0.002
#define DSP_OCCLUSION_CYCLES 8
#define DSP_OCCLUSION_STEPS  20

/** What the veins do, in the trace's unit. */
typedef struct dsp_occlusion_limb {
  double volume;          /**< that congestion approaches */
  double fill_s;          /**< its time constant */
  double filtration;      /**< per s, while congested */
  double share;           /**< of the fast part of outflow */
  double fast_s, slow_s;  /**< time constants of outflow */
  double undershoot;      /**< below the baseline after release */
  double undershoot_s;    /**< time constant of its coming */
  double opening_mmhg;    /**< ladder: cuff pressure that fills half of the volume */
  double opening_sd_mmhg; /**< width of that step */
} dsp_occlusion_limb;

/** What the technologist does. */
typedef struct dsp_occlusion_plan {
  size_t cycles;
  double inflate_s[DSP_OCCLUSION_CYCLES], vent_s[DSP_OCCLUSION_CYCLES];
  size_t steps; /**< pressure steps of each inflation; 1: at once */
  double step_hold_s, step_mmhg;
  double pressure_mmhg; /**< that the last step reaches */
  double inflating_s;   /**< each step takes this long */
  double deflating_s;   /**< from pressure to nothing, along a straight line */
  double end_s;
} dsp_occlusion_plan;

/** Steps of the plan's length. */
size_t dsp_occlusion_steps(const dsp_occlusion_plan *plan);
/** Volume above the resting level and cuff pressure (may be NULL), n = dsp_occlusion_steps values each. */
void dsp_occlusion_run(double *v, double *pressure, size_t n, const dsp_occlusion_plan *plan, const dsp_occlusion_limb *limb);
/** Add what a cuff does to the sensor: a swing of `size` at each inflation, of the other sign and half of it at each venting. */
void dsp_occlusion_artefact(double *v, size_t n, const dsp_occlusion_plan *plan, double size, double length_s);

/** Parameter rows that all simulators of occlusion share, `id` "sim.PROTOCOL.", with the unit of the trace; DSP_OCCLUSION_ROWS_N rows. */
#define DSP_OCCLUSION_ROWS(id, unit, volume_default)                                                                                       \
  DSP_LIMB_ROWS(id, 50, 4, 2, "left|right|both", "technologist"),                                                                          \
      DSP_O_ROW(id "cuff_channel", "1", 0, 0, 1, "1: the cuff's pressure is a channel."),                                                  \
      DSP_O_ROW(id "cycles", "1", 2, 1, DSP_OCCLUSION_CYCLES, "Inflations."),                                                              \
      DSP_O_ROW(id "baseline_s", "s", 40, 5, 600, "Rest before the first inflation."),                                                     \
      DSP_O_ROW(id "hold_s", "s", 120, 2, 1800, "From inflation, or the ladder's last step, to venting."),                                 \
      DSP_O_ROW(id "rest_s", "s", 60, 2, 1800, "From venting to the next inflation or the end."),                                          \
      DSP_O_ROW(id "inflating_s", "s", 0.4, 0.01, 20, "Inflation takes this long."),                                                       \
      DSP_O_ROW(id "deflating_s", "s", 0.2, 0.002, 10, "Venting takes this long."),                                                        \
      DSP_O_ROW(id "level", unit, 0, -1000, 1000, "Reading of the resting limb."),                                                         \
      DSP_O_ROW(id "volume", unit, volume_default, 0.01, 1000, "Volume that congestion approaches."),                                      \
      DSP_O_ROW(id "fill_s", "s", 35, 1, 600, "Its time constant."),                                                                       \
      DSP_O_ROW(id "filtration_per_min", unit "/min", 0.02 * (volume_default), 0, 100, "Filtration under the cuff."),                      \
      DSP_O_ROW(id "fast_share", "1", 0.7, 0, 1, "Share of the fast part of outflow."),                                                    \
      DSP_O_ROW(id "fast_s", "s", 1.4, 0.05, 100, "Its time constant."),                                                                   \
      DSP_O_ROW(id "slow_s", "s", 8, 0.05, 300, "Time constant of the slow part."),                                                        \
      DSP_O_ROW(id "undershoot", unit, 0.05 * (volume_default), 0, 100, "Fall below rest after venting."),                                 \
      DSP_O_ROW(id "undershoot_s", "s", 5, 0.1, 100, "Time constant of its coming."),                                                      \
      DSP_O_ROW(id "artefact", unit, 0, -1000, 1000, "Swing of the sensor when the cuff is inflated."),                                    \
      DSP_O_ROW(id "artefact_s", "s", 0.15, 0.01, 5, "Its decay."), DSP_NUISANCE_ROWS(id, unit)
#define DSP_OCCLUSION_ROWS_N (23 + DSP_N_SIZES)

/** What those rows make, for one recording. */
typedef struct dsp_occlusion_settings {
  dsp_occlusion_plan plan;
  dsp_occlusion_limb limb[2];
  bool sided[2]; /**< left, right */
  bool events, cuff_channel;
  double rate_hz, level, artefact, artefact_s;
  double sizes[2][DSP_N_SIZES];
} dsp_occlusion_settings;

/** Settings from the values of DSP_OCCLUSION_ROWS, drawn from the seed where they ask for it. `scale`: the trace's units in a mL/100 mL,
 * for the sizes that are drawn. A plan with `steps` > 1 is a ladder. */
void dsp_occlusion_settle(dsp_occlusion_settings *settings, const double *values, double scale, size_t steps, uint64_t seed);
/** The recording of those settings, and its truth: of the second limb with "2." before each id. */
DSP_MUST_USE dsp_status dsp_occlusion_make(dsp_recording **recording, dsp_truth **truth, const dsp_occlusion_settings *settings,
                                           const char *protocol, dsp_role role, const char *flow_unit, uint64_t seed, dsp_error *error);

#endif
