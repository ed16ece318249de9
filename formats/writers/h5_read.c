/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bounded reading of HDF5. Sizes come from the file, so each is compared with a budget before anything of that size is allocated. */
#include "h5_read.h"

#include <dsp/memory.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *fmt_h5_had(fmt_h5_in *in, void *block) {
  if (!block) in->stack.no_memory = true;
  return block;
}

bool fmt_h5_bad(fmt_h5_in *in, hid_t object, const char *name, const char *found, const char *expected) {
  if (in->stack.no_memory) {
    dsp_fail_memory(in->error);
    return false;
  }
  char path[96] = "";
  if (object >= 0) H5Iget_name(object, path, sizeof path);
  char place[160];
  snprintf(place, sizeof place, "%s%s%s", path, name && strcmp(path, "/") != 0 ? "/" : "", name ? name : "");
  dsp_fail(in->error, DSP_BAD_INPUT, place, expected, "%s", found);
  return false;
}

/* Signature, the superblock that reports have (2, or 3 when another program has rewritten them) and the length it states: HDF5 itself opens
 * many a truncated file, and its older superblocks lead to unchecked structures that crash it. */
static bool is_whole(const fmt_source *file, const char **found) {
  static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1A, '\n'};
  *found = "no HDF5 signature";
  if (file->size < 48 || memcmp(file->bytes, signature, sizeof signature) != 0) return false;
  *found = "an HDF5 file of a kind that no report is";
  if (file->bytes[8] != 2 || file->bytes[9] != 8 || file->bytes[10] != 8) return false;
  uint64_t end = 0;
  for (size_t i = 0; i < 8; i++) end |= (uint64_t)file->bytes[28 + i] << (8 * i); /* HDF5 file format specification, II.A */
  *found = "a truncated file";
  return end <= file->size;
}

dsp_status fmt_h5_open(fmt_h5_in *in, const fmt_source *file, dsp_error *error) {
  *in = (fmt_h5_in){.file = -1, .error = error, .budget = FMT_CAP_H5_FREE_BYTES + file->size * FMT_CAP_H5_RATIO};
  const char *found = "";
  in->arena = dsp_arena_new();
  if (!in->arena) return dsp_fail_memory(error);
  if (!is_whole(file, &found)) return dsp_fail(error, DSP_BAD_INPUT, "", "an HDF5 report", "%s", found);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0); /* a filter's number in a file must never load code */
  hid_t access = fmt_h5_keep(&in->stack, H5Pcreate(H5P_FILE_ACCESS));
  if (H5Pset_fapl_core(access, (size_t)1 << 20, false) >= 0 && H5Pset_file_image(access, file->bytes, file->size) >= 0)
    in->file = H5Fopen("report", H5F_ACC_RDONLY, access);
  if (in->stack.no_memory) return dsp_fail_memory(error);
  if (in->file < 0) return dsp_fail(error, DSP_BAD_INPUT, "", "an HDF5 report", "a damaged HDF5 file");
  fmt_h5_keep(&in->stack, in->file);
  return in->stack.no_memory ? dsp_fail_memory(error) : DSP_OK;
}

void fmt_h5_close(fmt_h5_in *in) {
  fmt_h5_release(&in->stack, 0);
  free(in->stack.ids);
  dsp_arena_free(in->arena);
  *in = (fmt_h5_in){.file = -1};
}

hid_t fmt_h5_child(fmt_h5_in *in, hid_t parent, const char *name, H5I_type_t kind) {
  H5L_info_t link;
  if (H5Lexists(parent, name, H5P_DEFAULT) <= 0 || H5Lget_info(parent, name, &link, H5P_DEFAULT) < 0 || link.type != H5L_TYPE_HARD)
    return -1;
  hid_t object = H5Oopen(parent, name, H5P_DEFAULT);
  if (object < 0) return -1;
  fmt_h5_keep(&in->stack, object);
  return H5Iget_type(object) == kind ? object : -1;
}

static bool known_filters(hid_t plist) {
  int n = H5Pget_nfilters(plist);
  for (int i = 0; i < n; i++) {
    unsigned flags = 0, config = 0;
    size_t values = 0;
    H5Z_filter_t filter = H5Pget_filter2(plist, (unsigned)i, &flags, &values, NULL, 0, NULL, &config);
    if (filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_FLETCHER32) return false;
  }
  return n >= 0;
}

