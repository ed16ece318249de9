/* SPDX-License-Identifier: GPL-3.0-or-later
 * The simulated reflux test: truths against published vectors and arithmetic by hand, the echo against its plan, and what each disturbance
 * does to the channels. */
#include "../support/cases.h"
#include "../support/runner.h"
#include "../support/simulated.h"
#include <check.h>
#include <complex.h>
#include <dsp/audio.h>
#include <math.h>

static const double pi = 3.14159265358979323846;

static simulated simulate(const char *settings, uint64_t seed) {
  return simulated_make("duplex.reflux", settings, seed);
}

/* Samples of `seconds` from `t_s` as z = channel 0 + j channel 1 (0 without one). free() them. */
static double complex *samples(const simulated *r, double t_s, double seconds, size_t *n) {
  const dsp_audio *audio = &r->recording->audio;
  *n = (size_t)(seconds * audio->rate_hz);
  float *x = calloc(*n * audio->n_channels, sizeof *x);
  double complex *z = calloc(*n, sizeof *z);
  ck_assert(x && z);
  ck_assert_int_eq(audio->read(audio->context, x, (uint64_t)(t_s * audio->rate_hz), *n, NULL), DSP_OK);
  for (size_t i = 0; i < *n; i++)
    z[i] = (double)x[i * audio->n_channels] + (audio->n_channels > 1 ? (double)x[i * audio->n_channels + 1] * I : 0);
  free(x);
  return z;
}

/* Mean frequency from the phase of the autocorrelation at one sample, Hz. */
static double mean_hz(const simulated *r, double t_s, double seconds) {
  size_t n;
  double complex *z = samples(r, t_s, seconds, &n), sum = 0;
  for (size_t i = 1; i < n; i++) sum += z[i] * conj(z[i - 1]);
  free(z);
  return carg(sum) / (2 * pi) * r->recording->audio.rate_hz;
}

/* Mean powers of both channels and their product. */
static void powers(double *first, double *second, double *product, const simulated *r, double t_s, double seconds) {
  size_t n;
  double complex *z = samples(r, t_s, seconds, &n);
  *first = *second = *product = 0;
  for (size_t i = 0; i < n; i++) {
    *first += creal(z[i]) * creal(z[i]) / (double)n;
    *second += cimag(z[i]) * cimag(z[i]) / (double)n;
    *product += creal(z[i]) * cimag(z[i]) / (double)n;
  }
  free(z);
}

/* Decay alone (a rise of 10 ms): published reflux times at 2 cm/s, distances and volumes. */
START_TEST(reflux_times_and_volumes_are_the_published_ones) {
  static const struct {
    const char *settings;
    double rt_s, mean_cm_s, plug_ml;
  } rows[] = {
      {"prv_cm_s=30 tau_s=1 stop_s=30 cycle_s=60", 2.7081, (double)NAN, (double)NAN},
      {"prv_cm_s=30 tau_s=0.25 stop_s=30 cycle_s=60", 0.6770, (double)NAN, (double)NAN},
      {"prv_cm_s=12 tau_s=0.3 stop_s=30 cycle_s=60", 0.5375, (double)NAN, (double)NAN},
      {"prv_cm_s=30 tau_s=1 stop_s=2.01 diameter_mm=6", 2.0, 12.970, 7.334},
      {"prv_cm_s=15 tau_s=0.5 stop_s=0.81 diameter_mm=5", 0.8, 7.482, 1.175},
      {"prv_cm_s=45 tau_s=2 stop_s=4.01 diameter_mm=8 cycle_s=20", 4.0, 19.455, 39.117},
  };
  char settings[200];
  snprintf(settings, sizeof settings, "rise_s=0.01 trials=1 lead_s=1 kind=velocity profile=2 %s", rows[_i].settings);
  simulated r = simulate(settings, 1);
  ck_assert_int_eq(r.status, DSP_OK);
  ck_assert_double_eq_tol(simulated_value(&r, "RT"), rows[_i].rt_s, 0.0101);
  ck_assert_double_eq(simulated_value(&r, "RT"), simulated_value(&r, "RT.2"));
  if (!isnan(rows[_i].mean_cm_s)) {
    ck_assert_double_eq_tol(simulated_value(&r, "MRV") * 2, rows[_i].mean_cm_s, 0.015 * rows[_i].mean_cm_s);
    ck_assert_double_eq_tol(simulated_value(&r, "VR") * 2, rows[_i].plug_ml, 0.015 * rows[_i].plug_ml);
    ck_assert_double_eq_tol(simulated_value(&r, "TAF"), simulated_value(&r, "VR") / simulated_value(&r, "RT") * 60, 1e-9);
  }
  simulated_clear(&r);
}
END_TEST

