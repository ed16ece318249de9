/* SPDX-License-Identifier: GPL-3.0-or-later
 * A channel's trace with its phases, levels and landmarks. The trace is reduced to the lowest and highest sample of each column of the
 * picture, so that no spike is lost. Above and below the trace's own range lie zones for the names of phases and landmarks; a name goes to
 * the first row of its zone where it is free of its neighbours. */
#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define AXIS_LEFT    58.0
#define AXIS_BOTTOM  34.0
#define TITLE_HEIGHT 18.0
#define NAME_SIZE    9.5
#define ROW_HEIGHT   12.0
#define ROWS_MAX     4
#define HUES         7
#define TICKS_MAX    40    /* nice_step makes fewer; a time so large that adding changes nothing must end too */
#define SPAN_MAX     1e100 /* no recording reaches it, and no arithmetic below overflows */

typedef struct panel {
  fmt_buffer *out;
  const dsp_test *const *tests; /* whose phases and landmarks are shown */
  size_t n_tests;
  const dsp_series *trace, *spectrogram; /* the latter NULL for all but Doppler audio */
  fmt_box plot;
  double least, most;          /* of the trace */
  double t0_s, t1_s, lo, hi;   /* what the plot spans */
  double row_end[2][ROWS_MAX]; /* right end of the last name in each row of the upper and lower zone */
  unsigned rows[2];
  bool signed_flow; /* zero means something: a line */
} panel;

static double x_of(const panel *p, double t_s) {
  return p->plot.x + (t_s - p->t0_s) / (p->t1_s - p->t0_s) * p->plot.w;
}
static double y_of(const panel *p, double value) {
  return p->plot.y + (p->hi - value) / (p->hi - p->lo) * p->plot.h;
}
static bool inside(const panel *p, double t_s) {
  return t_s >= p->t0_s && t_s <= p->t1_s;
}

/* The step of 1, 2 or 5 times a power of ten that makes at most `most` intervals. */
static double nice_step(double span, double most) {
  double power = pow(10.0, floor(log10(span / most)));
  double ratio = span / most / power;
  return power * (ratio <= 1.0 ? 1.0 : ratio <= 2.0 ? 2.0 : ratio <= 5.0 ? 5.0 : 10.0);
}

static int decimals_of(double step) {
  return step >= 1.0 ? 0 : (int)ceil(-log10(step) - 1e-9);
}

static const char *number_text(fmt_buffer *out, char text[32], double value, int decimals) {
  fmt_buffer digits = {0};
  fmt_put_fixed(&digits, value, decimals);
  snprintf(text, 32, "%s", digits.bytes ? digits.bytes : "");
  fmt_svg_drop(out, &digits);
  return text;
}

static void put_grid(const panel *p) {
  char text[32];
  const bool hours = p->t1_s - p->t0_s > 10800.0;
  const double per = hours ? 3600.0 : 1.0;
  double step = nice_step((p->t1_s - p->t0_s) / per, 14.0), bottom = p->plot.y + p->plot.h, first = ceil(p->t0_s / per / step);
  for (unsigned i = 0; i < TICKS_MAX && (first + i) * step * per <= p->t1_s; i++) {
    double t = (first + i) * step, x = x_of(p, t * per);
    fmt_svg_line(p->out, x, bottom, x, bottom + 4.0, "axis");
    fmt_svg_text(p->out, x, bottom + 15.0, 10.0, 80.0, "tick", "middle", number_text(p->out, text, t, decimals_of(step)));
  }
  fmt_svg_text(p->out, p->plot.x + p->plot.w / 2.0, bottom + 29.0, 10.5, 200.0, "label", "middle", hours ? "time (h)" : "time (s)");
  step = nice_step(p->hi - p->lo, fmax(3.0, p->plot.h / 36.0));
  first = ceil(fmax(p->lo, p->least - step / 2.0) / step); /* no ticks among the names */
  for (unsigned i = 0; i < TICKS_MAX && (first + i) * step <= fmin(p->hi, p->most + step); i++) {
    double value = (first + i) * step, y = y_of(p, value);
    fmt_svg_line(p->out, p->plot.x, y, p->plot.x + p->plot.w, y, "grid");
    fmt_svg_text(p->out, p->plot.x - 6.0, y + 3.5, 10.0, 48.0, "tick", "end", number_text(p->out, text, value, decimals_of(step)));
  }
}

