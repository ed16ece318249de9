/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writers: a report in, bytes out, in memory. One function puts bytes on disk, whole or not at all. */
#ifndef FMT_WRITER_H
#define FMT_WRITER_H

#include <dsp/phantom.h>
#include <dsp/recording.h>
#include <dsp/report.h>
#include <fmt/source.h>
#include <stdbool.h>

/** Growing bytes. Zeroed is empty. A failed append sets `failed` and later appends do nothing, so it is tested once at the end. */
typedef struct fmt_buffer {
  char *bytes; /**< `size` bytes and a NUL */
  size_t size, capacity;
  bool failed;
} fmt_buffer;

DSP_API void fmt_buffer_clear(fmt_buffer *buffer);
DSP_API void fmt_put(fmt_buffer *buffer, const char *text);
DSP_API void fmt_put_bytes(fmt_buffer *buffer, const void *bytes, size_t size);
DSP_API void fmt_printf(fmt_buffer *buffer, const char *format, ...) DSP_PRINTF(2, 3);
/** The shortest decimal digits that read back to the same double, C locale; `missing` for a value that is not finite. */
DSP_API void fmt_put_number(fmt_buffer *buffer, double value, const char *missing);
/** A JSON string with its quotes, control characters escaped; NULL text gives null. */
DSP_API void fmt_put_json_text(fmt_buffer *buffer, const char *text);
/** A CSV cell: a text that begins with = + - @ gets a leading apostrophe, quotes where needed. */
DSP_API void fmt_put_csv_text(fmt_buffer *buffer, const char *text);
/** XML character data and attribute text, control characters that XML forbids replaced. */
DSP_API void fmt_put_xml_text(fmt_buffer *buffer, const char *text);

/** What a person must be able to leave out. */
typedef struct fmt_write_options {
  bool no_name; /**< leave out the file's base name and free labels */
} fmt_write_options;

/** The JSON of contract section 3, without a trailing newline. */
DSP_API DSP_MUST_USE dsp_status fmt_report_json(fmt_buffer *out, const dsp_report *report, const fmt_write_options *options,
                                                dsp_error *error);
/** The JSON of `pleth info --json`. */
DSP_API DSP_MUST_USE dsp_status fmt_info_json(fmt_buffer *out, const dsp_recording *recording, dsp_error *error);
/** The HDF5 report (contract section 4) as the bytes of a file; equal reports give equal bytes. */
DSP_API DSP_MUST_USE dsp_status fmt_report_hdf5(fmt_buffer *out, const dsp_report *report, const fmt_write_options *options,
                                                dsp_error *error);
/** One line "path: what; expected" per departure from the published schema into `problems`; DSP_OK when it could be read as HDF5,
 * DSP_BAD_INPUT when not. No problems: a valid report. */
DSP_API DSP_MUST_USE dsp_status fmt_check_report(fmt_buffer *problems, const fmt_source *file, dsp_error *error);
/** The picture of test `test` (0-based) of an HDF5 report: one SVG page. */
DSP_API DSP_MUST_USE dsp_status fmt_report_svg(fmt_buffer *out, const fmt_source *file, dsp_error *error);
/** The conditioned traces of an HDF5 report as CSV (`time (s)`, `name (unit)`). */
DSP_API DSP_MUST_USE dsp_status fmt_report_csv(fmt_buffer *out, const fmt_source *file, dsp_error *error);
/** How a recording is written as text. Zeroed: comma-separated, decimal point. */
typedef struct fmt_csv_style {
  char delimiter;     /**< 0 means ',' */
  bool decimal_comma; /**< needs another delimiter than ',' */
  int decimals;       /**< fixed decimals of the samples; 0 = shortest digits that read back to the same double */
} fmt_csv_style;

/** A recording as CSV: `time (s)`, then `name (unit)` columns, `n/a` for missing, a blank line between segments. `style` may be NULL. */
DSP_API DSP_MUST_USE dsp_status fmt_recording_csv(fmt_buffer *out, const dsp_recording *recording, const fmt_csv_style *style,
                                                  dsp_error *error);
/** A recording's audio as WAV, all of it in memory: PCM of 16 or 24 bits where the samples have so many, else 32-bit float; with `cues` the
 * events as labelled cue points (leave them out where a side-car holds them). DSP_BAD_OPTION for a recording without audio or with a rate
 * that is no whole number, DSP_LIMIT above 2 GiB. */
