/* SPDX-License-Identifier: GPL-3.0-or-later
 * Flow at rest: outside compressions and what follows them. */
#include "duplex_course.h"
#include "duplex_reading.h"

#include <dsp/filter.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>

static const double before_s = 0.4, after_s = 6, least_s = 3, breaths_s = 12;

/* Does sample i lie in or after a compression? */
static bool disturbed(const duplex_test *t, double t_s) {
  for (size_t p = 0; p < t->n_pushes; p++) {
    const duplex_push *push = &t->push[p];
    const double start_s = isfinite(push->start_s) ? push->start_s : push->release_s - 2;
    const double end_s = (push->release_marked ? push->release_s : push->start_s + 2) + after_s;
    if (t_s > start_s - before_s && t_s < end_s) return true;
  }
  return false;
}

/* Moving mean over half a second, so that speckle and pulses do not pass for breathing. */
static void smooth(double *y, const double *x, size_t n, size_t half) {
  double sum = 0;
  for (size_t i = 0; i < n + half; i++) {
    if (i < n) sum += x[i];
    if (i > 2 * half) sum -= x[i - 2 * half - 1];
    const size_t from = i > 2 * half ? i - 2 * half : 0, to = i < n ? i : n - 1;
    if (i >= half) y[i - half] = sum / (double)(to - from + 1);
  }
}

dsp_status duplex_read_rest(duplex_test *t) {
  const duplex_course *c = &t->course;
  t->rest_mean = t->rest_lowest = t->phasicity = (double)NAN;
  double *x = dsp_alloc(c->n, sizeof *x), *y = dsp_alloc(c->n, sizeof *y);
  dsp_status status = x && y ? DSP_OK : DSP_NO_MEMORY;
  size_t n = 0;
  double highest = 0;
  for (size_t i = 0; i < c->n && status == DSP_OK; i++)
    if (isfinite(c->mean[i]) && !disturbed(t, duplex_course_time(c, i))) {
      x[n++] = t->sign * (double)c->mean[i];
      highest += t->sign * (double)c->peak[i];
    }
  const size_t half = (size_t)(0.25 * c->rate_hz);
  if (n > 2 * half + 1 && (double)n >= least_s * c->rate_hz) {
    double mean = 0;
    smooth(y, x, n, half);
    for (size_t i = 0; i < n; i++) mean += y[i] / (double)n;
    dsp_order_sort(y, n);
    const double low = y[(size_t)(0.05 * (double)(n - 1))], high = y[(size_t)(0.95 * (double)(n - 1))];
    t->rest_mean = highest / (double)n;
    t->rest_lowest = y[(size_t)(0.01 * (double)(n - 1))];
    if ((double)n >= breaths_s * c->rate_hz && mean > 0) t->phasicity = (high - low) / mean;
  }
  free(x);
  free(y);
  return status;
}
