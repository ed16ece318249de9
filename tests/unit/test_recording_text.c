/* SPDX-License-Identifier: GPL-3.0-or-later
 * A recording as CSV, its side-car and its truth: exact bytes of small examples, and that unknown facts leave no trace. */
#include "../support/runner.h"
#include <check.h>
#include <fmt/writer.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static dsp_channel *add(dsp_recording *recording, const char *name, double rate_hz, const double *values, size_t n) {
  double *x = calloc(n, sizeof *x);
  ck_assert_ptr_nonnull(x);
  memcpy(x, values, n * sizeof *x);
  dsp_channel *channel = dsp_recording_add_channel(recording, name, rate_hz, x, n);
  ck_assert_ptr_nonnull(channel);
  return channel;
}

static void check_csv(const dsp_recording *recording, const fmt_csv_style *style, const char *expected) {
  fmt_buffer out = {0};
  dsp_error error = {0};
  ck_assert_msg(fmt_recording_csv(&out, recording, style, &error) == DSP_OK, "%s", error.found);
  ck_assert_str_eq(out.bytes, expected);
  fmt_buffer_clear(&out);
}

static const double three[] = {0.5, -1.25, 1e-12};

START_TEST(plain_csv) {
  dsp_recording *r = dsp_recording_new();
  double values[] = {0.1, (double)NAN, 3};
  add(r, "volume", 4, values, 3)->unit_as_written = "mL";
  add(r, "-x, y", 4, three, 3);
  check_csv(r, NULL, "time (s),volume (mL),\"'-x, y\"\n0,0.1,0.5\n0.25,n/a,-1.25\n0.5,3,1e-12\n");
  dsp_recording_free(r);
}
END_TEST

START_TEST(decimal_comma_and_fixed_decimals) {
  dsp_recording *r = dsp_recording_new();
  add(r, "v", 4, three, 3)->unit = dsp_role_unit(DSP_ROLE_VOLUME);
  fmt_csv_style comma = {';', true, 0}, fixed = {'\t', false, 2}, wrong = {0, true, 0};
  check_csv(r, &comma, "time (s);v (mL)\n0;0,5\n0,25;-1,25\n0,5;1e-12\n");
  check_csv(r, &fixed, "time (s)\tv (mL)\n0\t0.50\n0.25\t-1.25\n0.5\t0.00\n");
  fmt_buffer out = {0};
  dsp_error error = {0};
  ck_assert_int_eq(fmt_recording_csv(&out, r, &wrong, &error), DSP_BAD_OPTION);
  fmt_buffer_clear(&out);
  dsp_recording_free(r);
}
END_TEST

START_TEST(a_gap_is_a_blank_line) {
  dsp_recording *r = dsp_recording_new();
  dsp_channel *c = add(r, "v", 2, three, 3);
  dsp_segment parts[] = {{0, 0, 2}, {10, 2, 1}};
  ck_assert_int_eq(dsp_channel_set_segments(c, parts, 2), DSP_OK);
  check_csv(r, NULL, "time (s),v\n0,0.5\n0.5,-1.25\n\n10,1e-12\n");
  dsp_recording_free(r);
}
END_TEST

START_TEST(two_rates_share_the_rows) {
  dsp_recording *r = dsp_recording_new();
  add(r, "slow", 1, three, 2);
  add(r, "fast", 2, three, 3);
  check_csv(r, NULL, "time (s),slow,fast\n0,0.5,0.5\n0.5,n/a,-1.25\n1,-1.25,1e-12\n");
  dsp_recording_free(r);
}
END_TEST

START_TEST(no_channel_is_refused) {
  dsp_recording *r = dsp_recording_new();
  fmt_buffer out = {0};
  dsp_error error = {0};
  ck_assert_int_eq(fmt_recording_csv(&out, r, NULL, &error), DSP_BAD_INPUT);
  fmt_buffer_clear(&out);
  dsp_recording_free(r);
}
END_TEST

static json_t *parse(const fmt_buffer *out) {
  json_error_t error;
  json_t *root = json_loadb(out->bytes, out->size, JSON_REJECT_DUPLICATES, &error);
  ck_assert_msg(root != NULL, "%s in %s", error.text, out->bytes);
  return root;
}

START_TEST(unknown_facts_leave_no_key) {
  dsp_recording *r = dsp_recording_new();
  add(r, "v", 2, three, 3);
  fmt_buffer out = {0};
  dsp_error error = {0};
  ck_assert_int_eq(fmt_recording_sidecar(&out, r, &error), DSP_OK);
  ck_assert_str_eq(out.bytes, "{ \"schema\": \"pleth-sidecar/1\",\n  \"channels\": [{\"column\": \"v\"}] }\n");
  json_decref(parse(&out));
  fmt_buffer_clear(&out);
  dsp_recording_free(r);
}
END_TEST

