/* SPDX-License-Identifier: GPL-3.0-or-later
 * Audio files made byte by byte: what is read from them, also where lengths are wrong or memory is too small for them. */
#include "../support/audio_bytes.h"
#include <fcntl.h>
#include <fmt/writer.h>
#include <unistd.h>

START_TEST(integers_of_every_width) {
  static const struct {
    unsigned bits, tag;
    unsigned long long values[4];
    double expected[4];
    double clip;
  } rows[] = {
      {8, 1, {0, 128, 255, 64}, {-1, 0, 127.0 / 128, -0.5}, 1 - 2.0 / 256},
      {16, 1, {0x8000, 0, 0x7FFF, 0xC000}, {-1, 0, 32767.0 / 32768, -0.5}, 1 - 2.0 / 65536},
      {12, 1, {0x8000, 0, 0x7FF0, 0xC000}, {-1, 0, 2047.0 / 2048, -0.5}, 1 - 2.0 / 4096},
      {24, 1, {0x800000, 0, 0x7FFFFF, 0xC00000}, {-1, 0, 8388607.0 / 8388608, -0.5}, 1 - 2.0 / 16777216},
      {32, 1, {0x80000000, 0, 0x40000000, 0xC0000000}, {-1, 0, 0.5, -0.5}, 1 - 2.0 / 4294967296},
      {32, 3, {0x3F800000, 0, 0xBF000000, 0x7FC00000}, {1, 0, -0.5, (double)NAN}, (double)INFINITY},
      {64, 3, {0x3FF0000000000000, 0, 0xBFE0000000000000, 0x7FF0000000000000}, {1, 0, -0.5, (double)NAN}, (double)INFINITY},
  };
  const unsigned width = (rows[_i].bits + 7) / 8;
  const char *const formats[] = {"", "%1", "%2", "%3", "%4", "", "", "", "%8"};
  begin();
  put_header(rows[_i].tag, 2, 8000, rows[_i].bits, 36 + 4UL * width, 4UL * width);
  for (size_t i = 0; i < 4; i++) put(formats[width], rows[_i].values[i]);
  reading r = read_made("x.wav");
  ck_assert_msg(r.status == DSP_OK, "%s", r.error.found);
  ck_assert_str_eq(r.recording->format, "wav");
  ck_assert_uint_eq(r.recording->n_channels, 2);
  ck_assert_uint_eq(r.recording->audio.bits, rows[_i].tag == 1 ? rows[_i].bits : 0);
  ck_assert(r.recording->audio.clip_level == rows[_i].clip);
  ck_assert_uint_eq(r.recording->channels[1].missing, isnan(rows[_i].expected[3]));
  ck_assert_int_eq(r.recording->channels[0].role, DSP_ROLE_AUDIO);
  ck_assert_double_eq(r.recording->channels[0].rate_hz, 8000);
  ck_assert_uint_eq(r.recording->channels[0].n, 2);
  ck_assert_uint_eq(r.recording->n_warnings, 0);
  expect_audio(r.recording, 2, 0, 2, rows[_i].expected);
  expect_audio(r.recording, 2, 1, 1, rows[_i].expected + 2);
  expect_audio(r.recording, 2, 0, 1, rows[_i].expected);
  dsp_recording_free(r.recording);
}
END_TEST

/* What recorders write that cannot go back to their header, and what is left of a file that was cut. */
START_TEST(lengths_that_are_open_or_wrong) {
  static const struct {
    unsigned long riff, data;
    const char *warning;
    size_t frames;
  } rows[] = {{0, 0, "audio_length_open", 3},
              {0xFFFFFFFF, 0xFFFFFFFF, "audio_length_open", 3},
              {36, 0, "audio_length_open", 3},
              {0x7FFFF024, 0x7FFFF000, "audio_length_open", 3},
              {136, 100, "audio_truncated", 3},
              {43, 7, "audio_truncated", 3},
              {41, 5, NULL, 2}};
  const double expected[] = {1 / 32768.0, 2 / 32768.0, 3 / 32768.0};
  begin();
  put_header(1, 1, 1000, 16, rows[_i].riff, rows[_i].data);
  put("%2%2%2", N(1), N(2), N(3));
  reading r = read_made("x.wav");
  ck_assert_msg(r.status == DSP_OK, "%s", r.error.found);
  ck_assert_uint_eq(r.recording->channels[0].n, rows[_i].frames);
  if (rows[_i].warning) ck_assert(warned(r.recording, rows[_i].warning));
  if (!rows[_i].warning) ck_assert_uint_eq(r.recording->n_warnings, 0);
  expect_audio(r.recording, 1, 0, rows[_i].frames, expected);
  dsp_recording_free(r.recording);
}
END_TEST

