/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filling curves. The rise and the crossing times are linear functionals, and roots, of a cubic regression spline under coloured noise;
 * their errors follow by the delta method from one covariance. The asymptote is that of an exponential through the later part of the curve.
 */
#include <dsp/filling.h>

#include "asymptote.h"
#include "spline.h"
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One fitted curve with everything that its readings share. */
typedef struct curve {
  const dsp_trace *trace;
  const dsp_filling_task *task;
  spline shape;
  size_t k; /* columns */
  double coef[SPLINE_COLUMNS_MAX], cov[SPLINE_COLUMNS_MAX * SPLINE_COLUMNS_MAX];
  double plateau[SPLINE_COLUMNS_MAX]; /* weights of the mean over the plateau window */
  double t0_s, t1_s;
} curve;

static double quadratic_form(const double *cov, size_t k, const double *g) {
  double sum = 0;
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j < k; j++) sum += g[i] * cov[i * k + j] * g[j];
  return sum;
}

/* Rough time of the last crossing of `level` by the median-smoothed samples, from `from`; < 0 when it is never crossed. */
static double rough_crossing(const double *smooth, size_t n, double rate_hz, double level) {
  size_t i = n;
  while (i > 0 && smooth[i - 1] >= level) i--;
  return i == n ? -1 : (double)i / rate_hz;
}

/* Break points at fixed multiples of the rough filling time, so that the spline bends where the curve does. */
static void place_breaks(spline *shape, double t0_s, double t1_s, double onset_s, double time_s) {
  static const double multiples[] = {0.06, 0.12, 0.22, 0.36, 0.55, 0.8, 1.1, 1.5, 2.1, 3.0, 4.4, 6.6};
  const double least_s = fmax(0.8, 0.05 * time_s);
  shape->breaks[0] = t0_s;
  shape->n_breaks = 1;
  for (size_t i = 0; i < sizeof multiples / sizeof multiples[0]; i++) {
    const double t_s = onset_s + multiples[i] * time_s;
    if (t_s < shape->breaks[shape->n_breaks - 1] + least_s || t_s > t1_s - least_s) continue;
    shape->breaks[shape->n_breaks++] = t_s;
  }
  shape->breaks[shape->n_breaks++] = t1_s;
}

static dsp_status fit_curve(curve *c, const dsp_noise *noise) {
  const size_t from = c->task->from, n = c->task->to - from;
  c->k = c->shape.n_breaks + 2;
  double *design = dsp_zalloc(n, c->k * sizeof *design), variance;
  if (!design) return DSP_NO_MEMORY;
  memset(c->plateau, 0, sizeof c->plateau);
  const double window_from_s = c->t1_s - c->task->window_s;
  size_t in_window = 0;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)(from + i) / c->trace->rate_hz;
    double value[4];
    const size_t first = spline_basis(&c->shape, t_s, value, NULL);
    for (size_t j = 0; j < 4; j++) design[(first + j) * n + i] = value[j];
    if (t_s < window_from_s) continue;
    in_window++;
    for (size_t j = 0; j < 4; j++) c->plateau[first + j] += value[j];
  }
  for (size_t j = 0; j < c->k; j++) c->plateau[j] /= (double)in_window;
  const dsp_status status =
      dsp_noise_regress(noise, c->coef, c->cov, &variance, c->trace->x + from, c->trace->ok + from, n, design, c->k, 0.3);
  free(design);
  return status;
}

/* Steps down from t_s that surely stay at or above `level`: a spline lies between the least and the largest of the four coefficients of its
 * interval. */
static double steps_above(const curve *c, double t_s, double step_s, double level) {
  const size_t at = spline_interval(&c->shape, t_s);
  const double *coef = c->coef + at;
  const double least = fmin(fmin(coef[0], coef[1]), fmin(coef[2], coef[3]));
  return least >= level ? floor((t_s - c->shape.breaks[at]) / step_s) : 0;
}

