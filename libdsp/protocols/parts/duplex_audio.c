/* SPDX-License-Identifier: GPL-3.0-or-later
 * From Doppler audio to courses of velocity, in Hz: survey, background, a coarse pass over everything, fine passes where it matters. */
#include "duplex.h"

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_FRAMES = 32, SURVEY_ROWS = 900, ROW_FRAMES = 30, OVERVIEW_MAX = 1000000, SHAPE_FRAMES = 120 };

struct duplex_audio {
  const dsp_audio *source;
  const double *params;
  unsigned first_channel;
  double rate_hz, hz_per_cm_s;
  dsp_stereo_facts facts;
  dsp_stereo kind;
  bool corrected;
  size_t length, bins, hop; /**< frames */
  dsp_stft *stft;
  float *background, *raw, *pairs, *power;
  size_t raw_capacity, pairs_capacity;
  double blood;      /**< usual power of the echo */
  float *example;    /**< spectra of steady fast flow, from which the profile is learnt */
  size_t n_examples; /**< shown so far; the first SHAPE_FRAMES places are filled */
  dsp_flow_model *model;
  unsigned char *sort; /**< of each frame of a block or stretch, dsp_spectrum_kind */
  size_t sort_capacity;
  duplex_disturbance found;
};

void duplex_audio_close(duplex_audio *a) {
  if (!a) return;
  dsp_stft_free(a->stft);
  dsp_flow_model_free(a->model);
  free(a->background);
  free(a->raw);
  free(a->pairs);
  free(a->power);
  free(a->example);
  free(a->sort);
  free(a);
}

const duplex_disturbance *duplex_audio_disturbance(const duplex_audio *a) {
  return &a->found;
}

const dsp_stereo_facts *duplex_audio_facts(const duplex_audio *a) {
  return &a->facts;
}

dsp_stereo duplex_audio_kind(const duplex_audio *a) {
  return a->kind;
}

bool duplex_audio_corrected(const duplex_audio *a) {
  return a->corrected;
}

double duplex_audio_lowest_hz(const duplex_audio *a) {
  static const double least = 3; /* nats a spectrum */
  return a->model ? dsp_flow_model_lowest_hz(a->model, least) : (double)NAN;
}

/* n pairs from frame `first` of the source into a->pairs; beyond its end zeros. */
static dsp_status read_pairs(duplex_audio *a, uint64_t first, size_t n, dsp_error *error) {
  const unsigned channels = a->source->n_channels;
  const size_t there = first >= a->source->n_frames ? 0 : a->source->n_frames - first < n ? (size_t)(a->source->n_frames - first) : n;
  if (dsp_grow(&a->raw, &a->raw_capacity, n * channels, sizeof *a->raw) != DSP_OK ||
      dsp_grow(&a->pairs, &a->pairs_capacity, 2 * n, sizeof *a->pairs) != DSP_OK)
    return dsp_fail_memory(error);
  const dsp_status status = there ? a->source->read(a->source->context, a->raw, first, there, error) : DSP_OK;
  if (status != DSP_OK) return status;
  const unsigned c = a->first_channel;
  for (size_t i = 0; i < there; i++) {
    a->pairs[2 * i] = a->raw[i * channels + c];
    a->pairs[2 * i + 1] = channels > c + 1 ? a->raw[i * channels + c + 1] : 0;
  }
  memset(a->pairs + 2 * there, 0, 2 * (n - there) * sizeof *a->pairs);
  if (a->corrected) dsp_quadrature_correct(a->pairs, there, a->facts.gain_db, a->facts.phase_deg);
  return DSP_OK;
}

static uint64_t frames_of(const duplex_audio *a, double seconds) {
  return (uint64_t)fmax(0, seconds * a->rate_hz);
}

/* Blocks of one second spread evenly over the recording: at most `most` of them. */
static size_t survey_blocks(const duplex_audio *a, size_t most, size_t *length) {
  *length = (size_t)a->rate_hz;
  if (*length > a->source->n_frames) *length = (size_t)a->source->n_frames;
  const uint64_t whole = *length ? a->source->n_frames / *length : 0;
  return whole < most ? (size_t)whole : most;
}

