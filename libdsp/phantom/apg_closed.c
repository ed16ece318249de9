/* SPDX-License-Identifier: GPL-3.0-or-later
 * Closed-form legs: filling by one of four laws, contractions that expel a fixed share along a raised cosine, the repeated-step pump
 * V[n+1] = V[n] (1-e) + I (Stewart et al. walking model), exponential emptying when lying down.
 * Two filling components are carried as states and advanced exactly; a change of posture that takes time slows the clock of the law. */
#include <math.h>
#include <phantom/apg_closed.h>

static const double pi = 3.14159265358979323846;

size_t dsp_apg_index(double t_s) {
  return (size_t)llround(t_s / DSP_APG_STEP_S);
}

size_t dsp_apg_steps(const dsp_apg_plan *plan) {
  return dsp_apg_index(plan->end_s) + 1;
}

dsp_apg_plan dsp_apg_unlimited(const dsp_apg_plan *plan, double end_s) {
  dsp_apg_plan standing = *plan;
  standing.n = 0;
  standing.end_s = end_s;
  standing.lie_s = 2 * end_s;
  standing.series_end_s = 2 * end_s;
  return standing;
}

double dsp_apg_upright(const dsp_apg_plan *plan, double t_s) {
  if (t_s < plan->stand_s) return 0;
  if (t_s < plan->lie_s) return t_s - plan->stand_s < plan->rise_s ? (t_s - plan->stand_s) / plan->rise_s : 1;
  return t_s - plan->lie_s < plan->lower_s ? 1 - (t_s - plan->lie_s) / plan->lower_s : 0;
}

/* Let the filling law act for `ds` seconds of its own clock. */
static void fill(double s[2], const dsp_apg_closed *leg, double ds) {
  switch (leg->fill) {
  case DSP_APG_MONO:
    s[0] += (leg->vv_ml - s[0]) * -expm1(-ds / leg->tau1_s);
    break;
  case DSP_APG_BIEXP:
    s[0] += (leg->vv_ml * leg->share - s[0]) * -expm1(-ds / leg->tau1_s);
    s[1] += (leg->vv_ml * (1 - leg->share) - s[1]) * -expm1(-ds / leg->tau2_s);
    break;
  case DSP_APG_LINEAR:
    s[0] = fmin(leg->vv_ml, s[0] + leg->inflow_ml_s * ds);
    break;
  case DSP_APG_RAMP: {
    double half = s[0] + 0.5 * ds * leg->inflow_ml_s * (1 - pow(s[0] / leg->vv_ml, leg->knee));
    s[0] += ds * leg->inflow_ml_s * (1 - pow(half / leg->vv_ml, leg->knee));
    break;
  }
  }
}

static void scale_to(double s[2], double target_ml) {
  double sum = s[0] + s[1];
  if (sum <= 0) {
    s[0] = target_ml;
    return;
  }
  s[0] *= target_ml / sum;
  s[1] *= target_ml / sum;
}

/* Share of the ejection that is done at fraction x of the contraction. */
static double ejected(double x, double power) {
  return 0.5 * (1 - cos(pi * pow(fmin(x, 1), power)));
}

void dsp_apg_closed_run(double *v, size_t n, const dsp_apg_plan *plan, const dsp_apg_closed *leg) {
  size_t ejection_n = dsp_apg_index(plan->contraction_s * leg->ejection_share), next = 0, begin = 0;
  size_t series_end = dsp_apg_index(plan->series_end_s), stand = dsp_apg_index(plan->stand_s), lie = dsp_apg_index(plan->lie_s);
  double s[2] = {0, 0}, before[2] = {0, 0};
  for (size_t i = 0; i < n; i++) {
    v[i] = s[0] + s[1];
    if (i < stand) continue;
    if (next < plan->n && i == dsp_apg_index(plan->start_s[next])) {
      begin = i;
      before[0] = s[0];
      before[1] = s[1];
      next++;
    }
    double upright = dsp_apg_upright(plan, ((double)i + 0.5) * DSP_APG_STEP_S);
    if (next > 0 && i < begin + ejection_n) {
      double x = (double)(i + 1 - begin) / (double)ejection_n;
      double share = fmin(1, leg->ejection * plan->strength[next - 1]) * ejected(x, leg->ejection_power);
      s[0] = before[0] * (1 - share);
      s[1] = before[1] * (1 - share);
    } else if (i >= lie) {
      double left = exp(-DSP_APG_STEP_S * (1 - upright) / leg->lie_tau_s);
      s[0] *= left;
      s[1] *= left;
    } else if (leg->recursion && next > 1 && i < series_end) {
      /* The last step fills as fast as the one before it. */
      size_t step_end = next < plan->n ? dsp_apg_index(plan->start_s[next]) : 2 * begin - dsp_apg_index(plan->start_s[next - 2]);
      scale_to(s, s[0] + s[1] + leg->step_inflow_ml / (double)(step_end - begin - ejection_n));
    } else {
      fill(s, leg, DSP_APG_STEP_S * upright * (i >= series_end ? leg->hyperaemia : 1));
    }
  }
}
