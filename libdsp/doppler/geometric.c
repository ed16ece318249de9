/* SPDX-License-Identifier: GPL-3.0-or-later
 * The highest frequency of one spectrum by the modified geometric method (Fernando, Mathews and Clark 2004, IEEE TBME 51:2085).
 *
 * Method: the cumulative power rises steeply through the echo and slowly through the noise above it. The frequency at which it stands
 * highest above the chord from its first to its last point is the echo's end. No noise floor, no threshold, no parameter; the derivative
 * says that the spectrum falls through its own mean there, so the answer hangs on the band that is looked at. */
#include <dsp/doppler.h>

#include <math.h>

double dsp_spectrum_geometric(const float *power, size_t n) {
  double end = 0, sum = 0, most = 0;
  size_t at = 0;
  for (size_t i = 0; i < n; i++) end += (double)power[i];
  if (!(end > 0) || !isfinite(end)) return (double)NAN;
  for (size_t i = 0; i < n; i++) {
    sum += (double)power[i];
    const double above = sum - end * (double)(i + 1) / (double)n;
    if (above > most) most = above, at = i + 1;
  }
  return (double)at;
}
