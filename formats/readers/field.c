/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fields of headers. */
#include "field.h"
#include "csv.h"
#include "encoding.h"
#include "event_text.h"
#include <math.h>
#include <string.h>

enum { UTF8_PER_BYTE = 3 };

static bool is_blank(unsigned char c) {
  return c <= ' ' || c == 127;
}

/* Up to the first NUL, without the blanks at both ends. */
static csv_span trim(const void *bytes, size_t n) {
  csv_span field = {bytes, n};
  const unsigned char *nul = n ? memchr(bytes, 0, n) : NULL;
  if (nul) field.n = (size_t)(nul - field.at);
  while (field.n && is_blank(field.at[0])) field.at++, field.n--;
  while (field.n && is_blank(field.at[field.n - 1])) field.n--;
  return field;
}

const char *field_text(dsp_arena *arena, const void *bytes, size_t n) {
  csv_span field = trim(bytes, n);
  if (field.n > FMT_CAP_TEXT_BYTES) {
    field.n = FMT_CAP_TEXT_BYTES; /* a cut must not leave half a character */
    while (field.n && (field.at[field.n] & 0xC0) == 0x80) field.n--;
  }
  const bool utf8 = encoding_is_utf8(field.at, field.at + field.n);
  unsigned char *text = dsp_arena_alloc(arena, field.n * UTF8_PER_BYTE + 1, 1);
  size_t used = 0;
  for (size_t i = 0; text && i < field.n; i++) {
    const unsigned char c = field.at[i] < ' ' || field.at[i] == 127 ? ' ' : field.at[i];
    if (utf8)
      text[used++] = c;
    else
      used += encoding_put(text + used, encoding_latin(c));
  }
  return (const char *)text;
}

bool field_number(double *value, const void *bytes, size_t n) {
  const locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!c_locale) return false;
  const bool read = csv_number(value, trim(bytes, n), '.', c_locale) && isfinite(*value);
  freelocale(c_locale);
  return read;
}

bool field_whole(long long *value, const void *bytes, size_t n) {
  double number;
  if (!field_number(&number, bytes, n) || number != floor(number) || fabs(number) > 0x1p53) return false;
  *value = (long long)number;
  return true;
}

static bool taken(const dsp_recording *recording, const char *name) {
  for (size_t i = 0; i < recording->n_channels; i++)
    if (strcmp(recording->channels[i].name, name) == 0) return true;
  return false;
}

/* The second "a" becomes "a.2"; should that be there as well, the number doubles: few tries, whatever the names. NULL when out of memory.
 */
static const char *unique_name(dsp_recording *recording, const char *plain) {
  const size_t length = strlen(plain);
  const char *name = plain;
  size_t number = 1;
  for (size_t i = 0; i < recording->n_channels; i++) {
    const char *other = recording->channels[i].name;
    number += strncmp(other, plain, length) == 0 && (other[length] == '\0' || other[length] == '.');
  }
  for (; name && taken(recording, name); number *= 2) name = dsp_arena_printf(recording->arena, "%s.%zu", plain, number);
  if (name && name != plain &&
      dsp_recording_warn(recording, "duplicate_column", "channel %zu is another \"%s\"; it is called \"%s\"", recording->n_channels + 1,
                         plain, name) != DSP_OK)
    return NULL;
  return name;
}

dsp_channel *field_add_channel(dsp_recording *recording, const field_channel *about, double *x, size_t n) {
  const char *name = unique_name(recording, about->name);
  dsp_channel *channel = dsp_recording_add_channel(recording, name ? name : "", about->rate_hz, x, n);
  if (!channel || !name) return NULL;
  channel->scale = about->scale;
  channel->offset = about->offset;
  if (!about->unit || !about->unit[0]) return channel;
  channel->unit_as_written = about->unit;
  channel->unit = dsp_unit_find(about->unit, strlen(about->unit));
  if (!channel->unit &&
      dsp_recording_warn(recording, "unit_unrecognized", "channel \"%s\": unit \"%s\" is not known", name, about->unit) != DSP_OK)
    return NULL;
  return channel;
}

dsp_status field_add_told_event(dsp_recording *recording, double t_s, double dur_s, const char *words, const char *text,
                                const char *source) {
  unsigned count = 0;
  const dsp_event_kind kind = event_text_kind(words, &count);
  const dsp_event event = {.t_s = t_s,
                           .dur_s = dur_s,
                           .kind = kind,
                           .count = kind != DSP_EVENT_NOTE ? count : 0,
                           .volume_ml = (double)NAN,
                           .percent = (double)NAN,
                           .text = text,
                           .source = source};
  return dsp_recording_add_event(recording, &event);
}

dsp_status field_add_event(dsp_recording *recording, double t_s, double dur_s, const char *text, const char *source) {
  return field_add_told_event(recording, t_s, dur_s, text, text, source);
}
