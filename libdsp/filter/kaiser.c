/* SPDX-License-Identifier: GPL-3.0-or-later
 * Windowed-sinc low-pass with a Kaiser window.
 * Source: J. Kaiser, R. Schafer, IEEE Trans. ASSP 28 (1980) 105; I0 by its power series, all terms of which are positive. */
#include "kaiser.h"
#include <math.h>

static double bessel_i0(double x) {
  const double q = x * x / 4.0;
  double term = 1.0, sum = 1.0;
  for (double k = 1.0; term > sum * 0x1p-60; k += 1.0) {
    term *= q / (k * k);
    sum += term;
  }
  return sum;
}

void kaiser_lowpass(double *h, size_t half, double cutoff, double beta) {
  const double top = bessel_i0(beta);
  double sum = 0.0;
  for (size_t i = half + 1; i-- > 0;) {
    const double place = (double)i / (double)half, phase = M_PI * cutoff * (double)i;
    const double sinc = i == 0 ? 1.0 : sin(phase) / phase;
    h[i] = cutoff * sinc * bessel_i0(beta * sqrt(1.0 - place * place)) / top;
    sum += i == 0 ? h[i] : 2.0 * h[i];
  }
  for (size_t i = 0; i <= half; i++) h[i] /= sum;
}
