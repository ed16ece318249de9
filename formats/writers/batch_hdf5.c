/* SPDX-License-Identifier: GPL-3.0-or-later
 * batch.h5: three compound tables that grow block by block, so that memory does not. One table for all instead of a group a recording:
 * h5py, MATLAB and HDF5 itself open it at once whatever the number of recordings. Equal lines give equal bytes. */
#include "h5_write.h"

#include <dsp/memory.h>
#include <fmt/batch.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_LINES 4096
enum { RECORDINGS, MEASURES, FLAGS, TABLES };

#define TEXT(type, member)                                                                                                                 \
  { #member, FMT_COLUMN_TEXT, offsetof(type, member) }
#define NUMBER(type, member)                                                                                                               \
  { #member, FMT_COLUMN_F64, offsetof(type, member) }
#define WHOLE(type, member)                                                                                                                \
  { #member, FMT_COLUMN_U32, offsetof(type, member) }
#define RECORDING_TEXT(member) TEXT(fmt_batch_recording, member)
#define MEASURE_TEXT(member)   TEXT(fmt_batch_measure, member)
#define MEASURE_NUMBER(member) NUMBER(fmt_batch_measure, member)

static const fmt_table tables[TABLES] = {
    {"recordings",
     sizeof(fmt_batch_recording),
     8,
     {RECORDING_TEXT(recording), RECORDING_TEXT(sha256), RECORDING_TEXT(status), RECORDING_TEXT(reason), RECORDING_TEXT(format),
      RECORDING_TEXT(report), NUMBER(fmt_batch_recording, duration_s), WHOLE(fmt_batch_recording, n_measures)}},
    {"measures",
     sizeof(fmt_batch_measure),
     15,
     {WHOLE(fmt_batch_measure, recording),
      MEASURE_TEXT(protocol),
      WHOLE(fmt_batch_measure, trial),
      MEASURE_TEXT(channel),
      MEASURE_TEXT(side),
      MEASURE_TEXT(site),
      MEASURE_TEXT(id),
      MEASURE_NUMBER(value),
      MEASURE_TEXT(unit),
      MEASURE_NUMBER(lo),
      MEASURE_NUMBER(hi),
      {"valid", FMT_COLUMN_BOOL, offsetof(fmt_batch_measure, valid)},
      MEASURE_TEXT(grade),
      MEASURE_TEXT(guideline),
      MEASURE_TEXT(definition)}},
    {"flags", sizeof(fmt_batch_flag), 2, {WHOLE(fmt_batch_flag, measure), TEXT(fmt_batch_flag, code)}},
};

typedef struct growing_table {
  hid_t dataset, type;
  size_t packed, n, waiting; /* lines in the file, and in the block */
  char *block;
} growing_table;

struct fmt_batch {
  fmt_h5 h5;
  fmt_batch_widths widths;
  growing_table tables[TABLES];
};

void fmt_batch_see_recording(fmt_batch_widths *widths, const fmt_batch_recording *line) {
  fmt_h5_see_line(&tables[RECORDINGS], widths->column[RECORDINGS], line);
}

void fmt_batch_see_measure(fmt_batch_widths *widths, const fmt_batch_measure *line) {
  fmt_h5_see_line(&tables[MEASURES], widths->column[MEASURES], line);
}

void fmt_batch_see_flag(fmt_batch_widths *widths, const fmt_batch_flag *line) {
  fmt_h5_see_line(&tables[FLAGS], widths->column[FLAGS], line);
}

static void fine(fmt_h5 *h5, herr_t status) {
  if (status < 0) h5->failed = true;
}

static void begin_table(fmt_batch *batch, size_t t) {
  fmt_h5 *h5 = &batch->h5;
  growing_table *table = &batch->tables[t];
  const hsize_t none = 0, any = H5S_UNLIMITED, chunk = BLOCK_LINES;
  fmt_h5_see_line(&tables[t], batch->widths.column[t], NULL);
  table->type = fmt_h5_line_type(h5, &tables[t], batch->widths.column[t], &table->packed);
  table->block = dsp_zalloc(BLOCK_LINES, table->packed);
  if (!table->block) h5->failed = h5->no_memory = true;
  const hid_t plist = fmt_h5_timeless(h5, H5P_DATASET_CREATE), space = fmt_h5_keep(h5, H5Screate_simple(1, &none, &any));
  fine(h5, H5Pset_chunk(plist, 1, &chunk));
  fine(h5, H5Pset_shuffle(plist));
  fine(h5, H5Pset_deflate(plist, 1));
  table->dataset = fmt_h5_keep(h5, H5Dcreate2(h5->file, tables[t].name, table->type, space, h5->text_plist, plist, H5P_DEFAULT));
}

/* Append the block to the file. */
static void flush(fmt_h5 *h5, growing_table *table) {
  if (h5->failed || table->waiting == 0) return;
  const size_t mark = h5->n;
  const hsize_t from = table->n, count = table->waiting, whole = from + count;
  fine(h5, H5Dset_extent(table->dataset, &whole));
  const hid_t space = fmt_h5_keep(h5, H5Dget_space(table->dataset)), memory = fmt_h5_keep(h5, H5Screate_simple(1, &count, NULL));
  fine(h5, H5Sselect_hyperslab(space, H5S_SELECT_SET, &from, NULL, &count, NULL));
  if (!h5->failed) fine(h5, H5Dwrite(table->dataset, table->type, memory, space, H5P_DEFAULT, table->block));
  memset(table->block, 0, table->waiting * table->packed);
  table->n += table->waiting;
  table->waiting = 0;
  fmt_h5_release(h5, mark);
}

static void add(fmt_batch *batch, size_t t, const void *line) {
  growing_table *table = &batch->tables[t];
  if (batch->h5.failed) return;
  fmt_h5_pack_line(table->block + table->waiting * table->packed, &tables[t], batch->widths.column[t], line);
  if (++table->waiting == BLOCK_LINES) flush(&batch->h5, table);
}

fmt_batch *fmt_batch_new(const char *path, const fmt_batch_widths *widths, dsp_error *error) {
  fmt_batch *batch = dsp_zalloc(1, sizeof *batch);
  if (!batch) {
    dsp_fail_memory(error);
    return NULL;
  }
  batch->widths = *widths;
  fmt_h5_create_file(&batch->h5, path);
  fmt_h5_text(&batch->h5, batch->h5.file, "schema", "pleth-batch/1");
  fmt_h5_text(&batch->h5, batch->h5.file, "generator", "pleth " PLETH_VERSION);
  for (size_t t = 0; t < TABLES; t++) begin_table(batch, t);
  return batch;
}

void fmt_batch_add_recording(fmt_batch *batch, const fmt_batch_recording *line) {
  add(batch, RECORDINGS, line);
}

void fmt_batch_add_measure(fmt_batch *batch, const fmt_batch_measure *line) {
  add(batch, MEASURES, line);
}

void fmt_batch_add_flag(fmt_batch *batch, const fmt_batch_flag *line) {
  add(batch, FLAGS, line);
}

dsp_status fmt_batch_finish(fmt_batch *batch, dsp_error *error) {
  for (size_t t = 0; t < TABLES; t++) flush(&batch->h5, &batch->tables[t]);
  const bool done = fmt_h5_end(&batch->h5);
  for (size_t t = 0; t < TABLES; t++) free(batch->tables[t].block);
  free(batch);
  return done ? DSP_OK : dsp_fail(error, DSP_IO_ERROR, "", "free space for the output", "the table could not be written");
}
