/* SPDX-License-Identifier: GPL-3.0-or-later
 * Audio files made byte by byte: what is read from them, what is refused and in which words, and files too large for memory. */
#include "../support/reading.h"
#include "../support/runner.h"
#include <dsp/audio.h>
#include <fcntl.h>
#include <fmt/writer.h>
#include <sndfile.h>
#include <stdarg.h>
#include <unistd.h>

typedef struct file_bytes {
  unsigned char at[1 << 16];
  size_t n;
} file_bytes;

static file_bytes made; /* the file under construction */

/* "RIFF" text, %1 %2 %4 %8 little-endian numbers of so many bytes. */
static void put(const char *format, ...) {
  va_list args;
  va_start(args, format);
  for (const char *c = format; *c; c++) {
    if (*c != '%') {
      made.at[made.n++] = (unsigned char)*c;
      continue;
    }
    const unsigned long long value = va_arg(args, unsigned long long);
    for (int i = 0; i < *(c + 1) - '0'; i++) made.at[made.n++] = (unsigned char)(value >> (8 * i));
    c++;
  }
  va_end(args);
}

#define N(x) ((unsigned long long)(x))

static void begin(void) {
  made.n = 0;
}

/* Up to the samples: a plain header. */
static void put_header(unsigned tag, unsigned channels, unsigned long rate, unsigned bits, unsigned long riff, unsigned long data) {
  const unsigned frame = channels * ((bits + 7) / 8);
  put("RIFF%4WAVEfmt %4%2%2%4%4%2%2data%4", N(riff), N(16), N(tag), N(channels), N(rate), N(rate * frame), N(frame), N(bits), N(data));
}

static reading read_made(const char *name) {
  return read_named(name, made.at, made.n, NULL);
}

static void expect_audio(const dsp_recording *r, uint64_t first, size_t n, const double *expected) {
  float x[64];
  const dsp_audio *audio = &r->audio;
  ck_assert_uint_le(n * audio->n_channels, 64);
  ck_assert_int_eq(audio->read(audio->context, x, first, n, NULL), DSP_OK);
  for (size_t i = 0; i < n * audio->n_channels; i++)
    ck_assert_msg((isnan(x[i]) && isnan(expected[i])) || fabs((double)x[i] - expected[i]) <= 1e-7, "sample %zu: %g, not %g", i,
                  (double)x[i], expected[i]);
}

static void expect_words(const char *name, const char *words) {
  const reading r = read_made(name);
  char message[1000];
  snprintf(message, sizeof message, "%s: %s; %s", r.error.place, r.error.found, r.error.expected);
  ck_assert_msg(r.status != DSP_OK && strstr(message, words), "expected \"%s\" in: %s", words, message);
}

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
  put_header(rows[_i].tag, 2, 8000, rows[_i].bits, 36 + 4 * width, 4 * width);
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
  expect_audio(r.recording, 0, 2, rows[_i].expected);
  expect_audio(r.recording, 1, 1, rows[_i].expected + 2);
  expect_audio(r.recording, 0, 1, rows[_i].expected);
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
  expect_audio(r.recording, 0, rows[_i].frames, expected);
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
  expect_audio(r.recording, 0, 3, expected);
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

START_TEST(headers_that_are_refused) {
  static const struct {
    unsigned tag, channels, bits;
    unsigned long rate;
    const char *words;
  } rows[] = {
      {1, 1, 16, 0, "0 samples a second; a sampling rate above 0"},
      {1, 1, 16, 0xFFFFFFFF, "4294967295 samples a second"},
      {1, 1025, 16, 8000, "1025 channels; 1 to 256 channels"},
      {1, 0, 16, 8000, "no channel"},
      {1, 1, 64, 8000, "samples of 64 bits"},
      {3, 1, 16, 8000, "samples of 16 bits"},
      {6, 1, 8, 8000, "A-law samples; PCM or floating point"},
      {0x11, 1, 4, 8000, "IMA ADPCM"},
      {0x55, 2, 16, 8000, "MP3 samples"},
      {0x1234, 1, 16, 8000, "samples of kind 0x1234"},
  };
  begin();
  put_header(rows[_i].tag, rows[_i].channels, rows[_i].rate, rows[_i].bits, 100, 64);
  for (unsigned i = 0; i < 64; i++) put("%1", N(0));
  expect_words("x.wav", rows[_i].words);
}
END_TEST

START_TEST(damaged_files_are_refused) {
  begin();
  put("RIFF%4WAVE", N(4));
  expect_words("x.wav", "none; a format chunk");
  put("fmt %4%4", N(4), N(1));
  expect_words("x.wav", "a format chunk of 16 bytes or more");
  begin();
  put_header(1, 1, 1000, 16, 36, 0);
  made.n -= 8; /* no data chunk */
  expect_words("x.wav", "none; a data chunk");
  begin();
  put_header(1, 2, 1000, 16, 39, 3);
  put("%2%1", N(1), N(2));
  expect_words("x.wav", "without a whole frame");
}
END_TEST

