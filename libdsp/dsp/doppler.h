/* SPDX-License-Identifier: GPL-3.0-or-later
 * From Doppler audio to velocity: what the two channels hold, what is there without flow, and the highest frequency of the blood's echo.
 * Frequencies in Hz, positive for flow towards the probe's positive side; no kernel here knows anatomy. */
#ifndef DSP_DOPPLER_H
#define DSP_DOPPLER_H

#include <dsp/recording.h>
#include <dsp/spectrum.h>
#include <dsp/status.h>
#include <stdbool.h>
#include <stddef.h>

/** Frequency of a velocity of 1 cm/s: 2 f0 cos(angle) / c. NaN unless f0, angle and c are known, f0 and c are above 0 and 0 <= angle < 85
 * degrees: a number is refused there, never guessed. */
DSP_API double dsp_doppler_hz_per_cm_s(double f0_hz, double angle_deg, double c_m_s);

/** What two channels hold. */
typedef struct dsp_stereo_facts {
  dsp_stereo kind;   /**< IQ, SEPARATED, MONO, or UNKNOWN when there is too little signal or it fits none */
  double score;      /**< 0 to 1: distance from the nearest border between two kinds; 0 when unknown */
  double quadrature; /**< mean |Im coherence| of the strong tiles: 1 for one direction at a time in quadrature */
  double in_phase;   /**< mean Re coherence: +-1 for one signal in both */
  double swing_db;   /**< standard deviation of the channels' level difference */
  double gain_db;    /**< level of the second channel against the first, strong tiles; quadrature only */
  double phase_deg;  /**< departure from 90 degrees; quadrature only */
  size_t tiles;      /**< strong tiles looked at */
} dsp_stereo_facts;

/** Looks at blocks of a recording. One STFT thread rule applies. */
typedef struct dsp_stereo_survey dsp_stereo_survey;
DSP_API DSP_MUST_USE dsp_status dsp_stereo_survey_new(dsp_stereo_survey **survey, double rate_hz, dsp_error *error);
DSP_API void dsp_stereo_survey_free(dsp_stereo_survey *survey); /**< NULL is legal */
/** One contiguous block of `n` interleaved pairs. Frames with a sample that is not finite are left out. DSP_NO_MEMORY. */
DSP_API DSP_MUST_USE dsp_status dsp_stereo_survey_add(dsp_stereo_survey *survey, const float *pairs, size_t n);
/** The verdict over all blocks. */
DSP_API DSP_MUST_USE dsp_status dsp_stereo_decide(dsp_stereo_facts *facts, dsp_stereo_survey *survey);

/** Takes a quadrature pair's imbalance out: b becomes the part of it that is in quadrature to a, at a's level. */
DSP_API void dsp_quadrature_correct(float *pairs, size_t n, double gain_db, double phase_deg);

/** Spectrum that is there without flow, from rows of averaged power spectra (n_rows x bins, lowest frequency first; each the mean of about
 * `averages` independent frames): per frequency the power that a low quantile over time implies, the lower of the two directions, so that
 * steady flow of one direction does not count. `background`: bins / 2 + 1 values, frequency k x rate / bins. Rows that are NaN or without
 * power are left out; false when none remains. `rows` is used as scratch. */
DSP_API bool dsp_background(float *background, float *rows, size_t n_rows, size_t bins, double averages);

/** Lines of the mains. */
typedef struct dsp_mains {
  double hz;       /**< 50 or 60; NaN: none */
  size_t lines;    /**< multiples that stand 10 dB above their surroundings, of twenty */
  double level_db; /**< the strongest above its surroundings */
} dsp_mains;

/** Looks at blocks of a recording. One STFT thread rule applies. */
typedef struct dsp_mains_survey dsp_mains_survey;
DSP_API DSP_MUST_USE dsp_status dsp_mains_survey_new(dsp_mains_survey **survey, double rate_hz, dsp_error *error);
DSP_API void dsp_mains_survey_free(dsp_mains_survey *survey); /**< NULL is legal */
/** The first second of a block of `n` interleaved pairs; left out: shorter ones, those with a sample that is not finite, and more than 64.
 */
DSP_API void dsp_mains_survey_add(dsp_mains_survey *survey, const float *pairs, size_t n);
/** The verdict over all blocks; the survey is used as scratch. */
DSP_API dsp_mains dsp_mains_decide(dsp_mains_survey *survey);

/** What one power spectrum may be, besides the echo of blood. */
typedef enum dsp_spectrum_kind {
  DSP_SPECTRUM_GOOD,
  DSP_SPECTRUM_LOST,     /**< samples are missing or stand still */
  DSP_SPECTRUM_MIRRORED, /**< one sound in both channels: the same at f and -f */
  DSP_SPECTRUM_BROAD,    /**< nearly every frequency of both directions is raised, or of one up to the top of the band */
  DSP_SPECTRUM_BESIDE    /**< next to one of the two before */
} dsp_spectrum_kind;

