/* SPDX-License-Identifier: GPL-3.0-or-later
 * The side-car: every fact of the published form, and every way to get it wrong. */
#include "../support/reading.h"
#include <dsp/flags.h>

static const char table[] = "time (s),APG L calf (mL),p (mmHg),raw,event\n0,1,6,3,\n0.02,2,6,4,stand\n0.04,3,6,5,\n0.06,4,6,2,\n";

static reading with(const char *sidecar) {
  return read_with(table, sidecar, 0);
}

static dsp_recording *good(const char *sidecar) {
  const reading result = with(sidecar);
  ck_assert_msg(result.status == DSP_OK, "%s: %s; %s\n%s", result.error.place, result.error.found, result.error.expected, sidecar);
  return result.recording;
}

static void refused(const char *sidecar, const char *place, const char *found) {
  expect_refused(with(sidecar), DSP_BAD_INPUT, place, found);
}

START_TEST(everything) {
  dsp_recording *r = good(
      "{\"schema\":\"pleth-sidecar/1\",\"protocol\":\"apg.stand\","
      "\"acquisition\":{\"t0\":\"2024-03-02T10:00:00+01:00\",\"device\":\"X\",\"room_temp_c\":23.5},"
      "\"subject\":{\"key\":\"p1\",\"ceap\":\"C3\"},\"condition\":{\"compression\":\"stocking\",\"visit\":\"2\",\"label\":\"after\"},"
      "\"channels\":[{\"column\":\"APG L calf\",\"role\":\"volume\",\"side\":\"left\",\"site\":\"calf\",\"polarity\":-1,\"label\":\"the "
      "calf\","
      "\"calibration\":{\"gain\":2,\"offset\":10,\"cal_semantics\":\"volume_pct\"}},{\"column\":\"p (mmHg)\",\"role\":\"cuff_pressure\"}],"
      "\"doppler\":{\"f0_hz\":5e6,\"angle_deg\":60,\"c_m_s\":1540,\"stereo\":\"iq\",\"swap\":true,\"antegrade_sign\":-1,\"vein\":\"GSV\","
      "\"diameter_mm\":6},"
      "\"events\":[{\"t_s\":0.05,\"kind\":\"tiptoe\",\"count\":10,\"duration_s\":10},{\"t_s\":0.01,\"kind\":\"calibration\",\"volume_ml\":"
      "100},"
      "{\"t_s\":0.03,\"kind\":\"calibration\",\"percent\":1},{\"t_s\":0.04,\"kind\":\"note\",\"text\":\"hm\"}]}");
  ck_assert_str_eq(r->protocol, "apg.stand");
  ck_assert_str_eq(r->t0, "2024-03-02T10:00:00+01:00");
  ck_assert_str_eq(r->device, "X");
  ck_assert_double_eq(r->room_temp_c, 23.5);
  ck_assert_str_eq(r->subject_key, "p1");
  ck_assert_str_eq(r->ceap, "C3");
  ck_assert_str_eq(r->compression, "stocking");
  ck_assert_str_eq(r->visit, "2");
  ck_assert_str_eq(r->condition_label, "after");
  const dsp_channel *c = channel_named(r, "APG L calf");
  ck_assert(c->role == DSP_ROLE_VOLUME && c->side == DSP_SIDE_LEFT && c->polarity == -1 && c->calibrated);
  ck_assert_str_eq(c->site, "calf");
  ck_assert_str_eq(c->label, "the calf");
  ck_assert_int_eq(c->cal_semantics, DSP_CAL_VOLUME_PCT);
  ck_assert_double_eq(c->scale, 2);
  ck_assert_double_eq(c->offset, 10);
  expect_samples(c, (const double[]){12, 14, 16, 18}, 4);
  c = channel_named(r, "p");
  ck_assert(c->role == DSP_ROLE_CUFF_PRESSURE && c->side == DSP_SIDE_UNKNOWN && !c->site && c->polarity == 0 && !c->calibrated);
  ck_assert_int_eq(channel_named(r, "raw")->role, DSP_ROLE_UNKNOWN);
  ck_assert_double_eq(r->doppler.f0_hz, 5e6);
  ck_assert(r->doppler.stereo == DSP_STEREO_IQ && r->doppler.swap && r->doppler.antegrade_sign == -1);
  ck_assert_str_eq(r->doppler.vein, "GSV");
  static const dsp_event_kind kinds[] = {DSP_EVENT_CALIBRATION, DSP_EVENT_STAND, DSP_EVENT_CALIBRATION, DSP_EVENT_NOTE, DSP_EVENT_TIPTOE};
  ck_assert_uint_eq(r->n_events, 5);
  for (size_t i = 0; i < 5; i++) ck_assert_int_eq(r->events[i].kind, kinds[i]);
  ck_assert_double_eq(r->events[0].volume_ml, 100);
  ck_assert_double_eq(r->events[2].percent, 1);
  ck_assert(isnan(r->events[0].percent) && isnan(r->events[2].volume_ml));
  ck_assert_uint_eq(r->events[4].count, 10);
  ck_assert_double_eq(r->events[4].dur_s, 10);
  ck_assert_str_eq(r->events[4].source, "side-car");
  ck_assert_uint_eq(r->n_warnings, 0);
  dsp_recording_free(r);
}
END_TEST

