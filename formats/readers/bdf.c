/* SPDX-License-Identifier: GPL-3.0-or-later
 * BDF and BDF+: EDF with samples of 24 bits. */
#include "edf.h"
#include <string.h>

enum { SURE = 100 };

static fmt_verdict probe_bdf(const fmt_input *input, unsigned *score, dsp_error *error) {
  (void)error;
  if (input->source->size < 8 || memcmp(input->source->bytes,
                                        "\xFF"
                                        "BIOSEMI",
                                        8) != 0)
    return FMT_NOT_MINE;
  *score = SURE;
  return FMT_MINE;
}

static dsp_status read_bdf(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  (void)hints, (void)params;
  return edf_read(input, recording, 3, "bdf", error);
}

static const char *const extensions[] = {"bdf", NULL};
const fmt_reader bdf_reader = {
    .id = "bdf", .title = "BioSemi Data Format: BDF, BDF+", .extensions = extensions, .probe = probe_bdf, .read = read_bdf};
