/* SPDX-License-Identifier: GPL-3.0-or-later
 * When a run of retrograde flow ends.
 *
 * Flow that stops from a velocity that could be seen ends where it is seen to. Flow that decays ends where its decay says, which also
 * reaches below what can be seen: a line or an exponential through the course, and the likelihood of the long windows. */
#include "duplex_ends.h"
#include "duplex_course.h"

#include <math.h>

/* Where the course crosses `level` between samples i - 1 and i. */
double duplex_crossing(const duplex_course *c, size_t i, double level) {
  if (i == 0 || i >= c->n) return duplex_course_time(c, i);
  const double a = (double)c->peak[i - 1], b = (double)c->peak[i], part = (level - a) / (b - a);
  return duplex_course_time(c, i - 1) + (part >= 0 && part <= 1 ? part : 0.5) / c->rate_hz;
}

double duplex_edge_s(const duplex_test *t) {
  static const double early = 0.2;
  return t->audio ? early * t->params[P_WINDOW] : 0;
}

/* First sample of the run at or beyond `speed`; the run's end where there is none. */
static size_t first_beyond(const duplex_course *c, const duplex_run *r, double speed) {
  size_t i = r->first;
  while (i < r->end && !(-(double)c->peak[i] >= speed)) i++;
  return i;
}

/* The wall thumps at a release, and its echo passes for the slowest flow that can be seen. Blood that is let go speeds up at once: the rise
 * from one clear velocity to twice that tells how long before them it can have begun, be it along a line or a parabola. */
void duplex_cut_start(duplex_run *found, const duplex_test *t, const duplex_course *c) {
  static const double hidden = 0.8, clear = 1.6, before = 1.5, likely = 0.6;
  const double level = fmax(duplex_threshold(t, DUPLEX_MAIN), t->lowest);
  const size_t slow = first_beyond(c, found, clear * level), fast = first_beyond(c, found, 2 * clear * level);
  if (!t->audio || t->lowest < hidden * duplex_threshold(t, DUPLEX_MAIN) || fast == found->end) return;
  const double window = t->params[P_WINDOW] * c->rate_hz, rise = (double)(fast - slow) + 0.5 * window;
  if ((double)(slow - found->first) <= before * rise) return;
  found->first = slow - (size_t)(likely * rise);
  found->cut = true;
  found->first_se_s = 0.5 * likely * rise / c->rate_hz;
}

double duplex_beyond_s(const duplex_test *t) {
  static const double seen_s = 1.5, hidden_s = 3; /* the decay's slowest time constant is 4 s */
  return t->audio && t->lowest > duplex_threshold(t, DUPLEX_MAIN) ? hidden_s : seen_s;
}

typedef struct decay {
  bool found, exponential;
  double at_s, a, b; /**< a + b (t - at_s), of the velocity's magnitude or of its logarithm */
  double sd;         /**< of the crossing time, per unit of the line's value at_s */
} decay;

/* Straight line through y(t) of the samples from .. to - 1 that hold a retrograde velocity. */
static bool fit_line(decay *d, const duplex_course *c, size_t from, size_t to, bool exponential, double *squares) {
  double n = 0, st = 0, sy = 0, stt = 0, sty = 0;
  *d = (decay){.exponential = exponential, .at_s = duplex_course_time(c, to)};
  for (size_t i = from; i < to; i++) {
    const double v = -(double)c->peak[i], t = duplex_course_time(c, i) - d->at_s, y = exponential ? log(v) : v;
    if (!(v > 0)) continue;
    n += 1, st += t, sy += y, stt += t * t, sty += t * y;
  }
  const double det = n * stt - st * st;
  if (n < 20 || !(det > 0)) return false;
  d->b = (n * sty - st * sy) / det;
  d->a = (sy - d->b * st) / n;
  *squares = 0;
  for (size_t i = from; i < to; i++) {
    const double v = -(double)c->peak[i], t = duplex_course_time(c, i) - d->at_s, line = d->a + d->b * t;
    if (v > 0) *squares += pow(v - (exponential ? exp(line) : line), 2);
  }
  /* neighbouring samples share their spectra: about one in five is independent */
  const double mean = st / n, spread = stt / n - mean * mean;
  const double scale = exponential ? exp(d->a) : 1, sd = sqrt(*squares / n) / scale;
  d->sd = sd * sqrt(5 / n * (1 + mean * mean / fmax(spread, 1e-9)));
  return d->b < 0;
}

/* The end of a run that decays into `seen`, the lowest velocity that can be told from none. */
static decay fit_decay(const duplex_course *c, const duplex_run *r, double seen) {
  static const double lowest = 1.2, highest = 5, longest_s = 1.5;
  size_t to = r->end, from = 0;
  decay line, curve, none = {0};
  double line_squares = 0, curve_squares = 0;
  while (to > r->first && !(-(double)c->peak[to - 1] >= lowest * seen)) to--;
  from = to;
  while (from > r->first && -(double)c->peak[from - 1] <= highest * seen && (double)(to - from) < longest_s * c->rate_hz) from--;
  const bool straight = fit_line(&line, c, from, to, false, &line_squares), bent = fit_line(&curve, c, from, to, true, &curve_squares);
  if (!straight && !bent) return none;
  decay best = bent && (!straight || curve_squares <= line_squares) ? curve : line;
  best.found = true;
  return best;
}

static double decay_time(const decay *d, double level) {
  return d->at_s + ((d->exponential ? log(level) : level) - d->a) / d->b;
}

