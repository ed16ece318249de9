/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulators: recordings whose truth is known in closed form or from the model, at a finer step than the output. */
#ifndef DSP_PHANTOM_H
#define DSP_PHANTOM_H

#include <dsp/params.h>
#include <dsp/recording.h>
#include <dsp/report.h>

/** What is true of a simulated recording: values by measure id, times by landmark name. */
typedef struct dsp_truth {
  dsp_detail *values;
  size_t n_values, values_capacity;
  dsp_landmark *landmarks; /**< source "truth" */
  size_t n_landmarks, landmarks_capacity;
  double step_s;    /**< step at which the truth was evaluated; 0 for a closed form */
  dsp_arena *arena; /**< owns names that are no literals; NULL when there are none */
} dsp_truth;

typedef struct dsp_phantom {
  const char *id;    /**< the protocol that it simulates */
  const char *title; /**< for people */
  dsp_param_table params;
  /** Make a recording and its truth; the same values and seed give the same samples. The caller frees both. */
  dsp_status (*make)(const double *params, uint64_t seed, dsp_recording **recording, dsp_truth **truth, dsp_error *error);
} dsp_phantom;

DSP_API extern const dsp_phantom *const dsp_phantoms[]; /**< NULL-terminated */
DSP_API const dsp_phantom *dsp_phantom_find(const char *id);
DSP_API void dsp_truth_free(dsp_truth *truth); /**< NULL is legal */

#endif
