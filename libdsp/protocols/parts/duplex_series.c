/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the report keeps of the courses: "envelope", "mean" and, where it was tracked finely, "geometric"; and "spectrogram", a coarse
 * picture in dB above the background. */
#include "duplex_course.h"
#include "duplex_report.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

enum { SAMPLES_MAX = 60000, COLUMNS_MAX = 1500, PICTURE_BINS = 96 };

static const char *unit_of(const duplex_test *t) {
  return isfinite(t->hz_per_cm_s) ? "cm/s" : "Hz";
}

dsp_status duplex_overlay(duplex_course *coarse, const duplex_course *fine, int sign) {
  if (fine->n < 2 || fine->rate_hz <= coarse->rate_hz) return DSP_OK;
  const size_t from = duplex_course_index(coarse, fine->t0_s), to = duplex_course_index(coarse, duplex_course_time(fine, fine->n));
  for (size_t i = from; i < to; i++) {
    const size_t k = duplex_course_index(fine, duplex_course_time(coarse, i));
    if (k >= fine->n) continue;
    coarse->peak[i] = (float)sign * fine->peak[k];
    coarse->mean[i] = (float)sign * fine->mean[k];
    coarse->geometric[i] = (float)sign * fine->geometric[k];
  }
  return DSP_OK;
}

static double *thinned(const float *x, size_t n, size_t step, double factor) {
  double *y = dsp_alloc(n / step + 1, sizeof *y);
  for (size_t i = 0; y && i < n; i += step) y[i / step] = factor * (double)x[i];
  return y;
}

dsp_status duplex_add_course(const duplex_test *t, dsp_test *test, const duplex_course *c, double factor) {
  if (c->n == 0) return DSP_OK;
  const size_t step = c->n / SAMPLES_MAX + 1, n = (c->n + step - 1) / step;
  const struct {
    const char *name;
    const float *x;
  } kept[] = {{"envelope", c->peak}, {"mean", c->mean}, {"geometric", c->geometric}};
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < (t->audio ? sizeof kept / sizeof kept[0] : 1) && status == DSP_OK; i++) {
    double *x = thinned(kept[i].x, c->n, step, factor);
    status = x ? dsp_test_add_series(test, kept[i].name, unit_of(t), c->rate_hz / (double)step, c->t0_s, x, n) : DSP_NO_MEMORY;
  }
  return status;
}

static dsp_status add_spectrogram(duplex_test *t, dsp_test *test, dsp_error *error) {
  const duplex_course *c = &t->course;
  const double scale = isfinite(t->hz_per_cm_s) ? t->hz_per_cm_s : 1, duration_s = (double)c->n / c->rate_hz;
  const size_t columns = c->n < COLUMNS_MAX ? c->n : COLUMNS_MAX;
  double highest = 0;
  for (size_t i = 0; i < c->n; i++)
    if (isfinite(c->peak[i])) highest = fmax(highest, fabs((double)c->peak[i]));
  if (columns < 2 || !(highest > 0)) return DSP_OK;
  const double top = 1.3 * highest, bin_step = 2 * top / PICTURE_BINS, sign = t->sign ? t->sign : 1;
  double *x = dsp_alloc(columns * PICTURE_BINS, sizeof *x);
  if (!x) return DSP_NO_MEMORY;
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < columns && status == DSP_OK; i++)
    status = duplex_audio_column(t->audio, x + i * PICTURE_BINS, PICTURE_BINS, c->t0_s + duration_s * (double)i / (double)columns,
                                 sign * top * scale, error);
  if (status != DSP_OK) {
    free(x);
    return status;
  }
  status = dsp_test_add_series(test, "spectrogram", "dB", (double)columns / duration_s, c->t0_s, x, columns);
  if (status != DSP_OK) return status;
  dsp_series *series = &test->series[test->n_series - 1];
  series->bins = PICTURE_BINS;
  series->bin0 = -top + 0.5 * bin_step;
  series->bin_step = bin_step;
  series->bin_unit = unit_of(t);
  return DSP_OK;
}

dsp_status duplex_report_series(duplex_test *t, dsp_error *error) {
  dsp_test *test = &t->report->tests[t->pooled];
  dsp_status status = duplex_add_course(t, test, &t->course, t->sign ? t->sign : 1);
  if (status == DSP_OK && t->audio && t->course.n) status = add_spectrogram(t, test, error);
  return status;
}
