/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is true of a simulated reflux test. Internal. */
#ifndef DSP_PHANTOM_DUPLEX_TRUTH_H
#define DSP_PHANTOM_DUPLEX_TRUTH_H

#include <dsp/phantom.h>
#include <phantom/duplex_plan.h>

DSP_MUST_USE dsp_status dsp_duplex_truth(dsp_truth **truth, const dsp_duplex_plan *plan, dsp_error *error);

#endif
