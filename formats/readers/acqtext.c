/* SPDX-License-Identifier: GPL-3.0-or-later
 * AcqKnowledge's text export with its header (BIOPAC): path, interval, number of channels, a line with the name and one with the unit of
 * each, a line that heads the columns, a line with the samples of each channel, rows. The time column is there when asked for; the
 * delimiter is the user's choice, and need not be the same in the header and in the rows. Marks are not exported. */
#include "field.h"
#include "rows.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT_COLUMNS, N_PARAMS };

static const dsp_param_row param_rows[] = {
    [SHORT_COLUMNS] =
        {"acqtext.short_columns", "", 0, 0, 1, "slow|ended",
         "A column with half, a quarter, ... of the samples, all in the first rows: a slower channel, or one that ended early",
         "AcqKnowledge divides rates by powers of two"},
};
_Static_assert(sizeof param_rows / sizeof param_rows[0] == N_PARAMS, "a row for every parameter");

enum { DIVIDER_MAX = 1 << 14, SHOWN = 60 };

typedef struct acq_text {
  csv_table text;
  const unsigned char *p; /* where the header has been read to */
  size_t line;            /* its number */
  double interval_s, time_unit_s;
  size_t n_channels;
  csv_span *names, *units;
  double *counts; /* stated samples; 0 not stated */
  bool with_time;
} acq_text;

static csv_span next_line(acq_text *acq) {
  const csv_span line = rows_line(acq->p, acq->text.end);
  acq->p = csv_next_line(line.at + line.n, acq->text.end);
  acq->line++;
  return csv_trim(line);
}

static dsp_status refuse(const acq_text *acq, const char *expected, csv_span found, dsp_error *error) {
  char place[40];
  snprintf(place, sizeof place, "line %zu", acq->line - 1);
  return dsp_fail(error, DSP_BAD_INPUT, place, expected, "\"%.*s\"", (int)(found.n < SHOWN ? found.n : SHOWN), (const char *)found.at);
}

/* A number and the word behind it: "20.000 msec/sample", "2 channels". */
static bool number_word(const csv_table *text, csv_span line, double *number, csv_span *word) {
  size_t n = 0;
  while (n < line.n && line.at[n] != ' ') n++;
  *word = csv_trim((csv_span){line.at + n, line.n - n});
  const bool comma = memchr(line.at, ',', n) != NULL;
  return n && csv_number(number, (csv_span){line.at, n}, comma ? ',' : '.', text->c_locale) && *number > 0 && isfinite(*number);
}

/* Seconds between samples from "20 msec/sample" or "50 samples/sec"; 0 when it is neither. */
static double interval_of(const csv_table *text, csv_span line) {
  csv_span word;
  double number = 0;
  if (!number_word(text, line, &number, &word)) return 0;
  const unsigned char *slash = word.n ? memchr(word.at, '/', word.n) : NULL;
  if (!slash) return 0;
  const csv_span left = {word.at, (size_t)(slash - word.at)}, right = {slash + 1, word.n - left.n - 1};
  const bool rate = csv_same_word(left, "samples");
  if (!rate && !csv_same_word(right, "sample")) return 0;
  const csv_span unit_word = rate ? right : left;
  const dsp_unit *unit = dsp_unit_find((const char *)unit_word.at, unit_word.n);
  if (!unit || unit->dimension != DSP_DIM_TIME) return 0;
  return rate ? unit->factor / number : number * unit->factor;
}

/* Cells of a header line, whichever of comma, tab and blank parts them. */
static size_t header_cells(csv_span line, csv_span *cells, size_t most) {
  size_t n = 0;
  const unsigned char *p = line.at, *end = line.at + line.n;
  const bool blanks = !memchr(line.at, ',', line.n) && !memchr(line.at, '\t', line.n);
  while (p <= end && n < most) {
    const unsigned char *q = p;
    while (q < end && *q != ',' && *q != '\t' && !(blanks && *q == ' ')) q++;
    cells[n++] = csv_trim((csv_span){p, (size_t)(q - p)});
    while (blanks && q + 1 < end && q[1] == ' ') q++;
    p = q + 1;
  }
  return n;
}

