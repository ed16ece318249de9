/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tables of measures below the traces, and the flags in words. */
#include "svg.h"

#include <dsp/guideline.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LINE_HEIGHT 15.0
#define HEAD_HEIGHT 9.0
#define SIZE        11.0
#define NOTE_SIZE   9.5
#define NOTE_LEAD   12.0
#define MARKS_MAX   8

/* Right or left edges of the columns, as fractions of the table's width. */
enum { C_ID, C_VALUE, C_SPREAD, C_UNIT, C_GRADE, C_LIMIT, C_NOTE, C_END };
static const double edges[C_END] = {0.0, 0.31, 0.325, 0.455, 0.63, 0.76, 0.88};

/* Decimals that show two digits of the uncertainty, or three of the value when there is none. */
static int decimals_for(const dsp_measure *m) {
  double spread = fmax(m->hi - m->value, m->value - m->lo), scale = spread > 0.0 ? spread : fabs(m->value) / 10.0;
  if (!(scale > 0.0)) return 1;
  double decimals = 1.0 - floor(log10(scale) + 1e-9);
  return decimals < 0.0 ? 0 : decimals > 4.0 ? 4 : (int)decimals;
}

/* The guideline's normal band that ends at the measure's limit. */
static const dsp_guideline_row *normal_band(const dsp_test *test, const dsp_measure *m) {
  const dsp_guideline_row *row = NULL;
  for (size_t i = 0; (row = dsp_guideline_at(i)); i++) {
    if (row->normal && !strcmp(row->guideline, m->guideline) && !strcmp(row->protocol, test->protocol) &&
        !strcmp(row->measure, m->row->id) && (!(row->lo < m->limit) || !(row->hi > m->limit)))
      return row;
  }
  return NULL;
}

/* Number of the flag's note: its place among all that are noted. */
static unsigned note_number(const dsp_flags *noted, const char *id) {
  const dsp_flag_row *row = NULL;
  for (size_t i = 0; (row = dsp_flags_get(noted, i)); i++)
    if (!strcmp(row->id, id)) return (unsigned)i + 1;
  return 0;
}

static void put_marks(fmt_buffer *out, double x, double y, double width, const dsp_flags *flags, const dsp_flags *noted) {
  fmt_buffer marks = {0};
  const dsp_flag_row *row = NULL;
  for (size_t i = 0; (row = dsp_flags_get(flags, i)) && i < MARKS_MAX; i++)
    fmt_printf(&marks, i > 0 ? ", %u" : "%u", note_number(noted, row->id));
  if (marks.size > 0) fmt_svg_text(out, x, y, NOTE_SIZE, width, "note", "start", marks.bytes);
  fmt_svg_drop(out, &marks);
}

static void put_fixed_text(fmt_buffer *out, double x, double y, const char *class_name, const char *anchor, const char *before,
                           double value, int decimals) {
  fmt_buffer text = {0};
  fmt_put(&text, before);
  fmt_put_fixed(&text, value, decimals);
  if (!text.failed) fmt_svg_text(out, x, y, SIZE, 200.0, class_name, anchor, text.bytes);
  fmt_svg_drop(out, &text);
}

/* "80 to 150", "< 2", "\xE2\x89\xA5 25": the normal band as its guideline words it. */
static void put_band(fmt_buffer *out, double x, double y, const dsp_guideline_row *band) {
  fmt_buffer text = {0};
  if (isfinite(band->lo) && isfinite(band->hi)) {
    fmt_put_number(&text, band->lo, "");
    fmt_put(&text, " to ");
    fmt_put_number(&text, band->hi, "");
  } else if (isfinite(band->lo)) {
    fmt_put(&text, band->lo_in ? "\xE2\x89\xA5 " : "> ");
    fmt_put_number(&text, band->lo, "");
  } else {
    fmt_put(&text, band->hi_in ? "\xE2\x89\xA4 " : "< ");
    fmt_put_number(&text, band->hi, "");
  }
  if (!text.failed) fmt_svg_text(out, x, y, SIZE, 100.0, "cell", "start", text.bytes);
  fmt_svg_drop(out, &text);
}

static void put_measure(fmt_buffer *out, const dsp_test *test, const dsp_measure *m, fmt_box box, double y, const dsp_flags *noted) {
  double at[C_END + 1];
  for (size_t i = 0; i < C_END; i++) at[i] = box.x + edges[i] * box.w;
  at[C_END] = box.x + box.w;
  fmt_svg_text(out, at[C_ID] + 4.0, y, SIZE, 0.19 * box.w, "id", "start", m->row->id);
  put_marks(out, at[C_NOTE], y, at[C_END] - at[C_NOTE], &m->flags, noted);
  if (!isfinite(m->value)) {
    fmt_svg_text(out, at[C_VALUE], y, SIZE, 100.0, "missing", "end", "\xE2\x80\x94");
    return;
  }
  int decimals = decimals_for(m);
  double spread = fmax(m->hi - m->value, m->value - m->lo);
  put_fixed_text(out, at[C_VALUE], y, m->valid ? "value" : "missing", "end", "", m->value, decimals);
  if (spread >= 0.0) put_fixed_text(out, at[C_SPREAD], y, "spread-text", "start", "\xC2\xB1 ", spread, decimals);
  const bool graded = m->grade && m->guideline;
  char unit[FMT_UNIT_WORDS_MAX];
  fmt_svg_text(out, at[C_UNIT], y, SIZE, at[graded ? C_GRADE : C_NOTE] - at[C_UNIT] - 4.0, "cell", "start",
               fmt_unit_words(unit, sizeof unit, m->unit));
  if (!graded) return;
  const dsp_guideline_row *band = normal_band(test, m);
  bool normal = band && !strcmp(band->grade, m->grade);
  fmt_svg_text(out, at[C_GRADE], y, SIZE, at[C_LIMIT] - at[C_GRADE] - 4.0, normal ? "normal" : "outside", "start", m->grade);
  if (band) put_band(out, at[C_LIMIT], y, band);
}

