/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pulse volume recording: the shape of the arterial pulse under a cuff at a fixed pressure.
 * Method: Raines 1973: beats averaged on their feet; amplitude, crest time, steepest upstroke and the reflected wave on the down-stroke. */
#include "parts/part.h"

#include <dsp/congestion.h>
#include <dsp/memory.h>
#include <dsp/pulse.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OURS   "engineering choice"
#define RAINES "pulse volume recorder as described by Raines 1973"
#define TAUGHT "Raines 1973 as taught; from secondary texts, not read in the source"

enum {
  P_WORK_RATE,
  P_BRIDGE,
  P_LOW,
  P_HIGH,
  P_SHORTEST,
  P_LONGEST,
  P_FEWEST,
  P_LIKENESS,
  P_NOTCH,
  P_CHART,
  P_WAVE,
  P_POOR,
  P_FLAT,
  P_STOP,
  P_ROWS
};

static const dsp_param_row param_rows[P_ROWS] = {
    [P_WORK_RATE] = {"pvr.work_rate_hz", "Hz", 200, 50, 2000, NULL, "Lowest rate to which a faster trace is decimated.", OURS},
    [P_BRIDGE] = {"pvr.bridge_s", "s", 0.05, 0, 1, NULL, "Longest gap that a straight line may bridge.", OURS},
    [P_LOW] = {"pvr.lo_hz", "Hz", 0.5, 0.05, 2, NULL, "Lower end of the band in which beats are sought.", OURS},
    [P_HIGH] = {"pvr.hi_hz", "Hz", 12, 4, 100, NULL, "Upper end of the band in which beats are sought.", OURS},
    [P_SHORTEST] = {"pvr.shortest_s", "s", 0.3, 0.15, 1, NULL, "Shortest beat.", OURS},
    [P_LONGEST] = {"pvr.longest_s", "s", 2, 0.5, 5, NULL, "Longest beat.", OURS},
    [P_FEWEST] = {"pvr.fewest_beats", "1", 5, 3, 1000, NULL, "Fewest alike beats that are averaged.", RAINES},
    [P_LIKENESS] = {"pvr.likeness", "1", 0.9, 0, 1, NULL, "Least correlation of a beat with the median beat.", OURS},
    [P_NOTCH] = {"pvr.notch", "1", 1, 0, 100, NULL,
                 "Smallest fall of the second derivative behind the notch that counts, as a share of amplitude / period^2.", OURS},
    [P_CHART] = {"pvr.chart_mm", "mm", 20, 1, 1000, NULL, "Chart deflection of 1 mmHg, in which the categories are worded.", TAUGHT},
    [P_WAVE] = {"pvr.category_good_mm", "mm", 15, 1, 1000, NULL, "Deflection above which the category is 1 or 2 (calf: set 20).", TAUGHT},
    [P_POOR] = {"pvr.category_poor_mm", "mm", 5, 0.1, 1000, NULL, "Deflection below which it is 4.", TAUGHT},
    [P_FLAT] = {"pvr.category_flat_mm", "mm", 0.5, 0.01, 100, NULL, "Deflection below which it is 5, flat.", OURS},
    [P_STOP] = {"pvr.stop_s", "s", 3, 2, 60, NULL, "Shortest stretch without pulses that is told and left out: a cuff shut the artery.",
                OURS},
};

static const dsp_measure_row measure_rows[] = {
    {"AMP", "mm[Hg]", "pvr.AMP.foot_peak", "Amplitude of the average beat, foot to peak, in the channel's unit.", RAINES},
    {"CREST", "s", "pvr.CREST.foot_peak", "Crest time of the average beat: foot (intersecting tangents) to peak.", RAINES},
    {"SLOPE", "mm[Hg]/s", "pvr.SLOPE.steepest", "Steepest upstroke of the average beat, the channel's unit per second.", RAINES},
    {"NOTCH", "1", "pvr.NOTCH.second_derivative", "Reflected wave on the down-stroke: 1 when the second derivative shows it, 0 when not.",
     RAINES},
    {"CATEGORY", "1", "pvr.CATEGORY.raines", "Raines category, 1 normal to 5 flat, from the deflection and the reflected wave.", TAUGHT},
};
enum { AMP, CREST, SLOPE, NOTCH, CATEGORY, MEASURES };

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  return channel->role == DSP_ROLE_VOLUME || channel->role == DSP_ROLE_PPG ||
         part_role_fits(channel, DSP_ROLE_PRESSURE, DSP_DIM_PRESSURE, missing);
}

/* Any trace of a limb has pulses: that alone does not make it this test. */
static bool suggested(const dsp_recording *recording) {
  (void)recording;
  return false;
}

