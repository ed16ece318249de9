/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compliance and filtration of a calf under a cuff: published coefficients, and what is refused. */
#include "../support/limb.h"
#include "../support/runner.h"

static leg simulated(const char *protocol, const char *settings) {
  leg_protocol = protocol;
  return leg_simulate(settings, 3);
}

/* Ten young men: b0 0.574, b1 0.0781, b2 -0.0005. */
START_TEST(published_curve) {
  static const char *const ids[] = {"C10", "C20", "C30", "C40", "C50"};
  static const double c[] = {0.0681, 0.0581, 0.0481, 0.0381, 0.0281};
  leg l = simulated("sgp.compliance", _i ? "nuisance=none pressure_channel=0" : "nuisance=none events=0");
  leg_analyze(&l);
  leg_check_report(&l, "compliance");
  check_points("B0", leg_value(&l, "B0"), 0.574, 0.02);
  check_percent("B1", leg_value(&l, "B1"), 0.0781, 1);
  check_percent("B2", leg_value(&l, "B2"), -0.0005, 1.5);
  for (size_t i = 0; i < 5; i++) check_percent(ids[i], leg_value(&l, ids[i]), c[i], 1);
  check_percent("vertex", leg_detail(&l, "vertex"), 78.1, 1.5);
  check_percent("filtration", leg_detail(&l, "filtration"), 0.0029 * 52, 1);
  ck_assert_int_eq(leg_flagged(&l, "C20", "pressure_assumed"), _i);
  ck_assert(!leg_flagged(&l, "C20", "vertex_low"));
  leg_free(&l);
}
END_TEST

/* With the filtered volume left in, the curve would be another. */
START_TEST(filtration_does_not_count) {
  leg a = simulated("sgp.compliance", "nuisance=none cfc=0"), b = simulated("sgp.compliance", "nuisance=none cfc=0.01");
  leg_analyze(&a);
  leg_analyze(&b);
  check_percent("C20", leg_value(&b, "C20"), leg_value(&a, "C20"), 1);
  check_points("B0", leg_value(&b, "B0"), leg_value(&a, "B0"), 0.03);
  leg_free(&a);
  leg_free(&b);
}
END_TEST

START_TEST(compliance_flags) {
  leg l = simulated("sgp.compliance", "nuisance=none b1=0.055");
  leg_analyze(&l);
  ck_assert(leg_flagged(&l, "C20", "vertex_low"));
  leg_free(&l);
  l = simulated("sgp.compliance", "nuisance=none pressure_mmhg=40");
  leg_analyze(&l);
  leg_check_report(&l, "40 mmHg");
  ck_assert(leg_flagged(&l, "C50", "pressure_outside") && leg_measure(&l, "C20")->valid);
  leg_free(&l);
  l = simulated("sgp.compliance", "nuisance=none hold_s=60");
  leg_analyze(&l);
  ck_assert(leg_noted(&l, "filtration_uncertain"));
  leg_free(&l);
}
END_TEST

START_TEST(compliance_refused) {
  static const struct {
    const char *settings, *flag;
  } rows[] = {{"nuisance=none pressure_channel=0 events=0", "no_pressure"},
              {"nuisance=none deflation_mmhg_s=20", "deflation_fast"},
              {"nuisance=none b0=0 b1=0 b2=0 cfc=0 white=0", "constant_signal"},
              {"nuisance=custom b0=0 b1=0 b2=0 cfc=0 white=0.01", "no_occlusion"}};
  leg l = simulated("sgp.compliance", rows[_i].settings);
  leg_analyze(&l);
  limb_check_refused(&l, rows[_i].settings, rows[_i].flag);
  leg_free(&l);
}
END_TEST

/* Turned round, clipped, and slipped by `slip` mL/100 mL at `slip_s`: each is refused for its reason. */
static void check_bad_gauge(const char *protocol, double slip_s, double slip) {
  leg l = simulated(protocol, "nuisance=custom white=0.01 pulse=0.05");
  dsp_channel *c = &l.recording->channels[0];
  for (size_t i = 0; i < c->n; i++) c->x[i] = -c->x[i];
  leg_analyze(&l);
  limb_check_refused(&l, "polarity", "polarity_reversed");
  for (size_t i = 0; i < c->n; i++) c->x[i] = fmin(-c->x[i], 2);
  leg_analyze(&l);
  limb_check_refused(&l, "clipped", "saturated");
  leg_free(&l);
  l = simulated(protocol, "nuisance=custom white=0.01");
  c = &l.recording->channels[0];
  for (size_t i = (size_t)(slip_s * c->rate_hz); i < c->n; i++) c->x[i] += slip;
  leg_analyze(&l);
  limb_check_refused(&l, "slip", "gauge_slipped");
  leg_free(&l);
}

