/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reflux after one compression.
 *
 * Definition: from the first to the last crossing of -threshold after the release, gaps up to a tenth of a second bridged; a reversal
 * shorter than a valve takes to close is that closure. Crossings are interpolated. */
#include "duplex_reading.h"
#include "duplex_course.h"

#include <math.h>

typedef struct run {
  size_t first, end; /**< samples at or below -threshold, first and one past the last */
  bool found, open;  /**< open: the course ends before the run does */
} run;

double duplex_threshold(const duplex_test *t, int which) {
  static const double cm_s[DUPLEX_THRESHOLDS] = {NAN, 1, 2, 5};
  const double unit = isfinite(t->hz_per_cm_s) ? 1 : t->params[P_THRESHOLD_HZ] / t->params[P_THRESHOLD];
  return unit * (which == DUPLEX_MAIN ? t->params[P_THRESHOLD] : cm_s[which]);
}

/* Longest run that starts in [from, last]; it may go on to `to`. */
static run longest_run(const duplex_course *c, size_t from, size_t last, size_t to, double threshold, double bridge_s) {
  const size_t bridge = (size_t)(bridge_s * c->rate_hz + 0.5);
  run best = {0};
  for (size_t i = from; i < last; i++) {
    if (!((double)c->peak[i] <= -threshold)) continue;
    run r = {.first = i, .end = i + 1, .found = true};
    size_t quiet = 0, k = i + 1;
    for (; k < to && quiet <= bridge; k++) {
      if ((double)c->peak[k] <= -threshold)
        quiet = 0, r.end = k + 1;
      else
        quiet++; /* what is not known is no reflux either */
    }
    r.open = quiet <= bridge && k == to;
    if (!best.found || r.end - r.first > best.end - best.first) best = r;
    i = r.end;
  }
  return best;
}

/* Unknown samples from `i` on, or before it. */
static size_t hidden_after(const duplex_course *c, size_t i) {
  size_t n = 0;
  while (i + n < c->n && isnan(c->peak[i + n])) n++;
  return n;
}

static size_t hidden_before(const duplex_course *c, size_t i) {
  size_t n = 0;
  while (n < i && isnan(c->peak[i - 1 - n])) n++;
  return n;
}

/* Where the course crosses `level` between samples i - 1 and i. */
static double crossing(const duplex_course *c, size_t i, double level) {
  if (i == 0 || i >= c->n) return duplex_course_time(c, i);
  const double a = (double)c->peak[i - 1], b = (double)c->peak[i], part = (level - a) / (b - a);
  return duplex_course_time(c, i - 1) + (part >= 0 && part <= 1 ? part : 0.5) / c->rate_hz;
}

static double largest(const duplex_course *c, const float *x, size_t from, size_t to, int sign, size_t *at) {
  double most = 0;
  *at = from;
  for (size_t i = from; i < to && i < c->n; i++)
    if (sign * (double)x[i] > most) most = sign * (double)x[i], *at = i;
  return most;
}

/* Largest running mean over `width` samples. */
static double largest_mean(const duplex_course *c, const float *x, size_t from, size_t to, int sign, size_t width) {
  double most = 0;
  for (size_t i = from; i + width <= to && i + width <= c->n; i++) {
    double sum = 0;
    size_t n = 0;
    for (size_t k = i; k < i + width; k++)
      if (isfinite(x[k])) sum += sign * (double)x[k], n++;
    if (2 * n > width) most = fmax(most, sum / (double)n);
  }
  return most;
}

static void read_push(duplex_reading *r, const duplex_test *t, const duplex_course *c, const duplex_push *push) {
  const double from_s = isfinite(push->start_s) ? push->start_s - 0.2 : push->release_s - 2;
  const double to_s = push->release_marked ? push->release_s + 0.2 : fmin(push->until_s, from_s + 5);
  const size_t from = duplex_course_index(c, from_s), to = duplex_course_index(c, to_s);
  size_t at = from;
  (void)t;
  r->push_peak = largest(c, c->peak, from, to, 1, &at);
  r->push_peak_se = at < c->n ? (double)c->sd[at] : NAN;
  size_t end = at;
  while (end < c->n && !((double)c->peak[end] <= 0.08 * r->push_peak)) end++;
  r->start_s = push->start_s;
  r->marked = push->marked;
  r->release_found = !push->release_marked;
  r->release_s = push->release_marked ? push->release_s : duplex_course_time(c, end);
  for (size_t i = from; i < c->n && duplex_course_time(c, i) < r->release_s + 0.1; i++)
    if ((double)c->mean[i] > 0) r->forth += (double)c->mean[i] / c->rate_hz;
}

