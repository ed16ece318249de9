/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is true of a simulated standing test, read from its clean trace. Internal. */
#ifndef DSP_PHANTOM_APG_TRUTH_H
#define DSP_PHANTOM_APG_TRUTH_H

#include <dsp/phantom.h>
#include <phantom/apg_settings.h>

/** Time after `from` at which v (n steps) crosses `level` upwards for the last time before `to`; NaN when it ends below. Steps,
 * interpolated. */
double dsp_apg_last_crossing(const double *v, size_t from, size_t to, double level);

/** Values and landmarks. `v` is the clean trace of the plan (lying level included); `standing`, n_standing steps, is the same leg that was
 * left standing, or NULL: then the level just before the first contraction counts as the plateau. */
DSP_MUST_USE dsp_status dsp_apg_truth(dsp_truth **truth, const double *v, const dsp_apg_plan *plan, const double *standing,
                                      size_t n_standing, const dsp_apg_settings *settings, dsp_error *error);

#endif
