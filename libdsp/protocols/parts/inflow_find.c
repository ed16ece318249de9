/* SPDX-License-Identifier: GPL-3.0-or-later
 * Inflations and releases of the collecting cuff.
 * In the trace alone each cycle is a saw-tooth: releases are the prominent maxima of the slow trace, and the inflation is the kink between
 * one release and the next: the time that leaves least of "a decaying level, then a rising curve". */
#include "inflow.h"
#include "part.h"

#include <dsp/detect.h>
#include <dsp/filter.h>
#include <dsp/fit.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>

typedef struct cycle_list {
  inflow_cycle *at;
  size_t n, capacity;
} cycle_list;

static dsp_status add(cycle_list *list, double inflate_s, double release_s, cycle_source from) {
  if (dsp_grow(&list->at, &list->capacity, list->n + 1, sizeof *list->at) != DSP_OK) return DSP_NO_MEMORY;
  list->at[list->n++] = (inflow_cycle){
      .inflate_s = inflate_s, .release_s = release_s, .settle_s = (double)NAN, .from = from, .first_beat = {(double)NAN, (double)NAN}};
  return DSP_OK;
}

/* What events and the cuff's pressure tell. An arterial cuff that is let down to the collecting pressure begins a cycle, too. */
static dsp_status from_marks(cycle_list *list, const dsp_recording *recording, const dsp_trace *trace, const double *params) {
  const part_cycle_rule rule = {DSP_EVENT_CUFF_INFLATE, DSP_EVENT_CUFF_RELEASE, params[INFLOW_LEAST_RISE], 0.5 * params[INFLOW_SHORTEST],
                                1};
  part_cycles *marked = dsp_alloc(1, sizeof *marked);
  dsp_status status = marked ? part_cycles_find(marked, trace, recording, &rule) : DSP_NO_MEMORY;
  for (size_t i = 0; status == DSP_OK && i < marked->n; i++) {
    const part_cycle *c = &marked->cycle[i];
    if (c->inflate_from == CYCLE_FROM_TRACE && c->release_from == CYCLE_FROM_TRACE) continue;
    const double end_s = isfinite(c->release_s) ? c->release_s : (double)trace->n / trace->rate_hz;
    double inflate_s = c->inflate_s;
    for (size_t k = 0; k < recording->n_events && c->inflate_from == CYCLE_FROM_TRACE; k++) {
      const dsp_event *e = &recording->events[k];
      if (e->kind == DSP_EVENT_ARTERIAL_RELEASE && e->t_s < end_s && end_s - e->t_s < 60) inflate_s = e->t_s;
    }
    status = add(list, inflate_s, end_s, c->inflate_from == CYCLE_FROM_TRACE ? c->release_from : c->inflate_from);
  }
  free(marked);
  return status;
}

/* A parabola through samples [from, to), its time counted from sample 0, and what it leaves. */
typedef struct parabola {
  double c[3], middle, rss;
} parabola;

static parabola fit_parabola(double *scratch, const dsp_trace *trace, size_t from, size_t to) {
  const size_t n = to - from;
  parabola p = {.middle = 0.5 * (double)(from + to), .rss = INFINITY};
  for (size_t i = 0; i < n; i++) {
    const double t_s = ((double)(from + i) - p.middle) / trace->rate_hz;
    scratch[i] = 1;
    scratch[n + i] = t_s;
    scratch[2 * n + i] = t_s * t_s;
  }
  dsp_lsq info;
  if (n >= 5 && dsp_least_squares(p.c, NULL, &info, scratch, n, 3, trace->x + from, NULL, NULL) == DSP_OK) p.rss = info.rss;
  return p;
}

static double parabola_at(const parabola *p, double sample, double rate_hz) {
  const double t_s = (sample - p->middle) / rate_hz;
  return p->c[0] + t_s * (p->c[1] + t_s * p->c[2]);
}

/* The kink in [from, to), in samples: what the cuff does to the gauge for the first moments behind it belongs to neither side; between the
 * sides it lies where they come nearest to each other. */
static double find_kink(double *scratch, const dsp_trace *trace, size_t from, size_t to) {
  static const double least_s = 1, artefact_s = 0.7;
  const size_t margin = (size_t)fmax(5, least_s * trace->rate_hz), gap = (size_t)(artefact_s * trace->rate_hz);
  size_t best = from;
  double least = INFINITY;
  for (size_t k = from + margin; k + gap + margin < to; k++) {
    const double rss = fit_parabola(scratch, trace, from, k).rss + fit_parabola(scratch, trace, k + gap, to).rss;
    if (rss < least) least = rss, best = k;
  }
  if (!isfinite(least)) return (double)best;
  const parabola left = fit_parabola(scratch, trace, from, best), right = fit_parabola(scratch, trace, best + gap, to);
  double kink = (double)best, apart = INFINITY;
  for (size_t tenth = 0; tenth <= 10 * gap; tenth++) {
    const double at = (double)best + 0.1 * (double)tenth;
    const double here = fabs(parabola_at(&left, at, trace->rate_hz) - parabola_at(&right, at, trace->rate_hz));
    if (here < apart) apart = here, kink = at;
  }
  return kink;
}

