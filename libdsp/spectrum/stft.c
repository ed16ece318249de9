/* SPDX-License-Identifier: GPL-3.0-or-later
 * Short-time power spectra of a pair of channels.
 *
 * Method: periodic Hann window, one complex transform for both channels: of a + j b as it stands for quadrature; for separated channels the
 * spectra of a and b are its conjugate-even and conjugate-odd parts. Frames are transformed in batches that stay in the cache, by one plan
 * made with FFTW_ESTIMATE, so that the bits do not depend on timing. */
#include <dsp/memory.h>
#include <dsp/spectrum.h>
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 32, BINS_MAX = 1 << 20 };

struct dsp_stft {
  size_t length, bins;
  dsp_pair pair;
  float *window; /**< scaled so that white noise keeps its variance; each value twice, for both channels */
  fftwf_complex *frames;
  fftwf_plan plan;
};

void dsp_stft_free(dsp_stft *stft) {
  if (!stft) return;
  if (stft->plan) fftwf_destroy_plan(stft->plan);
  fftwf_free(stft->frames);
  free(stft->window);
  free(stft);
}

dsp_status dsp_stft_new(dsp_stft **stft, size_t length, size_t bins, dsp_pair pair, dsp_error *error) {
  *stft = NULL;
  if (length < 2 || bins < length || bins % 2 || bins > BINS_MAX)
    return dsp_fail(error, DSP_BAD_OPTION, "spectrum", "frames of 2 samples or more and an even number of bins not below it",
                    "length %zu, bins %zu", length, bins);
  dsp_stft *s = dsp_zalloc(1, sizeof *s);
  if (!s) return dsp_fail_memory(error);
  s->length = length;
  s->bins = bins;
  s->pair = pair;
  s->window = dsp_alloc(2 * length, sizeof *s->window);
  s->frames = fftwf_alloc_complex(bins * BATCH);
  const int n = (int)bins;
  if (s->frames) s->plan = fftwf_plan_many_dft(1, &n, BATCH, s->frames, NULL, 1, n, s->frames, NULL, 1, n, FFTW_FORWARD, FFTW_ESTIMATE);
  if (!s->window || !s->plan) {
    dsp_stft_free(s);
    return dsp_fail_memory(error);
  }
  double power = 0;
  for (size_t i = 0; i < length; i++) {
    const double w = 0.5 - 0.5 * cos(2.0 * M_PI * (double)i / (double)length);
    power += w * w;
    s->window[2 * i] = (float)w;
  }
  const float scale = (float)(1.0 / sqrt(power));
  for (size_t i = 0; i < length; i++) s->window[2 * i] *= scale, s->window[2 * i + 1] = s->window[2 * i];
  *stft = s;
  return DSP_OK;
}

/* Squared magnitudes, the negative frequencies first. */
static void quadrature_power(float *restrict power, const float *restrict z, size_t bins) {
  const size_t half = bins / 2;
  for (size_t k = 0; k < half; k++) power[half + k] = z[2 * k] * z[2 * k] + z[2 * k + 1] * z[2 * k + 1];
  for (size_t k = 0; k < half; k++) {
    const float *value = &z[2 * (half + k)];
    power[k] = value[0] * value[0] + value[1] * value[1];
  }
}

/* |A|^2 and |B|^2 from Z(k) and conj Z(-k). */
static void separated_power(float *restrict power, const float *restrict z, size_t bins) {
  const size_t half = bins / 2;
  for (size_t k = 0; k <= half; k++) {
    const float *p = &z[2 * (k % bins)], *m = &z[2 * ((bins - k) % bins)];
    const float ar = 0.5F * (p[0] + m[0]), ai = 0.5F * (p[1] - m[1]), br = 0.5F * (p[1] + m[1]), bi = 0.5F * (m[0] - p[0]);
    const float a = ar * ar + ai * ai, b = br * br + bi * bi;
    if (k == 0 || k == half)
      power[k == 0 ? half : 0] = a + b;
    else
      power[half + k] = a, power[half - k] = b;
  }
}

void dsp_stft_run(dsp_stft *s, float *power, const float *pairs, size_t frames, size_t hop) {
  const size_t width = 2 * s->bins;
  float *const buffer = (float *)s->frames;
  for (size_t first = 0; first < frames; first += BATCH) {
    const size_t n = frames - first < BATCH ? frames - first : BATCH;
    for (size_t f = 0; f < BATCH; f++) {
      float *restrict frame = buffer + f * width;
      const float *restrict x = pairs + 2 * (first + f) * hop, *restrict w = s->window;
      const size_t used = f < n ? 2 * s->length : 0;
      for (size_t i = 0; i < used; i++) frame[i] = x[i] * w[i];
      memset(frame + used, 0, (width - used) * sizeof *frame);
    }
    fftwf_execute(s->plan);
    for (size_t f = 0; f < n; f++) {
      if (s->pair == DSP_PAIR_QUADRATURE)
        quadrature_power(power + (first + f) * s->bins, buffer + f * width, s->bins);
      else
        separated_power(power + (first + f) * s->bins, buffer + f * width, s->bins);
    }
  }
}
