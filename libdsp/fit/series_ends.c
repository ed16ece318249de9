/* SPDX-License-Identifier: GPL-3.0-or-later
 * When the muscle lets go. The last contractions of a series are alike: laid over each other, their ends show a refill in common, free of
 * breathing and of the converter's rate, and where the trace ceases to follow it, back from where the next one begins. */
#include "series_ends.h"

#include <math.h>

static double sample_at(const dsp_trace *trace, double t_s) {
  const double at = fmax(0, t_s * trace->rate_hz);
  const size_t i = (size_t)at;
  return i + 1 < trace->n ? trace->x[i] + (at - (double)i) * (trace->x[i + 1] - trace->x[i]) : trace->x[trace->n - 1];
}

/* How unlike two contractions are, one beginning at a_s and one at b_s: mean square of their difference about its mean. */
static double unlike(const series_cycles *c, double a_s, double b_s) {
  static const double from = -0.05, to = 0.8;
  const double step_s = 1 / c->trace->rate_hz;
  double n = 0, sum = 0, squares = 0;
  const int steps = (int)fmin(1e4, (to - from) * c->task->period_s / step_s);
  for (int i = 0; i <= steps; i++) {
    const double u_s = from * c->task->period_s + i * step_s;
    const double d = sample_at(c->trace, a_s + u_s) - sample_at(c->trace, b_s + u_s);
    n++, sum += d, squares += d * d;
  }
  return (squares - sum * sum / n) / n;
}

/* Find when the contractions before the last one began, by their likeness to it. The first one starts from rest and is not alike. */
static void align(series_cycles *c) {
  static const double reach = 0.22, step_s = 0.02;
  const double period_s = c->task->period_s;
  const size_t most = c->task->count - 1 < SERIES_CYCLES ? c->task->count - 1 : SERIES_CYCLES;
  c->start_s[0] = c->task->last_s;
  c->length_s[0] = period_s;
  for (c->n = 1; c->n < most; c->n++) {
    const double nominal_s = c->start_s[c->n - 1] - period_s;
    double best = INFINITY, at_s = nominal_s;
    const int steps = (int)fmin(100, reach * period_s / step_s);
    for (int i = -steps; i <= steps; i++) {
      const double shift_s = i * step_s;
      const double distance = unlike(c, nominal_s + shift_s, c->task->last_s);
      if (distance < best) best = distance, at_s = nominal_s + shift_s;
    }
    c->start_s[c->n] = at_s;
    c->length_s[c->n] = c->start_s[c->n - 1] - at_s;
  }
}

/* The samples of each contraction until `late_s` after the next one seems to start. */
static void collect(series_cycles *c, double late_s) {
  const dsp_trace *trace = c->trace;
  c->n_points = 0;
  c->late_s = late_s;
  for (size_t k = 0; k < c->n; k++) {
    const size_t end = dsp_trace_index(trace, c->start_s[k] + c->length_s[k] + late_s);
    for (size_t i = dsp_trace_index(trace, c->start_s[k]); i < end && c->n_points < SERIES_POINTS_MAX; i++)
      if (trace->ok[i]) c->points[c->n_points++] = (series_point){(double)i / trace->rate_hz - c->start_s[k], trace->x[i], k};
  }
}

/* Least squares; a bend is held down to what a refill of this pace shows in half a second. */
static bool fit_course(series_course *f, const series_cycles *c, double from_s) {
  static const double bend_s = 0.5, slowest_ml_s = 4, usual_sd = 0.5;
  double count[SERIES_CYCLES] = {0}, x1[SERIES_CYCLES] = {0}, x2[SERIES_CYCLES] = {0}, y1[SERIES_CYCLES] = {0};
  *f = (series_course){.from_s = from_s};
  for (size_t i = 0; i < c->n_points; i++) {
    const series_point *p = &c->points[i];
    const double x = p->after_s - from_s;
    if (x < 0) continue;
    count[p->cycle]++, x1[p->cycle] += x, x2[p->cycle] += x * x, y1[p->cycle] += p->y;
    f->n++;
  }
  double a = 1e-9, b = 0, d = 1e-9, u = 0, v = 0;
  size_t levels = 0;
  for (size_t k = 0; k < c->n; k++)
    if (count[k] > 0) x1[k] /= count[k], x2[k] /= count[k], y1[k] /= count[k], levels++;
  if (f->n < levels + 3) return false;
  for (size_t i = 0; i < c->n_points; i++) {
    const series_point *p = &c->points[i];
    const double x = p->after_s - from_s, p1 = x - x1[p->cycle], p2 = x * x - x2[p->cycle], y = p->y - y1[p->cycle];
    if (x < 0) continue;
    a += p1 * p1, b += p1 * p2, d += p2 * p2, u += p1 * y, v += p2 * y;
  }
  const double pace = fmax(slowest_ml_s, fabs(u / a)), held = usual_sd * bend_s / pace;
  d += held * held;
  f->slope = (d * u - b * v) / (a * d - b * b);
  f->bend = (a * v - b * u) / (a * d - b * b);
  double rss = 0;
  for (size_t k = 0; k < c->n; k++) f->level[k] = y1[k] - f->slope * x1[k] - f->bend * x2[k];
  for (size_t i = 0; i < c->n_points; i++) {
    const series_point *p = &c->points[i];
    const double x = p->after_s - from_s, r = p->y - f->level[p->cycle] - f->slope * x - f->bend * x * x;
    if (x >= 0) rss += r * r;
  }
  f->sd = sqrt(rss / (double)(f->n - levels - 1));
  return true;
}

