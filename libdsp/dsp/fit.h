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

#endif
