/* SPDX-License-Identifier: GPL-3.0-or-later
 * HDF5 objects of a report. Fixed-length UTF-8 strings, compact attributes and links, no object times, file bounds 1.8 to 1.10: readable by
 * every HDF5 since 2008, and the same bytes for the same content. Dimension scales follow the HDF5 Dimension Scale Specification, which
 * netCDF-4 and xarray read. */
#include "h5_write.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SAMPLES 16384 /* 128 KiB of doubles, guarded by one checksum */
#define CHUNKED_FROM  512   /* below, the chunk index costs more than it saves */
#define COMPACT_MAX   64    /* attributes and links kept in the object header */
#define IMAGE_BYTES   65536 /* the image grows by so much: the library clears, and the system provides, all of it */

static bool fine(fmt_h5 *h5, herr_t status) {
  if (status < 0) h5->failed = true;
  return !h5->failed;
}

hid_t fmt_h5_keep(fmt_h5 *h5, hid_t id) {
  if (id < 0) {
    h5->failed = true;
  } else if (dsp_grow(&h5->ids, &h5->capacity, h5->n + 1, sizeof *h5->ids) != DSP_OK) {
    H5Idec_ref(id);
    h5->failed = h5->no_memory = true;
    return -1;
  } else {
    h5->ids[h5->n++] = id;
  }
  return id;
}

void fmt_h5_release(fmt_h5 *h5, size_t mark) {
  while (h5->n > mark)
    if (H5Idec_ref(h5->ids[--h5->n]) < 0) h5->failed = true;
}

hid_t fmt_h5_timeless(fmt_h5 *h5, hid_t class_id) {
  hid_t plist = fmt_h5_keep(h5, H5Pcreate(class_id));
  fine(h5, H5Pset_obj_track_times(plist, false));
  fine(h5, H5Pset_attr_phase_change(plist, COMPACT_MAX, COMPACT_MAX / 2));
  return plist;
}

/* The core driver's memory is ours, with room for a NUL: the file stays when the driver closes it. H5Fget_file_image would not do: in a
 * file that is still open it clears the superblock's flags but not their checksum. */
static void *image_resize(void *memory, size_t size, H5FD_file_image_op_t op, void *user) {
  fmt_h5 *h5 = user;
  (void)memory;
  (void)op;
  return dsp_grow(&h5->image, &h5->image_capacity, size + 1, 1) == DSP_OK ? h5->image : NULL;
}

static void *image_new(size_t size, H5FD_file_image_op_t op, void *user) {
  return image_resize(NULL, size, op, user);
}

static void *image_copy(void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *user) {
  (void)op;
  (void)user;
  return memcpy(to, from, size);
}

static herr_t image_keep(void *memory, H5FD_file_image_op_t op, void *user) {
  (void)memory;
  (void)op;
  (void)user;
  return 0;
}

static void *user_same(void *user) {
  return user;
}

static herr_t user_keep(void *user) {
  (void)user;
  return 0;
}

/* Make the file with an access list that a driver has been set in. */
static void create(fmt_h5 *h5, const char *name, hid_t access) {
  fine(h5, H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110));
  hid_t create_plist = fmt_h5_timeless(h5, H5P_FILE_CREATE);
  h5->group_plist = fmt_h5_timeless(h5, H5P_GROUP_CREATE);
  fine(h5, H5Pset_link_phase_change(h5->group_plist, COMPACT_MAX, COMPACT_MAX / 2));
  h5->text_plist = fmt_h5_keep(h5, H5Pcreate(H5P_LINK_CREATE));
  fine(h5, H5Pset_char_encoding(h5->text_plist, H5T_CSET_UTF8));
  h5->data_plist = fmt_h5_timeless(h5, H5P_DATASET_CREATE);
  h5->scalar = fmt_h5_keep(h5, H5Screate(H5S_SCALAR));
  h5->file = fmt_h5_keep(h5, H5Fcreate(name, H5F_ACC_TRUNC, create_plist, access));
}