/* The gauge jumps when the cuff is inflated: the sample of the largest jump within reach of the kink, when no pulse jumps half as far. */
static double find_jump(double *scratch, const dsp_trace *trace, size_t from, size_t to, double found) {
  static const double reach_s = 2.5, times = 2, share = 0.97;
  const size_t reach = (size_t)(reach_s * trace->rate_hz), n = to - from;
  const size_t kink = (size_t)found, first = kink > from + reach ? kink - reach : from + 1, last = kink + reach < to ? kink + reach : to;
  for (size_t i = from + 1; i < to; i++) scratch[i - from - 1] = fabs(trace->x[i] - trace->x[i - 1]);
  const double usual = dsp_order_kth(scratch, n - 1, (size_t)(share * (double)(n - 2)));
  double best = found, most = times * usual;
  for (size_t i = first; i < last; i++)
    if (fabs(trace->x[i] - trace->x[i - 1]) > most) most = fabs(trace->x[i] - trace->x[i - 1]), best = (double)i;
  return best;
}

static dsp_status from_releases(cycle_list *list, const dsp_trace *slow, const dsp_peak *peaks, size_t n, const double *params) {
  static const double drained_s = 2.5, before_s = 8;
  double *scratch = dsp_alloc(slow->n, 3 * sizeof *scratch);
  dsp_status status = scratch ? DSP_OK : DSP_NO_MEMORY;
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    const double rate_hz = slow->rate_hz, release_s = (double)peaks[i].at / rate_hz;
    const double earlier_s = i > 0 ? (double)peaks[i - 1].at / rate_hz + drained_s : 0;
    const size_t from = dsp_trace_index(slow, fmax(earlier_s, release_s - params[INFLOW_LONGEST] - before_s));
    const size_t to = dsp_trace_index(slow, release_s);
    if (to < from + (size_t)(params[INFLOW_SHORTEST] * rate_hz)) continue;
    const double kink = find_kink(scratch, slow, from, to);
    const double jump = find_jump(scratch, slow, from, to, kink);
    status = add(list, jump / rate_hz, release_s, CYCLE_FROM_TRACE);
  }
  free(scratch);
  return status;
}

static dsp_status from_trace(cycle_list *list, const dsp_trace *trace, const double *params) {
  static const double slow_hz = 0.7, coarse_hz = 10;
  dsp_trace coarse = {0};
  dsp_peak *peaks = NULL;
  size_t n_peaks = 0;
  double *smooth = NULL;
  dsp_sos sos;
  dsp_status status = dsp_trace_coarser(&coarse, trace, coarse_hz);
  if (status != DSP_OK) return status;
  smooth = dsp_alloc(coarse.n, sizeof *smooth);
  if (!smooth) status = DSP_NO_MEMORY;
  if (status == DSP_OK) status = dsp_butter(&sos, 2, DSP_LOWPASS, slow_hz, 0, coarse.rate_hz, NULL);
  if (status == DSP_OK) status = dsp_sosfiltfilt(&sos, smooth, coarse.x, coarse.n, NULL);
  dsp_peak_rule wanted = DSP_ANY_PEAK;
  wanted.min_prominence = params[INFLOW_LEAST_RISE];
  wanted.min_distance = 0.7 * params[INFLOW_SHORTEST] * coarse.rate_hz;
  if (status == DSP_OK) status = dsp_find_peaks(&peaks, &n_peaks, smooth, coarse.n, &wanted, NULL);
  if (status == DSP_OK) status = from_releases(list, &coarse, peaks, n_peaks, params);
  free(peaks);
  free(smooth);
  dsp_trace_clear(&coarse);
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

dsp_status inflow_find_cycles(inflow_cycle **cycles, size_t *n, const dsp_recording *recording, const dsp_trace *trace,
                              const double *params) {
  cycle_list list = {0};
  dsp_status status = from_marks(&list, recording, trace, params);
  if (status == DSP_OK && list.n == 0) status = from_trace(&list, trace, params);
  *cycles = list.at;
  *n = list.n;
  if (status == DSP_OK) return status;
  free(list.at);
  *cycles = NULL;
  *n = 0;
  return status;
}
