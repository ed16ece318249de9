/* SPDX-License-Identifier: GPL-3.0-or-later
 * Coloured noise: Burg's autoregression (J. P. Burg, thesis, Stanford 1975) pooled over stretches, and regression on samples whitened by
 * it. The start of a run uses the lower-order predictors of the Levinson recursion, so that the likelihood is exact and nothing is thrown
 * away. */
#include <dsp/noise.h>

#include <assert.h>
#include <core/lanes.h>
#include <dsp/fit.h>
#include <dsp/memory.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void white(dsp_noise *noise, double sd) {
  memset(noise, 0, sizeof *noise);
  noise->sd[0] = sd;
}

/* Add to r[0 .. 3] the sums at `lag` and the three next: side by side, each in the order of the samples. */
DSP_LANES static void four_lags(double *r, const double *x, size_t n, size_t lag) {
  double first[4] = {r[0], r[1], r[2], r[3]};
  for (size_t i = lag; i < lag + 3; i++)
    for (size_t k = 0; k <= i - lag; k++) first[k] += x[i] * x[i - lag - k];
  dsp_lanes sum = {first[3], first[2], first[1], first[0]};
  for (size_t i = lag + 3; i < n; i++) sum += x[i] * *(const dsp_lanes *)(x + i - lag - 3);
  for (size_t k = 0; k < 4; k++) r[k] = sum[3 - k];
}

/* Pooled biased autocovariance up to `order`: always that of some process. Returns the samples behind it. */
static size_t autocovariance(double *r, const dsp_stretch *stretches, size_t n_stretches, size_t order) {
  size_t total = 0;
  memset(r, 0, (order + 1) * sizeof *r);
  for (size_t s = 0; s < n_stretches; s++) {
    const double *x = stretches[s].x;
    for (size_t lag = 0; lag <= order && lag < stretches[s].n;) {
      if (lag + 3 <= order && lag + 3 < stretches[s].n) {
        four_lags(r + lag, x, stretches[s].n, lag);
        lag += 4;
        continue;
      }
      for (size_t i = lag; i < stretches[s].n; i++) r[lag] += x[i] * x[i - lag];
      lag++;
    }
    total += stretches[s].n;
  }
  for (size_t lag = 0; lag <= order && total; lag++) r[lag] /= (double)total;
  return total;
}

/* Levinson: predictor of order m from that of order m - 1. */
static void extend(dsp_noise *noise, const double *r, size_t m) {
  const double *before = m > 1 ? noise->predictor[m - 2] : NULL;
  double *now = noise->predictor[m - 1], k = r[m];
  for (size_t j = 0; j + 1 < m; j++) k -= before[j] * r[m - 1 - j];
  k /= noise->sd[m - 1] * noise->sd[m - 1];
  for (size_t j = 0; j + 1 < m; j++) now[j] = before[j] - k * before[m - 2 - j];
  now[m - 1] = k;
  noise->sd[m] = noise->sd[m - 1] * sqrt(fmax(1e-12, 1 - k * k));
}

void dsp_noise_fit(dsp_noise *noise, const dsp_stretch *stretches, size_t n_stretches, size_t order_max, double floor_sd) {
  static const double nugget = 2e-3; /* share of the power taken as white, so that no trend left over passes for noise */
  double r[DSP_NOISE_ORDER_MAX + 1];
  size_t longest = 0;
  for (size_t s = 0; s < n_stretches; s++) longest = stretches[s].n > longest ? stretches[s].n : longest;
  size_t limit = longest / 6 < order_max ? longest / 6 : order_max;
  if (limit > DSP_NOISE_ORDER_MAX) limit = DSP_NOISE_ORDER_MAX;
  const double n = (double)autocovariance(r, stretches, n_stretches, limit);
  r[0] = r[0] * (1 + nugget) + floor_sd * floor_sd;
  white(noise, sqrt(r[0]));
  double best = n * log(r[0]);
  for (size_t m = 1; m <= limit; m++) {
    extend(noise, r, m);
    const double criterion = n * log(noise->sd[m] * noise->sd[m]) + 2 * (double)m * n / (n - (double)m - 2);
    if (criterion < best) {
      best = criterion;
      noise->order = m;
    }
  }
}

/* y[t] scale - sum_j a[j] y[t-1-j] for n samples; `order` samples lie before y. A block of samples stays in registers while all lags pass
 * over it. */
