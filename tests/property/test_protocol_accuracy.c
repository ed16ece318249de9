/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated recordings whose truth is known, through one protocol's whole analysis: how far its values and its intervals can be trusted.
 * Prints a table; fails where a goal is missed. Usage: test_protocol_accuracy [PROTOCOL|all [RECORDINGS]]. */
#include "../support/leg.h"

enum { RECORDINGS = 90, RECORDINGS_MAX = 5000, GOALS_MAX = 12 };

static int recordings = RECORDINGS;

/* What is compared: 95 % of errors must be smaller than `error` (0: only shown). */
typedef enum measured_in { PERCENT, ABSOLUTE } measured_in;
typedef struct goal {
  const char *id;
  measured_in in; /* % of the truth, or the measure's own unit (points, s) */
  double error;
} goal;

typedef struct level {
  const char *protocol, *name,
      *settings; /* a third of the recordings have no events, half of them a cuff channel, where the simulator has them */
  bool coverage; /* the 95 % intervals must hold the truth about so often */
  goal goals[GOALS_MAX];
} level;

/* One row a protocol and level of disturbance. */
static const level levels[] = {
    {"sgp.occlusion",
     "none",
     "randomise=1 nuisance=none",
     false,
     {{"SVC", PERCENT, 1},
      {"MVO.first1s", PERCENT, 2},
      {"MVO.0.5-2s", PERCENT, 2},
      {"OF1s", ABSOLUTE, 0.5},
      {"EV4", ABSOLUTE, 0.5},
      {"VET90", PERCENT, 3},
      {"MVO.tangent", PERCENT, 0},
      {"VO.3s", PERCENT, 0}}},
    {"sgp.occlusion",
     "realistic",
     "randomise=1 nuisance=realistic",
     true,
     {{"SVC", PERCENT, 3},
      {"MVO.first1s", PERCENT, 6},
      {"MVO.0.5-2s", PERCENT, 6},
      {"OF1s", ABSOLUTE, 2},
      {"EV4", ABSOLUTE, 2},
      {"VET90", PERCENT, 10},
      {"MVO.tangent", PERCENT, 0},
      {"VO.3s", PERCENT, 0}}},
    {"apg.outflow",
     "none",
     "randomise=1 nuisance=none",
     false,
     {{"VVOCC", PERCENT, 1}, {"OF1s", ABSOLUTE, 0.5}, {"VET90", PERCENT, 3}, {"MVO", PERCENT, 0}}},
    {"apg.outflow",
     "realistic",
     "randomise=1 nuisance=realistic",
     true,
     {{"VVOCC", PERCENT, 3}, {"OF1s", ABSOLUTE, 2}, {"VET90", PERCENT, 10}, {"MVO", PERCENT, 0}}},
    {"ppg.refill",
     "none",
     "randomise=1 nuisance=none",
     false,
     {{"VO", PERCENT, 2}, {"TO", ABSOLUTE, 0.3}, {"TH", ABSOLUTE, 0.2}, {"TI", PERCENT, 0}, {"FO", PERCENT, 0}}},
    {"ppg.refill",
     "realistic",
     "randomise=1 nuisance=realistic",
     true,
     {{"VO", PERCENT, 5}, {"TO", PERCENT, 10}, {"TH", ABSOLUTE, 0.5}, {"TI", PERCENT, 0}, {"FO", PERCENT, 0}}},
    {"pvr",
     "none",
     "randomise=1 nuisance=none",
     false,
     {{"AMP", PERCENT, 2}, {"CREST", ABSOLUTE, 0.015}, {"SLOPE", PERCENT, 10}, {"NOTCH", ABSOLUTE, 0}}},
    {"pvr",
     "realistic",
     "randomise=1 nuisance=realistic",
     true,
     {{"AMP", PERCENT, 5}, {"CREST", ABSOLUTE, 0.025}, {"SLOPE", PERCENT, 10}, {"NOTCH", ABSOLUTE, 0}}},
    {"sgp.inflow",
     "none",
     "randomise=1 nuisance=none",
     false,
     {{"AI.exp0", PERCENT, 1}, {"AI.line", PERCENT, 1}, {"AI.first_beat", PERCENT, 0}}},
    {"sgp.inflow",
     "realistic",
     "randomise=1 nuisance=realistic",
     true,
     {{"AI.exp0", PERCENT, 5}, {"AI.line", PERCENT, 5}, {"AI.first_beat", PERCENT, 0}}},
    {"sgp.hyperaemia",
     "none",
     "randomise=1 nuisance=none",
     false,
     {{"REST", PERCENT, 1}, {"PEAK", PERCENT, 1}, {"TTP", ABSOLUTE, 0}, {"AUC", PERCENT, 0}, {"HALF", PERCENT, 0}}},
    {"sgp.hyperaemia",
     "realistic",
     "randomise=1 nuisance=realistic",
     true,
     {{"REST", PERCENT, 5}, {"PEAK", PERCENT, 8}, {"TTP", ABSOLUTE, 0}, {"AUC", PERCENT, 0}, {"HALF", PERCENT, 0}}},
    {"apg.tilt",
     "none",
     "randomise=1 nuisance=none",
     false,
     {{"WVV", PERCENT, 1}, {"VFT90", PERCENT, 3}, {"VFI", PERCENT, 3}, {"VDT90", PERCENT, 6}, {"VDI", PERCENT, 6}}},
    {"apg.tilt",
     "realistic",
     "randomise=1 nuisance=realistic",
     true,
     {{"WVV", PERCENT, 3}, {"VFT90", PERCENT, 10}, {"VFI", PERCENT, 10}, {"VDT90", PERCENT, 10}, {"VDI", PERCENT, 10}}},
    {"sgp.compliance",
     "none",
     "randomise=1 nuisance=none",
     false,
     {{"C20", PERCENT, 1},
      {"C10", PERCENT, 2},
      {"C30", PERCENT, 2},
      {"C40", PERCENT, 3},
      {"C50", PERCENT, 0},
      {"B0", ABSOLUTE, 0.05},
      {"B1", PERCENT, 2},
      {"B2", PERCENT, 0}}},
    {"sgp.compliance",
     "realistic",
     "randomise=1 nuisance=realistic",
     true,
     {{"C20", PERCENT, 8},
      {"C10", PERCENT, 10},
      {"C30", PERCENT, 8},
      {"C40", PERCENT, 0},
      {"C50", PERCENT, 0},
      {"B0", ABSOLUTE, 0.2},
      {"B1", PERCENT, 12},
      {"B2", PERCENT, 0}}},
    {"sgp.filtration", "none", "randomise=1 nuisance=none", false, {{"CFC", PERCENT, 2}, {"PVI", ABSOLUTE, 0.5}}},
    {"sgp.filtration", "realistic", "randomise=1 nuisance=realistic", true, {{"CFC", PERCENT, 25}, {"PVI", ABSOLUTE, 6}}},
    {"sgp.refill",
     "none",
     "randomise=1 nuisance=none",
     false,
     {{"EV", PERCENT, 3}, {"VRT", PERCENT, 4}, {"T90", PERCENT, 4}, {"T50", PERCENT, 6}}},
    {"sgp.refill",
     "realistic",
     "randomise=1 nuisance=realistic",
     true,
     {{"EV", PERCENT, 5}, {"VRT", PERCENT, 12}, {"T90", PERCENT, 10}, {"T50", PERCENT, 8}}},
    {"sgp.stand",
     "none",
     "randomise=1 nuisance=none",
     false,
     {{"EV", PERCENT, 3}, {"VRT", PERCENT, 4}, {"T90", PERCENT, 4}, {"T50", PERCENT, 6}, {"EF", ABSOLUTE, 2}}},
    {"sgp.stand",
     "realistic",
     "randomise=1 nuisance=realistic",
     true,
     {{"EV", PERCENT, 5}, {"VRT", PERCENT, 12}, {"T90", PERCENT, 10}, {"T50", PERCENT, 8}, {"EF", ABSOLUTE, 3}}},
};
enum { LEVELS = sizeof levels / sizeof levels[0] };
static const double coverage_least = 0.88, coverage_most = 0.995;

