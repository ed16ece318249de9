/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated recordings whose truth is known, through one protocol's whole analysis: how far its values and its intervals can be trusted.
 * Prints a table; fails where a goal is missed. Usage: test_protocol_accuracy [PROTOCOL|all [RECORDINGS [SEED [quick]]]]. */
#include "../support/other_inflow.h"
#include "../support/other_occlusion.h"
#include "../support/other_refill.h"
#include "../support/runner.h"
#include "../support/tally.h"

enum { RECORDINGS = 90, GOALS_MAX = 12 };

static int recordings = RECORDINGS;
static uint64_t first_seed = 1000;

/* A recording of the second simulator: clean or disturbed, with its events or without, with a cuff channel or without. */
typedef leg other_maker(uint64_t seed, bool clean, bool events, bool cuff_channel);

static leg refill(uint64_t seed, bool clean, bool events, bool cuff_channel) {
  (void)cuff_channel;
  return other_refill(seed, clean, events, 0);
}

static leg refill_cut(uint64_t seed, bool clean, bool events, bool cuff_channel) {
  (void)cuff_channel;
  return other_refill(seed, clean, events, 0.08);
}

static leg inflow(uint64_t seed, bool clean, bool events, bool cuff_channel) {
  return other_inflow(seed, clean, events, cuff_channel, false);
}

static leg hyperaemia(uint64_t seed, bool clean, bool events, bool cuff_channel) {
  return other_inflow(seed, clean, events, cuff_channel, true);
}

/* A third of the recordings have no events, half of them a cuff channel, where the simulator has them. */
typedef struct level {
  const char *protocol, *name, *settings; /* of the phantom; of the second simulator: "clean" or "disturbed" */
  goal goals[GOALS_MAX];
  other_maker *other; /* NULL: the phantom */
} level;

