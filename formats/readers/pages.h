/* SPDX-License-Identifier: GPL-3.0-or-later
 * A hint to the system about a large block that will be touched from end to end. */
#ifndef READERS_PAGES_H
#define READERS_PAGES_H

#include <stddef.h>

/* Large pages spare the faults of a block of megabytes; a refusal changes nothing. */
void pages_hint(void *block, size_t size);

#endif
