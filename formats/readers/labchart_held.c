/* SPDX-License-Identifier: GPL-3.0-or-later
 * LabChart repeats the samples of a slow channel up to the fastest rate. That a channel was slow is certain enough only when every change
 * of its value, over all blocks and from their first row on, falls on a multiple of k rows, with so many changes that chance is out of the
 * question (2^-runs for k = 2) and with some runs of just k rows, which a plateau would not have. */
#include "labchart.h"
#include <math.h>
#include <string.h>

static size_t greatest_common(size_t a, size_t b) {
  while (b) {
    const size_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static bool same(double a, double b) {
  return a == b || (isnan(a) && isnan(b));
}

size_t lab_held(const lab_channel *channel, size_t runs_needed) {
  size_t k = 0, runs = 0;
  for (size_t s = 0; s < channel->n_segments; s++) {
    const double *x = channel->x + channel->segments[s].first;
    for (size_t i = 1; i < channel->segments[s].n; i++) {
      if (same(x[i], x[i - 1])) continue;
      k = greatest_common(k, i);
      if (k == 1) return 1;
      runs++;
    }
  }
  if (k < 2 || runs < runs_needed) return 1;
  size_t shortest = 0;
  for (size_t s = 0; s < channel->n_segments; s++) {
    const double *x = channel->x + channel->segments[s].first;
    for (size_t i = k; i + k < channel->segments[s].n; i += k) shortest += !same(x[i], x[i - 1]) && !same(x[i + k], x[i]);
  }
  return shortest * 4 >= runs ? k : 1;
}

void lab_thin(lab_channel *channel, size_t k) {
  size_t n = 0;
  for (size_t s = 0; s < channel->n_segments; s++) {
    dsp_segment *segment = &channel->segments[s];
    const size_t first = n;
    for (size_t i = 0; i < segment->n; i += k) channel->x[n++] = channel->x[segment->first + i];
    segment->first = first;
    segment->n = n - first;
  }
  channel->n = n;
  channel->rate_hz /= (double)k;
}
