/* SPDX-License-Identifier: GPL-3.0-or-later
 * Recordings by others, of which it is known what a correct reader gets. They are not part of this repository: PLETH_DATA names their
 * folder; without them the test is skipped. */
#include "../support/public.h"
#include <dsp/detect.h>
#include <dsp/protocol.h>

/* Muscle oximeter by Bluetooth: a preamble of 40 rows, stamps of arrival with duplicates, two pauses of 11 and 12 s, doubled column names.
 */
START_TEST(oximeter_two_sensors) {
  dsp_recording *r = public_good("nirs/train.red_intervals.csv");
  ck_assert_double_eq(r->t_origin_s, 2084.15);
  ck_assert_uint_eq(r->n_channels, 9);
  ck_assert_double_eq(channel_named(r, "SmO2")->rate_hz, 10);
  ck_assert_double_eq_tol(channel_named(r, "SmO2")->x[0], 67.7, 1e-9);
  ck_assert_double_eq_tol(channel_named(r, "SmO2.2")->x[0], 72.18, 1e-9);
  ck_assert_double_eq_tol(channel_named(r, "HHb unfiltered.2")->x[0], -3.52, 1e-9);
  ck_assert_uint_eq(r->channels[0].n_segments, 3);
  ck_assert(r->channels[0].resampled && warned(r, "time_batched") && warned(r, "duplicate_column") && warned(r, "gap"));
  ck_assert_double_eq_tol(dsp_recording_duration_s(r), 3295.48 - 2084.15, 0.2);
  dsp_recording_free(r);
}
END_TEST

/* Clock times beside a date without a year, every 2 s. */
START_TEST(oximeter_clock) {
  dsp_recording *r = public_good("nirs/moxy_intervals.csv");
  ck_assert_double_eq(r->t_origin_s, 13 * 3600 + 17 * 60 + 13);
  const dsp_channel *channel = channel_named(r, "SmO2 Live");
  ck_assert_double_eq(channel->rate_hz, 0.5);
  ck_assert_uint_eq(channel->n, 931);
  ck_assert(channel->x[0] == 56 && channel->x[930] == 41);
  ck_assert_double_eq(channel_named(r, "THb")->x[0], 13.01);
  ck_assert_uint_eq(channel->n_segments, 1);
  dsp_recording_free(r);
}
END_TEST

/* All frames, interleaved. free() them. */
static float *frames_of(const dsp_recording *r, size_t *n) {
  *n = (size_t)r->audio.n_frames * r->audio.n_channels;
  float *x = malloc(*n * sizeof *x);
  ck_assert_ptr_nonnull(x);
  ck_assert_int_eq(r->audio.read(r->audio.context, x, 0, (size_t)r->audio.n_frames, NULL), DSP_OK);
  return x;
}

/* One recording in several containers: little- and big-endian, RF64; and what their names say of rate, channels and length. */
START_TEST(audio_containers_agree) {
  static const struct {
    const char *one, *other;
    double rate_hz;
    unsigned n_channels;
    uint64_t n_frames;
  } rows[] = {
      {"wav/scipy/test-44100Hz-2ch-32bit-float-le.wav", "wav/scipy/test-44100Hz-2ch-32bit-float-be.wav", 44100, 2, 441},
      {"wav/scipy/test-8000Hz-le-3ch-5S-24bit.wav", "wav/scipy/test-8000Hz-be-3ch-5S-24bit.wav", 8000, 3, 5},
      {"wav/scipy/test-8000Hz-le-3ch-5S-24bit.wav", "wav/scipy/test-8000Hz-le-3ch-5S-24bit-rf64.wav", 8000, 3, 5},
      {"wav/scipy/test-44100Hz-le-1ch-4bytes.wav", "wav/scipy/test-44100Hz-be-1ch-4bytes.wav", 44100, 1, 4410},
      {"wav/scipy/test-44100Hz-le-1ch-4bytes.wav", "wav/scipy/test-44100Hz-le-1ch-4bytes-rf64.wav", 44100, 1, 4410},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    size_t n, m;
    dsp_recording *one = public_good(rows[i].one), *other = public_good(rows[i].other);
    ck_assert_double_eq(one->audio.rate_hz, rows[i].rate_hz);
    ck_assert_uint_eq(one->audio.n_channels, rows[i].n_channels);
    ck_assert_uint_eq(one->audio.n_frames, rows[i].n_frames);
    float *x = frames_of(one, &n), *y = frames_of(other, &m);
    ck_assert_uint_eq(n, m);
    for (size_t k = 0; k < n; k++) ck_assert_float_eq_tol(x[k], y[k], 1e-6F);
    free(x);
    free(y);
    dsp_recording_free(one);
    dsp_recording_free(other);
  }
}
END_TEST

