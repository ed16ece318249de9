/* SPDX-License-Identifier: GPL-3.0-or-later
 * EDF+ knows whole numbers of 16 bits (BDF+: 24) with limits of 8 characters, and records of one length. Where a channel's own whole
 * numbers fit, they are kept; else the range of its samples is divided evenly. A record is as long as gives every channel whole samples
 * and, if it can be, every segment whole records. */
#include "recording_edf.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In order of liking. */
static const double durations_s[] = {1,  2,  0.5,  5,    0.2,  0.1,  10, 0.25, 3,  4,     6,     20,
                                     30, 60, 0.05, 0.04, 0.02, 0.01, 8,  12,   15, 0.005, 0.002, 0.001};
enum { RECORD_BYTES_MAX = 10 << 20, PREFERRED_SAMPLES = 61440 };

void edf_number(char text[EDF_LIMIT_BYTES + 1], double value) {
  char best[64] = "0", tried[64];
  double best_error = HUGE_VAL;
  for (int digits = 1; digits <= 9; digits++) {
    snprintf(tried, sizeof tried, "%.*g", digits, value);
    if (strlen(tried) > EDF_LIMIT_BYTES) {
      snprintf(tried, sizeof tried, "%.*f", digits, value);
      char *end = tried + strlen(tried);
      while (end > tried && end[-1] == '0' && strchr(tried, '.')) *--end = '\0';
    }
    const double error = fabs(strtod(tried, NULL) - value);
    if (strlen(tried) <= EDF_LIMIT_BYTES && error < best_error) {
      best_error = error;
      memcpy(best, tried, sizeof best);
    }
  }
  memcpy(text, best, EDF_LIMIT_BYTES + 1);
}

/* All channels must pause at the same moments: a record holds them all. */
static bool same_segments(const dsp_recording *r) {
  const dsp_channel *first = &r->channels[0];
  for (size_t i = 1; i < r->n_channels; i++) {
    const dsp_channel *c = &r->channels[i];
    const double near_s = fmax(1 / c->rate_hz, 1 / first->rate_hz);
    if (c->n_segments != first->n_segments) return false;
    for (size_t s = 0; s < c->n_segments; s++) {
      const double end_s = c->segments[s].t0_s + (double)c->segments[s].n / c->rate_hz;
      const double first_end_s = first->segments[s].t0_s + (double)first->segments[s].n / first->rate_hz;
      if (fabs(c->segments[s].t0_s - first->segments[s].t0_s) > near_s || fabs(end_s - first_end_s) > near_s) return false;
    }
  }
  return true;
}

/* Records that segment `s` of all channels takes, and the samples by which it is padded. */
static size_t records_of(const edf_plan *plan, size_t s, double record_s, size_t *padded) {
  size_t records = 0;
  for (size_t i = 0; i < plan->n_signals; i++) {
    const dsp_channel *c = plan->signals[i].channel;
    const size_t per = (size_t)llround(c->rate_hz * record_s), need = (c->segments[s].n + per - 1) / per;
    if (need > records) records = need;
  }
  for (size_t i = 0; i < plan->n_signals; i++) {
    const dsp_channel *c = plan->signals[i].channel;
    *padded += records * (size_t)llround(c->rate_hz * record_s) - c->segments[s].n;
  }
  return records;
}

/* Padding of the whole recording, or SIZE_MAX when a channel would have no whole samples in such a record. */
static size_t padding_with(const edf_plan *plan, double record_s) {
  size_t padded = 0, samples = 0;
  for (size_t i = 0; i < plan->n_signals; i++) {
    const double per = plan->signals[i].channel->rate_hz * record_s;
    if (per < 0.5 || fabs(per - round(per)) > 1e-6 * per) return SIZE_MAX;
    samples += (size_t)llround(per);
  }
  if (samples * plan->width > PREFERRED_SAMPLES && record_s > 0.001) return SIZE_MAX;
  for (size_t s = 0; s < plan->n_segments; s++) (void)records_of(plan, s, record_s, &padded);
  return padded;
}