static uint64_t block_start(const duplex_audio *a, size_t i, size_t n, size_t length) {
  return n < 2 ? 0 : (uint64_t)((double)i / (double)(n - 1) * (double)(a->source->n_frames - length));
}

static dsp_status decide_kind(duplex_audio *a, dsp_error *error) {
  enum { MOST = 100 };
  dsp_stereo_survey *survey = NULL;
  size_t length = 0;
  const size_t n = survey_blocks(a, MOST, &length);
  dsp_status status = dsp_stereo_survey_new(&survey, a->rate_hz, error);
  for (size_t i = 0; i < n && status == DSP_OK; i++) {
    status = read_pairs(a, block_start(a, i, n, length), length, error);
    if (status == DSP_OK && dsp_stereo_survey_add(survey, a->pairs, length) != DSP_OK) status = dsp_fail_memory(error);
  }
  if (status == DSP_OK) status = dsp_stereo_decide(&a->facts, survey);
  dsp_stereo_survey_free(survey);
  return status;
}

static size_t smooth_size(size_t least) {
  for (size_t n = least + least % 2;; n += 2) {
    size_t rest = n;
    for (size_t p = 2; p <= 5; p += p == 2 ? 1 : 2)
      while (rest % p == 0) rest /= p;
    if (rest == 1) return n;
  }
}

/* First guess of the echo's power: what strong stretches have well above the background. */
static dsp_status guess_blood(duplex_audio *a, const float *rows, size_t n_rows, dsp_error *error) {
  static const float clear = 4;
  static const double strong = 0.95, lowest_hz = 100;
  const size_t half = a->bins / 2, first = (size_t)ceil(lowest_hz * (double)a->bins / a->rate_hz);
  double *x = dsp_zalloc(n_rows, sizeof *x), noise = 0;
  if (!x) return dsp_fail_memory(error);
  for (size_t k = first; k < half; k++) {
    const float floor = a->background[k];
    noise += (double)floor;
    for (size_t r = 0; r < n_rows; r++) {
      const float up = rows[r * a->bins + half + k], down = rows[r * a->bins + half - k];
      if (up > clear * floor) x[r] += (double)(up - floor);
      if (down > clear * floor) x[r] += (double)(down - floor);
    }
  }
  const double guess = n_rows ? dsp_order_kth(x, n_rows, (size_t)(strong * (double)(n_rows - 1))) : 0;
  a->blood = fmax(guess, 0.02 * noise) / (double)a->bins;
  free(x);
  return DSP_OK;
}

static dsp_status learn_background(duplex_audio *a, dsp_error *error) {
  size_t length = 0, n_rows = 0;
  const size_t half_hop = a->length / 2, span = a->length + (ROW_FRAMES - 1) * half_hop;
  const size_t blocks = survey_blocks(a, SURVEY_ROWS / 3, &length);
  float *rows = dsp_alloc(SURVEY_ROWS * a->bins, sizeof *rows);
  a->background = dsp_alloc(a->bins / 2 + 1, sizeof *a->background);
  dsp_status status = rows && a->background ? DSP_OK : dsp_fail_memory(error);
  for (size_t i = 0; i < blocks && status == DSP_OK; i++) {
    status = read_pairs(a, block_start(a, i, blocks, length), length, error);
    for (size_t first = 0; rows && status == DSP_OK && first + span <= length && n_rows < SURVEY_ROWS; first += ROW_FRAMES * half_hop) {
      float *row = rows + n_rows++ * a->bins;
      dsp_stft_run(a->stft, a->power, a->pairs + 2 * first, ROW_FRAMES, half_hop);
      memset(row, 0, a->bins * sizeof *row);
      for (size_t f = 0; f < ROW_FRAMES; f++)
        for (size_t k = 0; k < a->bins; k++) row[k] += a->power[f * a->bins + k] / ROW_FRAMES;
    }
  }
  if (status == DSP_OK && !dsp_background(a->background, rows, n_rows, a->bins, 0.8 * ROW_FRAMES)) a->kind = DSP_STEREO_UNKNOWN;
  if (status == DSP_OK && a->kind != DSP_STEREO_UNKNOWN) status = guess_blood(a, rows, n_rows, error);
  free(rows);
  return status;
}