void fmt_h5_create(fmt_h5 *h5) {
  *h5 = (fmt_h5){.file = -1, .group_plist = -1, .text_plist = -1, .data_plist = -1, .scalar = -1};
  H5FD_file_image_callbacks_t callbacks = {image_new, image_copy, image_resize, image_keep, user_same, user_keep, h5};
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  hid_t access = fmt_h5_keep(h5, H5Pcreate(H5P_FILE_ACCESS));
  fine(h5, H5Pset_fapl_core(access, IMAGE_BYTES, false));
  fine(h5, H5Pset_file_image_callbacks(access, &callbacks));
  /* The library first looks whether a file of this name is there, and reads it whole: a name that nothing can have. */
  create(h5, "/dev/null/report", access);
}

void fmt_h5_create_file(fmt_h5 *h5, const char *path) {
  *h5 = (fmt_h5){.file = -1, .group_plist = -1, .text_plist = -1, .data_plist = -1, .scalar = -1};
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  create(h5, path, fmt_h5_keep(h5, H5Pcreate(H5P_FILE_ACCESS)));
}

bool fmt_h5_end(fmt_h5 *h5) {
  fmt_h5_release(h5, 0);
  free(h5->ids);
  for (size_t i = 0; i < FMT_H5_TEXT_TYPES; i++)
    if (h5->text_types[i] > 0) fine(h5, H5Tclose(h5->text_types[i]));
  return !h5->failed;
}

/* End-of-file address of a closed file with superblock 2: bytes 28 to 35, little endian (HDF5 file format specification, II.A). */
static uint64_t file_size(const char *image) {
  uint64_t size = 0;
  for (size_t i = 0; i < 8; i++) size |= (uint64_t)(unsigned char)image[28 + i] << (8 * i);
  return size;
}

bool fmt_h5_finish(fmt_h5 *h5, fmt_buffer *out) {
  fmt_buffer_clear(out);
  (void)fmt_h5_end(h5);
  if (h5->image && file_size(h5->image) < h5->image_capacity && !h5->failed) {
    *out = (fmt_buffer){.bytes = h5->image, .size = (size_t)file_size(h5->image), .capacity = h5->image_capacity};
    out->bytes[out->size] = '\0';
  } else {
    free(h5->image);
    h5->failed = true;
  }
  return !h5->failed;
}

hid_t fmt_h5_group(fmt_h5 *h5, hid_t parent, const char *name) {
  return fmt_h5_keep(h5, H5Gcreate2(parent, name, h5->text_plist, h5->group_plist, H5P_DEFAULT));
}

/* Lengths come back: the short ones' types stay until the end. */
static hid_t text_type(fmt_h5 *h5, size_t size) {
  const bool stays = size < FMT_H5_TEXT_TYPES;
  if (stays && h5->text_types[size] > 0) return h5->text_types[size];
  const hid_t type = H5Tcopy(H5T_C_S1);
  if (!stays || type < 0)
    (void)fmt_h5_keep(h5, type);
  else
    h5->text_types[size] = type;
  fine(h5, H5Tset_size(type, size));
  fine(h5, H5Tset_cset(type, H5T_CSET_UTF8));
  fine(h5, H5Tset_strpad(type, H5T_STR_NULLPAD));
  return type;
}

static void put_attribute(fmt_h5 *h5, hid_t object, const char *name, hid_t file_type, hid_t memory_type, hid_t space, const void *value) {
  hid_t attribute = fmt_h5_keep(h5, H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT));
  if (!h5->failed) fine(h5, H5Awrite(attribute, memory_type, value));
}

static void put_scalar(fmt_h5 *h5, hid_t object, const char *name, hid_t file_type, hid_t memory_type, const void *value) {
  put_attribute(h5, object, name, file_type, memory_type, h5->scalar, value);
}

