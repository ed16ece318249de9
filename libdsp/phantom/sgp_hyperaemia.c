/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated reactive hyperaemia with a strain gauge. */
#include <phantom/inflow.h>

#define ID "sim.sgp.hyperaemia."

static const dsp_param_row rows[] = {
    DSP_INFLOW_ROWS(ID),
    DSP_O_ROW(ID "occlusion_s", "s", 300, 30, 1800, "Arterial occlusion."),
    DSP_O_ROW(ID "peak", DSP_INFLOW_FLOW, 25, 0, 100, "Flow that the decay starts from."),
    DSP_O_ROW(ID "rise_s", "s", 0.2, 0.05, 60, "Time constant of the rise after the release."),
    DSP_O_ROW(ID "decay_s", "s", 35, 1, 600, "Time constant of the decay."),
    DSP_O_ROW(ID "cycles_after", "1", 12, 1, DSP_INFLOW_REST, "Inflations after the release."),
    DSP_NUISANCE_ROWS(ID, DSP_INFLOW_STRAIN),
};

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  return dsp_inflow_make(params, true, seed, recording, truth, error);
}

const dsp_phantom dsp_phantom_sgp_hyperaemia = {
    "sgp.hyperaemia", "Reactive hyperaemia of one calf by strain gauge", {"sim.sgp.hyperaemia", rows, sizeof rows / sizeof rows[0]}, make};
