/* SPDX-License-Identifier: GPL-3.0-or-later
 * The end of retrograde flow that fades among the wall's echo or the noise.
 *
 * Method: spectra of windows so long that the threshold's shift stands clear of the wall's echo. The flow falls along a smooth curve, of
 * which the velocity at two times is not known exactly, and which may be bent like an exponential or straight; it may stop at any time.
 * Every such curve and stop has a likelihood, the sum of its spectra's against standing blood; the end is the curve's crossing or the stop,
 * whichever comes first, and its distribution is summed over all of them. No spectrum has to show the flow by itself. */
#include "duplex_tail.h"
#include "duplex_audio.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

enum { SEEN = DUPLEX_THRESHOLDS, LEVELS, COARSE = 13, SIDE = 25, CELLS = SIDE * SIDE, BENDS = 2, PLACES = 2000 };

static const double stops_a_second = 0.3; /* prior rate of stops */
static const double hz_a_cell = 2;        /* of the table of frequencies */
static const double trust = 0.3;          /* share of the evidence that is left for what no model of the echo has */

typedef struct evidence {
  const duplex_tail_query *query;
  size_t frames, table_n;
  double t0_s, hop_s;
  double standing; /* the same for standing blood throughout, to no echo */
  double seen_hz;  /* lowest shift that one spectrum can tell from none; 0 any */
  float *ratio;    /* frames x (table_n + 1): of each frequency against standing blood, the last twice */
} evidence;

typedef struct curve {
  double from, lost; /* log of the shift at the query's two times */
  int bend;          /* 0 exponential, 1 straight */
} curve;

/* When the curve falls below `hz`; INFINITY when it never does. */
static double crossing_of(const evidence *e, const curve *c, double hz) {
  const duplex_tail_query *q = e->query;
  const double part = c->bend == 0 ? (log(hz) - c->from) / (c->lost - c->from) : (hz - exp(c->from)) / (exp(c->lost) - exp(c->from));
  return c->lost < c->from ? q->from_s + part * (q->lost_s - q->from_s) : (double)INFINITY;
}

/* Log likelihoods of a stop after each frame, and of none; their largest. */
static double run_curve(const evidence *e, const curve *c, double *sums) {
  const duplex_tail_query *q = e->query;
  const double length_s = q->lost_s - q->from_s, from = (e->t0_s - q->from_s) / length_s, step = e->hop_s / length_s;
  const double first = exp(c->from) / hz_a_cell, fall = exp(c->lost) / hz_a_cell - first, top = (double)(e->table_n - 1);
  const double factor = exp((c->lost - c->from) * step), term = fall * step;
  const double late = stops_a_second * e->hop_s, seen = floor((q->lost_s - e->t0_s) / e->hop_s);
  const size_t stride = e->table_n + 1, n_seen = seen < 0 ? 0 : (size_t)seen + 1;
  double sum = e->standing, most = -INFINITY, shift = c->bend == 0 ? first * exp((c->lost - c->from) * from) : first + fall * from;
  for (size_t f = 0; f < e->frames; f++) {
    const double at = shift > 0 ? (shift < top ? shift : top) : 0;
    const size_t low = (size_t)at;
    const float *row = e->ratio + f * stride + low;
    sum += (double)row[0] + (at - (double)low) * (double)(row[1] - row[0]) - (f < n_seen ? 0 : late);
    sums[f] = sum;
    most = sum > most ? sum : most;
    if (c->bend == 0)
      shift *= factor;
    else
      shift += term;
  }
  return most;
}

/* Logarithm of the sum of the likelihoods; -INFINITY where it lies below `least`. */
static double log_total(const evidence *e, const double *sums, double most, double least) {
  static const double negligible = -40;
  double total = 0;
  if (!(most + log((double)e->frames) >= least)) return -INFINITY;
  for (size_t f = 0; f < e->frames; f++)
    if (sums[f] - most > negligible) total += exp(sums[f] - most);
  return total > 0 ? most + log(total) : -INFINITY; /* frames: the greatest of them alone makes it 1 */
}