void fmt_h5_text(fmt_h5 *h5, hid_t object, const char *name, const char *text) {
  size_t mark = h5->n;
  const char *value = text ? text : "";
  size_t length = strlen(value);
  hid_t type = text_type(h5, length > 0 ? length : 1);
  put_scalar(h5, object, name, type, type, value);
  fmt_h5_release(h5, mark);
}

void fmt_h5_f64(fmt_h5 *h5, hid_t object, const char *name, double value) {
  size_t mark = h5->n;
  put_scalar(h5, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
  fmt_h5_release(h5, mark);
}

void fmt_h5_u32(fmt_h5 *h5, hid_t object, const char *name, unsigned value) {
  size_t mark = h5->n;
  put_scalar(h5, object, name, H5T_STD_U32LE, H5T_NATIVE_UINT, &value);
  fmt_h5_release(h5, mark);
}

void fmt_h5_document(fmt_h5 *h5, hid_t parent, const char *name, const char *text, size_t size) {
  size_t mark = h5->n;
  hid_t type = text_type(h5, size > 0 ? size : 1);
  hid_t dataset = fmt_h5_keep(h5, H5Dcreate2(parent, name, type, h5->scalar, h5->text_plist, h5->data_plist, H5P_DEFAULT));
  if (!h5->failed) fine(h5, H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text));
  fmt_h5_release(h5, mark);
}

/* The two attributes that make a dataset a dimension scale; the specification wants null-terminated ASCII. */
static void put_scale(fmt_h5 *h5, hid_t dataset, const char *name) {
  const char *pairs[2][2] = {{"CLASS", "DIMENSION_SCALE"}, {"NAME", name}};
  for (size_t i = 0; i < 2; i++) {
    hid_t type = fmt_h5_keep(h5, H5Tcopy(H5T_C_S1));
    fine(h5, H5Tset_size(type, strlen(pairs[i][1]) + 1));
    put_scalar(h5, dataset, pairs[i][0], type, type, pairs[i][1]);
  }
}

/* A line's text in a column; missing texts are "". */
static const char *text_at(const char *line, const fmt_column *column) {
  const char *text = *(const char *const *)(const void *)(line + column->offset);
  return text ? text : "";
}

void fmt_h5_see_line(const fmt_table *table, size_t *widths, const void *line) {
  for (size_t i = 0; i < table->n; i++) {
    const fmt_column *column = &table->columns[i];
    const size_t size =
        column->kind == FMT_COLUMN_TEXT ? line ? strlen(text_at(line, column)) : 0 : H5Tget_size(fmt_column_memory_type(column->kind));
    if (size > widths[i]) widths[i] = size;
    if (widths[i] == 0) widths[i] = 1;
  }
}

static void pack_cell(char *to, size_t width, const char *line, const fmt_column *column) {
  uint8_t truth = 0;
  switch (column->kind) {
  case FMT_COLUMN_TEXT:
    memcpy(to, text_at(line, column), strnlen(text_at(line, column), width));
    break;
  case FMT_COLUMN_F64:
  case FMT_COLUMN_U32:
    memcpy(to, line + column->offset, width);
    break;
  case FMT_COLUMN_BOOL:
    truth = *(const bool *)(const void *)(line + column->offset);
    memcpy(to, &truth, 1);
    break;
  }
}

void fmt_h5_pack_line(void *to, const fmt_table *table, const size_t *widths, const void *line) {
  char *at = to;
  for (size_t i = 0; i < table->n; at += widths[i++]) pack_cell(at, widths[i], line, &table->columns[i]);
}

