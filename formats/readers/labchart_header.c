/* SPDX-License-Identifier: GPL-3.0-or-later
 * A block's header: lines `Key=` TAB value TAB value ... in any order and number after `Interval=`. */
#include "labchart.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAY_S             86400.0
#define EXCEL_DAY_OF_1970 25569.0
#define DATE_SLACK_S      2.0

/* The key of a header line ("Range="), its value behind it. False: a row. */
static bool split_key(csv_span line, csv_span *key, csv_span *value) {
  const unsigned char *tab = line.n ? memchr(line.at, '\t', line.n) : NULL;
  *key = csv_trim((csv_span){line.at, tab ? (size_t)(tab - line.at) : line.n});
  *value = tab ? (csv_span){tab + 1, (size_t)(line.at + line.n - tab - 1)} : (csv_span){line.at + line.n, 0};
  return key->n > 1 && key->at[key->n - 1] == '=';
}

/* Value `index` of several, trimmed and without quotes; false when there are fewer. */
static bool value_at(csv_span values, size_t index, csv_span *out) {
  *out = (csv_span){values.at, 0};
  if (!values.at) return false;
  const unsigned char *p = values.at, *end = values.at + values.n;
  for (size_t i = 0; p <= end; i++) {
    const unsigned char *tab = p < end ? memchr(p, '\t', (size_t)(end - p)) : NULL;
    if (!tab) tab = end;
    if (i == index) {
      *out = csv_trim((csv_span){p, (size_t)(tab - p)});
      if (out->n >= 2 && out->at[0] == '"' && out->at[out->n - 1] == '"') *out = (csv_span){out->at + 1, out->n - 2};
      return true;
    }
    p = tab + 1;
  }
  return false;
}

/* Values on the line; empty ones at its end do not count. */
static size_t count_values(csv_span values) {
  csv_span cell;
  size_t n = 0;
  for (size_t i = 0; value_at(values, i, &cell); i++)
    if (cell.n) n = i + 1;
  return n;
}

static bool is_digit_or(unsigned char c, const char *others) {
  return (c >= '0' && c <= '9') || (c && strchr(others, c));
}

/* A number with point or comma, and the text behind it. */
static bool number_and_rest(const lab_file *file, csv_span cell, double *number, csv_span *rest) {
  size_t n = 0, commas = 0;
  while (n < cell.n &&
         (is_digit_or(cell.at[n], "+-.,") || ((cell.at[n] | 32) == 'e' && n && n + 1 < cell.n && is_digit_or(cell.at[n + 1], "+-")))) {
    commas += cell.at[n] == ',';
    n++;
  }
  *rest = cell.n ? csv_trim((csv_span){cell.at + n, cell.n - n}) : cell;
  return csv_number(number, (csv_span){cell.at, n}, commas ? ',' : '.', file->text.c_locale) && isfinite(*number);
}

/* `0.001 s`, `5 ms`, or a rate: `1 kHz`. */
static dsp_status take_interval(lab_file *file, lab_block *block, csv_span values, dsp_error *error) {
  char place[64];
  csv_span cell, rest;
  double number = 0;
  (void)value_at(values, 0, &cell);
  const bool good = number_and_rest(file, cell, &number, &rest);
  const char *word = good ? csv_copy(&file->text, rest) : "";
  if (!word) return dsp_fail_memory(error);
  const dsp_unit *unit = dsp_unit_find(word, strlen(word));
  const double value = unit ? number * unit->factor : 0;
  if (unit && unit->dimension == DSP_DIM_TIME) block->interval_s = value;
  if (unit && unit->dimension == DSP_DIM_FREQUENCY && value > 0) block->interval_s = 1 / value;
  if (block->interval_s >= 1e-7 && block->interval_s <= 1e5) return DSP_OK;
  snprintf(place, sizeof place, "line %zu, column 2", block->line);
  return dsp_fail(error, DSP_BAD_INPUT, place, "the time between samples with its unit, or a rate in Hz", "\"%.*s\"",
                  (int)(cell.n < 60 ? cell.n : 60), (const char *)cell.at);
}

/* The clock in a date of any order: the word that has a colon, with an AM or PM behind it. */
static bool clock_in(csv_span text, double *seconds) {
  for (size_t i = 0; i < text.n;) {
    size_t end = i;
    while (end < text.n && text.at[end] != ' ') end++;
    if (memchr(text.at + i, ':', end - i))
      return csv_clock(seconds, (csv_span){text.at + i, text.n - i}) || csv_clock(seconds, (csv_span){text.at + i, end - i});
    i = end + 1;
  }
  return false;
}

