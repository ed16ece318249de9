/* SPDX-License-Identifier: GPL-3.0-or-later
 * EDF and BDF from end to end. */
#include "edf.h"
#include <stdlib.h>

dsp_status edf_read(const fmt_input *input, dsp_recording *recording, unsigned width, const char *id, dsp_error *error) {
  edf_file file = {.input = input, .recording = recording, .id = id, .width = width};
  dsp_status status = edf_header(&file, error);
  if (status == DSP_OK) status = edf_annotations(&file, error);
  if (status == DSP_OK) status = edf_samples(&file, error);
  free(file.runs);
  return status;
}
