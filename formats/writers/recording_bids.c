/* SPDX-License-Identifier: GPL-3.0-or-later
 * A recording as BIDS physiological data (specification 1.11): a gzipped table without a header line, its JSON, and the events as
 * _physioevents. Channels of different rates need a file each; a pause becomes rows of n/a, since there is no other way to say it. */
#include "convert.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { GZIP_WINDOW = MAX_WBITS + 16, GROUPS_MAX = 64, GROWTH_MAX = 100 };

/* Channels of one rate. */
typedef struct group {
  double rate_hz;
  size_t n_rows;
  double t0_s; /* of row 0 */
} group;

static size_t row_of(const group *g, double t_s) {
  return (size_t)llround(fmax(0, (t_s - g->t0_s) * g->rate_hz));
}

static bool belongs(const dsp_channel *c, const group *g) {
  return fabs(c->rate_hz - g->rate_hz) <= 1e-9 * g->rate_hz;
}

static void measure(group *g, const dsp_recording *r, size_t *samples) {
  *samples = 0;
  g->t0_s = HUGE_VAL;
  for (size_t i = 0; i < r->n_channels; i++)
    if (belongs(&r->channels[i], g)) g->t0_s = fmin(g->t0_s, r->channels[i].segments[0].t0_s);
  for (size_t i = 0; i < r->n_channels; i++) {
    const dsp_channel *c = &r->channels[i];
    if (!belongs(c, g)) continue;
    const dsp_segment *last = &c->segments[c->n_segments - 1];
    const size_t end = row_of(g, last->t0_s) + last->n;
    if (end > g->n_rows) g->n_rows = end;
    *samples += c->n;
  }
}

