/* SPDX-License-Identifier: GPL-3.0-or-later
 * Headers of the RIFF family: WAV and its big-endian kin RIFX (Multimedia Programming Interface and Data Specifications 1.0, 1991), RF64
 * and BW64 (EBU Tech 3306, ITU-R BS.2088). A header is a promise: sizes are checked against the file, a length left open by a streaming
 * recorder (0 or 0xFFFFFFFF) is what the file holds. */
#include "audio.h"
#include <stdio.h>
#include <string.h>

enum { TAG_PCM = 1, TAG_FLOAT = 3, TAG_EXTENSIBLE = 0xFFFE, HEAD = 12, FMT_MAX = 40 };
#define CONVERT "PCM or floating point, for instance by sox IN -e signed OUT.wav"

typedef struct reading {
  const fmt_source *source;
  audio_riff *riff;
  dsp_error *error;
  bool big_endian, rf64;
  uint64_t riff_bytes; /* as the header says */
  uint64_t long_data;  /* RF64: size of the data chunk */
  unsigned frame_bytes;
  bool have_format, have_data, have_long;
} reading;

static uint32_t word(const reading *r, const unsigned char *p, size_t bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < bytes; i++) value |= (uint32_t)p[i] << (8 * (r->big_endian ? bytes - 1 - i : i));
  return value;
}

static dsp_status refuse(const reading *r, uint64_t at, const char *expected, const char *found) {
  char place[40];
  snprintf(place, sizeof place, "byte %llu", (unsigned long long)at);
  return dsp_fail(r->error, DSP_BAD_INPUT, place, expected, "%s", found);
}

bool audio_is_riff(const fmt_source *source) {
  static const char *const ids[] = {"RIFF", "RIFX", "RF64", "BW64"};
  if (source->size < HEAD || memcmp(source->bytes + 8, "WAVE", 4) != 0) return false;
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
    if (memcmp(source->bytes, ids[i], 4) == 0) return true;
  return false;
}

