/* SPDX-License-Identifier: GPL-3.0-or-later
 * Doppler kernels and the reflux test: published vectors, boundaries, what a recording cannot tell. */
#include "../support/runner.h"
#include "../support/venous.h"
#include <check.h>
#include <dsp/doppler.h>
#include <dsp/guideline.h>
#include <stdlib.h>
#include <string.h>

static const venous_plan reflux_plan = {.rate_hz = 8000,
                                        .duration_s = 13,
                                        .f0_hz = 5e6,
                                        .angle_deg = 60,
                                        .wiring = VENOUS_IQ,
                                        .profile = 2,
                                        .snr_db = 20,
                                        .clutter_db = -INFINITY,
                                        .broadening = 0.05,
                                        .crosstalk_db = -INFINITY,
                                        .rest_cm_s = 8,
                                        .phasic = 0.4,
                                        .breath_s = 4,
                                        .trials = 1,
                                        .first_s = 5,
                                        .period_s = 10,
                                        .push_cm_s = 60,
                                        .push_s = 0.8,
                                        .rise_s = 0.1,
                                        .peak_cm_s = 30,
                                        .tau_s = 2,
                                        .reflux_s = 2,
                                        .spike_cm_s = 15,
                                        .spike_s = 0.15,
                                        .quiet_s = 1};

static dsp_params *params;
static dsp_report *report;
static dsp_recording *recording;

static void setup(void) {
  static const dsp_param_table *tables[2];
  tables[0] = &dsp_protocol_find("duplex.reflux")->params;
  params = dsp_params_new(tables);
  ck_assert_ptr_nonnull(params);
  report = NULL;
  recording = NULL;
}

static void teardown(void) {
  dsp_report_free(report);
  dsp_recording_free(recording);
  dsp_params_free(params);
}

static const dsp_test *analyze(const char *guideline) {
  ck_assert_int_eq(dsp_analyze(recording, "duplex.reflux", guideline, params, &report, NULL), DSP_OK);
  return &report->tests[0];
}

static const dsp_measure *measure(const char *id) {
  return dsp_test_measure(&report->tests[0], id);
}

static double detail(const char *id) {
  for (size_t i = 0; i < report->tests[0].n_details; i++)
    if (!strcmp(report->tests[0].details[i].id, id)) return report->tests[0].details[i].value;
  ck_abort_msg("no detail %s", id);
  return NAN;
}

START_TEST(doppler_equation) {
  ck_assert_double_eq_tol(1000 / dsp_doppler_hz_per_cm_s(5e6, 60, 1540), 30.8, 1e-9);
  ck_assert_double_eq_tol(500 / dsp_doppler_hz_per_cm_s(8e6, 45, 1540), 6.8059, 5e-5);
  ck_assert_double_eq_tol(-400 / dsp_doppler_hz_per_cm_s(4e6, 60, 1540), -15.4, 1e-9);
  ck_assert_double_eq_tol(1000 / dsp_doppler_hz_per_cm_s(5e6, 0, 1540), 15.4, 1e-9);
  ck_assert_double_eq_tol(3472 / dsp_doppler_hz_per_cm_s(1.75e6, 0, 1540), 152.77, 0.005);
  ck_assert(isnan(dsp_doppler_hz_per_cm_s(5e6, 85, 1540)) && isnan(dsp_doppler_hz_per_cm_s(NAN, 60, 1540)));
  ck_assert(isnan(dsp_doppler_hz_per_cm_s(5e6, NAN, 1540)) && isnan(dsp_doppler_hz_per_cm_s(0, 60, 1540)));
  ck_assert(isfinite(dsp_doppler_hz_per_cm_s(5e6, 84.9, 1540)));
}
END_TEST

