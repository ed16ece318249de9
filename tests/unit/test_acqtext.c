/* SPDX-License-Identifier: GPL-3.0-or-later
 * AcqKnowledge's text export: composed files, one valid and one for each trap. */
#include "../support/reading.h"

static reading read_acq(const char *text) {
  return read_named("leg.txt", text, strlen(text), NULL);
}

#define HEAD "C:\\data\\leg_left.acq\r\n20.000 msec/sample\r\n2 channels\r\nSGP calf\r\n%\r\nCuff pressure\r\nmmHg\r\n"

START_TEST(the_usual) {
  dsp_recording *r = must_read(read_acq(HEAD "ms,CH1,CH2\r\n,3,3\r\n0,0.0012,6.1\r\n20,0.0015,6.1\r\n40,0.002,\r\n"));
  ck_assert_str_eq(r->format, "acqtext");
  ck_assert(r->n_channels == 2 && r->n_warnings == 0 && r->t_origin_s == 0);
  expect_samples(channel_named(r, "SGP calf"), (const double[]){0.0012, 0.0015, 0.002}, 3);
  expect_samples(channel_named(r, "Cuff pressure"), (const double[]){6.1, 6.1, (double)NAN}, 3);
  ck_assert_double_eq(r->channels[0].rate_hz, 50);
  ck_assert_str_eq(r->channels[0].unit->ucum, "%");
  ck_assert_str_eq(r->channels[1].unit->ucum, "mm[Hg]");
  dsp_recording_free(r);
}
END_TEST

START_TEST(time_columns) {
  dsp_recording *r = must_read(read_acq(HEAD "sec\tCH1\tCH2\r\n\t2\t2\r\n100.5\t1\t2\r\n100.52\t3\t4\r\n"));
  ck_assert_double_eq(r->t_origin_s, 100.5);
  expect_samples(&r->channels[0], (const double[]){1, 3}, 2);
  dsp_recording_free(r);
  r = must_read(read_acq(HEAD "CH1,CH2\r\n2,2\r\n1,2\r\n3,4\r\n")); /* none */
  expect_samples(&r->channels[1], (const double[]){2, 4}, 2);
  dsp_recording_free(r);
  r = must_read(read_acq(HEAD "min CH1 CH2\r\n2 2\r\n0,1,2\r\n0.00033333,3,4\r\n")); /* blanks above, commas below */
  expect_samples(&r->channels[0], (const double[]){1, 3}, 2);
  dsp_recording_free(r);
  expect_refused(read_acq(HEAD "ms,CH1,CH2\r\n,2,2\r\n0,1,2\r\n60,3,4\r\n"), DSP_BAD_INPUT, "acqtext: row 2", "60");
}
END_TEST

START_TEST(delimiters) {
  static const char *const rows[] = {"0\t1.5\t2\t\r\n20\t3\t4\t\r\n", "0 1.5 2\r\n20 3 4\r\n", "0\t1,5\t2\r\n20\t3\t4\r\n",
                                     "0,1.5,2,\r\n20,3,4,\r\n"};
  char text[400];
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    snprintf(text, sizeof text, "%sms,CH1,CH2\r\n,2,2\r\n%s", HEAD, rows[i]);
    dsp_recording *r = must_read(read_acq(text));
    expect_samples(&r->channels[0], (const double[]){1.5, 3}, 2);
    dsp_recording_free(r);
  }
  dsp_recording *r = must_read(read_acq("x\n50 samples/sec\n1 channels\n\xB5\n\xB5V\nCH1\n2\n1\n2\n"));
  ck_assert_double_eq(r->channels[0].rate_hz, 50);
  ck_assert_str_eq(r->channels[0].unit->ucum, "uV");
  dsp_recording_free(r);
}
END_TEST

START_TEST(slower_channels) {
  /* a sample in every second row */
  dsp_recording *r = must_read(read_acq(HEAD "CH1,CH2\n4,2\n1,6\n2,\n3,7\n4,\n"));
  ck_assert(r->channels[1].rate_hz == 25 && warned(r, "rate_inferred"));
  expect_samples(&r->channels[1], (const double[]){6, 7}, 2);
  dsp_recording_free(r);
  /* packed into the first rows */
  static const char packed[] = HEAD "CH1,CH2\n4,2\n1,6\n2,7\n3,\n4,\n";
  r = must_read(read_acq(packed));
  ck_assert(r->channels[1].rate_hz == 25 && warned(r, "rate_inferred"));
  dsp_recording_free(r);
  r = must_read(read_named("leg.txt", packed, sizeof packed - 1, "acqtext.short_columns=ended"));
  expect_samples(&r->channels[1], (const double[]){6, 7, (double)NAN, (double)NAN}, 4); /* nothing is entered as 0 */
  ck_assert(r->channels[1].rate_hz == 50 && r->n_warnings == 0);
  dsp_recording_free(r);
  r = must_read(read_acq(HEAD "CH1,CH2\n4,3\n1,6\n2,7\n3,8\n4,\n")); /* just a lost sample */
  ck_assert(r->channels[1].rate_hz == 50 && r->channels[1].missing == 1);
  dsp_recording_free(r);
}
END_TEST

START_TEST(broken) {
  expect_refused(read_acq(HEAD "ms,CH1,CH2\r\n,2,2\r\n0,1,2,3,4,5\r\n"), DSP_BAD_INPUT, "acqtext: line 10", "0,1,2,3,4,5");
  expect_refused(read_acq(HEAD "ms,CH1,CH2\r\n,2,2\r\n0,1,2\r\n20,x,4\r\n"), DSP_BAD_INPUT, "acqtext: line 11, column 2", "x");
  expect_refused(read_acq(HEAD "ms,CH1,CH2\r\n,2,2\r\n"), DSP_BAD_INPUT, "acqtext", "");
  expect_refused(read_acq("x\n0 msec/sample\n2 channels\n"), DSP_BAD_INPUT, "acqtext: line 2", "0 msec");
  expect_refused(read_acq("x\n20 msec/sample\n900 channels\n"), DSP_BAD_INPUT, "acqtext: line 3", "900");
  expect_refused(read_acq("x\n20 msec/sample\n1.5 channels\n"), DSP_BAD_INPUT, "acqtext: line 3", "1.5");
}
END_TEST

int main(void) {
  const TTest *const tests[] = {the_usual, time_columns, delimiters, slower_channels, broken};
  return run_case("acqtext", tests, sizeof tests / sizeof tests[0]);
}
