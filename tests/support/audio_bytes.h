/* SPDX-License-Identifier: GPL-3.0-or-later
 * An audio file made byte by byte, and what is expected of its reader. */
#ifndef SUPPORT_AUDIO_BYTES_H
#define SUPPORT_AUDIO_BYTES_H

#include "reading.h"
#include "runner.h"
#include <dsp/audio.h>
#include <stdarg.h>

typedef struct file_bytes {
  unsigned char at[1 << 16];
  size_t n;
} file_bytes;

static file_bytes made; /* the file under construction */

/* "RIFF" text, %1 %2 %4 %8 little-endian numbers of so many bytes. */
static inline void put(const char *format, ...) {
  va_list args;
  va_start(args, format);
  for (const char *c = format; *c; c++) {
    if (*c != '%') {
      made.at[made.n++] = (unsigned char)*c;
      continue;
    }
    const unsigned long long value = va_arg(args, unsigned long long);
    for (int i = 0; i < *(c + 1) - '0'; i++) made.at[made.n++] = (unsigned char)(value >> (8 * i));
    c++;
  }
  va_end(args);
}

#define N(x) ((unsigned long long)(x))

static inline void begin(void) {
  made.n = 0;
}

/* Up to the samples: a plain header. */
static inline void put_header(unsigned tag, unsigned channels, unsigned long rate, unsigned bits, unsigned long riff, unsigned long data) {
  const unsigned frame = channels * ((bits + 7) / 8);
  put("RIFF%4WAVEfmt %4%2%2%4%4%2%2data%4", N(riff), N(16), N(tag), N(channels), N(rate), N(rate * frame), N(frame), N(bits), N(data));
}

static inline reading read_made(const char *name) {
  return read_named(name, made.at, made.n, NULL);
}

static inline void expect_audio(const dsp_recording *r, size_t channels, uint64_t first, size_t n, const double *expected) {
  float x[64] = {0};
  const dsp_audio *audio = &r->audio;
  ck_assert_uint_eq(audio->n_channels, channels);
  ck_assert_uint_le(n * channels, 64);
  ck_assert_int_eq(audio->read(audio->context, x, first, n, NULL), DSP_OK);
  for (size_t i = 0; i < n * channels; i++)
    ck_assert_msg((isnan(x[i]) && isnan(expected[i])) || fabs((double)x[i] - expected[i]) <= 1e-7, "sample %zu: %g, not %g", i,
                  (double)x[i], expected[i]);
}

static inline void expect_words(const char *name, const char *words) {
  const reading r = read_made(name);
  char message[1000];
  snprintf(message, sizeof message, "%s: %s; %s", r.error.place, r.error.found, r.error.expected);
  ck_assert_msg(r.status != DSP_OK && strstr(message, words), "expected \"%s\" in: %s", words, message);
}

#endif