START_TEST(nothing_stays_unknown) {
  dsp_recording *r = good("{}");
  ck_assert(!r->protocol && !r->t0 && !r->device && isnan(r->room_temp_c) && !r->subject_key && !r->compression && isnan(r->doppler.f0_hz));
  ck_assert(r->doppler.stereo == DSP_STEREO_UNKNOWN && r->doppler.antegrade_sign == 0);
  ck_assert_uint_eq(r->n_warnings, 0);
  dsp_recording_free(r);
  r = good("{\"acquisition\":{\"device\":null},\"channels\":[{\"index\":0,\"side\":null}]}");
  ck_assert(!r->device && r->channels[0].side == DSP_SIDE_UNKNOWN);
  dsp_recording_free(r);
}
END_TEST

START_TEST(matching) {
  static const char *const names[] = {"\"column\":\"APG L calf\"", "\"column\":\" APG L calf \"", "\"column\":\"APG L calf (mL)\"",
                                      "\"label\":\"APG L calf\"", "\"index\":0"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char sidecar[200];
    snprintf(sidecar, sizeof sidecar, "{\"channels\":[{%s,\"role\":\"volume\"}]}", names[i]);
    dsp_recording *r = good(sidecar);
    ck_assert_int_eq(r->channels[0].role, DSP_ROLE_VOLUME);
    dsp_recording_free(r);
  }
  const reading none = with("{\"channels\":[{\"column\":\"volume\"}]}");
  expect_refused(none, DSP_BAD_INPUT, "test.pleth.json: $.channels[0].column", "no column \"volume\"");
  ck_assert_ptr_nonnull(strstr(none.error.expected, "\"APG L calf\", \"p\", \"raw\""));
  refused("{\"channels\":[{\"label\":\"volume\"}]}", "$.channels[0].label", "no channel");
  refused("{\"channels\":[{\"index\":3}]}", "$.channels[0].index", "no channel 3");
  refused("{\"channels\":[{\"index\":0},{\"column\":\"APG L calf\"}]}", "$.channels[1]", "second entry");
  refused("{\"channels\":[{\"side\":\"left\"}]}", "$.channels[0]", "names no channel");
  expect_refused(read_with("time (s),v,v\n0,1,2\n1,2,3\n2,3,4\n", "{\"channels\":[{\"column\":\"v\"}]}", 0), DSP_BAD_INPUT,
                 "$.channels[0].column", "2 columns");
  const reading second = read_with("time (s),v,v\n0,1,2\n1,2,3\n2,3,4\n", "{\"channels\":[{\"column\":\"v.2\",\"site\":\"foot\"}]}", 0);
  ck_assert_int_eq(second.status, DSP_OK);
  ck_assert_str_eq(second.recording->channels[1].site, "foot");
  dsp_recording_free(second.recording);
  const reading by_unit =
      read_with("time (s),v (mL),v (L)\n0,1,2\n1,2,3\n2,3,4\n", "{\"channels\":[{\"column\":\"v (L)\",\"site\":\"foot\"}]}", 0);
  ck_assert_int_eq(by_unit.status, DSP_OK);
  ck_assert_str_eq(by_unit.recording->channels[1].site, "foot");
  dsp_recording_free(by_unit.recording);
}
END_TEST

