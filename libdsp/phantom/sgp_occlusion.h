/* SPDX-License-Identifier: GPL-3.0-or-later
 * The simulated strain-gauge occlusion's row. Internal. */
#ifndef DSP_PHANTOM_SGP_OCCLUSION_H
#define DSP_PHANTOM_SGP_OCCLUSION_H

#include <dsp/phantom.h>

extern const dsp_phantom dsp_phantom_sgp_occlusion;

#endif
