/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cubic B-spline basis on given break points (internal). */
#ifndef PLETH_FIT_SPLINE_H
#define PLETH_FIT_SPLINE_H

#include <stddef.h>

enum { SPLINE_BREAKS_MAX = 24, SPLINE_COLUMNS_MAX = SPLINE_BREAKS_MAX + 2 };

/** Break points b[0] < ... < b[n_breaks - 1]; the space has n_breaks + 2 columns. */
typedef struct spline {
  double breaks[SPLINE_BREAKS_MAX];
  size_t n_breaks;
} spline;

/** The interval that holds t; its four basis functions are those of the columns from the same number on. */
size_t spline_interval(const spline *s, double t);
/** Values of the four basis functions that are not zero at t (clamped to the range) and the first one's column. `slope` may be NULL. */
size_t spline_basis(const spline *s, double t, double value[4], double slope[4]);
/** sum of coef over the basis at t. */
double spline_value(const spline *s, const double *coef, double t);
double spline_slope(const spline *s, const double *coef, double t);

#endif
