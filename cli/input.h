/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files in: opened without waiting or following devices, read whole, with the side-car that lies beside them. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <dsp/params.h>
#include <dsp/recording.h>
#include <fmt/source.h>
#include <fmt/writer.h>

/** The name without its folder: a part of `path`. */
const char *input_base(const char *path);
/** Length of the base name up to its last dot ("leg.csv": 3; ".csv": 4). */
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
} input_options;

/** Read a recording. The caller frees it. */
dsp_status input_recording(dsp_recording **recording, const char *path, const input_options *options, dsp_error *error);

#endif
