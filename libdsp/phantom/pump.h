/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated exercise and refill by strain gauge. Internal. */
#ifndef DSP_PHANTOM_PUMP_H
#define DSP_PHANTOM_PUMP_H

#include <phantom/build.h>

/** Parameter rows of the two simulators. */
#define DSP_PUMP_REFILL_ROWS_N (23 + DSP_N_SIZES)
extern const dsp_param_row dsp_pump_refill_rows[DSP_PUMP_REFILL_ROWS_N];
#define DSP_PUMP_STAND_ROWS_N (17 + DSP_N_SIZES)
extern const dsp_param_row dsp_pump_stand_rows[DSP_PUMP_STAND_ROWS_N];

/** The recording and its truth from the values of the one's or, with `stands`, of the other's rows. */
DSP_MUST_USE dsp_status dsp_pump_make(const double *values, bool stands, uint64_t seed, dsp_recording **recording, dsp_truth **truth,
                                      dsp_error *error);

extern const dsp_phantom dsp_phantom_sgp_refill, dsp_phantom_sgp_stand;

#endif
