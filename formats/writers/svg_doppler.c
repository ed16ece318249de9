/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a panel of Doppler audio shows besides its traces: the spectrogram as an embedded picture, the line of no flow, what the colours
 * mean. The picture is dark where the echo is strong and clear where there is none, so that phases show through it. */
#include "png.h"
#include "svg.h"

#include <dsp/memory.h>
#include <math.h>
#include <stdlib.h>

/* Levels above the background: nothing is shown below the first, everything solid above the second. */
static const double clear_db = 6.0, solid_db = 30.0;
static const unsigned char ink[] = {0x10, 0x2A, 0x43};

static unsigned char strength_of(double level_db) {
  double share = (level_db - clear_db) / (solid_db - clear_db);
  if (!(share > 0.0)) return 0; /* also NaN */
  return (unsigned char)(255.0 * fmin(1.0, share) + 0.5);
}

/* The highest bin is the picture's top row. */
static void put_picture(fmt_buffer *out, const dsp_series *s) {
  unsigned char *strength = dsp_alloc(s->bins, s->n);
  fmt_buffer file = {0};
  if (!strength) out->failed = true;
  for (size_t k = 0; strength && k < s->bins; k++)
    for (size_t i = 0; i < s->n; i++) strength[(s->bins - 1 - k) * s->n + i] = strength_of(s->x[i * s->bins + k]);
  if (strength) fmt_png(&file, strength, s->n, s->bins, ink);
  if (!file.failed) fmt_put_base64(out, file.bytes, file.size);
  free(strength);
  fmt_svg_drop(out, &file);
}

void fmt_svg_spectrogram(fmt_buffer *out, const dsp_series *s, fmt_box box) {
  if (s->n == 0 || s->bins == 0) return;
  fmt_put(out, "<image");
  fmt_svg_attribute(out, "x", box.x);
  fmt_svg_attribute(out, "y", box.y);
  fmt_svg_attribute(out, "width", box.w);
  fmt_svg_attribute(out, "height", box.h);
  fmt_put(out, " preserveAspectRatio=\"none\" href=\"data:image/png;base64,");
  put_picture(out, s);
  fmt_put(out, "\"/>\n");
}

void fmt_svg_legend(fmt_buffer *out, const dsp_test *test, double right, double y) {
  static const struct {
    const char *series, *class_name, *words;
  } entries[] = {{"geometric", "trace geometric", "geometric estimate"},
                 {"mean", "trace mean", "mean velocity"},
                 {"envelope", "trace envelope", "highest velocity (envelope)"}};
  const double size = 10.0, line = 22.0;
  double x = right;
  for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
    if (!fmt_find_series(test, entries[i].series)) continue;
    x -= fmt_svg_text_width(entries[i].words, size);
    fmt_svg_text(out, x, y, size, 300.0, "tick", "start", entries[i].words);
    fmt_svg_line(out, x - 5.0 - line, y - 3.5, x - 5.0, y - 3.5, entries[i].class_name);
    x -= line + 18.0;
  }
}
