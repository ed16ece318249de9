/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated resting arterial inflow with a strain gauge. */
#include <phantom/inflow.h>

#define ID "sim.sgp.inflow."

static const dsp_param_row rows[] = {DSP_INFLOW_ROWS(ID), DSP_NUISANCE_ROWS(ID, DSP_INFLOW_STRAIN)};

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  return dsp_inflow_make(params, false, seed, recording, truth, error);
}

const dsp_phantom dsp_phantom_sgp_inflow = {
    "sgp.inflow", "Resting arterial inflow of one calf by strain gauge", {"sim.sgp.inflow", rows, sizeof rows / sizeof rows[0]}, make};
