/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checked allocation. Every size multiplication is checked; every result must be. */
#ifndef DSP_MEMORY_H
#define DSP_MEMORY_H

#include <dsp/status.h>
#include <stddef.h>

/** `n` objects of `size` bytes, uninitialised; NULL when out of memory or n * size overflows. n = 0 gives a valid pointer. free() it. */
DSP_API DSP_MUST_USE void *dsp_alloc(size_t n, size_t size);

/** As dsp_alloc, zeroed. */
DSP_API DSP_MUST_USE void *dsp_zalloc(size_t n, size_t size);

/** Make room for at least `need` elements of `size` bytes in *array (capacity *capacity, both updated on success, growth by doubling).
 * Returns DSP_NO_MEMORY and changes nothing on failure. `array` points to a pointer of any type. */
DSP_API DSP_MUST_USE dsp_status dsp_grow(void *array, size_t *capacity, size_t need, size_t size);

/** Many small blocks that live and die together (strings of a recording or report). Not thread safe. */
typedef struct dsp_arena dsp_arena;

DSP_API DSP_MUST_USE dsp_arena *dsp_arena_new(void); /**< NULL when out of memory */
DSP_API void dsp_arena_free(dsp_arena *arena);       /**< NULL is legal */
/** Zeroed block, aligned for any type; NULL when out of memory. Owned by the arena. */
DSP_API DSP_MUST_USE void *dsp_arena_alloc(dsp_arena *arena, size_t n, size_t size);
/** NUL-terminated copy of `length` bytes of `text`; NULL when out of memory. Owned by the arena. */
DSP_API DSP_MUST_USE char *dsp_arena_text(dsp_arena *arena, const char *text, size_t length);
/** printf into the arena; NULL when out of memory. */
DSP_API DSP_MUST_USE char *dsp_arena_printf(dsp_arena *arena, const char *format, ...) DSP_PRINTF(2, 3);

#endif