/* A tone of +-600 Hz at 8 kHz: its power on its own side, at its own bin, and nothing on the other. */
START_TEST(spectra_keep_directions_apart) {
  enum { LENGTH = 160, BINS = 200, FRAMES = 40, HOP = 32, N = LENGTH + (FRAMES - 1) * HOP };
  static float pairs[2 * N], power[FRAMES * BINS];
  for (int separated = 0; separated < 2; separated++)
    for (int sign = -1; sign < 2; sign += 2) {
      dsp_stft *stft = NULL;
      for (size_t i = 0; i < N; i++) {
        const double a = sign * 2 * M_PI * 600 * (double)i / 8000;
        pairs[2 * i] = (float)(separated && sign < 0 ? 0 : cos(a));
        pairs[2 * i + 1] = (float)(separated ? sign < 0 ? cos(a) : 0 : sin(a));
      }
      ck_assert_int_eq(dsp_stft_new(&stft, LENGTH, BINS, separated ? DSP_PAIR_SEPARATED : DSP_PAIR_QUADRATURE, NULL), DSP_OK);
      dsp_stft_run(stft, power, pairs, FRAMES, HOP);
      for (size_t f = 0; f < FRAMES; f++) {
        const float *p = power + f * BINS;
        const int at = BINS / 2 + sign * 15, mirror = BINS / 2 - sign * 15;
        ck_assert(p[at] > 0.9F * (separated ? 0.25F : 1) * LENGTH * 2 / 3);
        ck_assert_msg(p[mirror] < 1e-6F * p[at], "%g against %g", (double)p[mirror], (double)p[at]);
      }
      pairs[2 * 3 * HOP] = NAN;
      dsp_stft_run(stft, power, pairs, FRAMES, HOP);
      ck_assert(isnan(power[3 * BINS]) && isfinite(power[(3 + LENGTH / HOP + 1) * BINS]));
      dsp_stft_free(stft);
    }
  dsp_stft *none = NULL;
  ck_assert_int_eq(dsp_stft_new(&none, 100, 99, DSP_PAIR_QUADRATURE, NULL), DSP_BAD_OPTION);
  ck_assert_ptr_null(none);
}
END_TEST

/* White noise of variance 2 a pair keeps its level in every bin. */
START_TEST(spectra_keep_the_level_of_noise) {
  enum { LENGTH = 128, FRAMES = 2000, N = LENGTH * FRAMES };
  static float pairs[2 * N], power[FRAMES * LENGTH];
  dsp_random random = dsp_random_seeded(5);
  for (size_t i = 0; i < N; i++) {
    double e[2];
    venous_normal(&random, e);
    pairs[2 * i] = (float)e[0], pairs[2 * i + 1] = (float)e[1];
  }
  dsp_stft *stft = NULL;
  ck_assert_int_eq(dsp_stft_new(&stft, LENGTH, LENGTH, DSP_PAIR_QUADRATURE, NULL), DSP_OK);
  dsp_stft_run(stft, power, pairs, FRAMES, LENGTH);
  for (size_t k = 0; k < LENGTH; k++) {
    double mean = 0;
    for (size_t f = 0; f < FRAMES; f++) mean += (double)power[f * LENGTH + k] / FRAMES;
    ck_assert_double_eq_tol(mean, 2, 0.25);
  }
  dsp_stft_free(stft);
}
END_TEST

/* What the channels hold, and an imbalance put in on purpose. */
START_TEST(kinds_of_stereo) {
  static const struct {
    venous_wiring wiring;
    bool swapped;
    double gain_db, phase_deg;
    dsp_stereo kind;
  } cases[] = {{VENOUS_IQ, false, 0, 0, DSP_STEREO_IQ},
               {VENOUS_IQ, false, 1, 5, DSP_STEREO_IQ},
               {VENOUS_IQ, true, 0, 0, DSP_STEREO_IQ},
               {VENOUS_IQ, false, -3, 15, DSP_STEREO_IQ},
               {VENOUS_SEPARATED, false, 0, 0, DSP_STEREO_SEPARATED},
               {VENOUS_SEPARATED, true, 0, 0, DSP_STEREO_SEPARATED},
               {VENOUS_DUAL_MONO, false, 0, 0, DSP_STEREO_MONO},
               {VENOUS_MONO, false, 0, 0, DSP_STEREO_MONO}};
  venous_plan plan = reflux_plan;
  plan.wiring = cases[_i].wiring;
  plan.swapped = cases[_i].swapped;
  plan.gain_db = cases[_i].gain_db;
  plan.phase_deg = cases[_i].phase_deg;
  plan.snr_db = 12;
  recording = venous_make(&plan, 3, true);
  recording->doppler.swap = plan.swapped;
  analyze(NULL);
  ck_assert_int_eq((int)detail("stereo_kind"), (int)cases[_i].kind);
  if (cases[_i].kind == DSP_STEREO_MONO) {
    ck_assert(!measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "mono_audio"));
    return;
  }
  ck_assert_msg(fabs(measure("RT")->value - venous_reflux_s(&plan, 0, 2)) < 0.06, "RT %g", measure("RT")->value);
  if (cases[_i].wiring != VENOUS_IQ || plan.swapped) return;
  ck_assert_double_eq_tol(detail("quadrature_gain"), plan.gain_db, 0.2);
  ck_assert_double_eq_tol(detail("quadrature_phase"), plan.phase_deg, 1);
}
END_TEST