static dsp_status choose_record(edf_plan *plan, dsp_error *error) {
  const size_t n = sizeof durations_s / sizeof durations_s[0];
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < n && best > 0; i++) {
    const size_t padded = padding_with(plan, durations_s[i]);
    if (padded >= best) continue;
    best = padded;
    plan->record_s = durations_s[i];
  }
  if (best == SIZE_MAX) { /* one sample of the slowest channel, if the others have whole ones then */
    double slowest_hz = HUGE_VAL;
    for (size_t i = 0; i < plan->n_signals; i++) slowest_hz = fmin(slowest_hz, plan->signals[i].channel->rate_hz);
    plan->record_s = round(slowest_hz) >= 1 ? round(slowest_hz) / slowest_hz : 1 / slowest_hz;
    for (size_t i = 0; i < plan->n_signals; i++) {
      const double per = plan->signals[i].channel->rate_hz * plan->record_s;
      if (fabs(per - round(per)) > 1e-6 * per)
        return dsp_fail(error, DSP_BAD_OPTION, "", "CSV or BIDS", "channels whose rates (%g and %g Hz) have no common record in EDF",
                        slowest_hz, plan->signals[i].channel->rate_hz);
    }
  }
  edf_number(plan->record_text, plan->record_s);
  const double stored_s = strtod(plan->record_text, NULL);
  if (fabs(stored_s - plan->record_s) > 1e-9 * plan->record_s)
    fmt_printf(plan->notes, "the record's duration of %.9g s is stored as %s s\n", plan->record_s, plan->record_text);
  return DSP_OK;
}

/* The range of the whole numbers that the samples came from, if they are whole and fit. */
static bool own_numbers(edf_out_signal *signal, long most) {
  const dsp_channel *c = signal->channel;
  double low = HUGE_VAL, high = -HUGE_VAL;
  if (c->scale == 0 || !isfinite(c->scale)) return false;
  for (size_t i = 0; i < c->n; i++) {
    if (isnan(c->x[i])) continue;
    const double raw = (c->x[i] - c->offset) / c->scale;
    if (fabs(raw - round(raw)) > 1e-4) return false;
    low = fmin(low, round(raw));
    high = fmax(high, round(raw));
  }
  const double least = -(double)most - (c->missing ? 0 : 1);
  if (low > high || low < least || high > (double)most) return false;
  signal->low = (long)low;
  signal->high = (long)high;
  signal->scale = c->scale;
  signal->offset = c->offset;
  return true;
}

/* Divide the range of the samples evenly. */
static void new_numbers(edf_out_signal *signal, long most) {
  const dsp_channel *c = signal->channel;
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (size_t i = 0; i < c->n; i++) {
    if (isnan(c->x[i])) continue;
    low = fmin(low, c->x[i]);
    high = fmax(high, c->x[i]);
  }
  if (low > high) low = high = 0;
  if (low == high) high = low + fmax(1, fabs(low));
  signal->scale = (high - low) / (2.0 * (double)most);
  signal->offset = low + (double)most * signal->scale;
}

/* The physical limits as they will stand in the file; what a reader computes from them is the scale that counts. False: off by more than
 * that many steps. */
static bool store_limits(edf_out_signal *signal, double steps_off) {
  const double least = (double)signal->low * signal->scale + signal->offset, most = (double)signal->high * signal->scale + signal->offset;
  edf_number(signal->physical[0], least);
  edf_number(signal->physical[1], most);
  const double low = strtod(signal->physical[0], NULL), high = strtod(signal->physical[1], NULL);
  const double steps = (double)(signal->high - signal->low), stored = (high - low) / steps;
  const double off = steps_off * fabs(signal->scale);
  const bool kept = fabs(low - least) <= off && fabs(high - most) <= off;
  if (!signal->exact) { /* numbers are made for the limits as stored */
    signal->scale = stored;
    signal->offset = low - (double)signal->low * stored;
  }
  return kept && stored != 0;
}

static bool try_limits(edf_out_signal *signal, long low, long high, const long seen[2], double steps_off) {
  signal->low = low;
  signal->high = high;
  return low <= seen[0] && high >= seen[1] && low < high && store_limits(signal, steps_off);
}

/* Limits beyond the samples cost nothing where the file's own numbers are kept: those of the converter first, since they are round. Limits
 * that are exact are best; a thousandth of a step is still none. */
