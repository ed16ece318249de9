/* SPDX-License-Identifier: GPL-3.0-or-later
 * Events as marks, for formats in which a mark is a time and a text. */
#include "../readers/event_text.h"
#include "convert.h"

bool convert_put_mark(fmt_buffer *out, const dsp_event *event) {
  unsigned count = 0;
  const bool words = event->text && event->text[0];
  if (words && event_text_kind(event->text, &count) == event->kind && (event->kind == DSP_EVENT_NOTE || count == event->count)) {
    fmt_put(out, event->text);
    return true;
  }
  fmt_put(out, dsp_event_kind_text(event->kind));
  if (event->count > 0) fmt_printf(out, " x%u", event->count);
  return !words;
}