START_TEST(audio_marks_and_a_cut_file) {
  dsp_recording *r = public_good("wav/wavefile/16bit-16kHz-2markers-mono.wav");
  ck_assert_uint_eq(r->n_events, 2);
  ck_assert(r->events[0].t_s < r->events[1].t_s && r->events[1].t_s < 8.7);
  dsp_recording_free(r);
  r = public_good("wav/scipy/test-44100Hz-le-1ch-4bytes-early-eof.wav");
  ck_assert(warned(r, "audio_truncated") && r->audio.n_frames == 236);
  dsp_recording_free(r);
}
END_TEST

START_TEST(transcranial) {
  dsp_recording *r = public_good("tcd/bilateral_mcav_abp_10hz.csv");
  ck_assert_uint_eq(r->n_channels, 5);
  ck_assert_double_eq(channel_named(r, "mcav_l")->rate_hz, 10);
  ck_assert_uint_eq(channel_named(r, "mcav_l")->n, 3072);
  ck_assert_double_eq(channel_named(r, "mcav_r")->x[0], 63.0133);
  dsp_recording_free(r);
  r = public_good("tcd/mcav_abp_1000hz_60s.csv");
  const dsp_channel *heart = channel_named(r, "hr");
  double sum = 0;
  ck_assert_double_eq(heart->rate_hz, 1000);
  ck_assert_uint_eq(heart->n, 60000);
  ck_assert_double_eq(r->t_origin_s, 900.0005);
  for (size_t i = 0; i < heart->n; i++) sum += heart->x[i];
  ck_assert_double_eq_tol(sum / 60000, 117, 1);
  dsp_recording_free(r);
}
END_TEST

/* The pulse of an artery, by its beats; an artery's trace has no compression and no reflux. */
START_TEST(transcranial_velocity) {
  static const dsp_param_table *tables[2];
  static const dsp_beat_rule rule = {.lo_hz = 0.5, .hi_hz = 10, .shortest_s = 0.33, .longest_s = 2};
  dsp_recording *r = public_good("tcd/mcav_abp_1000hz_60s.csv");
  dsp_channel *v = &r->channels[channel_named(r, "mcav") - r->channels];
  dsp_beat *beats = NULL;
  size_t n = 0;
  const dsp_signal signal = {.x = v->x, .n = v->n, .rate_hz = v->rate_hz};
  ck_assert_int_eq(dsp_find_beats(&beats, &n, &signal, &rule, NULL), DSP_OK);
  ck_assert_uint_gt(n, 100);
  ck_assert_double_eq_tol(60 * (double)(n - 1) / (beats[n - 1].foot_s - beats[0].foot_s), 117, 2);
  free(beats);
  v->role = DSP_ROLE_VELOCITY;
  v->unit = dsp_unit_find("cm/s", 4);
  r->doppler.antegrade_sign = 1;
  tables[0] = &dsp_protocol_find("duplex.reflux")->params;
  dsp_params *params = dsp_params_new(tables);
  dsp_report *report = NULL;
  ck_assert_ptr_nonnull(params);
  ck_assert_int_eq(dsp_analyze(r, "duplex.reflux", NULL, params, &report, NULL), DSP_OK);
  ck_assert_uint_gt(report->n_tests, 0);
  for (size_t i = 0; i < report->n_tests; i++) {
    const dsp_measure *m = dsp_test_measure(&report->tests[i], "RT");
    ck_assert(!m->valid || m->value <= 0);
  }
  dsp_report_free(report);
  dsp_params_free(params);
  dsp_recording_free(r);
}
END_TEST

static double mean(const dsp_channel *channel, double from_s, double to_s) {
  double sum = 0;
  const size_t from = (size_t)(from_s * channel->rate_hz), to = (size_t)ceil(to_s * channel->rate_hz);
  for (size_t i = from; i < to; i++) sum += channel->x[i];
  return sum / (double)(to - from);
}

/* Skin flow under an arm cuff: stopped from 21.6 s on, the first pulse after release at 26.5 s. */
START_TEST(labchart_cuff) {
  dsp_recording *r = public_good("labchart/ldf_arm_cuff.txt");
  const dsp_channel *flow = &r->channels[0];
  ck_assert_str_eq(r->format, "labchart");
  ck_assert(r->n_channels == 1 && flow->rate_hz == 1000 && flow->n == 41050 && flow->missing == 0);
  ck_assert_str_eq(flow->unit->ucum, "[PU]");
  ck_assert(flow->x[0] == 476.56 && flow->x[41049] == 84.06);
  ck_assert(mean(flow, 22, 26) < 0.1 * mean(flow, 0, 20) && mean(flow, 26.5, 27) > 3 * mean(flow, 22, 26));
  dsp_recording_free(r);
}
END_TEST

