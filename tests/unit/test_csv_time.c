/* SPDX-License-Identifier: GPL-3.0-or-later
 * Time columns of every kind: their names, units, clocks, rounding, jitter, gaps, and what is refused. */
#include "../support/reading.h"
#include <stdarg.h>
#include <stdint.h>

enum { TEXT_MAX = 1 << 20, LONG = 20000 };

static char text[TEXT_MAX];
static size_t used;

static void add(const char *format, ...) DSP_PRINTF(1, 2);
static void add(const char *format, ...) {
  va_list args;
  va_start(args, format);
  used += (size_t)vsnprintf(text + used, sizeof text - used, format, args);
  va_end(args);
  if (used >= sizeof text) ck_abort_msg("text too long");
}

static void start(const char *header) {
  used = 0;
  text[0] = '\0';
  add("%s\n", header);
}

static double uniform(void) { /* -1 to 1, xorshift64* */
  static uint64_t state = 88172645463325252U;
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (double)(int64_t)(state * 0x2545F4914F6CDD1DU) / 9223372036854775808.0;
}

static void expect_regular(double rate_hz, size_t n) {
  dsp_recording *recording = read_good(text);
  const dsp_channel *channel = channel_named(recording, "v");
  ck_assert_msg(channel->rate_hz == rate_hz, "rate %.17g, not %.17g", channel->rate_hz, rate_hz);
  ck_assert_uint_eq(channel->n, n);
  ck_assert_uint_eq(channel->n_segments, 1);
  ck_assert_double_eq(channel->segments[0].t0_s, 0);
  ck_assert(!channel->resampled);
  for (size_t i = 0; i < n; i++) ck_assert_double_eq(channel->x[i], (double)i);
  dsp_recording_free(recording);
}

START_TEST(names_and_units) {
  static const struct {
    const char *header;
    double step, rate_hz;
  } kinds[] = {{"time (s),v", 0.02, 50},
               {"t,v", 0.02, 50},
               {"Zeit [ms],v", 20, 50},
               {"temps (s),v", 0.02, 50},
               {"tiempo/ms,v", 20, 50},
               {"sec,v", 0.02, 50},
               {"ms,v", 20, 50},
               {"Millis,v", 20, 50},
               {"micros,v", 20000, 50},
               {"Time (min),v", 0.5, 1. / 30},
               {"TIME_MS,v", 20, 50},
               {"Timestamp (seconds passed),v", 0.02, 50},
               {"v0 (\xC2\xB5s),v", 20000, 50},
               {"Elapsed time (ms),v", 20, 50},
               {"time (h),v", 0.5, 1. / 1800}};
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    start(kinds[k].header);
    for (int i = 0; i < 50; i++) add("%g,%d\n", 100 + i * kinds[k].step, i);
    dsp_recording *recording = read_good(text);
    const dsp_channel *channel = channel_named(recording, "v");
    ck_assert_msg(fabs(channel->rate_hz / kinds[k].rate_hz - 1) < 1e-12, "%s: %.17g", kinds[k].header, channel->rate_hz);
    ck_assert_uint_eq(channel->n, 50);
    ck_assert_double_eq(channel->jitter_s, 0);
    dsp_recording_free(recording);
  }
}
END_TEST

START_TEST(time_may_stand_anywhere) {
  start("v;w;Zeit (s)");
  for (int i = 0; i < 20; i++) add("%d;7;%g\n", i, i * 0.25);
  expect_regular(4, 20);
}
END_TEST

START_TEST(origin) {
  start("time (s),v");
  for (int i = 0; i < 100; i++) add("%.4f,%d\n", 900.0005 + i * 0.001, i);
  dsp_recording *recording = read_good(text);
  ck_assert_double_eq(recording->t_origin_s, 900.0005);
  ck_assert_double_eq(recording->channels[0].rate_hz, 1000);
  ck_assert_double_eq_tol(dsp_recording_duration_s(recording), 0.1, 1e-12);
  dsp_recording_free(recording);
}
END_TEST