START_TEST(units) {
  refused("{\"channels\":[{\"column\":\"APG L calf\",\"unit\":\"L\"}]}", "$.channels[0].unit", "\"mL\" in the file, \"L\" in the side-car");
  dsp_recording *r = good("{\"channels\":[{\"column\":\"p\",\"unit\":\"mL\",\"override\":true,\"role\":\"volume\"}]}");
  ck_assert_str_eq(channel_named(r, "p")->unit->ucum, "mL");
  ck_assert_double_eq(channel_named(r, "p")->x[0], 6);
  ck_assert(warned(r, "sidecar_wins"));
  dsp_recording_free(r);
  r = good("{\"channels\":[{\"column\":\"raw\",\"unit\":\"ml\",\"role\":\"volume\"},{\"column\":\"APG L calf\",\"unit\":\"cc\"}]}");
  ck_assert_str_eq(channel_named(r, "raw")->unit->ucum, "mL"); /* the same unit in another spelling is no conflict */
  ck_assert_uint_eq(r->n_warnings, 0);
  dsp_recording_free(r);
  refused("{\"channels\":[{\"column\":\"p\",\"role\":\"volume\"}]}", "$.channels[0].unit", "unit \"mmHg\"");
  const reading litres = with("{\"channels\":[{\"column\":\"raw\",\"unit\":\"L\",\"role\":\"volume\"}]}");
  expect_refused(litres, DSP_BAD_INPUT, "$.channels[0].unit", "unit \"L\"");
  ck_assert_ptr_nonnull(strstr(litres.error.expected, "gain 1000"));
  refused("{\"channels\":[{\"column\":\"raw\",\"unit\":\"furlong\",\"role\":\"volume\"}]}", "$.channels[0].unit", "furlong");
  r = good("{\"channels\":[{\"column\":\"raw\",\"unit\":\"furlong\"}]}");
  ck_assert(warned(r, "unit_unrecognized") && !channel_named(r, "raw")->unit);
  dsp_recording_free(r);
  r = good("{\"channels\":[{\"column\":\"raw\",\"role\":\"volume\"}]}");
  ck_assert(warned(r, "unit_missing") && !channel_named(r, "raw")->unit);
  dsp_recording_free(r);
  r = good("{\"channels\":[{\"column\":\"raw\",\"role\":\"ppg\"}]}");
  ck_assert_uint_eq(r->n_warnings, 0);
  dsp_recording_free(r);
  expect_refused(read_with("time (s),v (furlong)\n0,1\n1,2\n2,3\n", "{\"channels\":[{\"column\":\"v\",\"role\":\"volume\"}]}", 0),
                 DSP_BAD_INPUT, "$.channels[0].unit", "furlong");
}
END_TEST

START_TEST(rates) {
  dsp_recording *r = good("{\"channels\":[{\"column\":\"raw\",\"rate_hz\":50}]}");
  ck_assert_uint_eq(r->n_warnings, 0);
  dsp_recording_free(r);
  r = good("{\"channels\":[{\"column\":\"raw\",\"rate_hz\":100}]}");
  ck_assert_double_eq(channel_named(r, "raw")->rate_hz, 100);
  ck_assert_double_eq(channel_named(r, "p")->rate_hz, 50);
  ck_assert(warned(r, "sidecar_wins"));
  dsp_recording_free(r);
}
END_TEST

/* Clocks that agree over the recording are no conflict; where they differ, all times move with the rate, and no stretch overlaps another.
 */
START_TEST(rates_against_a_clock) {
  char minutes[20000];
  int used = sprintf(minutes, "time (min),v\n");
  for (int k = 0; k < 600; k++) used += sprintf(minutes + used, "%.6f,%d\n", k / 3000.0, k);
  reading result = read_with(minutes, "{\"channels\":[{\"column\":\"v\",\"rate_hz\":50}]}", 0);
  ck_assert_int_eq(result.status, DSP_OK);
  ck_assert_uint_eq(result.recording->n_warnings, 0);
  dsp_recording_free(result.recording);
  static const char gap[] = "time (s),v\n0,1\n1,1\n2,1\n3,1\n4,1\n5,1\n6,1\n7,1\n20,1\n21,1\n22,1\n23,1\n24,1\n25,1\n26,1\n27,1\n";
  result = read_with(gap, "{\"channels\":[{\"column\":\"v\",\"rate_hz\":0.5}]}", 0);
  ck_assert_int_eq(result.status, DSP_OK);
  const dsp_channel *c = &result.recording->channels[0];
  ck_assert_uint_eq(c->n_segments, 2);
  ck_assert_double_eq_tol(c->segments[1].t0_s, 40, 1e-9);
  ck_assert(warned(result.recording, "sidecar_wins"));
  dsp_recording_free(result.recording);
}
END_TEST

