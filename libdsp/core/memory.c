/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checked allocation, and an arena of linked blocks. */
#include <dsp/memory.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *dsp_alloc(size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes)) return NULL;
  return malloc(bytes ? bytes : 1);
}

void *dsp_zalloc(size_t n, size_t size) {
  return calloc(n ? n : 1, size ? size : 1);
}

dsp_status dsp_grow(void *array, size_t *capacity, size_t need, size_t size) {
  if (need <= *capacity) return DSP_OK;
  size_t grown = *capacity ? *capacity : 8;
  while (grown < need) {
    if (__builtin_mul_overflow(grown, (size_t)2, &grown)) return DSP_NO_MEMORY;
  }
  size_t bytes;
  if (__builtin_mul_overflow(grown, size, &bytes)) return DSP_NO_MEMORY;
  void *old;
  memcpy(&old, array, sizeof old); /* `array` is a T **; copying the pointer's bytes serves every T */
  void *bigger = realloc(old, bytes);
  if (!bigger) return DSP_NO_MEMORY;
  memcpy(array, &bigger, sizeof bigger);
  *capacity = grown;
  return DSP_OK;
}

enum { ARENA_BLOCK_BYTES = 4096 };

typedef struct arena_block {
  struct arena_block *next;
  size_t used, size;
  max_align_t bytes[];
} arena_block;

struct dsp_arena {
  arena_block *head;
};

dsp_arena *dsp_arena_new(void) {
  return dsp_zalloc(1, sizeof(dsp_arena));
}

void dsp_arena_free(dsp_arena *arena) {
  if (!arena) return;
  for (arena_block *block = arena->head, *next; block; block = next) {
    next = block->next;
    free(block);
  }
  free(arena);
}

void *dsp_arena_alloc(dsp_arena *arena, size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2) return NULL;
  bytes = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
  arena_block *block = arena->head;
  if (!block || block->size - block->used < bytes) {
    const size_t room = bytes > ARENA_BLOCK_BYTES ? bytes : ARENA_BLOCK_BYTES;
    block = dsp_zalloc(1, sizeof *block + room);
    if (!block) return NULL;
    block->size = room;
    block->next = arena->head;
    arena->head = block;
  }
  void *piece = (unsigned char *)block->bytes + block->used;
  block->used += bytes;
  return piece;
}

char *dsp_arena_text(dsp_arena *arena, const char *text, size_t length) {
  if (length == SIZE_MAX) return NULL;
  char *copy = dsp_arena_alloc(arena, length + 1, 1);
  if (copy && length) memcpy(copy, text, length);
  return copy;
}

char *dsp_arena_printf(dsp_arena *arena, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  const int length = vsnprintf(NULL, 0, format, args);
  char *text = length < 0 ? NULL : dsp_arena_alloc(arena, (size_t)length + 1, 1);
  if (text) vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  va_end(args);
  return text;
}
