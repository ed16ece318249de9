/* SPDX-License-Identifier: GPL-3.0-or-later
 * Short ways for tests to build a cuffed limb or a light-reflection trace by hand. */
#ifndef SUPPORT_LIMB_H
#define SUPPORT_LIMB_H

#include "leg.h"
#include <dsp/guideline.h>

enum { LIMB_RATE_HZ = 50 };

/* A little white noise that is the same every time. */
static inline double limb_noise(size_t i) {
  uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)(z >> 11) * 0x1p-53 - 0.5;
}

/* Rest to 60 s, congestion (time constant 12 s) to `hold_s` later, then an exponential outflow, to 60 s after venting. */
static inline double *limb_occlusion(size_t *n, double v0, double tau_s, double hold_s, double noise) {
  *n = (size_t)((60 + hold_s + 60) * LIMB_RATE_HZ);
  double *x = dsp_alloc(*n, sizeof *x);
  ck_assert_ptr_nonnull(x);
  const double top = v0 / -expm1(-hold_s / 12);
  for (size_t i = 0; i < *n; i++) {
    const double t = (double)i / LIMB_RATE_HZ;
    const double v = t < 60 ? 0 : t < 60 + hold_s ? top * -expm1(-(t - 60) / 12) : v0 * exp(-(t - 60 - hold_s) / tau_s);
    x[i] = v + noise * limb_noise(i);
  }
  return x;
}

/* One channel of that role in its own unit, without events; takes ownership of `x`. */
static inline leg limb_by_hand(const char *protocol, dsp_role role, double *x, size_t n, double rate_hz) {
  leg_protocol = protocol;
  leg made = leg_by_hand(x, n, rate_hz, "");
  dsp_channel *channel = &made.recording->channels[0];
  channel->role = role;
  channel->unit = dsp_role_unit(role);
  channel->unit_as_written = channel->unit ? channel->unit->ucum : NULL;
  return made;
}

/* The grade of a refill time, as the program's own table gives it. */
static inline const char *limb_refill_grade(double to_s) {
  leg_protocol = "ppg.refill";
  leg l = limb_by_hand("ppg.refill", DSP_ROLE_PPG, dsp_zalloc(100, sizeof(double)), 100, 10);
  dsp_report *report = dsp_report_new(l.recording, l.params);
  dsp_test *test = dsp_report_add_test(report, dsp_protocol_find("ppg.refill"), &l.recording->channels[0], 0, NULL);
  dsp_measure_set(dsp_test_measure(test, "TO"), to_s, NAN, NAN, NAN);
  dsp_guideline_grade(test, NULL, NULL);
  const char *grade = dsp_test_measure(test, "TO")->grade;
  dsp_report_free(report);
  leg_free(&l);
  return grade; /* a literal of the table */
}

/* The first test's measures all null for this reason, as a report must be. */
static inline void limb_check_refused(const leg *l, const char *what, const char *flag) {
  leg_check_report(l, what);
  const dsp_test *test = &l->report->tests[0];
  for (size_t i = 0; i < test->n_measures; i++)
    ck_assert_msg(!test->measures[i].valid && dsp_flags_has(&test->measures[i].flags, flag), "%s: %s without %s", what,
                  test->measures[i].row->id, flag);
}

#endif
