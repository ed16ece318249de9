/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bounded bytes: the only way in. A source is read whole from an open descriptor, under a cap, and digested in the same pass. */
#ifndef FMT_SOURCE_H
#define FMT_SOURCE_H

#include <dsp/memory.h>
#include <fmt/caps.h>
#include <stddef.h>

typedef struct fmt_source {
  unsigned char *bytes; /**< `size` bytes, followed by 64 zero bytes that a parser may look at */
  size_t size;
  char sha256[65]; /**< lower-case hex of the bytes; "" when digesting was not asked for */
} fmt_source;

/** Read all of descriptor `fd` (not closed). `cap_bytes` is the largest size accepted (DSP_LIMIT above it). `digest`: compute sha256 in the
 * same pass. On failure *source is zeroed. Free with fmt_source_clear. */
DSP_API DSP_MUST_USE dsp_status fmt_source_read(fmt_source *source, int fd, size_t cap_bytes, int digest, dsp_error *error);
/** The first bytes of a regular file, at most `most`, without moving its offset and without a digest. */
DSP_API DSP_MUST_USE dsp_status fmt_source_head(fmt_source *source, int fd, size_t most, dsp_error *error);
/** A copy of `size` bytes in memory (tests, fuzzing), digested. */
DSP_API DSP_MUST_USE dsp_status fmt_source_from_memory(fmt_source *source, const void *bytes, size_t size, dsp_error *error);
DSP_API void fmt_source_clear(fmt_source *source); /**< zeroed source is legal */

/** SHA-256 of `size` bytes as 64 lower-case hex digits and NUL. */
DSP_API void fmt_sha256(char hex[65], const void *bytes, size_t size);

#endif
