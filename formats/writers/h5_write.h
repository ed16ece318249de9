/* SPDX-License-Identifier: GPL-3.0-or-later
 * HDF5 objects with a sticky failure: every id goes on a stack and is closed in one place, so no call needs its own error path. */
#ifndef FMT_H5_WRITE_H
#define FMT_H5_WRITE_H

#include "report_tables.h"

#include <fmt/writer.h>
#include <hdf5.h>

enum { FMT_H5_TEXT_TYPES = 65 };

typedef struct fmt_h5 {
  hid_t *ids;
  size_t n, capacity;
  bool failed, no_memory;
  hid_t file, group_plist, text_plist, data_plist, scalar; /**< lists of groups, links with text names and datasets; a scalar space */
  hid_t text_types[FMT_H5_TEXT_TYPES];                     /**< of texts so long, 0 not made yet */
  char *image;                                             /**< the file, in memory that the core driver was given */
  size_t image_capacity;
} fmt_h5;

/** A new file in memory (core driver, no backing store), without times of objects so that equal content gives equal bytes. *h5 must stay
 * where it is until fmt_h5_finish. */
void fmt_h5_create(fmt_h5 *h5);
/** Close the file and hand its bytes to `out` in place of what it held; everything is closed and freed, whatever happened before. True when
 * nothing failed. */
bool fmt_h5_finish(fmt_h5 *h5, fmt_buffer *out);

/** A new file on disk, for what may be too large for memory; fmt_h5_end ends it. */
void fmt_h5_create_file(fmt_h5 *h5, const char *path);
bool fmt_h5_end(fmt_h5 *h5);

/** Put an id on the stack, or note the failure. */
hid_t fmt_h5_keep(fmt_h5 *h5, hid_t id);
/** Close what was kept since `mark` (a former h5->n). */
void fmt_h5_release(fmt_h5 *h5, size_t mark);

/** A property list that keeps no times of objects. */
hid_t fmt_h5_timeless(fmt_h5 *h5, hid_t class_id);

hid_t fmt_h5_group(fmt_h5 *h5, hid_t parent, const char *name);
/** Scalar attributes; NULL text is "". */
void fmt_h5_text(fmt_h5 *h5, hid_t object, const char *name, const char *text);
void fmt_h5_f64(fmt_h5 *h5, hid_t object, const char *name, double value);
void fmt_h5_u32(fmt_h5 *h5, hid_t object, const char *name, unsigned value);
/** A scalar text dataset. */
void fmt_h5_document(fmt_h5 *h5, hid_t parent, const char *name, const char *text, size_t size);
/** A compound table; it is its own netCDF-4 dimension, so that xarray opens the group that holds it. */
void fmt_h5_table(fmt_h5 *h5, hid_t parent, const fmt_table *table, const void *lines, size_t n);
/** Lines of a table one by one: widen each column's width to what `line` needs (NULL: to the least), the compound type of such lines and
 * its size, and a line packed into zeroed bytes of that size. */
void fmt_h5_see_line(const fmt_table *table, size_t *widths, const void *line);
hid_t fmt_h5_line_type(fmt_h5 *h5, const fmt_table *table, const size_t *widths, size_t *packed);
void fmt_h5_pack_line(void *to, const fmt_table *table, const size_t *widths, const void *line);
/** Group `name` with the samples `data` and their scale `time`. */
void fmt_h5_series(fmt_h5 *h5, hid_t parent, const dsp_series *series);
/** A series with bins as levels of 8 bits. */
void fmt_h5_spectrogram(fmt_h5 *h5, hid_t parent, const dsp_series *series);

#endif