/* Lowest and highest sample of a column, in their order of time. */
typedef struct column {
  double first, second;
  bool filled;
} column;

static column column_of(const dsp_series *s, size_t from, size_t to) {
  size_t low = to, high = to;
  for (size_t i = from; i < to; i++) {
    if (isnan(s->x[i])) continue;
    if (low == to || s->x[i] < s->x[low]) low = i;
    if (high == to || s->x[i] > s->x[high]) high = i;
  }
  if (low == to) return (column){0};
  return (column){s->x[low < high ? low : high], s->x[low < high ? high : low], true};
}

static void put_point(const panel *p, char command, double x, double y) {
  fmt_printf(p->out, "%c", command);
  fmt_put_number(p->out, round(x * 10.0) / 10.0, "0");
  fmt_put(p->out, " ");
  fmt_put_number(p->out, round(y * 10.0) / 10.0, "0");
}

static void put_trace(const panel *p, const dsp_series *s, const char *class_name) {
  double per_column = s->rate_hz * (p->t1_s - p->t0_s) / p->plot.w;
  bool single = per_column < 2.0, open = false;
  size_t columns = single ? s->n : (size_t)ceil((double)s->n / per_column);
  fmt_printf(p->out, "<path class=\"%s\" d=\"", class_name);
  for (size_t i = 0; i < columns; i++) {
    size_t from = single ? i : (size_t)((double)i * per_column), to = single ? i + 1 : (size_t)((double)(i + 1) * per_column);
    column c = column_of(s, from, to < s->n ? to : s->n);
    double x = x_of(p, s->t0_s + (single ? (double)i : ((double)i + 0.5) * per_column) / s->rate_hz);
    if (c.filled) put_point(p, open ? 'L' : 'M', x, y_of(p, c.first));
    if (c.filled && !open && single) fmt_put(p->out, "h0"); /* a lone sample is a dot */
    if (c.filled && !single) put_point(p, 'L', x, y_of(p, c.second));
    open = c.filled;
  }
  fmt_put(p->out, "\"/>\n");
}

/* The row of a zone where a name from x to x + width is free; the last row when none is. */
static unsigned free_row(panel *p, unsigned zone, double x, double width) {
  unsigned row = 0;
  while (row + 1 < p->rows[zone] && p->row_end[zone][row] > x) row++;
  if (p->row_end[zone][row] <= x + 1.0)
    p->row_end[zone][row] = x + width + 6.0;
  else
    return ROWS_MAX; /* no room: the name is left out, the band or line stays */
  return row;
}

static const char *class_of(char text[16], const char *stem, const char *name) {
  static const struct {
    const char *name;
    unsigned hue;
  } known[] = {{"supine", 0}, {"filling", 1}, {"plateau", 2},     {"contraction", 3}, {"series", 4}, {"refill", 5},
               {"return", 6}, {"rest", 0},    {"compression", 2}, {"reflux", 3},      {"closure", 5}};
  unsigned hue = 0;
  for (const char *c = name; *c; c++) hue = hue * 31 + (unsigned char)*c;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (!strcmp(name, known[i].name)) hue = known[i].hue;
  snprintf(text, 16, "%s%u", stem, hue % HUES);
  return text;
}

static const char *spaced(char text[64], const char *name) {
  snprintf(text, 64, "%s", name ? name : "");
  for (char *c = text; *c; c++)
    if (*c == '_') *c = ' ';
  return text;
}

/* The part of a phase that the plot shows. */
static bool shown(const panel *p, const dsp_phase *phase, double *x, double *w) {
  double from = fmax(phase->t0_s, p->t0_s), to = fmin(phase->t1_s, p->t1_s);
  *x = x_of(p, from);
  *w = fmax(x_of(p, to) - *x, 1.0);
  return to >= from;
}

