/* SPDX-License-Identifier: GPL-3.0-or-later
 * A descriptor read whole, in pieces that are digested while they are still in the cache. SHA-256 is libnettle's: a kept C library without
 * global state, LGPL, and several times faster than plain C where the CPU has the instructions. */
#include "pages.h"
#include <errno.h>
#include <fmt/source.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 18, PADDING_BYTES = 64 };

static void hex_of(char hex[65], struct sha256_ctx *context) {
  static const char digits[] = "0123456789abcdef";
  uint8_t digest[SHA256_DIGEST_SIZE];
  sha256_digest(context, sizeof digest, digest);
  for (size_t i = 0; i < sizeof digest; i++) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  hex[64] = '\0';
}

void fmt_sha256(char hex[65], const void *bytes, size_t size) {
  struct sha256_ctx context;
  sha256_init(&context);
  if (size) sha256_update(&context, size, bytes);
  hex_of(hex, &context);
}

/* What fstat promises, checked against the cap; a size of 0 or a pipe promises nothing. */
static dsp_status expected_size(size_t *size, int fd, size_t cap_bytes, dsp_error *error) {
  struct stat about;
  *size = 0;
  if (fstat(fd, &about) != 0) return dsp_fail(error, DSP_IO_ERROR, "", "a readable file", "%s", strerror(errno));
  if (S_ISDIR(about.st_mode)) return dsp_fail(error, DSP_IO_ERROR, "", "a file", "a directory");
  if (!S_ISREG(about.st_mode) || about.st_size <= 0) return DSP_OK;
  if ((uintmax_t)about.st_size > cap_bytes)
    return dsp_fail(error, DSP_LIMIT, "", "a smaller file", "%jd bytes, more than the cap of %zu", (intmax_t)about.st_size, cap_bytes);
  *size = (size_t)about.st_size;
  return DSP_OK;
}

dsp_status fmt_source_read(fmt_source *source, int fd, size_t cap_bytes, int digest, dsp_error *error) {
  struct sha256_ctx context;
  size_t capacity = 0, promised = 0;
  *source = (fmt_source){0};
  dsp_status status = expected_size(&promised, fd, cap_bytes, error);
  if (status != DSP_OK) return status;
  sha256_init(&context);
  if (dsp_grow(&source->bytes, &capacity, (promised ? promised : PIECE_BYTES) + PADDING_BYTES + 1, 1) != DSP_OK)
    return dsp_fail_memory(error);
  pages_hint(source->bytes, capacity);
  for (;;) {
    if (capacity - source->size <= PADDING_BYTES &&
        dsp_grow(&source->bytes, &capacity, source->size + PIECE_BYTES + PADDING_BYTES, 1) != DSP_OK) {
      status = dsp_fail_memory(error);
      goto failed;
    }
    size_t room = capacity - source->size - PADDING_BYTES;
    ssize_t got = read(fd, source->bytes + source->size, room < PIECE_BYTES ? room : PIECE_BYTES);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      status = dsp_fail(error, DSP_IO_ERROR, "", "a readable file", "%s", strerror(errno));
      goto failed;
    }
    if (got == 0) break;
    if (digest) sha256_update(&context, (size_t)got, source->bytes + source->size);
    source->size += (size_t)got;
    if (source->size > cap_bytes) {
      status = dsp_fail(error, DSP_LIMIT, "", "a smaller file", "more bytes than the cap of %zu", cap_bytes);
      goto failed;
    }
  }
  memset(source->bytes + source->size, 0, PADDING_BYTES);
  if (digest) hex_of(source->sha256, &context);
  return DSP_OK;
failed:
  fmt_source_clear(source);
  return status;
}

dsp_status fmt_source_head(fmt_source *source, int fd, size_t most, dsp_error *error) {
  *source = (fmt_source){0};
  source->bytes = most < SIZE_MAX - PADDING_BYTES ? dsp_alloc(most + PADDING_BYTES, 1) : NULL;
  if (!source->bytes) return dsp_fail_memory(error);
  while (source->size < most) {
    const ssize_t got = pread(fd, source->bytes + source->size, most - source->size, (off_t)source->size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const dsp_status status = dsp_fail(error, DSP_IO_ERROR, "", "a readable file", "%s", strerror(errno));
      fmt_source_clear(source);
      return status;
    }
    if (got == 0) break;
    source->size += (size_t)got;
  }
  memset(source->bytes + source->size, 0, PADDING_BYTES);
  return DSP_OK;
}

dsp_status fmt_source_from_memory(fmt_source *source, const void *bytes, size_t size, dsp_error *error) {
  *source = (fmt_source){0};
  if (size > SIZE_MAX - PADDING_BYTES) return dsp_fail_memory(error);
  source->bytes = dsp_alloc(size + PADDING_BYTES, 1);
  if (!source->bytes) return dsp_fail_memory(error);
  if (size) memcpy(source->bytes, bytes, size);
  memset(source->bytes + size, 0, PADDING_BYTES);
  source->size = size;
  fmt_sha256(source->sha256, bytes, size);
  return DSP_OK;
}

void fmt_source_clear(fmt_source *source) {
  free(source->bytes);
  *source = (fmt_source){0};
}
