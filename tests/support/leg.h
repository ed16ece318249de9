/* SPDX-License-Identifier: GPL-3.0-or-later
 * Short ways for tests to simulate a leg, or to build one by hand, and to ask its report. */
#ifndef SUPPORT_LEG_H
#define SUPPORT_LEG_H

#include <check.h>
#include <dsp/memory.h>
#include <dsp/phantom.h>
#include <dsp/protocol.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct leg {
  dsp_params *params;
  dsp_recording *recording;
  dsp_truth *truth;   /* NULL for a leg built by hand */
  dsp_report *report; /* NULL until analysed, and when that failed */
  dsp_status status;
  dsp_error error;
} leg;

/* The protocol that is simulated and analysed; set it first where it is another. */
static const char *leg_protocol = "apg.stand";

/* `settings` is "name=value name=value ..."; a name without a dot is one of the simulator's. */
static inline dsp_params *leg_params(const char *settings) {
  static const dsp_param_table *tables[3];
  ck_assert_msg(dsp_phantom_find(leg_protocol) && dsp_protocol_find(leg_protocol), "%s: no simulator or no protocol", leg_protocol);
  tables[0] = &dsp_phantom_find(leg_protocol)->params;
  tables[1] = &dsp_protocol_find(leg_protocol)->params;
  dsp_params *params = dsp_params_new(tables);
  ck_assert_ptr_nonnull(params);
  char *text = strdup(settings), *rest = NULL;
  ck_assert_ptr_nonnull(text);
  for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    char name[96], *equals = strchr(word, '=');
    dsp_error error = {0};
    ck_assert_ptr_nonnull(equals);
    *equals = '\0';
    if (strchr(word, '.'))
      snprintf(name, sizeof name, "%s", word);
    else
      snprintf(name, sizeof name, "sim.%s.%s", leg_protocol, word);
    ck_assert_msg(dsp_params_set(params, name, equals + 1, &error) == DSP_OK, "%s: %s", name, error.found);
  }
  free(text);
  return params;
}

static inline leg leg_simulate(const char *settings, uint64_t seed) {
  const dsp_phantom *phantom = dsp_phantom_find(leg_protocol);
  leg made = {.params = leg_params(settings)};
  made.status = phantom->make(dsp_params_values(made.params, &phantom->params), seed, &made.recording, &made.truth, &made.error);
  ck_assert_msg(made.status == DSP_OK, "%s: %s: %s", settings, made.error.place, made.error.found);
  return made;
}

/* A leg of one channel "APG" in mL without events; takes ownership of `x`. */
static inline leg leg_by_hand(double *x, size_t n, double rate_hz, const char *settings) {
  leg made = {.params = leg_params(settings), .recording = dsp_recording_new()};
  ck_assert_ptr_nonnull(made.recording);
  dsp_channel *channel = dsp_recording_add_channel(made.recording, "APG", rate_hz, x, n);
  ck_assert_ptr_nonnull(channel);
  channel->role = DSP_ROLE_VOLUME;
  channel->unit = dsp_unit_find("mL", 2);
  channel->unit_as_written = "mL";
  return made;
}

static inline void leg_event(leg *l, double t_s, dsp_event_kind kind, unsigned count, double dur_s) {
  const dsp_event event = {.t_s = t_s, .kind = kind, .count = count, .dur_s = dur_s, .volume_ml = NAN, .percent = NAN};
  ck_assert_int_eq(dsp_recording_add_event(l->recording, &event), DSP_OK);
}

static inline void leg_analyze(leg *l) {
  dsp_report_free(l->report);
  l->report = NULL;
  l->error = (dsp_error){0};
  l->status = dsp_analyze(l->recording, leg_protocol, NULL, l->params, &l->report, &l->error);
}

static inline leg leg_analyzed(const char *settings, uint64_t seed) {
  leg made = leg_simulate(settings, seed);
  leg_analyze(&made);
  ck_assert_msg(made.status == DSP_OK, "%s: %s: %s", settings, made.error.place, made.error.found);
  return made;
}

