/* SPDX-License-Identifier: GPL-3.0-or-later
 * Zero-phase decimation by a whole factor.
 *
 * Method: symmetric Kaiser-windowed low-pass with its cut-off at the new Nyquist frequency fn, pass band to 0.8 fn and at least 80 dB
 * beyond 1.2 fn (designed for 81; what folds stays above 0.8 fn), evaluated only at the samples that are kept. Ends are continued by point
 * reflection, repeatedly for inputs shorter than the filter, so a straight line comes out unchanged. Source: J. Kaiser's design formulas,
 * as in Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3. */
#include "kaiser.h"
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double ATTENUATION_DB = 81.0, TRANSITION = 0.4; /* width in units of the new Nyquist frequency */

/** x continued by point reflection at both ends, without limit. */
static double extended(const double *x, ptrdiff_t n, ptrdiff_t i) {
  if (n == 1) return x[0];
  const ptrdiff_t period = 2 * (n - 1);
  const ptrdiff_t turn = (i >= 0 ? i : i - period + 1) / period, at = i - turn * period;
  const double base = at < n ? x[at] : 2.0 * x[n - 1] - x[period - at];
  return base + (double)turn * 2.0 * (x[n - 1] - x[0]);
}

static double symmetric_dot(const double *h, const double *centre, size_t half) {
  double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
  size_t k = 1;
  for (; k + 3 <= half; k += 4) {
    const double *after = centre + k, *before = centre - k;
    s0 += h[k] * (after[0] + before[0]);
    s1 += h[k + 1] * (after[1] + before[-1]);
    s2 += h[k + 2] * (after[2] + before[-2]);
    s3 += h[k + 3] * (after[3] + before[-3]);
  }
  for (; k <= half; k++) s0 += h[k] * (centre[k] + *(centre - k));
  return h[0] * centre[0] + ((s0 + s1) + (s2 + s3));
}

static double edge_dot(const double *h, const double *x, size_t n, size_t at, size_t half) {
  double sum = h[0] * x[at];
  for (size_t k = 1; k <= half; k++) {
    const ptrdiff_t i = (ptrdiff_t)at, d = (ptrdiff_t)k;
    sum += h[k] * (extended(x, (ptrdiff_t)n, i + d) + extended(x, (ptrdiff_t)n, i - d));
  }
  return sum;
}

dsp_status dsp_lowpass_taps(double **side, size_t *half, unsigned factor, double attenuation_db, dsp_error *error) {
  *half = (size_t)ceil((attenuation_db - 7.95) / (2.0 * 2.285 * M_PI * TRANSITION) * factor);
  *side = dsp_alloc(*half + 1, sizeof **side);
  if (!*side) return dsp_fail_memory(error);
  kaiser_lowpass(*side, *half, 1.0 / factor, 0.1102 * (attenuation_db - 8.7));
  return DSP_OK;
}

dsp_status dsp_decimate(double **y, size_t *n_out, const double *x, size_t n, unsigned factor, dsp_error *error) {
  *y = NULL;
  *n_out = 0;
  if (factor < 1 || factor > 1000000) return dsp_fail(error, DSP_BAD_OPTION, "decimation factor", "1 to 1000000", "%u", factor);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return dsp_fail(error, DSP_BAD_INPUT, "decimation", "finite samples", "sample %zu is not finite", i);

  const size_t count = n / factor + (n % factor != 0);
  double *out = dsp_alloc(count, sizeof *out), *h = NULL;
  size_t half = 0;
  if (!out) return dsp_fail_memory(error);
  if (factor > 1 && dsp_lowpass_taps(&h, &half, factor, ATTENUATION_DB, error) != DSP_OK) {
    free(out);
    return DSP_NO_MEMORY;
  }
  if (factor == 1) {
    if (n) memcpy(out, x, n * sizeof *out);
  } else {
    for (size_t i = 0; i < count; i++) {
      const size_t at = i * factor;
      out[i] = at >= half && at + half < n ? symmetric_dot(h, x + at, half) : edge_dot(h, x, n, at, half);
    }
  }
  free(h);
  *y = out;
  *n_out = count;
  return DSP_OK;
}
