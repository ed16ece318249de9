/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated arterial inflow, at rest and after an arterial occlusion. Internal. */
#ifndef DSP_PHANTOM_INFLOW_H
#define DSP_PHANTOM_INFLOW_H

#include <phantom/build.h>

extern const dsp_phantom dsp_phantom_sgp_inflow, dsp_phantom_sgp_hyperaemia;

#endif
