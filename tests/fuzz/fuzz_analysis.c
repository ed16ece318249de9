/* SPDX-License-Identifier: GPL-3.0-or-later
 * The analysis itself: bytes become samples, a rate, segments, events and one parameter; a protocol runs on them. Whatever the samples,
 * no valid value is non-finite, no value lies outside its interval, a null has its flag, and the report can be written and passes its
 * check.
 *
 * Bytes: 0 form of the samples (0 int16, 1 double, 2 knots of a broken line with noise), 1 rate, 2 role, 3 switches, 4 number of events;
 * then 4 bytes an event, 2 for a parameter when switched on, and the samples. make_seeds.py writes the same layout.
 * As a test over the corpus (FUZZ_REPLAY) every protocol runs on each input, and each report is written and checked. The fuzzer, for whom
 * inputs a second count, takes the one protocol that the upper bits of the switches name, shorter recordings, and writes one report in
 * eight.
 */
#include <dsp/protocol.h>
#include <fmt/writer.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef FUZZ_REPLAY
enum { SAMPLES_MAX = 120000, REPLAY = 1 };
#else
enum { SAMPLES_MAX = 6000, REPLAY = 0 };
#endif
enum { GAP = 1, TWEAK = 2, SWITCHES = 2 /* bits */, SWITCHES_AT = 3, WRITTEN = 8 };

typedef struct bytes {
  const uint8_t *p, *end;
} bytes;

static unsigned take(bytes *in) {
  return in->p < in->end ? *in->p++ : 0;
}

static unsigned take16(bytes *in) {
  unsigned low = take(in);
  return low | take(in) << 8;
}

static void require(bool holds, const char *what, const char *detail) {
  if (holds) return;
  fprintf(stderr, "fuzz_analysis: %s: %s\n", what, detail);
  abort();
}

static size_t int16_samples(double *x, bytes *in) {
  size_t n = 0;
  for (; n < SAMPLES_MAX && in->p < in->end; n++) {
    unsigned raw = take16(in);
    x[n] = raw == 0x8000 ? (double)NAN : ((double)raw - 32768) * 0.01;
  }
  return n;
}

static size_t double_samples(double *x, bytes *in) {
  size_t n = 0;
  for (; n < SAMPLES_MAX && in->end - in->p >= 8; n++, in->p += 8) memcpy(&x[n], in->p, 8);
  return n;
}

/* Knots: duration in half seconds, then level in 0.01 mL; the first two bytes are noise and its seed. Reaches the depths that random bytes
 * miss. */
static size_t knot_samples(double *x, bytes *in, double rate_hz) {
  double noise = (double)take(in) * 0.005, from = 0;
  uint32_t seed = take(in) * 2654435761u + 1;
  size_t n = 0;
  while (in->p < in->end) {
    size_t length = (size_t)fmin((double)take(in) * 0.5 * rate_hz, (double)SAMPLES_MAX);
    double to = ((double)take16(in) - 32768) * 0.01;
    for (size_t i = 0; i < length && n < SAMPLES_MAX; i++) {
      seed = seed * 1664525u + 1013904223u;
      x[n++] = from + (to - from) * (double)i / (double)length + noise * ((double)(seed >> 8) / 8388608.0 - 1);
    }
    from = to;
  }
  return n;
}

static void add_events(dsp_recording *recording, bytes *in, unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    dsp_event event = {.kind = (dsp_event_kind)(take(in) % (DSP_EVENT_CALIBRATION + 1)),
                       .volume_ml = (double)NAN,
                       .percent = (double)NAN,
                       .source = "side-car"};
    event.t_s = (double)take16(in) * 0.05;
    unsigned more = take(in);
    event.count = more & 15;
    event.dur_s = (more >> 4) * 2.0;
    if (event.kind == DSP_EVENT_CALIBRATION) event.volume_ml = (double)more;
    require(dsp_recording_add_event(recording, &event) == DSP_OK, "add_event", "no memory");
  }
  require(dsp_recording_sort_events(recording) == DSP_OK, "sort_events", "no memory");
}

static dsp_recording *make_recording(bytes *in, bool *tweak) {
  static const double rates[] = {10, 50, 100, 25, 1, 0.5, 1000, 0.001, 1e6, 33.3};
  static const dsp_role roles[] = {DSP_ROLE_VOLUME, DSP_ROLE_VOLUME, DSP_ROLE_UNKNOWN, DSP_ROLE_STRAIN, DSP_ROLE_PPG};
  unsigned form = take(in) % 3;
  double rate_hz = rates[take(in) % (sizeof rates / sizeof *rates)];
  dsp_role role = roles[take(in) % (sizeof roles / sizeof *roles)];
  unsigned switches = take(in), n_events = take(in) & 15;
  *tweak = switches & TWEAK;

  dsp_recording *recording = dsp_recording_new();
  double *x = malloc(SAMPLES_MAX * sizeof *x);
  require(recording && x, "recording", "no memory");
  recording->format = "fuzz";
  recording->name = "fuzz";
  add_events(recording, in, n_events);
  bytes tail = *in;
  if (*tweak) tail.p += tail.end - tail.p < 2 ? tail.end - tail.p : 2; /* the parameter's two bytes are read later */
  size_t n = form == 0 ? int16_samples(x, &tail) : form == 1 ? double_samples(x, &tail) : knot_samples(x, &tail, rate_hz);
  dsp_channel *channel = dsp_recording_add_channel(recording, "APG", rate_hz, x, n);
  require(channel, "add_channel", "no memory");
  channel->role = role;
  channel->unit = dsp_role_unit(role);
  if ((switches & GAP) && n > 1) {
    dsp_segment two[2] = {{.t0_s = 0, .first = 0, .n = n / 2}, {.t0_s = (double)n / rate_hz + 5, .first = n / 2, .n = n - n / 2}};
    require(dsp_channel_set_segments(channel, two, 2) == DSP_OK, "set_segments", "no memory");
  }
  return recording;
}