/* A serial day of the spreadsheet, as coarse as it was printed, and the same moment in words, whose clock is often the finer one. */
static void take_date(lab_file *file, lab_block *block, csv_span values) {
  csv_span cell, rest;
  double days = 0, clock_s = 0;
  if (!value_at(values, 0, &cell) || !number_and_rest(file, cell, &days, &rest) || !(days >= 1 && days < 1e6)) return;
  const double serial_s = (days - EXCEL_DAY_OF_1970) * DAY_S;
  block->dated = true;
  block->date_s = serial_s;
  const unsigned char *sign = memchr(cell.at, '.', cell.n);
  if (!sign) sign = memchr(cell.at, ',', cell.n);
  size_t decimals = 0;
  while (sign && sign + 1 + decimals < cell.at + cell.n && sign[1 + decimals] >= '0' && sign[1 + decimals] <= '9') decimals++;
  const bool scientific = memchr(cell.at, 'e', cell.n) || memchr(cell.at, 'E', cell.n);
  const double printed_s = pow(10, (scientific ? floor(log10(days)) : 0) - (double)decimals) * DAY_S;
  if (!value_at(values, 1, &cell) || !clock_in(cell, &clock_s)) return;
  double words_s = floor(serial_s / DAY_S) * DAY_S + clock_s;
  words_s += DAY_S * nearbyint((serial_s - words_s) / DAY_S);
  if (fabs(words_s - serial_s) <= fmax(printed_s, DATE_SLACK_S)) block->date_s = words_s;
}

static dsp_status take_line(lab_file *file, lab_block *block, csv_span key, csv_span value, dsp_error *error) {
  csv_span first;
  (void)value_at(value, 0, &first);
  if (csv_same_word(key, "interval=")) return take_interval(file, block, value, error);
  if (csv_same_word(key, "exceldatetime=")) take_date(file, block, value);
  if (csv_same_word(key, "timeformat=") && first.n) block->clock = csv_same_word(first, "startofblock") ? LAB_CLOCK_OF_BLOCK : LAB_CLOCK_ON;
  if (csv_same_word(key, "channeltitle=")) block->titles = value;
  if (csv_same_word(key, "range=")) block->ranges = value;
  if (csv_same_word(key, "unitname=")) block->units = value;
  return DSP_OK;
}

dsp_status lab_header(lab_file *file, lab_block *block, const unsigned char **p, size_t *line, dsp_error *error) {
  const unsigned char *end = file->text.end;
  char place[64];
  *block = (lab_block){.line = *line};
  dsp_status status = DSP_OK;
  for (bool first = true; status == DSP_OK && *p < end; first = false) {
    const csv_span text = rows_line(*p, end);
    csv_span key, value;
    if (text.n > FMT_CAP_LINE_BYTES) {
      snprintf(place, sizeof place, "line %zu", *line);
      return dsp_fail(error, DSP_LIMIT, place, "shorter lines", "a line longer than the cap of %zu bytes", FMT_CAP_LINE_BYTES);
    }
    if (!split_key(text, &key, &value) || (!first && csv_same_word(key, "interval="))) break;
    status = take_line(file, block, key, value, error);
    *p = rows_next_line(*p, end);
    ++*line;
  }
  snprintf(place, sizeof place, "line %zu", block->line);
  if (status == DSP_OK && !(block->interval_s > 0))
    return dsp_fail(error, DSP_BAD_INPUT, place, "Interval=, a tab and the interval", "no interval");
  const size_t titles = count_values(block->titles), ranges = count_values(block->ranges), units = count_values(block->units);
  block->n_channels = titles > ranges ? titles : ranges;
  if (units > block->n_channels) block->n_channels = units;
  if (status == DSP_OK && block->n_channels > FMT_CAP_CHANNELS)
    return dsp_fail(error, DSP_LIMIT, place, "fewer channels", "%zu channels, more than the cap of %zu", block->n_channels,
                    FMT_CAP_CHANNELS);
  return status;
}

/* UnitName= speaks of the converted values, unless it is `*`: then they are still in the unit of Range=. */
dsp_status lab_name(lab_file *file, const lab_block *block, size_t c, const char **title, const char **unit, dsp_error *error) {
  csv_span cell, rest;
  double number = 0;
  *unit = NULL;
  (void)value_at(block->titles, c, &cell);
  *title = cell.n ? csv_copy(&file->text, cell) : dsp_arena_printf(file->text.recording->arena, "channel %zu", c + 1);
  if (!*title) return dsp_fail_memory(error);
  const bool converted = value_at(block->units, c, &cell) && !(cell.n == 1 && cell.at[0] == '*');
  if (!converted) {
    (void)value_at(block->ranges, c, &cell);
    rest = cell;
    if (!number_and_rest(file, cell, &number, &rest)) rest.n = 0;
    cell = rest;
  }
  if (cell.n && !(*unit = csv_copy(&file->text, cell))) return dsp_fail_memory(error);
  return DSP_OK;
}
