/* SPDX-License-Identifier: GPL-3.0-or-later
 * The simulated outflow test's row. Internal. */
#ifndef DSP_PHANTOM_APG_OUTFLOW_H
#define DSP_PHANTOM_APG_OUTFLOW_H

#include <dsp/phantom.h>

extern const dsp_phantom dsp_phantom_apg_outflow;

#endif
