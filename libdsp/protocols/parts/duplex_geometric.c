/* SPDX-License-Identifier: GPL-3.0-or-later
 * A second opinion on the highest frequency, from an estimator that shares neither model nor noise floor with the first.
 *
 * Method: the modified geometric one, on the mean of five neighbouring spectra of the same direction, from where the wall no longer hides
 * the blood up to three times the stretch's highest frequency: the answer is where the spectrum falls through the band's mean, which has to
 * lie well below the echo's speckle. It cannot tell flow from none, so it answers only where flow was found, and twice as high as where the
 * wall hides it. */
#include "duplex_audio.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

enum { SIDE = 2 };

/* Mean of the frames around f that flow the same way, bins first .. end - 1 of that direction. */
static void mean_spectrum(float *mean, const duplex_audio *a, const duplex_course *course, const float *kept, size_t f, size_t first,
                          size_t end) {
  const bool back = course->peak[f] < 0;
  const size_t half = a->bins / 2;
  for (size_t k = first; k < end; k++) mean[k - first] = 0;
  for (size_t g = f >= SIDE ? f - SIDE : 0; g <= f + SIDE && g < course->n; g++) {
    if (!(course->peak[g] * course->peak[f] > 0)) continue; /* NaN too */
    const float *power = kept + g * a->bins;
    for (size_t k = first; k < end; k++) mean[k - first] += back ? power[half - k] : power[half + k];
  }
}

dsp_status duplex_audio_geometric(const duplex_audio *a, duplex_course *course, const float *kept) {
  static const double room = 3, least_room_hz = 1000, clear = 2;
  const double hz_a_bin = a->rate_hz / (double)a->bins, lowest_hz = duplex_audio_lowest_hz(a);
  double highest_hz = 0;
  for (size_t f = 0; f < course->n; f++)
    if (isfinite(course->peak[f])) highest_hz = fmax(highest_hz, fabs((double)course->peak[f]));
  if (isnan(lowest_hz)) return DSP_OK;
  const double top_hz = fmin(fmax(room * highest_hz, lowest_hz + least_room_hz), duplex_band_hz(a) - hz_a_bin);
  const size_t first = (size_t)ceil(lowest_hz / hz_a_bin), end = (size_t)(top_hz / hz_a_bin);
  if (end <= first) return DSP_OK;
  float *mean = dsp_alloc(end - first, sizeof *mean);
  if (!mean) return DSP_NO_MEMORY;
  for (size_t f = 0; f < course->n; f++) {
    if (!(fabs((double)course->peak[f]) >= clear * lowest_hz)) continue;
    mean_spectrum(mean, a, course, kept, f, first, end);
    const double hz = ((double)first - 0.5 + dsp_spectrum_geometric(mean, end - first)) * hz_a_bin;
    course->geometric[f] = (float)copysign(hz, (double)course->peak[f]);
  }
  free(mean);
  return DSP_OK;
}
