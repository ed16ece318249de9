/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated venous occlusion with a strain gauge on one or both calves. */
#include <phantom/occlusion.h>
#include <phantom/sgp_occlusion.h>

#define ID "sim.sgp.occlusion."

static const dsp_param_row rows[] = {DSP_OCCLUSION_ROWS(ID, "mL/(100.mL)", 2.8)};

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  dsp_occlusion_settings settings;
  dsp_occlusion_settle(&settings, params, 1, 1, seed);
  return dsp_occlusion_make(recording, truth, &settings, "sgp.occlusion", DSP_ROLE_STRAIN, "mL/(100.mL)/min", seed, error);
}

const dsp_phantom dsp_phantom_sgp_occlusion = {
    "sgp.occlusion", "Strain-gauge venous occlusion of one or both calves", {"sim.sgp.occlusion", rows, DSP_OCCLUSION_ROWS_N}, make};
