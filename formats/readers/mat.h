/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the parts of the MATLAB reader share. Layout: "MAT-File Format", The MathWorks, levels 4 and 5. */
#ifndef READERS_MAT_H
#define READERS_MAT_H

#include <fmt/reader.h>

enum { MAT_RATE_HZ, MAT_N_PARAMS };

/* For whoever keeps a recording in a structure. */
#define MAT_ADVICE "arrays of real numbers: in MATLAB, save('flat.mat', '-struct', 's') writes those of the structure s"

/* A numeric array (column after column), or a list of texts: the rows of a character array, or the cells of a cell array of them. */
typedef struct mat_var {
  const char *name;
  size_t rows, cols;
  double *x;          /* rows * cols numbers; NULL: texts */
  const char **texts; /* rows of them; blanks at their ends cut */
} mat_var;

typedef struct mat_vars {
  mat_var *rows;
  size_t n, capacity, skipped; /* skipped: variables that are no real numbers and no texts */
} mat_vars;

/* mat_check.c: does the file keep to its format? What is left for libmatio: whole, uncompressed arrays of real numbers and texts, in
 * out->bytes (fmt_source_clear). `skipped` counts other variables. */
dsp_status mat_check(fmt_source *out, size_t *skipped, const fmt_source *in, dsp_error *error);
bool mat_is_level5(const fmt_source *source);
/* Level 4 has no signature: the first variable's header must make sense. */
bool mat_is_level4(const fmt_source *source);

/* mat_file.c: the variables, by libmatio. Texts and names go into the arena. */
dsp_status mat_load(mat_vars *vars, const fmt_source *checked, dsp_arena *arena, dsp_error *error);
void mat_vars_clear(mat_vars *vars);
const mat_var *mat_find(const mat_vars *vars, const char *name);

/* mat_labchart.c, mat_acqknowledge.c, mat_plain.c: is it laid out so, and the channels. */
bool mat_is_labchart(const mat_vars *vars);
dsp_status mat_labchart(const mat_vars *vars, dsp_recording *recording, dsp_error *error);
bool mat_is_acqknowledge(const mat_vars *vars);
dsp_status mat_acqknowledge(const mat_vars *vars, dsp_recording *recording, dsp_error *error);
dsp_status mat_plain(const mat_vars *vars, const fmt_hints *hints, double rate_hz, dsp_recording *recording, dsp_error *error);

#endif
