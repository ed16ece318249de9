/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of protocols, and the one way to run them. */
#include "parts/compare.h"
#include <dsp/protocol.h>

#include <dsp/guideline.h>
#include <stdio.h>
#include <string.h>

extern const dsp_protocol dsp_apg_outflow;
extern const dsp_protocol dsp_apg_stand;
extern const dsp_protocol dsp_duplex_reflux;
extern const dsp_protocol dsp_apg_tilt;
extern const dsp_protocol dsp_pvr;
extern const dsp_protocol dsp_ppg_refill;
extern const dsp_protocol dsp_sgp_compliance;
extern const dsp_protocol dsp_sgp_filtration;
extern const dsp_protocol dsp_sgp_refill;
extern const dsp_protocol dsp_sgp_stand;
extern const dsp_protocol dsp_sgp_hyperaemia;
extern const dsp_protocol dsp_sgp_inflow;
extern const dsp_protocol dsp_sgp_occlusion;
extern const dsp_protocol dsp_volume_trend;

/* One a line, so that rows of several hands do not meet. */
/* clang-format off */
const dsp_protocol *const dsp_protocols[] = {
    &dsp_apg_stand,
    &dsp_apg_outflow,
    &dsp_apg_tilt,
    &dsp_duplex_reflux,
    &dsp_pvr,
    &dsp_ppg_refill,
    &dsp_sgp_compliance,
    &dsp_sgp_filtration,
    &dsp_sgp_refill,
    &dsp_sgp_stand,
    &dsp_sgp_hyperaemia,
    &dsp_sgp_inflow,
    &dsp_sgp_occlusion,
    &dsp_volume_trend,
    NULL,
};
/* clang-format on */

const dsp_protocol *dsp_protocol_find(const char *id) {
  for (size_t i = 0; dsp_protocols[i]; i++)
    if (!strcmp(dsp_protocols[i]->id, id)) return dsp_protocols[i];
  return NULL;
}

/* Audio stays outside memory: only a protocol for audio may see such a channel. */
static bool fits(const dsp_protocol *protocol, const dsp_recording *recording, size_t c, dsp_error *missing) {
  const dsp_channel *channel = &recording->channels[c];
  if (!channel->x && channel->n && channel->role != DSP_ROLE_AUDIO) {
    dsp_fail(missing, DSP_NOT_APPLICABLE, channel->name, "samples in memory", "an audio channel with the role %s",
             dsp_role_text(channel->role));
    return false;
  }
  return protocol->applicable(recording, channel, missing);
}

static bool applies(const dsp_protocol *protocol, const dsp_recording *recording) {
  for (size_t c = 0; c < recording->n_channels; c++)
    if (fits(protocol, recording, c, NULL)) return true;
  return false;
}

/* " id, id, id" of all protocols, or of those that apply to `recording`. */
static void list_ids(char *text, size_t size, const dsp_recording *recording) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; dsp_protocols[i] && used < size; i++)
    if (!recording || applies(dsp_protocols[i], recording))
      used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", dsp_protocols[i]->id);
}

/* How much speaks for a protocol that nobody named. */
enum { BY_EVENTS, BY_CHANNEL, ON_REQUEST, RANKS };

