/* SPDX-License-Identifier: GPL-3.0-or-later
 * Doppler recordings of known reflux, from the simulator and from the second generator of tests/support, through the whole analysis.
 * Prints a table; fails where a goal is missed. Usage: test_reflux_accuracy [RECORDINGS [FIRST [all]]], 60 by default; all: a line each. */
#include "../support/venous.h"

#include <dsp/phantom.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 4000, NOISE_LEVELS = 3, GENERATORS = 2 };

static const double snrs_db[NOISE_LEVELS] = {40, 20, 12}, clutters_db[] = {0, 15, 25}; /* 0: no wall */
static const double time_goals_s[NOISE_LEVELS] = {0.03, 0.06, 0.12}, mean_goals[NOISE_LEVELS] = {10, 12, 18};
static const double most_claims = 0.02, least_kinds = 0.99;
static const char *const generators[GENERATORS] = {"simulator", "tubes"};

typedef struct known {
  dsp_recording *recording;
  double reflux_s, peak_mean_cm_s;
  dsp_stereo kind;
  char words[160];
} known;

typedef struct tally {
  double time_s[MOST], mean[MOST]; /* errors: s, % */
  size_t n, time_covered, mean_covered, competent, claimed, kinds, right_kinds;
} tally;

static double between(dsp_random *r, double lo, double hi) {
  return lo + (hi - lo) * venous_uniform(r);
}

static known by_tubes(unsigned i, double snr_db, double clutter_db) {
  static const double rates[] = {8000, 11025, 16000, 22050, 44100};
  dsp_random r = dsp_random_seeded(i * 7919 + 13);
  venous_plan p = {.rate_hz = rates[i % 5],
                   .f0_hz = between(&r, 4e6, 8e6),
                   .angle_deg = between(&r, 45, 62),
                   .wiring = i / 5 % 2 ? VENOUS_SEPARATED : VENOUS_IQ,
                   .profile = between(&r, 2, 7),
                   .snr_db = snr_db,
                   .clutter_db = clutter_db > 0 ? clutter_db : -INFINITY,
                   .clutter_hz = between(&r, 20, 60),
                   .broadening = between(&r, 0.04, 0.1),
                   .gain_db = between(&r, -1, 1),
                   .phase_deg = between(&r, -5, 5),
                   .crosstalk_db = i % 2 ? -30 : -INFINITY,
                   .rest_cm_s = between(&r, 5, 15),
                   .phasic = between(&r, 0.1, 0.9),
                   .breath_s = between(&r, 3, 5),
                   .trials = 2,
                   .push_cm_s = between(&r, 35, 100),
                   .push_s = between(&r, 0.5, 1.5),
                   .rise_s = between(&r, 0.05, 0.15),
                   .peak_cm_s = venous_uniform(&r) < 1.0 / 3 ? 0 : between(&r, 10, 60),
                   .tau_s = between(&r, 0.5, 4),
                   .reflux_s = between(&r, 0.5, 4),
                   .spike_cm_s = between(&r, 5, 25),
                   .spike_s = between(&r, 0.05, 0.3),
                   .quiet_s = between(&r, 0.3, 1.5),
                   .still = venous_uniform(&r) < 0.3};
  p.first_s = between(&r, 5, 8);
  p.period_s = p.push_s + p.reflux_s + p.quiet_s + between(&r, 4, 7);
  p.duration_s = p.first_s + p.trials * p.period_s;
  const double hz = 2 * p.f0_hz * cos(p.angle_deg * M_PI / 180) / 154000;
  if (p.push_cm_s * hz > 0.45 * p.rate_hz) p.push_cm_s = 0.45 * p.rate_hz / hz;
  known k = {.recording = venous_make(&p, i + 100, i % 2),
             .reflux_s = venous_reflux_s(&p, 0, 2),
             .peak_mean_cm_s = p.peak_cm_s * venous_mean_share(&p),
             .kind = p.wiring == VENOUS_IQ ? DSP_STEREO_IQ : DSP_STEREO_SEPARATED};
  snprintf(k.words, sizeof k.words, "%5.0f Hz, %.1f MHz, %.0f deg, profile %.1f, peak %.0f tau %.1f stops %.1f", p.rate_hz, p.f0_hz / 1e6,
           p.angle_deg, p.profile, p.peak_cm_s, p.tau_s, p.reflux_s);
  return k;
}

static double truth_of(const dsp_truth *truth, const char *id) {
  for (size_t i = 0; i < truth->n_values; i++)
    if (!strcmp(truth->values[i].id, id)) return truth->values[i].value;
  return NAN;
}

static void give(dsp_params *params, const char *name, double value) {
  char text[40];
  snprintf(text, sizeof text, "%.17g", value);
  if (dsp_params_set(params, name, text, NULL) != DSP_OK) abort();
}

