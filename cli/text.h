/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text for people: widths in columns of a terminal, cleaned of what would move its cursor, and aligned tables. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <fmt/writer.h>
#include <stdbool.h>
#include <stddef.h>

/** Append UTF-8 text; control characters, bidirectional overrides and bytes that are not UTF-8 become \xNN. NULL appends nothing. */
void text_put_clean(fmt_buffer *out, const char *text);
/** Append lines that another process made: as they are, colours included, but for anything else that could move a terminal's cursor. */
void text_put_foreign(fmt_buffer *out, const char *bytes, size_t size);
/** Columns that a UTF-8 text takes on a terminal: 0 for combining marks, 2 for wide East Asian characters and emoji. */
size_t text_width(const char *text);
/** The candidate that `word` was most likely meant to be, or NULL when none is near. `candidates` is NULL-terminated. */
const char *text_nearest(const char *word, const char *const *candidates);

/** Digits after the point that the shortest exact text of `value` has (0 for whole numbers). */
int text_decimals(double value);
/** `value` rounded to `decimals` places; below 0 to tens, hundreds ... */
void text_put_rounded(fmt_buffer *out, double value, int decimals);
/** A value with its interval, rounded to two significant digits of the interval: "2.16 ± 0.11", "2.16 (2.05 to 2.31)"; `n/a` when not
 * finite. */
void text_put_interval(fmt_buffer *out, double value, double lo, double hi);

#endif
