/* SPDX-License-Identifier: GPL-3.0-or-later
 * The simulated photoplethysmographic refill's row. Internal. */
#ifndef DSP_PHANTOM_PPG_REFILL_H
#define DSP_PHANTOM_PPG_REFILL_H

#include <dsp/phantom.h>

extern const dsp_phantom dsp_phantom_ppg_refill;

#endif
