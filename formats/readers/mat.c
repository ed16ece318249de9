/* SPDX-License-Identifier: GPL-3.0-or-later
 * MATLAB files of levels 4 to 7: exports of LabChart and AcqKnowledge, or somebody's own variables. 7.3 is HDF5 and refused. */
#include "mat.h"
#include <string.h>

enum { SURE = 100, LIKELY = 70 };

static const dsp_param_row rows[] = {
    [MAT_RATE_HZ] = {"mat.rate_hz", "Hz", 0, 0, 1e6, NULL, "Sampling rate of a MATLAB file that states none; 0: not stated",
                     "the recorder's settings"},
};

static fmt_verdict probe_mat(const fmt_input *input, unsigned *score, dsp_error *error) {
  const fmt_source *source = input->source;
  *score = SURE;
  if (source->size > 128 && memcmp(source->bytes, "MATLAB ", 7) == 0 && (source->bytes[124] == 2 || source->bytes[125] == 2)) {
    dsp_fail(error, DSP_BAD_INPUT, "byte 0", "the same variables saved by save(..., '-v7')", "a MATLAB 7.3 file, which is HDF5");
    return FMT_BROKEN;
  }
  if (mat_is_level5(source)) return FMT_MINE;
  *score = LIKELY;
  return mat_is_level4(source) ? FMT_MINE : FMT_NOT_MINE;
}

static dsp_status read_mat(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  fmt_source checked;
  mat_vars vars = {0};
  size_t skipped = 0;
  if (!mat_is_level5(input->source) && !mat_is_level4(input->source))
    return dsp_fail(error, DSP_BAD_INPUT, "byte 0", "the header of a MATLAB file up to level 7", "something else");
  dsp_status status = mat_check(&checked, &skipped, input->source, error);
  if (status == DSP_OK) status = mat_load(&vars, &checked, recording->arena, error);
  vars.skipped = skipped;
  if (status == DSP_OK && skipped &&
      dsp_recording_warn(recording, "column_dropped", "variables that are no real numbers and no texts: %zu; left out", skipped) != DSP_OK)
    status = dsp_fail_memory(error);
  if (status == DSP_OK && mat_is_labchart(&vars))
    status = mat_labchart(&vars, recording, error);
  else if (status == DSP_OK && mat_is_acqknowledge(&vars))
    status = mat_acqknowledge(&vars, recording, error);
  else if (status == DSP_OK)
    status = mat_plain(&vars, hints, params[MAT_RATE_HZ], recording, error);
  mat_vars_clear(&vars);
  fmt_source_clear(&checked);
  return status;
}

static const char *const extensions[] = {"mat", NULL};
const fmt_reader mat_reader = {.id = "mat",
                               .title = "MATLAB 4 to 7 (LabChart, AcqKnowledge, or a vector with its times or rate)",
                               .extensions = extensions,
                               .params = {"mat", rows, MAT_N_PARAMS},
                               .probe = probe_mat,
                               .read = read_mat};
