/* SPDX-License-Identifier: GPL-3.0-or-later
 * Samples through libsndfile's virtual files: it sees a window of a source's bytes, never a path or a descriptor. */
#include "audio.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_FRAMES = 8192, NAME_BYTES = 24 };

typedef struct stream {
  fmt_source source;
  uint64_t at, bytes; /* the window */
  uint64_t here;      /* libsndfile's place in it */
  SNDFILE *file;
  uint64_t next; /* frame that the next read gives */
  unsigned n_channels;
  bool floating;
} stream;

static sf_count_t window_length(void *user) {
  return (sf_count_t)((const stream *)user)->bytes;
}

static sf_count_t window_seek(sf_count_t offset, int whence, void *user) {
  stream *s = user;
  const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (sf_count_t)s->here : (sf_count_t)s->bytes;
  if (offset < -base || offset > (sf_count_t)s->bytes - base) return -1;
  s->here = (uint64_t)(base + offset);
  return (sf_count_t)s->here;
}

static sf_count_t window_read(void *out, sf_count_t count, void *user) {
  stream *s = user;
  const uint64_t left = s->bytes - s->here;
  if (count <= 0) return 0;
  const size_t got = fmt_source_at(&s->source, out, s->at + s->here, (uint64_t)count < left ? (size_t)count : (size_t)left);
  s->here += got;
  return (sf_count_t)got;
}

static sf_count_t window_write(const void *bytes, sf_count_t count, void *user) {
  (void)bytes, (void)count, (void)user;
  return 0;
}

static sf_count_t window_tell(void *user) {
  return (sf_count_t)((const stream *)user)->here;
}

static void close_stream(void *context) {
  stream *s = context;
  if (!s) return;
  if (s->file) (void)sf_close(s->file);
  fmt_source_clear(&s->source);
  free(s);
}

static bool all_finite(const float *x, size_t n) {
  const uint32_t exponent = 0x7F800000; /* IEEE 754: all of its bits set says infinite or no number */
  uint32_t odd = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    odd |= (bits & exponent) == exponent;
  }
  return odd == 0;
}

/* A sample that is no number is missing; so is an infinite one, which no device can have heard. */
static void mark_missing(float *x, size_t n) {
  if (all_finite(x, n)) return;
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) x[i] = (float)NAN;
}

static dsp_status read_frames(void *context, float *interleaved, uint64_t first, size_t n, dsp_error *error) {
  stream *s = context;
  char place[64];
  if (first != s->next && sf_seek(s->file, (sf_count_t)first, SEEK_SET) != (sf_count_t)first) s->next = UINT64_MAX;
  const sf_count_t got = s->next == UINT64_MAX ? 0 : sf_readf_float(s->file, interleaved, (sf_count_t)n);
  s->next = got == (sf_count_t)n ? first + n : UINT64_MAX;
  if (got != (sf_count_t)n) {
    const unsigned long long bad = first + (uint64_t)(got > 0 ? got : 0);
    snprintf(place, sizeof place, "frame %llu", bad);
    return dsp_fail(error, DSP_BAD_INPUT, place, "samples that can be decoded, in a file that does not change", "damaged or cut short");
  }
  if (s->floating) mark_missing(interleaved, n * s->n_channels);
  return DSP_OK;
}

/* A window with a header of its own: what libsndfile made of it. */
static dsp_status take_header(audio_window *window, const SF_INFO *info, dsp_error *error) {
  const int sub = info->format & SF_FORMAT_SUBMASK;
  if ((info->format & SF_FORMAT_TYPEMASK) != SF_FORMAT_FLAC) return dsp_fail(error, DSP_BAD_INPUT, "", "FLAC", "another format");
  window->bits = sub == SF_FORMAT_PCM_S8 ? 8 : sub == SF_FORMAT_PCM_16 ? 16 : sub == SF_FORMAT_PCM_24 ? 24 : 0;
  window->info = *info;
  if (window->bits == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "8, 16 or 24 bits", "samples of another width");
  return DSP_OK;
}

