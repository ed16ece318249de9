/* SPDX-License-Identifier: GPL-3.0-or-later
 * Exercises in a light-reflection trace: bumps above the resting level. An exercise ends at the last maximum before the lasting fall. */
#include "ppg.h"

#include <dsp/filter.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double quantile(double *scratch, const double *x, size_t n, double share) {
  memcpy(scratch, x, n * sizeof *x);
  return dsp_order_kth(scratch, n, (size_t)(share * (double)(n - 1)));
}

/* y: running median over about 1.5 s, so that pulses are gone. */
static dsp_status smooth(double **y, double **scratch, const dsp_trace *trace) {
  *y = dsp_alloc(trace->n, sizeof **y);
  *scratch = dsp_alloc(trace->n, sizeof **scratch);
  const dsp_status status = *y && *scratch ? dsp_median(*y, trace->x, trace->n, (size_t)(0.75 * trace->rate_hz)) : DSP_NO_MEMORY;
  if (status == DSP_OK) return status;
  free(*y);
  free(*scratch);
  return status;
}

dsp_status ppg_excursions(double *up, double *down, const dsp_trace *trace) {
  double *y, *scratch;
  const dsp_status status = smooth(&y, &scratch, trace);
  if (status != DSP_OK) return status;
  const size_t few = (size_t)(4 * trace->rate_hz) + 1, n = trace->n < few ? trace->n : few;
  const double base = quantile(scratch, y, n, 0.5);
  *up = quantile(scratch, y, trace->n, 0.995) - base;
  *down = base - quantile(scratch, y, trace->n, 0.005);
  free(y);
  free(scratch);
  return DSP_OK;
}

static ppg_bout found_bout(double start_s, double end_s) {
  return (ppg_bout){.start_s = start_s, .end_s = end_s, .seen_end_s = end_s};
}

size_t ppg_last_top(const double *y, size_t from, size_t to, double height) {
  static const double lower = 0.07, rise = 0.025;
  size_t top = from, later;
  for (size_t i = from; i <= to; i++)
    if (y[i] >= y[top]) top = i;
  double least = y[top];
  later = top;
  for (size_t i = top; i <= to; i++) {
    if (y[i] - least >= rise * height && y[i] >= y[top] - lower * height && (later == top || y[i] >= y[later])) later = i;
    least = fmin(least, y[i]);
  }
  return later;
}

/* How long before the fall through nine tenths at `at` the peak may lie: 2 s, and longer where the fall gathers pace, as a sigmoid's. */
static double reach(const double *y, size_t at, size_t n, double base, double height, double rate_hz) {
  static const double usual_s = 2, longest_s = 12, gathers = 0.85, back = 1.2;
  size_t seven = at, five;
  while (seven < n && y[seven] > base + 0.7 * height) seven++;
  five = seven;
  while (five < n && y[five] > base + 0.5 * height) five++;
  const double first = (double)(seven - at), second = (double)(five - seven);
  if (five == n || second > gathers * first) return usual_s;
  return fmax(usual_s, fmin(longest_s, back * (double)(five - at) / rate_hz));
}

/* One run above the threshold, [from, to): its last maximum is the exercise's end, its foot the start. */
static ppg_bout describe(const double *y, double *scratch, size_t n, size_t from, size_t to, size_t begin, double rate_hz) {
  double top = y[from];
  for (size_t i = from; i < to; i++) top = fmax(top, y[i]);
  const size_t quiet = (size_t)(15 * rate_hz), rest_from = from > begin + quiet ? from - quiet : begin;
  const double base = from > rest_from ? quantile(scratch, y + rest_from, from - rest_from, 0.3) : y[from];
  size_t end = from, start = from;
  for (size_t i = from; i < to; i++)
    if (y[i] >= base + 0.9 * (top - base)) end = i;
  /* back to the highest: the threshold is passed on the way down */
  const size_t back = (size_t)(reach(y, end, n, base, top - base, rate_hz) * rate_hz);
  const size_t peak = ppg_last_top(y, end > from + back ? end - back : from, end, top - base);
  while (start > begin && y[start - 1] > base + 0.06 * (top - base)) start--;
  return found_bout((double)start / rate_hz, (double)peak / rate_hz);
}

static dsp_status find_in_trace(ppg_bouts *found, const dsp_trace *trace, double least) {
  double *y, *scratch;
  const dsp_status status = smooth(&y, &scratch, trace);
  if (status != DSP_OK) return status;
  found->n = 0;
  const double base = quantile(scratch, y, trace->n, 0.2), top = quantile(scratch, y, trace->n, 0.995), limit = base + 0.35 * (top - base);
  size_t begin = 0;
  for (size_t i = 0; top - base >= least && i < trace->n && found->n < PPG_BOUTS_MAX; i++) {
    if (y[i] < limit) continue;
    size_t to = i;
    const size_t join = (size_t)(1.5 * trace->rate_hz);
    for (size_t k = i; k < trace->n && k <= to + join; k++)
      if (y[k] >= limit) to = k + 1;
    if (to - i >= (size_t)(2 * trace->rate_hz)) {
      found->bout[found->n++] = describe(y, scratch, trace->n, i, to, begin, trace->rate_hz);
      begin = to;
    }
    i = to;
  }
  free(y);
  free(scratch);
  return DSP_OK;
}

