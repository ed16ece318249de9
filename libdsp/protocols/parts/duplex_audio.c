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
  free(a->wide);
  free(a->taps);
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

const dsp_mains *duplex_audio_mains(const duplex_audio *a) {
  return &a->mains;
}

double duplex_audio_width_hz(const duplex_audio *a, double hz) {
  return hypot(duplex_frames_width_hz(a, a->shape.width_hz), a->shape.width_part * hz);
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

/* The two channels of `n` samples of the source. */
static dsp_status two_channels(const float **two, duplex_audio *a, size_t n, dsp_error *error) {
  const size_t channels = a->source->n_channels, c = a->first_channel;
  *two = a->raw;
  if (channels == 2 && c == 0) return DSP_OK;
  if (dsp_grow(&a->wide, &a->wide_capacity, 2 * n, sizeof *a->wide) != DSP_OK) return dsp_fail_memory(error);
  for (size_t i = 0; i < n; i++) {
    a->wide[2 * i] = a->raw[i * channels + c];
    a->wide[2 * i + 1] = channels > c + 1 ? a->raw[i * channels + c + 1] : 0;
  }
  *two = a->wide;
  return DSP_OK;
}

dsp_status duplex_audio_pairs(duplex_audio *a, uint64_t first, size_t n, dsp_error *error) {
  const size_t channels = a->source->n_channels, need = duplex_band_raw(a, n);
  const uint64_t middle = first * a->by, all = a->source->n_frames, from = middle > a->lead ? middle - a->lead : 0;
  const size_t before = middle < a->lead ? a->lead - (size_t)middle : 0, most = need > before ? need - before : 0;
  const size_t there = from >= all ? 0 : all - from < most ? (size_t)(all - from) : most;
  if (dsp_grow(&a->raw, &a->raw_capacity, need * channels, sizeof *a->raw) != DSP_OK ||
      dsp_grow(&a->pairs, &a->pairs_capacity, 2 * n, sizeof *a->pairs) != DSP_OK)
    return dsp_fail_memory(error);
  memset(a->raw, 0, (need - most) * channels * sizeof *a->raw);
  float *const begin = a->raw + (need - most) * channels;
  dsp_status status = there ? a->source->read(a->source->context, begin, from, there, error) : DSP_OK;
  if (status != DSP_OK) return status;
  memset(begin + there * channels, 0, (most - there) * channels * sizeof *a->raw);
  const float *two = NULL;
  status = two_channels(&two, a, need, error);
  if (status != DSP_OK) return status;
  duplex_band_filter(a, a->pairs, two, n);
  if (a->corrected) dsp_quadrature_correct(a->pairs, n, a->facts.gain_db, a->facts.phase_deg);
  return DSP_OK;
}

uint64_t duplex_audio_sample(const duplex_audio *a, double seconds) {
  return (uint64_t)fmax(0, seconds * a->rate_hz);
}

/* A power of two costs less than a smaller number of other factors. */
static size_t transform_size(size_t least) {
  static const double little = 1.2;
  size_t two = 2;
  while (two < least) two *= 2;
  if ((double)two <= little * (double)least) return two;
  for (size_t n = least + least % 2;; n += 2) {
    size_t rest = n;
    for (size_t p = 2; p <= 5; p += p == 2 ? 1 : 2)
      while (rest % p == 0) rest /= p;
    if (rest == 1) return n;
  }
}

static void set_window(duplex_audio *a, double window_s, double hop_s) {
  a->length = (size_t)fmax(8, round(window_s * a->rate_hz));
  a->bins = transform_size(a->length + a->length / 7);
  a->hop = (size_t)fmax(1, round(hop_s * a->rate_hz));
  free(a->power);
  a->power = dsp_alloc(a->bins * BLOCK_FRAMES, sizeof *a->power);
}

static dsp_status new_stft(duplex_audio *a, dsp_error *error) {
  return dsp_stft_new(&a->stft, a->length, a->bins, a->kind == DSP_STEREO_IQ ? DSP_PAIR_QUADRATURE : DSP_PAIR_SEPARATED, error);
}

dsp_status duplex_audio_slow(duplex_audio **slow, duplex_audio *audio, double window_s, double top_hz, dsp_error *error) {
  static const double least_rate_hz = 5000, rate_for_top = 2.5, part = 1.0 / 6; /* Hann windows say nothing new in between */
  *slow = audio->slow;
  if (audio->slow && (audio->slow->by == 1 || duplex_band_hz(audio->slow) >= top_hz)) return DSP_OK;
  release(audio->slow);
  *slow = audio->slow = NULL;
  duplex_audio *a = dsp_zalloc(1, sizeof *a);
  if (!a) return dsp_fail_memory(error);
  a->source = audio->source;
  a->params = audio->params;
  a->first_channel = audio->first_channel;
  a->hz_per_cm_s = audio->hz_per_cm_s;
  a->facts = audio->facts;
  a->kind = audio->kind;
  a->corrected = audio->corrected;
  dsp_status status = duplex_band_set(a, fmax(least_rate_hz, rate_for_top * top_hz), error);
  if (status == DSP_OK) set_window(a, window_s, fmax(audio->params[P_HOP], window_s * part));
  if (status == DSP_OK) status = a->power ? new_stft(a, error) : dsp_fail_memory(error);
  if (status == DSP_OK) status = duplex_survey_background(a, error);
  if (status != DSP_OK) {
    duplex_audio_close(a);
    return status;
  }
  a->blood = audio->blood;
  *slow = audio->slow = a;
  return DSP_OK;
}

/* Go over to the lower rate that the flow seen so far needs. */
static dsp_status narrow_band(duplex_audio *a, dsp_error *error) {
  static const double least_rate_hz = 10000, rate_for_seen = 3.2;
  dsp_status status = duplex_band_set(a, fmax(least_rate_hz, rate_for_seen * a->seen_hz), error);
  if (status != DSP_OK || a->by == 1) return status;
  set_window(a, a->params[P_WINDOW], a->params[P_HOP]);
  dsp_stft_free(a->stft);
  a->stft = NULL;
  status = a->power ? new_stft(a, error) : dsp_fail_memory(error);
  return status == DSP_OK ? duplex_survey_background(a, error) : status;
}

dsp_status duplex_audio_open(duplex_audio **audio, const dsp_recording *recording, const dsp_channel *channel, const double *params,
                             double hz_per_cm_s, dsp_error *error) {
  *audio = NULL;
  duplex_audio *a = dsp_zalloc(1, sizeof *a);
  if (!a) return dsp_fail_memory(error);
  a->source = &recording->audio;
  a->params = params;
  a->first_channel = (unsigned)(channel - recording->channels);
  a->hz_per_cm_s = hz_per_cm_s;
  dsp_status status = duplex_band_set(a, a->source->rate_hz, error);
  set_window(a, params[P_WINDOW], params[P_HOP]);
  a->example = dsp_alloc(a->bins * SHAPE_FRAMES, sizeof *a->example);
  const bool stereo = a->source->n_channels >= a->first_channel + 2;
  if (status == DSP_OK) status = a->power && a->example ? DSP_OK : dsp_fail_memory(error);
  if (status == DSP_OK && stereo) status = duplex_survey_kind(a, error);
  if (!stereo) a->facts = (dsp_stereo_facts){.kind = DSP_STEREO_MONO, .score = 1, .gain_db = NAN, .phase_deg = NAN};
  const dsp_stereo stated = recording->doppler.stereo;
  a->kind = stereo && (stated == DSP_STEREO_IQ || stated == DSP_STEREO_SEPARATED || stated == DSP_STEREO_MONO) ? stated : a->facts.kind;
  a->corrected = a->kind == DSP_STEREO_IQ && a->facts.kind == DSP_STEREO_IQ && fabs(a->facts.gain_db) < 6 &&
                 fabs(a->facts.phase_deg) < 30 && (fabs(a->facts.gain_db) > 0.1 || fabs(a->facts.phase_deg) > 0.5);
  if (status == DSP_OK) status = new_stft(a, error);
  if (status == DSP_OK) status = duplex_survey_background(a, error);
  if (status == DSP_OK && a->kind != DSP_STEREO_UNKNOWN) status = narrow_band(a, error);
  if (status == DSP_OK) status = duplex_survey_mains(a, error);
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
    const bool there = a->by == 1 || fabs(hz) < 0.5 * a->rate_hz;
    db[i] = 10 * log10(fmax(there ? (double)a->power[bin] / (double)a->background[from] : 0, 1e-3));
  }
  return DSP_OK;
}