DSP_LANES static void predict(double *restrict out, const double *restrict y, size_t n, const double *a, size_t order, double scale) {
  size_t t = 0;
  for (; t + 16 <= n; t += 16) {
    const dsp_lanes *now = (const dsp_lanes *)(y + t);
    dsp_lanes e0 = now[0] * scale, e1 = now[1] * scale, e2 = now[2] * scale, e3 = now[3] * scale;
    for (size_t j = 0; j < order; j++) {
      const dsp_lanes *past = (const dsp_lanes *)(y + t - 1 - j);
      e0 -= a[j] * past[0];
      e1 -= a[j] * past[1];
      e2 -= a[j] * past[2];
      e3 -= a[j] * past[3];
    }
    dsp_lanes *to = (dsp_lanes *)(out + t);
    to[0] = e0, to[1] = e1, to[2] = e2, to[3] = e3;
  }
  for (; t < n; t++) {
    out[t] = y[t] * scale;
    for (size_t j = 0; j < order; j++) out[t] -= a[j] * *(y + t - 1 - j);
  }
}

/* Are all values of a block 0, of either sign? */
enum { BLOCK = 16 };
DSP_LANES static bool is_zero_block(const double *y) {
  typedef uint64_t words __attribute__((vector_size(32), aligned(8), may_alias));
  const words *w = (const void *)y, any = (w[0] | w[1]) | (w[2] | w[3]);
  return ((any[0] | any[1] | any[2] | any[3]) << 1) == 0;
}

/* The predictors as the loops want them: of every order at one lag side by side for a run's first samples, and scaled for the rest. */
enum { LANES = 4, ROW = DSP_NOISE_ORDER_MAX + LANES };
typedef struct whitener {
  const dsp_noise *noise;
  double at_lag[DSP_NOISE_ORDER_MAX + LANES][ROW]; /* [j][t]: sample t's predictor at lag j + 1, 0 where it reaches no further */
  double sd[ROW], a[DSP_NOISE_ORDER_MAX], scale;
} whitener;

static void whitener_make(whitener *w, const dsp_noise *noise) {
  const size_t order = noise->order;
  memset(w, 0, sizeof *w);
  w->noise = noise;
  w->scale = 1 / noise->sd[order];
  for (size_t t = 0; t < ROW; t++) w->sd[t] = t < order ? noise->sd[t] : 1;
  for (size_t t = 1; t < order; t++)
    for (size_t j = 0; j < t; j++) w->at_lag[j][t] = noise->predictor[t - 1][j];
  for (size_t j = 0; j < order; j++) w->a[j] = noise->predictor[order - 1][j] * w->scale;
}

/* A run's first `n` samples, up to the order, each predicted by all that lie before it. */
DSP_LANES static void begin_run(double *out, const whitener *w, const double *y, size_t n) {
  double led[ROW + LANES] = {0}, whitened[ROW] = {0};
  memcpy(led + LANES, y, n * sizeof *y);
  for (size_t t = 0; t < n; t += LANES) {
    const double *now = led + LANES + t;
    dsp_lanes e = *(const dsp_lanes *)now;
    for (size_t j = 0; j + 1 < t + LANES; j++) e -= *(const dsp_lanes *)(w->at_lag[j] + t) * *(const dsp_lanes *)(now - 1 - j);
    *(dsp_lanes *)(whitened + t) = e / *(const dsp_lanes *)(w->sd + t);
  }
  memcpy(out, whitened, n * sizeof *out);
}

/* Whiten one run of samples. Columns of a design are often 0 over most of it: so is then what they are whitened to. */
static void whiten_run(double *out, const whitener *w, const double *y, size_t n) {
  const size_t order = w->noise->order, start = n < order ? n : order;
  size_t first = 0, end = n;
  while (first + BLOCK <= n && is_zero_block(y + first)) first += BLOCK;
  while (first < n && y[first] == 0) first++;
  while (end >= first + BLOCK && is_zero_block(y + end - BLOCK)) end -= BLOCK;
  while (end > first && y[end - 1] == 0) end--;
  if (first < start)
    begin_run(out, w, y, start);
  else
    memset(out, 0, start * sizeof *out);
  const size_t from = first > start ? first : start, reach = first < end ? end + order : 0, to = reach < n ? reach : n;
  for (size_t t = start; t < from; t++) out[t] = 0;
  if (to > from) predict(out + from, y + from, to - from, w->a, order, w->scale);
  for (size_t t = to > from ? to : from; t < n; t++) out[t] = 0;
}

/* Whiten the samples with use[i] set into out, run by run. */
static void whiten(double *out, const whitener *w, const double *y, const unsigned char *use, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const unsigned char *stop = memchr(use + i, 0, n - i);
    const size_t end = stop ? (size_t)(stop - use) : n;
    if (end > i) whiten_run(out, w, y + i, end - i);
    out += end - i;
    i = end;
  }
}