DSP_API DSP_MUST_USE dsp_status fmt_recording_wav(fmt_buffer *out, const dsp_recording *recording, bool cues, dsp_error *error);
/** A side-car to complete: an entry for each channel with what is known of it. It is one that fmt_read takes as it stands. */
DSP_API DSP_MUST_USE dsp_status fmt_suggest_sidecar(fmt_buffer *out, const dsp_recording *recording, dsp_error *error);
/** A recording's side-car (contract section 2): only what the recording knows. */
DSP_API DSP_MUST_USE dsp_status fmt_recording_sidecar(fmt_buffer *out, const dsp_recording *recording, dsp_error *error);
/** What a file that a conversion makes is for. */
typedef enum fmt_part_kind {
  FMT_PART_MAIN,       /**< the format's own file */
  FMT_PART_SIDECAR,    /**< pleth's side-car: what the format cannot carry */
  FMT_PART_JSON,       /**< BIDS: what the columns are */
  FMT_PART_EVENTS,     /**< BIDS: events */
  FMT_PART_EVENTS_JSON /**< BIDS: what their columns are */
} fmt_part_kind;
#define FMT_PART_KINDS 5

typedef struct fmt_part {
  fmt_part_kind kind;
  unsigned group; /**< 0, or the number of the recording when channels of different rates need a file each */
  fmt_buffer bytes;
} fmt_part;

/** What a conversion makes. Zeroed is empty; free with fmt_parts_clear. */
typedef struct fmt_parts {
  fmt_part *rows;
  size_t n, capacity;
  fmt_buffer notes; /**< one line each: what the format could not hold as it was */
} fmt_parts;

DSP_API void fmt_parts_clear(fmt_parts *parts);
/** Append an empty part; NULL when out of memory. Valid until the next call. */
DSP_API DSP_MUST_USE fmt_part *fmt_parts_add(fmt_parts *parts, fmt_part_kind kind, unsigned group);
/** Formats that fmt_convert writes, NULL-terminated: "csv" ... */
DSP_API extern const char *const fmt_convert_formats[];
/** A recording in another format, one of fmt_convert_formats; lossless where the format allows, and `notes` say where not. DSP_BAD_OPTION
 * for a recording that the format cannot hold at all. Audio is brought into memory when the format is not WAV. */
DSP_API DSP_MUST_USE dsp_status fmt_convert(fmt_parts *parts, dsp_recording *recording, const char *format, dsp_error *error);

/** Truth of a simulated recording:
 * {"schema":"pleth-truth/1","step_s":..,"values":{id:value..},"landmarks":{name:t..},"parameters":{..},"seed":n}. */
DSP_API DSP_MUST_USE dsp_status fmt_truth_json(fmt_buffer *out, const dsp_truth *truth, const dsp_params *params, uint64_t seed,
                                               dsp_error *error);

/** Digest of the effective parameters (names and values in order), as hex; same values, same digest. */
DSP_API DSP_MUST_USE dsp_status fmt_config_sha256(char hex[65], const dsp_params *params);
/** Let the libraries set up now what they would at their first use: before many processes are forked that would each do it again. */
DSP_API void fmt_libraries_prepare(void);
/** Name and version of each library that the report depends on, added to the report. */
DSP_API DSP_MUST_USE dsp_status fmt_report_add_libraries(dsp_report *report);

/** Is `path` a legal target: absent, or a regular file, or a link to one (contract section 1)? DSP_IO_ERROR that says what it is otherwise.
 */
DSP_API DSP_MUST_USE dsp_status fmt_target_check(const char *path, dsp_error *error);
/** Write `size` bytes to `path`, whole or not at all: temporary name in the target's folder, written, synced, renamed, folder synced. A
 * link to a regular file is replaced at its target. On failure the old file is untouched and no temporary is left. */
DSP_API DSP_MUST_USE dsp_status fmt_write_file(const char *path, const void *bytes, size_t size, dsp_error *error);
/** The same without waiting for the disk: whole after a kill, but not after a power cut until the caller has synced the file system. */
DSP_API DSP_MUST_USE dsp_status fmt_write_file_unsynced(const char *path, const void *bytes, size_t size, dsp_error *error);
/** Sync a finished temporary file and give it its name, in the same folder. On failure the temporary is the caller's to remove. */
DSP_API DSP_MUST_USE dsp_status fmt_commit_file(const char *temporary, const char *path, dsp_error *error);

#endif
