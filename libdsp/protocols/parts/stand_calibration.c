/* SPDX-License-Identifier: GPL-3.0-or-later
 * Syringe calibration: each marked step is read before it and after its adiabatic heating has decayed (3 s), and regressed on the volume.
 */
#include "stand.h"

#include <math.h>

enum { STEPS_MAX = 32 };

static double mean_level(const dsp_trace *trace, double from_s, double to_s) {
  double sum = 0, n = 0;
  for (size_t i = stand_index(trace, from_s), end = stand_index(trace, to_s); i < end; i++) sum += trace->x[i], n++;
  return n > 0 ? sum / n : NAN;
}

/* Slope of y on x and the largest residual as a fraction of y's range. */
static void line(double *slope, double *residual, const double *x, const double *y, size_t n) {
  double mx = 0, my = 0, sxx = 0, sxy = 0, most = 0, low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < n; i++) mx += x[i] / (double)n, my += y[i] / (double)n;
  for (size_t i = 0; i < n; i++) sxx += (x[i] - mx) * (x[i] - mx), sxy += (x[i] - mx) * (y[i] - my);
  *slope = sxx > 0 ? sxy / sxx : NAN;
  for (size_t i = 0; i < n; i++) {
    most = fmax(most, fabs(y[i] - my - *slope * (x[i] - mx)));
    low = fmin(low, y[i]);
    high = fmax(high, y[i]);
  }
  *residual = high > low ? most / (high - low) : NAN;
}

void stand_calibrate(stand_calibration *calibration, const dsp_trace *trace, const dsp_recording *recording) {
  *calibration = (stand_calibration){.slope = NAN, .residual = NAN};
  double level[STEPS_MAX + 1], step[STEPS_MAX + 1] = {0}, total[STEPS_MAX + 1] = {0};
  size_t n = 0;
  for (size_t i = 0; i < recording->n_events && n < STEPS_MAX; i++) {
    const dsp_event *event = &recording->events[i];
    const bool inside = event->t_s >= 0 && event->t_s <= (double)trace->n / trace->rate_hz;
    if (event->kind != DSP_EVENT_CALIBRATION || !inside || !isfinite(event->volume_ml)) continue;
    double next_s = event->t_s + 8;
    for (size_t k = i + 1; k < recording->n_events; k++)
      if (recording->events[k].kind != DSP_EVENT_NOTE) {
        next_s = fmin(next_s, recording->events[k].t_s - 0.3);
        break;
      }
    if (n == 0) level[0] = mean_level(trace, event->t_s - 3, event->t_s - 0.3);
    n++;
    level[n] = mean_level(trace, fmin(event->t_s + 3, next_s - 1), next_s);
    step[n] = step[n - 1] + event->volume_ml;
    total[n] = event->volume_ml;
  }
  for (size_t i = 0; i <= n; i++)
    if (n == 0 || !isfinite(level[i])) return;
  calibration->steps = (unsigned)n;
  line(&calibration->slope, &calibration->residual, step, level, n + 1);
  double slope, residual;
  line(&slope, &residual, total, level, n + 1);
  if (n >= 3 && residual < 0.02 && calibration->residual > 0.05) {
    calibration->slope = slope;
    calibration->residual = residual;
    calibration->totals = true;
  }
}