enum { UNKNOWNS_MAX = 24 /* missing samples that are carried as unknowns */, COLUMNS_MAX = 12 + UNKNOWNS_MAX };

/* Mark the samples to use, and list those inner missing ones that are carried as unknowns. */
static size_t plan_rows(unsigned char *use, size_t *unknown, const dsp_noise *noise, const unsigned char *ok, size_t n) {
  size_t n_unknown = 0;
  if (!ok) {
    memset(use, 1, n);
    return 0;
  }
  memcpy(use, ok, n);
  for (size_t i = 1; i < n; i++) {
    if (ok[i] || !ok[i - 1]) continue;
    size_t end = i;
    while (end < n && !ok[end]) end++;
    if (end < n && end - i <= noise->order && n_unknown + (end - i) <= UNKNOWNS_MAX)
      for (size_t t = i; t < end; t++) {
        use[t] = 1;
        unknown[n_unknown++] = t;
      }
    i = end;
  }
  return n_unknown;
}

/** Columns and samples after whitening, `rows` values each. */
typedef struct whitened {
  whitener by;
  unsigned char *use; /**< n: samples that count */
  double *columns;    /**< the `k` given ones, those for unknown samples, room for `more` */
  double *y;          /**< behind them */
  size_t rows, cols;
} whitened;

static void whitened_clear(whitened *w) {
  free(w->use);
  free(w->columns);
  w->use = NULL;
  w->columns = NULL;
}

/** DSP_NO_SOLUTION when too few samples are left for the columns and `more` further ones. */
static dsp_status whitened_make(whitened *w, const dsp_noise *noise, const double *y, const unsigned char *ok, size_t n,
                                const double *design, size_t k, size_t more) {
  size_t unknown[UNKNOWNS_MAX];
  double *impulse = dsp_zalloc(n, sizeof *impulse);
  whitener_make(&w->by, noise);
  w->rows = w->cols = 0;
  w->y = NULL;
  w->use = dsp_alloc(n, 1);
  w->columns = dsp_alloc(n, (k + UNKNOWNS_MAX + more + 1) * sizeof *w->columns);
  dsp_status status = impulse && w->use && w->columns ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) {
    const size_t n_unknown = plan_rows(w->use, unknown, noise, ok, n);
    w->cols = k + n_unknown;
    for (size_t i = 0; i < n; i++) w->rows += w->use[i];
    w->y = w->columns + (w->cols + more) * w->rows;
    if (w->rows < w->cols + more + 4) status = DSP_NO_SOLUTION;
    for (size_t j = 0; status == DSP_OK && j < k; j++) whiten(w->columns + j * w->rows, &w->by, design + j * n, w->use, n);
    for (size_t u = 0; status == DSP_OK && u < n_unknown; u++) {
      impulse[unknown[u]] = 1;
      whiten(w->columns + (k + u) * w->rows, &w->by, impulse, w->use, n);
      impulse[unknown[u]] = 0;
    }
    if (status == DSP_OK) whiten(w->y, &w->by, y, w->use, n);
  }
  free(impulse);
  if (status != DSP_OK) whitened_clear(w);
  return status;
}

dsp_status dsp_noise_regress(const dsp_noise *noise, double *coef, double *cov, double *variance, const double *y, const unsigned char *ok,
                             size_t n, const double *design, size_t k, double least_variance) {
  whitened w;
  dsp_status status = whitened_make(&w, noise, y, ok, n, design, k, 0);
  if (status != DSP_OK) return status;
  double *all_coef = dsp_alloc(w.cols, sizeof *all_coef), *all_cov = dsp_alloc(w.cols * w.cols, sizeof *all_cov);
  status = DSP_NO_MEMORY;
  if (all_coef && all_cov) {
    dsp_lsq info;
    status = dsp_least_squares(all_coef, all_cov, &info, w.columns, w.rows, w.cols, w.y, NULL, NULL);
    if (status == DSP_OK && info.rank < w.cols) status = DSP_NO_SOLUTION;
    if (status == DSP_OK) {
      const double inflate = info.variance < least_variance ? least_variance / fmax(info.variance, 1e-300) : 1;
      *variance = fmax(info.variance, least_variance);
      memcpy(coef, all_coef, k * sizeof *coef);
      for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < k; i++) cov[j * k + i] = all_cov[j * w.cols + i] * inflate;
    }
  }
  whitened_clear(&w);
  free(all_coef);
  free(all_cov);
  return status == DSP_OK || status == DSP_NO_MEMORY ? status : DSP_NO_SOLUTION;
}

struct dsp_noise_trials {
  whitened w; /**< columns orthonormal, y what they leave of it */
  size_t n, most;
  double rss;
};

