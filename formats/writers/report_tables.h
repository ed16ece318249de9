/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables of an HDF5 report as {name, kind, offset} rows: the writer and the reader of the file run on the same ones. */
#ifndef FMT_REPORT_TABLES_H
#define FMT_REPORT_TABLES_H

#include <dsp/report.h>
#include <hdf5.h>

typedef enum fmt_column_kind {
  FMT_COLUMN_TEXT, /**< const char *; fixed-length UTF-8 in the file, as wide as its longest text */
  FMT_COLUMN_F64,  /**< double */
  FMT_COLUMN_U32,  /**< unsigned */
  FMT_COLUMN_BOOL  /**< bool; 0 or 1 in a byte of the file */
} fmt_column_kind;

typedef struct fmt_column {
  const char *name;
  fmt_column_kind kind;
  size_t offset; /**< in the C struct of a line */
} fmt_column;

#define FMT_COLUMNS_MAX 24

typedef struct fmt_table {
  const char *name; /**< of the dataset */
  size_t line_size; /**< of the C struct */
  size_t n;         /**< columns, at most FMT_COLUMNS_MAX */
  fmt_column columns[FMT_COLUMNS_MAX];
} fmt_table;

typedef struct fmt_measure_line {
  const char *id, *unit, *interval, *definition, *grade, *guideline;
  double value, lo, hi, se, limit, limit_distance, t0_s, t1_s;
  unsigned n;
  bool valid;
} fmt_measure_line;

typedef struct fmt_flag_line {
  const char *measure; /**< "" for the test's own */
  const char *code;
} fmt_flag_line;

typedef struct fmt_event_line {
  double t_s, dur_s, volume_ml, percent;
  const char *kind, *text, *source;
  unsigned count;
} fmt_event_line;

typedef struct fmt_param_line {
  const char *id, *owner, *unit, *text; /**< text: a choice's word, or the number as printed */
  double value;
} fmt_param_line;

/** Type in memory of a column's cells; a text's is made by who needs it: -1. */
hid_t fmt_column_memory_type(fmt_column_kind kind);

extern const fmt_table fmt_measures_table;   /**< of fmt_measure_line */
extern const fmt_table fmt_flags_table;      /**< of fmt_flag_line */
extern const fmt_table fmt_landmarks_table;  /**< of dsp_landmark */
extern const fmt_table fmt_phases_table;     /**< of dsp_phase */
extern const fmt_table fmt_details_table;    /**< of dsp_detail */
extern const fmt_table fmt_events_table;     /**< of fmt_event_line */
extern const fmt_table fmt_warnings_table;   /**< of dsp_warning */
extern const fmt_table fmt_parameters_table; /**< of fmt_param_line */
extern const fmt_table fmt_libraries_table;  /**< of dsp_note */

#endif
