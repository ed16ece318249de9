/* SPDX-License-Identifier: GPL-3.0-or-later
 * Waveform objects: multiplex groups of channels that take turns, sample by sample (PS3.3 C.10.9). Value = sample x sensitivity x
 * correction
 * + baseline. Sound becomes audio of full scale 1; mu-law and A-law by ITU-T G.711. */
#include "dicom.h"
#include "field.h"
#include <fmt/cursor.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WAVEFORM_SEQUENCE   0x54000100U
#define BITS_ALLOCATED      0x54001004U
#define INTERPRETATION      0x54001006U
#define PADDING_VALUE       0x5400100AU
#define WAVEFORM_DATA       0x54001010U
#define GROUP_TIME_OFFSET   0x00181068U
#define N_CHANNELS          0x003A0005U
#define N_SAMPLES           0x003A0010U
#define SAMPLING_FREQUENCY  0x003A001AU
#define CHANNEL_DEFINITIONS 0x003A0200U
#define CHANNEL_LABEL       0x003A0203U
#define CHANNEL_SOURCE      0x003A0208U
#define SENSITIVITY         0x003A0210U
#define SENSITIVITY_UNITS   0x003A0211U
#define CORRECTION          0x003A0212U
#define BASELINE            0x003A0213U
#define TIME_SKEW           0x003A0214U
#define CODE_VALUE          0x00080100U
#define CODE_MEANING        0x00080104U
#define SOP_CLASS           0x00080016U

typedef struct wave {
  const dicom_file *file;
  const dicom_set *group;
  size_t n_channels, n_samples, size; /* bytes a sample */
  double rate_hz, t0_s;
  char kind[3]; /* of the samples: SB UB SS US SL UL MB AB */
  const unsigned char *data;
  size_t bytes;
  bool has_padding;
  double padding;
} wave;

static double from_law(unsigned char code, bool mu) {
  const unsigned c = mu ? (unsigned char)~code : code ^ 0x55U, exponent = c >> 4 & 7, mantissa = c & 15;
  const bool negative = mu ? (c & 0x80) != 0 : (c & 0x80) == 0;
  const double magnitude = mu             ? (double)(((mantissa << 3) + 0x84) << exponent) - 0x84
                           : exponent > 0 ? (double)(((mantissa << 4) + 0x108) << (exponent - 1))
                                          : (double)((mantissa << 4) + 8);
  return negative ? -magnitude : magnitude;
}

static double raw_at(const wave *w, size_t i) {
  const unsigned char *p = w->data + i * w->size;
  const bool is_signed = w->kind[0] == 'S';
  if (w->kind[0] == 'M' || w->kind[0] == 'A') return from_law(*p, w->kind[0] == 'M');
  if (w->size == 1) return is_signed ? (int8_t)*p : *p;
  if (w->size == 2) {
    const uint16_t word = w->file->big ? fmt_u16be(p) : fmt_u16le(p);
    return is_signed ? (int16_t)word : word;
  }
  const uint32_t word = w->file->big ? fmt_u32be(p) : fmt_u32le(p);
  return is_signed ? (int32_t)word : (double)word;
}

static double full_scale(const wave *w) {
  return w->kind[0] == 'M' || w->kind[0] == 'A' ? 32768 : ldexp(1, (int)(8 * w->size) - 1);
}

static dsp_status fail(const char *place, const char *expected, const char *found, dsp_error *error) {
  return dsp_fail(error, DSP_BAD_INPUT, place, expected, "%s", found);
}

static dsp_status take_kind(wave *w, dsp_error *error) {
  static const char kinds[][3] = {"SB", "UB", "MB", "AB", "SS", "US", "SL", "UL"};
  static const size_t sizes[] = {1, 1, 1, 1, 2, 2, 4, 4};
  const double bits = dicom_number(w->file, w->group, BITS_ALLOCATED, "US", 0);
  const char *kind = dicom_text(w->file, w->group, INTERPRETATION);
  if (!kind) return dsp_fail_memory(error);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    if (strcmp(kind, kinds[i]) != 0 || bits != (double)(8 * sizes[i])) continue;
    memcpy(w->kind, kinds[i], 3);
    w->size = sizes[i];
    return DSP_OK;
  }
  return fail("(5400,1006)", "samples of 8, 16 or 32 bits: SB UB MB AB SS US SL UL", "samples of another kind", error);
}

