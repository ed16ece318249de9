/* SPDX-License-Identifier: GPL-3.0-or-later
 * Flags and warning codes are rows: id, severity, what it means, what a technologist should do next. An id is never renamed or removed. */
#ifndef DSP_FLAGS_H
#define DSP_FLAGS_H

#include <dsp/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum dsp_severity {
  DSP_INFO,    /**< worth knowing; the number stands */
  DSP_CAUTION, /**< the number may be off; look before you rely on it */
  DSP_FATAL    /**< the number is null, or must not be used */
} dsp_severity;

typedef struct dsp_flag_row {
  const char *id;
  dsp_severity severity;
  const char *text; /**< what is the case */
  const char *next; /**< what to do next */
} dsp_flag_row;

/** All rows, in an order that only grows at its end; `dsp_flag_count` of them. */
DSP_API extern const dsp_flag_row dsp_flag_rows[];
DSP_API extern const size_t dsp_flag_count;

/** Row of an id, or NULL. */
DSP_API const dsp_flag_row *dsp_flag_find(const char *id);
/** "info", "caution", "fatal" */
DSP_API const char *dsp_severity_text(dsp_severity severity);

/** A set of flags; bit i is row i. All zero is empty. */
#define DSP_FLAG_WORDS 4
typedef struct dsp_flags {
  uint64_t bits[DSP_FLAG_WORDS];
} dsp_flags;

/** Add the row `id` to the set. An id without a row is a caller's mistake (assert). */
DSP_API void dsp_flags_add(dsp_flags *flags, const char *id);
DSP_API bool dsp_flags_has(const dsp_flags *flags, const char *id);
/** Add all of `other`. */
DSP_API void dsp_flags_join(dsp_flags *flags, const dsp_flags *other);
/** The i-th flag of the set in the table's order, or NULL past the end. */
DSP_API const dsp_flag_row *dsp_flags_get(const dsp_flags *flags, size_t i);

#endif
