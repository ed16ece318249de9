/* SPDX-License-Identifier: GPL-3.0-or-later
 * The picture of a report: one page of SVG 1.1, A4 landscape or longer, the same bytes for the same report. Panels of traces, one a
 * channel; below them the measures of the pooled tests, then every flag in words. */
#include "svg.h"

#include <dsp/guideline.h>
#include <dsp/protocol.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define A4_HEIGHT     840.0
#define HEADER_HEIGHT 62.0
#define PANEL_MIN     240.0
#define PANEL_MAX     430.0
#define GAP           12.0
#define FOOTER_HEIGHT 46.0
#define TABLES_MAX    64

static const char style[] =
    "<style>\n"
    "text{font-family:Helvetica,Arial,'Liberation Sans','Nimbus Sans',sans-serif;fill:#263238}\n"
    ".title{font-size:20px;font-weight:bold}.subtitle{font-size:12px;fill:#455a64}.fine{font-size:9.5px;fill:#607d8b}\n"
    ".heading{font-size:12px;font-weight:bold}.label{font-size:10.5px;fill:#455a64}.tick{font-size:10px;fill:#546e7a}\n"
    ".id{font-size:11px;font-weight:bold}.value,.cell,.spread-text,.missing,.normal,.outside{font-size:11px}.spread-text{fill:#546e7a}\n"
    ".missing{fill:#90a4ae}.normal{fill:#1b5e20}.outside{fill:#b71c1c;font-weight:bold}.note{font-size:9.5px;fill:#3949ab}\n"
    ".words{font-size:9.5px;fill:#546e7a}.words.strong{fill:#263238}.markname{font-size:9.5px;fill:#37474f}.levelname{font-size:9.5px;fill:"
    "#bf360c}\n"
    ".page{fill:#ffffff}.paper{fill:#ffffff}.frame{fill:none;stroke:#90a4ae}.axis{stroke:#90a4ae}.grid{stroke:#cfd8dc;stroke-width:0.6}\n"
    ".stripe{fill:#f5f7f8}.trace{fill:none;stroke:#0d47a1;stroke-width:1.1;stroke-linejoin:round;stroke-linecap:round}\n"
    ".trace.fit{stroke:#ef6c00}\n"
    ".trace.envelope{stroke:#e65100;stroke-width:1.3}.trace.mean{stroke:#00838f;stroke-width:1.1}.zero{stroke:#263238;stroke-width:0.9}\n"
    ".trace.geometric{stroke:#6a1b9a;stroke-width:0.7;stroke-dasharray:2 2}\n"
    ".trace.raw{stroke:#b0bec5;stroke-width:0.7}.level{stroke:#bf360c;stroke-width:1;stroke-dasharray:5 3}\n"
    ".mark{stroke:#37474f;stroke-width:0.8}.mark.found{stroke-dasharray:2 2}.spread{fill:#37474f;fill-opacity:0.12}\n"
    ".phase0{fill:#e3f2fd}.phase1{fill:#e8f5e9}.phase2{fill:#fff3cd}.phase3{fill:#fbe0dc}.phase4{fill:#f3e1f5}.phase5{fill:#e0f2f1}.phase6{"
    "fill:#eceff1}\n"
    ".name0,.name1,.name2,.name3,.name4,.name5,.name6{font-size:9.5px}\n"
    ".name0{fill:#1565c0}.name1{fill:#2e7d32}.name2{fill:#8d6e00}.name3{fill:#b23c2e}.name4{fill:#7b1fa2}.name5{fill:#00796b}.name6{fill:#"
    "546e7a}\n"
    ".markname,.levelname,.name0,.name1,.name2,.name3,.name4,.name5,.name6"
    "{paint-order:stroke;stroke:#ffffff;stroke-opacity:0.75;stroke-width:2.4px;stroke-linejoin:round}\n"
    "</style>\n";

typedef struct page {
  const dsp_report *report;
  size_t panels[TABLES_MAX], n_panels; /* first test of each channel and protocol */
  size_t tables[TABLES_MAX], n_tables; /* pooled tests */
  dsp_flags noted;
  double panel_height, height;
} page;

static bool same_channel(const dsp_test *a, const dsp_test *b) {
  return !strcmp(a->channel, b->channel) && !strcmp(a->protocol, b->protocol);
}