/* Does the trace stand at a rail, and not only touch it? */
static bool stands(const dsp_trace *trace, part_rails rails, size_t i) {
  return i > 0 && i + 1 < trace->n && part_at_rail(rails, trace->x[i - 1]) && part_at_rail(rails, trace->x[i]) &&
         part_at_rail(rails, trace->x[i + 1]);
}

/* The longest stretch without a missing or saturated sample that is not of `stop`; *saturated: there are such. */
static dsp_signal longest(bool *saturated, const dsp_trace *trace, const dsp_trace_facts *facts, const dsp_congestions *stop) {
  const part_rails rails = part_find_rails(trace, facts);
  const double end_s = (double)trace->n / trace->rate_hz, stop_s = stop->n ? stop->cycle[0].inflate_s : end_s,
               go_s = stop->n && isfinite(stop->cycle[0].release_s) ? stop->cycle[0].release_s : end_s;
  size_t best = 0, best_n = 0, from = 0;
  *saturated = false;
  for (size_t i = 0; i <= trace->n; i++) {
    const bool cut = i < trace->n && stands(trace, rails, i);
    *saturated |= cut;
    const double t_s = (double)i / trace->rate_hz;
    if (i < trace->n && trace->ok[i] && !cut && !(t_s >= stop_s && t_s < go_s)) continue;
    if (i - from > best_n) best = from, best_n = i - from;
    from = i + 1;
  }
  return (dsp_signal){trace->x + best, best_n, trace->rate_hz, (double)best / trace->rate_hz};
}

/* 1 to 5; 0 where the unit does not say. The deflection decides, then the reflected wave. */
static int category(double amplitude_mmhg, bool notch, const double *params) {
  const double mm = amplitude_mmhg * params[P_CHART];
  if (mm < params[P_FLAT]) return 5;
  if (mm < params[P_POOR]) return 4;
  if (mm <= params[P_WAVE]) return 3;
  return notch ? 1 : 2;
}

