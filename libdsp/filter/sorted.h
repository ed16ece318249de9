/* SPDX-License-Identifier: GPL-3.0-or-later
 * A short window of samples kept in order, missing ones left out: an insertion and a removal a step (internal). */
#ifndef DSP_SORTED_H
#define DSP_SORTED_H

#include <stddef.h>

/** First place in the sorted v whose value is not below x. */
size_t sorted_bound(const double *v, size_t n, double x);
/** Put x into v, which has room for it; NaN is left out. */
void sorted_insert(double *v, size_t *n, double x);
/** Take a value that is there out of v; NaN never is. */
void sorted_withdraw(double *v, size_t *n, double x);
/** The middle of n > 0 values, the mean of the two middle ones of an even number. */
double sorted_median(const double *v, size_t n);

#endif