static void collect(page *p) {
  for (size_t i = 0; i < p->report->n_tests; i++) {
    const dsp_test *test = &p->report->tests[i];
    bool seen = false;
    for (size_t k = 0; k < p->n_panels && !seen; k++) seen = same_channel(&p->report->tests[p->panels[k]], test);
    if (!seen && test->n_series > 0 && p->n_panels < TABLES_MAX) p->panels[p->n_panels++] = i; /* differences have no trace */
    if (test->trial > 0 || p->n_tables == TABLES_MAX) continue;
    p->tables[p->n_tables++] = i;
    dsp_flags_join(&p->noted, &test->flags);
    for (size_t k = 0; k < test->n_measures; k++) dsp_flags_join(&p->noted, &test->measures[k].flags);
  }
}

static fmt_box half(double y, size_t i) {
  double w = (FMT_SVG_WIDTH - 2.0 * FMT_SVG_MARGIN - 28.0) / 2.0;
  return (fmt_box){FMT_SVG_MARGIN + (i % 2 == 1 ? w + 28.0 : 0.0), y, w, 0.0};
}

/* Tables two abreast, then the notes: beside a single table, below several. Returns the y below. */
static double put_tables(fmt_buffer *out, const page *p, double y) {
  double below = y;
  for (size_t i = 0; i < p->n_tables; i++) {
    below = fmax(below, fmt_svg_table(out, &p->report->tests[p->tables[i]], half(y, i), &p->noted));
    if (i % 2 == 1) y = below; /* the row is full */
  }
  if (p->n_tables == 1) return fmax(below, fmt_svg_notes(out, p->report, half(y, 1), &p->noted));
  fmt_box full = {FMT_SVG_MARGIN, below + GAP, FMT_SVG_WIDTH - 2.0 * FMT_SVG_MARGIN, 0.0};
  return fmt_svg_notes(out, p->report, full, &p->noted);
}

/* What stands below the traces is put once on trial, to see how much room it leaves them. */
static void lay_out(fmt_buffer *out, page *p) {
  fmt_buffer trial = {0};
  double below = put_tables(&trial, p, 0.0), n = (double)p->n_panels;
  fmt_svg_drop(out, &trial);
  double free_height = A4_HEIGHT - HEADER_HEIGHT - below - FOOTER_HEIGHT - GAP * (n + 1.0);
  p->panel_height = n > 0.0 ? fmin(PANEL_MAX, fmax(PANEL_MIN, free_height / n)) : 0.0;
  p->height = fmax(A4_HEIGHT, HEADER_HEIGHT + n * (p->panel_height + GAP) + GAP + below + FOOTER_HEIGHT);
}

/* Protocols of the report by their titles, each once. */
static void put_titles(fmt_buffer *title, const dsp_report *report) {
  for (size_t i = 0; i < report->n_tests; i++) {
    bool seen = false;
    for (size_t k = 0; k < i && !seen; k++) seen = !strcmp(report->tests[k].protocol, report->tests[i].protocol);
    if (seen) continue;
    const dsp_protocol *protocol = dsp_protocol_find(report->tests[i].protocol);
    fmt_printf(title, "%s%s (%s)", title->size > 0 ? ", " : "", protocol ? protocol->title : "Test", report->tests[i].protocol);
  }
  if (title->size == 0) fmt_put(title, "No test");
}

static void put_fact(fmt_buffer *line, const char *before, const char *text) {
  if (text) fmt_printf(line, "%s%s%s", line->size > 0 ? "  \xC2\xB7  " : "", before, text);
}

