/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated recordings for tests of the simulators. */
#ifndef TESTS_SIMULATED_H
#define TESTS_SIMULATED_H

#include <check.h>
#include <dsp/phantom.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct simulated {
  dsp_recording *recording;
  dsp_truth *truth;
  dsp_status status;
} simulated;

/* `settings` is "name=value name=value ...", without the simulator's own prefix. */
static inline simulated simulated_make(const char *id, const char *settings, uint64_t seed) {
  const dsp_phantom *phantom = dsp_phantom_find(id);
  ck_assert_ptr_nonnull(phantom);
  const dsp_param_table *tables[] = {&phantom->params, NULL};
  dsp_params *params = dsp_params_new(tables);
  dsp_error error = {0};
  simulated r = {0};
  ck_assert_ptr_nonnull(params);
  char *text = strdup(settings), *rest = NULL;
  for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    char name[96], *value = strchr(word, '=');
    ck_assert_ptr_nonnull(value);
    snprintf(name, sizeof name, "%s.%.*s", phantom->params.owner, (int)(value - word), word);
    ck_assert_msg(dsp_params_set(params, name, value + 1, &error) == DSP_OK, "%s: %s", name, error.found);
  }
  free(text);
  r.status = phantom->make(dsp_params_values(params, &phantom->params), seed, &r.recording, &r.truth, &error);
  dsp_params_free(params);
  return r;
}

static inline void simulated_clear(simulated *r) {
  dsp_recording_free(r->recording);
  dsp_truth_free(r->truth);
}

static inline double simulated_value(const simulated *r, const char *id) {
  for (size_t i = 0; i < r->truth->n_values; i++)
    if (strcmp(r->truth->values[i].id, id) == 0) return r->truth->values[i].value;
  ck_abort_msg("no truth named %s", id);
  return 0;
}

static inline double simulated_landmark(const simulated *r, const char *name) {
  for (size_t i = 0; i < r->truth->n_landmarks; i++)
    if (strcmp(r->truth->landmarks[i].name, name) == 0) return r->truth->landmarks[i].t_s;
  ck_abort_msg("no landmark named %s", name);
  return 0;
}

#endif
