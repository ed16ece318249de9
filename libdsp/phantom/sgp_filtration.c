/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated capillary filtration by strain gauge. */
#include <phantom/compliance.h>

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  return dsp_compliance_make(params, true, seed, recording, truth, error);
}

const dsp_phantom dsp_phantom_sgp_filtration = {"sgp.filtration",
                                                "Capillary filtration of one calf",
                                                {"sim.sgp.filtration", dsp_compliance_step_rows, DSP_COMPLIANCE_STEP_ROWS_N},
                                                make};
