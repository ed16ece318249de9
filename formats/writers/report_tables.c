/* SPDX-License-Identifier: GPL-3.0-or-later
 * Columns of the report's tables, in the file's order. */
#include "report_tables.h"

#include <stddef.h>

#define TEXT(type, member, name)                                                                                                           \
  { name, FMT_COLUMN_TEXT, offsetof(type, member) }
#define F64(type, member, name)                                                                                                            \
  { name, FMT_COLUMN_F64, offsetof(type, member) }
#define U32(type, member, name)                                                                                                            \
  { name, FMT_COLUMN_U32, offsetof(type, member) }
#define BOOL(type, member, name)                                                                                                           \
  { name, FMT_COLUMN_BOOL, offsetof(type, member) }

const fmt_table fmt_measures_table = {
    "measures",
    sizeof(fmt_measure_line),
    16,
    {TEXT(fmt_measure_line, id, "id"), F64(fmt_measure_line, value, "value"), TEXT(fmt_measure_line, unit, "unit"),
     F64(fmt_measure_line, lo, "lo"), F64(fmt_measure_line, hi, "hi"), F64(fmt_measure_line, se, "se"), U32(fmt_measure_line, n, "n"),
     BOOL(fmt_measure_line, valid, "valid"), TEXT(fmt_measure_line, interval, "interval"), TEXT(fmt_measure_line, definition, "definition"),
     TEXT(fmt_measure_line, grade, "grade"), TEXT(fmt_measure_line, guideline, "guideline"), F64(fmt_measure_line, limit, "limit"),
     F64(fmt_measure_line, limit_distance, "limit_distance"), F64(fmt_measure_line, t0_s, "t0_s"), F64(fmt_measure_line, t1_s, "t1_s")}};

const fmt_table fmt_flags_table = {
    "flags", sizeof(fmt_flag_line), 2, {TEXT(fmt_flag_line, measure, "measure"), TEXT(fmt_flag_line, code, "code")}};

const fmt_table fmt_landmarks_table = {"landmarks",
                                       sizeof(dsp_landmark),
                                       5,
                                       {TEXT(dsp_landmark, name, "name"), F64(dsp_landmark, t_s, "t_s"), F64(dsp_landmark, lo, "lo"),
                                        F64(dsp_landmark, hi, "hi"), TEXT(dsp_landmark, source, "source")}};

const fmt_table fmt_phases_table = {
    "phases",
    sizeof(dsp_phase),
    4,
    {TEXT(dsp_phase, name, "name"), F64(dsp_phase, t0_s, "t0_s"), F64(dsp_phase, t1_s, "t1_s"), F64(dsp_phase, level, "level")}};

const fmt_table fmt_details_table = {
    "details", sizeof(dsp_detail), 3, {TEXT(dsp_detail, id, "id"), F64(dsp_detail, value, "value"), TEXT(dsp_detail, unit, "unit")}};

const fmt_table fmt_events_table = {"events",
                                    sizeof(fmt_event_line),
                                    8,
                                    {F64(fmt_event_line, t_s, "t_s"), F64(fmt_event_line, dur_s, "dur_s"),
                                     TEXT(fmt_event_line, kind, "kind"), TEXT(fmt_event_line, text, "text"),
                                     U32(fmt_event_line, count, "count"), F64(fmt_event_line, volume_ml, "volume_ml"),
                                     F64(fmt_event_line, percent, "percent"), TEXT(fmt_event_line, source, "source")}};

const fmt_table fmt_warnings_table = {
    "warnings", sizeof(dsp_warning), 2, {TEXT(dsp_warning, code, "code"), TEXT(dsp_warning, text, "text")}};

const fmt_table fmt_parameters_table = {"parameters",
                                        sizeof(fmt_param_line),
                                        5,
                                        {TEXT(fmt_param_line, id, "id"), F64(fmt_param_line, value, "value"),
                                         TEXT(fmt_param_line, unit, "unit"), TEXT(fmt_param_line, text, "text"),
                                         TEXT(fmt_param_line, owner, "owner")}};

const fmt_table fmt_libraries_table = {"libraries", sizeof(dsp_note), 2, {TEXT(dsp_note, key, "name"), TEXT(dsp_note, text, "version")}};

hid_t fmt_column_memory_type(fmt_column_kind kind) {
  switch (kind) {
  case FMT_COLUMN_F64:
    return H5T_NATIVE_DOUBLE;
  case FMT_COLUMN_U32:
    return H5T_NATIVE_UINT32;
  case FMT_COLUMN_BOOL:
    return H5T_NATIVE_UINT8;
  case FMT_COLUMN_TEXT:
    break;
  }
  return -1;
}