/* A kind of event that the side-car states is the side-car's alone. */
START_TEST(events_of_both) {
  dsp_recording *r = good("{\"events\":[{\"t_s\":0.03,\"kind\":\"stand\"}]}");
  ck_assert_uint_eq(r->n_events, 2);
  ck_assert_int_eq(r->events[0].kind, DSP_EVENT_NOTE);
  ck_assert_str_eq(r->events[0].text, "stand");
  ck_assert(r->events[1].kind == DSP_EVENT_STAND && r->n_warnings == 0);
  dsp_recording_free(r);
  r = good("{\"events\":[{\"t_s\":0.03,\"kind\":\"supine\"},{\"t_s\":0.03,\"kind\":\"note\"}]}");
  ck_assert_int_eq(r->events[0].kind, DSP_EVENT_STAND);
  ck_assert_uint_eq(r->n_warnings, 0);
  dsp_recording_free(r);
  /* word for word the file's: once */
  r = must_read(read_with("time (s),v,event\n0,1,\n1,1,10 tiptoes\n2,1,tiptoe 3\n",
                          "{\"events\":[{\"t_s\":1,\"kind\":\"tiptoe\",\"count\":10,\"text\":\"10 tiptoes\"}]}", 0));
  ck_assert(r->n_events == 2 && r->events[0].kind == DSP_EVENT_TIPTOE && r->events[0].count == 10);
  ck_assert(r->events[1].kind == DSP_EVENT_NOTE && r->events[1].count == 0);
  dsp_recording_free(r);
  static const char late[] = "time (s),v,event\n0,1,\n1,1,stand\n2,1,\n3,1,\n4,1,\n";
  const reading differ = read_with(late, "{\"events\":[{\"t_s\":3.5,\"kind\":\"stand\"}]}", 0);
  ck_assert_int_eq(differ.status, DSP_OK);
  ck_assert(differ.recording->events[0].kind == DSP_EVENT_NOTE && warned(differ.recording, "sidecar_wins"));
  dsp_recording_free(differ.recording);
}
END_TEST

START_TEST(events_outside) {
  dsp_recording *r = good("{\"events\":[{\"t_s\":-1,\"kind\":\"stand\"},{\"t_s\":5,\"kind\":\"supine\"}]}");
  ck_assert_uint_eq(r->n_warnings, 3); /* and the file has another time of standing */
  ck_assert(warned(r, "event_outside"));
  dsp_recording_free(r);
  ck_assert(dsp_flag_find("event_outside") != NULL);
}
END_TEST

