/* SPDX-License-Identifier: GPL-3.0-or-later
 * xoshiro256** (Blackman and Vigna, ACM TOMS 47:36, 2021) seeded by splitmix64; normal deviates by Marsaglia's polar method. */
#include <core/xoshiro.h>
#include <math.h>
#include <phantom/rng.h>

void dsp_rng_seed(dsp_rng *rng, uint64_t seed, uint64_t stream) {
  uint64_t mixed_stream = stream;
  uint64_t state = seed ^ core_splitmix(&mixed_stream);
  for (int i = 0; i < 4; i++) rng->s[i] = core_splitmix(&state);
  rng->spare = 0;
  rng->has_spare = false;
}

uint64_t dsp_rng_next(dsp_rng *rng) {
  const uint64_t result = core_rotate(rng->s[1] * 5, 7) * 9;
  core_xoshiro_step(rng->s);
  return result;
}

double dsp_rng_uniform(dsp_rng *rng) {
  return (double)(dsp_rng_next(rng) >> 11) * 0x1p-53;
}

double dsp_rng_between(dsp_rng *rng, double lo, double hi) {
  return lo + (hi - lo) * dsp_rng_uniform(rng);
}

double dsp_rng_log_between(dsp_rng *rng, double lo, double hi) {
  return lo * exp(dsp_rng_uniform(rng) * log(hi / lo));
}

double dsp_rng_normal(dsp_rng *rng) {
  if (rng->has_spare) {
    rng->has_spare = false;
    return rng->spare;
  }
  double u, v, r2;
  do {
    u = dsp_rng_between(rng, -1, 1);
    v = dsp_rng_between(rng, -1, 1);
    r2 = u * u + v * v;
  } while (r2 >= 1 || r2 <= 0);
  double factor = sqrt(-2 * log(r2) / r2);
  rng->spare = v * factor;
  rng->has_spare = true;
  return u * factor;
}
