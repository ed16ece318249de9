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

/* The last maximum within `reach_s` of the exercise's end, pulses smoothed out. The swing before may be as high: one that is nearer to a
 * marked end is taken when it is lower by no more than a few hundredths of the height a second. */
static dsp_status find_peak(double *peak_s, double *level, bool *by_rhythm, const ppg_bout *b, const dsp_trace *trace, double reach_s) {
  const size_t from = dsp_trace_index(trace, b->end_s - reach_s), to = dsp_trace_index(trace, b->end_s + reach_s), n = to - from;
  *peak_s = b->end_s;
  *level = NAN;
  *by_rhythm = false;
  if (n < 3) return DSP_OK;
  double *y = dsp_alloc(n, sizeof *y);
  if (!y) return DSP_NO_MEMORY;
  dsp_status status = dsp_median(y, trace->x + from, n, (size_t)(0.3 * trace->rate_hz));
  static const double away_per_s = 0.05;
  double top = b->base.value, best = -INFINITY, rhythm_s = NAN;
  for (size_t i = 0; i < n && status == DSP_OK; i++) top = fmax(top, y[i]);
  const double height = top - b->base.value;
  if (status == DSP_OK && !b->end_marked && b->swings) status = ppg_end_of_rhythm(&rhythm_s, trace, b, height);
  if (isfinite(rhythm_s)) {
    *by_rhythm = true;
    *peak_s = rhythm_s;
    *level = top;
    free(y);
    return status;
  }
  size_t at = status == DSP_OK && !b->end_marked ? ppg_last_top(y, 0, n - 1, height) : 0;
  for (size_t i = 0; i < n && status == DSP_OK && b->end_marked; i++) {
    const double score = y[i] - away_per_s * height * fabs((double)(from + i) / trace->rate_hz - b->end_s);
    if (score >= best) best = score, at = i;
  }
  *level = y[at];
  *peak_s = (double)(from + at) / trace->rate_hz;
  free(y);
  return status;
}

