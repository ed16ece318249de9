/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated exercise and refill by strain gauge. Internal. */
#ifndef DSP_PHANTOM_PUMP_H
#define DSP_PHANTOM_PUMP_H

#include <phantom/build.h>

extern const dsp_phantom dsp_phantom_sgp_refill, dsp_phantom_sgp_stand;

#endif
