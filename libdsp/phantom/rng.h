/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random numbers of the simulators: the same seed and stream give the same numbers everywhere. Internal. */
#ifndef DSP_PHANTOM_RNG_H
#define DSP_PHANTOM_RNG_H

#include <stdbool.h>
#include <stdint.h>

typedef struct dsp_rng {
  uint64_t s[4];
  double spare; /**< second deviate of the last pair */
  bool has_spare;
} dsp_rng;

/** Independent streams of one seed, so that switching one nuisance off leaves the others as they were. */
void dsp_rng_seed(dsp_rng *rng, uint64_t seed, uint64_t stream);
uint64_t dsp_rng_next(dsp_rng *rng);
double dsp_rng_uniform(dsp_rng *rng); /**< 0 <= u < 1 */
double dsp_rng_between(dsp_rng *rng, double lo, double hi);
double dsp_rng_log_between(dsp_rng *rng, double lo, double hi); /**< log-uniform, 0 < lo <= hi */
double dsp_rng_normal(dsp_rng *rng);                            /**< mean 0, variance 1 */

#endif
