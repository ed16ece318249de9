/* SPDX-License-Identifier: GPL-3.0-or-later
 * What two Doppler channels hold: quadrature, separated directions, or one signal twice.
 *
 * Method: cross-spectra of the two channels in tiles of 0.14 s and three bins. In quadrature the tiles of one direction are 90 degrees
 * apart; separated directions do not cohere; one signal in both channels is in phase. Coherence is taken against the mean of the two
 * levels, so that the weak leak of one channel into the other does not count. The strongest tiles alone decide. An exchange of I and Q
 * cannot be seen. Imbalance: for an echo without preferred phase I and Q have equal power and no correlation. */
#include <dsp/doppler.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 8, GROUP = 3, TILES_MAX = 300000 };

static const double lowest_hz = 120, highest_hz = 5000, strong_part = 0.2, least_contrast = 5;
static const size_t least_tiles = 40;

typedef struct tile {
  float a, b, re, im; /**< powers and cross-power */
  float strength;     /**< power over the quiet level of its frequencies */
} tile;

struct dsp_stereo_survey {
  size_t length, first_bin, end_bin;
  float *window;
  fftwf_complex *frame;
  fftwf_plan plan;
  tile *tiles, *row; /**< all tiles; one block's sums a bin */
  size_t n_tiles, capacity;
  double *balance; /**< level of b against a, dB, and power, of each 0.14 s */
  size_t n_balance, balance_capacity;
  bool silent[2];
};

void dsp_stereo_survey_free(dsp_stereo_survey *s) {
  if (!s) return;
  if (s->plan) fftwf_destroy_plan(s->plan);
  fftwf_free(s->frame);
  free(s->window);
  free(s->tiles);
  free(s->row);
  free(s->balance);
  free(s);
}

dsp_status dsp_stereo_survey_new(dsp_stereo_survey **survey, double rate_hz, dsp_error *error) {
  static const double window_s = 0.032;
  *survey = NULL;
  size_t length = 16;
  while ((double)length < 0.75 * window_s * rate_hz && length < 1 << 16) length *= 2;
  dsp_stereo_survey *s = dsp_zalloc(1, sizeof *s);
  if (!s) return dsp_fail_memory(error);
  s->length = length;
  s->first_bin = (size_t)ceil(lowest_hz * (double)length / rate_hz) + 1;
  s->end_bin = (size_t)fmin(0.44 * (double)length, highest_hz * (double)length / rate_hz);
  s->window = dsp_alloc(length, sizeof *s->window);
  s->frame = fftwf_alloc_complex(length);
  s->row = dsp_alloc(length, sizeof *s->row);
  if (s->frame) s->plan = fftwf_plan_dft_1d((int)length, s->frame, s->frame, FFTW_FORWARD, FFTW_ESTIMATE);
  if (!s->window || !s->plan || !s->row) {
    dsp_stereo_survey_free(s);
    return dsp_fail_memory(error);
  }
  for (size_t i = 0; i < length; i++) s->window[i] = (float)(0.5 - 0.5 * cos(2.0 * M_PI * (double)i / (double)length));
  s->silent[0] = s->silent[1] = true;
  *survey = s;
  return DSP_OK;
}

/* Add one frame's powers and cross-power to the row; false when a sample is not finite. */
static bool add_frame(dsp_stereo_survey *s, const float *pairs) {
  for (size_t i = 0; i < s->length; i++) {
    s->frame[i][0] = pairs[2 * i] * s->window[i];
    s->frame[i][1] = pairs[2 * i + 1] * s->window[i];
    s->silent[0] = s->silent[0] && !(fabsf(pairs[2 * i]) > 0);
    s->silent[1] = s->silent[1] && !(fabsf(pairs[2 * i + 1]) > 0);
  }
  fftwf_execute(s->plan);
  if (!isfinite(s->frame[0][0]) || !isfinite(s->frame[0][1])) return false;
  for (size_t k = s->first_bin; k < s->end_bin; k++) {
    const float *p = s->frame[k], *m = s->frame[s->length - k];
    const float ar = p[0] + m[0], ai = p[1] - m[1], br = p[1] + m[1], bi = m[0] - p[0];
    tile *t = &s->row[k];
    t->a += ar * ar + ai * ai;
    t->b += br * br + bi * bi;
    t->re += ar * br + ai * bi;
    t->im += ai * br - ar * bi;
  }
  return true;
}

static dsp_status keep_row(dsp_stereo_survey *s) {
  double a = 0, b = 0;
  for (size_t k = s->first_bin; k + GROUP <= s->end_bin; k += GROUP) {
    tile sum = {0};
    for (size_t i = k; i < k + GROUP; i++) {
      sum.a += s->row[i].a, sum.b += s->row[i].b;
      sum.re += s->row[i].re, sum.im += s->row[i].im;
    }
    a += (double)sum.a, b += (double)sum.b;
    if (s->n_tiles == TILES_MAX) continue;
    if (dsp_grow(&s->tiles, &s->capacity, s->n_tiles + 1, sizeof sum) != DSP_OK) return DSP_NO_MEMORY;
    s->tiles[s->n_tiles++] = sum;
  }
  if (!(a > 0 && b > 0) || s->n_tiles == TILES_MAX) return DSP_OK;
  if (dsp_grow(&s->balance, &s->balance_capacity, s->n_balance + 1, sizeof *s->balance) != DSP_OK) return DSP_NO_MEMORY;
  s->balance[s->n_balance++] = 10 * log10(b / a);
  return DSP_OK;
}