static inline void leg_free(leg *l) {
  dsp_report_free(l->report);
  dsp_recording_free(l->recording);
  dsp_truth_free(l->truth);
  dsp_params_free(l->params);
  *l = (leg){0};
}

static inline const dsp_measure *leg_measure(const leg *l, const char *id) {
  ck_assert_ptr_nonnull(l->report);
  return dsp_test_measure(&l->report->tests[0], id);
}

static inline double leg_value(const leg *l, const char *id) {
  return leg_measure(l, id)->value;
}

static inline bool leg_flagged(const leg *l, const char *id, const char *flag) {
  ck_assert_ptr_nonnull(dsp_flag_find(flag));
  return dsp_flags_has(&leg_measure(l, id)->flags, flag);
}

/* Is the flag on the test as a whole? */
static inline bool leg_noted(const leg *l, const char *flag) {
  ck_assert_ptr_nonnull(dsp_flag_find(flag));
  return dsp_flags_has(&l->report->tests[0].flags, flag);
}

/* NaN when there is no truth of that name. */
static inline double leg_truth(const leg *l, const char *id) {
  for (size_t i = 0; i < l->truth->n_values; i++)
    if (!strcmp(l->truth->values[i].id, id)) return l->truth->values[i].value;
  return NAN;
}

static inline double leg_detail(const leg *l, const char *id) {
  const dsp_test *test = &l->report->tests[0];
  for (size_t i = 0; i < test->n_details; i++)
    if (!strcmp(test->details[i].id, id)) return test->details[i].value;
  return NAN;
}

static inline const dsp_landmark *leg_landmark(const leg *l, const char *name) {
  const dsp_test *test = &l->report->tests[0];
  for (size_t i = 0; i < test->n_landmarks; i++)
    if (!strcmp(test->landmarks[i].name, name)) return &test->landmarks[i];
  return NULL;
}

/* Every row of the protocol is there; what is null is invalid and says why by a fatal flag; what is valid is finite inside its interval. */
static inline void leg_check_report(const leg *l, const char *what) {
  ck_assert_ptr_nonnull(l->report);
  for (size_t t = 0; t < l->report->n_tests; t++) {
    const dsp_test *test = &l->report->tests[t];
    ck_assert_uint_eq(test->n_measures, dsp_protocol_find(leg_protocol)->n_measures);
    for (size_t i = 0; i < test->n_measures; i++) {
      const dsp_measure *m = &test->measures[i];
      bool fatal = false;
      const dsp_flag_row *row;
      for (size_t f = 0; (row = dsp_flags_get(&m->flags, f)); f++) fatal |= row->severity == DSP_FATAL;
      ck_assert_msg(m->valid == (isfinite(m->value) != 0), "%s: %s: valid %d with value %g", what, m->row->id, m->valid, m->value);
      ck_assert_msg(m->valid != fatal, "%s: %s: valid %d, fatal flag %d", what, m->row->id, m->valid, fatal);
      if (!m->valid) ck_assert_msg(isnan(m->value) && isnan(m->lo) && isnan(m->hi), "%s: %s: null with an interval", what, m->row->id);
      if (m->valid && !isnan(m->lo))
        ck_assert_msg(m->lo <= m->value && m->value <= m->hi && isfinite(m->lo) && isfinite(m->hi), "%s: %s: %g not in %g to %g", what,
                      m->row->id, m->value, m->lo, m->hi);
    }
  }
}

static inline void check_percent(const char *what, double found, double expected, double percent) {
  ck_assert_msg(fabs(found / expected - 1) <= percent / 100, "%s: found %.6g, expected %.6g +- %g %%", what, found, expected, percent);
}

static inline void check_points(const char *what, double found, double expected, double points) {
  ck_assert_msg(fabs(found - expected) <= points, "%s: found %.6g, expected %.6g +- %g", what, found, expected, points);
}

#endif
