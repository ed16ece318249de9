/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where the vein was compressed and released: from events, from a cuff's pressure, or from the flow itself.
 *
 * Method for flow: a compression is an antegrade burst that stands out from the flow at rest by a factor, rises and ends within seconds,
 * and is of the size of the largest ones, in height and in width. Breathing makes waves that are wider. */
#include "duplex.h"
#include "duplex_course.h"
#include "duplex_reading.h"

#include <dsp/detect.h>
#include <dsp/filter.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>

static const double shortest_s = 0.15, longest_s = 5, apart_s = 2;
static const double breath_s = 1.1; /* least width of a breath's wave at half of its height */

static void add_push(duplex_test *t, duplex_push push) {
  if (t->n_pushes < DUPLEX_TRIALS_MAX) t->push[t->n_pushes++] = push;
}

static bool starts_push(dsp_event_kind kind) {
  return kind == DSP_EVENT_COMPRESS || kind == DSP_EVENT_CUFF_INFLATE;
}

static bool ends_push(dsp_event_kind kind) {
  return kind == DSP_EVENT_RELEASE || kind == DSP_EVENT_CUFF_RELEASE;
}

/* Events in order of time: a compression, then its release; a release alone is a compression whose start is not known. */
static void from_events(duplex_test *t) {
  const dsp_recording *r = t->recording;
  for (size_t i = 0; i < r->n_events; i++) {
    const dsp_event *e = &r->events[i];
    duplex_push *last = t->n_pushes ? &t->push[t->n_pushes - 1] : NULL;
    if (starts_push(e->kind)) {
      const double release_s = e->dur_s > 0 ? e->t_s + e->dur_s : (double)NAN;
      add_push(t, (duplex_push){.start_s = e->t_s, .release_s = release_s, .marked = true, .release_marked = isfinite(release_s)});
    } else if (ends_push(e->kind)) {
      if (last && !last->release_marked && e->t_s - last->start_s < 60) {
        last->release_s = e->t_s;
        last->release_marked = true;
      } else
        add_push(t, (duplex_push){.start_s = NAN, .release_s = e->t_s, .release_marked = true});
    }
  }
}

/* When the fall through x[at] is steepest: the middle of what falls nearly as fast, over steps of a twentieth of a second. */
static double steepest_at(const dsp_segment *segment, const double *x, double rate_hz, size_t at, double low, double high) {
  static const double step_s = 0.05, edge = 0.05, nearly = 0.8;
  const size_t step = (size_t)fmax(1, round(step_s * rate_hz));
  const double top = high - edge * (high - low), bottom = low + edge * (high - low);
  size_t from = at, to = at;
  while (from > 0 && x[from] < top) from--;
  while (to + 1 < segment->n && x[to] > bottom) to++;
  from = from > step ? from - step : 0;
  double steepest = 0, sum = 0, n = 0;
  for (size_t i = from; i + step <= to; i++) steepest = fmax(steepest, x[i] - x[i + step]);
  for (size_t i = from; i + step <= to; i++)
    if (x[i] - x[i + step] >= nearly * steepest) sum += (double)i + 0.5 * (double)step, n++;
  return segment->t0_s + (n > 0 ? sum / n : (double)at - 0.5) / rate_hz;
}

/* Above half of its range the cuff is inflated; the release is the steepest fall of that deflation. */
static void from_cuff(duplex_test *t) {
  static const double least_mmhg = 25;
  const dsp_channel *cuff = NULL;
  for (size_t c = 0; c < t->recording->n_channels && !cuff; c++)
    if (t->recording->channels[c].role == DSP_ROLE_CUFF_PRESSURE && t->recording->channels[c].x) cuff = &t->recording->channels[c];
  if (!cuff) return;
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < cuff->n; i++)
    if (isfinite(cuff->x[i])) low = fmin(low, cuff->x[i]), high = fmax(high, cuff->x[i]);
  if (!(high - low >= least_mmhg)) return;
  const double border = 0.5 * (low + high);
  for (size_t s = 0; s < cuff->n_segments; s++) {
    const dsp_segment *segment = &cuff->segments[s];
    const double *x = cuff->x + segment->first;
    for (size_t i = 1; i < segment->n; i++) {
      const double t_s = segment->t0_s + (double)i / cuff->rate_hz;
      if (x[i - 1] < border && x[i] >= border) add_push(t, (duplex_push){.start_s = t_s, .release_s = NAN, .marked = true});
      duplex_push *last = t->n_pushes ? &t->push[t->n_pushes - 1] : NULL;
      if (!(x[i - 1] >= border && x[i] < border) || !last || last->release_marked) continue;
      last->release_s = steepest_at(segment, x, cuff->rate_hz, i, low, high);
      last->release_marked = true;
    }
  }
}

/* Typical flow at rest. Long reflux is none of it. */
static dsp_status rest_of(double *median, const float *x, size_t n, int sign) {
  double *sorted = dsp_alloc(n, sizeof *sorted);
  if (!sorted) return DSP_NO_MEMORY;
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (sign * (double)x[i] >= 0) sorted[kept++] = fabs((double)x[i]);
  *median = kept ? dsp_order_median(sorted, kept) : (double)NAN;
  free(sorted);
  return DSP_OK;
}

