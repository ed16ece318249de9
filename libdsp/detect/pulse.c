/* SPDX-License-Identifier: GPL-3.0-or-later
 * The average beat of a pulse trace and its shape.
 *
 * Method: each beat from a little before its foot to the next, freed of the straight line through its two feet, sampled on one clock that
 * counts from the foot; beats of odd length or shape are left out; the shape is read from the mean of the others, the foot by intersecting
 * tangents. The down-stroke of a pulse without reflected wave bends ever less: a second derivative that falls and rises again behind its
 * maximum is the notch. Errors by the jackknife (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 11). */
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <dsp/pulse.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AMPLITUDE, CREST, SLOPE, WIDTH, BEND, NOTCH, FOOT, FEATURES };

static const double lead_part = 0.15;   /* of the period, kept before the foot */
static const double length_part = 0.25; /* a beat's length may differ so much from the median */
static const double slope_s = 0.03;     /* window of the first derivative */
static const double bend_s = 0.06;      /* of the second */

typedef struct beat_set {
  double *x; /* beat b at x[b * n] */
  size_t n, lead, count;
  double rate_hz;
} beat_set;

static double at(const dsp_signal *s, double t_s) {
  const double i = (t_s - s->t0_s) * s->rate_hz, whole = floor(i);
  const size_t k = (size_t)whole;
  return k + 1 < s->n ? s->x[k] + (i - whole) * (s->x[k + 1] - s->x[k]) : s->x[s->n - 1];
}

static double median_period(double *scratch, const dsp_beat *beats, size_t n) {
  for (size_t i = 0; i + 1 < n; i++) scratch[i] = beats[i + 1].foot_s - beats[i].foot_s;
  return dsp_order_median(scratch, n - 1);
}

/* Copy the beats of usual length that lie whole in the signal. */
static void cut(beat_set *set, const dsp_signal *s, const dsp_beat *beats, size_t n_beats, double period_s) {
  const double lead_s = (double)set->lead / s->rate_hz, length_s = (double)(set->n - set->lead) / s->rate_hz;
  const double end_s = s->t0_s + (double)(s->n - 1) / s->rate_hz;
  for (size_t b = 0; b + 1 < n_beats; b++) {
    const double foot_s = beats[b].foot_s, next_s = beats[b + 1].foot_s;
    if (fabs(next_s - foot_s - period_s) > length_part * period_s) continue;
    if (foot_s - lead_s < s->t0_s || foot_s + length_s > end_s || next_s > end_s) continue;
    const double base = at(s, foot_s), trend = (at(s, next_s) - base) / (next_s - foot_s);
    double *x = set->x + set->count++ * set->n;
    for (size_t i = 0; i < set->n; i++) {
      const double t_s = ((double)i - (double)set->lead) / s->rate_hz;
      x[i] = at(s, foot_s + t_s) - base - trend * t_s;
    }
  }
}

