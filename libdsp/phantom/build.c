/* SPDX-License-Identifier: GPL-3.0-or-later
 * Building blocks of the simulators, and the plain readings of a clean trace that several truths share. */
#include <math.h>
#include <phantom/build.h>
#include <phantom/rng.h>
#include <stdlib.h>

enum { STREAM_MARKERS = 5 };

dsp_status dsp_truth_put(dsp_truth *truth, const char *id, const char *unit, double value) {
  if (dsp_grow(&truth->values, &truth->values_capacity, truth->n_values + 1, sizeof *truth->values)) return DSP_NO_MEMORY;
  truth->values[truth->n_values++] = (dsp_detail){id, unit, value};
  return DSP_OK;
}

dsp_status dsp_truth_mark(dsp_truth *truth, const char *name, double t_s) {
  if (dsp_grow(&truth->landmarks, &truth->landmarks_capacity, truth->n_landmarks + 1, sizeof *truth->landmarks)) return DSP_NO_MEMORY;
  truth->landmarks[truth->n_landmarks++] = (dsp_landmark){name, t_s, t_s, t_s, "truth"};
  return DSP_OK;
}

void dsp_truth_free(dsp_truth *truth) {
  if (!truth) return;
  free(truth->values);
  free(truth->landmarks);
  dsp_arena_free(truth->arena);
  free(truth);
}

dsp_recording *dsp_phantom_recording(const char *protocol, uint64_t seed) {
  dsp_recording *recording = dsp_recording_new();
  if (!recording) return NULL;
  recording->name = protocol;
  recording->format = "simulated";
  recording->protocol = protocol;
  recording->device = "pleth simulate";
  recording->subject_key = dsp_arena_printf(recording->arena, "sim-%06llu", (unsigned long long)seed);
  if (recording->subject_key) return recording;
  dsp_recording_free(recording);
  return NULL;
}

dsp_status dsp_phantom_begin(dsp_phantom_work *work, const char *protocol, uint64_t seed, size_t n, double step_s) {
  *work = (dsp_phantom_work){.recording = dsp_phantom_recording(protocol, seed),
                             .truth = dsp_zalloc(1, sizeof *work->truth),
                             .v = dsp_zalloc(n, sizeof *work->v),
                             .n = n};
  if (!work->recording || !work->truth || !work->v) return DSP_NO_MEMORY;
  work->truth->step_s = step_s;
  return DSP_OK;
}

dsp_status dsp_phantom_end(dsp_phantom_work *work, dsp_status status, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  free(work->v);
  if (status != DSP_OK) {
    dsp_recording_free(work->recording);
    dsp_truth_free(work->truth);
    return dsp_fail_memory(error);
  }
  *recording = work->recording;
  *truth = work->truth;
  return DSP_OK;
}

void dsp_phantom_swing(double *v, size_t n, double step_s, double start_s, double size, double length_s) {
  static const double swing_hz = 1.2, pi = 3.14159265358979323846;
  for (size_t i = (size_t)llround(start_s / step_s); i < n; i++) {
    const double t_s = (double)i * step_s - start_s;
    if (t_s > 6 * length_s) break;
    v[i] += size * exp(-t_s / length_s) * sin(2 * pi * swing_hz * t_s);
  }
}

double dsp_phantom_at(const double *v, size_t n, double step_s, double t_s) {
  const double at = t_s / step_s;
  if (!(at > 0)) return v[0];
  const size_t i = (size_t)at;
  return i + 1 < n ? v[i] + (at - (double)i) * (v[i + 1] - v[i]) : v[n - 1];
}

dsp_channel *dsp_phantom_channel(dsp_recording *recording, const char *name, dsp_role role, dsp_side side, double rate_hz, const double *v,
                                 size_t n, double step_s, const double *sizes, uint64_t seed) {
  const double end_s = (double)(n - 1) * step_s;
  const dsp_apg_plan plan = {.end_s = end_s};
  const size_t n_samples = (size_t)floor(end_s * rate_hz);
  double *x = dsp_alloc(n_samples, sizeof *x);
  if (!x) return NULL;
  for (size_t i = 0; i < n_samples; i++) x[i] = dsp_phantom_at(v, n, step_s, (double)i / rate_hz);
  if (sizes) dsp_nuisance_apply(x, n_samples, rate_hz, sizes, &plan, seed);
  dsp_channel *channel = dsp_recording_add_channel(recording, name, rate_hz, x, n_samples);
  if (!channel) return NULL;
  channel->role = role;
  channel->unit = dsp_role_unit(role);
  channel->unit_as_written = channel->unit ? channel->unit->ucum : NULL;
  channel->side = side;
  return channel;
}

dsp_channel *dsp_phantom_calf(dsp_recording *recording, dsp_role role, dsp_side side, double rate_hz, const double *v, size_t n,
                              double step_s, const double *sizes, uint64_t seed) {
  const char *name =
      dsp_arena_printf(recording->arena, "%s %s calf", role == DSP_ROLE_VOLUME ? "APG" : "SGP", side == DSP_SIDE_LEFT ? "L" : "R");
  dsp_channel *channel = name ? dsp_phantom_channel(recording, name, role, side, rate_hz, v, n, step_s, sizes, seed) : NULL;
  if (channel) channel->site = "calf";
  return channel;
}

dsp_status dsp_phantom_event(dsp_recording *recording, dsp_event_kind kind, double t_s, double dur_s, unsigned count, double off_s,
                             uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_MARKERS + 1000 * (recording->n_events + 1));
  const dsp_event event = {.t_s = round(1000 * (t_s + off_s * dsp_rng_between(&rng, -1, 1))) / 1000,
                           .dur_s = round(1000 * dur_s) / 1000,
                           .kind = kind,
                           .count = count,
                           .volume_ml = (double)NAN,
                           .percent = (double)NAN,
                           .source = "simulated"};
  return dsp_recording_add_event(recording, &event);
}

double dsp_phantom_steepest_fall(const double *v, size_t n, double step_s, double from_s, double to_s, double window_s) {
  const size_t from = (size_t)llround(from_s / step_s), to = (size_t)llround(to_s / step_s), w = (size_t)llround(window_s / step_s);
  double best = 0;
  for (size_t i = from; i + w <= to && i + w < n; i++) {
    double sxy = 0, sxx = 0;
    for (size_t k = 0; k <= w; k++) {
      const double t = ((double)k - 0.5 * (double)w) * step_s;
      sxy += t * v[i + k];
      sxx += t * t;
    }
    best = fmax(best, -sxy / sxx);
  }
  return best;
}

double dsp_phantom_lasting_fall(const double *v, double step_s, double from_s, double to_s, double level) {
  size_t i = (size_t)llround(to_s / step_s);
  const size_t from = (size_t)llround(from_s / step_s);
  if (v[i] > level) return (double)NAN;
  while (i > from && v[i - 1] <= level) i--;
  if (i == from) return from_s;
  return ((double)i - (level - v[i]) / (v[i - 1] - v[i])) * step_s;
}