/* "ms CH1 CH2": the first is no channel when it names a unit of time. */
static dsp_status take_columns(acq_text *acq, dsp_error *error) {
  csv_span *cells = dsp_zalloc(acq->n_channels + 2, sizeof *cells);
  if (!cells) return dsp_fail_memory(error);
  csv_span line = next_line(acq);
  (void)header_cells(line, cells, acq->n_channels + 2);
  const dsp_unit *unit = dsp_unit_find((const char *)cells[0].at, cells[0].n);
  acq->with_time = unit && unit->dimension == DSP_DIM_TIME;
  acq->time_unit_s = acq->with_time ? unit->factor : 1;
  line = next_line(acq); /* how many samples each channel has; without an empty cell for the time where blanks part them */
  const size_t n = header_cells(line, cells, acq->n_channels + 2), skip = n > acq->n_channels && cells[0].n == 0;
  for (size_t c = 0; c < acq->n_channels && c + skip < n; c++)
    if (!csv_number(&acq->counts[c], cells[c + skip], '.', acq->text.c_locale)) acq->counts[c] = 0;
  free(cells);
  return DSP_OK;
}

static dsp_status take_header(acq_text *acq, dsp_error *error) {
  csv_span word;
  double n_channels = 0;
  acq->p = acq->text.at;
  acq->line = 1;
  (void)next_line(acq); /* a path, which may name a person, and is of no use here */
  csv_span line = next_line(acq);
  acq->interval_s = interval_of(&acq->text, line);
  if (!(acq->interval_s >= 1e-7 && acq->interval_s <= 1e5)) return refuse(acq, "an interval as 20.000 msec/sample", line, error);
  line = next_line(acq);
  if (!number_word(&acq->text, line, &n_channels, &word) || n_channels != rint(n_channels) || n_channels > (double)FMT_CAP_CHANNELS)
    return refuse(acq, "a number of channels from 1 to 256", line, error);
  acq->n_channels = (size_t)n_channels;
  acq->names = dsp_zalloc(acq->n_channels, sizeof *acq->names);
  acq->units = dsp_zalloc(acq->n_channels, sizeof *acq->units);
  acq->counts = dsp_zalloc(acq->n_channels, sizeof *acq->counts);
  if (!acq->names || !acq->units || !acq->counts) return dsp_fail_memory(error);
  for (size_t c = 0; c < acq->n_channels; c++) {
    acq->names[c] = next_line(acq);
    acq->units[c] = next_line(acq);
  }
  return take_columns(acq, error);
}

/* The rows' own delimiter: the one of the three that gives the number of columns that the header promises. */
static dsp_status find_delimiter(acq_text *acq, rows_block *rows, dsp_error *error) {
  static const unsigned char candidates[] = {'\t', ',', ' '};
  const size_t wanted = acq->n_channels + acq->with_time;
  for (size_t i = 0; i < sizeof candidates; i++) {
    acq->text.dialect = (csv_dialect){candidates[i], '.'};
    const size_t there = rows_count_cells(rows, acq->p);
    if (there != wanted && there != wanted + 1) continue; /* a delimiter may end each row */
    rows->n_columns = there;
    if (candidates[i] != ',') {
      const unsigned char decimal = rows_decimal(rows, acq->p);
      acq->text.dialect.decimal = decimal ? decimal : '.';
    }
    return DSP_OK;
  }
  acq->line++;
  return refuse(acq, "rows with a column for each channel that the header names, parted by comma, tab or blank",
                rows_line(acq->p, acq->text.end), error);
}

static size_t count_filled(const double *x, size_t n, size_t step, size_t *first_rows) {
  size_t filled = 0;
  *first_rows = 0;
  for (size_t i = 0; i < n; i += step) filled += !isnan(x[i]);
  while (*first_rows < n && !isnan(x[*first_rows])) ++*first_rows;
  return filled;
}

/* A slower channel: samples in every k-th row alone, which is certain, or packed into the first rows, which its number of samples says. */
static size_t divider_of(const double *x, size_t n, double stated, bool packed_is_slow, bool *packed) {
  size_t first_rows = 0;
  const size_t filled = count_filled(x, n, 1, &first_rows);
  *packed = false;
  for (size_t k = 2; k <= DIVIDER_MAX && k <= n && filled > 1; k *= 2) {
    size_t ignored = 0;
    const size_t slots = (n + k - 1) / k;
    if (filled == slots && count_filled(x, n, k, &ignored) == slots) return k;
    if (packed_is_slow && filled == first_rows && filled == (size_t)stated && (filled == slots || filled == n / k)) {
      *packed = true;
      return k;
    }
  }
  return 1;
}

