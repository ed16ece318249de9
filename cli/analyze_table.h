/* SPDX-License-Identifier: GPL-3.0-or-later
 * A report as a technologist reads it on a terminal. */
#ifndef CLI_ANALYZE_TABLE_H
#define CLI_ANALYZE_TABLE_H

#include <dsp/report.h>
#include <fmt/writer.h>
#include <stdbool.h>

typedef struct table_style {
  bool verbose; /**< landmarks, phases and side results too */
  bool colour;
} table_style;

/** Append the tests of `report` about the file `path`, written to `target`. A lost cell fails `out`. */
void analyze_table_put(fmt_buffer *out, const dsp_report *report, const char *path, const char *target, const table_style *style);

#endif
