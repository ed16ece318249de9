/* SPDX-License-Identifier: GPL-3.0-or-later
 * Courses of velocity: making, scaling, cutting. */
#include "duplex_course.h"
#include "duplex.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void duplex_course_clear(duplex_course *c) {
  free(c->peak);
  free(c->mean);
  free(c->sd);
  free(c->geometric);
  *c = (duplex_course){0};
}

dsp_status duplex_course_new(duplex_course *c, double t0_s, double rate_hz, size_t n) {
  *c = (duplex_course){.t0_s = t0_s, .rate_hz = rate_hz, .n = n};
  c->peak = dsp_alloc(n, sizeof *c->peak);
  c->mean = dsp_alloc(n, sizeof *c->mean);
  c->sd = dsp_alloc(n, sizeof *c->sd);
  c->geometric = dsp_alloc(n, sizeof *c->geometric);
  if (!c->peak || !c->mean || !c->sd || !c->geometric) {
    duplex_course_clear(c);
    return DSP_NO_MEMORY;
  }
  for (size_t i = 0; i < n; i++) c->peak[i] = c->mean[i] = c->sd[i] = c->geometric[i] = (float)NAN;
  return DSP_OK;
}

void duplex_course_scale(duplex_course *c, double factor) {
  for (size_t i = 0; i < c->n; i++) {
    c->peak[i] *= (float)factor;
    c->mean[i] *= (float)factor;
    c->sd[i] *= (float)fabs(factor);
    c->geometric[i] *= (float)factor;
  }
}

size_t duplex_course_index(const duplex_course *c, double t_s) {
  const double at = ceil((t_s - c->t0_s) * c->rate_hz - 1e-6);
  return !(at > 0) ? 0 : at < (double)c->n ? (size_t)at : c->n;
}

double duplex_course_time(const duplex_course *c, size_t i) {
  return c->t0_s + (double)i / c->rate_hz;
}

dsp_status duplex_course_of_channel(duplex_course *course, dsp_trace_facts *facts, const dsp_channel *channel, dsp_error *error) {
  static const double rate_hz = 100, bridge_s = 0.1, spike_floor_cm_s = 0.5;
  dsp_trace trace = {0};
  dsp_status status = part_condition(&trace, facts, channel, rate_hz, bridge_s, spike_floor_cm_s, error);
  if (status != DSP_OK) return status;
  if (duplex_course_new(course, 0, trace.rate_hz, trace.n) != DSP_OK) status = dsp_fail_memory(error);
  for (size_t i = 0; i < trace.n && status == DSP_OK; i++) {
    if (!trace.ok[i]) continue;
    course->peak[i] = course->mean[i] = (float)trace.x[i];
    course->sd[i] = (float)(facts->step / 3.5);
  }
  dsp_trace_clear(&trace);
  return status;
}

dsp_status duplex_course_cut(duplex_course *cut, const duplex_course *c, double from_s, double to_s) {
  const size_t from = duplex_course_index(c, from_s), to = duplex_course_index(c, to_s);
  const size_t n = to > from ? to - from : 0;
  if (duplex_course_new(cut, duplex_course_time(c, from), c->rate_hz, n) != DSP_OK) return DSP_NO_MEMORY;
  if (n == 0) return DSP_OK;
  memcpy(cut->peak, c->peak + from, n * sizeof *cut->peak);
  memcpy(cut->mean, c->mean + from, n * sizeof *cut->mean);
  memcpy(cut->sd, c->sd + from, n * sizeof *cut->sd);
  memcpy(cut->geometric, c->geometric + from, n * sizeof *cut->geometric);
  return DSP_OK;
}
