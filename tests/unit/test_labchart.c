/* SPDX-License-Identifier: GPL-3.0-or-later
 * LabChart's text export: composed files, one valid and one for each trap. */
#include "../support/reading.h"

#define HEAD(date, titles, ranges, more)                                                                                                   \
  "Interval=\t0.02 s\nExcelDateTime=\t" date "\nTimeFormat=\tStartOfBlock\nChannelTitle=\t" titles "\nRange=\t" ranges "\n" more

static const char two_blocks[] = "Interval=\t0.02 s\r\n"
                                 "ExcelDateTime=\t4.5353416667000001e+04\t02/03/2024 10:00:00.000000\r\n"
                                 "TimeFormat=\tStartOfBlock\r\n"
                                 "DateFormat=\t\r\n"
                                 "ChannelTitle=\tAPG L calf\tCuff\r\n"
                                 "Range=\t10.000 V\t2.000 V\r\n"
                                 "UnitName=\tmL\tmmHg\r\n"
                                 "TopValue=\t200.0\t300.0\r\n"
                                 "BottomValue=\t-50.0\t0.0\r\n"
                                 "0\t1.02\t6.0\r\n"
                                 "0.02\t1.05\t6.1\t#* supine\r\n"
                                 "0.04\t\t6.1\t#1 sample\tlost\r\n"
                                 "Interval=\t0.02 s\r\n"
                                 "ExcelDateTime=\t4.5353419444444e+04\t02/03/2024 10:04:00.000000\r\n"
                                 "ChannelTitle=\tAPG L calf\tCuff\r\n"
                                 "Range=\t10.000 V\t2.000 V\r\n"
                                 "UnitName=\tmL\tmmHg\r\n"
                                 "0\t1.40\t6.0\t#* stand\r\n";

static reading read_lab(const char *text) {
  return read_named("leg.txt", text, strlen(text), NULL);
}

static dsp_recording *read_lab_good(const char *text) {
  return must_read(read_lab(text));
}

START_TEST(blocks_are_segments) {
  dsp_recording *r = read_lab_good(two_blocks);
  ck_assert_str_eq(r->format, "labchart");
  ck_assert_uint_eq(r->n_channels, 2);
  const dsp_channel *leg = channel_named(r, "APG L calf"), *cuff = channel_named(r, "Cuff");
  ck_assert_str_eq(leg->unit->ucum, "mL"); /* not the V of Range= */
  ck_assert_str_eq(cuff->unit->ucum, "mm[Hg]");
  expect_samples(leg, (const double[]){1.02, 1.05, (double)NAN, 1.40}, 4);
  expect_samples(cuff, (const double[]){6.0, 6.1, 6.1, 6.0}, 4);
  ck_assert_double_eq(leg->rate_hz, 50);
  ck_assert_uint_eq(leg->n_segments, 2);
  ck_assert(leg->segments[0].n == 3 && leg->segments[0].t0_s == 0);
  ck_assert(leg->segments[1].n == 1 && leg->segments[1].first == 3 && leg->segments[1].t0_s == 240);
  ck_assert(warned(r, "gap") && leg->missing == 1);
  ck_assert_uint_eq(r->n_events, 3);
  ck_assert(r->events[0].kind == DSP_EVENT_SUPINE && r->events[0].t_s == 0.02);
  ck_assert_str_eq(r->events[1].text, "sample lost (APG L calf)");
  ck_assert(r->events[2].kind == DSP_EVENT_STAND && r->events[2].t_s == 240);
  ck_assert_str_eq(r->events[2].source, "labchart");
  dsp_recording_free(r);
}
END_TEST

