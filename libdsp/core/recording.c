/* SPDX-License-Identifier: GPL-3.0-or-later
 * The recording: construction, the words of its enums, and what can be asked of it. */
#include <dsp/recording.h>

#include <assert.h>
#include <dsp/flags.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dsp_recording *dsp_recording_new(void) {
  dsp_recording *recording = dsp_zalloc(1, sizeof *recording);
  if (!recording) return NULL;
  recording->arena = dsp_arena_new();
  if (!recording->arena) {
    dsp_recording_free(recording);
    return NULL;
  }
  recording->name = "";
  recording->format = "";
  recording->room_temp_c = NAN;
  recording->doppler = (dsp_doppler){.f0_hz = NAN, .angle_deg = NAN, .c_m_s = NAN, .diameter_mm = NAN};
  return recording;
}

void dsp_recording_free(dsp_recording *recording) {
  if (!recording) return;
  for (size_t i = 0; i < recording->n_channels; i++) {
    free(recording->channels[i].x);
    free(recording->channels[i].segments);
  }
  free(recording->channels);
  dsp_audio_close(&recording->audio);
  free(recording->events);
  free(recording->warnings);
  dsp_arena_free(recording->arena);
  free(recording);
}

dsp_channel *dsp_recording_add_channel(dsp_recording *recording, const char *name, double rate_hz, double *x, size_t n) {
  dsp_segment *segment = dsp_zalloc(1, sizeof *segment);
  const char *kept = dsp_arena_text(recording->arena, name, strlen(name));
  if (!segment || !kept ||
      dsp_grow(&recording->channels, &recording->channels_capacity, recording->n_channels + 1, sizeof *recording->channels) != DSP_OK) {
    free(segment);
    free(x);
    return NULL;
  }
  segment->n = n;
  dsp_channel *channel = &recording->channels[recording->n_channels++];
  *channel = (dsp_channel){.name = kept, .rate_hz = rate_hz, .x = x, .n = n, .segments = segment, .n_segments = n ? 1 : 0, .scale = 1};
  for (size_t i = 0; x && i < n; i++) channel->missing += isnan(x[i]) != 0;
  return channel;
}

dsp_status dsp_channel_set_segments(dsp_channel *channel, const dsp_segment *segments, size_t n) {
  dsp_segment *copy = dsp_alloc(n, sizeof *copy);
  if (!copy) return DSP_NO_MEMORY;
  memcpy(copy, segments, n * sizeof *copy);
  free(channel->segments);
  channel->segments = copy;
  channel->n_segments = n;
  return DSP_OK;
}

dsp_status dsp_recording_add_event(dsp_recording *recording, const dsp_event *event) {
  dsp_event copy = *event;
  if (copy.text && !(copy.text = dsp_arena_text(recording->arena, copy.text, strlen(copy.text)))) return DSP_NO_MEMORY;
  if (copy.source && !(copy.source = dsp_arena_text(recording->arena, copy.source, strlen(copy.source)))) return DSP_NO_MEMORY;
  if (dsp_grow(&recording->events, &recording->events_capacity, recording->n_events + 1, sizeof copy) != DSP_OK) return DSP_NO_MEMORY;
  recording->events[recording->n_events++] = copy;
  return DSP_OK;
}

/* Binary insertion would be O(n^2) on hostile input; a merge sort keeps equal times in their order. It halves, so its depth is log2 n. */
static void merge_events(dsp_event *events, dsp_event *scratch, size_t n) { // NOLINT(misc-no-recursion)
  if (n < 2) return;
  const size_t half = n / 2;
  merge_events(events, scratch, half);
  merge_events(events + half, scratch, n - half);
  memcpy(scratch, events, half * sizeof *events);
  size_t left = 0, right = half, out = 0;
  while (left < half && right < n) events[out++] = events[right].t_s < scratch[left].t_s ? events[right++] : scratch[left++];
  while (left < half) events[out++] = scratch[left++];
}

dsp_status dsp_recording_sort_events(dsp_recording *recording) {
  dsp_event *scratch = dsp_alloc(recording->n_events / 2 + 1, sizeof *scratch);
  if (!scratch) return DSP_NO_MEMORY;
  merge_events(recording->events, scratch, recording->n_events);
  free(scratch);
  return DSP_OK;
}

dsp_status dsp_recording_warn(dsp_recording *recording, const char *code, const char *format, ...) {
  assert(dsp_flag_find(code));
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  const char *kept = dsp_arena_text(recording->arena, text, strlen(text));
  if (!kept ||
      dsp_grow(&recording->warnings, &recording->warnings_capacity, recording->n_warnings + 1, sizeof *recording->warnings) != DSP_OK)
    return DSP_NO_MEMORY;
  recording->warnings[recording->n_warnings++] = (dsp_warning){dsp_flag_find(code)->id, kept};
  return DSP_OK;
}

