/* SPDX-License-Identifier: GPL-3.0-or-later
 * Protocols and detectors on what others have recorded or reported. */
#include "../support/limb.h"
#include "../support/public.h"

/* The cell of a row, from 0. */
static const char *cell(const char *row, int which) {
  for (; which > 0; which--) {
    row = strchr(row, ',');
    ck_assert_ptr_nonnull(row++);
  }
  return row;
}

static double number(const char *row, int which) {
  const char *at = cell(row, which);
  char *end;
  const double value = strtod(at, &end);
  ck_assert_msg(end != at, "cell %d of %s is no number", which, row);
  return value;
}

START_TEST(official_results) {
  char path[2200];
  snprintf(path, sizeof path, "%s/dppg/reference_laudos.csv", public_folder());
  FILE *file = fopen(path, "r");
  ck_assert_ptr_nonnull(file);
  char line[200];
  int n = 0, graded[4] = {0};
  double sum[2] = {0, 0};
  ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
  while (fgets(line, sizeof line, file)) {
    const double to_s = number(line, 4), th_s = number(line, 5), vo = number(line, 7), fo = number(line, 8);
    const char *expected = to_s > 25 ? "normal" : to_s > 20 ? "I" : to_s > 10 ? "II" : "III";
    ck_assert_str_eq(limb_refill_grade(to_s), expected);
    graded[to_s > 25 ? 0 : to_s > 20 ? 1 : to_s > 10 ? 2 : 3]++;
    sum[0] += fo, sum[1] += vo * th_s;
    n++;
  }
  fclose(file);
  ck_assert_int_eq(n, 223);
  for (int i = 0; i < 4; i++) ck_assert_int_gt(graded[i], 0);
  check_percent("capacity over all reports, rounded as printed", sum[1], sum[0], 5);
}
END_TEST

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Left against right without a tourniquet. The figures are those that the reports' publisher computed of them (dppg,
 * validation/results.json): median 25 %, above 20 % in 31 of 56 patients, above 40 % in 16. */
START_TEST(asymmetry_of_official_results) {
  enum { PATIENTS = 100 };
  char path[2200], line[200];
  snprintf(path, sizeof path, "%s/dppg/reference_laudos.csv", public_folder());
  FILE *file = fopen(path, "r");
  ck_assert_ptr_nonnull(file);
  double to_s[PATIENTS][2] = {{0}}, share[PATIENTS];
  ck_assert_ptr_nonnull(fgets(line, sizeof line, file)); /* the names of the columns */
  while (fgets(line, sizeof line, file)) {
    const char *patient = cell(line, 1);
    ck_assert_int_eq(*patient, 'P');
    const unsigned long at = strtoul(patient + 1, NULL, 10);
    ck_assert_uint_lt(at, PATIENTS);
    if (!strncmp(cell(line, 3), "without,", 8)) to_s[at][!strncmp(cell(line, 2), "MIE,", 4)] = number(line, 4);
  }
  fclose(file);
  size_t n = 0, above_20 = 0, above_40 = 0;
  for (size_t i = 0; i < PATIENTS; i++) {
    if (!(to_s[i][0] > 0 && to_s[i][1] > 0)) continue;
    share[n] = dsp_asymmetry(to_s[i][0], to_s[i][1]);
    above_20 += share[n] > 20;
    above_40 += share[n] > 40;
    n++;
  }
  ck_assert_uint_eq(n, 56);
  qsort(share, n, sizeof *share, ascending);
  check_points("median", 0.5 * (share[n / 2 - 1] + share[n / 2]), 25, 1e-9);
  ck_assert_uint_eq(above_20, 31);
  ck_assert_uint_eq(above_40, 16);
}
END_TEST

static double landmark_s(const dsp_test *test, const char *name) {
  for (size_t i = 0; i < test->n_landmarks; i++)
    if (!strcmp(test->landmarks[i].name, name)) return test->landmarks[i].t_s;
  ck_abort_msg("no landmark %s", name);
}

/* Skin flow under an arm cuff: near zero from 21.6 s, the first pulse after release at 26.5 s. */
START_TEST(flow_stopped_by_a_cuff) {
  leg_protocol = "pvr";
  leg l = {.recording = public_good("labchart/ldf_arm_cuff.txt"), .params = leg_params("")};
  l.recording->channels[0].role = DSP_ROLE_PPG;
  leg_analyze(&l);
  ck_assert_int_eq(l.status, DSP_OK);
  leg_check_report(&l, "skin flow");
  const dsp_test *test = &l.report->tests[0];
  ck_assert(leg_noted(&l, "flow_stopped"));
  check_points("stops", landmark_s(test, "arterial_inflate"), 21.6, 1);
  check_points("flows again", landmark_s(test, "arterial_release"), 26.5, 1);
  const dsp_measure *amplitude = leg_measure(&l, "AMP");
  ck_assert(amplitude->valid && (amplitude->t1_s < 22.6 || amplitude->t0_s > 25.5));
  leg_free(&l);
}
END_TEST

int main(void) {
  if (!public_folder()) return PUBLIC_SKIPPED;
  Suite *suite = suite_create("public protocols");
  TCase *t = tcase_create("all");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, official_results);
  tcase_add_test(t, asymmetry_of_official_results);
  tcase_add_test(t, flow_stopped_by_a_cuff);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