START_TEST(units) {
  dsp_recording *r = read_lab_good(HEAD("1", "a\tb\tc\td\te", "10.000 V\t500.0 mV\t100.00 mV\t1.1000 \t64.18 L/min",
                                        "UnitName=\t*\t\tcmH2O\t*\t*\n") "0\t1\t2\t3\t4\t5\n0.02\t1\t2\t3\t4\t5\n");
  ck_assert_str_eq(channel_named(r, "a")->unit->ucum, "V");
  ck_assert_ptr_null(channel_named(r, "b")->unit_as_written); /* converted to a unit that nobody named */
  ck_assert_str_eq(channel_named(r, "c")->unit->ucum, "cm[H2O]");
  ck_assert_ptr_null(channel_named(r, "d")->unit_as_written);
  ck_assert_str_eq(channel_named(r, "e")->unit->ucum, "L/min");
  dsp_recording_free(r);
  r = read_lab_good(HEAD("1", "\"a b\"\ta", "2 V\t2 furlong", "") "1\t2\n3\t4\n"); /* six lines, quotes, no time column */
  ck_assert_str_eq(channel_named(r, "a b")->unit->ucum, "V");
  ck_assert_ptr_null(channel_named(r, "a")->unit);
  ck_assert(warned(r, "unit_unrecognized"));
  expect_samples(channel_named(r, "a"), (const double[]){2, 4}, 2);
  dsp_recording_free(r);
}
END_TEST

START_TEST(intervals) {
  static const struct {
    const char *text;
    double rate_hz;
  } cases[] = {{"0.001 s", 1000},     {"0,001 s", 1000},    {"1 ms", 1000}, {"1 msec", 1000},    {"100 \xC2\xB5s", 10000}, {"1 kHz", 1000},
               {"0.5 min", 1 / 30.0}, {"1 hr", 1 / 3600.0}, {"2 sec", 0.5}, {"100 usec", 10000}, {"200 Hz", 200}};
  char text[200];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    snprintf(text, sizeof text, "Interval=\t%s\nChannelTitle=\ta\n1\n2\n", cases[i].text);
    dsp_recording *r = read_lab_good(text);
    ck_assert_double_eq_tol(r->channels[0].rate_hz, cases[i].rate_hz, 1e-12 * cases[i].rate_hz);
    dsp_recording_free(r);
  }
  expect_refused(read_lab("Interval=\t0 s\nChannelTitle=\ta\n1\n2\n"), DSP_BAD_INPUT, "labchart: line 1, column 2", "0 s");
  expect_refused(read_lab("Interval=\tfast\nChannelTitle=\ta\n1\n2\n"), DSP_BAD_INPUT, "line 1", "fast");
  expect_refused(read_lab("Interval=\t5\nChannelTitle=\ta\n1\n2\n"), DSP_BAD_INPUT, "line 1", "5");
}
END_TEST