START_TEST(known_facts_are_all_there) {
  dsp_recording *r = dsp_recording_new();
  dsp_channel *c = add(r, "say \"v\"", 2, three, 3);
  c->role = DSP_ROLE_VOLUME;
  c->unit_as_written = "mL";
  c->side = DSP_SIDE_RIGHT;
  c->site = "calf";
  c->polarity = -1;
  r->protocol = "apg.stand";
  r->device = "d";
  r->room_temp_c = 23.5;
  r->subject_key = "k";
  r->ceap = "C3";
  r->compression = "stocking";
  r->doppler.f0_hz = 5e6;
  r->doppler.antegrade_sign = -1;
  dsp_event events[] = {{.t_s = 1.5, .dur_s = 10, .kind = DSP_EVENT_TIPTOE, .count = 10, .volume_ml = (double)NAN, .percent = (double)NAN},
                        {.t_s = 20, .kind = DSP_EVENT_CALIBRATION, .volume_ml = 100, .percent = (double)NAN, .text = "syringe"}};
  for (size_t i = 0; i < 2; i++) ck_assert_int_eq(dsp_recording_add_event(r, &events[i]), DSP_OK);
  fmt_buffer out = {0};
  dsp_error error = {0};
  ck_assert_int_eq(fmt_recording_sidecar(&out, r, &error), DSP_OK);
  json_t
      *root = parse(&out),
      *expected = json_loads(
          "{\"schema\": \"pleth-sidecar/1\", \"protocol\": \"apg.stand\", \"acquisition\": {\"device\": \"d\", \"room_temp_c\": 23.5},"
          "\"subject\": {\"key\": \"k\", \"ceap\": \"C3\"}, \"condition\": {\"compression\": \"stocking\"},"
          "\"channels\": [{\"column\": \"say \\\"v\\\"\", \"role\": \"volume\", \"unit\": \"mL\", \"side\": \"right\", \"site\": \"calf\","
          "\"polarity\": -1}], \"doppler\": {\"f0_hz\": 5000000, \"antegrade_sign\": -1},"
          "\"events\": [{\"t_s\": 1.5, \"kind\": \"tiptoe\", \"count\": 10, \"duration_s\": 10},"
          "{\"t_s\": 20, \"kind\": \"calibration\", \"volume_ml\": 100, \"text\": \"syringe\"}]}",
          0, NULL);
  ck_assert_msg(json_equal(root, expected), "%s", out.bytes);
  json_decref(root);
  json_decref(expected);
  fmt_buffer_clear(&out);
  dsp_recording_free(r);
}
END_TEST

START_TEST(truth_of_a_simulated_recording) {
  const dsp_phantom *phantom = dsp_phantom_find("apg.stand");
  const dsp_param_table *tables[] = {&phantom->params, NULL};
  dsp_params *params = dsp_params_new(tables);
  dsp_recording *r = NULL;
  dsp_truth *truth = NULL;
  dsp_error error = {0};
  ck_assert_int_eq(dsp_params_set(params, "sim.apg.stand.generator", "mono", &error), DSP_OK);
  ck_assert_int_eq(phantom->make(dsp_params_values(params, &phantom->params), 77, &r, &truth, &error), DSP_OK);
  fmt_buffer out = {0};
  ck_assert_int_eq(fmt_truth_json(&out, truth, params, 77, &error), DSP_OK);
  json_t *root = parse(&out);
  ck_assert_str_eq(json_string_value(json_object_get(root, "schema")), "pleth-truth/1");
  ck_assert_int_eq(json_integer_value(json_object_get(root, "seed")), 77);
  json_t *values = json_object_get(root, "values"), *marks = json_object_get(root, "landmarks"),
         *given = json_object_get(root, "parameters");
  ck_assert_uint_eq(json_object_size(values), truth->n_values);
  ck_assert_uint_eq(json_object_size(marks), truth->n_landmarks);
  ck_assert_uint_eq(json_object_size(given), phantom->params.n);
  ck_assert_double_eq(json_number_value(json_object_get(values, "VV")), truth->values[1].value);
  ck_assert_str_eq(json_string_value(json_object_get(given, "sim.apg.stand.generator")), "mono");
  json_decref(root);
  fmt_buffer_clear(&out);
  dsp_recording_free(r);
  dsp_truth_free(truth);
  dsp_params_free(params);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("recording_text");
  TCase *csv = tcase_create("csv"), *json = tcase_create("json");
  tcase_add_test(csv, plain_csv);
  tcase_add_test(csv, decimal_comma_and_fixed_decimals);
  tcase_add_test(csv, a_gap_is_a_blank_line);
  tcase_add_test(csv, two_rates_share_the_rows);
  tcase_add_test(csv, no_channel_is_refused);
  suite_add_tcase(suite, csv);
  tcase_add_test(json, unknown_facts_leave_no_key);
  tcase_add_test(json, known_facts_are_all_there);
  tcase_add_test(json, truth_of_a_simulated_recording);
  suite_add_tcase(suite, json);
  return run_suite(suite);
}
