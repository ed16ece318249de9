/* SPDX-License-Identifier: GPL-3.0-or-later
 * Audio sources: the one that lives in memory, and how a recording takes and loads one. */
#include <dsp/audio.h>

#include <assert.h>
#include <dsp/memory.h>
#include <dsp/recording.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct memory_audio {
  float *x;
  unsigned n_channels;
} memory_audio;

static dsp_status read_memory(void *context, float *interleaved, uint64_t first, size_t n, dsp_error *error) {
  const memory_audio *source = context;
  (void)error;
  memcpy(interleaved, source->x + first * source->n_channels, n * source->n_channels * sizeof *interleaved);
  return DSP_OK;
}

static void close_memory(void *context) {
  memory_audio *source = context;
  free(source->x);
  free(source);
}

dsp_status dsp_audio_in_memory(dsp_audio *audio, float *interleaved, uint64_t n_frames, unsigned n_channels, double rate_hz,
                               unsigned bits) {
  memory_audio *source = dsp_zalloc(1, sizeof *source);
  *audio = (dsp_audio){0};
  if (!source) {
    free(interleaved);
    return DSP_NO_MEMORY;
  }
  *source = (memory_audio){interleaved, n_channels};
  *audio = (dsp_audio){.rate_hz = rate_hz,
                       .n_channels = n_channels,
                       .n_frames = n_frames,
                       .bits = bits,
                       .clip_level = bits ? 1.0 - ldexp(1.0, 1 - (int)bits) : (double)INFINITY,
                       .read = read_memory,
                       .context = source,
                       .close = close_memory};
  return DSP_OK;
}

void dsp_audio_close(dsp_audio *audio) {
  if (!audio) return;
  if (audio->close) audio->close(audio->context);
  *audio = (dsp_audio){0};
}

dsp_status dsp_recording_add_audio(dsp_recording *recording, const dsp_audio *audio, const char *const *names) {
  assert(recording->n_channels == 0 && recording->audio.n_channels == 0);
  recording->audio = *audio;
  for (unsigned c = 0; c < audio->n_channels; c++) {
    dsp_channel *channel = dsp_recording_add_channel(recording, names[c], audio->rate_hz, NULL, 0);
    if (!channel) return DSP_NO_MEMORY;
    channel->role = DSP_ROLE_AUDIO;
    channel->n = (size_t)audio->n_frames;
    const dsp_segment whole = {.n = channel->n};
    if (channel->n && dsp_channel_set_segments(channel, &whole, 1) != DSP_OK) return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

dsp_status dsp_recording_load_channel(dsp_recording *recording, size_t index, dsp_error *error) {
  enum { BLOCK = 16384, LOAD_MAX = 1 << 26 };
  const dsp_audio *audio = &recording->audio;
  dsp_channel *channel = &recording->channels[index];
  if (channel->x || channel->n == 0) return DSP_OK;
  assert(index < audio->n_channels);
  if (channel->n > LOAD_MAX)
    return dsp_fail(error, DSP_LIMIT, channel->name, "at most 67108864 samples of a channel that is no Doppler audio", "%zu samples",
                    channel->n);
  double *x = dsp_alloc(channel->n, sizeof *x);
  float *block = dsp_alloc((size_t)BLOCK * audio->n_channels, sizeof *block);
  dsp_status status = DSP_OK;
  if (!x || !block) {
    free(block);
    free(x);
    return dsp_fail_memory(error);
  }
  for (size_t first = 0; status == DSP_OK && first < channel->n; first += BLOCK) {
    const size_t n = channel->n - first < BLOCK ? channel->n - first : BLOCK;
    status = audio->read(audio->context, block, first, n, error);
    for (size_t i = 0; status == DSP_OK && i < n; i++) x[first + i] = (double)block[i * audio->n_channels + index];
  }
  free(block);
  if (status != DSP_OK) {
    free(x);
    return status;
  }
  channel->x = x;
  channel->missing = 0; /* a reader may have counted them */
  for (size_t i = 0; i < channel->n; i++) channel->missing += isnan(x[i]) != 0;
  return DSP_OK;
}