typedef struct grid {
  double from[2], lost[2]; /* borders */
} grid;

static curve cell(const grid *g, size_t side, size_t i, int bend) {
  const size_t i_row = i / side, i_column = i % side;
  const double row = (double)i_row / (double)(side - 1), column = (double)i_column / (double)(side - 1);
  return (curve){g->from[0] + (g->from[1] - g->from[0]) * row, g->lost[0] + (g->lost[1] - g->lost[0]) * column, bend};
}

/* Narrow the grid to where a curve is not too unlikely. */
static double narrow(const evidence *e, grid *g, size_t side, int bend, double *sums, double *totals) {
  static const double unlikely = 12;
  double best = -INFINITY;
  grid next = {{INFINITY, -INFINITY}, {INFINITY, -INFINITY}};
  for (size_t i = 0; i < side * side; i++) {
    const curve c = cell(g, side, i, bend);
    const double most = run_curve(e, &c, sums);
    totals[i] = log_total(e, sums, most, best - unlikely);
    best = fmax(best, totals[i]);
  }
  for (size_t i = 0; i < side * side; i++) {
    if (totals[i] < best - unlikely) continue;
    const curve c = cell(g, side, i, bend);
    next.from[0] = fmin(next.from[0], c.from), next.from[1] = fmax(next.from[1], c.from);
    next.lost[0] = fmin(next.lost[0], c.lost), next.lost[1] = fmax(next.lost[1], c.lost);
  }
  const double from_step = (g->from[1] - g->from[0]) / (double)(side - 1), lost_step = (g->lost[1] - g->lost[0]) / (double)(side - 1);
  *g = (grid){{next.from[0] - from_step, next.from[1] + from_step}, {next.lost[0] - lost_step, next.lost[1] + lost_step}};
  return best;
}

typedef struct posterior {
  double weight[LEVELS][PLACES]; /* of the end at each level in each place of [from_s, to_s] */
  double all;
} posterior;

static size_t place_of(const evidence *e, double t_s) {
  const double at = (t_s - e->query->from_s) / (e->query->to_s - e->query->from_s) * PLACES;
  return at < 0 ? 0 : at < PLACES - 1 ? (size_t)at : PLACES - 1;
}

static void add_curve(posterior *p, const evidence *e, const curve *c, const double *sums, double reference) {
  static const double negligible = -20.7;
  double cross_s[LEVELS];
  for (int k = 0; k < LEVELS; k++) cross_s[k] = crossing_of(e, c, k == SEEN ? e->seen_hz : e->query->threshold_hz[k]);
  for (size_t f = 0; f < e->frames; f++) {
    if (sums[f] - reference < negligible) continue;
    const double w = exp(sums[f] - reference), stop_s = f + 1 < e->frames ? e->t0_s + ((double)f + 0.5) * e->hop_s : e->query->to_s;
    for (int k = 0; k < LEVELS; k++) p->weight[k][place_of(e, fmin(stop_s, cross_s[k]))] += w;
    p->all += w;
  }
}

static double quantile_of(const posterior *p, const evidence *e, int k, double part) {
  double sum = 0;
  size_t i = 0;
  for (; i < PLACES - 1; i++) {
    const double next = sum + p->weight[k][i];
    if (next >= part * p->all) break;
    sum = next;
  }
  const double w = p->weight[k][i], inside = w > 0 ? fmin(1, (part * p->all - sum) / w) : 0.5;
  return e->query->from_s + ((double)i + inside) / PLACES * (e->query->to_s - e->query->from_s);
}

/* One way in which the echo may be: places on the axes of strength, profile and width. */
enum { LEVEL, PROFILE, WIDTH, AXES };

static const struct {
  int n, start;
  double value[8];
} axes[AXES] = {
    [LEVEL] = {8, 2, {6, 3, 0, -3, -6, -9, -12, -15}}, [PROFILE] = {5, 1, {2, 3, 4.5, 7, 10}}, [WIDTH] = {4, 1, {8, 14, 24, 40}}};

