/* SPDX-License-Identifier: GPL-3.0-or-later
 * A recording as text: `time (s)`, then one `name (unit)` column a channel. Channels of different rates share the rows of their united time
 * stamps; a channel without a sample at a row's time has a missing cell there. A blank line stands where a segment of any channel begins.
 */
#include <fmt/writer.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Time stamps closer than this share of the shortest sampling interval are one row. */
static const double same_row = 1e-3;

typedef struct cursor {
  size_t segment, at; /* next sample: index within the segment */
} cursor;

typedef struct layout {
  char delimiter;
  bool decimal_comma;
  int decimals;
} layout;

static void put_decimal(fmt_buffer *out, double value, int decimals, const layout *style) {
  size_t begin = out->size;
  if (decimals > 0 && isfinite(value)) {
    fmt_printf(out, "%.*f", decimals, value);
  } else {
    fmt_put_number(out, value, "n/a");
  }
  if (!isfinite(value) || out->failed) return;
  for (size_t i = begin; i < out->size; i++)
    if (out->bytes[i] == '.' || out->bytes[i] == ',') out->bytes[i] = style->decimal_comma ? ',' : '.';
}

static dsp_status put_header(fmt_buffer *out, const dsp_recording *recording, const layout *style) {
  fmt_put(out, "time (s)");
  fmt_buffer cell = {0};
  for (size_t k = 0; k < recording->n_channels; k++) {
    const dsp_channel *c = &recording->channels[k];
    const char *unit = c->unit_as_written ? c->unit_as_written : c->unit ? c->unit->ucum : NULL;
    cell.size = 0;
    fmt_put(&cell, c->name);
    if (unit) fmt_printf(&cell, " (%s)", unit);
    fmt_put_bytes(out, &style->delimiter, 1);
    if (!cell.failed) fmt_put_csv_text(out, cell.bytes);
  }
  fmt_put(out, "\n");
  bool failed = cell.failed;
  fmt_buffer_clear(&cell);
  return failed ? DSP_NO_MEMORY : DSP_OK;
}

/* Time of the channel's next sample; infinite past its end. */
static double next_time(const dsp_channel *c, const cursor *now) {
  if (now->segment >= c->n_segments) return HUGE_VAL;
  const dsp_segment *s = &c->segments[now->segment];
  return s->t0_s + (double)now->at / c->rate_hz;
}

static double take(const dsp_channel *c, cursor *now) {
  const dsp_segment *s = &c->segments[now->segment];
  double value = c->x[s->first + now->at];
  if (++now->at == s->n) *now = (cursor){now->segment + 1, 0};
  return value;
}

static void put_rows(fmt_buffer *out, const dsp_recording *recording, cursor *cursors, const layout *style) {
  double fastest_hz = 0;
  for (size_t k = 0; k < recording->n_channels; k++) fastest_hz = fmax(fastest_hz, recording->channels[k].rate_hz);
  double tolerance_s = same_row / fastest_hz;
  while (!out->failed) {
    double t_s = HUGE_VAL;
    bool new_segment = false;
    for (size_t k = 0; k < recording->n_channels; k++) t_s = fmin(t_s, next_time(&recording->channels[k], &cursors[k]));
    if (!isfinite(t_s)) return;
    for (size_t k = 0; k < recording->n_channels; k++) {
      bool here = next_time(&recording->channels[k], &cursors[k]) <= t_s + tolerance_s;
      if (here && cursors[k].segment > 0 && cursors[k].at == 0) new_segment = true;
    }
    if (new_segment) fmt_put(out, "\n");
    put_decimal(out, t_s, 0, style);
    for (size_t k = 0; k < recording->n_channels; k++) {
      const dsp_channel *c = &recording->channels[k];
      bool here = next_time(c, &cursors[k]) <= t_s + tolerance_s;
      fmt_put_bytes(out, &style->delimiter, 1);
      put_decimal(out, here ? take(c, &cursors[k]) : HUGE_VAL, style->decimals, style);
    }
    fmt_put(out, "\n");
  }
}

dsp_status fmt_recording_csv(fmt_buffer *out, const dsp_recording *recording, const fmt_csv_style *style, dsp_error *error) {
  layout chosen = {',', false, 0};
  if (style) chosen = (layout){style->delimiter, style->decimal_comma, style->decimals};
  if (chosen.delimiter == 0) chosen.delimiter = ',';
  if (chosen.decimal_comma && chosen.delimiter == ',')
    return dsp_fail(error, DSP_BAD_OPTION, "delimiter", "another delimiter than the decimal comma", "','");
  for (size_t k = 0; k < recording->n_channels; k++)
    if (!recording->channels[k].x && recording->channels[k].n)
      return dsp_fail(error, DSP_NOT_APPLICABLE, recording->channels[k].name, "WAV for Doppler audio", "audio as text");
  if (recording->n_channels == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "at least one channel", "a recording without channels");
  cursor *cursors = dsp_zalloc(recording->n_channels, sizeof *cursors);
  if (!cursors) return dsp_fail_memory(error);
  dsp_status status = put_header(out, recording, &chosen);
  if (!status) put_rows(out, recording, cursors, &chosen);
  free(cursors);
  return status || out->failed ? dsp_fail_memory(error) : DSP_OK;
}
