/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated pulse volume recording. Internal. */
#ifndef DSP_PHANTOM_PVR_H
#define DSP_PHANTOM_PVR_H

#include <phantom/build.h>

extern const dsp_phantom dsp_phantom_pvr;

#endif
