/* SPDX-License-Identifier: GPL-3.0-or-later
 * EDF, EDF+C and EDF+D. */
#include "edf.h"
#include "field.h"
#include <string.h>

enum { SURE = 95, HEAD_BYTES = 256 };

/* "0" and seven blanks alone could begin a table of text: two counts must stand where the header has them. */
static fmt_verdict probe_edf(const fmt_input *input, unsigned *score, dsp_error *error) {
  const fmt_source *source = input->source;
  long long bytes = 0, signals = 0;
  (void)error;
  if (source->size < HEAD_BYTES || memcmp(source->bytes, "0       ", 8) != 0) return FMT_NOT_MINE;
  if (!field_whole(&bytes, source->bytes + 184, 8) || !field_whole(&signals, source->bytes + 252, 4)) return FMT_NOT_MINE;
  *score = SURE;
  return FMT_MINE;
}

static dsp_status read_edf(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  (void)hints, (void)params;
  return edf_read(input, recording, 2, "edf", error);
}

static const char *const extensions[] = {"edf", "rec", NULL};
const fmt_reader edf_reader = {
    .id = "edf", .title = "European Data Format: EDF, EDF+C, EDF+D", .extensions = extensions, .probe = probe_edf, .read = read_edf};
