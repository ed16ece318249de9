/* SPDX-License-Identifier: GPL-3.0-or-later
 * The repeated-step model V[n+1] = V[n] (1 - e) + I: constant ejected fraction e and inflow I per step, so that the level at the start of
 * each contraction falls exponentially to I / e (walking model of Maleti, Lugli, Bergamo and Nicolaides 2025; algebra elementary). */
#include "stand.h"

#include <dsp/fit.h>
#include <math.h>

enum { STEPS_MAX = 64, LAGS_MAX = 512 };

/* Level at a contraction's start: a straight line through the 0.3 s before it, continued to it. */
static double level_at(const dsp_trace *trace, double t_s) {
  const size_t end = stand_index(trace, t_s), length = (size_t)(0.3 * trace->rate_hz) + 1, from = end > length ? end - length : 0;
  double n = 0, st = 0, sx = 0, stt = 0, stx = 0;
  for (size_t i = from; i <= end && i < trace->n; i++) {
    const double t = (double)i - t_s * trace->rate_hz;
    n++, st += t, sx += trace->x[i], stt += t * t, stx += t * trace->x[i];
  }
  const double determinant = n * stt - st * st;
  return determinant > 0 ? (sx * stt - st * stx) / determinant : (double)NAN;
}

/* Best steady level and amplitude for q = 1 - e; returns the sum of squares. */
static double project(double *steady, double *amplitude, const double *v, size_t n, double q) {
  double s1 = (double)n, sx = 0, sxx = 0, sy = 0, sxy = 0, x = 1;
  for (size_t i = 0; i < n; i++, x *= q) sx += x, sxx += x * x, sy += v[i], sxy += x * v[i];
  const double determinant = s1 * sxx - sx * sx;
  *amplitude = (s1 * sxy - sx * sy) / determinant;
  *steady = (sy - *amplitude * sx) / s1;
  double rss = 0;
  x = 1;
  for (size_t i = 0; i < n; i++, x *= q) {
    const double d = v[i] - *steady - *amplitude * x;
    rss += d * d;
  }
  return rss;
}

/* What breathing and the like leave in the mean of n levels, one a step: they do not show in the levels' scatter about each other. */
static double wandering(const dsp_noise *noise, size_t n, double step) {
  double r[LAGS_MAX], variance = 0;
  dsp_noise_autocovariance(r, LAGS_MAX, noise);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      const double lag = fabs((double)i - (double)j) * step + 0.5;
      variance += lag < LAGS_MAX ? r[(size_t)lag] : 0;
    }
  return sqrt(fmax(0, variance)) / (double)n;
}

dsp_status stand_fit_pump(stand_pump *pump, const dsp_trace *trace, const dsp_noise *noise, const stand_manoeuvre *series,
                          dsp_estimate base) {
  static const double marked_s = 0.03, seen_s = 0.1, filling_share = 0.5;
  pump->found = false;
  if (series->count < 5 || series->count > STEPS_MAX || !isfinite(series->cadence_hz)) return DSP_OK;
  double v[STEPS_MAX + 1];
  const size_t n = series->count;
  for (size_t i = 0; i < n; i++) v[i] = level_at(trace, series->start_s + (double)i / series->cadence_hz) - base.value;
  double low = 0.02, high = 0.98, steady, amplitude, best = INFINITY, q = NAN;
  for (int percent = 2; percent <= 98; percent += 2) {
    const double trial = 0.01 * percent, rss = project(&steady, &amplitude, v, n, trial);
    if (rss < best) best = rss, q = trial;
  }
  if (!isfinite(q)) return DSP_OK;
  low = fmax(0.005, q - 0.02), high = fmin(0.995, q + 0.02);
  for (int i = 0; i < 40; i++) {
    const double m1 = low + 0.382 * (high - low), m2 = low + 0.618 * (high - low);
    if (project(&steady, &amplitude, v, n, m1) < project(&steady, &amplitude, v, n, m2))
      high = m2;
    else
      low = m1;
  }
  q = 0.5 * (low + high);
  best = project(&steady, &amplitude, v, n, q);
  const double e = 1 - q, spread = fmax(sqrt(best / (double)(n - 3)), 0.5 * noise->sd[0]);
  if (!(amplitude > 4 * spread) || steady < -3 * spread) return DSP_OK;
  /* Curvature of the sum of squares gives the error of q; the steady level's is that of a mean of its few flat steps. */
  const double h = 0.01, up = project(&steady, &amplitude, v, n, fmin(q + h, 0.999)),
               down = project(&steady, &amplitude, v, n, fmax(q - h, 0.001));
  const double curvature = fmax((up + down - 2 * best) / (h * h), 1e-9);
  project(&steady, &amplitude, v, n, q);
  /* Few steps: Student's quantile stands for the normal one's. When each step began is known but roughly, and the leg fills meanwhile. */
  const double few = dsp_student_quantile(0.975, (double)n - 3) / dsp_student_quantile(0.975, INFINITY), flat = fmax(1, (double)n - 3);
  const double e_se = few * spread * sqrt(2 / curvature), inflow = e * steady, start_s = series->marked ? marked_s : seen_s;
  const double pace = fabs(inflow) * series->cadence_hz / filling_share, scatter = few * spread / sqrt(flat);
  const double common = wandering(noise, (size_t)flat, trace->rate_hz / series->cadence_hz);
  const double steady_se = hypot(hypot(scatter, common), hypot(base.se, pace * start_s));
  pump->e = (dsp_estimate){e, e_se};
  pump->inflow = (dsp_estimate){inflow, hypot(e * steady_se, steady * e_se)};
  pump->found = true;
  return DSP_OK;
}
