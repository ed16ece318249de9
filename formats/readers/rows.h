/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of numbers below a header that is known: what the formats of text share once they have read theirs. */
#ifndef READERS_ROWS_H
#define READERS_ROWS_H

#include "csv.h"

/* A cell that begins with `#`, and all behind it up to the line's end. */
typedef struct rows_comment {
  size_t row;
  csv_span text; /* from the `#` on */
} rows_comment;

typedef struct rows_block {
  csv_table *text;  /* decoded; its dialect is the rows' */
  const char *stop; /* a line that begins so ends the rows; NULL: they go on to the end */
  bool with_comments;
  size_t line; /* of the next row, from 1 */
  double **x;  /* n_columns arrays of n_rows numbers, NaN missing; clock times in seconds */
  size_t n_columns, n_rows, capacity;
  rows_comment *comments;
  size_t n_comments, comments_capacity;
  size_t short_rows, short_line; /* rows that end before their last column */
} rows_block;

/* Cells of the longest among the first rows at `p` (comments do not count), 0 when there is none. */
size_t rows_count_cells(const rows_block *block, const unsigned char *p);
/* Fill the block from *from on, which is left at the stop or the end. n_columns is set by the caller. */
dsp_status rows_take(rows_block *block, const unsigned char **from, dsp_error *error);
/* The array of column `c`, which is the caller's then. */
double *rows_release(rows_block *block, size_t c);
void rows_clear(rows_block *block);

/* Behind the line at p. */
const unsigned char *rows_next_line(const unsigned char *p, const unsigned char *end);
/* The line's text without its end. */
csv_span rows_line(const unsigned char *p, const unsigned char *end);
/* '.' or ',': the sign inside the numbers of the first rows at `p`; 0 when both are there. */
unsigned char rows_decimal(const rows_block *block, const unsigned char *p);

#endif