static dsp_status compress_table(fmt_buffer *out, const fmt_buffer *table, dsp_error *error) {
  z_stream stream = {0};
  if (table->size > UINT_MAX) return dsp_fail(error, DSP_LIMIT, "", "EDF", "a table of more than 4 GiB");
  if (deflateInit2(&stream, 6, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK) return dsp_fail_memory(error);
  const size_t room = deflateBound(&stream, table->size);
  unsigned char *bytes = dsp_alloc(room, 1);
  dsp_status status = bytes && room <= UINT_MAX ? DSP_OK : dsp_fail_memory(error);
  if (status == DSP_OK) {
    stream.next_in = (Bytef *)table->bytes;
    stream.avail_in = (uInt)table->size;
    stream.next_out = bytes;
    stream.avail_out = (uInt)room;
    if (deflate(&stream, Z_FINISH) == Z_STREAM_END)
      fmt_put_bytes(out, bytes, stream.total_out);
    else
      status = dsp_fail_memory(error);
  }
  (void)deflateEnd(&stream);
  free(bytes);
  return status;
}

/* Value of a channel at a row: segments are walked along with the rows. */
static double value_at(const dsp_channel *c, const group *g, size_t row, size_t *segment) {
  while (*segment < c->n_segments && row >= row_of(g, c->segments[*segment].t0_s) + c->segments[*segment].n) ++*segment;
  if (*segment >= c->n_segments) return (double)NAN;
  const dsp_segment *s = &c->segments[*segment];
  const size_t first = row_of(g, s->t0_s);
  return row < first ? (double)NAN : c->x[s->first + row - first];
}

static dsp_status put_table(fmt_buffer *out, const dsp_recording *r, const group *g, dsp_error *error) {
  fmt_buffer table = {0};
  size_t *segments = dsp_zalloc(r->n_channels, sizeof *segments);
  if (!segments) return dsp_fail_memory(error);
  for (size_t row = 0; row < g->n_rows && !table.failed; row++) {
    const char *between = "";
    for (size_t i = 0; i < r->n_channels; i++) {
      if (!belongs(&r->channels[i], g)) continue;
      fmt_put(&table, between);
      fmt_put_number(&table, value_at(&r->channels[i], g, row, &segments[i]), "n/a");
      between = "\t";
    }
    fmt_put(&table, "\n");
  }
  const dsp_status status = table.failed ? dsp_fail_memory(error) : compress_table(out, &table, error);
  fmt_buffer_clear(&table);
  free(segments);
  return status;
}

/* snake_case; a number tells columns apart whose names come out the same. */
static void put_column(fmt_buffer *out, const dsp_recording *r, size_t i) {
  fmt_buffer name = {0};
  for (const char *p = r->channels[i].name; *p; p++) {
    const char c = (char)((*p >= 'A' && *p <= 'Z') ? *p + 32 : *p);
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
    fmt_put_bytes(&name, kept ? &c : "_", 1);
  }
  if (r->n_channels > 1) fmt_printf(&name, "_%zu", i + 1);
  if (name.failed)
    out->failed = true;
  else
    fmt_put_json_text(out, name.bytes);
  fmt_buffer_clear(&name);
}

static void put_description(fmt_buffer *out, const dsp_recording *r, size_t i) {
  const dsp_channel *c = &r->channels[i];
  const char *unit = c->unit_as_written ? c->unit_as_written : c->unit ? c->unit->ucum : NULL;
  fmt_put(out, ",\n  ");
  put_column(out, r, i);
  fmt_put(out, ": {\"LongName\": ");
  fmt_put_json_text(out, c->name);
  if (unit) {
    fmt_put(out, ", \"Units\": ");
    fmt_put_json_text(out, unit);
  }
  if (c->role != DSP_ROLE_UNKNOWN) fmt_printf(out, ", \"Role\": \"%s\"", dsp_role_text(c->role));
  if (c->side != DSP_SIDE_UNKNOWN) fmt_printf(out, ", \"Side\": \"%s\"", dsp_side_text(c->side));
  if (c->site) {
    fmt_put(out, ", \"Site\": ");
    fmt_put_json_text(out, c->site);
  }
  fmt_put(out, "}");
}

static void put_json(fmt_buffer *out, const dsp_recording *r, const group *g) {
  const char *between = "";
  fmt_put(out, "{\n  \"SamplingFrequency\": ");
  fmt_put_number(out, g->rate_hz, "null");
  fmt_put(out, ",\n  \"StartTime\": ");
  fmt_put_number(out, r->t_origin_s + g->t0_s, "null");
  fmt_put(out, ",\n  \"PhysioType\": \"generic\"");
  if (r->device) {
    fmt_put(out, ",\n  \"ManufacturersModelName\": ");
    fmt_put_json_text(out, r->device);
  }
  fmt_put(out, ",\n  \"Columns\": [");
  for (size_t i = 0; i < r->n_channels; i++) {
    if (!belongs(&r->channels[i], g)) continue;
    fmt_put(out, between);
    put_column(out, r, i);
    between = ", ";
  }
  fmt_put(out, "]");
  for (size_t i = 0; i < r->n_channels; i++)
    if (belongs(&r->channels[i], g)) put_description(out, r, i);
  if (r->sha256[0]) fmt_printf(out, ",\n  \"SourceSHA256\": \"%s\"", r->sha256);
  fmt_put(out, "\n}\n");
}

/* A cell without the bytes that end one. */
static void put_cell(fmt_buffer *out, const char *text) {
  if (!text || !*text) fmt_put(out, "n/a");
  for (; text && *text; text++) fmt_put_bytes(out, (unsigned char)*text < ' ' ? " " : text, 1);
}

/* Onsets are row numbers (OnsetSource n/a); an event between two samples has a fraction. */
static dsp_status put_events(fmt_buffer *out, const dsp_recording *r, const group *g, dsp_error *error) {
  fmt_buffer table = {0};
  for (size_t i = 0; i < r->n_events; i++) {
    const dsp_event *e = &r->events[i];
    fmt_put_number(&table, (e->t_s - g->t0_s) * g->rate_hz, "n/a");
    fmt_put(&table, "\t");
    fmt_put_number(&table, e->dur_s > 0 ? e->dur_s * g->rate_hz : (double)NAN, "n/a");
    fmt_printf(&table, "\t%s", dsp_event_kind_text(e->kind));
    if (e->count) fmt_printf(&table, " x%u", e->count);
    fmt_put(&table, "\t");
    put_cell(&table, e->text);
    fmt_put(&table, "\n");
  }
  const dsp_status status = table.failed ? dsp_fail_memory(error) : compress_table(out, &table, error);
  fmt_buffer_clear(&table);
  return status;
}

static dsp_status add_events(fmt_parts *parts, const dsp_recording *r, const group *g, unsigned number, dsp_error *error) {
  fmt_part *part = fmt_parts_add(parts, FMT_PART_EVENTS, number);
  dsp_status status = part ? put_events(&part->bytes, r, g, error) : dsp_fail_memory(error);
  if (status != DSP_OK) return status;
  part = fmt_parts_add(parts, FMT_PART_EVENTS_JSON, number);
  if (!part) return dsp_fail_memory(error);
  fmt_put(&part->bytes, "{\n  \"Columns\": [\"onset\", \"duration\", \"trial_type\", \"message\"],\n  \"OnsetSource\": \"n/a\"\n}\n");
  return DSP_OK;
}

static dsp_status add_group(fmt_parts *parts, const dsp_recording *r, group *g, unsigned number, dsp_error *error) {
  size_t samples = 0;
  measure(g, r, &samples);
  if (g->n_rows > FMT_CAP_SAMPLES || g->n_rows / GROWTH_MAX > samples + 100000)
    return dsp_fail(error, DSP_BAD_OPTION, "", "CSV or EDF", "pauses of %zu rows, which BIDS cannot say otherwise", g->n_rows);
  fmt_part *part = fmt_parts_add(parts, FMT_PART_MAIN, number);
  dsp_status status = part ? put_table(&part->bytes, r, g, error) : dsp_fail_memory(error);
  part = status == DSP_OK ? fmt_parts_add(parts, FMT_PART_JSON, number) : NULL;
  if (part)
    put_json(&part->bytes, r, g);
  else if (status == DSP_OK)
    status = dsp_fail_memory(error);
  if (status == DSP_OK && r->n_events > 0) status = add_events(parts, r, g, number, error);
  return status;
}

dsp_status convert_bids(fmt_parts *parts, const dsp_recording *recording, dsp_error *error) {
  group groups[GROUPS_MAX];
  unsigned n = 0;
  bool gaps = false;
  dsp_status status = DSP_OK;
  if (recording->n_channels == 0) return dsp_fail(error, DSP_BAD_OPTION, "", "a recording with channels", "nothing that BIDS could hold");
  for (size_t i = 0; i < recording->n_channels; i++) {
    unsigned k = 0;
    while (k < n && !belongs(&recording->channels[i], &groups[k])) k++;
    if (k == GROUPS_MAX) return dsp_fail(error, DSP_BAD_OPTION, "", "CSV or EDF", "channels of more than %d rates", GROUPS_MAX);
    if (k == n) groups[n++] = (group){.rate_hz = recording->channels[i].rate_hz};
    gaps |= recording->channels[i].n_segments > 1;
  }
  for (unsigned k = 0; status == DSP_OK && k < n; k++) status = add_group(parts, recording, &groups[k], n > 1 ? k + 1 : 0, error);
  if (gaps) fmt_put(&parts->notes, "pauses became rows of n/a, each segment moved to the nearest row\n");
  return status;
}
