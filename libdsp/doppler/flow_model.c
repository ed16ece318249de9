/* SPDX-License-Identifier: GPL-3.0-or-later
 * How likely is each highest frequency of the blood's echo, given one power spectrum?
 *
 * Method: the echo is Gaussian noise, so a spectral value is exponential about its mean (Whittle's likelihood). Its mean is the background
 * plus the spectrum of a velocity profile v(r) = vmax (1 - (r/R)^n), whose velocities' frequencies have quantiles 1 - (1 - q)^(n/2), each
 * widened by window, transit time and spread. Templates for a ladder of highest frequencies and levels turn the ratio to "no flow" into one
 * sum of products a template. A floor a fixed distance below the usual echo stands for the skirts of the window, which the templates do not
 * have. Folding at the sampling rate is part of the template. */
#include <core/lanes.h>
#include <dsp/doppler.h>
#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 6, USUAL_LEVEL = 1, QUANTILES = 96, STEPS_MAX = 400, FRAMES = 4 /* a pass over the templates */ };

static const double lowest_hz = 16; /* of the ladder */
static const double level_step_db = 4, highest_level_db = 4;
static const double reach = 3.2; /* standard deviations of a velocity's width that a template covers */

typedef struct flow_template {
  size_t first, n; /**< support: offsets from the lowest signed bin that any template uses */
  float *weight;   /**< n values */
  float constant;  /**< sum of log(1 + echo / background) */
  float expected;  /**< log likelihood ratio to no flow that such flow gives on average */
} flow_template;

struct dsp_flow_model {
  size_t bins, steps, levels, below, width; /**< signed bins -below .. width - below - 1 */
  double hz_a_bin, evidence, mean_share;
  double *hz;               /**< the ladder */
  float *floor;             /**< background and skirts, width values */
  dsp_float_lanes *scaled;  /**< spectra over it: width values a lane, of which each spectrum has one for each direction */
  dsp_float_lanes *ratio;   /**< of the ladder, in the same lanes */
  flow_template *templates; /**< steps x levels */
};

void dsp_flow_model_free(dsp_flow_model *m) {
  if (!m) return;
  for (size_t i = 0; m->templates && i < m->steps * m->levels; i++) free(m->templates[i].weight);
  free(m->templates);
  free(m->hz);
  free(m->floor);
  free(m->scaled);
  free(m->ratio);
  free(m);
}

static size_t ladder(double *hz, const dsp_flow_setting *s) {
  size_t n = 0;
  for (double f = lowest_hz; f <= s->top_hz && n < STEPS_MAX; f += fmax(s->step_hz, s->step_part * f)) hz[n++] = f;
  return n;
}

/* Velocities of the profile as shares of the highest, each with the same share of the power. */
static void profile_quantiles(double *share, double profile) {
  for (int q = 0; q < QUANTILES; q++) share[q] = 1 - pow(1 - (q + 0.5) / QUANTILES, profile / 2);
}

/* Power density of one highest frequency, per Hz, at every signed bin. A normal curve's neighbouring values differ by a factor that itself
 * changes by a constant one. */
static void shape_at(double *density, const dsp_flow_model *m, const dsp_flow_shape *shape, const double *share, double highest_hz) {
  for (size_t i = 0; i < m->width; i++) density[i] = 0;
  for (int q = 0; q < QUANTILES; q++) {
    const double f = highest_hz * share[q];
    const double wide = shape->width_part * f, sd = sqrt(shape->width_hz * shape->width_hz + wide * wide), step = m->hz_a_bin / sd;
    const double middle = f / m->hz_a_bin + (double)m->below, half = reach / step;
    const long low = lround(ceil(middle - half)), to = lround(floor(middle + half)), from = low < 0 ? 0 : low;
    const double x = ((double)from - middle) * step, bend = exp(-step * step);
    double value = exp(-0.5 * x * x) / (QUANTILES * sd * sqrt(2 * M_PI)), factor = exp(-step * (x + 0.5 * step));
    for (long i = from; i <= to && i < (long)m->width; i++) {
      density[i] += value;
      value *= factor;
      factor *= bend;
    }
  }
}

static dsp_status make_template(flow_template *t, const dsp_flow_model *m, const double *density, double power, double fill) {
  static const double large = 1e100;
  size_t first = m->width, end = 0;
  for (size_t i = 0; i < m->width; i++)
    if (density[i] * power > 0.01 * (double)m->floor[i]) {
      if (first == m->width) first = i;
      end = i + 1;
    }
  t->first = first < end ? first : 0;
  t->n = first < end ? end - first : 0;
  t->weight = dsp_alloc(t->n, sizeof *t->weight);
  if (!t->weight) return DSP_NO_MEMORY;
  double constant = 0, expected = 0, filled = 0, product = 1; /* a sum of logarithms is that of a product */
  for (size_t i = 0; i < t->n; i++) {
    const double ratio = density[first + i] * power / (double)m->floor[first + i];
    t->weight[i] = (float)(m->evidence * ratio / (1 + ratio));
    product *= 1 + ratio;
    if (product > large) constant += log(product), product = 1;
    filled += ratio / (1 + ratio) * fill / (double)m->floor[first + i];
    expected += ratio;
  }
  constant = m->evidence * (constant + log(product));
  t->constant = (float)(constant - m->evidence * filled);
  t->expected = (float)(m->evidence * expected - constant);
  return DSP_OK;
}

