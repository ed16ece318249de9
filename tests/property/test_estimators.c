/* SPDX-License-Identifier: GPL-3.0-or-later
 * Estimators of the highest and of the mean shift on steady simulated flow of known velocity: mean error and scatter in Hz, as a table, and
 * what the table is said to show.
 *
 *   test_estimators [RECORDINGS]
 *
 * The published estimators read spectra of 16 ms every 4 ms, zero-padded to 512, smoothed by 3 bins and 5 frames, from 60 Hz up. The last
 * three columns are what the reflux test itself gives for the same stretches. */
#include "../support/simulated.h"
#include <dsp/doppler.h>
#include <dsp/protocol.h>
#include <math.h>

enum { LENGTH = 128, HOP = 32, BINS = 512, HALF = BINS / 2, FIRST = 4, BAND = HALF - FIRST, FRAMES = 210, TRIALS = 12, RATE = 8000 };
enum { TOP = BAND / 5 }; /* bins without echo */
enum { PERCENTILE, THRESHOLD, RUN, CHORD, GEOMETRIC, LINES, WEIGHTED, SUBTRACTED, TRACKED, BESIDE, MEAN, COLUMNS };
static const char *const names[COLUMNS] = {"percentile 95", "crossing k 3", "run of 4, k 8",   "geometric", "modified geometric",
                                           "two lines",     "mean, raw",    "mean, noise out", "tracked",   "geometric beside it",
                                           "mean, tracked"};
static const double fastest_hz = 1200, hz_a_bin = (double)RATE / BINS;

static const struct {
  const char *name;
  double profile, snr_db;
} rows[] = {{"flat", 2, 20}, {"flat", 2, 10}, {"flat", 2, 5},           {"flat", 2, 0},
            {"plug", 9, 10}, {"plug", 9, 0},  {"slow-weighted", 1, 10}, {"slow-weighted", 1, 0}};
enum { ROWS = sizeof rows / sizeof rows[0] };

typedef struct tally {
  double n, sum, squares;
} tally;
static tally table[ROWS][COLUMNS];

static void add(tally *t, double error_hz) {
  if (isnan(error_hz)) return;
  t->n++, t->sum += error_hz, t->squares += error_hz * error_hz;
}

static double bias(int row, int column) {
  return table[row][column].sum / table[row][column].n;
}

static double scatter(int row, int column) {
  const tally *t = &table[row][column];
  return sqrt(fmax(0, t->squares / t->n - pow(t->sum / t->n, 2)));
}

static double hz_of(double bin) {
  return ((double)FIRST + bin) * hz_a_bin;
}

/* Least squares through the cumulative power between two bins: y = at + slope x. */
static void line(double *at, double *slope, const double *y, int from, int to) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (int i = from; i < to; i++) n++, sx += i, sy += y[i], sxx += (double)i * i, sxy += i * y[i];
  *slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
  *at = (sy - *slope * sx) / n;
}

