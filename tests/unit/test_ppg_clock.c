/* SPDX-License-Identifier: GPL-3.0-or-later
 * Light-reflection refill from text whose clock is not even: stamps that jitter, are rounded, or are missing, at 4 to 10 per second. */
#include "../support/other_refill.h"
#include "../support/reading.h"

enum { TEXT_MAX = 1 << 17, CLOCK_SEEDS = 3 };

typedef struct uneven {
  const char *name;
  double jitter, tick_s, dropped; /* share of a step; s; share of rows */
} uneven;

static const uneven clocks[] = {
    {"jitter", 0.35, 0, 0}, {"jitter, rounded", 0.35, 0.05, 0}, {"jitter, dropped", 0.25, 0, 0.1}, {"all", 0.3, 0.02, 0.08}};
static const double rates_hz[] = {4, 5, 8, 10};
enum { CLOCKS = sizeof clocks / sizeof clocks[0], RATES = sizeof rates_hz / sizeof rates_hz[0] };

/* A limb of known laws: exponential, or late as where valves hold. */
static refill_plan limb(bool late) {
  refill_plan p = {.shape = late ? SIGMOID : STRETCHED, .power = 1, .tau_s = 8, .middle_s = 12, .width_s = 3.5};
  p.level = 1200;
  p.vo = 60;
  p.bouts = 1;
  p.rest_s = 25;
  p.count = 8;
  p.period_s = 2;
  p.refill_s = 50;
  p.start_s[0] = p.rest_s;
  p.end_s[0] = p.rest_s + p.count * p.period_s;
  return p;
}

/* The trace as rows of such a clock. */
static void write_rows(char *text, const refill_plan *p, double rate_hz, const uneven *clock, uint64_t seed) {
  const double end_s = p->end_s[0] + p->refill_s;
  const size_t fine = (size_t)(end_s * REFILL_HZ) + REFILL_HZ;
  double *v = malloc(fine * sizeof *v);
  ck_assert_ptr_nonnull(v);
  refill_run(v, fine, p);
  uint64_t r = other_seeded(seed);
  size_t used = (size_t)snprintf(text, TEXT_MAX, "time (s),PPG\n");
  for (size_t i = 0; (double)i / rate_hz < end_s; i++) {
    const double off = i ? clock->jitter * (2 * other_uniform(&r) - 1) : 0, t_s = fmax(0, ((double)i + off) / rate_hz);
    const double noise = 0.02 * p->level / 100 * other_normal(&r);
    const double stamp = clock->tick_s > 0 ? clock->tick_s * rint(t_s / clock->tick_s) : t_s;
    if (i && other_uniform(&r) < clock->dropped) continue;
    used += (size_t)snprintf(text + used, TEXT_MAX - used, "%.6f,%.4f\n", stamp, v[(size_t)llround(t_s * REFILL_HZ)] + noise);
    ck_assert_uint_lt(used, TEXT_MAX);
  }
  free(v);
}

static leg read_limb(const refill_plan *p, double rate_hz, const uneven *clock, uint64_t seed, bool events) {
  static char text[TEXT_MAX], sidecar[512];
  write_rows(text, p, rate_hz, clock, seed);
  char marks[160] = "";
  if (events)
    snprintf(marks, sizeof marks, "{\"t_s\": %g, \"kind\": \"exercise_start\"}, {\"t_s\": %g, \"kind\": \"exercise_end\"}", p->start_s[0],
             p->end_s[0]);
  snprintf(sidecar, sizeof sidecar,
           "{\"schema\": \"pleth-sidecar/1\", \"channels\": [{\"column\": \"PPG\", \"role\": \"ppg\", \"polarity\": 1}], \"events\": [%s]}",
           marks);
  leg_protocol = "ppg.refill";
  leg l = {.params = leg_params(""), .recording = must_read(read_with(text, sidecar, 0))};
  leg_analyze(&l);
  ck_assert_msg(l.status == DSP_OK, "%s: %s", l.error.place, l.error.found);
  return l;
}

START_TEST(uneven_clocks_are_read_at_their_own_times) {
  const uneven *clock = &clocks[_i / RATES];
  const double rate_hz = rates_hz[_i % RATES];
  for (int k = 0; k < 4 * CLOCK_SEEDS; k++) {
    const refill_plan p = limb(k % 2);
    leg l = read_limb(&p, rate_hz, clock, (uint64_t)k / 4 + 1, k / 2 % 2);
    char what[120];
    snprintf(what, sizeof what, "%s, %g Hz, %s, %s events", clock->name, rate_hz, k % 2 ? "late" : "exponential",
             k / 2 % 2 ? "with" : "no");
    leg_check_report(&l, what);
    ck_assert_msg(leg_noted(&l, "resampled"), "%s: not said to be resampled", what);
    check_percent(what, leg_value(&l, "VO"), 100 * p.vo / p.level, 5);
    check_percent(what, leg_value(&l, "TO"), refill_time_to(&p, 0.03), 10);
    check_points(what, leg_value(&l, "TH"), refill_time_to(&p, 0.5), 0.5);
    leg_free(&l);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ppg clock");
  TCase *t = tcase_create("clocks");
  tcase_add_loop_test(t, uneven_clocks_are_read_at_their_own_times, 0, CLOCKS * RATES);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
