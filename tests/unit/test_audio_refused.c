/* SPDX-License-Identifier: GPL-3.0-or-later
 * Audio that is refused, and in which words; other formats by their bytes, not their name. */
#include "../support/audio_bytes.h"

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

int main(void) {
  Suite *suite = suite_create("audio_refused");
  TCase *t = tcase_create("audio_refused");
  tcase_add_loop_test(t, headers_that_are_refused, 0, 10);
  tcase_add_test(t, damaged_files_are_refused);
  tcase_add_loop_test(t, other_formats_are_refused_by_name, 0, 10);
  tcase_add_test(t, matlab_named_wav_is_no_audio);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
