/* SPDX-License-Identifier: GPL-3.0-or-later
 * Between channels and audio: samples of audio as channels in memory, and channels as audio, as far as WAV can hold them: one rate, one
 * length, no gap, nothing missing. Whole steps of 16 or 24 bits stay such; other values become 32-bit floating point. */
#include "convert.h"
#include <math.h>
#include <stdlib.h>

enum { CODES_MAX = 3 };

dsp_status convert_load_audio(dsp_recording *recording, dsp_error *error) {
  const unsigned bits = recording->audio.bits;
  dsp_status status = DSP_OK;
  for (size_t i = 0; status == DSP_OK && i < recording->audio.n_channels; i++) {
    status = dsp_recording_load_channel(recording, i, error);
    if (bits > 0) recording->channels[i].scale = ldexp(1, 1 - (int)bits); /* the file's own whole numbers */
  }
  return status;
}

/* Why WAV has no place for these channels; NULL when it has. */
static const char *obstacle(const dsp_recording *r) {
  const dsp_channel *first = r->channels;
  if (r->n_channels == 0) return "a recording without channels";
  for (size_t i = 0; i < r->n_channels; i++) {
    const dsp_channel *c = &r->channels[i];
    if (c->rate_hz != first->rate_hz || c->n != first->n) return "channels of different rates or lengths";
    if (c->n_segments != 1 || fabs(c->segments[0].t0_s - first->segments[0].t0_s) > 1e-9) return "channels with gaps";
    if (c->missing > 0) return "missing samples";
  }
  return NULL;
}

/* Bits of the whole numbers that all samples are, with full scale 1; 0: they are none. */
static unsigned whole_bits(const dsp_recording *r) {
  static const unsigned codes[CODES_MAX] = {16, 24, 0};
  size_t code = 0;
  for (size_t i = 0; i < r->n_channels && codes[code]; i++)
    for (size_t k = 0; k < r->channels[i].n && codes[code]; k++) {
      const double x = r->channels[i].x[k];
      while (codes[code] && (!(x >= -1 && x < 1) || ldexp(x, (int)codes[code] - 1) != rint(ldexp(x, (int)codes[code] - 1)))) code++;
    }
  return codes[code];
}

dsp_status convert_as_audio(dsp_audio *audio, fmt_buffer *notes, const dsp_recording *recording, dsp_error *error) {
  const char *found = obstacle(recording);
  *audio = (dsp_audio){0};
  if (found) return dsp_fail(error, DSP_BAD_OPTION, "", "CSV, BIDS or EDF; WAV holds channels of one rate, without gaps", "%s", found);
  const size_t channels = recording->n_channels, n = recording->channels[0].n;
  float *samples = n <= SIZE_MAX / channels ? dsp_alloc(n * channels, sizeof *samples) : NULL;
  double off = 0;
  if (!samples) return dsp_fail_memory(error);
  for (size_t c = 0; c < channels; c++)
    for (size_t i = 0; i < n; i++) {
      const double x = recording->channels[c].x[i];
      if (fabs(x) > 3.4e38) {
        free(samples);
        return dsp_fail(error, DSP_BAD_OPTION, recording->channels[c].name, "CSV or BIDS", "a value that 32 bits cannot hold");
      }
      samples[i * channels + c] = (float)x;
      off = fmax(off, fabs((double)samples[i * channels + c] - x));
    }
  if (off > 0) fmt_printf(notes, "samples are rounded to 32-bit floating point, by %.3g at most\n", off);
  return dsp_audio_in_memory(audio, samples, n, (unsigned)channels, recording->channels[0].rate_hz, whole_bits(recording)) == DSP_OK
             ? DSP_OK
             : dsp_fail_memory(error);
}