static dsp_status add_channel(acq_text *acq, rows_block *rows, size_t c, const double *params, dsp_error *error) {
  dsp_recording *recording = acq->text.recording;
  double *x = rows_release(rows, c + acq->with_time);
  bool packed = false;
  size_t n = rows->n_rows;
  const size_t k = divider_of(x, n, acq->counts[c], params[SHORT_COLUMNS] == 0, &packed);
  if (k > 1) {
    size_t first_rows = 0;
    (void)count_filled(x, n, 1, &first_rows);
    n = packed ? first_rows : (n + k - 1) / k;
    for (size_t i = 0; !packed && i < n; i++) x[i] = x[i * k];
  }
  const char *name = csv_copy(&acq->text, acq->names[c]), *unit = csv_copy(&acq->text, acq->units[c]);
  if (name && !name[0]) name = dsp_arena_printf(recording->arena, "channel %zu", c + 1);
  const double base_hz = 1 / acq->interval_s, whole = nearbyint(base_hz);
  const double rate_hz = (fabs(base_hz - whole) <= 1e-9 * base_hz ? whole : base_hz) / (double)k;
  if (!name || !unit) {
    free(x);
    return dsp_fail_memory(error);
  }
  if (k > 1 &&
      dsp_recording_warn(recording, "rate_inferred", "channel \"%s\" has one sample for %zu rows: %g Hz", name, k, rate_hz) != DSP_OK) {
    free(x);
    return dsp_fail_memory(error);
  }
  const field_channel about = {name, unit, rate_hz, 1, 0};
  return field_add_channel(recording, &about, x, n) ? DSP_OK : dsp_fail_memory(error);
}

/* The time column must run at the stated interval: rows that are missing in time cannot be told from it otherwise. */
static dsp_status check_time(acq_text *acq, const rows_block *rows, dsp_error *error) {
  const double *t = rows->x[0], step = acq->interval_s / acq->time_unit_s;
  char place[64];
  if (!acq->with_time) return DSP_OK;
  acq->text.recording->t_origin_s = t[0] * acq->time_unit_s;
  for (size_t i = 0; i < rows->n_rows; i++) {
    if (fabs(t[i] - t[0] - (double)i * step) <= 0.5 * step) continue;
    snprintf(place, sizeof place, "row %zu", i + 1);
    return dsp_fail(error, DSP_BAD_INPUT, place, "times that rise by the interval of line 2", "%g, %g after the first row", t[i],
                    t[i] - t[0]);
  }
  return DSP_OK;
}

static dsp_status take_rows(acq_text *acq, const double *params, dsp_error *error) {
  rows_block rows = {.text = &acq->text, .line = acq->line};
  dsp_status status = find_delimiter(acq, &rows, error);
  if (status == DSP_OK) status = rows_take(&rows, &acq->p, error);
  if (status == DSP_OK && rows.n_rows == 0) status = dsp_fail(error, DSP_BAD_INPUT, "", "rows of samples", "no rows");
  if (status == DSP_OK) status = check_time(acq, &rows, error);
  for (size_t c = 0; status == DSP_OK && c < acq->n_channels; c++) status = add_channel(acq, &rows, c, params, error);
  rows_clear(&rows);
  return status;
}

static dsp_status read_acqtext(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  acq_text acq = {.text = {.recording = recording}};
  (void)hints;
  acq.text.c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  dsp_status status = acq.text.c_locale ? csv_decode(&acq.text, input->source, error) : dsp_fail_memory(error);
  if (status == DSP_OK) status = take_header(&acq, error);
  if (status == DSP_OK) status = take_rows(&acq, params, error);
  free(acq.names);
  free(acq.units);
  free(acq.counts);
  csv_clear(&acq.text);
  return status;
}

/* The second line is an interval, the third a number of channels; in UTF-16 the zero bytes are passed over. */
static fmt_verdict probe_acqtext(const fmt_input *input, unsigned *score, dsp_error *error) {
  char plain[1024];
  size_t n = 0, line = 0;
  (void)error;
  for (size_t i = 0; i < input->source->size && i < 4 * sizeof plain && n + 1 < sizeof plain && line < 3; i++) {
    const unsigned char c = input->source->bytes[i];
    if (c == 0) continue;
    if (c == '\n') line++;
    if (line > 0) plain[n++] = (char)c;
  }
  plain[n] = '\0';
  *score = 95;
  const char *sample = strstr(plain, "/sample"), *rate = strstr(plain, "samples/"), *second = strchr(plain + (n > 0), '\n');
  const char *found = sample ? sample : rate;
  if (!found || !second || found > second) return FMT_NOT_MINE;
  return strstr(second, " channel") ? FMT_MINE : FMT_NOT_MINE;
}

static const char *const extensions[] = {"txt", "csv", NULL};

const fmt_reader acqtext_reader = {
    .id = "acqtext",
    .title = "AcqKnowledge text export with header (BIOPAC)",
    .extensions = extensions,
    .params = {"acqtext", param_rows, N_PARAMS},
    .probe = probe_acqtext,
    .read = read_acqtext,
};