START_TEST(clocks) {
  start("Uhrzeit,v");
  for (int i = 0; i < 400; i++) {
    const int cs = (23 * 3600 + 59 * 60 + 58) * 100 + 2 * i, day = 8640000;
    add("%02d:%02d:%02d.%02d,%d\n", cs % day / 360000, cs / 6000 % 60, cs / 100 % 60, cs % 100, i);
  }
  expect_regular(50, 400);
  start("Time;v"); /* decimal comma, an AM/PM clock over noon */
  add("11:59:58,5 AM;0\n11:59:59,0 AM;1\n11:59:59,5 AM;2\n12:00:00,0 PM;3\n12:00:00,5 PM;4\n");
  expect_regular(2, 5);
  start("Time;v");
  add("12:59:59 pm;0\n1:00:00 pm;1\n1:00:01 pm;2\n");
  expect_regular(1, 3);
  start("Time;v");
  add("12:59:59 AM;0\n1:00:00 AM;1\n1:00:01 AM;2\n");
  expect_regular(1, 3);
  start("date,hh:mm:ss,v");
  add("06-Feb,23:59:58,0\n07-Feb,00:00:00,1\n07-Feb,00:00:02,2\n");
  expect_regular(0.5, 3);
  start("date time,v");
  add("2024-02-28 23:59:59.5,0\n2024-02-29 00:00:00.0,1\n2024-02-29 00:00:00.5,2\n");
  expect_regular(2, 3);
  start("timestamp,v");
  add("2024-12-31T23:59:59+01:00,0\n2025-01-01T00:00:00+01:00,1\n2025-01-01T00:00:01+01:00,2\n");
  expect_regular(1, 3);
  start("Datum Zeit;v");
  add("31.12.2023 23:59:59;0\n01.01.2024 00:00:00;1\n01.01.2024 00:00:01;2\n");
  expect_regular(1, 3);
  start("time,v"); /* a spreadsheet's days */
  for (int i = 0; i < 300; i++) add("%.11f,%d\n", 45000.5 + i * 0.02 / 86400, i);
  expect_regular(50, 300);
  start("Millis,v"); /* 32 bits run over */
  for (unsigned i = 0; i < 100; i++) add("%u,%u\n", 4294966900U + 20 * i, i);
  expect_regular(50, 100);
}
END_TEST

START_TEST(rounded_stamps) {
  static const double rates[] = {128, 80, 95, 30, 1000, 256, 60, 100.2};
  for (size_t k = 0; k < sizeof rates / sizeof rates[0]; k++)
    for (int cut = 0; cut < 2; cut++) { /* rounded, and cut off */
      start("time (s),v");
      for (int i = 0; i < LONG; i++) add("%.2f,%d\n", cut ? floor(i / rates[k] * 100) / 100 : i / rates[k], i);
      dsp_recording *recording = read_good(text);
      ck_assert_msg(recording->channels[0].rate_hz == rates[k], "%g read as %.17g", rates[k], recording->channels[0].rate_hz);
      ck_assert_uint_eq(recording->channels[0].n, LONG);
      ck_assert(warned(recording, "time_rounded") && !recording->channels[0].resampled);
      dsp_recording_free(recording);
    }
}
END_TEST

START_TEST(jitter_is_resampled) {
  start("time (s),v");
  for (int i = 0; i < 2000; i++) {
    const double t = 5 + i / 50.0 + 0.004 * uniform();
    add("%.6f,%.12f\n", t, sin(2 * M_PI * 0.5 * t));
  }
  dsp_recording *recording = read_good(text);
  const dsp_channel *channel = &recording->channels[0];
  ck_assert(channel->resampled && warned(recording, "resampled"));
  ck_assert_double_eq(channel->rate_hz, 50);
  ck_assert(channel->jitter_s > 0.003 && channel->jitter_s < 0.006);
  for (size_t i = 2; i + 2 < channel->n; i++) { /* on the true times: nominal ones would be off by 0.0125 */
    const double wanted = sin(2 * M_PI * 0.5 * (recording->t_origin_s + (double)i / 50));
    ck_assert_msg(fabs(channel->x[i] - wanted) < 1e-3, "sample %zu: %g, not %g", i, channel->x[i], wanted);
  }
  dsp_recording_free(recording);
}
END_TEST

/* A clock that breathes: steps within 1 % of the mean, stamps far from one line. */
START_TEST(slow_irregularity) {
  start("time (s),v");
  for (int i = 0; i < 4000; i++) {
    const double t = i / 50.0 + 0.1 * sin(i / 500.0);
    add("%.6f,%.12f\n", t, t);
  }
  dsp_recording *recording = read_good(text);
  const dsp_channel *channel = &recording->channels[0];
  ck_assert(channel->resampled);
  for (size_t i = 0; i < channel->n; i++) ck_assert_double_eq_tol(channel->x[i], (double)i / 50, 1e-6);
  dsp_recording_free(recording);
}
END_TEST