dsp_status duplex_audio_open(duplex_audio **audio, const dsp_recording *recording, const dsp_channel *channel, const double *params,
                             double hz_per_cm_s, dsp_error *error) {
  *audio = NULL;
  duplex_audio *a = dsp_zalloc(1, sizeof *a);
  if (!a) return dsp_fail_memory(error);
  a->source = &recording->audio;
  a->params = params;
  a->first_channel = (unsigned)(channel - recording->channels);
  a->rate_hz = channel->rate_hz;
  a->hz_per_cm_s = hz_per_cm_s;
  a->length = (size_t)fmax(8, round(params[P_WINDOW] * a->rate_hz));
  a->bins = smooth_size(a->length + a->length / 7);
  a->hop = (size_t)fmax(1, round(params[P_HOP] * a->rate_hz));
  a->power = dsp_alloc(a->bins * BLOCK_FRAMES, sizeof *a->power);
  a->example = dsp_alloc(a->bins * SHAPE_FRAMES, sizeof *a->example);
  const bool stereo = a->source->n_channels >= a->first_channel + 2;
  dsp_status status = a->power && a->example ? DSP_OK : dsp_fail_memory(error);
  if (status == DSP_OK && stereo) status = decide_kind(a, error);
  if (!stereo) a->facts = (dsp_stereo_facts){.kind = DSP_STEREO_MONO, .score = 1, .gain_db = NAN, .phase_deg = NAN};
  const dsp_stereo stated = recording->doppler.stereo;
  a->kind = stereo && (stated == DSP_STEREO_IQ || stated == DSP_STEREO_SEPARATED || stated == DSP_STEREO_MONO) ? stated : a->facts.kind;
  a->corrected = a->kind == DSP_STEREO_IQ && a->facts.kind == DSP_STEREO_IQ && fabs(a->facts.gain_db) < 6 &&
                 fabs(a->facts.phase_deg) < 30 && (fabs(a->facts.gain_db) > 0.1 || fabs(a->facts.phase_deg) > 0.5);
  if (status == DSP_OK)
    status = dsp_stft_new(&a->stft, a->length, a->bins, a->kind == DSP_STEREO_IQ ? DSP_PAIR_QUADRATURE : DSP_PAIR_SEPARATED, error);
  if (status == DSP_OK) status = learn_background(a, error);
  if (status != DSP_OK) {
    duplex_audio_close(a);
    return status;
  }
  *audio = a;
  return DSP_OK;
}

/* Keep a fair sample of the spectra that are shown, each with the same chance whatever comes later. */
static void keep_example(duplex_audio *a, const float *power) {
  const size_t seen = a->n_examples++;
  const size_t at = seen < SHAPE_FRAMES ? seen : (size_t)(((uint64_t)seen * UINT64_C(0x9E3779B97F4A7C15)) >> 20) % (seen + 1);
  if (at < SHAPE_FRAMES) memcpy(a->example + at * a->bins, power, a->bins * sizeof *power);
}

static dsp_status make_model(duplex_audio *a, dsp_flow_model **model, dsp_flow_shape shape, bool coarse, dsp_error *error) {
  static const double hann_hz = 0.6; /* standard deviation of the window's main lobe, times its length */
  const double fastest = isfinite(a->hz_per_cm_s) ? 250 * a->hz_per_cm_s : 8000, window_s = (double)a->length / a->rate_hz;
  shape.width_hz = hypot(shape.width_hz, hann_hz / window_s);
  const dsp_flow_setting setting = {.background = a->background,
                                    .bins = a->bins,
                                    .rate_hz = a->rate_hz,
                                    .step_hz = coarse ? 25 : 8,
                                    .step_part = coarse ? 0.12 : 0.035,
                                    .top_hz = fmin(fastest, (a->kind == DSP_STEREO_IQ ? 0.8 : 0.49) * a->rate_hz),
                                    .power = a->blood,
                                    .evidence = (double)a->length / (1.5 * (double)a->bins) *
                                                (coarse ? 1 : fmin(1, (double)a->hop / (0.5 * (double)a->length))),
                                    .shape = shape};
  return dsp_flow_model_new(model, &setting, error);
}