static known by_simulator(unsigned i, double snr_db, double clutter_db) {
  const dsp_phantom *phantom = dsp_phantom_find("duplex.reflux");
  const dsp_param_table *tables[] = {&phantom->params, NULL};
  dsp_params *params = dsp_params_new(tables);
  dsp_truth *truth = NULL;
  known k = {.recording = NULL};
  if (!params) abort();
  give(params, "sim.duplex.reflux.randomise", 1);
  give(params, "sim.duplex.reflux.snr_db", snr_db);
  give(params, "sim.duplex.reflux.clutter_db", clutter_db);
  if (dsp_params_set(params, "sim.duplex.reflux.stereo", "auto", NULL) != DSP_OK) abort();
  if (phantom->make(dsp_params_values(params, &phantom->params), i + 1, &k.recording, &truth, NULL) != DSP_OK) abort();
  k.reflux_s = truth_of(truth, "RT");
  k.peak_mean_cm_s = truth_of(truth, "PMV");
  k.kind = truth_of(truth, "sim.kind") > 0 ? DSP_STEREO_SEPARATED : DSP_STEREO_IQ;
  snprintf(k.words, sizeof k.words, "%5.0f Hz, %.1f MHz, %.0f deg, peak %.0f, 5 cm/s for %.2f s, 1 cm/s for %.2f s",
           k.recording->audio.rate_hz, k.recording->doppler.f0_hz / 1e6, k.recording->doppler.angle_deg, truth_of(truth, "PRV"),
           truth_of(truth, "RT.5"), truth_of(truth, "RT.1"));
  dsp_truth_free(truth);
  dsp_params_free(params);
  return k;
}

static double detail_of(const dsp_test *test, const char *id) {
  for (size_t d = 0; d < test->n_details; d++)
    if (!strcmp(test->details[d].id, id)) return test->details[d].value;
  return NAN;
}

static void count(tally *t, const known *k, const dsp_test *test) {
  const dsp_measure *time = dsp_test_measure(test, "RT"), *mean = dsp_test_measure(test, "PMV");
  t->kinds++;
  t->right_kinds += (int)detail_of(test, "stereo_kind") == (int)k->kind;
  if (k->reflux_s <= 0) {
    t->competent++;
    t->claimed += time->valid && time->value > 0;
    return;
  }
  t->time_s[t->n] = time->valid ? fabs(time->value - k->reflux_s) : (double)INFINITY;
  t->mean[t->n] = mean->valid ? 100 * fabs(mean->value / k->peak_mean_cm_s - 1) : (double)INFINITY;
  t->time_covered += time->lo <= k->reflux_s && k->reflux_s <= time->hi;
  t->mean_covered += mean->lo <= k->peak_mean_cm_s && k->peak_mean_cm_s <= mean->hi;
  t->n++;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double part_of(double *x, size_t n, double part) {
  qsort(x, n, sizeof *x, ascending);
  return n ? x[(size_t)ceil(part * (double)n) - 1] : 0;
}

/* Print one row; the number of its goals that are missed. */
static int judge(tally *t, int generator, int level) {
  const double time_s = part_of(t->time_s, t->n, 0.95), mean = part_of(t->mean, t->n, 0.95), n = (double)(t->n ? t->n : 1);
  const int missed = (time_s > time_goals_s[level]) + (mean > mean_goals[level]) +
                     ((double)t->claimed > most_claims * (double)t->competent) + ((double)t->right_kinds < least_kinds * (double)t->kinds);
  printf("%-10s %3.0f dB %4zu  RT p50 %.3f p95 %.3f s (%.2f) covered %.2f  PMV p50 %4.1f p95 %4.1f %% (%.0f) covered %.2f  claimed %zu of "
         "%zu  "
         "kinds %zu of %zu%s\n",
         generators[generator], snrs_db[level], t->n, part_of(t->time_s, t->n, 0.5), time_s, time_goals_s[level],
         (double)t->time_covered / n, part_of(t->mean, t->n, 0.5), mean, mean_goals[level], (double)t->mean_covered / n, t->claimed,
         t->competent, t->right_kinds, t->kinds, missed ? "  MISSED" : "");
  return missed;
}

int main(int argc, char **argv) {
  static tally tallies[GENERATORS][NOISE_LEVELS];
  const unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 60, first = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
  const dsp_param_table *tables[] = {&dsp_protocol_find("duplex.reflux")->params, NULL};
  dsp_params *params = dsp_params_new(tables);
  int missed = 0;
  if (!params || n > MOST) return EXIT_FAILURE;
  for (unsigned i = first; i < first + n; i++) {
    const int level = (int)(i / GENERATORS % NOISE_LEVELS);
    const double clutter_db = clutters_db[i / GENERATORS / NOISE_LEVELS % 3];
    const known k = i % GENERATORS ? by_tubes(i, snrs_db[level], clutter_db) : by_simulator(i, snrs_db[level], clutter_db);
    dsp_report *report = NULL;
    if (dsp_analyze(k.recording, "duplex.reflux", NULL, params, &report, NULL) != DSP_OK) return EXIT_FAILURE;
    count(&tallies[i % GENERATORS][level], &k, &report->tests[0]);
    const dsp_measure *time = dsp_test_measure(&report->tests[0], "RT"), *mean = dsp_test_measure(&report->tests[0], "PMV");
    if (argc > 3)
      printf("%3u %s %.0f dB, wall %.0f dB, %s %s: RT %.3f +- %.3f, %.3f; PMV %.1f, %.1f; lowest %.1f, trials %.0f\n", i,
             generators[i % GENERATORS], snrs_db[level], clutter_db, dsp_stereo_text(k.kind), k.words, time->value, time->se, k.reflux_s,
             mean->value, k.peak_mean_cm_s, detail_of(&report->tests[0], "lowest_visible"), detail_of(&report->tests[0], "compressions"));
    dsp_report_free(report);
    dsp_recording_free(k.recording);
  }
  dsp_params_free(params);
  for (int g = 0; g < GENERATORS; g++)
    for (int level = 0; level < NOISE_LEVELS; level++) missed += judge(&tallies[g][level], g, level);
  return missed ? EXIT_FAILURE : EXIT_SUCCESS;
}
