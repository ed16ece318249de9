/* SPDX-License-Identifier: GPL-3.0-or-later
 * A batch's work on one recording, in a sealed worker. */
#include "analysis.h"
#include "batch_run.h"
#include "exits.h"
#include "message.h"
#include <string.h>
#include <strings.h>

static bool as_wished(const input_sources *sources, const batch_wish *wish) {
  return wish->sha256 == NULL || strcasecmp(wish->sha256, sources->recording.sha256) == 0;
}

/* The key of a result: digests of every file of the input, and of the configuration, which names the program's version. */
static void make_key(char key[65], const input_sources *sources, const batch_run *run, const batch_wish *wish) {
  fmt_buffer text = {0};
  fmt_printf(&text, "%s\n%s\n%s\n%s\n", run->config, sources->recording.sha256, sources->sidecar.sha256, sources->map.sha256);
  if (!as_wished(sources, wish)) fmt_printf(&text, "not %s\n", wish->sha256);
  if (wish->protocol != NULL) fmt_printf(&text, "protocol %s\n", wish->protocol);
  for (size_t i = 0; i < sources->n; i++) fmt_printf(&text, "%s %s\n", sources->companions[i].name, sources->companions[i].source.sha256);
  key[0] = '\0';
  if (!text.failed) fmt_sha256(key, text.bytes, text.size);
  key[text.failed ? 0 : BATCH_KEY_DIGITS] = '\0';
  fmt_buffer_clear(&text);
}

static dsp_status analyse(const batch_run *run, const char *protocol, const input_sources *sources, worker_result *result,
                          dsp_error *error) {
  dsp_recording *recording = NULL;
  dsp_report *report = NULL;
  dsp_status status = input_parse(&recording, sources, &run->input, error);
  if (status == DSP_OK) {
    fmt_put(&result->out, recording->format);
    fmt_put(&result->out, "\t");
    fmt_put_number(&result->out, dsp_recording_duration_s(recording), "n/a");
    status = analysis_report(&report, recording, protocol, run->options->value[OPT_GUIDELINE], run->params, error);
  }
  if (status == DSP_OK) status = fmt_report_hdf5(&result->report, report, &(fmt_write_options){0}, error);
  if (status == DSP_OK) batch_put_measures(&result->rows, report);
  dsp_report_free(report);
  dsp_recording_free(recording);
  return status;
}

/* Answers: json KEY and digest of the recording; out its format and duration; rows its measures, or "=" when the key is known. */
int batch_work(void *context, size_t unit_job, input_set *set, worker_result *result) {
  const batch_run *run = context;
  const size_t job = run->first + unit_job;
  input_sources sources;
  dsp_error error = {0};
  char key[65] = "";
  const batch_wish wish = batch_list_wish(&run->list, job);
  const char *protocol = wish.protocol != NULL ? wish.protocol : run->options->value[OPT_PROTOCOL];
  dsp_status status = input_load(&sources, set, &run->input, &error);
  if (status == DSP_OK) {
    make_key(key, &sources, run, &wish);
    fmt_printf(&result->json, "%s\t%s", key, sources.recording.sha256);
    if (key[0] != '\0' && strcmp(key, run->places[job].key) == 0)
      fmt_put(&result->rows, "=");
    else if (!as_wished(&sources, &wish))
      status = dsp_fail(&error, DSP_BAD_INPUT, "", "the file that the manifest means", "its SHA-256 is not the manifest's");
    else
      status = analyse(run, protocol, &sources, result, &error);
  }
  input_sources_clear(&sources);
  if (status != DSP_OK) message_failure(run->list.paths[job], &error);
  return status == DSP_OK ? EXIT_DONE : status == DSP_NO_MEMORY ? EXIT_RETRY : EXIT_NONE;
}
