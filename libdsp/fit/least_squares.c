/* SPDX-License-Identifier: GPL-3.0-or-later
 * Linear least squares by Householder QR with column scaling and column pivoting.
 *
 * Method: columns are scaled to unit length, reflected to R with the longest remaining column first; columns whose remainder is rounding
 * are dependent and left out. Coefficients by back substitution, covariance = variance (R'R)^-1 from the inverse of R.
 * Source: G. Golub, C. Van Loan, Matrix Computations, 5.2 and 5.4; P. Businger, G. Golub, Numer. Math. 7 (1965) 269. */
#include <dsp/fit.h>

#include <core/lanes.h>
#include <dsp/memory.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/** Working copy: the columns, found in pivot order, are reflected in place; above the diagonal they are R. */
typedef struct work {
  size_t rows, cols, rank;
  double *q;      /**< rows x cols, by original column */
  double **at;    /**< cols: column at each place */
  double *rhs;    /**< rows */
  double *diag;   /**< cols: diagonal of R */
  double *scale;  /**< cols, by original column: 1 / length, or 0 */
  double *left;   /**< cols: squared length of what remains of a column */
  size_t *column; /**< cols: original column at each place */
} work;

/** The longest remaining column comes to place k. Lengths are taken anew when downdating has eaten their digits. */
static void pivot(work *w, size_t k) {
  size_t best = k;
  for (size_t j = k + 1; j < w->cols; j++)
    if (w->left[j] > w->left[best]) best = j;
  if (best == k) return;
  double *const taken = w->at[best];
  w->at[best] = w->at[k];
  w->at[k] = taken;
  w->left[best] = w->left[k];
  const size_t t = w->column[k];
  w->column[k] = w->column[best];
  w->column[best] = t;
}

/** Reflect column k onto its axis and apply the same reflection to what follows. */
static void reflect(work *w, size_t k) {
  const size_t n = w->rows - k;
  double *v = w->at[k] + k;
  const double length = sqrt(dsp_dot(v, v, n));
  const double alpha = v[0] > 0.0 ? -length : length;
  w->diag[k] = alpha;
  if (length <= 0.0) return;
  v[0] -= alpha;
  const double twice = 2.0 / dsp_dot(v, v, n);
  for (size_t j = k + 1; j < w->cols; j++) {
    double *c = w->at[j] + k;
    dsp_subtract(c, v, twice * dsp_dot(v, c, n), n);
    const double shorter = w->left[j] - c[0] * c[0];
    w->left[j] = shorter > 1e-6 * w->left[j] ? shorter : dsp_dot(c + 1, c + 1, n - 1);
  }
  dsp_subtract(w->rhs + k, v, twice * dsp_dot(v, w->rhs + k, n), n);
}

static void factorise(work *w) {
  w->rank = w->cols;
  for (size_t k = 0; k < w->cols; k++) {
    pivot(w, k);
    reflect(w, k);
    if (!(fabs(w->diag[k]) > (double)w->rows * DBL_EPSILON * fabs(w->diag[0]))) {
      w->rank = k;
      return;
    }
  }
}

static double r_at(const work *w, size_t i, size_t j) {
  return i == j ? w->diag[i] : w->at[j][i];
}

/** Solve R c = first `rank` values of the right side, in place. */
static void back_substitute(const work *w, double *c) {
  for (size_t i = w->rank; i-- > 0;) {
    for (size_t j = i + 1; j < w->rank; j++) c[i] -= r_at(w, i, j) * c[j];
    c[i] /= w->diag[i];
  }
}

/** (R'R)^-1 = R^-1 R^-T, unscaled into the caller's columns. inverse: rank x rank scratch. */
static void covariance(const work *w, double *cov, double *inverse, double variance) {
  const size_t r = w->rank;
  memset(inverse, 0, r * r * sizeof *inverse);
  for (size_t j = 0; j < r; j++) {
    double *column = inverse + j * r;
    column[j] = 1.0;
    back_substitute(w, column);
  }
  for (size_t i = 0; i < w->cols * w->cols; i++) cov[i] = (double)NAN;
  for (size_t i = 0; i < r; i++) {
    for (size_t j = i; j < r; j++) {
      double sum = 0.0;
      for (size_t k = j; k < r; k++) sum += inverse[k * r + i] * inverse[k * r + j];
      const size_t ci = w->column[i], cj = w->column[j];
      cov[ci * w->cols + cj] = cov[cj * w->cols + ci] = variance * sum * w->scale[ci] * w->scale[cj];
    }
  }
}

