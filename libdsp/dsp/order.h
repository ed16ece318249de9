/* SPDX-License-Identifier: GPL-3.0-or-later
 * Order statistics of small and large sets. All rearrange the values that they are given; NaN is not accepted. */
#ifndef DSP_ORDER_H
#define DSP_ORDER_H

#include <dsp/status.h>
#include <stddef.h>

/** The k-th least of n values (k from 0, k < n): v[k] afterwards, with none larger before it and none smaller behind. O(n). */
DSP_API double dsp_order_kth(double *v, size_t n, size_t k);

/** Median of n >= 1 values; of an even number the mean of the two middle ones. O(n). */
DSP_API double dsp_order_median(double *v, size_t n);

/** 1.4826 x the median of |v[i] - centre|, n >= 1: the standard deviation of normal noise, unmoved by outliers. v becomes the deviations.
 */
DSP_API double dsp_order_sigma(double *v, size_t n, double centre);

/** Put n values in rising order. */
DSP_API void dsp_order_sort(double *v, size_t n);

#endif