START_TEST(values_are_near_the_truth) {
  recording = venous_make(&reflux_plan, 4, _i % 2);
  const dsp_test *test = analyze(NULL);
  ck_assert_uint_eq(report->n_tests, 1);
  ck_assert_double_eq_tol(measure("RT")->value, venous_reflux_s(&reflux_plan, 0, 2), 0.04);
  ck_assert_double_eq_tol(measure("PRV")->value, 30, 3);
  ck_assert_double_eq_tol(measure("PMV")->value, 15, 1.5);
  ck_assert_double_eq_tol(measure("AUG.peak")->value, 60, 6);
  ck_assert_double_eq_tol(measure("TAF")->value, 60 * M_PI * 0.09 * measure("MRV")->value, 1e-6);
  ck_assert_str_eq(measure("RT")->grade, "reflux");
  ck_assert(dsp_flags_has(&measure("RT")->flags, "phases_detected") == !(_i % 2));
  bool picture = false;
  for (size_t i = 0; i < test->n_series; i++) picture |= test->series[i].bins > 0;
  ck_assert(picture);
}
END_TEST

START_TEST(a_closing_valve_is_no_reflux) {
  venous_plan plan = reflux_plan;
  plan.peak_cm_s = 0;
  recording = venous_make(&plan, 6, true);
  analyze(NULL);
  static const char *const ids[] = {"RT", "RT.1", "RT.2", "RT.5", "RT.release", "PRV", "PMV", "MRV", "VR", "TAF", "RI"};
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
    ck_assert_msg(measure(ids[i])->valid && measure(ids[i])->value <= 0, "%s", ids[i]);
  ck_assert(dsp_flags_has(&measure("RT")->flags, "no_reflux"));
  ck_assert_str_eq(measure("RT")->grade, "normal");
}
END_TEST

/* Direction: unknown gives nothing, known compressions give it, a mirrored statement turns everything. */
START_TEST(direction_is_stated_or_shown) {
  recording = venous_make(&reflux_plan, 7, _i > 0);
  recording->doppler.antegrade_sign = _i == 2 ? -1 : 0;
  analyze(NULL);
  if (_i == 0) {
    ck_assert(!measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "direction_unknown"));
  } else if (_i == 1) {
    ck_assert(dsp_flags_has(&measure("RT")->flags, "direction_inferred"));
    ck_assert_double_eq_tol(measure("RT")->value, 2, 0.06);
  } else
    ck_assert(!measure("RT")->valid || measure("RT")->value < 1);
}
END_TEST

START_TEST(without_frequency_or_angle_the_answer_is_in_hz) {
  recording = venous_make(&reflux_plan, 8, true);
  if (_i == 0) recording->doppler.f0_hz = NAN;
  if (_i == 1) recording->doppler.angle_deg = 85;
  analyze(NULL);
  ck_assert_double_eq_tol(measure("RT")->value, 2, 0.06);
  ck_assert(dsp_flags_has(&measure("RT")->flags, "threshold_in_hz"));
  ck_assert_str_eq(measure("PRV")->unit, "Hz");
  ck_assert_double_eq_tol(measure("PRV")->value, 30 * 32.4675, 100);
  ck_assert(!measure("VR")->valid && dsp_flags_has(&measure("VR")->flags, "velocity_unknown"));
}
END_TEST

START_TEST(reflux_that_is_cut_has_no_length) {
  venous_plan plan = reflux_plan;
  plan.reflux_s = 30;
  plan.tau_s = 20;
  recording = venous_make(&plan, 9, true);
  analyze(NULL);
  ck_assert(!measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "right_censored"));
  ck_assert_double_ge(detail("least_reflux_time"), 6);
}
END_TEST

