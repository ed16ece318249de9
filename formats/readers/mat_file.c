/* SPDX-License-Identifier: GPL-3.0-or-later
 * Variables through libmatio, which opens files by name only: it is given a copy in memory under /proc/self/fd. */
#include "field.h"
#include "mat.h"
#include <errno.h>
#include <matio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The library prints what displeases it. */
static void say_nothing(int level, char *message) { // NOLINT(readability-non-const-parameter): libmatio's type
  (void)level, (void)message;
}

static int copy_in_memory(const fmt_source *checked) {
  const int fd = memfd_create("pleth-mat", MFD_CLOEXEC);
  size_t done = 0;
  while (fd >= 0 && done < checked->size) {
    const ssize_t n = write(fd, checked->bytes + done, checked->size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      close(fd);
      return -1;
    }
    done += (size_t)n;
  }
  return fd;
}

#define COPY(kind)                                                                                                                         \
  do {                                                                                                                                     \
    const kind *from = var->data;                                                                                                          \
    for (size_t i = 0; i < n; i++) x[i] = (double)from[i];                                                                                 \
  } while (0)

/* False: not a kind of number. */
static bool copy_numbers(double *x, const matvar_t *var, size_t n) {
  switch ((int)var->class_type) {
  case MAT_C_DOUBLE:
    COPY(double);
    return true;
  case MAT_C_SINGLE:
    COPY(float);
    return true;
  case MAT_C_INT8:
    COPY(int8_t);
    return true;
  case MAT_C_UINT8:
    COPY(uint8_t);
    return true;
  case MAT_C_INT16:
    COPY(int16_t);
    return true;
  case MAT_C_UINT16:
    COPY(uint16_t);
    return true;
  case MAT_C_INT32:
    COPY(int32_t);
    return true;
  case MAT_C_UINT32:
    COPY(uint32_t);
    return true;
  case MAT_C_INT64:
    COPY(int64_t);
    return true;
  case MAT_C_UINT64:
    COPY(uint64_t);
    return true;
  default:
    return false;
  }
}

/* Row `row` of a character array; NULL when out of memory. */
static const char *row_text(const matvar_t *var, size_t row, size_t rows, size_t cols, dsp_arena *arena) {
  const bool wide = var->data_size == 2;
  unsigned char *text = dsp_arena_alloc(arena, cols + 1, 1);
  for (size_t i = 0; text && var->data && i < cols; i++) {
    const size_t at = i * rows + row;
    const unsigned c = wide ? ((const uint16_t *)var->data)[at] : ((const unsigned char *)var->data)[at];
    text[i] = (unsigned char)(c < 256 ? c : '?');
  }
  return text ? field_text(arena, text, cols) : NULL;
}

/* Rows without a column cost a file nothing, however many it states: they are no texts. More than a recording may have events are none that
 * anything here asks for. */
static dsp_status take_texts(mat_var *to, const matvar_t *var, dsp_arena *arena) {
  if (to->cols == 0) to->rows = 0;
  if (to->rows > FMT_CAP_EVENTS) return DSP_OK;
  to->texts = dsp_arena_alloc(arena, to->rows + 1, sizeof *to->texts);
  for (size_t i = 0; to->texts && i < to->rows; i++)
    if (!(to->texts[i] = row_text(var, i, to->rows, to->cols, arena))) return DSP_NO_MEMORY;
  return to->texts ? DSP_OK : DSP_NO_MEMORY;
}

static dsp_status take_cells(mat_var *to, const matvar_t *var, dsp_arena *arena) {
  matvar_t *const *cells = var->data;
  to->rows *= to->cols;
  to->cols = 1;
  to->texts = dsp_arena_alloc(arena, to->rows + 1, sizeof *to->texts);
  for (size_t i = 0; to->texts && i < to->rows; i++) {
    const matvar_t *cell = cells ? cells[i] : NULL;
    const bool text = cell && cell->class_type == MAT_C_CHAR && cell->rank == 2 && cell->dims[0] == 1;
    to->texts[i] = text ? row_text(cell, 0, 1, cell->dims[1], arena) : "";
    if (!to->texts[i]) return DSP_NO_MEMORY;
  }
  return to->texts ? DSP_OK : DSP_NO_MEMORY;
}

static dsp_status take_var(mat_vars *vars, const matvar_t *var, dsp_arena *arena) {
  if (!var->name || var->rank < 2 || var->isComplex) return DSP_OK;
  size_t n = 1;
  for (int i = 0; i < var->rank; i++) n *= var->dims[i];
  if (dsp_grow(&vars->rows, &vars->capacity, vars->n + 1, sizeof *vars->rows) != DSP_OK) return DSP_NO_MEMORY;
  mat_var *to = &vars->rows[vars->n];
  *to =
      (mat_var){.name = field_text(arena, var->name, strlen(var->name)), .rows = var->dims[0], .cols = var->dims[0] ? n / var->dims[0] : 0};
  if (!to->name) return DSP_NO_MEMORY;
  dsp_status status = DSP_OK;
  if (var->class_type == MAT_C_CHAR)
    status = take_texts(to, var, arena);
  else if (var->class_type == MAT_C_CELL)
    status = take_cells(to, var, arena);
  else if (var->data && !(to->x = dsp_alloc(n, sizeof *to->x)))
    status = DSP_NO_MEMORY;
  else if (to->x && !copy_numbers(to->x, var, n))
    free(to->x), to->x = NULL;
  if (status == DSP_OK && (to->x || to->texts)) vars->n++;
  return status;
}

dsp_status mat_load(mat_vars *vars, const fmt_source *checked, dsp_arena *arena, dsp_error *error) {
  char path[40];
  const int fd = copy_in_memory(checked);
  if (fd < 0) return dsp_fail(error, DSP_IO_ERROR, "", "memory for a copy of the file", "%s", strerrordesc_np(errno));
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  Mat_LogInitFunc("pleth", say_nothing);
  mat_t *mat = Mat_Open(path, MAT_ACC_RDONLY);
  dsp_status status = mat ? DSP_OK : dsp_fail(error, DSP_BAD_INPUT, "", "a MATLAB file", "a file that libmatio does not open");
  for (matvar_t *var; status == DSP_OK && (var = Mat_VarReadNext(mat)) != NULL;) {
    if (take_var(vars, var, arena) != DSP_OK) status = dsp_fail_memory(error);
    Mat_VarFree(var);
  }
  if (mat) Mat_Close(mat);
  close(fd);
  return status;
}

void mat_vars_clear(mat_vars *vars) {
  for (size_t i = 0; i < vars->n; i++) free(vars->rows[i].x);
  free(vars->rows);
}

const mat_var *mat_find(const mat_vars *vars, const char *name) {
  for (size_t i = 0; i < vars->n; i++)
    if (strcmp(vars->rows[i].name, name) == 0) return &vars->rows[i];
  return NULL;
}
