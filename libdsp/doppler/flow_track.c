/* SPDX-License-Identifier: GPL-3.0-or-later
 * The most probable course of the highest frequency.
 *
 * Method: dynamic programming (Viterbi). From frame to frame the state may move along the ladder of its direction at a cost that grows with
 * the distance, or jump to any state, no flow included, at a fixed cost. The linear cost takes two sweeps a frame (distance transform), so
 * time grows with frames x states. */
#include <dsp/doppler.h>
#include <dsp/memory.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct tracker {
  float *score, *reached; /**< best sum that ends in each state: before and after the move */
  unsigned short *from;   /**< frames x states */
  size_t states, steps;
  float step_cost, jump_cost;
} tracker;

/* Best way into each state of one ladder by steps alone. */
static void sweep(const tracker *t, unsigned short *from, size_t first) {
  for (size_t j = first; j < first + t->steps; j++) {
    t->reached[j] = t->score[j];
    from[j] = (unsigned short)j;
    if (j > first && t->reached[j - 1] - t->step_cost > t->reached[j])
      t->reached[j] = t->reached[j - 1] - t->step_cost, from[j] = from[j - 1];
  }
  for (size_t j = first + t->steps - 1; j-- > first;)
    if (t->reached[j + 1] - t->step_cost > t->reached[j]) t->reached[j] = t->reached[j + 1] - t->step_cost, from[j] = from[j + 1];
}

static size_t best_of(const float *score, size_t n) {
  size_t best = 0;
  for (size_t i = 1; i < n; i++)
    if (score[i] > score[best]) best = i;
  return best;
}

static void advance(const tracker *t, unsigned short *from, const float *ratio) {
  const size_t best = best_of(t->score, t->states);
  const float jump = t->score[best] - t->jump_cost;
  t->reached[0] = t->score[0];
  from[0] = 0;
  sweep(t, from, 1);
  sweep(t, from, 1 + t->steps);
  for (size_t j = 0; j < t->states; j++) {
    if (jump > t->reached[j]) t->reached[j] = jump, from[j] = (unsigned short)best;
    t->score[j] = t->reached[j] + ratio[j];
  }
}

dsp_status dsp_flow_track(unsigned short *state, const float *ratio, size_t frames, size_t steps, double step_cost, double jump_cost) {
  tracker t = {.states = 1 + 2 * steps, .steps = steps, .step_cost = (float)step_cost, .jump_cost = (float)jump_cost};
  dsp_status status = DSP_NO_MEMORY;
  if (frames == 0 || steps == 0) return DSP_OK;
  t.score = dsp_zalloc(t.states, sizeof *t.score);
  t.reached = dsp_zalloc(t.states, sizeof *t.reached);
  t.from = t.states <= USHRT_MAX && frames <= SIZE_MAX / t.states ? dsp_alloc(frames * t.states, sizeof *t.from) : NULL;
  if (!t.score || !t.reached || !t.from) goto done;
  for (size_t j = 0; j < t.states; j++) t.score[j] = ratio[j] - (j ? t.jump_cost : 0);
  for (size_t f = 1; f < frames; f++) {
    advance(&t, t.from + f * t.states, ratio + f * t.states);
    const float best = t.score[best_of(t.score, t.states)]; /* keeps the sums small, so that single precision suffices */
    for (size_t j = 0; j < t.states; j++) t.score[j] -= best;
  }
  size_t at = best_of(t.score, t.states);
  for (size_t f = frames; f-- > 0;) {
    state[f] = (unsigned short)at;
    if (f > 0) at = t.from[f * t.states + at];
  }
  status = DSP_OK;
done:
  free(t.score);
  free(t.reached);
  free(t.from);
  return status;
}
