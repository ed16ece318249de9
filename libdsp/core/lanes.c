/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is built for several processors is static: the linker would show the chosen one to other programs. */
#include <core/lanes.h>

DSP_LANES static double dot(const double *a, const double *b, size_t n) {
  dsp_lanes s = {0}, t = {0};
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const dsp_lanes *x = (const dsp_lanes *)(a + i), *y = (const dsp_lanes *)(b + i);
    s += x[0] * y[0];
    t += x[1] * y[1];
  }
  for (; i < n; i++) s[0] += a[i] * b[i];
  return ((s[0] + s[1]) + (s[2] + s[3])) + ((t[0] + t[1]) + (t[2] + t[3]));
}

DSP_LANES static void subtract(double *restrict to, const double *restrict from, double times, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    dsp_lanes *x = (dsp_lanes *)(to + i);
    const dsp_lanes *y = (const dsp_lanes *)(from + i);
    x[0] -= times * y[0];
    x[1] -= times * y[1];
  }
  for (; i < n; i++) to[i] -= times * from[i];
}

DSP_LANES static void scale(double *x, double by, size_t n) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) *(dsp_lanes *)(x + i) *= by;
  for (; i < n; i++) x[i] *= by;
}

double dsp_dot(const double *a, const double *b, size_t n) {
  return dot(a, b, n);
}

void dsp_subtract(double *restrict to, const double *restrict from, double times, size_t n) {
  subtract(to, from, times, n);
}

void dsp_scale(double *x, double by, size_t n) {
  scale(x, by, n);
}