/* The shape under which the strongest spectra are most likely. */
static dsp_status learn_shape(duplex_audio *a, dsp_error *error) {
  static const double profiles[] = {2, 3.5, 7}, widths_hz[] = {10, 40, 80};
  double best = -INFINITY;
  for (size_t i = 0; i < 9; i++) {
    dsp_flow_model *model = NULL;
    const dsp_status status =
        make_model(a, &model, (dsp_flow_shape){.profile = profiles[i / 3], .width_hz = widths_hz[i % 3], .width_part = 0.07}, false, error);
    if (status != DSP_OK) return status;
    const size_t states = 1 + 2 * dsp_flow_model_steps(model);
    float *ratio = dsp_alloc(states, sizeof *ratio);
    if (!ratio) {
      dsp_flow_model_free(model);
      return dsp_fail_memory(error);
    }
    double sum = 0;
    for (size_t e = 0; e < a->n_examples && e < SHAPE_FRAMES; e++) {
      float most = 0;
      dsp_flow_model_run(model, ratio, a->example + e * a->bins);
      for (size_t j = 0; j < states; j++) most = fmaxf(most, ratio[j]);
      sum += (double)most;
    }
    free(ratio);
    if (sum > best) {
      best = sum;
      dsp_flow_model_free(a->model);
      a->model = model;
    } else
      dsp_flow_model_free(model);
  }
  return DSP_OK;
}

typedef struct spectra {
  float *ratio;
  unsigned short *state;
  double *sum, *first; /**< power and first moment above the background in the state's band */
  size_t n, states;
} spectra;

/* Refined state: the top of the parabola through the summed ratios of the neighbouring frames. */
static double refine(const spectra *s, size_t f, double *sd) {
  enum { SIDE = 2 };
  const size_t j = s->state[f], steps = (s->states - 1) / 2;
  *sd = 1;
  if (j == 1 || j == steps + 1 || j == steps || j == 2 * steps) return (double)j;
  double r[3] = {0};
  for (size_t g = f >= SIDE ? f - SIDE : 0; g <= f + SIDE && g < s->n; g++)
    for (size_t k = 0; k < 3; k++) r[k] += (double)s->ratio[g * s->states + j + k - 1];
  const double bend = r[0] - 2 * r[1] + r[2];
  if (!(bend < -1e-6)) return (double)j;
  *sd = fmin(1 / sqrt(-bend), 20);
  return (double)j + fmin(fmax(0.5 * (r[0] - r[2]) / bend, -1), 1);
}

/* Lowest bin where the background no longer hides blood that spreads up to `edge_hz`. */
static long lowest_bin(const duplex_audio *a, double edge_hz) {
  static const double margin_hz = 40, visible = 0.05;
  const double hz_a_bin = a->rate_hz / (double)a->bins, density = a->blood * a->rate_hz / fmax(fabs(edge_hz), 100);
  long k = lround(margin_hz / hz_a_bin);
  while (k < (long)(a->bins / 2) && (double)k * hz_a_bin < 0.6 * fabs(edge_hz) && (double)a->background[k] > visible * density) k++;
  return k;
}

/* Power above the background and its first moment up to the edge. What the wall hides below is put back by the profile's share. */
static void band_moments(const duplex_audio *a, const float *power, double edge_hz, double *sum, double *first) {
  const double hz_a_bin = a->rate_hz / (double)a->bins, sign = edge_hz < 0 ? -1 : 1;
  const long half = (long)(a->bins / 2), bins = (long)a->bins, low = lowest_bin(a, edge_hz);
  const long high = lround((fabs(edge_hz) * 1.15 + 60) / hz_a_bin);
  *sum = *first = 0;
  for (long k = low; k <= high; k++) {
    const long at = ((half + (sign < 0 ? -k : k)) % bins + bins) % bins, from = at > half ? at - half : half - at;
    const double p = (double)(power[at] - a->background[from]);
    *sum += p;
    *first += p * (double)k * hz_a_bin;
  }
  const double share = dsp_flow_model_mean_share(a->model), border_hz = ((double)low - 0.5) * hz_a_bin, u = border_hz / fabs(edge_hz);
  if (!(u < 0.9)) return;
  /* n / (n + 2) = share; the hidden part of the power is 1 - (1 - u)^(2/n), spread evenly below the border */
  const double two_by_n = (1 - share) / share, hidden = 1 - pow(1 - u, two_by_n);
  *first += *sum * hidden / (1 - hidden) * 0.5 * border_hz;
  *sum /= 1 - hidden;
}

