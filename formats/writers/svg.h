/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parts of the one-page picture: primitives with text that is measured before it is put, the trace panel, the tables below. Lengths are
 * user units of the page, 4 to a millimetre of A4. */
#ifndef FMT_SVG_H
#define FMT_SVG_H

#include "report_load.h"

#define FMT_SVG_WIDTH  1188.0
#define FMT_SVG_MARGIN 40.0

typedef struct fmt_box {
  double x, y, w, h;
} fmt_box;

/** Width of `text` in Helvetica and its metric equals. */
double fmt_svg_text_width(const char *text, double size);
/** ` name="value"` with one decimal. */
void fmt_svg_attribute(fmt_buffer *out, const char *name, double value);
/** Fixed decimals, C locale, no "-0". */
void fmt_put_fixed(fmt_buffer *out, double value, int decimals);
/** Text at x, y in a class of the style sheet, cut with an ellipsis to `width`. anchor: "start", "middle", "end". */
void fmt_svg_text(fmt_buffer *out, double x, double y, double size, double width, const char *class_name, const char *anchor,
                  const char *text);
/** Text broken into lines of at most `width`, `lead` apart, from x, y. Returns the y below it. */
double fmt_svg_paragraph(fmt_buffer *out, double x, double y, double size, double width, double lead, const char *class_name,
                         const char *text);
void fmt_svg_line(fmt_buffer *out, double x1, double y1, double x2, double y2, const char *class_name);
void fmt_svg_rect(fmt_buffer *out, fmt_box box, const char *class_name);
/** Clear a text that was put together for `out`, which fails when it had. */
void fmt_svg_drop(fmt_buffer *out, fmt_buffer *text);
enum { FMT_UNIT_WORDS_MAX = 48 };
/** UCUM as people write it, into `words` and back: "mL/(100.mL)/mm[Hg]" -> "mL/100 mL/mmHg", "/min" -> "1/min", "1" -> "". */
const char *fmt_unit_words(char *words, size_t size, const char *ucum);

/** The trace of a channel with its phases, landmarks and levels, inside `box`. */
void fmt_svg_panel(fmt_buffer *out, const dsp_report *report, size_t first_test, fmt_box box, unsigned number);

/** The picture of a spectrogram, stretched to `box`. */
void fmt_svg_spectrogram(fmt_buffer *out, const dsp_series *spectrogram, fmt_box box);
/** What the lines of a Doppler panel are, right-aligned at `right`. */
void fmt_svg_legend(fmt_buffer *out, const dsp_test *test, double right, double y);

/** The table of a test from the top of `box` down. Returns the y below. */
double fmt_svg_table(fmt_buffer *out, const dsp_test *test, fmt_box box, const dsp_flags *noted);
/** The flags in words, numbered as the tables number them, and the warnings. Returns the y below. */
double fmt_svg_notes(fmt_buffer *out, const dsp_report *report, fmt_box box, const dsp_flags *noted);

#endif
