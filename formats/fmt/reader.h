/* SPDX-License-Identifier: GPL-3.0-or-later
 * Readers: bytes in, a recording out. One file and one row each; everything static but one const descriptor. */
#ifndef FMT_READER_H
#define FMT_READER_H

#include <dsp/params.h>
#include <dsp/recording.h>
#include <fmt/source.h>

typedef enum fmt_verdict {
  FMT_NOT_MINE,
  FMT_PERHAPS, /**< readable by this reader, but nothing says it is this format */
  FMT_MINE,
  FMT_BROKEN /**< certainly this format, but damaged or of an unsupported kind: report this reader's error */
} fmt_verdict;

/** What a side-car states about a channel that a reader may need before it can place it: which column is the time, which rate it has. */
typedef struct fmt_hint {
  const char *column, *label; /**< NULL not given */
  long index;                 /**< 0-based, -1 not given */
  bool is_time;               /**< role "time" */
  const char *unit;           /**< NULL not given */
  bool override;              /**< the side-car settles a difference of units */
  double rate_hz;             /**< NaN not given */
  long channel;               /**< set by the reader: index of the channel that is meant, or one of the two below */
} fmt_hint;
#define FMT_HINT_OPEN (-1L) /**< not looked up: the side-car finds it among the channels */
#define FMT_HINT_USED (-2L) /**< the reader has used it (a time or marker column): there is no channel for it */

typedef struct fmt_hints {
  fmt_hint *rows;
  size_t n;
} fmt_hints;

typedef struct fmt_reader {
  const char *id;                /**< "csv" */
  const char *title;             /**< for people */
  const char *const *extensions; /**< NULL-terminated, without dot; a hint that breaks ties only */
  dsp_param_table params;
  /** Look at the bytes (never beyond source->size). *score 0..100 grades FMT_PERHAPS and FMT_MINE. On FMT_BROKEN `error` says why. */
  fmt_verdict (*probe)(const fmt_source *source, unsigned *score, dsp_error *error);
  /** Fill an empty recording: channels in physical units, events, segments, warnings, t_origin_s, format. `hints` has no rows when there is
   * no side-car. */
  dsp_status (*read)(const fmt_source *source, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error);
} fmt_reader;

/** All readers, NULL-terminated. */
DSP_API extern const fmt_reader *const fmt_readers[];
DSP_API const fmt_reader *fmt_reader_find(const char *id); /**< NULL when unknown */

/** Read a recording. `name` is its base name (stored, and its extension breaks ties); `format` NULL: the surest probe wins, close scores of
 * different readers are DSP_BAD_INPUT that lists them. `sidecar` may be NULL; else it is applied last (fmt_sidecar_apply).
 * On success the caller owns *recording (dsp_recording_free). */
DSP_API DSP_MUST_USE dsp_status fmt_read(dsp_recording **recording, const fmt_source *source, const char *name, const char *format,
                                         const fmt_source *sidecar, const char *sidecar_name, const dsp_params *params, dsp_error *error);

/** Add what a side-car says (contract section 2) to a recording that a reader has filled. Strict: a wrong type or a duplicate key is an
 * error with its JSON path, an unknown key a warning. The recording may be half changed on error. */
DSP_API DSP_MUST_USE dsp_status fmt_sidecar_apply(dsp_recording *recording, const fmt_source *sidecar, dsp_error *error);

#endif
