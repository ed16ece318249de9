/* SPDX-License-Identifier: GPL-3.0-or-later
 * What an ELCAT Vasoquant 1000 sends to its serial printer port, captured: one block a measurement, `ESC L label EOT SOH GS 0`, the number
 * of samples, 16-bit samples at 4 Hz, and 19 bytes with the device's own results. Layout after the reverse-engineered description in
 * github.com/alexandreamato/dppg (2026). Polls of the device (DLE) may stand between the blocks. Nothing says when a block was
 * measured, so the blocks follow one another in time with a pause between them, and a warning says so. */
#include "field.h"
#include <fmt/cursor.h>
#include <fmt/reader.h>
#include <math.h>
#include <stdlib.h>

#define RATE_HZ 4.0 /* the device averages about 40 samples per second to 4 */
#define PAUSE_S 10.0

enum { HEAD_BYTES = 9, FOOT_BYTES = 19, LOOK_BYTES = 4096, ADC_MAX = 4095, PEAK_SHIFT = 7, FOOT_SEARCH = 32, END_NOT_FOUND = 0x80 };

typedef struct label_row {
  unsigned char byte;
  dsp_side side;
  const char *text;
} label_row;

static const label_row labels[] = {{0xE2, DSP_SIDE_RIGHT, "right leg, with tourniquet"},
                                   {0xE1, DSP_SIDE_RIGHT, "right leg, without tourniquet"},
                                   {0xE0, DSP_SIDE_LEFT, "left leg, with tourniquet"},
                                   {0xDF, DSP_SIDE_LEFT, "left leg, without tourniquet"}};

typedef struct block {
  size_t at; /* byte of its first sample */
  size_t n;  /* samples that are there */
  bool cut;  /* fewer than stated */
  unsigned char label;
  const unsigned char *foot; /* NULL: not there */
} block;

typedef struct capture {
  const fmt_source *source;
  dsp_recording *recording;
  double t0_s; /* of the next block */
} capture;

/* The next block's first byte at or behind `from`, or SIZE_MAX. */
static size_t find_head(const fmt_source *source, size_t from, size_t until) {
  for (size_t i = from; i + HEAD_BYTES <= source->size && i < until; i++) {
    const unsigned char *p = source->bytes + i;
    if (p[0] == 0x1B && p[1] == 0x4C && p[3] == 0x04 && p[4] == 0x01 && p[5] == 0x1D && p[6] == 0) return i;
  }
  return SIZE_MAX;
}

static bool is_foot(const unsigned char *p) {
  return p[0] == 0x1D && p[3] == 0 && p[4] == 0 && p[5] == 0 && p[6] == 0x1D && p[18] == 0x04;
}

/* The results stand behind the samples; a count that is off by a few, or polls between, must not lose them. */
static void take_block(block *b, const fmt_source *source, size_t head) {
  const unsigned char *p = source->bytes + head;
  const size_t stated = fmt_u16le(p + 7), next = find_head(source, head + HEAD_BYTES, SIZE_MAX);
  const size_t end = next == SIZE_MAX ? source->size : next;
  *b = (block){.at = head + HEAD_BYTES, .label = p[2], .n = stated};
  const size_t behind = b->at + 2 * stated, from = behind > b->at + FOOT_SEARCH ? behind - FOOT_SEARCH : b->at;
  size_t best = SIZE_MAX, distance = SIZE_MAX;
  for (size_t i = from; i + FOOT_BYTES <= end && i <= behind + FOOT_SEARCH; i++) {
    const size_t away = i > behind ? i - behind : behind - i;
    if (is_foot(source->bytes + i) && away < distance) {
      best = i;
      distance = away;
    }
  }
  const size_t limit = best != SIZE_MAX ? best : end;
  if (best != SIZE_MAX) b->foot = source->bytes + best;
  if (b->at + 2 * b->n > limit) {
    b->n = (limit - b->at) / 2;
    b->cut = best == SIZE_MAX;
  }
  /* control bytes that the device counts as samples lie beyond the converter's 12 bits */
  while (b->n && fmt_u16le(source->bytes + b->at + 2 * (b->n - 1)) > ADC_MAX) b->n--;
}