/* RF64: honest, promising more than there is, promising nothing, and without the chunk that holds its lengths. */
START_TEST(rf64) {
  static const struct {
    unsigned long long data;
    bool has_ds64;
    const char *warning;
  } rows[] = {
      {6, true, NULL}, {UINT64_C(1) << 40, true, "audio_truncated"}, {0, true, "audio_length_open"}, {0, false, "audio_length_open"}};
  const double expected[] = {1 / 32768.0, 2 / 32768.0, 3 / 32768.0};
  begin();
  put("RF64%4WAVE", N(0xFFFFFFFF));
  if (rows[_i].has_ds64) put("ds64%4%8%8%8%4", N(28), N(rows[_i].data ? rows[_i].data + 72 : 0), rows[_i].data, N(3), N(0));
  put("fmt %4%2%2%4%4%2%2data%4", N(16), N(1), N(1), N(1000), N(2000), N(2), N(16), N(0xFFFFFFFF));
  put("%2%2%2", N(1), N(2), N(3));
  reading r = read_made("x.wav");
  ck_assert_msg(r.status == DSP_OK, "%s", r.error.found);
  ck_assert_uint_eq(r.recording->channels[0].n, 3);
  if (rows[_i].warning)
    ck_assert(warned(r.recording, rows[_i].warning));
  else
    ck_assert_uint_eq(r.recording->n_warnings, 0);
  expect_audio(r.recording, 1, 0, 3, expected);
  dsp_recording_free(r.recording);
}
END_TEST

START_TEST(cue_points_are_events) {
  begin();
  put_header(1, 1, 100, 16, 0, 200);
  for (unsigned i = 0; i < 100; i++) put("%2", N(i));
  put("cue %4%4", N(4 + 3 * 24), N(3));
  put("%4%4data%4%4%4", N(7), N(50), N(0), N(0), N(50));
  put("%4%4data%4%4%4", N(2), N(10), N(0), N(0), N(10));
  put("%4%4data%4%4%4", N(9), N(80), N(0), N(0), N(80));
  put("LIST%4adtllabl%4%4compress%1%1labl%4%4Valsalva?%1", N(4 + 8 + 13 + 1 + 8 + 14 + 28), N(13), N(2), N(0), N(0), N(14), N(7), N(0));
  put("ltxt%4%4%4rgn %8", N(20), N(7), N(25), N(0));
  reading r = read_made("x.wav");
  ck_assert_msg(r.status == DSP_OK, "%s", r.error.found);
  ck_assert_uint_eq(r.recording->n_events, 3);
  const dsp_event *e = r.recording->events;
  ck_assert(e[0].t_s == 0.1 && e[0].kind == DSP_EVENT_COMPRESS);
  ck_assert(e[1].t_s == 0.5 && e[1].kind == DSP_EVENT_NOTE && e[1].dur_s == 0.25);
  ck_assert_str_eq(e[1].text, "Valsalva?");
  ck_assert(e[2].t_s == 0.8 && e[2].kind == DSP_EVENT_NOTE);
  dsp_recording_free(r.recording);
}
END_TEST

/* A simulated recording through our own writer and back. */
START_TEST(written_audio_reads_back) {
  enum { FRAMES = 1000 };
  static const unsigned widths[] = {16, 24, 0};
  float *x = malloc((size_t)2 * FRAMES * sizeof *x);
  const char *const names[] = {"I", "Q"};
  ck_assert_ptr_nonnull(x);
  const double step = widths[_i] ? ldexp(1, 1 - (int)widths[_i]) : 1e-9;
  for (int i = 0; i < 2 * FRAMES; i++) x[i] = (float)(step * ((i * 7919) % 30000 - 15000));
  dsp_recording *r = dsp_recording_new();
  dsp_audio audio;
  fmt_buffer file = {0};
  ck_assert_ptr_nonnull(r);
  ck_assert_int_eq(dsp_audio_in_memory(&audio, x, FRAMES, 2, 11025, widths[_i]), DSP_OK);
  ck_assert_int_eq(dsp_recording_add_audio(r, &audio, names), DSP_OK);
  ck_assert_int_eq(dsp_recording_add_event(r, &(dsp_event){.t_s = 0.04, .kind = DSP_EVENT_TIPTOE, .count = 10, .dur_s = 0.02}), DSP_OK);
  ck_assert_int_eq(dsp_recording_add_event(r, &(dsp_event){.t_s = 0.06, .kind = DSP_EVENT_NOTE, .text = "cough"}), DSP_OK);
  ck_assert_int_eq(fmt_recording_wav(&file, r, true, NULL), DSP_OK);
  begin();
  ck_assert_uint_le(file.size, sizeof made.at);
  memcpy(made.at, file.bytes, file.size);
  made.n = file.size;
  reading back = read_made("x.wav");
  ck_assert_msg(back.status == DSP_OK, "%s", back.error.found);
  ck_assert_uint_eq(back.recording->audio.n_frames, FRAMES);
  ck_assert_double_eq(back.recording->audio.rate_hz, 11025);
  float *y = malloc((size_t)2 * FRAMES * sizeof *y);
  ck_assert_ptr_nonnull(y);
  ck_assert_int_eq(back.recording->audio.read(back.recording->audio.context, y, 0, FRAMES, NULL), DSP_OK);
  ck_assert_mem_eq(y, x, (size_t)2 * FRAMES * sizeof *y);
  ck_assert_uint_eq(back.recording->n_events, 2);
  ck_assert(back.recording->events[0].kind == DSP_EVENT_TIPTOE && back.recording->events[0].count == 10);
  ck_assert_double_eq_tol(back.recording->events[0].dur_s, 0.02, 1e-4);
  ck_assert_double_eq_tol(back.recording->events[1].t_s, 0.06, 1e-4);
  ck_assert_str_eq(back.recording->events[1].text, "cough");
  free(y);
  fmt_buffer_clear(&file);
  dsp_recording_free(back.recording);
  dsp_recording_free(r);
}
END_TEST

