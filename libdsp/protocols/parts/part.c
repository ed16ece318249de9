/* SPDX-License-Identifier: GPL-3.0-or-later
 * Small steps that every protocol takes. */
#include "part.h"

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dsp_status part_condition(dsp_trace *trace, dsp_trace_facts *facts, const dsp_channel *channel, double rate_hz, double bridge_s,
                          double spike_floor, dsp_error *error) {
  static const size_t longest = 50000000; /* samples on the native clock: 14 h at 1 kHz */
  dsp_signal *stretch = dsp_alloc(channel->n_segments, sizeof *stretch);
  if (!stretch) return DSP_NO_MEMORY;
  for (size_t i = 0; i < channel->n_segments; i++) {
    const dsp_segment *segment = &channel->segments[i];
    stretch[i] = (dsp_signal){channel->x + segment->first, segment->n, channel->rate_hz, segment->t0_s};
  }
  const dsp_status status = dsp_trace_condition(trace, facts, stretch, channel->n_segments, rate_hz, bridge_s, spike_floor, longest, error);
  free(stretch);
  return status;
}

void part_null_rest(const dsp_test *test, const char *flag) {
  for (size_t i = 0; i < test->n_measures; i++) {
    dsp_measure *m = &test->measures[i];
    const dsp_flag_row *row;
    bool reason = false;
    for (size_t f = 0; (row = dsp_flags_get(&m->flags, f)); f++) reason |= row->severity == DSP_FATAL;
    if (!m->valid && !reason) dsp_measure_null(m, flag);
  }
}

void part_flag_valid(const dsp_test *test, const char *flag) {
  for (size_t i = 0; i < test->n_measures; i++)
    if (test->measures[i].valid) dsp_flags_add(&test->measures[i].flags, flag);
}

void part_null_units(const dsp_test *test, const char *unit_part, const char *flag) {
  for (size_t i = 0; i < test->n_measures; i++)
    if (strstr(test->measures[i].row->unit, unit_part)) dsp_measure_null(&test->measures[i], flag);
}

void part_set(const dsp_test *test, const char *id, dsp_estimate value, double t0_s, double t1_s, const char *why_not) {
  dsp_measure *m = dsp_test_measure(test, id);
  if (isfinite(value.value))
    dsp_measure_set(m, value.value, value.se, t0_s, t1_s);
  else
    dsp_measure_null(m, why_not);
}

void part_note_facts(dsp_test *test, const dsp_recording *recording, const dsp_channel *channel, const dsp_trace_facts *facts,
                     double least_rate_hz) {
  static const double date_s = 1e8; /* a clock that counts from 1970 is past this; one that counts from the device's start is not */
  if (facts->missing) dsp_flags_add(&test->flags, "missing_bridged");
  if (facts->spikes) dsp_flags_add(&test->flags, "spikes_removed");
  if (facts->clipped_s >= 1) dsp_flags_add(&test->flags, "clipped");
  if (channel->n_segments > 1) dsp_flags_add(&test->flags, "gap");
  if (channel->rate_hz < least_rate_hz) dsp_flags_add(&test->flags, "sampling_low");
  if (channel->side == DSP_SIDE_UNKNOWN) dsp_flags_add(&test->flags, "side_unknown");
  if (channel->role == DSP_ROLE_UNKNOWN) dsp_flags_add(&test->flags, "role_inferred");
  if (channel->resampled) dsp_flags_add(&test->flags, "resampled");
  if (!recording->t0 && !(recording->t_origin_s > date_s)) dsp_flags_add(&test->flags, "time_unknown");
}

void part_rate_quality(dsp_test *test, const dsp_channel *channel, const dsp_trace_facts *facts) {
  double quality = 1 - fmin(1, (double)facts->missing / fmax(1, (double)channel->n));
  const dsp_flag_row *row;
  for (size_t i = 0; (row = dsp_flags_get(&test->flags, i)); i++)
    if (row->severity == DSP_CAUTION) quality *= 0.85;
  for (size_t m = 0; m < test->n_measures; m++) {
    if (!test->measures[m].valid) quality *= 0.95;
    for (size_t i = 0; (row = dsp_flags_get(&test->measures[m].flags, i)); i++)
      if (row->severity == DSP_CAUTION) quality *= 0.97;
  }
  test->quality = quality;
}

dsp_status part_add_trace(dsp_test *test, const dsp_trace *trace, const char *unit) {
  double *copy = dsp_alloc(trace->n, sizeof *copy);
  if (!copy) return DSP_NO_MEMORY;
  for (size_t i = 0; i < trace->n; i++) copy[i] = trace->ok[i] ? trace->x[i] : (double)NAN;
  return dsp_test_add_series(test, "conditioned", unit, trace->rate_hz, 0, copy, trace->n);
}

bool part_role_fits(const dsp_channel *channel, dsp_role role, dsp_dimension dimension, dsp_error *missing) {
  if (channel->role == role || (channel->role == DSP_ROLE_UNKNOWN && channel->unit && channel->unit->dimension == dimension)) return true;
  const dsp_unit *unit = dsp_role_unit(role);
  char expected[120];
  snprintf(expected, sizeof expected, "role %s%s%s", dsp_role_text(role), unit ? ", or unit " : "", unit ? unit->ucum : "");
  dsp_fail(missing, DSP_NOT_APPLICABLE, channel->name, expected, "role %s", dsp_role_text(channel->role));
  return false;
}

