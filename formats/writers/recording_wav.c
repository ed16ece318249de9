/* SPDX-License-Identifier: GPL-3.0-or-later
 * Audio as RIFF/WAVE (Multimedia Programming Interface and Data Specifications 1.0, 1991): PCM of 16 or 24 bits when the samples came from
 * so many, else 32-bit floating point; events as cue points with labels. */
#include "convert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_FRAMES = 8192, TAG_PCM = 1, TAG_FLOAT = 3 };

typedef struct wav {
  fmt_buffer *out;
  const dsp_audio *audio;
  unsigned bytes; /* of one sample */
} wav;

static void put_le(fmt_buffer *out, uint64_t value, size_t bytes) {
  unsigned char text[8];
  for (size_t i = 0; i < bytes; i++) text[i] = (unsigned char)(value >> (8 * i));
  fmt_put_bytes(out, text, bytes);
}

static void put_head(fmt_buffer *out, const char id[5], size_t size) {
  fmt_put_bytes(out, id, 4);
  put_le(out, size, 4);
}

static void put_format(const wav *w) {
  const bool floating = w->bytes == 4;
  const unsigned frame = w->bytes * w->audio->n_channels;
  const uint64_t rate = (uint64_t)w->audio->rate_hz;
  put_head(w->out, "fmt ", floating ? 18 : 16);
  put_le(w->out, floating ? TAG_FLOAT : TAG_PCM, 2);
  put_le(w->out, w->audio->n_channels, 2);
  put_le(w->out, rate, 4);
  put_le(w->out, rate * frame, 4);
  put_le(w->out, frame, 2);
  put_le(w->out, (uint64_t)8 * w->bytes, 2);
  if (!floating) return;
  put_le(w->out, 0, 2); /* no extension */
  put_head(w->out, "fact", 4);
  put_le(w->out, w->audio->n_frames, 4);
}

static void put_samples(unsigned char *to, const float *x, size_t n, unsigned bytes) {
  for (size_t i = 0; i < n; i++) {
    uint32_t word = 0;
    if (bytes == 4) {
      memcpy(&word, &x[i], 4);
    } else {
      const float top = bytes == 2 ? 32768.0F : 8388608.0F, value = rintf(x[i] * top);
      word = (uint32_t)(int32_t)fmaxf(-top, fminf(top - 1.0F, value));
    }
    for (unsigned b = 0; b < bytes; b++) *to++ = (unsigned char)(word >> (8 * b));
  }
}

static dsp_status put_data(const wav *w, dsp_error *error) {
  const size_t channels = w->audio->n_channels;
  float *samples = dsp_alloc(PIECE_FRAMES * channels, sizeof *samples);
  unsigned char *piece = dsp_alloc(PIECE_FRAMES * channels, w->bytes);
  dsp_status status = samples && piece ? DSP_OK : dsp_fail_memory(error);
  for (uint64_t first = 0; status == DSP_OK && first < w->audio->n_frames; first += PIECE_FRAMES) {
    const uint64_t left = w->audio->n_frames - first;
    const size_t n = left < PIECE_FRAMES ? (size_t)left : PIECE_FRAMES;
    status = w->audio->read(w->audio->context, samples, first, n, error);
    if (status == DSP_OK) put_samples(piece, samples, n * channels, w->bytes);
    if (status == DSP_OK) fmt_put_bytes(w->out, piece, n * channels * w->bytes);
  }
  free(samples);
  free(piece);
  return status;
}

/* Length of a cue point's stretch, in a chunk of its own. */
static void put_length(fmt_buffer *list, size_t id, double samples) {
  put_head(list, "ltxt", 20);
  put_le(list, id, 4);
  put_le(list, (uint64_t)fmin(samples, UINT32_MAX), 4);
  fmt_put(list, "rgn ");
  put_le(list, 0, 8);
}

static void put_cues(const wav *w, const dsp_recording *recording) {
  fmt_buffer list = {0}, label = {0};
  if (recording->n_events == 0) return;
  put_head(w->out, "cue ", 4 + 24 * recording->n_events);
  put_le(w->out, recording->n_events, 4);
  fmt_put(&list, "adtl");
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *event = &recording->events[i];
    const double at = fmin(fmax(0, round(event->t_s * w->audio->rate_hz)), (double)w->audio->n_frames);
    put_le(w->out, i + 1, 4);
    put_le(w->out, (uint64_t)at, 4);
    fmt_put(w->out, "data");
    put_le(w->out, 0, 8);
    put_le(w->out, (uint64_t)at, 4);
    label.size = 0;
    (void)convert_put_mark(&label, event);
    put_head(&list, "labl", label.size + 5);
    put_le(&list, i + 1, 4);
    fmt_put_bytes(&list, label.bytes, label.size);
    put_le(&list, 0, label.size % 2 ? 1 : 2); /* its end, and a byte where the chunk would be of odd length */
    if (event->dur_s > 0) put_length(&list, i + 1, round(event->dur_s * w->audio->rate_hz));
  }
  put_head(w->out, "LIST", list.size);
  fmt_put_bytes(w->out, list.bytes, list.size);
  if (list.failed || label.failed) w->out->failed = true;
  fmt_buffer_clear(&list);
  fmt_buffer_clear(&label);
}

dsp_status fmt_recording_wav(fmt_buffer *out, const dsp_recording *recording, bool cues, dsp_error *error) {
  const dsp_audio *audio = &recording->audio;
  const wav w = {out, audio, audio->bits == 16 ? 2 : audio->bits > 16 && audio->bits <= 24 ? 3 : 4};
  if (audio->n_channels == 0) return dsp_fail(error, DSP_BAD_OPTION, "", "a recording of audio, or another format", "no audio");
  if (!(audio->rate_hz >= 1 && audio->rate_hz <= UINT32_MAX) || audio->rate_hz != floor(audio->rate_hz))
    return dsp_fail(error, DSP_BAD_OPTION, "", "a whole number of samples a second", "%g", audio->rate_hz);
  if (audio->n_channels > UINT16_MAX / w.bytes || audio->n_frames > (UINT32_MAX / 2) / (w.bytes * audio->n_channels))
    return dsp_fail(error, DSP_LIMIT, "", "at most 2 GiB of samples", "%llu samples of %u channels", (unsigned long long)audio->n_frames,
                    audio->n_channels);
  const size_t data_bytes = (size_t)audio->n_frames * audio->n_channels * w.bytes, start = out->size;
  put_head(out, "RIFF", 0);
  fmt_put(out, "WAVE");
  put_format(&w);
  put_head(out, "data", data_bytes);
  dsp_status status = put_data(&w, error);
  if (status != DSP_OK) return status;
  if (data_bytes % 2) put_le(out, 0, 1);
  if (cues) put_cues(&w, recording);
  if (out->failed) return dsp_fail_memory(error);
  const size_t riff_bytes = out->size - start - 8;
  for (size_t b = 0; b < 4; b++) out->bytes[start + 4 + b] = (char)(unsigned char)(riff_bytes >> (8 * b));
  return DSP_OK;
}
