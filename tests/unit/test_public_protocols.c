/* SPDX-License-Identifier: GPL-3.0-or-later
 * Protocols and detectors on what others have recorded or reported. */
#include "../support/limb.h"
#include "../support/public.h"
#include <dsp/congestion.h>

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
    double to_s = NAN, th_s = NAN, ti_s = NAN, vo = NAN, fo = NAN;
    ck_assert_int_eq(sscanf(line, "%*[^,],%*[^,],%*[^,],%*[^,],%lf,%lf,%lf,%lf,%lf", &to_s, &th_s, &ti_s, &vo, &fo), 5);
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

/* Skin flow under an arm cuff: near zero from 21.6 s, the first pulse after release at 26.5 s. */
START_TEST(flow_stopped_by_a_cuff) {
  dsp_recording *r = public_good("labchart/ldf_arm_cuff.txt");
  const dsp_channel *c = &r->channels[0];
  const dsp_signal all = {c->x, c->n, c->rate_hz, 0};
  dsp_trace trace;
  dsp_trace_facts facts;
  ck_assert_int_eq(dsp_trace_condition(&trace, &facts, &all, 1, 50, 0.5, 100, 1000000, NULL), DSP_OK);
  dsp_congestions found;
  ck_assert_int_eq(dsp_flow_stop_find(&found, &trace, 3), DSP_OK);
  ck_assert_uint_eq(found.n, 1);
  check_points("stops", found.cycle[0].inflate_s, 21.6, 1);
  check_points("flows again", found.cycle[0].release_s, 26.5, 1);
  dsp_trace_clear(&trace);
  dsp_recording_free(r);
}
END_TEST

int main(void) {
  if (!public_folder()) return PUBLIC_SKIPPED;
  Suite *suite = suite_create("public protocols");
  TCase *t = tcase_create("all");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, official_results);
  tcase_add_test(t, flow_stopped_by_a_cuff);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
