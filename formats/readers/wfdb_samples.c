/* SPDX-License-Identifier: GPL-3.0-or-later
 * Signal formats: signal(5) of the WFDB Applications Guide. All signals of a file take turns, frame after frame; in the packed formats the
 * turns do not stop at a byte. */
#include "wfdb.h"
#include <fmt/cursor.h>
#include <math.h>

/* Two's complement of the low `bits`. */
static inline int32_t extend(uint32_t raw, unsigned bits) {
  const uint32_t sign = (uint32_t)1 << (bits - 1);
  return (int32_t)((raw & (2 * sign - 1)) ^ sign) - (int32_t)sign;
}

/* Three samples of 10 bits in two words: the third is spread over the tops of both. */
static inline int32_t take_310(const unsigned char *p, size_t i) {
  const unsigned char *at = p + i / 3 * 4;
  const unsigned low = fmt_u16le(at), high = fmt_u16le(at + 2);
  const size_t turn = i % 3;
  return extend(turn == 0 ? low >> 1 : turn == 1 ? high >> 1 : low >> 11 | (high >> 11) << 5, 10);
}

static inline int32_t take_212(const unsigned char *p, size_t i) {
  const unsigned char *at = p + i / 2 * 3;
  return extend(i & 1 ? at[2] | (at[1] & 0xF0U) << 4 : at[0] | (at[1] & 0x0FU) << 8, 12);
}

/* Sample `i` of the file. Format 8, of differences, apart. */
__attribute__((always_inline)) static inline int32_t take(const unsigned char *p, size_t i, unsigned format) {
  switch (format) {
  case 16:
    return (int16_t)fmt_u16le(p + 2 * i);
  case 24:
    return fmt_i24le(p + 3 * i);
  case 32:
    return (int32_t)fmt_u32le(p + 4 * i);
  case 61:
    return (int16_t)fmt_u16be(p + 2 * i);
  case 80:
    return (int32_t)p[i] - 128;
  case 160:
    return (int32_t)fmt_u16le(p + 2 * i) - 32768;
  case 212:
    return take_212(p, i);
  case 310:
    return take_310(p, i);
  case 311:
    return extend(fmt_u32le(p + i / 3 * 4) >> 10 * (i % 3), 10);
  default:
    return 0;
  }
}

typedef struct run {
  double *x;
  const unsigned char *p;
  size_t slot, frame, frames, per_frame;
} run;

/* `none` is the code of a missing sample: the least number of the format. */
__attribute__((always_inline)) static inline void take_all(const run *r, unsigned format, int32_t none) {
  double *x = r->x;
  for (size_t f = 0; f < r->frames; f++)
    for (size_t k = 0; k < r->per_frame; k++) {
      const int32_t raw = take(r->p, f * r->frame + r->slot + k, format);
      *x++ = raw == none ? (double)NAN : (double)raw;
    }
}

/* Each byte is the difference from the sample before. */
static void take_differences(const run *r, long long first) {
  double *x = r->x, value = (double)first;
  for (size_t f = 0; f < r->frames; f++)
    for (size_t k = 0; k < r->per_frame; k++) {
      value += (int8_t)r->p[f * r->frame + r->slot + k];
      *x++ = value;
    }
}

/* Formats and their codes of a missing sample, the least number of each; format 8 has none. */
typedef struct format_row {
  unsigned format;
  double none;
} format_row;
static const format_row format_rows[] = {{8, 0},     {16, INT16_MIN},  {24, -0x1p23}, {32, INT32_MIN}, {61, INT16_MIN},
                                         {80, -128}, {160, INT16_MIN}, {212, -2048},  {310, -512},     {311, -512}};

static const format_row *find_format(unsigned format) {
  for (size_t i = 0; i < sizeof format_rows / sizeof format_rows[0]; i++)
    if (format_rows[i].format == format) return &format_rows[i];
  return NULL;
}

bool wfdb_format_known(unsigned format) {
  return find_format(format) != NULL;
}

double wfdb_none(unsigned format) {
  const format_row *row = find_format(format);
  return row ? row->none : 0;
}

size_t wfdb_samples_in(unsigned format, size_t bytes) {
  switch (format) {
  case 16:
  case 61:
  case 160:
    return bytes / 2;
  case 24:
    return bytes / 3;
  case 32:
    return bytes / 4;
  case 212:
    return bytes / 3 * 2 + (bytes % 3 == 2);
  case 310:
    return bytes / 4 * 3 + (bytes % 4 >= 2);
  case 311:
    return bytes / 4 * 3 + (bytes % 4 == 3 ? 2 : bytes % 4 == 2);
  default:
    return bytes;
  }
}

// NOLINTNEXTLINE(readability-non-const-parameter): written through `run`
void wfdb_decode(double *x, const unsigned char *bytes, const wfdb_signal *signal, size_t slot, size_t frame, size_t frames) {
  const run r = {x, bytes + signal->start, slot, frame, frames, signal->per_frame};
  const int32_t none = (int32_t)wfdb_none(signal->format);
  switch (signal->format) { /* a constant each: the loop is made for it */
  case 16:
    take_all(&r, 16, none);
    break;
  case 24:
    take_all(&r, 24, none);
    break;
  case 32:
    take_all(&r, 32, none);
    break;
  case 61:
    take_all(&r, 61, none);
    break;
  case 80:
    take_all(&r, 80, none);
    break;
  case 160:
    take_all(&r, 160, none);
    break;
  case 212:
    take_all(&r, 212, none);
    break;
  case 310:
    take_all(&r, 310, none);
    break;
  case 311:
    take_all(&r, 311, none);
    break;
  default:
    take_differences(&r, signal->first);
    break;
  }
}