/* In every spectrum a steady model takes them as filled up to the floor. How the echo's edge falls far below its top depends on the beam,
 * so it may neither count for nor against a template; and where spectra are not filled, a floor above them pulls edges down. */
static double skirts_of(const dsp_flow_setting *setting) {
  return setting->power * setting->rate_hz / setting->skirts_hz * pow(10, setting->skirts_db / 10);
}

static dsp_status make_templates(dsp_flow_model *m, const dsp_flow_setting *setting) {
  double *density = dsp_alloc(m->width, sizeof *density), share[QUANTILES];
  if (!density) return DSP_NO_MEMORY;
  profile_quantiles(share, setting->shape.profile);
  dsp_status status = DSP_OK;
  for (size_t j = 0; j < m->steps && status == DSP_OK; j++) {
    shape_at(density, m, &setting->shape, share, m->hz[j]);
    for (size_t l = 0; l < m->levels && status == DSP_OK; l++) {
      const double db = setting->steady ? setting->level_db : highest_level_db - level_step_db * (double)l;
      status = make_template(&m->templates[j * m->levels + l], m, density, setting->power * setting->rate_hz * pow(10, db / 10),
                             setting->steady ? skirts_of(setting) : 0);
    }
  }
  free(density);
  return status;
}

/* Bin of the spectrum (lowest frequency first) that signed bin `i` folds to. */
static size_t folded(const dsp_flow_model *m, size_t i, bool negative) {
  const long bins = (long)m->bins, k = (long)i - (long)m->below, at = (negative ? -k : k) + bins / 2;
  return (size_t)((at % bins + bins) % bins);
}

static void make_floor(dsp_flow_model *m, const dsp_flow_setting *setting) {
  const double skirts = skirts_of(setting);
  const size_t half = m->bins / 2;
  for (size_t i = 0; i < m->width; i++) {
    const size_t bin = folded(m, i, false), k = bin > half ? bin - half : half - bin;
    m->floor[i] = (float)((double)setting->background[k] + skirts);
  }
}

dsp_status dsp_flow_model_new(dsp_flow_model **model, const dsp_flow_setting *setting, dsp_error *error) {
  double hz[STEPS_MAX];
  *model = NULL;
  dsp_flow_model *m = dsp_zalloc(1, sizeof *m);
  if (!m) return dsp_fail_memory(error);
  m->bins = setting->bins;
  m->hz_a_bin = setting->rate_hz / (double)setting->bins;
  m->evidence = setting->evidence;
  m->mean_share = setting->shape.profile / (setting->shape.profile + 2);
  m->steps = ladder(hz, setting);
  m->levels = setting->steady ? 1 : LEVELS;
  const double widest = hypot(setting->shape.width_hz, setting->shape.width_part * setting->top_hz);
  m->below = (size_t)ceil(reach * setting->shape.width_hz / m->hz_a_bin) + 1;
  m->width = m->below + (size_t)ceil((setting->top_hz + reach * widest) / m->hz_a_bin) + 2;
  const size_t most = m->bins - 1; /* a template may fold, never lap itself */
  if (m->width > most) m->width = most;
  m->hz = dsp_alloc(m->steps, sizeof *m->hz);
  m->floor = dsp_alloc(m->width, sizeof *m->floor);
  m->scaled = dsp_alloc(m->width, sizeof *m->scaled);
  m->ratio = dsp_alloc(m->steps, sizeof *m->ratio);
  m->templates = dsp_zalloc(m->steps * m->levels, sizeof *m->templates);
  if (!m->hz || !m->floor || !m->scaled || !m->ratio || !m->templates) goto fail;
  memcpy(m->hz, hz, m->steps * sizeof *hz);
  make_floor(m, setting);
  if (make_templates(m, setting) != DSP_OK) goto fail;
  *model = m;
  return DSP_OK;
fail:
  dsp_flow_model_free(m);
  return dsp_fail_memory(error);
}

size_t dsp_flow_model_steps(const dsp_flow_model *m) {
  return m->steps;
}

