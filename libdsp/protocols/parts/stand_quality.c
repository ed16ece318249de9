/* SPDX-License-Identifier: GPL-3.0-or-later
 * What makes a standing test less trustworthy as a whole, and the quality index that sums it up. The rules are the reference's pitfalls. */
#include "part.h"
#include "stand.h"

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void note(const stand_test *s, const char *flag) {
  dsp_flags_add(&s->test->flags, flag);
}

/* RMS of the trace about its running mean over half a second. */
static double activity(const dsp_trace *trace, double from_s, double to_s) {
  const size_t half = (size_t)(0.25 * trace->rate_hz + 0.5), first = stand_index(trace, from_s), end = stand_index(trace, to_s);
  double squares = 0, n = 0;
  for (size_t i = first + half; i + half < end; i++) {
    double mean = 0;
    bool seen = true;
    for (size_t k = i - half; k <= i + half; k++) {
      mean += trace->x[k] / (double)(2 * half + 1);
      seen = seen && trace->ok[k];
    }
    if (seen) squares += (trace->x[i] - mean) * (trace->x[i] - mean), n++;
  }
  return n > 0 ? sqrt(squares / n) : NAN;
}

static void note_tension(const stand_test *s) {
  static const double least_ml = 1, ratio = 3;
  const stand_phases *p = &s->phases;
  if (!s->filled) return;
  const double standing = activity(&s->trace, fmax(p->transient_end_s, p->stand_end_s - s->params[P_PLATEAU]), p->stand_end_s);
  const double supine = activity(&s->trace, s->baseline_from_s, s->baseline_to_s);
  const bool trembles = standing > least_ml && standing > ratio * supine;
  if (!trembles && !(s->filling.spread > s->params[P_TENSION] * s->filling.rise.value)) return;
  static const char *const ids[] = {"VV", "VFI"};
  for (size_t i = 0; i < 2; i++) dsp_flags_add(&dsp_test_measure(s->test, ids[i])->flags, "muscle_tension");
}

static bool in_contraction(const stand_test *s, double t_s) {
  static const double ahead_s = 3, behind_s = 4, unread_s = 8;
  const stand_phases *p = &s->phases;
  for (size_t i = 0; i < p->n_singles; i++) {
    const double over_s = s->single_read[i] ? s->single[i].clear_s + behind_s : p->single[i].last_s + unread_s;
    if (t_s > p->single[i].start_s - ahead_s && t_s < over_s) return true;
  }
  if (!p->series.count) return false;
  return t_s > p->series.start_s - ahead_s && t_s < (s->series_read ? s->series.clear_s + behind_s : p->series.last_s + unread_s);
}

static dsp_status note_steps(const stand_test *s) {
  static const double least_ml = 5, in_sd = 6, ahead_s = 3, settled_s = 5;
  const stand_phases *p = &s->phases;
  const dsp_trace *trace = &s->coarse;
  double *scratch = dsp_alloc((size_t)(2 * trace->rate_hz) + 3, sizeof *scratch);
  if (!scratch) return DSP_NO_MEMORY;
  const double limit = fmax(least_ml, in_sd * s->coarse_noise.sd[0]), every_s = fmax(0.25, 1 / trace->rate_hz);
  const double seen_s = isfinite(p->detected_onset_s) ? p->detected_onset_s : p->onset_s;
  const double stands_s = fmax(p->transient_end_s, fmax(p->onset_s, seen_s)) + settled_s;
  const double from_s[] = {p->supine_from_s + settled_s, stands_s}, to_s[] = {stand_rest_end(p) - ahead_s, p->leave_s - ahead_s};
  bool found = false;
  for (size_t k = 0; k < 2; k++)
    for (double t_s = from_s[k]; t_s < to_s[k] && !found; t_s += every_s)
      found = !in_contraction(s, t_s) && part_steps_at(scratch, trace, t_s, limit);
  if (found) note(s, "level_step");
  free(scratch);
  return DSP_OK;
}

static dsp_status note_cuff(const stand_test *s) {
  static const double least_mmhg = 4, most_mmhg = 8;
  const dsp_channel *cuff = NULL;
  for (size_t i = 0; i < s->recording->n_channels; i++) {
    const dsp_channel *c = &s->recording->channels[i];
    if (c->role == DSP_ROLE_CUFF_PRESSURE && c->unit && !strcmp(c->unit->ucum, dsp_role_unit(DSP_ROLE_CUFF_PRESSURE)->ucum)) cuff = c;
  }
  double *x = cuff ? dsp_alloc(cuff->n, sizeof *x) : NULL;
  if (cuff && !x) return DSP_NO_MEMORY;
  size_t n = 0;
  for (size_t g = 0; cuff && g < cuff->n_segments; g++)
    for (size_t i = 0; i < cuff->segments[g].n; i++) {
      const double t_s = cuff->segments[g].t0_s + (double)i / cuff->rate_hz, value = cuff->x[cuff->segments[g].first + i];
      if (t_s >= s->phases.onset_s && t_s < s->phases.leave_s && isfinite(value)) x[n++] = value;
    }
  if (n == 0)
    note(s, "cuff_pressure_unknown");
  else {
    const double pressure = dsp_order_median(x, n);
    if (pressure < least_mmhg || pressure > most_mmhg) note(s, "cuff_pressure");
  }
  free(x);
  return DSP_OK;
}

void stand_note_facts(stand_test *s) {
  static const double least_rate_hz = 9.5;
  part_note_facts(s->test, s->recording, s->channel, &s->facts, least_rate_hz);
  const char *compression = s->recording->compression;
  if (compression && strcmp(compression, "none") != 0 && s->calibration.steps == 0) note(s, "compression_calibration");
}

static void note_drift(const stand_test *s) {
  const double vv = s->filled ? s->filling.rise.value : NAN, drift = s->drift.value;
  if (fabs(s->baseline_slope.value) > s->params[P_BASELINE_SLOPE] + 2 * s->baseline_slope.se) note(s, "baseline_unsteady");
  if (!isfinite(drift))
    note(s, "drift_unknown");
  else if (fabs(drift) > s->params[P_DRIFT_LARGE] * vv)
    note(s, "drift_large");
  else if (fabs(drift) > s->params[P_DRIFT_WARN] * vv)
    note(s, "drift_corrected");
  if (isfinite(drift) && drift + 2 * s->drift.se < -s->params[P_DRIFT_WARN] * vv) note(s, "incomplete_emptying");
}

dsp_status stand_report_quality(stand_test *s) {
  stand_note_facts(s);
  note_drift(s);
  note_tension(s);
  if (note_steps(s) != DSP_OK || note_cuff(s) != DSP_OK) return DSP_NO_MEMORY;
  part_rate_quality(s->test, s->channel, &s->facts);
  return DSP_OK;
}