/* Two blocks 1377.43 s apart. */
START_TEST(labchart_blocks) {
  dsp_recording *r = public_good("labchart/nine_channels_two_blocks.txt");
  ck_assert_uint_eq(r->n_channels, 9);
  ck_assert_double_eq(r->t_origin_s, 0.5);
  for (size_t c = 0; c < 9; c++) {
    const dsp_channel *channel = &r->channels[c];
    ck_assert(channel->rate_hz == 100 && channel->n_segments == 2 && channel->segments[0].n == 6000 && channel->segments[1].n == 6000);
    ck_assert_double_eq_tol(channel->segments[1].t0_s, 1377.434724, 1e-6);
  }
  ck_assert_str_eq(channel_named(r, "PushSWE")->unit->ucum, "V");
  ck_assert_ptr_null(channel_named(r, "Flow")->unit_as_written);
  ck_assert_str_eq(channel_named(r, "Pressure")->unit->ucum, "cm[H2O]");
  ck_assert_double_eq(channel_named(r, "Pressure")->x[6000], 11.28583);
  ck_assert_str_eq(r->events[0].text, "INSPI");
  ck_assert_double_eq_tol(r->events[0].t_s, 2.43 - 0.5, 1e-9);
  dsp_recording_free(r);
}
END_TEST

START_TEST(bids_pairs) {
  dsp_recording *r = public_good("bids/sub-01/func/sub-01_task-rest_run-01_physio.tsv.gz");
  ck_assert_str_eq(r->format, "bids");
  ck_assert(r->n_channels == 2 && r->t_origin_s == 0 && r->n_warnings == 0);
  const dsp_channel *heart = channel_named(r, "cardiac");
  ck_assert(heart->rate_hz == 50 && heart->n == 30600 && heart->x[0] == -290 && channel_named(r, "respiratory")->x[2] == -2539);
  ck_assert_double_eq(dsp_recording_duration_s(r), 612);
  dsp_recording_free(r);
  r = public_good("bids/sub-01/func/sub-01_task-cuedSGT_run-01_physio.tsv.gz");
  ck_assert_double_eq(dsp_recording_duration_s(r), 520);
  ck_assert_double_eq(channel_named(r, "cardiac")->x[1], -25);
  dsp_recording_free(r);
}
END_TEST

/* 13 beats: the one that the recording begins in, and 12 steep rises. The listed systolic velocity is that of a smoothed envelope, so the
 * highest sample of each beat lies a little above. */
START_TEST(transcranial_envelopes) {
  dsp_recording *r = public_good("tcd/NLA166.TW0");
  const dsp_channel *v = channel_named(r, "envelope 1");
  double systolic = 0, diastolic = 0, high = 0, low = 1e9, sum = 0;
  size_t beats = 0, last = 0, first = 0;
  bool low_enough = false;
  ck_assert(v->rate_hz == 100 && v->n == 1088 && v->role == DSP_ROLE_VELOCITY);
  for (size_t i = 1; i < v->n; i++) {
    low_enough |= v->x[i] < 52;
    if (low_enough && v->x[i] > 66) {
      if (last) {
        systolic += high;
        diastolic += low;
        beats++;
      } else {
        first = i;
      }
      last = i;
      low_enough = false;
      high = 0;
      low = 1e9;
    }
    high = fmax(high, v->x[i]);
    low = fmin(low, v->x[i]);
  }
  for (size_t i = first; i < last; i++) sum += v->x[i];
  /* the listed swing over the mean, 0.655, is that of means of three samples: the envelope moves in steps of 2.1 cm/s */
  double swing = 0;
  for (size_t i = first, k = 0; k < beats; k++) {
    double top = 0, bottom = 1e9;
    size_t length = 0;
    for (bool down = false; i + length + 1 < v->n; length++) {
      const double smooth = (v->x[i + length - 1] + v->x[i + length] + v->x[i + length + 1]) / 3;
      down |= v->x[i + length] < 52;
      if (down && v->x[i + length] > 66) break;
      top = fmax(top, smooth), bottom = fmin(bottom, smooth);
    }
    swing += (top - bottom) / (double)beats;
    i += length;
  }
  ck_assert_double_eq_tol(swing / (sum / (double)(last - first)), 0.655, 0.01);
  printf("%zu beats, PSV %.1f, EDV %.1f, TAMAX %.1f cm/s\n", beats, systolic / (double)beats, diastolic / (double)beats,
         sum / (double)(last - first));
  ck_assert_uint_eq(beats + 2, 13);
  ck_assert_double_eq_tol(systolic / (double)beats, 81.8, 3);
  ck_assert_double_eq_tol(diastolic / (double)beats, 42.3, 0.5);
  ck_assert_double_eq_tol(sum / (double)(last - first), 60.4, 0.3);
  dsp_recording_free(r);
}
END_TEST

int main(void) {
  if (!public_folder()) return PUBLIC_SKIPPED;
  const TTest *const tests[] = {
      oximeter_two_sensors, oximeter_clock,         transcranial,          labchart_cuff,          labchart_blocks,
      bids_pairs,           transcranial_envelopes, transcranial_velocity, audio_containers_agree, audio_marks_and_a_cut_file};
  return run_case("public_recordings", tests, sizeof tests / sizeof tests[0]);
}
