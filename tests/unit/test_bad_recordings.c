/* SPDX-License-Identifier: GPL-3.0-or-later
 * What goes wrong in a laboratory, once for every protocol: marks missing, reversed or outside, a cuff vented too early, one cycle only,
 * reversed polarity, a saturated converter, a slipped sensor, nothing connected. Each is told by its flag, or refused, or does no harm. */
#include "../support/limb.h"
#include "../support/runner.h"

typedef enum fault { NO_EVENTS, REVERSED, OUTSIDE, CUT_SHORT, ONE_ONLY, UPSIDE_DOWN, CLIPPED, SLIPPED, FLAT, FAULTS } fault;
static const char *const words[FAULTS] = {"no events",   "events reversed", "events outside", "cut short", "one only",
                                          "upside down", "clipped",         "slipped",        "flat"};

typedef struct row {
  const char *protocol;
  const char *settings;     /* a short test whose values are sure */
  const char *cut, *one;    /* settings of the test cut short, and with one cycle; NULL: the protocol has none such */
  const char *measure;      /* read it */
  double percent;           /* it must be so near to the truth where a fault does no harm */
  double slip_s;            /* when the sensor slips */
  const char *flag[FAULTS]; /* told in a test or in one of its measures; NULL: no harm */
} row;

#define SGP_NOISE "nuisance=custom white=0.004 pulse=0.03"

/* clang-format off */
static const row rows[] = {
    {"sgp.occlusion", SGP_NOISE " cycles=2", "hold_s=25", "cycles=1", "SVC", 4, 100,
     {NULL, "events_reversed", NULL, "released_early", "single_repeat", "polarity_reversed", "saturated", "level_step", "constant_signal"}},
    {"apg.outflow", "nuisance=custom white=0.05 pulse=0.5 cycles=2", "hold_s=25", "cycles=1", "VVOCC", 4, 100,
     {NULL, "events_reversed", NULL, "released_early", "single_repeat", "polarity_reversed", "saturated", "level_step", "constant_signal"}},
    {"apg.tilt", "nuisance=custom white=0.05 pulse=0.5", "up_s=40", "down_s=0", "WVV", 4, 150,
     {NULL, "events_reversed", NULL, "extrapolated", "no_tilt_down", "inverted", "saturated", "gauge_slipped", "constant_signal"}},
    {"ppg.refill", "nuisance=custom white=0.02 pulse=0.2 bouts=2", "bouts=1 refill_s=20 fast_s=9", "bouts=1", "TH", 8, 75,
     {NULL, "events_reversed", NULL, "refill_cut", "single_repeat", "polarity_reversed", "saturated", "gauge_slipped", "constant_signal"}},
    {"sgp.refill", SGP_NOISE " bouts=2", "bouts=1 refill_s=25", "bouts=1", "EV", 4, 85,
     {NULL, "events_reversed", NULL, "not_reached", "single_repeat", "polarity_reversed", "saturated", "gauge_slipped", "constant_signal"}},
    {"sgp.stand", SGP_NOISE " bouts=1", "refill_s=25", "bouts=1", "EV", 4, 250,
     {NULL, "events_reversed", NULL, "not_reached", "single_repeat", "inverted", "saturated", "no_rest", "constant_signal"}},
    {"sgp.inflow", SGP_NOISE " cycles=4", NULL, "cycles=1", "AI.exp0", 8, 40,
     {NULL, "cycle_short", NULL, NULL, "few_cycles", "polarity_reversed", "saturated", NULL, "constant_signal"}},
    {"sgp.hyperaemia", SGP_NOISE, NULL, "cycles_after=1", "REST", 10, 20,
     {NULL, "no_hyperaemia", NULL, NULL, "half_not_reached", "no_hyperaemia", "saturated", NULL, "constant_signal"}},
    {"sgp.compliance", SGP_NOISE, "hold_s=60", NULL, "C20", 10, 300,
     {NULL, "events_reversed", NULL, "filtration_uncertain", NULL, "polarity_reversed", "saturated", "gauge_slipped", "constant_signal"}},
    {"sgp.filtration", SGP_NOISE, "hold_s=60", "steps=2", "CFC", 25, 200,
     {NULL, "events_reversed", NULL, "few_steps", "few_steps", "polarity_reversed", "saturated", "gauge_slipped", "constant_signal"}},
    {"pvr", "nuisance=custom white=0.01", NULL, NULL, "AMP", 7, 12,
     {NULL, NULL, NULL, NULL, NULL, NULL, "saturated", NULL, "constant_signal"}},
};
/* clang-format on */
enum { ROWS = sizeof rows / sizeof rows[0] };

