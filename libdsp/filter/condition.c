/* SPDX-License-Identifier: GPL-3.0-or-later
 * From a channel's stretches to one conditioned trace: one clock, no spikes, known gaps, the working rate. */
#include <dsp/trace.h>

#include <dsp/filter.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double largest = 1e12; /* beyond it nothing was measured, and squares would overflow */
static const double despike_half_s = 0.25, spike_longest_s = 0.08, despike_sigma = 8;

void dsp_trace_clear(dsp_trace *trace) {
  free(trace->x);
  free(trace->ok);
  *trace = (dsp_trace){0};
}

size_t dsp_trace_index(const dsp_trace *trace, double t_s) {
  const double i = floor(t_s * trace->rate_hz + 0.5);
  return !(i > 0) ? 0 : i >= (double)trace->n ? trace->n : (size_t)i;
}

/* All stretches on one clock; NaN where there is no sample. NULL with *status set on failure. */
static double *one_clock(size_t *n, const dsp_signal *stretches, size_t n_stretches, size_t n_max, dsp_status *status) {
  *status = DSP_BAD_INPUT;
  if (n_stretches == 0) return NULL;
  const dsp_signal *last = &stretches[n_stretches - 1];
  const double length = round(last->t0_s * last->rate_hz) + (double)last->n;
  if (!(length >= 1) || length > (double)n_max) return NULL;
  *n = (size_t)length;
  double *x = dsp_alloc(*n, sizeof *x);
  *status = x ? DSP_OK : DSP_NO_MEMORY;
  if (!x) return NULL;
  for (size_t i = 0; i < *n; i++) x[i] = NAN;
  for (size_t s = 0; s < n_stretches; s++) {
    const double at = round(stretches[s].t0_s * stretches[s].rate_hz);
    if (!(at >= 0)) continue;
    for (size_t i = 0, k = (size_t)at; i < stretches[s].n && k < *n; i++, k++)
      x[k] = fabs(stretches[s].x[i]) < largest ? stretches[s].x[i] : (double)NAN;
  }
  return x;
}

/* Does the trace come to sample `at` steeply: by more than `least` within the second before? */
static bool arrives_steeply(const double *x, size_t at, double rate_hz, double least) {
  const size_t look = (size_t)fmax(1, rate_hz), from = at > look ? at - look : 0;
  for (size_t i = from; i < at; i++)
    if (fabs(x[i] - x[at]) > least) return true;
  return false;
}

/* Samples in runs of five or more at an extreme value. A run that the trace does not come to steeply is a quiet level, not a converter's
 * end. */
static size_t count_clipped(const double *x, size_t n, double rate_hz, double low, double high, double step) {
  const double least = fmax(3 * step, 0.004 * (high - low));
  size_t clipped = 0;
  for (size_t i = 0; i < n; i++) {
    if (x[i] != high && x[i] != low) continue;
    size_t end = i + 1;
    while (end < n && x[end] == x[i]) end++;
    if (end - i >= 5 && arrives_steeply(x, i, rate_hz, least)) clipped += end - i;
    i = end - 1;
  }
  return clipped;
}

static void look(dsp_trace_facts *facts, const double *x, size_t n, double rate_hz) {
  double low = INFINITY, high = -INFINITY;
  double least = INFINITY;
  size_t gap = 0, longest = 0;
  for (size_t i = 0; i < n; i++) {
    if (isnan(x[i])) {
      facts->missing++;
      if (++gap > longest) longest = gap;
      continue;
    }
    gap = 0;
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
    const double step = i ? fabs(x[i] - x[i - 1]) : 0; /* NaN behind a missing sample: no step */
    least = step > 0 && step < least ? step : least;
  }
  facts->step = isfinite(least) ? least : 0;
  facts->longest_gap_s = (double)longest / rate_hz;
  if (low < high) facts->clipped_s = (double)count_clipped(x, n, rate_hz, low, high, facts->step) / rate_hz;
}

/* Despike only where the trace moves fast enough to hold a spike: a window around each such sample; the rest is copied. */
static dsp_status despike(double *clean, size_t *spikes, const double *x, size_t n, double rate_hz, double floor, size_t longest) {
  const size_t half = (size_t)(despike_half_s * rate_hz), around = 2 * half + longest;
  const double jump = despike_sigma * floor / (double)(longest + 1);
  memcpy(clean, x, n * sizeof *x);
  for (size_t i = 1; i < n;) {
    if (!(fabs(x[i] - x[i - 1]) > jump)) {
      i++;
      continue;
    }
    size_t end = i;
    for (size_t k = i; k < n && k <= end + around; k++)
      if (fabs(x[k] - x[k - 1]) > jump) end = k;
    const size_t from = i > around ? i - around : 0, to = end + around < n ? end + around : n;
    size_t replaced = 0;
    const dsp_status status = dsp_hampel(clean + from, &replaced, x + from, to - from, half, despike_sigma, floor, longest);
    if (status != DSP_OK) return status;
    *spikes += replaced;
    i = to;
  }
  return DSP_OK;
}

