/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated tilt-table test. Internal. */
#ifndef DSP_PHANTOM_TILT_H
#define DSP_PHANTOM_TILT_H

#include <phantom/build.h>

extern const dsp_phantom dsp_phantom_apg_tilt;

#endif
