/* SPDX-License-Identifier: GPL-3.0-or-later
 * FLAC as libsndfile writes it: whole, cut off, of unknown length. */
#include "../support/audio_bytes.h"
#include <sndfile.h>

/* libsndfile's file in memory: the bytes under construction. */
static sf_count_t length_made(void *user) {
  (void)user;
  return (sf_count_t)made.n;
}
static sf_count_t seek_made(sf_count_t offset, int whence, void *user) {
  sf_count_t *here = user;
  *here = offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? *here : (sf_count_t)made.n);
  return *here;
}
static sf_count_t read_none(void *out, sf_count_t count, void *user) {
  (void)out, (void)count, (void)user;
  return 0;
}
static sf_count_t write_made(const void *bytes, sf_count_t count, void *user) {
  sf_count_t *here = user;
  ck_assert_int_le(*here + count, (sf_count_t)sizeof made.at);
  memcpy(made.at + *here, bytes, (size_t)count);
  *here += count;
  if ((size_t)*here > made.n) made.n = (size_t)*here;
  return count;
}
static sf_count_t tell_made(void *user) {
  return *(sf_count_t *)user;
}

enum { FLAC_FRAMES = 9000 };

static void put_flac(int width) {
  SF_VIRTUAL_IO io = {length_made, seek_made, read_none, write_made, tell_made};
  SF_INFO info = {.samplerate = 8000, .channels = 2, .format = SF_FORMAT_FLAC | width};
  sf_count_t here = 0;
  begin();
  SNDFILE *file = sf_open_virtual(&io, SFM_WRITE, &info, &here);
  ck_assert_ptr_nonnull(file);
  for (int i = 0; i < FLAC_FRAMES; i++) {
    const short frame[] = {(short)(i % 3000), (short)(-i % 2000)};
    ck_assert_int_eq(sf_writef_short(file, frame, 1), 1);
  }
  sf_close(file);
}

/* Whole; cut off; and with a header that leaves the number of samples open. */
START_TEST(flac) {
  static const int widths[] = {SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_PCM_16, SF_FORMAT_PCM_16};
  const double expected[] = {100 / 32768.0, -100 / 32768.0, 101 / 32768.0, -101 / 32768.0};
  put_flac(widths[_i]);
  if (_i == 2) made.n -= made.n / 4;
  if (_i == 3) memset(made.at + 22, 0, 4);
  reading r = read_made("x.flac");
  ck_assert_msg(r.status == DSP_OK, "%s", r.error.found);
  ck_assert_str_eq(r.recording->format, "flac");
  ck_assert_uint_eq(r.recording->audio.bits, _i == 1 ? 24 : 16);
  if (_i == 2) ck_assert(r.recording->channels[0].n > 4000 && r.recording->channels[0].n < FLAC_FRAMES);
  if (_i != 2) ck_assert_uint_eq(r.recording->channels[0].n, FLAC_FRAMES);
  ck_assert(warned(r.recording, "audio_truncated") == (_i == 2));
  expect_audio(r.recording, 2, 100, 2, expected);
  float *x = malloc(r.recording->channels[0].n * 2 * sizeof *x);
  ck_assert_ptr_nonnull(x);
  ck_assert_int_eq(r.recording->audio.read(r.recording->audio.context, x, 0, r.recording->channels[0].n, NULL), DSP_OK);
  for (size_t i = 0; i < r.recording->channels[0].n; i++) ck_assert(x[2 * i] == (float)(i % 3000) / 32768.0F);
  free(x);
  dsp_recording_free(r.recording);
}
END_TEST

START_TEST(damaged_flac_is_refused) {
  put_flac(SF_FORMAT_PCM_16);
  made.n = 60;
  expect_words("x.flac", "audio that can be decoded");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("flac");
  TCase *t = tcase_create("flac");
  tcase_add_loop_test(t, flac, 0, 4);
  tcase_add_test(t, damaged_flac_is_refused);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
