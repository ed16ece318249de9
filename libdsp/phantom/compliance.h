/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated pressure-volume curve and filtration of a congested calf. Internal. */
#ifndef DSP_PHANTOM_COMPLIANCE_H
#define DSP_PHANTOM_COMPLIANCE_H

#include <phantom/build.h>

/** Parameter rows of the two simulators. */
#define DSP_COMPLIANCE_RAMP_ROWS_N (17 + DSP_N_SIZES)
extern const dsp_param_row dsp_compliance_ramp_rows[DSP_COMPLIANCE_RAMP_ROWS_N];
#define DSP_COMPLIANCE_STEP_ROWS_N (18 + DSP_N_SIZES)
extern const dsp_param_row dsp_compliance_step_rows[DSP_COMPLIANCE_STEP_ROWS_N];

/** The recording and its truth from the values of the one's or, with `steps`, of the other's rows. */
DSP_MUST_USE dsp_status dsp_compliance_make(const double *values, bool steps, uint64_t seed, dsp_recording **recording, dsp_truth **truth,
                                            dsp_error *error);

extern const dsp_phantom dsp_phantom_sgp_compliance, dsp_phantom_sgp_filtration;

#endif
