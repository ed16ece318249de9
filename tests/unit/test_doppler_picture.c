/* SPDX-License-Identifier: GPL-3.0-or-later
 * A report with envelope, mean and spectrogram: through the HDF5 image and back, and onto the page, whose embedded picture is taken apart
 * again. */
#include "../support/reading.h"
#include <check.h>
#include <dsp/memory.h>
#include <dsp/protocol.h>
#include <fmt/writer.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { COLUMNS = 700, BINS = 64, SAMPLES = 1400 };

/* Antegrade, then retrograde; the echo fills what lies between zero and the envelope. */
static double envelope(double t_s) {
  return t_s < 3 ? 20 : t_s < 4 ? 60 * sin((t_s - 3) * 3.14159) : t_s < 5.5 ? -30 * exp(-(t_s - 4)) : 0;
}

static double level(size_t column, size_t bin) {
  const double v = envelope((double)column / 100), at = -40 + 1.25 * (0.5 + (double)bin);
  if (column == 10 && bin == 3) return (double)NAN;
  return at * v > 0 && fabs(at) < fabs(v) ? 30 : 0;
}

static double *filled(size_t n, double factor) {
  double *x = dsp_alloc(n, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < n; i++) x[i] = factor * envelope((double)i / 200);
  return x;
}

static void make_image(fmt_buffer *image) {
  const dsp_protocol *protocol = dsp_protocol_find("apg.stand");
  const dsp_param_table *tables[] = {&protocol->params, NULL};
  dsp_params *params = dsp_params_new(tables);
  dsp_recording *recording = dsp_recording_new();
  ck_assert(params && recording);
  recording->name = "vein.wav";
  recording->format = "wav";
  const dsp_channel *channel = dsp_recording_add_channel(recording, "channel 1", 200, filled(SAMPLES, 1), SAMPLES);
  dsp_report *report = dsp_report_new(recording, params);
  ck_assert(channel && report);
  dsp_test *test = dsp_report_add_test(report, protocol, channel, 0, NULL);
  ck_assert_ptr_nonnull(test);
  for (size_t i = 0; i < test->n_measures; i++) dsp_measure_null(&test->measures[i], "no_fit");
  double *x = dsp_alloc((size_t)COLUMNS * BINS, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < (size_t)COLUMNS * BINS; i++) x[i] = level(i / BINS, i % BINS);
  ck_assert_int_eq(dsp_test_add_series(test, "envelope", "cm/s", 200, 0, filled(SAMPLES, 1), SAMPLES), DSP_OK);
  ck_assert_int_eq(dsp_test_add_series(test, "mean", "cm/s", 200, 0, filled(SAMPLES, 0.5), SAMPLES), DSP_OK);
  ck_assert_int_eq(dsp_test_add_series(test, "spectrogram", "dB", 100, 0, x, COLUMNS), DSP_OK);
  dsp_series *s = &test->series[test->n_series - 1];
  s->bins = BINS;
  s->bin0 = -40 + 0.625;
  s->bin_step = 1.25;
  s->bin_unit = "cm/s";
  ck_assert_int_eq(dsp_test_add_phase(test, "compression", 3, 4, NAN), DSP_OK);
  ck_assert_int_eq(dsp_test_add_phase(test, "reflux", 4, 5.5, NAN), DSP_OK);
  ck_assert_int_eq(dsp_test_add_landmark(test, "release", 4, 3.95, 4.05, "event"), DSP_OK);
  ck_assert_int_eq(fmt_config_sha256(report->config_sha256, params), DSP_OK);
  ck_assert_int_eq(fmt_report_hdf5(image, report, NULL, NULL), DSP_OK);
  dsp_report_free(report);
  dsp_recording_free(recording);
  dsp_params_free(params);
}

static void source_of(fmt_source *source, const fmt_buffer *image) {
  ck_assert_int_eq(fmt_source_from_memory(source, image->bytes, image->size, NULL), DSP_OK);
}

