/* SPDX-License-Identifier: GPL-3.0-or-later
 * A picture of one colour in 256 strengths, from transparent to solid, as PNG (ISO/IEC 15948): indexed colour, no filter, zlib's deflate.
 */
#include "png.h"

#include <dsp/memory.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void put_be32(fmt_buffer *out, uint32_t value) {
  const unsigned char bytes[] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16), (unsigned char)(value >> 8),
                                 (unsigned char)value};
  fmt_put_bytes(out, bytes, sizeof bytes);
}

static void put_chunk(fmt_buffer *out, const char type[5], const unsigned char *bytes, size_t size) {
  uLong sum = crc32(crc32(0, NULL, 0), (const unsigned char *)type, 4);
  if (size > 0) sum = crc32_z(sum, bytes, size);
  put_be32(out, (uint32_t)size);
  fmt_put_bytes(out, type, 4);
  fmt_put_bytes(out, bytes, size);
  put_be32(out, (uint32_t)sum);
}

static void put_head(fmt_buffer *out, size_t width, size_t height, const unsigned char colour[3]) {
  unsigned char head[13] = {0}, palette[256 * 3], alpha[256];
  for (size_t i = 0; i < 4; i++) {
    head[i] = (unsigned char)(width >> (24 - 8 * i));
    head[4 + i] = (unsigned char)(height >> (24 - 8 * i));
  }
  head[8] = 8; /* bits */
  head[9] = 3; /* indexed */
  for (size_t i = 0; i < 256; i++) {
    memcpy(palette + 3 * i, colour, 3);
    alpha[i] = (unsigned char)i;
  }
  fmt_put_bytes(out, "\x89PNG\r\n\x1A\n", 8);
  put_chunk(out, "IHDR", head, sizeof head);
  put_chunk(out, "PLTE", palette, sizeof palette);
  put_chunk(out, "tRNS", alpha, sizeof alpha);
}

void fmt_png(fmt_buffer *out, const unsigned char *strength, size_t width, size_t height, const unsigned char colour[3]) {
  const size_t raw_bytes = height * (width + 1);
  uLongf packed_bytes = compressBound((uLong)raw_bytes);
  unsigned char *raw = dsp_alloc(height, width + 1), *packed = dsp_alloc(packed_bytes, 1);
  if (!raw || !packed || width == 0 || height == 0 || width > UINT16_MAX || height > UINT16_MAX) out->failed = true;
  for (size_t y = 0; !out->failed && y < height; y++) {
    raw[y * (width + 1)] = 0; /* no filter */
    memcpy(raw + y * (width + 1) + 1, strength + y * width, width);
  }
  if (!out->failed && compress2(packed, &packed_bytes, raw, (uLong)raw_bytes, 9) != Z_OK) out->failed = true;
  if (!out->failed) {
    put_head(out, width, height, colour);
    put_chunk(out, "IDAT", packed, packed_bytes);
    put_chunk(out, "IEND", packed, 0);
  }
  free(raw);
  free(packed);
}

void fmt_put_base64(fmt_buffer *out, const void *bytes, size_t size) {
  enum { PADDING = 64 };
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  const unsigned char *p = bytes;
  for (size_t i = 0; i < size; i += 3) {
    const size_t n = size - i < 3 ? size - i : 3;
    const unsigned word = (unsigned)p[i] << 16 | (n > 1 ? (unsigned)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0);
    const char text[] = {digits[word >> 18], digits[word >> 12 & 63], digits[n > 1 ? word >> 6 & 63 : PADDING],
                         digits[n > 2 ? word & 63 : PADDING]};
    fmt_put_bytes(out, text, sizeof text);
  }
}
