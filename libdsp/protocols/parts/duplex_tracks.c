/* SPDX-License-Identifier: GPL-3.0-or-later
 * From Doppler audio to courses of velocity, in Hz: a coarse pass over everything, fine passes where it matters. */
#include "duplex_audio.h"

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>

enum { OVERVIEW_MAX = 1000000, CHUNK = 512 };

static double jump_cost(const duplex_audio *a, size_t states) {
  return 0.5 * log((double)states / a->params[P_FALSE_ALARM]);
}

typedef struct overview {
  float *ratio, *kept;
  unsigned short *state;
  double strength[SHAPE_FRAMES * 4]; /**< power of fast flow */
  size_t n_strengths;
  size_t clear; /**< spectra that no noise would give */
} overview;

static dsp_status overview_chunk(duplex_audio *a, overview *o, duplex_course *course, size_t first, size_t frames, size_t hop,
                                 dsp_error *error) {
  static const float clear = 15; /* nats */
  const size_t states = 1 + 2 * dsp_flow_model_steps(a->model);
  const double lowest = duplex_audio_lowest_hz(a), fast_hz = fmax(250, 3 * (isfinite(lowest) ? lowest : 250));
  dsp_status status = duplex_frames_rate(a, o->ratio, o->kept, (uint64_t)first * hop, frames, hop, error);
  if (status == DSP_OK && dsp_flow_track(o->state, o->ratio, frames, (states - 1) / 2, 0.4, jump_cost(a, states)) != DSP_OK)
    status = dsp_fail_memory(error);
  for (size_t f = 0; f < frames && status == DSP_OK; f++) {
    const double hz = dsp_flow_model_hz(a->model, o->state[f]);
    double sum = 0, moment = 0;
    if (a->sort[f] != DSP_SPECTRUM_GOOD) continue;
    course->peak[first + f] = (float)hz;
    course->mean[first + f] = (float)(hz * dsp_flow_model_mean_share(a->model));
    if (o->ratio[f * states + o->state[f]] < clear) continue;
    o->clear++;
    if (!(fabs(hz) > fast_hz)) continue;
    if (f > 0 && f + 1 < frames && o->state[f - 1] == o->state[f] && o->state[f + 1] == o->state[f])
      duplex_frames_keep(a, o->kept + f * a->bins); /* steady flow: acceleration widens spectra */
    duplex_frames_moments(a, o->kept + f * a->bins, hz, &sum, &moment);
    o->strength[o->n_strengths % (sizeof o->strength / sizeof o->strength[0])] = sum;
    o->n_strengths++;
  }
  return status;
}

/* Without one clear spectrum the echo's power is not known, and the most likely course is one through the noise. */
static void forget(duplex_audio *a, duplex_course *course) {
  a->kind = DSP_STEREO_UNKNOWN;
  for (size_t f = 0; f < course->n; f++)
    if (isfinite(course->peak[f])) course->peak[f] = course->mean[f] = 0;
}

/* Highest shift that a closer look has to expect. The coarse course errs by a fifth at most. */
static double top_of(const duplex_course *course) {
  static const double room = 1.6, least_hz = 1000;
  double highest = 0;
  for (size_t f = 0; f < course->n; f++)
    if (isfinite(course->peak[f])) highest = fmax(highest, fabs((double)course->peak[f]));
  return fmax(room * highest, least_hz);
}

/* Power of the echo as fast flow shows it, a bin; 0 when so little was seen that a sound might have been all. */
static double strength_of(const duplex_audio *a, overview *o, double rate_hz) {
  static const double least_s = 0.1;
  const size_t most = sizeof o->strength / sizeof o->strength[0], kept = o->n_strengths < most ? o->n_strengths : most;
  return (double)kept >= least_s * rate_hz ? dsp_order_median(o->strength, kept) / (double)a->bins : 0;
}