START_TEST(report_is_valid_and_its_envelope_is_the_trace) {
  fmt_buffer image = {0}, problems = {0}, csv = {0};
  fmt_source source;
  make_image(&image);
  source_of(&source, &image);
  ck_assert_int_eq(fmt_check_report(&problems, &source, NULL), DSP_OK);
  ck_assert_msg(problems.size == 0, "%s", problems.bytes);
  ck_assert_int_eq(fmt_report_csv(&csv, &source, NULL), DSP_OK);
  ck_assert_int_eq(strncmp(csv.bytes, "time (s),channel 1 (cm/s)\n0,20\n0.005,20\n", 40), 0);
  ck_assert_uint_lt(image.size, 200000); /* levels of 8 bits, deflated */
  fmt_source_clear(&source);
  fmt_buffer_clear(&image);
  fmt_buffer_clear(&problems);
  fmt_buffer_clear(&csv);
}
END_TEST

static int digit_of(char c) {
  const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", *at = c ? strchr(digits, c) : NULL;
  return at ? (int)(at - digits) : -1;
}

/* The bytes behind "base64,"; free() them. */
static unsigned char *embedded(const char *svg, size_t *n) {
  const char *text = strstr(svg, "data:image/png;base64,");
  ck_assert_ptr_nonnull(text);
  text = strchr(text, ',') + 1;
  unsigned char *bytes = calloc(strlen(text), 1);
  ck_assert_ptr_nonnull(bytes);
  unsigned word = 0, bits = 0;
  for (*n = 0; digit_of(*text) >= 0; text++) {
    word = word << 6 | (unsigned)digit_of(*text);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[(*n)++] = (unsigned char)(word >> bits);
  }
  return bytes;
}

static unsigned long be32(const unsigned char *p) {
  return (unsigned long)p[0] << 24 | (unsigned long)p[1] << 16 | (unsigned long)p[2] << 8 | p[3];
}

/* Every pixel of the embedded picture is the level it stands for, the highest bin on top. */
START_TEST(picture_shows_the_levels) {
  fmt_buffer image = {0}, svg = {0};
  fmt_source source;
  static unsigned char pixels[(COLUMNS + 1) * BINS];
  make_image(&image);
  source_of(&source, &image);
  ck_assert_int_eq(fmt_report_svg(&svg, &source, NULL), DSP_OK);
  size_t n;
  unsigned char *png = embedded(svg.bytes, &n);
  ck_assert_mem_eq(png, "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR", 16);
  ck_assert_uint_eq(be32(png + 16), COLUMNS);
  ck_assert_uint_eq(be32(png + 20), BINS);
  for (size_t at = 8; at + 12 <= n; at += 12 + be32(png + at)) {
    const unsigned long size = be32(png + at);
    uLongf got = sizeof pixels;
    ck_assert_uint_eq(be32(png + at + 8 + size), crc32(0, png + at + 4, (uInt)size + 4));
    if (memcmp(png + at + 4, "IDAT", 4) == 0) ck_assert_int_eq(uncompress(pixels, &got, png + at + 8, size), Z_OK);
  }
  for (size_t k = 0; k < BINS; k++)
    for (size_t i = 0; i < COLUMNS; i++) {
      const unsigned char pixel = pixels[(BINS - 1 - k) * (COLUMNS + 1) + 1 + i];
      ck_assert_msg(pixel == (level(i, k) > 20 ? 255 : 0), "column %zu, bin %zu: %d", i, k, pixel);
    }
  ck_assert_ptr_nonnull(strstr(svg.bytes, "class=\"zero\""));
  ck_assert_ptr_nonnull(strstr(svg.bytes, "class=\"trace envelope\" d="));
  ck_assert_ptr_nonnull(strstr(svg.bytes, "class=\"trace mean\" d="));
  ck_assert_ptr_nonnull(strstr(svg.bytes, ">reflux<"));
  free(png);
  fmt_source_clear(&source);
  fmt_buffer_clear(&image);
  fmt_buffer_clear(&svg);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {report_is_valid_and_its_envelope_is_the_trace, picture_shows_the_levels};
  return run_case("doppler_picture", tests, sizeof tests / sizeof tests[0]);
}
