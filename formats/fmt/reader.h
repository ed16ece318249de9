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

/** One of several files that make a recording. */
typedef struct fmt_file {
  const char *name; /**< relative to the first file's folder: "leg01.dat", "../task-rest_physio.json" */
  fmt_source source;
} fmt_file;

/** What a reader gets: a file and those that belong to it. A reader opens nothing by itself. */
typedef struct fmt_input {
  const fmt_source *source;
  const char *name; /**< the file's base name; NULL or "" unknown */
  const fmt_file *companions;
  size_t n_companions;
  bool keep_identifiers; /**< names and birth dates of patients may go into the recording; else they are left out */
} fmt_input;

/** The companion of that name, or NULL. */
DSP_API const fmt_source *fmt_companion(const fmt_input *input, const char *name);

/** Names of files, each once. Zeroed is empty; free with fmt_names_clear. */
typedef struct fmt_names {
  char **rows;
  size_t n, capacity;
} fmt_names;

/** Append a copy of `name` (`length` bytes) unless it is there already. A name that leads elsewhere is left out: legal are a bare file name
 * and one behind up to 8 times "../". DSP_LIMIT beyond FMT_CAP_COMPANION_NAMES. */
DSP_API DSP_MUST_USE dsp_status fmt_names_add(fmt_names *names, const char *name, size_t length);
DSP_API void fmt_names_clear(fmt_names *names);

typedef struct fmt_reader {
  const char *id;                /**< "csv" */
  const char *title;             /**< for people */
  const char *const *extensions; /**< NULL-terminated, without dot; a hint that breaks ties only */
  dsp_param_table params;        /**< its options, set with --set */
  /** Look at the bytes (never beyond source->size). *score 0..100 grades FMT_PERHAPS and FMT_MINE. On FMT_BROKEN `error` says why. */
  fmt_verdict (*probe)(const fmt_input *input, unsigned *score, dsp_error *error);
  /** Fill an empty recording: channels in physical units, events, segments, warnings, t_origin_s. `hints` has no rows when there is
   * no side-car. The error's place is "byte N", "line N, column M" or ""; the reader's id is put before it when the file said what it is.
   */
  dsp_status (*read)(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error);
  /** Add the names of files that may belong to this one, by its name and the first FMT_CAP_HEAD_BYTES of it and of the companions that are
   * there so far; nothing for a file that is not this reader's. Whoever opens files opens those that exist and asks again. NULL: one
   * file is all. Runs outside the sealed worker: a rule for names, no parser. */
  dsp_status (*wants)(fmt_names *names, const fmt_input *so_far);
} fmt_reader;

/** All readers, NULL-terminated. */
DSP_API extern const fmt_reader *const fmt_readers[];
DSP_API const fmt_reader *fmt_reader_find(const char *id); /**< NULL when unknown */

/** Ask every reader (with `format` that one alone) which further files it wants; see fmt_reader.wants. */
DSP_API DSP_MUST_USE dsp_status fmt_companion_names(fmt_names *names, const fmt_input *so_far, const char *format);

/** How a file is to be read. Zeroed: by its bytes, without a side-car, with default parameters. */
typedef struct fmt_read_options {
  const char *format;        /**< reader's id; NULL: the surest probe wins, close scores of different readers are listed, never guessed */
  const fmt_source *sidecar; /**< applied last (fmt_sidecar_apply); NULL none */
  const char *sidecar_name;  /**< for messages */
  const dsp_params *params;  /**< NULL: the readers' defaults */
  const fmt_source *map;     /**< a side-car that speaks for all exports of one machine; the recording's own goes over it. NULL none */
  const char *map_name;      /**< for messages */
} fmt_read_options;

/** Read a recording. On success the caller owns *recording (dsp_recording_free). */
DSP_API DSP_MUST_USE dsp_status fmt_read(dsp_recording **recording, const fmt_input *input, const fmt_read_options *options,
                                         dsp_error *error);

/** Add what a side-car says (contract section 2) to a recording that a reader has filled. Strict: a wrong type or a duplicate key is an
 * error with its JSON path, an unknown key a warning. The recording may be half changed on error. */
DSP_API DSP_MUST_USE dsp_status fmt_sidecar_apply(dsp_recording *recording, const fmt_source *sidecar, dsp_error *error);

#endif
