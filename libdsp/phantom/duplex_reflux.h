/* SPDX-License-Identifier: GPL-3.0-or-later
 * The simulated reflux test's row. Internal. */
#ifndef DSP_PHANTOM_DUPLEX_REFLUX_H
#define DSP_PHANTOM_DUPLEX_REFLUX_H

#include <dsp/phantom.h>

extern const dsp_phantom dsp_phantom_duplex_reflux;

#endif