/* One parameter anywhere in its legal range. */
static void tweak_parameter(dsp_params *params, bytes *in) {
  unsigned which = take(in), where = take(in);
  size_t n = 0;
  while (dsp_params_row(params, n, NULL, NULL)) n++;
  if (n == 0) return;
  const dsp_param_row *row = dsp_params_row(params, which % n, NULL, NULL);
  double value = row->min + (row->max - row->min) * where / 255.0;
  char text[64];
  if (row->choices)
    dsp_param_choice(row, floor(value), text, sizeof text);
  else
    snprintf(text, sizeof text, "%.17g", value);
  dsp_error error = {0};
  require(dsp_params_set(params, row->id, text, &error) == DSP_OK, row->id, "a value inside its own range is refused");
}

static void check_measure(const dsp_measure *m) {
  const char *id = m->row->id;
  require(!m->valid || isfinite(m->value), id, "valid, but not finite");
  require(!isinf(m->value), id, "infinite");
  require(m->valid || dsp_flags_get(&m->flags, 0), id, "invalid without a flag that says why");
  if (!isfinite(m->value)) return;
  require(!(m->lo > m->value) && !(m->hi < m->value), id, "value outside its interval");
  require(!isinf(m->lo) && !isinf(m->hi) && !isinf(m->se) && !(m->se < 0), id,
          "interval or standard error not a number that one can print");
}

static void check_values(const dsp_report *report) {
  for (size_t t = 0; t < report->n_tests; t++) {
    const dsp_test *test = &report->tests[t];
    for (size_t i = 0; i < test->n_measures; i++) check_measure(&test->measures[i]);
    for (size_t i = 0; i < test->n_landmarks; i++)
      require(isfinite(test->landmarks[i].t_s), test->landmarks[i].name, "landmark without a time");
    require(!(test->quality < 0) && !(test->quality > 1), "quality", "outside 0..1");
  }
}

static void check_written(dsp_report *report) {
  dsp_error error = {0};
  require(fmt_config_sha256(report->config_sha256, report->params) == DSP_OK && fmt_report_add_libraries(report) == DSP_OK, "provenance",
          "failed");
  fmt_write_options options = {0};
  fmt_buffer json = {0}, image = {0}, problems = {0};
  require(fmt_report_json(&json, report, &options, &error) == DSP_OK, "JSON", error.found);
  json_error_t where;
  json_t *parsed = json_loadb(json.bytes, json.size, JSON_REJECT_DUPLICATES, &where);
  require(parsed, "JSON does not parse", where.text);
  json_decref(parsed);
  require(fmt_report_hdf5(&image, report, &options, &error) == DSP_OK, "HDF5", error.found);
  fmt_source file;
  require(fmt_source_from_memory(&file, image.bytes, image.size, &error) == DSP_OK, "source", error.found);
  require(fmt_check_report(&problems, &file, &error) == DSP_OK, "check", error.found);
  require(problems.size == 0, "the report does not pass its own check", problems.bytes ? problems.bytes : "");
  fmt_source_clear(&file);
  fmt_buffer_clear(&json);
  fmt_buffer_clear(&image);
  fmt_buffer_clear(&problems);
}

/* The protocol that the input names; short inputs name the first. */
static size_t named(const uint8_t *data, size_t size) {
  return size > SWITCHES_AT ? (size_t)(data[SWITCHES_AT] >> SWITCHES) : 0;
}

static void analyse(const dsp_recording *recording, const dsp_protocol *protocol, const dsp_params *params, bool written) {
  dsp_report *report = NULL;
  dsp_error error = {0};
  const dsp_status status = dsp_analyze(recording, protocol->id, NULL, params, &report, &error);
  require(status == DSP_OK || report == NULL, "dsp_analyze", "a report although it failed");
  require(status == DSP_OK || error.found[0], "dsp_analyze", "failed without saying why");
  if (status == DSP_OK) check_values(report);
  if (status == DSP_OK && written) check_written(report);
  dsp_report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bytes in = {data, data + size};
  bool tweak;
  dsp_recording *recording = make_recording(&in, &tweak);
  const dsp_param_table *tables[64] = {0};
  size_t n = 0;
  for (; n < 63 && dsp_protocols[n]; n++) tables[n] = &dsp_protocols[n]->params;
  dsp_params *params = dsp_params_new(tables);
  require(params, "params", "no memory");
  if (tweak) tweak_parameter(params, &in);
  require(n, "protocols", "an empty table");
  unsigned sum = 0;
  for (size_t i = 0; i < size; i++) sum += data[i];
  for (size_t i = 0; i < n; i++)
    if (REPLAY || i == named(data, size) % n) analyse(recording, dsp_protocols[i], params, REPLAY || sum % WRITTEN == 0);
  dsp_params_free(params);
  dsp_recording_free(recording);
  return 0;
}