typedef struct hypothesis {
  int at[AXES];
  evidence e;
  grid g[BENDS];
  double best[BENDS];
} hypothesis;

enum { HYPOTHESES = 40 };

typedef struct rung {
  size_t low, high;
  double part; /* of the way from one to the other */
} rung;

typedef struct room {
  double *sums, *totals;
  posterior *p;
  float *raw, *kept;
  rung *rung; /* of each of the table_n frequencies */
  size_t frames, table_n;
  double t0_s;
  hypothesis h[HYPOTHESES];
  size_t n;
  double seen_hz;
} room;

static void search(hypothesis *h, room *r) {
  const double from = log(h->e.query->from_hz), lost = log(h->e.query->lost_hz);
  for (int bend = 0; bend < BENDS; bend++) {
    h->g[bend] = (grid){{from - 0.4, from + 0.4}, {lost - 1.2, fmin(lost + 0.7, from + 0.4)}};
    (void)narrow(&h->e, &h->g[bend], COARSE, bend, r->sums, r->totals);
    h->best[bend] = narrow(&h->e, &h->g[bend], COARSE, bend, r->sums, r->totals);
  }
}

static void integrate(duplex_tail *tail, room *r) {
  static const double unlikely = 15;
  double reference = -INFINITY;
  posterior *p = r->p;
  for (size_t i = 0; i < r->n; i++)
    for (int bend = 0; bend < BENDS; bend++) reference = fmax(reference, r->h[i].best[bend]);
  for (size_t i = 0; i < r->n; i++)
    for (int bend = 0; bend < BENDS; bend++) {
      hypothesis *h = &r->h[i];
      if (h->best[bend] < reference - unlikely) continue;
      h->best[bend] = narrow(&h->e, &h->g[bend], SIDE, bend, r->sums, r->totals);
      const double area = (h->g[bend].from[1] - h->g[bend].from[0]) * (h->g[bend].lost[1] - h->g[bend].lost[0]);
      for (size_t k = 0; k < CELLS; k++) {
        const curve c = cell(&h->g[bend], SIDE, k, bend);
        run_curve(&h->e, &c, r->sums);
        add_curve(p, &h->e, &c, r->sums, reference - log(area));
      }
    }
  const evidence *e = &r->h[0].e;
  tail->found = p->all > 0;
  for (int k = 0; k < DUPLEX_THRESHOLDS && tail->found; k++) {
    tail->end_s[k] = quantile_of(p, e, k, 0.5);
    tail->se_s[k] = (quantile_of(p, e, k, 0.975) - quantile_of(p, e, k, 0.025)) / 3.92;
  }
  tail->faint_s = tail->found ? fmax(0, tail->end_s[DUPLEX_MAIN] - quantile_of(p, e, SEEN, 0.5)) : 0;
}

/* Where the table's frequencies lie on the ladder, which is the same for every hypothesis. */
static dsp_status find_rungs(room *r, const duplex_audio *a) {
  const size_t steps = dsp_flow_model_steps(a->model);
  r->table_n = (size_t)(a->top_hz / hz_a_cell) + 2;
  r->rung = dsp_alloc(r->table_n, sizeof *r->rung);
  if (!r->rung) return DSP_NO_MEMORY;
  size_t j = 0;
  for (size_t i = 0; i < r->table_n; i++) {
    const double hz = (double)i * hz_a_cell;
    while (j + 1 < steps && dsp_flow_model_hz(a->model, (double)j + 2) < hz) j++;
    const double low = dsp_flow_model_hz(a->model, (double)j + 1), high = dsp_flow_model_hz(a->model, (double)j + 2);
    r->rung[i] = (rung){.low = j, .high = j + 1 < steps ? j + 1 : j, .part = high > low ? fmin(fmax((hz - low) / (high - low), 0), 1) : 0};
  }
  return DSP_OK;
}

