/* SPDX-License-Identifier: GPL-3.0-or-later
 * The conditioned traces of a report as CSV: `time (s)`, one column a trace. Traces of equal rate and start share their rows; a trace with
 * another time base gets its own block after a blank line. */
#include "report_load.h"

#include <string.h>

#define TRACES_MAX 1024

typedef struct trace {
  const dsp_test *test;
  const dsp_series *series;
} trace;

static bool same_base(const dsp_series *a, const dsp_series *b) {
  return !(a->rate_hz < b->rate_hz || a->rate_hz > b->rate_hz || a->t0_s < b->t0_s || a->t0_s > b->t0_s);
}

/* A channel's trace is in every test on it; trials repeat the pooled one. */
static size_t collect(trace traces[TRACES_MAX], const dsp_report *report) {
  size_t n = 0;
  for (size_t i = 0; i < report->n_tests && n < TRACES_MAX; i++) {
    const dsp_series *series = fmt_main_series(&report->tests[i]);
    bool seen = !series;
    for (size_t k = 0; k < n && !seen; k++)
      seen = !strcmp(traces[k].test->channel, report->tests[i].channel) && traces[k].series->n == series->n &&
             same_base(traces[k].series, series) && !memcmp(traces[k].series->x, series->x, series->n * sizeof *series->x);
    if (!seen) traces[n++] = (trace){&report->tests[i], series};
  }
  return n;
}

static void put_header(fmt_buffer *out, const trace *traces, size_t n, const dsp_series *base) {
  fmt_put(out, "time (s)");
  for (size_t i = 0; i < n; i++) {
    if (!same_base(traces[i].series, base)) continue;
    fmt_buffer name = {0};
    fmt_put(&name, traces[i].test->channel);
    if (traces[i].test->trial > 0) fmt_printf(&name, " trial %u", traces[i].test->trial);
    if (*traces[i].series->unit) fmt_printf(&name, " (%s)", traces[i].series->unit);
    fmt_put(out, ",");
    fmt_put_csv_text(out, name.bytes);
    if (name.failed) out->failed = true;
    fmt_buffer_clear(&name);
  }
  fmt_put(out, "\n");
}

static void put_block(fmt_buffer *out, const trace *traces, size_t n, const dsp_series *base) {
  size_t rows = 0;
  for (size_t i = 0; i < n; i++)
    if (same_base(traces[i].series, base) && traces[i].series->n > rows) rows = traces[i].series->n;
  put_header(out, traces, n, base);
  for (size_t row = 0; row < rows && !out->failed; row++) {
    fmt_put_number(out, base->t0_s + (double)row / base->rate_hz, "n/a");
    for (size_t i = 0; i < n; i++) {
      if (!same_base(traces[i].series, base)) continue;
      fmt_put(out, ",");
      if (row < traces[i].series->n)
        fmt_put_number(out, traces[i].series->x[row], "n/a");
      else
        fmt_put(out, "n/a");
    }
    fmt_put(out, "\n");
  }
}

dsp_status fmt_report_csv(fmt_buffer *out, const fmt_source *file, dsp_error *error) {
  dsp_report *report = NULL;
  dsp_status status = fmt_load_report(&report, NULL, file, error);
  if (status != DSP_OK) return status;
  trace traces[TRACES_MAX];
  size_t n = collect(traces, report), blocks = 0;
  for (size_t i = 0; i < n; i++) {
    bool first = true;
    for (size_t k = 0; k < i && first; k++) first = !same_base(traces[k].series, traces[i].series);
    if (!first) continue;
    if (blocks++ > 0) fmt_put(out, "\n");
    put_block(out, traces, n, traces[i].series);
  }
  dsp_report_free(report);
  if (n == 0) return dsp_fail(error, DSP_BAD_INPUT, "/results", "at least one trace", "a report without a conditioned trace");
  return out->failed ? dsp_fail_memory(error) : DSP_OK;
}