/* A velocity channel: antegrade burst, then -vp exp(-t / tau) that stops at T. */
static void trace(double vp, double tau_s, double stop_s, double diameter_mm) {
  enum { RATE = 1000, N = 20 * RATE };
  double *x = malloc(N * sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < N; i++) {
    const double t_s = (double)i / RATE - 8, after_s = t_s - 1;
    x[i] = 5 + 2 * sin(t_s);
    if (t_s > 0 && after_s < 0) x[i] = 60 * sin(M_PI * t_s);
    if (after_s >= 0) x[i] = after_s < stop_s ? -vp * exp(-after_s / tau_s) : 0;
  }
  recording = dsp_recording_new();
  dsp_channel *channel = dsp_recording_add_channel(recording, "v", RATE, x, N);
  ck_assert_ptr_nonnull(channel);
  channel->role = DSP_ROLE_VELOCITY;
  channel->unit = dsp_unit_find("cm/s", 4);
  recording->doppler.antegrade_sign = 1;
  recording->doppler.diameter_mm = diameter_mm;
  recording->doppler.vein = "GSV";
}

START_TEST(velocity_traces_against_closed_forms) {
  static const struct {
    double vp, tau_s, stop_s, d_mm, mean, volume;
  } cases[] = {{30, 1, 2, 6, 12.970, 7.334}, {15, 0.5, 0.8, 5, 7.482, 1.175}, {45, 2, 4, 8, 19.455, 39.117}};
  trace(cases[_i].vp, cases[_i].tau_s, cases[_i].stop_s, cases[_i].d_mm);
  analyze(NULL);
  ck_assert_double_eq_tol(measure("RT")->value, cases[_i].stop_s, 0.02);
  ck_assert_double_eq_tol(measure("MRV")->value, cases[_i].mean, 0.03 * cases[_i].mean);
  ck_assert_double_eq_tol(measure("VR")->value, cases[_i].volume, 0.03 * cases[_i].volume);
}
END_TEST

START_TEST(thresholds_end_a_decay) {
  static const struct { double vp, tau_s, reflux_s; } cases[] = {{30, 1, 2.7081}, {30, 0.25, 0.6770}, {12, 0.3, 0.5375}};
  trace(cases[_i].vp, cases[_i].tau_s, 11, 6);
  analyze("all");
  const double vp = cases[_i].vp, tau_s = cases[_i].tau_s;
  ck_assert_double_eq_tol(measure("RT")->value, cases[_i].reflux_s, 0.02);
  ck_assert_double_eq_tol(measure("RT.1")->value, tau_s * log(vp), 0.05);
  ck_assert_double_eq_tol(measure("RT.5")->value, tau_s * log(vp / 5), 0.02);
  ck_assert_str_eq(measure("RT")->grade, "reflux");
  ck_assert_uint_eq(report->tests[0].n_verdicts, 6);
}
END_TEST

/* Retrograde flow that begins 0.5 s after a marked release counts up to the longest time that is allowed for its start. */
START_TEST(a_late_start_is_held_to_its_limit) {
  enum { RATE = 1000, N = 20 * RATE };
  trace(30, 1, 2, 6);
  const dsp_event push = {.t_s = 8, .dur_s = 1, .kind = DSP_EVENT_COMPRESS, .volume_ml = NAN, .percent = NAN, .source = "side-car"};
  ck_assert_int_eq(dsp_recording_add_event(recording, &push), DSP_OK);
  double *x = recording->channels[0].x;
  memmove(x + 9 * RATE + RATE / 2, x + 9 * RATE, (N - 9 * RATE - RATE / 2) * sizeof *x);
  for (size_t i = 9 * RATE; i < 9 * RATE + RATE / 2; i++) x[i] = 0;
  ck_assert_int_eq(dsp_params_set(params, "duplex.reflux.start_s", _i ? "0.3" : "0.8", NULL), DSP_OK);
  analyze(NULL);
  ck_assert_double_eq_tol(measure("RT")->value, _i ? 0 : 2, 0.02);
}
END_TEST

