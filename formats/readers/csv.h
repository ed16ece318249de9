/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the parts of the CSV reader share. Text is decoded to UTF-8 (ASCII and UTF-8 in place), the dialect and the columns are found from
 * the first rows, then one pass takes the numbers straight from the bytes into the columns. */
#ifndef READERS_CSV_H
#define READERS_CSV_H

#include <dsp/recording.h>
#include <fmt/reader.h>
#include <locale.h>
#include <stdint.h>

/* Order of the parameter rows in csv.c. */
enum { CSV_RATE_HZ, CSV_STEP_TOLERANCE, CSV_ROUNDING_TICKS, CSV_GAP_S, CSV_GAP_STEPS, CSV_BATCH_SHARE, CSV_BATCH_GAP_STEPS, CSV_N_PARAMS };

typedef struct csv_span {
  const unsigned char *at;
  size_t n;
} csv_span;

typedef enum csv_kind {
  CSV_EMPTY,   /* nothing but missing cells so far */
  CSV_NUMBER,  /* numbers */
  CSV_CLOCK,   /* h:m:s, stored in seconds of the day */
  CSV_MINUTES, /* m:s, stored in seconds; may have been meant as h:m */
  CSV_STAMP,   /* date and clock, stored in seconds since 1970 as written */
  CSV_DATE,    /* a date alone: carries nothing that the clock does not */
  CSV_TEXT     /* words: become events */
} csv_kind;

typedef struct csv_dialect {
  unsigned char delimiter; /* 0: one column only */
  unsigned char decimal;
} csv_dialect;

typedef struct csv_column {
  const char *raw;       /* header cell as written, trimmed; NULL without a header */
  const char *plain;     /* without its unit */
  const char *name;      /* plain, made unique */
  const char *unit_text; /* NULL none */
  csv_kind kind;
  bool is_time;
  double *x;
  size_t capacity;
  csv_span last_mark; /* the text cell of the row before mark_row */
  size_t mark_row;
} csv_column;

/* A text cell that does not only repeat the one above it. */
typedef struct csv_mark {
  size_t row, column;
  const char *text;
} csv_mark;

typedef struct csv_table {
  dsp_recording *recording; /* strings and warnings go there */
  const double *params;
  const unsigned char *at, *end; /* the text, decoded; at[size..] readable zero bytes */
  unsigned char *owned;          /* the decoded copy, NULL when the source's own bytes serve */
  bool latin;                    /* bytes are Windows-1252 */
  csv_dialect dialect;
  const unsigned char *data; /* first row of data */
  size_t data_line;          /* its line, from 1 */
  locale_t c_locale;
  csv_column *columns;
  size_t n_columns, n_rows;
  csv_mark *marks;
  size_t n_marks, marks_capacity;
  size_t *breaks; /* rows before which a blank line stood */
  size_t n_breaks, breaks_capacity;
  size_t short_rows, short_line;
  double row_bytes; /* mean length of the first rows */
} csv_table;

/* csv.c */
void csv_clear(csv_table *table);

/* csv_text.c */
dsp_status csv_decode(csv_table *table, const fmt_source *source, dsp_error *error);
/* A cell's text, trimmed, quotes undoubled, as UTF-8 in the recording's arena; NULL when out of memory. */
const char *csv_copy(csv_table *table, csv_span cell);
csv_span csv_trim(csv_span cell);
bool csv_same_word(csv_span cell, const char *lower_case_word);

/* csv_cell.c */
bool csv_is_missing(csv_span cell);
/* Takes the cell at `p`: its content in *cell (quotes off). Returns the place of the delimiter, line end or text end behind it, or NULL
 * when a quote is never closed. *newlines counts line ends inside quotes. */