double dsp_flow_model_lowest_hz(const dsp_flow_model *m, double least) {
  const size_t usual = m->levels > 1 ? USUAL_LEVEL : 0;
  size_t j = m->steps;
  while (j > 0 && (double)m->templates[(j - 1) * m->levels + usual].expected >= least) j--;
  return j < m->steps ? m->hz[j] : (double)NAN;
}

double dsp_flow_model_mean_share(const dsp_flow_model *m) {
  return m->mean_share;
}

double dsp_flow_model_hz(const dsp_flow_model *m, double state) {
  const double steps = (double)m->steps;
  if (!(state > 0)) return 0;
  const double sign = state > steps ? -1 : 1, at = fmin(fmax(state > steps ? state - steps - 1 : state - 1, 0), steps - 1);
  const size_t low = (size_t)at < m->steps - 1 ? (size_t)at : m->steps - 1, high = low + 1 < m->steps ? low + 1 : low;
  return sign * (m->hz[low] + (at - (double)low) * (m->hz[high] - m->hz[low]));
}

/* Log likelihood ratio of one template in each lane, in eight running sums, whose order does not depend on the processor. */
static inline __attribute__((always_inline)) void template_ratio(dsp_float_lanes *ratio, const flow_template *t, const dsp_float_lanes *y) {
  dsp_float_lanes p0 = {0}, p1 = p0, p2 = p0, p3 = p0, p4 = p0, p5 = p0, p6 = p0, p7 = p0, sum = p0 - t->constant;
  const float *w = t->weight, *const end = w + t->n;
  for (; end - w >= 8; w += 8, y += 8) {
    p0 += y[0] * w[0], p1 += y[1] * w[1], p2 += y[2] * w[2], p3 += y[3] * w[3];
    p4 += y[4] * w[4], p5 += y[5] * w[5], p6 += y[6] * w[6], p7 += y[7] * w[7];
  }
  for (; w < end; w++, y++) sum += *y * *w;
  *ratio = sum + (((p0 + p1) + (p2 + p3)) + ((p4 + p5) + (p6 + p7)));
}

/* The best level of each step, in each lane. */
DSP_LANES static void run_ladder(dsp_float_lanes *ratio, const flow_template *templates, size_t steps, size_t levels,
                                 const dsp_float_lanes *y) {
  for (size_t j = 0; j < steps; j++) {
    dsp_float_lanes best = (dsp_float_lanes){0} - INFINITY;
    for (size_t l = 0; l < levels; l++) {
      const flow_template *t = &templates[j * levels + l];
      dsp_float_lanes now;
      template_ratio(&now, t, y + t->first);
      const dsp_mask_lanes higher = now > best;
      best = (dsp_float_lanes)((higher & (dsp_mask_lanes)now) | (~higher & (dsp_mask_lanes)best));
    }
    ratio[j] = best;
  }
}

/* A spectrum over the floor into two lanes, one for each direction. Signed bins are neighbours in the spectrum but where it folds. */
static void scale_spectrum(dsp_flow_model *m, const float *power, size_t lane) {
  size_t rising = folded(m, 0, false), falling = folded(m, 0, true);
  for (size_t i = 0; i < m->width; i++) {
    m->scaled[i][lane] = power[rising] / m->floor[i];
    m->scaled[i][lane + 1] = power[falling] / m->floor[i];
    rising = rising + 1 < m->bins ? rising + 1 : 0;
    falling = falling > 0 ? falling - 1 : m->bins - 1;
  }
}

static bool is_finite(const float *power, size_t bins) {
  float sum[4] = {0};
  size_t k = 0;
  for (; k + 4 <= bins; k += 4)
    for (size_t i = 0; i < 4; i++) sum[i] += power[k + i];
  for (; k < bins; k++) sum[0] += power[k];
  return isfinite((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

void dsp_flow_model_run(dsp_flow_model *m, float *ratio, const float *power, size_t frames) {
  const size_t states = 1 + 2 * m->steps;
  for (size_t first = 0; first < frames; first += FRAMES) {
    const size_t n = frames - first < FRAMES ? frames - first : FRAMES;
    bool usable[FRAMES] = {false};
    memset(m->scaled, 0, m->width * sizeof *m->scaled);
    for (size_t f = 0; f < n; f++) {
      const float *spectrum = power + (first + f) * m->bins;
      usable[f] = is_finite(spectrum, m->bins);
      if (usable[f]) scale_spectrum(m, spectrum, 2 * f);
    }
    run_ladder(m->ratio, m->templates, m->steps, m->levels, m->scaled);
    for (size_t f = 0; f < n; f++) {
      float *to = ratio + (first + f) * states;
      to[0] = 0;
      for (size_t j = 0; j < m->steps; j++) {
        to[1 + j] = usable[f] ? m->ratio[j][2 * f] : 0;
        to[1 + m->steps + j] = usable[f] ? m->ratio[j][2 * f + 1] : 0;
      }
    }
  }
}