/* One row a protocol and level of disturbance. */
static const level levels[] = {
    {"sgp.occlusion",
     "none",
     "randomise=1 nuisance=none",
     {{"SVC", PERCENT, 1, false, 0},
      {"MVO.first1s", PERCENT, 2, false, 0},
      {"MVO.0.5-2s", PERCENT, 2, false, 0},
      {"OF1s", ABSOLUTE, 0.5, false, 0},
      {"EV4", ABSOLUTE, 0.5, false, 0},
      {"VET90", PERCENT, 3, false, 0},
      {"MVO.tangent", PERCENT, 0, false, 0},
      {"VO.3s", PERCENT, 0, false, 0}}},
    {"sgp.occlusion",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"SVC", PERCENT, 3, true, 0},
      {"MVO.first1s", PERCENT, 6, true, 8.5},
      {"MVO.0.5-2s", PERCENT, 6, true, 8},
      {"OF1s", ABSOLUTE, 2, true, 3.2},
      {"EV4", ABSOLUTE, 2, true, 0},
      {"VET90", PERCENT, 10, true, 0},
      {"MVO.tangent", PERCENT, 0, false, 0},
      {"VO.3s", PERCENT, 0, false, 0}}},
    {"sgp.occlusion",
     "other",
     "clean",
     {{"SVC", PERCENT, 1, false, 0},
      {"MVO.first1s", PERCENT, 2, false, 3.5},
      {"MVO.0.5-2s", PERCENT, 2, false, 0},
      {"OF1s", ABSOLUTE, 0.5, false, 1.2},
      {"EV4", ABSOLUTE, 0.5, false, 0},
      {"VET90", PERCENT, 3, false, 0}},
     other_occlusion},
    {"sgp.occlusion",
     "other",
     "disturbed",
     {{"SVC", PERCENT, 3, true, 4},
      {"MVO.first1s", PERCENT, 6, true, 9.5},
      {"MVO.0.5-2s", PERCENT, 6, true, 7.5},
      {"OF1s", ABSOLUTE, 2, true, 4},
      {"EV4", ABSOLUTE, 2, true, 2.5},
      {"VET90", PERCENT, 0, false, 0}},
     other_occlusion},
    {"apg.outflow",
     "none",
     "randomise=1 nuisance=none",
     {{"VVOCC", PERCENT, 1, false, 0}, {"OF1s", ABSOLUTE, 0.5, false, 0}, {"VET90", PERCENT, 3, false, 0}, {"MVO", PERCENT, 0, false, 0}}},
    {"apg.outflow",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"VVOCC", PERCENT, 3, true, 0}, {"OF1s", ABSOLUTE, 2, true, 3.2}, {"VET90", PERCENT, 10, true, 0}, {"MVO", PERCENT, 0, false, 0}}},
    {"ppg.refill",
     "none",
     "randomise=1 nuisance=none",
     {{"VO", PERCENT, 2, false, 0},
      {"TO", ABSOLUTE, 0.3, false, 0},
      {"TH", ABSOLUTE, 0.2, false, 0},
      {"TI", PERCENT, 0, false, 0},
      {"FO", PERCENT, 0, false, 0}}},
    {"ppg.refill",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"VO", PERCENT, 5, true, 0},
      {"TO", PERCENT, 10, true, 0},
      {"TH", ABSOLUTE, 0.5, true, 0},
      {"TI", PERCENT, 0, false, 0},
      {"FO", PERCENT, 0, false, 0}}},
    {"ppg.refill",
     "other",
     "clean",
     {{"VO", PERCENT, 2, false, 0}, {"TO", ABSOLUTE, 0.3, false, 6.5}, {"TH", ABSOLUTE, 0.2, false, 0.25}, {"TI", PERCENT, 0, false, 0}},
     refill},
    {"ppg.refill",
     "other",
     "disturbed",
     {{"VO", PERCENT, 5, true, 0}, {"TO", PERCENT, 10, true, 17}, {"TH", ABSOLUTE, 0.5, true, 0.6}, {"TI", PERCENT, 0, false, 0}},
     refill},
    {"ppg.refill",
     "other cut",
     "disturbed",
     {{"VO", PERCENT, 5, true, 5.5}, {"TO", PERCENT, 0, false, 0}, {"TH", ABSOLUTE, 0.5, true, 0.6}},
     refill_cut},
    {"pvr",
     "none",
     "randomise=1 nuisance=none",
     {{"AMP", PERCENT, 2, false, 0},
      {"CREST", ABSOLUTE, 0.015, false, 0},
      {"SLOPE", PERCENT, 10, false, 0},
      {"NOTCH", ABSOLUTE, 0, false, 0}}},
    {"pvr",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"AMP", PERCENT, 5, true, 0},
      {"CREST", ABSOLUTE, 0.025, true, 0},
      {"SLOPE", PERCENT, 10, true, 14},
      {"NOTCH", ABSOLUTE, 0, false, 0}}},
    {"sgp.inflow",
     "none",
     "randomise=1 nuisance=none",
     {{"AI.exp0", PERCENT, 1, false, 0}, {"AI.line", PERCENT, 1, false, 0}, {"AI.first_beat", PERCENT, 0, false}}},
    {"sgp.inflow",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"AI.exp0", PERCENT, 5, true, 7.5}, {"AI.line", PERCENT, 5, true, 0}, {"AI.first_beat", PERCENT, 0, false}}},
    {"sgp.inflow", "other", "clean", {{"AI.exp0", PERCENT, 1, false, 0}, {"AI.line", PERCENT, 1, false, 0}}, inflow},
    {"sgp.inflow", "other", "disturbed", {{"AI.exp0", PERCENT, 5, true, 11}, {"AI.line", PERCENT, 5, true, 0}}, inflow},
    {"sgp.hyperaemia",
     "none",
     "randomise=1 nuisance=none",
     {{"REST", PERCENT, 1, false, 0},
      {"PEAK", PERCENT, 1, false, 2.4},
      {"TTP", ABSOLUTE, 0, false, 0},
      {"AUC", PERCENT, 0, false, 0},
      {"HALF", PERCENT, 0, false, 0}}},
    {"sgp.hyperaemia",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"REST", PERCENT, 5, true, 7.5},
      {"PEAK", PERCENT, 8, true, 8.8},
      {"TTP", ABSOLUTE, 0, false, 0},
      {"AUC", PERCENT, 0, false, 0},
      {"HALF", PERCENT, 0, false, 0}}},
    {"sgp.hyperaemia",
     "other",
     "clean",
     {{"REST", PERCENT, 1, false, 0}, {"PEAK", PERCENT, 1, false, 2.5}, {"TTP", ABSOLUTE, 0, false, 0}},
     hyperaemia},
    {"sgp.hyperaemia",
     "other",
     "disturbed",
     {{"REST", PERCENT, 5, true, 0}, {"PEAK", PERCENT, 8, true, 13}, {"TTP", ABSOLUTE, 0, false, 0}},
     hyperaemia},
    {"apg.tilt",
     "none",
     "randomise=1 nuisance=none",
     {{"WVV", PERCENT, 1, false, 0},
      {"VFT90", PERCENT, 3, false, 0},
      {"VFI", PERCENT, 3, false, 0},
      {"VDT90", PERCENT, 6, false, 0},
      {"VDI", PERCENT, 6, false, 0}}},
    {"apg.tilt",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"WVV", PERCENT, 3, true, 0},
      {"VFT90", PERCENT, 10, true, 0},
      {"VFI", PERCENT, 10, true, 0},
      {"VDT90", PERCENT, 10, true, 0},
      {"VDI", PERCENT, 10, true, 0}}},
    {"sgp.compliance",
     "none",
     "randomise=1 nuisance=none",
     {{"C20", PERCENT, 1, false, 0},
      {"C10", PERCENT, 2, false, 0},
      {"C30", PERCENT, 2, false, 0},
      {"C40", PERCENT, 3, false, 0},
      {"C50", PERCENT, 0, false, 0},
      {"B0", ABSOLUTE, 0.05, false, 0},
      {"B1", PERCENT, 2, false, 0},
      {"B2", PERCENT, 0, false, 0}}},
    {"sgp.compliance",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"C20", PERCENT, 8, true, 0},
      {"C10", PERCENT, 10, true, 0},
      {"C30", PERCENT, 8, true, 0},
      {"C40", PERCENT, 0, false, 0},
      {"C50", PERCENT, 0, false, 0},
      {"B0", ABSOLUTE, 0.2, true, 0},
      {"B1", PERCENT, 12, true, 0},
      {"B2", PERCENT, 0, false, 0}}},
    {"sgp.filtration", "none", "randomise=1 nuisance=none", {{"CFC", PERCENT, 2, false, 0}, {"PVI", ABSOLUTE, 0.5, false, 0}}},
    {"sgp.filtration", "realistic", "randomise=1 nuisance=realistic", {{"CFC", PERCENT, 25, true, 0}, {"PVI", ABSOLUTE, 6, true, 0}}},
    {"sgp.refill",
     "none",
     "randomise=1 nuisance=none",
     {{"EV", PERCENT, 3, false, 0}, {"VRT", PERCENT, 4, false, 0}, {"T90", PERCENT, 4, false, 0}, {"T50", PERCENT, 6, false, 0}}},
    {"sgp.refill",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"EV", PERCENT, 5, true, 0}, {"VRT", PERCENT, 12, true, 0}, {"T90", PERCENT, 10, true, 0}, {"T50", PERCENT, 8, true, 0}}},
    {"sgp.refill", "supine", "randomise=1 nuisance=none congested=1", {{"EF", ABSOLUTE, 3, false, 0}, {"EV", PERCENT, 3, false, 0}}},
    {"sgp.refill",
     "supine, noise",
     "randomise=1 nuisance=realistic congested=1",
     {{"EF", ABSOLUTE, 6, true, 0}, {"EV", PERCENT, 5, true, 0}, {"T50", PERCENT, 8, true, 0}}},
    {"sgp.stand",
     "none",
     "randomise=1 nuisance=none",
     {{"EV", PERCENT, 3, false, 0},
      {"VRT", PERCENT, 4, false, 0},
      {"T90", PERCENT, 4, false, 0},
      {"T50", PERCENT, 6, false, 0},
      {"EF", ABSOLUTE, 2, false, 0}}},
    {"sgp.stand",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"EV", PERCENT, 5, true, 0},
      {"VRT", PERCENT, 12, true, 0},
      {"T90", PERCENT, 10, true, 0},
      {"T50", PERCENT, 8, true, 0},
      {"EF", ABSOLUTE, 3, true, 0}}},
    {"volume.trend",
     "none",
     "randomise=1 nuisance=none",
     {{"MORNING", PERCENT, 0.01, false, 0},
      {"EVENING", PERCENT, 0.01, false, 0},
      {"CHANGE", ABSOLUTE, 0.01, false, 0},
      {"RATE", ABSOLUTE, 0.005, false, 0}}},
    {"volume.trend",
     "realistic",
     "randomise=1 nuisance=realistic",
     {{"MORNING", PERCENT, 0.5, true, 0},
      {"EVENING", PERCENT, 0.5, true, 0},
      {"CHANGE", ABSOLUTE, 0.7, true, 0},
      {"CHANGE.ml", ABSOLUTE, 15, true, 0},
      {"RATE", ABSOLUTE, 0.15, true, 0}}},
};
enum { LEVELS = sizeof levels / sizeof levels[0] };