static void estimate(double hz[COLUMNS], const float *p) {
  double rise[BAND], end = 0, noise = 0, raw = 0, above = 0, moment = 0, most = 0;
  int last = 0, run = 0, strongest = 0, from = 0, to = 0;
  for (int i = 0; i < BAND; i++) rise[i] = end += (double)p[i];
  for (int i = BAND - TOP; i < BAND; i++) noise += (double)p[i] / (double)TOP;
  for (int c = 0; c < COLUMNS; c++) hz[c] = NAN;
  for (int i = 0; i < BAND; i++) {
    const double f = hz_of(i), clear = fmax(0, (double)p[i] - noise);
    if (isnan(hz[PERCENTILE]) && rise[i] >= 0.95 * end) hz[PERCENTILE] = f;
    if ((double)p[i] > 3 * noise) last = i;
    if (p[i] > p[strongest]) strongest = i;
    raw += f * (double)p[i] / end, above += clear, moment += f * clear;
  }
  hz[THRESHOLD] = hz_of(last);
  for (int i = BAND - 1; i >= 0 && isnan(hz[RUN]); i--) {
    run = (double)p[i] > 8 * noise ? run + 1 : 0;
    if (run == 4) hz[RUN] = hz_of(i + 3);
  }
  int knee = strongest;
  for (int i = strongest; i < BAND; i++) {
    const double chord = rise[strongest] + (end - rise[strongest]) * (i - strongest) / (BAND - 1 - strongest);
    if (rise[i] - chord > most) most = rise[i] - chord, knee = i;
  }
  hz[CHORD] = hz_of(knee);
  hz[GEOMETRIC] = hz_of(dsp_spectrum_geometric(p, BAND) - 0.5);
  const double signal = end - noise * BAND;
  for (int i = 0; i < BAND; i++) {
    if (rise[i] - noise * (i + 1) < 0.3 * signal && to == 0) from = i + 1;
    if (rise[i] - noise * (i + 1) <= 0.8 * signal && i >= from) to = i + 1;
    if (rise[i] - noise * (i + 1) > 0.8 * signal) break;
  }
  double at[2], slope[2];
  if (to - from > 2) {
    line(&at[0], &slope[0], rise, from, to);
    line(&at[1], &slope[1], rise, BAND - BAND / 3, BAND);
    hz[LINES] = hz_of(fmin(fmax((at[1] - at[0]) / (slope[0] - slope[1]), 0), BAND));
  }
  hz[WEIGHTED] = raw;
  hz[SUBTRACTED] = moment / above;
}

static bool is_mean(int column) {
  return column == WEIGHTED || column == SUBTRACTED || column == MEAN;
}

static void count(int row, const double hz[COLUMNS]) {
  const double mean_hz = fastest_hz * rows[row].profile / (rows[row].profile + 2);
  for (int c = 0; c < COLUMNS; c++) add(&table[row][c], hz[c] - (is_mean(c) ? mean_hz : fastest_hz));
}

/* Smoothed spectra of the second before a compression. */
static void read_spectra(int row, const dsp_audio *audio, double compress_s, dsp_stft *stft) {
  enum { SAMPLES = LENGTH + (FRAMES - 1) * HOP };
  static float pairs[2 * SAMPLES], power[FRAMES * BINS];
  ck_assert_int_eq(audio->read(audio->context, pairs, (uint64_t)((compress_s - 0.95) * RATE), SAMPLES, NULL), DSP_OK);
  dsp_stft_run(stft, power, pairs, FRAMES, HOP);
  for (int f = 2; f + 2 < FRAMES; f++) {
    float p[BAND] = {0};
    double hz[COLUMNS];
    for (int i = 0; i < BAND; i++)
      for (int g = f - 2; g <= f + 2; g++)
        for (int k = -1; k <= 1; k++)
          if (FIRST + i + k < HALF) p[i] += power[g * BINS + HALF + FIRST + i + k] / 15;
    estimate(hz, p);
    count(row, hz);
  }
}

static const dsp_series *series_of(const dsp_test *test, const char *name) {
  for (size_t i = 0; i < test->n_series; i++)
    if (!strcmp(test->series[i].name, name)) return &test->series[i];
  return NULL;
}

/* The reflux test's own courses in the same seconds. */
static void read_report(int row, const dsp_report *report, const simulated *made) {
  const double hz_a_cm_s = dsp_doppler_hz_per_cm_s(5e6, 60, 1540);
  for (size_t t = 1; t < report->n_tests; t++) {
    const dsp_series *tracked = series_of(&report->tests[t], "envelope"), *beside = series_of(&report->tests[t], "geometric"),
                     *mean = series_of(&report->tests[t], "mean");
    char name[32];
    snprintf(name, sizeof name, "compress_%zu", t);
    const double compress_s = simulated_landmark(made, name);
    ck_assert(tracked && beside && mean);
    for (size_t i = 0; i < tracked->n; i++) {
      const double t_s = tracked->t0_s + (double)i / tracked->rate_hz;
      double hz[COLUMNS];
      if (t_s < compress_s - 0.95 || t_s > compress_s - 0.1) continue;
      for (int c = 0; c < COLUMNS; c++) hz[c] = NAN;
      hz[TRACKED] = tracked->x[i] * hz_a_cm_s;
      hz[BESIDE] = beside->x[i] * hz_a_cm_s;
      hz[MEAN] = mean->x[i] * hz_a_cm_s;
      count(row, hz);
    }
  }
}