/** Scale column j to unit length. Returns what is 0 unless a value is not finite. */
static double scale_column(work *w, size_t j) {
  double *c = w->at[j] = w->q + j * w->rows, check = 0.0, near = 1.0, square = dsp_dot(c, c, w->rows);
  if (!(square > 1e-200 && square < 1e200)) {
    /* by the largest value first: squares of very large or small units must not overflow or vanish */
    double most = 0.0;
    for (size_t i = 0; i < w->rows; i++) {
      check += c[i] * 0.0;
      most = fabs(c[i]) > most ? fabs(c[i]) : most;
    }
    near = most > 0.0 ? 1.0 / most : 0.0;
    dsp_scale(c, near, w->rows);
    square = dsp_dot(c, c, w->rows);
  }
  const double unit = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
  dsp_scale(c, unit, w->rows);
  w->scale[j] = near * unit;
  w->left[j] = square > 0.0 ? 1.0 : 0.0;
  w->column[j] = j;
  return check;
}

/** Weighted, scaled copies. False when a value is not finite or a weight is negative. */
static int load(work *w, const double *a, const double *b, const double *weight) {
  double check = 0.0;
  for (size_t i = 0; i < w->rows; i++) {
    const double root = weight ? sqrt(weight[i]) : 1.0;
    w->rhs[i] = root * b[i];
    check += w->rhs[i] * 0.0;
    for (size_t j = 0; weight && j < w->cols; j++) w->q[j * w->rows + i] = root * a[j * w->rows + i];
  }
  if (!weight) memcpy(w->q, a, w->rows * w->cols * sizeof *a);
  for (size_t j = 0; j < w->cols; j++) check += scale_column(w, j);
  return check == 0.0;
}

static void solve(work *w, double *coef, double *cov, double *inverse, dsp_lsq *info) {
  factorise(w);
  info->rank = w->rank;
  info->rss = dsp_dot(w->rhs + w->rank, w->rhs + w->rank, w->rows - w->rank);
  info->variance = w->rows > w->rank ? info->rss / (double)(w->rows - w->rank) : (double)NAN;
  info->condition = w->rank ? fabs(w->diag[0] / w->diag[w->rank - 1]) : (double)NAN;
  back_substitute(w, w->rhs);
  for (size_t i = 0; i < w->cols; i++) coef[w->column[i]] = i < w->rank ? w->rhs[i] * w->scale[w->column[i]] : 0.0;
  if (cov) covariance(w, cov, inverse, info->variance);
}

dsp_status dsp_least_squares(double *coef, double *cov, dsp_lsq *info, const double *a, size_t rows, size_t cols, const double *b,
                             const double *weight, dsp_error *error) {
  *info = (dsp_lsq){0};
  if (cols < 1 || rows < cols || rows > SIZE_MAX / cols)
    return dsp_fail(error, DSP_BAD_INPUT, "least squares", "at least as many equations as unknowns", "%zu equations, %zu unknowns", rows,
                    cols);
  work w = {.rows = rows,
            .cols = cols,
            .q = dsp_alloc(rows * cols, sizeof(double)),
            .at = dsp_alloc(cols, sizeof(double *)),
            .rhs = dsp_alloc(rows, sizeof(double)),
            .diag = dsp_alloc(cols, sizeof(double)),
            .scale = dsp_alloc(cols, sizeof(double)),
            .left = dsp_alloc(cols, sizeof(double)),
            .column = dsp_alloc(cols, sizeof(size_t))};
  double *inverse = dsp_alloc(cols * cols, sizeof(double));
  dsp_status status;
  if (!w.q || !w.at || !w.rhs || !w.diag || !w.scale || !w.left || !w.column || !inverse) {
    status = dsp_fail_memory(error);
  } else if (!load(&w, a, b, weight)) {
    status = dsp_fail(error, DSP_BAD_INPUT, "least squares", "finite values and weights >= 0",
                      "a value that is not finite or a negative weight");
  } else {
    solve(&w, coef, cov, inverse, info);
    status = DSP_OK;
  }
  free(w.q);
  free(w.at);
  free(w.rhs);
  free(w.diag);
  free(w.scale);
  free(w.left);
  free(w.column);
  free(inverse);
  return status;
}
