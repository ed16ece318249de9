/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bytes that are text. */
#ifndef READERS_ENCODING_H
#define READERS_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

/* `c` as UTF-8 into `out` (4 bytes of room); how many bytes it took. */
size_t encoding_put(unsigned char *out, unsigned long c);
/* The character that a byte is in Windows-1252; unassigned ones are U+FFFD. */
unsigned long encoding_latin(unsigned char c);
bool encoding_is_utf8(const unsigned char *p, const unsigned char *end);

#endif