static void measure(int row, uint64_t seed, const dsp_params *params) {
  char settings[400];
  snprintf(settings, sizeof settings,
           "rate_hz=%d rest_cm_s=%.6f phasic=0 trials=%d lead_s=4 cycle_s=4 quiet_s=0 recover_s=0.05 valve=competent hold_s=0 delay_s=0 "
           "compress_s=0.3 closure_s=0.1 augment_cm_s=45 broadening=0 transit_s=0.015 profile=%g snr_db=%g bits=float",
           RATE, fastest_hz / dsp_doppler_hz_per_cm_s(5e6, 60, 1540), TRIALS, rows[row].profile, rows[row].snr_db);
  simulated made = simulated_make("duplex.reflux", settings, seed);
  dsp_report *report = NULL;
  dsp_stft *stft = NULL;
  ck_assert_int_eq(made.status, DSP_OK);
  ck_assert_int_eq(dsp_stft_new(&stft, LENGTH, BINS, DSP_PAIR_QUADRATURE, NULL), DSP_OK);
  for (int t = 1; t <= TRIALS; t++) {
    char name[32];
    snprintf(name, sizeof name, "compress_%d", t);
    read_spectra(row, &made.recording->audio, simulated_landmark(&made, name), stft);
  }
  ck_assert_int_eq(dsp_analyze(made.recording, "duplex.reflux", NULL, params, &report, NULL), DSP_OK);
  read_report(row, report, &made);
  dsp_report_free(report);
  dsp_stft_free(stft);
  simulated_clear(&made);
}

static void print_table(void) {
  printf("| spectrum, SNR |");
  for (int c = 0; c < COLUMNS; c++) printf(" %s |", names[c]);
  printf("\n| --- |");
  for (int c = 0; c < COLUMNS; c++) printf(" --- |");
  for (int r = 0; r < ROWS; r++) {
    printf("\n| %s, %g dB |", rows[r].name, rows[r].snr_db);
    for (int c = 0; c < COLUMNS; c++) printf(" %+.0f ± %.0f |", bias(r, c), scatter(r, c));
  }
  printf("\n");
}

/* Mean error and scatter of the flat spectra as others measured them, on their own signals (reference/dsp.md 1.8, the column of crossings
 * left out: it reads noise). NaN: not told. */
static const struct {
  int column;
  double value[4][2];
} published[] = {{PERCENTILE, {{-58, 38}, {19, 102}, {1346, 331}, {2199, NAN}}},
                 {RUN, {{89, 15}, {39, 24}, {-6, 41}, {-213, 216}}},
                 {CHORD, {{31, 32}, {31, 36}, {28, 39}, {47, 134}}},
                 {GEOMETRIC, {{5, 39}, {2, 46}, {-1, 48}, {-12, 62}}},
                 {LINES, {{0, 135}, {14, 149}, {17, 147}, {11, 193}}},
                 {WEIGHTED, {{40, NAN}, {111, NAN}, {231, NAN}, {515, NAN}}},
                 {SUBTRACTED, {{35, NAN}, {58, NAN}, {95, NAN}, {207, NAN}}}};

