/* SPDX-License-Identifier: GPL-3.0-or-later
 * The exponential through a stretch of a filling curve: variable projection (Golub and Pereyra 1973) on a sieve of its samples, then two
 * Gauss-Newton steps under the coloured noise, whose covariance is the fit's. */
#include "asymptote.h"

#include <core/lanes.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

/* Every few samples of a stretch, at even distances; a missing one has weight 0. */
enum { SIEVED_MAX = 304, LANES = 4 };
typedef struct sieve {
  double weight[SIEVED_MAX], y[SIEVED_MAX]; /* filled up with zeros to whole lanes */
  size_t n;
  double step_s, count, sy, syy;
} sieve;

static void sift(sieve *s, const dsp_trace *trace, size_t from, size_t to) {
  const size_t stride = (to - from) / 300 + 1;
  *s = (sieve){.step_s = (double)stride / trace->rate_hz};
  for (size_t i = from; i < to; i += stride, s->n++) {
    if (!trace->ok[i]) continue;
    const double y = trace->x[i];
    s->weight[s->n] = 1, s->y[s->n] = y;
    s->count++, s->sy += y, s->syy += y * y;
  }
}

/* Sums of the exponential, of its square and of its product with the samples; it goes on by a constant factor. */
DSP_LANES static void exponential_sums(double sum[3], const sieve *s, double tau_s) {
  dsp_lanes x = {0}, by_lane[3] = {{0}};
  for (int k = 0; k < LANES; k++) x[k] = exp(-(double)k * s->step_s / tau_s);
  const double factor = exp(-(double)LANES * s->step_s / tau_s);
  for (size_t i = 0; i < s->n; i += LANES) {
    const dsp_lanes here = *(const dsp_lanes *)(s->weight + i) * x;
    by_lane[0] += here;
    by_lane[1] += here * here;
    by_lane[2] += here * *(const dsp_lanes *)(s->y + i);
    x *= factor;
  }
  for (size_t q = 0; q < 3; q++) sum[q] = (by_lane[q][0] + by_lane[q][1]) + (by_lane[q][2] + by_lane[q][3]);
}

/* Sum of squares of the samples about the best a - b exp for this tau; sets a and b. */
static double exponential_rss(asymptote *e, const sieve *s, double tau_s) {
  double sum[3];
  exponential_sums(sum, s, tau_s);
  const double n = s->count, sx = sum[0], sxx = sum[1], sxy = sum[2], determinant = n * sxx - sx * sx;
  if (n < 5 || determinant <= 0) return INFINITY;
  const double slope = (n * sxy - sx * s->sy) / determinant;
  e->a = (s->sy - slope * sx) / n;
  e->b = -slope;
  e->tau_s = tau_s;
  return s->syy - e->a * s->sy - slope * sxy;
}

/* Error of the asymptote: the Jacobian of the exponential regressed under the noise; one Gauss-Newton step is taken with it. The last one
 * also judges by a fourth column whether the curve bends otherwise. */
static dsp_status exponential_refine(asymptote *e, const dsp_trace *trace, const dsp_noise *noise, size_t from, size_t to, bool judge) {
  const size_t n = to - from;
  double *design = dsp_alloc(n, 4 * sizeof *design), *residual = dsp_alloc(n, sizeof *residual), step[4], cov[16], variance;
  dsp_status status = design && residual ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    for (size_t i = 0; i < n; i++) {
      const double t_s = (double)(from + i) / trace->rate_hz - e->t_ref_s, x = exp(-t_s / e->tau_s);
      design[i] = 1;
      design[n + i] = -x;
      design[2 * n + i] = -e->b * x * t_s / e->tau_s; /* by ln tau */
      design[3 * n + i] = e->b * x * (t_s / e->tau_s) * (t_s / e->tau_s);
      residual[i] = trace->x[from + i] - (e->a - e->b * x);
    }
    if (judge) status = dsp_noise_regress(noise, step, cov, &variance, residual, trace->ok + from, n, design, 4, 0.3);
    if (judge) e->misfit = status == DSP_OK ? fabs(step[3]) / sqrt(cov[15]) : 0;
    if (status != DSP_NO_MEMORY) status = dsp_noise_regress(noise, step, cov, &variance, residual, trace->ok + from, n, design, 3, 0.3);
  }
  if (status == DSP_OK) {
    const double limit = 0.3, shrink = fabs(step[2]) > limit ? limit / fabs(step[2]) : 1;
    e->a += shrink * step[0];
    e->b += shrink * step[1];
    e->tau_s *= exp(shrink * step[2]);
    e->a_se = sqrt(cov[0]);
    e->found = e->b > 0 && isfinite(e->a);
  }
  free(design);
  free(residual);
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* Variable projection: tau by a logarithmic scan and golden section, a and b by least squares; then two steps under the noise. */
dsp_status asymptote_fit(asymptote *e, const dsp_trace *trace, const dsp_noise *noise, size_t from, size_t to) {
  *e = (asymptote){.t_ref_s = (double)from / trace->rate_hz};
  const double length_s = (double)(to - from) / trace->rate_hz;
  sieve sieved;
  sift(&sieved, trace, from, to);
  double best = INFINITY, low = 0, high = 0;
  enum { STEPS = 24 };
  const double ratio = pow(120, 1.0 / STEPS), first_s = length_s / 40;
  for (int i = 0; i <= STEPS; i++) {
    const double tau_s = first_s * pow(ratio, i), rss = exponential_rss(e, &sieved, tau_s);
    if (rss >= best) continue;
    best = rss;
    low = tau_s / ratio;
    high = tau_s * ratio;
  }
  if (!isfinite(best)) return DSP_OK;
  for (int i = 0; i < 24; i++) {
    const double m1 = low + 0.382 * (high - low), m2 = low + 0.618 * (high - low);
    if (exponential_rss(e, &sieved, m1) < exponential_rss(e, &sieved, m2))
      high = m2;
    else
      low = m1;
  }
  if (!isfinite(exponential_rss(e, &sieved, 0.5 * (low + high)))) return DSP_OK;
  dsp_status status = DSP_OK;
  for (int i = 0; i < 2 && status == DSP_OK; i++) status = exponential_refine(e, trace, noise, from, to, i == 1);
  return status;
}
