/* SPDX-License-Identifier: GPL-3.0-or-later
 * The simulated standing test's row. Internal. */
#ifndef DSP_PHANTOM_APG_STAND_H
#define DSP_PHANTOM_APG_STAND_H

#include <dsp/phantom.h>

extern const dsp_phantom dsp_phantom_apg_stand;

#endif