/* Against standing blood: no flow, or so slow that it is on neither side. */
static void fill_row(evidence *e, const room *r, const dsp_flow_model *model, float *row, const float *ratio) {
  const size_t steps = dsp_flow_model_steps(model);
  const double slow_hz = 0.35 * e->query->threshold_hz[DUPLEX_MAIN];
  float standing = 0;
  for (size_t j = 1; j <= steps && (j == 1 || dsp_flow_model_hz(model, (double)j) < slow_hz); j++)
    standing = fmaxf(standing, fmaxf(ratio[j], ratio[j + steps]));
  e->standing += trust * (double)standing;
  const float *side = ratio + 1 + (e->query->sign < 0 ? steps : 0);
  for (size_t i = 0; i < e->table_n; i++) {
    const rung *at = &r->rung[i];
    row[i] = (float)(trust * ((1 - at->part) * (double)side[at->low] + at->part * (double)side[at->high] - (double)standing));
  }
  row[e->table_n] = row[e->table_n - 1];
}

static dsp_status suppose(hypothesis *h, room *r, duplex_audio *a, const duplex_tail_query *q, dsp_error *error) {
  evidence *e = &h->e;
  *e = (evidence){
      .query = q, .frames = r->frames, .table_n = r->table_n, .t0_s = r->t0_s, .hop_s = (double)a->hop / a->rate_hz, .seen_hz = r->seen_hz};
  e->ratio = dsp_alloc(e->frames * (e->table_n + 1), sizeof *e->ratio);
  if (!e->ratio) return dsp_fail_memory(error);
  const size_t states = 1 + 2 * dsp_flow_model_steps(a->model);
  dsp_flow_model_run(a->model, r->raw, r->kept, e->frames);
  for (size_t f = 0; f < e->frames; f++) {
    float *const raw = r->raw + f * states;
    for (size_t j = 0; j < states && a->sort[f] != DSP_SPECTRUM_GOOD; j++) raw[j] = 0;
    fill_row(e, r, a->model, e->ratio + f * (e->table_n + 1), raw);
  }
  search(h, r);
  return DSP_OK;
}

static dsp_status gather(room *r, duplex_audio *a, const duplex_tail_query *q, dsp_error *error) {
  const double half_s = 0.5 * (double)a->length / a->rate_hz;
  const uint64_t start = duplex_audio_sample(a, q->from_s - half_s), end = duplex_audio_sample(a, q->to_s - half_s);
  r->frames = end > start ? (size_t)((end - start) / a->hop) + 1 : 1;
  r->t0_s = (double)start / a->rate_hz + half_s;
  r->sums = dsp_alloc(r->frames, sizeof *r->sums);
  r->totals = dsp_alloc(CELLS, sizeof *r->totals);
  r->p = dsp_zalloc(1, sizeof *r->p);
  r->raw = dsp_alloc(r->frames * (1 + 2 * dsp_flow_model_steps(a->model)), sizeof *r->raw);
  r->kept = dsp_alloc(r->frames * a->bins, sizeof *r->kept);
  if (!r->sums || !r->totals || !r->p || !r->raw || !r->kept || find_rungs(r, a) != DSP_OK) return dsp_fail_memory(error);
  return duplex_frames_rate(a, r->raw, r->kept, start, r->frames, a->hop, error);
}

static dsp_status new_model(duplex_audio *a, dsp_flow_shape shape, double level_db, dsp_error *error) {
  dsp_flow_model_free(a->model);
  a->model = NULL;
  a->level_db = level_db;
  return duplex_frames_model(a, &a->model, shape, false, error);
}

static double best_of(const hypothesis *h) {
  return fmax(h->best[0], h->best[1]);
}

