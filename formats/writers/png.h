/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pictures inside the page. */
#ifndef FMT_PNG_H
#define FMT_PNG_H

#include <fmt/writer.h>

/** A PNG of width x height pixels from the top left row by row: `colour` (red, green, blue), 0 transparent to 255 solid. */
void fmt_png(fmt_buffer *out, const unsigned char *strength, size_t width, size_t height, const unsigned char colour[3]);
/** RFC 4648. */
void fmt_put_base64(fmt_buffer *out, const void *bytes, size_t size);

#endif
