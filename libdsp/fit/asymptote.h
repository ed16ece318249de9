/* SPDX-License-Identifier: GPL-3.0-or-later
 * The exponential that the end of a filling curve follows (internal). */
#ifndef PLETH_FIT_ASYMPTOTE_H
#define PLETH_FIT_ASYMPTOTE_H

#include <dsp/noise.h>
#include <dsp/trace.h>
#include <stdbool.h>

/** An exponential a - b exp(-(t - t_ref) / tau) and the error of a. */
typedef struct asymptote {
  double a, b, tau_s, t_ref_s, a_se;
  double misfit; /* a curvature that it cannot follow, in standard errors */
  bool found;
} asymptote;

/** Fit it to the samples [from, to); `found` tells whether it rises to a finite asymptote. DSP_NO_MEMORY is the only failure. */
DSP_MUST_USE dsp_status asymptote_fit(asymptote *e, const dsp_trace *trace, const dsp_noise *noise, size_t from, size_t to);

#endif
