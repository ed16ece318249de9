/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the parts of the WFDB reader share. Layout: the WFDB Applications Guide (PhysioNet), header(5), signal(5) and annot(5). */
#ifndef READERS_WFDB_H
#define READERS_WFDB_H

#include <fmt/reader.h>

typedef struct wfdb_signal {
  const char *file;
  unsigned format;
  size_t per_frame; /* samples */
  size_t skew;      /* frames that the signal lags behind the others in the file */
  size_t start;     /* bytes before the first sample */
  double gain;      /* steps a unit; 0 not calibrated */
  double baseline;
  const char *unit; /* NULL not stated */
  const char *description;
  bool has_first, has_checksum;
  long long first, checksum;
} wfdb_signal;

typedef struct wfdb_part {
  const char *name; /* "~" a gap */
  size_t frames;
} wfdb_part;

/* One .hea file. */
typedef struct wfdb_header {
  size_t n_signals, n_parts; /* parts: 0 for a record of one part */
  double rate_hz;            /* frames a second */
  size_t frames;             /* 0 not stated */
  const char *clock, *date;  /* NULL not stated */
  wfdb_signal *signals;
  wfdb_part *parts;
} wfdb_header;

#define WFDB_NO_FILE "~" /* name of a pause, or of the file of a signal that is only described */

/* wfdb_header.c: strings and tables go into the arena. */
dsp_status wfdb_parse(wfdb_header *header, const fmt_source *source, dsp_arena *arena, dsp_error *error);
/* The name may stand for a file in the same folder: no path. */
bool wfdb_name_is_bare(const char *name, size_t n);

/* wfdb_samples.c */
bool wfdb_format_known(unsigned format);
/* The code of a missing sample. */
double wfdb_none(unsigned format);
/* Samples of a format in so many bytes. */
size_t wfdb_samples_in(unsigned format, size_t bytes);
/* Of a file of frames of `frame` samples: those of the signal at `slot` in each, `frames` times signal->per_frame, unscaled and without
 * regard to its skew. The bytes must hold them. NaN where the format's sign for none stands. */
void wfdb_decode(double *x, const unsigned char *bytes, const wfdb_signal *signal, size_t slot, size_t frame, size_t frames);

/* wfdb_parts.c: the channels. `name` is the main header's, for messages. */
dsp_status wfdb_channels(const fmt_input *input, const wfdb_header *header, dsp_recording *recording, dsp_error *error);

/* wfdb_annotations.c: the events of one annotation file. */
dsp_status wfdb_annotations(const fmt_source *source, const char *name, double rate_hz, dsp_recording *recording, dsp_error *error);

#endif