/* The trace crosses each threshold where the truth says. */
START_TEST(trace_crosses_where_the_truth_says) {
  static const char *const valves[] = {"valve=incompetent", "valve=competent closure_cm_s=25 closure_s=0.3"};
  char settings[200];
  snprintf(settings, sizeof settings, "kind=velocity trace_hz=2000 trace_noise_cm_s=0 trials=2 rise_s=0.15 tau_s=0.7 variation=0.2 %s",
           valves[_i]);
  simulated r = simulate(settings, 7);
  const dsp_channel *c = &r.recording->channels[0];
  double t_s = simulated_landmark(&r, _i ? "closure_start_2" : "reflux_start_2"),
         end_s = simulated_landmark(&r, _i ? "closure_end_2" : "reflux_end_2");
  size_t first = 0, last = 0;
  for (size_t i = (size_t)(simulated_landmark(&r, "release_2") * 2000); i < c->n; i++) {
    if (c->x[i] >= -2) continue;
    if (!first) first = i;
    last = i;
  }
  ck_assert_double_eq_tol((double)first / 2000, t_s, 0.0011);
  ck_assert_double_eq_tol((double)last / 2000, end_s, 0.003);
  ck_assert_double_eq(simulated_value(&r, "sim.competent"), _i);
  if (_i) ck_assert_double_eq(simulated_value(&r, "trial2.RT"), 0);
  ck_assert_double_eq_tol(simulated_value(&r, _i ? "trial2.sim.closure" : "trial2.RT"), end_s - t_s, 1e-9);
  simulated_clear(&r);
}
END_TEST

/* Steady flow at 20 cm/s, profile 2: a flat spectrum from 0 to fmax, so the mean shift is half of 2 f0 v cos / c. */
START_TEST(echo_has_the_shift_of_the_flow) {
  static const struct {
    const char *settings;
    double hz;
  } rows[] = {
      {"f0_hz=5e6 angle_deg=60", 10 / 0.0308},
      {"f0_hz=8e6 angle_deg=45", 10 / 0.01361167},
      {"f0_hz=5e6 angle_deg=60 antegrade_sign=-1", -10 / 0.0308},
      {"f0_hz=5e6 angle_deg=60 swap=silent", -10 / 0.0308},
      {"f0_hz=5e6 angle_deg=60 swap=stated", -10 / 0.0308},
      {"f0_hz=5e6 angle_deg=60 rate_hz=44100 profile=8", 16 / 0.0308},
  };
  char settings[200];
  snprintf(settings, sizeof settings, "rest_cm_s=20 phasic=0 lead_s=20 trials=1 snr_db=80 %s", rows[_i].settings);
  simulated r = simulate(settings, 3);
  ck_assert_double_eq_tol(mean_hz(&r, 0, 19), rows[_i].hz, 0.04 * fabs(rows[_i].hz));
  ck_assert_int_eq(r.recording->doppler.swap, _i == 4);
  ck_assert_int_eq(r.recording->audio.bits, 16);
  simulated_clear(&r);
}
END_TEST

START_TEST(noise_and_wall_have_their_power) {
  double first, product, noise;
  simulated r = simulate("rest_cm_s=0 lead_s=20 trials=1 augment_cm_s=0 prv_cm_s=0.1 snr_db=-20 bits=float", 3);
  powers(&first, &noise, &product, &r, 0, 20);
  const double noisy_gain = noise / 50; /* half of the noise's power of 100, in units of the blood's */
  simulated_clear(&r);
  ck_assert_double_eq_tol(first / noisy_gain / 50, 1, 0.05);
  r = simulate("rest_cm_s=10 lead_s=20 trials=1 clutter_db=20 snr_db=80 bits=float", 3);
  double shift_hz = mean_hz(&r, 0, 19); /* a hundredfold echo at rest draws the mean to zero: 162 Hz / 101 */
  ck_assert_double_eq_tol(shift_hz, 162.3 / 101, 0.8);
  simulated_clear(&r);
}
END_TEST

