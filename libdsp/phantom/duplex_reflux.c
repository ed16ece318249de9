/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated duplex reflux test: a velocity plan in closed form, the blood's echo that follows it, what a device and a room add, and the
 * channels that a recorder keeps; or the velocity itself as a trace. */
#include <dsp/audio.h>
#include <math.h>
#include <phantom/duplex_echo.h>
#include <phantom/duplex_reflux.h>
#include <phantom/duplex_truth.h>
#include <phantom/rng.h>
#include <stdlib.h>

enum { STREAM_TRACE = 8 };

static const char *const channel_names[][2] = {[DSP_DUPLEX_IQ] = {"I", "Q"},
                                               [DSP_DUPLEX_SEPARATED] = {"forward", "reverse"},
                                               [DSP_DUPLEX_MONO] = {"audio", NULL},
                                               [DSP_DUPLEX_DUAL_MONO] = {"left", "right"}};

/* Both channels of the device, before the recorder. */
static dsp_status make_signal(dsp_duplex_signal *signal, const dsp_duplex_plan *plan, uint64_t seed, dsp_error *error) {
  const dsp_duplex_settings *s = &plan->s;
  dsp_status status = dsp_duplex_echo(signal, plan, seed) ? dsp_fail_memory(error) : DSP_OK;
  if (!status) status = dsp_duplex_disturb(signal, plan, seed, error);
  if (!status && s->kind == DSP_DUPLEX_SEPARATED) status = dsp_duplex_separate(signal) ? dsp_fail_memory(error) : DSP_OK;
  if (status) return status;
  const double leak = s->kind == DSP_DUPLEX_SEPARATED && s->crosstalk_db > 0 ? pow(10, -s->crosstalk_db / 20) : 0;
  for (size_t i = 0; i < signal->n; i++) {
    double first = signal->re[i], second = signal->im[i];
    signal->re[i] = first + leak * second;
    signal->im[i] = s->kind == DSP_DUPLEX_DUAL_MONO ? first : second + leak * first;
  }
  return dsp_duplex_add_sounds(signal, plan, seed) ? dsp_fail_memory(error) : DSP_OK;
}

/* What the recorder keeps: the largest sample set to `peak`, rounded to its bits, cut off at full scale. */
static void convert(float *out, size_t stride, const double *x, size_t n, double gain, unsigned bits) {
  const double steps = bits ? ldexp(1, (int)bits - 1) : 0;
  for (size_t i = 0; i < n; i++) {
    double value = gain * x[i];
    if (bits) value = fmax(-steps, fmin(steps - 1, floor(value * steps + 0.5))) / steps;
    out[i * stride] = (float)value;
  }
}

static double largest(const dsp_duplex_signal *signal, unsigned n_channels) {
  double most = 0;
  for (size_t i = 0; i < signal->n; i++) most = fmax(most, fmax(fabs(signal->re[i]), n_channels > 1 ? fabs(signal->im[i]) : 0));
  return most > 0 ? most : 1;
}

static dsp_status add_audio(dsp_recording *recording, const dsp_duplex_plan *plan, uint64_t seed, dsp_error *error) {
  const dsp_duplex_settings *s = &plan->s;
  const unsigned n_channels = s->kind == DSP_DUPLEX_MONO ? 1 : 2, bits = s->bits == 0 ? 16 : s->bits < 2 ? 24 : 0;
  const bool swap = s->swap > 0 && n_channels == 2;
  dsp_duplex_signal signal = {.n = (size_t)floor(plan->end_s * s->rate_hz)};
  signal.re = dsp_alloc(signal.n, sizeof *signal.re);
  signal.im = dsp_alloc(signal.n, sizeof *signal.im);
  float *samples = dsp_alloc(signal.n, n_channels * sizeof *samples);
  dsp_status status = signal.re && signal.im && samples ? make_signal(&signal, plan, seed, error) : dsp_fail_memory(error);
  if (!status) {
    const double gain = s->peak / largest(&signal, n_channels);
    convert(samples + swap, n_channels, signal.re, signal.n, gain, bits);
    if (n_channels == 2) convert(samples + !swap, n_channels, signal.im, signal.n, gain, bits);
    dsp_audio audio;
    status = dsp_audio_in_memory(&audio, samples, signal.n, n_channels, s->rate_hz, bits);
    samples = NULL;
    if (!status) status = dsp_recording_add_audio(recording, &audio, channel_names[(size_t)s->kind]);
    if (status) dsp_fail_memory(error);
  }
  free(samples);
  free(signal.re);
  free(signal.im);
  return status;
}