dsp_status dsp_stereo_survey_add(dsp_stereo_survey *s, const float *pairs, size_t n) {
  const size_t hop = s->length / 2, span = s->length + (FRAMES - 1) * hop;
  for (size_t first = 0; first + span <= n; first += FRAMES * hop) {
    bool whole = true;
    memset(s->row, 0, s->length * sizeof *s->row);
    for (size_t f = 0; f < FRAMES && whole; f++) whole = add_frame(s, pairs + 2 * (first + f * hop));
    if (whole && keep_row(s) != DSP_OK) return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

static int stronger(const void *left, const void *right) {
  const tile *p = left, *q = right;
  return (p->strength < q->strength) - (p->strength > q->strength);
}

/* Power of each tile over what its frequencies hold in the quieter part of the time: the wall's echo is always there. */
static dsp_status rate_tiles(dsp_stereo_survey *s) {
  const size_t groups = s->end_bin > s->first_bin ? (s->end_bin - s->first_bin) / GROUP : 0, rows = groups ? s->n_tiles / groups : 0;
  double *power = dsp_alloc(rows + 1, sizeof *power);
  if (!power) return DSP_NO_MEMORY;
  for (size_t g = 0; g < groups && rows > 0; g++) {
    for (size_t r = 0; r < rows; r++) power[r] = (double)(s->tiles[r * groups + g].a + s->tiles[r * groups + g].b);
    const double quiet = dsp_order_kth(power, rows, rows / 3);
    for (size_t r = 0; r < rows; r++) {
      tile *t = &s->tiles[r * groups + g];
      t->strength = quiet > 0 ? (float)((double)(t->a + t->b) / quiet) : 0;
    }
  }
  free(power);
  return DSP_OK;
}

static double spread(const double *x, size_t n) {
  double mean = 0, squares = 0;
  for (size_t i = 0; i < n; i++) mean += x[i] / (double)n;
  for (size_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
  return n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
}

static double part(double x) {
  return fmin(fmax(x, 0), 1);
}

/* Borders: halfway between what each kind shows. */
static void judge(dsp_stereo_facts *f, double tightness) {
  static const double quadrature_border = 0.5, in_phase_border = 0.7;
  const double q = f->quadrature, r = fabs(f->in_phase);
  if (r > in_phase_border || (tightness > 0.9 && f->swing_db < 1 && q < quadrature_border)) {
    f->kind = DSP_STEREO_MONO;
    f->score = part(fmax(r - in_phase_border, tightness - 0.9) / 0.1);
  } else if (q > quadrature_border) {
    f->kind = DSP_STEREO_IQ;
    f->score = part((q - quadrature_border) / 0.25);
  } else if (q < quadrature_border - 0.05) {
    f->kind = DSP_STEREO_SEPARATED;
    f->score = part((quadrature_border - 0.05 - q) / 0.25) * part(f->swing_db / 3);
  }
}

dsp_status dsp_stereo_decide(dsp_stereo_facts *facts, dsp_stereo_survey *s) {
  *facts = (dsp_stereo_facts){.kind = DSP_STEREO_UNKNOWN, .gain_db = (double)NAN, .phase_deg = (double)NAN};
  const size_t n = s->n_tiles, most = (size_t)(strong_part * (double)n);
  if (s->silent[0] != s->silent[1] && n > 0) {
    facts->kind = DSP_STEREO_MONO;
    facts->score = 1;
    return DSP_OK;
  }
  if (most < least_tiles) return DSP_OK;
  if (rate_tiles(s) != DSP_OK) return DSP_NO_MEMORY;
  qsort(s->tiles, n, sizeof *s->tiles, stronger);
  size_t strong = 0;
  while (strong < most && s->tiles[strong].strength > (float)least_contrast) strong++;
  facts->swing_db = spread(s->balance, s->n_balance);
  double a = 0, b = 0, re = 0, tightness = 0;
  for (size_t i = 0; i < strong; i++) {
    const tile *t = &s->tiles[i];
    const double mean = 0.5 * (double)(t->a + t->b), product = sqrt((double)t->a * (double)t->b);
    if (!(product > 0)) continue;
    facts->quadrature += fabs((double)t->im) / mean;
    facts->in_phase += (double)t->re / mean;
    tightness += fabs((double)t->re) / product;
    a += (double)t->a, b += (double)t->b, re += (double)t->re;
    facts->tiles++;
  }
  if (facts->tiles < least_tiles) return DSP_OK;
  facts->quadrature /= (double)facts->tiles;
  facts->in_phase /= (double)facts->tiles;
  judge(facts, tightness / (double)facts->tiles);
  if (facts->kind == DSP_STEREO_IQ) {
    facts->gain_db = 10 * log10(b / a);
    facts->phase_deg = asin(fmin(fmax(re / sqrt(a * b), -1), 1)) * 180 / M_PI;
  }
  return DSP_OK;
}

void dsp_quadrature_correct(float *pairs, size_t n, double gain_db, double phase_deg) {
  const double gain = pow(10, gain_db / 20), phase = phase_deg * M_PI / 180;
  const float from_a = (float)-tan(phase), scale = (float)(1 / (gain * cos(phase)));
  for (size_t i = 0; i < n; i++) pairs[2 * i + 1] = from_a * pairs[2 * i] + scale * pairs[2 * i + 1];
}