START_TEST(time_column) {
  /* a selection: the time begins at 432 s */
  dsp_recording *r = read_lab_good(HEAD("1", "a", "1 V", "") "432\t1\n432.02\t2\n432.04\t3\n");
  ck_assert_double_eq(r->t_origin_s, 432);
  ck_assert_double_eq(r->channels[0].segments[0].t0_s, 0);
  dsp_recording_free(r);
  /* as a clock that passes midnight */
  r = read_lab_good("Interval=\t0.5 s\nChannelTitle=\ta\n23:59:59.5\t1\n0:00:00\t2\n0:00:00.5\t3\n");
  ck_assert_double_eq(r->t_origin_s, 86399.5);
  ck_assert_uint_eq(r->channels[0].n_segments, 1);
  dsp_recording_free(r);
  /* with a date beside it */
  r = read_lab_good("Interval=\t0.5 s\nChannelTitle=\ta\n2/3/2024\t0.5\t1\n2/3/2024\t1\t2\n2/3/2024\t1.5\t7\n");
  ck_assert_double_eq(r->t_origin_s, 0.5);
  expect_samples(&r->channels[0], (const double[]){1, 2, 7}, 3);
  dsp_recording_free(r);
  /* behind the channels */
  r = read_lab_good("Interval=\t0.5 s\nChannelTitle=\ta\n9\t0.5\n8\t1\n1\t1.5\n");
  expect_samples(&r->channels[0], (const double[]){9, 8, 1}, 3);
  dsp_recording_free(r);
  /* rows left out: another segment; too coarse an interval: the column's */
  r = read_lab_good(HEAD("1", "a", "1 V", "") "0\t1\n0.02\t2\n0.04\t3\n0.06\t3\n1.06\t4\n1.08\t5\n1.1\t5\n1.12\t5\n");
  ck_assert_uint_eq(r->channels[0].n_segments, 2);
  ck_assert_double_eq(r->channels[0].segments[1].t0_s, 1.06);
  dsp_recording_free(r);
  r = read_lab_good("Interval=\t0.02 s\nChannelTitle=\ta\n0\t1\n0.1\t2\n0.2\t3\n0.3\t3\n");
  ck_assert_double_eq(r->channels[0].rate_hz, 10);
  ck_assert(warned(r, "interval_disagrees"));
  dsp_recording_free(r);
  expect_refused(read_lab(HEAD("1", "a", "1 V", "") "0\t1\n0.02\t2\n0.01\t3\n"), DSP_BAD_INPUT, "row 3", "earlier");
  expect_refused(read_lab(HEAD("1", "a", "1 V", "") "0\t1\n0.02\t2\n0.02\t3\n"), DSP_BAD_INPUT, "row 3", "twice");
}
END_TEST

START_TEST(encodings_and_decimal_comma) {
  dsp_recording *r = read_lab_good(
      "Interval=\t0,02 s\nExcelDateTime=\t4,5e+04\t1.1.2024 10.00\nChannelTitle=\tb\xB5\nRange=\t10,0 \xB5V\n0,00\t1,5\n0,02\t-2,25\n");
  ck_assert_str_eq(r->channels[0].name, "b\xC2\xB5");
  ck_assert_str_eq(r->channels[0].unit->ucum, "uV");
  expect_samples(&r->channels[0], (const double[]){1.5, -2.25}, 2);
  ck_assert(warned(r, "encoding_guessed"));
  dsp_recording_free(r);
  static const char plain[] = "Interval=\t0.5 s\nChannelTitle=\ta\n0\t1\n0.5\t2\n";
  unsigned char wide[2 * sizeof plain + 2] = {0xFF, 0xFE};
  for (size_t i = 0; i + 1 < sizeof plain; i++) wide[2 + 2 * i] = (unsigned char)plain[i];
  r = must_read(read_named("leg.txt", wide, 2 * sizeof plain, NULL));
  ck_assert_str_eq(r->format, "labchart");
  expect_samples(&r->channels[0], (const double[]){1, 2}, 2);
  dsp_recording_free(r);
  r = must_read(read_named("leg.txt", wide + 2, 2 * sizeof plain - 2, NULL)); /* without a mark */
  ck_assert_str_eq(r->format, "labchart");
  dsp_recording_free(r);
  r = read_lab_good("\xEF\xBB\xBFInterval=\t0.5 s\rChannelTitle=\ta\r0\t1\r0.5\t2\r"); /* lone CR */
  ck_assert_uint_eq(r->channels[0].n, 2);
  dsp_recording_free(r);
}
END_TEST

