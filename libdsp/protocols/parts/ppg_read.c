/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading light-reflection refills: the peak and the recovery from one two-exponential fit under the noise of the rests, so that a slow
 * tail is followed through pulse and breathing. The level that it approaches is known beforehand to lie near the rest. */
#include "ppg.h"

#include <dsp/filter.h>
#include <dsp/level.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Median of the rest, its pulses averaged out over 2 s (a pulse is higher than it is deep, which a median of samples would not see), with
 * the error of a level. */
static dsp_status read_rest(ppg_bout *b, const dsp_trace *trace, const dsp_noise *noise) {
  const size_t from = dsp_trace_index(trace, b->rest_from_s), to = dsp_trace_index(trace, b->rest_to_s);
  b->base = (dsp_estimate){NAN, NAN};
  if (to < from + 3 || b->rest_to_s - b->rest_from_s < 1.5) return DSP_OK;
  double *v = dsp_alloc(to - from, sizeof *v);
  if (!v) return DSP_NO_MEMORY;
  const size_t window = (size_t)fmin(2 * trace->rate_hz, 0.5 * (double)(to - from)) + 1;
  size_t n = 0;
  for (size_t i = from; i + window <= to; i++) {
    double sum = 0;
    size_t seen = 0;
    for (size_t k = i; k < i + window; k++)
      if (trace->ok[k]) sum += trace->x[k], seen++;
    if (2 * seen > window) v[n++] = sum / (double)seen;
  }
  dsp_estimate level = {NAN, NAN};
  const dsp_status status = dsp_level_read(&level, NULL, trace, noise, from, to);
  if (n >= 1) b->base = (dsp_estimate){dsp_order_median(v, n), status == DSP_OK ? level.se : noise->sd[0]};
  free(v);
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

static dsp_status learn(dsp_noise *noise, const ppg_bouts *bouts, const dsp_trace *trace, double noise_floor) {
  size_t from[16], to[16], n = 0;
  for (size_t k = 0; k < bouts->n && n + 2 <= 16; k++) {
    const ppg_bout *b = &bouts->bout[k];
    const double late_s = b->end_s + fmax(8, 0.45 * (b->to_s - b->end_s));
    from[n] = dsp_trace_index(trace, b->rest_from_s);
    to[n++] = dsp_trace_index(trace, b->rest_to_s);
    from[n] = dsp_trace_index(trace, fmax(late_s, b->to_s - 40));
    to[n++] = dsp_trace_index(trace, b->to_s - 0.3);
  }
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (to[i] > from[i] + 8) from[kept] = from[i], to[kept++] = to[i];
  return dsp_noise_learn(noise, trace, from, to, kept, noise_floor);
}

/* The last maximum within `reach_s` of the exercise's end, pulses smoothed out. */
static dsp_status find_peak(double *peak_s, double *level, const ppg_bout *b, const dsp_trace *trace, double reach_s) {
  const size_t from = dsp_trace_index(trace, b->end_s - reach_s), to = dsp_trace_index(trace, b->end_s + reach_s), n = to - from;
  *peak_s = b->end_s;
  *level = NAN;
  if (n < 3) return DSP_OK;
  double *y = dsp_alloc(n, sizeof *y);
  if (!y) return DSP_NO_MEMORY;
  dsp_status status = dsp_median(y, trace->x + from, n, (size_t)(0.3 * trace->rate_hz));
  size_t at = 0;
  for (size_t i = 0; i < n && status == DSP_OK; i++)
    if (y[i] >= y[at]) at = i;
  *level = y[at];
  *peak_s = (double)(from + at) / trace->rate_hz;
  free(y);
  return status;
}

static dsp_status read_refill(ppg_bout *b, const dsp_trace *trace, const dsp_noise *noise, const double *params, double blur_s) {
  static const double rising_s = 0.7, rounding_s = 0.25, rounding_sd_s = 0.25, free_marked_s = 0.35, free_found_s = 0.6;
  static const double ln_sd = 0.9, end_share = 0.12;
  double peak_s, top;
  dsp_status status = find_peak(&peak_s, &top, b, trace, params[PPG_PEAK]);
  if (status != DSP_OK) return status;
  const double size = top - b->base.value;
  b->why_not = "no_refill";
  if (!(size > 0) || b->to_s - peak_s < 3) return DSP_OK;
  /* Half of the recovery sets the scale of the time constants. */
  double half_s = 0.3 * (b->to_s - peak_s);
  for (size_t i = dsp_trace_index(trace, peak_s); i + 4 < trace->n && (double)i / trace->rate_hz < b->to_s; i++)
    if (trace->x[i] + trace->x[i + 1] + trace->x[i + 2] < 3 * (b->base.value + 0.5 * size)) {
      half_s = (double)i / trace->rate_hz - peak_s;
      break;
    }
  const dsp_outflow_task task = {.plateau_s = peak_s - fmax(rising_s, 2.5 / trace->rate_hz),
                                 .vent_s = peak_s,
                                 .vent_free_s = b->end_marked ? free_marked_s : free_found_s,
                                 .venting_s = rounding_s,
                                 .venting_sd_s = rounding_sd_s,
                                 .to_s = b->to_s,
                                 .tau_s = {fmax(0.5, half_s), fmax(2, 2.5 * half_s)},
                                 .ln_tau_sd = ln_sd,
                                 .end = {b->base.value, hypot(end_share * size, b->base.se)},
                                 .blur_s = blur_s,
                                 .base = b->base};
  status = dsp_outflow_fit(&b->refill, trace, noise, &task);
  b->read = status == DSP_OK;
  if (b->read) b->why_not = NULL;
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* The limit of recovery: the rest, or the level that the refill approaches where that is surely higher; their mean where they are one. */
static void set_limit(ppg_bout *b) {
  static const double inflate = 2.5, wander = 0.01, least_share = 0.02;
  for (size_t i = 0; i < DSP_OUTFLOW_COLUMNS; i++)
    for (size_t j = 0; j < DSP_OUTFLOW_COLUMNS; j++) b->refill.cov[i][j] *= inflate;
  const double size = b->refill.level - b->base.value;
  b->base.se = hypot(b->base.se, wander * size);
  b->refill.base = b->base;
  b->end = dsp_outflow_read(&b->refill, dsp_outflow_end, NULL);
  const double above = b->end.value - b->base.value;
  const double apart = hypot(b->end.se, b->base.se);
  if (above > 2 * apart && above > least_share * size) b->refill.base = b->end;
  if (fabs(above) > 2 * apart) return;
  /* The same level twice: both readings of it count. */
  const double weight = b->base.se * b->base.se / (apart * apart);
  b->refill.base = (dsp_estimate){b->base.value + weight * above, b->base.se * b->end.se / apart};
}

dsp_status ppg_read_bouts(ppg_bouts *bouts, const dsp_trace *trace, const double *params, double noise_floor, double blur_s) {
  dsp_noise noise;
  dsp_status status = learn(&noise, bouts, trace, noise_floor);
  for (size_t k = 0; k < bouts->n && status == DSP_OK; k++) {
    ppg_bout *b = &bouts->bout[k];
    status = read_rest(b, trace, &noise);
    if (isnan(b->base.value))
      b->why_not = "no_rest";
    else if (status == DSP_OK)
      status = read_refill(b, trace, &noise, params, blur_s);
    if (b->read) set_limit(b);
  }
  return status;
}
