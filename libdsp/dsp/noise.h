/* SPDX-License-Identifier: GPL-3.0-or-later
 * Coloured noise and regression under it. Breathing, vasomotion and pulse are noise to a level or a slope, and neighbouring samples share
 * them: an autoregressive model learnt at rest whitens them, so that estimates use their phase and standard errors stay honest. */
#ifndef DSP_NOISE_H
#define DSP_NOISE_H

#include <dsp/status.h>
#include <stddef.h>

#define DSP_NOISE_ORDER_MAX 48

/** An autoregressive model of every order up to `order`: x[t] is predicted by sum_j predictor[m-1][j] x[t-1-j] from the m samples before
 * it, with standard deviation sd[m] in the unit of the samples. */
typedef struct dsp_noise {
  size_t order;
  double sd[DSP_NOISE_ORDER_MAX + 1];
  double predictor[DSP_NOISE_ORDER_MAX][DSP_NOISE_ORDER_MAX];
} dsp_noise;

/** One stretch of residuals, free of trend, borrowed. */
typedef struct dsp_stretch {
  const double *x;
  size_t n;
} dsp_stretch;

/** Fit by the Levinson recursion on the pooled autocovariance, order by the corrected Akaike criterion up to `order_max` and a sixth of the
 * longest stretch. `floor_sd` > 0 is a white part that is always there (a converter's step). No data gives white noise of `floor_sd`. */
DSP_API void dsp_noise_fit(dsp_noise *noise, const dsp_stretch *stretches, size_t n_stretches, size_t order_max, double floor_sd);

/** Autocovariance at 0 .. lags - 1 samples. */
DSP_API void dsp_noise_autocovariance(double *r, size_t lags, const dsp_noise *noise);

/** Generalised least squares of `n` samples y on `k` columns (design(i, j) at design[j * n + i]). Samples with ok = 0 (ok may be NULL) are
 * left out: short inner gaps as unknowns, so that the noise is known across them; long ones start anew. coef: k values; cov: k x k,
 * scaled by *variance (whitened residual variance, 1 when the model is right, never taken below `least_variance`).
 * DSP_NO_SOLUTION when fewer than k + 4 samples remain or columns depend on each other. */
DSP_API DSP_MUST_USE dsp_status dsp_noise_regress(const dsp_noise *noise, double *coef, double *cov, double *variance, const double *y,
                                                  const unsigned char *ok, size_t n, const double *design, size_t k, double least_variance);

/** Many regressions that share y and most columns: which further columns explain y best? The shared part is whitened and factored once. */
typedef struct dsp_noise_trials dsp_noise_trials;

/** Arguments as of dsp_noise_regress; `noise` is borrowed; up to `most` columns may be added to the `k`. DSP_NO_SOLUTION when fewer than
 * k + most + 4 samples remain or columns depend on each other. */
DSP_API DSP_MUST_USE dsp_status dsp_noise_trials_new(dsp_noise_trials **made, const dsp_noise *noise, const double *y,
                                                     const unsigned char *ok, size_t n, const double *design, size_t k, size_t most);
DSP_API void dsp_noise_trials_free(dsp_noise_trials *trials); /**< NULL is legal */

/** Sum of squared whitened residuals with `k` columns of n values added (none: NULL), as dsp_noise_regress would leave it but for rounding;
 * NaN when one of them depends on the others. */
DSP_API double dsp_noise_trial(dsp_noise_trials *trials, const double *more, size_t k);

#endif