double dsp_recording_duration_s(const dsp_recording *recording) {
  double end_s = 0;
  for (size_t c = 0; c < recording->n_channels; c++) {
    const dsp_channel *channel = &recording->channels[c];
    for (size_t s = 0; s < channel->n_segments; s++)
      end_s = fmax(end_s, channel->segments[s].t0_s + (double)channel->segments[s].n / channel->rate_hz);
  }
  return end_s;
}

/* Words of the contract, indexed by their enum. */
static const char *const role_words[] = {[DSP_ROLE_UNKNOWN] = "unknown",
                                         [DSP_ROLE_VOLUME] = "volume",
                                         [DSP_ROLE_STRAIN] = "strain",
                                         [DSP_ROLE_PRESSURE] = "pressure",
                                         [DSP_ROLE_CUFF_PRESSURE] = "cuff_pressure",
                                         [DSP_ROLE_PPG] = "ppg",
                                         [DSP_ROLE_VELOCITY] = "velocity",
                                         [DSP_ROLE_AUDIO] = "audio",
                                         [DSP_ROLE_ECG] = "ecg",
                                         [DSP_ROLE_TRIGGER] = "trigger",
                                         [DSP_ROLE_TIME] = "time"};
static const char *const side_words[] = {[DSP_SIDE_UNKNOWN] = "unknown", [DSP_SIDE_LEFT] = "left", [DSP_SIDE_RIGHT] = "right"};
static const char *const event_words[] = {[DSP_EVENT_NOTE] = "note",
                                          [DSP_EVENT_SUPINE] = "supine",
                                          [DSP_EVENT_STAND] = "stand",
                                          [DSP_EVENT_TILT_UP] = "tilt_up",
                                          [DSP_EVENT_TILT_DOWN] = "tilt_down",
                                          [DSP_EVENT_TIPTOE] = "tiptoe",
                                          [DSP_EVENT_DORSIFLEXION] = "dorsiflexion",
                                          [DSP_EVENT_WEIGHT_TRANSFER] = "weight_transfer",
                                          [DSP_EVENT_EXERCISE_START] = "exercise_start",
                                          [DSP_EVENT_EXERCISE_END] = "exercise_end",
                                          [DSP_EVENT_CUFF_INFLATE] = "cuff_inflate",
                                          [DSP_EVENT_CUFF_RELEASE] = "cuff_release",
                                          [DSP_EVENT_ARTERIAL_INFLATE] = "arterial_inflate",
                                          [DSP_EVENT_ARTERIAL_RELEASE] = "arterial_release",
                                          [DSP_EVENT_COMPRESS] = "compress",
                                          [DSP_EVENT_RELEASE] = "release",
                                          [DSP_EVENT_VALSALVA] = "valsalva",
                                          [DSP_EVENT_CALIBRATION] = "calibration"};
static const char *const stereo_words[] = {[DSP_STEREO_UNKNOWN] = "unknown",
                                           [DSP_STEREO_AUTO] = "auto",
                                           [DSP_STEREO_IQ] = "iq",
                                           [DSP_STEREO_SEPARATED] = "separated",
                                           [DSP_STEREO_MONO] = "mono"};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool find_word(const char *const *words, size_t n, const char *text, size_t *index) {
  for (*index = 0; *index < n; (*index)++)
    if (!strcmp(words[*index], text)) return true;
  return false;
}

const char *dsp_role_text(dsp_role role) {
  return role_words[role];
}
const char *dsp_side_text(dsp_side side) {
  return side_words[side];
}
const char *dsp_event_kind_text(dsp_event_kind kind) {
  return event_words[kind];
}
const char *dsp_stereo_text(dsp_stereo stereo) {
  return stereo_words[stereo];
}

bool dsp_role_find(const char *text, dsp_role *role) {
  size_t index;
  if (!find_word(role_words, COUNT(role_words), text, &index)) return false;
  *role = (dsp_role)index;
  return true;
}

bool dsp_side_find(const char *text, dsp_side *side) {
  size_t index;
  if (!find_word(side_words, COUNT(side_words), text, &index)) return false;
  *side = (dsp_side)index;
  return true;
}

bool dsp_event_kind_find(const char *text, dsp_event_kind *kind) {
  size_t index;
  if (!find_word(event_words, COUNT(event_words), text, &index)) return false;
  *kind = (dsp_event_kind)index;
  return true;
}

bool dsp_stereo_find(const char *text, dsp_stereo *stereo) {
  size_t index;
  if (!find_word(stereo_words, COUNT(stereo_words), text, &index)) return false;
  *stereo = (dsp_stereo)index;
  return true;
}

const dsp_unit *dsp_role_unit(dsp_role role) {
  static const char *const units[] = {[DSP_ROLE_VOLUME] = "mL",       [DSP_ROLE_STRAIN] = "mL/(100.mL)",
                                      [DSP_ROLE_PRESSURE] = "mm[Hg]", [DSP_ROLE_CUFF_PRESSURE] = "mm[Hg]",
                                      [DSP_ROLE_VELOCITY] = "cm/s",   [DSP_ROLE_TIME] = NULL};
  const char *code = units[role];
  return code ? dsp_unit_find(code, strlen(code)) : NULL;
}
