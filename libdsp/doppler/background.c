/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a Doppler spectrum holds without flow: noise, the slow echo of the vessel's wall, mains.
 *
 * Method: a low quantile over time of averaged spectra, divided by the same quantile of a gamma variable (Wilson and Hilferty's
 * approximation), frequency by frequency; flow is seldom there all the time, and not in both directions. */
#include <dsp/doppler.h>
#include <dsp/order.h>

#include <math.h>
#include <string.h>

static const double quantile = 0.12, normal_deviate = -1.175; /* of that quantile */

/* Quantile of a mean of m exponential variables of mean 1. */
static double gamma_quantile(double m) {
  const double root = 1 - 1 / (9 * m) + normal_deviate / (3 * sqrt(m));
  return fmax(root * root * root, 0.02);
}

static size_t drop_unusable(float *rows, size_t n_rows, size_t bins) {
  size_t kept = 0;
  for (size_t r = 0; r < n_rows; r++) {
    double sum = 0;
    for (size_t k = 0; k < bins; k++) sum += (double)rows[r * bins + k];
    if (!(sum > 0) || !isfinite(sum)) continue;
    if (kept != r) memmove(&rows[kept * bins], &rows[r * bins], bins * sizeof *rows);
    kept++;
  }
  return kept;
}

bool dsp_background(float *background, float *rows, size_t n_rows, size_t bins, double averages) {
  enum { ROWS_MAX = 4096 };
  double column[ROWS_MAX];
  const size_t n = drop_unusable(rows, n_rows < ROWS_MAX ? n_rows : ROWS_MAX, bins), half = bins / 2;
  if (n == 0) return false;
  const double scale = 1 / gamma_quantile(averages);
  for (size_t k = 0; k <= half; k++) {
    double lower = INFINITY;
    for (int side = 0; side < 2; side++) {
      const size_t bin = side ? half - k : (half + k) % bins;
      for (size_t r = 0; r < n; r++) column[r] = (double)rows[r * bins + bin];
      lower = fmin(lower, dsp_order_kth(column, n, (size_t)(quantile * (double)(n - 1) + 0.5)));
    }
    background[k] = (float)(lower * scale);
  }
  float largest = 0;
  for (size_t k = 0; k <= half; k++) largest = fmaxf(largest, background[k]);
  if (!(largest > 0)) return false;
  for (size_t k = 0; k <= half; k++) background[k] = fmaxf(background[k], 1e-9F * largest);
  return true;
}