START_TEST(places_of_blocks) {
  /* equal serials of low precision: the words tell them apart */
  dsp_recording *r = read_lab_good(HEAD("4.5353e+04\t02/03/2024 10:00:00.25", "a", "1 V",
                                        "") "0\t1\n0.02\t2\n" HEAD("4.5353e+04\t02/03/2024 10:00:10.75", "a", "1 V", "") "0\t3\n0.02\t4\n");
  ck_assert_double_eq_tol(r->channels[0].segments[1].t0_s, 10.5, 1e-9);
  dsp_recording_free(r);
  /* past noon, in words with PM; serials of full precision */
  r = read_lab_good(HEAD("45353.5\t3/2/2024 12:00:00.000 PM", "a", "1 V", "") "0\t1\n0.02\t2\n" HEAD("45353.75\t3/2/2024 6:00:00.000 PM",
                                                                                                     "a", "1 V", "") "0\t3\n0.02\t4\n");
  ck_assert_double_eq_tol(r->channels[0].segments[1].t0_s, 21600, 1e-9);
  dsp_recording_free(r);
  /* times that go on from block to block need no date */
  r = read_lab_good("Interval=\t0.5 s\nTimeFormat=\tStartOfFile\nChannelTitle=\ta\n0\t1\n0.5\t2\nInterval=\t0.5 "
                    "s\nTimeFormat=\tStartOfFile\nChannelTitle=\ta\n7\t3\n7.5\t4\n");
  ck_assert_double_eq(r->channels[0].segments[1].t0_s, 7);
  dsp_recording_free(r);
  static const char undated[] = "Interval=\t0.5 s\nChannelTitle=\ta\n0\t1\n0.5\t2\nInterval=\t0.5 s\nChannelTitle=\ta\n0\t3\n0.5\t4\n";
  expect_refused(read_lab(undated), DSP_BAD_INPUT, "labchart: line 5", "nothing places");
  r = must_read(read_named("leg.txt", undated, sizeof undated - 1, "labchart.block=2"));
  expect_samples(&r->channels[0], (const double[]){3, 4}, 2);
  dsp_recording_free(r);
  expect_refused(read_named("leg.txt", undated, sizeof undated - 1, "labchart.block=3"), DSP_BAD_OPTION, "labchart.block",
                 "the file has 2");
  expect_refused(read_lab(HEAD("45353.5\t", "a", "1 V", "") "0\t1\n0.02\t2\n" HEAD("45353.25\t", "a", "1 V", "") "0\t3\n0.02\t4\n"),
                 DSP_BAD_INPUT, "labchart: line 8", "before the one above ends");
}
END_TEST

START_TEST(blocks_that_differ) {
  /* another rate and another set of channels: nothing is joined that does not belong together */
  dsp_recording *r = read_lab_good(HEAD("45353.5\t", "a\tb", "1 V\t1 V",
                                        "") "0\t1\t2\n0.02\t2\t3\n"
                                            "Interval=\t0.5 s\nExcelDateTime=\t45353.6\t\nChannelTitle=\ta\nRange=\t1 V\n0\t5\n0.5\t6\n");
  ck_assert_uint_eq(r->n_channels, 3);
  ck_assert(r->channels[0].rate_hz == 50 && r->channels[2].rate_hz == 2);
  ck_assert_str_eq(r->channels[2].name, "a.2");
  ck_assert_double_eq_tol(r->channels[2].segments[0].t0_s, 8640, 1e-4);
  dsp_recording_free(r);
  r = read_lab_good(HEAD("1", "x\tx", "1 V\t1 V", "") "0\t1\t2\n0.02\t3\t4\n"); /* two of one name */
  expect_samples(channel_named(r, "x.2"), (const double[]){2, 4}, 2);
  dsp_recording_free(r);
}
END_TEST

/* `n` rows: a fast channel, a slow one held for `k` rows. */
static char *held_text(size_t n, size_t k, bool coarse) {
  char *text = malloc(200 + n * 40);
  if (!text) abort();
  size_t used = (size_t)sprintf(text, "Interval=\t0.01 s\nChannelTitle=\tfast\tslow\nRange=\t1 V\t1 V\n");
  for (size_t i = 0; i < n; i++) {
    const size_t j = i / k;
    const unsigned value = coarse ? (unsigned)(j % 97 > 40) : (unsigned)(j * 7919 % 1009);
    used += (size_t)sprintf(text + used, "%.2f\t%u\t%u\n", (double)i * 0.01, (unsigned)(i * 31 % 1013), value);
  }
  return text;
}