/* The verdict on exactly the limit, as each guideline words it. */
START_TEST(verdicts_on_the_limit) {
  static const struct {
    const char *guideline, *vein;
    double diameter_mm, value;
    const char *grade;
  } cases[] = {{NULL, "GSV", NAN, 0.5, "normal"},
               {NULL, "GSV", NAN, 0.5001, "reflux"},
               {NULL, "PERF", NAN, 0.5, "reflux"},
               {NULL, "PERF", 3.5, 0.5, "pathologic"},
               {NULL, "PERF", 3.4, 0.4999, "normal"},
               {NULL, "PV", NAN, 1, "normal"},
               {NULL, "FV", NAN, 1.001, "reflux"},
               {NULL, "CFV", NAN, 0.9, "normal"},
               {NULL, "DFV", NAN, 0.6, "reflux"},
               {"duplex.vlu2014", "SSV", NAN, 0.5, "reflux"},
               {"duplex.vlu2014", "PV", NAN, 1, "reflux"},
               {"duplex.labropoulos2003", "PERF", NAN, 0.36, "reflux"},
               {"duplex.labropoulos2003", "PERF", NAN, 0.35, "normal"},
               {"duplex.uip2006", "PV", NAN, 0.6, "reflux"}};
  trace(30, 1, 1, 6);
  analyze(NULL);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    dsp_measure *m = dsp_test_measure(&report->tests[0], "RT");
    m->grade = NULL;
    m->value = cases[i].value;
    recording->doppler.vein = cases[i].vein;
    recording->doppler.diameter_mm = cases[i].diameter_mm;
    dsp_guideline_grade(&report->tests[0], cases[i].guideline, dsp_guideline_key(recording));
    ck_assert_msg(m->grade && !strcmp(m->grade, cases[i].grade), "%s %g: %s", cases[i].vein, cases[i].value, m->grade ? m->grade : "none");
  }
}
END_TEST

START_TEST(every_vein_has_a_default_limit) {
  static const char *const veins[] = {"CFV", "FV",   "DFV",  "PV",  "PTV",  "ATV",  "FIBV", "GAST", "SOL",
                                      "GSV", "AASV", "PASV", "SSV", "GIAC", "PERF", "SFJ",  "SPJ"};
  trace(30, 1, 1.5, 6);
  analyze(NULL);
  for (size_t i = 0; i < sizeof veins / sizeof veins[0]; i++) {
    dsp_measure *m = dsp_test_measure(&report->tests[0], "RT");
    m->grade = NULL;
    dsp_guideline_grade(&report->tests[0], NULL, veins[i]);
    ck_assert_msg(m->grade && !strcmp(m->guideline, "duplex.svs2023"), "%s", veins[i]);
  }
}
END_TEST

START_TEST(silence_and_noise_say_so) {
  enum { N = 80000 };
  static const char *const names[] = {"a", "b"};
  dsp_random random = dsp_random_seeded(1);
  float *x = calloc(2 * N, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; _i && i < 2 * N; i++) x[i] = (float)(_i == 2 ? (double)NAN : 0.1 * (venous_uniform(&random) - 0.5));
  dsp_audio audio;
  recording = dsp_recording_new();
  ck_assert_int_eq(dsp_audio_in_memory(&audio, x, N, 2, 8000, 16), DSP_OK);
  ck_assert_int_eq(dsp_recording_add_audio(recording, &audio, names), DSP_OK);
  recording->doppler.antegrade_sign = 1;
  analyze(NULL);
  ck_assert(!measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "no_doppler_signal"));
}
END_TEST

/* Pairs of the recording, to be spoilt in place. */
static float *pairs_of(size_t *n) {
  *n = (size_t)recording->audio.n_frames;
  float *x = malloc(2 * *n * sizeof *x);
  ck_assert_ptr_nonnull(x);
  ck_assert_int_eq(recording->audio.read(recording->audio.context, x, 0, *n, NULL), DSP_OK);
  return x;
}

static void put_pairs(float *x, size_t n) {
  const double rate_hz = recording->audio.rate_hz;
  dsp_audio_close(&recording->audio);
  ck_assert_int_eq(dsp_audio_in_memory(&recording->audio, x, n, 2, rate_hz, 16), DSP_OK);
}

static bool flagged(const char *flag) {
  return dsp_flags_has(&report->tests[0].flags, flag);
}