/* All of the recording by the power of the echo that is known so far. */
static dsp_status pass_over(duplex_audio *a, overview *o, duplex_course *course, size_t hop, dsp_error *error) {
  dsp_status status = duplex_frames_model(a, &a->model, (dsp_flow_shape){.profile = 3.5, .width_hz = 45, .width_part = 0.07}, true, error);
  if (status != DSP_OK) return status;
  const size_t states = 1 + 2 * dsp_flow_model_steps(a->model);
  if (!o->ratio) o->ratio = dsp_alloc(CHUNK * states, sizeof *o->ratio);
  if (!o->state) o->state = dsp_alloc(CHUNK, sizeof *o->state);
  if (!o->kept) o->kept = dsp_alloc(CHUNK * a->bins, sizeof *o->kept);
  if (!o->ratio || !o->state || !o->kept) goto fail;
  o->n_strengths = o->clear = a->n_examples = 0;
  a->found = (duplex_disturbance){.frames = 0};
  for (size_t f = 0; f < course->n && status == DSP_OK; f += CHUNK)
    status = overview_chunk(a, o, course, f, course->n - f < CHUNK ? course->n - f : CHUNK, hop, error);
  dsp_flow_model_free(a->model);
  a->model = NULL;
  return status;
fail:
  dsp_flow_model_free(a->model);
  a->model = NULL;
  return dsp_fail_memory(error);
}

dsp_status duplex_audio_overview(duplex_audio *a, duplex_course *course, dsp_error *error) {
  static const double least_clear_s = 0.1, far = 4;
  const double duration_s = (double)a->n_frames / a->rate_hz, step_s = fmax(0.02, duration_s / OVERVIEW_MAX);
  const size_t hop = (size_t)fmax(1, round(step_s * a->rate_hz));
  const size_t n = a->n_frames > a->length ? (size_t)((a->n_frames - a->length) / hop) + 1 : 0;
  overview o = {.n_strengths = 0};
  if (duplex_course_new(course, 0.5 * (double)a->length / a->rate_hz, a->rate_hz / (double)hop, n) != DSP_OK) return dsp_fail_memory(error);
  dsp_status status = pass_over(a, &o, course, hop, error);
  double strength = status == DSP_OK ? strength_of(a, &o, course->rate_hz) : 0;
  const double better = strength > 0 ? strength : a->strongest;
  if (better > far * a->blood) { /* flow is so rare that the survey's guess missed it */
    a->blood = better;
    for (size_t f = 0; f < n; f++) course->peak[f] = course->mean[f] = (float)NAN;
    status = pass_over(a, &o, course, hop, error);
    if (status == DSP_OK) strength = strength_of(a, &o, course->rate_hz);
  }
  if (status == DSP_OK) {
    a->top_hz = top_of(course);
    if (strength > 0) a->blood = fmax(strength, 0.1 * a->blood);
    if ((double)o.clear < least_clear_s * course->rate_hz) forget(a, course);
  }
  free(o.ratio);
  free(o.kept);
  free(o.state);
  return status;
}

typedef struct spectra {
  float *ratio;
  unsigned short *state;
  double *sum, *first; /**< power and first moment above the background in the state's band */
  size_t n, states;
} spectra;

/* Refined state: the top of the parabola through the summed ratios of the neighbouring frames. */
static double refine(const spectra *s, size_t f, double *sd) {
  enum { SIDE = 2 };
  const size_t j = s->state[f], steps = (s->states - 1) / 2;
  *sd = 1;
  if (j == 1 || j == steps + 1 || j == steps || j == 2 * steps) return (double)j;
  double r[3] = {0};
  for (size_t g = f >= SIDE ? f - SIDE : 0; g <= f + SIDE && g < s->n; g++)
    for (size_t k = 0; k < 3; k++) r[k] += (double)s->ratio[g * s->states + j + k - 1];
  const double bend = r[0] - 2 * r[1] + r[2];
  if (!(bend < -1e-6)) return (double)j;
  *sd = fmin(1 / sqrt(-bend), 20);
  return (double)j + fmin(fmax(0.5 * (r[0] - r[2]) / bend, -1), 1);
}

