/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated air plethysmography under a thigh cuff, in one step or as a ladder of 10 mmHg steps. */
#include <phantom/apg_outflow.h>
#include <phantom/occlusion.h>

#define ID "sim.apg.outflow."

enum { ROWS = DSP_OCCLUSION_ROWS_N + 1 };

static const dsp_param_row rows[ROWS] = {
    DSP_OCCLUSION_ROWS(ID, "mL", 85),
    DSP_O_ROW(ID "steps", "1", 1, 1, DSP_OCCLUSION_STEPS, "Pressure steps of each inflation, 20 s each; 1: at once."),
};

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  static const double ml_per_pct = 30;
  dsp_occlusion_settings settings;
  const size_t steps = (size_t)params[DSP_OCCLUSION_ROWS_N];
  dsp_occlusion_settle(&settings, params, ml_per_pct, steps, seed);
  return dsp_occlusion_make(recording, truth, &settings, "apg.outflow", DSP_ROLE_VOLUME, "mL/s", seed, error);
}

const dsp_phantom dsp_phantom_apg_outflow = {
    "apg.outflow", "Air plethysmography of one or both calves under a thigh cuff", {"sim.apg.outflow", rows, ROWS}, make};