static const char *tag_name(unsigned tag) {
  static const struct {
    unsigned tag;
    const char *name;
  } names[] = {{0x0002, "Microsoft ADPCM samples"},
               {0x0006, "A-law samples"},
               {0x0007, "mu-law samples"},
               {0x0010, "OKI ADPCM samples"},
               {0x0011, "IMA ADPCM samples"},
               {0x0031, "GSM 6.10 samples"},
               {0x0040, "G.721 samples"},
               {0x0050, "MPEG samples"},
               {0x0055, "MP3 samples"},
               {0x0064, "G.726 samples"},
               {0x00FF, "AAC samples"},
               {0x0161, "Windows Media samples"},
               {0x2000, "AC-3 samples"},
               {0xF1AC, "FLAC samples in WAV"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (names[i].tag == tag) return names[i].name;
  return NULL;
}

/* The kind of samples in libsndfile's words, or 0. */
static int kind_of(const reading *r, unsigned tag, unsigned bytes) {
  static const int whole[] = {0, SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_PCM_32};
  const int order = r->big_endian ? SF_ENDIAN_BIG : SF_ENDIAN_LITTLE;
  if (tag == TAG_PCM && bytes >= 1 && bytes <= 4) return SF_FORMAT_RAW | order | whole[bytes];
  if (tag == TAG_FLOAT && (bytes == 4 || bytes == 8)) return SF_FORMAT_RAW | order | (bytes == 4 ? SF_FORMAT_FLOAT : SF_FORMAT_DOUBLE);
  return 0;
}

/* {tag}-0000-0010-8000-00AA00389B71, whose first three parts are numbers. */
static bool is_wave_guid(const reading *r, const unsigned char *p) {
  static const unsigned char tail[] = {0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71};
  return word(r, p, 4) <= UINT16_MAX && word(r, p + 4, 2) == 0 && word(r, p + 6, 2) == 0x10 && memcmp(p + 8, tail, sizeof tail) == 0;
}

static dsp_status take_format(reading *r, uint64_t at, uint64_t size) {
  unsigned char p[FMT_MAX] = {0};
  char found[80];
  const size_t got = fmt_source_at(r->source, p, at, size < FMT_MAX ? (size_t)size : FMT_MAX);
  if (size < 16 || got < 16) return refuse(r, at, "a format chunk of 16 bytes or more", "a shorter one");
  unsigned tag = word(r, p, 2), channels = word(r, p + 2, 2), frame = word(r, p + 12, 2), bits = word(r, p + 14, 2);
  const uint32_t rate = word(r, p + 4, 4);
  if (tag == TAG_EXTENSIBLE) {
    if (got < FMT_MAX || !is_wave_guid(r, p + 24)) return refuse(r, at + 24, CONVERT, "samples of an unknown kind");
    tag = word(r, p + 24, 4);
    const unsigned valid = word(r, p + 18, 2);
    if (valid > 0 && valid <= bits) bits = valid;
  }
  if (channels == 0) return refuse(r, at + 2, "1 to 256 channels", "no channel");
  snprintf(found, sizeof found, "%u channels", channels);
  if (channels > FMT_CAP_CHANNELS) return refuse(r, at + 2, "1 to 256 channels", found);
  snprintf(found, sizeof found, "%lu samples a second", (unsigned long)rate);
  if (rate == 0 || rate > INT32_MAX) return refuse(r, at + 4, "a sampling rate above 0", found);
  const unsigned bytes = frame % channels == 0 ? frame / channels : 0;
  const int kind = kind_of(r, tag, bytes);
  if (kind == 0 && tag != TAG_PCM && tag != TAG_FLOAT) {
    snprintf(found, sizeof found, "samples of kind 0x%04X", tag);
    return refuse(r, at, CONVERT, tag_name(tag) ? tag_name(tag) : found);
  }
  snprintf(found, sizeof found, "samples of %u bits in frames of %u bytes for %u channel%s", bits, frame, channels,
           channels > 1 ? "s" : "");
  if (kind == 0 || bits == 0 || bits > 8 * bytes)
    return refuse(r, at + 12, "integers of at most 32 bits or floating point of 32 or 64, in whole bytes", found);
  r->riff->window.info = (SF_INFO){.format = kind, .channels = (int)channels, .samplerate = (int)rate};
  r->riff->window.bits = tag == TAG_PCM ? bits : 0;
  r->frame_bytes = frame;
  r->have_format = true;
  return DSP_OK;
}

/* The samples' bytes that the file really has. A length of 0 is an open one when the outer length is open, too. */
static void take_data(reading *r, uint64_t at, uint32_t size, uint64_t *next) {
  audio_riff *riff = r->riff;
  const uint64_t left = fmt_source_total(r->source) - at;
  const uint64_t promised = r->rf64 && r->have_long && size == UINT32_MAX ? r->long_data : size;
  const bool outer_open = r->riff_bytes == 0 || r->riff_bytes == UINT32_MAX || r->riff_bytes + 8 <= at;
  riff->window.at = at;
  riff->streamed =
      promised == 0 ? outer_open && left > 0 : promised > left && promised >= INT32_MAX - UINT64_C(65536) && !(r->rf64 && r->have_long);
  riff->promised = !riff->streamed && promised > left ? promised : 0;
  riff->window.bytes = riff->streamed || riff->promised ? left : promised;
  r->have_data = true;
  *next = at + riff->window.bytes;
}

static dsp_status take_chunk(reading *r, const unsigned char head[8], uint64_t at, uint64_t *next) {
  const uint32_t size = word(r, head + 4, 4);
  unsigned char p[16];
  *next = at + size;
  if (memcmp(head, "fmt ", 4) == 0 && !r->have_format) return take_format(r, at, size);
  if (memcmp(head, "ds64", 4) == 0 && r->rf64 && size >= 24 && fmt_source_at(r->source, p, at, 16) == 16) {
    r->riff_bytes = word(r, p, 4) | (uint64_t)word(r, p + 4, 4) << 32;
    r->long_data = word(r, p + 8, 4) | (uint64_t)word(r, p + 12, 4) << 32;
    r->have_long = true;
  }
  if (memcmp(head, "data", 4) == 0 && !r->have_data) take_data(r, at, size, next);
  if (memcmp(head, "cue ", 4) == 0) r->riff->cue_at = at, r->riff->cue_bytes = size;
  if (memcmp(head, "LIST", 4) == 0 && size > 4 && fmt_source_at(r->source, p, at, 4) == 4 && memcmp(p, "adtl", 4) == 0)
    r->riff->label_at = at + 4, r->riff->label_bytes = size - 4;
  return DSP_OK;
}

dsp_status audio_riff_read(audio_riff *riff, const fmt_source *source, dsp_error *error) {
  const unsigned char *p = source->bytes;
  *riff = (audio_riff){0};
  reading r = {
      .source = source, .riff = riff, .error = error, .big_endian = p[3] == 'X', .rf64 = memcmp(p + 1, "F64", 3) == 0 || p[0] == 'B'};
  unsigned char head[8];
  uint64_t at = HEAD, next;
  dsp_status status = DSP_OK;
  r.riff_bytes = word(&r, p + 4, 4);
  for (size_t i = 0; status == DSP_OK && i < FMT_CAP_CHUNKS && fmt_source_at(source, head, at, 8) == 8; i++) {
    status = take_chunk(&r, head, at + 8, &next);
    at = next + (next - at) % 2;
  }
  if (status != DSP_OK) return status;
  if (!r.have_format) return refuse(&r, at, "a format chunk", "none");
  if (!r.have_data) return refuse(&r, at, "a data chunk", "none");
  riff->window.frames = riff->window.bytes / r.frame_bytes;
  riff->window.bytes = riff->window.frames * r.frame_bytes; /* half a frame at the end is none */
  return DSP_OK;
}
