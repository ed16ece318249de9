/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes given to one reader: refused with a message, or a recording that keeps its promises. */
#ifndef FUZZ_READER_TARGET_H
#define FUZZ_READER_TARGET_H

#include <fmt/reader.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What every protocol relies on. */
static inline void expect_sound(const dsp_recording *recording) {
  if (recording->n_channels == 0 && recording->n_warnings == 0) abort(); /* of a picture nothing but its regions is told */
  for (size_t c = 0; c < recording->n_channels; c++) {
    const dsp_channel *channel = &recording->channels[c];
    size_t missing = 0, in_segments = 0;
    if (!(channel->rate_hz > 0) || !isfinite(channel->rate_hz) || channel->n == 0) abort();
    for (size_t i = 0; channel->x && i < channel->n; i++) {
      missing += isnan(channel->x[i]);
      if (isinf(channel->x[i])) abort();
    }
    for (size_t s = 0; s < channel->n_segments; s++) {
      if (channel->segments[s].n == 0 || channel->segments[s].first != in_segments) abort();
      if (s && !(channel->segments[s].t0_s >= channel->segments[s - 1].t0_s)) abort();
      in_segments += channel->segments[s].n;
    }
    if ((channel->x && missing != channel->missing) || in_segments != channel->n) abort();
  }
  for (size_t i = 0; i < recording->n_events; i++)
    if (!isfinite(recording->events[i].t_s) || !isfinite(recording->events[i].dur_s)) abort();
}

/* Reader `id` on these bytes, and its probe, and its wish for further files. `companions` may be NULL. */
static inline void fuzz_reader(const char *id, const char *name, const uint8_t *data, size_t size, const fmt_file *companions,
                               size_t n_companions, const dsp_params *params) {
  fmt_source source;
  dsp_error error = {0};
  dsp_recording *recording = NULL;
  if (fmt_source_from_memory(&source, data, size, &error) != DSP_OK) return;
  const fmt_input input = {
      .source = &source, .name = name, .companions = companions, .n_companions = n_companions, .keep_identifiers = size & 1};
  const fmt_reader *reader = fmt_reader_find(id);
  const fmt_read_options options = {.format = id, .params = params};
  unsigned score = 0;
  fmt_names names = {0};
  if (size && reader->probe(&input, &score, &error) == FMT_BROKEN && error.found[0] == '\0') abort();
  if (fmt_companion_names(&names, &input, id) == DSP_BAD_INPUT) abort();
  fmt_names_clear(&names);
  error = (dsp_error){0};
  if (fmt_read(&recording, &input, &options, &error) == DSP_OK)
    expect_sound(recording);
  else if (error.found[0] == '\0')
    abort();
  dsp_recording_free(recording);
  fmt_source_clear(&source);
}

#endif