static void put_phase_names(panel *p) {
  char class_name[16], name[64];
  double x = 0.0, w = 0.0;
  for (size_t t = 0; t < p->n_tests; t++)
    for (size_t i = 0; i < p->tests[t]->n_phases; i++) {
      const dsp_phase *phase = &p->tests[t]->phases[i];
      if (!phase->name || !shown(p, phase, &x, &w)) continue;
      spaced(name, phase->name);
      double width = fmt_svg_text_width(name, NAME_SIZE), left = w > width + 4.0 ? x + (w - width) / 2.0 : x + 3.0;
      left = fmin(left, p->plot.x + p->plot.w - width - 2.0);
      unsigned row = free_row(p, 0, left, width);
      if (row < ROWS_MAX)
        fmt_svg_text(p->out, left, p->plot.y + 11.0 + ROW_HEIGHT * row, NAME_SIZE, 400.0, class_of(class_name, "name", phase->name),
                     "start", name);
    }
}

/* Bands first: a later one must not cover an earlier one's name. */
static void put_bands(const panel *p) {
  char class_name[16];
  double x = 0.0, w = 0.0;
  for (size_t t = 0; t < p->n_tests; t++)
    for (size_t i = 0; i < p->tests[t]->n_phases; i++) {
      const dsp_phase *phase = &p->tests[t]->phases[i];
      if (phase->name && shown(p, phase, &x, &w))
        fmt_svg_rect(p->out, (fmt_box){x, p->plot.y, w, p->plot.h}, class_of(class_name, "phase", phase->name));
    }
}

static void put_levels(const panel *p) {
  char text[32], unit[FMT_UNIT_WORDS_MAX], label[96];
  for (size_t t = 0; t < p->n_tests; t++)
    for (size_t i = 0; i < p->tests[t]->n_phases; i++) {
      const dsp_phase *phase = &p->tests[t]->phases[i];
      if (!isfinite(phase->level) || !inside(p, phase->t0_s)) continue;
      double x = x_of(p, phase->t0_s), end = x_of(p, fmin(phase->t1_s, p->t1_s)), y = y_of(p, phase->level);
      end = fmin(fmax(end, x + 24.0), p->plot.x + p->plot.w);
      fmt_svg_line(p->out, x, y, end, y, "level");
      snprintf(label, sizeof label, "%s %s", number_text(p->out, text, phase->level, 1), fmt_unit_words(unit, sizeof unit, p->trace->unit));
      double width = fmt_svg_text_width(label, NAME_SIZE), at = fmin(end + 3.0, p->plot.x + p->plot.w - width - 2.0);
      bool fits = end - x > width + 8.0,
           high = y < p->plot.y + p->plot.h / 2.0; /* inside its phase, clear of the trace, when there is room */
      if (fits) at = end - width - 3.0;
      fmt_svg_text(p->out, at, high ? y - (fits ? 9.0 : 4.0) : y + (fits ? 17.0 : 10.0), NAME_SIZE, 200.0, "levelname", "start", label);
    }
}

static void put_landmarks(panel *p) {
  char text[32], name[64], label[112];
  double bottom = p->plot.y + p->plot.h;
  for (size_t t = 0; t < p->n_tests; t++)
    for (size_t i = 0; i < p->tests[t]->n_landmarks; i++) {
      const dsp_landmark *l = &p->tests[t]->landmarks[i];
      if (!inside(p, l->t_s)) continue;
      double x = x_of(p, l->t_s), lo = fmax(x_of(p, l->lo), p->plot.x), hi = fmin(x_of(p, l->hi), p->plot.x + p->plot.w);
      if (isfinite(l->lo) && isfinite(l->hi) && hi - lo > 2.0) fmt_svg_rect(p->out, (fmt_box){lo, p->plot.y, hi - lo, p->plot.h}, "spread");
      fmt_svg_line(p->out, x, p->plot.y, x, bottom, l->source && !strcmp(l->source, "detected") ? "mark found" : "mark");
      snprintf(label, sizeof label, "%s %s s", spaced(name, l->name), number_text(p->out, text, l->t_s, 1));
      double width = fmt_svg_text_width(label, NAME_SIZE), right = p->plot.x + p->plot.w;
      bool flip = x + 3.0 + width > right; /* at the right edge the name stands left of its line */
      unsigned row = free_row(p, 1, flip ? x - 3.0 - width : x + 3.0, width);
      if (row < ROWS_MAX)
        fmt_svg_text(p->out, flip ? x - 3.0 : x + 3.0, bottom - 4.0 - ROW_HEIGHT * row, NAME_SIZE, 400.0, "markname",
                     flip ? "end" : "start", label);
    }
}

