/* SPDX-License-Identifier: GPL-3.0-or-later
 * Doppler audio at the sampling rate that its flow needs.
 *
 * Method: both channels pass a symmetric low-pass (Kaiser window, 60 dB), evaluated only at the samples that are kept; what folds stays
 * above 0.8 of the new band. Every sample depends on its neighbours alone, so that any stretch can be read by itself. */
#include "duplex_audio.h"

#include <core/lanes.h>
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t QUADS = 4, CHANNELS = 2; /* pairs in one register */

double duplex_band_hz(const duplex_audio *a) {
  static const double kept = 0.42;
  return (a->by > 1 ? kept : 0.5) * a->rate_hz;
}

size_t duplex_band_raw(const duplex_audio *a, size_t n) {
  return n ? (n - 1) * a->by + a->n_taps : 0;
}

dsp_status duplex_band_set(duplex_audio *a, double least_rate_hz, dsp_error *error) {
  static const double attenuation_db = 60;
  const double raw_hz = a->source->rate_hz;
  a->by = (size_t)fmax(1, floor(raw_hz / least_rate_hz));
  a->rate_hz = raw_hz / (double)a->by;
  a->n_frames = (a->source->n_frames + a->by - 1) / a->by;
  free(a->taps);
  a->taps = NULL;
  a->n_taps = 1;
  if (a->by == 1) return DSP_OK;
  double *side = NULL;
  size_t half = 0;
  const dsp_status status = dsp_lowpass_taps(&side, &half, (unsigned)a->by, attenuation_db, error);
  if (status != DSP_OK) return status;
  const size_t whole = 2 * half + 1;
  a->n_taps = (whole + QUADS - 1) / QUADS * QUADS; /* zeros at the end */
  a->lead = half;
  a->taps = dsp_zalloc(a->n_taps, CHANNELS * sizeof *a->taps);
  for (size_t i = 0; a->taps && i < whole; i++)
    a->taps[CHANNELS * i] = a->taps[CHANNELS * i + 1] = (float)side[i < half ? half - i : i - half];
  free(side);
  return a->taps ? DSP_OK : dsp_fail_memory(error);
}

/* n sums of products of `taps` (each twice) with pairs, `by` pairs on for each. */
DSP_LANES static void filter(float *restrict to, const float *restrict pairs, const float *restrict taps, size_t n_taps, size_t by,
                             size_t n) {
  for (size_t i = 0; i < n; i++, pairs += CHANNELS * by, to += CHANNELS) {
    dsp_float_lanes s = {0}, t = {0};
    size_t k = 0;
    for (; k + 2 * QUADS <= n_taps; k += 2 * QUADS) {
      const dsp_float_lanes *x = (const dsp_float_lanes *)(pairs + CHANNELS * k), *h = (const dsp_float_lanes *)(taps + CHANNELS * k);
      s += x[0] * h[0];
      t += x[1] * h[1];
    }
    if (k < n_taps) s += *(const dsp_float_lanes *)(pairs + CHANNELS * k) * *(const dsp_float_lanes *)(taps + CHANNELS * k);
    s += t;
    to[0] = (s[0] + s[2]) + (s[4] + s[6]);
    to[1] = (s[1] + s[3]) + (s[5] + s[7]);
  }
}

void duplex_band_filter(const duplex_audio *a, float *to, const float *pairs, size_t n) {
  if (a->by == 1)
    memcpy(to, pairs, CHANNELS * n * sizeof *to);
  else
    filter(to, pairs, a->taps, a->n_taps, a->by, n);
}
