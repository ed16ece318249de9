/* SPDX-License-Identifier: GPL-3.0-or-later
 * Phases of the standing test: events where they are given, the trace's own shape where not. */
#include "stand.h"

#include <dsp/filter.h>
#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t stand_index(const dsp_trace *trace, double t_s) {
  return dsp_trace_index(trace, t_s);
}

static double median_of(double *scratch, const double *x, size_t n) {
  memcpy(scratch, x, n * sizeof *x);
  return dsp_order_median(scratch, n);
}

/* First sample after which the trace stays away from its baseline until `rise`; the baseline is the first part of the stretch. */
static dsp_status first_departure(size_t *departed, double *limit, double *level, const dsp_trace *trace, size_t from, size_t rise) {
  size_t n = (size_t)(0.6 * (double)(rise - from));
  const size_t most = (size_t)(60 * trace->rate_hz);
  if (n > most) n = most;
  *departed = rise;
  if (n < 8) return DSP_OK;
  double *scratch = dsp_alloc(n, sizeof *scratch), *away = dsp_alloc(n, sizeof *away);
  const dsp_status status = scratch && away ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    *level = median_of(scratch, trace->x + from, n);
    for (size_t i = 0; i < n; i++) away[i] = fabs(trace->x[from + i] - *level);
    *limit = fmax(*limit, 4.5 * 1.4826 * median_of(scratch, away, n));
    const size_t patience = (size_t)(2 * trace->rate_hz);
    size_t within = 0;
    for (size_t i = rise; i > from; i--) {
      within = fabs(trace->x[i - 1] - *level) <= *limit ? within + 1 : 0;
      if (within == 0) *departed = i - 1;
      if (within > patience) break;
    }
  }
  free(scratch);
  free(away);
  return status;
}

/* First sample in [from, to) that the noise does not predict from the samples before it; 0 when all are as predicted. A posture transient
 * begins so suddenly that it shows at once; filling does not. */
static size_t first_surprise(const dsp_trace *trace, const dsp_noise *noise, double level, size_t from, size_t to, double least) {
  const double limit = 6 * noise->sd[noise->order] + least;
  for (size_t i = from > noise->order ? from : noise->order; i < to && i < trace->n; i++) {
    double expected = 0;
    for (size_t k = 0; k < noise->order; k++) expected += noise->predictor[noise->order - 1][k] * (trace->x[i - 1 - k] - level);
    if (fabs(trace->x[i] - level - expected) <= limit) continue;
    if (i + 2 < trace->n && fabs(trace->x[i + 2] - trace->x[i - 1]) > 4 * limit) return i;
  }
  return 0;
}

