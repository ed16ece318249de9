/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bounded bytes: the only way in. A source is read whole from an open descriptor, under a cap, and digested in the same pass; a large WAV
 * or FLAC file, which can last a day, is only digested then, and read again where its samples are wanted. */
#ifndef FMT_SOURCE_H
#define FMT_SOURCE_H

#include <dsp/memory.h>
#include <fmt/caps.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fmt_source {
  unsigned char *bytes; /**< `size` bytes, followed by 64 zero bytes that a parser may look at */
  size_t size;
  char sha256[65]; /**< lower-case hex of all bytes; "" when digesting was not asked for */
  bool streamed;   /**< `bytes` are only the first ones of `total`; fmt_source_at reaches all */
  int fd;          /**< of a streamed source, its own */
  uint64_t total;  /**< of a streamed source: all its bytes */
} fmt_source;

/** Read all of descriptor `fd` (not closed). `cap_bytes` is the largest size accepted (DSP_LIMIT above it). `digest`: compute sha256 in the
 * same pass. A regular file that begins like WAV or FLAC and is larger than FMT_STREAM_ABOVE_BYTES is streamed: its cap is
 * FMT_CAP_AUDIO_BYTES unless `cap_bytes` is below FMT_STREAM_ABOVE_BYTES. On failure *source is zeroed. Free with fmt_source_clear. */
DSP_API DSP_MUST_USE dsp_status fmt_source_read(fmt_source *source, int fd, size_t cap_bytes, int digest, dsp_error *error);
/** The first bytes of a regular file, at most `most`, without moving its offset and without a digest. */
DSP_API DSP_MUST_USE dsp_status fmt_source_head(fmt_source *source, int fd, size_t most, dsp_error *error);
/** A copy of `size` bytes in memory (tests, fuzzing), digested. */
DSP_API DSP_MUST_USE dsp_status fmt_source_from_memory(fmt_source *source, const void *bytes, size_t size, dsp_error *error);
/** Another source over the same bytes, which outlives the first: a copy, or of a streamed one another descriptor. */
DSP_API DSP_MUST_USE dsp_status fmt_source_share(fmt_source *other, const fmt_source *source, dsp_error *error);
DSP_API void fmt_source_clear(fmt_source *source); /**< zeroed source is legal */
/** All bytes of the source. */
DSP_API uint64_t fmt_source_total(const fmt_source *source);
/** Up to `n` bytes from `offset` into `out`; how many it were: fewer at the end, and where the file cannot be read. */
DSP_API size_t fmt_source_at(const fmt_source *source, void *out, uint64_t offset, size_t n);

/** SHA-256 of `size` bytes as 64 lower-case hex digits and NUL. */
DSP_API void fmt_sha256(char hex[65], const void *bytes, size_t size);

#endif
