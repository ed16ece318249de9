/* SPDX-License-Identifier: GPL-3.0-or-later
 * Digital Butterworth filters as second-order sections.
 *
 * Method: analogue prototype with poles on the unit circle, cut-offs pre-warped by 4 tan(pi f / fs), the classical low-pass to
 * low/high/band-pass/band-stop substitutions on poles and zeros, the bilinear transform, then sections: the pole nearest the unit circle
 * goes last and takes the zero nearest to it. Never a polynomial above order 2, so narrow filters keep their digits.
 * Sources: A. Oppenheim, R. Schafer, Discrete-Time Signal Processing, ch. 7; the pairing rule is the one that scipy.signal.zpk2sos
 * documents
 * ("nearest"), so that designs agree with scipy.signal.butter to rounding. */
#include <complex.h>
#include <dsp/filter.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROOTS_MAX = 2 * DSP_SOS_MAX };

/** Roots of one side of a transfer function, both members of each conjugate pair. */
typedef struct roots {
  size_t n;
  double complex at[ROOTS_MAX];
} roots;

typedef struct zpk {
  roots z, p;
  double k;
} zpk;

/** re + i im without the products that would turn signed zeros; clang 14 has no CMPLX for glibc. */
static double complex make(double re, double im) {
  const union {
    double part[2];
    double complex whole;
  } c = {{re, im}};
  return c.whole;
}

/** Smith's division: no overflow and conjugate symmetric to the last bit, which keeps pairs exact. */
static double complex divide(double complex a, double complex b) {
  const double ar = creal(a), ai = cimag(a), br = creal(b), bi = cimag(b);
  if (fabs(br) >= fabs(bi)) {
    const double ratio = bi / br, scale = 1.0 / (br + bi * ratio);
    return make((ar + ai * ratio) * scale, (ai - ar * ratio) * scale);
  }
  const double ratio = br / bi, scale = 1.0 / (bi + br * ratio);
  return make((ar * ratio + ai) * scale, (ai * ratio - ar) * scale);
}

static double complex product(const roots *r, double offset) {
  double complex all = 1.0;
  for (size_t i = 0; i < r->n; i++) all *= offset - r->at[i];
  return all;
}

static void add(roots *r, double complex at) {
  r->at[r->n++] = at;
}

static zpk prototype(unsigned order) {
  zpk f = {.k = 1.0};
  for (unsigned i = 0; i < order; i++) {
    const double m = 2.0 * i + 1.0 - order;
    add(&f.p, m == 0.0 ? -1.0 : -cexp(make(0.0, M_PI * m / (2.0 * order))));
  }
  return f;
}

static void to_lowpass(zpk *f, double wo) {
  for (size_t i = 0; i < f->p.n; i++) f->p.at[i] *= wo;
  f->k *= pow(wo, (double)f->p.n);
}

static void to_highpass(zpk *f, double wo) {
  f->k *= creal(divide(1.0, product(&f->p, 0.0)));
  for (size_t i = 0; i < f->p.n; i++) {
    f->p.at[i] = divide(wo, f->p.at[i]);
    add(&f->z, 0.0);
  }
}

/** Every root r of the prototype, already scaled to the bandwidth, becomes r +- sqrt(r^2 - wo^2). */
static void split(roots *r, double wo) {
  const size_t n = r->n;
  for (size_t i = 0; i < n; i++) {
    const double complex c = r->at[i], s = csqrt(c * c - wo * wo);
    r->at[i] = c + s;
    r->at[n + i] = c - s;
  }
  r->n = 2 * n;
}

static void to_bandpass(zpk *f, double wo, double bw) {
  const size_t order = f->p.n;
  for (size_t i = 0; i < order; i++) f->p.at[i] *= bw / 2.0;
  split(&f->p, wo);
  for (size_t i = 0; i < order; i++) add(&f->z, 0.0);
  f->k *= pow(bw, (double)order);
}

static void to_bandstop(zpk *f, double wo, double bw) {
  const size_t order = f->p.n;
  f->k *= creal(divide(1.0, product(&f->p, 0.0)));
  for (size_t i = 0; i < order; i++) f->p.at[i] = divide(bw / 2.0, f->p.at[i]);
  split(&f->p, wo);
  for (size_t i = 0; i < order; i++) {
    add(&f->z, make(0.0, wo));
    add(&f->z, make(0.0, -wo));
  }
}

/** z = (4 + s) / (4 - s): the bilinear transform at a sampling rate of 2, zeros at infinity to Nyquist. */
static void bilinear(zpk *f) {
  f->k *= creal(divide(product(&f->z, 4.0), product(&f->p, 4.0)));
  for (size_t i = 0; i < f->z.n; i++) f->z.at[i] = divide(4.0 + f->z.at[i], 4.0 - f->z.at[i]);
  for (size_t i = 0; i < f->p.n; i++) f->p.at[i] = divide(4.0 + f->p.at[i], 4.0 - f->p.at[i]);
  while (f->z.n < f->p.n) add(&f->z, -1.0);
}

static bool is_real(double complex c) {
  return cimag(c) == 0.0;
}

/** Complex before real, then by real part, then by imaginary part: the order in which equal candidates are taken. */
static int by_place(const void *left, const void *right) {
  const double complex a = *(const double complex *)left, b = *(const double complex *)right;
  if (is_real(a) != is_real(b)) return is_real(a) ? 1 : -1;
  if (creal(a) < creal(b) || creal(a) > creal(b)) return creal(a) < creal(b) ? -1 : 1;
  return (cimag(a) > cimag(b)) - (cimag(a) < cimag(b));
}

