/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a simulated standing test is made of: parameter rows, and what the seed makes of them. Internal. */
#ifndef DSP_PHANTOM_APG_SETTINGS_H
#define DSP_PHANTOM_APG_SETTINGS_H

#include <dsp/params.h>
#include <dsp/recording.h>
#include <phantom/apg_closed.h>
#include <phantom/apg_model.h>
#include <phantom/nuisance.h>
#include <phantom/rng.h>

typedef struct dsp_apg_settings {
  bool compartments; /**< the two-compartment leg; else the closed form */
  dsp_apg_model model;
  dsp_apg_closed closed;
  bool randomised;
  double rate_hz, baseline_ml;
  double supine_s, stand_s, stand_cut, rest_s, refill_s, lie_s, rise_s, lower_s;
  double cadence_hz, contraction_s, step_jitter_s, step_variation;
  size_t count, calibration_steps;
  double calibration_ml;
  double sizes[DSP_N_SIZES];
  dsp_side side;
  dsp_event_kind manoeuvre;
  const char *compression; /**< NULL unknown */
  bool events;
} dsp_apg_settings;

#define DSP_APG_MAX_CALIBRATION 10
#define DSP_APG_STAND_ROWS      (52 + DSP_N_SIZES)
extern const dsp_param_row dsp_apg_stand_rows[];

/** Settings from the values of dsp_apg_stand_rows and, where they ask for it, from the seed. */
DSP_MUST_USE dsp_status dsp_apg_settle(dsp_apg_settings *settings, const double *values, uint64_t seed, dsp_error *error);
/** Start of syringe step `step` (0-based); the step after the last one withdraws all of them. */
double dsp_apg_calibration_s(size_t step);
/** The schedule of the settings, with the single steps' jitter and strength drawn from the seed. */
dsp_apg_plan dsp_apg_schedule(const dsp_apg_settings *settings, uint64_t seed);

#endif
