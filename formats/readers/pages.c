/* SPDX-License-Identifier: GPL-3.0-or-later
 * madvise(2) on the whole pages inside a block. */
#include "pages.h"
#include <stdint.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096, WORTHWHILE_BYTES = 8 << 20 };

void pages_hint(void *block, size_t size) {
#ifdef MADV_HUGEPAGE
  const uintptr_t start = (uintptr_t)block, mask = PAGE_BYTES - 1, from = (start + mask) & ~mask, to = (start + size) & ~mask;
  if (block && size >= WORTHWHILE_BYTES && to > from) (void)madvise((char *)block + (from - start), to - from, MADV_HUGEPAGE);
#else
  (void)block, (void)size;
#endif
}
