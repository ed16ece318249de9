/* SPDX-License-Identifier: GPL-3.0-or-later
 * Doppler sound of old scanners: the retired audio module, repeating groups 5000, 5002 ... 501E. */
#include "dicom.h"
#include <fmt/cursor.h>
#include <math.h>
#include <stdlib.h>

enum { GROUPS = 16 };

static uint32_t tag_in(unsigned group, unsigned element) {
  return (uint32_t)(0x5000 + 2 * group) << 16 | element;
}

dsp_status dicom_curve_audio(bool *found, const dicom_file *file, dsp_recording *recording, dsp_error *error) {
  static const char *const names[] = {"left", "right"};
  unsigned group = 0;
  while (group < GROUPS && !dicom_find(&file->top, tag_in(group, 0x200C))) group++;
  *found = group < GROUPS;
  if (!*found) return DSP_OK;
  const dicom_element *data = dicom_find(&file->top, tag_in(group, 0x200C));
  const double format = dicom_number(file, &file->top, tag_in(group, 0x2002), "US", 0);
  const double stereo = dicom_number(file, &file->top, tag_in(group, 0x2004), "US", 0);
  const double samples = dicom_number(file, &file->top, tag_in(group, 0x2006), "UL", 0);
  const double rate_hz = dicom_number(file, &file->top, tag_in(group, 0x2008), "UL", 0);
  const unsigned n_channels = stereo == 1 ? 2 : 1;
  const size_t size = format == 1 ? 1 : 2;
  dsp_audio audio = {0};
  if ((format != 0 && format != 1) || !(rate_hz > 0) || !(samples >= 1) || !data->bytes ||
      samples * n_channels * (double)size > (double)data->n)
    return dsp_fail(error, DSP_BAD_INPUT, "(50xx,200C)", "8 or 16 bits, a rate, and as many samples as stated",
                    "sound that says something else");
  const size_t n = (size_t)samples * n_channels;
  float *x = dsp_alloc(n, sizeof *x);
  if (!x) return dsp_fail_memory(error);
  for (size_t i = 0; i < n; i++) {
    const unsigned char *p = data->bytes + i * size;
    x[i] = size == 1 ? ((float)*p - 128.0F) / 128.0F : (float)(int16_t)(file->big ? fmt_u16be(p) : fmt_u16le(p)) / 32768.0F;
  }
  if (dsp_audio_in_memory(&audio, x, (uint64_t)samples, n_channels, rate_hz, size == 1 ? 8 : 16) != DSP_OK) return dsp_fail_memory(error);
  return dsp_recording_add_audio(recording, &audio, names) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
}