/* Straight lines over missing samples; ok = 0 on bridges longer than `bridge` samples. False when there is no sample at all. */
static int bridge_gaps(double *x, unsigned char *ok, size_t n, size_t bridge) {
  size_t before = n;
  memset(ok, 1, n);
  for (size_t i = 0; i < n; i++) {
    if (!isnan(x[i])) {
      before = i;
      continue;
    }
    size_t end = i;
    while (end < n && isnan(x[end])) end++;
    if (before == n && end == n) return 0;
    const double left = before == n ? x[end] : x[before], right = end == n ? left : x[end];
    const size_t length = end - i;
    const unsigned char counts = length <= bridge && before != n && end != n;
    for (size_t k = i; k < end; k++) {
      x[k] = left + (right - left) * (double)(k - i + 1) / (double)(length + 1);
      ok[k] = counts;
    }
    i = end - 1;
  }
  return 1;
}

/* Every factor-th sample of a triangular mean over +-factor samples. It does not ring: a contraction's sharp end disturbs one sample, where
 * a filter of steeper cut would colour half a second. What little lies above the new Nyquist frequency folds as noise. */
static double *decimate(size_t *n_out, const double *x, size_t n, size_t factor) {
  *n_out = (n + factor - 1) / factor;
  double *y = dsp_alloc(*n_out, sizeof *y);
  for (size_t j = 0; y && j < *n_out; j++) {
    const size_t at = j * factor;
    double sum = (double)factor * x[at];
    const bool inside = at >= factor && at + factor < n;
    for (size_t k = 1; inside && k < factor; k++) sum += (double)(factor - k) * (*(x + at - k) + x[at + k]);
    for (size_t k = 1; !inside && k < factor; k++) {
      const double left = at >= k ? x[at - k] : 2 * x[0] - x[k - at < n ? k - at : n - 1];
      const double right = at + k < n ? x[at + k] : 2 * x[n - 1] - (2 * (n - 1) >= at + k ? x[2 * (n - 1) - at - k] : x[0]);
      sum += (double)(factor - k) * (left + right);
    }
    y[j] = sum / (double)(factor * factor);
  }
  return y;
}

/* A decimated sample is as good as all that its triangular mean takes in. */
static unsigned char *decimate_ok(const unsigned char *ok, size_t n, size_t n_out, size_t factor) {
  unsigned char *out = dsp_alloc(n_out, 1);
  for (size_t j = 0; out && j < n_out; j++) {
    const size_t at = j * factor, from = at >= factor ? at - (factor - 1) : 0, to = at + factor <= n ? at + factor - 1 : n - 1;
    out[j] = memchr(ok + from, 0, to - from + 1) == NULL;
  }
  return out;
}

dsp_status dsp_trace_coarser(dsp_trace *coarse, const dsp_trace *trace, double rate_hz) {
  const double ratio = floor(trace->rate_hz / rate_hz);
  const size_t factor = ratio > 1 ? (size_t)fmin(ratio, (double)trace->n) : 1;
  *coarse = (dsp_trace){.rate_hz = trace->rate_hz / (double)factor};
  coarse->x = decimate(&coarse->n, trace->x, trace->n, factor);
  coarse->ok = coarse->x ? decimate_ok(trace->ok, trace->n, coarse->n, factor) : NULL;
  if (coarse->ok) return DSP_OK;
  dsp_trace_clear(coarse);
  return DSP_NO_MEMORY;
}

dsp_status dsp_trace_condition(dsp_trace *trace, dsp_trace_facts *facts, const dsp_signal *stretches, size_t n_stretches, double rate_hz,
                               double bridge_s, double spike_floor, size_t n_max, dsp_error *error) {
  *trace = (dsp_trace){0};
  *facts = (dsp_trace_facts){0};
  dsp_status status;
  size_t n = 0;
  double *x = one_clock(&n, stretches, n_stretches, n_max, &status), *clean = NULL;
  unsigned char *ok = NULL;
  if (!x)
    return status == DSP_NO_MEMORY ? status : dsp_fail(error, status, "", "a recording of a clinical test's length", "no usable clock");
  const double native_hz = stretches[0].rate_hz;
  look(facts, x, n, native_hz);

  ok = dsp_alloc(n, 1);
  status = ok ? DSP_OK : DSP_NO_MEMORY;
  const size_t longest = (size_t)(spike_longest_s * native_hz);
  if (status == DSP_OK && longest >= 1) {
    clean = dsp_alloc(n, sizeof *clean);
    status = clean ? despike(clean, &facts->spikes, x, n, native_hz, fmax(facts->step, spike_floor), longest) : DSP_NO_MEMORY;
  }
  double *use = clean ? clean : x;
  if (status == DSP_OK && !bridge_gaps(use, ok, n, (size_t)(bridge_s * native_hz)))
    status = dsp_fail(error, DSP_BAD_INPUT, "", "numbers", "no finite sample");
  const double ratio = floor(native_hz / rate_hz);
  const size_t factor = ratio > 1 ? (size_t)fmin(ratio, (double)n) : 1;
  if (status == DSP_OK && !(trace->x = decimate(&trace->n, use, n, factor))) status = DSP_NO_MEMORY;
  if (status == DSP_OK) {
    trace->rate_hz = native_hz / (double)factor;
    trace->ok = decimate_ok(ok, n, trace->n, factor);
    if (!trace->ok) status = DSP_NO_MEMORY;
  }
  free(x);
  free(clean);
  free(ok);
  if (status != DSP_OK) dsp_trace_clear(trace);
  return status;
}
