/* SPDX-License-Identifier: GPL-3.0-or-later
 * Running median, windows cut at the ends, missing samples left out.
 *
 * Method: a short window is kept in order. A long one is two heaps that know where each window slot stands, the lower half (greatest on
 * top) and the upper half (least on top), so that a sample enters and leaves in O(log window). An even count takes the mean of the two
 * middle values. Source: W. Hardle, W. Steiger, Appl. Stat. 44 (1995) 258 (algorithm AS 296). */
#include "sorted.h"
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct heap {
  size_t *slot; /**< slots in heap order */
  size_t n;
  double sign; /**< +1: least on top, -1: greatest on top */
} heap;

typedef struct window {
  double *value; /**< by slot */
  size_t *place; /**< of a slot in its heap */
  bool *upper;   /**< which heap a slot is in */
  heap low, high;
} window;

static double key(const window *w, const heap *h, size_t i) {
  return h->sign * w->value[h->slot[i]];
}

static void put(window *w, heap *h, size_t i, size_t slot) {
  h->slot[i] = slot;
  w->place[slot] = i;
}

static void swap(window *w, heap *h, size_t i, size_t j) {
  const size_t slot = h->slot[i];
  put(w, h, i, h->slot[j]);
  put(w, h, j, slot);
}

/** Restore the order around place i, whichever way its key is wrong. */
static void settle(window *w, heap *h, size_t i) {
  while (i > 0 && key(w, h, i) < key(w, h, (i - 1) / 2)) {
    swap(w, h, i, (i - 1) / 2);
    i = (i - 1) / 2;
  }
  for (;;) {
    size_t least = i;
    for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
      if (child < h->n && key(w, h, child) < key(w, h, least)) least = child;
    if (least == i) return;
    swap(w, h, i, least);
    i = least;
  }
}

static void push(window *w, heap *h, size_t slot) {
  w->upper[slot] = h == &w->high;
  put(w, h, h->n++, slot);
  settle(w, h, h->n - 1);
}

static void drop(window *w, heap *h, size_t i) {
  h->n--;
  if (i == h->n) return;
  put(w, h, i, h->slot[h->n]);
  settle(w, h, i);
}

static void move_top(window *w, heap *to, heap *from) {
  const size_t slot = from->slot[0];
  drop(w, from, 0);
  push(w, to, slot);
}

/** The lower heap holds as many as the upper or one more. */
static void balance(window *w) {
  if (w->low.n > w->high.n + 1)
    move_top(w, &w->high, &w->low);
  else if (w->low.n < w->high.n)
    move_top(w, &w->low, &w->high);
}

static void enter(window *w, size_t slot, double x) {
  w->value[slot] = x;
  if (isnan(x)) return;
  push(w, w->low.n && x > w->value[w->low.slot[0]] ? &w->high : &w->low, slot);
  balance(w);
}

static void leave(window *w, size_t slot) {
  if (isnan(w->value[slot])) return;
  drop(w, w->upper[slot] ? &w->high : &w->low, w->place[slot]);
  balance(w);
}

static double middle(const window *w) {
  if (w->low.n == 0) return (double)NAN;
  const double below = w->value[w->low.slot[0]];
  return w->low.n > w->high.n ? below : (below + w->value[w->high.slot[0]]) / 2.0;
}

/* The same with the window in order: x may be y, so the samples that are to leave are kept. */
enum { ORDERED_MAX = 255 };
static void ordered(double *y, const double *x, size_t n, size_t half) {
  double v[ORDERED_MAX + 1], kept[ORDERED_MAX];
  const size_t size = 2 * half + 1;
  size_t count = 0;
  for (size_t i = 0; i < half; i++) {
    kept[i] = x[i];
    sorted_insert(v, &count, x[i]);
  }
  for (size_t i = 0, slot = half; i < n; i++) {
    /* sample j sits in slot j % size: the one that leaves frees the slot of the one that enters */
    if (i > half) sorted_withdraw(v, &count, kept[slot]);
    if (i + half < n) {
      kept[slot] = x[i + half];
      sorted_insert(v, &count, x[i + half]);
    }
    slot = slot + 1 == size ? 0 : slot + 1;
    y[i] = count ? sorted_median(v, count) : (double)NAN;
  }
}

dsp_status dsp_median(double *y, const double *x, size_t n, size_t half) {
  if (n == 0) return DSP_OK;
  if (half >= n) half = n - 1;
  const size_t size = 2 * half + 1;
  if (size <= ORDERED_MAX) {
    ordered(y, x, n, half);
    return DSP_OK;
  }
  window w = {.value = dsp_alloc(size, sizeof(double)),
              .place = dsp_alloc(size, sizeof(size_t)),
              .upper = dsp_alloc(size, sizeof(bool)),
              .low = {.slot = dsp_alloc(size, sizeof(size_t)), .sign = -1.0},
              .high = {.slot = dsp_alloc(size, sizeof(size_t)), .sign = 1.0}};
  dsp_status status = DSP_NO_MEMORY;
  if (w.value && w.place && w.upper && w.low.slot && w.high.slot) {
    for (size_t i = 0; i < half; i++) enter(&w, i % size, x[i]);
    for (size_t i = 0; i < n; i++) {
      if (i > half) leave(&w, (i - half - 1) % size);
      if (i + half < n) enter(&w, (i + half) % size, x[i + half]);
      y[i] = middle(&w);
    }
    status = DSP_OK;
  }
  free(w.value);
  free(w.place);
  free(w.upper);
  free(w.low.slot);
  free(w.high.slot);
  return status;
}