/** Keep one root of each conjugate pair; a root whose imaginary part is rounding becomes real. */
static void halve(roots *r) {
  size_t kept = 0;
  for (size_t i = 0; i < r->n; i++) {
    const double complex c = r->at[i];
    if (fabs(cimag(c)) <= 100.0 * 0x1p-52 * cabs(c))
      r->at[kept++] = creal(c);
    else if (cimag(c) > 0.0)
      r->at[kept++] = c;
  }
  r->n = kept;
  qsort(r->at, r->n, sizeof r->at[0], by_place);
}

static double complex take(roots *r, size_t i) {
  const double complex taken = r->at[i];
  memmove(&r->at[i], &r->at[i + 1], (r->n - i - 1) * sizeof r->at[0]);
  r->n--;
  return taken;
}

static size_t count_real(const roots *r) {
  size_t n = 0;
  for (size_t i = 0; i < r->n; i++) n += is_real(r->at[i]);
  return n;
}

typedef enum kind { REAL, COMPLEX, ANY } kind;

static bool is_kind(double complex c, kind wanted) {
  return wanted == ANY || is_real(c) == (wanted == REAL);
}

/** Take the root of the wanted kind that is nearest to `to`; the first of equals. */
static double complex take_nearest(roots *r, double complex to, kind wanted) {
  size_t best = 0;
  double least = (double)INFINITY;
  for (size_t i = 0; i < r->n; i++) {
    const double d = cabs(r->at[i] - to);
    if (is_kind(r->at[i], wanted) && d < least) {
      least = d;
      best = i;
    }
  }
  return take(r, best);
}

/** Take the pole nearest to the unit circle. */
static double complex take_worst(roots *r, kind wanted) {
  size_t best = 0;
  double least = (double)INFINITY;
  for (size_t i = 0; i < r->n; i++) {
    const double d = fabs(1.0 - cabs(r->at[i]));
    if (is_kind(r->at[i], wanted) && d < least) {
      least = d;
      best = i;
    }
  }
  return take(r, best);
}

/** Coefficients of z^2 - (a + b) z + a b for two reals or one conjugate pair. */
static void quadratic(double *row, double complex a, double complex b) {
  row[0] = 1.0;
  row[1] = -creal(a) - creal(b);
  row[2] = creal(a * b);
}

static void to_sections(dsp_sos *sos, zpk *f) {
  if (f->p.n % 2 == 1) {
    add(&f->p, 0.0);
    add(&f->z, 0.0);
  }
  sos->n = f->p.n / 2;
  halve(&f->z);
  halve(&f->p);
  for (size_t i = sos->n; i-- > 0;) {
    const double complex p1 = take_worst(&f->p, ANY);
    const double complex p2 = is_real(p1) ? take_worst(&f->p, REAL) : conj(p1);
    /* one real pole and one real zero left over must meet later: a complex pole may not take that zero now */
    const bool spare = !is_real(p1) && count_real(&f->p) == 1 && count_real(&f->z) == 1;
    const double complex z1 = take_nearest(&f->z, p1, spare ? COMPLEX : ANY);
    const double complex z2 = is_real(z1) ? take_nearest(&f->z, p1, REAL) : conj(z1);
    quadratic(&sos->s[i][0], z1, z2);
    quadratic(&sos->s[i][3], p1, p2);
  }
  for (size_t j = 0; j < 3; j++) sos->s[0][j] *= f->k;
}

dsp_status dsp_butter(dsp_sos *sos, unsigned order, dsp_band band, double lo_hz, double hi_hz, double rate_hz, dsp_error *error) {
  const bool two = band == DSP_BANDPASS || band == DSP_BANDSTOP;
  const double nyquist_hz = rate_hz / 2.0;
  if (order < 1 || order * (two ? 2U : 1U) > ROOTS_MAX)
    return dsp_fail(error, DSP_BAD_OPTION, "filter order", two ? "1 to 16 for a band" : "1 to 32", "%u", order);
  if (!(lo_hz > 0.0) || !(lo_hz < nyquist_hz) || !isfinite(rate_hz))
    return dsp_fail(error, DSP_BAD_OPTION, "cut-off frequency", "above 0 and below half the sampling rate", "%g Hz at %g Hz", lo_hz,
                    rate_hz);
  if (two && (!(hi_hz > lo_hz) || !(hi_hz < nyquist_hz)))
    return dsp_fail(error, DSP_BAD_OPTION, "upper cut-off frequency", "above the lower and below half the sampling rate", "%g Hz at %g Hz",
                    hi_hz, rate_hz);

  const double lo = 4.0 * tan(M_PI * (lo_hz / nyquist_hz) / 2.0);
  const double hi = two ? 4.0 * tan(M_PI * (hi_hz / nyquist_hz) / 2.0) : 0.0;
  zpk f = prototype(order);
  switch (band) {
  case DSP_LOWPASS:
    to_lowpass(&f, lo);
    break;
  case DSP_HIGHPASS:
    to_highpass(&f, lo);
    break;
  case DSP_BANDPASS:
    to_bandpass(&f, sqrt(lo * hi), hi - lo);
    break;
  case DSP_BANDSTOP:
    to_bandstop(&f, sqrt(lo * hi), hi - lo);
    break;
  }
  bilinear(&f);
  *sos = (dsp_sos){0};
  to_sections(sos, &f);
  return DSP_OK;
}