/* Does the trace before the course depart from it, further the longer before? */
static bool departs(series_course *f, const series_cycles *c, double window_s, double sd) {
  static const double sure = 3.5, least_ml = 0.3;
  double n[2] = {0}, sum[2] = {0};
  for (size_t i = 0; i < c->n_points; i++) {
    const series_point *p = &c->points[i];
    const double x = p->after_s - f->from_s;
    if (x >= 0 || x < -2 * window_s) continue;
    const int far = x < -window_s;
    n[far]++, sum[far] += p->y - f->level[p->cycle] - f->slope * x - f->bend * x * x;
  }
  if (n[0] < 1 || n[1] < 1) return false;
  f->below = sum[1] < 0;
  const double near = sum[0] / n[0], ahead = sum[1] / n[1], error = fmax(sd, f->sd) * sqrt(1 / n[0] + 4 / (double)f->n);
  return fabs(near) > least_ml + sure * error && ahead * near > 0 && fabs(ahead) > fabs(near) + least_ml + error;
}

/* A leg does not empty while the muscle rests. */
static bool refills(series_course *f, const series_cycles *c, double from_s) {
  static const double falling_ml_s = -3;
  return fit_course(f, c, from_s) && f->slope > falling_ml_s;
}

/* The refill after the last contraction goes on when no other one cuts it short; a bulge's flank ends in it. `until_s`: of the course. */
static bool ends_in_refill(const series_course *f, const series_cycles *c, double until_s) {
  static const double steep_ml_s = 12, share = 0.15, over_s = 0.3, ahead_s = 0.8, longest_s = 0.45;
  const double length_s = until_s - f->from_s, turn = 2 * f->bend * length_s, slope = f->slope + turn; /* where it ends */
  if (slope < steep_ml_s || (length_s > longest_s && turn < 0.5 * slope)) return false;
  const double from_s = c->start_s[0] + until_s, to_s = fmin(from_s + ahead_s, c->task->until_s);
  double n = 0, t = 0, y = 0, tt = 0, ty = 0;
  for (size_t i = dsp_trace_index(c->trace, from_s + over_s); i < c->trace->n && (double)i < to_s * c->trace->rate_hz; i++) {
    const double after_s = (double)i / c->trace->rate_hz - from_s;
    if (c->trace->ok[i]) n++, t += after_s, y += c->trace->x[i], tt += after_s * after_s, ty += after_s * c->trace->x[i];
  }
  const double spread = n * tt - t * t;
  return n >= 4 && spread > 0 && (n * ty - t * y) / spread < share * slope;
}

/* Between which times the next contraction may begin late, and how unlike refills may be, as a share of their rise; a flank was met. */
typedef struct search {
  double least_late_s, most_late_s, uneven;
  bool flank;
} search;

static double shortest(const series_cycles *c) {
  double shortest_s = INFINITY;
  for (size_t k = 0; k < c->n; k++) shortest_s = fmin(shortest_s, c->length_s[k]);
  return shortest_s;
}

/* Walk back from `until_s` to where the trace ceases to follow the refill. A long and level course scores best: the flank of a bulge is
 * short and steep. */
