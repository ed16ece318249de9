/* SPDX-License-Identifier: GPL-3.0-or-later
 * The header, a text: a line about the record, then one a signal or one a part; lines that begin with # are notes. */
#include "field.h"
#include "wfdb.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_RATE_HZ = 250, LINE_PLACE = 40 };

typedef struct word {
  const char *at;
  size_t n;
} word;

typedef struct lines {
  const char *at, *end;
  size_t number; /* of the line that was taken last */
  const char *p; /* within that line */
  const char *line_end;
  dsp_arena *arena;
  dsp_error *error;
} lines;

static bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* The next line that is no note and not empty. */
static bool take_line(lines *in) {
  while (in->at < in->end) {
    const char *stop = memchr(in->at, '\n', (size_t)(in->end - in->at));
    in->p = in->at;
    in->line_end = stop ? stop : in->end;
    in->at = stop ? stop + 1 : in->end;
    in->number++;
    while (in->p < in->line_end && blank(*in->p)) in->p++;
    if (in->p < in->line_end && *in->p != '#') return true;
  }
  return false;
}

static word take_word(lines *in) {
  while (in->p < in->line_end && blank(*in->p)) in->p++;
  word taken = {in->p, 0};
  while (in->p < in->line_end && !blank(*in->p)) in->p++, taken.n++;
  return taken;
}

static dsp_status refuse(const lines *in, word found, const char *expected) {
  char place[LINE_PLACE];
  snprintf(place, sizeof place, "line %zu", in->number);
  return dsp_fail(in->error, DSP_BAD_INPUT, place, expected, "\"%.*s\"", (int)(found.n < 60 ? found.n : 60), found.at);
}

/* The part of `from` up to the first of `stops`; the rest stays in `from`, with the stop. */
static word cut(word *from, const char *stops) {
  word part = {from->at, 0};
  while (part.n < from->n && !strchr(stops, from->at[part.n])) part.n++;
  from->at += part.n;
  from->n -= part.n;
  return part;
}

/* Behind the stop that `from` begins with. */
static word behind(word from) {
  return from.n ? (word){from.at + 1, from.n - 1} : from;
}

static bool whole(size_t *value, word text, size_t max) {
  long long number = 0;
  if (!field_whole(&number, text.at, text.n) || number < 0 || (unsigned long long)number > max) return false;
  *value = (size_t)number;
  return true;
}

/* name[/parts] signals [rate[/counter[(base)]] [frames [clock [date]]]] */
static dsp_status take_record(wfdb_header *header, lines *in) {
  word name = take_word(in), signals = take_word(in), rate = take_word(in), frames = take_word(in), clock = take_word(in);
  const word date = take_word(in), all = name;
  const word stem = cut(&name, "/");
  if (!wfdb_name_is_bare(stem.at, stem.n)) return refuse(in, all, "the record's name");
  if (name.n && (!whole(&header->n_parts, behind(name), FMT_CAP_COMPANION_NAMES) || header->n_parts == 0))
    return refuse(in, all, "a number of parts behind the record's name");
  if (!whole(&header->n_signals, signals, FMT_CAP_CHANNELS)) return refuse(in, signals, "a number of signals up to 256");
  header->rate_hz = DEFAULT_RATE_HZ;
  if (rate.n) {
    const word hz = cut(&rate, "/(");
    if (!field_number(&header->rate_hz, hz.at, hz.n) || !(header->rate_hz > 0)) return refuse(in, hz, "a sampling rate above 0");
  }
  if (frames.n && !whole(&header->frames, frames, FMT_CAP_SAMPLES)) return refuse(in, frames, "a number of samples");
  if (clock.n) header->clock = dsp_arena_text(in->arena, clock.at, clock.n);
  if (date.n) header->date = dsp_arena_text(in->arena, date.at, date.n);
  return (clock.n && !header->clock) || (date.n && !header->date) ? dsp_fail_memory(in->error) : DSP_OK;
}

/* format[xN][:skew][+start] */
static dsp_status take_format(wfdb_signal *signal, lines *in) {
  word rest = take_word(in);
  const word all = rest, format = cut(&rest, "x:+");
  size_t number = 0;
  signal->per_frame = 1;
  if (!whole(&number, format, 100000)) return refuse(in, all, "a format");
  signal->format = (unsigned)number;
  if (rest.n && *rest.at == 'x') {
    rest = behind(rest);
    const word part = cut(&rest, ":+");
    if (!whole(&signal->per_frame, part, FMT_CAP_WFDB_PER_FRAME) || signal->per_frame == 0)
      return refuse(in, all, "samples a frame behind the x");
  }
  if (rest.n && *rest.at == ':') {
    rest = behind(rest);
    const word part = cut(&rest, "+");
    if (!whole(&signal->skew, part, FMT_CAP_SAMPLES)) return refuse(in, all, "a skew behind the colon");
  }
  if (rest.n && *rest.at == '+') {
    rest = behind(rest);
    if (!whole(&signal->start, rest, FMT_CAP_FILE_BYTES)) return refuse(in, all, "an offset in bytes behind the plus");
    rest.n = 0;
  }
  return rest.n ? refuse(in, all, "a format") : DSP_OK;
}

