/* SPDX-License-Identifier: GPL-3.0-or-later
 * WAV, RF64, BW64 and RIFX with PCM or floating-point samples. */
#include "audio.h"
#include <string.h>

enum { SURE = 95 };

static fmt_verdict probe_wav(const fmt_input *input, unsigned *score, dsp_error *error) {
  (void)error;
  if (!audio_is_riff(input->source)) return FMT_NOT_MINE;
  *score = SURE;
  return FMT_MINE;
}

/* What was odd about the header's length. */
static dsp_status warn(dsp_recording *recording, const audio_riff *riff) {
  const unsigned long long bytes = riff->window.bytes, promised = riff->promised;
  if (riff->streamed)
    return dsp_recording_warn(recording, "audio_length_open", "the header leaves the length open: %llu bytes of samples to the file's end",
                              bytes);
  if (promised)
    return dsp_recording_warn(recording, "audio_truncated", "the header promises %llu bytes of samples, the file holds %llu", promised,
                              bytes);
  return DSP_OK;
}

static dsp_status read_wav(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  audio_riff riff;
  dsp_audio audio;
  (void)hints, (void)params;
  if (!audio_is_riff(input->source))
    return dsp_fail(error, DSP_BAD_INPUT, "byte 0", "RIFF, RIFX, RF64 or BW64 of type WAVE", "something else");
  dsp_status status = audio_riff_read(&riff, input->source, error);
  if (status == DSP_OK && riff.window.frames == 0)
    status = dsp_fail(error, DSP_BAD_INPUT, "", "samples", "a header without a whole frame of samples");
  if (status == DSP_OK) status = audio_open(&audio, input->source, &riff.window, error);
  if (status == DSP_OK) status = audio_take(recording, &audio, error);
  if (status == DSP_OK && warn(recording, &riff) != DSP_OK) status = dsp_fail_memory(error);
  return status == DSP_OK ? audio_cues(recording, &riff, input->source, error) : status;
}

static const char *const extensions[] = {"wav", "wave", "rf64", "bwf", NULL};
const fmt_reader wav_reader = {.id = "wav",
                               .title = "WAV, RF64, BW64 and RIFX: PCM to 32 bits, floating point",
                               .extensions = extensions,
                               .probe = probe_wav,
                               .read = read_wav};