/* Perometer readings, minutes and hours apart in no pattern: nothing is interpolated. */
START_TEST(readings_keep_their_times) {
  static const double t_h[] = {0, 0.05, 4, 4.03, 8, 8.07};
  start("time (h),Leg (mL)");
  for (int i = 0; i < 6; i++) add("%g,%d\n", t_h[i], 1850 + i * i);
  dsp_recording *recording = read_good(text);
  const dsp_channel *channel = &recording->channels[0];
  ck_assert(!channel->resampled && !warned(recording, "resampled"));
  ck_assert_uint_eq(channel->n, 6);
  ck_assert_uint_eq(channel->n_segments, 6);
  for (size_t i = 0; i < 6; i++) {
    ck_assert_double_eq(channel->x[i], 1850 + (double)(i * i));
    ck_assert_double_eq_tol(channel->segments[i].t0_s, 3600 * t_h[i], 1e-6);
    if (i > 0) ck_assert_double_ge(channel->segments[i].t0_s, channel->segments[i - 1].t0_s + 1 / channel->rate_hz - 1e-6);
  }
  dsp_recording_free(recording);
}
END_TEST

START_TEST(gaps) {
  start("time (s),v");
  for (int i = 0; i < 200; i++) add("%.2f,%d\n", i * 0.02 + (i >= 120 ? 7.3 : 0), i);
  dsp_recording *recording = read_good(text);
  const dsp_channel *channel = &recording->channels[0];
  ck_assert_uint_eq(channel->n_segments, 2);
  ck_assert_uint_eq(channel->n, 200);
  ck_assert_uint_eq(channel->segments[1].first, 120);
  ck_assert_double_eq_tol(channel->segments[1].t0_s, 120 * 0.02 + 7.3, 1e-9);
  ck_assert(warned(recording, "gap"));
  dsp_recording_free(recording);
  start("time (s),v"); /* three rows lost: missing samples, counted */
  for (int i = 0; i < 200; i++)
    if (i < 120 || i > 122) add("%.2f,%d\n", i * 0.02, i);
  recording = read_good(text);
  channel = &recording->channels[0];
  ck_assert_uint_eq(channel->n_segments, 1);
  ck_assert_uint_eq(channel->n, 200);
  ck_assert_uint_eq(channel->missing, 3);
  for (size_t i = 0; i < 200; i++) ck_assert(i >= 120 && i <= 122 ? isnan(channel->x[i]) : channel->x[i] == (double)i);
  ck_assert(warned(recording, "rows_missing"));
  dsp_recording_free(recording);
  start("time (s),v"); /* blocks, parted by less than a gap */
  for (int i = 0; i < 100; i++) add("%s%.2f,%d\n", i == 50 ? "\n" : "", i * 0.02 + (i >= 50 ? 0.2 : 0), i);
  add("\n\n");
  recording = read_good(text);
  channel = &recording->channels[0];
  ck_assert_uint_eq(channel->n_segments, 2);
  ck_assert_double_eq_tol(channel->segments[1].t0_s, 1.2, 1e-9);
  dsp_recording_free(recording);
  start("time (s),v"); /* gaps in an irregular clock */
  for (int i = 0; i < 400; i++) add("%.5f,%d\n", i * 0.02 + (i >= 200 ? 30 : 0) + 0.005 * uniform(), i);
  recording = read_good(text);
  channel = &recording->channels[0];
  ck_assert_uint_eq(channel->n_segments, 2);
  ck_assert(channel->resampled);
  ck_assert_double_eq_tol(channel->segments[1].t0_s, 34, 0.011);
  dsp_recording_free(recording);
  start("v"); /* blocks without a clock */
  add("1\n2\n\n3\n4\n");
  expect_refused(read_with(text, NULL, 50), DSP_BAD_INPUT, "line 4", "blank line");
}
END_TEST

START_TEST(batches) {
  start("time (s),v");
  for (int i = 0; i < 600; i++) add("%.2f,%d\n", floor(i / 3.0) * 0.31 + (i / 3 % 4) * 0.03, i);
  dsp_recording *recording = read_good(text);
  const dsp_channel *channel = &recording->channels[0];
  ck_assert(warned(recording, "time_batched") && channel->resampled);
  ck_assert_double_eq_tol(channel->x[0], 1, 1e-12); /* the mean of 0, 1, 2 */
  for (size_t i = 0; i < channel->n; i++)           /* about ten rows a second */
    ck_assert_double_eq_tol(channel->x[i], 3 * (double)i / channel->rate_hz / 0.31, 4);
  dsp_recording_free(recording);
}
END_TEST

