/* SPDX-License-Identifier: GPL-3.0-or-later
 * SVG primitives. SVG has no layout, so text is measured with the advance widths of Helvetica (Adobe font metrics), which Arial, Liberation
 * Sans and Nimbus Sans share. */
#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_WIDTH 600  /* beyond ASCII: about right for Latin */
#define WIDE_WIDTH  1000 /* three bytes and more: CJK and the like */

/* Thousandths of the font size, from the blank on. */
static const short widths[95] = {278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
                                 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
                                 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
                                 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
                                 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};

/* Width of the character at `text` and the bytes it takes. */
static double character(const char *text, double size, size_t *bytes) {
  const unsigned char *c = (const unsigned char *)text;
  *bytes = 1;
  if (*c >= 0x20 && *c < 0x7F) return widths[*c - 0x20] * size / 1000.0;
  while ((c[*bytes] & 0xC0) == 0x80) ++*bytes;
  return (*c >= 0xE3 ? WIDE_WIDTH : OTHER_WIDTH) * size / 1000.0;
}

double fmt_svg_text_width(const char *text, double size) {
  double width = 0.0;
  for (size_t bytes = 0; *text; text += bytes) width += character(text, size, &bytes);
  return width;
}

void fmt_put_fixed(fmt_buffer *out, double value, int decimals) {
  double power = pow(10.0, decimals), scaled = round(value * power);
  if (decimals > 12 || !isfinite(scaled) || fabs(scaled) >= 1e15) {
    fmt_put_number(out, value, "");
    return;
  }
  long long whole = llabs((long long)scaled), unit = (long long)power;
  fmt_printf(out, "%s%lld", scaled < 0.0 ? "-" : "", whole / unit);
  if (decimals > 0) fmt_printf(out, ".%0*lld", decimals, whole % unit);
}

void fmt_svg_attribute(fmt_buffer *out, const char *name, double value) {
  fmt_printf(out, " %s=\"", name);
  fmt_put_number(out, round(value * 10.0) / 10.0, "0");
  fmt_put(out, "\"");
}

/* Bytes of `text` that fit into `width`. */
static size_t fitting(const char *text, double size, double width) {
  double used = 0.0;
  size_t at = 0;
  for (size_t bytes = 0; text[at]; at += bytes) {
    used += character(text + at, size, &bytes);
    if (used > width) break;
  }
  return at;
}

void fmt_svg_drop(fmt_buffer *out, fmt_buffer *text) {
  if (text->failed) out->failed = true;
  fmt_buffer_clear(text);
}

static void put_piece(fmt_buffer *out, double x, double y, const char *class_name, const char *anchor, const char *text, size_t length,
                      bool cut) {
  fmt_buffer piece = {0};
  fmt_put_bytes(&piece, text, length);
  fmt_put(out, "<text");
  fmt_svg_attribute(out, "x", x);
  fmt_svg_attribute(out, "y", y);
  fmt_printf(out, " class=\"%s\"", class_name);
  if (strcmp(anchor, "start") != 0) fmt_printf(out, " text-anchor=\"%s\"", anchor);
  fmt_put(out, ">");
  if (!piece.failed) fmt_put_xml_text(out, piece.bytes);
  fmt_put(out, cut ? "\xE2\x80\xA6</text>\n" : "</text>\n");
  fmt_svg_drop(out, &piece);
}

void fmt_svg_text(fmt_buffer *out, double x, double y, double size, double width, const char *class_name, const char *anchor,
                  const char *text) {
  bool cut = fmt_svg_text_width(text, size) > width;
  put_piece(out, x, y, class_name, anchor, text, cut ? fitting(text, size, width - size) : strlen(text), cut);
}

double fmt_svg_paragraph(fmt_buffer *out, double x, double y, double size, double width, double lead, const char *class_name,
                         const char *text) {
  while (*text) {
    size_t length = fitting(text, size, width), keep = length;
    if (text[length])
      while (keep > 0 && text[keep] != ' ') keep--;
    if (keep == 0) keep = length > 0 ? length : 1; /* one long word: cut it */
    put_piece(out, x, y, class_name, "start", text, keep, false);
    text += keep;
    while (*text == ' ') text++;
    y += lead;
  }
  return y;
}

void fmt_svg_line(fmt_buffer *out, double x1, double y1, double x2, double y2, const char *class_name) {
  fmt_put(out, "<line");
  fmt_svg_attribute(out, "x1", x1);
  fmt_svg_attribute(out, "y1", y1);
  fmt_svg_attribute(out, "x2", x2);
  fmt_svg_attribute(out, "y2", y2);
  fmt_printf(out, " class=\"%s\"/>\n", class_name);
}

void fmt_svg_rect(fmt_buffer *out, fmt_box box, const char *class_name) {
  fmt_put(out, "<rect");
  fmt_svg_attribute(out, "x", box.x);
  fmt_svg_attribute(out, "y", box.y);
  fmt_svg_attribute(out, "width", box.w);
  fmt_svg_attribute(out, "height", box.h);
  fmt_printf(out, " class=\"%s\"/>\n", class_name);
}

const char *fmt_unit_words(char *words, size_t size, const char *ucum) {
  static const char *const pairs[][2] = {{"mm[Hg]2", "mmHg\xC2\xB2"}, {"mm[Hg]", "mmHg"}, {"(100.mL)", "100 mL"}};
  size_t used = 0;
  words[0] = '\0';
  if (!strcmp(ucum, "1")) return words;
  if (ucum[0] == '/') used = (size_t)snprintf(words, size, "1");
  while (*ucum && used + 1 < size) {
    const char *put = NULL;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && !put; i++)
      if (!strncmp(ucum, pairs[i][0], strlen(pairs[i][0]))) put = pairs[i][1], ucum += strlen(pairs[i][0]);
    used += (size_t)(put ? snprintf(words + used, size - used, "%s", put) : snprintf(words + used, size - used, "%c", *ucum++));
  }
  return words;
}
