/* SPDX-License-Identifier: GPL-3.0-or-later
 * Marks and comments as events. */
#ifndef READERS_EVENT_TEXT_H
#define READERS_EVENT_TEXT_H

#include <dsp/recording.h>

/* The kind that `text` (UTF-8) names, with the repetitions that it states or 0: "stand", "10 tiptoes". DSP_EVENT_NOTE: a free text. */
dsp_event_kind event_text_kind(const char *text, unsigned *count);

#endif
