/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated standing air plethysmography: lying, standing up, one contraction, rest, a series, refill, lying again. The leg is run at 2 ms,
 * read for its truth, sampled at the recording's rate and only then disturbed. */
#include <dsp/phantom.h>
#include <math.h>
#include <phantom/apg_stand.h>
#include <phantom/apg_truth.h>
#include <stdio.h>
#include <stdlib.h>

enum { STREAM_WAIT = 4, STREAM_MARKERS = 5 };
static const double unlimited_s = 1200; /* a leg that is "left standing" */

static void run(double *v, size_t n, const dsp_apg_plan *plan, const dsp_apg_settings *s) {
  if (s->compartments)
    dsp_apg_model_run(v, n, plan, &s->model);
  else
    dsp_apg_closed_run(v, n, plan, &s->closed);
  for (size_t i = 0; i < n; i++) v[i] += s->baseline_ml;
}

/* The leg left standing; and with it, how long the technologist waits: a share of the true VFT90 for a cut stand, else until the trace is
 * flat. */
static dsp_status stand_unlimited(double **standing, size_t *n, dsp_apg_settings *s, uint64_t seed, dsp_error *error) {
  dsp_apg_plan plan = dsp_apg_schedule(s, seed);
  plan = dsp_apg_unlimited(&plan, plan.stand_s + unlimited_s);
  *n = dsp_apg_steps(&plan);
  *standing = dsp_alloc(*n, sizeof **standing);
  if (!*standing) return dsp_fail_memory(error);
  const double *v = *standing;
  run(*standing, *n, &plan, s);
  size_t onset = dsp_apg_index(plan.stand_s);
  double v0 = v[onset], vv = v[*n - 1] - v0;
  if (s->stand_cut > 0) s->stand_s = s->stand_cut * (dsp_apg_last_crossing(v, onset, *n - 1, v0 + 0.9 * vv) - plan.stand_s);
  if (s->randomised) {
    dsp_rng rng;
    dsp_rng_seed(&rng, seed, STREAM_WAIT);
    double flat_s = fmin(600, dsp_apg_last_crossing(v, onset, *n - 1, v0 + 0.985 * vv) - plan.stand_s);
    double wait_s = dsp_rng_between(&rng, 15, 50), rest = dsp_rng_between(&rng, 0.5, 1), refill = dsp_rng_between(&rng, 0.6, 1.1);
    if (s->stand_cut <= 0) s->stand_s = fmax(s->stand_s, flat_s + wait_s);
    s->rest_s = fmax(s->rest_s, rest * flat_s);
    s->refill_s = fmax(s->refill_s, refill * flat_s);
  }
  return DSP_OK;
}

static double sample(const double *v, size_t n, double t_s) {
  double at = t_s / DSP_APG_STEP_S;
  size_t i = (size_t)at;
  return i + 1 < n ? v[i] + (at - (double)i) * (v[i + 1] - v[i]) : v[n - 1];
}

/* Syringe steps: the air that is pushed in is warm at first, a tenth too much for about a second. */
static void add_calibration(double *x, size_t n, const dsp_apg_settings *s) {
  const double overshoot = 0.1, cooling_s = 1;
  for (size_t k = 0; s->calibration_steps > 0 && k <= s->calibration_steps; k++) {
    double start_s = dsp_apg_calibration_s(k), volume_ml = k < s->calibration_steps ? s->calibration_ml : -s->calibration_ml * (double)k;
    for (size_t i = (size_t)ceil(start_s * s->rate_hz); i < n; i++)
      x[i] += volume_ml * (1 + overshoot * exp(-((double)i / s->rate_hz - start_s) / cooling_s));
  }
}