/* Last time at which the fitted curve is below `level`, by bisection in its last rising step; NaN when it never is, or ends below. */
static double last_crossing(const curve *c, double level) {
  const double step_s = fmax((c->t1_s - c->t0_s) / 2000, 0.02);
  double above_s = c->t1_s;
  if (spline_value(&c->shape, c->coef, above_s) < level) return NAN;
  double below_s = above_s - step_s;
  while (below_s > c->t0_s && spline_value(&c->shape, c->coef, below_s) >= level)
    below_s -= step_s * fmax(1, steps_above(c, below_s, step_s, level));
  if (below_s <= c->t0_s) return NAN;
  above_s = below_s + step_s;
  for (int i = 0; i < 40; i++) {
    const double middle_s = 0.5 * (above_s + below_s);
    if (spline_value(&c->shape, c->coef, middle_s) < level)
      below_s = middle_s;
    else
      above_s = middle_s;
  }
  return above_s;
}

/* Time and flow at `level` = base + fraction x rise, whose derivative by the spline's coefficients is fraction x rise_gradient. */
static void read_crossing(dsp_filling *f, const curve *c, const double *rise_gradient, double rise_extra_variance) {
  const dsp_filling_task *task = c->task;
  const double level = task->base + task->fraction * f->rise.value, t_s = last_crossing(c, level);
  f->time = f->flow = (dsp_estimate){NAN, NAN};
  if (!isfinite(t_s)) return;
  const double slope = spline_slope(&c->shape, c->coef, t_s), time_s = t_s - task->onset_s, rise = f->rise.value;
  if (!(slope > 0) || !(time_s > 0)) return;
  double value[4], by_time[SPLINE_COLUMNS_MAX], by_flow[SPLINE_COLUMNS_MAX];
  const size_t first = spline_basis(&c->shape, t_s, value, NULL);
  for (size_t j = 0; j < c->k; j++) {
    const double here = j >= first && j < first + 4 ? value[j - first] : 0;
    by_time[j] = (task->fraction * rise_gradient[j] - here) / slope;
    by_flow[j] = rise_gradient[j] / rise - by_time[j] / time_s;
  }
  /* The base lowers the rise and, by (1 - fraction), raises the level that ends the time. */
  const double base_variance = task->base_se * task->base_se, onset_variance = task->onset_se_s * task->onset_se_s;
  const double time_by_base = (1 - task->fraction) / slope, flow_by_base = -1 / rise - time_by_base / time_s;
  const double time_by_rise = task->fraction / slope, flow_by_rise = 1 / rise - time_by_rise / time_s;
  f->time.value = time_s;
  f->time.se = sqrt(quadratic_form(c->cov, c->k, by_time) + time_by_base * time_by_base * base_variance +
                    time_by_rise * time_by_rise * rise_extra_variance + onset_variance);
  f->flow.value = task->fraction * rise / time_s;
  f->flow.se = f->flow.value * sqrt(quadratic_form(c->cov, c->k, by_flow) + flow_by_base * flow_by_base * base_variance +
                                    flow_by_rise * flow_by_rise * rise_extra_variance + onset_variance / (time_s * time_s));
}

/* The crossing of the exponential, where the recording ends before it. */
static void extrapolate_crossing(dsp_filling *f, const asymptote *e, const curve *c) {
  const dsp_filling_task *task = c->task;
  const double left = (1 - task->fraction) * f->rise.value, remaining = f->rise.value - f->observed.value;
  const double time_s = c->t1_s + e->tau_s * log(remaining / left) - task->onset_s;
  if (!(time_s > 0) || !isfinite(time_s)) return;
  f->time = (dsp_estimate){time_s, e->tau_s * f->rise.se / left};
  f->flow = (dsp_estimate){task->fraction * f->rise.value / time_s, NAN};
  f->flow.se = f->flow.value * fabs(f->rise.se / f->rise.value - f->time.se / time_s);
}

static void read_half(dsp_filling *f, const curve *c) {
  const dsp_filling_task *task = c->task;
  const double t_s = last_crossing(c, task->base + task->half * f->rise.value);
  f->time_half = (dsp_estimate){NAN, NAN};
  f->time_in_gap = !isfinite(t_s);
  if (!isfinite(t_s)) return;
  double value[4], g[SPLINE_COLUMNS_MAX] = {0};
  const double slope = spline_slope(&c->shape, c->coef, t_s);
  const size_t first = spline_basis(&c->shape, t_s, value, NULL);
  for (size_t j = 0; j < c->k; j++) g[j] = task->half * c->plateau[j];
  for (size_t j = 0; j < 4; j++) g[first + j] -= value[j];
  const double by_base = 1 - task->half;
  const double level_variance = quadratic_form(c->cov, c->k, g) + by_base * by_base * task->base_se * task->base_se;
  f->time_half.value = t_s - task->onset_s;
  f->time_half.se = sqrt(level_variance / (slope * slope) + task->onset_se_s * task->onset_se_s);
}

