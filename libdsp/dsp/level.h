/* SPDX-License-Identifier: GPL-3.0-or-later
 * Steady levels under coloured noise. */
#ifndef DSP_LEVEL_H
#define DSP_LEVEL_H

#include <dsp/filling.h>
#include <dsp/noise.h>
#include <dsp/trace.h>

/** Mean level of samples [from, to) under `noise`, and the straight line's slope per s through them (slope may be NULL; its own
 * regression). DSP_NO_SOLUTION below 8 usable samples. */
DSP_API DSP_MUST_USE dsp_status dsp_level_read(dsp_estimate *level, dsp_estimate *slope, const dsp_trace *trace, const dsp_noise *noise,
                                               size_t from, size_t to);

/** Learn the noise from stretches [from[i], to[i]) of a trace in which nothing happens: each is freed of its own cubic trend, samples that
 * are not ok end a stretch. `floor_sd` as in dsp_noise_fit. */
DSP_API DSP_MUST_USE dsp_status dsp_noise_learn(dsp_noise *noise, const dsp_trace *trace, const size_t *from, const size_t *to,
                                                size_t n_stretches, double floor_sd);

#endif
