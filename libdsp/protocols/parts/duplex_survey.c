/* SPDX-License-Identifier: GPL-3.0-or-later
 * What Doppler audio holds, from blocks spread over it: the wiring of its channels, the background, a first guess of the echo's power. */
#include "duplex_audio.h"

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SURVEY_ROWS = 900, ROW_FRAMES = 30 };
static const double row_s = 0.5;

/* Blocks of one second spread evenly over the recording: at most `most` of them. */
static size_t survey_blocks(const duplex_audio *a, size_t most, size_t *length) {
  *length = (size_t)a->rate_hz;
  if (*length > a->n_frames) *length = (size_t)a->n_frames;
  const uint64_t whole = *length ? a->n_frames / *length : 0;
  return whole < most ? (size_t)whole : most;
}

static uint64_t block_start(const duplex_audio *a, size_t i, size_t n, size_t length) {
  return n < 2 ? 0 : (uint64_t)((double)i / (double)(n - 1) * (double)(a->n_frames - length));
}

/* Show at most `most` blocks of pairs to a survey. */
static dsp_status show_blocks(duplex_audio *a, size_t most, dsp_status (*add)(void *survey, const float *pairs, size_t n), void *survey,
                              dsp_error *error) {
  size_t length = 0;
  const size_t n = survey_blocks(a, most, &length);
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    status = duplex_audio_pairs(a, block_start(a, i, n, length), length, error);
    if (status == DSP_OK && add(survey, a->pairs, length) != DSP_OK) status = dsp_fail_memory(error);
  }
  return status;
}

static dsp_status add_stereo(void *survey, const float *pairs, size_t n) {
  return dsp_stereo_survey_add(survey, pairs, n);
}

static dsp_status add_mains(void *survey, const float *pairs, size_t n) {
  dsp_mains_survey_add(survey, pairs, n);
  return DSP_OK;
}

dsp_status duplex_survey_kind(duplex_audio *a, dsp_error *error) {
  enum { MOST = 100 };
  dsp_stereo_survey *survey = NULL;
  dsp_status status = dsp_stereo_survey_new(&survey, a->rate_hz, error);
  if (status == DSP_OK) status = show_blocks(a, MOST, add_stereo, survey, error);
  if (status == DSP_OK) status = dsp_stereo_decide(&a->facts, survey);
  dsp_stereo_survey_free(survey);
  return status;
}

dsp_status duplex_survey_mains(duplex_audio *a, dsp_error *error) {
  enum { MOST = 16 };
  dsp_mains_survey *survey = NULL;
  dsp_status status = dsp_mains_survey_new(&survey, a->rate_hz, error);
  if (status == DSP_OK) status = show_blocks(a, MOST, add_mains, survey, error);
  if (status == DSP_OK) a->mains = dsp_mains_decide(survey);
  dsp_mains_survey_free(survey);
  return status;
}

/* First guess of the echo's power: what strong stretches have well above the background. */
static dsp_status guess_blood(duplex_audio *a, const float *rows, size_t n_rows, dsp_error *error) {
  static const float clear = 4;
  static const double strong = 0.95, lowest_hz = 100;
  const size_t half = a->bins / 2, first = (size_t)ceil(lowest_hz * (double)a->bins / a->rate_hz);
  double *x = dsp_zalloc(n_rows, sizeof *x), noise = 0;
  if (!x) return dsp_fail_memory(error);
  for (size_t k = first; k < half; k++) {
    const float floor = a->background[k];
    noise += (double)floor;
    for (size_t r = 0; r < n_rows; r++) {
      const float up = rows[r * a->bins + half + k], down = rows[r * a->bins + half - k];
      if (up > clear * floor) x[r] += (double)(up - floor);
      if (down > clear * floor) x[r] += (double)(down - floor);
    }
  }
  const double guess = n_rows ? dsp_order_kth(x, n_rows, (size_t)(strong * (double)(n_rows - 1))) : 0;
  a->blood = fmax(guess, 0.02 * noise) / (double)a->bins;
  a->strongest = (n_rows ? dsp_order_kth(x, n_rows, n_rows - 1) : 0) / (double)a->bins;
  free(x);
  return DSP_OK;
}

/* Highest shift in any row. What raises the band's top in both directions is a click, not flow. */
static double highest_seen(const duplex_audio *a, const float *rows, size_t n_rows) {
  static const float clear = 4;
  const size_t half = a->bins / 2, top = half - half / 4;
  size_t highest = 0;
  for (size_t r = 0; r < n_rows; r++) {
    const float *row = rows + r * a->bins;
    size_t raised[2] = {0}, last = 0;
    for (size_t k = highest + 1; k < half; k++) {
      const bool up = row[half + k] > clear * a->background[k], down = row[half - k] > clear * a->background[k];
      if (up || down) last = k;
      if (k >= top) raised[0] += up, raised[1] += down;
    }
    if (last && !(2 * raised[0] > half - top && 2 * raised[1] > half - top)) highest = last;
  }
  return (double)highest * a->rate_hz / (double)a->bins;
}

dsp_status duplex_survey_background(duplex_audio *a, dsp_error *error) {
  size_t length = 0, n_rows = 0;
  const size_t half_hop = a->length / 2, fit = (size_t)(row_s * a->rate_hz / (double)half_hop) + 1;
  const size_t row_frames = fit < ROW_FRAMES ? fit : ROW_FRAMES, span = a->length + (row_frames - 1) * half_hop;
  const size_t blocks = survey_blocks(a, SURVEY_ROWS / 3, &length);
  float *rows = dsp_alloc(SURVEY_ROWS * a->bins, sizeof *rows);
  free(a->background);
  a->background = dsp_alloc(a->bins / 2 + 1, sizeof *a->background);
  if (!rows || !a->background) {
    free(rows);
    return dsp_fail_memory(error);
  }
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < blocks && status == DSP_OK; i++) {
    status = duplex_audio_pairs(a, block_start(a, i, blocks, length), length, error);
    for (size_t first = 0; status == DSP_OK && first + span <= length && n_rows < SURVEY_ROWS; first += row_frames * half_hop) {
      float *row = rows + n_rows++ * a->bins;
      dsp_stft_run(a->stft, a->power, a->pairs + 2 * first, row_frames, half_hop);
      memset(row, 0, a->bins * sizeof *row);
      for (size_t f = 0; f < row_frames; f++)
        for (size_t k = 0; k < a->bins; k++) row[k] += a->power[f * a->bins + k] / (float)row_frames;
    }
  }
  if (status == DSP_OK && !dsp_background(a->background, rows, n_rows, a->bins, 0.8 * (double)row_frames)) a->kind = DSP_STEREO_UNKNOWN;
  if (status == DSP_OK && a->kind != DSP_STEREO_UNKNOWN) status = guess_blood(a, rows, n_rows, error);
  if (status == DSP_OK && a->kind != DSP_STEREO_UNKNOWN) a->seen_hz = highest_seen(a, rows, n_rows);
  free(rows);
  return status;
}