hid_t fmt_h5_line_type(fmt_h5 *h5, const fmt_table *table, const size_t *widths, size_t *packed) {
  *packed = 0;
  for (size_t i = 0; i < table->n; i++) *packed += widths[i];
  hid_t type = fmt_h5_keep(h5, H5Tcreate(H5T_COMPOUND, *packed));
  for (size_t i = 0, at = 0; i < table->n; at += widths[i++]) {
    const fmt_column *column = &table->columns[i];
    const hid_t cell = column->kind == FMT_COLUMN_TEXT ? text_type(h5, widths[i]) : fmt_column_memory_type(column->kind);
    fine(h5, H5Tinsert(type, column->name, at, cell));
  }
  return type;
}

void fmt_h5_table(fmt_h5 *h5, hid_t parent, const fmt_table *table, const void *lines, size_t n) {
  size_t mark = h5->n, widths[FMT_COLUMNS_MAX] = {0}, packed = 0;
  fmt_h5_see_line(table, widths, NULL);
  for (size_t k = 0; k < n; k++) fmt_h5_see_line(table, widths, (const char *)lines + k * table->line_size);
  hid_t type = fmt_h5_line_type(h5, table, widths, &packed);
  char *rows = dsp_zalloc(n > 0 ? n : 1, packed);
  if (!rows) h5->failed = true;
  for (size_t k = 0; rows && k < n; k++) fmt_h5_pack_line(rows + k * packed, table, widths, (const char *)lines + k * table->line_size);
  hsize_t dims = n;
  hid_t space = fmt_h5_keep(h5, H5Screate_simple(1, &dims, NULL));
  hid_t dataset = fmt_h5_keep(h5, H5Dcreate2(parent, table->name, type, space, h5->text_plist, h5->data_plist, H5P_DEFAULT));
  if (!h5->failed && n > 0) fine(h5, H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows));
  put_scale(h5, dataset, table->name);
  free(rows);
  fmt_h5_release(h5, mark);
}

static hid_t put_samples(fmt_h5 *h5, hid_t group, const char *name, hid_t file_type, hid_t memory_type, const void *samples, size_t n,
                         bool deflate) {
  size_t chunks = (n + CHUNK_SAMPLES - 1) / CHUNK_SAMPLES;
  hsize_t dims = n, chunk = n >= CHUNKED_FROM ? (n + chunks - 1) / chunks : n; /* equal chunks: the last one is not mostly padding */
  hid_t space = fmt_h5_keep(h5, H5Screate_simple(1, &dims, NULL)), plist = fmt_h5_timeless(h5, H5P_DATASET_CREATE);
  if (n >= CHUNKED_FROM) fine(h5, H5Pset_chunk(plist, 1, &chunk));
  if (n >= CHUNKED_FROM && deflate) fine(h5, H5Pset_shuffle(plist));
  if (n >= CHUNKED_FROM && deflate) fine(h5, H5Pset_deflate(plist, 1));
  if (n >= CHUNKED_FROM) fine(h5, H5Pset_fletcher32(plist));
  hid_t dataset = fmt_h5_keep(h5, H5Dcreate2(group, name, file_type, space, h5->text_plist, plist, H5P_DEFAULT));
  if (!h5->failed && n > 0) fine(h5, H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, samples));
  return dataset;
}

/* The attributes by which data and scale name each other. */
static void attach_scale(fmt_h5 *h5, hid_t group, hid_t data, hid_t time) {
  struct {
    hobj_ref_t dataset;
    int dimension;
  } back;
  memset(&back, 0, sizeof back);
  hobj_ref_t scale;
  if (h5->failed || !fine(h5, H5Rcreate(&scale, group, "time", H5R_OBJECT, -1)) ||
      !fine(h5, H5Rcreate(&back.dataset, group, "data", H5R_OBJECT, -1)))
    return;
  hsize_t one = 1;
  hid_t space = fmt_h5_keep(h5, H5Screate_simple(1, &one, NULL)), list = fmt_h5_keep(h5, H5Tvlen_create(H5T_STD_REF_OBJ));
  hvl_t scales = {.len = 1, .p = &scale};
  put_attribute(h5, data, "DIMENSION_LIST", list, list, space, &scales);
  hid_t pair = fmt_h5_keep(h5, H5Tcreate(H5T_COMPOUND, sizeof back));
  fine(h5, H5Tinsert(pair, "dataset", 0, H5T_STD_REF_OBJ));
  fine(h5, H5Tinsert(pair, "dimension", sizeof back.dataset, H5T_NATIVE_INT));
  put_attribute(h5, time, "REFERENCE_LIST", pair, pair, space, &back);
}

