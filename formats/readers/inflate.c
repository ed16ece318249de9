/* SPDX-License-Identifier: GPL-3.0-or-later
 * gzip (RFC 1952) through zlib, which checks length and CRC-32 of each member. What comes out is capped, since a few kilobytes of zeros
 * can stand for gigabytes. */
#define ZLIB_CONST
#include "inflate.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { PIECE_BYTES = 1 << 18, PADDING_BYTES = 64, GZIP_ONLY = 16 };

bool inflate_is_gzip(const fmt_source *source) {
  return source->size >= 18 && source->bytes[0] == 0x1F && source->bytes[1] == 0x8B && source->bytes[2] == 8;
}

static size_t cap_for(size_t size) {
  const size_t ratio = size > FMT_CAP_FILE_BYTES / FMT_CAP_INFLATE_RATIO ? FMT_CAP_FILE_BYTES : size * FMT_CAP_INFLATE_RATIO;
  return ratio > FMT_CAP_INFLATE_FREE_BYTES ? ratio : FMT_CAP_INFLATE_FREE_BYTES;
}

static dsp_status fail_at(size_t at, int code, dsp_error *error) {
  char place[40];
  if (code == Z_MEM_ERROR) return dsp_fail_memory(error);
  snprintf(place, sizeof place, "byte %zu", at);
  if (code == Z_BUF_ERROR) return dsp_fail(error, DSP_BAD_INPUT, place, "the rest of the gzip data", "the file ends inside them");
  return dsp_fail(error, DSP_BAD_INPUT, place, "valid gzip data", "damaged compressed data");
}

/* One member; *at moves behind it. */
static dsp_status one_member(fmt_source *out, size_t *capacity, size_t cap, const fmt_source *in, size_t *at, int window,
                             dsp_error *error) {
  z_stream stream = {.next_in = in->bytes + *at};
  const size_t left = in->size - *at;
  stream.avail_in = left < UINT_MAX ? (uInt)left : UINT_MAX; /* the file cap lies below */
  int code = inflateInit2(&stream, window);
  if (code != Z_OK) return fail_at(*at, code, error);
  dsp_status status = DSP_OK;
  while (status == DSP_OK && code != Z_STREAM_END) {
    if (*capacity - out->size <= PADDING_BYTES && dsp_grow(&out->bytes, capacity, out->size + PIECE_BYTES, 1) != DSP_OK) {
      status = dsp_fail_memory(error);
      break;
    }
    const size_t room = *capacity - out->size - PADDING_BYTES, piece = room < PIECE_BYTES ? room : PIECE_BYTES;
    stream.next_out = out->bytes + out->size;
    stream.avail_out = (uInt)piece;
    code = inflate(&stream, Z_NO_FLUSH);
    out->size += piece - stream.avail_out;
    if (code != Z_OK && code != Z_STREAM_END) status = fail_at(*at + (left - stream.avail_in), code, error);
    if (out->size > cap)
      status =
          dsp_fail(error, DSP_LIMIT, "", "compressed data that expand less", "more than %zu bytes from %zu compressed ones", cap, in->size);
  }
  *at += left - stream.avail_in;
  (void)inflateEnd(&stream);
  return status;
}

dsp_status inflate_gzip(fmt_source *out, const fmt_source *in, dsp_error *error) {
  const size_t cap = cap_for(in->size);
  size_t capacity = 0, at = 0;
  dsp_status status = DSP_OK;
  *out = (fmt_source){0};
  if (dsp_grow(&out->bytes, &capacity, PIECE_BYTES, 1) != DSP_OK) return dsp_fail_memory(error);
  do {
    status = one_member(out, &capacity, cap, in, &at, MAX_WBITS + GZIP_ONLY, error);
  } while (status == DSP_OK && in->size - at >= 18 && in->bytes[at] == 0x1F && in->bytes[at + 1] == 0x8B);
  if (status == DSP_OK)
    memset(out->bytes + out->size, 0, PADDING_BYTES);
  else
    fmt_source_clear(out);
  return status;
}

dsp_status inflate_zlib(fmt_source *out, const fmt_source *in, dsp_error *error) {
  size_t capacity = 0, at = 0;
  *out = (fmt_source){0};
  if (dsp_grow(&out->bytes, &capacity, PIECE_BYTES, 1) != DSP_OK) return dsp_fail_memory(error);
  const dsp_status status = one_member(out, &capacity, cap_for(in->size), in, &at, MAX_WBITS, error);
  if (status == DSP_OK)
    memset(out->bytes + out->size, 0, PADDING_BYTES);
  else
    fmt_source_clear(out);
  return status;
}