static double walk_back(series_course *end, const series_cycles *c, const search *s, double until_s, double sd) {
  static const double step_s = 0.02, earliest_s = 0.12, steep_ml_s = 60, bent_ml_s2 = 60, rough_ml = 0.15;
  const double least_s = fmax(0.14, 2 / c->trace->rate_hz), window_s = fmax(0.06, 0.6 / c->trace->rate_hz);
  double best = 0;
  series_course f;
  const int steps = (int)ceil(fmin(100, (until_s - least_s - earliest_s) / step_s));
  for (int i = 0; i < steps; i++) {
    const double from_s = until_s - least_s - i * step_s;
    if (!refills(&f, c, from_s) || f.sd > 2 * sd + rough_ml + s->uneven * f.slope * (until_s - from_s)) break;
    const double steep = f.slope / steep_ml_s, bent = f.bend / (bent_ml_s2 + 2 * fabs(f.slope));
    const double score = (until_s - from_s) / (1 + steep * steep) / (1 + bent * bent);
    const bool departed = departs(&f, c, window_s, sd);
    if (score > best) *end = f, best = score;
    if (departed) return best;
    if (i + 1 == steps) return 0; /* the contraction itself does not show */
  }
  return best;
}

/* The refill that the contractions' ends share. */
static bool find_end_between(series_course *end, series_cycles *c, double least_sd, search *s) {
  static const double every_s = 0.03;
  const double least_s = fmax(0.14, 2 / c->trace->rate_hz), shortest_s = shortest(c);
  double best = 0, late_s = 0, sd = INFINITY;
  series_course f;
  const int tries = (int)((s->most_late_s - s->least_late_s) / every_s + 1e-9) + 1;
  for (int i = 0; i < tries; i++) {
    const double try_s = s->most_late_s - i * every_s;
    collect(c, try_s);
    if (refills(&f, c, shortest_s + try_s - least_s)) sd = fmin(sd, f.sd);
  }
  sd = isfinite(sd) ? fmax(sd, least_sd) : least_sd;
  for (int i = 0; i < tries; i++) {
    const double try_s = s->most_late_s - i * every_s;
    collect(c, try_s);
    const double score = walk_back(&f, c, s, shortest_s + try_s, sd);
    if (score <= best + 1e-9) continue;
    if (ends_in_refill(&f, c, shortest_s + try_s))
      s->flank = true;
    else
      *end = f, best = score, late_s = try_s;
  }
  collect(c, late_s);
  return best > 0;
}

/* When the next contraction begins is known but roughly; a lifting bulge may even make an unmarked one seem to begin late, and a mark may
 * have been set a quarter of a second early. A contraction that seems to last for most of its period is over before: its refill is fast,
 * and not quite as fast after each contraction. */
static bool find_end(series_course *end, series_cycles *c, double least_sd) {
  static const double around_s = 0.09, seems_late_s = 0.27, marked_early_s = 0.33, most = 0.6, fast_ml_s = 12, uneven = 0.04;
  const double early_s = c->task->early_s;
  search s = {.least_late_s = early_s > 0 ? early_s - seems_late_s : -around_s, .most_late_s = early_s + around_s};
  bool found = find_end_between(end, c, least_sd, &s);
  if (!found && s.flank && !(early_s > 0)) {
    s.least_late_s = around_s, s.most_late_s = marked_early_s;
    found = find_end_between(end, c, least_sd, &s);
  }
  if (!found || end->from_s < most * shortest(c) + c->late_s || end->slope < fast_ml_s) return found;
  s.uneven = uneven;
  return find_end_between(end, c, least_sd, &s);
}

/* Does the contracting muscle lift the trace above where the refill before takes it? */
static bool lifted(const series_cycles *c, const series_course *end) {
  static const double clearly_ml = 2, noisy = 3;
  double sum = 0;
  for (size_t k = 0; k + 1 < c->n; k++) {
    const double rest_s = c->length_s[k + 1] + c->late_s - end->from_s;
    const double before = end->level[k + 1] + end->slope * rest_s + end->bend * rest_s * rest_s;
    double highest = before;
    const size_t first = dsp_trace_index(c->trace, c->start_s[k] + c->late_s), to = dsp_trace_index(c->trace, c->start_s[k] + end->from_s);
    for (size_t i = first; i < to && i < c->trace->n; i++) highest = fmax(highest, c->trace->x[i]);
    sum += highest - before;
  }
  return sum > (clearly_ml + noisy * end->sd) * (double)(c->n - 1);
}

bool series_ends_find(series_cycles *cycles, series_course *course, double least_sd) {
  *course = (series_course){0};
  align(cycles);
  if (cycles->n < 3 || !find_end(course, cycles, least_sd)) return false;
  course->lifted = lifted(cycles, course);
  return true;
}
