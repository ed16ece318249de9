/* SPDX-License-Identifier: GPL-3.0-or-later
 * xoshiro256** (Blackman and Vigna, ACM TOMS 47:36, 2021) seeded by splitmix64; normal deviates by Marsaglia's polar method. */
#include <math.h>
#include <phantom/rng.h>

static uint64_t splitmix(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t x, unsigned bits) {
  return (x << bits) | (x >> (64 - bits));
}

void dsp_rng_seed(dsp_rng *rng, uint64_t seed, uint64_t stream) {
  uint64_t mixed_stream = stream;
  uint64_t state = seed ^ splitmix(&mixed_stream);
  for (int i = 0; i < 4; i++) rng->s[i] = splitmix(&state);
  rng->spare = 0;
  rng->has_spare = false;
}

uint64_t dsp_rng_next(dsp_rng *rng) {
  uint64_t *s = rng->s;
  uint64_t result = rotate(s[1] * 5, 7) * 9, shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate(s[3], 45);
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