START_TEST(bad_times) {
  expect_refused(read_text("time (s),v\n0,1\n0.1,2\n0.05,3\n0.3,4\n0.4,5\n"), DSP_BAD_INPUT, "line 4", "earlier");
  expect_refused(read_text("time (s),v\n0,1\n0.1,2\n0.1,3\n0.2,4\n0.3,5\n0.4,1\n"), DSP_BAD_INPUT, "line 4", "same time");
  expect_refused(read_text("time (s),v\n0,1\n0.1,2\n0.1,3\n0.3,4\n0.4,5\n0.5,1\n"), DSP_BAD_INPUT, "line 4", "same time");
  expect_refused(read_text("# x\ntime (s),v\n\n0,1\n# y\n0.1,2\n,3\n0.3,4\n0.4,5\n"), DSP_BAD_INPUT, "line 7", "no time");
  expect_refused(read_text("time (s),v\n5,1\n5,2\n5,3\n5,4\n"), DSP_BAD_INPUT, "", "same time");
  expect_refused(read_text("time (parsec),v\n0,1\n1,2\n2,3\n"), DSP_BAD_INPUT, "time (parsec)", "parsec");
  expect_refused(read_text("0,1\n1,2\n2,3\n3,4\n"), DSP_BAD_INPUT, "column 1", "1 by 1");
  expect_refused(read_text("v,w\n1,5\n1,4\n3,3\n"), DSP_BAD_INPUT, "", "no time column");
  start("time (s),v"); /* a single duplicate deep in a long file, and one in a rounded clock that has none by right */
  for (int i = 0; i < 5000; i++) add("%.2f,%d\n", (i - (i > 3000)) * 0.02, i);
  expect_refused(read_text(text), DSP_BAD_INPUT, "line 3003", "same time");
}
END_TEST

START_TEST(no_time_column) {
  reading result = read_with("v\n0\n1\n2\n", NULL, 25);
  ck_assert_int_eq(result.status, DSP_OK);
  ck_assert_double_eq(result.recording->channels[0].rate_hz, 25);
  ck_assert(warned(result.recording, "rate_from_parameter"));
  dsp_recording_free(result.recording);
  result = read_with("v\n0\n1\n2\n", "{\"channels\":[{\"column\":\"v\",\"rate_hz\":40}]}", 0);
  ck_assert_msg(result.status == DSP_OK, "%s: %s", result.error.place, result.error.found);
  ck_assert_double_eq(result.recording->channels[0].rate_hz, 40);
  dsp_recording_free(result.recording);
  result = read_with("a,b\n0,5\n20,5\n40,7\n",
                     "{\"channels\":[{\"column\":\"a\",\"role\":\"time\",\"unit\":\"ms\"},{\"column\":\"b\",\"unit\":\"mL\"}]}", 0);
  ck_assert_msg(result.status == DSP_OK, "%s: %s", result.error.place, result.error.found);
  ck_assert_uint_eq(result.recording->n_channels, 1);
  ck_assert_double_eq(result.recording->channels[0].rate_hz, 50);
  dsp_recording_free(result.recording);
  result =
      read_with("0,5\n20,5\n40,7\n", "{\"channels\":[{\"index\":0,\"role\":\"time\",\"unit\":\"ms\"},{\"index\":1,\"unit\":\"mL\"}]}", 0);
  ck_assert_msg(result.status == DSP_OK, "%s: %s", result.error.place, result.error.found);
  ck_assert_str_eq(result.recording->channels[0].unit->ucum, "mL");
  dsp_recording_free(result.recording);
  expect_refused(read_with("time (s),v\n0,5\n1,5\n2,7\n", "{\"channels\":[{\"column\":\"time\",\"role\":\"time\",\"unit\":\"ms\"}]}", 0),
                 DSP_BAD_INPUT, "$.channels[0]", "\"s\", the side-car \"ms\"");
  expect_refused(
      read_with("v,w\n0,5\n1,5\n2,7\n", "{\"channels\":[{\"column\":\"v\",\"rate_hz\":40},{\"column\":\"w\",\"rate_hz\":50}]}", 0),
      DSP_BAD_INPUT, "$.channels[1].rate_hz", "50 beside 40");
}
END_TEST

/* A stretch begins at its stamp, not at the last digits of a fit. */
START_TEST(stretches_begin_at_stamps) {
  char rows[60000];
  int size = sprintf(rows, "time (s),v\n");
  for (int i = 0; i < 2000; i++) size += sprintf(rows + size, "%.2f,%d\n", i / 50.0 + (i < 700 ? 0 : 3.01), i);
  dsp_recording *r = read_good(rows);
  ck_assert_uint_eq(r->channels[0].n_segments, 2);
  ck_assert_double_eq(r->channels[0].segments[1].t0_s, 17.01);
  dsp_recording_free(r);
}
END_TEST

