/* SPDX-License-Identifier: GPL-3.0-or-later
 * Our own HDF5 report, to analyse again: the traces that its tests measured, its events and what was known of the examination. A stranger's
 * HDF5 file never reaches the HDF5 library: what our writer writes is recognised by its superblock and its schema's name, and then by a
 * walk over all of its structure. */
#include "../writers/report_load.h"
#include "field.h"
#include "report_shape.h"
#include <fmt/cursor.h>
#include <fmt/reader.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SURE = 100, SUPERBLOCK_BYTES = 48 };
static const char signature[] = "\x89HDF\r\n\x1A\n";
static const char schema[] = "pleth-report/1";

static bool is_hdf5(const fmt_source *source) {
  /* At byte 0, or behind a block of somebody's own: 512, 1024, 2048 ... bytes. */
  for (size_t at = 0; at < source->size && source->size - at >= sizeof signature - 1; at = at ? 2 * at : 512)
    if (memcmp(source->bytes + at, signature, sizeof signature - 1) == 0) return true;
  return false;
}

/* Superblock version 2, offsets and lengths of 8 bytes, base 0, no extension, an end that is the file's. */
static bool is_ours(const fmt_source *source) {
  const unsigned char *p = source->bytes;
  if (source->size < SUPERBLOCK_BYTES || memcmp(p, signature, sizeof signature - 1) != 0) return false;
  return p[8] == 2 && p[9] == 8 && p[10] == 8 && fmt_u64le(p + 12) == 0 && fmt_u64le(p + 20) == UINT64_MAX &&
         fmt_u64le(p + 28) == source->size && memmem(p, source->size, schema, sizeof schema - 1) != NULL;
}

static fmt_verdict probe_report(const fmt_input *input, unsigned *score, dsp_error *error) {
  const size_t n = input->name ? strlen(input->name) : 0;
  if (input->source->size > 10 && memcmp(input->source->bytes, "MATLAB ", 7) == 0) return FMT_NOT_MINE; /* its own reader tells more */
  if (!is_hdf5(input->source)) return FMT_NOT_MINE;
  *score = SURE;
  if (is_ours(input->source)) return FMT_MINE;
  if (n > 6 && strcmp(input->name + n - 6, ".snirf") == 0)
    dsp_fail(error, DSP_BAD_INPUT, "byte 0", "its traces exported as CSV with a time column",
             "a SNIRF file, which is HDF5 of somebody else");
  else
    dsp_fail(error, DSP_BAD_INPUT, "byte 0", "a whole report that pleth has written; other HDF5 files exported as CSV, EDF or WFDB",
             "HDF5, but not a whole report of schema %s", schema);
  return FMT_BROKEN;
}

static dsp_status copy_text(const dsp_recording *to, const char **copy, const char *text) {
  *copy = text ? dsp_arena_text(to->arena, text, strlen(text)) : NULL;
  return text && !*copy ? DSP_NO_MEMORY : DSP_OK;
}

static dsp_status take_facts(dsp_recording *r, const dsp_report *report) {
  const char **const to[] = {&r->t0, &r->device, &r->subject_key, &r->ceap, &r->compression, &r->visit, &r->condition_label};
  const char *const from[] = {report->t0,          report->device, report->subject_key,    report->ceap,
                              report->compression, report->visit,  report->condition_label};
  dsp_status status = DSP_OK;
  for (size_t i = 0; status == DSP_OK && i < sizeof to / sizeof to[0]; i++) status = copy_text(r, to[i], from[i]);
  for (size_t i = 0; status == DSP_OK && i < report->n_events; i++)
    if (isfinite(report->events[i].t_s) && isfinite(report->events[i].dur_s)) status = dsp_recording_add_event(r, &report->events[i]);
  if (status == DSP_OK) status = dsp_recording_sort_events(r);
  r->room_temp_c = report->room_temp_c;
  r->t_origin_s = isfinite(report->t_origin_s) ? report->t_origin_s : 0;
  return status;
}

static dsp_status add_series(dsp_recording *recording, const dsp_test *test, const dsp_series *series, dsp_error *error) {
  const char *unit = NULL, *site = NULL;
  if (!(series->rate_hz > 0) || !isfinite(series->rate_hz) || !isfinite(series->t0_s) || series->n == 0)
    return dsp_fail(error, DSP_BAD_INPUT, series->name, "a trace with samples and a rate", "%zu samples, %g Hz", series->n,
                    series->rate_hz);
  double *x = dsp_alloc(series->n, sizeof *x);
  if (!x || copy_text(recording, &unit, series->unit) != DSP_OK || copy_text(recording, &site, test->site) != DSP_OK) {
    free(x);
    return dsp_fail_memory(error);
  }
  for (size_t i = 0; i < series->n; i++) x[i] = isfinite(series->x[i]) ? series->x[i] : (double)NAN;
  const field_channel about = {.name = test->channel, .unit = unit, .rate_hz = series->rate_hz, .scale = 1};
  dsp_channel *channel = field_add_channel(recording, &about, x, series->n);
  if (!channel) return dsp_fail_memory(error);
  channel->side = test->side;
  channel->site = site;
  channel->segments[0].t0_s = series->t0_s;
  return DSP_OK;
}

static bool has_channel(const dsp_recording *recording, const char *name) {
  for (size_t i = 0; i < recording->n_channels; i++)
    if (strcmp(recording->channels[i].name, name) == 0) return true;
  return false;
}

/* Each channel once: several tests may have measured it. */
static dsp_status take_tests(dsp_recording *recording, const dsp_report *report, dsp_error *error) {
  dsp_status status = DSP_OK;
  for (size_t i = 0; status == DSP_OK && i < report->n_tests; i++) {
    const dsp_test *test = &report->tests[i];
    const dsp_series *series = fmt_find_series(test, "conditioned");
    if (!series || series->bins || has_channel(recording, test->channel)) continue;
    status = add_series(recording, test, series, error);
    if (status == DSP_OK && !recording->protocol && copy_text(recording, &recording->protocol, test->protocol) != DSP_OK)
      return dsp_fail_memory(error);
  }
  if (status == DSP_OK && recording->n_channels == 0)
    return dsp_fail(error, DSP_BAD_INPUT, "/results", "a trace named conditioned", "a report without one");
  return status;
}

static dsp_status read_report(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  dsp_report *report = NULL;
  (void)hints, (void)params;
  if (!is_ours(input->source)) return dsp_fail(error, DSP_BAD_INPUT, "byte 0", "a whole report that pleth has written", "something else");
  dsp_status status = report_shape(input->source, error);
  if (status == DSP_OK) status = fmt_load_report(&report, NULL, input->source, error);
  if (status == DSP_OK && take_facts(recording, report) != DSP_OK) status = dsp_fail_memory(error);
  if (status == DSP_OK) status = take_tests(recording, report, error);
  if (status == DSP_OK && dsp_recording_warn(recording, "from_report", "the traces are those that the report's tests measured") != DSP_OK)
    status = dsp_fail_memory(error);
  dsp_report_free(report);
  return status;
}

static const char *const extensions[] = {"h5", NULL};
const fmt_reader report_reader = {.id = "report",
                                  .title = "pleth's own HDF5 report, to analyse its traces again",
                                  .extensions = extensions,
                                  .probe = probe_report,
                                  .read = read_report};
