/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines of the mains in Doppler audio.
 *
 * Method: spectra of blocks of a second, Hann window, both directions together. At each multiple of 50 and of 60 Hz the largest value
 * within the mains' own deviation, over the median of its surroundings; the median of that over the blocks, so that only what is always
 * there counts. A line stands 10 dB above its surroundings; hum has one at the first or second multiple. */
#include <dsp/doppler.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>

enum { BLOCKS_MAX = 64, KINDS = 2, MULTIPLES = 20, AROUND = 40 };

static const double mains_hz[KINDS] = {50, 60};

struct dsp_mains_survey {
  size_t length, n_blocks;
  double rate_hz;
  float *window;
  fftwf_complex *block, *spectrum;
  fftwf_plan plan;
  double ratio[KINDS][MULTIPLES][BLOCKS_MAX];
};

void dsp_mains_survey_free(dsp_mains_survey *s) {
  if (!s) return;
  if (s->plan) fftwf_destroy_plan(s->plan);
  fftwf_free(s->block);
  fftwf_free(s->spectrum);
  free(s->window);
  free(s);
}

dsp_status dsp_mains_survey_new(dsp_mains_survey **survey, double rate_hz, dsp_error *error) {
  *survey = NULL;
  dsp_mains_survey *s = dsp_zalloc(1, sizeof *s);
  if (!s) return dsp_fail_memory(error);
  s->rate_hz = rate_hz;
  s->length = (size_t)fmax(rate_hz, 2);
  s->window = dsp_alloc(s->length, sizeof *s->window);
  s->block = fftwf_alloc_complex(s->length);
  s->spectrum = fftwf_alloc_complex(s->length);
  if (s->block && s->spectrum) s->plan = fftwf_plan_dft_1d((int)s->length, s->block, s->spectrum, FFTW_FORWARD, FFTW_ESTIMATE);
  if (!s->window || !s->plan) {
    dsp_mains_survey_free(s);
    return dsp_fail_memory(error);
  }
  for (size_t i = 0; i < s->length; i++) s->window[i] = (float)(0.5 - 0.5 * cos(2.0 * M_PI * (double)i / (double)s->length));
  *survey = s;
  return DSP_OK;
}

/* Power at a frequency above 0 and at its mirror, by bins of about a hertz. */
static double power_at(const dsp_mains_survey *s, size_t k) {
  const float *up = s->spectrum[k], *down = s->spectrum[s->length - k];
  return (double)(up[0] * up[0] + up[1] * up[1]) + (double)(down[0] * down[0] + down[1] * down[1]);
}

/* How far a line at hz stands out; NaN where there is no room for it. */
static double line_ratio(const dsp_mains_survey *s, double hz) {
  static const double deviation = 0.004, resolution_hz = 1, near_hz = 4, far_hz = 18;
  const double hz_a_bin = s->rate_hz / (double)s->length, from_hz = hz - far_hz, to_hz = hz + far_hz;
  const double wide_hz = resolution_hz + deviation * hz;
  double around[AROUND], largest = 0;
  size_t n = 0;
  if (to_hz > 0.45 * s->rate_hz) return (double)NAN;
  for (size_t k = (size_t)ceil(from_hz / hz_a_bin); (double)k * hz_a_bin <= to_hz; k++) {
    const double off_hz = fabs((double)k * hz_a_bin - hz), power = power_at(s, k);
    if (off_hz <= wide_hz) largest = fmax(largest, power);
    if (off_hz >= near_hz + wide_hz && n < AROUND) around[n++] = power;
  }
  const double floor = n ? dsp_order_median(around, n) : 0;
  return floor > 0 && isfinite(largest) ? largest / floor : (double)NAN;
}

void dsp_mains_survey_add(dsp_mains_survey *s, const float *pairs, size_t n) {
  if (n < s->length || s->n_blocks == BLOCKS_MAX) return;
  for (size_t i = 0; i < s->length; i++) {
    s->block[i][0] = pairs[2 * i] * s->window[i];
    s->block[i][1] = pairs[2 * i + 1] * s->window[i];
  }
  fftwf_execute(s->plan);
  if (!isfinite(s->spectrum[0][0]) || !isfinite(s->spectrum[0][1])) return;
  for (size_t m = 0; m < KINDS; m++)
    for (size_t k = 0; k < MULTIPLES; k++) s->ratio[m][k][s->n_blocks] = line_ratio(s, mains_hz[m] * (double)(k + 1));
  s->n_blocks++;
}

dsp_mains dsp_mains_decide(dsp_mains_survey *s) {
  static const double clear = 10;
  dsp_mains best = {.hz = (double)NAN, .level_db = (double)NAN};
  for (size_t m = 0; m < KINDS && s->n_blocks > 0; m++) {
    dsp_mains found = {.hz = mains_hz[m]};
    double largest = 0;
    bool first = false;
    for (size_t k = 0; k < MULTIPLES; k++) {
      size_t n = 0;
      double *const x = s->ratio[m][k];
      for (size_t b = 0; b < s->n_blocks; b++)
        if (isfinite(x[b])) x[n++] = x[b];
      const double ratio = n ? dsp_order_median(x, n) : 0;
      if (!(ratio >= clear)) continue;
      found.lines++;
      first = first || k < 2;
      largest = fmax(largest, ratio);
    }
    found.level_db = 10 * log10(largest);
    if (first && (found.lines > best.lines || (found.lines == best.lines && found.level_db > best.level_db))) best = found;
  }
  return best;
}
