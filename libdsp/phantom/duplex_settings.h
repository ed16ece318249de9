/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a simulated reflux test is made of: parameter rows, and what the seed makes of them. Internal. */
#ifndef DSP_PHANTOM_DUPLEX_SETTINGS_H
#define DSP_PHANTOM_DUPLEX_SETTINGS_H

#include <dsp/params.h>
#include <stdint.h>

/** Every member is a row, in the order of the rows; a choice is the index of its word. */
typedef struct dsp_duplex_settings {
  double kind, valve, stereo, direction, swap, vein, side, bits, mains_hz; /**< choices */
  double randomise, events, rate_hz, trace_hz, trace_noise_cm_s, antegrade_sign;
  double f0_hz, angle_deg, diameter_mm;
  double trials, lead_s, cycle_s, cycle_jitter_s, variation;
  double rest_cm_s, phasic, breath_hz, quiet_s, recover_s;
  double augment_cm_s, compress_s, hold_s, delay_s;
  double prv_cm_s, rise_s, tau_s, stop_s, closure_cm_s, closure_s;
  double profile, broadening, transit_s, snr_db;
  double clutter_db, clutter_hz, wall_hz;
  double gain_db, phase_deg, crosstalk_db, dc;
  double clicks, click_db, speech, speech_db, mains_db, peak;
} dsp_duplex_settings;

enum { DSP_DUPLEX_IQ, DSP_DUPLEX_SEPARATED, DSP_DUPLEX_MONO, DSP_DUPLEX_DUAL_MONO, DSP_DUPLEX_VELOCITY };
enum { DSP_DUPLEX_COMPETENT, DSP_DUPLEX_INCOMPETENT };
enum { DSP_DUPLEX_STATED, DSP_DUPLEX_UNSTATED };
enum { DSP_DUPLEX_NO_SWAP, DSP_DUPLEX_SWAP_STATED, DSP_DUPLEX_SWAP_SILENT };

#define DSP_DUPLEX_ROWS       (sizeof(dsp_duplex_settings) / sizeof(double))
#define DSP_DUPLEX_TRIALS_MAX 12
#define DSP_DUPLEX_C_M_S      1540.0
extern const dsp_param_row dsp_duplex_rows[];
/** Words of the veins, in the order of the row `vein`. */
extern const char *const dsp_duplex_veins[];

/** Settings from the rows' values and, where they ask for it, from the seed. */
DSP_MUST_USE dsp_status dsp_duplex_settle(dsp_duplex_settings *settings, const double *values, uint64_t seed, dsp_error *error);
/** Doppler shift of antegrade flow of 1 cm/s, in Hz, with its sign. */
double dsp_duplex_hz_per_cm_s(const dsp_duplex_settings *settings);

#endif
