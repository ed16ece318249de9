/* SPDX-License-Identifier: GPL-3.0-or-later
 * Zero-phase filtering with a cascade of second-order sections: forward, then backward, from the steady state of the first value.
 *
 * Method: transposed direct form II, y = b0 x + z0; z0 = b1 x - a1 y + z1; z1 = b2 x - a2 y, all sections of a sample before the next
 * sample so that the states stay in registers. Both ends are continued by point reflection (2 x[0] - x[i]) over 3 filter lengths; the
 * initial state of each pass is the steady state for its first value. Sources: F. Gustafsson, IEEE Trans. Signal Process. 44 (1996) 988;
 * the order of every operation is that of scipy.signal.sosfiltfilt, so results are the same bits wherever products are not contracted into
 * sums. The backward pass runs in place from the end: no copies, no allocation. */
#include <dsp/filter.h>
#include <math.h>
#include <string.h>

enum { GROUP = 4, PAD_MAX = 3 * (2 * DSP_SOS_MAX + 1) };

#if defined(__clang__)
#define UNROLL /* clang unrolls constant loops of this size by itself */
#else
#define UNROLL _Pragma("GCC unroll 4")
#endif

typedef double state[DSP_SOS_MAX][2];

/** One pass of `sections` (a constant after inlining) over n samples that lie `step` apart. to may be from. */
static inline void cascade(const double (*s)[6], double (*z)[2], double *to, const double *from, size_t n, ptrdiff_t step,
                           size_t sections) {
  double c[GROUP][5], w[GROUP][2];
  UNROLL
  for (size_t k = 0; k < sections; k++) {
    c[k][0] = s[k][0];
    c[k][1] = s[k][1];
    c[k][2] = s[k][2];
    c[k][3] = s[k][4];
    c[k][4] = s[k][5];
    w[k][0] = z[k][0];
    w[k][1] = z[k][1];
  }
  for (size_t i = 0; i < n; i++, from += step, to += step) {
    double v = *from;
    UNROLL
    for (size_t k = 0; k < sections; k++) {
      const double y = c[k][0] * v + w[k][0];
      w[k][0] = c[k][1] * v - c[k][3] * y + w[k][1];
      w[k][1] = c[k][2] * v - c[k][4] * y;
      v = y;
    }
    *to = v;
  }
  UNROLL
  for (size_t k = 0; k < sections; k++) {
    z[k][0] = w[k][0];
    z[k][1] = w[k][1];
  }
}

/** All sections over one stretch, in groups that fit the registers; the state goes on in z. */
static void run(const dsp_sos *sos, state z, double *to, const double *from, size_t n, ptrdiff_t step) {
  for (size_t k = 0; k < sos->n; k += GROUP) {
    const size_t left = sos->n - k;
    switch (left < GROUP ? left : GROUP) {
    case 1:
      cascade(&sos->s[k], &z[k], to, from, n, step, 1);
      break;
    case 2:
      cascade(&sos->s[k], &z[k], to, from, n, step, 2);
      break;
    case 3:
      cascade(&sos->s[k], &z[k], to, from, n, step, 3);
      break;
    default:
      cascade(&sos->s[k], &z[k], to, from, n, step, GROUP);
      break;
    }
    from = to;
  }
}

/** State of every section after an endless input of 1: per section the 2 x 2 system solved by elimination with the larger pivot and its
 * reciprocal, which is what LAPACK does and therefore the reference's last bit. */
static void steady_state(const dsp_sos *sos, state z) {
  double scale = 1.0;
  for (size_t k = 0; k < sos->n; k++) {
    const double *s = sos->s[k];
    double a00 = 1.0 + s[4], a01 = -1.0, a10 = s[5], a11 = 1.0;
    double r0 = s[1] - s[4] * s[0], r1 = s[2] - s[5] * s[0];
    if (fabs(a10) > fabs(a00)) {
      const double t0 = a00, t1 = a01, t2 = r0;
      a00 = a10, a01 = a11, r0 = r1;
      a10 = t0, a11 = t1, r1 = t2;
    }
    const double l = a10 * (1.0 / a00);
    const double z1 = (r1 - l * r0) / (a11 - l * a01);
    z[k][0] = scale * ((r0 - a01 * z1) / a00);
    z[k][1] = scale * z1;
    scale *= (s[0] + s[1] + s[2]) / (s[3] + s[4] + s[5]);
  }
}

static void scaled(state to, const state from, double by, size_t n) {
  for (size_t k = 0; k < n; k++) {
    to[k][0] = from[k][0] * by;
    to[k][1] = from[k][1] * by;
  }
}

size_t dsp_sosfiltfilt_padlen(const dsp_sos *sos) {
  size_t no_b2 = 0, no_a2 = 0;
  for (size_t k = 0; k < sos->n; k++) {
    no_b2 += sos->s[k][2] == 0.0;
    no_a2 += sos->s[k][5] == 0.0;
  }
  return 3 * (2 * sos->n + 1 - (no_b2 < no_a2 ? no_b2 : no_a2));
}

dsp_status dsp_sosfiltfilt(const dsp_sos *sos, double *y, const double *x, size_t n, dsp_error *error) {
  const size_t pad = dsp_sosfiltfilt_padlen(sos);
  if (n <= pad)
    return dsp_fail(error, DSP_BAD_INPUT, "zero-phase filter", "more samples than its edge extension", "%zu samples, extension %zu", n,
                    pad);

  double left[PAD_MAX] = {0.0}, right[PAD_MAX] = {0.0};
  for (size_t i = 0; i < pad; i++) {
    left[i] = 2.0 * x[0] - x[pad - i];
    right[i] = 2.0 * x[n - 1] - x[n - 2 - i];
  }
  state steady = {{0}}, z;
  steady_state(sos, steady);

  scaled(z, (const double(*)[2])steady, left[0], sos->n);
  run(sos, z, left, left, pad, 1);
  run(sos, z, y, x, n, 1);
  run(sos, z, right, right, pad, 1);

  /* a sample that is not finite stays in the states for ever, so the last output tells of all */
  const double last = right[pad - 1];
  if (!isfinite(last))
    return dsp_fail(error, DSP_BAD_INPUT, "zero-phase filter", "finite samples and a stable filter", "a result that is not finite");

  scaled(z, (const double(*)[2])steady, last, sos->n);
  run(sos, z, &right[pad - 1], &right[pad - 1], pad, -1);
  run(sos, z, &y[n - 1], &y[n - 1], n, -1);
  return DSP_OK;
}