/* Mean frequency of each frame: moments of its neighbours of the same direction together, so that strong frames weigh more. */
static void put_means(const duplex_audio *a, duplex_course *course, const spectra *s) {
  const size_t side = (size_t)fmax(1, round(0.5 * a->params[P_SMOOTH] * course->rate_hz));
  for (size_t f = 0; f < s->n; f++) {
    double all = 0, moment = 0;
    for (size_t g = f >= side ? f - side : 0; g <= f + side && g < s->n; g++)
      if (course->peak[g] * course->peak[f] > 0) all += s->sum[g], moment += s->first[g];
    const double highest = fabs((double)course->peak[f]);
    if (isnan(highest)) continue;
    course->mean[f] = highest > 0 ? copysignf((float)(all > 0 ? fmin(fmax(moment / all, 0), highest) : 0), course->peak[f]) : 0;
  }
}

/* Frames that are no echo, from a block that has just been read and transformed; saturation is counted once a sample. */
static void judge_frames(duplex_audio *a, unsigned char *kind, const float *power, uint64_t start, size_t n, size_t hop) {
  static const double lowest_hz = 100, still_s = 0.005;
  const size_t first = (size_t)ceil(lowest_hz * (double)a->bins / a->rate_hz), channels = a->source->n_channels;
  const size_t still = (size_t)fmax(8, still_s * a->rate_hz), shown = a->length < hop ? a->length : hop;
  for (size_t f = 0; f < n; f++) {
    kind[f] = (unsigned char)dsp_spectrum_judge(power + f * a->bins, a->background, a->bins, first);
    for (size_t c = 0; c < 2; c++)
      a->found.saturated += dsp_saturated(a->raw + f * hop * channels + a->first_channel + c, shown, channels, a->source->clip_level);
    a->found.samples += 2 * shown;
  }
  const uint64_t left = a->source->n_frames > start ? a->source->n_frames - start : 0, span = (n - 1) * hop + a->length;
  dsp_frames_mark_still(kind, n, hop, a->length, a->pairs, (size_t)(left < span ? left : span), still);
}

/* Take what is no echo out of the evidence, and count it. */
static void drop_frames(duplex_audio *a, float *ratio, size_t frames, size_t states, size_t hop) {
  static const double click_s = 0.02, pause_s = 0.06;
  const double hop_s = (double)hop / a->rate_hz, window_s = (double)a->length / a->rate_hz;
  dsp_frames_settle(a->sort, frames, (size_t)((window_s + click_s) / hop_s), (size_t)(pause_s / hop_s),
                    (size_t)(0.3 * window_s / hop_s + 0.5));
  for (size_t f = 0; f < frames; f++) {
    if (a->sort[f] == DSP_SPECTRUM_GOOD) continue;
    memset(ratio + f * states, 0, states * sizeof *ratio);
    a->found.lost += a->sort[f] == DSP_SPECTRUM_LOST;
    a->found.masked += a->sort[f] != DSP_SPECTRUM_LOST;
    const bool goes_on = f > 0 && a->sort[f - 1] != DSP_SPECTRUM_GOOD && a->sort[f - 1] != DSP_SPECTRUM_LOST;
    a->found.bursts += a->sort[f] != DSP_SPECTRUM_LOST && !goes_on;
  }
  a->found.frames += frames;
}

/* Log likelihood ratios of `frames` spectra from sample `start` on, and the spectra. */
static dsp_status rate_frames(duplex_audio *a, float *ratio, float *kept, uint64_t start, size_t frames, size_t hop, dsp_error *error) {
  const size_t states = 1 + 2 * dsp_flow_model_steps(a->model);
  if (dsp_grow(&a->sort, &a->sort_capacity, frames + 1, sizeof *a->sort) != DSP_OK) return dsp_fail_memory(error);
  for (size_t f = 0; f < frames; f += BLOCK_FRAMES) {
    const size_t n = frames - f < BLOCK_FRAMES ? frames - f : BLOCK_FRAMES;
    const dsp_status status = read_pairs(a, start + (uint64_t)f * hop, (n - 1) * hop + a->length, error);
    if (status != DSP_OK) return status;
    dsp_stft_run(a->stft, kept + f * a->bins, a->pairs, n, hop);
    for (size_t i = 0; i < n; i++) dsp_flow_model_run(a->model, ratio + (f + i) * states, kept + (f + i) * a->bins);
    judge_frames(a, a->sort + f, kept + f * a->bins, start + (uint64_t)f * hop, n, hop);
  }
  drop_frames(a, ratio, frames, states, hop);
  return DSP_OK;
}