/** Judge one spectrum of `bins` values (lowest frequency first) against the background (bins / 2 + 1), from bin `first` >= 1 up. Lines that
 * the background holds do not count. `apart`: each direction has a channel of its own, so that a click may be in one alone; flow of a
 * quadrature pair that folds fills one direction, too. */
DSP_API dsp_spectrum_kind dsp_spectrum_judge(const float *power, const float *background, size_t bins, size_t first, bool apart);
/** Mark as lost the frames (`length` samples, one every `hop` >= 1) that overlap `least` or more samples in a row at which both channels of
 * the n pairs stand still: zeros, a held value. */
DSP_API void dsp_frames_mark_still(unsigned char *kind, size_t frames, size_t hop, size_t length, const float *pairs, size_t n,
                                   size_t least);
/** What is broad for more than `longest_click` frames is no click but fast flow: good. Pauses of a sound up to `longest_pause` frames
 * belong to it. Then `margin` good frames on either side of such frames become those beside them. */
DSP_API void dsp_frames_settle(unsigned char *kind, size_t frames, size_t longest_click, size_t longest_pause, size_t margin);
/** Samples of one channel, `step` apart, that lie in runs of three or more at or above `level` in magnitude. */
DSP_API size_t dsp_saturated(const float *interleaved, size_t n, size_t step, double level);

/** Shape of the blood's spectrum: profile v(r) = vmax (1 - (r/R)^n), each velocity widened by a constant and by a share of itself. */
typedef struct dsp_flow_shape {
  double profile;    /**< n > 0; 2 parabolic, large flat */
  double width_hz;   /**< standard deviation that every velocity has, window included */
  double width_part; /**< further standard deviation as a share of the frequency */
} dsp_flow_shape;

/** Everything that the likelihood of one power spectrum needs. */
typedef struct dsp_flow_setting {
  const float *background; /**< bins / 2 + 1 */
  size_t bins;
  double rate_hz;
  double step_hz, step_part; /**< from one frequency of the ladder to the next: the larger of a constant and a share */
  double top_hz;             /**< highest frequency looked for; above rate / 2 only where the spectrum may fold (quadrature) */
  double power;              /**< usual power of the blood's echo, in units of the spectra */
  bool steady;               /**< every spectrum holds the same; otherwise each its own, from 16 dB below the usual to 4 dB above */
  double skirts_db;          /**< what the templates lack, against the usual echo spread over skirts_hz */
  double skirts_hz;
  double level_db; /**< that same, against the usual power */
  double evidence; /**< independent values a bin and frame is worth, 0 to 1 */
  dsp_flow_shape shape;
} dsp_flow_setting;

/** Likelihood of each highest frequency, from templates made once. */
typedef struct dsp_flow_model dsp_flow_model;
DSP_API DSP_MUST_USE dsp_status dsp_flow_model_new(dsp_flow_model **model, const dsp_flow_setting *setting, dsp_error *error);
DSP_API void dsp_flow_model_free(dsp_flow_model *model); /**< NULL is legal */
/** Highest frequencies per direction; state 0 is no flow, 1 .. n positive, n + 1 .. 2 n negative ones in rising magnitude. */
DSP_API size_t dsp_flow_model_steps(const dsp_flow_model *model);
/** Signed highest frequency of a state; of a state between two (interpolated) as well. */
DSP_API double dsp_flow_model_hz(const dsp_flow_model *model, double state);
/** Mean frequency as a share of the highest one. */
DSP_API double dsp_flow_model_mean_share(const dsp_flow_model *model);
/** Lowest frequency from which on flow of the usual power would raise the log likelihood ratio of a spectrum by `least` on average. NaN
 * when none would. */
DSP_API double dsp_flow_model_lowest_hz(const dsp_flow_model *model, double least);
/** Log likelihood ratio of every state against no flow into 1 + 2 steps values a frame (the first is 0). power: `frames` spectra. A
 * spectrum that is not finite gives zeros. A spectrum's ratios do not depend on the others. */
DSP_API void dsp_flow_model_run(dsp_flow_model *model, float *ratio, const float *power, size_t frames);

/** Most probable states of `frames` spectra: ratio holds frames x (1 + 2 steps) values. `step_cost`: of one step of frequency between
 * frames; `jump_cost`: of any jump, of starting and of stopping. Sum of ratios less costs is the largest possible. */
DSP_API DSP_MUST_USE dsp_status dsp_flow_track(unsigned short *state, const float *ratio, size_t frames, size_t steps, double step_cost,
                                               double jump_cost);

/** Where the echo of one direction ends, by the modified geometric method, in bins above the lower edge of power[0]: 0 .. n. `power` rises
 * in frequency from above the wall's echo, one direction. It scales with nothing and needs no noise floor, but cannot say that there is no
 * echo. NaN without power or with a value that is not finite. */
DSP_API double dsp_spectrum_geometric(const float *power, size_t n);

#endif