static void put_header(fmt_buffer *out, const page *p, const char *generator) {
  const dsp_report *r = p->report;
  fmt_buffer title = {0}, facts = {0};
  put_titles(&title, r);
  put_fact(&facts, "", r->input_name);
  put_fact(&facts, "subject ", r->subject_key);
  put_fact(&facts, "CEAP ", r->ceap);
  put_fact(&facts, "", r->t0);
  put_fact(&facts, "", r->device);
  put_fact(&facts, "compression: ", r->compression);
  put_fact(&facts, "visit ", r->visit);
  put_fact(&facts, "", r->condition_label);
  double right = FMT_SVG_WIDTH - FMT_SVG_MARGIN, width = right - FMT_SVG_MARGIN;
  if (!title.failed) fmt_svg_text(out, FMT_SVG_MARGIN, 34.0, 20.0, width - 260.0, "title", "start", title.bytes);
  if (facts.size > 0) fmt_svg_text(out, FMT_SVG_MARGIN, 52.0, 12.0, width - 260.0, "subtitle", "start", facts.bytes);
  fmt_svg_text(out, right, 34.0, 12.0, 250.0, "subtitle", "end", generator ? generator : "");
  fmt_svg_text(out, right, 52.0, 12.0, 250.0, "subtitle", "end", "Not a medical device");
  fmt_svg_drop(out, &title);
  fmt_svg_drop(out, &facts);
}

/* Where the grades come from: every guideline that graded something, once. */
static void put_guidelines(fmt_buffer *line, const dsp_report *r) {
  const dsp_guideline_row *row = NULL;
  for (size_t i = 0; (row = dsp_guideline_at(i)); i++) {
    if (i > 0 && !strcmp(row->guideline, dsp_guideline_at(i - 1)->guideline)) continue;
    bool used = false;
    for (size_t t = 0; t < r->n_tests; t++)
      for (size_t k = 0; k < r->tests[t].n_measures; k++)
        used |= r->tests[t].measures[k].guideline && !strcmp(r->tests[t].measures[k].guideline, row->guideline);
    if (used) fmt_printf(line, "%s%s, %s", line->size > 0 ? "; " : "Grades: ", row->guideline, row->source);
  }
}

static void put_footer(fmt_buffer *out, const page *p) {
  fmt_buffer grades = {0};
  put_guidelines(&grades, p->report);
  if (grades.size > 0 && !grades.failed)
    fmt_svg_text(out, FMT_SVG_MARGIN, p->height - 26.0, 9.5, FMT_SVG_WIDTH - 2.0 * FMT_SVG_MARGIN, "fine", "start", grades.bytes);
  fmt_svg_drop(out, &grades);

  char text[192];
  snprintf(text, sizeof text, "95 %%: measurement error of this recording, not of calibration or physiology.%s%s",
           p->report->input_sha256[0] ? "  Input SHA-256 " : "", p->report->input_sha256);
  fmt_svg_text(out, FMT_SVG_MARGIN, p->height - 14.0, 9.5, FMT_SVG_WIDTH - 2.0 * FMT_SVG_MARGIN, "fine", "start", text);
}

static void put_page(fmt_buffer *out, const page *p, const char *generator) {
  fmt_put(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\"");
  fmt_svg_attribute(out, "width", FMT_SVG_WIDTH);
  fmt_svg_attribute(out, "height", p->height);
  fmt_printf(out, " viewBox=\"0 0 %d %d\">\n<title>", (int)FMT_SVG_WIDTH, (int)ceil(p->height));
  fmt_put_xml_text(out, p->report->input_name ? p->report->input_name : "pleth report");
  fmt_put(out, "</title>\n");
  fmt_put(out, style);
  fmt_svg_rect(out, (fmt_box){0.0, 0.0, FMT_SVG_WIDTH, ceil(p->height)}, "page");
  put_header(out, p, generator);
  double y = HEADER_HEIGHT + GAP;
  for (size_t i = 0; i < p->n_panels; i++, y += p->panel_height + GAP)
    fmt_svg_panel(out, p->report, p->panels[i], (fmt_box){FMT_SVG_MARGIN, y, FMT_SVG_WIDTH - 2.0 * FMT_SVG_MARGIN, p->panel_height},
                  (unsigned)i);
  put_tables(out, p, y);
  put_footer(out, p);
  fmt_put(out, "</svg>\n");
}

dsp_status fmt_report_svg(fmt_buffer *out, const fmt_source *file, dsp_error *error) {
  dsp_report *report = NULL;
  const char *generator = NULL;
  dsp_status status = fmt_load_report(&report, &generator, file, error);
  if (status != DSP_OK) return status;
  page p = {.report = report};
  collect(&p);
  lay_out(out, &p);
  put_page(out, &p, generator);
  dsp_report_free(report);
  return out->failed ? dsp_fail_memory(error) : DSP_OK;
}
