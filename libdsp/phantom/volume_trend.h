/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated readings of leg volume through a day. Internal. */
#ifndef DSP_PHANTOM_VOLUME_TREND_H
#define DSP_PHANTOM_VOLUME_TREND_H

#include <phantom/build.h>

extern const dsp_phantom dsp_phantom_volume_trend;

#endif