typedef struct tally {
  double error[RECORDINGS_MAX];
  int n, null, silent; /* errors; nulls; nulls that give no reason */
  int covered, intervals;
  double most; /* largest error, and its recording */
  int most_at;
} tally;

static bool gives_a_reason(const dsp_measure *m) {
  const dsp_flag_row *row;
  for (size_t f = 0; (row = dsp_flags_get(&m->flags, f)); f++)
    if (row->severity == DSP_FATAL) return true;
  return false;
}

static void add_error(tally *t, double error, int i) {
  t->error[t->n++] = error;
  if (error >= t->most) t->most = error, t->most_at = i;
}

static void count(tally *t, const leg *made, const goal *g, int i) {
  const dsp_measure *m = leg_measure(made, g->id);
  const double truth = leg_truth(made, g->id);
  if (!m->valid) {
    t->null++;
    t->silent += !gives_a_reason(m);
    if (isfinite(truth)) add_error(t, INFINITY, i); /* a value that could be had and is not given is a miss */
    return;
  }
  if (!isfinite(truth)) return;
  const double error = m->value - truth;
  add_error(t, fabs(g->in == PERCENT ? 100 * error / truth : error), i);
  if (isnan(m->lo)) return;
  t->intervals++;
  t->covered += m->lo <= truth && truth <= m->hi;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Print one row; true when its goals are met. */
static bool judge(tally *t, const level *l, const goal *g) {
  if (t->n == 0) add_error(t, INFINITY, -1);
  qsort(t->error, (size_t)t->n, sizeof t->error[0], ascending);
  const double p50 = t->error[t->n / 2], p95 = t->error[(int)ceil(0.95 * t->n) - 1];
  const double coverage = t->intervals ? (double)t->covered / t->intervals : (double)NAN;
  const bool near = g->error <= 0 || p95 <= g->error, asked = l->coverage && g->error > 0;
  const bool honest = !asked || (coverage >= coverage_least && coverage <= coverage_most);
  printf("%-14s %-10s %-12s %5d %5d %6d %8.3f %8.3f %8.2f %5d %9.3f", l->protocol, l->name, g->id, t->n, t->null, t->silent, p50, p95,
         t->most, t->most_at, coverage);
  if (g->error > 0) printf("   p95 <= %g%s%s", g->error, g->in == PERCENT ? " %" : "", near ? "" : "  MISSED");
  if (asked) printf("   %.2f to %.3f%s", coverage_least, coverage_most, honest ? "" : "  MISSED");
  printf("%s\n", t->silent ? "  NULL WITHOUT A REASON" : "");
  return near && honest && t->silent == 0;
}

/* Append a switch to the settings, where the simulator has it. */
static void vary(char *settings, size_t size, const char *name, int value) {
  char id[96];
  snprintf(id, sizeof id, "sim.%s.%s", leg_protocol, name);
  const dsp_param_table *table = &dsp_phantom_find(leg_protocol)->params;
  const size_t used = strlen(settings);
  for (size_t i = 0; i < table->n; i++)
    if (strcmp(table->rows[i].id, id) == 0) snprintf(settings + used, size - used, " %s=%d", name, value);
}

START_TEST(errors_stay_within_the_goals) {
  const level *l = &levels[_i];
  static tally tallies[GOALS_MAX];
  char settings[512];
  leg_protocol = l->protocol;
  memset(tallies, 0, sizeof tallies);
  for (int i = 0; i < recordings; i++) {
    snprintf(settings, sizeof settings, "%s", l->settings);
    vary(settings, sizeof settings, "events", i % 3 != 0);
    vary(settings, sizeof settings, "cuff_channel", i / 3 % 2);
    leg made = leg_analyzed(settings, 1000 + (uint64_t)i);
    leg_check_report(&made, l->name);
    for (size_t g = 0; l->goals[g].id; g++) count(&tallies[g], &made, &l->goals[g], i);
    leg_free(&made);
  }
  int missed = 0;
  printf("%-14s %-10s %-12s %5s %5s %6s %8s %8s %8s %5s %9s\n", "protocol", "level", "measure", "n", "null", "silent", "p50", "p95", "max",
         "at", "coverage");
  for (size_t g = 0; l->goals[g].id; g++) missed += !judge(&tallies[g], l, &l->goals[g]);
  fflush(stdout);
  ck_assert_msg(missed == 0, "%s, %s: %d goals missed", l->protocol, l->name, missed);
}
END_TEST

int main(int argc, char **argv) {
  const bool all = argc < 2 || strcmp(argv[1], "all") == 0;
  if (argc > 2) recordings = (int)strtol(argv[2], NULL, 10);
  Suite *suite = suite_create("accuracy");
  TCase *t = tcase_create("levels");
  tcase_set_timeout(t, 0);
  int asked = 0;
  for (int i = 0; i < LEVELS; i++) {
    if (!all && strcmp(argv[1], levels[i].protocol) != 0) continue;
    tcase_add_loop_test(t, errors_stay_within_the_goals, i, i + 1);
    asked++;
  }
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  if (asked == 0 || recordings < 1 || recordings > RECORDINGS_MAX) {
    fprintf(stderr, "usage: test_protocol_accuracy [PROTOCOL|all [1 to %d recordings]]\n", RECORDINGS_MAX);
    srunner_free(runner);
    return EXIT_FAILURE;
  }
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