/* Thirty million frames of silence with a mark near the end, in a file of holes: the samples are not taken into memory, all bytes are
 * digested, and any place can be read. */
START_TEST(large_files_are_streamed) {
  enum { FRAMES = 30000000, MARK = 29999990 };
  char name[] = "/tmp/pleth-audio-XXXXXX";
  const int fd = mkstemp(name);
  ck_assert_int_ge(fd, 0);
  unlink(name);
  begin();
  put_header(1, 1, 44100, 16, 36 + 2UL * FRAMES, 2UL * FRAMES);
  const unsigned char mark[] = {0, 0x40};
  ck_assert(pwrite(fd, made.at, made.n, 0) == (ssize_t)made.n && ftruncate(fd, 44 + 2 * FRAMES) == 0);
  ck_assert(pwrite(fd, mark, 2, 44 + 2 * MARK) == 2);
  fmt_source source, again;
  ck_assert_int_eq(fmt_source_read(&source, fd, FMT_CAP_FILE_BYTES, 1, NULL), DSP_OK);
  ck_assert(source.streamed && source.size == FMT_CAP_HEAD_BYTES && fmt_source_total(&source) == 44 + 2 * FRAMES);
  ck_assert_int_eq(fmt_source_share(&again, &source, NULL), DSP_OK);
  const reading r = read_input(&(fmt_input){.source = &source, .name = "x.wav"}, NULL, NULL);
  ck_assert_msg(r.status == DSP_OK, "%s", r.error.found);
  fmt_source_clear(&source);
  close(fd);
  const double expected[] = {0, 0.5, 0};
  expect_audio(r.recording, 1, MARK - 1, 3, expected);
  expect_audio(r.recording, 1, 0, 1, expected);
  unsigned char two[3];
  ck_assert_uint_eq(fmt_source_at(&again, two, 44 + 2 * MARK, 2), 2);
  ck_assert_mem_eq(two, mark, 2);
  ck_assert_uint_eq(fmt_source_at(&again, two, 43 + 2 * FRAMES, 3), 1);
  ck_assert_uint_eq(fmt_source_at(&again, two, 44 + 2 * FRAMES, 3), 0);
  /* the digest is that of the bytes, piece by piece */
  char *all = calloc(1, 44 + 2 * FRAMES), hex[65];
  ck_assert_ptr_nonnull(all);
  memcpy(all, made.at, made.n);
  memcpy(all + 44 + (size_t)2 * MARK, mark, 2);
  fmt_sha256(hex, all, 44 + 2 * FRAMES);
  ck_assert_str_eq(again.sha256, hex);
  ck_assert_str_eq(r.recording->sha256, hex);
  free(all);
  fmt_source_clear(&again);
  dsp_recording_free(r.recording);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("audio");
  TCase *t = tcase_create("audio");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, integers_of_every_width, 0, 7);
  tcase_add_loop_test(t, lengths_that_are_open_or_wrong, 0, 7);
  tcase_add_loop_test(t, rf64, 0, 4);
  tcase_add_test(t, cue_points_are_events);
  tcase_add_loop_test(t, written_audio_reads_back, 0, 3);
  tcase_add_test(t, large_files_are_streamed);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
