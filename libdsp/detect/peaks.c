/* SPDX-License-Identifier: GPL-3.0-or-later
 * Local maxima with height, distance, prominence and width.
 *
 * Method: one scan finds the maxima (a flat top counts once, at its middle) and the lowest valley between neighbours; two passes with a
 * stack of ever lower peaks then give every peak its bases, so prominences cost O(n) however rugged the trace is. Limits act in the order
 * height, distance, prominence, width. Distance: the highest peak first, of equals the later one, removes its neighbours. Definitions as
 * scipy.signal.find_peaks documents them; the stack is the "previous greater element" of D. Knuth, TAOCP 1, 2.2.1. */
#include <dsp/detect.h>
#include <dsp/memory.h>
#include <stdbool.h>
#include <stdlib.h>

/** Lowest level of the stretch before, between or after peaks, with its first and last sample. */
typedef struct valley {
  double level;
  size_t first, last;
} valley;

typedef struct scan {
  dsp_peak *peak;
  valley *valley; /**< n + 1: valley k lies before peak k */
  size_t n, peak_capacity, valley_capacity;
} scan;

static dsp_status add_peak(scan *s, size_t at, double height, const valley *before) {
  dsp_status status = dsp_grow(&s->peak, &s->peak_capacity, s->n + 1, sizeof *s->peak);
  if (status == DSP_OK) status = dsp_grow(&s->valley, &s->valley_capacity, s->n + 2, sizeof *s->valley);
  if (status != DSP_OK) return status;
  s->peak[s->n] = (dsp_peak){.at = at, .height = height};
  s->valley[s->n++] = *before;
  return DSP_OK;
}

static void lower(valley *v, double level, size_t first, size_t last) {
  if (level < v->level)
    *v = (valley){level, first, last};
  else if (level <= v->level)
    v->last = last;
}

/** All maxima and the valleys around them. n >= 1. */
static dsp_status find_maxima(scan *s, const double *x, size_t n) {
  valley low = {x[0], 0, 0};
  bool rising = false;
  for (size_t i = 0; i < n;) {
    size_t last = i;
    while (last + 1 < n && x[last + 1] == x[i]) last++;
    if (rising && last + 1 < n && x[last + 1] < x[i]) {
      const dsp_status status = add_peak(s, (i + last) / 2, x[i], &low);
      if (status != DSP_OK) return status;
      low = (valley){x[last + 1], last + 1, last + 1};
    } else {
      lower(&low, x[i], i, last);
    }
    rising = last + 1 < n && x[last + 1] > x[i];
    i = last + 1;
  }
  if (s->n) s->valley[s->n] = low;
  return DSP_OK;
}

/** Bases and prominences. `stack` holds peaks not lower than any after them; popping joins their stretches. */
static void find_bases(scan *s, size_t *stack) {
  size_t depth = 0;
  for (size_t k = 0; k < s->n; k++) {
    dsp_peak *p = &s->peak[k];
    double low = s->valley[k].level;
    p->left_base = s->valley[k].last;
    for (; depth > 0 && s->peak[stack[depth - 1]].height <= p->height; depth--) {
      const dsp_peak *q = &s->peak[stack[depth - 1]];
      if (q->prominence < low) {
        low = q->prominence;
        p->left_base = q->left_base;
      }
    }
    p->prominence = low; /* the level of the left base until the second pass */
    stack[depth++] = k;
  }
  depth = 0;
  for (size_t k = s->n; k-- > 0;) {
    dsp_peak *p = &s->peak[k];
    double low = s->valley[k + 1].level;
    p->right_base = s->valley[k + 1].first;
    for (; depth > 0 && s->peak[stack[depth - 1]].height <= p->height; depth--) {
      const dsp_peak *q = &s->peak[stack[depth - 1]];
      if (q->width < low) {
        low = q->width;
        p->right_base = q->right_base;
      }
    }
    p->width = low; /* the level of the right base, likewise */
    stack[depth++] = k;
  }
  for (size_t k = 0; k < s->n; k++) {
    dsp_peak *p = &s->peak[k];
    p->prominence = p->height - (p->prominence > p->width ? p->prominence : p->width);
    p->width = 0.0;
  }
}

static void measure_width(dsp_peak *p, const double *x, double rel_height) {
  const double level = p->height - p->prominence * rel_height;
  size_t i = p->at;
  while (i > p->left_base && x[i] > level) i--;
  p->left_at = (double)i;
  if (x[i] < level) p->left_at += (level - x[i]) / (x[i + 1] - x[i]);
  i = p->at;
  while (i < p->right_base && x[i] > level) i++;
  p->right_at = (double)i;
  if (x[i] < level) p->right_at -= (level - x[i]) / (x[i - 1] - x[i]);
  p->width = p->right_at - p->left_at;
}