static dsp_status add_calibration_events(dsp_recording *recording, const dsp_apg_settings *s) {
  for (size_t k = 0; k < s->calibration_steps; k++) {
    const dsp_event event = {.t_s = dsp_apg_calibration_s(k),
                             .kind = DSP_EVENT_CALIBRATION,
                             .volume_ml = s->calibration_ml,
                             .percent = (double)NAN,
                             .source = "simulated"};
    if (dsp_recording_add_event(recording, &event)) return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

static dsp_status add_events(dsp_recording *recording, const dsp_apg_plan *plan, const dsp_apg_settings *s, uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_MARKERS);
  const dsp_event events[] = {
      {.t_s = plan->stand_s, .kind = DSP_EVENT_STAND},
      {.t_s = plan->start_s[0], .kind = s->manoeuvre, .count = 1},
      {.t_s = plan->start_s[1], .dur_s = (double)s->count * plan->period_s, .kind = s->manoeuvre, .count = (unsigned)s->count},
      {.t_s = plan->lie_s, .kind = DSP_EVENT_SUPINE},
  };
  for (size_t k = 0; k < sizeof events / sizeof events[0]; k++) {
    dsp_event event = events[k];
    event.t_s = round(1000 * (event.t_s + s->sizes[DSP_N_MARKER_S] * dsp_rng_between(&rng, -1, 1))) / 1000;
    event.dur_s = round(1000 * event.dur_s) / 1000;
    event.volume_ml = event.percent = (double)NAN;
    event.source = "simulated";
    if (dsp_recording_add_event(recording, &event)) return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

static dsp_status describe(dsp_recording *recording, const dsp_apg_settings *s, uint64_t seed) {
  recording->name = "apg.stand";
  recording->format = "simulated";
  recording->protocol = "apg.stand";
  recording->device = "pleth simulate";
  recording->compression = s->compression;
  recording->subject_key = dsp_arena_printf(recording->arena, "sim-%06llu", (unsigned long long)seed);
  dsp_channel *channel = &recording->channels[0];
  channel->role = DSP_ROLE_VOLUME;
  channel->unit_as_written = "mL";
  channel->unit = dsp_role_unit(DSP_ROLE_VOLUME);
  channel->side = s->side;
  channel->site = "calf";
  return recording->subject_key ? DSP_OK : DSP_NO_MEMORY;
}

static dsp_status record(dsp_recording **out, const double *v, size_t n, const dsp_apg_plan *plan, const dsp_apg_settings *s, uint64_t seed,
                         dsp_error *error) {
  static const char *const names[] = {[DSP_SIDE_UNKNOWN] = "APG calf", [DSP_SIDE_LEFT] = "APG L calf", [DSP_SIDE_RIGHT] = "APG R calf"};
  size_t n_samples = (size_t)floor(plan->end_s * s->rate_hz);
  dsp_recording *recording = dsp_recording_new();
  double *x = dsp_alloc(n_samples, sizeof *x);
  if (!recording || !x) {
    free(x);
    goto fail;
  }
  for (size_t i = 0; i < n_samples; i++) x[i] = sample(v, n, (double)i / s->rate_hz);
  add_calibration(x, n_samples, s);
  dsp_nuisance_apply(x, n_samples, s->rate_hz, s->sizes, plan, seed);
  if (!dsp_recording_add_channel(recording, names[s->side], s->rate_hz, x, n_samples)) goto fail;
  if (describe(recording, s, seed)) goto fail;
  if (s->events && (add_calibration_events(recording, s) || add_events(recording, plan, s, seed))) goto fail;
  *out = recording;
  return DSP_OK;
fail:
  dsp_recording_free(recording);
  return dsp_fail_memory(error);
}

/* Custom rows can describe a leg that empties when it stands, or that 2 ms are too long a step for. */
static dsp_status check_leg(const double *v, size_t n, const dsp_apg_plan *plan, const dsp_apg_settings *s, dsp_error *error) {
  double most = s->baseline_ml + (s->compartments ? dsp_apg_model_capacity(&s->model) : s->closed.vv_ml);
  bool sane = v[dsp_apg_index(plan->start_s[0])] > v[dsp_apg_index(plan->stand_s)];
  for (size_t i = 0; i < n && sane; i++) sane = v[i] <= most + 1e-6 * fabs(most);
  return sane ? DSP_OK
              : dsp_fail(error, DSP_BAD_OPTION, "the leg", "one that fills when it stands, and not faster than it can be followed",
                         "an unphysical set of parameters");
}

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  dsp_apg_settings settings;
  double *standing = NULL, *v = NULL;
  size_t n_standing = 0;
  dsp_truth *made = NULL;
  dsp_status status = dsp_apg_settle(&settings, params, seed, error);
  if (!status && (settings.randomised || settings.stand_cut > 0)) status = stand_unlimited(&standing, &n_standing, &settings, seed, error);
  if (!status) {
    dsp_apg_plan plan = dsp_apg_schedule(&settings, seed);
    size_t n = dsp_apg_steps(&plan);
    v = dsp_alloc(n, sizeof *v);
    if (!v) {
      status = dsp_fail_memory(error);
    } else {
      run(v, n, &plan, &settings);
      status = check_leg(v, n, &plan, &settings, error);
      if (!status) status = dsp_apg_truth(&made, v, &plan, settings.stand_cut > 0 ? standing : NULL, n_standing, &settings, error);
      if (!status) status = record(recording, v, n, &plan, &settings, seed, error);
    }
  }
  if (status) {
    dsp_truth_free(made);
    made = NULL;
  }
  free(standing);
  free(v);
  *truth = made;
  return status;
}

const dsp_phantom dsp_phantom_apg_stand = {
    "apg.stand", "Standing air plethysmography of one leg", {"sim.apg.stand", dsp_apg_stand_rows, DSP_APG_STAND_ROWS}, make};