/* The observed plateau: the mean over its window, or the curve's end where it still rises. */
static void read_plateau(dsp_filling *f, curve *c) {
  const double from_s = c->t1_s - c->task->window_s;
  f->slope = (spline_value(&c->shape, c->coef, c->t1_s) - spline_value(&c->shape, c->coef, from_s)) / c->task->window_s;
  const double end = spline_value(&c->shape, c->coef, c->t1_s) - c->task->base;
  if (f->slope * c->task->window_s > c->task->tolerance * end) {
    double value[4];
    const size_t first = spline_basis(&c->shape, c->t1_s, value, NULL);
    memset(c->plateau, 0, sizeof c->plateau);
    for (size_t j = 0; j < 4; j++) c->plateau[first + j] = value[j];
  }
  double level = 0, squares = 0;
  for (size_t j = 0; j < c->k; j++) level += c->plateau[j] * c->coef[j];
  f->observed.value = level - c->task->base;
  f->observed.se = sqrt(quadratic_form(c->cov, c->k, c->plateau) + c->task->base_se * c->task->base_se);
  size_t n = 0;
  for (size_t i = c->task->from; i < c->task->to; i++) {
    const double t_s = (double)i / c->trace->rate_hz;
    if (t_s < from_s || !c->trace->ok[i]) continue;
    const double d = c->trace->x[i] - spline_value(&c->shape, c->coef, t_s);
    squares += d * d;
    n++;
  }
  f->spread = n > 1 ? sqrt(squares / (double)(n - 1)) : NAN;
}

/* The exponential through the end of the curve, begun as early as it still follows it. */
static dsp_status fit_late(asymptote *late, const curve *c, const dsp_noise *noise, double observed) {
  static const double starts[] = {0.4, 0.55, 0.7};
  static const double misfit_max = 3;
  const dsp_filling_task *task = c->task;
  const double half_s = last_crossing(c, task->base + 0.55 * observed), length_s = c->t1_s - task->onset_s;
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < sizeof starts / sizeof starts[0] && status == DSP_OK; i++) {
    const double start_s = fmax(c->t0_s, task->onset_s + starts[i] * length_s);
    const size_t from = (size_t)((half_s > start_s ? half_s : start_s) * c->trace->rate_hz);
    status = asymptote_fit(late, c->trace, noise, from, task->to);
    if (late->found && late->misfit < misfit_max) break;
  }
  return status;
}

/* How much of the asymptote's distance to believe. A leg that fills along an exponential is, half full, half as fast again as on average. A
 * leg that fills at an even rate (competent valves, steady inflow) shows no such curvature, then stops soon: its exponential points too
 * high. */
static double believed_remainder(const curve *c, double observed, double fitted, double fitted_se, bool exponential_throughout) {
  static const double even = 1.05, curved = 1.45, little = 0.015;
  if (exponential_throughout && fitted_se < 0.02 * observed) return fitted;
  /* A poorly known asymptote is pulled towards what a stand that was ended a little early leaves: 4 % +- 5 %. */
  const double usual = 0.04 * observed, usual_sd = 0.05 * observed;
  const double weight = usual_sd * usual_sd / (usual_sd * usual_sd + fitted_se * fitted_se);
  fitted = weight * fitted + (1 - weight) * fmin(fitted, usual);
  const double half_s = last_crossing(c, c->task->base + 0.5 * observed);
  if (!isfinite(half_s)) return fitted;
  const double ratio = spline_slope(&c->shape, c->coef, half_s) * (c->t1_s - c->task->onset_s) / observed;
  const double bend = fmax(0, fmin(1, (ratio - even) / (curved - even))), trust = bend * bend;
  /* One that is faster still at first has a slow tail, of which the end of the curve shows little yet. */
  const double tail = 1 + 0.6 * fmax(0, fmin(1, ratio - 1.7));
  return trust * tail * fitted + (1 - trust) * fmin(fitted, little * observed);
}

/* The mean of two estimates, weighted by their variances; the first alone when the second is not known. */
static dsp_estimate pooled(dsp_estimate a, dsp_estimate b) {
  if (!isfinite(b.value) || !(b.se > 0)) return a;
  const double wa = 1 / (a.se * a.se), wb = 1 / (b.se * b.se);
  return (dsp_estimate){(wa * a.value + wb * b.value) / (wa + wb), 1 / sqrt(wa + wb)};
}

