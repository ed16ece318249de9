/* SPDX-License-Identifier: GPL-3.0-or-later
 * Spectra of Doppler audio: the model of the echo, the likelihood of each highest frequency, what is no echo, moments of the band. */
#include "duplex_audio.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Keep a fair sample of the spectra that are shown, each with the same chance whatever comes later. */
void duplex_frames_keep(duplex_audio *a, const float *power) {
  const size_t seen = a->n_examples++;
  const size_t at = seen < SHAPE_FRAMES ? seen : (size_t)(((uint64_t)seen * UINT64_C(0x9E3779B97F4A7C15)) >> 20) % (seen + 1);
  if (at < SHAPE_FRAMES) memcpy(a->example + at * a->bins, power, a->bins * sizeof *power);
}

double duplex_frames_width_hz(const duplex_audio *a, double width_hz) {
  static const double hann_hz = 0.6; /* standard deviation of the window's main lobe, times its length */
  return hypot(width_hz, hann_hz * a->rate_hz / (double)a->length);
}

dsp_status duplex_frames_model(duplex_audio *a, dsp_flow_model **model, dsp_flow_shape shape, bool coarse, dsp_error *error) {
  const double fastest = isfinite(a->hz_per_cm_s) ? 250 * a->hz_per_cm_s : 8000, window_s = (double)a->length / a->rate_hz;
  const double most_hz = a->by > 1 ? duplex_band_hz(a) : (a->kind == DSP_STEREO_IQ ? 0.8 : 0.49) * a->rate_hz;
  shape.width_hz = duplex_frames_width_hz(a, shape.width_hz);
  const dsp_flow_setting setting = {.background = a->background,
                                    .bins = a->bins,
                                    .rate_hz = a->rate_hz,
                                    .step_hz = coarse ? 25 : fmin(8, 0.27 / window_s),
                                    .step_part = coarse ? 0.12 : 0.035,
                                    .top_hz = fmin(a->top_hz > 0 ? fmin(a->top_hz, fastest) : fastest, most_hz),
                                    .power = a->blood,
                                    .steady = a->steady,
                                    .level_db = a->level_db,
                                    .skirts_db = a->steady ? -12 : -24,
                                    .skirts_hz = a->steady ? a->slowest_hz : 800,
                                    .evidence = (double)a->length / (1.5 * (double)a->bins) *
                                                (coarse ? 1 : fmin(1, (double)a->hop / (0.5 * (double)a->length))),
                                    .shape = shape};
  return dsp_flow_model_new(model, &setting, error);
}

/* The shape under which the strongest spectra are most likely. */
dsp_status duplex_frames_shape(duplex_audio *a, dsp_error *error) {
  static const double profiles[] = {2, 3.5, 7}, widths_hz[] = {10, 40, 80};
  double best = -INFINITY;
  for (size_t i = 0; i < 9; i++) {
    dsp_flow_model *model = NULL;
    const dsp_flow_shape shape = {.profile = profiles[i / 3], .width_hz = widths_hz[i % 3], .width_part = 0.07};
    const dsp_status status = duplex_frames_model(a, &model, shape, false, error);
    if (status != DSP_OK) return status;
    const size_t states = 1 + 2 * dsp_flow_model_steps(model);
    const size_t shown = a->n_examples < SHAPE_FRAMES ? a->n_examples : SHAPE_FRAMES;
    float *ratio = dsp_alloc(shown * states, sizeof *ratio);
    if (!ratio) {
      dsp_flow_model_free(model);
      return dsp_fail_memory(error);
    }
    double sum = 0;
    dsp_flow_model_run(model, ratio, a->example, shown);
    for (size_t e = 0; e < shown; e++) {
      float most = 0;
      for (size_t j = 0; j < states; j++) most = ratio[e * states + j] > most ? ratio[e * states + j] : most;
      sum += (double)most;
    }
    free(ratio);
    if (sum > best) {
      best = sum;
      a->shape = shape;
      dsp_flow_model_free(a->model);
      a->model = model;
    } else
      dsp_flow_model_free(model);
  }
  return DSP_OK;
}

/* Lowest bin where the background no longer hides blood that spreads up to `edge_hz`. */
static long lowest_bin(const duplex_audio *a, double edge_hz) {
  static const double margin_hz = 40, visible = 0.05;
  const double hz_a_bin = a->rate_hz / (double)a->bins, density = a->blood * a->rate_hz / fmax(fabs(edge_hz), 100);
  long k = lround(margin_hz / hz_a_bin);
  while (k < (long)(a->bins / 2) && (double)k * hz_a_bin < 0.6 * fabs(edge_hz) && (double)a->background[k] > visible * density) k++;
  return k;
}