/* Mean frequency of each frame: moments of its neighbours of the same direction together, so that strong frames weigh more. */
static void put_means(const duplex_audio *a, duplex_course *course, const spectra *s) {
  const size_t side = (size_t)fmax(1, round(0.5 * a->params[P_SMOOTH] * course->rate_hz));
  for (size_t f = 0; f < s->n; f++) {
    double all = 0, moment = 0;
    for (size_t g = f >= side ? f - side : 0; g <= f + side && g < s->n; g++)
      if (course->peak[g] * course->peak[f] > 0) all += s->sum[g], moment += s->first[g];
    const double highest = fabs((double)course->peak[f]);
    if (isnan(highest)) continue;
    course->mean[f] = highest > 0 ? copysignf((float)(all > 0 ? fmin(fmax(moment / all, 0), highest) : 0), course->peak[f]) : 0;
  }
}

dsp_status duplex_audio_track(duplex_audio *a, duplex_course *course, double from_s, double to_s, dsp_error *error) {
  dsp_status status = a->model ? DSP_OK : duplex_frames_shape(a, error);
  if (status != DSP_OK) return status;
  /* no window reaches beyond the recording: the step at its end is broad */
  const uint64_t start = duplex_audio_sample(a, from_s), all = a->n_frames,
                 most_end = all + a->hop > a->length ? all + a->hop - a->length : 0;
  const uint64_t asked = duplex_audio_sample(a, to_s), end = asked < most_end ? asked : most_end;
  spectra s = {.n = end > start ? (size_t)((end - start) / a->hop) : 0, .states = 1 + 2 * dsp_flow_model_steps(a->model)};
  const size_t most = SIZE_MAX / s.states / 8;
  s.ratio = s.n < most ? dsp_alloc(s.n * s.states, sizeof *s.ratio) : NULL;
  s.state = dsp_alloc(s.n, sizeof *s.state);
  s.sum = dsp_alloc(s.n, sizeof *s.sum);
  s.first = dsp_alloc(s.n, sizeof *s.first);
  float *kept = dsp_alloc(s.n * a->bins, sizeof *kept);
  const double t0_s = ((double)start + 0.5 * (double)a->length) / a->rate_hz;
  if (!s.ratio || !s.state || !s.sum || !s.first || !kept || duplex_course_new(course, t0_s, a->rate_hz / (double)a->hop, s.n) != DSP_OK) {
    status = dsp_fail_memory(error);
    goto done;
  }
  status = duplex_frames_rate(a, s.ratio, kept, start, s.n, a->hop, error);
  if (status == DSP_OK && dsp_flow_track(s.state, s.ratio, s.n, (s.states - 1) / 2, 0.15, jump_cost(a, s.states)) != DSP_OK)
    status = dsp_fail_memory(error);
  for (size_t f = 0; f < s.n && status == DSP_OK; f++) {
    double sd = 0;
    const double at = s.state[f] ? refine(&s, f, &sd) : 0, hz = s.state[f] ? dsp_flow_model_hz(a->model, at) : 0;
    if (a->sort[f] != DSP_SPECTRUM_GOOD) continue;
    course->peak[f] = (float)hz;
    a->found.fast += fabs(hz) > 0.95 * 0.5 * a->rate_hz;
    course->sd[f] = (float)fabs(sd * (dsp_flow_model_hz(a->model, at + 0.5) - dsp_flow_model_hz(a->model, at - 0.5)));
    duplex_frames_moments(a, kept + f * a->bins, hz, &s.sum[f], &s.first[f]);
  }
  if (status == DSP_OK) put_means(a, course, &s);
  if (status == DSP_OK && duplex_audio_geometric(a, course, kept) != DSP_OK) status = dsp_fail_memory(error);
done:
  free(s.sum);
  free(s.first);
  free(s.ratio);
  free(s.state);
  free(kept);
  return status;
}