/* The named protocol, or the only one for which most speaks. NULL with `error` filled otherwise. */
static const dsp_protocol *choose(const dsp_recording *recording, const char *id, dsp_error *error) {
  char ids[240];
  if (id) {
    const dsp_protocol *named = dsp_protocol_find(id);
    if (named) return named;
    list_ids(ids, sizeof ids, NULL);
    dsp_fail(error, DSP_BAD_OPTION, "protocol", ids, "unknown protocol \"%.60s\"", id);
    return NULL;
  }
  const dsp_protocol *last[RANKS] = {NULL};
  size_t n[RANKS] = {0};
  for (size_t i = 0; dsp_protocols[i]; i++) {
    if (!applies(dsp_protocols[i], recording)) continue;
    const dsp_protocol *p = dsp_protocols[i];
    const size_t rank = !p->suggested ? BY_CHANNEL : p->suggested(recording) ? BY_EVENTS : ON_REQUEST;
    last[rank] = p;
    n[rank]++;
  }
  size_t rank = 0;
  while (rank + 1 < RANKS && n[rank] == 0) rank++;
  if (n[rank] > 1) {
    list_ids(ids, sizeof ids, recording);
    dsp_fail(error, DSP_BAD_OPTION, "protocol", "--protocol, or \"protocol\" in the side-car", "several protocols fit: %s", ids);
    return NULL;
  }
  if (!last[rank])
    dsp_fail(error, DSP_NOT_APPLICABLE, "protocol", "a channel in mL, or roles in the side-car", "no protocol fits the channels");
  return last[rank];
}

/* Is this the only channel, so that its own reason is the best answer? Else say what was looked for. */
static dsp_status none_applicable(const dsp_recording *recording, const dsp_protocol *protocol, dsp_error *error) {
  dsp_error reason = {DSP_OK};
  for (size_t c = 0; c < recording->n_channels && recording->n_channels == 1; c++) fits(protocol, recording, c, &reason);
  /* A channel with the right role but the wrong unit says more than "no channel". */
  for (size_t c = 0; c < recording->n_channels && reason.status == DSP_OK; c++)
    if (recording->channels[c].role != DSP_ROLE_UNKNOWN) fits(protocol, recording, c, &reason);
  if (reason.status != DSP_OK) return dsp_fail(error, reason.status, reason.place, reason.expected, "%s", reason.found);
  return dsp_fail(error, DSP_NOT_APPLICABLE, protocol->id, protocol->needs, "none of %zu channels fits", recording->n_channels);
}

dsp_status dsp_analyze(const dsp_recording *recording, const char *protocol_id, const char *guideline_id, const dsp_params *params,
                       dsp_report **report, dsp_error *error) {
  *report = NULL;
  if (guideline_id && !dsp_guideline_known(guideline_id))
    return dsp_fail(error, DSP_BAD_OPTION, "guideline", "one that `pleth list guidelines` prints", "unknown guideline \"%.60s\"",
                    guideline_id);
  const dsp_protocol *protocol = choose(recording, protocol_id ? protocol_id : recording->protocol, error);
  if (!protocol) return error && error->status != DSP_OK ? error->status : DSP_NOT_APPLICABLE;

  dsp_report *made = dsp_report_new(recording, params);
  if (!made) return dsp_fail_memory(error);
  const double *values = dsp_params_values(params, &protocol->params);
  dsp_status status = DSP_OK;
  size_t analysed = 0;
  for (size_t c = 0; c < recording->n_channels && status == DSP_OK; c++) {
    if (!fits(protocol, recording, c, NULL)) continue;
    status = protocol->run(recording, &recording->channels[c], values, made, error);
    analysed++;
  }
  if (status == DSP_OK && analysed == 0) status = none_applicable(recording, protocol, error);
  if (status != DSP_OK) {
    dsp_report_free(made);
    return status == DSP_NO_MEMORY ? dsp_fail_memory(error) : status;
  }
  const char *key = dsp_guideline_key(recording);
  for (size_t t = 0; t < made->n_tests && status == DSP_OK; t++) {
    dsp_guideline_grade(&made->tests[t], guideline_id, key);
    if (guideline_id && !strcmp(guideline_id, "all")) status = dsp_guideline_verdicts(&made->tests[t], key);
    if (protocol->conclude) protocol->conclude(&made->tests[t]);
  }
  if (status == DSP_OK) status = compare_tests(made, protocol);
  if (status != DSP_OK) {
    dsp_report_free(made);
    return dsp_fail_memory(error);
  }
  *report = made;
  return DSP_OK;
}
