/* SPDX-License-Identifier: GPL-3.0-or-later
 * Doppler audio as pairs of samples: opening, reading, and the picture's columns. */
#include "duplex_audio.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void release(duplex_audio *a) {
  if (!a) return;
  dsp_stft_free(a->stft);
  dsp_flow_model_free(a->model);
  free(a->background);
  free(a->raw);
  free(a->pairs);
  free(a->power);
  free(a->example);
  free(a->sort);
  free(a);
}

void duplex_audio_close(duplex_audio *a) {
  if (a) release(a->slow);
  release(a);
}

const duplex_disturbance *duplex_audio_disturbance(const duplex_audio *a) {
  return &a->found;
}

const dsp_stereo_facts *duplex_audio_facts(const duplex_audio *a) {
  return &a->facts;
}

dsp_stereo duplex_audio_kind(const duplex_audio *a) {
  return a->kind;
}

bool duplex_audio_corrected(const duplex_audio *a) {
  return a->corrected;
}

double duplex_audio_lowest_hz(const duplex_audio *a) {
  static const double least = 3; /* nats a spectrum */
  return a->model ? dsp_flow_model_lowest_hz(a->model, least) : (double)NAN;
}

/* n pairs from frame `first` of the source into a->pairs; beyond its end zeros. */
dsp_status duplex_audio_pairs(duplex_audio *a, uint64_t first, size_t n, dsp_error *error) {
  const unsigned channels = a->source->n_channels;
  const size_t there = first >= a->source->n_frames ? 0 : a->source->n_frames - first < n ? (size_t)(a->source->n_frames - first) : n;
  if (dsp_grow(&a->raw, &a->raw_capacity, n * channels, sizeof *a->raw) != DSP_OK ||
      dsp_grow(&a->pairs, &a->pairs_capacity, 2 * n, sizeof *a->pairs) != DSP_OK)
    return dsp_fail_memory(error);
  const dsp_status status = there ? a->source->read(a->source->context, a->raw, first, there, error) : DSP_OK;
  if (status != DSP_OK) return status;
  const unsigned c = a->first_channel;
  for (size_t i = 0; i < there; i++) {
    a->pairs[2 * i] = a->raw[i * channels + c];
    a->pairs[2 * i + 1] = channels > c + 1 ? a->raw[i * channels + c + 1] : 0;
  }
  memset(a->pairs + 2 * there, 0, 2 * (n - there) * sizeof *a->pairs);
  if (a->corrected) dsp_quadrature_correct(a->pairs, there, a->facts.gain_db, a->facts.phase_deg);
  return DSP_OK;
}

uint64_t duplex_audio_sample(const duplex_audio *a, double seconds) {
  return (uint64_t)fmax(0, seconds * a->rate_hz);
}

static size_t smooth_size(size_t least) {
  for (size_t n = least + least % 2;; n += 2) {
    size_t rest = n;
    for (size_t p = 2; p <= 5; p += p == 2 ? 1 : 2)
      while (rest % p == 0) rest /= p;
    if (rest == 1) return n;
  }
}

static void set_window(duplex_audio *a, double window_s, double hop_s) {
  a->length = (size_t)fmax(8, round(window_s * a->rate_hz));
  a->bins = smooth_size(a->length + a->length / 7);
  a->hop = (size_t)fmax(1, round(hop_s * a->rate_hz));
  a->power = dsp_alloc(a->bins * BLOCK_FRAMES, sizeof *a->power);
}

static dsp_status new_stft(duplex_audio *a, dsp_error *error) {
  return dsp_stft_new(&a->stft, a->length, a->bins, a->kind == DSP_STEREO_IQ ? DSP_PAIR_QUADRATURE : DSP_PAIR_SEPARATED, error);
}