/* gain[(baseline)][/unit] */
static dsp_status take_gain(wfdb_signal *signal, bool *has_baseline, lines *in) {
  word rest = take_word(in);
  const word all = rest;
  if (!all.n) return DSP_OK;
  const word gain = cut(&rest, "(/");
  if (!field_number(&signal->gain, gain.at, gain.n)) return refuse(in, all, "a gain");
  if (rest.n && *rest.at == '(') {
    rest = behind(rest);
    const word part = cut(&rest, ")");
    if (!rest.n || !field_number(&signal->baseline, part.at, part.n)) return refuse(in, all, "a baseline in parentheses");
    *has_baseline = true;
    rest = behind(rest);
  }
  if (rest.n && *rest.at != '/') return refuse(in, all, "a unit behind a slash");
  if (rest.n > 1) {
    signal->unit = field_text(in->arena, rest.at + 1, rest.n - 1);
    if (!signal->unit) return dsp_fail_memory(in->error);
  }
  return DSP_OK;
}

/* file format [gain [resolution [zero [first [checksum [block [description]]]]]]] */
static dsp_status take_signal(wfdb_signal *signal, size_t i, lines *in) {
  bool has_baseline = false;
  double zero = 0;
  const word file = take_word(in);
  if (!wfdb_name_is_bare(file.at, file.n)) return refuse(in, file, "the name of a file in the same folder, without a path");
  signal->file = dsp_arena_text(in->arena, file.at, file.n);
  if (!signal->file) return dsp_fail_memory(in->error);
  dsp_status status = take_format(signal, in);
  if (status == DSP_OK) status = take_gain(signal, &has_baseline, in);
  if (status != DSP_OK) return status;
  const word resolution = take_word(in), adc_zero = take_word(in), first = take_word(in), sum = take_word(in), block = take_word(in);
  if (resolution.n && !field_number(&(double){0}, resolution.at, resolution.n)) return refuse(in, resolution, "a resolution in bits");
  if (adc_zero.n && (!field_number(&zero, adc_zero.at, adc_zero.n) || fabs(zero) > 0x1p53))
    return refuse(in, adc_zero, "the converter's zero");
  if (!has_baseline) signal->baseline = zero;
  signal->has_first = first.n > 0;
  signal->has_checksum = sum.n > 0;
  signal->first = (long long)zero;
  if (first.n && !field_whole(&signal->first, first.at, first.n)) return refuse(in, first, "an initial value");
  if (sum.n && !field_whole(&signal->checksum, sum.at, sum.n)) return refuse(in, sum, "a checksum");
  if (block.n && !field_whole(&(long long){0}, block.at, block.n)) return refuse(in, block, "a block size");
  signal->description = field_text(in->arena, in->p, (size_t)(in->line_end - in->p));
  if (signal->description && !signal->description[0]) signal->description = dsp_arena_printf(in->arena, "signal %zu", i);
  return signal->description ? DSP_OK : dsp_fail_memory(in->error);
}

static dsp_status take_part(wfdb_part *part, lines *in) {
  const word name = take_word(in), frames = take_word(in);
  if (!wfdb_name_is_bare(name.at, name.n)) return refuse(in, name, "the name of a record in the same folder, without a path");
  if (!whole(&part->frames, frames, FMT_CAP_SAMPLES)) return refuse(in, frames, "the part's number of samples");
  part->name = dsp_arena_text(in->arena, name.at, name.n);
  return part->name ? DSP_OK : dsp_fail_memory(in->error);
}

bool wfdb_name_is_bare(const char *name, size_t n) {
  if (n == 0 || n > 255 || *name == '-' || *name == '.') return false;
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)name[i] <= ' ' || name[i] == '/' || name[i] == '\\' || name[i] == ':' || name[i] == 127) return false;
  return true;
}

dsp_status wfdb_parse(wfdb_header *header, const fmt_source *source, dsp_arena *arena, dsp_error *error) {
  const char *text = (const char *)source->bytes;
  lines in = {.at = text, .end = text + source->size, .arena = arena, .error = error};
  *header = (wfdb_header){0};
  if (memchr(text, 0, source->size)) return dsp_fail(error, DSP_BAD_INPUT, "", "text", "a NUL byte");
  if (!take_line(&in)) return dsp_fail(error, DSP_BAD_INPUT, "", "a line with the record's name", "no line");
  dsp_status status = take_record(header, &in);
  if (status != DSP_OK) return status;
  const size_t n = header->n_parts ? header->n_parts : header->n_signals;
  header->signals = dsp_arena_alloc(arena, header->n_signals + 1, sizeof *header->signals);
  header->parts = dsp_arena_alloc(arena, header->n_parts + 1, sizeof *header->parts);
  if (!header->signals || !header->parts) return dsp_fail_memory(error);
  for (size_t i = 0; status == DSP_OK && i < n; i++) {
    if (!take_line(&in)) {
      char place[LINE_PLACE];
      snprintf(place, sizeof place, "line %zu", in.number);
      return dsp_fail(error, DSP_BAD_INPUT, place, "a line for each", "the header ends after %zu of %zu %s", i, n,
                      header->n_parts ? "parts" : "signals");
    }
    status = header->n_parts ? take_part(&header->parts[i], &in) : take_signal(&header->signals[i], i, &in);
  }
  return status;
}
