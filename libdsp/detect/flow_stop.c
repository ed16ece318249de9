/* SPDX-License-Identifier: GPL-3.0-or-later
 * The stretch in which a cuff stops the flow of a pulsatile trace. Its upper envelope (highest of a second or more, spikes taken out by a
 * median) falls near the trace's lowest; a pulse or flow that comes back raises it. Longest such stretch, when its pulses are gone, too: a
 * baseline that wanders keeps them. */
#include <dsp/congestion.h>

#include <dsp/filter.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double coarse_hz = 10, share = 0.4, envelope_least_s = 1, pulse_share = 0.4;

/* envelope[i]: highest of y within `half` of i. */
static void upper_envelope(double *envelope, const double *y, size_t n, size_t half) {
  for (size_t i = 0; i < n; i++) {
    const size_t from = i > half ? i - half : 0, to = i + half + 1 < n ? i + half + 1 : n;
    envelope[i] = y[from];
    for (size_t k = from; k < to; k++) envelope[i] = fmax(envelope[i], y[k]);
  }
}

static void longest_below(size_t *from, size_t *to, const double *x, size_t n, double limit) {
  *from = *to = 0;
  for (size_t i = 0; i < n; i++) {
    size_t end = i;
    while (end < n && x[end] < limit) end++;
    if (end - i > *to - *from) *from = i, *to = end;
    i = end;
  }
}

/* Median height of the pulses over [from, to): what lies between the trace's highest and lowest within `half`. */
static double pulse_height(double *scratch, const double *y, const double *envelope, size_t n, size_t half, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    double low = y[i];
    for (size_t k = i > half ? i - half : 0; k < i + half + 1 && k < n; k++) low = fmin(low, y[k]);
    scratch[i - from] = envelope[i] - low;
  }
  return dsp_order_median(scratch, to - from);
}

dsp_status dsp_flow_stop_find(dsp_congestions *found, const dsp_trace *flow, double least_s) {
  found->n = 0;
  dsp_trace coarse;
  dsp_status status = dsp_trace_coarser(&coarse, flow, coarse_hz);
  if (status != DSP_OK) return status;
  const size_t n = coarse.n;
  double *y = dsp_alloc(n, sizeof *y), *envelope = dsp_alloc(n, sizeof *envelope), *scratch = dsp_alloc(n, sizeof *scratch);
  const size_t half = (size_t)(0.5 * fmax(envelope_least_s, 0.1 * least_s) * coarse.rate_hz);
  status = y && envelope && scratch ? dsp_median(y, coarse.x, n, (size_t)(0.05 * least_s * coarse.rate_hz)) : DSP_NO_MEMORY;
  if (status == DSP_OK && n > 4 * half) {
    upper_envelope(envelope, y, n, half);
    memcpy(scratch, envelope, n * sizeof *scratch);
    const double low = dsp_order_kth(scratch, n, n / 200), usual = dsp_order_median(scratch, n);
    size_t from, to;
    longest_below(&from, &to, envelope, n, low + share * (usual - low));
    /* The envelope falls late and rises early by its own half width. */
    const double stop_s = ((double)from - (double)half) / coarse.rate_hz, go_s = ((double)(to - 1) + (double)half) / coarse.rate_hz;
    const double under = to > from ? pulse_height(scratch, y, envelope, n, half, from, to) : INFINITY;
    const double all = pulse_height(scratch, y, envelope, n, half, 0, n);
    if (usual > low && from > half && go_s - stop_s >= least_s && under < pulse_share * all) {
      const double within = dsp_order_median(memcpy(scratch, y + from, (to - from) * sizeof *y), to - from);
      const double before = dsp_order_median(memcpy(scratch, y, from * sizeof *y), from);
      found->cycle[found->n++] = (dsp_congestion){stop_s, to + half < n ? go_s : (double)NAN, before - within, NAN, NAN};
    }
  }
  free(y);
  free(envelope);
  free(scratch);
  dsp_trace_clear(&coarse);
  return status;
}
