/* SPDX-License-Identifier: GPL-3.0-or-later
 * Spectra. Plans are made once and executed into the caller's buffers; the same plan gives the same bits every time. */
#ifndef DSP_SPECTRUM_H
#define DSP_SPECTRUM_H

#include <dsp/status.h>
#include <stddef.h>

/** Welch's method for one segment length. Not thread safe: FFTW's planner is global, so make and free plans in one thread at a time;
 * a plan belongs to one thread at a time. */
typedef struct dsp_welch dsp_welch;

typedef enum dsp_detrend { DSP_DETREND_NONE, DSP_DETREND_CONSTANT, DSP_DETREND_LINEAR } dsp_detrend;

/** Hann window (periodic) of `length` samples, segments that overlap by `overlap`, density in units^2/Hz, one-sided: as
 * scipy.signal.welch(window="hann", nperseg=length, noverlap=overlap, detrend=..., scaling="density", average="mean"). length 2 to 2^24,
 * overlap < length, else DSP_BAD_OPTION. */
DSP_API DSP_MUST_USE dsp_status dsp_welch_new(dsp_welch **welch, size_t length, size_t overlap, dsp_detrend detrend, dsp_error *error);
DSP_API void dsp_welch_free(dsp_welch *welch); /**< NULL is legal */

/** Number of frequencies, length / 2 + 1; frequency i is i x rate_hz / length. */
DSP_API size_t dsp_welch_bins(const dsp_welch *welch);

/** Mean power density of x into power[dsp_welch_bins]. DSP_BAD_INPUT when n < length, a sample is not finite or the rate is not positive.
 */
DSP_API DSP_MUST_USE dsp_status dsp_welch_run(dsp_welch *welch, double *power, const double *x, size_t n, double rate_hz, dsp_error *error);

/** Power spectra of short overlapping frames of two channels at once, single precision. Threads as for dsp_welch. */
typedef struct dsp_stft dsp_stft;

/** What the two interleaved channels a, b are. */
typedef enum dsp_pair {
  DSP_PAIR_QUADRATURE, /**< z = a + j b: positive shifts at positive frequencies */
  DSP_PAIR_SEPARATED   /**< a holds positive, b negative shifts; both are packed into one complex transform and split again */
} dsp_pair;

/** Hann window (periodic) of `length` samples, zeros up to `bins` (even, >= length, at most 2^20), else DSP_BAD_OPTION. */
DSP_API DSP_MUST_USE dsp_status dsp_stft_new(dsp_stft **stft, size_t length, size_t bins, dsp_pair pair, dsp_error *error);
DSP_API void dsp_stft_free(dsp_stft *stft); /**< NULL is legal */

/** Frames k = 0 .. frames - 1 start at sample k * hop of `pairs` (interleaved; (frames - 1) * hop + length pairs). power: frames x bins
 * values, bin i at frequency (i - bins / 2) x rate / bins; white noise of variance s^2 a pair gives s^2 in every bin of a quadrature pair,
 * and its own channel's variance in the bins of a separated one. The lowest and highest bin of a separated pair carry both. A sample that
 * is not finite makes its frames NaN. */
DSP_API void dsp_stft_run(dsp_stft *stft, float *power, const float *pairs, size_t frames, size_t hop);

#endif