dsp_status audio_open(dsp_audio *audio, const fmt_source *source, const audio_window *window, dsp_error *error) {
  static const SF_VIRTUAL_IO calls = {window_length, window_seek, window_read, window_write, window_tell};
  SF_VIRTUAL_IO io = calls;
  SF_INFO info = window->info;
  audio_window own = *window;
  stream *s = dsp_zalloc(1, sizeof *s);
  *audio = (dsp_audio){0};
  if (!s) return dsp_fail_memory(error);
  dsp_status status = fmt_source_share(&s->source, source, error);
  s->at = window->at;
  s->bytes = window->bytes;
  if (status == DSP_OK) s->file = sf_open_virtual(&io, SFM_READ, &info, s);
  if (status == DSP_OK && !s->file) status = dsp_fail(error, DSP_BAD_INPUT, "", "audio that can be decoded", "%s", sf_strerror(NULL));
  if (status == DSP_OK && window->info.format == 0) status = take_header(&own, &info, error);
  if (status == DSP_OK && (info.channels < 1 || info.samplerate < 1 || info.frames < 0))
    status = dsp_fail(error, DSP_BAD_INPUT, "", "channels and a sampling rate", "%d channels at %d Hz", info.channels, info.samplerate);
  if (status != DSP_OK) {
    close_stream(s);
    return status;
  }
  s->n_channels = (unsigned)info.channels;
  s->floating = own.bits == 0;
  *audio = (dsp_audio){.rate_hz = info.samplerate,
                       .n_channels = s->n_channels,
                       .n_frames = own.frames ? own.frames : (uint64_t)info.frames,
                       .bits = own.bits,
                       .clip_level = own.bits ? 1 - ldexp(1, 1 - (int)own.bits) : (double)INFINITY,
                       .read = read_frames,
                       .context = s,
                       .close = close_stream};
  return DSP_OK;
}

dsp_status audio_count(uint64_t *frames, const dsp_audio *audio, dsp_error *error) {
  stream *s = audio->context;
  float *block = dsp_alloc((size_t)BLOCK_FRAMES * audio->n_channels, sizeof *block);
  if (!block) return dsp_fail_memory(error);
  sf_count_t got;
  *frames = 0;
  while ((got = sf_readf_float(s->file, block, BLOCK_FRAMES)) > 0) *frames += (uint64_t)got;
  free(block);
  return DSP_OK;
}

/* Only floating point can hold what is no number; then each sample is looked at once. */
static dsp_status count_missing(dsp_recording *recording, dsp_error *error) {
  const dsp_audio *audio = &recording->audio;
  const size_t channels = audio->n_channels;
  float *block = dsp_alloc(BLOCK_FRAMES * channels, sizeof *block);
  dsp_status status = DSP_OK;
  if (!block) return dsp_fail_memory(error);
  for (uint64_t first = 0; status == DSP_OK && first < audio->n_frames; first += BLOCK_FRAMES) {
    const uint64_t left = audio->n_frames - first;
    const size_t n = left < BLOCK_FRAMES ? (size_t)left : BLOCK_FRAMES;
    status = audio->read(audio->context, block, first, n, error);
    if (status != DSP_OK || all_finite(block, n * channels)) continue;
    for (size_t i = 0; i < n * channels; i++) recording->channels[i % channels].missing += isnan(block[i]) != 0;
  }
  free(block);
  return status;
}

dsp_status audio_take(dsp_recording *recording, dsp_audio *audio, dsp_error *error) {
  const size_t n = audio->n_channels;
  const bool floating = audio->bits == 0;
  dsp_status status = n > FMT_CAP_CHANNELS ? dsp_fail(error, DSP_LIMIT, "", "at most 256 channels", "%zu channels", n) : DSP_OK;
  if (status == DSP_OK && audio->n_frames == 0) status = dsp_fail(error, DSP_BAD_INPUT, "", "samples", "a header without samples");
  char(*texts)[NAME_BYTES] = status == DSP_OK ? dsp_alloc(n, sizeof *texts) : NULL;
  const char **names = texts ? dsp_alloc(n, sizeof *names) : NULL;
  if (!names) {
    dsp_audio_close(audio);
  } else {
    for (size_t i = 0; i < n; i++) {
      snprintf(texts[i], NAME_BYTES, "channel %zu", i + 1);
      names[i] = texts[i];
    }
    status = dsp_recording_add_audio(recording, audio, names);
  }
  free(names);
  free(texts);
  if (status == DSP_OK && !names) return dsp_fail_memory(error);
  if (status != DSP_OK) return dsp_fail(error, status, "", "", "%s", dsp_status_text(status));
  return floating ? count_missing(recording, error) : DSP_OK;
}
