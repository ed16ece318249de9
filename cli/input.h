/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files in: opened without waiting or following devices, read whole, with the side-car that lies beside them. */
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

/** Open and read a regular file. Directories, devices and pipes are refused in words. Free with fmt_source_clear. */
dsp_status input_source(fmt_source *source, const char *path, size_t cap_bytes, dsp_error *error);

/** The side-car's name, STEM.pleth.json beside `path`, when something of that name is there; else nothing. DSP_NO_MEMORY or DSP_OK. */
dsp_status input_sidecar(fmt_buffer *name, const char *path);

/** How recordings are to be read. */
typedef struct input_options {
  const char *format;  /**< NULL: look at the bytes */
  const char *sidecar; /**< NULL: STEM.pleth.json beside the input, if there is one */
  const dsp_params *params;
  bool keep_identifiers;
} input_options;

/** An open file that belongs to a recording. */
typedef struct input_file {
  int fd;     /**< -1: there is none */
  char *name; /**< as readers and messages know it; owned */
} input_file;

/** All open files of one recording: whoever holds it need not open anything more. */
typedef struct input_set {
  input_file recording, sidecar;
  input_file *companions; /**< what a reader wants beside the recording, as far as it exists */
  size_t n_companions, capacity;
} input_set;

/** Open a recording, its side-car and its companions, without parsing anything but what names companions. Close with input_close, on
 * failure, too. */
dsp_status input_open(input_set *set, const char *path, const input_options *options, dsp_error *error);
/** Read what has been opened. The caller frees the recording. */
dsp_status input_read(dsp_recording **recording, const input_set *set, const input_options *options, dsp_error *error);
void input_close(input_set *set);

/** Open and read. The caller frees the recording. */
dsp_status input_recording(dsp_recording **recording, const char *path, const input_options *options, dsp_error *error);

#endif
