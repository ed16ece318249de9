/* SPDX-License-Identifier: GPL-3.0-or-later
 * Moving-block bootstrap of any statistic of a stationary series, with a generator whose state the caller owns.
 *
 * Method: each replicate is glued from blocks at uniformly drawn places until it is as long as the data; the interval lies between
 * percentiles of the replicates. Sources: H. Kunsch, Ann. Stat. 17 (1989) 1217; generator xoshiro256++ and its seeding by splitmix64: D.
 * Blackman, S. Vigna, ACM Trans. Math. Softw. 47 (2021) 36. */
#include <core/xoshiro.h>
#include <dsp/fit.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

dsp_random dsp_random_seeded(uint64_t seed) {
  dsp_random random;
  for (size_t i = 0; i < 4; i++) random.s[i] = core_splitmix(&seed);
  return random;
}

uint64_t dsp_random_next(dsp_random *random) {
  const uint64_t *s = random->s, out = core_rotate(s[0] + s[3], 23) + s[0];
  core_xoshiro_step(random->s);
  return out;
}

uint64_t dsp_random_below(dsp_random *random, uint64_t limit) {
  const uint64_t uneven = (0 - limit) % limit; /* draws below this would favour the small results */
  uint64_t draw;
  do draw = dsp_random_next(random);
  while (draw < uneven);
  return draw % limit;
}

static double percentile(const double *sorted, size_t n, double part) {
  const double place = part * (double)(n - 1);
  const size_t i = (size_t)place;
  return i + 1 < n ? sorted[i] + (place - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

/** All replicates' values that exist; returns how many. */
static size_t replicate(double *values, double *series, dsp_random *random, const double *x, size_t n, size_t block, size_t replicates,
                        dsp_statistic *statistic, void *context) {
  size_t count = 0;
  for (size_t r = 0; r < replicates; r++) {
    for (size_t at = 0; at < n; at += block) {
      const size_t from = (size_t)dsp_random_below(random, n - block + 1), length = n - at < block ? n - at : block;
      memcpy(series + at, x + from, length * sizeof *series);
    }
    const double value = statistic(series, n, context);
    if (isfinite(value)) values[count++] = value;
  }
  return count;
}

dsp_status dsp_block_bootstrap(dsp_bootstrap *result, dsp_random *random, const double *x, size_t n, size_t block, size_t replicates,
                               double level, dsp_statistic *statistic, void *context, dsp_error *error) {
  *result = (dsp_bootstrap){0};
  if (n == 0) return dsp_fail(error, DSP_BAD_INPUT, "bootstrap", "at least one sample", "none");
  if (block < 1 || block > n || replicates < 20 || !(level > 0.0) || !(level < 1.0))
    return dsp_fail(error, DSP_BAD_OPTION, "bootstrap", "a block within the data, 20 replicates or more, a level between 0 and 1",
                    "block %zu of %zu, %zu replicates, level %g", block, n, replicates, level);
  double *series = dsp_alloc(n, sizeof *series), *values = dsp_alloc(replicates, sizeof *values);
  dsp_status status;
  if (!series || !values) {
    status = dsp_fail_memory(error);
  } else {
    const size_t count = replicate(values, series, random, x, n, block, replicates, statistic, context);
    status =
        2 * count >= replicates ? DSP_OK : dsp_fail(error, DSP_NO_SOLUTION, "bootstrap", "a value in half of the replicates", "%zu", count);
    if (status == DSP_OK) {
      double mean = 0.0, square = 0.0;
      for (size_t i = 0; i < count; i++) mean += values[i] / (double)count;
      for (size_t i = 0; i < count; i++) square += (values[i] - mean) * (values[i] - mean);
      dsp_order_sort(values, count);
      *result = (dsp_bootstrap){.value = statistic(x, n, context),
                                .se = sqrt(square / (double)(count - 1)),
                                .lo = percentile(values, count, (1.0 - level) / 2.0),
                                .hi = percentile(values, count, (1.0 + level) / 2.0),
                                .failed = replicates - count};
    }
  }
  free(series);
  free(values);
  return status;
}
