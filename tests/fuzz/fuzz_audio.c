/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as an audio file: refused with a message, or a source that gives every frame that it promises, from any place. */
#include <fmt/reader.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BLOCK = 512 };

static void expect_frames(const dsp_audio *audio, uint64_t first, size_t n, bool whole) {
  dsp_error error = {0};
  float *x = malloc(n * audio->n_channels * sizeof *x);
  if (!x) abort();
  const dsp_status status = audio->read(audio->context, x, first, n, &error);
  if (status != DSP_OK && (whole || error.found[0] == '\0')) abort();
  for (size_t i = 0; status == DSP_OK && i < n * audio->n_channels; i++)
    if (isinf(x[i])) abort();
  free(x);
}

/* Frames of FLAC can be damaged in the middle; those of WAV are all there. */
static void expect_sound(const dsp_recording *recording) {
  const dsp_audio *audio = &recording->audio;
  const bool whole = recording->format[0] == 'w';
  if (audio->n_channels == 0 || audio->n_channels != recording->n_channels || audio->n_frames == 0 || !(audio->rate_hz > 0)) abort();
  const size_t n = audio->n_frames < BLOCK ? (size_t)audio->n_frames : BLOCK;
  expect_frames(audio, 0, n, whole);
  expect_frames(audio, audio->n_frames - n, n, whole);
  expect_frames(audio, audio->n_frames / 2, 1, whole);
  for (size_t i = 0; i < recording->n_channels; i++)
    if (recording->channels[i].x || recording->channels[i].n != audio->n_frames) abort();
  for (size_t i = 0; i < recording->n_events; i++)
    if (!isfinite(recording->events[i].t_s) || !(recording->events[i].dur_s >= 0)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const formats[] = {NULL, "wav", "flac"};
  fmt_source source;
  dsp_error error = {0};
  if (fmt_source_from_memory(&source, data, size, &error) != DSP_OK) abort();
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
    dsp_recording *recording = NULL;
    dsp_error why = {0};
    const fmt_input input = {.source = &source, .name = "fuzz.wav"};
    const dsp_status status = fmt_read(&recording, &input, &(fmt_read_options){.format = formats[i]}, &why);
    if (status != DSP_OK && why.found[0] == '\0') abort();
    if (status == DSP_OK && recording->audio.n_channels > 0) expect_sound(recording);
    dsp_recording_free(recording);
  }
  fmt_source_clear(&source);
  return 0;
}
