/* SPDX-License-Identifier: GPL-3.0-or-later
 * AcqKnowledge's MATLAB export: `data` (samples by channels), `labels`, `units`, and the interval `isi` in `isi_units`. */
#include "field.h"
#include "mat.h"
#include <math.h>
#include <string.h>

bool mat_is_acqknowledge(const mat_vars *vars) {
  const mat_var *data = mat_find(vars, "data"), *isi = mat_find(vars, "isi"), *unit = mat_find(vars, "isi_units");
  return data && data->x && isi && isi->x && isi->rows * isi->cols == 1 && unit && unit->texts && unit->rows > 0;
}

/* "ms" is an interval, "kHz" a rate. */
static double rate_of(const mat_vars *vars) {
  const double isi = mat_find(vars, "isi")->x[0];
  const char *text = mat_find(vars, "isi_units")->texts[0];
  const dsp_unit *unit = dsp_unit_find(text, strlen(text));
  if (unit && unit->dimension == DSP_DIM_TIME) return 1 / (isi * unit->factor);
  if (unit && unit->dimension == DSP_DIM_FREQUENCY) return isi * unit->factor;
  return (double)NAN;
}

static const char *text_of(const mat_var *texts, size_t i) {
  return texts && texts->texts && i < texts->rows ? texts->texts[i] : "";
}

dsp_status mat_acqknowledge(const mat_vars *vars, dsp_recording *recording, dsp_error *error) {
  const mat_var *data = mat_find(vars, "data"), *labels = mat_find(vars, "labels"), *units = mat_find(vars, "units");
  const mat_var *start = mat_find(vars, "start_sample");
  const double rate_hz = rate_of(vars);
  if (!(rate_hz > 0) || !isfinite(rate_hz))
    return dsp_fail(error, DSP_BAD_INPUT, "isi, isi_units", "an interval in ms, or a rate in kHz", "neither");
  if (data->rows == 0 || data->cols == 0 || data->cols > FMT_CAP_CHANNELS)
    return dsp_fail(error, DSP_BAD_INPUT, "data", "samples by channels", "an array of %zu by %zu", data->rows, data->cols);
  for (size_t c = 0; c < data->cols; c++) {
    double *x = dsp_alloc(data->rows, sizeof *x);
    const char *name = text_of(labels, c)[0] ? text_of(labels, c) : dsp_arena_printf(recording->arena, "channel %zu", c + 1);
    if (!x) return dsp_fail_memory(error);
    for (size_t i = 0; i < data->rows; i++) x[i] = isfinite(data->x[c * data->rows + i]) ? data->x[c * data->rows + i] : (double)NAN;
    const field_channel about = {.name = name ? name : "", .unit = text_of(units, c), .rate_hz = rate_hz, .scale = 1};
    if (!field_add_channel(recording, &about, x, data->rows) || !name) return dsp_fail_memory(error);
  }
  if (start && start->x && start->rows * start->cols == 1 && isfinite(start->x[0] / rate_hz)) recording->t_origin_s = start->x[0] / rate_hz;
  return DSP_OK;
}