/* What the first `k` of `basis` leave of x: taken away twice, since once leaves the rounding of what was taken. Made of length 1; false for
 * a combination of the others. */
static bool orthonormalise(double *x, const double *basis, size_t k, size_t rows) {
  const double before = sqrt(dsp_dot(x, x, rows));
  for (int pass = 0; pass < 2; pass++)
    for (size_t j = 0; j < k; j++) dsp_subtract(x, basis + j * rows, dsp_dot(x, basis + j * rows, rows), rows);
  const double length = sqrt(dsp_dot(x, x, rows));
  if (!(length > (double)rows * DBL_EPSILON * before && length < INFINITY)) return false;
  dsp_scale(x, 1 / length, rows);
  return true;
}

dsp_status dsp_noise_trials_new(dsp_noise_trials **made, const dsp_noise *noise, const double *y, const unsigned char *ok, size_t n,
                                const double *design, size_t k, size_t most) {
  dsp_noise_trials *trials = dsp_zalloc(1, sizeof *trials);
  *made = NULL;
  if (!trials) return DSP_NO_MEMORY;
  trials->n = n;
  trials->most = most;
  whitened *w = &trials->w;
  dsp_status status = whitened_make(w, noise, y, ok, n, design, k, most);
  for (size_t j = 0; status == DSP_OK && j < w->cols; j++)
    if (!orthonormalise(w->columns + j * w->rows, w->columns, j, w->rows)) status = DSP_NO_SOLUTION;
  if (status != DSP_OK) {
    dsp_noise_trials_free(trials);
    return status;
  }
  for (size_t j = 0; j < w->cols; j++) {
    const double *q = w->columns + j * w->rows;
    dsp_subtract(w->y, q, dsp_dot(w->y, q, w->rows), w->rows);
  }
  trials->rss = dsp_dot(w->y, w->y, w->rows);
  *made = trials;
  return DSP_OK;
}

void dsp_noise_trials_free(dsp_noise_trials *trials) {
  if (trials) whitened_clear(&trials->w);
  free(trials);
}

/* The same one column after the other, each made orthogonal sample by sample: for columns that the sums below cannot tell apart. */
static double trial_by_columns(const dsp_noise_trials *trials, size_t k) {
  const whitened *w = &trials->w;
  double rss = trials->rss;
  for (size_t a = 0; a < k; a++) {
    double *x = w->columns + (w->cols + a) * w->rows;
    if (!orthonormalise(x, w->columns, w->cols + a, w->rows)) return (double)NAN;
    const double gain = dsp_dot(w->y, x, w->rows);
    rss -= gain * gain;
  }
  return rss;
}

/* What the shared columns, orthonormal, leave of the added ones is needed only in its products: with each other and with what is left of y.
 * A Cholesky step each; columns whose remainder is a difference of nearly equal sums take the long way round. */
double dsp_noise_trial(dsp_noise_trials *trials, const double *more, size_t k) {
  static const double digits = 1e-9;
  enum { ADDED_MAX = 4 };
  const whitened *w = &trials->w;
  double by_basis[ADDED_MAX][COLUMNS_MAX], factor[ADDED_MAX][ADDED_MAX], gain[ADDED_MAX], rss = trials->rss;
  assert(k <= trials->most);
  for (size_t a = 0; a < k; a++) whiten(w->columns + (w->cols + a) * w->rows, &w->by, more + a * trials->n, w->use, trials->n);
  if (k > ADDED_MAX || w->cols > COLUMNS_MAX) return trial_by_columns(trials, k);
  for (size_t a = 0; a < k; a++) {
    const double *x = w->columns + (w->cols + a) * w->rows;
    for (size_t j = 0; j < w->cols; j++) by_basis[a][j] = dsp_dot(x, w->columns + j * w->rows, w->rows);
    gain[a] = dsp_dot(w->y, x, w->rows);
    for (size_t b = 0; b <= a; b++) {
      const double whole = dsp_dot(x, w->columns + (w->cols + b) * w->rows, w->rows);
      double left = whole;
      for (size_t j = 0; j < w->cols; j++) left -= by_basis[a][j] * by_basis[b][j];
      for (size_t c = 0; c < b; c++) left -= factor[a][c] * factor[b][c];
      if (b == a && !(left > digits * whole)) return trial_by_columns(trials, k);
      factor[a][b] = b < a ? left / factor[b][b] : sqrt(left);
      if (b < a) gain[a] -= factor[a][b] * gain[b];
    }
    gain[a] /= factor[a][a];
    rss -= gain[a] * gain[a];
  }
  return rss;
}
