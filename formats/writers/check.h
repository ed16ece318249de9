/* SPDX-License-Identifier: GPL-3.0-or-later
 * The three steps of `pleth check`: form of the HDF5 objects, form of the JSON, and what both mean. */
#ifndef FMT_CHECK_H
#define FMT_CHECK_H

#include "h5_read.h"

#include <jansson.h>

typedef enum fmt_schema_kind {
  FMT_SCHEMA_GROUP,
  FMT_SCHEMA_ATTRIBUTE,
  FMT_SCHEMA_TABLE,
  FMT_SCHEMA_COLUMN,
  FMT_SCHEMA_DATASET,
  FMT_SCHEMA_KEY
} fmt_schema_kind;

/** One row of docs/report-schema.csv. */
typedef struct fmt_schema_row {
  const char *path, *name;
  fmt_schema_kind kind;
  const char *type;
  int rank;
  bool required;
} fmt_schema_row;

extern const fmt_schema_row fmt_schema_rows[];
extern const size_t fmt_schema_count;

/** Append the line "place: found; expected". */
void fmt_problem(fmt_buffer *problems, const char *place, const char *expected, const char *found, ...) DSP_PRINTF(4, 5);

/** Every key of the schema is there and of its type. */
void fmt_check_json_form(fmt_buffer *problems, const json_t *root);

/** Values, intervals, ids, flags and times make sense, and the JSON says what the tables say. */
void fmt_check_meaning(fmt_buffer *problems, fmt_h5_in *in, const dsp_report *report, const json_t *root);

#endif