/* The hypothesis at these places, new or known; NULL status when there is room for no more. */
static dsp_status look(hypothesis **found, room *r, duplex_audio *slow, const int at[AXES], const duplex_tail_query *q, dsp_error *error) {
  *found = NULL;
  for (size_t i = 0; i < r->n; i++)
    if (r->h[i].at[LEVEL] == at[LEVEL] && r->h[i].at[PROFILE] == at[PROFILE] && r->h[i].at[WIDTH] == at[WIDTH]) *found = &r->h[i];
  if (*found || r->n == HYPOTHESES) return DSP_OK;
  hypothesis *h = &r->h[r->n];
  for (int a = 0; a < AXES; a++) h->at[a] = at[a];
  const dsp_flow_shape shape = {axes[PROFILE].value[at[PROFILE]], axes[WIDTH].value[at[WIDTH]], slow->shape.width_part};
  dsp_status status = new_model(slow, shape, axes[LEVEL].value[at[LEVEL]], error);
  if (status != DSP_OK) return status;
  r->n++;
  *found = h;
  return suppose(h, r, slow, q, error);
}

/* Climb to the most likely hypothesis, one axis after the other; those that were tried on the way stay. */
static dsp_status climb(room *r, duplex_audio *slow, int at[AXES], const duplex_tail_query *q, dsp_error *error) {
  hypothesis *here = NULL;
  dsp_status status = look(&here, r, slow, at, q, error);
  for (bool moved = true; moved && status == DSP_OK;) {
    moved = false;
    for (int k = 0; k < 2 * AXES && status == DSP_OK; k++) {
      const int axis = k / 2;
      int next[AXES] = {at[LEVEL], at[PROFILE], at[WIDTH]};
      next[axis] += k % 2 ? 1 : -1;
      if (next[axis] < 0 || next[axis] >= axes[axis].n) continue;
      hypothesis *there = NULL;
      status = look(&there, r, slow, next, q, error);
      if (status != DSP_OK || !there || !here || best_of(there) <= best_of(here)) continue;
      here = there;
      at[axis] = next[axis];
      moved = true;
    }
  }
  return status;
}

static dsp_status follow(duplex_tail *tail, room *r, duplex_audio *slow, const duplex_audio *audio, const duplex_tail_query *q,
                         dsp_error *error) {
  int at[AXES] = {axes[LEVEL].start, axes[PROFILE].start, axes[WIDTH].start};
  slow->shape = audio->shape;
  dsp_status status = new_model(slow, audio->shape, 0, error);
  if (status == DSP_OK) r->seen_hz = duplex_audio_lowest_hz(slow);
  if (isnan(r->seen_hz)) r->seen_hz = q->from_hz;
  if (status == DSP_OK) status = gather(r, slow, q, error);
  while (at[PROFILE] + 1 < axes[PROFILE].n && axes[PROFILE].value[at[PROFILE] + 1] <= audio->shape.profile) at[PROFILE]++;
  if (status == DSP_OK) status = climb(r, slow, at, q, error);
  if (status == DSP_OK) integrate(tail, r);
  return status;
}

dsp_status duplex_find_tail(duplex_tail *tail, duplex_audio *audio, const duplex_tail_query *query, dsp_error *error) {
  static const double periods = 6, longest_s = 0.15, top = 1.8, least_s = 0.1;
  *tail = (duplex_tail){.found = false};
  if (!(query->lost_s - query->from_s >= least_s) || !(query->to_s > query->lost_s)) return DSP_OK;
  duplex_audio *slow = NULL;
  const double top_hz = top * fmax(query->from_hz, 2 * query->threshold_hz[DUPLEX_MAIN]);
  room *r = dsp_zalloc(1, sizeof *r);
  dsp_status status = r ? duplex_audio_slow(&slow, audio, fmin(periods / query->threshold_hz[DUPLEX_MAIN], longest_s), top_hz, error)
                        : dsp_fail_memory(error);
  if (r && status == DSP_OK) {
    slow->steady = true;
    slow->slowest_hz = query->threshold_hz[DUPLEX_MAIN];
    dsp_flow_model_free(slow->model);
    slow->model = NULL;
    slow->top_hz = top_hz;
    status = follow(tail, r, slow, audio, query, error);
  }
  for (size_t i = 0; r && i < HYPOTHESES; i++) free(r->h[i].e.ratio);
  if (r) {
    free(r->sums);
    free(r->totals);
    free(r->p);
    free(r->raw);
    free(r->kept);
    free(r->rung);
  }
  free(r);
  return status;
}
