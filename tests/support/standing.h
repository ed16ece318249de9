/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated standing tests, and their samples. */
#ifndef SUPPORT_STANDING_H
#define SUPPORT_STANDING_H

#include "simulated.h"
#include <check.h>
#include <math.h>

typedef simulated result;

static inline result simulate(const char *settings, uint64_t seed) {
  return simulated_make("apg.stand", settings, seed);
}

static inline const double *samples(const result *r) {
  return r->recording->channels[0].x;
}

static inline size_t count_samples(const result *r) {
  return r->recording->channels[0].n;
}

static inline void check_near(const char *what, double found, double expected, double relative) {
  ck_assert_msg(fabs(found - expected) <= relative * fabs(expected), "%s: found %.9g, expected %.9g", what, found, expected);
}

#endif