static dsp_status report_pulse(dsp_arena *arena, dsp_test *test, const dsp_pulse *pulse, const dsp_channel *channel,
                               const dsp_signal *signal, const double *params) {
  static const double sure_se = 3;
  const double t0_s = signal->t0_s, t1_s = t0_s + (double)signal->n / signal->rate_hz;
  const bool mmhg = channel->unit && !strcmp(channel->unit->ucum, dsp_role_unit(DSP_ROLE_PRESSURE)->ucum);
  part_set(test, "AMP", pulse->amplitude, t0_s, t1_s, "no_pulse");
  part_set(test, "CREST", pulse->crest_s, t0_s, t1_s, "no_pulse");
  part_set(test, "SLOPE", pulse->slope, t0_s, t1_s, "no_pulse");
  if (!mmhg) {
    const char *unit = channel->unit ? channel->unit->ucum : "1";
    test->measures[AMP].unit = unit;
    test->measures[SLOPE].unit = dsp_arena_printf(arena, "%s/s", unit);
    if (!test->measures[SLOPE].unit) return DSP_NO_MEMORY;
  }
  const bool notch = pulse->bend.value > params[P_NOTCH] && pulse->bend.value > sure_se * pulse->bend.se;
  dsp_measure_set(&test->measures[NOTCH], notch, NAN, t0_s, t1_s);
  if (mmhg) {
    dsp_measure_set(&test->measures[CATEGORY], category(pulse->amplitude.value, notch, params), NAN, t0_s, t1_s);
    dsp_flags_add(&test->measures[CATEGORY].flags, "limits_unverified");
  } else {
    dsp_measure_null(&test->measures[CATEGORY], "unit_unknown");
  }
  for (size_t m = 0; m < MEASURES; m++)
    if (test->measures[m].valid) test->measures[m].n = (unsigned)pulse->n_beats;
  const struct {
    const char *id, *unit;
    double value;
  } rows[] = {{"beats", "1", (double)pulse->n_beats},
              {"beats_rejected", "1", (double)pulse->n_rejected},
              {"heart_rate", "/min", 60 / pulse->period_s.value},
              {"half_width", "s", pulse->half_width_s.value},
              {"notch_time", "s", notch ? pulse->notch_s : (double)NAN},
              {"notch_depth", "1", pulse->bend.value}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (dsp_test_add_detail(test, rows[i].id, rows[i].unit, rows[i].value) != DSP_OK) return DSP_NO_MEMORY;
  if (pulse->n_rejected > pulse->n_beats / 2) dsp_flags_add(&test->flags, "beats_unlike");
  double *copy = dsp_alloc(pulse->n, sizeof *copy);
  if (!copy) return DSP_NO_MEMORY;
  memcpy(copy, pulse->mean, pulse->n * sizeof *copy);
  const char *unit = channel->unit ? channel->unit->ucum : "";
  return dsp_test_add_series(test, "beat", unit, pulse->rate_hz, -(double)pulse->foot / pulse->rate_hz, copy, pulse->n);
}

/* A cuff that shut the artery for a while. */
static dsp_status mark_stop(dsp_test *test, const dsp_congestion *stop) {
  dsp_flags_add(&test->flags, "flow_stopped");
  dsp_status status = dsp_test_add_landmark(test, "arterial_inflate", stop->inflate_s, NAN, NAN, "detected");
  if (status == DSP_OK && isfinite(stop->release_s))
    status = dsp_test_add_landmark(test, "arterial_release", stop->release_s, NAN, NAN, "detected");
  return status;
}

static dsp_status read_pulse(dsp_arena *arena, dsp_test *test, const dsp_channel *channel, const dsp_trace *trace,
                             const dsp_trace_facts *facts, const double *params) {
  bool cut;
  dsp_congestions *stop = dsp_alloc(1, sizeof *stop);
  dsp_status status = stop ? dsp_flow_stop_find(stop, trace, params[P_STOP]) : DSP_NO_MEMORY;
  if (status != DSP_OK) {
    free(stop);
    return status;
  }
  const dsp_signal signal = longest(&cut, trace, facts, stop);
  const dsp_beat_rule rule = {params[P_LOW], params[P_HIGH], params[P_SHORTEST], params[P_LONGEST]};
  dsp_beat *beats = NULL;
  size_t n = 0;
  dsp_pulse pulse = {0};
  status = dsp_find_beats(&beats, &n, &signal, &rule, NULL);
  if (status == DSP_OK) status = dsp_pulse_average(&pulse, &signal, beats, n, (size_t)params[P_FEWEST], params[P_LIKENESS], NULL);
  if (status == DSP_OK) status = report_pulse(arena, test, &pulse, channel, &signal, params);
  for (size_t i = 0; status == DSP_OK && i < n && n <= 100; i++)
    status = dsp_test_add_landmark(test, "foot", beats[i].foot_s, NAN, NAN, "detected");
  dsp_pulse_clear(&pulse);
  free(beats);
  if (status != DSP_NO_MEMORY && stop->n && mark_stop(test, &stop->cycle[0]) != DSP_OK) status = DSP_NO_MEMORY;
  free(stop);
  if (status == DSP_NO_MEMORY) return status;
  if (status != DSP_OK) part_null_rest(test, cut ? "saturated" : "no_pulse");
  return DSP_OK;
}

extern const dsp_protocol dsp_pvr;

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  dsp_trace trace = {0};
  dsp_trace_facts facts = {0};
  dsp_test *test = dsp_report_add_test(report, &dsp_pvr, channel, 0, NULL);
  if (!test) return DSP_NO_MEMORY;
  dsp_status status = part_condition(&trace, &facts, channel, params[P_WORK_RATE], params[P_BRIDGE], 0, error);
  if (status == DSP_BAD_INPUT) {
    part_null_rest(test, "no_data");
    return DSP_OK;
  }
  if (status == DSP_OK && !(facts.step > 0))
    part_null_rest(test, "constant_signal");
  else if (status == DSP_OK)
    status = read_pulse(report->arena, test, channel, &trace, &facts, params);
  if (status == DSP_OK) status = part_add_trace(test, &trace, channel->unit ? channel->unit->ucum : "");
  if (status == DSP_OK) {
    part_note_facts(test, recording, channel, &facts, 90);
    part_rate_quality(test, channel, &facts);
  }
  dsp_trace_clear(&trace);
  return status;
}

static const char *const ratios[] = {"AMP", "CREST", "SLOPE", NULL};

const dsp_protocol dsp_pvr = {
    .id = "pvr",
    .title = "Pulse volume recording",
    .needs = "a channel with role pressure in mmHg, volume in mL, or ppg, 100 samples a second or more",
    .posture = "Supine, at rest for 10 minutes, the limb at heart level and still.",
    .steps =
        "1. Place the cuff (thigh, below the knee, ankle or metatarsal). 2. Inflate it to 65 mmHg. 3. Record at least ten quiet beats. 4. "
        "Repeat at each level and on the other side.",
    .sidecar = "Role, unit, side and site of each cuff's channel; no events are needed.",
    .params = {"pvr", param_rows, P_ROWS},
    .measures = measure_rows,
    .n_measures = MEASURES,
    .applicable = applicable,
    .suggested = suggested,
    .run = run,
    .ratios = ratios,
    .segments = true,
};