const dsp_channel *part_channel(const dsp_recording *recording, dsp_role role) {
  const dsp_unit *unit = dsp_role_unit(role);
  for (size_t i = 0; i < recording->n_channels; i++) {
    const dsp_channel *c = &recording->channels[i];
    if (c->role == role && (!unit || c->unit == unit)) return c;
  }
  return NULL;
}

double part_range(const dsp_channel *channel) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < channel->n; i++)
    if (isfinite(channel->x[i])) low = fmin(low, channel->x[i]), high = fmax(high, channel->x[i]);
  return high > low ? high - low : 0;
}

double part_mean(const dsp_trace *trace, double from_s, double to_s) {
  double sum = 0, n = 0;
  for (size_t i = dsp_trace_index(trace, from_s), end = dsp_trace_index(trace, to_s); i < end; i++)
    if (trace->ok[i]) sum += trace->x[i], n++;
  return n > 0 ? sum / n : (double)NAN;
}

part_rails part_find_rails(const dsp_trace *trace, const dsp_trace_facts *facts) {
  static const double least_s = 0.5, rounding = 1e-9;
  part_rails rails = {INFINITY, -INFINITY};
  if (!(facts->clipped_s > least_s)) return (part_rails){-INFINITY, INFINITY};
  for (size_t i = 0; i < trace->n; i++) rails.high = fmax(rails.high, trace->x[i]), rails.low = fmin(rails.low, trace->x[i]);
  const double wide = rounding * (rails.high - rails.low);
  return (part_rails){rails.low + wide, rails.high - wide};
}

bool part_at_rail(part_rails rails, double x) {
  return x >= rails.high || x <= rails.low;
}

double part_extreme_share(const dsp_trace *trace, const dsp_trace_facts *facts, double from_s, double to_s) {
  const part_rails rails = part_find_rails(trace, facts);
  const size_t from = dsp_trace_index(trace, from_s), to = dsp_trace_index(trace, to_s);
  size_t count = 0;
  for (size_t i = from; i < to; i++) count += part_at_rail(rails, trace->x[i]);
  return to > from ? (double)count / (double)(to - from) : 0;
}

bool part_at_extreme(const dsp_trace *trace, const dsp_trace_facts *facts, double from_s, double to_s) {
  return 3 * part_extreme_share(trace, facts, from_s, to_s) > 1;
}

dsp_estimate part_percent(dsp_estimate a, dsp_estimate b) {
  const double value = 100 * a.value / b.value;
  return (dsp_estimate){value, hypot(100 * a.se / b.value, value * b.se / b.value)};
}

/* Median of the trace over `length_s` from t_s. */
static double median_at(double *scratch, const dsp_trace *trace, double t_s, double length_s) {
  const size_t from = dsp_trace_index(trace, t_s), to = dsp_trace_index(trace, t_s + length_s);
  size_t n = 0;
  for (size_t i = from; i < to; i++)
    if (trace->ok[i]) scratch[n++] = trace->x[i];
  return n >= 3 ? dsp_order_median(scratch, n) : NAN;
}

/* Do all samples in [from_s, to_s) lie within `limit` of each other? */
static bool lies_within(const dsp_trace *trace, double from_s, double to_s, double limit) {
  const size_t to = dsp_trace_index(trace, to_s);
  double low = INFINITY, high = -INFINITY;
  for (size_t i = dsp_trace_index(trace, from_s); i < to; i++) {
    if (trace->x[i] < low) low = trace->x[i];
    if (trace->x[i] > high) high = trace->x[i];
  }
  return high - low <= limit;
}

/* A step at t_s: 2 s before and after differ by more than `limit` beyond what the trend on either side brings, and 5 s later it is there
 * still. */
bool part_steps_at(double *scratch, const dsp_trace *trace, double t_s, double limit) {
  static const double apart_s = 0.25, window_s = 2, pause_s = 2.5;
  if (lies_within(trace, t_s - apart_s - window_s, t_s + apart_s + window_s, limit)) return false; /* the most common answer */
  const double before = median_at(scratch, trace, t_s - apart_s - window_s, window_s),
               after = median_at(scratch, trace, t_s + apart_s, window_s);
  const double step = after - before;
  if (!(fabs(step) > limit)) return false;
  const double earlier = median_at(scratch, trace, t_s - apart_s - window_s - pause_s, window_s),
               later = median_at(scratch, trace, t_s + apart_s + pause_s, window_s);
  const double trend = fmax(fabs(before - earlier), fabs(later - after)), kept = (later - before) / step;
  return fabs(step) - trend > limit && kept > 0.6;
}

dsp_status part_find_step(bool *found, const dsp_trace *trace, double from_s, double to_s, double limit) {
  double *scratch = dsp_alloc((size_t)(2 * trace->rate_hz) + 3, sizeof *scratch);
  if (!scratch) return DSP_NO_MEMORY;
  const double every_s = fmax(0.25, 1 / trace->rate_hz);
  *found = false;
  for (double t_s = from_s; t_s < to_s && !*found; t_s += every_s) *found = part_steps_at(scratch, trace, t_s, limit);
  free(scratch);
  return DSP_OK;
}
