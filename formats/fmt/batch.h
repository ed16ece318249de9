/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables of many recordings in one HDF5 file, written line by line, so that memory does not grow with their number. */
#ifndef FMT_BATCH_H
#define FMT_BATCH_H

#include <dsp/status.h>
#include <stdbool.h>
#include <stddef.h>

/** A line of /recordings. Texts may be NULL. */
typedef struct fmt_batch_recording {
  const char *recording, *sha256, *status, *reason, *format, *report;
  double duration_s;   /**< NaN unknown */
  unsigned n_measures; /**< its lines of /measures */
} fmt_batch_recording;

/** A line of /measures. */
typedef struct fmt_batch_measure {
  unsigned recording; /**< line of /recordings, from 0 */
  const char *protocol, *channel, *side, *site, *id, *unit, *grade, *guideline, *definition;
  unsigned trial; /**< 0 pooled */
  double value, lo, hi;
  bool valid;
} fmt_batch_measure;

/** A line of /flags. */
typedef struct fmt_batch_flag {
  unsigned measure; /**< line of /measures, from 0 */
  const char *code;
} fmt_batch_flag;

/** Texts have a fixed width in the file, so the widest of each column must be known before the first line: show every line to a zeroed
 * fmt_batch_widths first. */
typedef struct fmt_batch_widths {
  size_t column[3][24]; /**< of /recordings, /measures, /flags */
} fmt_batch_widths;

DSP_API void fmt_batch_see_recording(fmt_batch_widths *widths, const fmt_batch_recording *line);
DSP_API void fmt_batch_see_measure(fmt_batch_widths *widths, const fmt_batch_measure *line);
DSP_API void fmt_batch_see_flag(fmt_batch_widths *widths, const fmt_batch_flag *line);

typedef struct fmt_batch fmt_batch;

/** Begin the file `path` (a temporary name; replaced). NULL with *error set. */
DSP_API DSP_MUST_USE fmt_batch *fmt_batch_new(const char *path, const fmt_batch_widths *widths, dsp_error *error);
DSP_API void fmt_batch_add_recording(fmt_batch *batch, const fmt_batch_recording *line);
DSP_API void fmt_batch_add_measure(fmt_batch *batch, const fmt_batch_measure *line);
DSP_API void fmt_batch_add_flag(fmt_batch *batch, const fmt_batch_flag *line);
/** Close the file and free `batch`. DSP_IO_ERROR when anything since fmt_batch_new failed. */
DSP_API DSP_MUST_USE dsp_status fmt_batch_finish(fmt_batch *batch, dsp_error *error);

#endif
