/* SPDX-License-Identifier: GPL-3.0-or-later
 * A reflux test on a recording of a compressed vein: fixture, and short names for what stands in its report. */
#ifndef SUPPORT_DUPLEX_H
#define SUPPORT_DUPLEX_H

#include "runner.h"
#include "venous.h"
#include <string.h>

static const venous_plan reflux_plan = {.rate_hz = 8000,
                                        .duration_s = 13,
                                        .f0_hz = 5e6,
                                        .angle_deg = 60,
                                        .wiring = VENOUS_IQ,
                                        .profile = 2,
                                        .snr_db = 20,
                                        .clutter_db = -INFINITY,
                                        .broadening = 0.05,
                                        .crosstalk_db = -INFINITY,
                                        .rest_cm_s = 8,
                                        .phasic = 0.4,
                                        .breath_s = 4,
                                        .trials = 1,
                                        .first_s = 5,
                                        .period_s = 10,
                                        .push_cm_s = 60,
                                        .push_s = 0.8,
                                        .rise_s = 0.1,
                                        .peak_cm_s = 30,
                                        .tau_s = 2,
                                        .reflux_s = 2,
                                        .spike_cm_s = 15,
                                        .spike_s = 0.15,
                                        .quiet_s = 1};

static dsp_params *params;
static dsp_report *report;
static dsp_recording *recording;

static inline void setup(void) {
  static const dsp_param_table *tables[2];
  tables[0] = &dsp_protocol_find("duplex.reflux")->params;
  params = dsp_params_new(tables);
  ck_assert_ptr_nonnull(params);
  report = NULL;
  recording = NULL;
}

static inline void teardown(void) {
  dsp_report_free(report);
  dsp_recording_free(recording);
  dsp_params_free(params);
}

static inline const dsp_test *analyze(const char *guideline) {
  ck_assert_int_eq(dsp_analyze(recording, "duplex.reflux", guideline, params, &report, NULL), DSP_OK);
  return &report->tests[0];
}

static inline const dsp_measure *measure(const char *id) {
  return dsp_test_measure(&report->tests[0], id);
}

static inline double detail(const char *id) {
  for (size_t i = 0; i < report->tests[0].n_details; i++)
    if (!strcmp(report->tests[0].details[i].id, id)) return report->tests[0].details[i].value;
  ck_abort_msg("no detail %s", id);
  return NAN;
}

/* Pairs of the recording, to be spoilt in place. */
static inline float *pairs_of(size_t *n) {
  *n = (size_t)recording->audio.n_frames;
  float *x = malloc(2 * *n * sizeof *x);
  ck_assert_ptr_nonnull(x);
  ck_assert_int_eq(recording->audio.read(recording->audio.context, x, 0, *n, NULL), DSP_OK);
  return x;
}

static inline void put_pairs(float *x, size_t n) {
  const double rate_hz = recording->audio.rate_hz;
  dsp_audio_close(&recording->audio);
  ck_assert_int_eq(dsp_audio_in_memory(&recording->audio, x, n, 2, rate_hz, 16), DSP_OK);
}

static inline bool flagged(const char *flag) {
  return dsp_flags_has(&report->tests[0].flags, flag);
}

#endif