/* A velocity's panel holds the whole spectrogram and the line of no flow. */
static void start_range(panel *p) {
  const dsp_series *s = p->spectrogram;
  p->lo = s ? s->bin0 - s->bin_step / 2.0 : p->signed_flow ? 0.0 : HUGE_VAL;
  p->hi = s ? s->bin0 + ((double)s->bins - 0.5) * s->bin_step : p->signed_flow ? 0.0 : -HUGE_VAL;
}

static bool find_range(panel *p) {
  start_range(p);
  for (size_t i = 0; i < p->trace->n; i++) {
    p->lo = fmin(p->lo, p->trace->x[i]); /* fmin and fmax skip NaN */
    p->hi = fmax(p->hi, p->trace->x[i]);
  }
  p->t0_s = p->trace->t0_s;
  p->t1_s = p->trace->t0_s + (double)p->trace->n / p->trace->rate_hz;
  if (!(p->t1_s - p->t0_s > 0.0 && p->t1_s - p->t0_s < SPAN_MAX && p->hi - p->lo < SPAN_MAX && p->hi >= p->lo)) return false;
  double floor_span = fmax(fabs(p->hi), 1.0) * 1e-6; /* a constant trace still gets an axis */
  if (p->hi - p->lo < floor_span) p->hi = (p->lo -= floor_span) + 3.0 * floor_span;
  return true;
}

/* Widen the range so that the trace keeps clear of both zones of names. */
static void reserve_zones(panel *p) {
  p->least = p->lo;
  p->most = p->hi;
  double above = 6.0 + ROW_HEIGHT * p->rows[0], below = 6.0 + ROW_HEIGHT * p->rows[1], room = p->plot.h - above - below;
  double per_unit = (p->hi - p->lo) / room;
  p->hi += above * per_unit;
  p->lo -= below * per_unit;
}

/* Below the traces and the grid, above the bands. */
static void put_spectrogram(const panel *p) {
  const dsp_series *s = p->spectrogram;
  if (!s) return;
  const double hi = s->bin0 + ((double)s->bins - 0.5) * s->bin_step, lo = s->bin0 - s->bin_step / 2.0;
  const double x = x_of(p, s->t0_s), end = x_of(p, s->t0_s + (double)s->n / s->rate_hz);
  fmt_svg_spectrogram(p->out, s, (fmt_box){x, y_of(p, hi), end - x, y_of(p, lo) - y_of(p, hi)});
}

/* Which way is which, where the direction is known: only then is there a reflux time. */
static void put_directions(const panel *p, const dsp_test *test) {
  const dsp_measure *rt = NULL;
  for (size_t i = 0; i < test->n_measures; i++)
    if (!strcmp(test->measures[i].row->id, "RT")) rt = &test->measures[i];
  if (!rt || !rt->valid || !(p->hi > 0.0 && p->lo < 0.0)) return;
  const double x = p->plot.x + 6.0, zero = y_of(p, 0.0), top = y_of(p, p->most), bottom = y_of(p, p->least);
  if (zero - top > 30.0) fmt_svg_text(p->out, x, top + 12.0, NAME_SIZE, 200.0, "markname", "start", "\xE2\x96\xB2 antegrade");
  if (bottom - zero > 30.0) fmt_svg_text(p->out, x, bottom - 5.0, NAME_SIZE, 200.0, "markname", "start", "\xE2\x96\xBC retrograde");
}