/* A name proves nothing: only bytes do. */
START_TEST(other_formats_are_refused_by_name) {
  static const struct {
    const char *bytes;
    size_t n;
    const char *name, *words;
  } rows[] = {
      {"FORM\0\0\0\x20"
       "AIFFCOMM",
       16, "x.wav", "AIFF sound, which is not read; the same samples as WAV or FLAC"},
      {".snd\0\0\0\x18", 8, "x.au", "Sun/NeXT sound (.au)"},
      {"OggS\0\2", 6, "x.wav", "Ogg sound"},
      {"ID3\3\0", 5, "x.mp3", "MP3 sound, which is not read; the recording as WAV or FLAC"},
      {"\xFF\xFB\x90\x44\0\0", 6, "x.mp3", "MP3 sound"},
      {"\0\0\0\x20"
       "ftypM4A ",
       12, "x.m4a", "AAC sound or a film (MP4)"},
      {"RIFF\0\0\0\0AVI LIST", 16, "x.wav", "a film (AVI)"},
      {"\x93\x01\x7F\xC2\x10\x00\xEE\x9A\x02\xB1\x05\xFF\x11\x80", 14, "x.au", "not read"},
      {"\x93\x01\x7F\xC2\x10\x00\xEE\x9A\x02\xB1\x05\xFF\x11\x80", 14, "x.gsm", "no known format"},
      {"fLaC\0\0\0\x22", 8, "x.flac", "a FLAC header of 42 bytes"},
  };
  begin();
  memcpy(made.at, rows[_i].bytes, rows[_i].n);
  made.n = rows[_i].n;
  expect_words(rows[_i].name, rows[_i].words);
}
END_TEST

/* MATLAB's own header: libsndfile by itself would take it for audio. */
START_TEST(matlab_named_wav_is_no_audio) {
  begin();
  memset(made.at, ' ', 128);
  memcpy(made.at, "MATLAB 5.0 MAT-file, Platform: GLNXA64", 38);
  made.at[124] = 0, made.at[125] = 1, made.at[126] = 'I', made.at[127] = 'M';
  made.n = 128;
  put("%4%4%8%8", N(14), N(48), N(6), N(0));
  const reading r = read_made("x.wav");
  if (r.status == DSP_OK) ck_assert_str_ne(r.recording->format, "wav");
  dsp_recording_free(r.recording);
}
END_TEST

/* A simulated recording through our own writer and back. */
START_TEST(written_audio_reads_back) {
  enum { FRAMES = 1000 };
  static const unsigned widths[] = {16, 24, 0};
  float *x = malloc(2 * FRAMES * sizeof *x);
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
  float *y = malloc(2 * FRAMES * sizeof *y);
  ck_assert_ptr_nonnull(y);
  ck_assert_int_eq(back.recording->audio.read(back.recording->audio.context, y, 0, FRAMES, NULL), DSP_OK);
  ck_assert_mem_eq(y, x, 2 * FRAMES * sizeof *y);
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
  expect_audio(r.recording, 100, 2, expected);
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

/* Thirty million frames of silence with a mark near the end, in a file of holes: the samples are not taken into memory, all bytes are
 * digested, and any place can be read. */
START_TEST(large_files_are_streamed) {
  enum { FRAMES = 30000000, MARK = 29999990 };
  char name[] = "/tmp/pleth-audio-XXXXXX";
  const int fd = mkstemp(name);
  ck_assert_int_ge(fd, 0);
  unlink(name);
  begin();
  put_header(1, 1, 44100, 16, 36 + 2 * FRAMES, 2 * FRAMES);
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
  expect_audio(r.recording, MARK - 1, 3, expected);
  expect_audio(r.recording, 0, 1, expected);
  unsigned char two[3];
  ck_assert_uint_eq(fmt_source_at(&again, two, 44 + 2 * MARK, 2), 2);
  ck_assert_mem_eq(two, mark, 2);
  ck_assert_uint_eq(fmt_source_at(&again, two, 43 + 2 * FRAMES, 3), 1);
  ck_assert_uint_eq(fmt_source_at(&again, two, 44 + 2 * FRAMES, 3), 0);
  /* the digest is that of the bytes, piece by piece */
  char *all = calloc(1, 44 + 2 * FRAMES), hex[65];
  ck_assert_ptr_nonnull(all);
  memcpy(all, made.at, made.n);
  memcpy(all + 44 + 2 * MARK, mark, 2);
  fmt_sha256(hex, all, 44 + 2 * FRAMES);
  ck_assert_str_eq(again.sha256, hex);
  ck_assert_str_eq(r.recording->sha256, hex);
  free(all);
  fmt_source_clear(&again);
  dsp_recording_free(r.recording);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("audio");
  TCase *c = tcase_create("audio");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, integers_of_every_width, 0, 7);
  tcase_add_loop_test(c, lengths_that_are_open_or_wrong, 0, 7);
  tcase_add_loop_test(c, rf64, 0, 4);
  tcase_add_test(c, cue_points_are_events);
  tcase_add_loop_test(c, headers_that_are_refused, 0, 10);
  tcase_add_test(c, damaged_files_are_refused);
  tcase_add_loop_test(c, other_formats_are_refused_by_name, 0, 10);
  tcase_add_test(c, matlab_named_wav_is_no_audio);
  tcase_add_loop_test(c, written_audio_reads_back, 0, 3);
  tcase_add_loop_test(c, flac, 0, 4);
  tcase_add_test(c, damaged_flac_is_refused);
  tcase_add_test(c, large_files_are_streamed);
  suite_add_tcase(s, c);
  return s;
}

int main(void) {
  return run_suite(suite());
}
