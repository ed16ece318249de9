/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rest: mean (1 + m sin). Compression: half-sine. Reflux: raised-cosine rise, exponential decay, forced stop. Closing spike: half-sine cut
 * off at its top's far side, at 0.75 of its arch. After each a pause, then rest returns exponentially. */
#include <math.h>
#include <phantom/duplex_plan.h>
#include <phantom/rng.h>

enum { STREAM_TRIALS = 2 };
static const double pi = 3.14159265358979323846, spike_arch = 0.75;

dsp_duplex_plan dsp_duplex_schedule(const dsp_duplex_settings *s, uint64_t seed) {
  dsp_duplex_plan plan = {.s = *s, .n = (size_t)s->trials};
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_TRIALS);
  for (size_t k = 0; k < plan.n; k++) {
    dsp_duplex_trial *t = &plan.trial[k];
    const bool leaks = s->valve == DSP_DUPLEX_INCOMPETENT;
    double shift_s = s->cycle_jitter_s * dsp_rng_uniform(&rng);
    double strength = exp(s->variation * dsp_rng_normal(&rng)), leak = exp(s->variation * dsp_rng_normal(&rng));
    t->compress_s = s->lead_s + (double)k * s->cycle_s + shift_s;
    t->release_s = t->compress_s + s->compress_s + s->hold_s;
    t->onset_s = t->release_s + s->delay_s;
    t->stop_s = t->onset_s + (leaks ? s->stop_s : s->closure_s);
    t->augment_cm_s = s->augment_cm_s * strength;
    t->peak_cm_s = leaks ? s->prv_cm_s * leak : s->closure_cm_s * leak;
  }
  plan.end_s = s->lead_s + s->trials * s->cycle_s;
  return plan;
}

/* Speed of what follows the release, `t_s` after its onset. */
static double retrograde(const dsp_duplex_plan *plan, const dsp_duplex_trial *trial, double t_s) {
  const dsp_duplex_settings *s = &plan->s;
  if (s->valve == DSP_DUPLEX_COMPETENT) return trial->peak_cm_s * sin(pi * spike_arch * t_s / s->closure_s);
  if (t_s < s->rise_s) return trial->peak_cm_s * (1 - cos(pi * t_s / s->rise_s)) / 2;
  return trial->peak_cm_s * exp(-(t_s - s->rise_s) / s->tau_s);
}

double dsp_duplex_velocity(const dsp_duplex_plan *plan, double t_s) {
  const dsp_duplex_settings *s = &plan->s;
  double back = 1; /* how far the resting flow has come back */
  for (size_t k = plan->n; k-- > 0;) {
    const dsp_duplex_trial *trial = &plan->trial[k];
    if (t_s < trial->compress_s) continue;
    if (t_s < trial->compress_s + s->compress_s) return trial->augment_cm_s * sin(pi * (t_s - trial->compress_s) / s->compress_s);
    if (t_s < trial->onset_s) return 0;
    if (t_s < trial->stop_s) return -retrograde(plan, trial, t_s - trial->onset_s);
    double resting_s = t_s - trial->stop_s - s->quiet_s;
    if (resting_s <= 0) return 0;
    back = 1 - exp(-resting_s / s->recover_s);
    break;
  }
  return back * s->rest_cm_s * (1 + s->phasic * sin(2 * pi * s->breath_hz * t_s));
}

/* Rising part: speed = peak (1 - cos(pi x)) / 2, x from 0 to 1 in rise_s. */
static dsp_duplex_reflux reflux(const dsp_duplex_settings *s, const dsp_duplex_trial *trial, double threshold) {
  double peak = trial->peak_cm_s, stop_s = trial->stop_s - trial->onset_s;
  double x0 = acos(1 - 2 * threshold / peak) / pi, x1 = fmin(1, stop_s / s->rise_s);
  if (x0 >= x1) return (dsp_duplex_reflux){trial->onset_s, trial->onset_s, 0};
  double decay_s = fmax(0, fmin(stop_s - s->rise_s, s->tau_s * log(peak / threshold)));
  double rise_cm = peak * s->rise_s / 2 * ((x1 - x0) - (sin(pi * x1) - sin(pi * x0)) / pi);
  double decay_cm = peak * s->tau_s * (1 - exp(-decay_s / s->tau_s));
  return (dsp_duplex_reflux){trial->onset_s + x0 * s->rise_s, trial->onset_s + x1 * s->rise_s + decay_s, rise_cm + decay_cm};
}

/* The spike ends before it has come down to the threshold only when its last value is above it. */
static dsp_duplex_reflux spike(const dsp_duplex_settings *s, const dsp_duplex_trial *trial, double threshold) {
  double arch_s = s->closure_s / spike_arch, x0 = asin(threshold / trial->peak_cm_s) / pi, x1 = fmin(spike_arch, 1 - x0);
  double distance_cm = trial->peak_cm_s * arch_s / pi * (cos(pi * x0) - cos(pi * x1));
  return (dsp_duplex_reflux){trial->onset_s + x0 * arch_s, trial->onset_s + x1 * arch_s, distance_cm};
}

dsp_duplex_reflux dsp_duplex_reflux_at(const dsp_duplex_plan *plan, size_t k, double threshold_cm_s) {
  const dsp_duplex_trial *trial = &plan->trial[k];
  if (trial->peak_cm_s <= threshold_cm_s) return (dsp_duplex_reflux){trial->onset_s, trial->onset_s, 0};
  return plan->s.valve == DSP_DUPLEX_COMPETENT ? spike(&plan->s, trial, threshold_cm_s) : reflux(&plan->s, trial, threshold_cm_s);
}

double dsp_duplex_mean_share(const dsp_duplex_plan *plan) {
  return plan->s.profile / (plan->s.profile + 2);
}