/* Do the marks begin with an end and end with a start? Then start and end were exchanged, in all of them. */
static bool exchanged(const dsp_recording *recording, double end_s) {
  dsp_event_kind first = DSP_EVENT_NOTE, last = DSP_EVENT_NOTE;
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *e = &recording->events[i];
    if (!(e->t_s >= 0 && e->t_s <= end_s) || (e->kind != DSP_EVENT_EXERCISE_START && e->kind != DSP_EVENT_EXERCISE_END)) continue;
    if (first == DSP_EVENT_NOTE) first = e->kind;
    last = e->kind;
  }
  return first == DSP_EVENT_EXERCISE_END && last == DSP_EVENT_EXERCISE_START;
}

/* Marks of one exercise; `open`: its end is not marked yet. */
static void take_events(ppg_bouts *bouts, const dsp_recording *recording, double end_s) {
  bool open = false;
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *e = &recording->events[i];
    if (!(e->t_s >= 0 && e->t_s <= end_s)) continue;
    ppg_bout *last = bouts->n ? &bouts->bout[bouts->n - 1] : NULL;
    const bool contraction = (e->kind == DSP_EVENT_DORSIFLEXION || e->kind == DSP_EVENT_TIPTOE) && e->count > 1;
    if ((e->kind == DSP_EVENT_EXERCISE_START || contraction) && bouts->n < PPG_BOUTS_MAX) {
      const double length_s = contraction ? (e->dur_s > 0 ? e->dur_s : 2.0 * e->count) : e->dur_s > 0 ? e->dur_s : (double)NAN;
      bouts->bout[bouts->n++] =
          (ppg_bout){.start_s = e->t_s, .end_s = e->t_s + length_s, .start_marked = true, .end_marked = isfinite(length_s)};
      open = isnan(length_s);
    } else if (e->kind == DSP_EVENT_EXERCISE_END && (open || bouts->n < PPG_BOUTS_MAX)) {
      if (!open) bouts->bout[bouts->n++] = (ppg_bout){.start_s = NAN}, last = &bouts->bout[bouts->n - 1];
      last->end_s = e->t_s;
      last->end_marked = true;
      open = false;
    }
  }
}

/* The found exercise that a marked one means: nearest end, or the first that ends after its start. */
static const ppg_bout *partner(const ppg_bout *b, const ppg_bouts *found) {
  static const double near_s = 15;
  const ppg_bout *best = NULL;
  double least_s = INFINITY;
  for (size_t i = 0; i < found->n; i++) {
    const ppg_bout *f = &found->bout[i];
    const double away_s = isfinite(b->end_s) ? fabs(f->end_s - b->end_s) : f->end_s > b->start_s ? f->end_s - b->start_s : (double)INFINITY;
    if (away_s < least_s) least_s = away_s, best = f;
  }
  return least_s <= near_s || isnan(b->end_s) ? best : NULL;
}

static void complete(ppg_bouts *bouts, const ppg_bouts *found) {
  size_t kept = 0;
  for (size_t i = 0; i < bouts->n; i++) {
    ppg_bout b = bouts->bout[i];
    const ppg_bout *f = partner(&b, found);
    b.seen_end_s = f ? f->end_s : NAN;
    if (f && isnan(b.end_s) && f->end_s > b.start_s) b.end_s = f->end_s;
    if (f && isnan(b.start_s) && f->start_s < b.end_s) b.start_s = f->start_s;
    const bool next_before = i + 1 < bouts->n && !b.start_marked && bouts->bout[i + 1].start_marked && !bouts->bout[i + 1].end_marked;
    if (next_before) bouts->reversed = true;
    if (isfinite(b.start_s) && isfinite(b.end_s) && b.end_s > b.start_s) bouts->bout[kept++] = b;
  }
  bouts->n = kept;
}

/* A thigh cuff, or a tourniquet marked as a compression, is on. */
static bool tourniquet_on(const dsp_recording *recording, double t_s) {
  bool on = recording->compression && !strcmp(recording->compression, "tourniquet");
  for (size_t i = 0; i < recording->n_events && recording->events[i].t_s <= t_s; i++) {
    const dsp_event_kind kind = recording->events[i].kind;
    if (kind == DSP_EVENT_CUFF_INFLATE || kind == DSP_EVENT_COMPRESS) on = true;
    if (kind == DSP_EVENT_CUFF_RELEASE || kind == DSP_EVENT_RELEASE) on = false;
  }
  return on;
}

dsp_status ppg_find_bouts(ppg_bouts *bouts, const dsp_trace *trace, const dsp_recording *recording, double least) {
  ppg_bouts found = {.n = 0};
  const double end_s = (double)trace->n / trace->rate_hz;
  *bouts = (ppg_bouts){.n = 0};
  const dsp_status status = find_in_trace(&found, trace, least);
  if (status != DSP_OK) return status;
  const bool reversed = exchanged(recording, end_s);
  if (!reversed) take_events(bouts, recording, end_s);
  complete(bouts, &found);
  if (bouts->n == 0) {
    found.reversed = reversed || bouts->reversed;
    *bouts = found;
  }
  for (size_t k = 0; k < bouts->n; k++) {
    ppg_bout *b = &bouts->bout[k];
    const double sure_s = b->start_marked ? 0.1 : 0.7;
    const double earlier_s = k > 0 ? fmax(bouts->bout[k - 1].end_s + 0.6 * (b->start_s - bouts->bout[k - 1].end_s), b->start_s - 40) : 0;
    b->rest_from_s = earlier_s;
    b->rest_to_s = b->start_s - sure_s;
    b->to_s = k + 1 < bouts->n ? bouts->bout[k + 1].start_s - 0.7 : end_s;
    b->tourniquet = tourniquet_on(recording, b->start_s);
  }
  return DSP_OK;
}
