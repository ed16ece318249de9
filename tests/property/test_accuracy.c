/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated legs whose truth is known, through the whole analysis: how far its values and its intervals can be trusted.
 * Prints a table; fails where a goal is missed. Usage: test_accuracy [LEVEL|all [LEGS [SEED]]], 125 legs a level from seed 1000 by default.
 */
#include "../support/leg.h"
#include "../support/runner.h"

enum { LEGS = 125, LEGS_MAX = 5000 };

static int legs = LEGS;
static uint64_t first_seed = 1000;

/* What is compared, and its goals: 95 % of errors must be smaller (0: only shown). */
typedef struct goal {
  const char *id;
  double error;  /* % of the truth, or points where the measure is a percentage */
  bool coverage; /* the 95 % interval must hold the truth about so often */
} goal;

typedef struct level {
  const char *name, *settings;
  goal goals[12];
} level;

#define SHOWN                                                                                                                              \
  {"VFT90", 0, false}, {"T50", 0, false}, {"TREFILL", 0, false}, {"PUMP.e", 0, false}, {                                                   \
    "PUMP.I", 0, false                                                                                                                     \
  }

static const level levels[] = {
    {"none", "nuisance=none", {{"VV", 1, false}, {"VFI", 2, false}, {"EF", 1, false}, {"RVF", 1, false}, SHOWN}},
    {"realistic", "nuisance=realistic", {{"VV", 2, true}, {"VFI", 4, true}, {"EF", 2, true}, {"RVF", 2, true}, SHOWN}},
    {"hard", "nuisance=hard", {{"VV", 5, false}, {"VFI", 10, false}, {"EF", 4, false}, {"RVF", 4, false}, SHOWN}},
    {"cut", "nuisance=realistic stand_cut=1.15", {{"VV", 0, false}, {"VFI", 12, false}, {"EF", 0, false}, {"RVF", 0, false}, SHOWN}},
};
static const double coverage_least = 0.88, coverage_most = 0.99;

typedef struct tally {
  double error[LEGS_MAX];
  int n, null, silent; /* errors; nulls; nulls that give no reason */
  int covered, intervals;
  double most; /* largest error, and its leg */
  int most_leg;
} tally;

/* Settings of leg i: every rate, every phenotype and generator, half with events. */
static leg make_leg(const level *l, int i) {
  static const double rates_hz[] = {10, 12.5, 20, 25, 32, 40, 50, 64, 80, 100};
  char settings[256];
  snprintf(settings, sizeof settings, "randomise=1 phenotype=any generator=%s rate_hz=%g events=%d %s", i % 3 ? "any" : "compartment",
           rates_hz[(i * 7 + i / 10) % 10], i / 3 % 2, l->settings);
  return leg_analyzed(settings, first_seed + (uint64_t)i);
}

static bool gives_a_reason(const dsp_measure *m) {
  const dsp_flag_row *row;
  for (size_t f = 0; (row = dsp_flags_get(&m->flags, f)); f++)
    if (row->severity == DSP_FATAL) return true;
  return false;
}

static void add_error(tally *t, double error, int i) {
  t->error[t->n++] = error;
  if (error >= t->most) t->most = error, t->most_leg = i;
}

static void count(tally *t, const leg *made, const char *id, int i) {
  const dsp_measure *m = leg_measure(made, id);
  const double truth = leg_truth(made, id);
  if (!m->valid) {
    t->null++;
    t->silent += !gives_a_reason(m);
    if (isfinite(truth)) add_error(t, INFINITY, i); /* a value that could be had and is not given is a miss */
    return;
  }
  if (!isfinite(truth)) return;
  const double error = m->value - truth;
  add_error(t, fabs(strcmp(m->row->unit, "%") ? 100 * error / truth : error), i);
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
  qsort(t->error, (size_t)t->n, sizeof t->error[0], ascending);
  const double p50 = t->error[t->n / 2], p95 = t->error[(int)ceil(0.95 * t->n) - 1];
  const double coverage = t->intervals ? (double)t->covered / t->intervals : (double)NAN;
  const bool near = g->error <= 0 || p95 <= g->error, honest = !g->coverage || (coverage >= coverage_least && coverage <= coverage_most);
  printf("%-10s %-8s %5d %5d %6d %8.2f %8.2f %8.2f %5d %9.3f", l->name, g->id, t->n, t->null, t->silent, p50, p95, t->most, t->most_leg,
         coverage);
  if (g->error > 0) printf("   p95 <= %g%s", g->error, near ? "" : "  MISSED");
  if (g->coverage) printf("   %.2f to %.2f%s", coverage_least, coverage_most, honest ? "" : "  MISSED");
  printf("%s\n", t->silent ? "  NULL WITHOUT A REASON" : "");
  return near && honest && t->silent == 0;
}

START_TEST(errors_stay_within_the_goals) {
  const level *l = &levels[_i];
  static tally tallies[12];
  int unfinished = 0, told = 0, missed = 0;
  for (int i = 0; i < legs; i++) {
    leg made = make_leg(l, i);
    leg_check_report(&made, l->name);
    for (size_t g = 0; l->goals[g].id; g++) count(&tallies[g], &made, l->goals[g].id, i);
    /* a leg that ended standing well before its plateau must be told from one that did not */
    if (leg_truth(&made, "VV.observed") < 0.95 * leg_truth(&made, "VV")) {
      unfinished++;
      told += leg_flagged(&made, "VFI", "extrapolated") || leg_flagged(&made, "VFI", "incomplete_filling");
    }
    leg_free(&made);
  }
  printf("%-10s %-8s %5s %5s %6s %8s %8s %8s %5s %9s\n", "level", "measure", "n", "null", "silent", "p50", "p95", "max", "leg", "coverage");
  for (size_t g = 0; l->goals[g].id; g++) missed += !judge(&tallies[g], l, &l->goals[g]);
  printf("%-10s unfinished filling told in %d of %d legs\n", l->name, told, unfinished);
  fflush(stdout);
  ck_assert_msg(missed == 0, "%s: %d goals missed", l->name, missed);
  ck_assert_msg(told >= 0.95 * unfinished, "%s: unfinished filling told in %d of %d legs", l->name, told, unfinished);
}
END_TEST

int main(int argc, char **argv) {
  const int n_levels = sizeof levels / sizeof levels[0];
  int first = 0, end = n_levels;
  if (argc > 1 && strcmp(argv[1], "all") != 0) {
    while (first < n_levels && strcmp(argv[1], levels[first].name) != 0) first++;
    end = first + 1;
  }
  if (argc > 2) legs = (int)strtol(argv[2], NULL, 10);
  if (argc > 3) first_seed = strtoull(argv[3], NULL, 10);
  if (first == n_levels || legs < 1 || legs > LEGS_MAX) {
    fprintf(stderr, "usage: test_accuracy [none|realistic|hard|cut|all [1 to %d legs [first seed]]]\n", LEGS_MAX);
    return EXIT_FAILURE;
  }
  Suite *suite = suite_create("accuracy");
  TCase *t = tcase_create("levels");
  tcase_set_timeout(t, 0);
  tcase_add_loop_test(t, errors_stay_within_the_goals, first, end);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