static bool known_layout(hid_t plist, size_t type_size) {
  H5D_layout_t layout = H5Pget_layout(plist);
  if (layout == H5D_CONTIGUOUS) return H5Pget_external_count(plist) == 0;
  if (layout == H5D_COMPACT) return true;
  hsize_t chunk = 0;
  return layout == H5D_CHUNKED && H5Pget_chunk(plist, 1, &chunk) == 1 && chunk > 0 && chunk <= FMT_CAP_H5_CHUNK_BYTES / type_size;
}

bool fmt_h5_readable(fmt_h5_in *in, hid_t dataset) {
  size_t mark = in->stack.n;
  hid_t type = fmt_h5_keep(&in->stack, H5Dget_type(dataset)), space = fmt_h5_keep(&in->stack, H5Dget_space(dataset));
  hid_t plist = fmt_h5_keep(&in->stack, H5Dget_create_plist(dataset));
  size_t size = H5Tget_size(type);
  hssize_t points = H5Sget_simple_extent_npoints(space);
  int rank = H5Sget_simple_extent_ndims(space);
  const char *found = NULL;
  if (size == 0 || points < 0 || rank < 0 || rank > 1)
    found = "a shape that no report has";
  else if (H5Tget_class(type) != H5T_STRING && size > FMT_CAP_H5_TYPE_BYTES)
    found = "an element too large for a report";
  else if ((uint64_t)points > in->budget / size)
    found = "more data than the file can honestly hold";
  else if (!known_layout(plist, size) || !known_filters(plist))
    found = "storage that no report uses";
  else
    in->budget -= (size_t)points * size;
  fmt_h5_release(&in->stack, mark);
  return !found || fmt_h5_bad(in, dataset, NULL, found, "plain, shuffled or deflated data inside the file");
}

typedef struct name_list {
  fmt_h5_in *in;
  const char **names;
  size_t n, room;
} name_list;

static herr_t add_name(hid_t group, const char *name, const H5L_info_t *link, void *user) {
  (void)group;
  (void)link;
  name_list *list = user;
  if (list->n >= list->room) return -1;
  const char *copy = fmt_h5_had(list->in, dsp_arena_text(list->in->arena, name, strlen(name)));
  list->names[list->n++] = copy;
  return copy ? 0 : -1;
}

bool fmt_h5_names(fmt_h5_in *in, hid_t group, const char ***names, size_t *n) {
  H5G_info_t info = {0};
  bool listable = H5Gget_info(group, &info) >= 0 && info.nlinks <= FMT_H5_NAMES_MAX;
  name_list list = {.in = in, .room = listable ? (size_t)info.nlinks : 0};
  if (listable) list.names = fmt_h5_had(in, dsp_arena_alloc(in->arena, list.room + 1, sizeof(char *)));
  if (!list.names || H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, &list) < 0)
    return fmt_h5_bad(in, group, NULL, "a group that cannot be listed", "at most 4096 children");
  *names = list.names;
  *n = list.n;
  return true;
}

const char *fmt_h5_type_word(hid_t type) {
  size_t size = H5Tget_size(type);
  H5T_class_t class = H5Tget_class(type);
  if (class == H5T_STRING) return H5Tis_variable_str(type) == 0 ? "text" : "a text of variable length";
  if (class == H5T_FLOAT && size == 8) return "f64";
  if (class == H5T_COMPOUND) return "a compound";
  if (class != H5T_INTEGER) return "another type";
  bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  if (size == 4) return is_signed ? "i32" : "u32";
  return size == 1 && !is_signed ? "u8" : "another integer";
}

/* Read a scalar attribute of one of our types into `value`. */
static bool read_scalar(fmt_h5_in *in, hid_t object, const char *name, const char *word, hid_t memory_type, void *value) {
  size_t mark = in->stack.n;
  hid_t attribute = H5Aexists(object, name) > 0 ? fmt_h5_keep(&in->stack, H5Aopen(object, name, H5P_DEFAULT)) : -1;
  bool done = attribute >= 0;
  if (done) {
    hid_t type = fmt_h5_keep(&in->stack, H5Aget_type(attribute)), space = fmt_h5_keep(&in->stack, H5Aget_space(attribute));
    done = !strcmp(fmt_h5_type_word(type), word) && H5Sget_simple_extent_npoints(space) == 1 && H5Aread(attribute, memory_type, value) >= 0;
  }
  fmt_h5_release(&in->stack, mark);
  return done || fmt_h5_bad(in, object, name, "no such attribute, or of another type", word);
}