static dsp_status take_group(wave *w, dsp_error *error) {
  const dicom_element *data = dicom_find(w->group, WAVEFORM_DATA), *padding = dicom_find(w->group, PADDING_VALUE);
  const double channels = dicom_number(w->file, w->group, N_CHANNELS, "US", 0),
               samples = dicom_number(w->file, w->group, N_SAMPLES, "UL", 0);
  const double offset_ms = dicom_decimal(w->group, GROUP_TIME_OFFSET);
  w->rate_hz = dicom_decimal(w->group, SAMPLING_FREQUENCY);
  w->t0_s = isfinite(offset_ms) && fabs(offset_ms) < 1e15 ? offset_ms / 1000 : 0;
  if (!(channels >= 1) || channels > (double)FMT_CAP_CHANNELS)
    return fail("(003A,0005)", "1 to 256 channels", "another number of channels", error);
  if (!(samples >= 1) || samples > (double)FMT_CAP_SAMPLES) return fail("(003A,0010)", "a number of samples", "none, or too many", error);
  if (!(w->rate_hz > 0) || !isfinite(1 / w->rate_hz)) return fail("(003A,001A)", "a sampling frequency above 0", "another one", error);
  w->n_channels = (size_t)channels;
  w->n_samples = (size_t)samples;
  const dsp_status status = take_kind(w, error);
  if (status != DSP_OK) return status;
  if (!data || !data->bytes || data->n / (w->size ? w->size : 1) / w->n_channels < w->n_samples)
    return fail("(5400,1010)", "samples for all channels", "fewer bytes than the group states", error);
  w->data = data->bytes;
  if (padding && padding->bytes && padding->n >= w->size) {
    const wave one = {.file = w->file, .data = padding->bytes, .size = w->size, .kind = {w->kind[0], w->kind[1], '\0'}};
    w->padding = raw_at(&one, 0);
    w->has_padding = true;
  }
  return DSP_OK;
}

static const char *channel_name(const wave *w, const dicom_set *definition, size_t c) {
  const char *name = dicom_text(w->file, definition, CHANNEL_LABEL);
  if (name && !name[0]) name = dicom_text(w->file, dicom_item(definition, CHANNEL_SOURCE, 0), CODE_MEANING);
  return name && !name[0] ? dsp_arena_printf(w->file->arena, "channel %zu", c + 1) : name;
}

static dsp_status add_channel(const wave *w, size_t c, dsp_recording *recording, dsp_error *error) {
  const dicom_set *definition = dicom_item(w->group, CHANNEL_DEFINITIONS, c);
  const char *name = channel_name(w, definition, c), *unit = dicom_text(w->file, dicom_item(definition, SENSITIVITY_UNITS, 0), CODE_VALUE);
  const double sensitivity = dicom_decimal(definition, SENSITIVITY), correction = dicom_decimal(definition, CORRECTION);
  const double baseline = dicom_decimal(definition, BASELINE), skew_s = dicom_decimal(definition, TIME_SKEW);
  const bool scaled = isfinite(sensitivity) && sensitivity != 0;
  const double scale = scaled ? sensitivity * (isfinite(correction) ? correction : 1) : 1,
               offset = scaled && isfinite(baseline) ? baseline : 0;
  if (!name || !unit) return dsp_fail_memory(error);
  if (!isfinite(fabs(scale) * 0x1p32 + fabs(offset)))
    return fail("(003A,0210)", "a sensitivity that can be used", "one beyond any number", error);
  double *x = dsp_alloc(w->n_samples, sizeof *x);
  if (!x) return dsp_fail_memory(error);
  for (size_t i = 0; i < w->n_samples; i++) {
    const double raw = raw_at(w, i * w->n_channels + c);
    x[i] = w->has_padding && raw == w->padding ? (double)NAN : raw * scale + offset;
  }
  const field_channel about = {name, scaled ? unit : NULL, w->rate_hz, scale, offset};
  dsp_channel *channel = field_add_channel(recording, &about, x, w->n_samples);
  if (!channel) return dsp_fail_memory(error);
  channel->segments[0].t0_s = w->t0_s + (isfinite(skew_s) && fabs(skew_s) < 1e12 ? skew_s : 0);
  return DSP_OK;
}

