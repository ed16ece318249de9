/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the parts of the LabChart text reader share. */
#ifndef READERS_LABCHART_H
#define READERS_LABCHART_H

#include "csv.h"
#include "rows.h"

/* Order of the parameter rows in labchart.c. */
enum { LAB_BLOCK, LAB_HELD, LAB_HELD_RUNS, LAB_N_PARAMS };

/* One channel through all blocks: same title, unit and rate. */
typedef struct lab_channel {
  const char *title, *unit; /* unit NULL none */
  size_t repeat;            /* how many channels of that title stand before it in its block */
  double rate_hz;
  double *x;
  size_t n, capacity;
  dsp_segment *segments;
  size_t n_segments, segments_capacity;
} lab_channel;

/* How a block's times count. */
typedef enum lab_clock { LAB_CLOCK_UNSTATED, LAB_CLOCK_OF_BLOCK, LAB_CLOCK_ON } lab_clock;

typedef struct lab_block {
  size_t line; /* of its first header line */
  double interval_s;
  bool dated;
  double date_s; /* start in seconds since 1970, local clock; when dated */
  lab_clock clock;
  csv_span titles, ranges, units; /* values behind the key; at NULL when the line is absent */
  size_t n_channels;
} lab_block;

typedef struct lab_file {
  csv_table text;
  lab_channel *channels;
  size_t n_channels, channels_capacity;
  size_t n_blocks;      /* taken so far */
  double origin_date_s; /* first block's */
  bool origin_dated;
  double origin_time_s; /* first row's own time */
  double end_s;         /* end of the block before, from the first sample */
  size_t short_rows, short_line;
} lab_file;

#define LAB_KEY "Interval="

/* labchart_header.c: the header at *p; *p is left at the first row, *line is its number. */
dsp_status lab_header(lab_file *file, lab_block *block, const unsigned char **p, size_t *line, dsp_error *error);
/* Title (never NULL unless out of memory) and unit of the block's channel `c`. */
dsp_status lab_name(lab_file *file, const lab_block *block, size_t c, const char **title, const char **unit, dsp_error *error);

/* labchart_block.c: the rows of a block, placed in time and added to the channels. */
dsp_status lab_rows(lab_file *file, const lab_block *block, const unsigned char **p, size_t *line, dsp_error *error);

/* labchart_held.c: how many rows each value of the channel is held, 1 when that is not certain. */
size_t lab_held(const lab_channel *channel, size_t runs_needed);
/* Keep every k-th sample. */
void lab_thin(lab_channel *channel, size_t k);

#endif
