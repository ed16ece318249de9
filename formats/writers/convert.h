/* SPDX-License-Identifier: GPL-3.0-or-later
 * The writers of recordings in other people's formats, one file each. */
#ifndef WRITERS_CONVERT_H
#define WRITERS_CONVERT_H

#include <fmt/writer.h>

/* recording_edf.c: `width` 2 is EDF+, 3 BDF+; with gaps EDF+D. */
dsp_status convert_edf(fmt_parts *parts, const dsp_recording *recording, unsigned width, dsp_error *error);
/* recording_bids.c: a physiological recording by the BIDS specification 1.11. */
dsp_status convert_bids(fmt_parts *parts, const dsp_recording *recording, dsp_error *error);
/* recording_sound.c: bring all channels of a recording's audio into memory, with the scale of their whole numbers. */
dsp_status convert_load_audio(dsp_recording *recording, dsp_error *error);
/* Channels as audio; dsp_audio_close it. DSP_BAD_OPTION when WAV cannot hold them. */
dsp_status convert_as_audio(dsp_audio *audio, fmt_buffer *notes, const dsp_recording *recording, dsp_error *error);

/* recording_marks.c: an event in the one text that a mark has: its own where a reader takes kind and count from it again, else the kind's
 * word, "tiptoe x10". False: the event's own text is lost by it. */
bool convert_put_mark(fmt_buffer *out, const dsp_event *event);

#endif