/* A late reversal that is no larger than those at rest is breathing. */
static bool like_rest(const duplex_test *t, const duplex_course *c, const run *found, double release_s, double threshold) {
  size_t at = 0;
  const double late_s = duplex_course_time(c, found->first) - release_s, most = largest(c, c->mean, found->first, found->end, -1, &at);
  return -t->rest_lowest > 0.5 * threshold && late_s > 0.25 && most < 1.5 * -t->rest_lowest;
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
static decay fit_decay(const duplex_course *c, const run *r, double seen) {
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

/* When the run ends at `threshold`, and how well that is known. Flow that stops from a velocity that could be seen ends where it is seen
 * to; flow that decays ends where its decay says, which also reaches below what can be seen. */
static double read_end(duplex_reading *r, const duplex_course *c, const run *found, double threshold, double seen, double edge_s,
                       double *se_s) {
  static const double resolution_s = 0.008;
  const double end_s = crossing(c, found->end, -fmax(threshold, seen));
  *se_s = resolution_s;
  const decay d = fit_decay(c, found, fmax(threshold, seen));
  if (!d.found) return end_s - edge_s;
  const double expected_s = decay_time(&d, fmax(threshold, seen));
  const double stop_se_s = fabs(d.sd / d.b);
  /* among the wall's echo flow is lost early; in the clear an early end is a stop */
  if (expected_s - end_s > fmax(seen > threshold ? 0.1 : 0.06, 2 * stop_se_s)) return end_s - edge_s;
  /* far below what can be seen the flow may stop at any time */
  static const double farthest_s = 0.6;
  const double far_s = fmin(decay_time(&d, threshold), end_s + farthest_s), beyond_s = fmax(0, far_s - fmin(end_s, expected_s));
  *se_s = hypot(resolution_s, hypot(1.5 * stop_se_s, hypot(0.06 * (far_s - d.at_s), 0.5 * beyond_s)));
  if (threshold < seen) r->extrapolated = true;
  return far_s;
}

/* An end that is hidden lies in the middle of what hides it, or is not known when that is too long: then `least` asks for
 * the last time that was seen. The standard error that this adds. */
static double leave_hidden_end(double *to_s, const duplex_course *c, const run *found, double bridge_s, bool least) {
  const double hidden_s = (double)hidden_after(c, found->end) / c->rate_hz;
  if (hidden_s > bridge_s)
    *to_s = least ? duplex_course_time(c, found->end) : (double)NAN;
  else if (hidden_s > 0)
    *to_s = fmax(*to_s, duplex_course_time(c, found->end) + 0.5 * hidden_s);
  return hidden_s / sqrt(12);
}

static void read_thresholds(duplex_reading *r, const duplex_test *t, const duplex_course *c, const run *main_run, size_t to) {
  /* a spectrum shows flow from before its window's middle reaches it, and until after */
  static const double early = 0.2;
  const double bridge_s = t->params[P_BRIDGE], seen = t->lowest, edge_s = t->audio ? early * t->params[P_WINDOW] : 0;
  const size_t margin = (size_t)(0.3 * c->rate_hz), from = main_run->first > margin ? main_run->first - margin : 0;
  for (int k = 0; k < DUPLEX_THRESHOLDS; k++) {
    const double threshold = duplex_threshold(t, k);
    const run found = k == DUPLEX_MAIN ? *main_run : longest_run(c, from, main_run->end, to, fmax(threshold, seen), bridge_s);
    double se_s = NAN;
    r->from_s[k] = found.found ? crossing(c, found.first, -threshold) + edge_s : (double)NAN;
    r->to_s[k] = found.found ? read_end(r, c, &found, threshold, seen, edge_s, &se_s) : (double)NAN;
    if (found.found && !found.open) se_s = hypot(se_s, leave_hidden_end(&r->to_s[k], c, &found, bridge_s, k == DUPLEX_MAIN));
    if (k == DUPLEX_MAIN) r->to_se_s = se_s;
  }
}

/* A start that is hidden lies in the middle of what hides it. */
static void read_start(duplex_reading *r, const duplex_course *c, const run *found) {
  static const double resolution_s = 0.008;
  const double hidden_s = (double)hidden_before(c, found->first) / c->rate_hz;
  r->from_s[DUPLEX_MAIN] -= 0.5 * hidden_s;
  r->from_se_s = hypot(resolution_s, hidden_s / sqrt(12));
}

/* Mean over highest velocity: a property of the profile, so one number for the whole reflux, from its faster part. */
static double profile_share(const duplex_course *c, const run *found, double prv) {
  double mean = 0, peak = 0;
  for (size_t i = found->first; i < found->end; i++) {
    if (!((double)c->peak[i] < -0.3 * prv) || isnan(c->mean[i])) continue;
    mean -= (double)c->mean[i], peak -= (double)c->peak[i];
  }
  return peak > 0 ? mean / peak : (double)NAN;
}

static void read_velocities(duplex_reading *r, const duplex_course *c, const run *found) {
  const size_t smooth = (size_t)fmax(1, 0.025 * c->rate_hz);
  const double length_s = (double)(found->end - found->first) / c->rate_hz;
  size_t at = 0, known = 0;
  largest(c, c->peak, found->first, found->end, -1, &at);
  r->prv = (dsp_estimate){largest_mean(c, c->peak, found->first, found->end, -1, smooth), 0};
  r->prv.se = hypot((double)c->sd[at], 0.03 * r->prv.value);
  const double geometric = largest_mean(c, c->geometric, found->first, found->end, -1, smooth);
  r->prv_geometric = geometric > 0 ? geometric : (double)NAN;
  const double share = profile_share(c, found, r->prv.value);
  r->pmv = (dsp_estimate){share * r->prv.value, 0.05 * share * r->prv.value};
  for (size_t i = found->first; i < found->end; i++) {
    known += isfinite(c->peak[i]) != 0;
    if ((double)c->peak[i] < 0) r->back -= share * (double)c->peak[i] / c->rate_hz;
  }
  if (known) r->back *= (double)(found->end - found->first) / (double)known;
  r->mrv = (dsp_estimate){r->back / length_s, 0.04 * r->back / length_s};
}

void duplex_read(duplex_reading *r, const duplex_test *t, const duplex_course *c, const duplex_push *push) {
  *r = (duplex_reading){.none = true};
  for (int k = 0; k < DUPLEX_THRESHOLDS; k++) r->from_s[k] = r->to_s[k] = (double)NAN;
  read_push(r, t, c, push);
  const double threshold = fmax(duplex_threshold(t, DUPLEX_MAIN), t->lowest);
  const size_t from = duplex_course_index(c, r->release_s - (r->release_found ? 0.05 : 0.3));
  /* an unmarked release is the end of the augmentation; the limb may be held compressed for a while after it */
  const double start_s = t->params[P_START] + (r->release_found ? t->params[P_HOLD] : 0);
  const size_t last = duplex_course_index(c, r->release_s + start_s), to = duplex_course_index(c, push->until_s);
  size_t masked = 0, looked = 0;
  for (size_t i = from; i < last && i < to; i++) looked++, masked += isnan(c->peak[i]) != 0;
  r->masked = looked ? (double)masked / (double)looked : 1;
  if (r->masked > 0.2) {
    r->why_not = "masked";
    return;
  }
  const run found = longest_run(c, from, last < to ? last : to, to, threshold, t->params[P_BRIDGE]);
  if (!found.found) return;
  const double length_s = (double)(found.end - found.first) / c->rate_hz, bridge = t->params[P_BRIDGE] * c->rate_hz;
  r->hidden = !found.open && (double)hidden_after(c, found.end) > bridge;
  const bool unsure = r->hidden && length_s < t->params[P_CLOSURE];
  if (unsure || (double)hidden_before(c, found.first) > bridge) {
    r->why_not = "masked";
    return;
  }
  if (length_s < t->params[P_CLOSURE] && !found.open) {
    r->closure_s = length_s;
    return;
  }
  if (like_rest(t, c, &found, r->release_s, threshold)) {
    r->breathing = true;
    return;
  }
  r->none = false;
  if (r->release_found) r->release_s = fmax(r->release_s, duplex_course_time(c, found.first) - 0.02);
  r->censored = found.open || r->hidden;
  read_thresholds(r, t, c, &found, to);
  read_velocities(r, c, &found);
  read_start(r, c, &found);
}
