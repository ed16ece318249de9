/* SPDX-License-Identifier: GPL-3.0-or-later
 * The first lasting departure from a baseline, traced back to the baseline's level.
 *
 * Method: level and noise of the baseline by median and 1.4826 MAD; the first sample beyond the threshold after which the trace stays
 * beyond it for the hold time; then back to the last sample on the other side of the level, and linear interpolation between. A threshold
 * alone would be late by the time that the trace needs to reach it. Missing samples are passed over. Source: the lasting-crossing rule of
 * onset detection in P. Hodges, B. Bui, Electroencephalogr. Clin. Neurophysiol. 101 (1996) 511, with a robust baseline. */
#include <dsp/detect.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <stdbool.h>
#include <stdlib.h>

static dsp_status baseline(dsp_onset *onset, const double *x, size_t n, dsp_error *error) {
  double *v = dsp_alloc(n, sizeof *v);
  if (!v) return dsp_fail_memory(error);
  size_t count = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(x[i])) v[count++] = x[i];
  if (count < 3) {
    free(v);
    return dsp_fail(error, DSP_BAD_INPUT, "baseline", "at least 3 samples", "%zu", count);
  }
  onset->level = dsp_order_median(v, count);
  onset->sigma = dsp_order_sigma(v, count, onset->level);
  free(v);
  return DSP_OK;
}

/** First sample from `from` on that lies beyond the threshold in direction `sign` and after which none lies within it for `hold` samples,
 * all of which the record must hold; n when there is none. */
static size_t lasting_crossing(const dsp_signal *s, const dsp_onset *o, size_t from, size_t hold, int sign) {
  size_t start = s->n;
  for (size_t i = from; i < s->n; i++) {
    if (isnan(s->x[i])) continue;
    if (sign * (s->x[i] - o->level) <= o->threshold) {
      start = s->n;
    } else {
      if (start == s->n) start = i;
      if (i - start >= hold) return start;
    }
  }
  return s->n;
}

static double time_of(const dsp_signal *s, double i) {
  return s->t0_s + i / s->rate_hz;
}

/** Time at which the straight line between samples a and b crosses `level`. */
static double interpolated(const dsp_signal *s, size_t a, size_t b, double level) {
  const double part = (level - s->x[a]) / (s->x[b] - s->x[a]);
  return time_of(s, (double)a + part * (double)(b - a));
}

/** Where the trace, followed back from sample i, first comes to `departure` from the level or the other side of it. */
static double trace_back(const dsp_signal *s, const dsp_onset *o, size_t i, double departure) {
  size_t after = i;
  while (i-- > 0) {
    if (isnan(s->x[i])) continue;
    if (o->direction * (s->x[i] - o->level) <= departure) return interpolated(s, i, after, o->level + o->direction * departure);
    after = i;
  }
  return time_of(s, (double)after);
}

dsp_status dsp_find_onset(dsp_onset *onset, const dsp_signal *signal, size_t base_first, size_t base_end, const dsp_onset_rule *rule,
                          dsp_error *error) {
  *onset = (dsp_onset){0};
  if (!(rule->n_sigma > 0.0) || !(rule->floor >= 0.0) || !(rule->hold_s >= 0.0) || abs(rule->direction) > 1)
    return dsp_fail(error, DSP_BAD_OPTION, "onset", "positive limits and direction -1, 0 or 1", "%g sigma, floor %g, hold %g s",
                    rule->n_sigma, rule->floor, rule->hold_s);
  if (base_end > signal->n || base_first >= base_end)
    return dsp_fail(error, DSP_BAD_INPUT, "baseline", "a stretch of the record", "samples %zu to %zu of %zu", base_first, base_end,
                    signal->n);
  const dsp_status status = baseline(onset, signal->x + base_first, base_end - base_first, error);
  if (status != DSP_OK) return status;
  const double limit = rule->n_sigma * onset->sigma, samples = ceil(rule->hold_s * signal->rate_hz);
  onset->threshold = limit > rule->floor ? limit : rule->floor;
  const size_t hold = samples < (double)signal->n ? (size_t)samples : signal->n;

  const size_t up = rule->direction >= 0 ? lasting_crossing(signal, onset, base_end, hold, 1) : signal->n;
  const size_t down = rule->direction <= 0 ? lasting_crossing(signal, onset, base_end, hold, -1) : signal->n;
  const size_t at = up < down ? up : down;
  if (at == signal->n)
    return dsp_fail(error, DSP_NO_SOLUTION, "onset", "a lasting departure from the baseline", "none beyond %g", onset->threshold);
  onset->direction = at == up ? 1 : -1;
  onset->crossing_s = trace_back(signal, onset, at, onset->threshold);
  onset->t_s = trace_back(signal, onset, at, 0.0);
  return DSP_OK;
}
