/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compressed bytes. */
#ifndef READERS_INFLATE_H
#define READERS_INFLATE_H

#include <fmt/source.h>
#include <stdbool.h>

bool inflate_is_gzip(const fmt_source *source);
/* All members of a gzip file, one behind the other, under the caps of fmt/caps.h. Bytes behind the last member that are no gzip are left
 * out. Free with fmt_source_clear. */
dsp_status inflate_gzip(fmt_source *out, const fmt_source *in, dsp_error *error);
/* One zlib stream (RFC 1950), as inflate_gzip. */
dsp_status inflate_zlib(fmt_source *out, const fmt_source *in, dsp_error *error);

#endif