/* Append a switch to the settings, where the simulator has it. */
static void vary(char *settings, size_t size, const char *name, int value) {
  char id[96];
  snprintf(id, sizeof id, "sim.%s.%s", leg_protocol, name);
  const dsp_param_table *table = &dsp_phantom_find(leg_protocol)->params;
  const size_t used = strlen(settings);
  for (size_t i = 0; i < table->n; i++)
    if (strcmp(table->rows[i].id, id) == 0) snprintf(settings + used, size - used, " %s=%d", name, value);
}

static leg make_leg(const level *l, int i) {
  const bool events = i % 3 != 0, cuff_channel = i / 3 % 2;
  const uint64_t seed = first_seed + (uint64_t)i;
  char settings[512];
  if (l->other) {
    leg made = l->other(seed, strcmp(l->settings, "clean") == 0, events, cuff_channel);
    leg_analyze(&made);
    ck_assert_msg(made.status == DSP_OK, "%s: %s", made.error.place, made.error.found);
    return made;
  }
  snprintf(settings, sizeof settings, "%s", l->settings);
  vary(settings, sizeof settings, "events", events);
  vary(settings, sizeof settings, "cuff_channel", cuff_channel);
  return leg_analyzed(settings, seed);
}

START_TEST(errors_stay_within_the_goals) {
  const level *l = &levels[_i];
  static tally tallies[GOALS_MAX];
  leg_protocol = l->protocol;
  memset(tallies, 0, sizeof tallies);
  for (int i = 0; i < recordings; i++) {
    leg made = make_leg(l, i);
    leg_check_report(&made, l->name);
    for (size_t g = 0; l->goals[g].id; g++) tally_count(&tallies[g], &made, &l->goals[g], i);
    leg_free(&made);
  }
  int missed = 0;
  tally_head();
  for (size_t g = 0; l->goals[g].id; g++) missed += !tally_judge(&tallies[g], l->name, &l->goals[g]);
  fflush(stdout);
  ck_assert_msg(missed == 0, "%s, %s: %d goals missed", l->protocol, l->name, missed);
}
END_TEST

int main(int argc, char **argv) {
  const bool all = argc < 2 || strcmp(argv[1], "all") == 0;
  if (argc > 2) recordings = (int)strtol(argv[2], NULL, 10);
  if (argc > 3) first_seed = strtoull(argv[3], NULL, 10);
  tally_quick = argc > 4 && strcmp(argv[4], "quick") == 0;
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
  if (asked > 0 && recordings >= 1 && recordings <= TALLY_MAX) return run_suite(suite);
  fprintf(stderr, "usage: test_protocol_accuracy [PROTOCOL|all [1 to %d recordings [first seed [quick]]]]\n", TALLY_MAX);
  return EXIT_FAILURE;
}