/* Power above the background and its first moment up to the edge. What the wall hides below is put back by the profile's share. */
void duplex_frames_moments(const duplex_audio *a, const float *power, double edge_hz, double *sum, double *first) {
  const double hz_a_bin = a->rate_hz / (double)a->bins, sign = edge_hz < 0 ? -1 : 1;
  const long half = (long)(a->bins / 2), bins = (long)a->bins, low = lowest_bin(a, edge_hz);
  const long high = lround((fabs(edge_hz) * 1.15 + 60) / hz_a_bin);
  *sum = *first = 0;
  for (long k = low; k <= high; k++) {
    const long at = ((half + (sign < 0 ? -k : k)) % bins + bins) % bins, from = at > half ? at - half : half - at;
    const double p = (double)(power[at] - a->background[from]);
    *sum += p;
    *first += p * (double)k * hz_a_bin;
  }
  const double share = dsp_flow_model_mean_share(a->model), border_hz = ((double)low - 0.5) * hz_a_bin, u = border_hz / fabs(edge_hz);
  if (!(u < 0.9)) return;
  /* n / (n + 2) = share; the hidden part of the power is 1 - (1 - u)^(2/n), spread evenly below the border */
  const double two_by_n = (1 - share) / share, hidden = 1 - pow(1 - u, two_by_n);
  *first += *sum * hidden / (1 - hidden) * 0.5 * border_hz;
  *sum /= 1 - hidden;
}

/* Frames that are no echo, from a block that has just been read and transformed; saturation is counted once a sample. */
static void judge_frames(duplex_audio *a, unsigned char *kind, const float *power, uint64_t start, size_t n, size_t hop) {
  static const double lowest_hz = 100, still_s = 0.005;
  const size_t first = (size_t)ceil(lowest_hz * (double)a->bins / a->rate_hz), channels = a->source->n_channels;
  const double blurred = (double)(a->n_taps - 1) / (double)a->by; /* by the low-pass at the ends of what stands still */
  const size_t still = (size_t)fmax(8, still_s * a->rate_hz - blurred), shown = a->length < hop ? a->length : hop;
  for (size_t f = 0; f < n; f++) {
    kind[f] = (unsigned char)dsp_spectrum_judge(power + f * a->bins, a->background, a->bins, first, a->kind == DSP_STEREO_SEPARATED);
    for (size_t c = 0; c < 2; c++)
      a->found.saturated += dsp_saturated(a->raw + (a->lead + f * hop * a->by) * channels + a->first_channel + c, shown * a->by, channels,
                                          a->source->clip_level);
    a->found.samples += 2 * shown * a->by;
  }
  const uint64_t left = a->n_frames > start ? a->n_frames - start : 0, span = (n - 1) * hop + a->length;
  dsp_frames_mark_still(kind, n, hop, a->length, a->pairs, (size_t)(left < span ? left : span), still);
}

/* Take what is no echo out of the evidence, and count it. */
static void drop_frames(duplex_audio *a, float *ratio, size_t frames, size_t states, size_t hop) {
  static const double click_s = 0.02, pause_s = 0.06;
  const double hop_s = (double)hop / a->rate_hz, window_s = (double)a->length / a->rate_hz;
  dsp_frames_settle(a->sort, frames, (size_t)((window_s + click_s) / hop_s), (size_t)(pause_s / hop_s),
                    (size_t)(0.3 * window_s / hop_s + 0.5));
  for (size_t f = 0; f < frames; f++) {
    if (a->sort[f] == DSP_SPECTRUM_GOOD) continue;
    memset(ratio + f * states, 0, states * sizeof *ratio);
    a->found.lost += a->sort[f] == DSP_SPECTRUM_LOST;
    a->found.masked += a->sort[f] != DSP_SPECTRUM_LOST;
    const bool goes_on = f > 0 && a->sort[f - 1] != DSP_SPECTRUM_GOOD && a->sort[f - 1] != DSP_SPECTRUM_LOST;
    a->found.bursts += a->sort[f] != DSP_SPECTRUM_LOST && !goes_on;
  }
  a->found.frames += frames;
}

/* Log likelihood ratios of `frames` spectra from sample `start` on, and the spectra. */
dsp_status duplex_frames_rate(duplex_audio *a, float *ratio, float *kept, uint64_t start, size_t frames, size_t hop, dsp_error *error) {
  const size_t states = 1 + 2 * dsp_flow_model_steps(a->model);
  if (dsp_grow(&a->sort, &a->sort_capacity, frames + 1, sizeof *a->sort) != DSP_OK) return dsp_fail_memory(error);
  for (size_t f = 0; f < frames; f += BLOCK_FRAMES) {
    const size_t n = frames - f < BLOCK_FRAMES ? frames - f : BLOCK_FRAMES;
    const dsp_status status = duplex_audio_pairs(a, start + (uint64_t)f * hop, (n - 1) * hop + a->length, error);
    if (status != DSP_OK) return status;
    dsp_stft_run(a->stft, kept + f * a->bins, a->pairs, n, hop);
    dsp_flow_model_run(a->model, ratio + f * states, kept + f * a->bins, n);
    judge_frames(a, a->sort + f, kept + f * a->bins, start + (uint64_t)f * hop, n, hop);
  }
  drop_frames(a, ratio, frames, states, hop);
  return DSP_OK;
}
