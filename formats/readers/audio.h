/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the audio readers share. Headers of the RIFF family are read by our own code, which knows streamed, truncated and large files;
 * libsndfile turns the samples of a window of bytes into numbers, and decodes FLAC. */
#ifndef READERS_AUDIO_H
#define READERS_AUDIO_H

#include <dsp/audio.h>
#include <dsp/recording.h>
#include <fmt/reader.h>
#include <sndfile.h>

/* Bytes of a source that libsndfile is shown as a file, and how it is to take them. */
typedef struct audio_window {
  uint64_t at, bytes;
  SF_INFO info;    /* format 0: what libsndfile finds in the header */
  unsigned bits;   /* of an integer sample; 0 floating point */
  uint64_t frames; /* 0: as many as libsndfile counts */
} audio_window;

/* A source of samples over `window`, which keeps its own hold of the bytes. */
dsp_status audio_open(dsp_audio *audio, const fmt_source *source, const audio_window *window, dsp_error *error);
/* Frames of a source just opened that can be decoded; nothing can be read from it afterwards. */
dsp_status audio_count(uint64_t *frames, const dsp_audio *audio, dsp_error *error);
/* Take `audio` (in every case) as the recording's, name the channels, count what is not finite. */
dsp_status audio_take(dsp_recording *recording, dsp_audio *audio, dsp_error *error);

/* What a RIFF header says. */
typedef struct audio_riff {
  audio_window window;
  bool streamed;     /* the header leaves the length open, or promises one that no file has */
  uint64_t promised; /* bytes of samples by the header, when the file holds fewer; else 0 */
  uint64_t cue_at, cue_bytes;
  uint64_t label_at, label_bytes; /* the LIST of type adtl */
} audio_riff;

bool audio_is_riff(const fmt_source *source);
dsp_status audio_riff_read(audio_riff *riff, const fmt_source *source, dsp_error *error);
/* Cue points and their labels as events. */
dsp_status audio_cues(dsp_recording *recording, const audio_riff *riff, const fmt_source *source, dsp_error *error);

#endif
