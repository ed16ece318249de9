/* SPDX-License-Identifier: GPL-3.0-or-later
 * FLAC of 8, 16 or 24 bits, decoded by libsndfile (and libFLAC behind it). The header's number of samples is tried at its end: a file that
 * was cut short, or that leaves the number open, is decoded once to count what is there. */
#include "audio.h"
#include <string.h>

enum { SURE = 95 };

static bool is_flac(const fmt_source *source) {
  return source->size >= 42 && memcmp(source->bytes, "fLaC", 4) == 0;
}

static fmt_verdict probe_flac(const fmt_input *input, unsigned *score, dsp_error *error) {
  const fmt_source *source = input->source;
  if (source->size < 4 || memcmp(source->bytes, "fLaC", 4) != 0) return FMT_NOT_MINE;
  if (!is_flac(source)) {
    dsp_fail(error, DSP_BAD_INPUT, "", "a FLAC header of 42 bytes", "%zu bytes", source->size);
    return FMT_BROKEN;
  }
  *score = SURE;
  return FMT_MINE;
}

/* Number of samples by STREAMINFO: 36 bits; 0 unknown. */
static uint64_t promised_frames(const unsigned char *p) {
  uint64_t n = p[21] & 15;
  for (size_t i = 22; i < 26; i++) n = n << 8 | p[i];
  return n;
}

static dsp_status open_counted(dsp_audio *audio, const fmt_source *source, audio_window *window, bool *truncated, dsp_error *error) {
  const uint64_t promised = promised_frames(source->bytes);
  float last[FMT_CAP_CHANNELS];
  dsp_status status = audio_open(audio, source, window, error);
  if (status != DSP_OK) return status;
  if (promised > 0 && audio->read(audio->context, last, promised - 1, 1, NULL) == DSP_OK) {
    audio->n_frames = promised;
    return DSP_OK;
  }
  dsp_audio_close(audio); /* a decoder that failed is not asked again */
  status = audio_open(audio, source, window, error);
  if (status == DSP_OK) status = audio_count(&window->frames, audio, error);
  dsp_audio_close(audio);
  *truncated = promised > window->frames;
  if (status == DSP_OK && window->frames == 0) status = dsp_fail(error, DSP_BAD_INPUT, "", "samples that can be decoded", "none");
  return status == DSP_OK ? audio_open(audio, source, window, error) : status;
}

static dsp_status read_flac(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  const fmt_source *source = input->source;
  audio_window window = {.bytes = fmt_source_total(source)};
  dsp_audio audio;
  bool truncated = false;
  (void)hints, (void)params;
  if (!is_flac(source)) return dsp_fail(error, DSP_BAD_INPUT, "byte 0", "fLaC", "something else");
  dsp_status status = open_counted(&audio, source, &window, &truncated, error);
  const unsigned long long there = audio.n_frames, promised = promised_frames(source->bytes);
  if (status == DSP_OK) status = audio_take(recording, &audio, error);
  if (status == DSP_OK && truncated &&
      dsp_recording_warn(recording, "audio_truncated", "the header promises %llu samples, %llu can be decoded", promised, there) != DSP_OK)
    return dsp_fail_memory(error);
  return status;
}

static const char *const extensions[] = {"flac", NULL};
const fmt_reader flac_reader = {
    .id = "flac", .title = "FLAC of 8, 16 or 24 bits", .extensions = extensions, .probe = probe_flac, .read = read_flac};
