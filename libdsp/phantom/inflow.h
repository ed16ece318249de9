/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated arterial inflow, at rest and after an arterial occlusion: what both have in common. Internal. */
#ifndef DSP_PHANTOM_INFLOW_H
#define DSP_PHANTOM_INFLOW_H

#include <phantom/build.h>
#include <phantom/occlusion.h>

#define DSP_INFLOW_STRAIN "mL/(100.mL)"
#define DSP_INFLOW_FLOW   "mL/(100.mL)/min"
#define DSP_INFLOW_REST   24 /**< cycles at most before an occlusion, and as many after it */
#define DSP_INFLOW_CYCLES (2 * DSP_INFLOW_REST)

/** Rows that both have, in this order; the hyperaemia's own follow, then the disturbances. */
enum dsp_inflow_row {
  DSP_INFLOW_R_NUISANCE,
  DSP_INFLOW_R_RANDOMISE,
  DSP_INFLOW_R_RATE,
  DSP_INFLOW_R_SIDE,
  DSP_INFLOW_R_EVENTS,
  DSP_INFLOW_R_CUFF,
  DSP_INFLOW_R_CYCLES,
  DSP_INFLOW_R_BASELINE,
  DSP_INFLOW_R_HOLD,
  DSP_INFLOW_R_PAUSE,
  DSP_INFLOW_R_FLOW,
  DSP_INFLOW_R_CAPACITY,
  DSP_INFLOW_R_LAW,
  DSP_INFLOW_R_DRAIN,
  DSP_INFLOW_R_ARTEFACT,
  DSP_INFLOW_R_ARTEFACT_S,
  DSP_INFLOW_R_COMMON,
  DSP_INFLOW_R_OCCLUSION = DSP_INFLOW_R_COMMON,
  DSP_INFLOW_R_PEAK,
  DSP_INFLOW_R_RISE,
  DSP_INFLOW_R_DECAY,
  DSP_INFLOW_R_AFTER,
  DSP_INFLOW_R_ALL
};

#define DSP_INFLOW_ROWS(id)                                                                                                                \
  DSP_LIMB_ROWS(id, 50, 4, 1, "left|right", "technologist"),                                                                               \
      DSP_O_ROW(id "cuff_channel", "1", 0, 0, 1, "1: the collecting cuff's pressure is a channel."),                                       \
      DSP_O_ROW(id "cycles", "1", 8, 1, DSP_INFLOW_REST, "Inflations at rest."),                                                           \
      DSP_O_ROW(id "baseline_s", "s", 30, 0, 600, "Rest before the first inflation."),                                                     \
      DSP_O_ROW(id "hold_s", "s", 9, 2, 120, "From inflation to release."),                                                                \
      DSP_O_ROW(id "pause_s", "s", 7, 2, 300, "From release to the next inflation."),                                                      \
      DSP_O_ROW(id "flow", DSP_INFLOW_FLOW, 3, 0, 60, "Arterial inflow at rest."),                                                         \
      DSP_O_ROW(id "capacity", DSP_INFLOW_STRAIN, 2.6, 0.1, 20, "Of the veins."),                                                          \
      DSP_O_CHOICE(id "law", 0, 1, "capacity|time", "What makes filling slow down: the veins' capacity, or a time constant."),             \
      DSP_O_ROW(id "drain_s", "s", 1.5, 0.2, 20, "Time constant of the fast part of draining."),                                           \
      DSP_O_ROW(id "artefact", DSP_INFLOW_STRAIN, 0, -5, 5, "Swing of the gauge when the cuff is inflated."),                              \
      DSP_O_ROW(id "artefact_s", "s", 0.15, 0.01, 5, "Its decay.")

/** The recording and its truth from the values of those rows; with `hyperaemia` the hyperaemia's own rows follow the common ones. */
DSP_MUST_USE dsp_status dsp_inflow_make(const double *values, bool hyperaemia, uint64_t seed, dsp_recording **recording, dsp_truth **truth,
                                        dsp_error *error);

extern const dsp_phantom dsp_phantom_sgp_inflow, dsp_phantom_sgp_hyperaemia;

#endif
