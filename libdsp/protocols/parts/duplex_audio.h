/* SPDX-License-Identifier: GPL-3.0-or-later
 * Doppler audio under analysis: what opening, survey, spectra and tracks share (internal). Frequencies in Hz, channel order as recorded. */
#ifndef PLETH_PARTS_DUPLEX_AUDIO_H
#define PLETH_PARTS_DUPLEX_AUDIO_H

#include "duplex.h"

#include <dsp/spectrum.h>

enum { BLOCK_FRAMES = 32, SHAPE_FRAMES = 120 };

struct duplex_audio {
  const dsp_audio *source;
  const double *params;
  unsigned first_channel;
  double rate_hz, hz_per_cm_s; /**< rate of the pairs that are looked at */
  uint64_t n_frames;           /**< that many */
  size_t by;                   /**< samples of the source for one of those; 1: the source's own */
  float *taps;                 /**< of the low-pass before that, each twice; the first weighs the sample `lead` ahead */
  size_t n_taps, lead;
  dsp_stereo_facts facts;
  dsp_mains mains;
  dsp_stereo kind;
  bool corrected;
  size_t length, bins, hop; /**< frames */
  dsp_stft *stft;
  float *background, *raw, *wide, *pairs, *power; /**< wide: the two channels of raw, where those are not all */
  size_t raw_capacity, wide_capacity, pairs_capacity;
  double seen_hz;    /**< highest shift that the survey has seen */
  double blood;      /**< usual power of the echo */
  double strongest;  /**< power of the strongest stretch that the survey has seen */
  float *example;    /**< spectra of steady fast flow, from which the profile is learnt */
  size_t n_examples; /**< shown so far; the first SHAPE_FRAMES places are filled */
  dsp_flow_model *model;
  dsp_flow_shape shape; /**< of that model, once learnt */
  bool steady;          /**< the model takes the echo as equally strong in every spectrum, by level_db above the usual */
  double level_db;
  double slowest_hz;   /**< that model's slowest flow of interest: its echo is the narrowest and densest */
  double top_hz;       /**< highest shift that the model looks for; 0: not known yet, what veins can show */
  duplex_audio *slow;  /**< the same audio in longer windows, made when needed */
  unsigned char *sort; /**< of each frame of a block or stretch, dsp_spectrum_kind */
  size_t sort_capacity;
  duplex_disturbance found;
};
/** n pairs from sample `first` of the source into audio->pairs, matched if need be; beyond its end zeros. */
DSP_MUST_USE dsp_status duplex_audio_pairs(duplex_audio *audio, uint64_t first, size_t n, dsp_error *error);

/* duplex_band.c */
/** Look at the audio at a lower rate, but at least least_rate_hz, from here on. */
DSP_MUST_USE dsp_status duplex_band_set(duplex_audio *audio, double least_rate_hz, dsp_error *error);
/** Highest shift that is there at that rate. */
double duplex_band_hz(const duplex_audio *audio);
/** Samples of the source that n pairs take. */
size_t duplex_band_raw(const duplex_audio *audio, size_t n);
/** n pairs from so many of the source. */
void duplex_band_filter(const duplex_audio *audio, float *to, const float *pairs, size_t n);

/** The sample at `seconds`; 0 before the start. */
uint64_t duplex_audio_sample(const duplex_audio *audio, double seconds);

/** The same audio in windows of window_s, for shifts up to top_hz; stays audio's. */
DSP_MUST_USE dsp_status duplex_audio_slow(duplex_audio **slow, duplex_audio *audio, double window_s, double top_hz, dsp_error *error);

/* duplex_survey.c */
/** The wiring that the data show: audio->facts. */
DSP_MUST_USE dsp_status duplex_survey_kind(duplex_audio *audio, dsp_error *error);
/** Background and usual power of the echo; audio->kind becomes UNKNOWN where there is no signal. */
DSP_MUST_USE dsp_status duplex_survey_background(duplex_audio *audio, dsp_error *error);

/** Lines of the mains: audio->mains. */
DSP_MUST_USE dsp_status duplex_survey_mains(duplex_audio *audio, dsp_error *error);

/* duplex_frames.c */
/** Standard deviation that every velocity has in these windows, from that which it would have without. */
double duplex_frames_width_hz(const duplex_audio *audio, double width_hz);
/** The echo of one profile, on a coarse or a fine ladder. */
DSP_MUST_USE dsp_status duplex_frames_model(duplex_audio *audio, dsp_flow_model **model, dsp_flow_shape shape, bool coarse,
                                            dsp_error *error);
/** audio->model becomes the fine model under which the spectra kept are most likely. */
DSP_MUST_USE dsp_status duplex_frames_shape(duplex_audio *audio, dsp_error *error);
/** Show one spectrum of steady fast flow: a fair sample is kept, each with the same chance whatever comes later. */
void duplex_frames_keep(duplex_audio *audio, const float *power);
/** Log likelihood ratios of `frames` spectra from sample `start` on, and the spectra; audio->sort tells what each is. */
DSP_MUST_USE dsp_status duplex_frames_rate(duplex_audio *audio, float *ratio, float *kept, uint64_t start, size_t frames, size_t hop,
                                           dsp_error *error);
/** Power above the background and its first moment up to the edge. What the wall hides below is put back by the profile's share. */
void duplex_frames_moments(const duplex_audio *audio, const float *power, double edge_hz, double *sum, double *first);

/* duplex_geometric.c */
/** course->geometric from the spectra kept, once course->peak is known. DSP_NO_MEMORY. */
DSP_MUST_USE dsp_status duplex_audio_geometric(const duplex_audio *audio, duplex_course *course, const float *kept);

#endif
