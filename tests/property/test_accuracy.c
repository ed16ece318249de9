/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated legs whose truth is known, through the whole analysis: how far its values and its intervals can be trusted.
 * Prints a table; fails where a goal is missed. Usage: test_accuracy [LEVEL|all [LEGS [SEED]]], 125 legs a level from seed 1000 by default.
 */
#include "../support/runner.h"
#include "../support/tally.h"

enum { LEGS = 125 };

static int legs = LEGS;
static uint64_t first_seed = 1000;

typedef struct level {
  const char *name, *settings;
  goal goals[12];
} level;

#define SHOWN                                                                                                                              \
  {"VFT90", PERCENT, 0, false, 0}, {"T50", PERCENT, 0, false, 0}, {"TREFILL", PERCENT, 0, false, 0}, {"PUMP.e", PERCENT, 0, false, 0}, {   \
    "PUMP.I", PERCENT, 0, false                                                                                                            \
  }

static const level levels[] = {
    {"none",
     "nuisance=none",
     {{"VV", PERCENT, 1, false, 0}, {"VFI", PERCENT, 2, false, 0}, {"EF", ABSOLUTE, 1, false, 0}, {"RVF", ABSOLUTE, 1, false, 0}, SHOWN}},
    {"realistic",
     "nuisance=realistic",
     {{"VV", PERCENT, 2, true, 0}, {"VFI", PERCENT, 4, true, 0}, {"EF", ABSOLUTE, 2, true, 0}, {"RVF", ABSOLUTE, 2, true, 0}, SHOWN}},
    {"hard",
     "nuisance=hard",
     {{"VV", PERCENT, 5, false, 0}, {"VFI", PERCENT, 10, false, 0}, {"EF", ABSOLUTE, 4, false, 0}, {"RVF", ABSOLUTE, 4, false, 0}, SHOWN}},
    {"cut",
     "nuisance=realistic stand_cut=1.15",
     {{"VV", PERCENT, 0, false, 0}, {"VFI", PERCENT, 12, false, 0}, {"EF", ABSOLUTE, 0, false, 0}, {"RVF", ABSOLUTE, 0, false, 0}, SHOWN}},
};
/* Settings of leg i: every rate, every phenotype and generator, half with events. */
static leg make_leg(const level *l, int i) {
  static const double rates_hz[] = {10, 12.5, 20, 25, 32, 40, 50, 64, 80, 100};
  char settings[256];
  snprintf(settings, sizeof settings, "randomise=1 phenotype=any generator=%s rate_hz=%g events=%d %s", i % 3 ? "any" : "compartment",
           rates_hz[(i * 7 + i / 10) % 10], i / 3 % 2, l->settings);
  return leg_analyzed(settings, first_seed + (uint64_t)i);
}

START_TEST(errors_stay_within_the_goals) {
  const level *l = &levels[_i];
  static tally tallies[12];
  int unfinished = 0, told = 0, missed = 0;
  for (int i = 0; i < legs; i++) {
    leg made = make_leg(l, i);
    leg_check_report(&made, l->name);
    for (size_t g = 0; l->goals[g].id; g++) tally_count(&tallies[g], &made, &l->goals[g], i);
    /* a leg that ended standing well before its plateau must be told from one that did not */
    if (leg_truth(&made, "VV.observed") < 0.95 * leg_truth(&made, "VV")) {
      unfinished++;
      told += leg_flagged(&made, "VFI", "extrapolated") || leg_flagged(&made, "VFI", "incomplete_filling");
    }
    leg_free(&made);
  }
  tally_head();
  for (size_t g = 0; l->goals[g].id; g++) missed += !tally_judge(&tallies[g], l->name, &l->goals[g]);
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
  if (first == n_levels || legs < 1 || legs > TALLY_MAX) {
    fprintf(stderr, "usage: test_accuracy [none|realistic|hard|cut|all [1 to %d legs [first seed]]]\n", TALLY_MAX);
    return EXIT_FAILURE;
  }
  Suite *suite = suite_create("accuracy");
  TCase *t = tcase_create("levels");
  tcase_set_timeout(t, 0);
  tcase_add_loop_test(t, errors_stay_within_the_goals, first, end);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
