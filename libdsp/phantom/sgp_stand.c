/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated standing test by strain gauge. */
#include <phantom/pump.h>

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  return dsp_pump_make(params, true, seed, recording, truth, error);
}

const dsp_phantom dsp_phantom_sgp_stand = {
    "sgp.stand", "Standing test of one calf by strain gauge", {"sim.sgp.stand", dsp_pump_stand_rows, DSP_PUMP_STAND_ROWS_N}, make};
