/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a batch remembers of one recording, as text: a line R, a line M for each measure, a line E that proves the others whole. Cells are
 * parted by tabs. */
#ifndef CLI_BATCH_RECORD_H
#define CLI_BATCH_RECORD_H

#include <dsp/report.h>
#include <fmt/writer.h>
#include <stdbool.h>
#include <stddef.h>

/** Cells of line R. */
enum { REC_NAME, REC_KEY, REC_SHA256, REC_STATUS, REC_REASON, REC_FORMAT, REC_DURATION, REC_REPORT, REC_REPORT_BYTES, REC_CELLS };
/** Cells of a line M. */
enum {
  MEAS_PROTOCOL,
  MEAS_TRIAL,
  MEAS_CHANNEL,
  MEAS_SIDE,
  MEAS_SITE,
  MEAS_ID,
  MEAS_VALUE,
  MEAS_UNIT,
  MEAS_LO,
  MEAS_HI,
  MEAS_VALID,
  MEAS_GRADE,
  MEAS_GUIDELINE,
  MEAS_DEFINITION,
  MEAS_FLAGS, /**< parted by ; */
  MEAS_CELLS
};

/** Words of REC_STATUS. */
#define STATUS_ANALYSED "analysed"
#define STATUS_FAILED   "failed" /**< refused in words: as sure as an analysis */

typedef struct batch_measure {
  const char *cell[MEAS_CELLS];
} batch_measure;

typedef struct batch_record {
  const char *cell[REC_CELLS];
  batch_measure *measures;
  size_t n, capacity;
} batch_record;

/** One cell: text with tabs, line ends and backslashes escaped; NULL is "". */
void batch_put_cell(fmt_buffer *out, const char *text);
/** Undo the escapes of a cell, in place. */
void batch_cut_cell(char *cell);
/** All lines M of a report. */
void batch_put_measures(fmt_buffer *out, const dsp_report *report);
/** A whole record from its cells and its lines M. */
void batch_put_record(fmt_buffer *out, const char *const cell[static REC_CELLS], const char *lines, size_t size);
/** Read a record; texts are cut in place, and belong to `text` (size bytes and a NUL). False when it is not whole. Reuses record's memory,
 * free it with batch_record_clear. */
bool batch_record_read(batch_record *record, char *text, size_t size);
void batch_record_clear(batch_record *record);
/** What asks for caution in a record. */
typedef struct batch_caution {
  size_t measures, flags, invalid; /**< values that are asked for; flags beyond mere notes; values that are missing */
  char text[160];                  /**< in words, with the first few flags */
} batch_caution;

/** False: there is none. */
bool batch_record_caution(batch_caution *caution, const batch_record *record);

#endif
