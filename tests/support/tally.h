/* SPDX-License-Identifier: GPL-3.0-or-later
 * Errors, nulls and coverage of one measure over many recordings of known truth: counted, printed as a row, judged by its goals. */
#ifndef SUPPORT_TALLY_H
#define SUPPORT_TALLY_H

#include "leg.h"

enum { TALLY_MAX = 5000 };

typedef enum measured_in { PERCENT, ABSOLUTE } measured_in;

/* What is compared, and its goals. */
typedef struct goal {
  const char *id;
  measured_in in; /* % of the truth, or the measure's own unit (points, s) */
  double error;   /* 95 % of errors must be smaller; 0: only shown */
  bool coverage;  /* the 95 % interval must hold the truth about so often */
  double kept;    /* larger than the goal where that is missed: what is reached, so that it does not grow; 0: the goal itself */
} goal;

/* Judge few recordings by what is kept, not by the goals themselves: for tests that must be quick. */
static bool tally_quick;

typedef struct tally {
  double error[TALLY_MAX];
  int n, null, silent; /* errors; nulls; nulls that give no reason */
  int covered, intervals;
  double most; /* largest error, and its recording */
  int most_at;
} tally;

static inline bool gives_a_reason(const dsp_measure *m) {
  const dsp_flag_row *row;
  for (size_t f = 0; (row = dsp_flags_get(&m->flags, f)); f++)
    if (row->severity == DSP_FATAL) return true;
  return false;
}

static inline void tally_error(tally *t, double error, int i) {
  t->error[t->n++] = error;
  if (error >= t->most) t->most = error, t->most_at = i;
}

/* Recording i: one that has a truth and no value is a miss. */
static inline void tally_count(tally *t, const leg *made, const goal *g, int i) {
  const dsp_measure *m = leg_measure(made, g->id);
  const double truth = leg_truth(made, g->id);
  if (!m->valid) {
    t->null++;
    t->silent += !gives_a_reason(m);
    if (isfinite(truth)) tally_error(t, INFINITY, i);
    return;
  }
  if (!isfinite(truth)) return;
  const double error = m->value - truth;
  tally_error(t, fabs(g->in == PERCENT ? 100 * error / truth : error), i);
  if (isnan(m->lo)) return;
  t->intervals++;
  t->covered += m->lo <= truth && truth <= m->hi;
}

static inline int tally_ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static inline void tally_head(void) {
  printf("%-14s %-10s %-12s %5s %5s %6s %8s %8s %8s %5s %9s\n", "protocol", "level", "measure", "n", "null", "silent", "p50", "p95", "max",
         "at", "coverage");
}

/* Print one row; true when its goals are met. */
static inline bool tally_judge(tally *t, const char *level, const goal *g) {
  const double coverage_least = tally_quick ? 0.7 : 0.88, coverage_most = tally_quick ? 1 : 0.995;
  const double bound = tally_quick && g->kept > 0 ? g->kept : g->error;
  if (t->n == 0) tally_error(t, INFINITY, -1);
  qsort(t->error, (size_t)t->n, sizeof t->error[0], tally_ascending);
  const double p50 = t->error[t->n / 2], p95 = t->error[(int)ceil(0.95 * t->n) - 1];
  const double coverage = t->intervals ? (double)t->covered / t->intervals : (double)NAN;
  const bool near = bound <= 0 || p95 <= bound;
  const bool honest = !g->coverage || (coverage >= coverage_least && coverage <= coverage_most);
  printf("%-14s %-10s %-12s %5d %5d %6d %8.3f %8.3f %8.2f %5d %9.3f", leg_protocol, level, g->id, t->n, t->null, t->silent, p50, p95,
         t->most, t->most_at, coverage);
  if (g->error > 0) printf("   p95 <= %g%s%s", bound, g->in == PERCENT ? " %" : "", near ? "" : "  MISSED");
  if (g->coverage) printf("   %.2f to %.3f%s", coverage_least, coverage_most, honest ? "" : "  MISSED");
  printf("%s\n", t->silent ? "  NULL WITHOUT A REASON" : "");
  return near && honest && t->silent == 0;
}

#endif
