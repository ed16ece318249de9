/* SPDX-License-Identifier: GPL-3.0-or-later
 * Data on stdout; what could not be written is remembered and decides the exit status. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/** Keep descriptors 0 to 2 occupied, so that no file that is opened later becomes stdout by accident. Call first. */
void output_begin(void);
void output_write(const char *bytes, size_t size);
void output_flush(void);
/** May colour be used on stdout? A terminal, and neither NO_COLOR nor TERM=dumb nor --no-color. */
bool output_colour(bool refused);
/** Flush and close stdout. EXIT_DONE, or EXIT_OUTPUT with a message (none for a reader that went away). */
int output_end(void);

#endif