START_TEST(compliance_bad_traces) {
  check_bad_gauge("sgp.compliance", 400, 1.5);
  leg l = simulated("sgp.compliance", "nuisance=none pressure_channel=0");
  l.recording->events[0].kind = DSP_EVENT_CUFF_RELEASE;
  l.recording->events[1].kind = DSP_EVENT_CUFF_INFLATE;
  leg_analyze(&l);
  limb_check_refused(&l, "events reversed", "no_pressure");
  ck_assert(leg_noted(&l, "events_reversed"));
  for (size_t i = 0; i < 2; i++) l.recording->events[i].t_s += 9000;
  leg_analyze(&l);
  limb_check_refused(&l, "events outside", "no_pressure");
  leg_free(&l);
}
END_TEST

static double nth_detail(const leg *l, const char *id, size_t n) {
  const dsp_test *test = &l->report->tests[0];
  for (size_t i = 0; i < test->n_details; i++)
    if (!strcmp(test->details[i].id, id) && n-- == 0) return test->details[i].value;
  return NAN;
}

/* CFC 0.0029, isovolumetric at 8 mmHg: 0.0638 at 30 and 0.0928 at 40 mmHg. */
START_TEST(published_filtration) {
  leg l = simulated("sgp.filtration", _i ? "nuisance=none pressure_channel=0" : "nuisance=none events=0");
  leg_analyze(&l);
  leg_check_report(&l, "filtration");
  check_percent("CFC", leg_value(&l, "CFC"), 0.0029, 1);
  check_points("PVI", leg_value(&l, "PVI"), 8, 0.3);
  check_percent("Jv 30", nth_detail(&l, "step_filtration", 2), 0.0638, 1);
  check_percent("Jv 40", nth_detail(&l, "step_filtration", 3), 0.0928, 1);
  ck_assert_int_eq(leg_flagged(&l, "CFC", "pressure_assumed"), _i);
  ck_assert(!leg_flagged(&l, "CFC", "decongested_between"));
  leg_free(&l);
}
END_TEST

START_TEST(letting_down_between_is_told) {
  leg l = simulated("sgp.filtration", "nuisance=none");
  dsp_channel *cuff = &l.recording->channels[1];
  for (size_t i = (size_t)(785 * cuff->rate_hz); i < (size_t)(795 * cuff->rate_hz); i++) cuff->x[i] = 0;
  leg_analyze(&l);
  ck_assert(leg_flagged(&l, "CFC", "decongested_between"));
  leg_free(&l);
}
END_TEST

/* A step below the isovolumetric pressure filters nothing and must not bend the line. */
START_TEST(steps_below_are_left_out) {
  leg l = simulated("sgp.filtration", "nuisance=none pvi=17 steps=6");
  leg_analyze(&l);
  check_percent("CFC", leg_value(&l, "CFC"), 0.0029, 2);
  check_points("PVI", leg_value(&l, "PVI"), 17, 0.5);
  ck_assert_double_eq(leg_detail(&l, "steps_used"), 5);
  leg_free(&l);
}
END_TEST

START_TEST(filtration_refused) {
  static const struct {
    const char *settings, *flag;
  } rows[] = {{"nuisance=none pressure_channel=0 events=0", "no_pressure"},
              {"nuisance=none steps=1", "few_steps"},
              {"nuisance=none hold_s=60", "few_steps"},
              {"nuisance=none b0=0 b1=0 b2=0 cfc=0", "constant_signal"}};
  leg l = simulated("sgp.filtration", rows[_i].settings);
  leg_analyze(&l);
  limb_check_refused(&l, rows[_i].settings, rows[_i].flag);
  leg_free(&l);
}
END_TEST

START_TEST(filtration_bad_traces) {
  check_bad_gauge("sgp.filtration", 700, 1);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sgp_congested");
  TCase *t = tcase_create("all");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, published_curve, 0, 2);
  tcase_add_test(t, filtration_does_not_count);
  tcase_add_test(t, compliance_flags);
  tcase_add_loop_test(t, compliance_refused, 0, 4);
  tcase_add_test(t, compliance_bad_traces);
  tcase_add_loop_test(t, published_filtration, 0, 2);
  tcase_add_test(t, letting_down_between_is_told);
  tcase_add_test(t, steps_below_are_left_out);
  tcase_add_loop_test(t, filtration_refused, 0, 4);
  tcase_add_test(t, filtration_bad_traces);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
