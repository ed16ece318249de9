/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the recording's events say of the standing test. An event outside the recording says nothing; what a mark leaves open, how many
 * contractions and when the last began, the trace decides. */
#include "stand.h"

#include <math.h>

static const double near_s = 0.12;    /* a mark this near to the trace's own start is taken as it is */
static const double shift_most_s = 1; /* one further away is not about that start */
static const double agree_s = 0.25;
static const double match_s = 2;      /* an open mark belongs to a bout that begins this near */
static const double astray_s = 30;    /* a bout further away than this was meant by nobody */
static const double least_rest_s = 6; /* supine before a stand event that can be one */
static const double least_standing_s = 10;

const dsp_event *stand_event(const dsp_recording *recording, dsp_event_kind kind, double from_s, double to_s) {
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *event = &recording->events[i];
    if (event->kind == kind && event->t_s >= fmax(0, from_s) && event->t_s <= to_s) return event;
  }
  return NULL;
}

double stand_rest_from(const dsp_recording *recording, double end_s) {
  const dsp_event *stand = stand_event(recording, DSP_EVENT_STAND, 0, end_s);
  double from_s = 0;
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *event = &recording->events[i];
    if (event->kind == DSP_EVENT_CALIBRATION && event->t_s >= 0 && event->t_s <= (stand ? stand->t_s : end_s))
      from_s = fmax(from_s, fmin(event->t_s + 8, end_s));
  }
  return from_s;
}

bool stand_mark_usable(double t_s, double rest_from_s, double leave_s) {
  return t_s - rest_from_s >= least_rest_s && leave_s - t_s >= least_standing_s;
}

double stand_rest_end(const stand_phases *p) {
  return p->onset_disagrees && isfinite(p->detected_onset_s) ? fmin(p->onset_s, p->detected_onset_s) : p->onset_s;
}

static bool is_contraction(dsp_event_kind kind) {
  return kind == DSP_EVENT_TIPTOE || kind == DSP_EVENT_DORSIFLEXION || kind == DSP_EVENT_WEIGHT_TRANSFER;
}

/* The bout that begins nearest; NULL when there is none. */
static const dsp_bout *nearest(const dsp_bouts *bouts, double t_s) {
  const dsp_bout *best = NULL;
  for (size_t i = 0; i < bouts->n; i++)
    if (!best || fabs(bouts->bout[i].first_s - t_s) < fabs(best->first_s - t_s)) best = &bouts->bout[i];
  return best;
}

/* What a marker is late or early by. A series must show it at both its ends. */
static double shift_of(const stand_manoeuvre *m, const dsp_bout *bout) {
  const double first_s = bout->first_s - m->start_s, last_s = m->count > 1 ? bout->last_s - m->last_s : first_s;
  const double off_s = fabs(last_s) < fabs(first_s) ? last_s : first_s;
  return fabs(off_s) > near_s && fabs(off_s) < shift_most_s && fabs(first_s - last_s) < agree_s ? off_s : 0;
}

static stand_manoeuvre marked(const dsp_event *event, const dsp_bouts *bouts) {
  stand_manoeuvre m = {.name = dsp_event_kind_text(event->kind),
                       .start_s = event->t_s,
                       .last_s = event->t_s,
                       .cadence_hz = NAN,
                       .count = event->count ? event->count : 1,
                       .marked = true};
  const dsp_bout *bout = nearest(bouts, event->t_s);
  if (event->count == 0 && bout && bout->count > 1 && fabs(bout->first_s - event->t_s) <= match_s) {
    m.count = bout->count;
    m.cadence_hz = 1 / bout->period_s;
    m.last_s = fmax(event->t_s, bout->last_s - STAND_EARLY_S);
    m.open_end = true;
  } else if (m.count > 1) {
    const double duration_s = event->dur_s > 0 ? event->dur_s : m.count;
    m.cadence_hz = m.count / duration_s;
    m.last_s = event->t_s + duration_s * (1 - 1.0 / m.count);
  }
  if (bout && !m.open_end) m.shift_s = shift_of(&m, bout);
  return m;
}

/* A single contraction's mark is astray when the bout nearest to it is far, near enough to be meant, and no other mark's. */
static void find_astray(stand_phases *p, const dsp_bouts *bouts, double marker_s) {
  for (size_t i = 0; i < p->n_singles; i++) {
    const dsp_bout *bout = nearest(bouts, p->single[i].start_s);
    if (!bout) continue;
    const double away_s = fabs(bout->first_s - p->single[i].start_s);
    bool taken = p->series.count > 0 && bout->last_s >= p->series.start_s - marker_s && bout->first_s <= p->series.last_s + marker_s;
    for (size_t k = 0; k < p->n_singles; k++) taken |= fabs(bout->first_s - p->single[k].start_s) <= marker_s;
    p->single[i].astray = !taken && away_s <= astray_s;
    p->single[i].seen_s = bout->first_s;
  }
}

dsp_status stand_add_marked(stand_phases *p, const dsp_trace *trace, const dsp_recording *recording, const double *params) {
  const double end_s = fmin(p->leave_s, (double)trace->n / trace->rate_hz), from_s = fmax(p->transient_end_s, p->onset_s + 4);
  dsp_bouts bouts = {.n = 0};
  bool any = false;
  for (size_t i = 0; i < recording->n_events; i++) any |= is_contraction(recording->events[i].kind);
  if (!any) return DSP_OK;
  const dsp_status status = dsp_bouts_find(&bouts, trace, stand_index(trace, from_s), stand_index(trace, p->leave_s), params[P_LEAST_DROP]);
  if (status != DSP_OK) return status;
  for (size_t i = 0; i < recording->n_events; i++) {
    const dsp_event *event = &recording->events[i];
    if (!is_contraction(event->kind) || !(event->t_s >= p->onset_s && event->t_s <= end_s)) continue;
    const stand_manoeuvre m = marked(event, &bouts);
    if (m.count > 2 || m.open_end) {
      if (p->series.count == 0) p->series = m;
    } else if (p->n_singles < STAND_SINGLES_MAX)
      p->single[p->n_singles++] = m;
  }
  find_astray(p, &bouts, params[P_MARKER]);
  return DSP_OK;
}

bool stand_seen(const dsp_trace *trace, const stand_manoeuvre *m, double contraction_s) {
  static const double after_s = 3;
  const size_t last = stand_index(trace, m->last_s), end = stand_index(trace, m->last_s + contraction_s),
               to = stand_index(trace, m->last_s + after_s);
  size_t within = 0, seen = 0;
  for (size_t i = last; i < end; i++) within += trace->ok[i];
  for (size_t i = last; i < to; i++) seen += trace->ok[i];
  return within > 0 && 2 * seen >= to - last;
}