dsp_status duplex_audio_slow(duplex_audio **slow, duplex_audio *audio, double window_s, dsp_error *error) {
  *slow = audio->slow;
  if (audio->slow) return DSP_OK;
  duplex_audio *a = dsp_zalloc(1, sizeof *a);
  if (!a) return dsp_fail_memory(error);
  a->source = audio->source;
  a->params = audio->params;
  a->first_channel = audio->first_channel;
  a->rate_hz = audio->rate_hz;
  a->hz_per_cm_s = audio->hz_per_cm_s;
  a->facts = audio->facts;
  a->kind = audio->kind;
  a->corrected = audio->corrected;
  set_window(a, window_s, 2 * audio->params[P_HOP]);
  dsp_status status = a->power ? new_stft(a, error) : dsp_fail_memory(error);
  if (status == DSP_OK) status = duplex_survey_background(a, error);
  if (status != DSP_OK) {
    duplex_audio_close(a);
    return status;
  }
  a->blood = audio->blood;
  *slow = audio->slow = a;
  return DSP_OK;
}

dsp_status duplex_audio_open(duplex_audio **audio, const dsp_recording *recording, const dsp_channel *channel, const double *params,
                             double hz_per_cm_s, dsp_error *error) {
  *audio = NULL;
  duplex_audio *a = dsp_zalloc(1, sizeof *a);
  if (!a) return dsp_fail_memory(error);
  a->source = &recording->audio;
  a->params = params;
  a->first_channel = (unsigned)(channel - recording->channels);
  a->rate_hz = channel->rate_hz;
  a->hz_per_cm_s = hz_per_cm_s;
  set_window(a, params[P_WINDOW], params[P_HOP]);
  a->example = dsp_alloc(a->bins * SHAPE_FRAMES, sizeof *a->example);
  const bool stereo = a->source->n_channels >= a->first_channel + 2;
  dsp_status status = a->power && a->example ? DSP_OK : dsp_fail_memory(error);
  if (status == DSP_OK && stereo) status = duplex_survey_kind(a, error);
  if (!stereo) a->facts = (dsp_stereo_facts){.kind = DSP_STEREO_MONO, .score = 1, .gain_db = NAN, .phase_deg = NAN};
  const dsp_stereo stated = recording->doppler.stereo;
  a->kind = stereo && (stated == DSP_STEREO_IQ || stated == DSP_STEREO_SEPARATED || stated == DSP_STEREO_MONO) ? stated : a->facts.kind;
  a->corrected = a->kind == DSP_STEREO_IQ && a->facts.kind == DSP_STEREO_IQ && fabs(a->facts.gain_db) < 6 &&
                 fabs(a->facts.phase_deg) < 30 && (fabs(a->facts.gain_db) > 0.1 || fabs(a->facts.phase_deg) > 0.5);
  if (status == DSP_OK) status = new_stft(a, error);
  if (status == DSP_OK) status = duplex_survey_background(a, error);
  if (status != DSP_OK) {
    duplex_audio_close(a);
    return status;
  }
  *audio = a;
  return DSP_OK;
}

dsp_status duplex_audio_column(duplex_audio *a, double *db, size_t n, double t_s, double top_hz, dsp_error *error) {
  const size_t half = a->bins / 2;
  const double step_hz = 2 * top_hz / (double)n, hz_a_bin = a->rate_hz / (double)a->bins,
               start_s = t_s - 0.5 * (double)a->length / a->rate_hz;
  const dsp_status status = duplex_audio_pairs(a, duplex_audio_sample(a, start_s), a->length, error);
  if (status != DSP_OK) return status;
  dsp_stft_run(a->stft, a->power, a->pairs, 1, 1);
  for (size_t i = 0; i < n; i++) {
    const double hz = -top_hz + ((double)i + 0.5) * step_hz, at = floor(hz / hz_a_bin + 0.5);
    const long bins = (long)a->bins, bin = ((lround(at) + (long)half) % bins + bins) % bins;
    const size_t from = (size_t)labs(bin - (long)half);
    db[i] = 10 * log10(fmax((double)a->power[bin] / (double)a->background[from], 1e-3));
  }
  return DSP_OK;
}
