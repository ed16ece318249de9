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

static ssize_t read_at(int fd, void *out, uint64_t offset, size_t n) {
  ssize_t got;
  do got = pread(fd, out, n, (off_t)offset);
  while (got < 0 && errno == EINTR);
  return got;
}

/* Only these containers hold recordings of days, and their reader can stream. */
static bool is_large_audio(int fd, size_t cap_bytes) {
  struct stat about;
  unsigned char head[12];
  if (cap_bytes <= FMT_STREAM_ABOVE_BYTES || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return false;
  if ((uintmax_t)about.st_size <= FMT_STREAM_ABOVE_BYTES || read_at(fd, head, 0, sizeof head) != sizeof head) return false;
  return memcmp(head, "fLaC", 4) == 0 || (memcmp(head + 8, "WAVE", 4) == 0 &&
                                          (memcmp(head, "RIF", 3) == 0 || memcmp(head, "RF64", 4) == 0 || memcmp(head, "BW64", 4) == 0));
}

/* Every byte once, for the digest and the count. */
static dsp_status digest_all(fmt_source *source, int digest, dsp_error *error) {
  struct sha256_ctx context;
  unsigned char *piece = dsp_alloc(PIECE_BYTES, 1);
  if (!piece) return dsp_fail_memory(error);
  sha256_init(&context);
  ssize_t got = 0;
  while (source->total <= FMT_CAP_AUDIO_BYTES && (got = read_at(source->fd, piece, source->total, PIECE_BYTES)) > 0) {
    if (digest) sha256_update(&context, (size_t)got, piece);
    source->total += (uint64_t)got;
  }
  free(piece);
  if (got < 0) return dsp_fail(error, DSP_IO_ERROR, "", "a readable file", "%s", strerror(errno));
  if (source->total > FMT_CAP_AUDIO_BYTES)
    return dsp_fail(error, DSP_LIMIT, "", "a smaller file", "more bytes than the cap of %llu", (unsigned long long)FMT_CAP_AUDIO_BYTES);
  if (digest) hex_of(source->sha256, &context);
  return DSP_OK;
}

static dsp_status read_streamed(fmt_source *source, int fd, int digest, dsp_error *error) {
  dsp_status status = fmt_source_head(source, fd, FMT_CAP_HEAD_BYTES, error);
  if (status != DSP_OK) return status;
  source->fd = dup(fd);
  source->streamed = source->fd >= 0;
  status =
      source->streamed ? digest_all(source, digest, error) : dsp_fail(error, DSP_IO_ERROR, "", "a free descriptor", "%s", strerror(errno));
  if (status != DSP_OK) fmt_source_clear(source);
  return status;
}

dsp_status fmt_source_read(fmt_source *source, int fd, size_t cap_bytes, int digest, dsp_error *error) {
  struct sha256_ctx context;
  size_t capacity = 0, promised = 0;
  *source = (fmt_source){0};
  if (is_large_audio(fd, cap_bytes)) return read_streamed(source, fd, digest, error);
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
    const ssize_t got = read_at(fd, source->bytes + source->size, source->size, most - source->size);
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

dsp_status fmt_source_share(fmt_source *other, const fmt_source *source, dsp_error *error) {
  *other = (fmt_source){0};
  other->bytes = dsp_alloc(source->size + PADDING_BYTES, 1);
  if (!other->bytes) return dsp_fail_memory(error);
  memcpy(other->bytes, source->bytes, source->size + PADDING_BYTES);
  memcpy(other->sha256, source->sha256, sizeof other->sha256);
  other->size = source->size;
  other->total = source->total;
  if (!source->streamed) return DSP_OK;
  other->fd = dup(source->fd);
  other->streamed = other->fd >= 0;
  if (other->streamed) return DSP_OK;
  fmt_source_clear(other);
  return dsp_fail(error, DSP_IO_ERROR, "", "a free descriptor", "%s", strerror(errno));
}

uint64_t fmt_source_total(const fmt_source *source) {
  return source->streamed ? source->total : source->size;
}

size_t fmt_source_at(const fmt_source *source, void *out, uint64_t offset, size_t n) {
  if (offset >= fmt_source_total(source)) return 0;
  if (!source->streamed) {
    const size_t left = source->size - (size_t)offset, take = n < left ? n : left;
    memcpy(out, source->bytes + offset, take);
    return take;
  }
  size_t done = 0;
  for (ssize_t got = 1; done < n && got > 0; done += got > 0 ? (size_t)got : 0)
    got = read_at(source->fd, (unsigned char *)out + done, offset + done, n - done);
  return done;
}

void fmt_source_clear(fmt_source *source) {
  if (source->streamed) (void)close(source->fd);
  free(source->bytes);
  *source = (fmt_source){0};
}