typedef struct rank {
  double height;
  size_t place;
} rank;

/** Highest first, of equals the later. */
static int by_height(const void *left, const void *right) {
  const rank *a = left, *b = right;
  if (a->height < b->height || a->height > b->height) return a->height > b->height ? -1 : 1;
  return (a->place < b->place) - (a->place > b->place);
}

/** Mark with height -INFINITY, which no finite sample has, the peaks that stand too near a better one; then close the ranks. */
static dsp_status keep_apart(scan *s, double distance) {
  rank *order = dsp_alloc(s->n, sizeof *order);
  if (!order) return DSP_NO_MEMORY;
  for (size_t k = 0; k < s->n; k++) order[k] = (rank){s->peak[k].height, k};
  qsort(order, s->n, sizeof *order, by_height);
  for (size_t i = 0; i < s->n; i++) {
    const size_t k = order[i].place;
    if (isinf(s->peak[k].height)) continue;
    for (size_t j = k; j-- > 0 && (double)(s->peak[k].at - s->peak[j].at) < distance;) s->peak[j].height = -(double)INFINITY;
    for (size_t j = k + 1; j < s->n && (double)(s->peak[j].at - s->peak[k].at) < distance; j++) s->peak[j].height = -(double)INFINITY;
  }
  free(order);
  size_t kept = 0;
  for (size_t k = 0; k < s->n; k++)
    if (!isinf(s->peak[k].height)) s->peak[kept++] = s->peak[k];
  s->n = kept;
  return DSP_OK;
}

static dsp_status apply(scan *s, const double *x, const dsp_peak_rule *rule) {
  size_t kept = 0;
  for (size_t k = 0; k < s->n; k++)
    if (s->peak[k].height >= rule->min_height) s->peak[kept++] = s->peak[k];
  s->n = kept;
  if (rule->min_distance > 1.0 && s->n > 0) {
    const dsp_status status = keep_apart(s, rule->min_distance);
    if (status != DSP_OK) return status;
  }
  kept = 0;
  for (size_t k = 0; k < s->n; k++) {
    dsp_peak *p = &s->peak[k];
    if (p->prominence < rule->min_prominence) continue;
    if (rule->rel_height > 0.0) {
      measure_width(p, x, rule->rel_height);
      if (p->width < rule->min_width) continue;
    }
    s->peak[kept++] = *p;
  }
  s->n = kept;
  return DSP_OK;
}

static dsp_status check(const double *x, size_t n, const dsp_peak_rule *rule, dsp_error *error) {
  if (isnan(rule->min_height) || isnan(rule->min_distance) || isnan(rule->min_prominence) || isnan(rule->min_width) ||
      !(rule->rel_height >= 0.0 && rule->rel_height <= 1.0))
    return dsp_fail(error, DSP_BAD_OPTION, "peaks", "limits that are numbers, relative height 0 to 1", "relative height %g",
                    rule->rel_height);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return dsp_fail(error, DSP_BAD_INPUT, "peaks", "finite samples", "sample %zu is not finite", i);
  return DSP_OK;
}

dsp_status dsp_find_peaks(dsp_peak **peaks, size_t *n_peaks, const double *x, size_t n, const dsp_peak_rule *rule, dsp_error *error) {
  *peaks = NULL;
  *n_peaks = 0;
  dsp_status status = check(x, n, rule, error);
  if (status != DSP_OK) return status;
  scan s = {0};
  size_t *stack = NULL;
  if (n > 0) status = find_maxima(&s, x, n);
  if (status == DSP_OK && s.n > 0) {
    stack = dsp_alloc(s.n, sizeof *stack);
    status = stack ? DSP_OK : DSP_NO_MEMORY;
  }
  if (status == DSP_OK && s.n > 0) {
    find_bases(&s, stack);
    status = apply(&s, x, rule);
  }
  if (status == DSP_OK && !s.peak) {
    s.peak = dsp_alloc(1, sizeof *s.peak);
    status = s.peak ? DSP_OK : DSP_NO_MEMORY;
  }
  free(stack);
  free(s.valley);
  if (status != DSP_OK) {
    free(s.peak);
    return dsp_fail_memory(error);
  }
  *peaks = s.peak;
  *n_peaks = s.n;
  return DSP_OK;
}
