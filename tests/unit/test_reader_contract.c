/* SPDX-License-Identifier: GPL-3.0-or-later
 * What every reader builds on: checked reads, names of companions, the head of a file, errors that name the reader. */
#include "../support/reading.h"
#include <fmt/cursor.h>
#include <unistd.h>

START_TEST(values_of_both_byte_orders) {
  static const unsigned char bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88};
  fmt_cursor cursor = fmt_cursor_over(bytes, sizeof bytes);
  ck_assert_uint_eq(fmt_take_u8(&cursor), 1);
  ck_assert_uint_eq(fmt_take_u16(&cursor, false), 0x0302);
  ck_assert_uint_eq(fmt_take_u32(&cursor, true), 0x04050607);
  fmt_seek(&cursor, 0);
  ck_assert_uint_eq(fmt_take_u64(&cursor, false), 0x8807060504030201U);
  fmt_seek(&cursor, 0);
  ck_assert_uint_eq(fmt_take_u64(&cursor, true), 0x0102030405060788U);
  fmt_seek(&cursor, 6);
  ck_assert_int_eq(fmt_take_i16(&cursor, false), (int16_t)0x8807);
  fmt_seek(&cursor, 4);
  ck_assert_int_eq(fmt_take_i32(&cursor, false), -2012805627);
  ck_assert(!cursor.failed && fmt_cursor_check(&cursor, "x", NULL) == DSP_OK);
  static const unsigned char minus[] = {0xFE, 0xFF, 0xFF};
  ck_assert_int_eq(fmt_i24le(minus), -2);
  static const unsigned char one[] = {0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0xBF};
  cursor = fmt_cursor_over(one, sizeof one);
  ck_assert_double_eq(fmt_take_f64(&cursor, true), 1.0);
  ck_assert_double_eq(fmt_take_f32(&cursor, false), -1.0);
}
END_TEST

START_TEST(reads_beyond_the_end) {
  static const unsigned char bytes[] = {1, 2, 3};
  dsp_error error = {0};
  fmt_cursor cursor = fmt_cursor_over(bytes, sizeof bytes);
  fmt_skip(&cursor, 1);
  ck_assert_uint_eq(fmt_take_u32(&cursor, false), 0);
  ck_assert(cursor.failed && cursor.failed_at == 1 && fmt_cursor_left(&cursor) == 2);
  ck_assert(isnan(fmt_take_f64(&cursor, false)));
  fmt_seek(&cursor, 99);
  ck_assert_uint_eq(cursor.failed_at, 1);
  ck_assert_ptr_null(fmt_take(&cursor, SIZE_MAX));
  ck_assert_int_eq(fmt_cursor_check(&cursor, "a header of 5 bytes", &error), DSP_BAD_INPUT);
  ck_assert_str_eq(error.place, "byte 1");
  ck_assert_str_eq(error.found, "the file ends after 3 bytes");
  ck_assert_str_eq(error.expected, "a header of 5 bytes");
}
END_TEST

static bool taken(const char *name) {
  fmt_names names = {0};
  ck_assert_int_eq(fmt_names_add(&names, name, strlen(name)), DSP_OK);
  const bool result = names.n == 1;
  fmt_names_clear(&names);
  return result;
}

START_TEST(names_that_lead_nowhere_else) {
  ck_assert(taken("leg01.dat") && taken("..leg") && taken("../task-rest_physio.json") && taken("../../../a"));
  ck_assert(!taken("") && !taken(".") && !taken("..") && !taken("../") && !taken("../.."));
  ck_assert(!taken("/etc/passwd") && !taken("a/b") && !taken("./a") && !taken("a/../b") && !taken("..//a") && !taken("a\nb"));
  ck_assert(!taken("../../../../../../../../../a"));
  char longest[300];
  memset(longest, 'a', sizeof longest);
  longest[256] = '\0';
  ck_assert(!taken(longest));
  longest[255] = '\0';
  ck_assert(taken(longest));
  fmt_names names = {0};
  for (int i = 0; i < 3; i++) ck_assert_int_eq(fmt_names_add(&names, "twice", 5), DSP_OK);
  ck_assert_uint_eq(names.n, 1);
  char name[16];
  dsp_status status = DSP_OK;
  for (int i = 0; status == DSP_OK && i < 100000; i++) status = fmt_names_add(&names, name, (size_t)snprintf(name, sizeof name, "n%d", i));
  ck_assert_int_eq(status, DSP_LIMIT);
  ck_assert_uint_eq(names.n, FMT_CAP_COMPANION_NAMES);
  fmt_names_clear(&names);
}
END_TEST

START_TEST(companions_by_name) {
  const fmt_file files[] = {{.name = "a.dat"}, {.name = "../b.json"}};
  const fmt_input input = {.companions = files, .n_companions = 2};
  ck_assert_ptr_eq(fmt_companion(&input, "../b.json"), &files[1].source);
  ck_assert_ptr_null(fmt_companion(&input, "b.json"));
}
END_TEST

START_TEST(head_of_a_file) {
  char name[] = "/tmp/pleth-test-XXXXXX";
  fmt_source head;
  const int fd = mkstemp(name);
  ck_assert(fd >= 0 && write(fd, "0123456789", 10) == 10 && unlink(name) == 0);
  ck_assert_int_eq(fmt_source_head(&head, fd, 4, NULL), DSP_OK);
  ck_assert_uint_eq(head.size, 4);
  ck_assert_mem_eq(head.bytes, "0123\0\0\0", 7);
  fmt_source_clear(&head);
  ck_assert_int_eq(fmt_source_head(&head, fd, 4000, NULL), DSP_OK);
  ck_assert_uint_eq(head.size, 10);
  fmt_source_clear(&head);
  ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 10); /* its offset stayed where writing had left it */
  close(fd);
}
END_TEST

/* A table of text is a guess, so the message speaks of the file; once it is certain what the file is, the reader is named. */
START_TEST(errors_name_the_reader) {
  static const char text[] = "time (s),v\n0,1\n0.1,2\n0.2,x\n0.3,1\n";
  reading result = read_text(text);
  expect_refused(result, DSP_BAD_INPUT, "", "\"x\"");
  ck_assert_str_eq(result.error.place, "line 4, column 2");
  fmt_source source;
  ck_assert_int_eq(fmt_source_from_memory(&source, text, strlen(text), NULL), DSP_OK);
  const fmt_input input = {.source = &source};
  result = (reading){0};
  result.status = fmt_read(&result.recording, &input, &(fmt_read_options){.format = "csv"}, &result.error);
  expect_refused(result, DSP_BAD_INPUT, "csv: line 4, column 2", "\"x\"");
  fmt_source_clear(&source);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {values_of_both_byte_orders, reads_beyond_the_end, names_that_lead_nowhere_else,
                                companions_by_name,         head_of_a_file,       errors_name_the_reader};
  return run_case("reader_contract", tests, sizeof tests / sizeof tests[0]);
}