/* Mean magnitude of the run's samples in [from, to). */
static double mean_speed(const duplex_course *c, size_t from, size_t to) {
  double sum = 0, n = 0;
  for (size_t i = from; i < to && i < c->n; i++)
    if ((double)c->peak[i] < 0) sum -= (double)c->peak[i], n++;
  return n > 0 ? sum / n : (double)NAN;
}

dsp_status duplex_ask_tail(duplex_tail *tail, const duplex_test *t, const duplex_course *c, const duplex_run *found, size_t to,
                           dsp_error *error) {
  static const double settle_s = 0.05, longest_s = 2.5, highest = 8, antegrade_s = 0.1, clear = 1.2;
  const double unit = isfinite(t->hz_per_cm_s) ? t->hz_per_cm_s : 1;
  const size_t few = (size_t)(0.06 * c->rate_hz), lasting = (size_t)(antegrade_s * c->rate_hz);
  const double level = fmax(duplex_threshold(t, DUPLEX_MAIN), t->lowest);
  size_t peak = found->first, end = found->end, ahead = 0;
  for (size_t i = found->first; i < found->end; i++)
    if (!((double)c->peak[i] >= (double)c->peak[peak])) peak = i;
  for (; end < to && ahead < lasting; end++) ahead = (double)c->peak[end] > clear * level ? ahead + 1 : 0;
  duplex_tail_query q = {.lost_s = duplex_course_time(c, found->end), .sign = -t->sign};
  size_t slow = found->end;
  while (slow > peak && !(-(double)c->peak[slow - 1] > highest * level)) slow--;
  q.from_s = fmax(fmax(duplex_course_time(c, peak) + settle_s, duplex_course_time(c, slow)), q.lost_s - longest_s);
  q.to_s = fmin(fmax(duplex_course_time(c, end - ahead), q.lost_s + 0.2), q.lost_s + duplex_beyond_s(t));
  const size_t from = duplex_course_index(c, q.from_s);
  q.from_hz = unit * mean_speed(c, from > few ? from - few : 0, from + few);
  q.lost_hz = unit * mean_speed(c, found->end > 2 * few ? found->end - 2 * few : 0, found->end);
  for (int k = 0; k < DUPLEX_THRESHOLDS; k++) q.threshold_hz[k] = unit * duplex_threshold(t, k);
  *tail = (duplex_tail){.found = false};
  return q.from_hz > 0 && q.lost_hz > 0 ? duplex_find_tail(tail, t->audio, &q, error) : DSP_OK;
}

typedef struct end {
  double at_s, se_s;
  bool fades; /* not a stop */
} end;

/* From the course alone. */
static end short_end(const duplex_test *t, const duplex_course *c, const duplex_run *found, double threshold) {
  static const double resolution_s = 0.008, farthest_s = 0.6;
  const double seen = t->lowest, level = fmax(threshold, seen), end_s = duplex_crossing(c, found->end, -level);
  const end stop = {end_s - duplex_edge_s(t), resolution_s, false};
  const decay d = fit_decay(c, found, level);
  if (!d.found) return stop;
  const double expected_s = decay_time(&d, level), stop_se_s = fabs(d.sd / d.b);
  /* among the wall's echo flow is lost early; in the clear an early end is a stop */
  if (expected_s - end_s > fmax(seen > threshold ? 0.1 : 0.06, 2 * stop_se_s)) return stop;
  /* far below what can be seen the flow may stop at any time */
  const double far_s = fmin(decay_time(&d, threshold), end_s + farthest_s), beyond_s = fmax(0, far_s - fmin(end_s, expected_s));
  return (end){far_s, hypot(resolution_s, hypot(1.5 * stop_se_s, hypot(0.06 * (far_s - d.at_s), 0.5 * beyond_s))), true};
}

/* Last time at which the run was plainly faster than `level`. */
static double last_clear_s(const duplex_course *c, const duplex_run *r, double level) {
  static const double fast = 2;
  size_t i = r->end;
  while (i > r->first && !(-(double)c->peak[i - 1] > fast * level)) i--;
  return duplex_course_time(c, i);
}

/* A stop is read from the course, to its resolution. A fade is read from the long windows alone: the course's spectra are broad against
 * the threshold, so that it lies above slow flow in the clear and loses it early beside the wall's echo. */
double duplex_read_end(duplex_reading *r, const duplex_test *t, const duplex_course *c, const duplex_run *found, int which,
                       const duplex_tail *tail, double *se_s) {
  static const double in_clear = 0.8, fast = 1.6, near_s = 0.2, tail_s = 0.02, last_s = 0.06, faint = 0.15, agree_s = 0.06, alone_s = 0.03;
  const double threshold = duplex_threshold(t, which), level = fmax(threshold, t->lowest);
  const size_t last = (size_t)(last_s * c->rate_hz);
  const end s = short_end(t, c, found, threshold);
  end e = s;
  /* windows that have the flow stop while it is plainly seen do not have its echo */
  const bool believed = tail->found && tail->end_s[which] > last_clear_s(c, found, level) - 2 * hypot(agree_s, tail->se_s[which]);
  if (believed) {
    const double later_s = fabs(tail->end_s[which] - s.at_s);
    const bool clear =
        t->lowest<in_clear * threshold, abrupt = mean_speed(c, found->end > last ? found->end - last : 0, found->end)> fast * level;
    const bool stops = clear ? !s.fades && abrupt : abrupt && later_s < near_s;
    if (!stops) e = (end){tail->end_s[which], hypot(hypot(tail_s, 1.3 * tail->se_s[which]), faint * tail->faint_s), true};
  }
  if (tail->found && !believed) e.se_s = hypot(e.se_s, alone_s);
  if (e.fades && threshold < t->lowest) r->extrapolated[which] = true;
  *se_s = e.se_s;
  return e.at_s;
}
