/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading the standing test's contractions. Each repeat of the single one is read on its own; what they show of the muscle's bulge and of
 * how long it contracts then helps to read the last of the series. */
#include "stand.h"

#include <math.h>

/* What the single contractions show of the muscle: times from their start, 0 unknown. */
typedef struct muscle {
  double over_s;  /* until the contraction is over */
  double drawn_s; /* until a bulge that draws the trace down is */
} muscle;

/* A contraction lasts no longer than a parameter says, than the single one did, or than its cadence leaves room for. */
static double longest_contraction(const stand_test *s, const stand_manoeuvre *m, double seen_s) {
  static const double slack_s = 0.2, busy_share = 0.85;
  double longest_s = s->params[P_CONTRACTION] + slack_s;
  if (m->count < 2) return longest_s;
  if (seen_s > 0) longest_s = fmin(longest_s, seen_s + slack_s);
  return isfinite(m->cadence_hz) ? fmin(longest_s, fmax(0.4, busy_share / m->cadence_hz)) : longest_s;
}

static dsp_status read_dip(dsp_dip *dip, bool *read, const stand_test *s, const stand_manoeuvre *m, double before_s, double until_s,
                           double longest_s, const muscle *shown) {
  /* An unmarked last contraction is sought from a little before its start. */
  const double early_s = m->count > 1 && (!m->marked || m->open_end) ? STAND_EARLY_S : 0, start_s = m->start_s + m->shift_s;
  const dsp_dip_task task = {.before_s = fmax(before_s, start_s - 25),
                             .start_s = start_s,
                             .last_s = m->last_s + m->shift_s,
                             .longest_s = longest_s + early_s,
                             .ended_s = early_s > 0 ? 0 : shown->over_s,
                             .drawn_s = shown->drawn_s > 0 ? shown->drawn_s + early_s : 0,
                             .until_s = until_s,
                             .lead_s = s->params[P_LEAD]};
  *read = false;
  if (!stand_seen(&s->trace, m, s->params[P_CONTRACTION])) return DSP_OK;
  const dsp_status status = dsp_dip_read(dip, &s->trace, &s->noise, &task);
  *read = status == DSP_OK;
  return status == DSP_NO_MEMORY ? status : DSP_OK;
}

/* The last contraction once more, by what the ones before it show. */
static dsp_status read_series_again(stand_test *s) {
  const stand_manoeuvre *m = &s->phases.series;
  const dsp_series_task task = {.last_s = m->last_s + m->shift_s,
                                .early_s = !m->marked || m->open_end ? 0.8 * STAND_EARLY_S : 0,
                                .period_s = 1 / m->cadence_hz,
                                .kept = s->pump.found ? 1 - s->pump.e.value : (double)NAN,
                                .until_s = s->phases.leave_s,
                                .lead_s = s->params[P_LEAD],
                                .count = m->count};
  return m->count >= 4 && isfinite(task.period_s) ? dsp_series_read(&s->series, &s->trace, &s->noise, &task) : DSP_OK;
}

dsp_status stand_read_contractions(stand_test *s) {
  const stand_phases *p = &s->phases;
  dsp_status status = DSP_OK;
  double before_s = fmax(p->transient_end_s, p->onset_s + 2);
  muscle shown = {0};
  static const muscle unknown = {0};
  /* Before its plateau the leg fills along a bend: only a short end of it is a line. */
  if (s->filled && s->filling.extrapolated) before_s = fmax(before_s, p->stand_end_s - fmax(4, 0.15 * (p->stand_end_s - p->onset_s)));
  for (size_t i = 0; i < p->n_singles && status == DSP_OK; i++) {
    const stand_manoeuvre *m = &p->single[i];
    const double until_s = i + 1 < p->n_singles ? p->single[i + 1].start_s - 0.5 : p->series.count ? p->series.start_s - 0.5 : p->leave_s;
    status = read_dip(&s->single[i], &s->single_read[i], s, m, before_s, until_s, longest_contraction(s, m, 0), &unknown);
    if (status == DSP_OK && s->single_read[i]) {
      const dsp_dip *dip = &s->single[i];
      const double clear_s = dip->clear_s - m->start_s - m->shift_s;
      shown.over_s = fmax(shown.over_s, clear_s);
      if (dip->drawn) shown.drawn_s = fmax(shown.drawn_s, clear_s);
    }
    before_s = m->start_s + 3;
  }
  if (status == DSP_OK && p->series.count)
    status = read_dip(&s->series, &s->series_read, s, &p->series, before_s, p->leave_s, longest_contraction(s, &p->series, shown.over_s),
                      &shown);
  if (status == DSP_OK && s->series_read) status = read_series_again(s);
  return status;
}

dsp_filling_task stand_refill_task(const stand_test *s, const dsp_dip *dip, double until_s) {
  return (dsp_filling_task){.from = stand_index(&s->coarse, dip->clear_s),
                            .to = stand_index(&s->coarse, until_s),
                            .onset_s = dip->lowest_s,
                            .onset_se_s = 0.1,
                            .base = dip->lowest.value,
                            .base_se = dip->lowest.se,
                            .fraction = s->params[P_REFILL_FRACTION],
                            .half = 0.5,
                            .window_s = s->params[P_PLATEAU],
                            .tolerance = s->params[P_TOLERANCE],
                            .later = {NAN, NAN}};
}