bool fmt_h5_read_f64(fmt_h5_in *in, hid_t object, const char *name, double *value) {
  return read_scalar(in, object, name, "f64", H5T_NATIVE_DOUBLE, value);
}

bool fmt_h5_read_u32(fmt_h5_in *in, hid_t object, const char *name, unsigned *value) {
  return read_scalar(in, object, name, "u32", H5T_NATIVE_UINT, value);
}

bool fmt_h5_read_text(fmt_h5_in *in, hid_t object, const char *name, const char **text) {
  size_t mark = in->stack.n;
  char *copy = NULL;
  hid_t attribute = H5Aexists(object, name) > 0 ? fmt_h5_keep(&in->stack, H5Aopen(object, name, H5P_DEFAULT)) : -1;
  hid_t type = attribute >= 0 ? fmt_h5_keep(&in->stack, H5Aget_type(attribute)) : -1;
  size_t size = type >= 0 && !strcmp(fmt_h5_type_word(type), "text") ? H5Tget_size(type) : 0;
  if (size > 0 && size <= FMT_CAP_H5_TEXT_BYTES) copy = fmt_h5_had(in, dsp_arena_alloc(in->arena, size + 1, 1));
  bool done = copy && read_scalar(in, object, name, "text", type, copy);
  fmt_h5_release(&in->stack, mark);
  *text = copy;
  return done || fmt_h5_bad(in, object, name, "no such attribute, or of another type", "text");
}

bool fmt_h5_read_document(fmt_h5_in *in, hid_t parent, const char *name, const char **text, size_t *size) {
  size_t mark = in->stack.n;
  char *copy = NULL;
  bool done = false;
  hid_t dataset = fmt_h5_child(in, parent, name, H5I_DATASET);
  if (dataset >= 0 && fmt_h5_readable(in, dataset)) {
    hid_t type = fmt_h5_keep(&in->stack, H5Dget_type(dataset)), space = fmt_h5_keep(&in->stack, H5Dget_space(dataset));
    if (!strcmp(fmt_h5_type_word(type), "text") && H5Sget_simple_extent_npoints(space) == 1)
      copy = fmt_h5_had(in, dsp_arena_alloc(in->arena, H5Tget_size(type) + 1, 1));
    done = copy && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, copy) >= 0;
  }
  fmt_h5_release(&in->stack, mark);
  *text = copy;
  *size = done ? strlen(copy) : 0;
  return done || fmt_h5_bad(in, parent, name, "no readable text", "a text dataset");
}

/* Type in memory of one column, with its width; -1 when the file's column is missing or of another type. */
static hid_t memory_column(fmt_h5_in *in, hid_t file_type, const fmt_column *column, size_t *width) {
  static const char *const words[] = {
      [FMT_COLUMN_TEXT] = "text", [FMT_COLUMN_F64] = "f64", [FMT_COLUMN_U32] = "u32", [FMT_COLUMN_BOOL] = "u8"};
  int at = H5Tget_member_index(file_type, column->name);
  hid_t member = at >= 0 ? fmt_h5_keep(&in->stack, H5Tget_member_type(file_type, (unsigned)at)) : -1;
  if (member < 0 || strcmp(fmt_h5_type_word(member), words[column->kind]) != 0) return -1;
  *width = H5Tget_size(member);
  if (column->kind != FMT_COLUMN_TEXT) return fmt_column_memory_type(column->kind);
  return *width <= FMT_CAP_H5_TEXT_BYTES ? member : -1;
}

/* One packed cell into its place in a line. */
static bool unpack_cell(fmt_h5_in *in, char *line, const fmt_column *column, const char *cell, size_t width) {
  char *to = line + column->offset;
  if (column->kind == FMT_COLUMN_TEXT) {
    const char *copy = fmt_h5_had(in, dsp_arena_text(in->arena, cell, strnlen(cell, width)));
    memcpy(to, &copy, sizeof copy);
    return copy != NULL;
  }
  bool truth = *cell != 0;
  if (column->kind == FMT_COLUMN_BOOL)
    memcpy(to, &truth, sizeof truth);
  else
    memcpy(to, cell, width);
  return true;
}