START_TEST(strict) {
  dsp_recording *r = good("{\"colour\":1,\"subject\":{\"name\":\"x\"},\"channels\":[{\"index\":0,\"calibration\":{\"gian\":2}}],\"events\":"
                          "[{\"t_s\":0.01,\"kind\":\"note\",\"who\":\"me\"}]}");
  static const char *const paths[] = {"$.colour", "$.subject.name", "$.channels[0].calibration.gian", "$.events[0].who"};
  ck_assert_uint_eq(r->n_warnings, 4);
  for (size_t i = 0; i < 4; i++) {
    ck_assert_str_eq(r->warnings[i].code, "sidecar_unknown_key");
    ck_assert_ptr_nonnull(strstr(r->warnings[i].text, paths[i]));
  }
  dsp_recording_free(r);
  static const struct {
    const char *sidecar, *place, *found;
  } wrong[] = {
      {"{\"protocol\":\"a\",\"protocol\":\"b\"}", "$", "duplicate"},
      {"{\"events\":[{\"t_s\":1,\"kind\":\"note\",\"t_s\":2}]}", "$", "duplicate"},
      {"{\"protocol\":", "$", ""},
      {"", "$", ""},
      {"[1]", "$", "another type"},
      {"{\"schema\":\"pleth-sidecar/2\"}", "$.schema", "pleth-sidecar/2"},
      {"{\"protocol\":1}", "$.protocol", "a number"},
      {"{\"acquisition\":[]}", "$.acquisition", "an array"},
      {"{\"acquisition\":{\"t0\":\"yesterday\"}}", "$.acquisition.t0", "yesterday"},
      {"{\"acquisition\":{\"room_temp_c\":\"23\"}}", "$.acquisition.room_temp_c", "a text"},
      {"{\"acquisition\":{\"room_temp_c\":200}}", "$.acquisition.room_temp_c", "200"},
      {"{\"subject\":{\"key\":5}}", "$.subject.key", "a number"},
      {"{\"channels\":{}}", "$.channels", "an object"},
      {"{\"channels\":[5]}", "$.channels[0]", ""},
      {"{\"channels\":[{\"column\":5}]}", "$.channels[0].column", "a number"},
      {"{\"channels\":[{\"index\":-1}]}", "$.channels[0].index", "-1"},
      {"{\"channels\":[{\"index\":0.5}]}", "$.channels[0].index", "0.5"},
      {"{\"channels\":[{\"index\":0,\"role\":\"volumen\"}]}", "$.channels[0].role", "volumen"},
      {"{\"channels\":[{\"index\":0,\"side\":\"links\"}]}", "$.channels[0].side", "links"},
      {"{\"channels\":[{\"index\":0,\"rate_hz\":0}]}", "$.channels[0].rate_hz", "0"},
      {"{\"channels\":[{\"index\":0,\"override\":\"yes\"}]}", "$.channels[0].override", "a text"},
      {"{\"channels\":[{\"index\":0,\"polarity\":2}]}", "$.channels[0].polarity", "2"},
      {"{\"channels\":[{\"index\":0,\"calibration\":{\"gain\":0}}]}", "$.channels[0].calibration.gain", "0"},
      {"{\"channels\":[{\"index\":0,\"calibration\":{\"gain\":\"2\"}}]}", "$.channels[0].calibration.gain", "a text"},
      {"{\"channels\":[{\"index\":0,\"calibration\":{\"cal_semantics\":\"pct\"}}]}", "$.channels[0].calibration.cal_semantics", "pct"},
      {"{\"doppler\":{\"stereo\":\"both\"}}", "$.doppler.stereo", "both"},
      {"{\"doppler\":{\"vein\":\"SV\"}}", "$.doppler.vein", "SV"},
      {"{\"doppler\":{\"vein\":\"GSV AASV\"}}", "$.doppler.vein", "GSV AASV"},
      {"{\"doppler\":{\"c_m_s\":154000}}", "$.doppler.c_m_s", "154000"},
      {"{\"events\":[{\"t_s\":1,\"kind\":\"jump\"}]}", "$.events[0].kind", "jump"},
      {"{\"events\":[{\"kind\":\"stand\"}]}", "$.events[0]", "without a time"},
      {"{\"events\":[{\"t_s\":\"1\",\"kind\":\"stand\"}]}", "$.events[0].t_s", "a text"},
      {"{\"events\":[{\"t_s\":1,\"kind\":\"tiptoe\",\"count\":1.5}]}", "$.events[0].count", "1.5"},
      {"{\"channels\":[{\"index\":0,\"polarity\":0}]}", "$.channels[0].polarity", "0"},
      {"{\"events\":[{\"t_s\":1,\"kind\":\"tiptoe\",\"duration_s\":-1}]}", "$.events[0].duration_s", "-1"},
      {"{\"events\":[1]}", "$.events[0]", ""},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) refused(wrong[i].sidecar, wrong[i].place, wrong[i].found);
}
END_TEST

START_TEST(too_large) {
  char *sidecar = malloc(FMT_CAP_SIDECAR_BYTES + 100);
  memset(sidecar, ' ', FMT_CAP_SIDECAR_BYTES + 10);
  memcpy(sidecar, "{}", 2);
  sidecar[FMT_CAP_SIDECAR_BYTES + 10] = '\0';
  expect_refused(with(sidecar), DSP_LIMIT, "$", "more than the cap");
  free(sidecar);
}
END_TEST

START_TEST(applied_alone) {
  dsp_recording *r = read_good(table);
  fmt_source source;
  static const char sidecar[] = "{\"channels\":[{\"column\":\"APG L calf (mL)\",\"role\":\"volume\",\"side\":\"right\"}]}";
  ck_assert_int_eq(fmt_source_from_memory(&source, sidecar, sizeof sidecar - 1, NULL), DSP_OK);
  ck_assert_int_eq(fmt_sidecar_apply(r, &source, NULL), DSP_OK);
  ck_assert(r->channels[0].role == DSP_ROLE_VOLUME && r->channels[0].side == DSP_SIDE_RIGHT);
  fmt_source_clear(&source);
  dsp_recording_free(r);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {everything,     nothing_stays_unknown, matching, units,     rates,        rates_against_a_clock,
                                events_of_both, events_outside,        strict,   too_large, applied_alone};
  return run_case("sidecar", tests, sizeof tests / sizeof tests[0]);
}
