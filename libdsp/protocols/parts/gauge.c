/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strain-gauge calibration. A gauge that circles the limb changes its resistance as the segment changes its volume (dR/R = dV/V, Whitney),
 * so an electrical step of 1 % is 1 mL/100 mL; a gauge that is stretched by 1 % of its length has gained 2 % of volume. Which of the two a
 * step was must be stated: the wrong one is a factor of two. */
#include "gauge.h"

#include <dsp/order.h>
#include <math.h>

static const double volume_per_length = 2;

bool gauge_fits(const dsp_channel *channel, dsp_error *missing) {
  return part_role_fits(channel, DSP_ROLE_STRAIN, DSP_DIM_STRAIN, missing);
}

/* Size of the steps in the trace's unit per percent: the median over the marked steps; NaN without any. */
static double step_per_percent(unsigned *steps, const dsp_trace *trace, const dsp_recording *recording) {
  enum { STEPS_MAX = 32 };
  static const double apart_s = 0.3, before_s = 2.5, longest_s = 4, least_s = 1;
  double size[STEPS_MAX];
  *steps = 0;
  for (size_t i = 0; i < recording->n_events && *steps < STEPS_MAX; i++) {
    const dsp_event *e = &recording->events[i];
    if (e->kind != DSP_EVENT_CALIBRATION || !isfinite(e->percent) || e->percent == 0 || !(e->t_s >= 0)) continue;
    double to_s = e->t_s + (e->dur_s > 0 ? fmax(least_s, e->dur_s - 0.2) : longest_s);
    for (size_t k = i + 1; k < recording->n_events; k++)
      if (recording->events[k].t_s > e->t_s + least_s) to_s = fmin(to_s, recording->events[k].t_s - 0.2);
    const double before = part_mean(trace, fmax(0, e->t_s - before_s), e->t_s - apart_s / 2),
                 after = part_mean(trace, e->t_s + apart_s, to_s);
    if (isfinite(before) && isfinite(after) && after != before) size[(*steps)++] = (after - before) / e->percent;
  }
  return *steps ? dsp_order_median(size, *steps) : (double)NAN;
}

dsp_status gauge_calibrate_by(bool *known, double *factor, dsp_trace *trace, dsp_test *test, const dsp_recording *recording,
                              const dsp_channel *channel, double gap) {
  static const double agrees = 0.05;
  const bool in_strain = channel->unit && channel->unit->dimension == DSP_DIM_STRAIN;
  const double semantics = channel->cal_semantics == DSP_CAL_LENGTH_PCT ? volume_per_length : 1;
  unsigned steps;
  const double per_percent = step_per_percent(&steps, trace, recording);
  double scale = channel->polarity < 0 ? -1 : 1;
  if (in_strain) scale *= channel->unit->factor;
  if (in_strain && !steps) scale *= semantics;
  if (steps && channel->cal_semantics == DSP_CAL_UNKNOWN) dsp_flags_add(&test->flags, "cal_semantics_assumed");
  if (steps && !in_strain) {
    scale *= semantics / fabs(per_percent);
    dsp_flags_add(&test->flags, "gauge_calibrated");
  } else if (steps) {
    /* The trace has a scale already, and says volume: the steps must agree with it. */
    const double found = fabs(per_percent) * channel->unit->factor / semantics;
    const bool by_length = fabs(found * semantics - 1) <= agrees && semantics > 1;
    if (by_length) scale *= semantics;
    if (!by_length && fabs(found - 1) > agrees) dsp_flags_add(&test->flags, "gauge_scale_disagrees");
  }
  *known = in_strain || steps > 0;
  if (gap > 0) {
    scale /= 1 - gap;
    dsp_flags_add(&test->flags, "gauge_gap_corrected");
  }
  *factor = fabs(scale);
  for (size_t i = 0; i < trace->n; i++) trace->x[i] *= scale;
  if (steps && dsp_test_add_detail(test, "calibration_steps", "1", steps) != DSP_OK) return DSP_NO_MEMORY;
  return dsp_test_add_detail(test, "gauge_scale", "1", fabs(scale));
}

dsp_status gauge_calibrate(bool *known, dsp_trace *trace, dsp_test *test, const dsp_recording *recording, const dsp_channel *channel,
                           double gap) {
  double factor;
  return gauge_calibrate_by(known, &factor, trace, test, recording, channel, gap);
}