static double jump_cost(const duplex_audio *a, size_t states) {
  return 0.5 * log((double)states / a->params[P_FALSE_ALARM]);
}

typedef struct overview {
  float *ratio, *kept;
  unsigned short *state;
  double strength[SHAPE_FRAMES * 4]; /**< power of fast flow */
  size_t n_strengths;
} overview;

static dsp_status overview_chunk(duplex_audio *a, overview *o, duplex_course *course, size_t first, size_t frames, size_t hop,
                                 dsp_error *error) {
  static const float clear = 15; /* nats */
  const size_t states = 1 + 2 * dsp_flow_model_steps(a->model);
  const double lowest = duplex_audio_lowest_hz(a), fast_hz = fmax(250, 3 * (isfinite(lowest) ? lowest : 250));
  dsp_status status = rate_frames(a, o->ratio, o->kept, (uint64_t)first * hop, frames, hop, error);
  if (status == DSP_OK && dsp_flow_track(o->state, o->ratio, frames, (states - 1) / 2, 0.4, jump_cost(a, states)) != DSP_OK)
    status = dsp_fail_memory(error);
  for (size_t f = 0; f < frames && status == DSP_OK; f++) {
    const double hz = dsp_flow_model_hz(a->model, o->state[f]);
    double sum = 0, moment = 0;
    if (a->sort[f] != DSP_SPECTRUM_GOOD) continue;
    course->peak[first + f] = (float)hz;
    course->mean[first + f] = (float)(hz * dsp_flow_model_mean_share(a->model));
    if (!(fabs(hz) > fast_hz) || o->ratio[f * states + o->state[f]] < clear) continue;
    if (f > 0 && f + 1 < frames && o->state[f - 1] == o->state[f] && o->state[f + 1] == o->state[f])
      keep_example(a, o->kept + f * a->bins); /* steady flow: acceleration widens spectra */
    band_moments(a, o->kept + f * a->bins, hz, &sum, &moment);
    o->strength[o->n_strengths % (sizeof o->strength / sizeof o->strength[0])] = sum;
    o->n_strengths++;
  }
  return status;
}

dsp_status duplex_audio_overview(duplex_audio *a, duplex_course *course, dsp_error *error) {
  enum { CHUNK = 512 };
  const double duration_s = (double)a->source->n_frames / a->rate_hz, step_s = fmax(0.02, duration_s / OVERVIEW_MAX);
  const size_t hop = (size_t)fmax(1, round(step_s * a->rate_hz));
  const size_t n = a->source->n_frames > a->length ? (size_t)((a->source->n_frames - a->length) / hop) + 1 : 0;
  overview o = {.n_strengths = 0};
  dsp_status status = make_model(a, &a->model, (dsp_flow_shape){.profile = 3.5, .width_hz = 45, .width_part = 0.07}, true, error);
  if (status != DSP_OK) return status;
  o.ratio = dsp_alloc(CHUNK * (1 + 2 * dsp_flow_model_steps(a->model)), sizeof *o.ratio);
  o.kept = dsp_alloc(CHUNK * a->bins, sizeof *o.kept);
  o.state = dsp_alloc(CHUNK, sizeof *o.state);
  const bool made = duplex_course_new(course, 0.5 * (double)a->length / a->rate_hz, a->rate_hz / (double)hop, n) == DSP_OK;
  if (!o.ratio || !o.kept || !o.state || !made) status = dsp_fail_memory(error);
  for (size_t f = 0; f < n && status == DSP_OK; f += CHUNK)
    status = overview_chunk(a, &o, course, f, n - f < CHUNK ? n - f : CHUNK, hop, error);
  const size_t kept = o.n_strengths < sizeof o.strength / sizeof o.strength[0] ? o.n_strengths : sizeof o.strength / sizeof o.strength[0];
  if (kept > 20) a->blood = fmax(dsp_order_median(o.strength, kept) / (double)a->bins, 0.1 * a->blood);
  dsp_flow_model_free(a->model);
  a->model = NULL;
  free(o.ratio);
  free(o.kept);
  free(o.state);
  return status;
}

