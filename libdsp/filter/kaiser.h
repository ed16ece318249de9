/* SPDX-License-Identifier: GPL-3.0-or-later
 * Windowed-sinc low-pass design, shared by the two resamplers. Private to this folder. */
#ifndef DSP_FILTER_KAISER_H
#define DSP_FILTER_KAISER_H

#include <stddef.h>

/** h[0..half]: the centre tap and one side of a symmetric low-pass of 2 half + 1 taps, Kaiser window `beta`, cut-off in units of Nyquist,
 * gain 1 at zero frequency, as scipy.signal.firwin(2 half + 1, cutoff, window=("kaiser", beta)). half >= 1. */
void kaiser_lowpass(double *h, size_t half, double cutoff, double beta);

#endif
