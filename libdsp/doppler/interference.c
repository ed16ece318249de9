/* SPDX-License-Identifier: GPL-3.0-or-later
 * Spectra that are no echo of blood: clicks, sounds that enter both channels alike, lost samples, saturation.
 *
 * Method: a sound picked up by the leads is one real signal in both channels, so its power at f and at -f is the same, speckle included;
 * blood that flows both ways has independent speckle, for which the smaller power is 2 ln 2 - 1 of the larger on average. A click
 * raises nearly every frequency and is over within a window: of both directions, or of one where each has a channel of its own; there it
 * is told from fast flow by the top of the band, too. */
#include <dsp/doppler.h>

#include <math.h>

/* fmaxf is a call. Like it, this leaves out a `next` that is not a number. */
static float larger(float so_far, float next) {
  return next > so_far ? next : so_far;
}

static float largest(const float *power, size_t bins) {
  float most[4] = {0};
  size_t k = 0;
  for (; k + 4 <= bins; k += 4)
    for (size_t i = 0; i < 4; i++) most[i] = larger(most[i], power[k + i]);
  for (; k < bins; k++) most[0] = larger(most[0], power[k]);
  return larger(larger(most[0], most[1]), larger(most[2], most[3]));
}

dsp_spectrum_kind dsp_spectrum_judge(const float *power, const float *background, size_t bins, size_t first, bool apart) {
  static const float clear = 10, part = 5, skirts = 1e-4F;
  static const double alike = 0.7, broad = 0.7, one_sided = 0.8;
  static const size_t least = 12;
  const size_t half = bins / 2;
  double ratios = 0;
  const float most = largest(power, bins);
  const size_t top = first < half ? half - (half - first) / 10 : half;
  size_t raised[2] = {0}, raised_top[2] = {0}, either = 0;
  for (size_t k = first; k < half; k++) {
    const float up = power[half + k], down = power[half - k], border = clear * background[k];
    if (!isfinite(up) || !isfinite(down)) return DSP_SPECTRUM_LOST;
    const float low = larger(part * background[k], skirts * most);
    raised[0] += up > low, raised_top[0] += k >= top && up > low;
    raised[1] += down > low, raised_top[1] += k >= top && down > low;
    if (up <= border && down <= border) continue;
    either++;
    ratios += (double)((up < down ? up : down) / larger(up, down));
  }
  if (either >= least && ratios > alike * (double)either) return DSP_SPECTRUM_MIRRORED;
  if (half <= first + least) return DSP_SPECTRUM_GOOD;
  const double all = (double)(half - first), all_top = (double)(half - top);
  if ((double)raised[0] >= broad * all && (double)raised[1] >= broad * all) return DSP_SPECTRUM_BROAD;
  for (size_t side = 0; side < 2 && apart; side++)
    if ((double)raised[side] >= one_sided * all && (double)raised_top[side] >= broad * all_top) return DSP_SPECTRUM_BROAD;
  return DSP_SPECTRUM_GOOD;
}

/* Frames that overlap samples from .. end - 1. */
static void mark(unsigned char *kind, size_t frames, size_t hop, size_t length, size_t from, size_t end) {
  for (size_t f = from >= length ? (from - length) / hop + 1 : 0; f < frames && f * hop < end; f++) kind[f] = DSP_SPECTRUM_LOST;
}

void dsp_frames_mark_still(unsigned char *kind, size_t frames, size_t hop, size_t length, const float *pairs, size_t n, size_t least) {
  size_t from = 0;
  for (size_t i = 1; i <= n && n > 0; i++) {
    const bool same = i < n && !(fabsf(pairs[2 * i] - pairs[2 * i - 2]) > 0) && !(fabsf(pairs[2 * i + 1] - pairs[2 * i - 1]) > 0);
    if (same) continue;
    if (i - from >= least) mark(kind, frames, hop, length, from, i);
    from = i;
  }
}

/* Frames beside a burst hold some of it at their windows' ends. */
static void widen(unsigned char *kind, size_t frames, size_t margin) {
  size_t left = 0;
  for (size_t f = 0; f < frames; f++) {
    const bool burst = kind[f] == DSP_SPECTRUM_MIRRORED || kind[f] == DSP_SPECTRUM_BROAD;
    if (burst)
      left = margin;
    else if (kind[f] == DSP_SPECTRUM_GOOD && left > 0)
      kind[f] = DSP_SPECTRUM_BESIDE, left--;
    for (size_t i = 1; burst && i <= margin && i <= f && kind[f - i] == DSP_SPECTRUM_GOOD; i++) kind[f - i] = DSP_SPECTRUM_BESIDE;
  }
}

void dsp_frames_settle(unsigned char *kind, size_t frames, size_t longest_click, size_t longest_pause, size_t margin) {
  for (size_t f = 0; f < frames; f++) {
    size_t end = f;
    while (end < frames && kind[end] == DSP_SPECTRUM_BROAD) end++;
    for (size_t i = f; i < end && end - f > longest_click; i++) kind[i] = DSP_SPECTRUM_GOOD;
    if (end > f) f = end - 1;
  }
  size_t last = frames;
  for (size_t f = 0; f < frames; f++) {
    if (kind[f] != DSP_SPECTRUM_MIRRORED) continue;
    for (size_t i = last + 1; last < f && f - last <= longest_pause + 1 && i < f; i++)
      if (kind[i] == DSP_SPECTRUM_GOOD) kind[i] = DSP_SPECTRUM_MIRRORED;
    last = f;
  }
  widen(kind, frames, margin);
}

size_t dsp_saturated(const float *interleaved, size_t n, size_t step, double level) {
  static const size_t least = 3;
  size_t run = 0, sum = 0;
  for (size_t i = 0; i <= n; i++) {
    if (i < n && (double)fabsf(interleaved[i * step]) >= level) {
      run++;
      continue;
    }
    if (run >= least) sum += run;
    run = 0;
  }
  return sum;
}