static dsp_status add_trace(dsp_recording *recording, const dsp_duplex_plan *plan, uint64_t seed, dsp_error *error) {
  const dsp_duplex_settings *s = &plan->s;
  const double step_cm_s = 0.01;
  const size_t n = (size_t)floor(plan->end_s * s->trace_hz);
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_TRACE);
  double *x = dsp_alloc(n, sizeof *x);
  if (!x) return dsp_fail_memory(error);
  const double sign = s->antegrade_sign < 0 ? -1 : 1;
  for (size_t i = 0; i < n; i++) {
    double value = sign * dsp_duplex_velocity(plan, (double)i / s->trace_hz) + s->trace_noise_cm_s * dsp_rng_normal(&rng);
    x[i] = round(value / step_cm_s) / (1 / step_cm_s);
  }
  dsp_channel *channel = dsp_recording_add_channel(recording, "velocity", s->trace_hz, x, n);
  if (!channel) return dsp_fail_memory(error);
  channel->role = DSP_ROLE_VELOCITY;
  channel->unit_as_written = "cm/s";
  channel->unit = dsp_role_unit(DSP_ROLE_VELOCITY);
  return DSP_OK;
}

static dsp_status add_events(dsp_recording *recording, const dsp_duplex_plan *plan) {
  for (size_t k = 0; k < 2 * plan->n; k++) {
    const dsp_duplex_trial *trial = &plan->trial[k / 2];
    const bool release = k % 2;
    const dsp_event event = {.t_s = round(1000 * (release ? trial->release_s : trial->compress_s)) / 1000,
                             .kind = release ? DSP_EVENT_RELEASE : DSP_EVENT_COMPRESS,
                             .volume_ml = (double)NAN,
                             .percent = (double)NAN,
                             .source = "simulated"};
    if (dsp_recording_add_event(recording, &event)) return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

static dsp_status describe(dsp_recording *recording, const dsp_duplex_settings *s, uint64_t seed) {
  static const dsp_side sides[] = {DSP_SIDE_UNKNOWN, DSP_SIDE_LEFT, DSP_SIDE_RIGHT};
  static const dsp_stereo stereos[] = {[DSP_DUPLEX_IQ] = DSP_STEREO_IQ,
                                       [DSP_DUPLEX_SEPARATED] = DSP_STEREO_SEPARATED,
                                       [DSP_DUPLEX_MONO] = DSP_STEREO_MONO,
                                       [DSP_DUPLEX_DUAL_MONO] = DSP_STEREO_MONO};
  const bool audio = s->kind != DSP_DUPLEX_VELOCITY;
  recording->name = "duplex.reflux";
  recording->format = "simulated";
  recording->protocol = "duplex.reflux";
  recording->device = "pleth simulate";
  recording->subject_key = dsp_arena_printf(recording->arena, "sim-%06llu", (unsigned long long)seed);
  for (size_t i = 0; i < recording->n_channels; i++) recording->channels[i].side = sides[(size_t)s->side];
  dsp_doppler *doppler = &recording->doppler;
  doppler->vein = dsp_duplex_veins[(size_t)s->vein];
  doppler->diameter_mm = s->diameter_mm;
  if (s->direction == DSP_DUPLEX_STATED) doppler->antegrade_sign = s->antegrade_sign < 0 ? -1 : 1;
  if (audio) {
    doppler->f0_hz = s->f0_hz;
    doppler->angle_deg = s->angle_deg;
    doppler->c_m_s = DSP_DUPLEX_C_M_S;
    doppler->stereo = s->stereo == DSP_DUPLEX_STATED ? stereos[(size_t)s->kind] : DSP_STEREO_AUTO;
    doppler->swap = s->swap == DSP_DUPLEX_SWAP_STATED;
  }
  return recording->subject_key ? DSP_OK : DSP_NO_MEMORY;
}

static dsp_status make(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error) {
  dsp_duplex_settings settings;
  dsp_truth *known = NULL;
  *recording = NULL;
  *truth = NULL;
  dsp_status status = dsp_duplex_settle(&settings, params, seed, error);
  if (status) return status;
  const dsp_duplex_plan plan = dsp_duplex_schedule(&settings, seed);
  dsp_recording *made = dsp_recording_new();
  if (!made) return dsp_fail_memory(error);
  status = dsp_duplex_truth(&known, &plan, error);
  if (!status) status = settings.kind == DSP_DUPLEX_VELOCITY ? add_trace(made, &plan, seed, error) : add_audio(made, &plan, seed, error);
  if (!status && describe(made, &settings, seed)) status = dsp_fail_memory(error);
  if (!status && settings.events > 0 && add_events(made, &plan)) status = dsp_fail_memory(error);
  if (status) {
    dsp_truth_free(known);
    dsp_recording_free(made);
    return status;
  }
  *recording = made;
  *truth = known;
  return DSP_OK;
}

const dsp_phantom dsp_phantom_duplex_reflux = {"duplex.reflux",
                                               "Duplex reflux test: Doppler audio or a velocity trace",
                                               {"sim.duplex.reflux", dsp_duplex_rows, DSP_DUPLEX_ROWS},
                                               make};