/* Quality and side results on one or more lines below the title. */
static void put_details(fmt_buffer *text, const dsp_test *test) {
  char unit[FMT_UNIT_WORDS_MAX];
  if (isfinite(test->quality)) {
    fmt_put(text, "quality ");
    fmt_put_fixed(text, test->quality, 2);
  }
  for (size_t i = 0; i < test->n_details; i++) {
    if (!isfinite(test->details[i].value)) continue;
    fmt_printf(text, "%s%s ", text->size > 0 ? " \xC2\xB7 " : "", test->details[i].id ? test->details[i].id : "");
    fmt_put_number(text, round(test->details[i].value * 1000.0) / 1000.0, "");
    fmt_printf(text, " %s", test->details[i].unit ? fmt_unit_words(unit, sizeof unit, test->details[i].unit) : "");
  }
  for (char *c = text->bytes; c && *c; c++)
    if (*c == '_') *c = ' ';
}

/* Title and details; returns the y of the first free line. */
static double put_head(fmt_buffer *out, const dsp_test *test, fmt_box box, const dsp_flags *noted) {
  fmt_buffer title = {0}, details = {0};
  if (test->side != DSP_SIDE_UNKNOWN) fmt_printf(&title, "%s ", dsp_side_text(test->side));
  if (test->site) fmt_printf(&title, "%s ", test->site);
  fmt_printf(&title, "%s%s", title.size > 0 ? "\xC2\xB7 " : "", test->channel);
  if (test->manoeuvre) fmt_printf(&title, " \xC2\xB7 %s", test->manoeuvre);
  put_details(&details, test);
  double y = box.y + 27.0;
  if (!title.failed) fmt_svg_text(out, box.x + 4.0, box.y + 13.0, 12.0, edges[C_NOTE] * box.w - 8.0, "heading", "start", title.bytes);
  put_marks(out, box.x + edges[C_NOTE] * box.w, box.y + 13.0, (1.0 - edges[C_NOTE]) * box.w, &test->flags, noted);
  if (details.size > 0) y = fmt_svg_paragraph(out, box.x + 4.0, y, NOTE_SIZE, box.w - 8.0, NOTE_LEAD, "words", details.bytes);
  fmt_svg_drop(out, &title);
  fmt_svg_drop(out, &details);
  return y;
}

double fmt_svg_table(fmt_buffer *out, const dsp_test *test, fmt_box box, const dsp_flags *noted) {
  static const struct {
    const char *text, *anchor;
  } heads[C_END] = {{"measure", "start"}, {"value", "end"},    {"95 %", "start"}, {"unit", "start"},
                    {"grade", "start"},   {"normal", "start"}, {"notes", "start"}};
  double y = put_head(out, test, box, noted) + 5.0;
  for (size_t i = 0; i < C_END; i++)
    fmt_svg_text(out, box.x + edges[i] * box.w + (i == C_ID ? 4.0 : 0.0), y, NOTE_SIZE, 120.0, "tick", heads[i].anchor, heads[i].text);
  fmt_svg_line(out, box.x, y + 5.0, box.x + box.w, y + 5.0, "axis");
  for (size_t i = 0; i < test->n_measures; i++) {
    double line = y + HEAD_HEIGHT + LINE_HEIGHT * (double)i;
    if (i % 2 == 1) fmt_svg_rect(out, (fmt_box){box.x, line - 1.0, box.w, LINE_HEIGHT}, "stripe");
    put_measure(out, test, &test->measures[i], box, line + 10.5, noted);
  }
  return y + HEAD_HEIGHT + LINE_HEIGHT * (double)test->n_measures + 6.0;
}

static double put_note(fmt_buffer *out, fmt_box box, double y, const char *mark, const char *class_name, const char *text) {
  fmt_svg_text(out, box.x + 14.0, y, NOTE_SIZE, 20.0, "note", "end", mark);
  return fmt_svg_paragraph(out, box.x + 20.0, y, NOTE_SIZE, box.w - 20.0, NOTE_LEAD, class_name, text) + 2.0;
}

double fmt_svg_notes(fmt_buffer *out, const dsp_report *report, fmt_box box, const dsp_flags *noted) {
  double y = box.y + 13.0;
  const dsp_flag_row *row = NULL;
  fmt_buffer text = {0};
  if (!dsp_flags_get(noted, 0) && report->n_warnings == 0) return box.y;
  fmt_svg_text(out, box.x, y, 12.0, box.w, "heading", "start", "Notes");
  y += 17.0;
  for (size_t i = 0; (row = dsp_flags_get(noted, i)); i++) {
    char mark[16];
    snprintf(mark, sizeof mark, "%zu", i + 1);
    text.size = 0;
    fmt_printf(&text, "%s %s", row->text, row->severity == DSP_INFO ? "" : row->next);
    if (!text.failed) y = put_note(out, box, y, mark, row->severity == DSP_INFO ? "words" : "words strong", text.bytes);
  }
  for (size_t i = 0; i < report->n_warnings; i++) {
    text.size = 0;
    fmt_printf(&text, "Recording: %s", report->warnings[i].text);
    if (!text.failed) y = put_note(out, box, y, "\xE2\x80\x93", "words", text.bytes);
  }
  fmt_svg_drop(out, &text);
  return y;
}
