/* SPDX-License-Identifier: GPL-3.0-or-later
 * Loops over many samples at a time. DSP_LANES: build a function for the processor's wider registers as well, and choose when the program
 * is loaded. Products and sums stay apart (no fused operation), each sample's in the order that is written: the bits are those of the plain
 * build. */
#ifndef DSP_LANES_H
#define DSP_LANES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__linux__) && (!defined(__clang__) || __clang_major__ >= 14)
#define DSP_LANES __attribute__((target_clones("avx2", "default")))
#else
#define DSP_LANES
#endif

/** Four neighbouring numbers, of any alignment. Without wide registers the compiler makes them two and two. */
typedef double dsp_lanes __attribute__((vector_size(32), aligned(8)));

/** Eight of single precision, and what a comparison of two makes: all bits set where it holds. */
typedef float dsp_float_lanes __attribute__((vector_size(32), aligned(4)));
typedef int32_t dsp_mask_lanes __attribute__((vector_size(32), aligned(4)));

/** Sum of a[i] b[i]. Eight sums side by side: the order of addition, and with it the last bit, is fixed. */
double dsp_dot(const double *a, const double *b, size_t n);
/** to[i] -= times from[i]. */
void dsp_subtract(double *restrict to, const double *restrict from, double times, size_t n);
/** x[i] *= by. */
void dsp_scale(double *x, double by, size_t n);

#endif