static double correlation(const double *a, const double *b, size_t n) {
  double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < n; i++) ma += a[i] / (double)n, mb += b[i] / (double)n;
  for (size_t i = 0; i < n; i++) {
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* Leave out beats that do not look like the median beat. `column` has room for every beat, `usual` for one. */
static void reject(beat_set *set, double *column, double *usual, double least_correlation) {
  for (size_t i = 0; i < set->n; i++) {
    for (size_t b = 0; b < set->count; b++) column[b] = set->x[b * set->n + i];
    usual[i] = dsp_order_median(column, set->count);
  }
  size_t kept = 0;
  for (size_t b = 0; b < set->count; b++) {
    if (correlation(set->x + b * set->n, usual, set->n) < least_correlation) continue;
    if (kept != b) memcpy(set->x + kept * set->n, set->x + b * set->n, set->n * sizeof *set->x);
    kept++;
  }
  set->count = kept;
}

/* Distance from sample i to the vertex of the parabola through it and its neighbours. */
static double vertex(const double *x, size_t i, size_t n) {
  if (i == 0 || i + 1 >= n) return 0;
  const double bend = x[i - 1] - 2 * x[i] + x[i + 1];
  return bend < 0 ? 0.5 * (x[i - 1] - x[i + 1]) / bend : 0;
}

static double crossing(const double *x, size_t from, size_t to, double level) {
  const int step = to > from ? 1 : -1;
  for (size_t i = from; i != to; i = (size_t)((long long)i + step)) {
    const size_t next = (size_t)((long long)i + step);
    if ((x[i] - level) * (x[next] - level) <= 0 && x[i] != x[next]) return (double)i + step * (x[i] - level) / (x[i] - x[next]);
  }
  return (double)NAN;
}

/* Derivative of n samples over about `window_s`, cubic Savitzky-Golay. */
static dsp_status derive(double *y, const double *x, size_t n, unsigned order, double window_s, double rate_hz) {
  const unsigned half = (unsigned)fmax(2, round(0.5 * window_s * rate_hz));
  dsp_error ignored = {DSP_OK};
  return dsp_savgol(y, x, n, 2 * half + 1, 3, order, 1 / rate_hz, &ignored);
}

/* The notch on the down-stroke: highest second derivative, how far it falls behind that, and by how much it rises again. */
static dsp_status find_notch(double *features, const double *x, size_t n, size_t peak, size_t end, double rate_hz) {
  const size_t half = (size_t)fmax(2, round(0.5 * bend_s * rate_hz)), window = 2 * half + 1;
  features[BEND] = features[NOTCH] = (double)NAN;
  if (end > n || end < peak + 2 * window || n < window) return DSP_OK;
  double *bend = dsp_alloc(n, sizeof *bend);
  if (!bend) return DSP_NO_MEMORY;
  const dsp_status status = derive(bend, x, n, 2, bend_s, rate_hz);
  double deepest = 0;
  for (size_t top = peak + 1; status == DSP_OK && top + 1 < end; top++) {
    if (bend[top] <= 0 || bend[top] < bend[top - 1] || bend[top] < bend[top + 1]) continue;
    double least = bend[top], fall = 0;
    for (size_t i = top + 1; i < end; i++) { /* the smaller of the fall to a later minimum and of the rise behind it */
      if (bend[i] > bend[top]) break;
      least = fmin(least, bend[i]);
      fall = fmax(fall, fmin(bend[top] - least, bend[i] - least));
    }
    if (fall <= deepest) continue;
    deepest = fall;
    features[BEND] = fall;
    features[NOTCH] = (double)top;
  }
  free(bend);
  return status;
}

/* Shape of one averaged beat whose feet are near sample `lead`; times in samples. */
static dsp_status read_shape(double features[FEATURES], const double *x, size_t n, size_t lead, double period, double rate_hz) {
  for (size_t i = 0; i < FEATURES; i++) features[i] = (double)NAN;
  const size_t end = lead + (size_t)(0.75 * period) < n ? lead + (size_t)(0.75 * period) : n;
  size_t peak = lead, steep = lead, least;
  for (size_t i = lead; i < end; i++)
    if (x[i] > x[peak]) peak = i;
  double steepest = 0, *slope = dsp_alloc(n, sizeof *slope);
  if (!slope) return DSP_NO_MEMORY;
  const dsp_status status = derive(slope, x, n, 1, slope_s, rate_hz);
  for (size_t i = 1; i < peak && status == DSP_OK; i++)
    if (slope[i] / rate_hz > steepest) steepest = slope[i] / rate_hz, steep = i;
  free(slope);
  if (!(steepest > 0) || peak == lead) return status == DSP_NO_MEMORY ? status : DSP_OK;
  least = steep;
  for (size_t i = steep; i > 0; i--)
    if (x[i - 1] < x[least]) least = i - 1;
  const double foot = (double)steep - fmin((x[steep] - x[least]) / steepest, (double)(steep - least)), shift = vertex(x, peak, n);
  const double amplitude = x[peak] - x[least];
  features[AMPLITUDE] = amplitude;
  features[CREST] = (double)peak + shift - foot;
  features[SLOPE] = steepest * rate_hz;
  features[WIDTH] = crossing(x, peak, n - 1, x[least] + 0.5 * amplitude) - crossing(x, peak, 0, x[least] + 0.5 * amplitude);
  features[FOOT] = foot;
  return find_notch(features, x, n, peak, end, rate_hz);
}

static void mean_without(double *mean, const double *sum, const double *beat, size_t n, size_t count) {
  for (size_t i = 0; i < n; i++) mean[i] = beat ? (sum[i] - beat[i]) / (double)(count - 1) : sum[i] / (double)count;
}

/* Features of the mean, and their jackknife errors. */
static dsp_status read_all(double value[FEATURES], double se[FEATURES], double *mean, const beat_set *set, double *sum, double period) {
  memset(sum, 0, set->n * sizeof *sum);
  for (size_t b = 0; b < set->count; b++)
    for (size_t i = 0; i < set->n; i++) sum[i] += set->x[b * set->n + i];
  double total[FEATURES] = {0}, squares[FEATURES] = {0};
  dsp_status status = DSP_OK;
  mean_without(mean, sum, NULL, set->n, set->count);
  status = read_shape(value, mean, set->n, set->lead, period, set->rate_hz);
  for (size_t b = 0; b < set->count && status == DSP_OK; b++) {
    double left[FEATURES];
    mean_without(mean, sum, set->x + b * set->n, set->n, set->count);
    status = read_shape(left, mean, set->n, set->lead, period, set->rate_hz);
    for (size_t f = 0; f < FEATURES; f++) {
      total[f] += left[f] - value[f];
      squares[f] += (left[f] - value[f]) * (left[f] - value[f]);
    }
  }
  const double n = (double)set->count;
  for (size_t f = 0; f < FEATURES; f++) se[f] = sqrt(fmax(0, (n - 1) / n * (squares[f] - total[f] * total[f] / n)));
  mean_without(mean, sum, NULL, set->n, set->count);
  return status;
}

void dsp_pulse_clear(dsp_pulse *pulse) {
  free(pulse->mean);
  *pulse = (dsp_pulse){0};
}

static void fill(dsp_pulse *pulse, const double *value, const double *se, const beat_set *set, double period_s) {
  static const double between = 0.3; /* samples that interpolation between them may be off */
  const double rate_hz = set->rate_hz, per_period = period_s * period_s / value[AMPLITUDE];
  pulse->foot = (size_t)fmax(0, round(value[FOOT]));
  pulse->amplitude = (dsp_estimate){value[AMPLITUDE], se[AMPLITUDE]};
  pulse->crest_s = (dsp_estimate){value[CREST] / rate_hz, hypot(se[CREST], between) / rate_hz};
  pulse->slope = (dsp_estimate){value[SLOPE], se[SLOPE]};
  pulse->half_width_s = (dsp_estimate){value[WIDTH] / rate_hz, se[WIDTH] / rate_hz};
  pulse->bend = (dsp_estimate){value[BEND] * per_period, se[BEND] * per_period};
  pulse->notch_s = (value[NOTCH] - value[FOOT]) / rate_hz;
}

dsp_status dsp_pulse_average(dsp_pulse *pulse, const dsp_signal *signal, const dsp_beat *beats, size_t n_beats, size_t least_beats,
                             double least_correlation, dsp_error *error) {
  *pulse = (dsp_pulse){.rate_hz = signal->rate_hz};
  if (n_beats < least_beats + 1 || least_beats < 3) return dsp_fail(error, DSP_NO_SOLUTION, "pulse", "more beats", "%zu beats", n_beats);
  beat_set set = {.rate_hz = signal->rate_hz};
  double *scratch = dsp_alloc(n_beats, sizeof *scratch), *sum = NULL, *usual = NULL;
  dsp_status status = scratch ? DSP_OK : DSP_NO_MEMORY;
  const double period_s = scratch ? median_period(scratch, beats, n_beats) : 1;
  set.lead = (size_t)(lead_part * period_s * signal->rate_hz);
  set.n = set.lead + (size_t)(period_s * signal->rate_hz);
  if (status == DSP_OK && set.n < 16) status = DSP_NO_SOLUTION;
  if (status == DSP_OK) {
    set.x = dsp_alloc(n_beats, set.n * sizeof *set.x);
    pulse->mean = dsp_alloc(set.n, sizeof *pulse->mean);
    sum = dsp_alloc(set.n, sizeof *sum);
    usual = dsp_alloc(set.n, sizeof *usual);
    if (!set.x || !pulse->mean || !sum || !usual) status = DSP_NO_MEMORY;
  }
  if (status == DSP_OK) {
    cut(&set, signal, beats, n_beats, period_s);
    if (set.count > 0) reject(&set, scratch, usual, least_correlation);
    pulse->n = set.n;
    pulse->n_beats = set.count;
    pulse->n_rejected = n_beats - 1 - set.count;
    if (set.count < least_beats) status = DSP_NO_SOLUTION;
  }
  double value[FEATURES], se[FEATURES];
  if (status == DSP_OK) status = read_all(value, se, pulse->mean, &set, sum, period_s * signal->rate_hz);
  if (status == DSP_OK && !isfinite(value[AMPLITUDE])) status = DSP_NO_SOLUTION;
  if (status == DSP_OK) {
    fill(pulse, value, se, &set, period_s);
    for (size_t b = 0; b + 1 < n_beats; b++) scratch[b] = beats[b + 1].foot_s - beats[b].foot_s;
    pulse->period_s = (dsp_estimate){period_s, dsp_order_sigma(scratch, n_beats - 1, period_s) / sqrt((double)(n_beats - 1))};
  }
  free(scratch);
  free(sum);
  free(usual);
  free(set.x);
  if (status == DSP_OK) return DSP_OK;
  dsp_pulse_clear(pulse);
  return status == DSP_NO_MEMORY
             ? dsp_fail_memory(error)
             : dsp_fail(error, status, "pulse", "at least so many alike beats as asked for", "too few or too short beats");
}
