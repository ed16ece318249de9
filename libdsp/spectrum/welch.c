/* SPDX-License-Identifier: GPL-3.0-or-later
 * Power spectral density by Welch's method.
 *
 * Method: overlapping segments, each less its mean or its straight line, times a periodic Hann window, squared magnitudes of the real FFT
 * averaged and scaled to a one-sided density. Source: P. Welch, IEEE Trans. Audio Electroacoust. 15 (1967) 70. FFTW with FFTW_ESTIMATE: the
 * plan, and with it the last bit, does not depend on timing. */
#include <dsp/memory.h>
#include <dsp/spectrum.h>
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>

enum { LENGTH_MAX = 1 << 24 };

struct dsp_welch {
  size_t length, overlap;
  dsp_detrend detrend;
  double *window, *segment;
  double window_power; /**< sum of the squared window */
  fftw_complex *spectrum;
  fftw_plan plan;
};

void dsp_welch_free(dsp_welch *welch) {
  if (!welch) return;
  if (welch->plan) fftw_destroy_plan(welch->plan);
  fftw_free(welch->segment);
  fftw_free(welch->spectrum);
  free(welch->window);
  free(welch);
}

size_t dsp_welch_bins(const dsp_welch *welch) {
  return welch->length / 2 + 1;
}

dsp_status dsp_welch_new(dsp_welch **welch, size_t length, size_t overlap, dsp_detrend detrend, dsp_error *error) {
  *welch = NULL;
  if (length < 2 || length > LENGTH_MAX || overlap >= length)
    return dsp_fail(error, DSP_BAD_OPTION, "spectrum", "segments of 2 to 2^24 samples that overlap by less", "length %zu, overlap %zu",
                    length, overlap);
  dsp_welch *w = dsp_zalloc(1, sizeof *w);
  if (!w) return dsp_fail_memory(error);
  w->length = length;
  w->overlap = overlap;
  w->detrend = detrend;
  w->window = dsp_alloc(length, sizeof *w->window);
  w->segment = fftw_alloc_real(length);
  w->spectrum = fftw_alloc_complex(length / 2 + 1);
  if (w->segment && w->spectrum) w->plan = fftw_plan_dft_r2c_1d((int)length, w->segment, w->spectrum, FFTW_ESTIMATE);
  if (!w->window || !w->plan) {
    dsp_welch_free(w);
    return dsp_fail_memory(error);
  }
  for (size_t i = 0; i < length; i++) {
    w->window[i] = 0.5 - 0.5 * cos(2.0 * M_PI * (double)i / (double)length);
    w->window_power += w->window[i] * w->window[i];
  }
  *welch = w;
  return DSP_OK;
}

/** Copy a segment, take off its mean or line, apply the window. */
static void load(dsp_welch *w, const double *x) {
  const double n = (double)w->length, middle = (n - 1.0) / 2.0;
  double mean = 0.0, slope = 0.0;
  if (w->detrend != DSP_DETREND_NONE) {
    for (size_t i = 0; i < w->length; i++) mean += x[i];
    mean /= n;
  }
  if (w->detrend == DSP_DETREND_LINEAR) {
    for (size_t i = 0; i < w->length; i++) slope += ((double)i - middle) * (x[i] - mean);
    slope /= n * (n * n - 1.0) / 12.0;
  }
  for (size_t i = 0; i < w->length; i++) w->segment[i] = (x[i] - mean - slope * ((double)i - middle)) * w->window[i];
}

dsp_status dsp_welch_run(dsp_welch *w, double *power, const double *x, size_t n, double rate_hz, dsp_error *error) {
  if (n < w->length)
    return dsp_fail(error, DSP_BAD_INPUT, "spectrum", "at least one whole segment", "%zu samples, segment %zu", n, w->length);
  if (!(rate_hz > 0.0) || !isfinite(rate_hz)) return dsp_fail(error, DSP_BAD_INPUT, "spectrum", "a rate above 0", "%g Hz", rate_hz);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return dsp_fail(error, DSP_BAD_INPUT, "spectrum", "finite samples", "sample %zu is not finite", i);
  const size_t bins = dsp_welch_bins(w), hop = w->length - w->overlap, segments = (n - w->length) / hop + 1;
  for (size_t k = 0; k < bins; k++) power[k] = 0.0;
  for (size_t s = 0; s < segments; s++) {
    load(w, x + s * hop);
    fftw_execute(w->plan);
    for (size_t k = 0; k < bins; k++) power[k] += w->spectrum[k][0] * w->spectrum[k][0] + w->spectrum[k][1] * w->spectrum[k][1];
  }
  const double scale = 1.0 / (rate_hz * w->window_power * (double)segments);
  for (size_t k = 0; k < bins; k++) {
    const int alone = k == 0 || 2 * k == w->length;
    power[k] *= alone ? scale : 2.0 * scale;
  }
  return DSP_OK;
}