static dsp_status add_audio(const wave *w, dsp_recording *recording, dsp_error *error) {
  const char *names[FMT_CAP_CHANNELS];
  dsp_audio audio = {0};
  const size_t n = w->n_samples * w->n_channels;
  float *x = dsp_alloc(n, sizeof *x);
  if (!x) return dsp_fail_memory(error);
  const double full = full_scale(w), middle = w->kind[0] == 'U' ? full : 0;
  for (size_t i = 0; i < n; i++) {
    const double raw = raw_at(w, i);
    x[i] = w->has_padding && raw == w->padding ? NAN : (float)((raw - middle) / full);
  }
  for (size_t c = 0; c < w->n_channels; c++) names[c] = channel_name(w, dicom_item(w->group, CHANNEL_DEFINITIONS, c), c);
  const unsigned bits = w->kind[0] == 'M' || w->kind[0] == 'A' ? 0 : (unsigned)(8 * w->size);
  if (dsp_audio_in_memory(&audio, x, w->n_samples, (unsigned)w->n_channels, w->rate_hz, bits) != DSP_OK) return dsp_fail_memory(error);
  for (size_t c = 0; c < w->n_channels; c++) {
    if (names[c]) continue;
    dsp_audio_close(&audio);
    return dsp_fail_memory(error);
  }
  return dsp_recording_add_audio(recording, &audio, names) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
}

/* Times count from the first sample of all. */
static void count_from_first(dsp_recording *recording) {
  double first_s = HUGE_VAL;
  for (size_t c = 0; c < recording->n_channels; c++) first_s = fmin(first_s, recording->channels[c].segments[0].t0_s);
  for (size_t c = 0; c < recording->n_channels; c++) recording->channels[c].segments[0].t0_s -= first_s;
  recording->t_origin_s = first_s;
}

dsp_status dicom_waveforms(bool *found, const dicom_file *file, dsp_recording *recording, dsp_error *error) {
  const dicom_element *sequence = dicom_find(&file->top, WAVEFORM_SEQUENCE);
  const char *class = dicom_text(file, &file->top, SOP_CLASS);
  const bool sound = class && strncmp(class, "1.2.840.10008.5.1.4.1.1.9.4.", 28) == 0; /* basic voice and general audio */
  dsp_status status = class ? DSP_OK : dsp_fail_memory(error);
  *found = sequence && sequence->n_items > 0;
  for (size_t g = 0; *found && status == DSP_OK && g < sequence->n_items; g++) {
    wave w = {.file = file, .group = &sequence->items[g]};
    status = take_group(&w, error);
    if (status == DSP_OK && recording->n_channels + w.n_channels > FMT_CAP_CHANNELS)
      status = fail("(5400,0100)", "fewer groups", "more than 256 channels", error);
    if (status == DSP_OK && sound && g == 0) {
      status = add_audio(&w, recording, error);
      if (sequence->n_items > 1 && status == DSP_OK &&
          dsp_recording_warn(recording, "column_dropped", "only the first of %zu groups of sound is read", sequence->n_items) != DSP_OK)
        status = dsp_fail_memory(error);
    }
    for (size_t c = 0; !sound && status == DSP_OK && c < w.n_channels; c++) status = add_channel(&w, c, recording, error);
  }
  if (status == DSP_OK && *found && !sound) count_from_first(recording);
  return status;
}
