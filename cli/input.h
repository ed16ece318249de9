/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files in. Opened by the program, without waiting or following devices; read by a worker, which has descriptors and nothing else. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <dsp/params.h>
#include <dsp/recording.h>
#include <fmt/reader.h>
#include <fmt/source.h>
#include <fmt/writer.h>

/** The name without its folder: a part of `path`. */
const char *input_base(const char *path);
/** Length of the base name up to its last dot ("leg.csv": 3; ".csv": 4; "leg.tsv.gz": 3). */
size_t input_stem(const char *base);

/** The side-car's name, STEM.pleth.json beside `path`, when something of that name is there; else nothing. DSP_NO_MEMORY or DSP_OK. */
dsp_status input_sidecar(fmt_buffer *name, const char *path);

/** How recordings are to be read. */
typedef struct input_options {
  const char *format; /**< NULL: look at the bytes */
  const dsp_params *params;
  bool keep_identifiers;
} input_options;

/** An open file that belongs to a recording. */
typedef struct input_file {
  int fd;     /**< -1: there is none */
  char *name; /**< as readers and messages know it; owned */
} input_file;

/** All open files of one recording: row 0 is itself, row 1 its side-car, row 2 the map, then what a reader wants beside it, as far as
 * it exists. */
enum { INPUT_RECORDING, INPUT_SIDECAR, INPUT_MAP, INPUT_COMPANIONS };
typedef struct input_set {
  input_file *files;
  size_t n, capacity;
  size_t bytes; /**< of all together when they were opened */
  /** In a worker: have the files of names[from ..] that exist opened and appended. NULL: there is nobody to ask. */
  bool (*fetch)(struct input_set *set, const fmt_names *names, size_t from);
} input_set;

/** Open a regular file as the only row. Folders, devices and pipes are refused in words. Zeroed is empty; close with input_close, after a
 * failure, too. */
dsp_status input_open_file(input_set *set, const char *path, dsp_error *error);
/** Open a recording, its side-car (`sidecar`, or when that is NULL the one beside it, if there is one; "" none) and `map` (NULL none). */
dsp_status input_open(input_set *set, const char *path, const char *sidecar, const char *map, dsp_error *error);
/** Append a companion of the recording at `path`; one that does not exist is left out. `name` comes from a worker: it is checked. */
dsp_status input_open_companion(input_set *set, const char *path, const char *name, dsp_error *error);
/** Append a row that is open already; takes over `fd`. */
dsp_status input_adopt(input_set *set, int fd, const char *name, dsp_error *error);
void input_close(input_set *set);

/** Read the first row whole. Free with fmt_source_clear. */
dsp_status input_source(fmt_source *source, const input_set *set, dsp_error *error);
/** The bytes of all files of a recording. */
typedef struct input_sources {
  const input_set *set;
  fmt_source recording, sidecar, map; /**< sidecar: zeroed when there is none */
  fmt_file *companions;
  size_t n;
} input_sources;

/** Read all files whole; companions that a reader wants are fetched. Free with input_sources_clear, after a failure, too. */
dsp_status input_load(input_sources *sources, input_set *set, const input_options *options, dsp_error *error);
/** The recording that they hold. The caller frees it. */
dsp_status input_parse(dsp_recording **recording, const input_sources *sources, const input_options *options, dsp_error *error);
void input_sources_clear(input_sources *sources);
/** Read a recording; companions that its reader wants are fetched. The caller frees it. */
dsp_status input_read(dsp_recording **recording, input_set *set, const input_options *options, dsp_error *error);

#endif
