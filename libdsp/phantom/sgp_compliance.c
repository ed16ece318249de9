/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated pressure-volume curve by strain gauge. */
#include <phantom/compliance.h>

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  return dsp_compliance_make(params, false, seed, recording, truth, error);
}

const dsp_phantom dsp_phantom_sgp_compliance = {"sgp.compliance",
                                                "Pressure-volume curve of one calf's veins",
                                                {"sim.sgp.compliance", dsp_compliance_ramp_rows, DSP_COMPLIANCE_RAMP_ROWS_N},
                                                make};
