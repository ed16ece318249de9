/* SPDX-License-Identifier: GPL-3.0-or-later
 * An annotation file: words of 16 bits, 6 of them the kind and 10 the frames since the last one; the highest kinds change what comes or
 * came before (annot(5) of the WFDB Applications Guide). */
#include "field.h"
#include "wfdb.h"
#include <fmt/cursor.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KIND_NOTE = 22, SKIP = 59, NUM = 60, SUB = 61, CHN = 62, AUX = 63 };

/* The mnemonics that WFDB programs print; NULL: not in use. */
static const char *const mnemonics[] = {NULL, "N",  "L", "R",  "a", "V", "F", "J", "A",  "S", "E", "j", "/", "Q",
                                        "~",  NULL, "|", NULL, "s", "T", "*", "D", "\"", "=", "p", "B", "^", "t",
                                        "+",  "u",  "?", "!",  "[", "]", "e", "n", "@",  "x", "f", "(", ")", "r"};

typedef struct mark {
  bool open; /* waits for its text */
  double frame;
  unsigned kind;
  const unsigned char *text;
  size_t length;
} mark;

typedef struct annotation_pass {
  dsp_recording *recording;
  double rate_hz;
  size_t n;
  dsp_error *error;
} annotation_pass;

/* "## time resolution: 360": the frames of this file are others than the record's. */
static bool take_resolution(annotation_pass *pass, const mark *m) {
  static const char words[] = "## time resolution: ";
  double hz = 0;
  if (m->kind != KIND_NOTE || m->length < sizeof words || memcmp(m->text, words, sizeof words - 1) != 0) return false;
  if (field_number(&hz, m->text + sizeof words - 1, m->length - (sizeof words - 1)) && hz > 0 && isfinite(1 / hz)) pass->rate_hz = hz;
  return true;
}

static dsp_status close_mark(annotation_pass *pass, mark *m) {
  const size_t n = sizeof mnemonics / sizeof mnemonics[0];
  if (!m->open) return DSP_OK;
  m->open = false;
  if (m->frame == 0 && take_resolution(pass, m)) return DSP_OK;
  const char *word = m->kind < n && mnemonics[m->kind] ? mnemonics[m->kind] : "";
  const char *text = m->length ? field_text(pass->recording->arena, m->text, m->length) : word;
  if (++pass->n > FMT_CAP_EVENTS)
    return dsp_fail(pass->error, DSP_LIMIT, "", "fewer annotations", "more than %zu annotations", FMT_CAP_EVENTS);
  if (!text || field_add_event(pass->recording, m->frame / pass->rate_hz - pass->recording->t_origin_s, 0, text, "wfdb") != DSP_OK)
    return dsp_fail_memory(pass->error);
  return DSP_OK;
}

/* High half first, each little-endian. */
static double take_skip(fmt_cursor *at) {
  const uint32_t high = fmt_take_u16(at, false), low = fmt_take_u16(at, false);
  return (int32_t)(high << 16 | low);
}

dsp_status wfdb_annotations(const fmt_source *source, const char *name, double rate_hz, dsp_recording *recording, dsp_error *error) {
  annotation_pass pass = {.recording = recording, .rate_hz = rate_hz, .error = error};
  fmt_cursor at = fmt_cursor_over(source->bytes, source->size);
  mark m = {0};
  double frame = 0;
  dsp_status status = DSP_OK;
  bool ended = false;
  while (status == DSP_OK && !ended && !at.failed && fmt_cursor_left(&at) >= 2) {
    const unsigned word = fmt_take_u16(&at, false), kind = word >> 10, value = word & 0x3FF;
    if (word == 0) {
      ended = true;
    } else if (kind == SKIP) {
      frame += take_skip(&at);
    } else if (kind == AUX) {
      m.text = fmt_take(&at, value + (value & 1));
      m.length = m.text ? value : 0;
    } else if (kind < SKIP) {
      status = close_mark(&pass, &m);
      frame += value;
      m = (mark){.open = true, .frame = frame, .kind = kind};
    }
  }
  if (status == DSP_OK) status = close_mark(&pass, &m);
  if (status == DSP_OK && (at.failed || !ended) &&
      dsp_recording_warn(recording, "file_truncated", "%s ends within its annotations", name) != DSP_OK)
    return dsp_fail_memory(error);
  return status;
}