/* Blood 20 cm/s one way only: the other channel holds noise and the image of the imbalance. Image ratios are published. */
START_TEST(imbalance_and_crosstalk_make_an_image) {
  static const struct {
    const char *settings;
    double image_db, tolerance_db;
  } rows[] = {{"gain_db=0.5 phase_deg=2", -29.46, 1},
              {"gain_db=1 phase_deg=5", -22.83, 1},
              {"phase_deg=10", -21.16, 1},
              {"crosstalk_db=30", -30, 1},
              {"profile=9", -80, 15}};
  char settings[240];
  double first, second, product;
  snprintf(
      settings, sizeof settings,
      "kind=separated rest_cm_s=40 phasic=0 lead_s=20 trials=1 snr_db=80 bits=float profile=9 broadening=0 transit_s=0.3 wall_hz=200 %s",
      rows[_i].settings);
  simulated r = simulate(settings, 3);
  powers(&first, &second, &product, &r, 1, 18);
  ck_assert_double_eq_tol(10 * log10(second / first), rows[_i].image_db, rows[_i].tolerance_db);
  simulated_clear(&r);
}
END_TEST

START_TEST(channels_are_what_kind_says) {
  double first, second, product;
  simulated r = simulate("kind=mono", 1);
  ck_assert_uint_eq(r.recording->n_channels, 1);
  ck_assert_int_eq(r.recording->doppler.stereo, DSP_STEREO_MONO);
  simulated_clear(&r);
  r = simulate("kind=dual_mono stereo=auto direction=unknown events=0", 1);
  powers(&first, &second, &product, &r, 0, 40);
  ck_assert_double_eq(first, second);
  ck_assert_double_eq_tol(product, first, 1e-12);
  ck_assert_int_eq(r.recording->doppler.stereo, DSP_STEREO_AUTO);
  ck_assert_int_eq(r.recording->doppler.antegrade_sign, 0);
  ck_assert_uint_eq(r.recording->n_events, 0);
  simulated_clear(&r);
  r = simulate("kind=separated", 1);
  powers(&first, &second, &product, &r, 2, 5); /* rest flows forward only */
  ck_assert_double_gt(first, 20 * second);
  simulated_clear(&r);
  r = simulate("kind=velocity", 1);
  ck_assert_int_eq(r.recording->channels[0].role, DSP_ROLE_VELOCITY);
  ck_assert_str_eq(r.recording->channels[0].unit->ucum, "cm/s");
  ck_assert_uint_eq(r.recording->n_events, 6);
  simulated_clear(&r);
}
END_TEST

/* Sounds are alike in both channels, hence as strong at -f as at +f. */
START_TEST(sounds_and_clicks_are_added) {
  static const char *const settings[] = {"speech=20 speech_db=40", "mains_db=40", "mains_db=40 mains_hz=60"};
  double first, second, product;
  simulated r = simulate(settings[_i], 2);
  powers(&first, &second, &product, &r, 0, 40);
  ck_assert_double_eq_tol(product / sqrt(first * second), 1, 0.02);
  ck_assert_double_eq_tol(fabs(mean_hz(&r, 0, 40)), 0, 5);
  simulated_clear(&r);
}
END_TEST

static double peak(const simulated *r, size_t *at_top) {
  size_t n;
  double complex *z = samples(r, 0, 40, &n);
  double most = 0;
  *at_top = 0;
  for (size_t i = 0; i < n; i++) {
    const double size = fmax(fabs(creal(z[i])), fabs(cimag(z[i])));
    most = fmax(most, size);
    *at_top += size >= r->recording->audio.clip_level;
  }
  free(z);
  return most;
}