dsp_status stand_detect_onset(stand_phases *p, const dsp_trace *trace, size_t rise, double range) {
  const double rate_hz = trace->rate_hz;
  const size_t from = stand_index(trace, p->supine_from_s);
  size_t departed;
  const double least = 0.0001 * range;
  double level = 0, limit = least;
  dsp_status status = first_departure(&departed, &limit, &level, trace, from, rise);
  if (status != DSP_OK) return status;
  const size_t guard = (size_t)(3 * rate_hz), window = (size_t)(40 * rate_hz);
  p->onset_s = (double)departed / rate_hz;
  p->onset_lo_s = p->onset_hi_s = NAN;
  p->onset_se_s = 1;
  if (departed < from + guard + (size_t)(5 * rate_hz)) return DSP_OK;
  if (limit <= least) { /* a baseline without noise: the departure itself shows */
    p->onset_s = ((double)departed - 0.5) / rate_hz;
    p->onset_se_s = 1 / rate_hz;
    p->onset_lo_s = p->onset_s - 2 * p->onset_se_s;
    p->onset_hi_s = p->onset_s + 2 * p->onset_se_s;
    return DSP_OK;
  }
  dsp_noise noise;
  /* A leg that fills slowly may come back within its baseline's noise after the posture transient: look further back for that. */
  const size_t reach = (size_t)(25 * rate_hz), calm = (size_t)(10 * rate_hz);
  const size_t quiet_to = departed > from + reach + calm ? departed - reach : from + (departed - from) / 2;
  status = dsp_noise_learn(&noise, trace, &from, &quiet_to, 1, 0.05 * limit);
  if (status != DSP_OK) return status;
  const size_t burst = first_surprise(trace, &noise, level, quiet_to, departed + 2, 0.005 * range);
  if (burst > 0) {
    p->onset_s = ((double)burst - 0.5) / rate_hz;
    p->onset_lo_s = p->onset_s - 1 / rate_hz;
    p->onset_hi_s = p->onset_s + 1 / rate_hz;
    p->onset_se_s = 0.5 / rate_hz;
    return DSP_OK;
  }
  const size_t noise_to = departed - guard;
  status = dsp_noise_learn(&noise, trace, &from, &noise_to, 1, 0.05 * limit);
  if (status != DSP_OK) return status;
  dsp_departure kink;
  const size_t back = (size_t)(15 * rate_hz), ahead = (size_t)(1 * rate_hz) + 2;
  const size_t fit_from = departed > from + window ? departed - window : from;
  const size_t first = departed > fit_from + back + 8 ? departed - back : fit_from + 8;
  const size_t to = departed + ahead < trace->n ? departed + ahead : trace->n;
  if (first + 1 >= departed) return DSP_OK;
  status = dsp_departure_find(&kink, trace, &noise, fit_from, to, first, departed);
  if (status == DSP_NO_MEMORY) return status;
  if (status == DSP_OK) {
    p->onset_s = kink.index / rate_hz;
    p->onset_lo_s = kink.lo / rate_hz;
    p->onset_hi_s = kink.hi / rate_hz;
    p->onset_se_s = fmax(0.5 / rate_hz, (kink.hi - kink.lo) / rate_hz / 3.92);
  }
  return DSP_OK;
}

dsp_status stand_find_transient_end(stand_phases *p, const dsp_trace *trace, double until_s) {
  const double rate_hz = trace->rate_hz;
  p->transient_end_s = p->onset_s;
  const size_t from = stand_index(trace, p->onset_s), to = stand_index(trace, fmin(until_s, p->onset_s + 30));
  if (to < from + (size_t)(6 * rate_hz)) return DSP_OK;
  const size_t n = to - from;
  double *smooth = dsp_alloc(n, sizeof *smooth), *scratch = dsp_alloc(n, sizeof *scratch);
  dsp_status status = smooth && scratch ? dsp_median(smooth, trace->x + from, n, (size_t)(0.75 * rate_hz) + 1) : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    for (size_t i = 0; i < n; i++) smooth[i] = fabs(trace->x[from + i] - smooth[i]);
    const double limit = 6 * 1.4826 * median_of(scratch, smooth + n / 2, n - n / 2) + 0.5;
    const size_t look = (size_t)(8 * rate_hz) < n ? (size_t)(8 * rate_hz) : n;
    for (size_t i = 0; i < look; i++)
      if (smooth[i] > limit) p->transient_end_s = (double)(from + i) / rate_hz + 0.4;
  }
  free(smooth);
  free(scratch);
  return status;
}

static double mean_level(const dsp_trace *trace, double from_s, double to_s) {
  double sum = 0;
  const size_t from = stand_index(trace, from_s), to = stand_index(trace, to_s);
  for (size_t i = from; i < to; i++) sum += trace->x[i];
  return to > from ? sum / (double)(to - from) : (double)NAN;
}

/* Until when bout i can refill: a drop much smaller than its own, such as breathing makes, does not end that. */
static double refill_end(const dsp_bouts *bouts, size_t i, double leave_s) {
  static const double comparable = 0.25;
  for (size_t k = i + 1; k < bouts->n; k++)
    if (bouts->bout[k].drop >= comparable * bouts->bout[i].drop) return bouts->bout[k].first_s;
  return leave_s;
}

