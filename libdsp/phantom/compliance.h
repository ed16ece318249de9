/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated pressure-volume curve and filtration of a congested calf. Internal. */
#ifndef DSP_PHANTOM_COMPLIANCE_H
#define DSP_PHANTOM_COMPLIANCE_H

#include <phantom/build.h>

extern const dsp_phantom dsp_phantom_sgp_compliance, dsp_phantom_sgp_filtration;

#endif