/* A spreadsheet's column of dates and times, saved as numbers; a date as one number is no time. */
/* Numbers that no recording's seconds can be count from 1970 in smaller units; nobody says so, hence the warning. */
START_TEST(counts_since_1970) {
  static const long long scales[] = {1, 1000, 1000000};
  for (size_t k = 0; k < 3; k++) {
    char stamps[2000];
    int size = sprintf(stamps, "timestamp,v\n");
    for (int i = 0; i < 40; i++) size += sprintf(stamps + size, "%lld,%d\n", (1709423700000 + 20LL * i) * scales[k], i);
    dsp_recording *r = read_good(stamps);
    ck_assert_double_eq_tol(r->channels[0].rate_hz, 50, 1e-6);
    ck_assert_double_eq_tol(r->t_origin_s, 1709423700, 1e-3);
    ck_assert(warned(r, "time_unit_assumed"));
    dsp_recording_free(r);
  }
  dsp_recording *r = read_good("timestamp,v\n1709423700,1\n1709423701,2\n1709423702,3\n");
  ck_assert_double_eq(r->channels[0].rate_hz, 1);
  dsp_recording_free(r);
}
END_TEST

/* "8:59" is a time of minutes and seconds only when something says so. */
START_TEST(minutes_and_seconds) {
  static const char *const told[] = {"time (min:s),v\n8:58,1\n8:59,2\n9:00,3\n9:01,4\n",
                                     "time,v\nmm:ss,mL\n8:58,1\n8:59,2\n9:00,3\n9:01,4\n", "time,v\n0:58,1\n0:59,2\n1:00,3\n1:01,4\n"};
  for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
    dsp_recording *r = read_good(told[i]);
    ck_assert_double_eq(r->channels[0].rate_hz, 1);
    ck_assert_double_eq(r->t_origin_s, i == 2 ? 58 : 538);
    ck_assert_uint_eq(r->n_channels, 1);
    dsp_recording_free(r);
  }
  dsp_recording *r = read_good("time;v\n8:59,0;1\n8:59,5;2\n9:00,0;3\n9:00,5;4\n");
  ck_assert_double_eq(r->channels[0].rate_hz, 2);
  dsp_recording_free(r);
  const reading stated =
      read_with("time,v\n8:58,1\n8:59,2\n9:00,3\n", "{\"channels\":[{\"column\":\"time\",\"role\":\"time\",\"unit\":\"mm:ss\"}]}", 0);
  ck_assert_int_eq(stated.status, DSP_OK);
  ck_assert_double_eq(stated.recording->channels[0].rate_hz, 1);
  dsp_recording_free(stated.recording);
  expect_refused(read_text("time,v\n8:58,1\n8:59,2\n9:00,3\n"), DSP_BAD_INPUT, "column \"time\"",
                 "hours and minutes, or minutes and seconds");
  expect_refused(read_text("time (h:m:s),v\n8:58,1\n8:59,2\n9:00,3\n"), DSP_BAD_INPUT, "column \"time (h:m:s)\"", "hours and minutes");
}
END_TEST

/* A column that is named as the time and cannot be read as one is the message, not its absence. */
START_TEST(unreadable_time) {
  expect_refused(read_text("Time,v\nsoon,1\nlater,2\nnow,3\n"), DSP_BAD_INPUT, "column \"Time\"", "no time");
  expect_refused(read_text("time (s);v\n0,0;1.107,5\n0,1;1.108,5\n0,2;1.109,5\n"), DSP_BAD_INPUT, "line 2, column 2", "1.107,5");
}
END_TEST

START_TEST(serial_dates) {
  dsp_recording *r = read_good("Date,v\n45353.5,1\n45353.500011574074,2\n45353.500023148148,3\n45353.500034722222,4\n");
  ck_assert_uint_eq(r->n_channels, 1);
  ck_assert_double_eq_tol(r->channels[0].rate_hz, 1, 1e-4);
  dsp_recording_free(r);
  r = read_good("Date,Time (s),v\n20240302,0,1\n20240302,1,2\n20240302,2,3\n20240302,3,4\n");
  ck_assert_uint_eq(r->n_channels, 2);
  ck_assert_double_eq(r->channels[0].rate_hz, 1);
  dsp_recording_free(r);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {names_and_units,
                                time_may_stand_anywhere,
                                origin,
                                clocks,
                                rounded_stamps,
                                jitter_is_resampled,
                                slow_irregularity,
                                readings_keep_their_times,
                                gaps,
                                batches,
                                bad_times,
                                no_time_column,
                                stretches_begin_at_stamps,
                                counts_since_1970,
                                unreadable_time,
                                minutes_and_seconds,
                                serial_dates};
  return run_case("csv_time", tests, sizeof tests / sizeof tests[0]);
}
