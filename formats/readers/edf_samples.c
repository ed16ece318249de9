/* SPDX-License-Identifier: GPL-3.0-or-later
 * Samples: each record holds each signal's stretch, little-endian two's complement of 16 bits in EDF and 24 in BDF. */
#include "edf.h"
#include "field.h"
#include "pages.h"
#include <fmt/cursor.h>
#include <stdlib.h>

/* Whole samples of a signal in the first `held` bytes of a record. */
static size_t held_samples(const edf_file *file, const edf_signal *signal, size_t held) {
  const size_t n = held > signal->at ? (held - signal->at) / file->width : 0;
  return n < signal->per_record ? n : signal->per_record;
}

static void take_samples(double *x, const unsigned char *p, size_t n, const edf_file *file, const edf_signal *signal) {
  const double scale = signal->scale, offset = signal->offset;
  if (file->width == 2)
    for (size_t i = 0; i < n; i++) x[i] = (int16_t)fmt_u16le(p + 2 * i) * scale + offset;
  else
    for (size_t i = 0; i < n; i++) x[i] = fmt_i24le(p + 3 * i) * scale + offset;
}

/* The runs of records as segments of one signal; *n_segments may be 0 when there is no sample. */
static void fill_segments(dsp_segment *segments, size_t *n_segments, const edf_file *file, const edf_signal *signal, size_t n) {
  *n_segments = 0;
  for (size_t r = 0; r < file->n_runs; r++) {
    const edf_run *run = &file->runs[r];
    const size_t first = run->first * signal->per_record, end = first + run->n * signal->per_record, last = end < n ? end : n;
    if (last > first) segments[(*n_segments)++] = (dsp_segment){run->t0_s - file->recording->t_origin_s, first, last - first};
  }
}

static dsp_status add_signal(edf_file *file, const edf_signal *signal, dsp_segment *segments, dsp_error *error) {
  const size_t tail = held_samples(file, signal, file->tail_bytes), n = file->n_records * signal->per_record + tail;
  size_t n_segments = 0;
  if (n == 0) {
    if (dsp_recording_warn(file->recording, "column_dropped", "signal \"%s\" holds no samples and was left out", signal->label) != DSP_OK)
      return dsp_fail_memory(error);
    return DSP_OK;
  }
  if (n > FMT_CAP_SAMPLES) return dsp_fail(error, DSP_LIMIT, "", "fewer samples", "%zu samples of one signal", n);
  double *x = dsp_alloc(n, sizeof *x);
  if (!x) return dsp_fail_memory(error);
  pages_hint(x, n * sizeof *x);
  for (size_t r = 0; r * signal->per_record < n; r++) {
    const size_t count = r < file->n_records ? signal->per_record : tail;
    take_samples(x + r * signal->per_record, file->data + r * file->record_bytes + signal->at, count, file, signal);
  }
  const field_channel about = {.name = signal->label,
                               .unit = signal->unit,
                               .rate_hz = (double)signal->per_record / file->record_s,
                               .scale = signal->scale,
                               .offset = signal->offset};
  dsp_channel *channel = field_add_channel(file->recording, &about, x, n);
  if (!channel) return dsp_fail_memory(error);
  fill_segments(segments, &n_segments, file, signal, n);
  return dsp_channel_set_segments(channel, segments, n_segments) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
}

dsp_status edf_samples(edf_file *file, dsp_error *error) {
  dsp_segment *segments = dsp_alloc(file->n_runs, sizeof *segments);
  dsp_status status = segments ? DSP_OK : dsp_fail_memory(error);
  for (size_t s = 0; status == DSP_OK && s < file->n_signals; s++)
    if (!file->signals[s].annotations) status = add_signal(file, &file->signals[s], segments, error);
  free(segments);
  if (status == DSP_OK && file->recording->n_channels == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "samples", "signals without any");
  return status;
}