START_TEST(held_channels) {
  char *text = held_text(2000, 10, false);
  dsp_recording *r = read_lab_good(text);
  ck_assert(warned(r, "rate_inferred"));
  ck_assert_double_eq(channel_named(r, "fast")->rate_hz, 100);
  ck_assert_double_eq(channel_named(r, "slow")->rate_hz, 10);
  ck_assert_uint_eq(channel_named(r, "slow")->n, 200);
  ck_assert_double_eq(channel_named(r, "slow")->x[3], 3 * 7919 % 1009);
  dsp_recording_free(r);
  r = must_read(read_named("leg.txt", text, strlen(text), "labchart.held=keep"));
  ck_assert_uint_eq(channel_named(r, "slow")->n, 2000);
  ck_assert(!warned(r, "rate_inferred"));
  dsp_recording_free(r);
  char *row = strchr(strstr(text, "\n1.05\t") + 1, '\n') - 1; /* one row off the pattern, and nothing is certain */
  *row = *row == '1' ? '2' : '1';
  r = read_lab_good(text);
  ck_assert_double_eq(channel_named(r, "slow")->rate_hz, 100);
  dsp_recording_free(r);
  free(text);
  text = held_text(2000, 10, true); /* a switch with long plateaus shows no rate of its own */
  r = read_lab_good(text);
  ck_assert(!warned(r, "rate_inferred"));
  dsp_recording_free(r);
  free(text);
  text = held_text(300, 10, false); /* too few changes to be sure */
  r = read_lab_good(text);
  ck_assert(!warned(r, "rate_inferred"));
  dsp_recording_free(r);
  free(text);
}
END_TEST

START_TEST(broken_files) {
  expect_refused(read_lab(HEAD("1", "a", "1 V", "") "0\t1\n0.02\tx\n"), DSP_BAD_INPUT, "labchart: line 7, column 2", "\"x\"");
  expect_refused(read_lab(HEAD("1", "a", "1 V", "") "0\t1,234.5\n0.02\t1\n"), DSP_BAD_INPUT, "line 6, column 2", "1,234.5");
  expect_refused(read_lab(HEAD("1", "a", "1 V", "") "0\t1e999\n0.02\t1\n"), DSP_BAD_INPUT, "line 6, column 2", "1e999");
  expect_refused(read_lab(HEAD("1", "a", "1 V", "") "0\t1\t2\t3\t4\n0.02\t1\t2\t3\t4\n"), DSP_BAD_INPUT, "line 1", "5 columns");
  expect_refused(read_lab(HEAD("1", "a", "1 V", "")), DSP_BAD_INPUT, "labchart", "no samples");
  expect_refused(read_lab("Interval="), DSP_BAD_INPUT, "labchart: line 1", "");
  expect_refused(read_lab("Interval=x\t1 s\nChannelTitle=\ta\n0\t1\n"), DSP_BAD_INPUT, "labchart: line 1", "no interval");
  dsp_recording *r = read_lab_good(HEAD("1", "a\tb", "1 V\t1 V", "") "0\t1\t2\n0.02\t3\t4\n0.04\t5"); /* cut off */
  ck_assert(warned(r, "short_rows") && isnan(channel_named(r, "b")->x[2]));
  dsp_recording_free(r);
  r = read_lab_good(HEAD("1", "a", "1 V", "") "0\t1\n0.02\t3\n#* at the end\n0.04\t5\n"); /* a line that is a comment alone */
  ck_assert(r->channels[0].n == 3 && r->n_events == 1 && r->events[0].t_s == 0.04);
  dsp_recording_free(r);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {blocks_are_segments, units,         intervals,   time_column, encodings_and_decimal_comma, places_of_blocks,
                                blocks_that_differ,  held_channels, broken_files};
  return run_case("labchart", tests, sizeof tests / sizeof tests[0]);
}
