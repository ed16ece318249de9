/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bytes from descriptors: files, pipes, caps, what is no file; SHA-256 by the vectors of FIPS 180-4. */
#include "../support/reading.h"
#include <fcntl.h>
#include <fmt/source.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(digests) {
  char hex[65];
  fmt_sha256(hex, "", 0);
  ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  fmt_sha256(hex, "abc", 3);
  ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  fmt_sha256(hex, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
  ck_assert_str_eq(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}
END_TEST

/* `size` bytes through a pipe, in pieces. */
static int piped(size_t size) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    close(ends[0]);
    for (size_t i = 0; i < size;) {
      char piece[1000];
      const size_t n = size - i < sizeof piece ? size - i : sizeof piece;
      for (size_t k = 0; k < n; k++) piece[k] = (char)('a' + (i + k) % 26);
      if (write(ends[1], piece, n) != (ssize_t)n) _exit(1);
      i += n;
    }
    _exit(0);
  }
  close(ends[1]);
  return ends[0];
}

START_TEST(pipes_and_files) {
  fmt_source source, again;
  char hex[65], name[] = "/tmp/pleth-test-XXXXXX";
  const size_t size = 700001;
  int fd = piped(size);
  ck_assert_int_eq(fmt_source_read(&source, fd, 1 << 20, 1, NULL), DSP_OK);
  close(fd);
  wait(NULL);
  ck_assert_uint_eq(source.size, size);
  for (size_t i = 0; i < size; i++)
    if (source.bytes[i] != 'a' + i % 26) ck_abort_msg("byte %zu", i);
  for (size_t i = 0; i < 64; i++) ck_assert(source.bytes[size + i] == 0);
  fmt_sha256(hex, source.bytes, size);
  ck_assert_str_eq(source.sha256, hex);
  fd = mkstemp(name);
  ck_assert_int_ge(fd, 0);
  ck_assert(write(fd, source.bytes, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
  ck_assert_int_eq(fmt_source_read(&again, fd, size, 0, NULL), DSP_OK);
  ck_assert_uint_eq(again.size, size);
  ck_assert_mem_eq(again.bytes, source.bytes, size + 64);
  ck_assert_str_eq(again.sha256, "");
  close(fd);
  unlink(name);
  fmt_source_clear(&source);
  fmt_source_clear(&again);
  /* the zero bytes behind a small file, in memory that was used before */
  int ends[2];
  void *dirty = malloc(1 << 18);
  ck_assert_ptr_nonnull(dirty);
  memset(dirty, 0xFF, 1 << 18);
  free(dirty);
  ck_assert(pipe(ends) == 0 && write(ends[1], "abc", 3) == 3 && close(ends[1]) == 0);
  ck_assert_int_eq(fmt_source_read(&source, ends[0], 100, 1, NULL), DSP_OK);
  close(ends[0]);
  for (size_t i = 3; i < 3 + 64; i++)
    if (source.bytes[i]) ck_abort_msg("byte %zu behind the end", i);
  fmt_source_clear(&source);
}
END_TEST

START_TEST(refusals) {
  fmt_source source;
  dsp_error error = {0};
  int fd = piped(5000);
  ck_assert_int_eq(fmt_source_read(&source, fd, 4000, 1, &error), DSP_LIMIT);
  ck_assert(source.bytes == NULL && source.size == 0);
  close(fd);
  wait(NULL);
  fd = open("/", O_RDONLY);
  error = (dsp_error){0};
  ck_assert_int_eq(fmt_source_read(&source, fd, 4000, 1, &error), DSP_IO_ERROR);
  ck_assert_str_eq(error.found, "a directory");
  close(fd);
  ck_assert_int_eq(fmt_source_read(&source, -1, 4000, 1, NULL), DSP_IO_ERROR);
  fd = open("/dev/null", O_RDONLY);
  ck_assert_int_eq(fmt_source_read(&source, fd, 4000, 1, NULL), DSP_OK);
  ck_assert_uint_eq(source.size, 0);
  close(fd);
  fmt_source_clear(&source);
  fmt_source_clear(&source);
}
END_TEST

START_TEST(registry) {
  reading result = {0};
  fmt_source source;
  ck_assert_ptr_nonnull(fmt_reader_find("csv"));
  ck_assert_ptr_null(fmt_reader_find("CSV"));
  ck_assert_int_eq(fmt_source_from_memory(&source, "time (s),v\n0,1\n1,2\n", 19, NULL), DSP_OK);
  fmt_input input = {.source = &source, .name = "a.csv"};
  ck_assert_int_eq(fmt_read(&result.recording, &input, &(fmt_read_options){.format = "docx"}, &result.error), DSP_BAD_OPTION);
  ck_assert_str_eq(result.error.place, "--format");
  input.name = "a.xyz";
  ck_assert_int_eq(fmt_read(&result.recording, &input, &(fmt_read_options){0}, NULL), DSP_OK);
  ck_assert_str_eq(result.recording->name, "a.xyz");
  ck_assert_str_eq(result.recording->format, "csv");
  ck_assert_str_eq(result.recording->sha256, source.sha256);
  dsp_recording_free(result.recording);
  fmt_source_clear(&source);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {digests, pipes_and_files, refusals, registry};
  return run_case("source", tests, sizeof tests / sizeof tests[0]);
}