dsp_status duplex_audio_track(duplex_audio *a, duplex_course *course, double from_s, double to_s, dsp_error *error) {
  dsp_status status = a->model ? DSP_OK : learn_shape(a, error);
  if (status != DSP_OK) return status;
  /* no window reaches beyond the recording: the step at its end is broad */
  const uint64_t start = frames_of(a, from_s), all = a->source->n_frames,
                 most_end = all + a->hop > a->length ? all + a->hop - a->length : 0;
  const uint64_t asked = frames_of(a, to_s), end = asked < most_end ? asked : most_end;
  spectra s = {.n = end > start ? (size_t)((end - start) / a->hop) : 0, .states = 1 + 2 * dsp_flow_model_steps(a->model)};
  const size_t most = SIZE_MAX / s.states / 8;
  s.ratio = s.n < most ? dsp_alloc(s.n * s.states, sizeof *s.ratio) : NULL;
  s.state = dsp_alloc(s.n, sizeof *s.state);
  s.sum = dsp_alloc(s.n, sizeof *s.sum);
  s.first = dsp_alloc(s.n, sizeof *s.first);
  float *kept = dsp_alloc(s.n * a->bins, sizeof *kept);
  const double t0_s = ((double)start + 0.5 * (double)a->length) / a->rate_hz;
  if (!s.ratio || !s.state || !s.sum || !s.first || !kept || duplex_course_new(course, t0_s, a->rate_hz / (double)a->hop, s.n) != DSP_OK)
    status = dsp_fail_memory(error);
  if (status == DSP_OK) status = rate_frames(a, s.ratio, kept, start, s.n, a->hop, error);
  if (status == DSP_OK && dsp_flow_track(s.state, s.ratio, s.n, (s.states - 1) / 2, 0.15, jump_cost(a, s.states)) != DSP_OK)
    status = dsp_fail_memory(error);
  for (size_t f = 0; s.state && f < s.n && status == DSP_OK; f++) {
    double sd = 0;
    const double at = s.state[f] ? refine(&s, f, &sd) : 0, hz = s.state[f] ? dsp_flow_model_hz(a->model, at) : 0;
    if (a->sort[f] != DSP_SPECTRUM_GOOD) continue;
    course->peak[f] = (float)hz;
    a->found.fast += fabs(hz) > 0.95 * 0.5 * a->rate_hz;
    course->sd[f] = (float)fabs(sd * (dsp_flow_model_hz(a->model, at + 0.5) - dsp_flow_model_hz(a->model, at - 0.5)));
    band_moments(a, kept + f * a->bins, hz, &s.sum[f], &s.first[f]);
  }
  if (status == DSP_OK) put_means(a, course, &s);
  free(s.sum);
  free(s.first);
  free(s.ratio);
  free(s.state);
  free(kept);
  return status;
}

dsp_status duplex_audio_column(duplex_audio *a, double *db, size_t n, double t_s, double top_hz, dsp_error *error) {
  const size_t half = a->bins / 2;
  const double step_hz = 2 * top_hz / (double)n, hz_a_bin = a->rate_hz / (double)a->bins,
               start_s = t_s - 0.5 * (double)a->length / a->rate_hz;
  const dsp_status status = read_pairs(a, frames_of(a, start_s), a->length, error);
  if (status != DSP_OK) return status;
  dsp_stft_run(a->stft, a->power, a->pairs, 1, 1);
  for (size_t i = 0; i < n; i++) {
    const double hz = -top_hz + ((double)i + 0.5) * step_hz, at = floor(hz / hz_a_bin + 0.5);
    const long bins = (long)a->bins, bin = ((lround(at) + (long)half) % bins + bins) % bins;
    const size_t from = (size_t)labs(bin - (long)half);
    db[i] = 10 * log10(fmax((double)a->power[bin] / (double)a->background[from], 1e-3));
  }
  return DSP_OK;
}