/* Within three tenths, or half of a spectrum's resolution of 94 Hz. */
static bool as_published(void) {
  bool all = true;
  for (size_t p = 0; p < sizeof published / sizeof published[0]; p++)
    for (int r = 0; r < 4; r++) {
      const int c = published[p].column;
      const double found[] = {bias(r, c), scatter(r, c)};
      for (int k = 0; k < 2; k++) {
        const double told = published[p].value[r][k];
        if (!(fabs(found[k] - told) > fmax(47, 0.3 * fabs(told)))) continue;
        printf("%s, %g dB, %s: %+.0f, published %+.0f\n", rows[r].name, rows[r].snr_db, names[c], found[k], told);
        all = false;
      }
    }
  return all;
}

static int claim(bool holds, const char *words) {
  printf("%s %s\n", holds ? "holds: " : "FAILS: ", words);
  return !holds;
}

/* Claims that fail. */
static int judge(void) {
  static const int others[] = {PERCENTILE, THRESHOLD, RUN, CHORD};
  bool nearest = true, noisy = true, calm = true, beside = true, steady = true;
  for (int r = 0; r < 4; r++) {
    for (size_t k = 0; k < 4; k++) nearest = nearest && fabs(bias(r, GEOMETRIC)) < fabs(bias(r, others[k]));
    nearest = nearest && scatter(r, GEOMETRIC) < 0.5 * scatter(r, LINES);
    noisy = noisy && (rows[r].snr_db > 5 || (bias(r, PERCENTILE) > 1000 && bias(r, WEIGHTED) > 200));
    beside = beside && fabs(bias(r, BESIDE)) < 20;
  }
  for (int r = 0; r < ROWS; r++) {
    calm = calm && (!isfinite(scatter(r, GEOMETRIC)) || rows[r].profile > 8 || scatter(r, TRACKED) < scatter(r, GEOMETRIC));
    steady = steady && (rows[r].profile < 2 || (fabs(bias(r, TRACKED)) < 0.12 * fastest_hz && fabs(bias(r, MEAN)) < 60));
  }
  return claim(as_published(), "flat spectra: what others measured on their own signals, within 30 % or 47 Hz") +
         claim(nearest, "flat spectra: the modified geometric estimate errs least, or scatters half as much as two lines, at every SNR") +
         claim(noisy, "percentile and raw mean cannot be used at 5 dB and below") +
         claim(scatter(4, LINES) > 5 * scatter(4, GEOMETRIC), "two lines fall apart on plug flow") +
         claim(fabs(bias(6, RUN)) < fabs(bias(6, GEOMETRIC)),
               "slow-weighted flow: a run of bins errs less than the modified geometric estimate") +
         claim(calm, "the tracked course scatters less than the modified geometric estimate, plug flow aside") +
         claim(steady, "flat and plug spectra: the tracked course is within 12 %, its mean within 60 Hz") +
         claim(beside, "flat spectra: the geometric estimate beside the tracked course is within 20 Hz");
}

static unsigned recordings = 2;

START_TEST(steady_flow) {
  const dsp_param_table *tables[] = {&dsp_protocol_find("duplex.reflux")->params, NULL};
  dsp_params *params = dsp_params_new(tables);
  ck_assert_ptr_nonnull(params);
  for (unsigned i = 0; i < recordings; i++) measure(_i, 1 + i, params);
  dsp_params_free(params);
}
END_TEST

int main(int argc, char **argv) {
  Suite *suite = suite_create("estimators");
  TCase *t = tcase_create("estimators");
  SRunner *runner = srunner_create(suite);
  if (argc > 1) recordings = (unsigned)strtoul(argv[1], NULL, 10);
  tcase_add_loop_test(t, steady_flow, 0, ROWS);
  suite_add_tcase(suite, t);
  srunner_set_fork_status(runner, CK_NOFORK); /* the tests fill the table */
  srunner_run_all(runner, CK_SILENT);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  if (failed || recordings == 0) return EXIT_FAILURE;
  print_table();
  return judge() ? EXIT_FAILURE : EXIT_SUCCESS;
}
