/* SPDX-License-Identifier: GPL-3.0-or-later
 * How a recording is laid out as EDF+: found first, written then. */
#ifndef WRITERS_RECORDING_EDF_H
#define WRITERS_RECORDING_EDF_H

#include "convert.h"

enum { EDF_LIMIT_BYTES = 8 };

typedef struct edf_out_signal {
  const dsp_channel *channel;
  size_t per_record;
  double scale, offset; /* of the whole numbers that are written */
  long low, high;       /* the least and the greatest of them */
  long none;            /* stands for a missing sample; used only where `missing` */
  bool exact;           /* the file's own whole numbers are kept */
  char physical[2][EDF_LIMIT_BYTES + 1];
} edf_out_signal;

typedef struct edf_plan {
  const dsp_recording *recording;
  fmt_buffer *notes;
  unsigned width; /* bytes a sample */
  edf_out_signal *signals;
  size_t n_signals;
  double record_s;
  char record_text[EDF_LIMIT_BYTES + 1];
  size_t *records; /* of each segment */
  size_t n_segments, n_records;
  size_t padded; /* samples behind the ends of segments */
} edf_plan;

/* recording_edf_plan.c */
dsp_status edf_plan_make(edf_plan *plan, const dsp_recording *recording, unsigned width, fmt_buffer *notes, dsp_error *error);
void edf_plan_clear(edf_plan *plan);
/* A number in at most 8 characters, as near as they allow. */
void edf_number(char text[EDF_LIMIT_BYTES + 1], double value);

#endif