/* Decide between the observed plateau and the asymptote, then time the crossing. */
static dsp_status read_rise(dsp_filling *f, const curve *c, const dsp_noise *noise) {
  const dsp_filling_task *task = c->task;
  asymptote late, whole;
  dsp_status status = fit_late(&late, c, noise, f->observed.value);
  if (status == DSP_OK) status = asymptote_fit(&whole, c->trace, noise, task->from, task->to);
  if (status != DSP_OK) return status;

  f->rise = f->observed;
  f->fitted = (dsp_estimate){NAN, NAN};
  read_crossing(f, c, c->plateau, 0);
  f->time_observed = f->time;
  double extra_variance = 0, none[SPLINE_COLUMNS_MAX] = {0};
  const double *gradient = c->plateau;
  if (late.found && late.a - task->base < 2 * f->observed.value) {
    f->fitted = (dsp_estimate){late.a - task->base, hypot(late.a_se, task->base_se)};
    const double fitted = f->fitted.value - f->observed.value,
                 remaining = believed_remainder(c, f->observed.value, fitted, late.a_se, whole.found && whole.misfit < 2);
    f->extrapolated = remaining > task->tolerance * f->observed.value && fitted > 2 * late.a_se;
    if (f->extrapolated) {
      /* The model's own error: a quarter of what it adds, and half of what was not believed. */
      const double model = 0.25 * remaining + 0.5 * (fitted - remaining);
      f->rise = pooled((dsp_estimate){f->observed.value + remaining, hypot(f->fitted.se, model)}, task->later);
      if (f->rise.value < f->observed.value) f->rise.value = f->observed.value;
      extra_variance = f->rise.se * f->rise.se;
      gradient = none;
    }
  }
  if (f->extrapolated) read_crossing(f, c, gradient, extra_variance);
  if (f->extrapolated && !isfinite(f->time.value)) extrapolate_crossing(f, &late, c);
  read_half(f, c);
  f->flow_fit = NAN;
  if (whole.found && whole.a > task->base) {
    const double rise = whole.a - task->base,
                 time_s = whole.t_ref_s + whole.tau_s * log(whole.b / ((1 - task->fraction) * rise)) - task->onset_s;
    if (time_s > 0) f->flow_fit = task->fraction * rise / time_s;
  }
  return DSP_OK;
}

dsp_status dsp_filling_read(dsp_filling *filling, const dsp_trace *trace, const dsp_noise *noise, const dsp_filling_task *task) {
  *filling = (dsp_filling){0};
  const double rate_hz = trace->rate_hz;
  if (task->to > trace->n || task->from >= task->to) return DSP_NO_SOLUTION;
  const size_t n = task->to - task->from;
  if ((double)n < 2 * rate_hz || n < 16) return DSP_NO_SOLUTION;

  dsp_filling_task fitting = *task;
  fitting.window_s = fmin(task->window_s, 0.35 * (double)n / rate_hz);
  curve c = {.trace = trace, .task = &fitting, .t0_s = (double)task->from / rate_hz, .t1_s = (double)(task->to - 1) / rate_hz};
  double *smooth = dsp_alloc(n, sizeof *smooth);
  dsp_status status = smooth ? dsp_median(smooth, trace->x + task->from, n, (size_t)(1.5 * rate_hz)) : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    const size_t window = (size_t)(fitting.window_s * rate_hz);
    double level = 0;
    for (size_t i = n - window; i < n; i++) level += smooth[i] / (double)window;
    const double rough = rough_crossing(smooth, n, rate_hz, task->base + task->fraction * (level - task->base));
    const double time_s = rough < 0 ? c.t1_s - task->onset_s : c.t0_s + rough - task->onset_s;
    if (level - task->base > 0)
      place_breaks(&c.shape, c.t0_s, c.t1_s, task->onset_s, fmax(time_s, 1));
    else
      status = DSP_NO_SOLUTION;
  }
  free(smooth);
  if (status == DSP_OK) status = fit_curve(&c, noise);
  if (status != DSP_OK) return status;
  read_plateau(filling, &c);
  if (!(filling->observed.value > 0)) return DSP_NO_SOLUTION;
  return read_rise(filling, &c, noise);
}