static dsp_status read_refill(ppg_bout *b, const dsp_trace *trace, const dsp_noise *noise, const double *params, double blur_s) {
  static const double rising_s = 0.7, rounding_s = 0.25, rounding_sd_s = 0.25, free_s = 0.35, free_found_s = 0.6;
  static const double ln_sd = 0.9, end_share = 0.12;
  double peak_s, top;
  bool by_rhythm;
  dsp_status status = find_peak(&peak_s, &top, &by_rhythm, b, trace, params[PPG_PEAK]);
  if (status != DSP_OK) return status;
  if (by_rhythm) b->end_s = peak_s;
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
  b->task = (dsp_outflow_task){.plateau_s = peak_s - fmax(rising_s, 2.5 / trace->rate_hz),
                               .vent_s = peak_s,
                               .vent_free_s = b->end_marked || by_rhythm ? free_s : free_found_s,
                               .venting_s = rounding_s,
                               .venting_sd_s = rounding_sd_s,
                               .to_s = b->to_s,
                               .tau_s = {fmax(0.5, half_s), fmax(2, 2.5 * half_s)},
                               .ln_tau_sd = ln_sd,
                               .end = {b->base.value, hypot(end_share * size, b->base.se)},
                               .blur_s = blur_s,
                               .base = b->base};
  status = dsp_outflow_fit(&b->refill, trace, noise, &b->task);
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
  b->peak = (dsp_estimate){b->refill.level, sqrt(b->refill.cov[0][0])};
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

/* A local line through the departures `r` (from the time of sample 0), `half_s` to both sides: its value at t_s. */
static double local_line(const double *r, const unsigned char *ok, size_t n, double rate_hz, double t_s, double half_s) {
  const double last = floor((t_s + half_s) * rate_hz);
  const size_t lo = (size_t)fmax(0, ceil((t_s - half_s) * rate_hz)), end = last < 0 ? 0 : (size_t)fmin((double)n, last + 1);
  double sw = 0, st = 0, sr = 0, stt = 0, str = 0;
  for (size_t k = lo; k < end; k++) {
    if (!ok[k]) continue;
    const double t = (double)k / rate_hz - t_s, w = 1 - fabs(t) / (half_s + 1 / rate_hz);
    sw += w, st += w * t, sr += w * r[k], stt += w * t * t, str += w * t * r[k];
  }
  const double determinant = sw * stt - st * st;
  return determinant > 1e-9 ? (stt * sr - st * str) / determinant : sw > 0 ? sr / sw : 0;
}

static double width_s(double since_s) {
  return fmax(0.5, fmin(5, 0.3 * since_s));
}

/* Departures of the trace from the fitted curve after the peak, and how much of their smooth course is more than noise. */
static dsp_status depart(double **r, size_t *first, size_t *n, ppg_bout *b, const dsp_trace *trace) {
  static const double every_s = 0.5, usual_half_s = 1.5, trust = 2, least_share = 0.006;
  const double peak_s = b->refill.vent_s, rate_hz = trace->rate_hz;
  *first = dsp_trace_index(trace, peak_s) + 1;
  const size_t end = dsp_trace_index(trace, b->to_s);
  *n = end > *first ? end - *first : 0;
  *r = dsp_alloc(*n, sizeof **r);
  if (!*r) return DSP_NO_MEMORY;
  for (size_t i = 0; i < *n; i++) (*r)[i] = trace->x[*first + i] - dsp_outflow_at(&b->refill, (double)(*first + i) / rate_hz - peak_s);
  /* the same smoothing of the rest tells what noise leaves of it */
  const size_t from = dsp_trace_index(trace, b->rest_from_s), to = dsp_trace_index(trace, b->rest_to_s);
  double quiet = 0, course = 0, n_quiet = 0, n_course = 0;
  double *rest = dsp_alloc(to - from, sizeof *rest);
  if (!rest) return DSP_NO_MEMORY;
  for (size_t i = from; i < to; i++) rest[i - from] = trace->x[i] - b->base.value;
  const double rest_end_s = b->rest_to_s - b->rest_from_s - usual_half_s, end_s = (double)*n / rate_hz - 1;
  for (size_t i = 0; usual_half_s + (double)i * every_s < rest_end_s; i++) {
    const double t_s = usual_half_s + (double)i * every_s, d = local_line(rest, trace->ok + from, to - from, rate_hz, t_s, usual_half_s);
    quiet += d * d, n_quiet++;
  }
  free(rest);
  for (size_t i = 0; 1 + (double)i * every_s < end_s; i++) {
    const double t_s = 1 + (double)i * every_s, d = local_line(*r, trace->ok + *first, *n, rate_hz, t_s, width_s(t_s));
    course += d * d, n_course++;
  }
  const double ratio = n_quiet > 0 && n_course > 0 && course > 0 ? (quiet / n_quiet) / (course / n_course) : 1;
  const double size = b->refill.level - b->base.value, least = least_share * size;
  b->followed = course > least * least * n_course ? fmax(0, fmin(1, 1 - trust * ratio)) : 0;
  return DSP_OK;
}

/* The followed curve since_s after the peak. */
static double followed_at(const ppg_bout *b, const double *r, const unsigned char *ok, size_t n, double offset_s, double rate_hz,
                          double since_s) {
  return dsp_outflow_at(&b->refill, since_s) + b->followed * local_line(r, ok, n, rate_hz, since_s - offset_s, width_s(since_s));
}

/* A trace that departs from two exponentials at all may do so at once: its peak by a curve that may depart. */
static dsp_status read_peak(ppg_bout *b, const dsp_trace *trace, const dsp_noise *noise) {
  static const double depart_share = 0.12, depart_s = 0.5;
  dsp_outflow loose;
  b->task.depart_share = depart_share;
  b->task.depart_s = depart_s;
  const dsp_status status = dsp_outflow_fit(&loose, trace, noise, &b->task);
  if (status == DSP_OK) b->peak = (dsp_estimate){loose.level, sqrt(loose.cov[0][0])};
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* The late level, by the last seconds: does it fall no more? */
static bool late_level(dsp_estimate *late, const ppg_bout *b, const dsp_trace *trace, const dsp_noise *noise, double size) {
  static const double part = 0.25, shortest_s = 8, longest_s = 20, drift_share = 0.03, drift_sd = 2, least_known = 0.06;
  const double long_s = fmax(shortest_s, fmin(longest_s, part * (b->to_s - b->refill.vent_s)));
  dsp_estimate slope;
  if (dsp_level_read(late, &slope, trace, noise, dsp_trace_index(trace, b->to_s - long_s), dsp_trace_index(trace, b->to_s))) return false;
  return slope.se * long_s < least_known * size && -slope.value * long_s < fmax(drift_share * size, drift_sd * slope.se * long_s);
}

/* Read limit and times along the followed curve. */
static dsp_status follow(ppg_bout *b, const dsp_trace *trace, const dsp_noise *noise, const double *params) {
  static const double step_s = 0.02, clear_share = 0.02;
  const double rate_hz = trace->rate_hz, peak_s = b->refill.vent_s;
  double *r = NULL;
  size_t first, n;
  dsp_status status = depart(&r, &first, &n, b, trace);
  b->time_s[0] = b->time_s[1] = b->time_s[2] = NAN;
  if (status == DSP_OK && b->followed > 0) status = read_peak(b, trace, noise);
  if (status == DSP_OK && b->followed > 0) {
    const double offset_s = (double)first / rate_hz - peak_s, end_s = (double)n / rate_hz - 0.5, size = b->refill.level - b->base.value;
    const unsigned char *ok = trace->ok + first;
    dsp_estimate late;
    const bool flat = late_level(&late, b, trace, noise, size);
    /* a late level that is flat and surely higher is the limit; else the rest, which is known by itself */
    if (flat && late.value - b->base.value > fmax(clear_share * size, 2 * hypot(b->base.se, late.se)))
      b->refill.base.value = b->end.value = late.value;
    else
      b->refill.base.value = b->base.value + (flat ? 0.5 * (late.value - b->base.value) * (late.value > b->base.value) : 0);
    const double limit = b->refill.base.value, high = b->refill.level - limit;
    const double level[2] = {limit + (1 - params[PPG_FRACTION]) * (b->peak.value - limit), limit + 0.5 * (b->peak.value - limit)};
    for (size_t i = 0; (double)i * step_s < end_s; i++) {
      const double t_s = (double)i * step_s, v = followed_at(b, r, ok, n, offset_s, rate_hz, t_s);
      for (int k = 0; k < 2; k++)
        if (isnan(b->time_s[k]) && v <= level[k]) b->time_s[k] = t_s;
    }
    const double w_s = params[PPG_TI_WINDOW], fall = b->refill.level - followed_at(b, r, ok, n, offset_s, rate_hz, w_s);
    if (fall > 0) b->time_s[2] = w_s * high / fall;
  }
  free(r);
  return status;
}

/* Does the trace move by more than `limit` within a moment, as a sensor that slips does and a refill, however late and steep, does not? */
static bool abrupt(const dsp_trace *trace, double from_s, double to_s, double limit) {
  static const double moment_s = 0.35;
  const size_t end = dsp_trace_index(trace, to_s), apart = (size_t)fmax(2, ceil(moment_s * trace->rate_hz));
  for (size_t i = dsp_trace_index(trace, from_s); i + apart < end; i++)
    if (trace->ok[i] && trace->ok[i + apart] && fabs(trace->x[i + apart] - trace->x[i]) > limit) return true;
  return false;
}

/* Why a bout cannot be trusted: the converter was saturated at its turn or its rest, or the level jumped in its rest or refill by more than
 * a part of what it expelled. *flag NULL: nothing. */
static dsp_status distrust(const char **flag, const ppg_bout *b, const dsp_trace *trace, const dsp_trace_facts *facts, double noise_sd) {
  static const double least_share = 0.2, sure_sd = 5, turn_s = 6, margin_s = 4.5;
  bool before = false, after = false;
  *flag = NULL;
  if (part_at_extreme(trace, facts, b->end_s - 1, b->end_s + 1.5) || part_at_extreme(trace, facts, b->rest_to_s - 8, b->rest_to_s))
    *flag = "saturated";
  if (*flag || !b->read) return DSP_OK;
  const double limit = fmax(least_share * fabs(b->refill.level - b->base.value), sure_sd * noise_sd);
  const double rest_s[2] = {b->rest_from_s + margin_s, b->rest_to_s - margin_s},
               refill_s[2] = {b->refill.vent_s + turn_s, b->to_s - margin_s};
  dsp_status status = DSP_OK;
  if (abrupt(trace, rest_s[0], rest_s[1], limit)) status = part_find_step(&before, trace, rest_s[0], rest_s[1], limit);
  if (status == DSP_OK && abrupt(trace, refill_s[0], refill_s[1], limit))
    status = part_find_step(&after, trace, refill_s[0], refill_s[1], limit);
  if (before || after) *flag = "gauge_slipped";
  return status;
}

dsp_status ppg_read_bouts(ppg_bouts *bouts, const dsp_trace *trace, const dsp_trace_facts *facts, const double *params, double noise_floor,
                          double blur_s) {
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
    if (b->read && status == DSP_OK) status = follow(b, trace, &noise, params);
    const char *flag = NULL;
    if (status == DSP_OK) status = distrust(&flag, b, trace, facts, noise.sd[0]);
    if (flag) b->read = false, b->why_not = flag;
  }
  return status;
}
