/* SPDX-License-Identifier: GPL-3.0-or-later
 * The complex Doppler signal of a simulated vein, and what disturbs it. Internal. */
#ifndef DSP_PHANTOM_DUPLEX_ECHO_H
#define DSP_PHANTOM_DUPLEX_ECHO_H

#include <phantom/duplex_plan.h>

/** In-phase and quadrature samples; the blood's echo has unit power. */
typedef struct dsp_duplex_signal {
  double *re, *im;
  size_t n;
} dsp_duplex_signal;

/** Scatterers that drift through the sample volume: positive frequencies are positive shifts. */
DSP_MUST_USE dsp_status dsp_duplex_echo(dsp_duplex_signal *signal, const dsp_duplex_plan *plan, uint64_t seed);
/** Wall, noise, clicks, the device's wall filter, offset and the quadrature's imbalance, in this order. */
DSP_MUST_USE dsp_status dsp_duplex_disturb(dsp_duplex_signal *signal, const dsp_duplex_plan *plan, uint64_t seed, dsp_error *error);
/** re and im become the audio of positive and of negative shifts. */
DSP_MUST_USE dsp_status dsp_duplex_separate(dsp_duplex_signal *signal);
/** Speech and mains, alike in both channels. */
DSP_MUST_USE dsp_status dsp_duplex_add_sounds(dsp_duplex_signal *signal, const dsp_duplex_plan *plan, uint64_t seed);

#endif