/* One click every 0.37 s in one or both parts of the echo: bridged, counted, and the reflux read as without them. */
START_TEST(clicks_are_masked) {
  venous_plan plan = reflux_plan;
  plan.wiring = _i % 2 ? VENOUS_SEPARATED : VENOUS_IQ;
  recording = venous_make(&plan, 11, true);
  size_t n = 0;
  float *x = pairs_of(&n);
  recording->doppler.stereo = _i % 2 ? DSP_STEREO_SEPARATED : DSP_STEREO_IQ; /* clicks in phase look like neither */
  dsp_random random = dsp_random_seeded(3);
  for (size_t at = 1000; at + 12 < n; at += 2960)
    for (size_t k = 0; k < 12; k++) {
      const float both = (float)(1.6 * (venous_uniform(&random) - 0.5)), other = (float)(1.6 * (venous_uniform(&random) - 0.5));
      x[2 * (at + k)] = both;
      x[2 * (at + k) + 1] = _i < 2 ? both : other;
    }
  put_pairs(x, n);
  analyze(NULL);
  ck_assert(flagged("interference_masked"));
  ck_assert(detail("masked_bursts") >= 20 && detail("masked_bursts") <= 40); /* fast flow drowns some */
  ck_assert(detail("masked_share") > 0.03 && detail("masked_share") < 0.35);
  ck_assert_msg(measure("RT")->valid, "no RT");
  ck_assert_double_eq_tol(measure("RT")->value, 2, 0.08);
  ck_assert_double_eq_tol(measure("PRV")->value, 30, 3);
}
END_TEST

START_TEST(clean_recordings_have_nothing_masked) {
  venous_plan plan = reflux_plan;
  plan.wiring = _i % 2 ? VENOUS_SEPARATED : VENOUS_IQ;
  if (_i > 1) plan.snr_db = 40, plan.clutter_db = 20, plan.clutter_hz = 40, plan.crosstalk_db = -30;
  recording = venous_make(&plan, 12, true);
  analyze(NULL);
  ck_assert_double_eq(detail("masked_share"), 0);
  ck_assert_double_eq(detail("lost_share"), 0);
  ck_assert(!flagged("interference_masked") && !flagged("audio_clipped") && !flagged("aliasing"));
}
END_TEST

/* Harmonics in both channels for 0.8 s, at rest, and right after a compression whose valve closes: no reflux, and no compression. */
START_TEST(speech_is_no_reflux) {
  venous_plan plan = reflux_plan;
  plan.peak_cm_s = 0;
  plan.wiring = _i % 2 ? VENOUS_SEPARATED : VENOUS_IQ;
  const bool at_rest = _i < 2;
  if (at_rest) plan.trials = 0;
  recording = venous_make(&plan, 13, true);
  size_t n = 0;
  float *x = pairs_of(&n);
  const double from_s = at_rest ? 8 : 6.2;
  recording->doppler.stereo = _i % 2 ? DSP_STEREO_SEPARATED : DSP_STEREO_IQ;
  for (size_t i = 0; i < n; i++) {
    const double t_s = (double)i / 8000 - from_s;
    double sum = 0;
    for (int h = 1; t_s > 0 && t_s < 0.8 && h < 20; h++) sum += sin(2 * M_PI * h * (150 * t_s + 10 * t_s * t_s) + h * h) / (1 + 0.1 * h);
    sum *= 0.06 * sin(M_PI * t_s / 0.8);
    x[2 * i] += (float)sum, x[2 * i + 1] += (float)sum;
  }
  put_pairs(x, n);
  analyze(NULL);
  ck_assert_double_ge(detail("masked_share"), 0.01); /* the flow at rest drowns some */
  ck_assert(flagged("interference_masked"));
  ck_assert(!measure("RT")->valid || measure("RT")->value <= 0);
  ck_assert(dsp_flags_has(&measure("RT")->flags, at_rest ? "no_compression" : measure("RT")->valid ? "no_reflux" : "masked"));
}
END_TEST

/* The amplifier saturates. */
START_TEST(clipping_is_flagged) {
  venous_plan plan = reflux_plan;
  if (_i) plan.peak_cm_s = 0;
  recording = venous_make(&plan, 14, true);
  size_t n = 0;
  float *x = pairs_of(&n);
  for (size_t i = 0; i < 2 * n; i++) x[i] = fminf(fmaxf(4 * x[i], -1), 32767.0F / 32768);
  put_pairs(x, n);
  analyze(NULL);
  ck_assert_double_ge(detail("saturated_share"), 0.001);
  ck_assert(flagged("audio_clipped"));
  if (_i)
    ck_assert(measure("RT")->valid && measure("RT")->value <= 0);
  else
    ck_assert(dsp_flags_has(&measure("PRV")->flags, "audio_clipped") && fabs(measure("RT")->value - 2) < 0.08);
}
END_TEST