/* A single contraction is one of a full leg. A drop while the leg is still filling, before bout `later`, is a touch of the cuff. */
static bool while_filling(const dsp_trace *trace, const dsp_bout *bout, const dsp_bout *later, double empty) {
  static const double full = 0.8;
  const double here = mean_level(trace, bout->first_s - 2, bout->first_s - 0.2);
  return here - empty < full * (mean_level(trace, later->first_s - 2, later->first_s - 0.2) - empty);
}

/* After a contraction the leg fills again. A drop that stays is a cuff that was touched or slipped. */
static bool refills(const dsp_trace *trace, const dsp_bout *bout, double until_s) {
  const double before = mean_level(trace, bout->first_s - 2, bout->first_s - 0.2), after = mean_level(trace, until_s - 3, until_s - 0.5);
  return until_s - bout->last_s < 6 || after > before - 0.6 * bout->drop;
}

static dsp_status add_detected(stand_phases *p, const dsp_trace *trace, const double *params) {
  dsp_bouts bouts;
  const double from_s = fmax(p->transient_end_s, p->onset_s + 4);
  const dsp_status status = dsp_bouts_find(&bouts, trace, stand_index(trace, from_s), stand_index(trace, p->leave_s), params[P_LEAST_DROP]);
  size_t kept = 0;
  for (size_t i = 0; i < bouts.n; i++)
    if (refills(trace, &bouts.bout[i], refill_end(&bouts, i, p->leave_s))) bouts.bout[kept++] = bouts.bout[i];
  bouts.n = kept;
  size_t longest = bouts.n;
  for (size_t i = 0; i < bouts.n; i++)
    if (bouts.bout[i].count >= 2 &&
        (longest == bouts.n || bouts.bout[i].last_s - bouts.bout[i].first_s > bouts.bout[longest].last_s - bouts.bout[longest].first_s))
      longest = i;
  /* Where every step but the first is too small to show, the series looks like one contraction that expels more than the one before it. */
  if (longest == bouts.n && bouts.n >= 2) {
    double most = 0;
    for (size_t i = 0; i + 1 < bouts.n; i++) most = fmax(most, bouts.bout[i].drop);
    if (bouts.bout[bouts.n - 1].drop > 1.15 * most) longest = bouts.n - 1;
  }
  double strongest = 0;
  for (size_t i = 0; i < bouts.n; i++)
    if (i != longest) strongest = fmax(strongest, bouts.bout[i].drop);
  const double empty = mean_level(trace, fmax(p->supine_from_s, p->onset_s - 10), p->onset_s - 0.5);
  for (size_t i = 0; i < bouts.n; i++) {
    const dsp_bout *bout = &bouts.bout[i];
    /* Unmarked, a drop under half of another one is a touch of the cuff rather than a repeat. */
    if (i != longest && bout->drop < 0.5 * strongest) continue;
    if (i + 1 < longest && longest < bouts.n && while_filling(trace, bout, &bouts.bout[longest - 1], empty)) continue;
    stand_manoeuvre m = {.start_s = bout->first_s, .last_s = bout->last_s, .cadence_hz = 1 / bout->period_s, .count = bout->count};
    /* An unmarked last contraction is sought from a little before where it seems to start: the level there is no lower than its own. */
    if (m.count > 1) m.last_s = fmax(m.start_s, m.last_s - STAND_EARLY_S);
    if (i == longest && p->series.count == 0)
      p->series = m;
    else if (bout->count == 1 && p->n_singles < STAND_SINGLES_MAX && (longest == bouts.n || i < longest))
      p->single[p->n_singles++] = m;
  }
  return status;
}