/* Samples around `at` above half of its height. */
static double width_s(const duplex_course *c, const double *x, size_t at, size_t *left, size_t *right) {
  *left = *right = at;
  while (*left > 0 && x[*left - 1] > 0.5 * x[at]) (*left)--;
  while (*right + 1 < c->n && x[*right + 1] > 0.5 * x[at]) (*right)++;
  return (double)(*right - *left + 1) / c->rate_hz;
}

static dsp_status from_flow(duplex_test *t, dsp_error *error) {
  const duplex_course *c = &t->course;
  const double unit = isfinite(t->hz_per_cm_s) ? 1 : t->params[P_THRESHOLD_HZ] / t->params[P_THRESHOLD];
  const double least = 0.4 * t->params[P_LEAST_PUSH] * unit;
  double *x = dsp_alloc(c->n, sizeof *x), median = NAN;
  dsp_peak *peaks = NULL;
  size_t n = 0;
  dsp_status status = x ? rest_of(&median, c->mean, c->n, t->sign) : DSP_NO_MEMORY;
  for (size_t i = 0; i < c->n && status == DSP_OK; i++) x[i] = isfinite(c->mean[i]) ? t->sign * (double)c->mean[i] : 0;
  if (status == DSP_OK) status = dsp_median(x, x, c->n, (size_t)(0.06 * c->rate_hz));
  const dsp_peak_rule rule = {.min_height = fmax(least, t->params[P_PUSH_RATIO] * median), .min_distance = apart_s * c->rate_hz};
  if (status == DSP_OK) status = dsp_find_peaks(&peaks, &n, x, c->n, &rule, error);
  double highest = 0, narrowest_s = INFINITY;
  for (size_t i = 0; i < n; i++) highest = fmax(highest, peaks[i].height);
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    size_t left = 0, right = 0;
    const double wide_s = width_s(c, x, peaks[i].at, &left, &right);
    if (peaks[i].height >= 0.6 * highest && wide_s >= shortest_s) narrowest_s = fmin(narrowest_s, wide_s);
  }
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    size_t left = 0, right = 0;
    const double wide_s = width_s(c, x, peaks[i].at, &left, &right);
    if (peaks[i].height < 0.4 * highest || wide_s < shortest_s || wide_s > 0.5 * longest_s) continue;
    if (wide_s > fmax(breath_s, 1.6 * narrowest_s)) continue;
    while (left > 0 && x[left - 1] < x[left] && x[left] > 0.1 * peaks[i].height) left--;
    add_push(t, (duplex_push){.start_s = duplex_course_time(c, left), .release_s = NAN});
  }
  free(peaks);
  free(x);
  return status == DSP_NO_MEMORY ? dsp_fail_memory(error) : DSP_OK;
}

static int earlier(const void *left, const void *right) {
  const duplex_push *p = left, *q = right;
  const double a = isfinite(p->start_s) ? p->start_s : p->release_s, b = isfinite(q->start_s) ? q->start_s : q->release_s;
  return (a > b) - (a < b);
}

/* With a known compression, the first large flow after it is antegrade. */
void duplex_infer_sign(duplex_test *t) {
  const duplex_course *c = &t->course;
  double votes = 0;
  for (size_t p = 0; p < t->n_pushes; p++) {
    if (!t->push[p].marked || !isfinite(t->push[p].start_s)) continue;
    const double end_s = t->push[p].release_marked ? t->push[p].release_s : t->push[p].start_s + 1.5;
    double sum = 0;
    for (size_t i = duplex_course_index(c, t->push[p].start_s); i < duplex_course_index(c, end_s); i++)
      if (isfinite(c->mean[i])) sum += (double)c->mean[i];
    votes += sum > 0 ? 1 : sum < 0 ? -1 : 0;
  }
  if (fabs(votes) >= 0.5) t->sign = votes > 0 ? 1 : -1, t->inferred = true;
}

dsp_status duplex_find_pushes(duplex_test *t, dsp_error *error) {
  t->n_pushes = 0;
  from_events(t);
  if (t->n_pushes == 0) from_cuff(t);
  if (t->sign == 0) duplex_infer_sign(t);
  if (t->n_pushes == 0 && t->sign != 0) {
    const dsp_status status = from_flow(t, error);
    if (status != DSP_OK) return status;
  }
  qsort(t->push, t->n_pushes, sizeof t->push[0], earlier);
  const double end_s = duplex_course_time(&t->course, t->course.n);
  for (size_t i = 0; i < t->n_pushes; i++) {
    const duplex_push *next = i + 1 < t->n_pushes ? &t->push[i + 1] : NULL;
    t->push[i].until_s = !next ? end_s : isfinite(next->start_s) ? next->start_s : next->release_s - 2;
  }
  return DSP_OK;
}
