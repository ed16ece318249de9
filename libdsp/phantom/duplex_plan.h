/* SPDX-License-Identifier: GPL-3.0-or-later
 * The velocity that a simulated reflux test shows, in closed form: rest, and per trial compression, release, reflux or closing spike.
 * Velocities are those of the fastest stream line, cm/s, antegrade positive. Internal. */
#ifndef DSP_PHANTOM_DUPLEX_PLAN_H
#define DSP_PHANTOM_DUPLEX_PLAN_H

#include <phantom/duplex_settings.h>
#include <stddef.h>

typedef struct dsp_duplex_trial {
  double compress_s, release_s, onset_s, stop_s; /**< start of compression, release, and the ends of retrograde flow */
  double augment_cm_s, peak_cm_s;                /**< peak of the compression; peak of what follows the release */
} dsp_duplex_trial;

typedef struct dsp_duplex_plan {
  dsp_duplex_settings s;
  dsp_duplex_trial trial[DSP_DUPLEX_TRIALS_MAX];
  size_t n;
  double end_s;
} dsp_duplex_plan;

/** Retrograde flow faster than a threshold. */
typedef struct dsp_duplex_reflux {
  double from_s, to_s; /**< first and last crossing; equal when it is never so fast */
  double distance_cm;  /**< integral of the speed between them */
} dsp_duplex_reflux;

/** The schedule of the settings, with the trials' jitter and strength drawn from the seed. */
dsp_duplex_plan dsp_duplex_schedule(const dsp_duplex_settings *settings, uint64_t seed);
double dsp_duplex_velocity(const dsp_duplex_plan *plan, double t_s);
/** What follows the release of trial `k`, read at `threshold_cm_s` > 0. */
dsp_duplex_reflux dsp_duplex_reflux_at(const dsp_duplex_plan *plan, size_t k, double threshold_cm_s);
/** Mean over the lumen in units of the fastest stream line: n / (n + 2) of the profile 1 - (r/R)^n. */
double dsp_duplex_mean_share(const dsp_duplex_plan *plan);

#endif
