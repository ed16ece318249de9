/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated exercise and refill by strain gauge. */
#include <phantom/pump.h>

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  return dsp_pump_make(params, false, seed, recording, truth, error);
}

const dsp_phantom dsp_phantom_sgp_refill = {"sgp.refill",
                                            "Exercise and refill of one limb by strain gauge",
                                            {"sim.sgp.refill", dsp_pump_refill_rows, DSP_PUMP_REFILL_ROWS_N},
                                            make};
