/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fields of headers: texts and numbers in so many bytes, and the channel that they describe. */
#ifndef READERS_FIELD_H
#define READERS_FIELD_H

#include <dsp/recording.h>

/* The text in `n` bytes up to the first NUL: blanks at both ends cut, control characters blank, UTF-8, or Windows-1252 when it is not.
 * NULL when out of memory; an empty field is "". */
const char *field_text(dsp_arena *arena, const void *bytes, size_t n);
/* A decimal number with nothing but blanks and NULs around it, C locale. False: none, or not finite. */
bool field_number(double *value, const void *bytes, size_t n);
/* As field_number, a whole number of at most 2^53. */
bool field_whole(long long *value, const void *bytes, size_t n);

/* What a header says about a channel. */
typedef struct field_channel {
  const char *name; /* made unique: the second "SpO2" becomes "SpO2.2" */
  const char *unit; /* as written; NULL or "" none */
  double rate_hz;
  double scale, offset; /* x = raw * scale + offset */
} field_channel;

/* Append a channel of `n` samples; takes `x` in every case. Warns of a name that is there already and of a unit that is in no table.
 * Returns the channel or NULL when out of memory. */
dsp_channel *field_add_channel(dsp_recording *recording, const field_channel *about, double *x, size_t n);

/* Append a mark: its kind from its text (event_text.h), `source` the reader's id. */
/* The kind of event from `words`, its text beside them. */
dsp_status field_add_told_event(dsp_recording *recording, double t_s, double dur_s, const char *words, const char *text,
                                const char *source);
dsp_status field_add_event(dsp_recording *recording, double t_s, double dur_s, const char *text, const char *source);

#endif