static bool read_lines(fmt_h5_in *in, hid_t dataset, const fmt_table *table, void **lines, size_t *n) {
  hid_t file_type = fmt_h5_keep(&in->stack, H5Dget_type(dataset)), space = fmt_h5_keep(&in->stack, H5Dget_space(dataset));
  hid_t columns[FMT_COLUMNS_MAX];
  size_t width[FMT_COLUMNS_MAX], packed = 0;
  if (H5Tget_class(file_type) != H5T_COMPOUND || H5Sget_simple_extent_ndims(space) != 1) return false;
  for (size_t i = 0; i < table->n; packed += width[i++]) {
    columns[i] = memory_column(in, file_type, &table->columns[i], &width[i]);
    if (columns[i] < 0)
      return fmt_h5_bad(in, dataset, table->columns[i].name, "no such column, or of another type", "the published column");
  }
  hid_t type = fmt_h5_keep(&in->stack, H5Tcreate(H5T_COMPOUND, packed));
  for (size_t i = 0, at = 0; i < table->n; at += width[i++])
    if (H5Tinsert(type, table->columns[i].name, at, columns[i]) < 0) return false;
  *n = (size_t)H5Sget_simple_extent_npoints(space);
  char *rows = fmt_h5_had(in, dsp_alloc(*n, packed));
  *lines = fmt_h5_had(in, dsp_arena_alloc(in->arena, *n > 0 ? *n : 1, table->line_size));
  bool done = rows && *lines && (*n == 0 || H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) >= 0);
  for (size_t k = 0; done && k < *n; k++)
    for (size_t i = 0, at = 0; done && i < table->n; at += width[i++])
      done = unpack_cell(in, (char *)*lines + k * table->line_size, &table->columns[i], rows + k * packed + at, width[i]);
  free(rows);
  return done;
}

bool fmt_h5_read_table(fmt_h5_in *in, hid_t parent, const fmt_table *table, void **lines, size_t *n) {
  size_t mark = in->stack.n;
  *n = 0;
  hid_t dataset = fmt_h5_child(in, parent, table->name, H5I_DATASET);
  bool done = dataset >= 0 && fmt_h5_readable(in, dataset) && read_lines(in, dataset, table, lines, n);
  if (!done) *n = 0;
  fmt_h5_release(&in->stack, mark);
  return done || fmt_h5_bad(in, parent, table->name, "no readable table", "a compound table");
}

bool fmt_h5_read_samples(fmt_h5_in *in, hid_t parent, const char *name, double **x, size_t *n) {
  size_t mark = in->stack.n;
  bool done = false;
  *x = NULL;
  *n = 0;
  hid_t dataset = fmt_h5_child(in, parent, name, H5I_DATASET);
  if (dataset >= 0 && fmt_h5_readable(in, dataset)) {
    hid_t type = fmt_h5_keep(&in->stack, H5Dget_type(dataset)), space = fmt_h5_keep(&in->stack, H5Dget_space(dataset));
    if (!strcmp(fmt_h5_type_word(type), "f64") && H5Sget_simple_extent_ndims(space) == 1) {
      *n = (size_t)H5Sget_simple_extent_npoints(space);
      *x = fmt_h5_had(in, dsp_alloc(*n, sizeof **x));
    }
    done = *x && (*n == 0 || H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *x) >= 0);
  }
  if (!done) {
    free(*x);
    *x = NULL;
    *n = 0;
  }
  fmt_h5_release(&in->stack, mark);
  return done || fmt_h5_bad(in, parent, name, "no readable samples", "doubles of rank 1");
}

bool fmt_h5_read_levels(fmt_h5_in *in, hid_t parent, const char *name, const unsigned char **level, size_t *n) {
  size_t mark = in->stack.n;
  unsigned char *bytes = NULL;
  *n = 0;
  hid_t dataset = fmt_h5_child(in, parent, name, H5I_DATASET);
  if (dataset >= 0 && fmt_h5_readable(in, dataset)) {
    hid_t type = fmt_h5_keep(&in->stack, H5Dget_type(dataset)), space = fmt_h5_keep(&in->stack, H5Dget_space(dataset));
    if (!strcmp(fmt_h5_type_word(type), "u8") && H5Sget_simple_extent_ndims(space) == 1) {
      *n = (size_t)H5Sget_simple_extent_npoints(space);
      bytes = fmt_h5_had(in, dsp_arena_alloc(in->arena, *n, 1));
    }
    if (bytes && *n > 0 && H5Dread(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) < 0) bytes = NULL;
  }
  *level = bytes;
  fmt_h5_release(&in->stack, mark);
  return bytes || fmt_h5_bad(in, parent, name, "no readable levels", "u8 of rank 1");
}
