/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reflux after one compression.
 *
 * Definition: from the first to the last crossing of -threshold after the release, gaps up to a tenth of a second bridged; a reversal
 * shorter than a valve takes to close is that closure. Crossings are interpolated. */
#include "duplex_reading.h"
#include "duplex_course.h"
#include "duplex_ends.h"

#include <math.h>

double duplex_threshold(const duplex_test *t, int which) {
  static const double cm_s[DUPLEX_THRESHOLDS] = {NAN, 1, 2, 5};
  const double unit = isfinite(t->hz_per_cm_s) ? 1 : t->params[P_THRESHOLD_HZ] / t->params[P_THRESHOLD];
  return unit * (which == DUPLEX_MAIN ? t->params[P_THRESHOLD] : cm_s[which]);
}

/* Longest run that starts in [from, last]; it may go on to `to`. */
static duplex_run longest_run(const duplex_course *c, size_t from, size_t last, size_t to, double threshold, double bridge_s) {
  const size_t bridge = (size_t)(bridge_s * c->rate_hz + 0.5);
  duplex_run best = {0};
  for (size_t i = from; i < last; i++) {
    if (!((double)c->peak[i] <= -threshold)) continue;
    duplex_run r = {.first = i, .end = i + 1, .found = true};
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

/* A velocity channel has none that could be told. */
static bool leaves_broadening(const duplex_test *t) {
  return t->audio && t->params[P_BROADENING] < 0.5;
}

static void read_push(duplex_reading *r, const duplex_test *t, const duplex_course *c, const duplex_push *push) {
  const double from_s = isfinite(push->start_s) ? push->start_s - 0.2 : push->release_s - 2;
  const double to_s = push->release_marked ? push->release_s + 0.2 : fmin(push->until_s, from_s + 5);
  const size_t from = duplex_course_index(c, from_s), to = duplex_course_index(c, to_s);
  size_t at = from, drawn_at = from;
  r->push_peak = largest(c, c->peak, from, to, 1, &at);
  r->push_peak_se = at < c->n ? (double)c->sd[at] : NAN;
  r->push_drawn = leaves_broadening(t) ? largest(c, c->geometric, from, to, 1, &drawn_at) : r->push_peak;
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
static bool like_rest(const duplex_test *t, const duplex_course *c, const duplex_run *found, double release_s, double threshold) {
  size_t at = 0;
  const double late_s = duplex_course_time(c, found->first) - release_s, most = largest(c, c->mean, found->first, found->end, -1, &at);
  return -t->rest_lowest > 0.5 * threshold && late_s > 0.25 && most < 1.5 * -t->rest_lowest;
}

/* An end that is hidden lies in the middle of what hides it, or is not known when that is too long: then `least` asks for
 * the last time that was seen. The standard error that this adds. */
static double leave_hidden_end(double *to_s, const duplex_course *c, const duplex_run *found, double bridge_s, bool least) {
  const double hidden_s = (double)hidden_after(c, found->end) / c->rate_hz;
  if (hidden_s > bridge_s)
    *to_s = least ? duplex_course_time(c, found->end) : (double)NAN;
  else if (hidden_s > 0)
    *to_s = fmax(*to_s, duplex_course_time(c, found->end) + 0.5 * hidden_s);
  return hidden_s / sqrt(12);
}

static void read_thresholds(duplex_reading *r, const duplex_test *t, const duplex_course *c, const duplex_run *main_run,
                            const duplex_tail *tail, size_t to) {
  const double bridge_s = t->params[P_BRIDGE], seen = t->lowest, edge_s = duplex_edge_s(t);
  const size_t margin = main_run->cut ? 0 : (size_t)(0.3 * c->rate_hz), from = main_run->first > margin ? main_run->first - margin : 0;
  for (int k = 0; k < DUPLEX_THRESHOLDS; k++) {
    const double threshold = duplex_threshold(t, k);
    const duplex_run found = k == DUPLEX_MAIN ? *main_run : longest_run(c, from, main_run->end, to, fmax(threshold, seen), bridge_s);
    double se_s = NAN;
    r->from_s[k] = found.found ? duplex_crossing(c, found.first, -threshold) + edge_s : (double)NAN;
    r->to_s[k] = found.found ? duplex_read_end(r, t, c, &found, k, tail, &se_s) : (double)NAN;
    if (found.found && !found.open) se_s = hypot(se_s, leave_hidden_end(&r->to_s[k], c, &found, bridge_s, k == DUPLEX_MAIN));
    r->to_se_s[k] = se_s;
  }
}

/* A start that is hidden lies in the middle of what hides it. */
static void read_start(duplex_reading *r, const duplex_course *c, const duplex_run *found) {
  static const double resolution_s = 0.008;
  const double hidden_s = (double)hidden_before(c, found->first) / c->rate_hz;
  r->from_s[DUPLEX_MAIN] -= 0.5 * hidden_s;
  r->from_se_s = hypot(hypot(resolution_s, found->first_se_s), hidden_s / sqrt(12));
}

/* Mean over highest velocity: a property of the profile, so one number for the whole reflux, from its faster part. */
static double profile_share(const duplex_course *c, const duplex_run *found, double prv) {
  double mean = 0, peak = 0;
  for (size_t i = found->first; i < found->end; i++) {
    if (!((double)c->peak[i] < -0.3 * prv) || isnan(c->mean[i])) continue;
    mean -= (double)c->mean[i], peak -= (double)c->peak[i];
  }
  return peak > 0 ? mean / peak : (double)NAN;
}

static void read_velocities(duplex_reading *r, const duplex_test *t, const duplex_course *c, const duplex_run *found) {
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
  if (leaves_broadening(t)) r->prv = (dsp_estimate){r->prv_geometric, hypot((double)c->sd[at], 0.05 * r->prv_geometric)};
}

/* How long after the release reflux may start. An unmarked release is the end of the augmentation; the limb may be held compressed for a
 * while after it. */
static double start_within_s(const duplex_test *t, bool release_found) {
  return t->params[P_START] + (release_found ? t->params[P_HOLD] : 0);
}

bool duplex_settled(const duplex_test *t, const duplex_course *c, const duplex_push *push) {
  const double quiet_s = duplex_beyond_s(t) + 0.2, threshold = fmin(duplex_threshold(t, DUPLEX_MAIN), duplex_threshold(t, DUPLEX_1));
  const double end_s = duplex_course_time(c, c->n), from_s = end_s - fmax(quiet_s, 2 * t->params[P_BRIDGE]);
  duplex_reading r = {.none = true};
  read_push(&r, t, c, push);
  if (!(r.release_s + start_within_s(t, r.release_found) < from_s)) return false;
  for (size_t i = duplex_course_index(c, from_s); i < c->n; i++)
    if (!((double)c->peak[i] > -threshold)) return false; /* not known, too */
  return true;
}

dsp_status duplex_read(duplex_reading *r, const duplex_test *t, const duplex_course *c, const duplex_push *push, dsp_error *error) {
  *r = (duplex_reading){.none = true};
  for (int k = 0; k < DUPLEX_THRESHOLDS; k++) r->from_s[k] = r->to_s[k] = (double)NAN;
  read_push(r, t, c, push);
  const double threshold = fmax(duplex_threshold(t, DUPLEX_MAIN), t->lowest);
  const size_t from = duplex_course_index(c, r->release_s - (r->release_found ? 0.05 : 0.3));
  const size_t last = duplex_course_index(c, r->release_s + start_within_s(t, r->release_found)),
               to = duplex_course_index(c, push->until_s);
  if (isnan(t->lowest)) { /* the usual echo is too weak to show any flow */
    r->why_not = "no_doppler_signal";
    return DSP_OK;
  }
  size_t masked = 0, looked = 0;
  for (size_t i = from; i < last && i < to; i++) looked++, masked += isnan(c->peak[i]) != 0;
  r->masked = looked ? (double)masked / (double)looked : 1;
  if (r->masked > 0.2) {
    r->why_not = "masked";
    return DSP_OK;
  }
  duplex_run found = longest_run(c, from, last < to ? last : to, to, threshold, t->params[P_BRIDGE]);
  if (!found.found) return DSP_OK;
  duplex_cut_start(&found, t, c);
  const double length_s = (double)(found.end - found.first) / c->rate_hz, bridge = t->params[P_BRIDGE] * c->rate_hz;
  r->hidden = !found.open && (double)hidden_after(c, found.end) > bridge;
  const bool unsure = r->hidden && length_s < t->params[P_CLOSURE];
  if (unsure || (double)hidden_before(c, found.first) > bridge) {
    r->why_not = "masked";
    return DSP_OK;
  }
  if (length_s < t->params[P_CLOSURE] && !found.open) {
    r->closure_s = length_s;
    return DSP_OK;
  }
  if (like_rest(t, c, &found, r->release_s, threshold)) {
    r->breathing = true;
    return DSP_OK;
  }
  r->none = false;
  if (r->release_found) r->release_s = fmax(r->release_s, duplex_course_time(c, found.first) - 0.02);
  r->censored = found.open || r->hidden;
  duplex_tail tail = {.found = false};
  if (t->audio && !r->censored) {
    const dsp_status status = duplex_ask_tail(&tail, t, c, &found, to, error);
    if (status != DSP_OK) return status;
  }
  read_thresholds(r, t, c, &found, &tail, to);
  if (!r->censored && r->to_s[DUPLEX_MAIN] - r->from_s[DUPLEX_MAIN] < t->params[P_CLOSURE]) { /* the echo of its window seemed longer */
    r->none = true;
    r->closure_s = r->to_s[DUPLEX_MAIN] - r->from_s[DUPLEX_MAIN];
    return DSP_OK;
  }
  read_velocities(r, t, c, &found);
  read_start(r, c, &found);
  return DSP_OK;
}
