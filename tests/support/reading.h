/* SPDX-License-Identifier: GPL-3.0-or-later
 * Short ways for tests to read a text as a recording. */
#ifndef SUPPORT_READING_H
#define SUPPORT_READING_H

#include "runner.h"
#include <check.h>
#include <fmt/reader.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
  dsp_status status;
  dsp_error error;
  dsp_recording *recording; /* NULL on failure */
} reading;

static inline reading read_bytes(const void *bytes, size_t size, const char *sidecar, double rate_hz) {
  reading result = {0};
  fmt_source source, side = {0};
  char rate[32];
  const dsp_param_table *const tables[] = {&fmt_reader_find("csv")->params, NULL};
  dsp_params *params = dsp_params_new(tables);
  ck_assert_ptr_nonnull(params);
  snprintf(rate, sizeof rate, "%g", rate_hz);
  ck_assert_int_eq(dsp_params_set(params, "csv.rate_hz", rate, NULL), DSP_OK);
  ck_assert_int_eq(fmt_source_from_memory(&source, bytes, size, NULL), DSP_OK);
  if (sidecar) ck_assert_int_eq(fmt_source_from_memory(&side, sidecar, strlen(sidecar), NULL), DSP_OK);
  const fmt_input input = {.source = &source, .name = "test.csv"};
  const fmt_read_options options = {.sidecar = sidecar ? &side : NULL, .sidecar_name = "test.pleth.json", .params = params};
  result.status = fmt_read(&result.recording, &input, &options, &result.error);
  fmt_source_clear(&source);
  fmt_source_clear(&side);
  dsp_params_free(params);
  return result;
}

/* A file of any format with what belongs to it, `set` being "name=value" or NULL. */
static inline reading read_input(const fmt_input *input, const char *format, const char *set) {
  reading result = {0};
  char name[100] = "";
  size_t n = 0;
  while (fmt_readers[n]) n++;
  const dsp_param_table **tables = calloc(n + 1, sizeof *tables);
  ck_assert_ptr_nonnull(tables);
  for (size_t i = 0; i < n; i++) tables[i] = &fmt_readers[i]->params;
  dsp_params *params = dsp_params_new(tables);
  ck_assert_ptr_nonnull(params);
  if (set) {
    snprintf(name, sizeof name, "%.*s", (int)strcspn(set, "="), set);
    ck_assert_int_eq(dsp_params_set(params, name, strchr(set, '=') + 1, NULL), DSP_OK);
  }
  result.status = fmt_read(&result.recording, input, &(fmt_read_options){.format = format, .params = params}, &result.error);
  dsp_params_free(params);
  free(tables);
  return result;
}

/* The bytes as a file of that name. */
static inline reading read_named(const char *name, const void *bytes, size_t size, const char *set) {
  fmt_source source;
  ck_assert_int_eq(fmt_source_from_memory(&source, bytes, size, NULL), DSP_OK);
  const reading result = read_input(&(fmt_input){.source = &source, .name = name}, NULL, set);
  fmt_source_clear(&source);
  return result;
}

static inline dsp_recording *must_read(reading result) {
  ck_assert_msg(result.status == DSP_OK, "%s: %s; %s", result.error.place, result.error.found, result.error.expected);
  return result.recording;
}

static inline reading read_with(const char *text, const char *sidecar, double rate_hz) {
  return read_bytes(text, strlen(text), sidecar, rate_hz);
}

static inline reading read_text(const char *text) {
  return read_bytes(text, strlen(text), NULL, 0);
}

static inline dsp_recording *read_good(const char *text) {
  reading result = read_text(text);
  ck_assert_msg(result.status == DSP_OK, "%s: %s; %s\n%.300s", result.error.place, result.error.found, result.error.expected, text);
  return result.recording;
}

/* Refused, with these parts in the message. */
static inline void expect_refused(reading result, dsp_status status, const char *place, const char *found) {
  ck_assert_msg(result.status == status, "status %d, %s: %s; %s", result.status, result.error.place, result.error.found,
                result.error.expected);
  ck_assert_ptr_null(result.recording);
  ck_assert_msg(strstr(result.error.place, place), "place \"%s\" has no \"%s\" (%s)", result.error.place, place, result.error.found);
  ck_assert_msg(strstr(result.error.found, found), "found \"%s\" has no \"%s\"", result.error.found, found);
}

static inline bool warned(const dsp_recording *recording, const char *code) {
  for (size_t i = 0; i < recording->n_warnings; i++)
    if (strcmp(recording->warnings[i].code, code) == 0) return true;
  return false;
}

static inline const dsp_channel *channel_named(const dsp_recording *recording, const char *name) {
  for (size_t c = 0; c < recording->n_channels; c++)
    if (strcmp(recording->channels[c].name, name) == 0) return &recording->channels[c];
  ck_abort_msg("no channel \"%s\"", name);
  return NULL;
}

static inline void expect_samples(const dsp_channel *channel, const double *x, size_t n) {
  ck_assert_uint_eq(channel->n, n);
  for (size_t i = 0; i < n; i++)
    if (channel->x[i] != x[i] && !(isnan(x[i]) && isnan(channel->x[i])))
      ck_abort_msg("sample %zu: %.17g, not %.17g", i, channel->x[i], x[i]);
}

/* Runs a suite; the exit status of a test program. */
static inline int run_case(const char *name, const TTest *const *tests, size_t n) {
  Suite *suite = suite_create(name);
  TCase *all = tcase_create(name);
  tcase_set_timeout(all, 60);
  for (size_t i = 0; i < n; i++) tcase_add_test(all, tests[i]);
  suite_add_tcase(suite, all);
  return run_suite(suite);
}

#endif