START_TEST(peak_is_what_was_asked_and_cut_at_full_scale) {
  size_t clipped;
  simulated r = simulate("peak=0.25", 1);
  ck_assert_double_eq_tol(peak(&r, &clipped), 0.25, 1e-4);
  ck_assert_uint_eq(clipped, 0);
  simulated_clear(&r);
  r = simulate("peak=3", 1);
  ck_assert_double_le(peak(&r, &clipped), 1);
  ck_assert_uint_gt(clipped, 100);
  simulated_clear(&r);
  r = simulate("clicks=1 click_db=60", 1); /* one click stands out, so the rest is small */
  double first, second, product;
  powers(&first, &second, &product, &r, 0, 40);
  ck_assert_double_lt(first, 1e-3);
  simulated_clear(&r);
}
END_TEST

START_TEST(same_seed_same_samples) {
  simulated a = simulate("randomise=1", 42), b = simulate("randomise=1", 42), c = simulate("randomise=1", 43);
  size_t n, m;
  double complex *x = samples(&a, 0, 5, &n), *y = samples(&b, 0, 5, &m);
  ck_assert_uint_eq(n, m);
  ck_assert_mem_eq(x, y, n * sizeof *x);
  ck_assert_double_ne(simulated_landmark(&a, "release_1"), simulated_landmark(&c, "release_1"));
  free(x);
  free(y);
  simulated_clear(&a);
  simulated_clear(&b);
  simulated_clear(&c);
}
END_TEST

/* Draws stay inside the published ranges and the band, and every valve and kind occurs. */
START_TEST(draws_are_in_range) {
  size_t competent = 0, separated = 0, marked = 0;
  enum { DRAWS = 24 };
  for (uint64_t seed = 1; seed <= DRAWS; seed++) {
    simulated r = simulate("randomise=1", seed);
    ck_assert_int_eq(r.status, DSP_OK);
    const dsp_doppler *d = &r.recording->doppler;
    const double rate_hz = r.recording->audio.rate_hz;
    const double hz =
        fmax(simulated_value(&r, "AUG.peak"), simulated_value(&r, "PRV")) * 0.02 * d->f0_hz * cos(d->angle_deg * pi / 180) / 1540;
    competent += simulated_value(&r, "sim.competent") > 0;
    separated += d->stereo == DSP_STEREO_SEPARATED;
    marked += r.recording->n_events > 0;
    ck_assert(rate_hz >= 8000 && rate_hz <= 44100 && d->f0_hz >= 2e6 && d->f0_hz <= 1e7 && d->angle_deg >= 45 && d->angle_deg <= 60);
    ck_assert_double_lt(hz, 0.5 * rate_hz);
    ck_assert_double_le(simulated_value(&r, "RT"), 4.01);
    simulated_clear(&r);
  }
  ck_assert(competent > DRAWS / 5 && competent < DRAWS / 2 && separated > DRAWS / 4 && separated < 3 * DRAWS / 4);
  ck_assert(marked > DRAWS / 4 && marked < 3 * DRAWS / 4);
}
END_TEST

START_TEST(impossible_schedules_are_refused) {
  simulated r = simulate("stop_s=20 cycle_s=10", 1);
  ck_assert_int_eq(r.status, DSP_BAD_OPTION);
  ck_assert_ptr_null(r.recording);
  ck_assert_ptr_null(r.truth);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("duplex_phantom");
  TCase *c = tcase_create("duplex_phantom");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, reflux_times_and_volumes_are_the_published_ones, 0, cases(6, 2));
  tcase_add_loop_test(c, trace_crosses_where_the_truth_says, 0, cases(2, 1));
  tcase_add_loop_test(c, echo_has_the_shift_of_the_flow, 0, cases(6, 2));
  tcase_add_test(c, noise_and_wall_have_their_power);
  tcase_add_loop_test(c, imbalance_and_crosstalk_make_an_image, 0, cases(5, 2));
  tcase_add_test(c, channels_are_what_kind_says);
  tcase_add_loop_test(c, sounds_and_clicks_are_added, 0, 3);
  tcase_add_test(c, peak_is_what_was_asked_and_cut_at_full_scale);
  tcase_add_test(c, same_seed_same_samples);
  tcase_add_test(c, draws_are_in_range);
  tcase_add_test(c, impossible_schedules_are_refused);
  suite_add_tcase(s, c);
  return s;
}

int main(void) {
  return run_suite(suite());
}