dsp_status stand_find_phases(stand_phases *p, const dsp_trace *trace, const dsp_trace *coarse, const dsp_recording *recording,
                             const double *params) {
  *p = (stand_phases){.onset_lo_s = NAN, .onset_hi_s = NAN, .detected_onset_s = NAN, .return_s = NAN};
  const double end_s = (double)trace->n / trace->rate_hz;
  p->supine_from_s = stand_rest_from(recording, end_s);
  dsp_posture posture;
  dsp_status status = dsp_posture_find(&posture, coarse, stand_index(coarse, p->supine_from_s), params[P_LEAST_RISE]);
  if (status != DSP_OK) return status;
  p->inverted = posture.falls;
  const dsp_event *stand = stand_event(recording, DSP_EVENT_STAND, 0, end_s);
  p->found = posture.rises || (stand && !posture.falls);
  if (!p->found) return DSP_OK;

  if (posture.rises) {
    status = stand_detect_onset(p, trace, stand_index(trace, (double)posture.rise / coarse->rate_hz), posture.high - posture.low);
    if (status != DSP_OK) return status;
    p->detected_onset_s = p->onset_s;
  }
  if (stand && posture.rises && !stand_mark_usable(stand->t_s, p->supine_from_s, (double)posture.leave / coarse->rate_hz)) {
    p->onset_disagrees = true;
  } else if (stand) {
    p->onset_disagrees = posture.rises && fabs(p->onset_s - stand->t_s) > params[P_MARKER] &&
                         !(p->onset_lo_s - params[P_MARKER] <= stand->t_s && stand->t_s <= p->onset_hi_s + params[P_MARKER]);
    p->onset_marked = true;
    p->onset_s = stand->t_s;
    p->onset_lo_s = p->onset_hi_s = NAN;
    p->onset_se_s = 0;
  }
  const dsp_event *supine = stand_event(recording, DSP_EVENT_SUPINE, p->onset_s, end_s);
  p->leave_s = supine ? supine->t_s : (double)posture.leave / coarse->rate_hz;
  if (p->leave_s < p->onset_s) p->leave_s = end_s;
  p->return_marked = supine != NULL;
  if (supine || posture.returns) p->return_s = supine ? supine->t_s : (double)posture.fall / coarse->rate_hz;

  status = stand_find_transient_end(p, trace, p->leave_s);
  if (status == DSP_OK) status = stand_add_marked(p, trace, recording, params);
  if (status == DSP_OK && p->n_singles == 0 && p->series.count == 0) status = add_detected(p, trace, params);
  p->stand_end_s = p->leave_s;
  for (size_t i = 0; i < p->n_singles; i++) {
    const stand_manoeuvre *m = &p->single[i];
    p->stand_end_s = fmin(p->stand_end_s, (m->astray ? fmin(m->seen_s, m->start_s) : m->start_s) - 0.4);
  }
  if (p->series.count) p->stand_end_s = fmin(p->stand_end_s, p->series.start_s - 0.4);
  return status;
}

dsp_status stand_learn_noise(dsp_noise *noise, const dsp_trace *trace, const stand_phases *p, double floor_sd) {
  static const double settle_s = 8, longest_s = 60;
  size_t from[STAND_SINGLES_MAX + 4], to[STAND_SINGLES_MAX + 4], n = 0;
  double begin_s = p->supine_from_s;
  double ends[STAND_SINGLES_MAX + 3], starts[STAND_SINGLES_MAX + 3];
  size_t count = 0;
  starts[count] = begin_s, ends[count++] = stand_rest_end(p) - 1;
  starts[count] = fmax(p->transient_end_s, p->onset_s + 4), ends[count++] = p->stand_end_s;
  for (size_t i = 0; i < p->n_singles; i++) {
    const double next_s = i + 1 < p->n_singles ? p->single[i + 1].start_s : p->series.count ? p->series.start_s : p->leave_s;
    starts[count] = p->single[i].start_s + settle_s, ends[count++] = next_s - 0.4;
  }
  if (p->series.count) starts[count] = p->series.last_s + settle_s, ends[count++] = p->leave_s - 0.4;
  for (size_t i = 0; i < count; i++) {
    /* The last part of a stretch is its calmest: filling is nearly over. */
    const double start_s = fmax(starts[i], fmax(ends[i] - longest_s, ends[i] - 0.5 * (ends[i] - starts[i]) - 15));
    if (ends[i] - start_s < 6) continue;
    from[n] = stand_index(trace, start_s);
    to[n++] = stand_index(trace, ends[i]);
  }
  return dsp_noise_learn(noise, trace, from, to, n, floor_sd);
}
