/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fits and intervals: linear least squares, lines, exponentials, error propagation. No kernel here accepts NaN; units are the caller's. */
#ifndef DSP_FIT_H
#define DSP_FIT_H

#include <dsp/status.h>
#include <stddef.h>
#include <stdint.h>

/** What a linear fit found beside its coefficients. */
typedef struct dsp_lsq {
  size_t rank;      /**< independent columns; less than `cols` when some are combinations of others */
  double rss;       /**< sum of weight x squared residual */
  double variance;  /**< rss / (rows - rank); NaN when rows = rank */
  double condition; /**< ratio of the largest to the smallest diagonal of R over the independent columns, after scaling; 1 is best */
} dsp_lsq;

/** Least squares min |W^(1/2) (A c - b)|. `a` holds rows x cols values COLUMN by column (A(i,j) at a[j * rows + i]) and is not changed; `b`
 * has rows values; `weight` has rows values >= 0 or is NULL for ones. coef: cols values. cov: cols x cols values (symmetric, scaled by
 * `variance`) or NULL. A dependent column gets coefficient 0 and NaN covariance: compare info->rank with cols. Method: Householder QR with
 * column scaling and pivoting; O(rows cols^2). DSP_BAD_INPUT unless 1 <= cols <= rows and all values are finite. */
DSP_API DSP_MUST_USE dsp_status dsp_least_squares(double *coef, double *cov, dsp_lsq *info, const double *a, size_t rows, size_t cols,
                                                  const double *b, const double *weight, dsp_error *error);

/** y = intercept + slope t. */
typedef struct dsp_line {
  double intercept, slope;
  double var_intercept, var_slope, cov; /**< of the two coefficients; NaN where the method has none */
  double slope_lo, slope_hi;            /**< 95 % interval of the slope */
  double sd;                            /**< of the residuals: root of rss / (n - 2), or 1.4826 MAD for the robust fits */
} dsp_line;

/** Ordinary (weight NULL) or weighted least squares; t is centred inside. Needs n >= 2 and two different t, else DSP_NO_SOLUTION; n = 2 has
 * no variance (NaN). */
DSP_API DSP_MUST_USE dsp_status dsp_line_least_squares(dsp_line *line, const double *t, const double *y, const double *weight, size_t n,
                                                       dsp_error *error);

#define DSP_THEIL_SEN_MAX 2000 /**< points; all pairs are formed */

/** Theil-Sen: the median of all pairwise slopes and Sen's rank interval, as scipy.stats.theilslopes(alpha=0.95). DSP_LIMIT above
 * DSP_THEIL_SEN_MAX points (decimate), DSP_NO_SOLUTION without two different t. */
DSP_API DSP_MUST_USE dsp_status dsp_line_theil_sen(dsp_line *line, const double *t, const double *y, size_t n, dsp_error *error);

/** The Theil-Sen slope alone, for many short stretches: finite values, scratch for n (n - 1) / 2 more. NaN without two different t. */
DSP_API double dsp_theil_sen_slope(double *scratch, const double *t, const double *y, size_t n);

/** Huber's M-estimate, k = 1.345 robust standard deviations, by reweighting from the least-squares line. DSP_NO_SOLUTION when it does
 * not settle. An exact fit of more than half of the points ends as that line with variance 0. */
DSP_API DSP_MUST_USE dsp_status dsp_line_huber(dsp_line *line, const double *t, const double *y, size_t n, dsp_error *error);

/** v(t) = p[0] + p[1] exp(-t / p[2]) [+ p[3] exp(-t / p[4])], terms by rising time constant. */
typedef struct dsp_exponential {
  unsigned terms;   /**< 1 or 2 */
  double p[5];      /**< level, then amplitude and time constant of each term */
  double cov[5][5]; /**< of p, residuals taken as independent: inflate it when they are not; rows past 1 + 2 terms are 0 */
  double sd;        /**< of the residuals: root of rss / (n - 1 - 2 terms) */
  unsigned iterations;
} dsp_exponential;

typedef struct dsp_exponential_rule {
  unsigned terms;        /**< 1 or 2 */
  double tau_lo, tau_hi; /**< limits of every time constant, in units of t, 0 < tau_lo < tau_hi */
  double soft_scale;     /**< residual (units of v) at which soft-L1 loss begins to tell; 0 plain least squares */
} dsp_exponential_rule;

/** Least-squares or soft-L1 fit, as scipy.optimize.least_squares(loss="linear" or "soft_l1", f_scale=soft_scale) at its global minimum
 * within the limits. t in any order; n > 1 + 2 terms. DSP_NO_SOLUTION, with nothing to be read from *fit, when the best time constant lies
 * at a limit, the terms cannot be told apart, a time constant's standard error exceeds it, or the search does not settle. DSP_BAD_INPUT for
 * values that are not finite, DSP_BAD_OPTION for a rule that makes no sense. */
DSP_API DSP_MUST_USE dsp_status dsp_exponential_fit(dsp_exponential *fit, const double *t, const double *v, size_t n,
                                                    const dsp_exponential_rule *rule, dsp_error *error);

/** Value of a fitted exponential. */
DSP_API double dsp_exponential_at(const dsp_exponential *fit, double t);

/** Delta method, first order. Variances and covariance of num and den (or a and b) in, value and its standard error out. The ratio's value
 * and se are NaN when den is 0. */
DSP_API void dsp_ratio(double *value, double *se, double num, double den, double var_num, double var_den, double cov);
DSP_API void dsp_product(double *value, double *se, double a, double b, double var_a, double var_b, double cov);

/** Quantile of Student's t with df > 0 degrees of freedom (any real; INFINITY is the normal), 0 < p < 1; NaN outside. Relative error <
 * 1e-10. */
DSP_API double dsp_student_quantile(double p, double df);

/** State of the generator xoshiro256++; the caller owns it, there is no global one. */
typedef struct dsp_random {
  uint64_t s[4];
} dsp_random;

DSP_API dsp_random dsp_random_seeded(uint64_t seed);
DSP_API uint64_t dsp_random_next(dsp_random *random);
/** Whole number below `limit` (> 0), without bias. */
DSP_API uint64_t dsp_random_below(dsp_random *random, uint64_t limit);

/** A statistic of n samples; NaN when it has no value. */
typedef double dsp_statistic(const double *x, size_t n, void *context);

typedef struct dsp_bootstrap {
  double value;  /**< statistic of the data */
  double se;     /**< standard deviation over the replicates */
  double lo, hi; /**< percentile interval, linear interpolation between replicates */
  size_t failed; /**< replicates without a value, left out */
} dsp_bootstrap;

/** Moving-block bootstrap: `replicates` (>= 20) series of n samples glued from overlapping blocks of `block` samples (1 .. n), interval of
 * `level` (0.95). The same random state gives the same answer. DSP_NO_SOLUTION when fewer than half of the replicates have a value. */
DSP_API DSP_MUST_USE dsp_status dsp_block_bootstrap(dsp_bootstrap *result, dsp_random *random, const double *x, size_t n, size_t block,
                                                    size_t replicates, double level, dsp_statistic *statistic, void *context,
                                                    dsp_error *error);

#endif