/* The recording's extremes. */
static void range(double *low, double *high, const dsp_channel *c) {
  *low = INFINITY, *high = -INFINITY;
  for (size_t i = 0; i < c->n; i++)
    if (isfinite(c->x[i])) *low = fmin(*low, c->x[i]), *high = fmax(*high, c->x[i]);
}

static void spoil_trace(leg *l, const row *r, fault what) {
  dsp_channel *c = &l->recording->channels[0];
  double low, high;
  range(&low, &high, c);
  const double middle = 0.5 * (low + high), slip = 0.45 * (high - low);
  for (size_t i = 0; i < c->n; i++) {
    if (what == UPSIDE_DOWN) c->x[i] = 2 * middle - c->x[i];
    if (what == CLIPPED) c->x[i] = fmin(fmax(c->x[i], low + 0.25 * (high - low)), high - 0.25 * (high - low));
    if (what == SLIPPED && (double)i / c->rate_hz > r->slip_s) c->x[i] += slip;
    if (what == FLAT) c->x[i] = middle;
  }
}

static void spoil_events(leg *l, fault what) {
  dsp_recording *r = l->recording;
  if (what == NO_EVENTS) r->n_events = 0;
  if (what == OUTSIDE)
    for (size_t i = 0; i < r->n_events; i++) r->events[i].t_s += 1e5;
  if (what == REVERSED) /* the kinds in the opposite order at the same times */
    for (size_t i = 0; i < r->n_events / 2; i++) {
      const dsp_event_kind kind = r->events[i].kind;
      r->events[i].kind = r->events[r->n_events - 1 - i].kind;
      r->events[r->n_events - 1 - i].kind = kind;
    }
}

/* Is the flag anywhere in the report? */
static bool told(const leg *l, const char *flag) {
  bool found = false;
  ck_assert_msg(dsp_flag_find(flag) != NULL, "%s", flag);
  for (size_t t = 0; t < l->report->n_tests; t++) {
    const dsp_test *test = &l->report->tests[t];
    found |= dsp_flags_has(&test->flags, flag);
    for (size_t i = 0; i < test->n_measures; i++) found |= dsp_flags_has(&test->measures[i].flags, flag);
  }
  return found;
}

START_TEST(faults_are_told) {
  const row *r = &rows[_i / FAULTS];
  const fault what = _i % FAULTS;
  const char *more = what == CUT_SHORT ? r->cut : what == ONE_ONLY ? r->one : "";
  char settings[240], name[80];
  if (!more) return;
  leg_protocol = r->protocol;
  snprintf(settings, sizeof settings, "%s %s", r->settings, more);
  snprintf(name, sizeof name, "%s, %s", r->protocol, words[what]);
  leg l = leg_simulate(settings, 5);
  spoil_events(&l, what);
  spoil_trace(&l, r, what);
  leg_analyze(&l);
  ck_assert_msg(l.status == DSP_OK, "%s: %s", name, l.error.found);
  leg_check_report(&l, name);
  if (r->flag[what]) ck_assert_msg(told(&l, r->flag[what]), "%s: not told: %s", name, r->flag[what]);
  /* What a saturated converter cut off cannot be had back: the measure is right or there is none. */
  if (!r->flag[what] || (what == CLIPPED && leg_measure(&l, r->measure)->valid))
    check_percent(name, leg_value(&l, r->measure), leg_truth(&l, r->measure), r->percent);
  leg_free(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("bad_recordings");
  TCase *t = tcase_create("all");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, faults_are_told, 0, ROWS * FAULTS);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
