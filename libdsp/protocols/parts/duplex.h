/* SPDX-License-Identifier: GPL-3.0-or-later
 * Duplex reflux test: what its steps share (internal). Velocities are antegrade positive, in cm/s, or in Hz where the conversion is
 * unknown; 0 is no flow, NaN is not known. */
#ifndef PLETH_PARTS_DUPLEX_H
#define PLETH_PARTS_DUPLEX_H

#include <dsp/doppler.h>
#include <dsp/protocol.h>

/** Rows of duplex.reflux's parameters, in the order of its table. */
enum duplex_reflux_param {
  P_WINDOW,
  P_HOP,
  P_THRESHOLD,
  P_THRESHOLD_HZ,
  P_BRIDGE,
  P_CLOSURE,
  P_START,
  P_HOLD,
  P_LONGEST,
  P_FALSE_ALARM,
  P_LEAST_PUSH,
  P_PUSH_RATIO,
  P_ANGLE_ERROR,
  P_ANGLE_FLAG,
  P_SMOOTH,
  P_PHASIC,
  P_BLUNTED,
  P_BROADENING,
  P_ROWS
};

enum { DUPLEX_TRIALS_MAX = 64 };

/** A velocity course: sample i at t0_s + i / rate_hz. */
typedef struct duplex_course {
  double t0_s, rate_hz;
  size_t n;
  float *peak;      /**< highest velocity, signed */
  float *mean;      /**< intensity-weighted mean velocity, signed; equal to `peak` where only a velocity was recorded */
  float *sd;        /**< standard error of `peak` */
  float *geometric; /**< `peak` by the modified geometric method where flow was found clear of the wall's echo; else NaN */
} duplex_course;
void duplex_course_clear(duplex_course *course);
/** n samples, NaN everywhere. */
DSP_MUST_USE dsp_status duplex_course_new(duplex_course *course, double t0_s, double rate_hz, size_t n);

/** One compression. */
typedef struct duplex_push {
  double start_s, release_s; /**< NaN until found */
  bool marked;               /**< start from an event or a cuff's pressure */
  bool release_marked;
  double until_s; /**< next compression, or end of the recording */
} duplex_push;

typedef struct duplex_audio duplex_audio;

/** What was met that is no echo of blood. Spectra are counted in every pass. */
typedef struct duplex_disturbance {
  size_t frames, lost, masked; /**< spectra; without samples; clicks and sounds */
  size_t bursts;               /**< stretches of masked spectra */
  size_t samples, saturated;   /**< of both channels */
  size_t fast;                 /**< finely tracked spectra whose shift is at half of the sampling rate or above */
} duplex_disturbance;

/** The whole test of one channel. */
typedef struct duplex_test {
  const dsp_recording *recording;
  const dsp_channel *channel;
  const double *params;
  dsp_report *report;
  duplex_disturbance all; /**< of the whole recording, from the coarse pass */
  double hz_per_cm_s;     /**< NaN: everything is in Hz */
  int sign;               /**< antegrade_sign with the swap in it; 0 unknown */
  bool inferred;          /**< the sign comes from a known compression */
  size_t pooled;          /**< index of the pooled test in the report */
  duplex_audio *audio;    /**< NULL for a velocity channel */
  duplex_course course;   /**< of the whole recording, coarse for audio */
  duplex_push push[DUPLEX_TRIALS_MAX];
  size_t n_pushes;
  double lowest;      /**< velocity that can just be told from none, 0 when any can */
  double rest_mean;   /**< of the highest velocity at rest, antegrade positive; NaN unknown */
  double rest_lowest; /**< of the mean velocity at rest */
  double phasicity;   /**< NaN: too little rest */
} duplex_test;

/* duplex_audio.c, duplex_tracks.c */
DSP_MUST_USE dsp_status duplex_audio_open(duplex_audio **audio, const dsp_recording *recording, const dsp_channel *channel,
                                          const double *params, double hz_per_cm_s, dsp_error *error);
void duplex_audio_close(duplex_audio *audio);
const dsp_stereo_facts *duplex_audio_facts(const duplex_audio *audio);
const dsp_mains *duplex_audio_mains(const duplex_audio *audio);
/** Standard deviation by which a velocity of that shift is broadened, window included, as learnt from the recording. */
double duplex_audio_width_hz(const duplex_audio *audio, double hz);
/** Wiring that the analysis goes by. UNKNOWN: no signal. */
dsp_stereo duplex_audio_kind(const duplex_audio *audio);
/** True when the quadrature pair was matched. */
bool duplex_audio_corrected(const duplex_audio *audio);
/** The whole recording, coarsely: mean velocity (peak holds its share of the profile). Hz. */
DSP_MUST_USE dsp_status duplex_audio_overview(duplex_audio *audio, duplex_course *course, dsp_error *error);
/** One stretch finely, in Hz. */
DSP_MUST_USE dsp_status duplex_audio_track(duplex_audio *audio, duplex_course *course, double from_s, double to_s, dsp_error *error);

/** One column of a picture: n values in dB above the background, at frequencies from -top_hz to top_hz (which may be negative). */
DSP_MUST_USE dsp_status duplex_audio_column(duplex_audio *audio, double *db, size_t n, double t_s, double top_hz, dsp_error *error);
const duplex_disturbance *duplex_audio_disturbance(const duplex_audio *audio);
/** Lowest shift that can be told from the background; NaN before the first stretch is tracked. */
double duplex_audio_lowest_hz(const duplex_audio *audio);

#endif