/* The device's own results, for people and for comparison with ours; its peak is the end of the exercise. */
static dsp_status add_results(capture *c, const block *b, const char *name, dsp_error *error) {
  const unsigned char *f = b->foot;
  const double baseline = fmt_u16le(f + 1), amplitude = fmt_u16le(f + 11), peak_s = (f[15] + PEAK_SHIFT) / RATE_HZ;
  const bool open = f[17] & END_NOT_FOUND;
  const char *text =
      dsp_arena_printf(c->recording->arena, "%s: device: B=%g; A=%g; peak_s=%g; To_s=%g%s; Th_s=%g; Ti_s=%d; Vo_pct=%.4g; Fo_pct_s=%g",
                       name, baseline, amplitude, peak_s, f[9] / RATE_HZ, open ? " (end not found)" : "", f[10] / RATE_HZ, (int)f[16],
                       baseline > 0 ? 100 * amplitude / baseline : 0.0, fmt_u16le(f + 13) / 100.0);
  const dsp_event end = {.t_s = c->t0_s + peak_s,
                         .kind = DSP_EVENT_EXERCISE_END,
                         .volume_ml = (double)NAN,
                         .percent = (double)NAN,
                         .text = "the device's peak",
                         .source = "vasoquant"};
  if (!text || field_add_event(c->recording, c->t0_s, 0, text, "vasoquant") != DSP_OK) return dsp_fail_memory(error);
  if (peak_s < (double)b->n / RATE_HZ && dsp_recording_add_event(c->recording, &end) != DSP_OK) return dsp_fail_memory(error);
  return DSP_OK;
}

/* Side and tourniquet are in the label; a byte that is not known says nothing. */
static void set_label(dsp_channel *channel, unsigned char byte) {
  for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
    if (labels[i].byte == byte) {
      channel->side = labels[i].side;
      channel->label = labels[i].text;
    }
}

static dsp_status add_block(capture *c, const block *b, size_t number, dsp_error *error) {
  dsp_recording *recording = c->recording;
  const char *name = b->foot ? dsp_arena_printf(recording->arena, "exam %u", (unsigned)fmt_u16le(b->foot + 7))
                             : dsp_arena_printf(recording->arena, "block %zu", number);
  double *x = dsp_alloc(b->n, sizeof *x);
  if (!name || !x) {
    free(x);
    return dsp_fail_memory(error);
  }
  for (size_t i = 0; i < b->n; i++) {
    const unsigned raw = fmt_u16le(c->source->bytes + b->at + 2 * i);
    x[i] = raw > ADC_MAX ? (double)NAN : (double)raw;
  }
  dsp_channel *channel = field_add_channel(recording, &(field_channel){name, "adc", RATE_HZ, 1, 0}, x, b->n);
  if (!channel || dsp_channel_set_segments(channel, &(dsp_segment){c->t0_s, 0, b->n}, 1) != DSP_OK) return dsp_fail_memory(error);
  channel->role = DSP_ROLE_PPG;
  set_label(channel, b->label);
  dsp_status status = DSP_OK;
  if (b->cut)
    status = dsp_recording_warn(recording, "file_truncated", "%s: %zu samples, fewer than its header states", channel->name, b->n);
  if (status == DSP_OK && !b->foot)
    status = dsp_recording_warn(recording, "header_irregular", "%s: the device's own results are not there", channel->name);
  if (status != DSP_OK) return dsp_fail_memory(error);
  if (b->foot) status = add_results(c, b, channel->name, error);
  c->t0_s += (double)b->n / RATE_HZ + PAUSE_S;
  return status;
}

static dsp_status read_vasoquant(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording,
                                 dsp_error *error) {
  capture c = {.source = input->source, .recording = recording};
  size_t blocks = 0;
  dsp_status status = DSP_OK;
  (void)hints, (void)params;
  recording->device = "ELCAT Vasoquant 1000";
  for (size_t at = find_head(c.source, 0, SIZE_MAX); status == DSP_OK && at != SIZE_MAX;) {
    block b;
    take_block(&b, c.source, at);
    if (b.n && blocks == FMT_CAP_CHANNELS) return dsp_fail(error, DSP_LIMIT, "", "fewer blocks", "more than %zu blocks", FMT_CAP_CHANNELS);
    if (b.n) status = add_block(&c, &b, ++blocks, error);
    at = find_head(c.source, b.at + 2 * b.n, SIZE_MAX);
  }
  if (status == DSP_OK && blocks == 0) return dsp_fail(error, DSP_BAD_INPUT, "", "a block with samples", "no samples");
  if (status == DSP_OK && blocks > 1 &&
      dsp_recording_warn(recording, "time_unstated", "the capture does not say when its %zu blocks were measured; they are put %g s apart",
                         blocks, PAUSE_S) != DSP_OK)
    return dsp_fail_memory(error);
  return status == DSP_OK && dsp_recording_sort_events(recording) != DSP_OK ? dsp_fail_memory(error) : status;
}

static fmt_verdict probe_vasoquant(const fmt_input *input, unsigned *score, dsp_error *error) {
  (void)error;
  *score = 95;
  return find_head(input->source, 0, LOOK_BYTES) == SIZE_MAX ? FMT_NOT_MINE : FMT_MINE;
}

static const char *const extensions[] = {"raw", "bin", "dppg", NULL};

const fmt_reader vasoquant_reader = {
    .id = "vasoquant",
    .title = "ELCAT Vasoquant 1000 D-PPG, captured from its printer port",
    .extensions = extensions,
    .params = {"vasoquant", NULL, 0},
    .probe = probe_vasoquant,
    .read = read_vasoquant,
};
