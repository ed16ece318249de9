/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where a stand was ended before its plateau, the same leg's later plateaus, after the single contraction and after the series, tell what
 * it was filling towards. Each is read as a filling curve of its own; they are pooled by their variances. */
#include "stand.h"

#include <math.h>

/* A later plateau is the first one's but for what the contractions leave behind: warmth, fluid, tone. */
static const double alike = 0.012;
static const double least_s = 10;

static void pool(double *weight, double *sum, double level, double se, double rise) {
  const double variance = se * se + alike * alike * rise * rise;
  if (!isfinite(level) || !(variance > 0)) return;
  *weight += 1 / variance;
  *sum += level / variance;
}

dsp_status stand_read_later(dsp_estimate *later, const stand_test *s) {
  const stand_phases *p = &s->phases;
  double weight = 0, sum = 0;
  *later = (dsp_estimate){NAN, NAN};
  for (size_t i = 0; i < p->n_singles; i++) {
    const double next_s = i + 1 < p->n_singles ? p->single[i + 1].start_s : p->series.count ? p->series.start_s : p->leave_s;
    if (!s->single_read[i] || next_s - s->single[i].clear_s < least_s) continue;
    const dsp_dip *dip = &s->single[i];
    const dsp_filling_task task = stand_refill_task(s, dip, next_s - 0.5);
    dsp_filling refill;
    const dsp_status status = dsp_filling_read(&refill, &s->coarse, &s->coarse_noise, &task);
    if (status == DSP_NO_MEMORY) return status;
    if (status == DSP_OK) pool(&weight, &sum, dip->lowest.value + refill.rise.value - s->v0.value, refill.rise.se, s->filling.rise.value);
  }
  if (s->series_read && s->refilled)
    pool(&weight, &sum, s->series.lowest.value + s->refill.rise.value - s->v0.value, s->refill.rise.se, s->filling.rise.value);
  if (weight > 0) *later = (dsp_estimate){sum / weight, hypot(1 / sqrt(weight), s->v0.se)};
  return DSP_OK;
}
