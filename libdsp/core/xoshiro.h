/* SPDX-License-Identifier: GPL-3.0-or-later
 * State of the xoshiro256 generators and its seeding by splitmix64: D. Blackman, S. Vigna, ACM Trans. Math. Softw. 47 (2021) 36. What is
 * made of the state before each step (++ or **) is the caller's. */
#ifndef CORE_XOSHIRO_H
#define CORE_XOSHIRO_H

#include <stdint.h>

static inline uint64_t core_rotate(uint64_t x, unsigned bits) {
  return x << bits | x >> (64 - bits);
}

static inline uint64_t core_splitmix(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15U);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
  z = (z ^ z >> 27) * 0x94d049bb133111ebU;
  return z ^ z >> 31;
}

static inline void core_xoshiro_step(uint64_t s[4]) {
  const uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = core_rotate(s[3], 45);
}

#endif
