/* SPDX-License-Identifier: GPL-3.0-or-later
 * Differences with the minimal detectable change: 2.77 (1.96 root 2) within-subject standard deviations, J. M. Bland, D. G. Altman, Lancet
 * 1 (1986) 307. What the pair shares (calibration, technologist, hour) cancels; what differs between repeats does not. */
#include "compare.h"

#include <math.h>
#include <string.h>

static const double change_per_sd = 2.77;

/* Smallest change of a measure around `mean` that is more than repeats differ by; NaN when nobody has published it. */
static double detectable_change(const dsp_protocol *protocol, const char *measure, double mean) {
  for (size_t i = 0; i < protocol->n_repeatability; i++) {
    const dsp_repeatability_row *row = &protocol->repeatability[i];
    if (strcmp(row->measure, measure) != 0 || fabs(mean) > row->to) continue;
    return change_per_sd * (isfinite(row->sd) ? row->sd : row->cv * fabs(mean));
  }
  return NAN;
}

static void put_difference(const dsp_test *test, size_t i, const dsp_test *of, const dsp_test *to, const dsp_protocol *protocol) {
  dsp_measure *m = &test->measures[i];
  const dsp_measure *a = &of->measures[i], *b = &to->measures[i];
  m->unit = a->unit;
  if (!a->valid || !b->valid) {
    dsp_measure_null(m, "nothing_to_compare");
    return;
  }
  dsp_measure_set(m, a->value - b->value, hypot(a->se, b->se), NAN, NAN);
  m->definition = "difference";
  m->n = a->n < b->n ? a->n : b->n;
  const double change = protocol->detectable ? protocol->detectable(of, to, m->row->id)
                                             : detectable_change(protocol, m->row->id, 0.5 * (a->value + b->value));
  if (!isfinite(change)) {
    dsp_flags_add(&m->flags, "change_unknown");
    return;
  }
  m->limit = change;
  m->limit_distance = fabs(m->value) - change;
  dsp_flags_add(&m->flags, fabs(m->value) > change ? "change_detected" : "change_within_repeats");
}

double dsp_asymmetry(double a, double b) {
  const double larger = fmax(a, b);
  return larger > 0 ? 100 * fabs(a - b) / larger : (double)NAN;
}

static dsp_status put_ratios(dsp_report *report, dsp_test *test, dsp_test *of, dsp_test *to, const dsp_protocol *protocol) {
  for (const char *const *id = protocol->ratios; id && *id; id++) {
    const dsp_measure *a = dsp_test_measure(of, *id), *b = dsp_test_measure(to, *id);
    const char *ratio = dsp_arena_printf(report->arena, "%s.ratio", *id), *share = dsp_arena_printf(report->arena, "%s.asymmetry", *id);
    if (!ratio || !share) return DSP_NO_MEMORY;
    const bool both = a->valid && b->valid;
    if (both && b->value > 0 && dsp_test_add_detail(test, ratio, "1", a->value / b->value) != DSP_OK) return DSP_NO_MEMORY;
    if (both && of->side != to->side && dsp_test_add_detail(test, share, "%", dsp_asymmetry(a->value, b->value)) != DSP_OK)
      return DSP_NO_MEMORY;
  }
  return DSP_OK;
}

static dsp_status add_pair(dsp_report *report, const dsp_protocol *protocol, size_t a, size_t b, const char *what) {
  const char *channel_a = report->tests[a].channel, *channel_b = report->tests[b].channel;
  const char *name = strcmp(channel_a, channel_b) != 0 ? dsp_arena_printf(report->arena, "%s - %s", channel_a, channel_b) : channel_a;
  if (!name) return DSP_NO_MEMORY;
  const bool one_side = report->tests[a].side == report->tests[b].side;
  const dsp_channel pair = {.name = name, .side = one_side ? report->tests[a].side : DSP_SIDE_UNKNOWN, .site = report->tests[a].site};
  dsp_test *test = dsp_report_add_test(report, protocol, &pair, 0, what);
  if (!test) return DSP_NO_MEMORY;
  for (size_t i = 0; i < test->n_measures; i++) put_difference(test, i, &report->tests[a], &report->tests[b], protocol);
  return put_ratios(report, test, &report->tests[a], &report->tests[b], protocol);
}

static bool same(const char *a, const char *b) {
  return a == b || (a && b && !strcmp(a, b));
}

/* How far down the limb the site is; 0 unknown. */
static size_t depth(const char *site) {
  static const char *const down[] = {"thigh", "calf", "ankle", "foot", "toe"};
  for (size_t i = 0; site && i < sizeof down / sizeof down[0]; i++)
    if (!strcmp(site, down[i])) return i + 1;
  return 0;
}

static dsp_status add_segments(dsp_report *report, const dsp_protocol *protocol, size_t i, size_t k) {
  const size_t depth_i = depth(report->tests[i].site), depth_k = depth(report->tests[k].site);
  if (!depth_i || !depth_k || depth_i == depth_k) return DSP_OK;
  const size_t distal = depth_i > depth_k ? i : k, proximal = i + k - distal;
  const char *what = dsp_arena_printf(report->arena, "%s minus %s", report->tests[distal].site, report->tests[proximal].site);
  return what ? add_pair(report, protocol, distal, proximal, what) : DSP_NO_MEMORY;
}

dsp_status compare_tests(dsp_report *report, const dsp_protocol *protocol) {
  const size_t n = report->n_tests;
  const bool compared = protocol->n_repeatability > 0 || protocol->detectable || protocol->ratios;
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < n && compared && status == DSP_OK; i++)
    for (size_t k = i + 1; k < n && status == DSP_OK; k++) {
      const dsp_test *a = &report->tests[i], *b = &report->tests[k];
      if (a->trial || b->trial) continue;
      if (!strcmp(a->channel, b->channel) && !a->manoeuvre && b->manoeuvre) {
        const char *what = dsp_arena_printf(report->arena, "%s minus none", b->manoeuvre);
        status = what ? add_pair(report, protocol, k, i, what) : DSP_NO_MEMORY;
      } else if (a->side != b->side && a->side != DSP_SIDE_UNKNOWN && b->side != DSP_SIDE_UNKNOWN && same(a->manoeuvre, b->manoeuvre) &&
                 (!a->site || !b->site || same(a->site, b->site))) {
        const bool left_first = a->side == DSP_SIDE_LEFT;
        status = add_pair(report, protocol, left_first ? i : k, left_first ? k : i, "left minus right");
      } else if (protocol->segments && a->side == b->side && same(a->manoeuvre, b->manoeuvre)) {
        status = add_segments(report, protocol, i, k);
      }
    }
  return status;
}
