/* SPDX-License-Identifier: GPL-3.0-or-later
 * Steps in the mean by optimal partitioning with pruning (PELT).
 *
 * Method: F(e) = min over s of F(s) + C(s, e) + penalty, C the sum of squares about the mean of samples s .. e - 1 from running sums of the
 * centred trace; a start s that is already worse than F(e) without a penalty can never win again and is dropped. Of equal costs the
 * earliest start wins. Source: R. Killick, P. Fearnhead, I. Eckley, J. Am. Stat. Assoc. 107 (2012) 1590. */
#include <dsp/detect.h>
#include <dsp/memory.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct sums {
  double *one, *two; /**< n + 1 running sums of the values and of their squares */
} sums;

static double cost(const sums *s, size_t from, size_t to) {
  const double one = s->one[to] - s->one[from], two = s->two[to] - s->two[from], c = two - one * one / (double)(to - from);
  return c > 0.0 ? c : 0.0;
}

static void prepare(sums *s, const double *x, size_t n) {
  double mean = 0.0;
  for (size_t i = 0; i < n; i++) mean += (x[i] - mean) / (double)(i + 1);
  s->one[0] = s->two[0] = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double v = x[i] - mean;
    s->one[i + 1] = s->one[i] + v;
    s->two[i + 1] = s->two[i] + v * v;
  }
}

typedef struct search {
  double *best;      /**< best[e]: least cost of the first e samples */
  size_t *from;      /**< from[e]: where their last segment starts */
  size_t *candidate; /**< starts that can still win */
  size_t *dies;      /**< the end from which a start cannot win any more */
} search;

static void partition(search *p, const sums *s, size_t n, double penalty, size_t min_length) {
  size_t alive = 0;
  p->best[0] = -penalty;
  for (size_t e = 1; e <= n; e++) {
    p->best[e] = (double)INFINITY;
    p->from[e] = 0;
    if (e >= min_length && isfinite(p->best[e - min_length])) {
      p->candidate[alive++] = e - min_length;
      p->dies[e - min_length] = SIZE_MAX;
    }
    size_t kept = 0;
    for (size_t k = 0; k < alive; k++) {
      const size_t c = p->candidate[k];
      if (p->dies[c] <= e) continue;
      p->candidate[kept++] = c;
      const double total = p->best[c] + cost(s, c, e) + penalty;
      if (total < p->best[e]) {
        p->best[e] = total;
        p->from[e] = c;
      }
    }
    alive = kept;
    /* e itself is a better start than c for every end that leaves it a whole segment */
    for (size_t k = 0; k < alive; k++) {
      const size_t c = p->candidate[k];
      if (p->dies[c] == SIZE_MAX && p->best[c] + cost(s, c, e) > p->best[e]) p->dies[c] = e + min_length;
    }
  }
}

dsp_status dsp_find_steps(size_t **at, size_t *n_steps, const double *x, size_t n, double penalty, size_t min_length, dsp_error *error) {
  *at = NULL;
  *n_steps = 0;
  if (!(penalty >= 0.0) || min_length < 1)
    return dsp_fail(error, DSP_BAD_OPTION, "steps", "a penalty of at least 0 and a length of at least 1", "penalty %g, length %zu", penalty,
                    min_length);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return dsp_fail(error, DSP_BAD_INPUT, "steps", "finite samples", "sample %zu is not finite", i);
  if (n > SIZE_MAX - 1) return dsp_fail_memory(error);
  sums s = {.one = dsp_alloc(n + 1, sizeof(double)), .two = dsp_alloc(n + 1, sizeof(double))};
  search p = {.best = dsp_alloc(n + 1, sizeof(double)),
              .from = dsp_alloc(n + 1, sizeof(size_t)),
              .candidate = dsp_alloc(n + 1, sizeof(size_t)),
              .dies = dsp_alloc(n + 1, sizeof(size_t))};
  dsp_status status = DSP_NO_MEMORY;
  if (s.one && s.two && p.best && p.from && p.candidate && p.dies) {
    prepare(&s, x, n);
    partition(&p, &s, n, penalty, min_length);
    size_t count = 0;
    for (size_t e = n; e > 0 && p.from[e] > 0; e = p.from[e]) p.candidate[n - ++count] = p.from[e];
    memmove(p.candidate, p.candidate + n - count, count * sizeof *p.candidate);
    *at = p.candidate;
    *n_steps = count;
    p.candidate = NULL;
    status = DSP_OK;
  } else {
    dsp_fail_memory(error);
  }
  free(s.one);
  free(s.two);
  free(p.best);
  free(p.from);
  free(p.candidate);
  free(p.dies);
  return status;
}