static bool store_own_limits(edf_out_signal *signal, long most) {
  static const double nearly[] = {1e-9, 1e-3}; /* steps */
  static const long ranges[] = {4095, 2047, 1023, 1000, 10000, 100, 10, 32768};
  const long seen[2] = {signal->low, signal->high};
  for (size_t k = 0; k < sizeof nearly / sizeof nearly[0]; k++) {
    const double off = nearly[k];
    if (try_limits(signal, -most - 1, most, seen, off) || try_limits(signal, -most, most, seen, off) ||
        try_limits(signal, 0, most, seen, off) || try_limits(signal, -most - 1, (most + 1) / 64 * 63, seen, off) ||
        try_limits(signal, seen[0], seen[1], seen, off))
      return true;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
      if (ranges[i] <= most && (try_limits(signal, 0, ranges[i], seen, off) || try_limits(signal, -ranges[i], ranges[i], seen, off)))
        return true;
  }
  return try_limits(signal, -most - 1, most, seen, 0);
}

static dsp_status plan_signal(edf_plan *plan, edf_out_signal *signal, dsp_error *error) {
  const long most = plan->width == 2 ? 32767 : 8388607;
  const dsp_channel *c = signal->channel;
  signal->none = -most - 1;
  signal->exact = own_numbers(signal, most);
  if (!signal->exact) {
    new_numbers(signal, most);
    signal->high = most;
    signal->low = -most - 1;
  }
  const bool kept = signal->exact ? store_own_limits(signal, most) : store_limits(signal, 1e-3);
  if (!(fabs(signal->scale) > 0) || strcmp(signal->physical[0], signal->physical[1]) == 0)
    return dsp_fail(error, DSP_BAD_OPTION, "", "CSV or BIDS", "channel \"%s\" has values that 8 characters cannot hold", c->name);
  if (!signal->exact)
    fmt_printf(plan->notes, "channel \"%s\" is rounded to steps of %.3g\n", c->name, fabs(signal->scale));
  else if (!kept)
    fmt_printf(plan->notes, "channel \"%s\" keeps its whole numbers, but its limits are rounded to 8 characters\n", c->name);
  if (c->missing)
    fmt_printf(plan->notes, "channel \"%s\": %zu missing samples have the lowest value, and are named in annotations\n", c->name,
               c->missing);
  signal->per_record = (size_t)llround(c->rate_hz * plan->record_s);
  return DSP_OK;
}

dsp_status edf_plan_make(edf_plan *plan, const dsp_recording *recording, unsigned width, fmt_buffer *notes, dsp_error *error) {
  *plan = (edf_plan){.recording = recording, .notes = notes, .width = width, .n_signals = recording->n_channels};
  if (recording->n_channels == 0) return dsp_fail(error, DSP_BAD_OPTION, "", "a recording with channels", "nothing that EDF could hold");
  if (!same_segments(recording)) return dsp_fail(error, DSP_BAD_OPTION, "", "CSV", "channels that pause at different times");
  plan->n_segments = recording->channels[0].n_segments;
  plan->signals = dsp_zalloc(plan->n_signals, sizeof *plan->signals);
  plan->records = dsp_zalloc(plan->n_segments, sizeof *plan->records);
  if (!plan->signals || !plan->records) return dsp_fail_memory(error);
  for (size_t i = 0; i < plan->n_signals; i++) plan->signals[i].channel = &recording->channels[i];
  dsp_status status = choose_record(plan, error);
  for (size_t i = 0; status == DSP_OK && i < plan->n_signals; i++) status = plan_signal(plan, &plan->signals[i], error);
  for (size_t s = 0; status == DSP_OK && s < plan->n_segments; s++) {
    plan->records[s] = records_of(plan, s, plan->record_s, &plan->padded);
    plan->n_records += plan->records[s];
  }
  if (status == DSP_OK && plan->padded)
    fmt_printf(notes, "%zu samples were added behind the ends of segments to fill records, and are named in annotations\n", plan->padded);
  return status;
}

void edf_plan_clear(edf_plan *plan) {
  free(plan->signals);
  free(plan->records);
}
