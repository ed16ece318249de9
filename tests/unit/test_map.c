/* SPDX-License-Identifier: GPL-3.0-or-later
 * Maps for a machine's exports, with and without a side-car on top, and side-cars suggested for a recording. */
#include "../support/reading.h"
#include <fmt/writer.h>

static const char table[] = "time (s),APG L,Cuff\n0,1,6\n0.02,2,6\n0.04,3,6\n";

static reading read_both(const char *text, const char *map, const char *sidecar) {
  reading result = {0};
  fmt_source source, chart = {0}, own = {0};
  ck_assert_int_eq(fmt_source_from_memory(&source, text, strlen(text), NULL), DSP_OK);
  if (map) ck_assert_int_eq(fmt_source_from_memory(&chart, map, strlen(map), NULL), DSP_OK);
  if (sidecar) ck_assert_int_eq(fmt_source_from_memory(&own, sidecar, strlen(sidecar), NULL), DSP_OK);
  const fmt_input input = {.source = &source, .name = "leg.csv"};
  const fmt_read_options options = {
      .sidecar = sidecar ? &own : NULL, .sidecar_name = "leg.pleth.json", .map = map ? &chart : NULL, .map_name = "apg.json"};
  result.status = fmt_read(&result.recording, &input, &options, &result.error);
  fmt_source_clear(&source);
  fmt_source_clear(&chart);
  fmt_source_clear(&own);
  return result;
}

#define MAP                                                                                                                                \
  "{\"schema\": \"pleth-sidecar/1\", \"protocol\": \"apg.stand\", \"acquisition\": {\"device\": \"APG 1\", \"room_temp_c\": 23},"          \
  " \"channels\": [{\"column\": \"APG L\", \"role\": \"volume\", \"unit\": \"mL\", \"side\": \"left\"}, {\"column\": \"Cuff\","            \
  " \"role\": \"cuff_pressure\", \"unit\": \"mmHg\"}]}"

START_TEST(a_map_alone) {
  dsp_recording *r = must_read(read_both(table, MAP, NULL));
  ck_assert_str_eq(r->protocol, "apg.stand");
  ck_assert(r->channels[0].role == DSP_ROLE_VOLUME && r->channels[0].side == DSP_SIDE_LEFT && r->room_temp_c == 23);
  ck_assert_str_eq(r->channels[1].unit->ucum, "mm[Hg]");
  ck_assert_uint_eq(r->n_warnings, 0);
  dsp_recording_free(r);
}
END_TEST

/* Key by key inside objects and channels; the side-car's word is the last. */
START_TEST(the_sidecar_wins) {
  dsp_recording *r =
      must_read(read_both(table, MAP,
                          "{\"protocol\": \"apg.tilt\", \"acquisition\": {\"room_temp_c\": 20}, \"subject\": {\"key\": \"P7\"},"
                          " \"channels\": [{\"column\": \"APG L\", \"side\": \"right\", \"calibration\": {\"gain\": 2}}],"
                          " \"events\": [{\"t_s\": 0.02, \"kind\": \"stand\"}]}"));
  ck_assert_str_eq(r->protocol, "apg.tilt");
  ck_assert_str_eq(r->device, "APG 1");
  ck_assert_str_eq(r->subject_key, "P7");
  ck_assert(r->room_temp_c == 20 && r->n_events == 1 && r->n_warnings == 0);
  ck_assert(r->channels[0].side == DSP_SIDE_RIGHT && r->channels[0].role == DSP_ROLE_VOLUME);
  expect_samples(&r->channels[0], (const double[]){2, 4, 6}, 3); /* calibrated once */
  ck_assert(r->channels[1].role == DSP_ROLE_CUFF_PRESSURE);
  dsp_recording_free(r);
}
END_TEST

START_TEST(errors_name_the_file) {
  expect_refused(read_both(table, "{,}", NULL), DSP_BAD_INPUT, "apg.json: $", "");
  expect_refused(read_both(table, MAP, "{\"a\": 1, \"a\": 2}"), DSP_BAD_INPUT, "leg.pleth.json: $", "duplicate");
  expect_refused(read_both(table, "{\"subject\": {\"key\": \"P7\"}}", NULL), DSP_BAD_INPUT, "apg.json: $.subject", "a subject");
  expect_refused(read_both(table, "{\"channels\": [{\"column\": \"none\"}]}", NULL), DSP_BAD_INPUT, "apg.json: $.channels[0].column",
                 "none");
  expect_refused(read_both(table, MAP, "{\"channels\": [{\"index\": 0, \"side\": \"left\"}]}"), DSP_BAD_INPUT,
                 "apg.json with leg.pleth.json: $.channels[2]", "a second entry");
}
END_TEST

/* What is suggested is taken as it stands, and says nothing that the file does not. */
START_TEST(suggestions) {
  static const char *const texts[] = {table, "t,\"a \"\"b\"\" (mL)\",x/y,x/y,\xC3\xA9 [\xC2\xB5V],u (furlong)\n0,1,2,3,4,5\n1,1,2,3,4,5\n",
                                      "Interval=\t0.5 s\nChannelTitle=\tL/m -> L/s\tb (mL)\nRange=\t1 V\t2 furlong\n0\t1\t2\n0.5\t2\t3\n"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    fmt_buffer out = {0};
    dsp_recording *r = must_read(read_both(texts[i], NULL, NULL));
    ck_assert_int_eq(fmt_suggest_sidecar(&out, r, NULL), DSP_OK);
    ck_assert_ptr_nonnull(strstr(out.bytes, "\"role\": null")); /* what is to be filled in is there */
    dsp_recording *again = must_read(read_both(texts[i], NULL, out.bytes));
    ck_assert_uint_eq(again->n_channels, r->n_channels);
    ck_assert(!warned(again, "sidecar_unknown_key") && !warned(again, "sidecar_wins"));
    for (size_t c = 0; c < r->n_channels; c++) {
      ck_assert(again->channels[c].unit == r->channels[c].unit && again->channels[c].role == DSP_ROLE_UNKNOWN);
      ck_assert(again->channels[c].side == DSP_SIDE_UNKNOWN && !again->channels[c].site && !again->protocol);
    }
    dsp_recording_free(again);
    dsp_recording_free(r);
    fmt_buffer_clear(&out);
  }
}
END_TEST

/* Never silently scaled: the conversion is offered. */
START_TEST(units_that_do_not_fit) {
  const reading result = read_both("time (s),v (L)\n0,1\n1,2\n", "{\"channels\": [{\"column\": \"v\", \"role\": \"volume\"}]}", NULL);
  expect_refused(result, DSP_BAD_INPUT, "apg.json: $.channels[0].unit", "\"L\"");
  ck_assert_ptr_nonnull(strstr(result.error.expected, "gain 1000"));
}
END_TEST

int main(void) {
  const TTest *const tests[] = {a_map_alone, the_sidecar_wins, errors_name_the_file, suggestions, units_that_do_not_fit};
  return run_case("map", tests, sizeof tests / sizeof tests[0]);
}
