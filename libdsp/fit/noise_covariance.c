/* SPDX-License-Identifier: GPL-3.0-or-later
 * Autocovariance of an autoregression: the Levinson recursion that it came from, backwards, then the autoregression forwards
 * (G. E. P. Box, G. M. Jenkins, Time Series Analysis 1976, 3.2). */
#include <dsp/noise.h>

void dsp_noise_autocovariance(double *r, size_t lags, const dsp_noise *noise) {
  r[0] = noise->sd[0] * noise->sd[0];
  for (size_t m = 1; m < lags; m++) {
    const size_t order = m < noise->order ? m : noise->order;
    const double *a = order ? noise->predictor[order - 1] : NULL;
    r[m] = 0;
    if (order == 0) continue;
    if (m <= noise->order) {
      r[m] = a[m - 1] * noise->sd[m - 1] * noise->sd[m - 1];
      for (size_t j = 0; j + 1 < m; j++) r[m] += noise->predictor[m - 2][j] * r[m - 1 - j];
    } else {
      for (size_t j = 0; j < order; j++) r[m] += a[j] * r[m - 1 - j];
    }
  }
}