void fmt_h5_series(fmt_h5 *h5, hid_t parent, const dsp_series *series) {
  size_t mark = h5->n;
  int32_t *index = dsp_alloc(series->n, sizeof *index);
  if (!index || series->n > INT32_MAX) h5->failed = true;
  for (size_t i = 0; !h5->failed && i < series->n; i++) index[i] = (int32_t)i;
  hid_t group = fmt_h5_group(h5, parent, series->name);
  /* Time is stored as an index with the CF convention's scale and offset: exact, and it compresses to nothing. */
  hid_t time = put_samples(h5, group, "time", H5T_STD_I32LE, H5T_NATIVE_INT32, index, h5->failed ? 0 : series->n, true);
  put_scale(h5, time, "time");
  fmt_h5_text(h5, time, "units", "s");
  fmt_h5_f64(h5, time, "scale_factor", 1.0 / series->rate_hz);
  fmt_h5_f64(h5, time, "add_offset", series->t0_s);
  /* Filtered samples are noise below their first bytes: deflate would save a quarter and cost ten times the rest of the file. */
  hid_t data = put_samples(h5, group, "data", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, series->x, series->n, false);
  fmt_h5_text(h5, data, "units", series->unit);
  fmt_h5_f64(h5, data, "start_s", series->t0_s);
  fmt_h5_f64(h5, data, "rate_hz", series->rate_hz);
  attach_scale(h5, group, data, time);
  free(index);
  fmt_h5_release(h5, mark);
}

/* 0 is missing; 1 to 255 are even steps from lo to hi. */
static void put_levels(unsigned char *level, const dsp_series *series, size_t n, double lo, double hi) {
  double steps = hi > lo ? 254.0 / (hi - lo) : 0.0;
  for (size_t i = 0; i < n; i++) {
    double at = 1.0 + round((fmax(series->x[i], lo) - lo) * steps);
    level[i] = (unsigned char)(isfinite(series->x[i]) ? at : 0.0);
  }
}

void fmt_h5_spectrogram(fmt_h5 *h5, hid_t parent, const dsp_series *series) {
  size_t mark = h5->n, n = series->n * series->bins;
  double lo = HUGE_VAL, hi = -HUGE_VAL;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(series->x[i])) continue;
    lo = fmin(lo, series->x[i]);
    hi = fmax(hi, series->x[i]);
  }
  unsigned char *level = dsp_alloc(n, 1);
  if (!level) h5->failed = true;
  if (level) put_levels(level, series, n, lo, hi);
  hid_t data = put_samples(h5, parent, series->name, H5T_STD_U8LE, H5T_NATIVE_UINT8, level, level ? n : 0, true);
  put_scale(h5, data, series->name);
  fmt_h5_u32(h5, data, "bins", (unsigned)series->bins);
  fmt_h5_f64(h5, data, "start_s", series->t0_s);
  fmt_h5_f64(h5, data, "rate_hz", series->rate_hz);
  fmt_h5_f64(h5, data, "bin0", series->bin0);
  fmt_h5_f64(h5, data, "bin_step", series->bin_step);
  fmt_h5_text(h5, data, "bin_units", series->bin_unit);
  fmt_h5_f64(h5, data, "lo", hi >= lo ? lo : 0.0);
  fmt_h5_f64(h5, data, "hi", hi >= lo ? hi : 0.0);
  fmt_h5_text(h5, data, "units", series->unit);
  free(level);
  fmt_h5_release(h5, mark);
}