static const char *line_class(const char *name) {
  static const char *const classes[][2] = {{"raw", "trace raw"},
                                           {"mean", "trace mean"},
                                           {"envelope", "trace envelope"},
                                           {"geometric", "trace geometric"},
                                           {"conditioned", "trace"}};
  for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
    if (!strcmp(classes[i][0], name)) return classes[i][1];
  return "trace fit";
}

static void put_traces(const panel *p, const dsp_test *test, unsigned number) {
  fmt_printf(p->out, "<clipPath id=\"plot%u\">", number);
  fmt_svg_rect(p->out, p->plot, "paper");
  fmt_printf(p->out, "</clipPath>\n<g clip-path=\"url(#plot%u)\">\n", number);
  put_spectrogram(p);
  if (p->signed_flow) fmt_svg_line(p->out, p->plot.x, y_of(p, 0.0), p->plot.x + p->plot.w, y_of(p, 0.0), "zero");
  for (size_t i = 0; i < test->n_series; i++)
    if (&test->series[i] != p->trace && test->series[i].bins == 0 && !strcmp(test->series[i].unit, p->trace->unit))
      put_trace(p, &test->series[i], line_class(test->series[i].name));
  put_trace(p, p->trace, line_class(p->trace->name));
  fmt_put(p->out, "</g>\n");
}

static void put_title(const panel *p, const dsp_test *test, fmt_box box) {
  fmt_buffer title = {0};
  if (test->side != DSP_SIDE_UNKNOWN) fmt_printf(&title, "%s ", dsp_side_text(test->side));
  if (test->site) fmt_printf(&title, "%s ", test->site);
  if (title.size > 0) fmt_put(&title, "\xC2\xB7 ");
  fmt_put(&title, test->channel);
  char unit[FMT_UNIT_WORDS_MAX];
  fmt_unit_words(unit, sizeof unit, p->trace->unit);
  if (*unit) fmt_printf(&title, " (%s)", unit);
  if (!title.failed) fmt_svg_text(p->out, box.x + AXIS_LEFT, box.y + 12.0, 12.0, box.w - AXIS_LEFT, "heading", "start", title.bytes);
  fmt_svg_drop(p->out, &title);
}

void fmt_svg_panel(fmt_buffer *out, const dsp_report *report, size_t first_test, fmt_box box, unsigned number) {
  const dsp_test *test = &report->tests[first_test], *tests[64] = {test};
  panel p = {.out = out, .tests = tests, .n_tests = 1, .trace = fmt_main_series(test), .rows = {3, ROWS_MAX}};
  for (size_t i = first_test + 1; i < report->n_tests && test->n_landmarks == 0 && p.n_tests < 64; i++)
    if (!strcmp(report->tests[i].channel, test->channel))
      tests[p.n_tests++] = &report->tests[i]; /* the pooled one has no times of its own */
  p.plot = (fmt_box){box.x + AXIS_LEFT, box.y + TITLE_HEIGHT, box.w - AXIS_LEFT, box.h - TITLE_HEIGHT - AXIS_BOTTOM};
  p.signed_flow = p.trace && !strcmp(p.trace->name, "envelope");
  p.spectrogram = p.signed_flow ? fmt_find_series(test, "spectrogram") : NULL;
  if (!p.trace || !find_range(&p)) {
    fmt_svg_rect(out, p.plot, "frame");
    fmt_svg_text(out, p.plot.x + 12.0, p.plot.y + 24.0, 11.0, p.plot.w, "label", "start", "No samples to show.");
    return;
  }
  reserve_zones(&p);
  put_title(&p, test, box);
  if (p.signed_flow) fmt_svg_legend(out, test, box.x + box.w, box.y + 12.0);
  fmt_svg_rect(out, p.plot, "paper");
  put_bands(&p);
  put_grid(&p);
  put_traces(&p, test, number);
  if (p.signed_flow) put_directions(&p, test);
  put_landmarks(&p);
  put_phase_names(&p);
  put_levels(&p);
  fmt_svg_rect(out, p.plot, "frame");
}
