/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the parts of the EDF and BDF readers share. Layout: B. Kemp et al., "A simple format for exchange of digitized polygraphic
 * recordings" (1992), the EDF+ specification (2003, edfplus.info) and BioSemi's 24-bit variant of both. */
#ifndef READERS_EDF_H
#define READERS_EDF_H

#include <fmt/reader.h>

typedef struct edf_signal {
  const char *label, *unit;
  double scale, offset; /* physical = digital * scale + offset */
  size_t per_record;    /* samples */
  size_t at;            /* first byte within a record */
  bool annotations;     /* texts, not samples */
} edf_signal;

/* Records without a gap between them. */
typedef struct edf_run {
  double t0_s; /* in the file's own time */
  size_t first, n;
} edf_run;

typedef struct edf_file {
  const fmt_input *input;
  dsp_recording *recording;
  const char *id;     /* reader's */
  unsigned width;     /* bytes a sample: 2 in EDF, 3 in BDF */
  bool plus;          /* EDF+ or BDF+ */
  bool discontinuous; /* its header says so */
  edf_signal *signals;
  size_t n_signals, n_annotations;
  double record_s;
  const unsigned char *data;
  size_t record_bytes, n_records;
  size_t tail_bytes; /* of a last record that is cut */
  double fastest_hz;
  edf_run *runs;
  size_t n_runs, runs_capacity;
} edf_file;

/* edf_header.c: everything but data, runs. */
dsp_status edf_header(edf_file *file, dsp_error *error);
/* edf_annotations.c: the events, and when each record begins. */
dsp_status edf_annotations(edf_file *file, dsp_error *error);
/* edf_samples.c: the channels. */
dsp_status edf_samples(edf_file *file, dsp_error *error);
/* edf_file.c: all of them. */
dsp_status edf_read(const fmt_input *input, dsp_recording *recording, unsigned width, const char *id, dsp_error *error);

#endif
