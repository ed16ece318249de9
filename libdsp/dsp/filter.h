/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filters and resampling. Designs are values; application allocates only scratch that it frees. No kernel here accepts NaN unless it says
 * so. */
#ifndef DSP_FILTER_H
#define DSP_FILTER_H

#include <dsp/status.h>
#include <stddef.h>

#define DSP_SOS_MAX 16 /**< sections in one design */

/** A cascade of second-order sections: rows b0 b1 b2 1 a1 a2, in SciPy's order. */
typedef struct dsp_sos {
  size_t n;
  double s[DSP_SOS_MAX][6];
} dsp_sos;

typedef enum dsp_band { DSP_LOWPASS, DSP_HIGHPASS, DSP_BANDPASS, DSP_BANDSTOP } dsp_band;

/** Digital Butterworth by bilinear transform, as scipy.signal.butter(order, ..., fs=rate_hz, output="sos"). `hi_hz` is read for band
 * designs only. DSP_BAD_OPTION unless order >= 1, 0 < lo_hz (< hi_hz) < rate_hz / 2 and the sections fit. */
DSP_API DSP_MUST_USE dsp_status dsp_butter(dsp_sos *sos, unsigned order, dsp_band band, double lo_hz, double hi_hz, double rate_hz,
                                           dsp_error *error);

/** Samples that dsp_sosfiltfilt extends each end by; it needs more input than that. */
DSP_API size_t dsp_sosfiltfilt_padlen(const dsp_sos *sos);

/** Zero-phase filtering, odd extension, as scipy.signal.sosfiltfilt (the same bits where SciPy's linear algebra does not contract products
 * into sums). y (n samples) may be x. DSP_BAD_INPUT when n <= padlen, or when a sample is not finite: y then holds nothing of use. */
DSP_API DSP_MUST_USE dsp_status dsp_sosfiltfilt(const dsp_sos *sos, double *y, const double *x, size_t n, dsp_error *error);

/** Zero-phase decimation by a whole factor: linear-phase Kaiser FIR (pass band to 0.8 of the new Nyquist, 80 dB beyond it folded), then
 * every factor-th sample from the first. *y is malloc'ed, *n_out = ceil(n / factor). Ends are extended oddly. factor 1 copies. */
DSP_API DSP_MUST_USE dsp_status dsp_decimate(double **y, size_t *n_out, const double *x, size_t n, unsigned factor, dsp_error *error);

/** The filter of a decimation by `factor` (2 to 1000000), for callers that keep samples of their own: *side is malloc'ed and holds the
 * centre tap and one side of 2 *half + 1 symmetric taps of gain 1 at zero frequency; pass band to 0.8 of the new Nyquist frequency,
 * `attenuation_db` (50 to 120) beyond 1.2 of it. */
DSP_API DSP_MUST_USE dsp_status dsp_lowpass_taps(double **side, size_t *half, unsigned factor, double attenuation_db, dsp_error *error);

/** Samples at irregular times put on a regular grid by shape-preserving cubic (PCHIP) interpolation: y[i] at t[0] + i / rate_hz while <=
 * t[n-1]. t strictly rising. NaN in x: grid points between two samples of which one is NaN become NaN. *y is malloc'ed. */
DSP_API DSP_MUST_USE dsp_status dsp_resample_grid(double **y, size_t *n_out, const double *t, const double *x, size_t n, double rate_hz,
                                                  dsp_error *error);

/** Rate change by up / down through a polyphase Kaiser FIR, zeros beyond the ends, as scipy.signal.resample_poly(x, up, down). Ends droop
 * unless the trace ends near zero: take the line between them off first. *y is malloc'ed, *n_out = ceil(n up / down). up, down 1 to 100000;
 * DSP_BAD_INPUT when a sample is not finite. */
DSP_API DSP_MUST_USE dsp_status dsp_resample_poly(double **y, size_t *n_out, const double *x, size_t n, unsigned up, unsigned down,
                                                  dsp_error *error);

/** Savitzky-Golay smoothing (deriv 0) or derivative, as scipy.signal.savgol_filter(mode="interp"). window odd, order < window <= n. */
DSP_API DSP_MUST_USE dsp_status dsp_savgol(double *y, const double *x, size_t n, unsigned window, unsigned order, unsigned deriv,
                                           double delta, dsp_error *error);

/** Running median over 2 half + 1 samples, windows cut at the ends. NaN in the window is left out; all NaN gives NaN. O(n log half). y may
 * be x. DSP_NO_MEMORY is the only failure. */
DSP_API DSP_MUST_USE dsp_status dsp_median(double *y, const double *x, size_t n, size_t half);

/** Hampel despiking: a sample further than n_sigma x max(1.4826 MAD, floor) from its window's median is replaced by it, unless the run of
 * such samples is longer than max_run. NaN stays, ends a run and is left out of the windows. *replaced counts. y may be x. O(n half), with
 * a small constant. DSP_NO_MEMORY is the only failure. */
DSP_API DSP_MUST_USE dsp_status dsp_hampel(double *y, size_t *replaced, const double *x, size_t n, size_t half, double n_sigma,
                                           double floor, size_t max_run);

#endif
