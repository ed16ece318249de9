/* SPDX-License-Identifier: GPL-3.0-or-later
 * Samples that do not fit into memory: a source that is read where and when they are needed. A recording owns at most one; its channels are
 * listed beside the others as rows of role audio whose `x` is NULL. */
#ifndef DSP_AUDIO_H
#define DSP_AUDIO_H

#include <dsp/status.h>
#include <stddef.h>
#include <stdint.h>

/** All channels of one source share rate and length. Full scale is +-1; NaN is a missing sample. */
typedef struct dsp_audio {
  double rate_hz;      /**< > 0 */
  unsigned n_channels; /**< > 0; the recording's first `n_channels` channels */
  uint64_t n_frames;   /**< samples of each channel */
  unsigned bits;       /**< of an integer sample; 0 for floating point */
  double clip_level;   /**< a magnitude at or above this counts as saturated: 1 - 2 / 2^bits for integers; INFINITY never */
  /** Samples of frames first .. first + n - 1, channels interleaved, into n * n_channels floats. The range lies inside the source (a
   * caller's mistake otherwise). May be called in any order; rising order is fast. */
  dsp_status (*read)(void *context, float *interleaved, uint64_t first, size_t n, dsp_error *error);
  void *context;
  void (*close)(void *context); /**< frees `context`; NULL when there is nothing to free */
} dsp_audio;

/** A source over `interleaved` (malloc'ed, n_frames * n_channels floats), which it owns in every case, also on failure. */
DSP_API DSP_MUST_USE dsp_status dsp_audio_in_memory(dsp_audio *audio, float *interleaved, uint64_t n_frames, unsigned n_channels,
                                                    double rate_hz, unsigned bits);
/** Closes the source and zeroes it. A zeroed source and NULL are legal. */
DSP_API void dsp_audio_close(dsp_audio *audio);

#endif
