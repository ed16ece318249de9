/* SPDX-License-Identifier: GPL-3.0-or-later
 * Heart beats in a pulse trace, each with its foot.
 *
 * Method: upstrokes are the prominent maxima of the slope of the band-limited trace, at least a refractory time apart and not much weaker
 * than their neighbours; the foot is where the tangent of the steepest upstroke meets the level of the minimum before it (intersecting
 * tangents: Chiu et al., Am. Heart J. 121 (1991) 1460), which noise moves less than the minimum itself. */
#include <dsp/detect.h>
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <stdlib.h>
#include <string.h>

static const double weakest = 0.4;     /* upstroke, as a share of the usual one */
static const double look_back_s = 0.4; /* the minimum lies this near before the steepest upstroke */

/* The usual height of the slope's maxima: median of the highest in each stretch that must hold a beat. */
static double usual_height(double *scratch, const double *slope, size_t n, size_t stretch) {
  size_t count = 0;
  for (size_t from = 0; from + stretch <= n; from += stretch) {
    double highest = slope[from];
    for (size_t i = from + 1; i < from + stretch; i++) highest = fmax(highest, slope[i]);
    scratch[count++] = highest;
  }
  return count > 0 ? dsp_order_median(scratch, count) : (double)NAN;
}

static void measure(dsp_beat *beat, const dsp_signal *s, const double *slope, size_t at, size_t next) {
  const size_t back = (size_t)(look_back_s * s->rate_hz);
  size_t least = at, most = at;
  for (size_t i = at; i > 0 && at - i < back; i--)
    if (s->x[i - 1] < s->x[least]) least = i - 1;
  for (size_t i = at + 1; i < next; i++)
    if (s->x[i] > s->x[most]) most = i;
  const double rise = s->x[at] - s->x[least], steps = rise / (slope[at] / s->rate_hz);
  *beat = (dsp_beat){.foot_s = s->t0_s + ((double)at - fmin(steps, (double)(at - least))) / s->rate_hz,
                     .peak_s = s->t0_s + (double)most / s->rate_hz,
                     .foot = s->x[least],
                     .peak = s->x[most],
                     .slope = slope[at]};
}

dsp_status dsp_find_beats(dsp_beat **beats, size_t *n_beats, const dsp_signal *signal, const dsp_beat_rule *rule, dsp_error *error) {
  *beats = NULL;
  *n_beats = 0;
  if (!(rule->hi_hz > rule->lo_hz) || !(rule->lo_hz > 0) || !(rule->shortest_s > 0) || !(rule->longest_s > rule->shortest_s))
    return dsp_fail(error, DSP_BAD_OPTION, "beats", "0 < lo_hz < hi_hz and 0 < shortest_s < longest_s", "%g to %g Hz, %g to %g s",
                    rule->lo_hz, rule->hi_hz, rule->shortest_s, rule->longest_s);
  dsp_sos sos;
  const size_t n = signal->n, stretch = (size_t)(rule->longest_s * signal->rate_hz);
  dsp_status status = dsp_butter(&sos, 2, DSP_BANDPASS, rule->lo_hz, fmin(rule->hi_hz, 0.45 * signal->rate_hz), signal->rate_hz, error);
  if (status != DSP_OK) return status;
  if (n < 2 * stretch || stretch < 4)
    return dsp_fail(error, DSP_NO_SOLUTION, "beats", "at least two of the longest beats", "%.3g s", (double)n / signal->rate_hz);
  double *smooth = dsp_alloc(n, sizeof *smooth), *slope = dsp_alloc(n, sizeof *slope), *scratch = dsp_alloc(n, sizeof *scratch);
  dsp_peak *peaks = NULL;
  size_t n_peaks = 0;
  status = smooth && slope && scratch ? dsp_sosfiltfilt(&sos, smooth, signal->x, n, error) : dsp_fail_memory(error);
  if (status != DSP_OK) goto done;
  slope[0] = slope[n - 1] = 0;
  for (size_t i = 1; i + 1 < n; i++) slope[i] = 0.5 * (smooth[i + 1] - smooth[i - 1]) * signal->rate_hz;
  dsp_peak_rule wanted = DSP_ANY_PEAK;
  wanted.min_height = weakest * usual_height(scratch, slope, n, stretch);
  wanted.min_distance = rule->shortest_s * signal->rate_hz;
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(signal->x[i]));
  if (!(wanted.min_height > 1e-9 * largest * signal->rate_hz)) { /* less is rounding */
    status = dsp_fail(error, DSP_NO_SOLUTION, "beats", "a pulse", "a trace without upstrokes");
    goto done;
  }
  status = dsp_find_peaks(&peaks, &n_peaks, slope, n, &wanted, error);
  if (status != DSP_OK) goto done;
  *beats = dsp_alloc(n_peaks ? n_peaks : 1, sizeof **beats);
  if (!*beats) {
    status = dsp_fail_memory(error);
    goto done;
  }
  const dsp_signal limited = {smooth, n, signal->rate_hz, signal->t0_s};
  for (size_t i = 0; i < n_peaks; i++) measure(&(*beats)[i], &limited, slope, peaks[i].at, i + 1 < n_peaks ? peaks[i + 1].at : n);
  *n_beats = n_peaks;
done:
  free(peaks);
  free(scratch);
  free(slope);
  free(smooth);
  return status;
}
