/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading a report back, from an image in memory. What HDF5 is asked to do is checked first: hard links only, no plugins, no external or
 * virtual storage, three known filters, and a budget for every byte that a file claims to hold. */
#ifndef FMT_H5_READ_H
#define FMT_H5_READ_H

#include "h5_write.h"

#define FMT_H5_NAMES_MAX 4096 /**< children of one group that are looked at */

typedef struct fmt_h5_in {
  fmt_h5 stack;     /**< ids, closed with the file; its no_memory tells a want of memory from a fault of the file */
  dsp_arena *arena; /**< texts and lines that were read */
  size_t budget;    /**< bytes that may still be read */
  hid_t file;
  dsp_error *error; /**< why a read failed; may be NULL */
} fmt_h5_in;

/** DSP_BAD_INPUT when the bytes are not a whole HDF5 file. Close in every case. */
dsp_status fmt_h5_open(fmt_h5_in *in, const fmt_source *file, dsp_error *error);
void fmt_h5_close(fmt_h5_in *in);

/** A group or dataset behind a hard link, or -1 without a message. Closed with the file, or by fmt_h5_release(&in->stack, mark). */
hid_t fmt_h5_child(fmt_h5_in *in, hid_t parent, const char *name, H5I_type_t kind);
/** Is this dataset stored in a way that is safe to read, within the budget? Says why not. */
bool fmt_h5_readable(fmt_h5_in *in, hid_t dataset);
/** Names of a group's children, in order of name; false when there are too many. */
bool fmt_h5_names(fmt_h5_in *in, hid_t group, const char ***names, size_t *n);
/** The schema's word for a type: "text", "f64", "u32", "i32", "u8", or "another type". */
const char *fmt_h5_type_word(hid_t type);

/** Note a want of memory when `block` is NULL; returns it. */
void *fmt_h5_had(fmt_h5_in *in, void *block);
/** Say why a read failed: for want of memory when one was noted, else `found` at the object. Returns false. */
bool fmt_h5_bad(fmt_h5_in *in, hid_t object, const char *name, const char *found, const char *expected);

/* The rest returns false with a message that names the object. */
bool fmt_h5_read_text(fmt_h5_in *in, hid_t object, const char *name, const char **text);
bool fmt_h5_read_f64(fmt_h5_in *in, hid_t object, const char *name, double *value);
bool fmt_h5_read_u32(fmt_h5_in *in, hid_t object, const char *name, unsigned *value);
bool fmt_h5_read_document(fmt_h5_in *in, hid_t parent, const char *name, const char **text, size_t *size);
/** Lines of `table` in the arena. */
bool fmt_h5_read_table(fmt_h5_in *in, hid_t parent, const fmt_table *table, void **lines, size_t *n);
/** Doubles of a dataset of rank 1; free() them. */
bool fmt_h5_read_samples(fmt_h5_in *in, hid_t parent, const char *name, double **x, size_t *n);
/** Bytes of a u8 dataset of rank 1, in the arena. */
bool fmt_h5_read_levels(fmt_h5_in *in, hid_t parent, const char *name, const unsigned char **level, size_t *n);

#endif
