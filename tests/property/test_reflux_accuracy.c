/* SPDX-License-Identifier: GPL-3.0-or-later
 * Doppler recordings whose truth is known, through the whole analysis. Usage: test_reflux_accuracy [RECORDINGS [FIRST]]. */
#include "../support/venous.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static double between(dsp_random *r, double lo, double hi) {
  return lo + (hi - lo) * venous_uniform(r);
}

static venous_plan plan_of(uint64_t seed, unsigned i) {
  static const double rates[] = {8000, 11025, 16000, 22050, 44100}, snrs[] = {40, 20, 12}, clutters[] = {-INFINITY, 15, 25};
  dsp_random r = dsp_random_seeded(seed * 7919 + 13);
  venous_plan p = {.rate_hz = rates[i % 5],
                   .f0_hz = between(&r, 4e6, 8e6),
                   .angle_deg = between(&r, 45, 62),
                   .wiring = i / 5 % 2 ? VENOUS_SEPARATED : VENOUS_IQ,
                   .profile = between(&r, 2, 7),
                   .snr_db = snrs[i % 3],
                   .clutter_db = clutters[i / 3 % 3],
                   .clutter_hz = between(&r, 20, 60),
                   .broadening = between(&r, 0.04, 0.1),
                   .gain_db = i % 2 ? between(&r, -1, 1) : 0,
                   .phase_deg = i % 2 ? between(&r, -5, 5) : 0,
                   .crosstalk_db = -INFINITY,
                   .rest_cm_s = between(&r, 5, 15),
                   .phasic = between(&r, 0.1, 0.9),
                   .breath_s = between(&r, 3, 5),
                   .trials = 3,
                   .push_cm_s = between(&r, 35, 100),
                   .push_s = between(&r, 0.5, 1.5),
                   .rise_s = between(&r, 0.05, 0.15),
                   .peak_cm_s = i % 3 == (i / 9) % 3 ? 0 : between(&r, 10, 60),
                   .tau_s = between(&r, 0.5, 4),
                   .reflux_s = between(&r, 0.4, 4),
                   .spike_cm_s = between(&r, 5, 25),
                   .spike_s = between(&r, 0.05, 0.18),
                   .quiet_s = between(&r, 0.3, 1.5),
                   .still = venous_uniform(&r) < 0.3};
  p.first_s = between(&r, 5, 8);
  p.period_s = p.push_s + p.reflux_s + p.quiet_s + between(&r, 4, 7);
  p.duration_s = p.first_s + 3 * p.period_s;
  const double hz = 2 * p.f0_hz * cos(p.angle_deg * M_PI / 180) / 154000;
  if (p.push_cm_s * hz > 0.45 * p.rate_hz) p.push_cm_s = 0.45 * p.rate_hz / hz;
  return p;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  static double rt[3][4000], pmv[3][4000];
  static size_t n_rt[3], covered[3], n_pmv[3], covered_pmv[3];
  const unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 60, first = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
  unsigned competent = 0, claimed = 0, missed = 0, kinds = 0, wrong_kind = 0, wrong_count = 0;
  const bool verbose = argc > 3;
  const dsp_param_table *tables[] = {&dsp_protocol_find("duplex.reflux")->params, NULL};
  dsp_params *params = dsp_params_new(tables);
  for (unsigned i = first; i < first + n; i++) {
    const venous_plan p = plan_of(i + 1, i);
    dsp_recording *rec = venous_make(&p, i + 100, i % 2);
    const bool expect_iq = p.wiring == VENOUS_IQ;
    dsp_report *report = NULL;
    dsp_error error = {0};
    const clock_t start = clock();
    const dsp_status status = dsp_analyze(rec, "duplex.reflux", NULL, params, &report, &error);
    const double cpu = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (status != DSP_OK) {
      printf("%u: %s %s\n", i, error.found, error.expected);
      return 1;
    }
    const dsp_detail *seen = NULL;
    for (size_t d = 0; d < report->tests[0].n_details; d++)
      if (!strcmp(report->tests[0].details[d].id, "stereo_kind")) seen = &report->tests[0].details[d];
    kinds++;
    if (!seen || seen->value != (expect_iq ? DSP_STEREO_IQ : DSP_STEREO_SEPARATED)) wrong_kind++;
    const int s = p.snr_db > 30 ? 0 : p.snr_db > 15 ? 1 : 2;
    const double truth = venous_reflux_s(&p, 0, 2);
    const dsp_test *t = &report->tests[0];
    const dsp_measure *m = dsp_test_measure(t, "RT"), *v = dsp_test_measure(t, "PMV");
    wrong_count += report->n_tests != 4;
    if (verbose)
      printf("%u %s %5.0f snr %2.0f clut %3.0f n %.1f f0 %.1f tests %zu rt %.3f truth %.3f err %+.3f [%.3f] pmv %.2f truth %.2f tau %.2f "
             "vend %.1f cpu %.2f push %.0f\n",
             i, p.wiring == VENOUS_IQ ? "iq " : "sep", p.rate_hz, p.snr_db, p.clutter_db, p.profile, p.f0_hz / 1e6, report->n_tests,
             m->value, truth, m->value - truth, m->se, v->value, p.peak_cm_s * venous_mean_share(&p), p.tau_s,
             p.peak_cm_s * exp(-(p.reflux_s - p.rise_s) / p.tau_s), cpu, p.push_cm_s);
    if (truth <= 0) {
      competent++;
      if (m->valid && m->value > 0) claimed++;
    } else if (!m->valid || m->value <= 0) {
      missed++;
      rt[s][n_rt[s]++] = INFINITY;
    } else {
      rt[s][n_rt[s]++] = fabs(m->value - truth);
      covered[s] += m->lo <= truth && truth <= m->hi;
      const double want = p.peak_cm_s * venous_mean_share(&p);
      pmv[s][n_pmv[s]++] = fabs(v->value / want - 1) * 100;
      covered_pmv[s] += v->lo <= want && want <= v->hi;
    }
    dsp_report_free(report);
    dsp_recording_free(rec);
  }
  for (int s = 0; s < 3; s++) {
    if (!n_rt[s]) continue;
    qsort(rt[s], n_rt[s], sizeof(double), ascending);
    qsort(pmv[s], n_pmv[s], sizeof(double), ascending);
    printf("snr %d: n %zu rt p50 %.3f p95 %.3f max %.3f cover %.2f; pmv p50 %.1f p95 %.1f cover %.2f\n",
           s == 0   ? 40
           : s == 1 ? 20
                    : 12,
           n_rt[s], rt[s][n_rt[s] / 2], rt[s][(size_t)ceil(0.95 * (double)n_rt[s]) - 1], rt[s][n_rt[s] - 1],
           (double)covered[s] / (double)n_rt[s], pmv[s][n_pmv[s] / 2], pmv[s][(size_t)ceil(0.95 * (double)n_pmv[s]) - 1],
           (double)covered_pmv[s] / (double)n_pmv[s]);
  }
  printf("competent %u claimed %u missed %u kinds %u wrong %u wrong counts %u\n", competent, claimed, missed, kinds, wrong_kind,
         wrong_count);
  return 0;
}