/* Lost samples (zeros, a held value, NaN) over the end of reflux: its time is not known, and never more than was seen. Short ones within it
 * are bridged. */
START_TEST(gaps_hide_and_are_bridged) {
  recording = venous_make(&reflux_plan, 15, true);
  size_t n = 0;
  float *x = pairs_of(&n);
  const bool over_end = _i < 3;
  const size_t from = over_end ? 59200 : 54400, end = from + (over_end ? 4800 : 320); /* 7.4 s, 6.8 s; reflux ends at 7.8 s */
  for (size_t i = 2 * from; i < 2 * end; i++) x[i] = _i % 3 == 0 ? 0 : _i % 3 == 1 ? 0.01F : (float)NAN;
  put_pairs(x, n);
  analyze(NULL);
  ck_assert(flagged("missing_bridged"));
  ck_assert_double_gt(detail("lost_share"), 0);
  if (over_end) {
    ck_assert(!measure("RT")->valid && dsp_flags_has(&measure("RT")->flags, "masked"));
    ck_assert_double_eq_tol(detail("least_reflux_time"), 1.6, 0.06);
  } else
    ck_assert_double_eq_tol(measure("RT")->value, 2, 0.06);
}
END_TEST

/* Reflux at 1.3 times half of the rate: read right from quadrature, flagged there and in separated channels. */
START_TEST(aliasing_is_flagged) {
  venous_plan plan = reflux_plan;
  plan.rate_hz = 2000;
  plan.wiring = _i ? VENOUS_SEPARATED : VENOUS_IQ;
  plan.push_cm_s = 25;
  plan.peak_cm_s = 1.3 * 1000 / 32.4675;
  recording = venous_make(&plan, 16, true);
  analyze(NULL);
  ck_assert(flagged("aliasing"));
  if (_i) return;
  ck_assert(dsp_flags_has(&measure("PRV")->flags, "aliasing"));
  ck_assert_double_eq_tol(measure("PRV")->value, plan.peak_cm_s, 0.1 * plan.peak_cm_s);
  ck_assert_double_eq_tol(measure("RT")->value, venous_reflux_s(&plan, 0, 2), 0.08);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("duplex");
  TCase *t = tcase_create("kernels");
  tcase_add_test(t, doppler_equation);
  tcase_add_test(t, spectra_keep_directions_apart);
  tcase_add_test(t, spectra_keep_the_level_of_noise);
  suite_add_tcase(suite, t);
  t = tcase_create("audio");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, kinds_of_stereo, 0, 8);
  tcase_add_loop_test(t, values_are_near_the_truth, 0, 2);
  tcase_add_test(t, a_closing_valve_is_no_reflux);
  tcase_add_loop_test(t, direction_is_stated_or_shown, 0, 3);
  tcase_add_loop_test(t, without_frequency_or_angle_the_answer_is_in_hz, 0, 2);
  tcase_add_test(t, reflux_that_is_cut_has_no_length);
  tcase_add_loop_test(t, silence_and_noise_say_so, 0, 3);
  suite_add_tcase(suite, t);
  t = tcase_create("disturbances");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, clean_recordings_have_nothing_masked, 0, 4);
  tcase_add_loop_test(t, clicks_are_masked, 0, 4);
  tcase_add_loop_test(t, speech_is_no_reflux, 0, 4);
  tcase_add_loop_test(t, clipping_is_flagged, 0, 2);
  tcase_add_loop_test(t, gaps_hide_and_are_bridged, 0, 6);
  tcase_add_loop_test(t, aliasing_is_flagged, 0, 2);
  suite_add_tcase(suite, t);
  t = tcase_create("traces");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, velocity_traces_against_closed_forms, 0, 3);
  tcase_add_loop_test(t, thresholds_end_a_decay, 0, 3);
  tcase_add_loop_test(t, a_late_start_is_held_to_its_limit, 0, 2);
  tcase_add_test(t, verdicts_on_the_limit);
  tcase_add_test(t, every_vein_has_a_default_limit);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