const unsigned char *csv_cell(const unsigned char *p, const unsigned char *end, unsigned char delimiter, csv_span *cell, size_t *newlines);
/* Behind the line end at p (LF, CR or CR LF); p itself at the text's end. */
const unsigned char *csv_next_line(const unsigned char *p, const unsigned char *end);
bool csv_is_comment(const unsigned char *p, const unsigned char *end);
/* Blank up to the line end? *line_end is it. */
bool csv_is_blank(const unsigned char *p, const unsigned char *end, const unsigned char **line_end);
csv_kind csv_kind_of(const csv_table *table, csv_span cell, unsigned char decimal);

/* csv_number.c */
bool csv_number(double *value, csv_span cell, unsigned char decimal, locale_t c_locale);
/* digits * 10^exponent10, correctly rounded; exponent10 from -27 to 27. */
double csv_exact(uint64_t digits, int exponent10);
extern const double csv_powers[23];
/* Digits with both separators, as 1.234,56: which one is the decimal one cannot be told. */
bool csv_mixed_separators(csv_span cell);
/* A number with thousands separators and a decimal sign, as 1.234,56 or 1,234,567.8. */
bool csv_has_thousands(csv_span cell);

/* csv_clock.c */
bool csv_clock(double *seconds, csv_span cell);
bool csv_minutes(double *seconds, csv_span cell);
bool csv_stamp(double *seconds, csv_span cell);
bool csv_date(csv_span cell);

/* csv_time.c */
bool csv_says_minutes(const char *text); /* "min:s", "time (mm:ss)"; text may be NULL */

/* csv_sniff.c */
dsp_status csv_sniff(csv_table *table, dsp_error *error);

/* csv_header.c */
dsp_status csv_header(csv_table *table, const unsigned char *names, const unsigned char *units, dsp_error *error);
/* Splits `Name (u)`, `Name [u]`, `Name/u`; *unit is empty when there is none. */
void csv_split_unit(csv_span text, csv_span *name, csv_span *unit);
bool csv_looks_like_unit(csv_span cell);

/* csv_rows.c */
dsp_status csv_rows(csv_table *table, dsp_error *error);
size_t csv_line_of_row(const csv_table *table, size_t row);

/* csv_hints.c */
dsp_status csv_use_hints(csv_table *table, fmt_hints *hints, double *rate_hz, dsp_error *error);
/* After the channels are made: `channel_of` maps columns to channels, -1 none. */
dsp_status csv_place_hints(const csv_table *table, fmt_hints *hints, const long *channel_of, dsp_error *error);

/* csv_time.c */
typedef struct csv_stretch {
  size_t first, n; /* rows */
  double t0_s;
  size_t missing_before; /* samples to enter between the stretch before and this one; 0: a gap, or the first */
  bool blank_after;      /* ends at a blank line */
} csv_stretch;

typedef struct csv_timing {
  double rate_hz;
  double origin_s;
  double *t; /* seconds from the first sample, one per row; NULL when there is no time column */
  csv_stretch *stretches;
  size_t n_stretches, capacity;
  bool irregular;      /* resample each stretch */
  size_t missing_rows; /* samples to enter where the clock skips */
  bool batched;        /* rows that share a stamp are to be averaged */
  double jitter_s;
} csv_timing;

/* Finds the time column unless a hint named it; SIZE_MAX in *found: none. */
dsp_status csv_time_column(csv_table *table, size_t *found, bool rate_known, dsp_error *error);
/* Takes the column's numbers to seconds from the first row. */
dsp_status csv_seconds(csv_table *table, size_t column, csv_timing *timing, double *tick_s, dsp_error *error);

/* csv_grid.c */
/* `stated_hz` (0 none) is the grid of an irregular clock when somebody stated it. */
dsp_status csv_grid(csv_table *table, csv_timing *timing, double tick_s, double stated_hz, dsp_error *error);
void csv_timing_clear(csv_timing *timing);

/* csv_channels.c */
dsp_status csv_channels(csv_table *table, const csv_timing *timing, long *channel_of, dsp_error *error);

#endif
