/* SPDX-License-Identifier: GPL-3.0-or-later
 * Short-time power spectra of a pair of channels.
 *
 * Method: periodic Hann window, one complex transform for both channels: of a + j b as it stands for quadrature; for separated channels the
 * spectra of a and b are its conjugate-even and conjugate-odd parts. Each frame is windowed, transformed and squared while it is in the
 * nearest cache, by one plan made with FFTW_ESTIMATE, so that the bits depend neither on timing nor on the frame's neighbours. */
#include <core/lanes.h>
#include <dsp/memory.h>
#include <dsp/spectrum.h>
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 8, QUADS = 4, BINS_MAX = 1 << 20 };
typedef float quad __attribute__((vector_size(16), aligned(4)));

struct dsp_stft {
  size_t length, bins;
  dsp_pair pair;
  float *window;                   /**< scaled so that white noise keeps its variance; each value twice, for both channels */
  fftwf_complex *frame, *spectrum; /**< zeros beyond `length` */
  fftwf_plan plan;
};

void dsp_stft_free(dsp_stft *stft) {
  if (!stft) return;
  if (stft->plan) fftwf_destroy_plan(stft->plan);
  fftwf_free(stft->frame);
  fftwf_free(stft->spectrum);
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
  s->frame = fftwf_alloc_complex(bins);
  s->spectrum = fftwf_alloc_complex(bins);
  if (s->frame && s->spectrum) s->plan = fftwf_plan_dft_1d((int)bins, s->frame, s->spectrum, FFTW_FORWARD, FFTW_ESTIMATE);
  if (!s->window || !s->frame || !s->plan) {
    dsp_stft_free(s);
    return dsp_fail_memory(error);
  }
  double power = 0;
  memset(s->frame, 0, bins * sizeof *s->frame);
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

DSP_LANES static void multiply(float *restrict to, const float *restrict x, const float *restrict w, size_t n) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) *(dsp_float_lanes *)(to + i) = *(const dsp_float_lanes *)(x + i) * *(const dsp_float_lanes *)(w + i);
  for (; i < n; i++) to[i] = x[i] * w[i];
}

/* Squared magnitudes of n complex values. */
DSP_LANES static void squares(float *restrict power, const float *restrict z, size_t n) {
  size_t k = 0;
  for (; k + LANES <= n; k += LANES) {
    const dsp_float_lanes *v = (const dsp_float_lanes *)(z + 2 * k), low = v[0] * v[0], high = v[1] * v[1];
    *(dsp_float_lanes *)(power + k) =
        __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14) + __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
  }
  for (; k < n; k++) power[k] = z[2 * k] * z[2 * k] + z[2 * k + 1] * z[2 * k + 1];
}

/* |A|^2 and |B|^2 of bin k from Z(k) and Z(-k). */
static void separate(float *a, float *b, const float *p, const float *m) {
  const float sum[2] = {p[0] + m[0], p[1] + m[1]}, rest[2] = {p[0] - m[0], p[1] - m[1]};
  *a = 0.25F * (sum[0] * sum[0] + rest[1] * rest[1]);
  *b = 0.25F * (sum[1] * sum[1] + rest[0] * rest[0]);
}

/* |A|^2 upwards from the middle, |B|^2 downwards. */
static void separated_power(float *restrict power, const float *restrict z, size_t bins) {
  const size_t half = bins / 2;
  float a, b;
  separate(&a, &b, z, z);
  power[half] = a + b;
  separate(&a, &b, z + bins, z + bins);
  power[0] = a + b;
  size_t k = 1;
  for (; k + QUADS <= half; k += QUADS) {
    const dsp_float_lanes p = *(const dsp_float_lanes *)(z + 2 * k), reversed = *(const dsp_float_lanes *)(z + 2 * (bins - k - QUADS + 1));
    const dsp_float_lanes m = __builtin_shufflevector(reversed, reversed, 6, 7, 4, 5, 2, 3, 0, 1);
    const dsp_float_lanes sum = (p + m) * (p + m), rest = (p - m) * (p - m);
    *(quad *)(power + half + k) = 0.25F * (__builtin_shufflevector(sum, sum, 0, 2, 4, 6) + __builtin_shufflevector(rest, rest, 1, 3, 5, 7));
    *(quad *)(power + half - k - QUADS + 1) =
        0.25F * (__builtin_shufflevector(sum, sum, 7, 5, 3, 1) + __builtin_shufflevector(rest, rest, 6, 4, 2, 0));
  }
  for (; k < half; k++) separate(&power[half + k], &power[half - k], z + 2 * k, z + 2 * (bins - k));
}

void dsp_stft_run(dsp_stft *s, float *power, const float *pairs, size_t frames, size_t hop) {
  const size_t half = s->bins / 2;
  const float *const z = (const float *)s->spectrum;
  for (size_t f = 0; f < frames; f++, power += s->bins, pairs += 2 * hop) {
    multiply((float *)s->frame, pairs, s->window, 2 * s->length);
    fftwf_execute(s->plan);
    if (s->pair == DSP_PAIR_QUADRATURE) {
      squares(power + half, z, half);
      squares(power, z + s->bins, half);
    } else
      separated_power(power, z, s->bins);
  }
}
