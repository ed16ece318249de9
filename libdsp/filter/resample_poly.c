/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rate change by a ratio of whole numbers through a polyphase low-pass.
 *
 * Method: zeros between the samples, symmetric Kaiser low-pass (beta 5, 10 zero crossings a side) at the lower of the two Nyquist
 * frequencies, every down-th sample; only the products with real samples are formed. Zero beyond the ends. Source: R. Crochiere, L.
 * Rabiner, Multirate Digital Signal Processing, ch. 3; filter and length as scipy.signal.resample_poly documents them. */
#include "kaiser.h"
#include <assert.h>
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { ZERO_CROSSINGS = 10, RATIO_MAX = 100000 };
static const double BETA = 5.0;

static size_t common_divisor(size_t a, size_t b) {
  while (b) {
    const size_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

dsp_status dsp_resample_poly(double **y, size_t *n_out, const double *x, size_t n, unsigned up, unsigned down, dsp_error *error) {
  *y = NULL;
  *n_out = 0;
  if (up < 1 || down < 1 || up > RATIO_MAX || down > RATIO_MAX)
    return dsp_fail(error, DSP_BAD_OPTION, "resampling ratio", "1 to 100000 for each number", "%u / %u", up, down);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return dsp_fail(error, DSP_BAD_INPUT, "resampling", "finite samples", "sample %zu is not finite", i);
  const size_t divisor = common_divisor(up, down), u = up / divisor, d = down / divisor;
  assert(u > 0 && d > 0);
  if (n > SIZE_MAX / RATIO_MAX) return dsp_fail(error, DSP_LIMIT, "resampling", "fewer samples", "%zu", n);

  const size_t count = (n * u + d - 1) / d, most = u > d ? u : d, half = u == d ? 0 : ZERO_CROSSINGS * most;
  double *out = dsp_alloc(count, sizeof *out);
  double *h = dsp_alloc(half + 1, sizeof *h);
  if (!out || !h) {
    free(out);
    free(h);
    return dsp_fail_memory(error);
  }
  if (half)
    kaiser_lowpass(h, half, 1.0 / (double)most, BETA);
  else
    h[0] = 1.0;
  for (size_t k = 0; k <= half; k++) h[k] *= (double)u;
  for (size_t i = 0; i < count; i++) {
    /* place of the output among the stuffed samples; sample j stands at j u */
    const size_t place = i * d, first = place > half ? (place - half + u - 1) / u : 0;
    double sum = 0.0;
    for (size_t j = first; j < n && j * u <= place + half; j++) sum += x[j] * h[j * u > place ? j * u - place : place - j * u];
    out[i] = sum;
  }
  free(h);
  *y = out;
  *n_out = count;
  return DSP_OK;
}
